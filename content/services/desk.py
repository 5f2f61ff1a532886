"""Queries of the editors' side: what waits for me, lists, one item with its history. Working rows, by right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import KINDS
from content.services.accounts import SignedIn
from workflows.vocabulary import ROLES, Permission

PER_PAGE: Final = 30
_READING: Final = frozenset({Permission.ITEM_EDIT, Permission.ITEM_REVIEW, Permission.ITEM_PUBLISH})

I: Final = models.Item  # noqa: E741 - the one table of this module


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A working row in a list of the desk."""

    id: int
    kind: str
    kind_label: str
    title: str
    url: str
    publication_state: str
    procedure_state: str | None
    changed_at: dt.datetime
    publish_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class DeskList:
    """A page of a list, and how many rows there are in all."""

    rows: tuple[DeskRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a person sees first."""

    waiting: tuple[DeskRow, ...]
    mine: tuple[DeskRow, ...]
    scheduled: tuple[DeskRow, ...]
    overdue: tuple[DeskRow, ...]
    recent: tuple[DeskRow, ...]


def readable(person: SignedIn) -> sa.ColumnElement[bool]:
    """Which working rows a person may see, as a condition: by the kinds and organisations of the roles held."""
    parts: list[sa.ColumnElement[bool]] = []
    for name, organisation in person.grants:
        role = ROLES.get(name)
        if role is None or not role.permits & _READING:
            continue
        conditions: list[sa.ColumnElement[bool]] = [I.kind.in_(role.kinds)] if role.kinds else []
        if organisation:
            conditions.append(I.owner == organisation)
        parts.append(sa.and_(sa.true(), *conditions))
    return sa.or_(sa.false(), *parts)


def kinds_of(person: SignedIn, permission: Permission = Permission.ITEM_EDIT) -> tuple[str, ...]:
    """The kinds that a person may edit somewhere, in the order of the catalogue."""
    found: set[str] = set()
    for name, _ in person.grants:
        role = ROLES.get(name)
        if role is not None and permission in role.permits:
            found |= role.kinds or set(KINDS)
    return tuple(kind for kind in KINDS if kind in found)


def item(session: Session, person: SignedIn, item_id: int) -> models.Item | None:
    """A working row, if the person may see it."""
    return session.scalars(sa.select(I).where(I.id == item_id, readable(person))).one_or_none()


def dashboard(session: Session, person: SignedIn, now: dt.datetime) -> Dashboard:
    """What waits for this person, what it works on, what is planned, late, and new."""
    sees = readable(person)
    may_review = [kind for kind in KINDS if Permission.ITEM_REVIEW in person.permits_on(kind, "")]
    mine = sa.select(models.Revision.item_id).where(models.Revision.actor == person.login)
    return Dashboard(
        waiting=_rows(session, sees, I.publication_state == "submitted", I.kind.in_(may_review)),
        mine=_rows(session, sees, I.publication_state == "draft", I.id.in_(mine)),
        scheduled=_rows(session, sees, I.publication_state == "scheduled", order=I.publish_at.asc()),
        overdue=_rows(session, sees, I.publication_state == "scheduled", I.publish_at < now - dt.timedelta(minutes=5)),
        recent=_rows(session, sees, I.publication_state == "published", I.id.in_(mine)),
    )


def listing(
    session: Session, person: SignedIn, *, kind: str = "", state: str = "", words: str = "", page: int = 1
) -> DeskList:
    """Working rows by kind, state and words of the title or address."""
    conditions = [readable(person)]
    conditions += [I.kind == kind] if kind else []
    conditions += [I.publication_state == state] if state else [I.publication_state != "trashed"]
    for word in words.split()[:6]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        conditions.append(sa.or_(I.title.ilike(pattern, escape="\\"), I.url.ilike(pattern, escape="\\")))
    total = session.scalar(sa.select(sa.func.count()).select_from(I).where(*conditions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, page), pages)
    rows = session.execute(
        _columns().where(*conditions).order_by(I.changed_at.desc(), I.id.desc()).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    )
    return DeskList(tuple(_row(row) for row in rows), total, number, pages)


def revisions(session: Session, item_id: int) -> Sequence[models.Revision]:
    """Every revision that was kept, newest first."""
    query = sa.select(models.Revision).where(models.Revision.item_id == item_id).order_by(models.Revision.rev.desc())
    return session.scalars(query).all()


def targets(session: Session, person: SignedIn, words: str, limit: int = 8) -> tuple[DeskRow, ...]:
    """Items that `words` (a number or a few letters) may mean, to link to."""
    return listing(session, person, words=words).rows[:limit]


def _columns() -> Any:
    return sa.select(I.id, I.kind, I.title, I.url, I.publication_state, I.procedure_state, I.changed_at, I.publish_at)


def _rows(
    session: Session, *conditions: sa.ColumnElement[bool], order: Any = None
) -> tuple[DeskRow, ...]:
    by: Any = I.changed_at.desc() if order is None else order
    return tuple(_row(row) for row in session.execute(_columns().where(*conditions).order_by(by, I.id.desc()).limit(10)))


def _row(row: Any) -> DeskRow:
    return DeskRow(
        row.id, row.kind, KINDS[row.kind].label, row.title or row.url, row.url, row.publication_state, row.procedure_state,
        row.changed_at, row.publish_at,
    )
