"""Whom a recommendation may ask: members, all Länder, the communes, and organisations that the house knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing.implementation import addressees_of
from content.schemas import FieldError, InvalidInput
from content.services.base import rights
from content.services.publishing import ledger, publish
from workflows.rights import Part

GROUPS: Final = ("Kommunen",)
"""Addressees that nobody represents; the secretariat notes what it hears of them."""


def check(session: Session, labels: Sequence[str], known: Collection[str] = ()) -> None:
    """Raise `InvalidInput` for every label that is no member, no group and no organisation of the house.

    An organisation that the person who acts may not know of is none. `known`: what the recommendation names already.
    """
    kinds = {who.key: who.kind for who in addressees_of(session, labels)} | dict.fromkeys(
        _hidden(session, labels), "text"
    )
    errors = [
        FieldError(
            f"addressees.{index}",
            "unknown_addressee",
            f"„{label[:80]}“ ist weder Mitglied noch Organisation des Portals. Bitte aus der Liste wählen oder die Organisation zuerst anlegen.",
        )
        for index, label in enumerate(labels, start=1)
        if kinds.get(label) == "text" and label not in GROUPS and label not in known
    ]
    if errors:
        raise InvalidInput(errors)


def _hidden(session: Session, labels: Sequence[str]) -> set[str]:
    """The labels that only organisations have which the person may not know of, or not under that name."""
    grants, row = session.info.get("grants"), models.Organisation
    if grants is None:
        return set()
    hidden: set[str] = set()
    told: set[str] = set()
    for item in session.scalars(
        sa.select(row).where(sa.or_(row.title.in_(labels), row.short.in_(labels), row.url.in_(labels)))
    ):
        names = {name for name in (item.title, item.short, item.url) if name}
        public = {item.url, *_public_names(session, item)} if item.publication_state == "published" else set()
        told |= names if rights.may_see(grants, item, Part.TITLE) else names & public
        hidden |= names
    return hidden - told


def _public_names(session: Session, item: models.Item) -> set[str]:
    """What the public calls a published organisation."""
    edition = publish.current_edition(session, item)
    data = ledger.edition_document(edition)["data"] if edition is not None else {}
    return {name for name in (edition.title if edition is not None else None, data.get("short")) if name}
