"""Footnotes, cross-references and figures: completed safely, and nothing typed disappears."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.text import markup
from content.text.report_markup import footnotes, section_html

LABELS = {"a1": "Abschnitt 1", "a3": "Abschnitt 2.1"}


def shown(text, level=1):
    return section_html(text, "a1", level, LABELS)


def test_a_footnote_is_linked_both_ways():
    html = shown("Ein Satz.[^1] Noch einer.[^zwei]\n\n[^1]: Die *Quelle*.\n\n[^zwei]: Eine andere.\n\nEin Ende.")
    assert '<sup><a href="#a1-fn1" id="a1-fr1" class="note" aria-label="Fußnote 1">1</a></sup>' in html
    assert '<li id="a1-fn1">Die <em>Quelle</em>. <a href="#a1-fr1"' in html
    assert html.index("Ein Ende.") < html.index('<ol class="notes"')


def test_a_note_cited_twice_has_one_way_back():
    html = shown("Eins.[^q] Zwei.[^q]\n\n[^q]: Quelle.")
    assert html.count('id="a1-fr1"') == 1 and html.count('href="#a1-fn1"') == 2


def test_notes_may_follow_each_other_line_by_line():
    _, notes = footnotes("A[^1] B[^2]\n\n[^1]: eins\n[^2]: zwei")
    assert notes == ("eins", "zwei")


@pytest.mark.parametrize("text", ["Ohne Fußnote[^1] dazu.", "Text.\n\n[^1]: Ohne Marke im Text."])
def test_half_a_footnote_stays_in_the_text(text):
    assert "[^1]" in markup.html_to_text(shown(text))


def test_code_is_left_alone():
    html = shown("Man schreibt `[^1]` so.[^1]\n\n[^1]: Quelle.")
    assert "<code>[^1]</code>" in html and html.count("<sup>") == 1


def test_a_reference_names_its_section_and_a_dead_one_is_no_link():
    assert '<a href="#a3">Abschnitt 2.1</a>' in shown("Siehe [](#a3).")
    assert '<a href="#a3">dort</a>' in shown("Siehe [dort](#a3).")
    assert shown("Siehe [dort](#a99).") == "<p>Siehe dort.</p>"
    assert "fehlender Abschnitt" in shown("Siehe [](#a99).")


def test_a_picture_alone_is_a_figure_with_caption_and_credit():
    address = "/datei/" + "0" * 64 + "/bild.png"
    html = shown(f'![Zwei Säulen](<{address}> "Säulen | Foto: Haus")')
    assert (
        html
        == f'<figure><img alt="Zwei Säulen" src="{address}"><figcaption><span>Säulen</span> <span>Bildnachweis: Foto: Haus</span></figcaption></figure>'
    )


def test_headings_stand_below_that_of_the_section():
    assert shown("# Eins\n\n## Zwei", level=2) == "<h4>Eins</h4>\n<h5>Zwei</h5>"


@pytest.mark.parametrize(
    "text",
    [
        "[^1]: <script>alert(1)</script>\n\nText[^1]",
        '[](#a3" onclick=x)',
        '![x](/datei/x "<script>")',
        "Text[^1]\n\n[^1]: <img src=x onerror=alert(1)> [x](javascript:alert(1))",
        "\ue0f01\ue0f1 erfunden",
    ],
)
def test_nothing_runs(text):
    html = shown(text)
    bare = re.sub(r'="[^"]*"', "=", html)
    assert not re.search(r"<script|<[^>]*\son\w+=", bare) and 'href="javascript' not in html
    assert "\ue0f0" not in html


@given(
    st.lists(
        st.sampled_from(["Wort", "[^1]", "[^2]", "\n\n", "[^1]: Note ", "[^2]: andere ", "`[^1]`", "*", "> "]),
        max_size=12,
    ).map("".join)
)
def test_every_word_is_shown(text):
    html = shown(text)
    for word in ("Wort", "Note", "andere"):
        assert markup.html_to_text(html).count(word) == text.count(word)
