"""The green list of a session: one form, one vote, all items or none."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models, voting
from content.house import Work
from content.schemas import InvalidInput
from content.services import ballots, en_bloc
from content.services.transition import Stale
from portal.asked import desk_with, found_item
from portal.desk import audit, desk_view, page, viewing, writing
from workflows.engine import Blocked
from workflows.vocabulary import Permission


@desk_view("desk.en_bloc", permission=Permission.VOTE_RECORD)
def form(request: Request) -> Response:
    """What is on the green list, and the ballots."""
    with viewing(request) as work:
        return _page(request, work, {}, [])


@desk_view("desk.en_bloc", permission=Permission.VOTE_RECORD, method="POST")
def adopt(request: Request) -> Response:
    """Adopt all, or tell every reason why not and keep what was typed."""
    given = {key[7:]: value for key, value in request.POST.items() if key.startswith("ballot.") and isinstance(value, str)}
    try:
        with writing(request) as work:
            meeting = _meeting(request, work)
            desk = desk_with(work, request.person.permits_on("decision", meeting.owner))
            adopted = en_bloc.adopt(
                desk, meeting, ballots.with_others(meeting.body, given, str(request.POST.get("others", ""))), is_circulation=bool(request.POST.get("is_circulation")), rule=str(request.POST.get("rule", "")) or None
            )
            audit(request, work, "vote.en_bloc", meeting.url, ", ".join(row.number or "" for row in adopted))
            target = f"/redaktion/eintrag/{meeting.id}"
    except (InvalidInput, Blocked, Stale) as refused:
        if isinstance(refused, InvalidInput):
            reasons = [error.message for error in refused.errors]
        else:
            reasons = [row.message for row in refused.blockers] if isinstance(refused, Blocked) else [str(refused)]
        with writing(request) as work:
            return _page(request, work, given, reasons)
    return HTTPSeeOther(target)


def _meeting(request: Request, work: Work) -> models.Meeting:
    row = found_item(request, work.session)
    if not isinstance(row, models.Meeting):
        raise HTTPNotFound
    return row


def _page(request: Request, work: Work, given: Mapping[str, str], errors: list[str]) -> Response:
    meeting = _meeting(request, work)
    members, key_year = ballots.members_of(meeting.body, (meeting.date or work.desk.now.date()).year)
    return page(
        request, "desk/en_bloc.html", title="Grüne Liste", item=meeting, members=members, given=given, key_year=key_year, rules=voting.RULES,
        rule=str(request.POST.get("rule", "")) or meeting.body.voting_rule, choices=voting.CHOICE_WORDS, errors=errors, wrong={},
        all_others=str(request.POST.get("others", "")),
        items=en_bloc.green_list(work.session, meeting), is_circulation=bool(request.POST.get("is_circulation")), status=409 if errors else 200,
    )
