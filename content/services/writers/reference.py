"""Writing organisations, terms and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content import models


def write_organisation(item: models.Organisation, value: Mapping[str, Any], _prepared: object) -> None:
    item.short, item.organisation_kind, item.website = value["short"], value["organisation_kind"], value["website"]


def write_term(item: models.Term, value: Mapping[str, Any], _prepared: object) -> None:
    item.abbreviation, item.synonyms, item.source = value["abbreviation"], value["synonyms"], value["source"]


def write_page(_item: models.Page, _value: Mapping[str, Any], _prepared: object) -> None:
    """A page has nothing but what all items have."""
