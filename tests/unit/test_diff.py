"""Comparing two texts: nothing is lost, moved paragraphs are recognised, screen readers are told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.text.diff import Change, compare, compare_folded_html, compare_html, compare_sides, compare_sides_html

WORDS = st.sampled_from(
    [
        "Länder",
        "Kommunen",
        "Nachnutzung",
        "Dienst",
        "Kosten",
        "prüfen",
        "zahlen",
        "Bund",
        "Vertrag",
        "der",
        "die",
        "und",
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
TEXTS = st.lists(LINES, max_size=10).map("\n".join)


def changes(old, new):
    return [(block.change, block.is_changed) for block in compare(old, new)]


@given(TEXTS, TEXTS)
def test_the_newer_text_can_be_read_whole_from_the_right_side(old, new):
    rows = compare_sides(old, new)
    assert "\n".join("".join(piece.text for piece in row.right) for row in rows if row.right is not None) == new


@given(TEXTS, TEXTS)
def test_every_paragraph_of_the_older_text_stands_once_on_the_left_or_where_it_moved_from(old, new):
    rows = compare_sides(old, new)
    here = [
        "".join(piece.text for piece in row.left)
        for row in rows
        if row.left is not None and not (row.change is Change.MOVED and row.right is not None)
    ]
    assert here == [line for line in old.split("\n") if line]


@given(TEXTS)
def test_a_text_compared_with_itself_has_no_differences(text):
    assert not any(block.is_changed for block in compare(text, text))


@given(TEXTS, TEXTS)
def test_inline_and_side_by_side_tell_the_same_changes(old, new):
    inline = [block.change for block in compare(old, new)]
    sides = [row.change for row in compare_sides(old, new) if not (row.change is Change.MOVED and row.right is None)]
    assert inline == sides


def test_a_paragraph_that_moved_into_a_gap_is_not_paired_twice():
    old = "Länder Länder Länder Länder Länder\nLänder\nLänder"
    new = "Länder\nLänder Länder Länder Länder Länder\nLänder\nLänder Länder"
    here = [
        "".join(piece.text for piece in row.left)
        for row in compare_sides(old, new)
        if row.left is not None and not (row.change is Change.MOVED and row.right is not None)
    ]
    assert here == old.split("\n")


def test_a_changed_word_is_marked_and_its_paragraph_stays():
    (block,) = compare("Die Länder prüfen die Kosten.", "Die Länder tragen die Kosten.")
    assert block.change is Change.SAME
    assert [(piece.change, piece.text) for piece in block.pieces] == [
        (Change.SAME, "Die Länder "),
        (Change.REMOVED, "prüfen"),
        (Change.ADDED, "tragen"),
        (Change.SAME, " die Kosten."),
    ]


def test_a_paragraph_that_moved_is_told_once_as_moved():
    old = "Erster Absatz über Geld.\nZweiter über Technik.\nDritter über Recht."
    new = "Dritter über Recht.\nErster Absatz über Geld.\nZweiter über Technik."
    assert changes(old, new) == [(Change.MOVED, True), (Change.SAME, False), (Change.SAME, False)]
    assert "<ins>" not in compare_html(old, new) and "<del>" not in compare_html(old, new)


def test_a_paragraph_that_moved_and_changed_shows_its_changed_words():
    old = "Die Länder berichten jährlich über den Stand der Umsetzung.\nEins.\nZwei.\nDrei."
    new = "Eins.\nZwei.\nDrei.\nDie Länder berichten vierteljährlich über den Stand der Umsetzung."
    block = compare(old, new)[-1]
    assert block.change is Change.MOVED
    assert [piece.text for piece in block.pieces if piece.change is Change.ADDED] == ["vierteljährlich"]


def test_side_by_side_shows_where_a_moved_paragraph_stood():
    rows = compare_sides("Alpha bleibt hier.\nBeta wandert nach vorn.", "Beta wandert nach vorn.\nAlpha bleibt hier.")
    moved = [row for row in rows if row.change is Change.MOVED]
    assert [(row.left is None, row.right is None) for row in moved] == [(False, False), (False, True)]


def test_paragraphs_that_share_few_words_are_not_taken_for_one_another():
    assert sorted(
        changes("Bund und Länder zahlen je zur Hälfte", "Die Geschäftsstelle und das Sekretariat berichten")
    ) == [
        (Change.ADDED, True),
        (Change.REMOVED, True),
    ]


def test_words_for_screen_readers_stand_at_every_change_and_text_is_escaped():
    html = compare_sides_html("<b>alt</b> bleibt", "<b>neu</b> bleibt", left="Fassung 1", right="Fassung 2")
    assert '<th scope="col">Fassung 1</th><th scope="col">Fassung 2</th>' in html
    assert "<b>" not in html
    assert (
        len(re.findall("<(?:ins|del)>", html))
        == len(re.findall(r"<(?:ins|del)><span class=\"visually-hidden\">", html))
        == 2
    )


def test_a_pair_too_long_to_compare_is_shown_whole():
    old, new = " ".join(f"a{n}" for n in range(2_500)), "a0 " + " ".join(f"b{n}" for n in range(2_500))
    pieces = [piece for block in compare(old + " Schluss", new + " Schluss") for piece in block.pieces]
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == old + " Schluss"


@given(TEXTS, TEXTS)
def test_folding_hides_no_change_and_loses_no_word(old, new):
    folded = compare_folded_html(old, new)
    inside = "".join(re.findall(r"<details.*?</details>", folded))
    assert not re.search("<ins|<del|diff-moved", inside)
    assert re.sub(r"<details[^>]*><summary>[^<]*</summary>|</details>", "", folded) == compare_html(old, new)


def test_a_word_in_a_long_text_is_shown_with_its_neighbours_and_the_rest_can_be_unfolded():
    lines = [f"Absatz {number} bleibt." for number in range(12)]
    folded = compare_folded_html("\n".join(lines), "\n".join([*lines[:6], "Absatz 6 geht.", *lines[7:]]))
    assert re.findall(r"<summary>(.*?)</summary>", folded) == ["5 unveränderte Absätze", "4 unveränderte Absätze"]


def test_a_long_text_with_a_change_in_every_third_line_is_compared_without_matching_every_line_with_every_other(
    monkeypatch,
):
    monkeypatch.setattr(
        "content.text.diff._matching_lines", lambda *_: pytest.fail("this takes the square of the lines")
    )
    old = [f"Der Absatz {number} regelt die Sache {number * 7}." for number in range(3_000)]
    new = [line if number % 3 else line + " Künftig." for number, line in enumerate(old)]
    new.insert(10, new.pop(2_000))
    blocks = compare("\n".join(old), "\n".join(new))
    assert sum(block.change is Change.MOVED for block in blocks) == 1
    assert sum(piece.change is Change.ADDED for block in blocks for piece in block.pieces) == 1_000
    assert not any(piece.change is Change.REMOVED for block in blocks for piece in block.pieces)


def test_lines_that_repeat_in_a_long_text_find_each_other():
    lines = [line for number in range(1_500) for line in (f"Nummer {number}", "Begründung:")]
    assert not any(block.is_changed for block in compare("\n".join(lines), "\n".join(lines)))
    changed = compare("\n".join(lines), "\n".join([*lines[:100], "Ein neuer Satz", *lines[100:]]))
    assert [piece.text for block in changed for piece in block.pieces if piece.change is not Change.SAME] == [
        "Ein neuer Satz"
    ]
