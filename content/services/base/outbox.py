"""The outbox: what a transaction wants done afterwards is written with it, and done once.

A job's key names its occasion, so that the same occasion never sets it twice. A worker claims a job in a transaction of
its own, does it outside of any (a slow mail server must not keep writers waiting), and notes the outcome in another. Where
a worker dies in between, nobody knows whether the job was done: its claim ends after `CLAIM_LIFE` and it is done again.
Messages carry an id made of the key, and files a name made of it, so that the second one is known as the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models

WAIT: Final = (
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=3),
    dt.timedelta(days=1),
)
MAX_ATTEMPTS: Final = 8
CLAIM_LIFE: Final = dt.timedelta(minutes=10)
"""Longer than any message takes: a claim that is older belongs to a worker that died."""
KEPT: Final = dt.timedelta(days=180)
"""How long jobs that were done are remembered."""
_ADDRESS: Final = re.compile(r"[^\s<>'\"(]+@[^\s<>'\")]+")

J: Final = models.Job


class RefusedForGood(Exception):  # noqa: N818 - named for the situation
    """Trying again would not help: the address is unknown, the message is not taken. The message (for operators) says why."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in a worker's hand."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]


def put(session: Session, kind: str, key: str, payload: dict[str, Any], *, due_at: dt.datetime) -> bool:
    """Write a job unless its occasion has one already; whether it is new."""
    if session.scalar(sa.select(J.id).where(J.key == key)) is not None:
        return False
    session.add(J(kind=kind, key=key, payload=payload, due_at=due_at))
    session.flush()
    return True


def due(connection: Connection, now: dt.datetime, limit: int = 100) -> list[int]:
    """The ids of jobs to be done now, oldest first."""
    return list(connection.scalars(sa.select(J.id).where(*_is_due(now)).order_by(J.due_at, J.id).limit(limit)))


def claim(session: Session, job_id: int, now: dt.datetime) -> Claimed | None:
    """Take a job in hand, if it is still due and nobody else has it."""
    taken = session.execute(
        sa.update(J)
        .where(J.id == job_id, *_is_due(now))
        .values(claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    if getattr(taken, "rowcount", 0) != 1:
        return None
    job = session.get_one(J, job_id, populate_existing=True)
    return Claimed(job.id, job.kind, job.key, dict(job.payload))


def _is_due(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        J.done_at.is_(None),
        J.given_up_at.is_(None),
        J.due_at <= now,
        sa.or_(J.claimed_at.is_(None), J.claimed_at < now - CLAIM_LIFE),
    )


def done(session: Session, job_id: int, now: dt.datetime) -> None:
    """The job was done. What it said is forgotten: links in mails are secrets."""
    session.execute(sa.update(J).where(J.id == job_id).values(done_at=now, claimed_at=None, error="", payload={}))


def failed(session: Session, job_id: int, now: dt.datetime, error: str, *, is_final: bool = False) -> bool:
    """Note a failure: the next try comes later each time, and after `MAX_ATTEMPTS` or a final refusal none comes. Whether that was the last."""
    job = session.get_one(J, job_id)
    job.attempts += 1
    job.error, job.claimed_at = without_addresses(error)[:500], None
    if is_final or job.attempts >= MAX_ATTEMPTS:
        job.given_up_at = now
    else:
        job.due_at = now + WAIT[min(job.attempts, len(WAIT)) - 1]
    session.flush()
    return job.given_up_at is not None


def without_addresses(text: str) -> str:
    """What a mail server says often names the address; logs and lists must not."""
    return _ADDRESS.sub("(Adresse)", text)


def forget_old(session: Session, now: dt.datetime) -> None:
    """Remove what was done long ago."""
    session.execute(sa.delete(J).where(J.done_at < now - KEPT))


# --- for administrators ----------------------------------------------------------------------------------------------


def troubled(session: Session, limit: int = 200) -> Sequence[models.Job]:
    """Jobs that were given up or failed so far, newest first."""
    query = sa.select(J).where(J.done_at.is_(None), sa.or_(J.given_up_at.is_not(None), J.attempts > 0))
    return session.scalars(query.order_by(J.given_up_at.is_(None), J.id.desc()).limit(limit)).all()


def counts(session: Session) -> tuple[int, int]:
    """How many jobs wait, and how many were given up."""
    waiting = session.scalar(
        sa.select(sa.func.count()).select_from(J).where(J.done_at.is_(None), J.given_up_at.is_(None))
    )
    given_up = session.scalar(
        sa.select(sa.func.count()).select_from(J).where(J.done_at.is_(None), J.given_up_at.is_not(None))
    )
    return waiting or 0, given_up or 0


def retry(session: Session, job_id: int, now: dt.datetime) -> models.Job | None:
    """Try a job again from the start; None where it is done or in hand."""
    job = session.get(J, job_id)
    if job is None or job.done_at is not None or job.claimed_at is not None:
        return None
    job.attempts, job.given_up_at, job.due_at = 0, None, now
    session.flush()
    return job


def drop(session: Session, job_id: int) -> models.Job | None:
    """Never try again what was given up; None where it was not."""
    job = session.get(J, job_id)
    if job is None or job.given_up_at is None:
        return None
    session.delete(job)
    session.flush()
    return job
