"""What is chosen on the search page, wherever it was said: as a filter beside the hits, or in the question itself („jahr:2021“).

Both show as filters in force, and both can be taken away: one that stands in the question goes out of the question.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from content import reading
from content.council.bodies import Bodies
from content.search.interface import Said
from content.services.search import saved

DAYS: Final = "days"
BY_FILTER: Final = {name: key for key, name in saved.PARAMETERS.items()}


@dataclass(frozen=True, slots=True)
class Choices:
    """The question, the filters and days in force, the order. `literals`: what of it the question itself says, and how."""

    typed: str
    filters: Mapping[str, str]
    first_day: dt.date | None
    last_day: dt.date | None
    literals: Mapping[str, tuple[str, ...]]
    sort: str = ""

    @classmethod
    def of(cls, typed: str, said: Said, sort: str) -> Choices:
        """As the search has understood the question."""
        return cls(typed, said.filters, said.first_day, said.last_day, said.literals, sort)

    def without(self, name: str) -> Choices:
        """Without one filter (or the days). What the question says in plain words besides becomes filters of the page: it may mean nothing alone."""
        gone = {name}
        if any(":" not in literal for literal in self.literals.get(name, ())):
            gone |= {
                other for other, literals in self.literals.items() if any(":" not in literal for literal in literals)
            }
        return replace(
            self,
            typed=_without(self.typed, [literal for one in gone for literal in self.literals.get(one, ())]),
            filters={key: value for key, value in self.filters.items() if key != name},
            first_day=None if name == DAYS else self.first_day,
            last_day=None if name == DAYS else self.last_day,
            literals={key: kept for key, kept in self.literals.items() if key not in gone},
        )

    def with_value(self, name: str, value: str) -> Choices:
        """With another value of a filter."""
        rest = self.without(name)
        return replace(rest, filters={**rest.filters, name: value})

    def nothing_chosen(self) -> Choices:
        """The words of the question alone."""
        rest = self
        for name in [*self.filters, DAYS]:
            rest = rest.without(name)
        return rest

    def parameters(self) -> dict[str, str]:
        """The parameters of the address, without what the question says itself."""
        rows = {"q": self.typed} | {
            key: self.filters[name]
            for key, name in saved.PARAMETERS.items()
            if name in self.filters and name not in self.literals
        }
        if DAYS not in self.literals:
            rows |= {
                "von": self.first_day.isoformat() if self.first_day else "",
                "bis": self.last_day.isoformat() if self.last_day else "",
            }
        return {name: value for name, value in rows.items() if value}

    def address(self, *, page: int = 1, sort: str | None = None) -> str:
        """The address of the search page."""
        order = self.sort if sort is None else sort
        more = ({"sortierung": order} if order else {}) | ({"seite": str(page)} if page > 1 else {})
        return saved.address(self.parameters(), **more)

    def active(self, bodies: Bodies) -> tuple[reading.FacetValue, ...]:
        """Every filter in force, with the address of the search without it."""
        values = [
            reading.FacetValue(
                value,
                saved.words(name, value, bodies) if name != "clause" else f"Ziffer {value}",
                0,
                is_active=True,
                url=self.without(name).address(),
            )
            for name, value in self.filters.items()
            if name in BY_FILTER
        ]
        if self.first_day or self.last_day:
            values.append(reading.FacetValue("", self._days(), 0, is_active=True, url=self.without(DAYS).address()))
        return tuple(values)

    def _days(self) -> str:
        first, last = (f"{day:%d.%m.%Y}" if day else "" for day in (self.first_day, self.last_day))
        return (
            first
            if first == last
            else f"{first} bis {last}"
            if first and last
            else f"ab {first}"
            if first
            else f"bis {last}"
        )


def _without(typed: str, literals: Iterable[str]) -> str:
    """The question without what it says in those words, however they are spaced (`jahr: 2021`), even with others between."""
    for literal in sorted(set(literals), key=len, reverse=True):
        whole = re.compile(r"\s+".join(map(re.escape, literal.split())).replace(":", r":\s*"))
        if whole.search(typed):
            typed = whole.sub(" ", typed, count=1)
        else:
            for word in literal.split():
                typed = re.sub(rf"(?<!\S){re.escape(word)}(?!\S)", " ", typed, count=1)
    return " ".join(typed.split())
