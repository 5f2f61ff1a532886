"""Markup: nothing that runs gets through, references stay placeholders until their target is public."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.text import clauses, markup

PAYLOADS = (__import__("pathlib").Path(__file__).parent / "xss_payloads.txt").read_text().splitlines()


class _Dangers(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "svg",
            "math",
            "base",
            "meta",
            "link",
            "form",
            "input",
            "video",
            "audio",
        }:
            self.found.append(tag)
        for name, value in attrs:
            target = "".join((value or "").split()).lower()
            if name.startswith("on") or name in {"style", "srcdoc", "formaction", "xlink:href", "id", "class"}:
                self.found.append(name)
            if name in {"href", "src"} and target.startswith(("javascript:", "data:", "vbscript:")):
                self.found.append(target)
            if name == "src" and not target.startswith("/datei/"):
                self.found.append(target)


@pytest.mark.parametrize(
    "frame", ["{}", "# {}", "[x]({})", "![x]({})", "| a |\n|---|\n| {} |", "`{}`", "> {}", "- {}", "1. {}", "**{}**"]
)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_survives(payload, frame):
    reader = _Dangers()
    reader.feed(markup.to_html(frame.format(payload)))
    assert reader.found == []


def test_payload_list_is_long_enough():
    assert len(set(PAYLOADS)) >= 60


@given(st.text(max_size=300))
def test_html_of_any_text_is_harmless(text):
    reader = _Dangers()
    reader.feed(markup.to_html(text))
    assert reader.found == []


@pytest.mark.parametrize(
    "hostile", ["[" * 10_000, "> " * 5_000 + "x", "- " * 5_000 + "x", "*" * 10_000, "a" * 500_000, "<" * 9_000]
)
def test_huge_or_deep_text_is_refused_or_rendered_in_bounded_time(hostile):
    started = time.process_time()
    try:
        markup.to_html(hostile)
    except (markup.TooDeep, markup.TooLarge) as refusal:
        assert "Bitte" in str(refusal)
    assert time.process_time() - started < 10


def test_reference_is_plain_text_until_its_target_is_public():
    html = markup.decision_html(clauses.parse("1. Ziffer 2 des Beschlusses 2023/44 wird aufgehoben."))
    assert markup.referenced(html) == ["/beschluss/2023/44"]
    assert '<a class="ref"' not in markup.link_placeholders(html, lambda _: False)
    assert 'href="/beschluss/2023/44#z2"' in markup.link_placeholders(html, lambda url: url == "/beschluss/2023/44")


def test_headings_never_outrank_the_page():
    assert "<h1" not in markup.to_html("# Groß") and "<h2>" in markup.to_html("# Groß")


def test_columns_keep_the_side_that_their_rule_gives_them():
    made = markup.to_html("| A | B | C |\n|:--|--:|:-:|\n| 1 | 2 | 3 |")
    assert made.count('class="cell-left"') == made.count('class="cell-right"') == made.count('class="cell-center"') == 2
    assert '<th scope="col" class="cell-right">B</th>' in made and "style" not in made


def test_words_that_look_like_an_alignment_stay_words():
    assert 'align="right"' in markup.to_html('`<td align="right">` und align="right"').replace("&quot;", '"')
