"""One step for many items: each goes the road of `transition.take`, in a transaction of its own, with an answer of its own.

What cannot be done to one item hinders no other. Beforehand `choices` and `foresee` ask the same engine and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from content import models
from content.database.db import is_busy
from content.house import Work
from content.kinds import KINDS
from content.schemas import InvalidInput
from content.services.accounts.accounts import SignedIn
from content.services.workflow import desk_lists as desk
from content.services.workflow import second_person, step_requests, transition
from content.services.workflow.transition import Stale
from content.typed.berlin import day_of
from workflows.catalogue import PROCEDURES
from workflows.definition import Transition, Workflow
from workflows.engine import Blocked, Offer
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

QUICK: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "submit": False,
        "publish": False,
        "submit_change": True,
        "correct": True,
        "return_change": True,
        "withdraw": False,
        "trash": False,
        "restore": False,
    }
)
"""Steps of publication with a button of their own below a list, in this order → whether only a text that went on needs it."""
LIMIT: Final = 100
_GONE: Final = "Den Eintrag gibt es nicht mehr, oder Sie dürfen ihn nicht sehen."
_BUSY: Final = "Andere schrieben gerade zu lange. Dieser Eintrag ist nicht geändert; bitte noch einmal."
_WILL_ASK: Final = "Wird beantragt: Eine zweite Person bestätigt es oder lehnt es ab."
_ASKED: Final = "Beantragt: Eine zweite Person bestätigt es oder lehnt es ab."
_OTHER_KIND: Final = "„{step}“ gibt es bei dieser Art nicht."
_STALE: Final = "Der Eintrag wurde inzwischen geändert. Bitte neu ansehen und noch einmal entscheiden."


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item with the revision, and the last step where one is known, that was seen when it was chosen."""

    id: int
    rev: int
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one item, or would; `reasons` says why not, in German. Empty: done, or possible."""

    id: int
    rev: int
    title: str
    kind_label: str
    reasons: tuple[str, ...]
    seen: int = 0
    """The last step of the item when this was foreseen."""
    words: str = ""
    """What else is to be said of it."""
    is_confirming: bool = False
    """Whether the step confirms what somebody else asked for: their reason counts, none of one's own is asked for."""


Begin = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a workflow, as forms name it: `publish`, or `decision:record` of a procedure."""

    workflow: Workflow
    name: str

    @property
    def key(self) -> str:
        """The name in a form."""
        return self.name if self.workflow is PUBLICATION else f"{self.workflow.name}:{self.name}"

    @property
    def transition(self) -> Transition:
        """The step itself."""
        return self.workflow.transitions[self.name]


_MOVES: Final[Mapping[str, Move]] = MappingProxyType(
    {
        move.key: move
        for workflow in (PUBLICATION, *PROCEDURES.values())
        for name, rule in workflow.transitions.items()
        for move in [Move(workflow, name)]
        if any(role.is_human and rule.permission in role.permits for role in ROLES.values())
    }
)


def move_named(key: str) -> Move | None:
    """The step that a form names, if people may take it."""
    return _MOVES.get(key)


def may_move(person: SignedIn) -> bool:
    """Whether there is a step that the person may take somewhere."""
    return any(person.holds(move.transition.permission) for move in _MOVES.values())


def quick_steps(person: SignedIn, rows: Iterable[desk.DeskRow]) -> list[tuple[str, str]]:
    """(key, title) of the steps with a button of their own that could be meant for one of `rows`."""
    states = {(row.publication_state, is_changed) for row in rows for is_changed in {False, row.is_ahead}}
    found = []
    for name, needs_change in QUICK.items():
        rule = PUBLICATION.transitions[name]
        if person.holds(rule.permission) and any((source, needs_change) in states for source in rule.sources):
            found.append((name, rule.title))
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """A step that starts where some of the chosen items stand: how many can take it, and what hinders the others."""

    key: str
    title: str
    group: str
    count: int
    reasons: tuple[str, ...]


def choices(work: Work, person: SignedIn, chosen: Iterable[Chosen]) -> list[Choice]:
    """Every step that can be meant for the chosen items, those of publication first."""
    found: dict[str, list[Offer]] = {}
    for one in chosen:
        row = desk.item(work.session, person, one.id)
        if row is None:
            continue
        permitted, procedure = (
            replace(work.desk, permits=person.permits_on(row.kind, row.owner)),
            transition.procedure_of(row),
        )
        for workflow in (PUBLICATION, *([procedure] if procedure else ())):
            for offer in transition.possible(permitted, row, workflow):
                found.setdefault(Move(workflow, offer.name).key, []).append(offer)
    return [_choice(move, found[key]) for key, move in _MOVES.items() if key in found]


def _choice(move: Move, offered: list[Offer]) -> Choice:
    reasons = dict.fromkeys(blocker.message for offer in offered for blocker in offer.blockers)
    return Choice(
        move.key,
        move.transition.title,
        move.workflow.title,
        sum(offer.is_possible or _is_askable(move, offer) for offer in offered),
        tuple(reasons),
    )


def _is_askable(move: Move, offer: Offer) -> bool:
    """Whether the step can be asked for, and then waits for a second person."""
    codes = {blocker.code for blocker in offer.blockers}
    return step_requests.needs_second(move.workflow, move.name) and "not_asked" in codes <= step_requests.FOR_SECOND


def foresee(work: Work, person: SignedIn, move: Move, chosen: Iterable[Chosen]) -> list[Answer]:
    """What would become of each item, whatever is still asked for being given."""
    return [_foreseen(work, person, move, one) for one in chosen]


def _foreseen(work: Work, person: SignedIn, move: Move, one: Chosen) -> Answer:
    row = desk.item(work.session, person, one.id)
    if row is None:
        return _gone(one)
    if row.rev != one.rev:
        return _answer(one, row, (_STALE,))
    if not _is_for(move, row):
        return _answer(one, row, (_OTHER_KIND.format(step=move.transition.title),))
    permitted = replace(work.desk, permits=person.permits_on(row.kind, row.owner))
    is_open = step_requests.needs_second(move.workflow, move.name)
    found = transition.hindrances(permitted, row, move.workflow, move.name)
    asked = step_requests.of(work.session, row, move.workflow, move.name) if is_open else None
    reasons = tuple(
        one.message for one in found if not (is_open and asked is None and one.code in step_requests.FOR_SECOND)
    )
    answer = replace(_answer(one, row, reasons), seen=transition.last_step(work.session, row))
    if asked is not None and not reasons:
        return replace(answer, words=_confirmed(work, asked), is_confirming=True)
    return replace(answer, words=_WILL_ASK) if is_open and not reasons else answer


def _confirmed(work: Work, asked: models.StepRequest) -> str:
    """What a second person says yes to: whose request, why, and the decision that it names."""
    named = step_requests.decision_of(work.session, asked)
    instead = f" An die Stelle tritt {named}." if named else ""
    return f"Bestätigt den Antrag von {asked.asked_name} vom {day_of(asked.asked_at):%d.%m.%Y} – Grund: „{asked.reason}“.{instead} Dieser Grund bleibt."


def _is_for(move: Move, row: models.Item) -> bool:
    return move.workflow is PUBLICATION or move.workflow is transition.procedure_of(row)


def take_all(
    begin: Begin, person: SignedIn, move: Move, chosen: Iterable[Chosen], fields: Mapping[str, Any]
) -> list[Answer]:
    """Take `move` for each item; `begin` opens one transaction.

    Where others write for too long it raises as long as nothing was done; later it tells of each item that had no turn.
    """
    answers: list[Answer] = []
    for one in chosen:
        try:
            answers.append(_take(begin, person, move, one, fields))
        except Exception as error:
            if not (answers and is_busy(error)):
                raise
            answers.append(Answer(one.id, one.rev, f"Eintrag {one.id}", "", (_BUSY,)))
    return answers


def _take(begin: Begin, person: SignedIn, move: Move, one: Chosen, fields: Mapping[str, Any]) -> Answer:
    answer = _gone(one)
    try:
        with begin() as work:
            row = desk.item(work.session, person, one.id)
            if row is None:
                return answer
            if not _is_for(move, row):
                return _answer(one, row, (_OTHER_KIND.format(step=move.transition.title),))
            answer = _answer(one, row, ())
            permitted = replace(work.desk, permits=person.permits_on(row.kind, row.owner))
            asked = (
                step_requests.of(work.session, row, move.workflow, move.name)
                if step_requests.needs_second(move.workflow, move.name)
                else None
            )
            if step_requests.needs_second(move.workflow, move.name) and asked is None:
                # Where a request was read and is gone, or came meanwhile, something else would happen than the page said.
                transition.hold(work.session, row, one.rev)
                if one.seen is not None and transition.last_step(work.session, row) != one.seen:
                    raise Stale(row)
                second_person.ask(
                    permitted,
                    row,
                    move.workflow,
                    move.name,
                    str(fields.get("note") or fields.get("comment") or ""),
                    fields=fields,
                    rev=one.rev,
                )
                answer = replace(answer, words=_ASKED)
            else:
                words = _confirmed(work, asked) if asked is not None else ""
                transition.take(permitted, row, move.workflow, move.name, fields, rev=one.rev, seen=one.seen)
                answer = replace(answer, words=words)
    except Blocked as refused:
        return replace(answer, reasons=tuple(blocker.message for blocker in refused.blockers))
    except Stale:
        return replace(answer, reasons=(_STALE,))
    except InvalidInput as invalid:
        return replace(answer, reasons=tuple(error.message for error in invalid.errors))
    return answer


def _answer(one: Chosen, row: models.Item, reasons: tuple[str, ...]) -> Answer:
    return Answer(one.id, one.rev, row.title or row.url, KINDS[row.kind].label, reasons)


def _gone(one: Chosen) -> Answer:
    return Answer(one.id, one.rev, "Unbekannter Eintrag", "", (_GONE,))
