"""Publication: who may read it. The same for every kind; what became of a thing is another axis.

Thin for now: scheduling, embargo and four eyes join with the desk.
"""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.vocabulary import Effect, Permission

PUBLICATION: Final = Workflow(
    name="publication",
    version=1,
    column="publication_state",
    initial="draft",
    states={
        "draft": State("Entwurf"),
        "published": State("Veröffentlicht"),
        "withdrawn": State("Zurückgezogen"),
    },
    transitions={
        "publish": Transition(
            frozenset({"draft"}), "published", Permission.ITEM_PUBLISH, "Veröffentlichen",
            effects=(Effect.FREEZE_EDITION,),
        ),
        "correct": Transition(
            frozenset({"published"}), "published", Permission.ITEM_CORRECT, "Berichtigen",
            needs=frozenset({"note"}), effects=(Effect.FREEZE_EDITION,),
        ),
        "withdraw": Transition(
            frozenset({"published"}), "withdrawn", Permission.ITEM_WITHDRAW, "Zurückziehen",
            needs=frozenset({"note"}), effects=(Effect.END_EDITION,),
        ),
        "republish": Transition(
            frozenset({"withdrawn"}), "published", Permission.ITEM_PUBLISH, "Wieder veröffentlichen",
            needs=frozenset({"note"}), effects=(Effect.FREEZE_EDITION,),
        ),
    },
    field_labels={"note": "Der öffentliche Hinweis"},
)
