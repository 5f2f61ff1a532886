"""A decision that counts no more: declared void, replaced by another one, or done with; the public reads it, with the day; number and text stay."""

from __future__ import annotations

from content import models
from content.freezing.endings import ending_of
from content.services import amend, publish
from content.services.publish import Desk
from content.wording import ending_words, with_ending


def show(desk: Desk, decision: models.Decision) -> models.Edition | None:
    """Put an edition that says it in the place of the public one; None where nothing is public."""
    current = publish.current_edition(desk.session, decision)
    found = ending_of(decision)
    if current is None or not found:
        return None
    words, (told,) = ending_words(found), found.values()
    note = f"{words[:1].upper()}{words[1:]}" + (f": {told['reason']}" if told.get("reason") else "")
    return amend.amend(desk, decision, found, note, header=with_ending(current.header, found))
