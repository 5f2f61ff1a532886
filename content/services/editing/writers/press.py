"""Writing press releases and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from content import models
from content.services.editing.writers.common import decision_addresses, directory_contacts, meeting_at, numbered, pick

Prepared = tuple[models.Meeting | None, list[str], list[models.Contact]]


def prepare_press(session: Session, value: Mapping[str, Any]) -> Prepared:
    meeting = meeting_at(session, value["meeting"])
    return meeting, decision_addresses(session, value["decisions"]), directory_contacts(session, value["directory"])


def write_press(item: models.PressRelease, value: Mapping[str, Any], prepared: Prepared) -> None:
    item.meeting, decisions, picked = prepared
    pick(item, picked)
    item.release_kind, item.publisher, item.date = value["release_kind"], value["publisher"], value["date"]
    item.lead, item.source_url, item.text_kind = value["lead"], value["source_url"], value["text_kind"]
    item.sections = [
        models.PressSection(position=position, heading=row["heading"], text=row["text"])
        for position, row in enumerate(value["sections"], start=1)
    ]
    item.quotes = [models.Quote(position=position, **row) for position, row in enumerate(value["quotes"], start=1)]
    item.contacts = [
        models.PressContact(position=position, contact=models.Contact(**row))
        for position, row in enumerate(value["contacts"], start=1)
    ]
    item.references = numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in decisions])
