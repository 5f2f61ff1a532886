"""Whole numbers from outside: the digits 0 to 9 within bounds, or nothing."""

from __future__ import annotations

import pytest

from content.typed.whole import MOST, whole


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), (str(MOST), MOST)])
def test_a_number_is_read(text, number):
    assert whole(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "²",
        "⁰⁴",
        "₁₂",
        "٣",
        "①",
        "Ⅳ",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "1_000",
        "9" * 400,
        str(MOST + 1),
        None,
        3,
    ],
)
def test_what_is_no_number_is_none(text):
    assert whole(text) is None


def test_bounds_are_part_of_the_question():
    assert [whole(text, least=1, most=12) for text in ("0", "1", "12", "13")] == [None, 1, 12, None]
