"""Reuse of a market item by a Land or a commune, through a provider."""

from __future__ import annotations

from typing import Final

from workflows.definition import State, Transition, Workflow
from workflows.guards import INHOUSE, TERMS_CONFIRMED
from workflows.vocabulary import Permission

REUSE: Final = Workflow(
    name="reuse",
    title="Nachnutzung",
    version=1,
    column="state",
    initial="interest",
    states={
        "interest": State("Interesse"),
        "negotiation": State("in Abstimmung"),
        "ordered": State("bestellt"),
        "contract": State("unter Vertrag"),
        "live": State("in Betrieb"),
        "ended": State("beendet", is_final=True),
    },
    transitions={
        "negotiate": Transition(frozenset({"interest"}), "negotiation", Permission.REUSE_OFFER, "Abstimmung beginnen"),
        "order": Transition(
            frozenset({"negotiation"}),
            "ordered",
            Permission.REUSE_REQUEST,
            "Bestellen",
            guards=(TERMS_CONFIRMED,),
        ),
        "sign": Transition(
            frozenset({"ordered"}),
            "contract",
            Permission.REUSE_OFFER,
            "Vertrag schließen",
            needs=frozenset({"contract_number"}),
            guards=(TERMS_CONFIRMED, INHOUSE),
        ),
        "go_live": Transition(
            frozenset({"contract"}),
            "live",
            Permission.REUSE_OFFER,
            "In Betrieb nehmen",
            needs=frozenset({"live_since"}),
        ),
        "end": Transition(
            frozenset({"interest", "negotiation", "ordered", "contract", "live"}),
            "ended",
            Permission.REUSE_REQUEST,
            "Beenden",
            needs=frozenset({"comment"}),
        ),
    },
    field_labels={
        "contract_number": "Die Vertragsnummer",
        "live_since": "Der Tag der Inbetriebnahme",
        "comment": "Der Hinweis",
    },
)
