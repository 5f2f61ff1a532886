"""What forms offer to pick: bodies, sessions, organisations, members and the other things that items name.

Each source is a list of (value that the input holds, words that people know it by), of what somebody with these grants may know
of: what they see, by the title it has now, and what is public, by the title under which it was published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.base import rights
from content.text.wording import meeting_words
from workflows.publication import GONE

Choices = list[tuple[str, str]]
MOST: Final = 500
"""A list that is longer is cut; what it lacks can still be typed, and what an item has already is always shown."""
I: Final = models.Item  # noqa: E741 - the one table of most lists


Source = Callable[[Session, rights.Grants], Choices]


def _known(grants: rights.Grants) -> tuple[sa.ColumnElement[bool], ...]:
    return I.publication_state.not_in(GONE), rights.listed(grants)


def _of_kind(kind: str, *, by_url: bool = False) -> Source:
    """Items by title; the value is the name in their address, or the whole address."""

    def read(session: Session, grants: rights.Grants) -> Choices:
        title = rights.title(grants).label("called")
        query = sa.select(I.slug, I.url, title).where(I.kind == kind, *_known(grants)).order_by(title, I.id).limit(MOST)
        return [(row.url if by_url else row.slug, row.called or row.url) for row in session.execute(query)]

    return read


def _meetings(session: Session, grants: rights.Grants) -> Choices:
    known, edition = models.Meeting, models.Edition
    public = sa.select(edition.date).where(edition.item_id == I.id, edition.valid_until.is_(None)).scalar_subquery()
    day = sa.case((rights.sees(grants), known.date), else_=public)
    query = (
        sa.select(known.url, day.label("date"))
        .where(*_known(grants))
        .order_by(day.desc().nulls_last(), known.id.desc())
    )
    return [(row.url, _dated(meeting_words(row.url), row.date)) for row in session.execute(query.limit(MOST))]


def _dated(words: str, day: object) -> str:
    return f"{words}, {day:%d.%m.%Y}" if day else words


def _newest_decisions(session: Session, grants: rights.Grants) -> list[sa.Row[tuple[str, str | None, str | None]]]:
    known = models.Decision
    query = sa.select(known.url, known.number, rights.title(grants).label("title")).where(
        known.number.is_not(None), *_known(grants)
    )
    return list(session.execute(query.order_by(known.year.desc(), known.id.desc()).limit(MOST)))


def _decisions(session: Session, grants: rights.Grants) -> Choices:
    return [(str(row.number), row.title or "Beschluss") for row in _newest_decisions(session, grants)]


def _decision_addresses(session: Session, grants: rights.Grants) -> Choices:
    return [
        (row.url, f"Beschluss {row.number}: {row.title or ''}".rstrip(": "))
        for row in _newest_decisions(session, grants)
    ]


def _organisation_names(session: Session, grants: rights.Grants) -> Choices:
    known, title = models.Organisation, rights.title(grants).label("called")
    short = sa.case((rights.sees(grants), known.short), else_=sa.null()).label("short")
    rows = session.execute(
        sa.select(title, short).select_from(known).where(*_known(grants)).order_by(title).limit(MOST)
    )
    return [(row.called, row.short or "Organisation") for row in rows if row.called]


def _member_names(session: Session, grants: rights.Grants) -> Choices:
    known = sa.select(I.id).where(I.kind == "body", *_known(grants))
    query = sa.select(models.Member.name, models.Member.code).where(models.Member.body_id.in_(known))
    rows = session.execute(query.order_by(models.Member.body_id, models.Member.position))
    return list({row.name: (row.name, row.code) for row in rows}.values())


def _addressees(session: Session, grants: rights.Grants) -> Choices:
    groups = [("Bund", "der Bund"), ("Länder", "alle Länder"), ("Kommunen", "alle Kommunen")]
    return list(dict([*groups, *_member_names(session, grants), *_organisation_names(session, grants)]).items())


def _publishers(session: Session, grants: rights.Grants) -> Choices:
    title = rights.title(grants)
    bodies = session.scalars(sa.select(title).select_from(I).where(I.kind == "body", *_known(grants)).order_by(title))
    return [*((name, "Gremium") for name in bodies if name), *_organisation_names(session, grants)]


SOURCES: Final[Mapping[str, Source]] = {
    "adressaten": _addressees,
    "beschluesse": _decisions,
    "beschlussadressen": _decision_addresses,
    "berichte": _of_kind("report", by_url=True),
    "empfehlungen": _of_kind("recommendation"),
    "gremien": _of_kind("body"),
    "herausgeber": _publishers,
    "leistungen": _of_kind("market_item"),
    "mitglieder": _member_names,
    "organisationen": _of_kind("organisation"),
    "organisationsnamen": _organisation_names,
    "sitzungen": _meetings,
}
"""Name → list; forms name their lists by these."""
