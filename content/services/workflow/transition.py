"""Carry out a step of a workflow: the one road for button, form, command line and clock.

`take` asks `workflows.engine`, moves the state by compare-and-set, does the effects and writes the history, all in the
caller's one transaction. Nothing else in the house changes a state.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import meeting_url
from content.freezing.endings import ENDED
from content.proof.ledger import Act
from content.schemas import FieldError, InvalidInput
from content.services.accounts import audit
from content.services.base import lookup, rights
from content.services.council import adopted_text, agenda, ballots, endings, gazette, numbering, other_rule
from content.services.editing import edit, mentions, removal, unreviewed
from content.services.implementation import implementation
from content.services.notifications import notify
from content.services.publishing import changes, frozen_text, publish, publishable
from content.services.publishing.publish import Desk
from content.services.workflow import named_later, step_notices, step_requests
from content.typed.berlin import day_of
from content.typed.whole import whole
from workflows.catalogue import LASTING, PROCEDURES, WORKFLOWS
from workflows.decision import DECISION
from workflows.definition import Workflow
from workflows.engine import Ask, Blocker, Offer, Past, Step, foreseen, offers, plan, require
from workflows.publication import GONE, PUBLICATION
from workflows.vocabulary import Effect, Permission


class Stale(Exception):  # noqa: N818 - named for the situation
    """Somebody was faster: the item has another revision or state than the step was made for."""

    def __init__(self, item: models.Item) -> None:
        super().__init__("Der Eintrag wurde inzwischen geändert. Bitte neu ansehen und noch einmal entscheiden.")
        self.item = item


def take(
    desk: Desk,
    item: models.Item,
    workflow: Workflow,
    name: str,
    fields: Mapping[str, Any] | None = None,
    *,
    rev: int | None = None,
    seen: int | None = None,
) -> models.StepEntry:
    """Take the step `name`. `rev` is the revision the actor saw, `seen` the last step (as `last_step`).

    Raises `Blocked`, `Stale`, and `InvalidInput` for a workflow that is not the item's.
    """
    refuse_foreign(item, workflow)
    ask = _ask(desk, item, workflow, fields or {}, name)
    step = require(workflow, name, ask)
    desk.session.flush()
    _hold_beside(desk, item, workflow, step, seen)
    if workflow is PUBLICATION and step.source in _UNFREEZING:
        frozen_text.nothing(desk.session, item)
    before = None if workflow is PUBLICATION else unreviewed.shown(desk, item)
    may_wait = step.source != step.target and step_requests.may_wait(workflow, step.source)
    requests = step_requests.by_step(desk.session, item, workflow) if may_wait else {}
    _compare_and_set(desk.session, item, workflow, step, rev)
    given = ask.fields
    note = _note(given)
    decision = _decision(desk.session, given)
    # Publication decides on a text that lies ready; the others may write into the row, and their line names what it says then.
    decided = frozen_text.decided_on(desk.session, item) if workflow is PUBLICATION else None
    _times(item, workflow, name, given)
    if workflow is PUBLICATION and (step.target in _UNFREEZING or name in changes.BACK):
        frozen_text.drop(desk.session, item)
    for effect in step.effects:
        _EFFECTS.get(effect, _no_effect)(desk, item, step, given)
    if workflow.column == "procedure_state":
        _keep_in_input(item, workflow, step, decision)
        _keep_meeting(desk, item, workflow, given)
        gazette.keep(item, given)
    desk.session.flush()
    unreviewed.judge(desk, item, before)
    rev_decided, digest = decided or (item.rev, item.input_digest)
    entry = _entry(
        desk.session,
        item_id=item.id,
        workflow=workflow.name,
        version=workflow.version,
        transition=name,
        source=step.source,
        target=step.target,
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        at=desk.now,
        comment=str(given.get("comment") or note or reasons_in_words(given) or gazette.in_words(given)),
        decision_url=decision.url if decision else None,
        rev=rev_decided,
        sha256=digest or edit.digest(item.input),
    )
    if step.source != step.target:
        step_requests.forget(desk.session, item, workflow)
    if decision is not None:
        mentions.keep(desk.session, item)
    _tell(desk, item, workflow, step)
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=f"step.{workflow.name}.{name}",
        subject=item.url,
        # A note is public; a comment is a text of those who may read it, and stands in the history only.
        detail=f"{workflow.states[step.source].title} → {workflow.states[step.target].title}"
        + (f": {note}" if note else ""),
    )
    step_notices.after_step(desk, item, workflow, step, entry)
    step_notices.after_requests(desk, item, workflow, step, requests.values())
    return entry


def _tell(desk: Desk, item: models.Item, workflow: Workflow, step: Step) -> None:
    """What follows a step for the public, or for those who were asked something that it answers."""
    if isinstance(item, models.Decision) and step.target in ENDED:
        endings.show(desk, item)
    if isinstance(item, models.Body) and workflow is PUBLICATION:
        other_rule.follow(desk, item)
    if isinstance(item, models.Recommendation) and workflow.column == "procedure_state":
        implementation.show(desk, item, f"Stand: {workflow.states[step.target].title}")


def possible(desk: Desk, item: models.Item, workflow: Workflow) -> tuple[Offer, ...]:
    """The steps that start in the item's state, each possible or with every reason why not."""
    return offers(workflow, _ask(desk, item, workflow, {}))


def hindrances(
    desk: Desk,
    item: models.Item,
    workflow: Workflow,
    name: str,
    fields: Mapping[str, Any] | None = None,
    *,
    state: str | None = None,
) -> tuple[Blocker, ...]:
    """Every reason why the step `name` cannot be taken; without `fields`: whatever is given with it. Nothing is changed.

    With `state`: as if the item stood there.
    """
    asked = _ask(desk, item, workflow, fields or {}, name)
    ask = asked if state is None else replace(asked, state=state)
    if fields is None:
        return foreseen(workflow, name, ask)
    answer = plan(workflow, name, ask)
    return () if isinstance(answer, Step) else answer


def publish_now(desk: Desk, item: models.Item) -> models.Edition:
    """Publish what was decided elsewhere, as operators do. Raises `Blocked`."""
    take(desk, item, PUBLICATION, "import")
    return _current(desk.session, item)


def correct(desk: Desk, item: models.Item, note: str) -> models.Edition:
    """Put a new edition, of the row as it is, in the place of the public one; `note` tells the public what changed. Raises `Blocked`.

    A change that was handed in before goes back: the row went on without it.
    """
    lost = changes.overtaken(desk.session, item)
    if lost is not None:
        take(
            desk,
            item,
            PUBLICATION,
            "return_change",
            {
                "comment": f"Statt der Revision {lost.rev} ist ein anderer Text öffentlich: {note} Ihrer steht im Verlauf."
            },
        )
    frozen_text.drop(desk.session, item)
    take(desk, item, PUBLICATION, "correct", {"note": note})
    return _current(desk.session, item)


def republish(desk: Desk, item: models.Item, note: str) -> models.Edition:
    """Bring a withdrawn item back with a new edition. Raises `Blocked`."""
    take(desk, item, PUBLICATION, "republish", {"note": note})
    return _current(desk.session, item)


def withdraw(desk: Desk, item: models.Item, reason: str) -> None:
    """Take an item out of the public; its address answers 410 with `reason`. Raises `Blocked`."""
    take(desk, item, PUBLICATION, "withdraw", {"note": reason})


def procedure_of(item: models.Item) -> Workflow | None:
    """The workflow of what becomes of this kind, where it has one."""
    return PROCEDURES.get(item.kind)


def workflows_of(kind: str) -> tuple[Workflow, ...]:
    """The workflows that items of this kind go through: publication, and the one of what becomes of it."""
    procedure = PROCEDURES.get(kind)
    return (PUBLICATION, procedure) if procedure is not None else (PUBLICATION,)


def refuse_foreign(item: models.Item, workflow: Workflow) -> None:
    """Raise `InvalidInput` unless `workflow` is one that this kind goes through: another one's state would mean nothing here."""
    known = workflows_of(item.kind)
    if workflow not in known:
        named = " und ".join(f"„{one.title}“" for one in known)
        message = f"Den Ablauf „{workflow.title}“ gibt es für diese Art nicht, nur {named}. Bitte die Seite neu laden."
        raise InvalidInput([FieldError("workflow", "foreign_workflow", message)])


def state_of(item: models.Item, workflow: Workflow) -> str:
    """The state of `item` in `workflow`; what never took a step stands at the beginning."""
    return str(getattr(item, workflow.column) or workflow.initial)


def history(session: Session, item: models.Item, workflow: Workflow | None = None) -> list[models.StepEntry]:
    """The steps of `item`, oldest first."""
    query = sa.select(models.StepEntry).where(models.StepEntry.item_id == item.id).order_by(models.StepEntry.id)
    if workflow is not None:
        query = query.where(models.StepEntry.workflow == workflow.name)
    return list(session.scalars(query))


def last_step(session: Session, item: models.Item) -> int:
    """The newest step of `item` in any workflow, as forms name what they were made from; 0 where it took none."""
    return session.scalar(sa.select(sa.func.max(models.StepEntry.id)).where(models.StepEntry.item_id == item.id)) or 0


def _ask(desk: Desk, item: models.Item, workflow: Workflow, fields: Mapping[str, Any], name: str = "") -> Ask:
    past: list[Past] = []
    facts: dict[str, Any] = {}
    wanted = workflow.facts if not name else _facts_of(workflow, name)
    needs_past = not name or any(guard.steps for guard in workflow.transitions[name].guards)
    if needs_past and item.id is not None:
        past = [Past(row.transition, row.actor, row.at) for row in history(desk.session, item, workflow)]
    if name and step_requests.needs_second(workflow, name):
        fields = _asked_fields(desk, item, workflow, fields, name)
    for fact in wanted:
        facts[fact] = (
            step_requests.by_step(desk.session, item, workflow)
            if fact == "requests"
            else _FACTS[fact](desk, item, fields, name)
        )
    return Ask(
        actor=desk.actor,
        permits=desk.permits,
        now=desk.now,
        state=state_of(item, workflow),
        fields=fields,
        history=past,
        facts=facts,
    )


def _asked_fields(
    desk: Desk, item: models.Item, workflow: Workflow, fields: Mapping[str, Any], name: str
) -> Mapping[str, Any]:
    """Who confirms a request confirms its reason and what it names, and writes nothing of their own.

    Operators and imports need no second person: what they give themselves stays theirs.
    """
    request, needs = step_requests.of(desk.session, item, workflow, name), workflow.transitions[name].needs
    if request is None or (
        Permission.ITEM_IMPORT in desk.permits
        and any(str(fields.get(need) or "").strip() for need in needs & step_requests.REASONS)
    ):
        return fields
    named = {"decision": step_requests.decision_of(desk.session, request)} if "decision" in needs else {}
    return {**fields, **named, **dict.fromkeys(needs & step_requests.REASONS, request.reason)}


def _facts_of(workflow: Workflow, name: str) -> frozenset[str]:
    return frozenset[str]().union(*(guard.facts for guard in workflow.transitions[name].guards))


def _named_by(desk: Desk, item: models.Item, fields: Mapping[str, Any], _name: str) -> bool:
    decision = _decision(desk.session, fields)
    return decision is not None and (item.url in decision.recommendation_urls)


def _vote(desk: Desk, item: models.Item, fields: Mapping[str, Any], _name: str) -> Any:
    decision = item if isinstance(item, models.Decision) else _decision(desk.session, fields)
    return ballots.result_of(desk.session, decision) if decision is not None else None


def _vote_rule(desk: Desk, item: models.Item, fields: Mapping[str, Any], _name: str) -> Any:
    decision = item if isinstance(item, models.Decision) else _decision(desk.session, fields)
    return ballots.rule_of(desk.session, decision) if decision is not None else None


def _decided_on(_desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> dt.date | None:
    return item.date if isinstance(item, models.Decision) else None


def _announced_on(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> dt.date | None:
    """The day of the announcement, once it has come."""
    day = item.gazette_date if isinstance(item, models.Decision) else None
    return day if day is not None and day <= day_of(desk.now) else None


def _session_coming(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> str:
    """Why it is too early to decide: the session, or the day of the decision, is still to come. Empty where it is not."""
    if not isinstance(item, models.Decision):
        return ""
    today, meeting = day_of(desk.now), item.meeting
    # Of a session the first day counts, of a circulation the day by which members answer.
    day = (
        (meeting.end_date if meeting.meeting_kind == "circulation" else None) or meeting.date
        if meeting is not None
        else None
    )
    if meeting is not None and day is not None and day > today:
        return f"„{meeting.title or meeting.url}“ ist erst am {day:%d.%m.%Y}. Entschieden wird frühestens an diesem Tag; stimmt er nicht, bitte den Tag an der Sitzung berichtigen."
    if item.date is not None and item.date > today:
        return f"Der Beschluss trägt den {item.date:%d.%m.%Y}. Entschieden wird frühestens an diesem Tag; stimmt er nicht, bitte den Tag am Beschluss berichtigen."
    return ""


def _wording_problem(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> str:
    return ballots.other_wording(desk.session, item) if isinstance(item, models.Decision) else ""


def _deviates(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> str:
    return adopted_text.DEVIATES if adopted_text.deviation(desk.session, item) is not None else ""


def _decision(session: Session, fields: Mapping[str, Any]) -> models.Decision | None:
    given = str(fields.get("decision") or "").strip()
    found = lookup.find_decision(session, given) if given else None
    return found if isinstance(found, models.Decision) else None


def _decision_problem(desk: Desk, item: models.Item, fields: Mapping[str, Any], name: str) -> str:
    """Why the decision given does not count; empty where it does, or where none is given."""
    given = str(fields.get("decision") or "").strip()
    decision = _decision(desk.session, fields)
    if not given:
        return ""
    is_known = decision is not None and (
        decision.publication_state == "published" or desk.grants is None or rights.may_see(desk.grants, decision)
    )
    if decision is None or not is_known or decision.publication_state in GONE:
        return f"Den Beschluss „{given[:80]}“ gibt es nicht. Bitte Nummer oder Adresse prüfen, etwa 2021/39."
    if decision is item:
        return "Das ist der Beschluss selbst. Bitte den Beschluss angeben, der an seine Stelle tritt."
    label, counting = (
        (f"Beschluss {decision.number}" if decision.number else "Dieser Beschluss"),
        ballots.ADOPTED if name == "supersede" else _ADOPTED_ONCE,
    )
    if decision.procedure_state not in counting:
        return f"{label} ist „{DECISION.title_of(state_of(decision, DECISION))}“. Hier zählt nur ein Beschluss, der beschlossen ist und gilt."
    if item.publication_state == "published" and decision.publication_state != "published":
        return f"{label} ist nicht öffentlich, der Eintrag aber schon. Bitte zuerst den Beschluss veröffentlichen."
    return ""


_ADOPTED_ONCE: Final = LASTING["decision"] - {"annulled"}
"""States of a decision on which something may rest, even where another one took its place since."""


def _problem(_desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> str:
    found = publishable.problem(item)
    return found.message if found is not None else ""


def _due_at(_desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> dt.datetime | None:
    return item.publish_at


def _embargo_until(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> dt.datetime | None:
    return desk.session.scalar(sa.select(models.Embargo.until).where(models.Embargo.item_id == item.id))


def _unconfirmed(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> list[str]:
    return implementation.unconfirmed(desk.session, item) if isinstance(item, models.Recommendation) else []


def _meeting_problem(desk: Desk, item: models.Item, fields: Mapping[str, Any], _name: str) -> str:
    """Why a decision cannot go on the agenda of the session given; empty when it can."""
    meeting = _meeting(desk.session, item, fields)
    if meeting is None:
        return "Diese Sitzung gibt es nicht. Bitte die Adresse oder die Nummer der Sitzung angeben, etwa /sitzung/36 oder 36."
    if isinstance(item, models.Decision) and meeting.body_id != item.body_id:
        return f"{meeting.title} gehört zu einem anderen Gremium als der Beschluss. Bitte eine Sitzung von {item.body.title} wählen."
    return (
        f"{meeting.title} liegt im Papierkorb. Bitte eine andere Sitzung wählen."
        if meeting.publication_state == "trashed"
        else ""
    )


def _meeting(session: Session, item: models.Item, fields: Mapping[str, Any]) -> models.Meeting | None:
    """The session named by its address or, in the item's body, by its number."""
    given = str(fields.get("meeting") or "").strip()
    number = whole(given, most=9_999)
    if number is not None and isinstance(item, models.Decision):
        given = meeting_url(item.body.slug, "numbered", ordinal=number, date=None)
    found = lookup.find(session, given) if given.startswith("/") else None
    return found if isinstance(found, models.Meeting) else None


def _editors(desk: Desk, item: models.Item, _fields: Mapping[str, Any], name: str) -> frozenset[str]:
    """Who changed the text since the revision that is or was public, or handed the change in."""
    return changes.authors(desk.session, item, is_held=bool(name)) if item.id is not None else frozenset()


def _differs(desk: Desk, item: models.Item, _fields: Mapping[str, Any], _name: str) -> bool:
    """Whether a correction would show the public anything else; what was handed in before the row went on is another text."""
    if item.publication_state != "published":
        return True
    return frozen_text.newer(desk.session, item) is not None or publish.differs(desk, item)


_FACTS: Final[Mapping[str, Any]] = {
    "differs": _differs,
    "unripe": lambda desk, item, _fields, _name: publishable.unripe(desk.session, item),
    "empty": lambda _desk, item, _fields, _name: publishable.empty(item),
    "lasting": lambda desk, item, _fields, _name: numbering.lasting(desk.session, item),
    "change": lambda desk, item, _fields, name: changes.of(desk.session, item, is_held=bool(name)),
    "editors": _editors,
    "meeting_problem": _meeting_problem,
    "problem": _problem,
    "users": lambda desk, item, _fields, _name: mentions.user_titles(desk.session, item, desk.grants),
    "due_at": _due_at,
    "embargo_until": _embargo_until,
    "vote": _vote,
    "vote_rule": _vote_rule,
    "decided_on": _decided_on,
    "announced_on": _announced_on,
    "named_by": _named_by,
    "session_coming": _session_coming,
    "wording_problem": _wording_problem,
    "deviates": _deviates,
    "today": lambda desk, _item, _fields, _name: day_of(desk.now),
    "decision_problem": _decision_problem,
    "unconfirmed": _unconfirmed,
}


def _compare_and_set(session: Session, item: models.Item, workflow: Workflow, step: Step, rev: int | None) -> None:
    statement = _move(
        workflow.column, is_unset_known=step.source == workflow.initial and workflow.column == "procedure_state"
    )
    before = item.rev if rev is None else rev
    changed: Any = session.execute(
        statement, {"of": item.id, "before": before, "source": step.source, "target": step.target}
    )
    if changed.rowcount != 1:
        session.refresh(item)
        raise Stale(item)
    sa.orm.attributes.set_committed_value(item, workflow.column, step.target)


def hold(session: Session, item: models.Item, rev: int | None) -> None:
    """Take the row for this transaction, if it has the revision `rev` still. Raises `Stale`."""
    found = session.execute(
        sa.select(models.Item.rev).where(models.Item.id == item.id).with_for_update(of=models.Item)
    ).scalar_one()
    if rev is not None and found != rev:
        session.refresh(item)
        raise Stale(item)


def _hold_beside(desk: Desk, item: models.Item, workflow: Workflow, step: Step, seen: int | None) -> None:
    """Hold what the step rests on beside the row itself, before that is held: the agenda that will name the number, the history that was read."""
    if Effect.GIVE_NUMBER in step.effects and isinstance(item, models.Decision):
        agenda.hold(desk.session, item)
    rests_on_vote = workflow is DECISION and any(
        "vote" in guard.facts for guard in workflow.transitions[step.transition].guards
    )
    if seen is not None and (
        step.source == step.target or rests_on_vote or step_requests.needs_second(workflow, step.transition)
    ):
        _compare_history(desk.session, item, seen)


def _compare_history(session: Session, item: models.Item, seen: int) -> None:
    """What stays in its state is no witness of who was first, nor of which request somebody read: the history is, read once nobody else can write to it."""
    session.execute(sa.select(models.Item.id).where(models.Item.id == item.id).with_for_update())
    if last_step(session, item) != seen:
        session.refresh(item)
        raise Stale(item)


@functools.cache
def _move(name: str, *, is_unset_known: bool) -> sa.Update:
    """The statement that moves a state, made once: building it anew cost more than carrying it out."""
    table = cast("sa.Table", models.Item.__table__)
    column = table.c[name]
    known = column == sa.bindparam("source")
    return (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("of"),
            table.c.rev == sa.bindparam("before"),
            sa.or_(known, column.is_(None)) if is_unset_known else known,
        )
        .values({name: sa.bindparam("target")})
    )


_ENTRY: Final = sa.insert(cast("sa.Table", models.StepEntry.__table__))


TAKEN_OVER: Final = "import"
"""The line of a history that says where something stood when it came here: no step of its workflow."""


def taken_over(desk: Desk, item: models.Item, workflow: Workflow, source: str, comment: str) -> dict[str, Any]:
    """A line of the history for `keep`: `item` came in, or was moved by an import, with the state it has now."""
    return {
        "workflow": workflow.name,
        "version": workflow.version,
        "transition": TAKEN_OVER,
        "source": source,
        "target": state_of(item, workflow),
        "at": desk.now,
        "comment": comment,
        "decision_url": None,
        **recorded(desk, item),
    }


def recorded(desk: Desk, item: models.Item) -> dict[str, Any]:
    """What a line of the history of `item` says of the import that writes it."""
    return {
        "item_id": item.id,
        "actor": desk.actor,
        "actor_name": desk.actor_name or desk.actor,
        "rev": item.rev,
        "sha256": item.input_digest or edit.digest(item.input),
        "recorded_at": desk.now,
    }


def keep(session: Session, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write lines of histories of what was decided elsewhere; all at once, since imports bring thousands."""
    if lines:
        session.execute(_ENTRY, list(lines))


def _entry(session: Session, **values: Any) -> models.StepEntry:
    """Write a line of the history. It goes in past the unit of work, which would cost more than the row; nobody changes it afterwards."""
    written: Any = session.execute(_ENTRY, values)
    return models.StepEntry(id=written.inserted_primary_key[0], **values)


def _times(item: models.Item, workflow: Workflow, name: str, fields: Mapping[str, Any]) -> None:
    if workflow is not PUBLICATION:
        return
    if name == "schedule":
        item.publish_at = fields["publish_at"]
    elif name in {"unschedule", "go_live", "publish", "import"}:
        item.publish_at = None


def _keep_in_input(item: models.Item, workflow: Workflow, step: Step, decision: models.Decision | None) -> None:
    """The input says where a recommendation stands; an import of the same line must not set it back."""
    if not isinstance(item, models.Recommendation) or workflow.name != "recommendation":
        return
    edit.follow(item, state=step.target)
    if decision is not None and decision.url not in item.decision_urls:
        item.decision_urls = [*item.decision_urls, decision.url]
        edit.follow(item, decisions=[*item.input.get("decisions", ()), decision.number])


def _keep_meeting(desk: Desk, item: models.Item, workflow: Workflow, fields: Mapping[str, Any]) -> None:
    """A decision that goes on an agenda belongs to that session from now on."""
    meeting = _meeting(desk.session, item, fields)
    if (
        isinstance(item, models.Decision)
        and workflow.name == "decision"
        and meeting is not None
        and item.meeting is not meeting
    ):
        item.meeting = meeting
        edit.follow(item, meeting=meeting.url)


def reasons_in_words(fields: Mapping[str, Any]) -> str:
    """The reasons for what is missing, as the history keeps them."""
    return "; ".join(f"{name}: {reason}" for name, reason in (fields.get("reasons") or {}).items())


def _note(given: Mapping[str, Any]) -> str:
    """The words for the public that came with a step; a comment is never public."""
    return str(given.get("note") or "").strip()


_APPROVED: Final = frozenset({"publish", "go_live", "correct"})
"""Steps that publish what was submitted and approved, where anything is; others publish the row as it is."""
_UNFREEZING: Final = frozenset({"draft", "withdrawn"})
"""States in which nothing waits for approval."""
_ACTS: Final[Mapping[str, Act]] = {"correct": Act.CORRECT, "republish": Act.REPUBLISH}


def _freeze(desk: Desk, item: models.Item, step: Step, given: Mapping[str, Any]) -> None:
    if step.transition not in _APPROVED:
        frozen_text.drop(desk.session, item)
    text, (rev, _) = (
        frozen_text.text_of(desk.session, item, day_of(desk.now)),
        frozen_text.decided_on(desk.session, item),
    )
    files = frozen_text.files_of(desk.session, item, text)
    item.public_rev, item.public_at = rev, desk.now
    act = _ACTS.get(step.transition, Act.PUBLISH)
    publish.put_edition(desk, item, text, act, note=_note(given) or None, item_rev=rev, files=files)
    frozen_text.drop(desk.session, item)
    if act is Act.PUBLISH:
        named_later.show(desk, item)


def _keep_text(desk: Desk, item: models.Item, step: Step, _given: Mapping[str, Any]) -> None:
    if step.transition in {"submit", "schedule", "submit_change"}:
        frozen_text.keep(desk, item)


def _end(desk: Desk, item: models.Item, _step: Step, given: Mapping[str, Any]) -> None:
    publish.end_edition(desk, item, _note(given))


def _number(desk: Desk, item: models.Item, _step: Step, _given: Mapping[str, Any]) -> None:
    assert isinstance(item, models.Decision)  # noqa: S101 - only decisions have this effect
    numbering.give_number(desk, item)
    agenda.link(desk, item)


def _erase(desk: Desk, item: models.Item, step: Step, given: Mapping[str, Any]) -> None:
    reason = str(given.get("comment") or "").strip()
    # Nothing is left that could be asked later who may know of it.
    concerned = notify.who_may_read(
        desk.session, step_notices.concerned(desk.session, item), item, in_state=step.source
    )
    notify.notify(
        desk.session,
        "withdrawn",
        None,
        concerned,
        now=desk.now,
        occasion=f"removed:{item.id}",
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        title=item.title or item.url,
        url="/redaktion/eintraege",
        words=f"Der Eintrag ist endgültig entfernt; Text und Dateien gibt es nicht mehr. Grund: {reason}",
    )
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action="item.removed",
        subject=item.url,
        detail=reason,
    )
    removal.erase(desk.session, item)


def _no_effect(_desk: Desk, _item: models.Item, _step: Step, _given: Mapping[str, Any]) -> None:
    """Effects that only set off messages are written by `step_notices.after_step`."""


_EFFECTS: Final[Mapping[Effect, Any]] = {
    Effect.FREEZE_EDITION: _freeze,
    Effect.END_EDITION: _end,
    Effect.FREEZE_REVISION: _keep_text,
    Effect.GIVE_NUMBER: _number,
    Effect.ERASE: _erase,
}


def _current(session: Session, item: models.Item) -> models.Edition:
    edition = publish.current_edition(session, item)
    assert edition is not None, "a published item has a public edition"  # noqa: S101 - just made
    return edition


__all__ = ["WORKFLOWS", "Stale", "correct", "history", "possible", "publish_now", "republish", "take", "withdraw"]
