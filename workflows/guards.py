"""Named guards: each looks at what was asked and names what stands in the way, in German, or nothing.

What a guard must know beside actor, time and fields stands in `Ask.facts`; `facts` names those it needs, so that a caller
who forgets one is told (`MissingFact`) instead of being let through.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from workflows.definition import Guard
from workflows.engine import Ask, Blocker
from workflows.vocabulary import Permission


def four_eyes(step: str) -> Guard:
    """Another person than the one who last took `step`."""

    def check(ask: Ask) -> Blocker | None:
        last = next((past for past in reversed(ask.history) if past.transition == step), None)
        if last is not None and last.actor == ask.actor:
            return Blocker(
                "same_person", "Wer eingereicht hat, gibt nicht selbst frei. Bitte eine zweite Person darum bitten."
            )
        return None

    return Guard("four_eyes", "Vier Augen", check, steps=frozenset({step}))


def own_submission(step: str) -> Guard:
    """The person who last took `step`."""

    def check(ask: Ask) -> Blocker | None:
        last = next((past for past in reversed(ask.history) if past.transition == step), None)
        if last is None or last.actor != ask.actor:
            return Blocker(
                "other_person", "Zurückholen kann nur, wer eingereicht hat. Die Prüfung kann stattdessen zurückgeben."
            )
        return None

    return Guard("own_submission", "eigene Einreichung", check, steps=frozenset({step}))


def _is_other_editor(ask: Ask) -> Blocker | None:
    if ask.actor not in ask.facts["editors"] or Permission.ITEM_IMPORT in ask.permits:
        return None
    return Blocker(
        "own_change",
        "Wer den Text geändert hat, macht ihn nicht selbst öffentlich. Die Änderung ist gespeichert; bitte einreichen, dann prüft sie eine zweite Person.",
    )


OTHER_EDITOR: Final = Guard(
    "other_editor", "Vier Augen über jede Änderung", _is_other_editor, facts=frozenset({"editors"})
)
"""Another person than all who changed the text since it was public. Who takes over what was decided elsewhere needs no other."""


_NO_CHANGE: Final = "Die Arbeitsfassung ist dieselbe wie die öffentliche. Bitte zuerst bearbeiten."


def _is_change_open(ask: Ask) -> Blocker | None:
    change = ask.facts["change"]
    if change.is_submitted:
        return Blocker(
            "change_submitted",
            "Eine Änderung ist schon eingereicht. Bitte die Prüfung abwarten oder sie zuerst zurückholen.",
        )
    return None if change.is_ahead else Blocker("no_change", _NO_CHANGE)


CHANGE_OPEN: Final = Guard(
    "change_open",
    "Änderung, die noch nicht eingereicht ist",
    _is_change_open,
    facts=frozenset({"change"}),
    is_state=True,
)


def _is_change_submitted(ask: Ask) -> Blocker | None:
    return (
        None
        if ask.facts["change"].is_submitted
        else Blocker("no_submitted_change", "Es ist keine Änderung eingereicht.")
    )


CHANGE_SUBMITTED: Final = Guard(
    "change_submitted", "eingereichte Änderung", _is_change_submitted, facts=frozenset({"change"}), is_state=True
)


def _is_own_change(ask: Ask) -> Blocker | None:
    change = ask.facts["change"]
    if not change.is_submitted:
        return _is_change_submitted(ask)
    if change.submitter == ask.actor:
        return None
    return Blocker(
        "other_person",
        "Zurückholen kann nur, wer die Änderung eingereicht hat. Die Prüfung kann sie stattdessen zurückgeben.",
    )


OWN_CHANGE: Final = Guard(
    "own_change", "eigene eingereichte Änderung", _is_own_change, facts=frozenset({"change"}), is_state=True
)


def _is_not_handed_back(ask: Ask) -> Blocker | None:
    if not ask.facts["change"].is_handed_back or Permission.ITEM_IMPORT in ask.permits:
        return None
    return Blocker(
        "handed_back",
        "Diese Änderung wurde zurückgegeben oder zurückgeholt. Öffentlich wird sie erst, wenn sie überarbeitet oder neu eingereicht ist.",
    )


NOT_HANDED_BACK: Final = Guard(
    "not_handed_back", "Änderung nicht zurückgegeben", _is_not_handed_back, facts=frozenset({"change"})
)
"""What went back stays inside until somebody works on it or hands it in again."""


def _is_changed(ask: Ask) -> Blocker | None:
    return None if ask.facts["differs"] else Blocker("no_change", _NO_CHANGE)


CHANGED: Final = Guard(
    "changed", "etwas anderes als die öffentliche Fassung", _is_changed, facts=frozenset({"differs"})
)
"""A correction that corrects nothing would be a new edition that says the same."""


EARLY: Final = "Grund, trotzdem zu veröffentlichen"
"""What the reason for it is called, where it is given with a step and in the history."""


def _is_ripe(ask: Ask) -> Blocker | None:
    unripe = ask.facts["unripe"]
    if not unripe or str((ask.fields.get("reasons") or {}).get(EARLY) or "").strip():
        return None
    return Blocker("unripe", f"{unripe} Wer trotzdem veröffentlicht, sagt warum; der Grund bleibt im Verlauf.")


RIPE: Final = Guard("ripe", "Endfassung ohne offene Durchsicht, oder mit Grund", _is_ripe, facts=frozenset({"unripe"}))


def _is_not_empty(ask: Ask) -> Blocker | None:
    empty = ask.facts["empty"]
    return Blocker("empty", str(empty)) if empty else None


NOT_EMPTY: Final = Guard("not_empty", "nicht leer", _is_not_empty, facts=frozenset({"empty"}))


def _is_in_future(ask: Ask) -> Blocker | None:
    moment = ask.fields.get("publish_at")
    if isinstance(moment, dt.datetime) and moment > ask.now:
        return None
    return Blocker("not_in_future", "Der Zeitpunkt muss in der Zukunft liegen. Bitte Tag und Uhrzeit prüfen.")


IN_FUTURE: Final = Guard("in_future", "Zeitpunkt in der Zukunft", _is_in_future, fields=frozenset({"publish_at"}))


def _is_due(ask: Ask) -> Blocker | None:
    moment = ask.facts["due_at"]
    return (
        None
        if moment is not None and moment <= ask.now
        else Blocker("not_due", "Der Zeitpunkt ist noch nicht gekommen.")
    )


DUE: Final = Guard("due", "Zeitpunkt erreicht", _is_due, facts=frozenset({"due_at"}))


def _is_embargo_over(ask: Ask) -> Blocker | None:
    until, moment = ask.facts["embargo_until"], ask.now
    planned = ask.fields.get("publish_at")
    if isinstance(planned, dt.datetime):
        moment = planned
    if until is None or until <= moment:
        return None
    return Blocker(
        "embargoed",
        "Der Eintrag steht unter Sperrfrist. Bitte frühestens zu ihrem Ende veröffentlichen oder die Sperrfrist ändern.",
    )


EMBARGO_OVER: Final = Guard(
    "embargo_over",
    "keine Sperrfrist mehr",
    _is_embargo_over,
    facts=frozenset({"embargo_until"}),
    fields=frozenset({"publish_at"}),
)
"""Of a step that plans: at the time planned."""


def _is_publishable(ask: Ask) -> Blocker | None:
    problem = ask.facts["problem"]
    return Blocker("not_publishable", str(problem)) if problem else None


PUBLISHABLE: Final = Guard("publishable", "vollständig", _is_publishable, facts=frozenset({"problem"}))


def _is_unreferenced(ask: Ask) -> Blocker | None:
    users = ask.facts["users"]
    if not users:
        return None
    shown = ", ".join(users[:3]) + (f" und {len(users) - 3} weitere" if len(users) > 3 else "")
    return Blocker("in_use", f"Darauf verweisen noch: {shown}. Bitte dort zuerst den Verweis lösen.")


UNREFERENCED: Final = Guard("unreferenced", "niemand verweist darauf", _is_unreferenced, facts=frozenset({"users"}))


def _is_never_decided(ask: Ask) -> Blocker | None:
    lasting = ask.facts["lasting"]
    return Blocker("lasting", str(lasting)) if lasting else None


NEVER_DECIDED: Final = Guard(
    "never_decided", "nie beschlossen, ohne Nummer", _is_never_decided, facts=frozenset({"lasting"})
)
"""What was adopted once, or bears a number that was given, is not taken out by anybody."""


def second_person(step: str, *, or_operator: bool = False) -> Guard:
    """Another person than the one who asked for `step`, with a reason, a while ago. `or_operator`: who takes over what was decided elsewhere needs no other."""

    def check(ask: Ask) -> Blocker | None:
        request = ask.facts["requests"].get(step)
        if or_operator and Permission.ITEM_IMPORT in ask.permits:
            return None
        if request is None:
            return Blocker(
                "not_asked",
                "Das geht nur zu zweit: Eine Person beantragt es mit Grund, eine zweite bestätigt. Bitte zuerst beantragen.",
            )
        if request.asked_by == ask.actor:
            return Blocker(
                "own_request", "Wer es beantragt hat, bestätigt es nicht selbst. Bitte eine zweite Person darum bitten."
            )
        return None

    return Guard("second_person", "zweite Person", check, facts=frozenset({"requests"}))


def _is_decision_in_force(ask: Ask) -> Blocker | None:
    problem = ask.facts["decision_problem"]
    return (
        Blocker("decision_does_not_count", str(problem))
        if problem and str(ask.fields.get("decision") or "").strip()
        else None
    )


DECISION_COUNTS: Final = Guard(
    "decision_counts",
    "Beschluss ist gefasst",
    _is_decision_in_force,
    facts=frozenset({"decision_problem"}),
    fields=frozenset({"decision"}),
)
"""The decision that is given exists, was adopted, and is public where the item is; a missing one is told as such."""


def _vote_is_satisfied(ask: Ask) -> Blocker | None:
    vote = ask.facts["vote"]
    if vote is None:
        return Blocker("no_vote", "Es ist noch keine Abstimmung eingetragen. Bitte zuerst die Stimmen erfassen.")
    return None if vote.passed else Blocker("vote_failed", f"Die Abstimmung reicht nicht: {vote.reason}")


VOTE_SATISFIED: Final = Guard(
    "vote_satisfied",
    "Abstimmung erfüllt die Regel",
    _vote_is_satisfied,
    facts=frozenset({"vote"}),
    fields=frozenset({"decision"}),
)
"""Of the decision itself, or of the one that is given."""


def _vote_failed(ask: Ask) -> Blocker | None:
    vote = ask.facts["vote"]
    if vote is None:
        return Blocker("no_vote", "Es ist noch keine Abstimmung eingetragen. Bitte zuerst die Stimmen erfassen.")
    return (
        Blocker("vote_passed", "Die Abstimmung erfüllt die Regel; abgelehnt ist nur, was sie nicht erfüllt.")
        if vote.passed
        else None
    )


VOTE_FAILED: Final = Guard("vote_failed", "Abstimmung erfüllt die Regel nicht", _vote_failed, facts=frozenset({"vote"}))


def _is_rule_of_body(ask: Ask) -> Blocker | None:
    rule = ask.facts["vote_rule"]
    if rule is None:
        return None
    if not rule.is_body_public and Permission.ITEM_IMPORT not in ask.permits:
        return Blocker(
            "body_not_public",
            "Das Gremium ist nicht öffentlich. Bitte zuerst das Gremium veröffentlichen: Seine Regel und Mitglieder zählen, wie eine zweite Person sie freigegeben hat.",
        )
    if rule.problem:
        return Blocker("other_members", str(rule.problem))
    if rule.is_own or rule.is_confirmed:
        return None
    if rule.declined:
        return Blocker(
            "rule_declined",
            f"Die andere Regel „{rule.used}“ ist abgelehnt ({rule.declined}). Bitte die Stimmen unter „Abstimmung“ neu eintragen.",
        )
    words = f"Gezählt ist nach „{rule.used}“; die Regel des Gremiums ist „{rule.own}“."
    return Blocker(
        "other_rule",
        f"{words} Das gilt erst, wenn eine zweite Person die andere Regel bestätigt hat (unter „Abstimmung“).",
    )


RULE_OF_BODY: Final = Guard(
    "rule_of_body",
    "nach der Regel des Gremiums oder zu zweit bestätigt",
    _is_rule_of_body,
    facts=frozenset({"vote_rule"}),
    fields=frozenset({"decision"}),
)
"""Of the vote on the decision itself, or on the one that is given: by the law of the body as it is public."""


def _is_same_wording(ask: Ask) -> Blocker | None:
    problem = ask.facts["wording_problem"]
    return Blocker("other_wording", str(problem)) if problem else None


SAME_WORDING: Final = Guard(
    "same_wording", "Abstimmung über diesen Wortlaut", _is_same_wording, facts=frozenset({"wording_problem"})
)
"""A vote counts for the wording that it was given on."""


def _are_all_named(ask: Ask) -> Blocker | None:
    silent = ask.facts["vote"].silent if ask.facts["vote"] is not None else ()
    if not silent:
        return None
    count = "1 Mitglied" if len(silent) == 1 else f"{len(silent)} Mitglieder"
    return Blocker(
        "no_choice",
        f"{count} ohne Angabe: {', '.join(silent)}. Bitte unter „Abstimmung“ die Stimme oder „nicht anwesend“ eintragen.",
    )


ALL_NAMED: Final = Guard("all_named", "jedes Mitglied mit Angabe", _are_all_named, facts=frozenset({"vote"}))
"""Of no member is anything assumed that nobody entered."""


def _is_held(ask: Ask) -> Blocker | None:
    coming = ask.facts["session_coming"]
    return Blocker("before_session", str(coming)) if coming else None


SESSION_HELD: Final = Guard("session_held", "Tag der Sitzung erreicht", _is_held, facts=frozenset({"session_coming"}))


DEVIATING: Final = "Grund der Abweichung vom beschlossenen Wortlaut"
"""What the reason for it is called, where it is given with a step and in the history."""


def _is_as_adopted(ask: Ask) -> Blocker | None:
    deviates = ask.facts["deviates"]
    if not deviates or str((ask.fields.get("reasons") or {}).get(DEVIATING) or "").strip():
        return None
    return Blocker(
        "deviates",
        f"{deviates} Bitte den Unterschied ansehen. Wer so veröffentlicht, etwa mit einer redaktionellen Berichtigung, sagt warum; der Grund bleibt im Verlauf.",
    )


AS_ADOPTED: Final = Guard(
    "as_adopted", "beschlossener Wortlaut, oder mit Grund", _is_as_adopted, facts=frozenset({"deviates"})
)
"""What the public reads first is what was adopted, unless somebody who saw the difference says why not."""


def _is_gazette_day(ask: Ask) -> Blocker | None:
    given = str(ask.fields.get("gazette_date") or "").strip()
    if not given:
        return None  # a missing one is told as such
    try:
        day = dt.date.fromisoformat(given)
    except ValueError:
        return Blocker(
            "no_day", f"„{given[:40]}“ ist kein Tag. Bitte den Tag der Bekanntgabe angeben, etwa 2026-12-18."
        )
    if day > ask.facts["today"]:
        return Blocker(
            "day_to_come",
            f"Der {day:%d.%m.%Y} ist noch nicht gekommen. Bitte die Bekanntgabe eintragen, wenn sie erschienen ist.",
        )
    decided = ask.facts["decided_on"]
    if decided is not None and day < decided:
        return Blocker(
            "before_decision",
            f"Der Tag liegt vor dem Beschluss ({decided:%d.%m.%Y}). Bitte den Tag der Bekanntgabe prüfen.",
        )
    return None


GAZETTE_DAY: Final = Guard(
    "gazette_day",
    "Tag nach dem Beschluss und nicht in der Zukunft",
    _is_gazette_day,
    facts=frozenset({"decided_on", "today"}),
    fields=frozenset({"gazette_date"}),
)


def _is_announced(ask: Ask) -> Blocker | None:
    return (
        None
        if ask.facts["announced_on"]
        else Blocker("not_announced", "Der Tag der Bekanntgabe ist noch nicht eingetragen.")
    )


ANNOUNCED: Final = Guard(
    "announced", "Bekanntgabe eingetragen", _is_announced, facts=frozenset({"announced_on"}), is_state=True
)


def _is_not_announced(ask: Ask) -> Blocker | None:
    return Blocker("announced", "Der Tag der Bekanntgabe ist schon eingetragen.") if ask.facts["announced_on"] else None


NOT_ANNOUNCED: Final = Guard(
    "not_announced", "Bekanntgabe noch offen", _is_not_announced, facts=frozenset({"announced_on"}), is_state=True
)


def _is_named_by_decision(ask: Ask) -> Blocker | None:
    if ask.facts["named_by"]:
        return None
    return Blocker(
        "not_named", "Der angegebene Beschluss nennt diese Empfehlung nicht. Bitte Bezug oder Beschluss prüfen."
    )


NAMED_BY_DECISION: Final = Guard(
    "named_by_decision",
    "Beschluss nennt die Empfehlung",
    _is_named_by_decision,
    facts=frozenset({"named_by"}),
    fields=frozenset({"decision"}),
)


def _meeting_fits(ask: Ask) -> Blocker | None:
    problem = ask.facts["meeting_problem"]
    return Blocker("meeting_does_not_fit", str(problem)) if problem and ask.fields.get("meeting") else None


MEETING_FITS: Final = Guard(
    "meeting_fits",
    "Sitzung dieses Gremiums",
    _meeting_fits,
    facts=frozenset({"meeting_problem"}),
    fields=frozenset({"meeting"}),
)


def _all_have_confirmed(ask: Ask) -> Blocker | None:
    missing = [name for name in ask.facts["unconfirmed"] if not (ask.fields.get("reasons") or {}).get(name)]
    if not missing:
        return None
    return Blocker(
        "unconfirmed",
        f"Bestätigte Umsetzung fehlt von: {', '.join(missing)}. Bitte bestätigen oder je Adressat begründen.",
    )


ALL_CONFIRMED: Final = Guard(
    "all_confirmed", "jeder Adressat bestätigt oder begründet", _all_have_confirmed, facts=frozenset({"unconfirmed"})
)


def _terms_are_confirmed(ask: Ask) -> Blocker | None:
    if ask.facts["terms_confirmed"]:
        return None
    return Blocker(
        "no_terms", "Die Bedingungen sind nicht bestätigt. Bitte zuerst das Abstimmungsschreiben hinterlegen."
    )


TERMS_CONFIRMED: Final = Guard(
    "terms_confirmed", "Bedingungen bestätigt", _terms_are_confirmed, facts=frozenset({"terms_confirmed"})
)


def _is_inhouse(ask: Ask) -> Blocker | None:
    if ask.facts["inhouse"]:
        return None
    return Blocker("no_inhouse", "Für einen Vertrag fehlt die Inhouse-Beziehung zum Anbieter.")


INHOUSE: Final = Guard("inhouse", "Inhouse-Beziehung besteht", _is_inhouse, facts=frozenset({"inhouse"}))
