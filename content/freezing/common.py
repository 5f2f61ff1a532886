"""What freezing any kind needs: the frozen value itself, and the parts that several kinds share."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from content import models
from content.council.addresses import MAIN_BODY, meeting_label
from content.freezing.linked import frozen_links, places_of, shown_meeting, shown_title, target_words
from content.models.item import LINK
from content.services.base.lookup import public_bodies
from content.text import markup
from content.text.citations import DEFAULT_BODIES

SUMMARY_CHARS: Final = 240
NAMING_CONTACTS: Final = frozenset({"press_release", "organisation"})
"""Kinds whose editions may name contacts of the directory."""


@dataclass(frozen=True, slots=True)
class FrozenReference:
    """A reference as the edition keeps it, for look-ups from both ends."""

    from_anchor: str | None
    from_label: str
    relation: str
    target_url: str
    target_anchor: str | None
    quoted: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything of an edition that comes from the working row."""

    title: str
    text: str
    html: str
    data: Mapping[str, Any]
    header: tuple[str, ...]
    subkind: str
    body_slug: str
    year: int
    serial: int
    date: dt.date | None
    sort_date: dt.date
    sort_title: str
    meeting_url: str
    summary: str
    references: tuple[FrozenReference, ...]
    is_undated: bool = False
    """It has no day of its own: `sort_date` is the day on which it is published."""


def shorten(text: str, limit: int = SUMMARY_CHARS) -> str:
    """The beginning of `text` as one line of at most `limit` characters, cut between words."""
    folded = " ".join(text.split())
    if len(folded) <= limit:
        return folded
    return folded[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"


def sort_key(title: str) -> str:
    """A key that sorts German titles as a dictionary does (ä like a, ß like ss, case and quotes ignored)."""
    folded = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[^0-9a-z ]", "", folded)[:200].strip()


def german_day(day: dt.date) -> str:
    """`29.10.2021`."""
    return f"{day.day:02d}.{day.month:02d}.{day.year}"


def iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def frozen(
    item: models.Item,
    today: dt.date,
    *,
    title: str | None = None,
    text: str,
    html: str,
    data: Mapping[str, Any],
    header: Iterable[str | None] = (),
    date: dt.date | None = None,
    summary: str | None = None,
    **columns: Any,
) -> Frozen:
    shown = title or item.title or ""
    links = frozen_links(item)
    own_day = columns.pop("sort_date", None) or date or item.published_on
    sort_date = own_day or today
    return Frozen(
        title=shown,
        text=text,
        html=html,
        data={**data, "topics": list(item.topics), **({"links": links} if links else {})},
        header=tuple(part for part in header if part),
        subkind=columns.get("subkind", ""),
        body_slug=columns.get("body_slug", ""),
        year=columns.get("year") or sort_date.year,
        serial=columns.get("serial", 0),
        date=date,
        sort_date=sort_date,
        sort_title=sort_key(shown),
        meeting_url=columns.get("meeting_url", ""),
        summary=shorten(summary if summary is not None else text),
        references=columns.get("references") or plain_references(item),
        is_undated=own_day is None,
    )


def plain_references(item: models.Item) -> tuple[FrozenReference, ...]:
    own = places_of(item) if any(row.from_anchor for row in item.references) else {}
    return tuple(
        FrozenReference(
            row.from_anchor,
            own.get(row.from_anchor or "", ""),
            row.relation,
            row.target_url,
            row.target_anchor,
            target_words(item, row) if row.relation == LINK else row.quoted,
        )
        for row in item.references
    )


def meeting_link(meeting: models.Meeting | None, body: models.Body | None = None) -> dict[str, Any] | None:
    if meeting is None:
        return None
    other = shown_title(meeting.body) if meeting.body.slug != MAIN_BODY and body is None else None
    shown = shown_meeting(meeting)
    label = meeting_label(shown.kind, shown.ordinal, body_name=other)
    return {"url": meeting.url, "label": label, "date": iso(shown.date)}


def attachments_of(item: models.Item) -> list[dict[str, Any]]:
    return [
        {
            "title": row.title,
            "file_name": row.file_name,
            "media_type": row.file.media_type if row.file else None,
            "size_bytes": row.file.size_bytes if row.file else None,
            "sha256": row.sha256 if row.visibility == "public" else None,
            "visibility": row.visibility,
            "reason": row.reason,
        }
        for row in item.attachments
    ]


def heading(heading: str | None) -> str:
    return f"<h2>{markup.escape(heading)}</h2>" if heading else ""


def picked_contacts(item: models.Item) -> list[dict[str, Any]]:
    """The contacts of the directory that `item` names."""
    return [contact_data(row.contact) for row in item.picks]


def refreshed_contacts(session: Session, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Frozen contacts, those of the directory as it has them now."""
    kept = list(rows)
    keys = [row["key"] for row in kept if row.get("key")]
    found = (
        {row.key: row for row in session.scalars(sa.select(models.Contact).where(models.Contact.key.in_(keys)))}
        if keys
        else {}
    )
    return [contact_data(found[row["key"]]) if row.get("key") in found else row for row in kept]


def contact_data(row: models.Contact) -> dict[str, Any]:
    return {
        **({"key": row.key} if row.key else {}),
        "organisation": row.organisation,
        "unit": row.unit,
        "person": row.person,
        "role": row.role,
        "phone": row.phone,
        "mobile": row.mobile,
        "email": row.email,
        "valid_from": iso(row.valid_from),
        "valid_until": iso(row.valid_until),
    }


def bodies_of(item: models.Item) -> Mapping[str, str]:
    session = object_session(item)
    return DEFAULT_BODIES if session is None else public_bodies(session).by_suffix


def ordinal_of(meeting: models.Meeting | None) -> int | None:
    return meeting.ordinal if meeting else None
