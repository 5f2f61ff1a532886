"""What must be so before an item can be public, whatever road it takes: button, form, import or clock."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError
from workflows.recommendation import RECOMMENDATION
from workflows.report import REPORT


def problem(item: models.Item) -> FieldError | None:
    """Why `item` cannot be public as it is, with the field and what to do, in German; None when it can."""
    if isinstance(item, models.Decision):
        return (
            None
            if item.number
            else FieldError(
                "number", "no_number", "Der Beschluss hat noch keine Nummer. Sie entsteht beim Beschließen."
            )
        )
    if (
        isinstance(item, models.Recommendation)
        and (item.procedure_state or RECOMMENDATION.initial) == RECOMMENDATION.initial
    ):
        return FieldError("state", "is_draft", "Die Empfehlung ist noch ein Entwurf. Bitte zuerst „Vorschlagen“.")
    return None if item.title else FieldError("title", "missing", "Der Titel fehlt. Bitte bearbeiten.")


_FINAL: Final = frozenset({"final", "noted"})
"""States of a report whose text is agreed on."""


def unripe(session: Session, item: models.Item) -> str:
    """Why a report should not be public yet: no final text, or something open in its review. Empty where nothing speaks against it."""
    if not isinstance(item, models.Report) or item.id is None:
        return ""
    state = item.procedure_state or REPORT.initial
    thread, suggestion = models.ReviewThread, models.Suggestion
    counted = (
        (
            sa.select(sa.func.count()).where(thread.report_id == item.id, thread.resolved_at.is_(None)),
            "Anmerkung",
            "Anmerkungen",
        ),
        (
            sa.select(sa.func.count()).where(suggestion.report_id == item.id, suggestion.state == "open"),
            "Vorschlag",
            "Vorschläge",
        ),
    )
    found = [] if state in _FINAL else [f"Der Bericht ist „{REPORT.title_of(state)}“, nicht Endfassung."]
    still = [
        f"{count} {one if count == 1 else many}"
        for query, one, many in counted
        for count in [session.scalar(query) or 0]
        if count
    ]
    if still:
        found.append(f"Offen in der Durchsicht: {' und '.join(still)}.")
    return " ".join(found)


def empty(item: models.Item) -> str:
    """Why there is nothing to approve in `item`; empty where there is."""
    if (
        isinstance(item, models.Report)
        and not any((row.text or "").strip() for row in item.sections)
        and not item.attachments
        and not (item.text or "").strip()
    ):
        return "Der Bericht ist leer. Bitte zuerst mindestens einen Abschnitt schreiben oder eine Datei anhängen."
    return ""
