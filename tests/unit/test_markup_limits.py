"""No text costs more time than it has letters: what a Markdown library needs endless time for is refused, in words.

What is accepted is counted, not measured: `markup.work` tells what a text costs, and the same text is always refused.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from content.schemas import SCHEMAS, FieldError, InvalidInput, clean_item, markdown_of
from content.text import markup

ENDLESS = {
    "brackets": ("[" * 1_999 + "\n\n") * 50,
    "links never closed": ("[a](b " * 600 + "\n\n") * 50,
    "pictures never closed": ("![a" * 660 + "\n\n") * 50,
    "tags never closed": ("<a " * 660 + "\n\n") * 50,
    "marks never closed": ("*_a" * 660 + "\n\n") * 50,
    "cells": "| a | b | c |\n|---|---|---|\n" + "| x | y | z |\n" * 7_000,
    "lines": "- a\n" * 25_000,
    "rules": "---\n" * 20_000,
    "quotes in quotes": "> " * 200 + "a",
    "lists in lists": "\n".join("    " * depth + "- a" for depth in range(100)),
    "lists in lists by tabs": "\n".join("\t" * depth + "- a" for depth in range(30)),
    "lists in quotes in lists": "- > " * 20 + "a",
    "lists in lists in a quotation": "\n".join("> " + "    " * depth + "- a" for depth in range(30)),
    "lists in lists, between lines far to the right": "\n".join(
        "    " * depth + "- a\n" + " " * 240 + "- b" for depth in range(30)
    ),
    "explanations in explanations": "\n\n".join("    " * depth + "a\n" + "    " * depth + ": b" for depth in range(30)),
    "explanations in a quotation without a blank line": "> a\n> : b\n" * 100,
    "no thematic break": "- " * 5_000 + "x",
    "links with an open title in single quotes": "[a](b 'c) " * 2_000,
    "links with a target that is not closed": "[a](<b " * 2_000,
    "brackets in brackets never closed": ("[a[b]" * 600 + "\n\n") * 50,
    "brackets in targets never closed": ("[a](b(c)" * 600 + "\n\n") * 50,
    "numbers in numbers": "1. " * 20 + "a",
    "backslashes": "\\" * 100_000,
    "escaped marks": "\\*" * 200_000,
    "closed marks": "*a* " * 100_000,
    "code": "`a` " * 100_000,
    "links": "[a](b) " * 57_000,
    "links with an open quotation": '[a](b "c) ' * 2_000,
    "stars": "**a" * 33_000,
    "headings without blank lines": "# a\n" * 9_999,
    "entities": "&amp;" * 80_000,
    "a few marks in an endless paragraph": "*a* " * 4_000 + "x" * 350_000,
    "underlines that close nowhere": " _a_a" * 4_000,
    "small paragraphs full of marks": ("*a* **b** `c` [d](e)\n\n" * 4_900),
}
READABLE = {
    "many links": "Siehe " + ", ".join(f"[Nr. {number}](/beschluss/2021/{number})" for number in range(300)),
    "a table": "| a | b |\n|---|---|\n" + "| **x** | [y](/z) |\n" * 400,
    "a pasted table of 950 rows and 10 columns": "| a " * 10
    + "|\n"
    + "|---" * 10
    + "|\n"
    + "| 1.234,56 " * 10
    + "|\n" * 1
    + ("| 1.234,56 " * 10 + "|\n") * 949,
    "names with underlines": " ".join(["eine_lange_kennung_mit_strichen"] * 500),
    "footnotes": " ".join(f"Wort[^{number}]" for number in range(300)),
    "a report of 100 pages": "# Kapitel\n\nEin **wichtiger** Absatz mit [Verweis](/beschluss/2021/39#z2), 5 \\* 3 und *Betonung*. "[
        :90
    ]
    + (
        "\n\n## Abschnitt\n\nEin **wichtiger** Absatz mit [Verweis](/beschluss/2021/39#z2) & *Betonung*. "
        + "Der Planungsrat beschließt dies. " * 40
        + "\n\n- Punkt **eins** der Liste\n- Punkt zwei, siehe [dort](#a3)\n- Punkt drei\n"
    )
    * 220,
    "a list of 1,500 terms": "- **Begriff** ist, was [hier](/glossar/begriff) steht\n" * 1_500,
    "a glossary": "Begriff\n: Was er *heißt*\n\n" * 1_000,
    "explanations without a blank line": "Begriff\n: Was er heißt\n" * 1_000,
    "explanations of two lines without a blank line": "Begriff\n: Was er heißt,\nund warum\n" * 300,
    "explanations that stand in a little": "  Begriff\n  : Was er heißt\n" * 300,
    "a list of links with brackets": "".join(
        f"- [Drucksache [{number}] (neu)](/beschluss/2021/{number})\n" for number in range(600)
    ),
    "links to files with brackets": "".join(
        f"- [Anlage {number}](https://example.org/datei_({number}).pdf)\n" for number in range(600)
    ),
    "a paragraph of links with brackets": ", ".join(
        f"[Anlage [{number}]](/datei/{number}_(a).pdf)" for number in range(300)
    ),
    "links with titles": ", ".join(
        f"[Anlage {number}](</a b/{number}> 'Teil {number}') und [Anlage](/a \"Teil (b)\")" for number in range(150)
    ),
    "brackets in brackets": " ".join(f"[BGBl. I S. {number} [sic]]" for number in range(600)),
    "thematic breaks": "\n\n".join(
        ["Text", *("- " * 20, "* " * 40, "_ " * 30, "-  " * 30, "> " + "- " * 20, "    " + "- " * 20)] * 20
    ),
    "columns made of blanks": "".join(f"Posten {number}\n{' ' * 120}{number},00 EUR\n\n" for number in range(300)),
    "dashes in a column far to the right": (" " * 120 + "- Text\n") * 300,
    "blanks": " " * 100_000 + "x",
    "a page of code": "```\n" + "wert = *zeiger & maske[i] # kommentar\n" * 300 + "```\n",
    "a quotation of three pages": "> Zitat aus einem **langen** Gesetz, das so weitergeht\n" * 150,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_text_that_needs_endless_time_is_refused_with_the_remedy(name):
    started = time.process_time()
    with pytest.raises(markup.Refused, match="Bitte"):
        markup.to_html(ENDLESS[name])
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", READABLE)
def test_what_people_write_is_taken(name):
    started = time.process_time()
    assert markup.to_html(READABLE[name])
    assert time.process_time() - started < 5


def test_each_term_stands_beside_the_one_before_not_in_its_explanation():
    apart = markup.to_html("A\n: eins\n\nB\n: zwei\n: drei\n\nC\n: vier")
    assert markup.to_html("A\n: eins\nB\n: zwei\n: drei\nC\n: vier") == apart
    assert apart.count("<dl>") == 1 and apart.count("<dt>") == 3 and apart.count("<dd>") == 4
    assert markup.to_html("A\n: eins\nweiter\nB\n: zwei") == markup.to_html("A\n: eins\nweiter\n\nB\n: zwei")
    assert "B\n: zwei" in markup.to_html("```\nA\n: eins\nB\n: zwei\n```"), "code is left as it is"
    two = markup.to_html("A\nB\n: eins")
    assert two.count("<dt>") == 2, "two terms of one explanation"


def test_every_text_of_the_examples_costs_a_small_part_of_what_a_text_may():
    lines = [
        json.loads(line)
        for path in Path("content/examples").rglob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
        if line.strip()
    ]
    texts = [text for line in lines if line.get("type") in SCHEMAS for text in markdown_of(SCHEMAS[line["type"]], line)]
    assert len(texts) > 20
    assert max(map(markup.work, texts)) < markup.MAX_WORK / 10


@pytest.mark.parametrize("nested", ["> > > > > > - a\n\n", "- - - - - - a\n\n", "                        - a\n\n"])
def test_a_line_counts_as_often_as_the_library_reads_it(nested):
    """Measured: six levels cost two to three times as much as one."""
    assert 2 < markup.work(nested * 500) / markup.work("- a\n\n" * 500) < 4


def test_a_text_refused_half_way_does_not_change_how_the_next_one_reads(monkeypatch):
    monkeypatch.setattr(markup, "check_size", lambda _text: None)
    before = markup.to_html("> a\n\n- *b*")
    with pytest.raises(markup.TooDeep):
        markup.to_html("> a\n> : b\n" * 600)
    assert markup.to_html("> a\n\n- *b*") == before


def given(kind, text):
    """A value of `kind` with `text` in its last Markdown field."""
    return {
        "page": {"slug": "a", "title": "A", "text": text},
        "term": {"slug": "a", "title": "A", "text": text},
        "organisation": {"slug": "a", "title": "A", "text": text},
        "press_release": {"slug": "a", "title": "A", "sections": [{"heading": "B", "text": text}]},
        "report": {"slug": "a", "title": "A", "group": "G", "sections": [{"heading": "B", "text": text}]},
    }[kind]


@pytest.mark.parametrize(
    "text",
    [">" * 21 + " a", "[" * 401, "- " * 30 + "a", "\\" * 100_000],
    ids=["quotes", "brackets", "lists", "backslashes"],
)
@pytest.mark.parametrize("kind", ["page", "term", "organisation", "press_release", "report"])
def test_a_text_that_no_page_can_be_made_of_is_refused_at_its_field_by_every_schema(kind, text):
    with pytest.raises(InvalidInput) as refused:
        clean_item(kind, given(kind, text))
    error = next(error for error in refused.value.errors if error.code in {"too_deep", "too_large"})
    assert error.field.endswith("text")
    assert "Bitte" in error.message


def test_many_texts_of_one_item_are_not_more_work_together_than_an_item_may_cost():
    heavy = "*a* " * 1_500
    value = {
        "slug": "a",
        "title": "A",
        "group": "G",
        "sections": [{"heading": f"B{number}", "text": heavy} for number in range(20)],
    }
    with pytest.raises(InvalidInput) as refused:
        clean_item("report", value)
    assert [(error.field, error.code) for error in refused.value.errors] == [("", "too_large")]
    assert isinstance(refused.value.errors[0], FieldError)
