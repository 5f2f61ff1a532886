"""How addresses and anchors read in German: „Beschluss 2023/44, Ziffer 2 Buchstabe a“ from `/beschluss/2023/44`, `z2a`."""

from __future__ import annotations

import re
from typing import Final

_ANCHOR: Final = re.compile(r"z(\d+)([a-z]*)(\d*)(?:-\d+)?\Z")
_SUFFIXES: Final = {"al-runde": "-AL"}


def anchor_words(anchor: str) -> str:
    """„Ziffer 2 Buchstabe a“ from `z2a`; an anchor of another form reads as nothing."""
    match = _ANCHOR.match(anchor)
    if match is None:
        return ""
    number, letters, inner = match.groups()
    if number == "0":
        return "Text"
    words = f"Ziffer {number}"
    if letters:
        words += f" Buchstabe {letters}"
    return f"{words} Nummer {inner}" if inner else words


def address_words(url: str, anchor: str | None = None) -> str:
    """„Beschluss 2023/44 Ziffer 2“ from the address of a decision; other addresses read as their last part."""
    parts = url.strip("/").split("/")
    if parts[0] == "beschluss" and len(parts) >= 3:
        suffix = _SUFFIXES.get(parts[1], "") if len(parts) == 4 else ""
        words = f"Beschluss {parts[-2]}/{parts[-1]}{suffix}"
    elif parts[0] == "sitzung" and parts[-1].isdigit():
        words = f"{parts[-1]}. Sitzung"
    else:
        words = parts[-1].replace("-", " ").capitalize()
    return f"{words}, {anchor_words(anchor)}" if anchor and anchor_words(anchor) else words
