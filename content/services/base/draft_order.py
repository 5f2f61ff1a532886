"""In which order what is typed counts, for every draft of a form: what comes late never replaces what was typed later.

A browser numbers what it sends, rising. The server takes a number that is not lower than the last it took; once the form
was sent and done with (saved, or not wanted), only one that is higher: a row stays that says so, without any text. So two
requests at the same moment, or in the wrong order, end as if they had come one after the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from content.models.form_draft import Ordered

MOST: Final = 2**53
"""The highest number that a browser can count to."""
_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
R = TypeVar("R", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Claim(Generic[R]):
    """The row to write to, held until the transaction ends. `is_new`: there was none before."""

    row: R
    is_new: bool


def claim(
    session: Session,
    model: type[R],
    key: Mapping[str, Any],
    blank: Mapping[str, Any],
    *,
    number: int,
    is_auto: bool,
    now: dt.datetime,
) -> Claim[R] | None:
    """The row of a draft for what came as `number`; None where it comes too late.

    `is_auto`: a script sent it by itself. What a person sends counts whenever it comes. `blank`: what a new row holds at first.
    """
    row, is_new = _held(session, model, key, blank, now)
    if is_auto and (number < row.number or (row.finished_at is not None and number <= row.number)):
        return None
    row.number, row.finished_at = max(row.number, number), None
    return Claim(row, is_new)


def finish(
    session: Session, model: type[R], key: Mapping[str, Any], blank: Mapping[str, Any], *, number: int, now: dt.datetime
) -> R:
    """The form is done with: nothing typed before `number` is kept any more. The row, which its owner empties."""
    row, _ = _held(session, model, key, blank, now)
    row.number, row.finished_at, row.at = max(row.number, number), now, now
    return row


@dataclass(frozen=True, slots=True)
class Last:
    """Of what was taken last."""

    number: int = 0
    is_finished: bool = False


def last(session: Session, model: type[R], key: Mapping[str, Any]) -> Last:
    """What a draft says of its order; nothing was taken where there is none."""
    row = session.execute(sa.select(model.number, model.finished_at).filter_by(**key)).one_or_none()
    return Last(row.number, row.finished_at is not None) if row is not None else Last()


def _held(
    session: Session, model: type[R], key: Mapping[str, Any], blank: Mapping[str, Any], now: dt.datetime
) -> tuple[R, bool]:
    # Of two at once one makes the row and the other waits for it; nobody meets the constraint.
    insert = _INSERTS[session.get_bind().dialect.name](model).values(**key, **blank, number=0, at=now)
    made = cast("sa.CursorResult[Any]", session.execute(insert.on_conflict_do_nothing(index_elements=sorted(key))))
    query = sa.select(model).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one(), made.rowcount == 1
