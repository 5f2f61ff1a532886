"""Recommendations: from draft through adopted to implemented, with the side roads of the council's practice."""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.guards import (
    ALL_CONFIRMED,
    DECISION_COUNTS,
    NAMED_BY_DECISION,
    RULE_OF_BODY,
    VOTE_SATISFIED,
    second_person,
)
from workflows.vocabulary import Effect, Permission

RECOMMENDATION: Final = Workflow(
    name="recommendation",
    title="Empfehlung",
    version=2,
    column="procedure_state",
    initial="draft",
    states={
        "draft": State("Entwurf"),
        "proposed": State("vorgeschlagen"),
        "adopted": State("beschlossen"),
        "implementing": State("in Umsetzung"),
        "implemented": State("umgesetzt"),
        "rejected": State("abgelehnt", is_final=True),
        "postponed": State("vertagt"),
        "withdrawn": State("zurückgezogen", is_final=True),
        "superseded": State("überholt", is_final=True),
    },
    transitions={
        "propose": Transition(
            frozenset({"draft"}),
            "proposed",
            Permission.RECOMMENDATION_PROPOSE,
            "Vorschlagen",
            effects=(Effect.NOTIFY_REVIEWERS,),
        ),
        "adopt": Transition(
            frozenset({"proposed"}),
            "adopted",
            Permission.RECOMMENDATION_ADOPT,
            "Beschließen",
            needs=frozenset({"decision"}),
            guards=(DECISION_COUNTS, NAMED_BY_DECISION, VOTE_SATISFIED, RULE_OF_BODY),
            effects=(Effect.NOTIFY_MEMBERS,),
        ),
        "reject": Transition(
            frozenset({"proposed"}),
            "rejected",
            Permission.RECOMMENDATION_ADOPT,
            "Ablehnen",
            needs=frozenset({"comment"}),
        ),
        "postpone": Transition(
            frozenset({"proposed"}),
            "postponed",
            Permission.RECOMMENDATION_ADOPT,
            "Vertagen",
            needs=frozenset({"comment"}),
        ),
        "resume": Transition(
            frozenset({"postponed"}), "proposed", Permission.RECOMMENDATION_PROPOSE, "Wieder vorschlagen"
        ),
        "start": Transition(
            frozenset({"adopted"}), "implementing", Permission.RECOMMENDATION_FOLLOW, "Umsetzung beginnen"
        ),
        "implement": Transition(
            frozenset({"implementing"}),
            "implemented",
            Permission.IMPLEMENTATION_CONFIRM,
            "Als umgesetzt bestätigen",
            guards=(ALL_CONFIRMED,),
            effects=(Effect.NOTIFY_MEMBERS,),
        ),
        "reopen": Transition(
            frozenset({"implemented"}),
            "implementing",
            Permission.IMPLEMENTATION_CONFIRM,
            "Wieder aufnehmen",
            needs=frozenset({"comment"}),
        ),
        "withdraw": Transition(
            frozenset({"draft", "proposed", "postponed"}),
            "withdrawn",
            Permission.RECOMMENDATION_PROPOSE,
            "Zurückziehen",
            needs=frozenset({"comment"}),
        ),
        "supersede": Transition(
            frozenset({"adopted", "implementing", "implemented"}),
            "superseded",
            Permission.RECOMMENDATION_ADOPT,
            "Ersetzen",
            needs=frozenset({"decision", "comment"}),
            guards=(DECISION_COUNTS, second_person("supersede", or_operator=True)),
        ),
    },
    field_labels={"decision": "Der Beschluss", "comment": "Der Hinweis"},
)
