"""What machines that follow the portal ask: what is new, every address, how much there is. Always of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import reading
from content.services.browsing import rows
from content.services.browsing.statements import LIGHT, TOTALS, AnyRow, E, visible

_TOLD: Final = sa.select(*LIGHT, E.number, E.note, E.act, E.valid_from, E.recorded_at, E.sha256, E.position).where(
    visible(is_now=True)
)
_NEWEST_FIRST: Final = _TOLD.order_by(E.valid_from.desc(), E.position.desc())
_TAKEN_IN_LAST: Final = _TOLD.order_by(E.recorded_at.desc(), E.valid_from.desc(), E.position.desc())
_MANY: Final = 1_000
"""So many hits are sorted as they are; of more, the newest publications are asked for one stretch after another."""


def newest(connection: Connection, kinds: Sequence[str], limit: int = 40) -> list[tuple[reading.ListEntry, AnyRow]]:
    """What was published or corrected last, for feeds: (list row, edition columns)."""
    found = connection.execute(_NEWEST_FIRST.where(E.kind.in_(kinds)).limit(limit))
    return [(rows.entry(row), row) for row in found]


def newest_found(
    connection: Connection, find: Callable[[frozenset[int] | None, int], Sequence[int]], limit: int = 40
) -> list[tuple[reading.ListEntry, AnyRow]]:
    """What a search finds, what was taken in last first: a decision of 2015 published today is news.

    `find(among, most)` answers with at most so many edition ids that the search finds, perhaps only among some.
    """
    found = list(find(None, _MANY + 1))
    if len(found) > _MANY:
        # A common word: its newest stand among the newest of all.
        found, last = [], None
        while len(found) < limit and (batch := _before(connection, last)):
            found += find(frozenset(edition_id for edition_id, _ in batch), len(batch))
            last = batch[-1][1]
    rows_of = connection.execute(_TAKEN_IN_LAST.where(E.id.in_(found)).limit(limit))
    return [(rows.entry(row), row) for row in rows_of]


def _before(connection: Connection, position: int | None) -> list[tuple[int, int]]:
    """(edition id, ledger position) of what is public now and was taken in before `position`, newest first."""
    query = sa.select(E.id, E.position).where(visible(is_now=True)).order_by(E.position.desc()).limit(_MANY)
    return [
        (row.id, row.position)
        for row in connection.execute(query if position is None else query.where(E.position < position))
    ]


def addresses(connection: Connection, page: int, per_page: int = 5000) -> list[tuple[str, dt.datetime]]:
    """(address, day of last change) of public items, by id; pages count from 1."""
    query = sa.select(E.url, E.valid_from).where(visible(is_now=True)).order_by(E.id)
    return [
        (row.url, row.valid_from) for row in connection.execute(query.limit(per_page).offset((page - 1) * per_page))
    ]


def total(connection: Connection) -> int:
    """How many items are public now."""
    return sum(row.amount for row in connection.execute(TOTALS))
