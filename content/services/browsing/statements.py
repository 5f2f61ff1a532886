"""The statements of the public side. They read editions and the ledger only, never a working row.

Statements are built once: building one costs more than running it. Those that depend on the moment exist twice: for now,
and for the end of a past day (`:stand`). Each touches few rows by index, however many items there are.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from content import models
from content.council.addresses import MAIN_BODY

AnyRow = Any
"""A row of a statement; its columns are known from the statement, not from a type."""

Statement = Any

E: Final = models.Edition.__table__.c
F: Final = models.EditionFacet.__table__.c
R: Final = models.EditionReference.__table__.c
L: Final = models.LedgerEntry.__table__.c
X: Final = models.EditionFile.__table__.c
T: Final = models.Tally.__table__.c
_EDITION: Final = models.Edition.__table__
LIGHT: Final = (E.id, E.kind, E.url, E.title, E.header, E.date, E.summary)
PAGE: Final = (
    E.id,
    E.item_id,
    E.number,
    E.kind,
    E.url,
    E.title,
    E.header,
    E.body_slug,
    E.year,
    E.serial,
    E.sort_date,
    E.act,
    E.note,
    E.sha256,
    E.recorded_at,
    E.valid_from,
    E.valid_until,
    E.position,
    E.document,
)
_BIND_STAND: Final = sa.bindparam("stand", type_=models.Edition.__table__.c.valid_from.type)

SORTS: Final[Mapping[str, tuple[str, tuple[sa.ColumnElement[Any], ...]]]] = {
    "neu": ("Neueste zuerst", (E.sort_date.desc(), E.serial.desc(), E.id.desc())),
    "alt": ("Älteste zuerst", (E.sort_date.asc(), E.serial.asc(), E.id.asc())),
    "titel": ("Titel A–Z", (E.sort_title.asc(), E.id.asc())),
}
DEFAULT_SORT: Final[Mapping[str, str]] = {"term": "titel", "organisation": "titel", "body": "titel"}


def visible(is_now: bool) -> sa.ColumnElement[bool]:
    if is_now:
        return E.valid_until.is_(None)
    return sa.and_(
        E.valid_from <= _BIND_STAND,
        sa.or_(E.valid_until.is_(None), E.valid_until > _BIND_STAND),
        E.is_withdrawn.is_(False),
    )


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of a moment, built once: building one costs more than running it."""

    by_url: Statement
    light_by_urls: Statement
    around: Mapping[str, Statement]
    """What surrounds an item, in one go: `role` tells why a row is there. By the order in which it has neighbours."""
    of_meeting: Statement
    count_of_meeting: Statement
    newest_meeting: Statement


LINK, INCOMING, BEFORE, AFTER = "link", "incoming", "before", "after"
"""Roles of the rows of `Statements.around`: named by the item, naming it, its neighbours."""

_REFERENCE: Final = (R.relation, R.from_anchor, R.from_label, R.target_anchor, R.quoted)
_NO_REFERENCE: Final = tuple(sa.null().label(column.name) for column in _REFERENCE)


def _around(now: sa.ColumnElement[bool], *halves: Statement) -> Statement:
    links = sa.select(sa.literal(LINK).label("role"), *LIGHT, *_NO_REFERENCE, sa.literal(0).label("place")).where(
        E.url.in_(sa.bindparam("urls", expanding=True)), now
    )
    order = (E.sort_date.desc(), E.serial.desc(), R.position)
    incoming = (
        sa.select(
            sa.literal(INCOMING).label("role"),
            *LIGHT,
            *_REFERENCE,
            sa.func.row_number().over(order_by=order).label("place"),
        )
        .join_from(models.EditionReference.__table__, _EDITION, R.edition_id == E.id)
        .where(R.target_url == sa.bindparam("url"), now)
        .order_by(*order)
        .limit(200)
    )
    return sa.union_all(*(sa.select(part.subquery()) for part in (links, incoming, *halves)))


def _half(role: str, where: sa.ColumnElement[bool], order: Sequence[sa.ColumnElement[Any]]) -> Statement:
    """The first row of `where` in `order`."""
    columns = (sa.literal(role).label("role"), *LIGHT, *_NO_REFERENCE, sa.literal(0).label("place"))
    return sa.select(*columns).where(where).order_by(*order).limit(1)


def _halves(
    before: sa.ColumnElement[bool], after: sa.ColumnElement[bool], order: Sequence[sa.ColumnElement[Any]]
) -> tuple[Statement, Statement]:
    return _half(BEFORE, before, [column.desc() for column in order]), _half(AFTER, after, order)


def _statements(is_now: bool) -> Statements:
    now = visible(is_now)
    here = sa.and_(now, E.kind == sa.bindparam("kind"), E.body_slug == sa.bindparam("body"), E.serial > 0)
    number = sa.tuple_(E.year, E.serial)
    own = sa.tuple_(sa.bindparam("year"), sa.bindparam("serial"))
    beside = sa.and_(now, E.kind == sa.bindparam("kind"), E.url != sa.bindparam("url"))
    day = sa.tuple_(E.sort_date, E.id)
    own_day = sa.tuple_(sa.bindparam("sort_date", type_=E.sort_date.type), sa.bindparam("id"))
    in_numbers, in_days = (E.year, E.serial), (E.sort_date, E.id)
    return Statements(
        by_url=sa.select(*PAGE, L.hash.label("entry_hash"), L.line)
        .join_from(_EDITION, models.LedgerEntry.__table__, L.position == E.position)
        .where(E.url == sa.bindparam("url"), now),
        light_by_urls=sa.select(*LIGHT).where(E.url.in_(sa.bindparam("urls", expanding=True)), now),
        around={
            "number": _around(now, *_halves(sa.and_(here, number < own), sa.and_(here, number > own), in_numbers)),
            "date": _around(now, *_halves(sa.and_(beside, day < own_day), sa.and_(beside, day > own_day), in_days)),
            "": _around(now),
        },
        of_meeting=sa.select(*LIGHT)
        .where(E.meeting_url == sa.bindparam("url"), E.kind == sa.bindparam("kind"), now)
        .order_by(E.serial, E.id)
        .limit(sa.bindparam("limit")),
        count_of_meeting=sa.select(sa.func.count().label("amount")).where(
            E.meeting_url == sa.bindparam("url"), E.kind == sa.bindparam("kind"), now
        ),
        newest_meeting=sa.select(*LIGHT)
        .where(E.kind == "meeting", E.subkind != "circulation", now, E.body_slug == MAIN_BODY)
        .order_by(*SORTS["neu"][1])
        .limit(1),
    )


NOW: Final = _statements(is_now=True)
THEN: Final = _statements(is_now=False)
VERSIONS: Final = (
    sa.select(E.id, E.number, E.act, E.note, E.valid_from, E.valid_until, E.sha256, E.position)
    .where(E.item_id == sa.bindparam("item_id"), E.is_withdrawn.is_(False))
    .order_by(E.number.desc())
)
ONE_VERSION: Final = (
    sa.select(*PAGE, L.hash.label("entry_hash"), L.line)
    .join_from(_EDITION, models.LedgerEntry.__table__, L.position == E.position)
    .where(E.item_id == sa.bindparam("item_id"), E.number == sa.bindparam("number"), E.is_withdrawn.is_(False))
)
LAST_ACT: Final = sa.select(*L).where(L.url == sa.bindparam("url")).order_by(L.position.desc()).limit(1)
TALLY: Final = sa.select(T.facet, T.value, T.amount).where(T.kind == sa.bindparam("kind"), T.amount > 0)
TOTALS: Final = sa.select(T.kind, T.amount).where(T.facet == "all", T.value == "all")


FILE: Final = (
    sa.select(X.file_name, X.media_type)
    .join_from(models.EditionFile.__table__, _EDITION, X.edition_id == E.id)
    .where(X.sha256 == sa.bindparam("sha256"), E.is_withdrawn.is_(False))
    .limit(1)
)
OLD_ADDRESS: Final = sa.select(models.OldAddress.__table__.c.url).where(
    models.OldAddress.__table__.c.path == sa.bindparam("path")
)
BODIES: Final = (
    sa.select(E.body_slug, E.title, E.document).where(E.kind == "body", E.valid_until.is_(None)).order_by(E.id)
)


def _list_conditions(names: tuple[str, ...], *, is_now: bool) -> list[sa.ColumnElement[bool]]:
    """Of the kind, visible, and having each named facet's value (`:value_<name>`)."""
    kind: sa.BindParameter[str] = sa.bindparam("kind")
    return [
        E.kind == kind,
        visible(is_now),
        *(
            E.id.in_(
                sa.select(F.edition_id).where(F.kind == kind, F.facet == name, F.value == sa.bindparam(f"value_{name}"))
            )
            for name in names
        ),
    ]


@functools.cache
def list_statement(names: tuple[str, ...], order: str, *, is_now: bool) -> Statement:
    return (
        sa.select(*LIGHT)
        .where(*_list_conditions(names, is_now=is_now))
        .order_by(*SORTS[order][1])
        .limit(sa.bindparam("limit"))
        .offset(sa.bindparam("offset"))
    )


@functools.cache
def count_statement(names: tuple[str, ...], *, is_now: bool) -> Statement:
    return (
        sa.select(F.facet, F.value, sa.func.count())
        .where(F.edition_id.in_(sa.select(E.id).where(*_list_conditions(names, is_now=is_now))))
        .group_by(F.facet, F.value)
    )
