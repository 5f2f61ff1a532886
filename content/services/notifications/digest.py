"""The daily mail: everything unread that a person wants to hear of once a day, in one message."""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.services.base import outbox
from content.services.notifications.notify import EVENTS, still_known
from content.typed.berlin import BERLIN

AT: Final = dt.time(7, 0)
"""When the daily mail is written, in Berlin."""
MAX_LINES: Final = 100


def opened_at(now: dt.datetime) -> dt.datetime:
    """The last moment at which daily mails were due."""
    local = now.astimezone(BERLIN)
    today = dt.datetime.combine(local.date(), AT, BERLIN)
    return today if local >= today else dt.datetime.combine(local.date() - dt.timedelta(days=1), AT, BERLIN)


def waiting(connection: Connection, now: dt.datetime) -> list[int]:
    """The accounts whose daily mail is to be written: something from before the last opening is still to be told."""
    table = models.Notice.__table__.c
    query = (
        sa.select(table.account_id)
        .where(table.is_for_digest, table.at < opened_at(now))
        .distinct()
        .order_by(table.account_id)
    )
    return list(connection.scalars(query))


def write(session: Session, account_id: int, now: dt.datetime) -> bool:
    """Write the daily mail of one person and take its notices off the list, in one transaction; whether there was one."""
    opening = opened_at(now)
    rows = session.scalars(
        sa.select(models.Notice)
        .where(models.Notice.account_id == account_id, models.Notice.is_for_digest, models.Notice.at < opening)
        .order_by(models.Notice.id)
        .with_for_update()
    ).all()
    for row in rows:
        row.is_for_digest = False
    unread = still_known(session, account_id, [row for row in rows if row.read_at is None])
    account = session.get_one(models.Account, account_id)
    session.flush()
    if not unread or not account.is_active or not account.email:
        return False
    payload = {
        "to": account.email,
        "name": account.name,
        "count": len(unread),
        "lines": [
            {
                "subject": EVENTS[row.event].subject if row.event in EVENTS else "",
                "title": row.title,
                "words": row.words,
                "path": row.url,
            }
            for row in unread[:MAX_LINES]
        ],
    }
    return outbox.put(session, "mail.digest", f"digest:{account_id}:{unread[-1].id}", payload, due_at=now)
