"""What makes a password one that is not taken: known from break-ins, or too regular; and how one is written down for hashing.

`data/known_passwords.bin` holds 40 bits of the SHA-256 of each of 30,000 passwords that are tried first, sorted. They are
the list `passwords` of zxcvbn 4.5.0 (the Python package, MIT licence, Daniel Wolf, after Dropbox's zxcvbn and
public breach lists) and `GERMAN` below. `python -m content.typed.passwords LIST` writes it anew from a text of one password a line.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Final

_BYTES: Final = 5
_FILE: Final = "known_passwords.bin"
_MAX_TAIL: Final = 8
"""So many digits and signs around a known word hide nothing; more must be regular to be refused."""
_LEET: Final = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_ROWS: Final = (
    "1234567890",
    "0987654321",
    "qwertzuiopü",
    "qwertyuiop",
    "asdfghjklöä",
    "yxcvbnm",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)
GERMAN: Final = (
    "passwort",
    "passwort1",
    "kennwort",
    "geheim",
    "geheimnis",
    "hallo",
    "hallohallo",
    "hallo123",
    "ichliebedich",
    "schatz",
    "schatzi",
    "liebe",
    "sommer",
    "winter",
    "frühling",
    "fruehling",
    "herbst",
    "fussball",
    "fußball",
    "schalke",
    "schalke04",
    "dortmund",
    "bayern",
    "münchen",
    "muenchen",
    "hamburg",
    "berlin",
    "deutschland",
    "frankfurt",
    "köln",
    "koeln",
    "stuttgart",
    "werder",
    "hsv",
    "borussia",
    "sonnenschein",
    "sternchen",
    "schnucki",
    "mausi",
    "hase",
    "hasi",
    "engel",
    "blume",
    "sonne",
    "arschloch",
    "scheisse",
    "scheiße",
    "qwertz",
    "qwertzu",
    "qwertzui",
    "qwertzuiop",
    "lol123",
    "ficken",
    "killer",
    "iloveyou",
    "willkommen",
    "start",
    "anfang",
    "montag",
    "freitag",
    "januar",
    "februar",
    "dezember",
    "administrator",
    "verwaltung",
    "behörde",
    "behoerde",
    "ministerium",
    "beschluss",
    "beschlussportal",
    "planungsrat",
    "itplanungsrat",
    "fitko",
    "geschaeftsstelle",
    "geschäftsstelle",
    "testtest",
    "test",
)


def normal(password: str) -> str:
    """As it is hashed: composed (NFC), so that every keyboard and system means the same by „ü“."""
    return unicodedata.normalize("NFC", password)


def is_simple(password: str) -> bool:
    """Whether it is made of few signs, of equal steps, or of a row of the keyboard."""
    text = normal(password).casefold()
    if len(set(text)) < 5:
        return True
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return len(steps) == 1 or any(text in (row * (len(text) // len(row) + 2)) for row in _ROWS)


def is_known(password: str) -> bool:
    """Whether it, or the word that it dresses up, is among those that are tried first."""
    known = _known()
    return any(_mark(form) in known for form in _forms(normal(password).casefold()))


def _forms(text: str) -> Iterator[str]:
    """`text` and the words that it may be made of."""
    for whole in {text, re.sub(r"[\s_.-]", "", text)}:
        yield whole
        yield whole.translate(_LEET)
        for size in range(1, len(whole) // 2 + 1):
            if len(whole) % size == 0 and whole[:size] * (len(whole) // size) == whole:
                yield whole[:size]
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", whole)
        tail = whole.replace(core, "", 1) if core else ""
        if len(core) > 2 and tail and (len(tail) <= _MAX_TAIL or is_simple(tail)):
            yield core
            yield core.translate(_LEET)


def _mark(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()[:_BYTES]


@functools.cache
def _known() -> _Sorted:
    return _Sorted((resources.files("content") / "data" / _FILE).read_bytes())


class _Sorted:
    """Marks one after another, sorted: 150 kB where a set would take two MB."""

    def __init__(self, marks: bytes) -> None:
        self._marks = marks

    def __len__(self) -> int:
        return len(self._marks) // _BYTES

    def __contains__(self, mark: object) -> bool:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = self._marks[middle * _BYTES : (middle + 1) * _BYTES]
            if found == mark:
                return True
            low, high = (middle + 1, high) if isinstance(mark, bytes) and found < mark else (low, middle)
        return False


def pack(words: Iterable[str]) -> bytes:
    """The content of the file for these passwords."""
    return b"".join(sorted({_mark(normal(word).casefold()) for word in words if word}))


def main(path: str) -> None:
    """Write the file anew from a list with one password a line, and `GERMAN`."""
    target = Path(__file__).parents[1] / "data" / _FILE
    target.write_bytes(pack([*Path(path).read_text("utf-8").splitlines(), *GERMAN]))


if __name__ == "__main__":
    main(sys.argv[1])
