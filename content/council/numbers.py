"""Numbers of decisions: how a body writes them, how people type them, how earlier sites addressed them.

A number has a year, a serial (running per year and body, two digits at least) and, in some bodies, a suffix:
`2021/39`, `2025/02-AL`. How a body writes it is data of the body, a pattern such as `YYYY/NN` or `YYYY/NN-AL`.
`SERIAL` and `SUFFIX` say how long these parts may be; whatever reads numbers (addresses, forms, search) is made of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
SERIAL: Final = r"\d{1,6}"
"""The serial of a number as a pattern: a parliament has tens of thousands a year."""
SUFFIX: Final = r"[A-Za-z]{1,6}"
"""What stands behind the serial, as a pattern; it is written in capitals."""
WRITTEN: Final = r"\d{4}/\d{1,6}(-[A-Z]{1,6})?"
"""A number as it stands in forms and lines."""
_YEAR_AND_SERIAL: Final = rf"(?P<year>(?:19|20|21)\d\d) ?(?P<sep>[/\-_]) ?(?P<serial>{SERIAL})"
_TYPED: Final = re.compile(rf"{_YEAR_AND_SERIAL}(?:[ \-](?P<suffix>{SUFFIX}))?")
_NUMBER: Final = re.compile(rf"(?<![\d/.\-]){_YEAR_AND_SERIAL}(?![\d/]|\.\d)")
_BEHIND: Final = re.compile(rf"(?P<joint>[ \-])(?P<suffix>{SUFFIX})(?!\w)")
_CITED: Final = re.compile(
    r"(?i)^(?:(?:(?:des |der )?(?:it-?planungsrat(?:e?s)?|it-?plr)|beschl(?:uss|\.)|entscheidung|nr\.?|nummer)(?:[ \-:,]+|(?=\d)))+"
)
"""What stands before a number where it is cited: „Beschluss des IT-Planungsrats Nr.“, „IT-PLR“."""
_FOREIGN: Final = re.compile(r"(?:\((?:EU|EG|EWG)\)|Richtlinie|Verordnung)(?: Nr\.)?\s\Z")
_OLD_NUMBER: Final = re.compile(rf"/beschluss/beschluss-(\d{{4}})-({SERIAL})(?:-({SUFFIX}))?\Z")


@dataclass(frozen=True, slots=True, order=True)
class DecisionNumber:
    """A number, apart from any way of writing it."""

    year: int
    serial: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number in a text, at `start`…`end`."""

    start: int
    end: int
    number: DecisionNumber


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """How a body writes its numbers: `YYYY/NN`, `YYYY/NN-AL`. Raises ValueError (German) for any other pattern."""

    pattern: str
    suffix: str = field(init=False, default="")

    def __post_init__(self) -> None:
        match = re.fullmatch(r"YYYY/NN(?:-([A-Z]{1,6}))?", self.pattern)
        if match is None:
            raise ValueError(f"„{self.pattern}“ ist kein Nummernmuster. Erwartet wird YYYY/NN oder etwa YYYY/NN-AL.")
        object.__setattr__(self, "suffix", match.group(1) or "")

    def parse(self, typed: str) -> DecisionNumber | None:
        """The number that `typed` consists of, if it is one of this body, however it is written."""
        number = parse(typed)
        return number if number is not None and number.suffix == self.suffix else None

    def format(self, number: DecisionNumber) -> str:
        """`2021/39`, `2025/02-AL`."""
        return f"{number.year}/{number.serial:02d}" + (f"-{self.suffix}" if self.suffix else "")


def normalise(text: str) -> str:
    """`text` with compatibility forms, odd dashes and spaces made plain; same length is not kept."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"\s+", " ", plain.translate({ord(dash): "-" for dash in _DASHES})).strip()


def parse(typed: str) -> DecisionNumber | None:
    """The number that `typed` consists of (with or without „Beschluss“, „IT-PLR“, „Nr.“, brackets), else None."""
    words = normalise(typed).strip("()[] .,;:")
    match = _TYPED.fullmatch(_CITED.sub("", words))
    return _number(match, match["suffix"] or "") if match else None


def find_numbers(text: str, suffixes: Collection[str] = ("AL",)) -> Iterator[FoundNumber]:
    """Numbers written with a slash in running text, in order. Serials of one digit are read only with „Beschluss“.

    `suffixes`: those that bodies have. Another one in capitals behind a hyphen makes it a number of nobody that is known.
    """
    for match in _NUMBER.finditer(text):
        if match.group("sep") != "/":
            continue
        if _FOREIGN.search(text, 0, match.start()):
            continue  # „Verordnung (EU) 2018/1724“ is written like one of ours
        suffix, end = _suffix_at(text, match.end(), suffixes)
        number = _number(match, suffix)
        if number is not None and (
            len(match.group("serial")) > 1 or "eschl" in text[max(0, match.start() - 20) : match.start()]
        ):
            yield FoundNumber(match.start(), end, number)


def _suffix_at(text: str, start: int, suffixes: Collection[str]) -> tuple[str, int]:
    """(the suffix that stands at `start`, where it ends). Behind a space only one that is known is no word of the sentence."""
    match = _BEHIND.match(text, start)
    if match is None:
        return "", start
    suffix, is_joined = match["suffix"], match["joint"] == "-"
    is_known = suffix.upper() in suffixes and (suffix.isupper() or (is_joined and suffix.islower()))
    is_foreign = is_joined and suffix.isupper() and text[match.end() : match.end() + 1] != "-"
    return (suffix.upper(), match.end()) if is_known or is_foreign else ("", start)


def old_address(path: str) -> tuple[str, DecisionNumber | None]:
    """An earlier site's path without session id, trailing slash and case; and the number, if the path names one."""
    plain = normalise(path.split(";", 1)[0].split("?", 1)[0]).rstrip("/").lower()
    match = _OLD_NUMBER.search(plain)
    if match is None:
        return plain, None
    return plain, DecisionNumber(int(match.group(1)), int(match.group(2)), (match.group(3) or "").upper())


def _number(match: re.Match[str], suffix: str) -> DecisionNumber | None:
    serial = int(match.group("serial"))
    return DecisionNumber(int(match.group("year")), serial, suffix.upper()) if serial else None
