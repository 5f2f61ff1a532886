"""Every workflow of the house by name, and what must never be possible in each: the promises that `proof` checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from workflows.decision import DECISION
from workflows.definition import Workflow
from workflows.proof import Promise, Rule, prove
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.report import REPORT
from workflows.reuse import REUSE
from workflows.vocabulary import Effect, Permission

WORKFLOWS: Final[Mapping[str, Workflow]] = MappingProxyType(
    {workflow.name: workflow for workflow in (PUBLICATION, RECOMMENDATION, DECISION, REPORT, REUSE)}
)
PROCEDURES: Final[Mapping[str, Workflow]] = MappingProxyType(
    {"recommendation": RECOMMENDATION, "decision": DECISION, "report": REPORT}
)
"""Kind → the workflow of its procedure state."""
LASTING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        kind: PROCEDURES[kind].onward(state)
        for kind, state in {"decision": "adopted", "recommendation": "adopted", "report": "noted"}.items()
    }
)
"""Kind → the states of what the council decided or took note of: it is not taken out, and does not come back before that."""

PROMISES: Final = (
    Promise("publication", "published", frozenset({"four_eyes"}), "Niemand veröffentlicht allein."),
    Promise(
        "recommendation",
        "adopted",
        frozenset({"vote_satisfied"}),
        "Keine Empfehlung ist ohne erfüllte Abstimmung beschlossen.",
    ),
    Promise(
        "recommendation",
        "adopted",
        frozenset({"rule_of_body"}),
        "Keine Empfehlung ist nach einer anderen Regel als der des Gremiums ohne zweite Person beschlossen.",
    ),
    Promise(
        "recommendation",
        "adopted",
        frozenset({"named_by_decision"}),
        "Keine Empfehlung ist ohne Beschluss beschlossen, der sie nennt.",
    ),
    Promise(
        "recommendation",
        "implemented",
        frozenset({"all_confirmed"}),
        "Umgesetzt ist nur, was jeder Adressat bestätigt hat.",
    ),
    Promise("decision", "adopted", frozenset({"vote_satisfied"}), "Kein Beschluss ohne erfüllte Abstimmung."),
    Promise(
        "decision",
        "adopted",
        frozenset({"rule_of_body"}),
        "Kein Beschluss nach einer anderen Regel als der des Gremiums ohne zweite Person.",
    ),
    Promise(
        "decision",
        "rejected",
        frozenset({"rule_of_body"}),
        "Keine Ablehnung nach einer anderen Regel als der des Gremiums ohne zweite Person.",
    ),
    *(
        Promise("decision", state, frozenset({guard}), words)
        for state in ("adopted", "rejected")
        for guard, words in (
            ("same_wording", "Entschieden wird nur über den Wortlaut, über den abgestimmt wurde."),
            ("all_named", "Entschieden wird nur, wenn von jedem Mitglied etwas eingetragen ist."),
            ("session_held", "Entschieden wird nicht vor dem Tag der Sitzung."),
        )
    ),
    Promise(
        "decision", "annulled", frozenset({"second_person"}), "Niemand erklärt allein einen Beschluss für nichtig."
    ),
    Promise("decision", "superseded", frozenset({"second_person"}), "Niemand ersetzt allein einen Beschluss."),
    Promise("recommendation", "superseded", frozenset({"second_person"}), "Niemand ersetzt allein eine Empfehlung."),
    Promise(
        "decision",
        "on_agenda",
        frozenset({"meeting_fits"}),
        "Auf der Tagesordnung steht ein Beschluss nur in einer Sitzung seines Gremiums.",
    ),
    Promise("report", "final", frozenset({"four_eyes"}), "Keine Endfassung aus einer Hand."),
    Promise("reuse", "contract", frozenset({"terms_confirmed"}), "Kein Vertrag ohne bestätigte Bedingungen."),
    Promise("reuse", "contract", frozenset({"inhouse"}), "Kein Vertrag ohne Inhouse-Beziehung."),
)


def _rule(workflow: str, words: str, targets: Iterable[str], **more: Iterable[Any]) -> Rule:
    return Rule(workflow, words, targets=frozenset(targets), **{name: frozenset(given) for name, given in more.items()})


_E, _P = Effect, Permission
_NEVER: Final = "never"
"""A guard that no step has: what a rule asks it of does not exist."""
RULES: Final = (
    _rule(
        "publication",
        "Öffentlich wird nur, was als Fassung festgehalten ist.",
        ["published"],
        sources=set(PUBLICATION.states) - {"published"},
        effects=[_E.FREEZE_EDITION],
    ),
    _rule(
        "publication",
        "Öffentlich wird nur, was vollständig ist.",
        ["published"],
        only=[_E.FREEZE_EDITION],
        guards=["publishable"],
    ),
    _rule(
        "publication",
        "Was am Veröffentlichten keine Fassung festhält, reicht nur eine Änderung ein oder nimmt sie zurück.",
        ["published"],
        sources=["published"],
        never=[_E.FREEZE_EDITION],
        one_guard=["change_open", "change_submitted", "own_change"],
    ),
    _rule(
        "publication",
        "Eine eingereichte Änderung ist ein fester Text.",
        ["published"],
        behind=["change_open"],
        effects=[_E.FREEZE_REVISION],
    ),
    _rule(
        "publication",
        "Eine Änderung zurückgeben darf, wer prüft, und sagt warum.",
        ["published"],
        behind=["change_submitted"],
        needs=["comment"],
        permissions=[_P.ITEM_REVIEW],
    ),
    _rule(
        "publication",
        "Was nicht mehr öffentlich ist, hat keine geltende Fassung.",
        set(PUBLICATION.states) - {"published"},
        sources=["published"],
        effects=[_E.END_EDITION],
        needs=["note"],
    ),
    _rule(
        "publication",
        "Wer eingereicht hat, weiß, welcher Text geprüft wird.",
        ["submitted"],
        sources=["draft"],
        effects=[_E.FREEZE_REVISION],
    ),
    _rule(
        "publication",
        "Terminiert ist ein fester Text zu einem festen Zeitpunkt.",
        ["scheduled"],
        effects=[_E.FREEZE_REVISION],
        needs=["publish_at"],
    ),
    _rule(
        "publication",
        "Jede Änderung am Veröffentlichten hat einen öffentlichen Hinweis.",
        ["published"],
        sources=["published", "withdrawn"],
        only=[_E.FREEZE_EDITION],
        needs=["note"],
    ),
    _rule(
        "publication",
        "Auch was am Veröffentlichten geändert wird, sehen vier Augen.",
        ["published"],
        sources=["published", "withdrawn"],
        only=[_E.FREEZE_EDITION],
        guards=["other_editor"],
    ),
    _rule(
        "publication",
        "Was zurückging, wird so nicht öffentlich.",
        ["published"],
        sources=["published"],
        only=[_E.FREEZE_EDITION],
        guards=["not_handed_back"],
    ),
    _rule(
        "publication",
        "Veröffentlichen kann nur, wer das Recht dazu hat.",
        ["published"],
        only=[_E.FREEZE_EDITION],
        permissions=[_P.ITEM_PUBLISH, _P.ITEM_CORRECT, _P.ITEM_IMPORT, _P.CLOCK_ACT],
    ),
    _rule(
        "publication",
        "Was veröffentlicht ist, zieht niemand allein zurück.",
        ["withdrawn"],
        sources=["published"],
        guards=["second_person"],
    ),
    _rule(
        "publication",
        "Was zurückgezogen war, macht niemand allein wieder öffentlich.",
        ["published"],
        sources=["withdrawn"],
        guards=["second_person"],
    ),
    _rule(
        "publication",
        "Was beschlossen wurde oder eine Nummer trägt, kommt nicht weg.",
        ["trashed", "removed"],
        guards=["never_decided"],
    ),
    _rule(
        "publication",
        "Berichtigt wird nur, was anders ist.",
        ["published"],
        sources=["published"],
        only=[_E.FREEZE_EDITION],
        guards=["changed"],
    ),
    _rule(
        "publication",
        "Vor der Endfassung geht ein Bericht nur mit Grund hinaus.",
        ["published", "scheduled"],
        behind=["four_eyes"],
        guards=["ripe"],
    ),
    _rule(
        "publication",
        "Was anders lautet als beschlossen, geht zuerst nur mit Grund hinaus.",
        ["published", "scheduled"],
        behind=["four_eyes"],
        guards=["as_adopted"],
    ),
    _rule("publication", "Eingereicht wird nichts Leeres.", ["submitted"], sources=["draft"], guards=["not_empty"]),
    _rule(
        "publication",
        "Endgültig entfernt wird mit Grund, von wem es darf, und nur, worauf niemand verweist.",
        ["removed"],
        effects=[_E.ERASE],
        needs=["comment"],
        permissions=[_P.ITEM_REMOVE],
        guards=["unreferenced"],
    ),
    _rule(
        "decision",
        "Die Nummer entsteht beim Beschließen.",
        ["adopted"],
        sources=set(DECISION.states) - {"adopted"},
        effects=[_E.GIVE_NUMBER],
        permissions=[_P.DECISION_ADOPT],
    ),
    _rule(
        "decision",
        "Niedergeschrieben wird nicht vor dem Tag der Sitzung.",
        ["recorded", "gazetted"],
        sources=["adopted"],
        guards=["session_held"],
    ),
    _rule("decision", "Auf die Tagesordnung kommt ein Beschluss zu einer Sitzung.", ["on_agenda"], needs=["meeting"]),
    _rule(
        "decision",
        "Ersetzt wird zu zweit durch einen Beschluss.",
        ["superseded"],
        needs=["decision"],
        guards=["second_person"],
        permissions=[_P.DECISION_ADOPT],
    ),
    _rule(
        "decision",
        "Was nicht weitergeht, hat einen Grund.",
        ["postponed", "withdrawn", "lapsed", "superseded", "annulled"],
        needs=["comment"],
    ),
    _rule(
        "decision",
        "Für nichtig erklärt wird zu zweit, von wem beschließen darf.",
        ["annulled"],
        guards=["second_person"],
        permissions=[_P.DECISION_ADOPT],
    ),
    *(
        _rule(
            PROCEDURES[kind].name,
            "Was beschlossen oder zur Kenntnis genommen ist, bleibt es.",
            set(PROCEDURES[kind].states) - lasting,
            sources=lasting,
            guards=[_NEVER],
        )
        for kind, lasting in LASTING.items()
    ),
    _rule(
        "recommendation",
        "Beschlossen wird durch einen Beschluss, von wem es darf.",
        ["adopted"],
        needs=["decision"],
        permissions=[_P.RECOMMENDATION_ADOPT],
    ),
    _rule(
        "recommendation",
        "Ersetzt wird zu zweit durch einen Beschluss.",
        ["superseded"],
        needs=["decision"],
        guards=["second_person"],
        permissions=[_P.RECOMMENDATION_ADOPT],
    ),
    _rule(
        "recommendation",
        "Was nicht weitergeht, hat einen Grund.",
        ["rejected", "postponed", "withdrawn", "superseded"],
        needs=["comment"],
    ),
    *(
        _rule(
            flow.name,
            "Welcher Beschluss auch genannt wird: Es gibt ihn, und er ist gefasst.",
            [],
            asking=["decision"],
            guards=["decision_counts"],
        )
        for flow in PROCEDURES.values()
    ),
    _rule(
        "report",
        "Die Endfassung ist ein fester Text, festgestellt von der Leitung.",
        ["final"],
        effects=[_E.FREEZE_REVISION],
        permissions=[_P.REPORT_LEAD],
    ),
    _rule("report", "Zur Kenntnis genommen wird durch einen Beschluss.", ["noted"], needs=["decision"]),
    _rule("report", "Was nicht weitergeht, hat einen Grund.", ["abandoned"], needs=["comment"]),
    _rule(
        "reuse", "Ein Vertrag hat eine Nummer.", ["contract"], needs=["contract_number"], permissions=[_P.REUSE_OFFER]
    ),
    _rule("reuse", "Ein Betrieb hat einen Anfang.", ["live"], needs=["live_since"]),
    _rule("reuse", "Was endet, hat einen Grund.", ["ended"], needs=["comment"]),
)
FAULTS: Final = prove(WORKFLOWS, PROMISES, rules=RULES)
if FAULTS:
    raise RuntimeError("workflows are not sound: " + "; ".join(str(fault) for fault in FAULTS))
