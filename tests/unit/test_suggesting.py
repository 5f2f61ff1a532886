"""Suggested changes in pieces: together they are the whole change, each fits alone, and none overwrites what others wrote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from content.text.merge import join, split
from content.text.suggesting import Piece, made, onto, pieces, place_of

texts = st.lists(st.sampled_from(["Amt", "Firma", "Geld", "Recht", "Zeit", "Mut"]), max_size=8).map(join)
distinct = st.lists(st.sampled_from(["Amt", "Firma", "Geld", "Recht", "Zeit", "Mut"]), max_size=6, unique=True).map(
    join
)


@given(texts, texts)
def test_all_pieces_together_make_the_new_text(before, after):
    text = before
    for piece in reversed(pieces(before, after)):
        text = made(text, piece)
    assert text == after


@given(texts, texts)
def test_each_piece_fits_the_text_it_was_made_on(before, after):
    for piece in pieces(before, after):
        merged = onto(before, piece, before)
        assert merged.is_clean and merged.text == made(before, piece)


@given(distinct, distinct)
def test_taken_one_by_one_each_on_what_the_others_left_they_make_the_new_text_or_say_that_they_do_not_fit(
    before, after
):
    text, left = before, 0
    for piece in pieces(before, after):
        merged = onto(before, piece, text)
        if merged.is_clean:
            text = merged.text
        else:
            left += 1
    assert left or sorted(split(text)) == sorted(split(after))


@given(texts, texts, texts)
def test_what_others_wrote_meanwhile_stays_or_the_piece_does_not_fit(before, after, meanwhile):
    for piece in pieces(before, after):
        merged = onto(before, piece, meanwhile)
        if merged.is_clean:
            written = set(split(meanwhile)) - set(split(before))
            assert written <= set(split(merged.text))


def test_a_piece_of_paragraphs_that_others_changed_does_not_fit():
    (piece,) = pieces("Eins.\n\nZwei.", "Eins.\n\nZwei neu.")
    assert not onto("Eins.\n\nZwei.", piece, "Eins.\n\nZwei anders.").is_clean
    assert onto("Eins.\n\nZwei.", piece, "Null.\n\nEins.\n\nZwei.").text == "Null.\n\nEins.\n\nZwei neu."


def test_a_piece_is_not_made_where_its_paragraphs_do_not_stand():
    assert (
        made("Eins.", Piece(0, "Zwei.", "Drei.")) is None
        and made("Eins.", Piece(5, "", "Drei.")) is None
        and made("Eins.", Piece(-1, "", "x")) is None
    )


def test_a_place_is_found_by_its_paragraphs_and_an_addition_by_the_one_before():
    text = "A\n\nB\n\nA\n\nC"
    assert (
        place_of(text, "A", near=3) == 2
        and place_of(text, "A\n\nC", near=0) == 2
        and place_of(text, "D", near=0) is None
    )
    assert (
        place_of(text, "", near=9, previous="B") == 2
        and place_of(text, "", near=2) == 0
        and place_of(text, "", near=0, previous="X") is None
    )
