"""A search as it stands in an address (`q`, `art`, …): cleaned, in words, and as a question to the engine.

Feeds, alerts and the JSON interface all ask through here, so that they mean the same as the search page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from content import facets
from content.bodies import Bodies
from content.house import House
from content.kinds import KINDS
from content.search.interface import Query
from content.search.query import read
from content.services.browse import Reader

PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({"art": "kind", "jahr": "year", "gremium": "body"})
"""Parameter of the address → filter of the search."""
NAMES: Final = ("q", *PARAMETERS)
LABELS: Final[Mapping[str, str]] = MappingProxyType({"kind": "Art", "year": "Jahr", "body": "Gremium"})
_MAX: Final = 500


def clean_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """What of `given` belongs to a search, in one order, without what is empty."""
    rows = ((name, "".join(char for char in given.get(name, "") if char.isprintable()).strip()[:_MAX]) for name in NAMES)
    return {name: value for name, value in rows if value}


def describe(parameters: Mapping[str, str], bodies: Bodies) -> str:
    """„Nachnutzung“, Art: Beschlüsse, Jahr: 2021."""
    rows = [f"„{parameters['q']}“"] if parameters.get("q") else []
    rows += [f"{LABELS[name]}: {words(name, parameters[key], bodies)}" for key, name in PARAMETERS.items() if parameters.get(key)]
    return ", ".join(rows)


def words(name: str, value: str, bodies: Bodies) -> str:
    """How a value of a filter reads."""
    if name == "kind":
        return KINDS[value].plural if value in KINDS else value
    rule = next((rule for rule in facets.RULES if rule.name == name), None)
    return facets.words(rule, "decision", value, bodies) if rule else value


def address(parameters: Mapping[str, str], path: str = "/suche", **more: str) -> str:
    """The address of the search, perhaps with more parameters."""
    return f"{path}?{urlencode([*parameters.items(), *more.items()])}"


def question(parameters: Mapping[str, str], bodies: Bodies, *, among: frozenset[int] | None = None, sort: str = "newest", page: int = 1, per_page: int = 40) -> Query:
    """The question to the engine; all words are wanted."""
    filters = {name: parameters[key] for key, name in PARAMETERS.items() if parameters.get(key)}
    return read(parameters.get("q", ""), bodies=bodies, filters=filters, sort=sort, page=page, per_page=per_page, among=among)


def matcher(house: House) -> Callable[[Mapping[str, str], frozenset[int]], frozenset[int]]:
    """Asks the engine which of some editions a search finds."""

    def matches(parameters: Mapping[str, str], editions: frozenset[int]) -> frozenset[int]:
        with house.reading() as connection:
            bodies = Reader(connection).bodies
        asked = question(parameters, bodies, among=editions, per_page=len(editions))
        return frozenset(hit.edition_id for hit in house.search.search(asked).hits)

    return matches
