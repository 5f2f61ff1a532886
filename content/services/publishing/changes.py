"""A change to what is public: handed in, taken or given back. The public reads the edition all the while.

The mark of a change that was handed in is its frozen text (`frozen_text`): the item stays `published`, and nothing of the
working copy is read by anybody but the desk until somebody else corrects the edition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.publishing import frozen_text

STEPS: Final = ("submit_change", "recall_change", "return_change", "correct")
"""The steps of publication that say where a change stands; the last of them counts."""
ENDING: Final = (*STEPS, "withdraw")
"""Steps that may end a change that was handed in; of several the last counts."""
BACK: Final = frozenset({"recall_change", "return_change"})
"""A change comes back to those who work on it."""
RETURNING: Final = ("reject", "return_change")
"""The steps of publication that give something back with a comment."""


@dataclass(frozen=True, slots=True)
class Change:
    """Where the change of a public text stands, as guards ask: `submitter` (a login) is empty where nothing is submitted."""

    is_ahead: bool = False
    is_submitted: bool = False
    is_handed_back: bool = False
    submitter: str = ""


def of(session: Session, item: models.Item, *, is_held: bool = True) -> Change:
    """The change of `item`; held for this transaction, of two who decide on it one is first. Who only shows it need not hold it."""
    if item.publication_state != "published" or item.id is None:
        return Change()
    row, step, frozen = models.Item, models.StepEntry, models.FrozenText
    last = (
        sa.select(sa.func.max(step.id))
        .where(step.item_id == item.id, step.workflow == "publication", step.transition.in_(STEPS))
        .scalar_subquery()
    )
    query = (
        sa.select(
            row.rev, row.public_rev, frozen.rev.label("frozen"), step.transition, step.rev.label("decided"), step.actor
        )
        .outerjoin(frozen, frozen.item_id == row.id)
        .outerjoin(step, step.id == last)
        .where(row.id == item.id)
    )
    found = session.execute(query.with_for_update(of=row) if is_held else query).one()
    is_submitted = found.frozen is not None
    return Change(
        is_ahead=0 < found.public_rev < found.rev,
        is_submitted=is_submitted,
        is_handed_back=not is_submitted and found.transition in BACK and found.decided == found.rev,
        submitter=found.actor if is_submitted and found.transition == "submit_change" else "",
    )


def authors(session: Session, item: models.Item, *, is_held: bool = True) -> frozenset[str]:
    """Logins of those who wrote what a correction would publish, or handed it in: since the revision that is or was public."""
    row, kept = models.Revision, frozen_text.of(session, item)
    query = sa.select(row.actor).distinct().where(row.item_id == item.id, row.rev > item.public_rev, row.actor != "")
    if kept is None:
        return frozenset(session.scalars(query))
    return frozenset(session.scalars(query.where(row.rev <= kept.rev))) | {
        of(session, item, is_held=is_held).submitter
    } - {""}


def handed_in_by(session: Session, item: models.Item) -> set[str]:
    """Logins of who handed in the change that the step just taken decides on, and of those who wrote what is not public of it."""
    step, revision = models.StepEntry, models.Revision
    query = sa.select(step.transition, step.actor).where(
        step.item_id == item.id, step.workflow == "publication", step.transition.in_(ENDING)
    )
    before = session.execute(query.order_by(step.id.desc()).offset(1).limit(1)).one_or_none()
    if before is None or before.transition != "submit_change":
        return set()
    written = sa.select(revision.actor).where(revision.item_id == item.id, revision.rev > item.public_rev)
    return {before.actor, *session.scalars(written)}


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A change that was handed in, whose text the row as it is does not have: its revision, and who handed it in."""

    rev: int
    name: str


def overtaken(session: Session, item: models.Item) -> Overtaken | None:
    """What falls where the public text of `item` becomes the row as it is, if anything."""
    kept = frozen_text.of(session, item)
    if item.publication_state != "published" or kept is None or kept.input_sha256 == item.input_digest:
        return None
    step = models.StepEntry
    query = sa.select(step.actor_name).where(
        step.item_id == item.id, step.workflow == "publication", step.transition == "submit_change"
    )
    return Overtaken(kept.rev, session.scalar(query.order_by(step.id.desc()).limit(1)) or "")


def remarks(session: Session, item_ids: Iterable[int]) -> dict[int, str]:
    """Item → who gave it back last, with which words."""
    step = models.StepEntry
    query = sa.select(step.item_id, step.actor_name, step.comment).where(
        step.item_id.in_(list(item_ids)), step.workflow == "publication", step.transition.in_(RETURNING)
    )
    return {row.item_id: f"{row.actor_name}: {row.comment}" for row in session.execute(query.order_by(step.id))}
