"""Reports of working groups: drafted, reviewed by the group, final, noted by a decision."""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.guards import DECISION_COUNTS, four_eyes
from workflows.vocabulary import Effect, Permission

REPORT: Final = Workflow(
    name="report",
    title="Bericht",
    version=2,
    column="procedure_state",
    initial="drafting",
    states={
        "drafting": State("in Arbeit"),
        "group_review": State("in Abstimmung in der Gruppe"),
        "final": State("Endfassung"),
        "noted": State("zur Kenntnis genommen", is_final=True),
        "abandoned": State("eingestellt", is_final=True),
    },
    transitions={
        "ask_group": Transition(
            frozenset({"drafting"}),
            "group_review",
            Permission.REPORT_WRITE,
            "In die Gruppe geben",
            effects=(Effect.NOTIFY_REVIEWERS, Effect.NOTIFY_GROUP),
        ),
        "return": Transition(
            frozenset({"group_review"}),
            "drafting",
            Permission.REPORT_WRITE,
            "Zurück in Arbeit",
            needs=frozenset({"comment"}),
        ),
        "finish": Transition(
            frozenset({"group_review"}),
            "final",
            Permission.REPORT_LEAD,
            "Endfassung feststellen",
            guards=(four_eyes("ask_group"),),
            effects=(Effect.FREEZE_REVISION,),
        ),
        "reopen": Transition(
            frozenset({"final"}), "drafting", Permission.REPORT_LEAD, "Wieder öffnen", needs=frozenset({"comment"})
        ),
        "note": Transition(
            frozenset({"final"}),
            "noted",
            Permission.REPORT_NOTE,
            "Kenntnisnahme eintragen",
            needs=frozenset({"decision"}),
            guards=(DECISION_COUNTS,),
        ),
        "abandon": Transition(
            frozenset({"drafting", "group_review"}),
            "abandoned",
            Permission.REPORT_LEAD,
            "Einstellen",
            needs=frozenset({"comment"}),
        ),
    },
    field_labels={"comment": "Der Hinweis", "decision": "Der Beschluss"},
)
