"""Writing organisations, terms and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from content import models
from content.services.editing.writers.common import decision_addresses, known_services, numbered, pick


def write_organisation(item: models.Organisation, value: Mapping[str, Any], picked: list[models.Contact]) -> None:
    pick(item, picked)
    item.short, item.organisation_kind, item.website = value["short"], value["organisation_kind"], value["website"]


def prepare_term(session: Session, value: Mapping[str, Any]) -> list[str]:
    known_services(session, value["ozg_ids"])
    return decision_addresses(session, value["decisions"])


def write_term(item: models.Term, value: Mapping[str, Any], decisions: list[str]) -> None:
    item.abbreviation, item.synonyms, item.source = value["abbreviation"], value["synonyms"], value["source"]
    item.references = numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in decisions])


def write_page(_item: models.Page, _value: Mapping[str, Any], _prepared: object) -> None:
    """A page has nothing but what all items have."""
