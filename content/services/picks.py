"""What forms offer to pick: bodies, sessions, organisations, members and the other things that items name.

Each source is a list of (value that the input holds, words that people know it by). What lies in the trash is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.wording import meeting_words
from workflows.publication import GONE

Choices = list[tuple[str, str]]
MOST: Final = 500
"""A list that is longer is cut; what it lacks can still be typed, and what an item has already is always shown."""
I: Final = models.Item  # noqa: E741 - the one table of most lists


def _of_kind(kind: str, *, by_url: bool = False) -> Callable[[Session], Choices]:
    """Items by title; the value is the name in their address, or the whole address."""

    def read(session: Session) -> Choices:
        query = sa.select(I.slug, I.url, I.title).where(I.kind == kind, I.publication_state.not_in(GONE)).order_by(I.title, I.id).limit(MOST)
        return [(row.url if by_url else row.slug, row.title or row.url) for row in session.execute(query)]

    return read


def _meetings(session: Session) -> Choices:
    known = models.Meeting
    query = sa.select(known.url, known.date).where(known.publication_state.not_in(GONE)).order_by(known.date.desc().nulls_last(), known.id.desc())
    return [(row.url, _dated(meeting_words(row.url), row.date)) for row in session.execute(query.limit(MOST))]


def _dated(words: str, day: object) -> str:
    return f"{words}, {day:%d.%m.%Y}" if day else words


def _newest_decisions(session: Session) -> list[sa.Row[tuple[str, str | None, str | None]]]:
    known = models.Decision
    query = sa.select(known.url, known.number, known.title).where(known.number.is_not(None), known.publication_state.not_in(GONE))
    return list(session.execute(query.order_by(known.year.desc(), known.id.desc()).limit(MOST)))


def _decisions(session: Session) -> Choices:
    return [(str(row.number), row.title or "Beschluss") for row in _newest_decisions(session)]


def _decision_addresses(session: Session) -> Choices:
    return [(row.url, f"Beschluss {row.number}: {row.title or ''}".rstrip(": ")) for row in _newest_decisions(session)]


def _organisation_names(session: Session) -> Choices:
    known = models.Organisation
    rows = session.execute(sa.select(known.title, known.short).where(known.publication_state.not_in(GONE)).order_by(known.title).limit(MOST))
    return [(row.title, row.short or "Organisation") for row in rows if row.title]


def _member_names(session: Session) -> Choices:
    rows = session.execute(sa.select(models.Member.name, models.Member.code).order_by(models.Member.body_id, models.Member.position))
    return list({row.name: (row.name, row.code) for row in rows}.values())


def _addressees(session: Session) -> Choices:
    groups = [("Bund", "der Bund"), ("Länder", "alle Länder"), ("Kommunen", "alle Kommunen")]
    return list(dict([*groups, *_member_names(session), *_organisation_names(session)]).items())


def _publishers(session: Session) -> Choices:
    bodies = session.scalars(sa.select(I.title).where(I.kind == "body", I.publication_state.not_in(GONE)).order_by(I.title))
    return [*((name, "Gremium") for name in bodies if name), *_organisation_names(session)]


SOURCES: Final[Mapping[str, Callable[[Session], Choices]]] = {
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
