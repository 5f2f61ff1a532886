"""Which characters our PDF files can show: those that the bundled fonts have. Pure, and cheap to ask.

`fonts/covered.txt` lists them as ranges of code points (hexadecimal), found by setting every character once with the fonts
that come with us and with typst; a test sets them all again. A character without a picture never hinders a PDF: a look-alike or
a box stands in its place, and the last page says which character it is.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path
from typing import Final

BOX: Final = "\u25af"
LOOKALIKES: Final = {
    "\uf0b7": "•",
    "\uf0a7": "▪",
    "\uf0d8": "➢",
    "\uf0fc": "✓",
    "\uf0e0": "→",
    "\uf02d": "–",
    "\u2043": "•",
    "\u2011": "-",
}
"""Bullets and arrows as Word's symbol fonts leave them, and what everybody reads them as."""
_COVERED: Final = Path(__file__).parent / "fonts" / "covered.txt"


@functools.cache
def _strange() -> re.Pattern[str]:
    """Finds characters without a picture."""
    ranges = (part.partition("-") for part in _COVERED.read_text().split())
    known = "".join(
        f"\\U{int(first, 16):08x}" + (f"-\\U{int(last, 16):08x}" if last else "") for first, _, last in ranges
    )
    return re.compile(f"[^\\s{known}]")


def missing(text: str) -> tuple[str, ...]:
    """The characters of `text` that no PDF shows as themselves or as a look-alike, each once, in their order."""
    if text.isascii():
        return ()
    found = dict.fromkeys(char for char in _strange().findall(text) if char not in LOOKALIKES)
    return tuple(char for char in found if _is_seen(char))


def shown(text: str) -> str:
    """`text` as a PDF can show it."""
    return text if text.isascii() else _strange().sub(lambda match: replaced(match[0]), text)


def replaced(char: str) -> str:
    """What stands for a character without a picture; nothing for one that only changes its neighbours."""
    return LOOKALIKES.get(char) or (BOX if _is_seen(char) else "")


def named(char: str) -> str:
    """A character in words: code point and name."""
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X}" + (f" ({name.lower()})" if name else "")


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in {"Mn", "Me", "Cf", "Cc"}
