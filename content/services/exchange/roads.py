"""How a recommendation came to where it stands: the steps that a line tells of it, taken before it came here.

They are walked as at the desk: each must be a step of the workflow, with everything the workflow asks for. They are kept once,
as lines of the history with their own days; a line may go on with what is kept, and never changes it. A line that tells no
road says where the recommendation stands only as far as no guard stands on the road there: adopted is nothing without its vote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from content import models
from content.freezing.implementation import instant
from content.schemas import FieldError, InvalidInput, clean
from content.schemas.roads import ROAD, Told
from content.services.base import lookup
from content.services.editing import edit
from content.services.implementation import implementation
from content.services.publishing.publish import Desk
from content.services.workflow import transition
from content.typed.berlin import day_of, noon_of
from workflows.recommendation import RECOMMENDATION

NOTE: Final = "Weg nachgetragen"
CONFIRMED: Final = "Die Umsetzung ist von allen Adressaten bestätigt."
"""What an export says of the step that rests on confirmed reports, which it does not carry."""
UNTOLD: Final = "aus einem Export ohne Angabe"
"""The reason of a replacement from before one was demanded: what an export says of it, and what a line without it means."""
FREE: Final = RECOMMENDATION.unguarded()
_FIELDS: Final[Mapping[str, str]] = {
    "missing_decision": "decision",
    "decision_does_not_count": "decision",
    "not_named": "decision",
    "no_vote": "decision",
    "vote_failed": "decision",
    "missing_comment": "note",
    "unconfirmed": "note",
}
"""Why a step is refused → the field of the line that can mend it."""
_REMEDIES: Final[Mapping[str, str]] = {
    "not_named": " In der Zeile des Beschlusses steht sie unter „recommendations“.",
    "unconfirmed": " In der Zeile begründet „note“ den Schritt.",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """What a line makes of a recommendation: its clean value, and lines for the history."""

    value: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...] = ()


def split(kind: str, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Told]]:
    """(the line without its road, that road). The line stands where its road ends and names the decisions of it. Raises `InvalidInput`."""
    if kind != "recommendation" or "road" not in given:
        return given, []
    road: list[Told] = [_with_reason(step) for step in clean(ROAD, {"road": given["road"]})["road"]]
    text = {name: value for name, value in given.items() if name != "road"}
    if road:
        text["state"] = text.get("state") or road[-1]["state"]
        named, known = [step["decision"] for step in road if step["decision"]], text.get("decisions") or []
        text["decisions"] = list(dict.fromkeys([*known, *named])) if isinstance(known, list) else known
    return text, road


def walk(desk: Desk, value: Mapping[str, Any], road: Sequence[Told]) -> Walk:
    """Walk the road that a line tells; nothing is changed. Raises `InvalidInput` with every fault of the first faulty step."""
    url = edit.address(desk.session, "recommendation", value)
    item = lookup.find(desk.session, url)
    if item is None:
        item = models.Recommendation(kind="recommendation", url=url, addressees=value["addressees"])
    assert isinstance(item, models.Recommendation)  # noqa: S101 - the address says so
    if not road:
        return _without_road(desk, item, value)
    if road[-1]["state"] != value["state"]:
        words = f"Der Stand ist „{_title(value['state'])}“, der Weg endet aber bei „{_title(road[-1]['state'])}“. Bitte angleichen."
        raise InvalidInput([FieldError("state", "not_the_end", words)])
    history = transition.history(desk.session, item, RECOMMENDATION) if item.id is not None else []
    known = steps_of(desk.session, history)
    if known[: len(road)] == list(road):
        # What the house did since is kept: a line that tells less does not set it back.
        decisions = dict.fromkeys([*value["decisions"], *(step["decision"] for step in known if step["decision"])])
        return Walk({**value, "state": transition.state_of(item, RECOMMENDATION), "decisions": list(decisions)})
    kept = known if list(road[: len(known)]) == known else []
    if not kept and any(line.transition != transition.TAKEN_OVER for line in history):
        words = "Der Weg ist schon eingetragen und lautet anders. Was eingetragen ist, bleibt; weitere Schritte kommen dahinter."
        raise InvalidInput([FieldError("road", "already_recorded", words)])
    return Walk(value, tuple(_lines(desk, item, road, len(kept))))


def keep(desk: Desk, item: models.Item, walked: Walk) -> bool:
    """Write the lines of the history that `walk` found; whether there were any."""
    known = {"version": RECOMMENDATION.version, "workflow": RECOMMENDATION.name, **transition.recorded(desk, item)}
    transition.keep(desk.session, [{**known, **line} for line in walked.lines])
    return bool(walked.lines)


def told_of(session: Session, item: models.Recommendation) -> dict[str, Any]:
    """The road as a line tells it; without it where there is none but what the state says."""
    return _as_told(steps_of(session, transition.history(session, item, RECOMMENDATION)))


def public_of(session: Session, item: models.Recommendation, data: Mapping[str, Any]) -> dict[str, Any]:
    """State and road as a line tells them, up to the last step that `data` of a public edition knows."""
    shown = {(row["state"], row["at"]) for row in data.get("road", ())}
    history = transition.history(session, item, RECOMMENDATION)
    taken = [line.transition == transition.TAKEN_OVER or (line.target, instant(line.at)) in shown for line in history]
    known = [line for line, is_shown in zip(history, taken, strict=True) if is_shown]
    road = steps_of(session, known)
    told: dict[str, Any] = {"state": data["state"]} if "state" in data else {}
    if road and road[-1]["state"] == data.get("state"):
        told |= _as_told(road)
    return told


def _as_told(road: Sequence[Told]) -> dict[str, Any]:
    if all(step["taken_over"] for step in road):
        return {}
    return {
        "road": [
            {"date": step["date"].isoformat()}
            | {name: step[name] for name in ("state", "decision", "note", "taken_over") if step[name]}
            for step in road
        ]
    }


def steps_of(session: Session, history: Iterable[models.StepEntry]) -> list[Told]:
    """The history as a road. Where it only begins with a state taken over, so does the road."""
    start: models.StepEntry | None = None
    steps: list[models.StepEntry] = []
    for line in history:
        if line.transition != transition.TAKEN_OVER and line.transition not in RECOMMENDATION.transitions:
            continue  # what was asked for, declined or taken back moved nothing
        if line.transition == transition.TAKEN_OVER:
            start, steps = line, []
        else:
            steps.append(line)
    is_whole = bool(steps) and steps[0].source == RECOMMENDATION.initial
    beginning = [_told(session, start, is_taken_over=True)] if start is not None and not is_whole else []
    return [*beginning, *(_told(session, line) for line in steps)]


def _told(session: Session, line: models.StepEntry, *, is_taken_over: bool = False) -> Told:
    decision = lookup.find(session, line.decision_url) if line.decision_url else None
    note = "" if is_taken_over else line.comment
    if not note and "unconfirmed" in _facts(line.transition):
        note = CONFIRMED
    return _with_reason(
        {
            "date": day_of(line.at),
            "state": line.target,
            "note": note,
            "taken_over": is_taken_over,
            "decision": decision.number if isinstance(decision, models.Decision) else None,
        }
    )


def _with_reason(step: Told) -> Told:
    return {**step, "note": UNTOLD} if step["state"] == "superseded" and not step["note"] else step


def _without_road(desk: Desk, item: models.Recommendation, value: Mapping[str, Any]) -> Walk:
    """What a line without a road may do: tell no other state, or one to which no guard bars the road."""
    now, told = transition.state_of(item, RECOMMENDATION), value["state"]
    if now == told or edit.is_told(item, value):
        return Walk(value)
    if now not in FREE:
        words = f"Hier ist die Empfehlung schon „{_title(now)}“. Bitte diesen Stand angeben, oder unter „road“ den Weg mit den weiteren Schritten."
        raise InvalidInput([FieldError("state", "moved_on", words)])
    if told not in FREE:
        words = (
            f"„{_title(told)}“ ist eine Empfehlung nur durch einen Beschluss, der sie nennt und dessen Abstimmung die Regel erfüllt. "
            "Bitte unter „road“ den Weg dahin mit Tagen und Beschluss angeben, oder als Stand „proposed“."
        )
        raise InvalidInput([FieldError("road", "missing", words)])
    return Walk(
        value,
        (
            {
                "transition": transition.TAKEN_OVER,
                "source": now,
                "target": told,
                "at": desk.now,
                "comment": _title(told),
                "decision_url": None,
            },
        ),
    )


def _lines(desk: Desk, item: models.Recommendation, road: Sequence[Told], known: int) -> Iterable[Mapping[str, Any]]:
    source, last = (road[known - 1]["state"], road[known - 1]["date"]) if known else (RECOMMENDATION.initial, None)
    for index, step in enumerate(road[known:], start=known + 1):
        name = transition.TAKEN_OVER if step["taken_over"] else RECOMMENDATION.step_between(source, step["state"])
        decision = _decision(desk, step)
        errors = [
            *_day_faults(desk, step, last, decision),
            *_step_faults(desk, item, step, source, name, decision, is_first=index == 1),
        ]
        if errors or name is None:
            raise InvalidInput([FieldError(f"road.{index}.{where}", code, words) for where, code, words in errors])
        yield {
            "transition": name,
            "source": source,
            "target": step["state"],
            "at": min(noon_of(step["date"]), desk.now),
            "comment": _title(step["state"]) if step["taken_over"] else step["note"],
            "decision_url": decision.url if decision else None,
        }
        source, last = step["state"], step["date"]


Faults = Iterable[tuple[str, str, str]]
"""Field of the step, code, German words."""


def _day_faults(desk: Desk, step: Told, last: dt.date | None, decision: models.Decision | None) -> Faults:
    if last is not None and step["date"] < last:
        yield (
            "date",
            "not_in_order",
            f"Der Tag liegt vor dem des vorigen Schritts ({last:%d.%m.%Y}). Bitte die Tage prüfen.",
        )
    if step["date"] > day_of(desk.now):
        yield "date", "in_future", "Der Tag liegt in der Zukunft. Bitte nur angeben, was schon war."
    if decision is not None and decision.date is not None and step["date"] < decision.date:
        yield (
            "date",
            "before_decision",
            f"Der Tag liegt vor dem des Beschlusses ({decision.date:%d.%m.%Y}). Bitte die Tage prüfen.",
        )


def _step_faults(
    desk: Desk,
    item: models.Recommendation,
    step: Told,
    source: str,
    name: str | None,
    decision: models.Decision | None,
    *,
    is_first: bool,
) -> Faults:
    if name is None:
        ways = [row.target for row in RECOMMENDATION.transitions.values() if source in row.sources]
        yield (
            "state",
            "no_step",
            f"Von „{_title(source)}“ führt kein Schritt zu „{_title(step['state'])}“. Möglich: {', '.join(ways) or 'keiner'}.",
        )
    elif name == transition.TAKEN_OVER:
        if not is_first or step["state"] not in FREE:
            yield (
                "taken_over",
                "not_free",
                f"So übernommen werden kann nur der Anfang des Wegs, mit {', '.join(sorted(FREE))}. Bitte die Schritte einzeln angeben.",
            )
    elif step["decision"] and decision is None:
        yield (
            "decision",
            "unknown_decision",
            f"Den Beschluss {step['decision']} gibt es nicht. Bitte zuerst den Beschluss übernehmen oder die Nummer prüfen.",
        )
    else:
        blockers = transition.hindrances(
            desk, item, RECOMMENDATION, name, _fields(desk, item, step, name), state=source
        )
        missing = {row.code for row in blockers if row.code.startswith("missing_")}
        for row in blockers:
            if not missing or row.code in missing:
                yield _FIELDS.get(row.code, "state"), row.code, row.message + _REMEDIES.get(row.code, "")


def _fields(desk: Desk, item: models.Recommendation, step: Told, name: str) -> dict[str, Any]:
    """The step as the workflow asks for it: a note is its comment, and the reason for reports that are missing."""
    asks_reasons = "unconfirmed" in _facts(name) and step["note"]
    reasons = dict.fromkeys(implementation.unconfirmed(desk.session, item), step["note"]) if asks_reasons else {}
    return {"decision": step["decision"] or "", "comment": step["note"], "reasons": reasons}


def _facts(name: str) -> frozenset[str]:
    known = RECOMMENDATION.transitions.get(name)
    return frozenset[str]().union(*(guard.facts for guard in known.guards)) if known else frozenset()


def _decision(desk: Desk, step: Told) -> models.Decision | None:
    found = lookup.find_decision(desk.session, step["decision"]) if step["decision"] else None
    return found if isinstance(found, models.Decision) else None


def _title(state: str) -> str:
    return RECOMMENDATION.title_of(state)
