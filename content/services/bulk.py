"""One step for many items: each goes the road of `transition.take`, in a transaction of its own, with an answer of its own.

What cannot be done to one item hinders no other. Beforehand `foresee` asks the same engine and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final

from content import models
from content.house import Work
from content.kinds import KINDS
from content.schemas import InvalidInput
from content.services import desk, transition
from content.services.accounts import SignedIn
from content.services.transition import Stale
from workflows.engine import Blocked
from workflows.publication import PUBLICATION

STEPS: Final = ("submit", "publish", "withdraw", "trash", "restore")
"""The steps of publication that may be taken for many, in the order of their buttons."""
LIMIT: Final = 100
_GONE: Final = "Den Eintrag gibt es nicht mehr, oder Sie dürfen ihn nicht sehen."
_STALE: Final = "Der Eintrag wurde inzwischen geändert. Bitte neu ansehen und noch einmal entscheiden."


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item with the revision that was seen when it was chosen."""

    id: int
    rev: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one item, or would; `reasons` says why not, in German. Empty: done, or possible."""

    id: int
    rev: int
    title: str
    kind_label: str
    reasons: tuple[str, ...]


Begin = Callable[[], AbstractContextManager[Work]]


def steps_of(person: SignedIn) -> list[tuple[str, str]]:
    """(name, title) of the steps that the person may take somewhere."""
    return [(name, PUBLICATION.transitions[name].title) for name in STEPS if person.holds(PUBLICATION.transitions[name].permission)]


def foresee(work: Work, person: SignedIn, step: str, chosen: Iterable[Chosen]) -> list[Answer]:
    """What would become of each item, whatever is still asked for being given."""
    given = dict.fromkeys(PUBLICATION.transitions[step].needs, "…")
    return [_foreseen(work, person, step, given, one) for one in chosen]


def _foreseen(work: Work, person: SignedIn, step: str, given: Mapping[str, str], one: Chosen) -> Answer:
    row = desk.item(work.session, person, one.id)
    if row is None:
        return _gone(one)
    if row.rev != one.rev:
        return _answer(one, row, (_STALE,))
    permitted = replace(work.desk, permits=person.permits_on(row.kind, row.owner))
    return _answer(one, row, tuple(found.message for found in transition.hindrances(permitted, row, PUBLICATION, step, given)))


def take_all(begin: Begin, person: SignedIn, step: str, chosen: Iterable[Chosen], fields: Mapping[str, Any]) -> list[Answer]:
    """Take `step` for each item; `begin` opens one transaction."""
    return [_take(begin, person, step, one, fields) for one in chosen]


def _take(begin: Begin, person: SignedIn, step: str, one: Chosen, fields: Mapping[str, Any]) -> Answer:
    answer = _gone(one)
    try:
        with begin() as work:
            row = desk.item(work.session, person, one.id)
            if row is None:
                return answer
            answer = _answer(one, row, ())
            permitted = replace(work.desk, permits=person.permits_on(row.kind, row.owner))
            transition.take(permitted, row, PUBLICATION, step, fields, rev=one.rev)
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
