"""A search as it stands in an address (`q`, `art`, …): cleaned, in words, and as a question to the engine.

Feeds, alerts and the JSON interface all ask through here, so that they mean the same as the search page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from content import facets
from content.council.bodies import Bodies
from content.house import House
from content.kinds import KINDS
from content.search.fields import read_day
from content.services.browsing.browse import Reader
from content.services.search.searching import Search, Searcher

PARAMETERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "art": "kind",
        "jahr": "year",
        "gremium": "body",
        "sitzung": "meeting",
        "thema": "topic",
        "adressat": "addressee",
        "stand_der_sache": "state",
        "ziffer": "clause",
    }
)
"""Parameter of the address → filter of the search."""
NAMES: Final = ("q", *PARAMETERS, "von", "bis")
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kind": "Art",
        "year": "Jahr",
        "body": "Gremium",
        "meeting": "Sitzung",
        "topic": "Thema",
        "addressee": "Adressat",
        "state": "Verfahrensstand",
        "clause": "Ziffer",
    }
)
_MAX: Final = 500
_EXPECTED: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = MappingProxyType(
    {
        "art": (lambda value: value in KINDS, "eines von: " + ", ".join(KINDS)),
        "jahr": (lambda value: re.fullmatch(r"(?:19|20)\d\d", value) is not None, "ein Jahr, etwa 2021"),
        "ziffer": (lambda value: re.fullmatch(r"\d{1,3}[a-z]?", value) is not None, "eine Ziffer, etwa 2 oder 2a"),
        "von": (
            lambda value: read_day(value, is_last=False) is not None,
            "ein Datum, etwa 2021, 2021-10 oder 29.10.2021",
        ),
        "bis": (
            lambda value: read_day(value, is_last=True) is not None,
            "ein Datum, etwa 2021, 2021-10 oder 29.10.2021",
        ),
    }
)
"""Parameter → whether a value can be meant, and what is expected (German)."""


def clean_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """What of `given` belongs to a search, in one order, without what is empty."""
    rows = (
        (
            name,
            "".join(char for char in unicodedata.normalize("NFC", given.get(name, "")) if char.isprintable()).strip()[
                :_MAX
            ],
        )
        for name in NAMES
    )
    return {name: value for name, value in rows if value}


def wrong(parameters: Mapping[str, str]) -> tuple[str, str] | None:
    """The first parameter that cannot be meant so, and why; what nothing bears (a topic, a session) is only not found."""
    for name, (holds, expected) in _EXPECTED.items():
        value = parameters.get(name, "")
        if value and not holds(value):
            return name, f"„{value[:40]}“ ist kein Wert für „{name}“. Erwartet wird {expected}."
    return None


def describe(parameters: Mapping[str, str], bodies: Bodies) -> str:
    """„Nachnutzung“, Art: Beschlüsse, Jahr: 2021."""
    rows = [f"„{parameters['q']}“"] if parameters.get("q") else []
    rows += [
        f"{LABELS[name]}: {words(name, parameters[key], bodies)}"
        for key, name in PARAMETERS.items()
        if parameters.get(key)
    ]
    rows += [
        f"{name} {_day(parameters[name], is_last=name == 'bis')}" for name in ("von", "bis") if parameters.get(name)
    ]
    return ", ".join(rows)


def _day(typed: str, *, is_last: bool) -> str:
    day = read_day(typed, is_last=is_last)
    return f"{day:%d.%m.%Y}" if day else typed


def words(name: str, value: str, bodies: Bodies) -> str:
    """How a value of a filter reads."""
    if name == "kind":
        return KINDS[value].plural if value in KINDS else value
    if name == "state":
        kind, _, state = value.partition(".")
        return KINDS[kind].subkinds.get(state, state) if kind in KINDS else value
    rule = next((rule for rule in facets.RULES if rule.name == name), None)
    return facets.words(rule, "decision", value, bodies) if rule else value


def address(parameters: Mapping[str, str], path: str = "/suche", **more: str) -> str:
    """The address of the search, perhaps with more parameters."""
    return f"{path}?{urlencode([*parameters.items(), *more.items()])}"


def question(
    parameters: Mapping[str, str],
    *,
    among: frozenset[int] | None = None,
    sort: str = "newest",
    page: int = 1,
    per_page: int = 40,
) -> Search:
    """The question to ask; all words are wanted, as typed."""
    filters = {name: parameters[key] for key, name in PARAMETERS.items() if parameters.get(key)}
    return Search(
        parameters.get("q", ""),
        filters,
        parameters.get("von", ""),
        parameters.get("bis", ""),
        sort=sort,
        page=page,
        per_page=per_page,
        facets=(),
        among=among,
        strict=True,
    )


def matcher(house: House) -> Callable[[Mapping[str, str], frozenset[int]], frozenset[int]]:
    """Asks the engine which of some editions a search finds."""

    def matches(parameters: Mapping[str, str], editions: frozenset[int]) -> frozenset[int]:
        with house.reading() as connection:
            searcher = Searcher(connection, house.search, house.language, Reader(connection).bodies)
            return frozenset(searcher.ids(question(parameters, among=editions, per_page=max(1, len(editions)))))

    return matches
