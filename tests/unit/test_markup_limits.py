"""No text costs more time than it has letters: what a Markdown library needs endless time for is refused, in words."""

from __future__ import annotations

import time

import pytest

from content import markup

ENDLESS = {
    "brackets": ("[" * 1_999 + "\n\n") * 50,
    "links never closed": ("[a](b " * 600 + "\n\n") * 50,
    "pictures never closed": ("![a" * 660 + "\n\n") * 50,
    "tags never closed": ("<a " * 660 + "\n\n") * 50,
    "marks never closed": ("*_a" * 660 + "\n\n") * 50,
    "cells": "| a | b | c |\n|---|---|---|\n" + "| x | y | z |\n" * 7_000,
    "lines": "- a\n" * 25_000,
    "rules": "---\n" * 20_000,
    "spaces": " " * 100_000 + "x",
    "quotes in quotes": "> " * 200 + "a",
    "lists in lists": "\n".join("    " * depth + "- a" for depth in range(100)),
}
READABLE = {
    "many links": "Siehe " + ", ".join(f"[Nr. {number}](/beschluss/2021/{number})" for number in range(300)),
    "a table": "| a | b |\n|---|---|\n" + "| **x** | [y](/z) |\n" * 400,
    "names with underlines": " ".join(["eine_lange_kennung_mit_strichen"] * 500),
    "footnotes": " ".join(f"Wort[^{number}]" for number in range(300)),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_text_that_needs_endless_time_is_refused_with_the_remedy(name):
    started = time.process_time()
    with pytest.raises((markup.TooDeep, markup.TooLarge), match="Bitte"):
        markup.to_html(ENDLESS[name])
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", READABLE)
def test_what_people_write_is_taken(name):
    assert markup.to_html(READABLE[name])
