"""The outbox: messages are written with the change they tell of, and sent afterwards, once.

A job's key names its occasion, so that the same occasion never sets it twice. `run_due` hands each due job to its worker
in a transaction of its own: a failed one waits longer each time and says why, the others go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.publish import Desk
from workflows.definition import Workflow
from workflows.engine import Step
from workflows.vocabulary import ROLES, Effect, Permission

WAIT: Final = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30), dt.timedelta(hours=3), dt.timedelta(days=1))
MAX_ATTEMPTS: Final = 8


def put(session: Session, kind: str, key: str, payload: dict[str, Any], *, due_at: dt.datetime) -> bool:
    """Write a job unless its occasion has one already; whether it is new."""
    if session.scalar(sa.select(models.Job.id).where(models.Job.key == key)) is not None:
        return False
    session.add(models.Job(kind=kind, key=key, payload=payload, due_at=due_at))
    session.flush()
    return True


def after_step(desk: Desk, item: models.Item, workflow: Workflow, step: Step, *, comment: str) -> None:
    """Write the messages that a step sets off: to those who may review it, to its author, to the representatives."""
    people: list[models.Account] = []
    if Effect.NOTIFY_REVIEWERS in step.effects:
        people = holders(desk.session, Permission.ITEM_REVIEW, item)
    elif Effect.NOTIFY_AUTHOR in step.effects or step.transition == "reject":
        people = _authors(desk.session, item)
    elif Effect.NOTIFY_MEMBERS in step.effects:
        people = _with_role(desk.session, "land")
    for person in people:
        if person.email and person.login != desk.actor:
            payload = {
                "to": person.email, "name": person.name, "item": item.id, "title": item.title or item.url,
                "state": workflow.states[step.target].title, "step": workflow.transitions[step.transition].title,
                "actor": desk.actor_name or desk.actor, "comment": comment,
            }
            key = f"step:{item.id}:{workflow.name}:{step.transition}:{item.rev}:{desk.now.isoformat()}:{person.login}"
            put(desk.session, "mail.step", key[:200], payload, due_at=desk.now)


def holders(session: Session, permission: Permission, item: models.Item) -> list[models.Account]:
    """Active people who hold `permission` for items of this kind and owner."""
    roles = [name for name, role in ROLES.items() if permission in role.permits and (not role.kinds or item.kind in role.kinds)]
    held = sa.select(models.Grant.account_id).where(models.Grant.role.in_(roles), models.Grant.organisation.in_({"", item.owner}))
    return list(session.scalars(sa.select(models.Account).where(models.Account.is_active, models.Account.id.in_(held))))


def _with_role(session: Session, role: str) -> list[models.Account]:
    held = sa.select(models.Grant.account_id).where(models.Grant.role == role)
    return list(session.scalars(sa.select(models.Account).where(models.Account.is_active, models.Account.id.in_(held))))


def _authors(session: Session, item: models.Item) -> list[models.Account]:
    logins = sa.select(models.StepEntry.actor).where(models.StepEntry.item_id == item.id, models.StepEntry.transition == "submit")
    return list(session.scalars(sa.select(models.Account).where(models.Account.is_active, models.Account.login.in_(logins))))


def due(session: Session, now: dt.datetime, limit: int = 100) -> Iterable[models.Job]:
    """Jobs to be done now, oldest first."""
    query = (
        sa.select(models.Job)
        .where(models.Job.done_at.is_(None), models.Job.due_at <= now, models.Job.attempts < MAX_ATTEMPTS)
        .order_by(models.Job.due_at, models.Job.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def failed(job: models.Job, now: dt.datetime, error: str) -> None:
    """Note a failure; the next try comes later each time."""
    job.attempts += 1
    job.error = error[:500]
    job.due_at = now + WAIT[min(job.attempts, len(WAIT)) - 1]
