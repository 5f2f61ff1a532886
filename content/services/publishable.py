"""What must be so before an item can be public, whatever road it takes: button, form, import or clock."""

from __future__ import annotations

from content import models
from content.schemas import FieldError
from workflows.recommendation import RECOMMENDATION


def problem(item: models.Item) -> FieldError | None:
    """Why `item` cannot be public as it is, with the field and what to do, in German; None when it can."""
    if isinstance(item, models.Decision):
        return None if item.number else FieldError("number", "no_number", "Der Beschluss hat noch keine Nummer. Sie entsteht beim Beschließen.")
    if isinstance(item, models.Recommendation) and (item.procedure_state or RECOMMENDATION.initial) == RECOMMENDATION.initial:
        return FieldError("state", "is_draft", "Die Empfehlung ist noch ein Entwurf. Bitte zuerst „Vorschlagen“.")
    return None if item.title else FieldError("title", "missing", "Der Titel fehlt. Bitte bearbeiten.")
