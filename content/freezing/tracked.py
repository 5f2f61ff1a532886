"""Confirmed tasks of a decision as its edition tells them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.laender import name_of
from content.typed.whole import whole


def public_tasks(session: Session, decision: models.Decision) -> list[dict[str, Any]]:
    """The confirmed tasks of a decision as its edition tells them."""
    task = models.Task
    labels = {row.anchor: row.label for row in decision.clauses}
    rows = session.scalars(
        sa.select(task).where(task.item_id == decision.id, task.tracking == "confirmed").order_by(task.anchor, task.id)
    )
    return [
        {
            "anchor": row.anchor,
            "label": labels.get(row.anchor, row.anchor),
            "addressee": row.addressee,
            "name": name_of(row.addressee),
            "due_meeting": row.due_meeting,
            "due_label": _due_label(row),
            "state": row.state,
            "date": row.date.isoformat() if row.date else None,
            "evidence": row.evidence_url,
            "note": row.note,
            "reported_at": _instant(row.reported_at),
            "confirmed_at": _instant(row.confirmed_at),
            "confirmed_by": row.confirmed_by,
        }
        for row in rows
    ]


def _due_label(row: models.Task) -> str | None:
    last = (row.due_meeting or "").rsplit("/", 1)[-1]
    return f"{last}. Sitzung" if whole(last) is not None else None


def _instant(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
