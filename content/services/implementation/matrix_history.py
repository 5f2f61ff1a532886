"""The time line of the implementation: everything that was ever reported and confirmed, and the sums at past quarters.

Each report and each confirmation is an edition of its own, so the past is read from editions, nothing is kept beside them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from content.council.laender import code_of, members_of
from content.services.browsing import coverage, statements
from content.services.browsing.browse import Reader, end_of_day
from content.services.implementation.matrix import STATES, Cell, Matrix, Measure, matrix, plain

QUARTERS: Final = 8


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was written: for the time line and the feeds. `at`: instant in ISO form."""

    at: str
    code: str
    measure: Measure
    words: str

    @property
    def date(self) -> str:
        """The day of `at`."""
        return self.at[:10]


def events(reader: Reader, shown: Matrix) -> tuple[Event, ...]:
    """What was ever written to the cells that are shown, newest first."""
    cells: dict[tuple[str, str], tuple[Measure, Cell]] = {
        (measure.url, cell.code): (measure, cell) for measure, cell in shown.cells
    }
    written = reader.remembered(("matrix events", shown.day), lambda: tuple(sorted(_written(reader), reverse=True)))
    return tuple(
        Event(at, code, cells[url, code][0], words) for at, url, code, words in written if (url, code) in cells
    )


def quarters(reader: Reader) -> tuple[Matrix, ...]:
    """The matrix today and at the ends of the quarters before, newest first."""
    today = matrix(reader)
    return (today, *(plain(reader.at(day)) for day in ends(today.day)))


def ends(day: dt.date, amount: int = QUARTERS) -> tuple[dt.date, ...]:
    """The last days of the `amount` quarters that ended before `day`, newest first."""
    found: list[dt.date] = []
    first = dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    while len(found) < amount:
        found.append(first - dt.timedelta(days=1))
        first = dt.date(found[-1].year, found[-1].month - 2, 1)
    return tuple(found)


def _written(reader: Reader) -> set[tuple[str, str, str, str]]:
    """(instant, address of the measure, code, words), each once."""
    edition = statements.E
    # What is reported makes an edition beside the first: those that were never amended tell nothing.
    query = sa.select(edition.url, edition.kind, edition.document).where(
        edition.kind.in_(("recommendation", "decision")),
        edition.number > 1,
        edition.is_withdrawn.is_(False),
        edition.valid_from <= end_of_day(coverage.today(reader)),
    )
    found = set()
    for row in reader.connection.execute(query):
        for url, code, told in _told(row.url, row.kind, orjson.loads(row.document)["data"]):
            for name, word in (("reported_at", "meldet"), ("confirmed_at", "bestätigt")):
                if told.get(name):
                    by = (
                        f" (geprüft von {told['confirmed_by']})"
                        if name == "confirmed_at" and told.get("confirmed_by")
                        else ""
                    )
                    found.add((told[name], url, code, f"{word}: {STATES[told['state']]}{by}"))
    return found


def _told(url: str, kind: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if kind == "recommendation":
        for one in data.get("implementation", ()):
            yield url, one.get("code") or code_of(one["addressee"]) or one["addressee"], one
        return
    for one in data.get("tasks", ()):
        for code in members_of([one["addressee"]])[0] or (one["addressee"],):
            yield f"{url}#{one['anchor']}", code, one
