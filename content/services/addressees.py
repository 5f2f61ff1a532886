"""Whom a recommendation may ask: members, all Länder, the communes, and organisations that the house knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from content.freezing.implementation import addressees_of
from content.schemas import FieldError, InvalidInput

GROUPS: Final = ("Kommunen",)
"""Addressees that nobody represents; the secretariat notes what it hears of them."""


def check(session: Session, labels: Sequence[str]) -> None:
    """Raise `InvalidInput` for every label that is no member, no group and no organisation of the house."""
    kinds = {who.key: who.kind for who in addressees_of(session, labels)}
    errors = [
        FieldError(
            f"addressees.{index}", "unknown_addressee",
            f"„{label[:80]}“ ist weder Mitglied noch Organisation des Portals. Bitte aus der Liste wählen oder die Organisation zuerst anlegen.",
        )
        for index, label in enumerate(labels, start=1) if kinds.get(label) == "text" and label not in GROUPS
    ]
    if errors:
        raise InvalidInput(errors)
