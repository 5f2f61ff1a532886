"""The links of an item as its edition freezes them: from which place, to which place, and how both read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from content import models
from content.freezing.naming import public_or_hidden
from content.models.item import LINK
from content.services.base.lookup import find, public_data
from content.text import outline


def places_of(item: models.Item) -> Mapping[str, str]:
    """Anchor → words, of every place of `item` that can be linked from and to: clauses of a decision, sections of a report."""
    if isinstance(item, models.Decision):
        return {row.anchor: row.label for row in item.clauses}
    if isinstance(item, models.Report):
        numbers = outline.numbers([outline.Node(row.uid, row.level) for row in item.sections])
        return {
            row.anchor: f"Abschnitt {number} {row.heading}" for row, number in zip(item.sections, numbers, strict=True)
        }
    return {}


def shown_title(item: models.Item) -> str:
    """What an edition of another item calls `item`: as it is published, never as it is being written."""
    session = object_session(item)
    edition = models.Edition
    public = (
        session.scalar(sa.select(edition.title).where(edition.item_id == item.id, edition.valid_until.is_(None)))
        if session
        else None
    )
    return public_or_hidden(item, public)


def member_names(body: models.Body) -> Mapping[str, str]:
    """Code → name, of the members as the body is published; as they are typed where it is not."""
    session = object_session(body)
    public = public_data(session, body) if session is not None else {}
    return (
        {row["code"]: row["name"] for row in public["members"]}
        if "members" in public
        else {row.code: row.name for row in body.members}
    )


@dataclass(frozen=True, slots=True)
class ShownMeeting:
    """What an edition of another item tells of a session."""

    kind: str
    ordinal: int | None
    date: dt.date | None


def shown_meeting(meeting: models.Meeting) -> ShownMeeting:
    """The session as it is published, never as it is being written; as typed where it was never public."""
    session = object_session(meeting)
    public = public_data(session, meeting) if session is not None else {}
    if not public:
        return ShownMeeting(meeting.meeting_kind, meeting.ordinal, meeting.date)
    return ShownMeeting(
        public["kind"], public["ordinal"], dt.date.fromisoformat(public["date"]) if public["date"] else None
    )


def public_places(session: Session, item: models.Item) -> dict[str, str]:
    """Anchor → words, of the places of the public edition that can be linked to: clauses of a decision, sections of a report."""
    data = public_data(session, item) if item.kind in {"decision", "report"} else {}
    if item.kind == "decision":
        return {row["anchor"]: row["label"] for row in data.get("clauses", ())}
    if item.kind == "report":
        return {row["anchor"]: f"Abschnitt {row['number']} {row['heading']}" for row in data.get("sections", ())}
    return {}


def target_words(item: models.Item, row: models.Reference) -> str:
    """How the place that `row` leads to reads; empty where it leads to the whole."""
    session = object_session(item)
    target = find(session, row.target_url) if session is not None and row.target_anchor else None
    if target is None or session is None:
        return ""
    anchor = row.target_anchor or ""
    # Headings are text of the target: an edition shows them as that was published, never as it is being written.
    return (public_places(session, target) if target.kind == "report" else places_of(target)).get(anchor, "")


def frozen_links(item: models.Item) -> list[dict[str, Any]]:
    """The part of an edition's data that tells the links an editor set."""
    rows = [row for row in item.references if row.relation == LINK]
    own = places_of(item) if rows else {}
    return [
        {
            "from": row.from_anchor,
            "from_label": own.get(row.from_anchor or "", ""),
            "url": row.target_url,
            "anchor": row.target_anchor,
            "label": target_words(item, row),
        }
        for row in rows
    ]
