"""The vote on a decision: ballots of each member, statements for the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models, voting
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services import ballots
from portal.asked import desk_with, found_item
from portal.desk import audit, desk_view, page, viewing, writing
from workflows.engine import Blocked
from workflows.vocabulary import Permission


@desk_view("desk.vote", permission=Permission.VOTE_RECORD)
def vote_form(request: Request) -> Response:
    """The ballots of each member."""
    with viewing(request) as work:
        return _vote_page(request, work, found_decision(request, work), {}, ())


@desk_view("desk.vote", permission=Permission.VOTE_RECORD, method="POST")
def record_vote(request: Request) -> Response:
    """Keep the ballots and statements, and tell what came out."""
    given = {key[7:]: value for key, value in request.POST.items() if key.startswith("ballot.") and isinstance(value, str)}
    statements = [
        {"members": request.POST.getall(f"statement.{index}.members"), "text": str(request.POST.get(f"statement.{index}.text", ""))}
        for index in range(1, 41)
        if f"statement.{index}.text" in request.POST
    ]
    try:
        with writing(request) as work:
            row = found_decision(request, work)
            desk = desk_with(work, request.person.permits_on(row.kind, row.owner))
            ballots.record(
                desk, row, ballots.with_others(row.body, given, str(request.POST.get("others", ""))), is_circulation=bool(request.POST.get("is_circulation")),
                is_en_bloc=bool(request.POST.get("is_en_bloc")), rule=str(request.POST.get("rule", "")) or None, note=str(request.POST.get("note", "")),
            )
            ballots.set_statements(desk, row, statements)
            audit(request, work, "vote.recorded", row.url)
            target = f"/redaktion/eintrag/{row.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _vote_page(request, work, found_decision(request, work), given, invalid.errors, statements)
    except Blocked as refused:
        with writing(request) as work:
            errors = [FieldError("", row.code, row.message) for row in refused.blockers]
            return _vote_page(request, work, found_decision(request, work), given, errors, statements)
    return HTTPSeeOther(target)


def _vote_page(
    request: Request, work: Work, row: models.Decision, given: Mapping[str, str], errors: Sequence[FieldError],
    statements: list[dict[str, Any]] | None = None,
) -> Response:
    vote = ballots.vote_of(work.session, row)
    typed = request.POST if errors else None
    kept = given if typed is not None else ({ballot.member_code: ballot.choice for ballot in vote.ballots} if vote else {})
    day = row.date or (row.meeting.date if row.meeting else None)
    members, key_year = ballots.members_of(row.body, (day or work.desk.now.date()).year)
    written = statements or [
        {"members": found.member_codes, "text": found.text} for found in ballots.statements_of(work.session, row)
    ]
    return page(
        request, "desk/vote.html", title="Abstimmung", item=row, members=members, given=kept, key_year=key_year, rules=voting.RULES,
        rule=str(typed.get("rule", "")) if typed else vote.rule if vote else row.body.voting_rule, choices=voting.CHOICE_WORDS,
        errors=[(_input_of(error.field), error.message) for error in errors], wrong={error.field.split(".")[0] if error.field.startswith("ballots") else error.field: error.message for error in errors},
        is_circulation=bool(typed.get("is_circulation")) if typed else bool(vote and vote.is_circulation),
        is_en_bloc=bool(typed.get("is_en_bloc")) if typed else bool(vote and vote.is_en_bloc),
        note=str(typed.get("note", "")) if typed else vote.note if vote else "", all_others=str(typed.get("others", "")) if typed else "",
        statements=[*written, {"members": [], "text": ""}], status=400 if errors else 200,
    )


def _input_of(field: str) -> str:
    """The id of the input that a field belongs to; empty where there is none."""
    name, _, rest = field.partition(".")
    if name == "statements":
        number, _, part = rest.partition(".")
        return f"s{number}{part[:1]}"
    return {"rule": "rule", "ballots": "stimmen", "note": "anmerkung"}.get(name, "")


def found_decision(request: Request, work: Work) -> models.Decision:
    row = found_item(request, work.session)
    if not isinstance(row, models.Decision):
        raise HTTPNotFound
    return row
