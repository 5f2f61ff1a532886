"""Checks of definitions before use: dead ends, rights nobody holds, roads around a guard; each with a shortest example.

`Workflow` itself refuses what is broken in form. Here stands what is wrong in sense: with whom, and by which road.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from workflows.definition import Transition, Workflow
from workflows.vocabulary import ROLES, Effect, Permission, Role


@dataclass(frozen=True, slots=True)
class Promise:
    """No human road in `workflow` comes to `target` for the first time without passing one of `guards`."""

    workflow: str
    target: str
    guards: frozenset[str]
    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Every step of `workflow` from `sources` to `targets` sets off `effects`, asks for `needs`, passes all `guards` and takes one of `permissions`.

    Empty sets ask nothing; empty `sources` or `targets` mean every state. `only` and `never` narrow the rule to steps that set
    off all of these effects, and none of those; `behind` to steps that pass one of these guards. Of `one_guard` a step passes
    at least one. `asking` narrows the rule to steps that ask for these fields.
    """

    workflow: str
    words: str
    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    effects: frozenset[Effect] = frozenset()
    needs: frozenset[str] = frozenset()
    permissions: frozenset[Permission] = frozenset()
    guards: frozenset[str] = frozenset()
    one_guard: frozenset[str] = frozenset()
    only: frozenset[Effect] = frozenset()
    never: frozenset[Effect] = frozenset()
    behind: frozenset[str] = frozenset()
    asking: frozenset[str] = frozenset()

    def regards(self, step: Transition) -> bool:
        """Whether the rule speaks of this step."""
        leads = (not self.sources or bool(self.sources & step.sources)) and (
            not self.targets or step.target in self.targets
        )
        names = {guard.name for guard in step.guards}
        return (
            leads
            and self.asking <= step.needs
            and self.only <= set(step.effects)
            and not self.never & set(step.effects)
            and (not self.behind or bool(self.behind & names))
        )

    def is_kept_by(self, step: Transition) -> bool:
        """Whether the step does all that the rule asks."""
        names = {guard.name for guard in step.guards}
        is_guarded = self.guards <= names and (not self.one_guard or bool(self.one_guard & names))
        has_right = not self.permissions or step.permission in self.permissions
        return has_right and is_guarded and self.effects <= set(step.effects) and self.needs <= step.needs


@dataclass(frozen=True, slots=True)
class ProofFault:
    """What is wrong; `path` is a shortest road of transitions that shows it."""

    workflow: str
    code: str
    message: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        road = f" (Weg: {' → '.join(self.path)})" if self.path else ""
        return f"{self.workflow}: {self.message}{road}"


def prove(
    workflows: Mapping[str, Workflow],
    promises: Iterable[Promise],
    roles: Mapping[str, Role] = ROLES,
    *,
    rules: Iterable[Rule] = (),
) -> tuple[ProofFault, ...]:
    """Every fault of the definitions under the promises and rules; empty when all is sound."""
    faults: list[ProofFault] = []
    for workflow in workflows.values():
        faults += _dead_ends(workflow, roles)
        faults += _unheld(workflow, roles)
        faults += _doubled_titles(workflow)
        faults += _blind_guards(workflow)
    for promise in promises:
        known = workflows.get(promise.workflow)
        if known is None or promise.target not in known.states:
            faults.append(ProofFault(promise.workflow, "empty_promise", f"Zusage ohne Ziel: {promise.words}"))
            continue
        faults += _broken(known, promise, roles)
    for rule in rules:
        ruled = workflows.get(rule.workflow)
        if ruled is None or (rule.sources | rule.targets) - set(ruled.states):
            faults.append(ProofFault(rule.workflow, "empty_rule", f"Regel ohne Schritt: {rule.words}"))
            continue
        faults += _against(ruled, rule)
    return tuple(faults)


def _against(workflow: Workflow, rule: Rule) -> Iterator[ProofFault]:
    for name, step in workflow.transitions.items():
        if rule.regards(step) and not rule.is_kept_by(step):
            source = next(iter(sorted(rule.sources & step.sources or step.sources)))
            road = (*(shortest(workflow, source) or ()), name)
            yield ProofFault(workflow.name, "broken_rule", f"Regel gebrochen durch „{step.title}“: {rule.words}", road)


def shortest(
    workflow: Workflow,
    target: str,
    allowed: Callable[[str, Transition], bool] = lambda _name, _step: True,
    *,
    start: str | None = None,
) -> tuple[str, ...] | None:
    """A shortest road of transition names from `start` (the initial state) to `target`, or None."""
    first = start or workflow.initial
    queue: deque[tuple[str, tuple[str, ...]]] = deque([(first, ())])
    seen = {first}
    while queue:
        state, road = queue.popleft()
        if state == target:
            return road
        for name, step in workflow.transitions.items():
            if state in step.sources and step.target not in seen and allowed(name, step):
                seen.add(step.target)
                queue.append((step.target, (*road, name)))
    return None


def simulate(workflow: Workflow, role: str, state: str) -> tuple[tuple[str, Transition], ...]:
    """The steps that start in `state` and that `role` has the right for. Raises KeyError for unknown names."""
    held, _ = ROLES[role].permits, workflow.states[state]
    return tuple(
        (name, step) for name, step in workflow.transitions.items() if state in step.sources and step.permission in held
    )


def _humans(roles: Mapping[str, Role]) -> frozenset[Permission]:
    return frozenset[Permission]().union(*(role.permits for role in roles.values() if role.is_human))


def _dead_ends(workflow: Workflow, roles: Mapping[str, Role]) -> Iterator[ProofFault]:
    """From every state that is not final, some road that somebody may walk leads on; and from every one on to an end."""
    held = frozenset[Permission]().union(*(role.permits for role in roles.values()))
    for name, state in workflow.states.items():
        exits = [step for step in workflow.transitions.values() if name in step.sources and step.permission in held]
        if not state.is_final and all(step.target == name for step in exits):
            road = shortest(workflow, name) or ()
            yield ProofFault(
                workflow.name, "dead_end", f"Aus „{state.title}“ führt kein Weg, den jemand gehen darf.", road
            )


def _unheld(workflow: Workflow, roles: Mapping[str, Role]) -> Iterator[ProofFault]:
    for name, step in workflow.transitions.items():
        if not any(step.permission in role.permits for role in roles.values()):
            yield ProofFault(
                workflow.name,
                "unheld",
                f"Das Recht {step.permission} für „{step.title}“ ({name}) hat keine Rolle.",
                (name,),
            )


def _blind_guards(workflow: Workflow) -> Iterator[ProofFault]:
    """A guard that looks for a step in the history is worth nothing on a road that does not take the step."""
    for step in workflow.transitions.values():
        for guard in (guard for guard in step.guards if guard.steps):
            road = _around(workflow, step, guard.steps)
            if road is not None:
                yield ProofFault(
                    workflow.name, "blind_guard", f"„{guard.title}“ vor „{step.title}“ lässt sich umgehen.", road
                )


def _around(workflow: Workflow, step: Transition, wanted: frozenset[str]) -> tuple[str, ...] | None:
    """A shortest road to where `step` starts that takes none of the steps `wanted`."""
    roads = [shortest(workflow, source, lambda name, _step: name not in wanted) for source in sorted(step.sources)]
    return min((road for road in roads if road is not None), key=len, default=None)


def _doubled_titles(workflow: Workflow) -> Iterator[ProofFault]:
    """Two buttons of one state must not read alike."""
    for state in workflow.states:
        titles: dict[str, str] = {}
        for name, step in workflow.transitions.items():
            if state in step.sources and titles.setdefault(step.title, name) != name:
                yield ProofFault(
                    workflow.name,
                    "same_title",
                    f"Zwei Schritte aus „{state}“ heißen „{step.title}“.",
                    (titles[step.title], name),
                )


def _broken(workflow: Workflow, promise: Promise, roles: Mapping[str, Role]) -> Iterator[ProofFault]:
    humans = _humans(roles)

    def is_open(_name: str, step: Transition) -> bool:
        return step.permission in humans and not promise.guards & {guard.name for guard in step.guards}

    # The clock walks on roads that a human opened: what it may do counts as open, too, unless a human road was guarded.
    def may_walk(name: str, step: Transition) -> bool:
        return is_open(name, step) or (
            step.permission is Permission.CLOCK_ACT and not promise.guards & {g.name for g in step.guards}
        )

    road = shortest(workflow, promise.target, may_walk)
    if road is not None:
        yield ProofFault(workflow.name, "broken_promise", f"Zusage gebrochen: {promise.words}", road)
    if promise.guards and not any(
        promise.guards & {g.name for g in step.guards} for step in workflow.transitions.values()
    ):
        yield ProofFault(workflow.name, "no_guard", f"Kein Schritt prüft, was zugesagt ist: {promise.words}")
