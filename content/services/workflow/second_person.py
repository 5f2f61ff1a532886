"""Ask for a step that goes only by two, decline it, take it back. The second person confirms by taking the step itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content import models
from content.services.accounts import audit
from content.services.base import lookup
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle
from content.services.publishing.publish import Desk
from content.services.workflow import step_requests, transition
from content.services.workflow.step_requests import ASKED, DECLINED, TAKEN_BACK
from workflows.definition import Workflow
from workflows.engine import Blocked, Blocker


def ask(
    desk: Desk,
    item: models.Item,
    workflow: Workflow,
    name: str,
    reason: str,
    *,
    fields: Mapping[str, Any] | None = None,
    rev: int | None = None,
) -> models.StepRequest:
    """Ask for the step `name` with a reason that stays, and with what else the step asks for. Raises `Blocked`, `Stale`."""
    transition.refuse_foreign(item, workflow)
    transition.hold(desk.session, item, rev)
    reason, rule = reason.strip(), workflow.transitions[name]
    given = {
        **{need: (fields or {}).get(need) for need in rule.needs},
        **dict.fromkeys(rule.needs & step_requests.REASONS, reason or "?"),
    }
    blockers = [
        row
        for row in transition.hindrances(desk, item, workflow, name, given)
        if row.code not in step_requests.FOR_SECOND
    ]
    if not step_requests.needs_second(workflow, name):
        blockers.append(Blocker("goes_alone", f"„{workflow.transitions[name].title}“ braucht keinen Antrag."))
    if step_requests.of(desk.session, item, workflow, name) is not None:
        blockers.append(
            Blocker("already_asked", "Das ist schon beantragt. Bitte den Antrag bestätigen, ablehnen oder abwarten.")
        )
    if not reason:
        blockers.append(
            Blocker(
                "missing_reason",
                "Der Grund fehlt. Bitte angeben: Er bleibt im Verlauf, und die zweite Person entscheidet danach.",
            )
        )
    if blockers:
        raise Blocked(tuple(blockers))
    step_requests.forget(desk.session, item, workflow, but=transition.state_of(item, workflow))
    row = models.StepRequest(
        item_id=item.id,
        workflow=workflow.name,
        transition=name,
        source=transition.state_of(item, workflow),
        reason=reason,
        asked_by=desk.actor,
        asked_name=desk.actor_name or desk.actor,
        asked_at=desk.now,
        rev=item.rev,
    )
    desk.session.add(row)
    desk.session.flush()
    decision = (
        lookup.find_decision(desk.session, str(given.get("decision") or "").strip())
        if "decision" in rule.needs
        else None
    )
    _note(desk, item, workflow, ASKED, name, reason, decision_url=decision.url if decision is not None else None)
    title = workflow.transitions[name].title
    notify(
        desk.session,
        "waits",
        item,
        recipients.holders(desk.session, workflow.transitions[name].permission, item),
        now=desk.now,
        occasion=_occasion(row),
        actor=desk.actor,
        actor_name=row.asked_name,
        words=f"„{title}“ ist beantragt und braucht eine zweite Person: Bitte ansehen, dann bestätigen oder ablehnen. Grund: {reason}",
    )
    return row


def decline(desk: Desk, item: models.Item, workflow: Workflow, name: str, comment: str) -> None:
    """Say no to a request, with words for who asked. Raises `Blocked`."""
    comment, row = comment.strip(), _open(desk, item, workflow, name)
    if workflow.transitions[name].permission not in desk.permits:
        raise Blocked((Blocker("no_permission", f"Für „{workflow.transitions[name].title}“ fehlt das Recht."),))
    if not comment:
        raise Blocked((Blocker("missing_comment", "Der Hinweis fehlt. Bitte sagen, warum der Antrag abgelehnt ist."),))
    _end(desk, item, workflow, row, DECLINED, comment)
    notify(
        desk.session,
        "answered",
        item,
        recipients.named(desk.session, {row.asked_by}),
        now=desk.now,
        occasion=f"declined:{_occasion(row)}"[:140],
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        words=f"Ihr Antrag „{workflow.transitions[name].title}“ ist abgelehnt. Hinweis: {comment}",
    )


def take_back(desk: Desk, item: models.Item, workflow: Workflow, name: str) -> None:
    """The one who asked wants it no more. Raises `Blocked`."""
    row = _open(desk, item, workflow, name)
    if row.asked_by != desk.actor:
        raise Blocked(
            (
                Blocker(
                    "other_person",
                    "Zurücknehmen kann einen Antrag nur, wer ihn gestellt hat. Eine zweite Person kann ihn ablehnen.",
                ),
            )
        )
    _end(desk, item, workflow, row, TAKEN_BACK, "")


def _open(desk: Desk, item: models.Item, workflow: Workflow, name: str) -> models.StepRequest:
    transition.refuse_foreign(item, workflow)
    transition.hold(desk.session, item, None)
    row = step_requests.of(desk.session, item, workflow, name)
    if row is None:
        raise Blocked((Blocker("not_asked", "Ein Antrag dazu ist nicht mehr offen. Bitte neu ansehen."),))
    return row


def _end(desk: Desk, item: models.Item, workflow: Workflow, row: models.StepRequest, mark: str, comment: str) -> None:
    desk.session.delete(row)
    desk.session.flush()
    _note(desk, item, workflow, mark, row.transition, comment)
    settle(desk.session, "waits", item, now=desk.now, about=_occasion(row))


def _note(
    desk: Desk,
    item: models.Item,
    workflow: Workflow,
    mark: str,
    name: str,
    comment: str,
    *,
    decision_url: str | None = None,
) -> None:
    state = transition.state_of(item, workflow)
    transition.keep(
        desk.session,
        [
            {
                "workflow": workflow.name,
                "version": workflow.version,
                "transition": f"{mark}{name}",
                "source": state,
                "target": state,
                "at": desk.now,
                "comment": comment,
                "decision_url": decision_url,
                **transition.recorded(desk, item),
            }
        ],
    )
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=f"step.{workflow.name}.{mark}{name}"[:60],
        subject=item.url,
        detail=step_requests.title_of(workflow, f"{mark}{name}") + (f": {comment}" if comment else ""),
    )


def _occasion(row: models.StepRequest) -> str:
    """Begins as steps of the workflow do: whatever moves the item settles it."""
    return f"step:{row.workflow}:request:{row.item_id}:{row.id}"
