"""What is due soon or overdue, and who is reminded of it. A new kind of deadline is a row in `DEADLINES`.

The clock calls `tell` once an hour. Each person is reminded of each date once as „bald fällig“ and once as „überfällig“: the
date is part of the occasion, so moving it reminds anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import due as due_dates
from content.services.implementation import implementation, tasks
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle_others
from content.services.reports import review_requests
from content.typed.berlin import BERLIN
from workflows.vocabulary import Permission

I: Final = models.Item  # noqa: E741 - what every deadline is about


@dataclass(frozen=True, slots=True)
class Due:
    """Something with a date."""

    item: models.Item
    at: dt.datetime
    people: tuple[models.Account, ...] | None = None
    """Those who are reminded of this one, in place of those of its kind."""
    day: str = ""
    """How the day is named; empty: the day in which the last second before `at` lies."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A kind of deadline: where its dates come from, who is reminded, and in which words (`{day}` is the date).

    `soon` is how long before the date people are reminded; an empty sentence means that this reminder is not given.
    """

    name: str
    soon: dt.timedelta
    find: Callable[[Session, dt.datetime], Iterable[Due]]
    people: Callable[[Session, models.Item], list[models.Account]]
    soon_words: str
    overdue_words: str
    about: str = "item"
    """Where people act on it (see `pages.PAGES`)."""


def _scheduled(session: Session, until: dt.datetime) -> Iterator[Due]:
    for row in session.scalars(
        sa.select(I).where(I.publication_state == "scheduled", I.publish_at <= until).order_by(I.id)
    ):
        assert row.publish_at is not None  # noqa: S101 - held by the query
        yield Due(row, row.publish_at)


REVIEW_TIME: Final = dt.timedelta(days=3)
"""How long a submitted text may wait for its review."""


def _unreviewed(session: Session, until: dt.datetime) -> Iterator[Due]:
    step = models.StepEntry
    last = (
        sa.select(step.item_id, sa.func.max(step.at).label("at"))
        .where(step.workflow == "publication", step.transition == "submit")
        .group_by(step.item_id)
        .subquery()
    )
    query = (
        sa.select(I, last.c.at)
        .join(last, last.c.item_id == I.id)
        .where(I.publication_state == "submitted")
        .order_by(I.id)
    )
    for row, at in session.execute(query):
        if at + REVIEW_TIME <= until:
            yield Due(row, at + REVIEW_TIME)


OPEN_RECOMMENDATIONS: Final = frozenset({"adopted", "implementing"})


def _recommendations(session: Session, until: dt.datetime) -> Iterator[Due]:
    query = sa.select(models.Recommendation).where(
        models.Recommendation.due.is_not(None), models.Recommendation.procedure_state.in_(OPEN_RECOMMENDATIONS)
    )
    asked = _Asked(session)
    for row in session.scalars(query.order_by(models.Recommendation.id)):
        at = _due_at(session, str(row.due))
        if at is not None and at <= until:
            yield Due(
                row,
                at,
                asked.people(row, implementation.outstanding(session, row)),
                implementation.due_words(session, row.due),
            )


def _tasks(session: Session, until: dt.datetime) -> Iterator[Due]:
    asked = _Asked(session)
    for decision, day, addressees in tasks.due_days(session, until):
        at = dt.datetime.combine(day, dt.time(), BERLIN).astimezone(dt.UTC)
        yield Due(decision, at, asked.people(decision, addressees), f"{day:%d.%m.%Y}")


class _Asked:
    """Who is reminded of what members owe: those who speak for them, and the secretariat."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._speakers = [
            (person, tasks.codes_of(session, [(grant.role, grant.organisation) for grant in person.grants]))
            for person in recipients.with_role(session, "land")
        ]

    def people(self, item: models.Item, codes: Iterable[str]) -> tuple[models.Account, ...]:
        """Those who speak for one of these members, and those who confirm what they report."""
        wanted = frozenset(codes)
        found = [person for person, own in self._speakers if own & wanted]
        return tuple(
            {
                one.id: one
                for one in (*found, *recipients.holders(self._session, Permission.IMPLEMENTATION_CONFIRM, item))
            }.values()
        )


def _reviews(session: Session, until: dt.datetime) -> Iterator[Due]:
    for report, asked in review_requests.due_requests(session, until.astimezone(BERLIN).date()):
        at = dt.datetime.combine(asked.due + dt.timedelta(days=1), dt.time(), BERLIN).astimezone(dt.UTC)
        if at <= until:
            yield Due(report, at, (asked.account,))


def _due_at(session: Session, kept: str) -> dt.datetime | None:
    """The end of the day that is due, the beginning of the session's day; None where there is none (yet)."""
    if kept.startswith("/"):
        day = session.scalar(sa.select(models.Meeting.date).where(models.Meeting.url == kept))
        return dt.datetime.combine(day, dt.time(), BERLIN).astimezone(dt.UTC) if day else None
    return end_of(kept)


def end_of(kept: str) -> dt.datetime | None:
    """The end of the day that `kept` names (2026-12-31, 31.12.2026); None where it names no day."""
    day = due_dates.day_in(kept)
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), BERLIN).astimezone(dt.UTC) if day else None


def _publishers(session: Session, item: models.Item) -> list[models.Account]:
    return recipients.holders(session, Permission.ITEM_PUBLISH, item)


def _reviewers(session: Session, item: models.Item) -> list[models.Account]:
    return recipients.holders(session, Permission.ITEM_REVIEW, item)


def _nobody(_session: Session, _item: models.Item) -> list[models.Account]:
    return []


DEADLINES: Final = (
    Deadline(
        "scheduled",
        dt.timedelta(days=1),
        _scheduled,
        _publishers,
        "Erscheint am {day}.",
        "Sollte am {day} erscheinen und ist noch nicht veröffentlicht. Bitte nachsehen, woran es liegt.",
    ),
    Deadline(
        "review",
        dt.timedelta(),
        _unreviewed,
        _reviewers,
        "",
        "Wartet seit mehr als drei Tagen auf eine Prüfung (Frist: {day}).",
    ),
    Deadline(
        "recommendation",
        dt.timedelta(days=14),
        _recommendations,
        _nobody,
        "Die Umsetzung ist bis {day} zu melden.",
        "Die Umsetzung war bis {day} zu melden.",
        "implementation",
    ),
    Deadline(
        "task",
        dt.timedelta(days=28),
        _tasks,
        _nobody,
        "Vor der Sitzung ist zu berichten; bis {day} fehlt noch eine Meldung zu einem Auftrag.",
        "Die Sitzung ist vorbei, eine Meldung zu einem Auftrag fehlt noch (fällig bis {day}).",
        "tasks",
    ),
    Deadline(
        "report_review",
        dt.timedelta(days=3),
        _reviews,
        _nobody,
        "Um Ihre Durchsicht ist bis {day} gebeten.",
        "Um Ihre Durchsicht war bis {day} gebeten.",
        "review",
    ),
)
GRACE: Final = dt.timedelta(minutes=5)
"""So long after the date nobody is told yet: the clock may be on its way."""


def tell(session: Session, now: dt.datetime) -> int:
    """Remind of everything that is due; how many people were told something new."""
    return sum(_tell(session, now, deadline) for deadline in DEADLINES)


def _tell(session: Session, now: dt.datetime, deadline: Deadline) -> int:
    told, still_due = 0, set[int]()
    for due in deadline.find(session, now + deadline.soon):
        still_due.add(due.item.id)
        is_late = due.at + GRACE < now
        words = deadline.overdue_words if is_late else deadline.soon_words
        if words:
            told += notify(
                session,
                "overdue" if is_late else "due_soon",
                due.item,
                deadline.people(session, due.item) if due.people is None else due.people,
                now=now,
                occasion=f"{deadline.name}:{due.item.id}:{due.at.isoformat()}",
                words=words.format(day=due.day or f"{(due.at - dt.timedelta(seconds=1)).astimezone(BERLIN):%d.%m.%Y}"),
                about=deadline.about,
            )
    for event in ("due_soon", "overdue"):
        settle_others(session, event, still_due, now=now, about=f"{deadline.name}:")
    return told
