"""Decisions: prepared by the heads of department, put on the agenda, voted on, recorded, gazetted."""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.guards import (
    ALL_NAMED,
    ANNOUNCED,
    DECISION_COUNTS,
    GAZETTE_DAY,
    MEETING_FITS,
    NOT_ANNOUNCED,
    RULE_OF_BODY,
    SAME_WORDING,
    SESSION_HELD,
    VOTE_FAILED,
    VOTE_SATISFIED,
    second_person,
)
from workflows.vocabulary import Effect, Permission

DECISION: Final = Workflow(
    name="decision",
    title="Beschluss",
    version=5,
    column="procedure_state",
    initial="draft",
    states={
        "draft": State("Entwurf"),
        "prepared": State("vorberaten"),
        "on_agenda": State("auf der Tagesordnung"),
        "adopted": State("beschlossen"),
        "rejected": State("abgelehnt", is_final=True),
        "postponed": State("vertagt"),
        "withdrawn": State("zurückgezogen", is_final=True),
        "recorded": State("niedergeschrieben"),
        "gazetted": State("bekannt gegeben"),
        "superseded": State("ersetzt", is_final=True),
        "lapsed": State("erledigt", is_final=True),
        "annulled": State("für nichtig erklärt", is_final=True),
    },
    transitions={
        "prepare": Transition(frozenset({"draft"}), "prepared", Permission.DECISION_PREPARE, "Vorberaten"),
        "put_on_agenda": Transition(
            frozenset({"draft", "prepared", "postponed"}),
            "on_agenda",
            Permission.DECISION_PREPARE,
            "Auf die Tagesordnung setzen",
            needs=frozenset({"meeting"}),
            guards=(MEETING_FITS,),
        ),
        "adopt": Transition(
            frozenset({"on_agenda"}),
            "adopted",
            Permission.DECISION_ADOPT,
            "Beschließen",
            guards=(SESSION_HELD, VOTE_SATISFIED, ALL_NAMED, RULE_OF_BODY, SAME_WORDING),
            effects=(Effect.GIVE_NUMBER, Effect.NOTIFY_MEMBERS),
        ),
        "reject": Transition(
            frozenset({"on_agenda"}),
            "rejected",
            Permission.DECISION_ADOPT,
            "Ablehnen",
            guards=(SESSION_HELD, VOTE_FAILED, ALL_NAMED, RULE_OF_BODY, SAME_WORDING),
        ),
        "postpone": Transition(
            frozenset({"on_agenda"}),
            "postponed",
            Permission.DECISION_PREPARE,
            "Vertagen",
            needs=frozenset({"comment"}),
        ),
        "withdraw": Transition(
            frozenset({"draft", "prepared", "on_agenda", "postponed"}),
            "withdrawn",
            Permission.DECISION_PREPARE,
            "Zurückziehen",
            needs=frozenset({"comment"}),
        ),
        "record": Transition(
            frozenset({"adopted"}),
            "recorded",
            Permission.DECISION_RECORD,
            "Niederschrift abschließen",
            guards=(SESSION_HELD, NOT_ANNOUNCED),
        ),
        "record_announced": Transition(
            frozenset({"adopted"}),
            "gazetted",
            Permission.DECISION_RECORD,
            "Niederschrift abschließen (bekannt gegeben)",
            guards=(SESSION_HELD, ANNOUNCED),
        ),
        "announce": Transition(
            frozenset({"adopted"}),
            "adopted",
            Permission.DECISION_RECORD,
            "Bekanntgabe eintragen",
            needs=frozenset({"gazette_date"}),
            guards=(GAZETTE_DAY,),
        ),
        "gazette": Transition(
            frozenset({"recorded"}),
            "gazetted",
            Permission.DECISION_RECORD,
            "Bekanntgabe eintragen",
            needs=frozenset({"gazette_date"}),
            guards=(GAZETTE_DAY,),
        ),
        "supersede": Transition(
            frozenset({"adopted", "recorded", "gazetted"}),
            "superseded",
            Permission.DECISION_ADOPT,
            "Ersetzen",
            needs=frozenset({"decision", "comment"}),
            guards=(DECISION_COUNTS, second_person("supersede")),
        ),
        "lapse": Transition(
            frozenset({"adopted", "recorded", "gazetted"}),
            "lapsed",
            Permission.DECISION_RECORD,
            "Erledigen",
            needs=frozenset({"comment"}),
        ),
        "annul": Transition(
            frozenset({"adopted", "recorded", "gazetted"}),
            "annulled",
            Permission.DECISION_ADOPT,
            "Für nichtig erklären",
            needs=frozenset({"comment"}),
            guards=(second_person("annul"),),
            effects=(Effect.NOTIFY_MEMBERS,),
        ),
    },
    field_labels={
        "meeting": "Die Sitzung",
        "comment": "Der Hinweis",
        "gazette_date": "Der Tag der Bekanntgabe",
        "decision": "Der Beschluss",
    },
)
MINUTES_OPEN: Final = frozenset({"draft", "prepared", "on_agenda", "postponed", "adopted", "rejected"})
"""States in which members may still state something for the record: until the minutes are closed."""
UNDECIDED: Final = frozenset({"draft", "prepared", "on_agenda", "postponed"})
"""States before the vote has had its effect."""
