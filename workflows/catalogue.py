"""Every workflow of the house by name, and what must never be possible in each: the promises that `proof` checks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from workflows.decision import DECISION
from workflows.definition import Workflow
from workflows.proof import Promise, prove
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.report import REPORT
from workflows.reuse import REUSE

WORKFLOWS: Final[Mapping[str, Workflow]] = MappingProxyType(
    {workflow.name: workflow for workflow in (PUBLICATION, RECOMMENDATION, DECISION, REPORT, REUSE)}
)
PROCEDURES: Final[Mapping[str, Workflow]] = MappingProxyType(
    {"recommendation": RECOMMENDATION, "decision": DECISION, "report": REPORT}
)
"""Kind → the workflow of its procedure state."""

PROMISES: Final = (
    Promise("publication", "published", frozenset({"four_eyes"}), "Niemand veröffentlicht allein."),
    Promise("recommendation", "adopted", frozenset({"vote_satisfied"}), "Keine Empfehlung ist ohne erfüllte Abstimmung beschlossen."),
    Promise("recommendation", "adopted", frozenset({"named_by_decision"}), "Keine Empfehlung ist ohne Beschluss beschlossen, der sie nennt."),
    Promise("recommendation", "implemented", frozenset({"all_confirmed"}), "Umgesetzt ist nur, was jeder Adressat bestätigt hat."),
    Promise("decision", "adopted", frozenset({"vote_satisfied"}), "Kein Beschluss ohne erfüllte Abstimmung."),
    Promise("report", "final", frozenset({"four_eyes"}), "Keine Endfassung aus einer Hand."),
    Promise("reuse", "contract", frozenset({"terms_confirmed"}), "Kein Vertrag ohne bestätigte Bedingungen."),
    Promise("reuse", "contract", frozenset({"inhouse"}), "Kein Vertrag ohne Inhouse-Beziehung."),
)
FAULTS: Final = prove(WORKFLOWS, PROMISES)
if FAULTS:
    raise RuntimeError("workflows are not sound: " + "; ".join(str(fault) for fault in FAULTS))
