"""Workflows: definitions that refuse to be broken, one answer to one question, and promises proved before use."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pytest

from workflows.catalogue import PROMISES, RULES, WORKFLOWS
from workflows.definition import Guard, State, Transition, Workflow, WorkflowError
from workflows.engine import Ask, Blocked, Blocker, MissingFact, Past, Step, offers, plan, require
from workflows.proof import Promise, Rule, prove, shortest, simulate
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.vocabulary import ROLES, Permission, permits

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PASSING = {
    "problem": "",
    "users": [],
    "lasting": "",
    "differs": True,
    "unripe": "",
    "empty": "",
    "requests": dict.fromkeys(
        ["withdraw", "republish", "annul", "supersede"], SimpleNamespace(asked_by="bert", asked_name="Bert", reason="r")
    ),
    "decision_problem": "",
    "editors": frozenset(),
    "due_at": NOW,
    "embargo_until": None,
    "vote": SimpleNamespace(passed=True, reason="", silent=()),
    "named_by": True,
    "meeting_problem": "",
    "vote_rule": SimpleNamespace(
        is_own=True, is_confirmed=False, declined="", used="", own="", problem="", is_body_public=True
    ),
    "decided_on": NOW.date(),
    "announced_on": None,
    "today": dt.date(2026, 1, 5),
    "wording_problem": "",
    "session_coming": "",
    "deviates": "",
    "change": SimpleNamespace(is_ahead=True, is_submitted=False, is_handed_back=False, submitter=""),
    "unconfirmed": [],
    "terms_confirmed": True,
    "inhouse": True,
}
SUBMITTED = {"change": SimpleNamespace(is_ahead=True, is_submitted=True, is_handed_back=False, submitter="anna")}
FIELDS = {
    "note": "n",
    "comment": "c",
    "publish_at": NOW + dt.timedelta(days=1),
    "decision": "2021/39",
    "meeting": "/sitzung/1",
    "gazette_date": "2026-01-02",
    "contract_number": "x",
    "live_since": "x",
}


def ask(state="draft", actor="anna", held=frozenset(Permission), history=(), fields=FIELDS, **facts):
    return Ask(actor, held, NOW, state, fields, history, {**PASSING, **facts})


def past(step, actor):
    return (Past(step, actor, NOW),)


def codes(answer):
    return () if isinstance(answer, Step) else tuple(blocker.code for blocker in answer)


@pytest.mark.parametrize(
    ("workflow", "name", "state"), [(w, n, s) for w in WORKFLOWS.values() for n in w.transitions for s in w.states]
)
def test_a_step_is_possible_exactly_from_its_sources(workflow, name, state):
    others = (
        {"vote": SimpleNamespace(passed=False, reason="zu wenige", silent=())}
        if name == "reject" and workflow.name == "decision"
        else {}
    )
    if name in {"recall_change", "return_change"}:
        others = SUBMITTED
    if name == "record_announced":
        others = {"announced_on": NOW.date()}
    history = past("submit", "anna") if name == "recall" else ()
    answer = plan(workflow, name, ask(state, history=history, **others))
    assert isinstance(answer, Step) == (state in workflow.transitions[name].sources)


@pytest.mark.parametrize(("workflow", "name"), [(w, n) for w in WORKFLOWS.values() for n in w.transitions])
def test_a_step_needs_its_right(workflow, name):
    step = workflow.transitions[name]
    answer = plan(workflow, name, ask(min(step.sources), held=frozenset(Permission) - {step.permission}))
    assert "no_permission" in codes(answer)


def test_a_refusal_names_every_reason_at_once():
    with pytest.raises(Blocked) as refusal:
        require(PUBLICATION, "correct", ask("draft", held=frozenset(), fields={}, problem="Der Titel fehlt."))
    assert {blocker.code for blocker in refusal.value.blockers} == {
        "wrong_state",
        "no_permission",
        "missing_note",
        "not_publishable",
    }


def test_who_submitted_cannot_release():
    assert codes(plan(PUBLICATION, "publish", ask("submitted", "anna", history=past("submit", "anna")))) == (
        "same_person",
    )
    assert codes(plan(PUBLICATION, "publish", ask("submitted", "bert", history=past("submit", "anna")))) == ()


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("submit_change", {"is_ahead": False}, ("no_change",)),
        ("submit_change", {"is_submitted": True}, ("change_submitted",)),
        ("submit_change", {"is_handed_back": True}, ()),
        ("recall_change", {}, ("no_submitted_change",)),
        ("recall_change", {"is_submitted": True, "submitter": "bert"}, ("other_person",)),
        ("recall_change", {"is_submitted": True, "submitter": "anna"}, ()),
        ("return_change", {}, ("no_submitted_change",)),
        ("return_change", {"is_submitted": True, "submitter": "bert"}, ()),
        ("correct", {}, ()),
        ("correct", {"is_submitted": True}, ()),
        ("correct", {"is_handed_back": True}, ("handed_back",)),
    ],
)
def test_what_may_be_done_with_a_change_follows_from_where_it_stands(name, change, expected):
    stands = SimpleNamespace(
        **{"is_ahead": True, "is_submitted": False, "is_handed_back": False, "submitter": "", **change}
    )
    assert (
        codes(
            plan(
                PUBLICATION,
                name,
                ask("published", "anna", held=frozenset(Permission) - {Permission.ITEM_IMPORT}, change=stands),
            )
        )
        == expected
    )


def test_only_the_newest_submission_counts_for_four_eyes():
    history = (*past("submit", "bert"), *past("reject", "carla"), *past("submit", "anna"))
    assert codes(plan(PUBLICATION, "publish", ask("submitted", "bert", history=history))) == ()


@pytest.mark.parametrize("moment", [NOW, NOW - dt.timedelta(seconds=1), "morgen", None])
def test_only_a_moment_to_come_can_be_scheduled(moment):
    assert "not_in_future" in codes(plan(PUBLICATION, "schedule", ask("submitted", fields={"publish_at": moment})))


@pytest.mark.parametrize(
    ("vote", "named", "expected"),
    [
        (None, True, ("no_vote",)),
        (SimpleNamespace(passed=False, reason="Der Bund fehlt."), True, ("vote_failed",)),
        (SimpleNamespace(passed=True, reason=""), False, ("not_named",)),
        (None, False, ("not_named", "no_vote")),
    ],
)
def test_no_recommendation_is_adopted_without_vote_and_naming_decision(vote, named, expected):
    assert codes(plan(RECOMMENDATION, "adopt", ask("proposed", vote=vote, named_by=named))) == expected


def test_implemented_needs_every_addressee_or_a_reason_for_each():
    assert codes(plan(RECOMMENDATION, "implement", ask("implementing", unconfirmed=["Bayern"]))) == ("unconfirmed",)
    assert (
        codes(
            plan(
                RECOMMENDATION,
                "implement",
                ask("implementing", unconfirmed=["Bayern"], fields={"reasons": {"Bayern": "ruht"}}),
            )
        )
        == ()
    )


def test_a_forgotten_fact_is_an_error_and_never_a_pass():
    with pytest.raises(MissingFact, match="vote"):
        plan(
            RECOMMENDATION,
            "adopt",
            Ask(
                "anna",
                frozenset(Permission),
                NOW,
                "proposed",
                FIELDS,
                (),
                {"named_by": True, "decision_problem": "", "meeting_problem": ""},
            ),
        )


@pytest.mark.parametrize("broken", [{"actor": ""}, {"now": dt.datetime(2026, 1, 1)}])
def test_an_ask_without_actor_or_zone_is_an_error(broken):
    given = {"actor": "a", "permits": frozenset(), "now": NOW, "state": "draft", **broken}
    with pytest.raises(ValueError, match="ask needs"):
        Ask(**given)


def test_offers_show_blocked_buttons_with_reasons_and_leave_out_what_others_do():
    shown = {
        offer.name: offer
        for offer in offers(
            PUBLICATION, ask("submitted", "anna", permits(["press"]), past("submit", "anna"), fields={})
        )
    }
    assert set(shown) == {"recall", "reject", "publish", "schedule"}
    assert [blocker.code for blocker in shown["publish"].blockers] == ["same_person"]
    assert shown["reject"].is_possible and shown["reject"].needs == ("comment",)


def test_every_definition_keeps_its_promises():
    assert prove(WORKFLOWS, PROMISES) == ()


def test_a_shortest_road_is_told():
    assert shortest(RECOMMENDATION, "implemented") == ("propose", "adopt", "start", "implement")
    assert shortest(RECOMMENDATION, "draft") == ()


def test_a_provider_can_do_nothing_to_a_recommendation():
    assert [simulate(RECOMMENDATION, "provider", state) for state in RECOMMENDATION.states] == [()] * len(
        RECOMMENDATION.states
    )


def test_the_clock_and_the_operator_are_no_people():
    assert {name for name, role in ROLES.items() if not role.is_human} == {"clock", "operator"}
    assert Permission.CLOCK_ACT not in permits(name for name, role in ROLES.items() if role.is_human)


def test_a_broken_definition_tells_all_faults_at_once():
    with pytest.raises(WorkflowError) as error:
        Workflow(
            "x",
            "",
            1,
            "s",
            "nowhere",
            {"a": State(""), "b": State("B", is_final=True)},
            {"t": Transition(frozenset({"b", "q"}), "b", "nobody", "", frozenset({"f"}))},
        )
    assert len(error.value.faults) >= 8


def test_a_fault_comes_with_a_shortest_example():
    publish = replace(PUBLICATION.transitions["publish"], guards=())
    mutated = replace(PUBLICATION, transitions={**PUBLICATION.transitions, "publish": publish})
    (fault,) = prove({"publication": mutated}, [p for p in PROMISES if p.workflow == "publication"])
    assert (fault.code, fault.path) == ("broken_promise", ("submit", "publish"))


def test_a_right_without_a_role_is_found():
    without = {
        name: replace(role, permits=role.permits - {Permission.ITEM_TRASH, Permission.ITEM_REMOVE})
        for name, role in ROLES.items()
    }
    assert {fault.code for fault in prove({"publication": PUBLICATION}, (), without)} == {"unheld", "dead_end"}


def test_a_promise_without_target_is_a_fault():
    assert [f.code for f in prove(WORKFLOWS, [Promise("publication", "nirgends", frozenset(), "x")])] == [
        "empty_promise"
    ]


def test_a_guard_tells_its_reason_in_german():
    guard = Guard("never", "nie", lambda _: Blocker("no", "Nie."))
    assert guard.check(ask()).message == "Nie."


def test_a_rule_without_steps_is_a_fault():
    assert [
        f.code for f in prove(WORKFLOWS, (), rules=[Rule("publication", "x", targets=frozenset({"nirgends"}))])
    ] == ["empty_rule"]


def test_every_definition_keeps_its_rules():
    assert prove(WORKFLOWS, (), rules=RULES) == ()


def test_the_states_of_a_recommendation_name_the_step_between_them():
    pairs = [(source, step.target) for step in RECOMMENDATION.transitions.values() for source in step.sources]
    assert len(pairs) == len(set(pairs)), "a road told in states says which steps were taken"
    assert all(
        source in RECOMMENDATION.transitions[RECOMMENDATION.step_between(source, target)].sources
        for source, target in pairs
    )
    assert RECOMMENDATION.step_between("draft", "adopted") is None


def test_no_guard_stands_on_the_road_to_what_is_taken_over_without_one():
    assert RECOMMENDATION.unguarded() == {"draft", "proposed", "postponed", "rejected", "withdrawn"}
    bare = {name: step for name, step in RECOMMENDATION.transitions.items() if name != "adopt"}
    bare["adopt"] = replace(RECOMMENDATION.transitions["adopt"], guards=())
    assert replace(RECOMMENDATION, transitions=bare).unguarded() == set(RECOMMENDATION.states) - {
        "implemented",
        "superseded",
    }
