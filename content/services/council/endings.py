"""A decision that counts no more: declared void, replaced by another one, or done with; the public reads it, with the day; number and text stay."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing.endings import ENDED, ending_of
from content.services.implementation import implementation
from content.services.publishing import amend, publish
from content.services.publishing.publish import Desk
from content.text.wording import ending_words, with_ending
from workflows.recommendation import RECOMMENDATION


def show(desk: Desk, decision: models.Decision) -> models.Edition | None:
    """Put an edition that says it in the place of the public one; None where nothing is public."""
    current = publish.current_edition(desk.session, decision)
    found = ending_of(decision)
    if current is None or not found:
        return None
    words, (told,) = ending_words(found), found.values()
    note = f"{words[:1].upper()}{words[1:]}" + (f": {told['reason']}" if told.get("reason") else "")
    return amend.amend(desk, decision, found, note, header=with_ending(current.header, found))


Ended = models.Decision | models.Recommendation


def untold(session: Session) -> Iterator[Ended]:
    """What counts no more while its public edition, of an earlier version of the portal, does not say so."""
    item, edition = models.Item, models.Edition
    query = (
        sa.select(item, edition.document)
        .join(edition, edition.item_id == item.id)
        .order_by(item.id)
        .where(item.kind.in_(("decision", "recommendation")), item.procedure_state.in_(sorted(ENDED)))
        .where(edition.valid_until.is_(None), edition.is_withdrawn.is_(False))
    )
    for row, document in session.execute(query):
        if isinstance(row, Ended) and not ending_of(row).keys() <= orjson.loads(document)["data"].keys():
            yield row


def show_untold(desk: Desk) -> int:
    """Let an edition say it of each of them, as the step does today; how many."""
    found = list(untold(desk.session))
    for item in found:
        if isinstance(item, models.Recommendation):
            implementation.show(
                desk, item, f"Stand: {RECOMMENDATION.title_of(item.procedure_state or RECOMMENDATION.initial)}"
            )
        else:
            show(desk, item)
        desk.session.flush()
    return len(found)
