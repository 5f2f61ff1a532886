"""Clauses that ask somebody for something by a session: suggested from the text, confirmed by an editor, then tracked.

Nothing is tracked that nobody confirmed. What is confirmed, reported and approved becomes public by a new edition of the
decision (`data.tasks`); the text of the decision never changes by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import meeting_label, meeting_url
from content.council.laender import code_of, members_of, name_of
from content.freezing.tracked import public_tasks
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.base import rights
from content.services.base.lookup import find
from content.services.publishing.amend import amend
from content.services.publishing.publish import Desk, current_edition
from content.typed import typed_days
from workflows.rights import given
from workflows.vocabulary import Permission

ASKING: Final = ("requests", "commissions")
STATES: Final[Mapping[str, str]] = {
    "open": "offen",
    "planned": "geplant",
    "running": "läuft",
    "done": "umgesetzt",
    "not_applicable": "entfällt",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A clause that reads like a task and that no editor judged yet."""

    item_id: int
    url: str
    title: str
    anchor: str
    label: str
    text: str
    addressees: tuple[str, ...]
    due: str


def suggestions(session: Session, limit: int = 100) -> list[Suggestion]:
    """Clauses of published decisions that ask somebody for something by a session, newest decision first."""
    clause, decision, task = models.Clause, models.Decision, models.Task
    judged = sa.select(task.id).where(task.item_id == clause.decision_id, task.anchor == clause.anchor).exists()
    query = (
        sa.select(clause, decision)
        .join(decision, decision.id == clause.decision_id)
        .where(
            decision.publication_state == "published", clause.kind.in_(ASKING), clause.due_meeting.is_not(None), ~judged
        )
        .order_by(decision.date.desc(), decision.id.desc(), clause.position)
    )
    return [
        Suggestion(
            row.id,
            row.url,
            f"{row.number or ''} {row.title or ''}".strip(),
            found.anchor,
            found.label,
            found.text,
            tuple(found.addressees),
            meeting_label("numbered", found.due_meeting),
        )
        for found, row in session.execute(query.limit(limit))
        if found.addressees
    ]


def confirm(desk: Desk, decision: models.Decision, anchor: str, addressees: Sequence[str]) -> None:
    """Track what this clause asks: one task per addressee; „Länder“ are asked one by one. Raises `InvalidInput`."""
    clause = _clause(desk, decision, anchor)
    names = [name for name in dict.fromkeys(" ".join(word.split()) for word in addressees) if name]
    if not names:
        raise InvalidInput(
            [FieldError("addressees", "missing", "Wer soll es tun? Bitte mindestens einen Adressaten angeben.")]
        )
    codes, others = members_of(names)
    due = (
        meeting_url(decision.body.slug, "numbered", ordinal=clause.due_meeting, date=None)
        if clause.due_meeting
        else None
    )
    desk.session.add_all(
        [
            models.Task(
                item_id=decision.id, anchor=anchor, addressee=name, due_meeting=due, tracking="confirmed", state="open"
            )
            for name in (*codes, *others)
        ]
    )
    show(desk, decision, f"Auftrag aus {clause.label} wird verfolgt")


def dismiss(desk: Desk, decision: models.Decision, anchor: str) -> None:
    """Note that this clause is no task. Raises `InvalidInput`."""
    _clause(desk, decision, anchor)
    desk.session.add(models.Task(item_id=decision.id, anchor=anchor, addressee="", tracking="dismissed", state="open"))
    desk.session.flush()


def report(desk: Desk, task: models.Task, given: Mapping[str, str], *, codes: frozenset[str]) -> None:
    """Report on a task: state, day, evidence, note. `codes`: members the person speaks for. Raises `InvalidInput`."""
    errors = []
    if not may_report(desk, task, codes):
        errors.append(FieldError("state", "no_permission", "Für diesen Adressaten dürfen Sie nicht melden."))
    if given.get("state") not in STATES:
        errors.append(
            FieldError(
                "state",
                "unknown_choice",
                f"Der Stand ist nicht vorgesehen. Möglich sind: {', '.join(STATES.values())}.",
            )
        )
    evidence = given.get("evidence", "").strip()
    if evidence and not evidence.startswith(("https://", "http://")):
        errors.append(
            FieldError("evidence", "not_an_address", "Der Nachweis ist keine Webadresse. Bitte mit https:// angeben.")
        )
    if given.get("state") == "done" and not evidence:
        errors.append(
            FieldError("evidence", "missing", "Umgesetzt braucht einen Nachweis. Bitte eine Webadresse angeben.")
        )
    date = typed_days.day(given.get("date", ""))
    if given.get("date") and date is None:
        errors.append(
            FieldError("date", "not_a_day", f"„{given['date'][:20]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT.")
        )
    if errors:
        raise InvalidInput(errors)
    task.state, task.date, task.evidence_url, task.note = (
        given["state"],
        date,
        evidence or None,
        given.get("note", "").strip()[:2000],
    )
    task.reporter, task.reported_by, task.reported_at = desk.actor, desk.actor_name or desk.actor, desk.now
    task.confirmed_by, task.confirmed_at = None, None
    show(desk, decision_of(desk.session, task), f"{name_of_addressee(task.addressee)} meldet: {STATES[task.state]}")


def approve(desk: Desk, task: models.Task) -> None:
    """Confirm a report. Raises `InvalidInput`."""
    if Permission.IMPLEMENTATION_CONFIRM not in desk.permits:
        raise InvalidInput([FieldError("", "no_permission", "Meldungen bestätigt die Geschäftsstelle.")])
    if task.reported_at is None or task.confirmed_at is not None:
        raise InvalidInput(
            [FieldError("", "nothing_to_confirm", "Hier gibt es keine Meldung, die zu bestätigen wäre.")]
        )
    if not task.reporter:
        message = "Wer gemeldet hat, ist nicht mehr festzustellen. Bitte neu melden lassen, dann bestätigt eine zweite Person."
        raise InvalidInput([FieldError("", "unknown_reporter", message)])
    if task.reporter == desk.actor:
        raise InvalidInput(
            [
                FieldError(
                    "",
                    "same_person",
                    "Wer gemeldet hat, bestätigt nicht selbst. Bitte eine zweite Person darum bitten.",
                )
            ]
        )
    task.confirmed_by, task.confirmed_at = desk.actor_name or desk.actor, desk.now
    show(desk, decision_of(desk.session, task), f"{name_of_addressee(task.addressee)}: Meldung bestätigt")


def may_report(desk: Desk, task: models.Task, codes: frozenset[str]) -> bool:
    """The member itself; for addressees that are no members, the secretariat notes what they report."""
    if code_of(task.addressee) is not None:
        return Permission.IMPLEMENTATION_REPORT in desk.permits and task.addressee in codes
    return Permission.IMPLEMENTATION_CONFIRM in desk.permits


def codes_of(session: Session, grants: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The members for which a person may report."""
    found: set[str] = set()
    for role, organisation in grants:
        if Permission.IMPLEMENTATION_REPORT in given(role, organisation) and organisation:
            row = find(session, item_url("organisation", organisation))
            code = (row.input.get("land") if row is not None else None) or code_of(organisation)
            found |= {code} if code else set()
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks, as a person sees it: name and words of the clause, of the public decision unless the person sees more."""

    label: str
    text: str


def tracked(
    session: Session,
    grants: rights.Grants = None,
    *,
    codes: frozenset[str] | None = None,
    only: int = 0,
    limit: int = 300,
) -> list[tuple[models.Task, models.Decision, Asked]]:
    """Confirmed tasks (of these members and of this decision, where given) with decision and clause."""
    task, decision = models.Task, models.Decision
    query = (
        sa.select(task, decision)
        .join(decision, decision.id == task.item_id)
        .where(task.tracking == "confirmed")
        .order_by(decision.date.desc(), task.id)
    )
    query = query.where(task.addressee.in_(codes)) if codes is not None else query
    query = query.where(task.item_id == only) if only else query
    clauses: dict[int, dict[str, Asked]] = {}
    found = []
    for asked, asking in session.execute(query.limit(limit)):
        if asking.id not in clauses:
            clauses[asking.id] = _clauses(session, asking, grants)
        found.append((asked, asking, clauses[asking.id].get(asked.anchor) or Asked(asked.anchor, "")))
    return found


def _clauses(session: Session, decision: models.Decision, grants: rights.Grants) -> dict[str, Asked]:
    if rights.may_see(grants, decision):
        return {row.anchor: Asked(row.label, row.text) for row in decision.clauses}
    edition = current_edition(session, decision)
    rows = orjson.loads(edition.document)["data"].get("clauses", ()) if edition is not None else ()
    return {row["anchor"]: Asked(row["label"], row["text"]) for row in rows}


def show(desk: Desk, decision: models.Decision, note: str) -> None:
    """Make the tasks of a decision public as they stand."""
    desk.session.flush()
    amend(desk, decision, {"tasks": public_tasks(desk.session, decision)}, note)


def decision_of(session: Session, task: models.Task) -> models.Decision:
    """The decision that asks."""
    return session.get_one(models.Decision, task.item_id)


def name_of_addressee(addressee: str) -> str:
    """„Hamburg“ for `HH`; others as they are."""
    return name_of(addressee)


def due_days(session: Session, until: dt.datetime) -> list[tuple[models.Decision, dt.date, frozenset[str]]]:
    """(decision, day of the session, who is asked) of open tasks whose session is held by `until`; one row per decision and day."""
    task, meeting = models.Task, models.Meeting
    query = (
        sa.select(task.item_id, meeting.date, task.addressee)
        .join(meeting, meeting.url == task.due_meeting)
        .where(
            task.tracking == "confirmed",
            task.state.not_in(("done", "not_applicable")),
            meeting.date.is_not(None),
            meeting.date <= until.date(),
        )
    )
    asked: dict[tuple[int, dt.date], set[str]] = {}
    for row in session.execute(query.order_by(task.item_id, meeting.date)):
        asked.setdefault((row.item_id, row.date), set()).add(row.addressee)
    return [(session.get_one(models.Decision, item_id), day, frozenset(who)) for (item_id, day), who in asked.items()]


def _clause(desk: Desk, decision: models.Decision, anchor: str) -> models.Clause:
    if Permission.IMPLEMENTATION_CONFIRM not in desk.permits:
        raise InvalidInput([FieldError("", "no_permission", "Aufträge bestätigt die Geschäftsstelle.")])
    if (
        desk.session.scalar(
            sa.select(models.Task.id).where(models.Task.item_id == decision.id, models.Task.anchor == anchor).limit(1)
        )
        is not None
    ):
        raise InvalidInput([FieldError("", "judged", "Über diese Ziffer wurde schon entschieden.")])
    found = next((row for row in decision.clauses if row.anchor == anchor), None)
    if found is None:
        raise InvalidInput([FieldError("anchor", "unknown_clause", "Diese Ziffer gibt es in dem Beschluss nicht.")])
    return found
