"""What people have open and typed but not saved: drafts per person and section, and who is where. No locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models

PRESENT_FOR: Final = dt.timedelta(seconds=60)
"""How long a person counts as present after the browser last said so (it does every 20 seconds)."""
MAX_DRAFT_CHARS: Final = 400_000
D: Final = models.SectionDraft
P: Final = models.SectionPresence


def keep(
    session: Session, report: models.Report, uid: str, *, login: str, heading: str, text: str, base_rev: int, now: dt.datetime
) -> models.SectionDraft:
    """Keep what a person typed, in place of what was kept before; longer texts are cut to what a section can hold."""
    row = of_person(session, uid, login)
    if row is None:
        row = D(report_id=report.id, section_uid=uid, login=login)
        session.add(row)
    row.heading, row.text, row.base_rev, row.at = heading[:500], text[:MAX_DRAFT_CHARS], base_rev, now
    session.flush()
    return row


def of_person(session: Session, uid: str, login: str) -> models.SectionDraft | None:
    """What a person has typed there and not saved."""
    return session.scalars(sa.select(D).where(D.section_uid == uid, D.login == login)).one_or_none()


def drop(session: Session, uid: str, login: str) -> None:
    """Forget a draft: it was saved, or is not wanted."""
    session.execute(sa.delete(D).where(D.section_uid == uid, D.login == login))


def beat(session: Session, report: models.Report, uid: str, *, login: str, name: str, now: dt.datetime) -> None:
    """Note that a person has a section open; who has not been heard of is forgotten."""
    session.execute(sa.delete(P).where(P.report_id == report.id, P.seen_at < now - PRESENT_FOR))
    changed = cast("sa.CursorResult[Any]", session.execute(
        sa.update(P).where(P.section_uid == uid, P.login == login).values(seen_at=now, name=name).execution_options(synchronize_session=False)
    ))
    if changed.rowcount == 0:
        session.add(P(report_id=report.id, section_uid=uid, login=login, name=name, seen_at=now))
        session.flush()


def present(session: Session, report: models.Report, now: dt.datetime) -> Sequence[models.SectionPresence]:
    """Who has which section open now, by name."""
    query = sa.select(P).where(P.report_id == report.id, P.seen_at >= now - PRESENT_FOR).order_by(P.name, P.id)
    return session.scalars(query).all()
