"""What became of a decision or recommendation that counts no more, as its edition tells it: declared void, replaced, done with."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import object_session

from content import models
from content.freezing.naming import may_name
from content.services.base.lookup import public_bodies
from content.text.wording import address_words
from content.typed.berlin import day_of

ENDED: Final = {"annulled": "annulment", "superseded": "replacement", "lapsed": "lapse"}
"""State in which a decision counts no more → where the data of its edition tells it."""


def ending_of(item: models.Decision | models.Recommendation) -> dict[str, Any]:
    """Day, reason and the decision in its place, where it counts no more; else nothing. What is only done with tells its day."""
    session, name = object_session(item), ENDED.get(item.procedure_state or "")
    if name is None or session is None:
        return {}
    step = models.StepEntry
    query = sa.select(step.at, step.comment, step.decision_url).where(
        step.item_id == item.id, step.workflow == item.kind, step.target == item.procedure_state
    )
    line = session.execute(query.where(step.source != step.target).order_by(step.id.desc()).limit(1)).one_or_none()
    if line is None:
        return {}
    told: dict[str, Any] = {"date": day_of(line.at).isoformat()}
    if name != "lapse":
        told["reason"] = line.comment
    if name == "replacement":
        url = line.decision_url if may_name(session, line.decision_url) else None
        told |= {"url": url, "label": address_words(url, bodies=public_bodies(session)) if url else ""}
    return {name: told}
