"""The agenda of a session names the decision of each item from the moment that it has its number, however it was adopted.

An item and a decision belong together where the item names it, or where the decision of that session has the same title.
"""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.editing import edit, unreviewed
from content.services.publishing.publish import Desk


def same_title(title: str | None) -> str:
    """A title as two of them are compared."""
    return " ".join((title or "").casefold().split())


def hold(session: Session, decision: models.Decision) -> None:
    """Take the session of `decision` for this transaction, as it is now: before the decision itself, as the green list does."""
    if decision.meeting is not None:
        table = cast("sa.Table", models.Item.__table__)
        session.execute(sa.select(table.c.id).where(table.c.id == decision.meeting.id).with_for_update())
        session.refresh(decision.meeting)


def link(desk: Desk, decision: models.Decision) -> None:
    """The item of the agenda that has the title of `decision` names it, now that it has its number. Where two items have one title, nobody can tell which is meant."""
    meeting = decision.meeting
    if meeting is None or not decision.number or any(row.decision_url == decision.url for row in meeting.agenda):
        return
    alike = [
        row
        for row in meeting.agenda
        if row.goal == "decision" and not row.decision_url and same_title(row.title) == same_title(decision.title)
    ]
    if len(alike) == 1:
        before = unreviewed.shown(desk, meeting)
        put(meeting, alike[0], decision)
        desk.session.flush()
        unreviewed.judge(desk, meeting, before)


def put(meeting: models.Meeting, row: models.AgendaItem, decision: models.Decision) -> None:
    """`row` names `decision` from now on, also in the form and in exports."""
    row.decision_url = decision.url
    told = zip(meeting.input.get("agenda", ()), meeting.agenda, strict=True)
    edit.follow(
        meeting, agenda=[{**given, "decision": decision.number} if one is row else given for given, one in told]
    )
