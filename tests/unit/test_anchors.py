"""Places that survive edits: found again by their words and surroundings, or told to be gone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from content.text.anchors import AROUND, Anchor, Spot, anchor_at, find, locate, moved

TEXT = "Die Verwaltung arbeitet mit jungen Firmen zusammen.\n\nDas Vergaberecht gilt als Hindernis.\n\nEs fehlt an Vorbildern."

words = st.text("abc ä.\n", max_size=120)
sentences = st.lists(
    st.sampled_from(["Amt", "Firma", "Geld", "Recht", "Vergabe", "Zeit", "Mut", "neu", "alt", "gut"]), max_size=40
).map(" ".join)


@st.composite
def places(draw, texts=words):
    """(text, start, end) of a place that is not empty."""
    text = draw(texts.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, start, draw(st.integers(start + 1, len(text)))


@given(places())
def test_in_an_unchanged_text_every_place_is_found_exactly(place):
    text, start, end = place
    assert find(text, anchor_at(text, start, end)) == Spot(start, end)


@st.composite
def edited(draw):
    """(text, start, end, the text after some edits): a place in a text that others went on with."""
    text, start, end = draw(places(sentences))
    other = text
    for _ in range(draw(st.integers(0, 3))):
        cut = draw(st.integers(0, len(other)))
        other = other[:cut] + draw(sentences) + other[cut + draw(st.integers(0, 12)) :]
    return text, start, end, other


@given(places(), words, words)
def test_words_are_found_behind_whatever_is_written_before_and_after(place, before, after):
    text, start, end = place
    unique = f"{text[:start]}»{text[start:end]}«{text[end:]}"
    anchor = anchor_at(unique, start, end + 2)
    grown = f"{before}\n\n{unique}\n\n{after}"
    spot = find(grown, anchor)
    assert spot is not None and grown[spot.start : spot.end] == anchor.quote


@given(edited())
def test_a_spot_lies_within_the_text_and_has_the_words_unless_it_says_otherwise(case):
    text, start, end, other = case
    anchor = anchor_at(text, start, end)
    spot = find(other, anchor) or Spot(0, 0, is_reworded=True)
    assert 0 <= spot.start <= spot.end <= len(other)
    assert spot.is_reworded or other[spot.start : spot.end] == anchor.quote


@given(edited())
def test_what_was_found_once_is_found_again(case):
    text, start, end, other = case
    now = moved(anchor_at(text, start, end), other)
    assert now is None or moved(now, other) == now


@given(places(), st.text("xyz \n", max_size=200))
def test_a_text_without_the_words_and_surroundings_has_no_place(place, other):
    text, start, end = place
    assume(text[start:end].strip())
    assert find(other, anchor_at(text, start, end)) is None


@given(places())
def test_words_that_come_back_have_their_place_again(place):
    text, start, end = place
    assume(text[start:end].strip(" .\n"))
    anchor = anchor_at(text, start, end)
    assert moved(anchor, "xyz") is None
    assert find(text, anchor) == Spot(start, end)


@given(words)
def test_a_remark_on_the_whole_is_never_gone(text):
    assert find(text, Anchor("")) is not None and moved(Anchor(""), text) == Anchor("")


def at(words, text=TEXT):
    start = text.index(words)
    return anchor_at(text, start, start + len(words))


def test_changed_words_are_found_between_their_old_surroundings():
    now = TEXT.replace("gilt als Hindernis", "hindert manche")
    spot = find(now, at("gilt als Hindernis"))
    assert spot.is_reworded and now[spot.start : spot.end] == "hindert manche"


def test_a_short_word_does_not_jump_to_another_place_when_its_own_is_gone():
    assert find(TEXT.replace("Das Vergaberecht gilt als Hindernis.", ""), at("gilt")) is None
    assert find("Die Steuer gilt weiter.", at("gilt")) is None


def test_of_several_spots_the_one_with_the_old_surroundings_is_meant():
    text = "Das Amt prüft. Dann prüft das Amt noch einmal. Am Ende prüft niemand."
    anchor = anchor_at(text, text.rindex("prüft"), text.rindex("prüft") + 5)
    now = "Davor prüft jemand. " + text
    assert find(now, anchor).start == now.rindex("prüft")


@pytest.mark.parametrize("typed", ["jungen Firmen", "JUNGEN firmen", "jungen\n Firmen", "„jungen Firmen“"])
def test_words_copied_from_the_page_are_found_without_signs_and_capitals(typed):
    text = TEXT.replace("jungen Firmen", "**jungen** [Firmen](/x)") if typed != "jungen Firmen" else TEXT
    spot = locate(text.replace("](/x)", ""), typed)
    assert spot is not None and "Firmen" in text[spot.start :]


def test_of_equal_words_the_one_nearest_is_located_and_nonsense_nowhere():
    text = "eins zwei eins"
    assert locate(text, "eins", near=9) == Spot(10, 14) and locate(text, "eins") == Spot(0, 4)
    assert locate(text, "drei") is None and locate(text, " … ") is None


def test_an_anchor_keeps_only_so_much():
    anchor = anchor_at("a" * 10_000, 3_000, 9_000)
    assert (len(anchor.quote), len(anchor.before), len(anchor.after)) == (2_000, AROUND, AROUND)
