"""The green list of a session adopted with one vote: all items or none, numbered in the order of the agenda.

An item of the green list is an agenda item of that list whose decision lies ready: a draft of the same session, on the
agenda, with the same title (or named by the item). Adopted ones are linked from the agenda afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.council import agenda, ballots
from content.services.editing import unreviewed
from content.services.publishing.publish import Desk
from content.services.workflow import transition
from workflows.catalogue import LASTING
from workflows.decision import DECISION
from workflows.engine import Blocked, Blocker
from workflows.publication import GONE

DECIDED = LASTING["decision"]
OTHER_LIST = "other_list"
"""Code of what refuses a list that nobody has read as it is."""


@dataclass(frozen=True, slots=True)
class GreenItem:
    """An item of the green list and the decision that lies ready for it, if one does."""

    agenda: models.AgendaItem
    decision: models.Decision | None

    @property
    def name(self) -> str:
        """„TOP 4 Haushalt“."""
        return f"TOP {self.agenda.top} {self.agenda.title}" if self.agenda.top else self.agenda.title

    @property
    def seen(self) -> Seen:
        """What a page shows of it."""
        return (
            Seen(self.decision.id, self.decision.rev, self.name) if self.decision is not None else Seen(0, 0, self.name)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody read of an item of the list: its decision with the revision, 0 where none lay ready, and the name."""

    decision_id: int
    rev: int
    name: str


def green_list(session: Session, meeting: models.Meeting) -> list[GreenItem]:
    """The items of the green list that ask for a decision and have none yet, in the order of the agenda."""
    rows = session.scalars(
        sa.select(models.Decision)
        .where(models.Decision.meeting_id == meeting.id, models.Decision.publication_state.not_in(GONE))
        .order_by(models.Decision.id)
    )
    by_title: dict[str, models.Decision] = {}
    by_url: dict[str, models.Decision] = {}
    for one in rows:
        by_title.setdefault(agenda.same_title(one.title), one)
        by_url[one.url] = one
    found = []
    for row in meeting.agenda:
        if row.list_kind == "green" and row.goal == "decision":
            decision = by_url.get(row.decision_url or "") or by_title.get(agenda.same_title(row.title))
            if row.decision_url and decision is None:
                continue  # its decision is known and was made elsewhere
            if decision is None or (decision.procedure_state not in DECIDED and not decision.number):
                found.append(GreenItem(row, decision))
    return found


def adopted_items(session: Session, meeting: models.Meeting) -> list[GreenItem]:
    """The items of the green list whose decision has its number, in the order of the agenda."""
    urls = [row.decision_url for row in meeting.agenda if row.list_kind == "green" and row.decision_url]
    known = {
        row.url: row
        for row in session.scalars(
            sa.select(models.Decision).where(models.Decision.url.in_(urls), models.Decision.number.is_not(None))
        )
    }
    return [
        GreenItem(row, known[row.decision_url])
        for row in meeting.agenda
        if row.list_kind == "green" and row.decision_url in known
    ]


def changes(then: Sequence[Seen], now: Sequence[Seen]) -> list[str]:
    """What is another between the list that was read and the one there is, in German sentences; empty where it is the same."""
    if tuple(then) == tuple(now):
        return []
    before, after = ({row.decision_id or row.name: row for row in rows} for rows in (then, now))
    both = [(before[key], after[key]) for key in after if key in before]
    words = [f"Neu auf der Liste: {row.name}." for key, row in after.items() if key not in before]
    words += [f"Nicht mehr auf der Liste: {row.name}." for key, row in before.items() if key not in after]
    words += [f"Der Entwurf ist geändert: {new.name}." for old, new in both if old.rev != new.rev]
    words += [
        f"In der Tagesordnung heißt es jetzt: {new.name} (vorher: {old.name})."
        for old, new in both
        if old.name != new.name
    ]
    return words or ["Die Reihenfolge der Tagesordnung ist eine andere."]


def adopt(
    desk: Desk,
    meeting: models.Meeting,
    given: Mapping[str, str],
    *,
    is_circulation: bool = False,
    seen: Sequence[Seen] | None = None,
) -> list[models.Decision]:
    """Adopt every item with one vote by the body's rule; by another one each is voted on alone. Raises `Blocked` that names each item that stands in the way; then nothing is changed.

    `seen`: the list that was read; where there is another one by now, nothing is adopted. Raises `Stale` where somebody writes
    into the agenda or a draft meanwhile.

    The caller's transaction must end with the error: items before the refused one were already moved in it.
    """
    transition.hold(desk.session, meeting, meeting.rev)
    items = green_list(desk.session, meeting)
    if seen is not None and (other := changes(seen, [item.seen for item in items])):
        raise Blocked(
            (
                Blocker(
                    OTHER_LIST,
                    "Die Grüne Liste ist nicht mehr die, die Sie gelesen haben. Bitte neu ansehen, dann beschließen.",
                ),
                *(Blocker(OTHER_LIST, words) for words in other),
            )
        )
    if not items:
        raise Blocked((Blocker("empty", "Auf der Grünen Liste dieser Sitzung steht nichts, was zu beschließen wäre."),))
    with unreviewed.together(desk, meeting):
        return _adopt(desk, meeting, items, given, is_circulation=is_circulation)


def _adopt(
    desk: Desk, meeting: models.Meeting, items: Sequence[GreenItem], given: Mapping[str, str], *, is_circulation: bool
) -> list[models.Decision]:
    refused: list[Blocker] = []
    adopted = []
    for item in items:
        if item.decision is None:
            refused.append(
                Blocker("no_decision", f"{item.name}: Es gibt keinen Beschlussentwurf dieser Sitzung mit diesem Titel.")
            )
            continue
        try:
            ballots.record(desk, item.decision, given, is_circulation=is_circulation, is_en_bloc=True)
            transition.take(desk, item.decision, DECISION, "adopt")
            agenda.put(meeting, item.agenda, item.decision)
            adopted.append(item.decision)
        except Blocked as error:
            refused += [Blocker(blocker.code, f"{item.name}: {blocker.message}") for blocker in error.blockers]
    if refused:
        raise Blocked(tuple(refused))
    desk.session.flush()
    return adopted
