"""Steps that go only by two: what one person asked for with a reason and a second one has not decided on.

Here they are read and forgotten; asking, declining and taking back is `second_person`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from workflows.definition import Workflow

GUARD = "second_person"
REASONS = frozenset({"note", "comment"})
"""Fields of a step that the reason of the request fills."""
FOR_SECOND = frozenset({"not_asked", "own_request", "own_change"})
"""What says no only to the one person: whoever asks waits for another one, and may have written the text."""
ASKED, DECLINED, TAKEN_BACK = "ask:", "decline:", "unask:"
"""What stands before the name of a step in a line of the history that says what became of a request for it."""
WORDS = {ASKED: "Beantragt", DECLINED: "Antrag abgelehnt", TAKEN_BACK: "Antrag zurückgenommen"}
OF_VOTES = {
    "vote:recorded": "Abstimmung eingetragen",
    "vote:rule_confirmed": "Andere Abstimmungsregel bestätigt",
    "vote:rule_declined": "Andere Abstimmungsregel abgelehnt",
}
"""Lines of the history that `ballots` writes."""


def of(session: Session, item: models.Item, workflow: Workflow, name: str) -> models.StepRequest | None:
    """The open request for the step `name` of `workflow`."""
    return by_step(session, item, workflow).get(name)


def may_wait(workflow: Workflow, state: str) -> bool:
    """Whether a step that goes only by two starts in this state."""
    return any(state in step.sources and needs_second(workflow, name) for name, step in workflow.transitions.items())


def by_step(session: Session, item: models.Item, workflow: Workflow) -> dict[str, models.StepRequest]:
    """Step → the open request for it, in `workflow`."""
    row = models.StepRequest
    if item.id is None:
        return {}
    query = sa.select(row).where(
        row.item_id == item.id,
        row.workflow == workflow.name,
        row.source == (getattr(item, workflow.column) or workflow.initial),
    )
    return {one.transition: one for one in session.scalars(query)}


def decision_of(session: Session, request: models.StepRequest) -> str:
    """The address of the decision that was named with a request, as the line of the history has it; empty where none was."""
    line = models.StepEntry
    query = sa.select(line.decision_url).where(
        line.item_id == request.item_id,
        line.workflow == request.workflow,
        line.transition == f"{ASKED}{request.transition}",
    )
    return session.scalar(query.order_by(line.id.desc()).limit(1)) or ""


def open_of(session: Session, item: models.Item) -> dict[str, models.StepRequest]:
    """„workflow.step“ → the open request, for every one on `item`."""
    row = models.StepRequest
    states = {item.publication_state, item.procedure_state}
    return {
        f"{one.workflow}.{one.transition}": one
        for one in session.scalars(sa.select(row).where(row.item_id == item.id))
        if one.source in states
    }


def forget(session: Session, item: models.Item, workflow: Workflow, *, but: str = "") -> None:
    """The item moved on in `workflow`: nothing waits there any more. `but`: except what was asked in this state."""
    row = models.StepRequest
    session.execute(sa.delete(row).where(row.item_id == item.id, row.workflow == workflow.name, row.source != but))


def needs_second(workflow: Workflow, name: str) -> bool:
    """Whether the step goes only by two."""
    return any(guard.name == GUARD for guard in workflow.transitions[name].guards)


def title_of(workflow: Workflow, transition: str) -> str:
    """What a line of the history is called: the step, or what became of the request for it."""
    for mark, words in WORDS.items():
        if transition.startswith(mark):
            return f"{words}: {title_of(workflow, transition.removeprefix(mark))}"
    known = workflow.transitions.get(transition)
    return known.title if known else OF_VOTES.get(transition, transition)
