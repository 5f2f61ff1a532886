"""What waits at the desk for a second person: steps that go only by two, votes by another rule than the body's.

For exactly those who may confirm it, which whoever asked may not; with the words of the list, and the place of the button.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.accounts.accounts import SignedIn
from content.services.base import rights
from content.services.workflow import step_requests
from workflows.catalogue import WORKFLOWS
from workflows.decision import DECISION, UNDECIDED
from workflows.publication import GONE, PUBLICATION
from workflows.vocabulary import Permission

I = models.Item  # noqa: E741 - what everything here is about


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is asked of a second person, in a sentence, and the page where text and button stand."""

    words: str
    path: str


def items(person: SignedIn) -> list[sa.Select[Any]]:
    """The items on which something waits for this person, as queries of their ids."""
    return [_requests(person).with_only_columns(I.id), _rules(person).with_only_columns(I.id)]


def of(session: Session, person: SignedIn, item_ids: Iterable[int]) -> dict[int, Waiting]:
    """Item → what waits on it for this person; of several the oldest request."""
    ids = list(item_ids)
    vote, row = models.Vote, models.StepRequest
    found = {
        one.id: Waiting(
            f"Andere Abstimmungsregel zu bestätigen, eingetragen von {one.recorded_by}. Grund: {one.rule_reason}",
            f"/redaktion/eintrag/{one.id}/abstimmung#andere-regel",
        )
        for one in session.execute(
            _rules(person).with_only_columns(I.id, vote.recorded_by, vote.rule_reason).where(I.id.in_(ids))
        )
    }
    asked = (
        _requests(person)
        .with_only_columns(I.id, row.workflow, row.transition, row.asked_name, row.reason)
        .where(I.id.in_(ids))
    )
    for one in session.execute(asked.order_by(row.id.desc())):
        title = WORKFLOWS[one.workflow].transitions[one.transition].title
        found[one.id] = Waiting(
            f"„{title}“ beantragt von {one.asked_name}. Grund: {one.reason}",
            f"/redaktion/eintrag/{one.id}#antrag-{one.workflow}-{one.transition}",
        )
    return found


def _requests(person: SignedIn) -> sa.Select[Any]:
    """Open requests of others for steps that the person may take."""
    row = models.StepRequest
    mine = [
        sa.and_(row.workflow == flow.name, row.transition == name, rights.held(person.grants, {step.permission}))
        for flow in WORKFLOWS.values()
        for name, step in flow.transitions.items()
        if step_requests.needs_second(flow, name) and person.holds(step.permission)
    ]
    state = sa.case((row.workflow == PUBLICATION.name, I.publication_state), else_=I.procedure_state)
    return (
        sa.select(I.id)
        .join(row, row.item_id == I.id)
        .where(sa.or_(sa.false(), *mine), row.asked_by != person.login, row.source == state)
    )


def _rules(person: SignedIn) -> sa.Select[Any]:
    """Votes of others by another rule than the body's, on what is not decided yet.

    The public rule of the body may have become that of the vote meanwhile: then there is nothing to confirm. It is looked for in the
    canonical JSON of its edition, where no text can hold these marks unescaped.
    """
    vote, decision, body = models.Vote, models.Decision.__table__, models.Edition
    is_own = sa.exists().where(
        decision.c.id == I.id,
        body.item_id == decision.c.body_id,
        body.valid_until.is_(None),
        body.document.contains(sa.literal('"voting_rule":"') + vote.rule + '"'),
    )
    return (
        sa.select(I.id)
        .join(vote, vote.item_id == I.id)
        .where(
            vote.rule_reason != "",
            vote.confirmed_at.is_(None),
            vote.declined_at.is_(None),
            vote.recorded_login != person.login,
            ~is_own,
            sa.func.coalesce(I.procedure_state, DECISION.initial).in_(sorted(UNDECIDED)),
            I.publication_state.not_in(GONE),
            rights.held(person.grants, {Permission.VOTE_RECORD}),
        )
    )
