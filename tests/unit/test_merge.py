"""Merging what two people made of one text: nothing is lost, order does not matter, and merge3 agrees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from merge3 import Merge3

from content.text.merge import Conflict, join, merge, split

WORDS = st.text("abcde", min_size=1, max_size=2)
TEXT = st.lists(WORDS, max_size=8).map(join)


@st.composite
def edited(draw, base):
    """What somebody makes of `base`: paragraphs rewritten, deleted, inserted."""
    found = []
    for paragraph in split(base):
        action = draw(st.sampled_from(["keep", "keep", "keep", "rewrite", "delete", "insert"]))
        if action == "rewrite":
            found.append(draw(WORDS))
        elif action != "delete":
            found.append(paragraph)
        if action == "insert":
            found.append(draw(WORDS))
    return join(found)


@st.composite
def cases(draw):
    base = draw(TEXT)
    return base, draw(edited(base)), draw(edited(base))


@given(cases())
def test_the_order_of_the_sides_does_not_matter(case):
    base, ours, theirs = case
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    swapped = [
        Conflict(piece.base, piece.theirs, piece.ours) if isinstance(piece, Conflict) else piece
        for piece in other.pieces
    ]
    assert list(one.pieces) == swapped


@given(cases())
def test_no_text_of_either_side_is_lost(case):
    base, ours, theirs = case
    merged = merge(base, ours, theirs)
    shown = [
        paragraph
        for piece in merged.pieces
        for paragraph in ((*piece.ours, *piece.theirs) if isinstance(piece, Conflict) else piece.text)
    ]
    for side in (ours, theirs):
        for paragraph in set(split(side)):
            added = split(side).count(paragraph) - split(base).count(paragraph)
            assert shown.count(paragraph) >= added
            assert paragraph in shown or paragraph in split(base)


@given(cases())
def test_each_side_can_be_read_again_from_base_and_conflicts(case):
    """What only one side touched is settled; a conflict holds each side's own words in order."""
    base, ours, theirs = case
    for piece in merge(base, ours, theirs).conflicts:
        assert piece.ours != piece.theirs
        assert piece.ours != piece.base or piece.theirs != piece.base
        for side, text in ((piece.ours, ours), (piece.theirs, theirs)):
            rows = split(text)
            assert any(rows[start : start + len(side)] == side for start in range(len(rows) + 1))


@given(cases())
def test_where_merge3_merges_cleanly_so_do_we_and_alike(case):
    base, ours, theirs = case
    pieces = list(Merge3(split(base), split(ours), split(theirs)).merge_groups())
    if not any(piece[0] == "conflict" for piece in pieces):
        expected = [row for piece in pieces for row in piece[1]]
        assert merge(base, ours, theirs).text == join(expected)


@given(TEXT, st.data())
def test_one_sided_changes_merge_silently(base, data):
    changed = data.draw(edited(base))
    assert merge(base, changed, base).text == join(split(changed)) == merge(base, base, changed).text


@given(TEXT, st.data())
def test_the_same_change_on_both_sides_is_taken_once(base, data):
    changed = data.draw(edited(base))
    assert merge(base, changed, changed).text == join(split(changed))


@given(st.integers(0, 5), st.sampled_from(["", "eigene Worte"]), st.sampled_from(["andere Worte", "ganz andere"]))
def test_both_changed_the_same_paragraph_is_a_conflict(place, ours, theirs):
    base = [f"Absatz {number}" for number in range(6)]
    left, right = list(base), list(base)
    left[place : place + 1], right[place : place + 1] = [ours] if ours else [], [theirs]
    merged = merge(join(base), join(left), join(right))
    assert merged.conflicts == (Conflict((base[place],), (ours,) if ours else (), (theirs,)),)
    with pytest.raises(ValueError, match="conflicts"):
        _ = merged.text


@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_neighbouring_paragraphs_can_be_changed_at_the_same_time(mine):
    base = [f"Absatz {number}" for number in range(6)]
    left = [text + " links" if is_mine else text for text, is_mine in zip(base, mine, strict=True)]
    right = [text if is_mine else text + " rechts" for text, is_mine in zip(base, mine, strict=True)]
    expected = [text + (" links" if is_mine else " rechts") for text, is_mine in zip(base, mine, strict=True)]
    assert merge(join(base), join(left), join(right)).text == join(expected)


def test_two_insertions_at_one_place_are_a_conflict_with_nothing_in_between():
    merged = merge("a\n\nb", "a\n\nx\n\nb", "a\n\ny\n\nb")
    assert merged.conflicts == (Conflict((), ("x",), ("y",)),)
    assert merged.resolved([merged.conflicts[0].chosen("both")]) == "a\n\nx\n\ny\n\nb"
    with pytest.raises(ValueError, match="1 conflicts, 0 answers"):
        merged.resolved([])


def test_paragraphs_are_set_apart_by_blank_lines_of_any_kind():
    assert split("\n\na\nb\n \t\n\n  c\n") == ("a\nb", "  c")
    assert split("a\n\n```\nx\n\n\ny\n```\n\nb") == ("a", "```\nx\n\n\ny\n```", "b")
    assert split("a\n\n~~~\noffen\n\nbleibt") == ("a", "~~~\noffen\n\nbleibt")
