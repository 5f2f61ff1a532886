"""The wording of a decision: what is voted on.

It is title, text and the recommendations that the decision adopts, read from the input as revisions hold it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models

PARTS: Final = ("title", "text", "recommendations")
"""The fields of the input that are decided on."""


def wording(given: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an input that is decided on."""
    return {name: given.get(name) or None for name in PARTS}


def mark(given: Mapping[str, Any]) -> str:
    """Tells one wording from another."""
    return hashlib.sha256(json.dumps(wording(given), sort_keys=True, default=str).encode()).hexdigest()


def at(session: Session, item_id: int, rev: int) -> dict[str, Any] | None:
    """The wording that the revision `rev` had; None where there is no such revision."""
    row = models.Revision
    found = session.scalar(sa.select(row.input).where(row.item_id == item_id, row.rev == rev))
    return wording(found) if found is not None else None
