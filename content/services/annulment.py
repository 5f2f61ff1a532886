"""A decision that was declared void: the public reads it, with day and reason; number and text stay."""

from __future__ import annotations

from typing import Final

from content import models
from content.freezing.council import VOID, annulment_of
from content.services import amend, publish
from content.services.publish import Desk

NOTE: Final = "Für nichtig erklärt"


def show(desk: Desk, decision: models.Decision) -> models.Edition | None:
    """Put an edition that says it in the place of the public one; None where nothing is public."""
    current = publish.current_edition(desk.session, decision)
    found = annulment_of(decision)
    if current is None or not found:
        return None
    header = [*(part for part in current.header if part != VOID), VOID]
    return amend.amend(desk, decision, found, f"{NOTE}: {found['annulment']['reason']}", header=header)
