"""Guests who review a report without an account, by a personal link: they read, remark and suggest, and nothing else.

A link that is wrong, expired or taken back opens nothing and tells nothing; what is tried with one that was ours is written
down. What a guest did stays in the review under the guest's name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import audit
from content.services.base import outbox
from content.services.publishing.publish import Desk, berlin_day
from content.services.reports.reports import Author
from content.services.reports.review_requests import problems_of_day
from content.typed.berlin import BERLIN
from content.typed.mail_address import clean as clean_email

AFTER_DUE: Final = dt.timedelta(days=7)
"""A link ends so long after the day until which an answer is asked for."""
REMINDED_AT: Final = dt.time(8)
"""Guests are reminded once, at this time (Berlin) on the day before their answer is asked for."""
KEPT: Final = dt.timedelta(days=180)
"""How long links and accesses are kept after the link has ended."""
MAX_LINKS: Final = 300
L: Final = models.ReviewLink
_FILE: Final = re.compile(r"/datei/([0-9a-f]{64})/([^\s)\"<>]{1,300})")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link that was ours leads to; without a report it was refused."""

    link: models.ReviewLink
    report: models.Report | None

    def author(self, now: dt.datetime) -> Author:
        """The guest as somebody who writes."""
        return Author("", f"{self.link.name} (Gast)", now)


def invite(desk: Desk, report: models.Report, given: Mapping[str, str], due: dt.date | None) -> models.ReviewLink:
    """Give one person a link, by mail. Raises `InvalidInput` with all faults."""
    errors = problems_of_day(due, desk.now)
    name, organisation = one_line(given.get("name", "")), one_line(given.get("organisation", ""))
    email = ""
    if not name:
        errors.append(
            FieldError("name", "missing", "Der Name fehlt. Ein Link ist für eine einzelne Person; bitte angeben.")
        )
    try:
        email = clean_email(given.get("email", ""))
    except InvalidInput as invalid:
        errors += invalid.errors
    known = links(desk.session, report)
    if any(link.email == email and is_open(link, desk.now) for link in known):
        errors.append(
            FieldError(
                "email", "doubled", "Diese Adresse hat schon einen gültigen Link. Bitte ihn zuerst zurückziehen."
            )
        )
    if len(known) >= MAX_LINKS:
        errors.append(
            FieldError("", "too_many", f"Mehr als {MAX_LINKS} Links sind für einen Bericht nicht vorgesehen.")
        )
    if errors or due is None:
        raise InvalidInput(errors)
    secret = secrets.token_urlsafe(32)
    end = dt.datetime.combine(due + dt.timedelta(days=1), dt.time(), BERLIN).astimezone(dt.UTC) + AFTER_DUE
    link = L(
        report_id=report.id,
        digest=_digest(secret),
        name=name,
        organisation=organisation,
        email=email,
        due=due,
        created_by=desk.actor,
        created_at=desk.now,
        expires_at=end,
        accesses=[],
    )
    desk.session.add(link)
    desk.session.flush()
    outbox.put(
        desk.session,
        "mail.review",
        f"review:{link.id}",
        {
            "to": email,
            "name": name,
            "title": report.title or report.url,
            "group": report.group,
            "asker": desk.actor_name or desk.actor,
            "path": f"/durchsicht/{secret}",
            "due": due.isoformat(),
            "expires": end.isoformat(),
        },
        due_at=desk.now,
    )
    _remind(desk, report, link)
    _note(desk, report, "review.invited", f"{name}, {organisation}" if organisation else name)
    return link


def _remind(desk: Desk, report: models.Report, link: models.ReviewLink) -> None:
    """Set the reminder, where there is a day between. It names the mail with the link: the link itself is kept nowhere."""
    at = dt.datetime.combine(link.due - dt.timedelta(days=1), REMINDED_AT, BERLIN).astimezone(dt.UTC)
    if at <= desk.now:
        return
    outbox.put(
        desk.session,
        "mail.review_reminder",
        f"review:{link.id}:reminder",
        {
            "to": link.email,
            "name": link.name,
            "title": report.title or report.url,
            "group": report.group,
            "due": link.due.isoformat(),
            "invited": berlin_day(desk.now).isoformat(),
            "follows": f"review:{link.id}",
        },
        due_at=at,
    )


def revoke(desk: Desk, report: models.Report, number: int) -> None:
    """Take a link back; mails that were not sent yet are not sent any more. Raises `LookupError`."""
    link = desk.session.get(L, number)
    if link is None or link.report_id != report.id:
        raise LookupError(number)
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by = desk.now, desk.actor
        job = models.Job
        desk.session.execute(
            sa.update(job)
            .where(job.key.in_([f"review:{link.id}", f"review:{link.id}:reminder"]), job.done_at.is_(None))
            .values(done_at=desk.now, payload={})
        )
        _note(desk, report, "review.revoked", link.name)


def links(session: Session, report: models.Report) -> Sequence[models.ReviewLink]:
    """The links of a report with their accesses, newest first."""
    query = sa.select(L).where(L.report_id == report.id).options(selectinload(L.accesses))
    return session.scalars(query.order_by(L.id.desc())).all()


def forget_old(session: Session, now: dt.datetime) -> None:
    """Forget names, addresses and accesses of links that ended long ago."""
    old = sa.select(L.id).where(L.expires_at < now - KEPT)
    session.execute(sa.delete(models.ReviewAccess).where(models.ReviewAccess.link_id.in_(old)))
    session.execute(sa.delete(L).where(L.expires_at < now - KEPT))


def open_link(session: Session, token: str, now: dt.datetime) -> Opened | None:
    """What `token` leads to; None for one that was never ours."""
    link = session.scalars(sa.select(L).where(L.digest == _digest(token))).one_or_none()
    if link is None:
        return None
    return Opened(link, session.get_one(models.Report, link.report_id) if is_open(link, now) else None)


def note_access(session: Session, link_id: int, what: str, network: str, now: dt.datetime, *, is_refused: bool) -> None:
    """Write down what was done with a link."""
    session.add(models.ReviewAccess(link_id=link_id, at=now, what=what, network=network[:60], is_refused=is_refused))
    session.flush()


def file_of(report: models.Report, sha256: str) -> str | None:
    """The name of a file that the text of the report shows or links; None where it does neither."""
    named = (match for section in report.sections for match in _FILE.finditer(section.text))
    return next((unquote(match[2]) for match in named if match[1] == sha256), None)


def is_open(link: models.ReviewLink, now: dt.datetime) -> bool:
    """Whether the link opens the report."""
    return link.revoked_at is None and now < link.expires_at


def one_line(text: str) -> str:
    """A name as it may stand anywhere: one line, no signs that print nothing."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:120]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _note(desk: Desk, report: models.Report, action: str, detail: str) -> None:
    audit.note(
        desk.session, desk.now, actor=desk.actor, name=desk.actor_name, action=action, subject=report.url, detail=detail
    )
