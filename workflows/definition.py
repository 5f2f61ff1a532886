"""What a workflow is made of: states, transitions, and the checks that a definition must pass before anyone uses it.

A definition is frozen data. Everything is checked on construction and all faults are told in one error, so that a
broken definition stops the start of the portal rather than a user's step. Titles are German: people read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflows.vocabulary import Effect, Permission

if TYPE_CHECKING:
    from workflows.engine import Ask, Blocker


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks at what was asked and names what stands in the way, or nothing. `facts` are those it needs in the ask.

    `fields` are those it looks at: while a form still asks for one, it says nothing yet. `steps` are those it looks for in
    the history: where one of them has another name or can be gone around, the guard is blind. With `is_state` it tells parts
    of a state apart: where it says no, the step does not start here, and no button is shown for it.
    """

    name: str
    title: str
    check: Callable[[Ask], Blocker | None]
    facts: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    is_state: bool = False


class WorkflowError(ValueError):
    """A definition is not sound; `faults` lists everything wrong with it."""

    def __init__(self, name: str, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"workflow {name}: " + "; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class State:
    """A state; `is_final` says that no transition leaves it."""

    title: str
    is_final: bool = False


class Titles(dict[str, str]):
    """State → title; a state that nobody defined is called so, instead of breaking the page that shows it."""

    def __missing__(self, state: str) -> str:
        return f"unbekannter Zustand „{state}“"


@dataclass(frozen=True, slots=True)
class Transition:
    """A step from any of `sources` to `target`. `needs` are the fields that must be given with it."""

    sources: frozenset[str]
    target: str
    permission: Permission
    title: str
    needs: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A named graph of states. `column` is the column of the item that holds the state."""

    name: str
    title: str
    version: int
    column: str
    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    field_labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = tuple(self._faults())
        if faults:
            raise WorkflowError(self.name, faults)

    def _faults(self) -> Iterable[str]:
        if not self.title.strip():
            yield "the workflow has no title"
        if self.initial not in self.states:
            yield f"initial state {self.initial!r} is unknown"
        for name, state in self.states.items():
            if not state.title.strip():
                yield f"state {name!r} has no title"
            has_exit = any(name in transition.sources for transition in self.transitions.values())
            if state.is_final and has_exit:
                yield f"final state {name!r} can be left"
            if not state.is_final and not has_exit:
                yield f"state {name!r} has no way out and is not final"
        for name, transition in self.transitions.items():
            yield from self._transition_faults(name, transition)
        for name in sorted(set(self.states) - self.reachable()):
            yield f"state {name!r} cannot be reached"

    def _transition_faults(self, name: str, transition: Transition) -> Iterable[str]:
        if not transition.title.strip():
            yield f"transition {name!r} has no title"
        if not isinstance(transition.permission, Permission):
            yield f"transition {name!r} asks for the unknown permission {transition.permission!r}"
        for effect in transition.effects:
            if not isinstance(effect, Effect):
                yield f"transition {name!r} names the unknown effect {effect!r}"
        if len({guard.name for guard in transition.guards}) != len(transition.guards):
            yield f"transition {name!r} names a guard twice"
        for missing in sorted(
            frozenset[str]().union(*(guard.steps for guard in transition.guards)) - set(self.transitions)
        ):
            yield f"transition {name!r} has a guard that looks for the unknown step {missing!r}"
        if not transition.sources:
            yield f"transition {name!r} starts nowhere"
        for unknown in sorted((transition.sources | {transition.target}) - set(self.states)):
            yield f"transition {name!r} names the unknown state {unknown!r}"
        for unlabelled in sorted(transition.needs - set(self.field_labels)):
            yield f"transition {name!r} needs {unlabelled!r}, which has no label"

    def title_of(self, state: str) -> str:
        """What a state is called; one that is none of this workflow's by its name, with the word that it is unknown."""
        return self.titles[state]

    @property
    def titles(self) -> Titles:
        """What every state is called, for pages that show rows of whatever state."""
        return Titles({name: state.title for name, state in self.states.items()})

    @property
    def facts(self) -> frozenset[str]:
        """The facts that guards of this workflow look at."""
        return frozenset[str]().union(*(guard.facts for step in self.transitions.values() for guard in step.guards))

    def step_between(self, source: str, target: str) -> str | None:
        """The step that leads from one state to the other."""
        return next(
            (name for name, step in self.transitions.items() if source in step.sources and step.target == target), None
        )

    def unguarded(self) -> frozenset[str]:
        """The states that some road leads to on which no guard stands."""
        return self._reached([step for step in self.transitions.values() if not step.guards])

    def reachable(self) -> frozenset[str]:
        """The states that some road from the initial one leads to."""
        return self._reached(self.transitions.values())

    def onward(self, state: str) -> frozenset[str]:
        """`state` and every one that some road from it leads to."""
        return self._reached(self.transitions.values(), state)

    def _reached(self, steps: Iterable[Transition], start: str = "") -> frozenset[str]:
        known, found, grew = list(steps), {start or self.initial}, True
        while grew:
            targets = {step.target for step in known if step.sources & found}
            grew = not targets <= found
            found |= targets
        return frozenset(found)
