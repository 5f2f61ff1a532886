"""Whole numbers that come from outside: written by people, by other programs, by whoever tries what happens."""

from __future__ import annotations

from typing import Final

MOST: Final = 999_999_999
"""What no row, page or year exceeds; every database can compare with it."""


def whole(text: object, *, least: int = 0, most: int = MOST) -> int | None:
    """The number that `text` writes in the digits 0 to 9, from `least` to `most`; None for everything else.

    Signs, blanks and the digits of other scripts are not taken: what Python calls a digit is not always a number (²).
    """
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) + _LEADING:
        return None
    number = int(text)
    return number if least <= number <= most else None


_LEADING: Final = 8
"""So many zeros may stand before a number."""
