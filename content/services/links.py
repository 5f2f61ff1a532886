"""Links between decision, recommendation, report, item, offer and term: none may lead nowhere.

Saving at the desk and importing refuse a link whose target does not exist or lies in the trash. What loses its target
later, by withdrawal, is listed for the editors. Decisions and press may name what is published later; texts of old
decisions name what the portal will never have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError

CHECKED_KINDS: Final = frozenset({"recommendation", "report", "market_item", "offer", "term"})


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link of a public item to something that is not public (any more)."""

    source_id: int
    source_title: str
    source_url: str
    target_url: str
    target_state: str


def broken(session: Session, item: models.Item) -> list[FieldError]:
    """The links of a row, as just written, that lead nowhere."""
    if item.kind not in CHECKED_KINDS:
        return []
    wanted = list(dict.fromkeys(row.target_url for row in item.references))
    if not wanted:
        return []
    rows = session.execute(
        sa.select(models.Item.url).where(models.Item.url.in_(wanted), models.Item.publication_state != "trashed")
    )
    known = {row.url for row in rows}
    return [
        FieldError("", "broken_link", f"{url} gibt es nicht. Bitte den Verweis prüfen oder den Eintrag zuerst anlegen.")
        for url in wanted
        if url not in known
    ]


def dead_links(session: Session, limit: int = 500) -> list[DeadLink]:
    """Links of published items of the checked kinds to what was withdrawn or never published."""
    source, target, reference = models.Item, sa.orm.aliased(models.Item), models.Reference
    query = (
        sa.select(source.id, source.title, source.url, reference.target_url, target.publication_state)
        .join(reference, reference.item_id == source.id)
        .join(target, target.url == reference.target_url)
        .where(source.publication_state == "published", source.kind.in_(CHECKED_KINDS), target.publication_state != "published")
        .order_by(source.url, reference.position)
        .limit(limit)
    )
    return [DeadLink(row[0], row[1] or row[2], row[2], row[3], row[4]) for row in session.execute(query)]
