"""Questions that are asked once: a passkey's challenge, the state of a sign-in at another service.

Only the hash of a question is kept. Answering takes it away, so that no answer counts twice.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.services.accounts.accounts import secret_hash

LIFE: Final = dt.timedelta(minutes=10)
C: Final = models.Challenge


def ask(
    session: Session,
    purpose: str,
    secret: str,
    now: dt.datetime,
    *,
    account_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Keep a question; what was never answered is forgotten."""
    session.execute(sa.delete(C).where(C.expires_at < now))
    session.add(
        C(
            purpose=purpose,
            secret_hash=secret_hash(secret),
            account_id=account_id,
            payload=payload or {},
            expires_at=now + LIFE,
        )
    )
    session.flush()


def is_open(connection: Connection, purpose: str, secret: str, now: dt.datetime) -> bool:
    """Whether the question was asked and waits for its answer."""
    rows = C.__table__.c
    asked = sa.select(rows.id).where(
        rows.purpose == purpose, rows.secret_hash == secret_hash(secret), rows.expires_at > now
    )
    return connection.execute(asked).first() is not None


def take(
    session: Session, purpose: str, secret: str, now: dt.datetime, *, account_id: int | None = None
) -> dict[str, Any] | None:
    """What was kept with the question, which is gone now; None where it was not asked, is too old or was answered."""
    found = session.execute(
        sa.select(C.id, C.payload).where(
            C.purpose == purpose,
            C.secret_hash == secret_hash(secret),
            C.expires_at > now,
            C.account_id.is_not_distinct_from(account_id),
        )
    ).first()
    if found is None:
        return None
    gone = session.execute(sa.delete(C).where(C.id == found.id))
    return dict(found.payload) if getattr(gone, "rowcount", 0) == 1 else None
