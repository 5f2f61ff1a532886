"""Writing bodies, meetings and decisions with their clauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from content import models
from content.council.numbers import NumberPattern
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.base import body_law
from content.services.base.lookup import body_by_slug, known_bodies
from content.services.editing.writers.common import decision_address, meeting_at, numbered
from content.text import clauses


def write_body(item: models.Body, value: Mapping[str, Any], _prepared: object) -> None:
    item.short = value["short"]
    item.genitive = value["genitive"]
    item.number_pattern = value["number_pattern"]
    item.voting_rule = value["voting_rule"] or ""
    known = {member.code: member for member in item.members}
    item.members = [
        _member(known.get(row["code"]) or models.Member(code=row["code"]), row, position)
        for position, row in enumerate(value["members"], start=1)
    ]
    item.chairs = [models.ChairTerm(**row) for row in value["chairs"]]


def _member(member: models.Member, row: Mapping[str, Any], position: int) -> models.Member:
    member.name, member.kind, member.position = row["name"], row["kind"], position
    return member


def prepare_body(_session: Session, value: Mapping[str, Any]) -> None:
    try:
        NumberPattern(value["number_pattern"])
    except ValueError as error:
        raise InvalidInput([FieldError("number_pattern", "malformed", str(error))]) from error


def prepare_meeting(session: Session, value: Mapping[str, Any]) -> tuple[models.Body, list[str | None]]:
    body = body_by_slug(session, value["body"])
    decisions = [
        decision_address(session, body, row["decision"], f"agenda.{index}.decision") if row["decision"] else None
        for index, row in enumerate(value["agenda"], start=1)
    ]
    return body, decisions


def write_meeting(
    item: models.Meeting, value: Mapping[str, Any], prepared: tuple[models.Body, list[str | None]]
) -> None:
    body, decisions = prepared
    item.body = body
    item.meeting_kind = value["kind"]
    item.ordinal = value["ordinal"] if value["kind"] == "numbered" else None
    item.title = meeting_title(item.meeting_kind, item.ordinal, body)
    item.date, item.end_date = value["date"], value["end_date"]
    item.place, item.chair = value["place"], value["chair"]
    item.agenda = [
        models.AgendaItem(
            position=position,
            top=row["top"],
            title=row["title"],
            goal=row["goal"],
            list_kind=row["list"],
            rapporteurs=row["rapporteurs"],
            decision_url=decisions[position - 1],
            note=row["note"],
        )
        for position, row in enumerate(value["agenda"], start=1)
    ]


def meeting_title(meeting_kind: str, ordinal: int | None, body: models.Body) -> str:
    """„36. Sitzung des IT-Planungsrats“ and the like: what a list shows."""
    word = {"special": "Sondersitzung", "circulation": "Umlaufverfahren"}.get(meeting_kind, f"{ordinal}. Sitzung")
    return f"{word} {body.genitive or body.title}"


@dataclass(frozen=True, slots=True)
class _DecisionParts:
    body: models.Body
    meeting: models.Meeting | None
    year: int | None
    serial: int | None
    text: clauses.DecisionText
    explicit: list[models.Reference]


def prepare_decision(session: Session, value: Mapping[str, Any]) -> _DecisionParts:
    body = body_by_slug(session, value["body"])
    meeting = meeting_at(session, value["meeting"])
    number = body_law.parsed(body, value["number"]) if value["number"] else None
    try:
        text = clauses.parse(
            value["text"], own_meeting=meeting.ordinal if meeting else None, bodies=known_bodies(session).by_suffix
        )
    except ValueError as error:
        raise InvalidInput([FieldError("text", "unreadable", str(error))]) from error
    explicit = [
        _explicit_reference(session, body, row, index) for index, row in enumerate(value["references"], start=1)
    ]
    return _DecisionParts(
        body, meeting, number.year if number else None, number.serial if number else None, text, explicit
    )


def _explicit_reference(session: Session, body: models.Body, row: Mapping[str, Any], index: int) -> models.Reference:
    source = body_by_slug(session, row["body"], f"references.{index}.body") if row["body"] else body
    return models.Reference(
        from_anchor=row["from"],
        relation=row["relation"],
        target_url=decision_address(session, source, row["number"], f"references.{index}.number"),
        target_anchor=row["clause"],
        quoted="",
        is_explicit=True,
    )


def write_decision(item: models.Decision, value: Mapping[str, Any], parts: _DecisionParts) -> None:
    item.body, item.meeting = parts.body, parts.meeting
    item.year, item.serial, item.number = parts.year, parts.serial, value["number"]
    item.date = value["date"]
    item.text_kind, item.scope = value["text_kind"], value["scope"]
    item.source_url, item.source_note = value["source_url"], value["source_note"]
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    notice = value["gazette_notice"]
    item.gazette_date = notice["date"] if notice else None
    item.gazette_url = notice["url"] if notice else None
    write_clauses(item, parts.text)
    item.references = numbered([*_read_references(parts.text), *parts.explicit])


def write_clauses(item: models.Decision, text: clauses.DecisionText) -> None:
    """Make the clause rows of `item` those of `text`; rows whose anchor stays keep their identity."""
    known = {clause.anchor: clause for clause in item.clauses}
    item.clauses = [
        _clause(known.get(clause.anchor) or models.Clause(anchor=clause.anchor), clause, position)
        for position, clause in enumerate(text.clauses, start=1)
    ]


def _clause(row: models.Clause, clause: clauses.Clause, position: int) -> models.Clause:
    row.position, row.path, row.label, row.depth = position, list(clause.path), clause.label, clause.depth
    row.kind = str(clause.kind) if clause.kind else None
    row.addressees, row.due_meeting = list(clause.addressees), clause.due_meeting
    row.markdown, row.text = clause.markdown, clause.text
    return row


def _read_references(text: clauses.DecisionText) -> list[models.Reference]:
    rows: list[models.Reference] = []
    for clause in text.clauses:
        for reference in clause.references:
            if not reference.url:
                continue  # a clause of the same decision: a link in the text, not a relation between items
            rows += [
                models.Reference(
                    from_anchor=clause.anchor,
                    relation=str(reference.relation),
                    target_url=reference.url,
                    target_anchor=anchor,
                    quoted=reference.text,
                )
                for anchor in (reference.clauses or (None,))
            ]
    return rows
