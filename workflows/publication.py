"""Publication: who may read it. The same for every kind; what became of a thing is another axis.

Editors submit, another person releases; the text that was submitted is the text that is published, because nobody can
change it in between. What is changed later is made public by somebody else than all who changed it; who may not publish
hands the change in, and the public goes on reading what it read, until it is corrected or the change goes back. Operators at
the command line import what was decided elsewhere. The clock acts under its own name.
"""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.guards import (
    AS_ADOPTED,
    CHANGE_OPEN,
    CHANGE_SUBMITTED,
    CHANGED,
    DUE,
    EMBARGO_OVER,
    IN_FUTURE,
    NEVER_DECIDED,
    NOT_EMPTY,
    NOT_HANDED_BACK,
    OTHER_EDITOR,
    OWN_CHANGE,
    PUBLISHABLE,
    RIPE,
    UNREFERENCED,
    four_eyes,
    own_submission,
    second_person,
)
from workflows.vocabulary import Effect, Permission

PUBLICATION: Final = Workflow(
    name="publication",
    title="Veröffentlichung",
    version=9,
    column="publication_state",
    initial="draft",
    states={
        "draft": State("Entwurf"),
        "submitted": State("Eingereicht"),
        "scheduled": State("Terminiert"),
        "published": State("Veröffentlicht"),
        "withdrawn": State("Zurückgezogen"),
        "trashed": State("Im Papierkorb"),
        "removed": State("Endgültig entfernt", is_final=True),
    },
    transitions={
        "submit": Transition(
            frozenset({"draft"}),
            "submitted",
            Permission.ITEM_SUBMIT,
            "Einreichen",
            guards=(PUBLISHABLE, NOT_EMPTY),
            effects=(Effect.FREEZE_REVISION, Effect.NOTIFY_REVIEWERS),
        ),
        "recall": Transition(
            frozenset({"submitted"}),
            "draft",
            Permission.ITEM_SUBMIT,
            "Zurückholen",
            guards=(own_submission("submit"),),
        ),
        "reject": Transition(
            frozenset({"submitted"}),
            "draft",
            Permission.ITEM_REVIEW,
            "Zurückgeben",
            needs=frozenset({"comment"}),
            effects=(Effect.NOTIFY_AUTHOR,),
        ),
        "publish": Transition(
            frozenset({"submitted"}),
            "published",
            Permission.ITEM_PUBLISH,
            "Veröffentlichen",
            guards=(PUBLISHABLE, RIPE, AS_ADOPTED, EMBARGO_OVER, four_eyes("submit")),
            effects=(Effect.FREEZE_EDITION, Effect.NOTIFY_AUTHOR),
        ),
        "schedule": Transition(
            frozenset({"submitted"}),
            "scheduled",
            Permission.ITEM_PUBLISH,
            "Terminieren",
            needs=frozenset({"publish_at"}),
            guards=(PUBLISHABLE, RIPE, AS_ADOPTED, EMBARGO_OVER, four_eyes("submit"), IN_FUTURE),
            effects=(Effect.FREEZE_REVISION, Effect.NOTIFY_AUTHOR),
        ),
        "unschedule": Transition(
            frozenset({"scheduled"}),
            "submitted",
            Permission.ITEM_PUBLISH,
            "Termin aufheben",
        ),
        "go_live": Transition(
            frozenset({"scheduled"}),
            "published",
            Permission.CLOCK_ACT,
            "Zum Termin veröffentlichen",
            guards=(PUBLISHABLE, EMBARGO_OVER, DUE),
            effects=(Effect.FREEZE_EDITION, Effect.NOTIFY_AUTHOR),
        ),
        "import": Transition(
            frozenset({"draft", "submitted", "scheduled"}),
            "published",
            Permission.ITEM_IMPORT,
            "Übernehmen und veröffentlichen",
            guards=(PUBLISHABLE,),
            effects=(Effect.FREEZE_EDITION,),
        ),
        "correct": Transition(
            frozenset({"published"}),
            "published",
            Permission.ITEM_CORRECT,
            "Berichtigen",
            needs=frozenset({"note"}),
            guards=(PUBLISHABLE, CHANGED, OTHER_EDITOR, NOT_HANDED_BACK),
            effects=(Effect.FREEZE_EDITION, Effect.NOTIFY_AUTHOR),
        ),
        "submit_change": Transition(
            frozenset({"published"}),
            "published",
            Permission.ITEM_EDIT,
            "Änderung einreichen",
            guards=(PUBLISHABLE, CHANGE_OPEN),
            effects=(Effect.FREEZE_REVISION, Effect.NOTIFY_REVIEWERS),
        ),
        "recall_change": Transition(
            frozenset({"published"}),
            "published",
            Permission.ITEM_EDIT,
            "Änderung zurückholen",
            guards=(OWN_CHANGE,),
        ),
        "return_change": Transition(
            frozenset({"published"}),
            "published",
            Permission.ITEM_REVIEW,
            "Änderung zurückgeben",
            needs=frozenset({"comment"}),
            guards=(CHANGE_SUBMITTED,),
            effects=(Effect.NOTIFY_AUTHOR,),
        ),
        "withdraw": Transition(
            frozenset({"published"}),
            "withdrawn",
            Permission.ITEM_WITHDRAW,
            "Zurückziehen",
            needs=frozenset({"note"}),
            guards=(second_person("withdraw", or_operator=True),),
            effects=(Effect.END_EDITION, Effect.NOTIFY_AUTHOR),
        ),
        "republish": Transition(
            frozenset({"withdrawn"}),
            "published",
            Permission.ITEM_CORRECT,
            "Wieder veröffentlichen",
            needs=frozenset({"note"}),
            guards=(PUBLISHABLE, OTHER_EDITOR, second_person("republish", or_operator=True)),
            effects=(Effect.FREEZE_EDITION,),
        ),
        "trash": Transition(
            frozenset({"draft"}),
            "trashed",
            Permission.ITEM_TRASH,
            "In den Papierkorb",
            guards=(UNREFERENCED, NEVER_DECIDED),
        ),
        "restore": Transition(frozenset({"trashed"}), "draft", Permission.ITEM_TRASH, "Wiederherstellen"),
        "remove": Transition(
            frozenset({"trashed"}),
            "removed",
            Permission.ITEM_REMOVE,
            "Endgültig entfernen",
            needs=frozenset({"comment"}),
            guards=(UNREFERENCED, NEVER_DECIDED),
            effects=(Effect.ERASE,),
        ),
    },
    field_labels={
        "note": "Der Hinweis für die Öffentlichkeit",
        "comment": "Der Hinweis",
        "publish_at": "Der Zeitpunkt",
    },
)
GONE: Final = ("trashed", "removed")
"""States in which nobody meets an item but in the trash."""
