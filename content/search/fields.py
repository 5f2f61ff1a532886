"""The fields of a question (`jahr:2021`): one reader each, in a table. A reader answers with a German fault, or nothing."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from content.council.addresses import MAIN_BODY, meeting_url
from content.council.bodies import Bodies
from content.council.numbers import SUFFIX, parse
from content.search.lemmas import fold

KIND_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "beschluss": "decision",
        "beschluesse": "decision",
        "entscheidung": "decision",
        "sitzung": "meeting",
        "sitzungen": "meeting",
        "presse": "press_release",
        "pressemitteilung": "press_release",
        "pressemitteilungen": "press_release",
        "meldung": "press_release",
        "bericht": "report",
        "berichte": "report",
        "empfehlung": "recommendation",
        "empfehlungen": "recommendation",
        "marktplatz": "market_item",
        "leistung": "market_item",
        "leistungen": "market_item",
        "marktplatz-leistung": "market_item",
        "organisation": "organisation",
        "organisationen": "organisation",
        "begriff": "term",
        "begriffe": "term",
        "glossar": "term",
        "gremium": "body",
        "gremien": "body",
        "seite": "page",
        "seiten": "page",
    }
)


@dataclass(slots=True)
class Meaning:
    """What the fields of one question have said so far."""

    bodies: Bodies
    filters: dict[str, str]
    hints: list[str]
    number: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    swapped: dict[str, dt.date] = field(default_factory=dict)
    """What the days would be if „von“ and „bis“ were the other way round: `bis:2020` begins as well as it ends."""
    literals: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Filter (`days` for bounds) → how it stands in the question, so that a page can take it out again."""

    def choose(self, name: str, value: str, literal: str) -> None:
        """Set a filter; `literal` is where the question says it."""
        self.filters[name] = value
        self.literals[name] = (literal,)

    def bound(self, literal: str, *, first: dt.date | None = None, last: dt.date | None = None) -> None:
        """Set a first or last day, or both."""
        self.first_day, self.last_day = first or self.first_day, last or self.last_day
        self.literals["days"] = (*self.literals.get("days", ()), literal)

    def days(self) -> tuple[dt.date | None, dt.date | None]:
        """First and last day, the right way round, with a hint where they were not."""
        first, last = self.first_day, self.last_day
        if not (first and last and first > last):
            return first, last
        self.hints.append("Anfang und Ende des Zeitraums waren vertauscht; gesucht wird dazwischen.")
        return self.swapped.get("first", last), self.swapped.get("last", first)

    def take(self, said: Meaning, literal: str) -> None:
        """Take over what one field has said."""
        for name, value in said.filters.items():
            self.choose(name, value, literal)
        if said.first_day or said.last_day:
            self.bound(literal, first=said.first_day, last=said.last_day)
            self.swapped |= said.swapped
        self.number = said.number or self.number


def _number(value: str, meaning: Meaning) -> str:
    number = parse(value)
    if number is None:
        return f"„nr:{value[:30]}“ ist keine Nummer. Erwartet wird etwa nr:2021/39."
    meaning.number = f"{number.year}/{number.serial:02d}" + (f"-{number.suffix}" if number.suffix else "")
    return ""


def _session(value: str, meaning: Meaning) -> str:
    match = re.fullmatch(rf"(?i)(\d{{1,3}})\.?(?:\s*sitzung)?(?:[ -]*({SUFFIX})(?:-runde)?)?", value)
    slug = meaning.bodies.by_suffix.get((match[2] or "").upper(), "" if match[2] else MAIN_BODY) if match else ""
    if match is None or not slug:
        return f"„sitzung:{value[:30]}“ ist keine Sitzung. Erwartet wird ihre Zahl, etwa sitzung:36 oder sitzung:37-AL."
    meaning.filters["meeting"] = meeting_url(slug, "numbered", ordinal=int(match[1]), date=None)
    return ""


def _year(value: str, meaning: Meaning) -> str:
    match = re.fullmatch(r"((?:19|20)\d\d)(?:\s*[-–]\s*((?:19|20)\d\d))?", value)
    if match is None:
        return f"„jahr:{value[:30]}“ ist kein Jahr. Erwartet wird etwa jahr:2021 oder jahr:2019-2021."
    if match[2] is None:
        meaning.filters["year"] = match[1]
    else:
        first, last = sorted((int(match[1]), int(match[2])))
        meaning.first_day, meaning.last_day = dt.date(first, 1, 1), dt.date(last, 12, 31)
    return ""


def _body(value: str, meaning: Meaning) -> str:
    wanted = fold(value).replace(" ", "-")
    for slug in meaning.bodies.by_suffix.values():
        names = (
            slug,
            fold(meaning.bodies.name(slug)).replace(" ", "-"),
            meaning.bodies.suffix(slug).lstrip("-").lower(),
            *(("it-plr", "plr") if slug == MAIN_BODY else ()),
        )
        if wanted in names:
            meaning.filters["body"] = slug
            return ""
    known = ", ".join(meaning.bodies.name(slug) for slug in meaning.bodies.by_suffix.values())
    return f"Das Gremium „{value[:40]}“ gibt es hier nicht." + (f" Es gibt: {known}." if known else "")


def _kind(value: str, meaning: Meaning) -> str:
    kind = KIND_WORDS.get(fold(value))
    if kind is None:
        return f"Die Art „{value[:30]}“ gibt es nicht. Möglich sind etwa: Beschluss, Sitzung, Presse, Bericht, Empfehlung, Marktplatz, Begriff."
    meaning.filters["kind"] = kind
    return ""


def read_day(value: str, *, is_last: bool) -> dt.date | None:
    """The day that `2021`, `2021-10`, `10.2021`, `2021-10-29` or `29.10.2021` begins (or ends) with; None: no date."""
    text = value.strip()
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text)
    parts = match.groups() if match else None
    if parts is None:
        match = re.fullmatch(r"(?:(?:(\d{1,2})\.)?(\d{1,2})\.)?(\d{4})", text)
        if match is None:
            return None
        parts = (match[3], match[2], match[1])
    try:
        year, month = int(parts[0]), int(parts[1] or (12 if is_last else 1))
        day = int(parts[2]) if parts[2] else (calendar.monthrange(year, month)[1] if is_last else 1)
        return dt.date(year, month, day)
    except ValueError:
        return None


def _bound(name: str, *, is_last: bool) -> Callable[[str, Meaning], str]:
    def read(value: str, meaning: Meaning) -> str:
        day = read_day(value, is_last=is_last)
        if day is None:
            return f"„{name}:{value[:30]}“ ist kein Datum. Erwartet wird etwa {name}:29.10.2021 oder {name}:2021."
        other = read_day(value, is_last=not is_last)
        if is_last:
            meaning.last_day = day
            meaning.swapped["first"] = other or day
        else:
            meaning.first_day = day
            meaning.swapped["last"] = other or day
        return ""

    return read


def _clause(value: str, meaning: Meaning) -> str:
    match = re.fullmatch(r"(\d{1,3})\s*([a-z]?)", value.lower())
    if match is None:
        return f"„ziffer:{value[:30]}“ ist keine Ziffer. Erwartet wird etwa ziffer:2 oder ziffer:2a."
    meaning.filters["clause"] = match[1] + match[2]
    return ""


FIELDS: Final[Mapping[str, Callable[[str, Meaning], str]]] = MappingProxyType(
    {
        "nr": _number,
        "nummer": _number,
        "sitzung": _session,
        "jahr": _year,
        "gremium": _body,
        "art": _kind,
        "von": _bound("von", is_last=False),
        "bis": _bound("bis", is_last=True),
        "ziffer": _clause,
    }
)
