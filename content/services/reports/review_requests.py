"""Asking people with an account to review a report until a day. They hear of it, are reminded, and say when they are done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from content import models
from content.schemas import FieldError, InvalidInput, clean_text
from content.services.accounts import audit
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle
from content.services.publishing.publish import Desk, berlin_day
from workflows.vocabulary import Permission

Q: Final = models.ReviewRequest
LONGEST: Final = dt.timedelta(days=366)
MAX_WORDS: Final = 1_000


def reviewers(session: Session, report: models.Report) -> list[models.Account]:
    """Those who may be asked: who may write in the report."""
    return recipients.holders(session, Permission.REPORT_WRITE, report)


def ask(
    desk: Desk, report: models.Report, *, account_id: int, due: dt.date | None, words: str = ""
) -> models.ReviewRequest:
    """Ask a person. Raises `InvalidInput` with all faults."""
    account = next((row for row in reviewers(desk.session, report) if row.id == account_id), None)
    errors = problems_of_day(due, desk.now)
    if account is None:
        errors.append(
            FieldError(
                "person",
                "unknown",
                "Bitte eine Person wählen, die an diesem Bericht mitarbeitet. Andere lädt ein persönlicher Link ein.",
            )
        )
    elif any(row.account_id == account_id for row in open_requests(desk.session, report)):
        errors.append(
            FieldError(
                "person", "doubled", f"{account.name} ist schon gebeten. Bitte zuerst die offene Bitte zurücknehmen."
            )
        )
    if errors or account is None or due is None:
        raise InvalidInput(errors)
    row = Q(
        report_id=report.id,
        account_id=account.id,
        words=clean_text(words).strip()[:MAX_WORDS],
        due=due,
        asked_by=desk.actor,
        asked_by_name=desk.actor_name or desk.actor,
        asked_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    notify(
        desk.session,
        "waits",
        report,
        [account],
        now=desk.now,
        occasion=occasion_of(row),
        actor=desk.actor,
        actor_name=row.asked_by_name,
        words=f"Bitte um Durchsicht bis {due:%d.%m.%Y}. {row.words}".strip(),
        about="review",
    )
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action="review.asked",
        subject=report.url,
        detail=f"{account.name}, bis {due}",
    )
    return row


def finish(desk: Desk, report: models.Report, number: int) -> None:
    """The person asked has read it. Raises `LookupError` where it is not that person's open request."""
    row = _open(desk.session, report, number)
    if row.account.login != desk.actor:
        raise LookupError(number)
    row.done_at = desk.now
    settle(desk.session, "waits", report, now=desk.now, about=occasion_of(row))
    asker = desk.session.scalars(sa.select(models.Account).where(models.Account.login == row.asked_by)).all()
    notify(
        desk.session,
        "remarked",
        report,
        asker,
        now=desk.now,
        occasion=f"{occasion_of(row)}done",
        actor=desk.actor,
        actor_name=row.account.name,
        words=f"{row.account.name} hat den Bericht durchgesehen.",
        about="review",
    )


def drop(desk: Desk, report: models.Report, number: int) -> None:
    """It is not asked for any more. Raises `LookupError`."""
    row = _open(desk.session, report, number)
    row.dropped_at = desk.now
    settle(desk.session, "waits", report, now=desk.now, about=occasion_of(row))


def of_report(session: Session, report: models.Report) -> Sequence[models.ReviewRequest]:
    """All requests that were not taken back, those due first at the top."""
    query = sa.select(Q).where(Q.report_id == report.id, Q.dropped_at.is_(None)).options(joinedload(Q.account))
    return session.scalars(query.order_by(Q.done_at.is_not(None), Q.due, Q.id)).all()


def open_requests(session: Session, report: models.Report) -> list[models.ReviewRequest]:
    """The requests that wait for their person."""
    return [row for row in of_report(session, report) if row.done_at is None]


def due_requests(session: Session, until: dt.date) -> Sequence[tuple[models.Report, models.ReviewRequest]]:
    """Open requests that are due by `until`, with their reports."""
    query = (
        sa.select(models.Report, Q)
        .join(Q, Q.report_id == models.Report.id)
        .where(Q.done_at.is_(None), Q.dropped_at.is_(None), Q.due <= until)
        .options(joinedload(Q.account))
        .order_by(Q.id)
    )
    return [(report, row) for report, row in session.execute(query)]


def occasion_of(row: models.ReviewRequest) -> str:
    """What the notices of a request are known by."""
    return f"review:{row.id}:"


def problems_of_day(due: dt.date | None, now: dt.datetime) -> list[FieldError]:
    """What is wrong with a day until which somebody shall answer."""
    today = berlin_day(now)
    if due is None or not today <= due <= today + LONGEST:
        return [
            FieldError("due", "not_in_future", "Bis wann? Bitte einen Tag ab heute angeben, höchstens ein Jahr voraus.")
        ]
    return []


def _open(session: Session, report: models.Report, number: int) -> models.ReviewRequest:
    row = session.get(Q, number)
    if row is None or row.report_id != report.id or row.done_at is not None or row.dropped_at is not None:
        raise LookupError(number)
    return row
