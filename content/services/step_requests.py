"""Steps that go only by two: what one person asked for with a reason and a second one has not decided on.

Here they are read and forgotten; asking, declining and taking back is `second_person`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from workflows.definition import Workflow

GUARD = "second_person"
ASKED, DECLINED, TAKEN_BACK = "ask:", "decline:", "unask:"
"""What stands before the name of a step in a line of the history that says what became of a request for it."""
WORDS = {ASKED: "Beantragt", DECLINED: "Antrag abgelehnt", TAKEN_BACK: "Antrag zurückgenommen"}


def of(session: Session, item: models.Item, workflow: Workflow, name: str = "") -> models.StepRequest | None:
    """The open request for a step of `workflow`, or for the step `name`."""
    if item.id is None:
        return None
    row = models.StepRequest
    query = sa.select(row).where(row.item_id == item.id, row.workflow == workflow.name, row.source == (getattr(item, workflow.column) or workflow.initial))
    return session.scalars(query.where(row.transition == name) if name else query.limit(1)).one_or_none()


def open_of(session: Session, item: models.Item) -> dict[str, models.StepRequest]:
    """„workflow.step“ → the open request, for every one on `item`."""
    row = models.StepRequest
    states = {item.publication_state, item.procedure_state}
    return {f"{one.workflow}.{one.transition}": one for one in session.scalars(sa.select(row).where(row.item_id == item.id)) if one.source in states}


def forget(session: Session, item: models.Item, workflow: Workflow) -> None:
    """The item moved on in `workflow`: nothing waits there any more."""
    row = models.StepRequest
    session.execute(sa.delete(row).where(row.item_id == item.id, row.workflow == workflow.name))


def needs_second(workflow: Workflow, name: str) -> bool:
    """Whether the step goes only by two."""
    return any(guard.name == GUARD for guard in workflow.transitions[name].guards)


def title_of(workflow: Workflow, transition: str) -> str:
    """What a line of the history is called: the step, or what became of the request for it."""
    for mark, words in WORDS.items():
        if transition.startswith(mark):
            return f"{words}: {title_of(workflow, transition.removeprefix(mark))}"
    known = workflow.transitions.get(transition)
    return known.title if known else transition
