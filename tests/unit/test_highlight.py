"""Places of remarks are marked in shown HTML: every word stays, and behind each place stands one link to its remark."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.text import markup
from content.text.highlight import Place, highlighted, place_in

TEXT = "Die **Länder** prüfen [die Kosten](/x) & mehr. Die Länder zahlen.\n\n- eins\n- zwei"


def plain(html):
    """The HTML without links to remarks and marks."""
    return re.sub(r'<a class="review-mark".*?</a>|</?mark>', "", html)


def marked(text, *words):
    places = [
        place_in(text, text.index(one), text.index(one) + len(one), number=number, href=f"#anmerkung-{number}")
        for number, one in enumerate(words, 1)
    ]
    return highlighted(markup.to_html(text), places)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("prüfen", "<mark>prüfen</mark>"),
        ("**Länder** prüfen", "<strong><mark>Länder</mark></strong><mark> prüfen</mark>"),
        ("die Kosten](/x", '<a href="/x"><mark>die Kosten</mark></a><a class="review-mark"'),
        ("Länder zahlen", "Die <mark>Länder zahlen</mark><a"),
        ("- eins\n- zwei", "<li><mark>eins</mark></li>"),
    ],
)
def test_the_words_are_marked_wherever_their_marks_stand(words, shown):
    html = marked(TEXT, words)
    assert shown in html.replace(' rel="noopener noreferrer"', "")
    assert html.count('href="#anmerkung-1"') == 1 and '<span class="kern-sr-only">Anmerkung </span>1</a>' in html


def test_of_words_that_stand_twice_those_that_are_meant_are_marked():
    place = place_in(TEXT, TEXT.rindex("Die"), TEXT.rindex("Die") + 3, number=1, href="#a")
    assert "mehr. <mark>Die</mark>" in highlighted(markup.to_html(TEXT), [place])


def test_words_that_are_not_shown_leave_the_page_as_it_is():
    html = markup.to_html(TEXT)
    assert highlighted(html, [Place(1, "steht nicht da", 0, "#a"), Place(2, " ", 0, "#b")]) == html


def test_links_to_remarks_stand_in_no_other_link():
    html = marked(TEXT, "die", "Kosten", "die Kosten](/x) & mehr")
    assert not re.search(r"<a (?:(?!</a>).)*<a ", html)


SPOTS = st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 30)), max_size=4)


@settings(max_examples=200, deadline=None)
@given(spots=SPOTS)
def test_places_that_cross_and_lie_within_each_other_lose_no_word(spots):
    places = [
        place_in(TEXT, start, start + size, number=number, href=f"#{number}")
        for number, (start, size) in enumerate(spots)
    ]
    html = markup.to_html(TEXT)
    assert plain(highlighted(html, places)) == html
