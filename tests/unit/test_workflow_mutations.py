"""A thousand changes to each definition: what breaks a promise is found, and what is not found breaks none.

Whether a change breaks anything is not asked of the proof but tried out: `Trial` takes every step it can with the real
engine, guards of a promise closed and all others open. Proof and trial must agree on every mutant, in both directions;
so a mutant that the proof lets pass is shown to be equivalent for everything that was promised.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections import Counter
from dataclasses import replace

import pytest

from workflows.catalogue import PROMISES, RULES, WORKFLOWS
from workflows.definition import Guard, State, Transition, Workflow, WorkflowError
from workflows.engine import Ask, Blocker, Step, plan
from workflows.proof import prove
from workflows.vocabulary import ROLES, Permission, permits

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HUMANS = permits(name for name, role in ROLES.items() if role.is_human)
HELD = permits(ROLES)
FAULTS_SEEDED = 1000
GUARDS = {
    guard.name: guard for flow in WORKFLOWS.values() for step in flow.transitions.values() for guard in step.guards
}


# --- changes, each to a plain copy of a definition -------------------------------------------------------------------


def _plain(workflow):
    return {"initial": workflow.initial, "states": dict(workflow.states), "transitions": dict(workflow.transitions)}


def _step(chance, plain, fits=lambda _step: True):
    names = [name for name, step in plain["transitions"].items() if fits(step)]
    name = chance.choice(names)
    return name, plain["transitions"][name]


def _set(plain, name, **changes):
    plain["transitions"][name] = replace(plain["transitions"][name], **changes)


def guard_dropped(chance, plain):
    name, step = _step(chance, plain, lambda step: step.guards)
    gone = chance.choice(step.guards)
    _set(plain, name, guards=tuple(guard for guard in step.guards if guard is not gone))


def guard_swapped(chance, plain):
    name, step = _step(chance, plain, lambda step: step.guards)
    _set(plain, name, guards=(*step.guards[1:], chance.choice(sorted(GUARDS.values(), key=lambda guard: guard.name))))


def guard_everywhere_dropped(chance, plain):
    _, step = _step(chance, plain, lambda step: step.guards)
    gone = chance.choice(step.guards).name
    for name, other in plain["transitions"].items():
        _set(plain, name, guards=tuple(guard for guard in other.guards if guard.name != gone))


def source_added(chance, plain):
    name, step = _step(chance, plain)
    _set(plain, name, sources=step.sources | {chance.choice(list(plain["states"]))})


def source_dropped(chance, plain):
    name, step = _step(chance, plain)
    _set(plain, name, sources=step.sources - {chance.choice(sorted(step.sources))})


def unknown_state(chance, plain):
    name, step = _step(chance, plain)
    _set(plain, name, **chance.choice([{"target": "niemals"}, {"sources": step.sources | {"niemals"}}]))


def target_changed(chance, plain):
    name, _ = _step(chance, plain)
    _set(plain, name, target=chance.choice(list(plain["states"])))


def final_turned(chance, plain):
    name = chance.choice(list(plain["states"]))
    plain["states"][name] = replace(plain["states"][name], is_final=not plain["states"][name].is_final)


def permission_swapped(chance, plain):
    name, _ = _step(chance, plain)
    _set(plain, name, permission=chance.choice([*Permission, "item:nobody"]))


def need_dropped(chance, plain):
    name, step = _step(chance, plain, lambda step: step.needs)
    _set(plain, name, needs=step.needs - {chance.choice(sorted(step.needs))})


def need_unlabelled(chance, plain):
    name, step = _step(chance, plain)
    _set(plain, name, needs=step.needs | {"unbekannt"})


def initial_changed(chance, plain):
    plain["initial"] = chance.choice([*plain["states"], "niemals"])


def effect_dropped(chance, plain):
    fits = [step for step in plain["transitions"].values() if step.effects]
    if fits:
        name, step = _step(chance, plain, lambda step: step.effects)
        gone = chance.choice(step.effects)
        _set(plain, name, effects=tuple(effect for effect in step.effects if effect is not gone))


def state_unreachable(chance, plain):
    plain["states"][f"insel{chance.randrange(9)}"] = State("Insel", is_final=chance.random() < 0.5)


def step_dropped(chance, plain):
    del plain["transitions"][_step(chance, plain)[0]]


def step_added(chance, plain):
    states = list(plain["states"])
    plain["transitions"]["schleichweg"] = Transition(
        frozenset({chance.choice(states)}), chance.choice(states), chance.choice(list(Permission)), "Abkürzen"
    )


def title_emptied(chance, plain):
    if chance.random() < 0.5:
        _set(plain, _step(chance, plain)[0], title=" ")
    else:
        name = chance.choice(list(plain["states"]))
        plain["states"][name] = replace(plain["states"][name], title="")


def title_doubled(chance, plain):
    _set(plain, _step(chance, plain)[0], title=_step(chance, plain)[1].title)


def step_renamed(chance, plain):
    name, step = _step(chance, plain)
    del plain["transitions"][name]
    plain["transitions"][f"{name}_neu"] = step


def guard_looking_elsewhere(chance, plain):
    name, step = _step(chance, plain, lambda step: any(guard.steps for guard in step.guards))
    looking = chance.choice([guard for guard in step.guards if guard.steps])
    elsewhere = replace(looking, steps=frozenset({chance.choice([*plain["transitions"], "niemals"])}))
    _set(plain, name, guards=tuple(elsewhere if guard is looking else guard for guard in step.guards))


MUTATIONS = [
    guard_dropped,
    guard_swapped,
    guard_everywhere_dropped,
    source_added,
    source_dropped,
    unknown_state,
    target_changed,
    final_turned,
    permission_swapped,
    need_dropped,
    need_unlabelled,
    initial_changed,
    effect_dropped,
    state_unreachable,
    step_dropped,
    step_added,
    title_emptied,
    title_doubled,
    step_renamed,
    guard_looking_elsewhere,
]


# --- trying out ------------------------------------------------------------------------------------------------------


def _malformed(plain, labels):
    """Whether a plain definition is one that nobody may use."""
    states, steps = plain["states"], plain["transitions"].values()
    if plain["initial"] not in states or not all(state.title.strip() for state in states.values()):
        return True
    for step in steps:
        names_guard_twice = len({guard.name for guard in step.guards}) < len(step.guards)
        if not frozenset().union(*(guard.steps for guard in step.guards)) <= set(plain["transitions"]):
            return True
        if (
            not step.title.strip()
            or step.permission not in list(Permission)
            or not step.sources
            or names_guard_twice
            or not step.needs <= set(labels)
        ):
            return True
        if not step.sources | {step.target} <= set(states):
            return True
    left = {source for step in steps for source in step.sources}
    if any(state.is_final == (name in left) for name, state in states.items()):
        return True
    reached = {plain["initial"]}
    for _ in states:
        reached |= {step.target for step in steps if step.sources & reached}
    return reached != set(states)


class Trial:
    """A definition in a world where guards answer as told, walked with the real engine."""

    def __init__(self, workflow, closed=frozenset()):
        self.workflow = replace(
            workflow,
            transitions={
                name: replace(step, guards=tuple(self._set(guard, closed) for guard in step.guards))
                for name, step in workflow.transitions.items()
            },
        )

    @staticmethod
    def _set(guard, closed):
        return Guard(
            guard.name,
            guard.title,
            steps=guard.steps,
            check=lambda _: Blocker("closed", "zu") if guard.name in closed else None,
        )

    def take(self, name, state, rights, without=""):
        fields = {need: "x" for need in self.workflow.field_labels if need != without}
        answer = plan(self.workflow, name, Ask(actor="a", permits=rights, now=NOW, state=state, fields=fields))
        return answer if isinstance(answer, Step) else None

    def steps(self, state, rights):
        return {name: step for name in self.workflow.transitions if (step := self.take(name, state, rights))}

    def reach(self, rights, without=frozenset()):
        """The states that are come to by steps other than those in `without`."""
        found, rest = set(), [self.workflow.initial]
        while rest:
            state = rest.pop()
            if state not in found:
                found.add(state)
                rest += [step.target for name, step in self.steps(state, rights).items() if name not in without]
        return found


def _breaks(workflow):
    """What the definition lets happen that must not: tried out, not proved."""
    found, free = set(), Trial(workflow)
    for promise in PROMISES:
        if promise.workflow == workflow.name:
            if promise.target in Trial(workflow, promise.guards).reach(HUMANS | {Permission.CLOCK_ACT}):
                found.add(promise.words)
            if not any(
                promise.guards & {guard.name for guard in step.guards} for step in workflow.transitions.values()
            ):
                found.add(promise.words)
    for step in workflow.transitions.values():
        found |= {
            "blind guard"
            for guard in step.guards
            if guard.steps and step.sources & free.reach(frozenset(Permission), guard.steps)
        }
    for state, row in workflow.states.items():
        possible = free.steps(state, HELD)
        if not row.is_final and all(step.target == state for step in possible.values()):
            found.add("dead end")
        titles = Counter(step.title for step in workflow.transitions.values() if state in step.sources)
        if max(titles.values(), default=0) > 1:
            found.add("two buttons alike")
        found |= {
            "right of nobody"
            for name, step in workflow.transitions.items()
            if state in step.sources and name not in possible
        }
        found |= set(_broken_rules(free, workflow, state))
    return found


def _listens(workflow, name, guards):
    """Whether closing one of `guards` closes the step."""
    state = min(workflow.transitions[name].sources)
    return any(Trial(workflow, frozenset({guard})).take(name, state, frozenset(Permission)) is None for guard in guards)


def _broken_rules(free, workflow, state):
    for name, step in free.steps(state, frozenset(Permission)).items():
        for rule in (rule for rule in RULES if rule.workflow == workflow.name):
            if (rule.sources and state not in rule.sources) or (rule.targets and step.target not in rule.targets):
                continue
            if (
                not rule.only <= set(step.effects)
                or rule.never & set(step.effects)
                or (rule.behind and not _listens(workflow, name, rule.behind))
            ):
                continue
            if any(free.take(name, state, frozenset(Permission), without=need) for need in rule.asking):
                continue  # the step does not ask for it
            lets_pass = [free.take(name, state, frozenset(Permission), without=need) for need in rule.needs]
            lets_pass += [free.take(name, state, frozenset(Permission) - rule.permissions)] if rule.permissions else []
            lets_pass += [
                Trial(workflow, frozenset({guard})).take(name, state, frozenset(Permission)) for guard in rule.guards
            ]
            lets_pass += (
                [Trial(workflow, rule.one_guard).take(name, state, frozenset(Permission))] if rule.one_guard else []
            )
            if not rule.effects <= set(step.effects) or any(lets_pass):
                yield rule.words


def _mutant(workflow, seed):
    """(names of the changes, the changed definition in plain parts); each kind of change comes first in its turn."""
    chance, plain = random.Random(seed), _plain(workflow)
    mutations = [MUTATIONS[seed % len(MUTATIONS)], *chance.choices(MUTATIONS, k=chance.choice([0, 0, 1, 2]))]
    for mutate in mutations:
        if plain["transitions"] and any(step.sources for step in plain["transitions"].values()):
            with contextlib.suppress(IndexError):  # there is nothing (left) to change in this way
                mutate(chance, plain)
    return "+".join(mutate.__name__ for mutate in mutations), plain


def _judged(workflow, plain):
    """(what the checks of the house say, whether something is wrong when tried out)."""
    is_malformed = _malformed(plain, workflow.field_labels)
    try:
        mutant = Workflow(
            workflow.name,
            workflow.title,
            workflow.version,
            workflow.column,
            field_labels=workflow.field_labels,
            **plain,
        )
    except WorkflowError:
        return "refused", is_malformed
    faults = prove({**WORKFLOWS, workflow.name: mutant}, PROMISES, rules=RULES)
    return "found" if faults else "sound", is_malformed or bool(_breaks(mutant))


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_each_of_a_thousand_seeded_faults_is_found_and_what_is_found_is_a_fault(workflow, capsys):
    seen, wrong, kinds, seed = Counter(), [], set(), 0
    while seen["refused"] + seen["found"] < FAULTS_SEEDED:
        names, plain = _mutant(workflow, seed)
        answer, is_faulty = _judged(workflow, plain)
        seen[answer] += 1
        if is_faulty != (answer != "sound"):
            wrong.append((seed, names, answer))
        elif is_faulty:
            kinds.add(names.split("+")[0])
        seed += 1
    with capsys.disabled():
        print(
            f"\n{workflow.name}: {FAULTS_SEEDED} faults of {len(kinds)} kinds, {seen['refused']} refused and {seen['found']} found, {len(wrong)} missed; {seen['sound']} changes break nothing"
        )
    assert wrong == []
    assert min(seen.values()) > 40 and seen.keys() == {"refused", "found", "sound"}


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_as_they_are_the_definitions_break_nothing_when_tried_out(workflow):
    assert _breaks(workflow) == set()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: f"{promise.workflow}-{promise.target}")
def test_no_guard_of_a_promise_can_be_dropped_unseen(promise):
    workflow = WORKFLOWS[promise.workflow]
    without = {
        name: replace(step, guards=tuple(guard for guard in step.guards if guard.name not in promise.guards))
        for name, step in workflow.transitions.items()
    }
    faults = prove({**WORKFLOWS, workflow.name: replace(workflow, transitions=without)}, PROMISES, rules=RULES)
    assert any(fault.code == "broken_promise" and promise.words in fault.message and fault.path for fault in faults)
