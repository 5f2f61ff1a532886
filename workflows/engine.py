"""One question, one answer: may this step be taken, and if not, why not?

`plan` is asked by button, form, command line and clock alike; nobody decides beside it. It is pure: everything it
looks at stands in the `Ask`. A missing actor is an error of the caller, never a pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.definition import Workflow
from workflows.vocabulary import Effect, Permission


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a step cannot be taken. `code` is stable, `message` is German."""

    code: str
    message: str


class MissingFact(KeyError):  # noqa: N818 - named for the situation
    """A caller asked without a fact that a guard needs: a fault of the program, never a pass."""


@dataclass(frozen=True, slots=True)
class Past:
    """A step that was taken: which, by whom, when (aware)."""

    transition: str
    actor: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, with which rights, when (aware), about an item in which state, giving which fields.

    `history` are the steps so far, oldest first; `facts` is what guards must know beside that.
    """

    actor: str
    permits: frozenset[Permission]
    now: dt.datetime
    state: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Past] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.actor:
            raise ValueError("an ask needs an actor")
        if self.now.tzinfo is None:
            raise ValueError("an ask needs an aware time")


@dataclass(frozen=True, slots=True)
class Step:
    """A permitted step, ready to be carried out."""

    transition: str
    source: str
    target: str
    effects: tuple[Effect, ...]


class Blocked(Exception):  # noqa: N818 - named for the situation
    """A step was refused; `blockers` holds every reason."""

    def __init__(self, blockers: tuple[Blocker, ...]) -> None:
        super().__init__(" ".join(blocker.message for blocker in blockers))
        self.blockers = blockers


def plan(workflow: Workflow, name: str, ask: Ask) -> Step | tuple[Blocker, ...]:
    """The step `name` for `ask`, or every reason why it cannot be taken. Raises KeyError for an unknown name."""
    transition = workflow.transitions[name]
    blockers: list[Blocker] = []
    if ask.state not in transition.sources:
        state = workflow.states.get(ask.state)
        shown = state.title if state else ask.state
        blockers.append(Blocker("wrong_state", f"„{transition.title}“ ist im Zustand „{shown}“ nicht möglich."))
    if transition.permission not in ask.permits:
        blockers.append(Blocker("no_permission", f"Für „{transition.title}“ fehlt das Recht."))
    blockers += [
        Blocker(f"missing_{need}", f"{workflow.field_labels[need]} fehlt. Bitte angeben.")
        for need in sorted(transition.needs)
        if not str(ask.fields.get(need) or "").strip()
    ]
    for guard in transition.guards:
        if absent := guard.facts - ask.facts.keys():
            raise MissingFact(f"{workflow.name}.{name}: guard {guard.name} needs {', '.join(sorted(absent))}")
        blocker = guard.check(ask)
        if blocker is not None:
            blockers.append(blocker)
    if blockers:
        return tuple(blockers)
    return Step(name, ask.state, transition.target, transition.effects)


@dataclass(frozen=True, slots=True)
class Offer:
    """A step as a button shows it: possible, or blocked with every reason. `needs` are the fields to ask for."""

    name: str
    title: str
    needs: tuple[str, ...]
    blockers: tuple[Blocker, ...]

    @property
    def is_possible(self) -> bool:
        """Whether nothing but fields that the form asks for stands in the way."""
        return not self.blockers


def offers(workflow: Workflow, ask: Ask) -> tuple[Offer, ...]:
    """Every step that starts in the present state and that the actor has the right for, with what blocks it.

    Fields that the form still asks for do not block, nor do guards that look at them.
    """
    found = []
    for name, transition in workflow.transitions.items():
        if ask.state not in transition.sources or transition.permission not in ask.permits:
            continue
        if any(guard.is_state and guard.check(ask) is not None for guard in transition.guards):
            continue
        blockers = foreseen(workflow, name, ask)
        found.append(Offer(name, transition.title, tuple(sorted(transition.needs)), blockers))
    return tuple(found)


def foreseen(workflow: Workflow, name: str, ask: Ask) -> tuple[Blocker, ...]:
    """What blocks the step `name` whatever is given with it. Raises KeyError for an unknown name."""
    answer = plan(workflow, name, ask)
    if isinstance(answer, Step):
        return ()
    transition = workflow.transitions[name]
    later = [guard for guard in transition.guards if guard.fields & transition.needs]
    asked = {f"missing_{need}" for need in transition.needs} | {
        told.code for guard in later if (told := guard.check(ask))
    }
    return tuple(row for row in answer if row.code not in asked)


def require(workflow: Workflow, name: str, ask: Ask) -> Step:
    """Like `plan`, but raises `Blocked` with all reasons."""
    answer = plan(workflow, name, ask)
    if isinstance(answer, Step):
        return answer
    raise Blocked(answer)
