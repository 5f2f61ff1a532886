"""The green list of a session adopted with one vote: all items or none, numbered in the order of the agenda.

An item of the green list is an agenda item of that list whose decision lies ready: a draft of the same session, on the
agenda, with the same title (or named by the item). Adopted ones are linked from the agenda afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services import ballots, edit, transition, unreviewed
from content.services.publish import Desk
from workflows.catalogue import LASTING
from workflows.decision import DECISION
from workflows.engine import Blocked, Blocker
from workflows.publication import GONE

DECIDED = LASTING["decision"]


@dataclass(frozen=True, slots=True)
class GreenItem:
    """An item of the green list and the decision that lies ready for it, if one does."""

    agenda: models.AgendaItem
    decision: models.Decision | None

    @property
    def name(self) -> str:
        """„TOP 4 Haushalt“."""
        return f"TOP {self.agenda.top} {self.agenda.title}" if self.agenda.top else self.agenda.title


def green_list(session: Session, meeting: models.Meeting) -> list[GreenItem]:
    """The items of the green list that ask for a decision and have none yet, in the order of the agenda."""
    rows = session.scalars(
        sa.select(models.Decision).where(models.Decision.meeting_id == meeting.id, models.Decision.publication_state.not_in(GONE)).order_by(models.Decision.id)
    )
    by_title: dict[str, models.Decision] = {}
    by_url: dict[str, models.Decision] = {}
    for row in rows:
        by_title.setdefault(_plain(row.title or ""), row)
        by_url[row.url] = row
    found = []
    for agenda in meeting.agenda:
        if agenda.list_kind == "green" and agenda.goal == "decision":
            decision = by_url.get(agenda.decision_url or "") or by_title.get(_plain(agenda.title))
            if agenda.decision_url and decision is None:
                continue  # its decision is known and was made elsewhere
            if decision is None or (decision.procedure_state not in DECIDED and not decision.number):
                found.append(GreenItem(agenda, decision))
    return found


def adopted_items(session: Session, meeting: models.Meeting) -> list[GreenItem]:
    """The items of the green list whose decision has its number, in the order of the agenda."""
    urls = [row.decision_url for row in meeting.agenda if row.list_kind == "green" and row.decision_url]
    known = {row.url: row for row in session.scalars(sa.select(models.Decision).where(models.Decision.url.in_(urls), models.Decision.number.is_not(None)))}
    return [GreenItem(row, known[row.decision_url]) for row in meeting.agenda if row.list_kind == "green" and row.decision_url in known]


def adopt(desk: Desk, meeting: models.Meeting, given: Mapping[str, str], *, is_circulation: bool = False) -> list[models.Decision]:
    """Adopt every item with one vote by the body's rule; by another one each is voted on alone. Raises `Blocked` that names each item that stands in the way; then nothing is changed.

    The caller's transaction must end with the error: items before the refused one were already moved in it.
    """
    items, before = green_list(desk.session, meeting), unreviewed.shown(desk, meeting)
    if not items:
        raise Blocked((Blocker("empty", "Auf der Grünen Liste dieser Sitzung steht nichts, was zu beschließen wäre."),))
    refused: list[Blocker] = []
    adopted = []
    for item in items:
        if item.decision is None:
            refused.append(Blocker("no_decision", f"{item.name}: Es gibt keinen Beschlussentwurf dieser Sitzung mit diesem Titel."))
            continue
        try:
            ballots.record(desk, item.decision, given, is_circulation=is_circulation, is_en_bloc=True)
            transition.take(desk, item.decision, DECISION, "adopt")
            item.agenda.decision_url = item.decision.url
            adopted.append(item.decision)
        except Blocked as error:
            refused += [Blocker(blocker.code, f"{item.name}: {blocker.message}") for blocker in error.blockers]
    if refused:
        raise Blocked(tuple(refused))
    _keep_in_input(meeting, adopted)
    desk.session.flush()
    unreviewed.judge(desk, meeting, before)
    return adopted


def _keep_in_input(meeting: models.Meeting, adopted: list[models.Decision]) -> None:
    """The agenda names the decisions from now on, also in the form and in exports."""
    numbers = {row.url: row.number for row in adopted}
    rows = [
        {**given, "decision": numbers.get(agenda.decision_url or "", given.get("decision"))}
        for given, agenda in zip(meeting.input.get("agenda", ()), meeting.agenda, strict=True)
    ]
    edit.follow(meeting, agenda=rows)


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
