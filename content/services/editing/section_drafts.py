"""What people have open and typed but not saved: drafts per person and section, and who is where. No locks.

Which of several requests counts says `draft_order`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.base import draft_order

PRESENT_FOR: Final = dt.timedelta(seconds=60)
"""How long a person counts as present after the browser last said so (it does every 20 seconds)."""
MAX_DRAFT_CHARS: Final = 400_000
D: Final = models.SectionDraft
P: Final = models.SectionPresence


def keep(
    session: Session,
    report: models.Report,
    uid: str,
    *,
    login: str,
    heading: str,
    text: str,
    base_rev: int,
    now: dt.datetime,
    number: int = 0,
    is_auto: bool = False,
) -> bool:
    """Keep what a person typed, in place of what was kept before; longer texts are cut to what a section can hold.

    `number`, `is_auto`: as in `draft_order.claim`. Whether it did not come too late.
    """
    claim = draft_order.claim(session, D, _key(uid, login), _blank(report.id), number=number, is_auto=is_auto, now=now)
    if claim is None:
        return False
    row = claim.row
    row.heading, row.text, row.base_rev, row.at = heading[:500], text[:MAX_DRAFT_CHARS], base_rev, now
    session.flush()
    return True


def of_person(session: Session, uid: str, login: str) -> models.SectionDraft | None:
    """What a person has typed there and not saved."""
    return session.scalars(
        sa.select(D).where(D.section_uid == uid, D.login == login, D.finished_at.is_(None))
    ).one_or_none()


def last(session: Session, uid: str, login: str) -> draft_order.Last:
    """Of what was taken last of a person's words there."""
    return draft_order.last(session, D, _key(uid, login))


def finish(session: Session, report: models.Report, uid: str, login: str, *, number: int, now: dt.datetime) -> None:
    """Forget a draft: it was saved, or is not wanted. What was typed before `number` and comes later is not kept."""
    row = draft_order.finish(session, D, _key(uid, login), _blank(report.id), number=number, now=now)
    row.heading, row.text = "", ""
    session.flush()


def _key(uid: str, login: str) -> dict[str, Any]:
    return {"section_uid": uid, "login": login}


def _blank(report_id: int) -> dict[str, Any]:
    return {"report_id": report_id, "base_rev": 0, "heading": "", "text": ""}


def beat(session: Session, report: models.Report, uid: str, *, login: str, name: str, now: dt.datetime) -> None:
    """Note that a person has a section open; who has not been heard of is forgotten."""
    session.execute(sa.delete(P).where(P.report_id == report.id, P.seen_at < now - PRESENT_FOR))
    changed = cast(
        "sa.CursorResult[Any]",
        session.execute(
            sa.update(P)
            .where(P.section_uid == uid, P.login == login)
            .values(seen_at=now, name=name)
            .execution_options(synchronize_session=False)
        ),
    )
    if changed.rowcount == 0:
        session.add(P(report_id=report.id, section_uid=uid, login=login, name=name, seen_at=now))
        session.flush()


def present(session: Session, report: models.Report, now: dt.datetime) -> Sequence[models.SectionPresence]:
    """Who has which section open now, by name."""
    query = sa.select(P).where(P.report_id == report.id, P.seen_at >= now - PRESENT_FOR).order_by(P.name, P.id)
    return session.scalars(query).all()
