"""Whether what is to become public of a decision is still what was adopted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.council import voted_text
from content.services.publishing import frozen_text

DEVIATES: Final = "Der Wortlaut weicht vom beschlossenen ab."


def deviation(session: Session, item: models.Item) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """(adopted, coming) where the wording that would become public is not the one that was adopted here; else None."""
    then = _adopted(session, item)
    now = _coming(session, item) if then is not None else None
    return (then, now) if then is not None and now is not None and then != now else None


def _adopted(session: Session, item: models.Item) -> Mapping[str, Any] | None:
    step = models.StepEntry
    if not isinstance(item, models.Decision) or item.id is None:
        return None
    taken = sa.select(step.rev).where(step.item_id == item.id, step.workflow == "decision", step.transition == "adopt")
    rev = session.scalar(taken.order_by(step.id.desc()).limit(1))
    return voted_text.at(session, item.id, rev) if rev is not None else None


def _coming(session: Session, item: models.Item) -> Mapping[str, Any]:
    """What was handed in, else the working copy."""
    kept = frozen_text.newer(session, item)
    handed_in = voted_text.at(session, item.id, kept.rev) if kept is not None else None
    return handed_in or voted_text.wording(item.input)
