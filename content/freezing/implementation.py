"""Where a recommendation stands, as its edition tells it: every addressee with its report, and the road so far.

An addressee is typed when read: the code of a member, the address of an organisation that the house knows, else its name.
„Länder“ are sixteen addressees.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.laender import members_of, name_of
from content.freezing.endings import ending_of
from content.freezing.linked import shown_title
from workflows.recommendation import RECOMMENDATION


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a recommendation asks. `key` names it in reports; `kind`: member, organisation or text; `name` for people."""

    key: str
    kind: str
    name: str


def addressees_of(session: Session, labels: Iterable[str]) -> tuple[Addressee, ...]:
    """The addressees that the labels stand for: members first, in their order, then the others."""
    codes, others = members_of(labels)
    known = _organisations(session, others)
    return (
        *(Addressee(code, "member", name_of(code)) for code in codes),
        *(known.get(label) or Addressee(label, "text", label) for label in others),
    )


def public_state(session: Session, item: models.Recommendation) -> dict[str, Any]:
    """The part of an edition's data that tells where the recommendation stands."""
    return {
        "state": item.procedure_state or "draft",
        "implementation": _reports(session, item),
        "road": _road(session, item),
        **ending_of(item),
    }


def _reports(session: Session, item: models.Recommendation) -> list[dict[str, Any]]:
    told = {
        row.addressee: row
        for row in session.scalars(sa.select(models.Implementation).where(models.Implementation.item_id == item.id))
    }
    return [_report(who, told.get(who.key)) for who in addressees_of(session, item.addressees)]


def _report(who: Addressee, row: models.Implementation | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"addressee": who.name, "kind": who.kind, "code": who.key if who.kind == "member" else None}
    if who.kind == "organisation":
        shown["url"] = who.key
    if row is None:
        return {
            **shown,
            "state": "open",
            "date": None,
            "evidence": None,
            "note": "",
            "reported_at": None,
            "confirmed_at": None,
            "confirmed_by": None,
        }
    if row.evidence is not None:
        shown["file"] = {
            "sha256": row.evidence_sha256,
            "file_name": row.evidence_name,
            "media_type": row.evidence.media_type,
            "size_bytes": row.evidence.size_bytes,
        }
    return {
        **shown,
        "state": row.state,
        "date": row.date.isoformat() if row.date else None,
        "evidence": row.evidence_url,
        "note": row.note,
        "reported_at": instant(row.reported_at),
        "confirmed_at": instant(row.confirmed_at),
        "confirmed_by": row.confirmed_by,
    }


def _road(session: Session, item: models.Recommendation) -> list[dict[str, Any]]:
    step = models.StepEntry
    flow = RECOMMENDATION
    # A state that was only taken over came about on another day, by steps that nobody knows here.
    query = sa.select(step).where(
        step.item_id == item.id, step.workflow == flow.name, step.transition.in_(flow.transitions)
    )
    rows = session.scalars(query.order_by(step.id))
    return [{"state": row.target, "at": instant(row.at), "decision": row.decision_url} for row in rows]


def names_of(session: Session, labels: Iterable[str]) -> list[str]:
    """The labels as people read them: an address of an organisation becomes its name."""
    given = list(labels)
    known = _organisations(session, tuple(label for label in given if label.startswith("/")))
    return [known[label].name if label in known else label for label in given]


def _organisations(session: Session, names: tuple[str, ...]) -> dict[str, Addressee]:
    """Name, short name or address → the organisation, of those that the house knows."""
    if not names:
        return {}
    row = models.Organisation
    found: dict[str, Addressee] = {}
    for item in session.scalars(
        sa.select(row).where(sa.or_(row.title.in_(names), row.short.in_(names), row.url.in_(names)))
    ):
        # A name that the text gives is told as given; the name of an address, as that is published.
        found |= {
            name: Addressee(item.url, "organisation", shown_title(item) if name == item.url else name)
            for name in (item.title, item.short, item.url)
            if name and name in names
        }
    return found


def instant(moment: dt.datetime | None) -> str | None:
    """`2026-11-24T04:05:06Z`, as the data of editions have it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
