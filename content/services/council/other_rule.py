"""A vote counted by another rule than the body's: whoever may confirm it is asked, and whoever entered it hears what was decided."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from content import models
from content.services.council import ballots
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle
from content.services.publishing.publish import Desk
from workflows.decision import DECISION, UNDECIDED
from workflows.vocabulary import Permission

_RULE: Final = "step:decision:rule:"
"""How the occasion begins: whatever moves the decision settles it."""


def ask(desk: Desk, decision: models.Decision) -> None:
    """The vote was entered: ask for a second person where it needs one, and settle what was asked of an earlier vote."""
    settle(desk.session, "waits", decision, now=desk.now, about=_RULE)
    vote, used = ballots.vote_of(desk.session, decision), ballots.rule_of(desk.session, decision)
    if (
        vote is None
        or used is None
        or used.is_own
        or used.is_confirmed
        or used.declined
        or (decision.procedure_state or DECISION.initial) not in UNDECIDED
    ):
        return
    notify(
        desk.session,
        "waits",
        decision,
        recipients.holders(desk.session, Permission.VOTE_RECORD, decision),
        now=desk.now,
        occasion=f"{_RULE}{decision.id}:{desk.now.isoformat()}",
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        url=f"/redaktion/eintrag/{decision.id}/abstimmung#andere-regel",
        words=f"Die Abstimmung ist nach „{used.used}“ gezählt statt nach der Regel des Gremiums („{used.own}“): Bitte ansehen und bestätigen. Grund: {used.reason}",
    )


def follow(desk: Desk, body: models.Body) -> None:
    """The body's rule may be another one for the public now: where it is that of a vote, nobody needs to confirm it any more."""
    decision, vote = models.Decision, models.Vote
    query = (
        sa.select(decision)
        .join(vote, vote.item_id == decision.id)
        .where(decision.body_id == body.id, vote.rule_reason != "", vote.confirmed_at.is_(None))
    )
    for row in desk.session.scalars(query):
        used = ballots.rule_of(desk.session, row)
        if used is not None and used.is_own:
            settle(desk.session, "waits", row, now=desk.now, about=_RULE)


def confirm(desk: Desk, decision: models.Decision, seen: str | None = None) -> None:
    """Confirm the rule of the vote that was read, as a second person, and tell whoever entered it. Raises `Blocked`."""
    ballots.confirm_rule(desk, decision, seen)
    _answer(desk, decision, "ist bestätigt.")


def decline(desk: Desk, decision: models.Decision, note: str, seen: str | None = None) -> None:
    """Decline it with a note, as a second person, and tell whoever entered it. Raises `Blocked`."""
    ballots.decline_rule(desk, decision, note, seen)
    _answer(desk, decision, f"ist abgelehnt; bitte die Stimmen neu eintragen. Hinweis: {note.strip()}")


def _answer(desk: Desk, decision: models.Decision, words: str) -> None:
    vote = ballots.vote_of(desk.session, decision)
    assert vote is not None  # noqa: S101 - just decided on
    settle(desk.session, "waits", decision, now=desk.now, about=_RULE)
    notify(
        desk.session,
        "answered",
        decision,
        recipients.named(desk.session, {vote.recorded_login}),
        now=desk.now,
        occasion=f"{_RULE}{decision.id}:{desk.now.isoformat()}",
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        words=f"Die andere Abstimmungsregel („{ballots.rule_title(vote.rule)}“) {words}",
    )
