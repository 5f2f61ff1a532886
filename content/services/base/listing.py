"""What a list is made of beside its rows: addresses that keep what was chosen, facets with counts, paging."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from content import facets, reading
from content.council.bodies import Bodies
from content.typed.whole import whole

PER_PAGE: Final = 25
FACET_VALUES: Final = 30
"""At most so many values of a facet are offered; the others are reached through the search."""


@dataclass(frozen=True, slots=True)
class Address:
    """Builds the addresses of a list: everything that is chosen is kept, the page starts over."""

    base: str
    kind: str
    filters: Mapping[str, str]
    chosen_sort: str | None
    stand: dt.date | None

    def page(self, number: int) -> str:
        return self._build(self.filters, self.chosen_sort, number)

    def sort(self, value: str) -> str:
        return self._build(self.filters, value, 1)

    def without(self, name: str) -> str:
        return self._build({key: value for key, value in self.filters.items() if key != name}, self.chosen_sort, 1)

    def _build(self, filters: Mapping[str, str], sort: str | None, page: int) -> str:
        query = [(rule.parameter, filters[rule.name]) for rule in facets.of_kind(self.kind) if rule.name in filters]
        query += [("sortierung", sort)] if sort else []
        query += [("seite", str(page))] if page > 1 else []
        query += [("stand", self.stand.isoformat())] if self.stand else []
        return f"{self.base}?{urlencode(query)}" if query else self.base


def facet(
    rule: facets.FacetRule,
    counts: Mapping[tuple[str, str], int],
    kind: str,
    filters: Mapping[str, str],
    address: Address,
    bodies: Bodies,
) -> reading.Facet:
    chosen = filters.get(rule.name)
    values = {value: count for (name, value), count in counts.items() if name == rule.name}
    if chosen is not None:
        values.setdefault(chosen, 0)
    ordered = sorted(values, key=lambda value: facet_order(rule.name, value, values[value]))[:FACET_VALUES]
    if chosen is not None and chosen not in ordered:
        ordered.append(chosen)
    return reading.Facet(
        name=rule.parameter,
        label=facets.label(rule, kind),
        values=tuple(
            reading.FacetValue(
                value=value,
                label=facets.words(rule, kind, value, bodies),
                count=values[value],
                is_active=value == chosen,
                url=address.without(rule.name) if value == chosen else None,
            )
            for value in ordered
        ),
    )


def facet_order(name: str, value: str, count: int) -> tuple[Any, ...]:
    """Years and sessions newest first; everything else by count, then by name."""
    if name == "year":
        year = whole(value)
        return (0, value) if year is None else (-year, "")
    if name == "meeting":
        *_, last = value.rsplit("/", 1)
        number = whole(last)
        return (1, 0, value) if number is None else (0, -number, value)
    return (-count, value)


def paging(page: int, total: int, per_page: int, url: Callable[[int], str]) -> reading.Paging:
    pages = max(1, math.ceil(total / per_page))
    current = min(max(1, page), pages)
    return reading.Paging(
        page=current,
        pages=pages,
        total=total,
        first_url=url(1) if current > 1 else None,
        previous_url=url(current - 1) if current > 1 else None,
        next_url=url(current + 1) if current < pages else None,
        last_url=url(pages) if current < pages else None,
    )
