"""What lists can be filtered by: the facets, their query parameter, their words, and the values an edition has.

One table for all kinds. `all` counts every public edition of a kind and is no filter.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from content.council.bodies import Bodies
from content.kinds import KINDS
from content.text import wording
from content.text.operative import OperativeKind

if TYPE_CHECKING:
    from content.freezing import Frozen

ALL: Final = ("all", "all")


@dataclass(frozen=True, slots=True)
class FacetRule:
    """A facet: its name in the database, its parameter in addresses, its German label, how values read."""

    name: str
    parameter: str
    label: str
    kinds: frozenset[str]
    words: Callable[[str, str, Bodies], str]


def _itself(_kind: str, value: str, _bodies: Bodies) -> str:
    return value


def _subkind_words(kind: str, value: str, _bodies: Bodies) -> str:
    return KINDS[kind].subkinds.get(value, value)


def _meeting_words(_kind: str, value: str, bodies: Bodies) -> str:
    return wording.meeting_words(value, bodies=bodies)


def _body_words(_kind: str, value: str, bodies: Bodies) -> str:
    return bodies.name(value)


OPERATIVE_LABELS: Final = MappingProxyType({str(kind): kind.label for kind in OperativeKind})


def _operative_words(_kind: str, value: str, _bodies: Bodies) -> str:
    return OPERATIVE_LABELS.get(value, value)


def _address_words(_kind: str, value: str, _bodies: Bodies) -> str:
    """`/beschluss/2021/39` reads „2021/39“, `/bericht/verwaltung-und-startups` „Verwaltung und startups“."""
    last = value.split("/", 2)[-1].replace("-", " ")
    return last[:1].upper() + last[1:]


_EVERY: Final = frozenset(KINDS)
RULES: Final = (
    FacetRule("year", "jahr", "Jahr", frozenset({"decision", "meeting", "press_release", "report"}), _itself),
    FacetRule("meeting", "sitzung", "Sitzung", frozenset({"decision", "press_release"}), _meeting_words),
    FacetRule("body", "gremium", "Gremium", frozenset({"decision", "meeting"}), _body_words),
    FacetRule("operative", "art", "Art der Ziffern", frozenset({"decision"}), _operative_words),
    FacetRule(
        "subkind",
        "form",
        "Form",
        frozenset({"meeting", "press_release", "recommendation", "market_item", "offer"}),
        _subkind_words,
    ),
    FacetRule("addressee", "adressat", "Adressat", frozenset({"decision", "recommendation"}), _itself),
    FacetRule("decision", "beschluss", "Beschluss", frozenset({"recommendation"}), _address_words),
    FacetRule("report", "bericht", "Bericht", frozenset({"recommendation"}), _address_words),
    FacetRule("theme", "feld", "Themenfeld", frozenset({"market_item"}), _itself),
    FacetRule("topic", "thema", "Thema", _EVERY, _itself),
)
BY_PARAMETER: Final = MappingProxyType({rule.parameter: rule for rule in RULES})


@functools.cache
def of_kind(kind: str) -> tuple[FacetRule, ...]:
    """The facets that lists of `kind` offer, in order."""
    return tuple(rule for rule in RULES if kind in rule.kinds)


def label(rule: FacetRule, kind: str) -> str:
    """What a facet is called in lists of `kind`."""
    return KINDS[kind].subkinds_label if rule.name == "subkind" else rule.label


def words(rule: FacetRule, kind: str, value: str, bodies: Bodies) -> str:
    """How `value` of a facet reads in German; a value nobody knows reads as itself."""
    try:
        return rule.words(kind, value, bodies)
    except ValueError:
        return value


def of_edition(kind: str, frozen: Frozen) -> tuple[tuple[str, str], ...]:
    """(facet, value) pairs of what is about to be published, without doubles."""
    data = frozen.data
    clauses = data.get("clauses", ())
    values: Mapping[str, list[str]] = {
        "year": [str(frozen.year)],
        "meeting": [frozen.meeting_url],
        "body": [frozen.body_slug],
        "operative": [clause["kind"] for clause in clauses],
        "subkind": [frozen.subkind],
        "addressee": [who for clause in clauses for who in clause["addressees"]] + list(data.get("addressees", ())),
        "decision": [url for url in data.get("decisions", ()) if url],
        "report": [data.get("report") or ""],
        "theme": [data.get("theme") or ""],
        "topic": list(data.get("topics", ())),
    }
    pairs = [ALL]
    pairs += [(rule.name, value[:300]) for rule in of_kind(kind) for value in values[rule.name] if value]
    return tuple(dict.fromkeys(pairs))
