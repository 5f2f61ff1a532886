"""Statements for the record (Protokollerklärungen) of a decision: enter, change, take out, and what there was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.base import body_law
from content.services.council import ballots, declarations
from portal.auth.desk import desk_view, page, viewing, writing
from portal.desk.asked import desk_with
from portal.views.desk.votes import found_decision
from portal.web.common import number_in
from workflows.engine import Blocked
from workflows.vocabulary import Permission

ADD, CHANGE, REMOVE = "eintragen", "aendern", "entfernen"


@desk_view("desk.statements", permission=Permission.VOTE_RECORD)
def statements(request: Request) -> Response:
    """The list, a form for a new one, and the history."""
    with viewing(request) as work:
        return _page(request, work, found_decision(request, work))


@desk_view("desk.statements", permission=Permission.VOTE_RECORD, method="POST")
def act(request: Request) -> Response:
    """Enter, change or take out one statement; a refusal keeps what was typed."""
    try:
        with writing(request) as work:
            row = found_decision(request, work)
            _act(request, work, row)
            target = f"{request.path_info}?getan=1"
    except InvalidInput as invalid:
        return _again(request, invalid.errors, 400)
    except Blocked as refused:
        return _again(request, [FieldError("", blocker.code, blocker.message) for blocker in refused.blockers], 409)
    return HTTPSeeOther(target)


def _act(request: Request, work: Work, row: models.Decision) -> None:
    desk = desk_with(work, request.person.permits_on(row.kind, row.owner))
    what, number = str(request.POST.get("tun", "")), number_in(str(request.POST.get("erklaerung", "0")))
    members, text = [str(code) for code in request.POST.getall("members")], str(request.POST.get("text", ""))
    if what == ADD:
        declarations.add(desk, row, members, text)
    elif what == CHANGE:
        declarations.change(desk, row, number, members, text)
    elif what == REMOVE:
        declarations.remove(desk, row, number, str(request.POST.get("reason", "")))
    else:
        raise HTTPNotFound


def _again(request: Request, errors: Sequence[FieldError], status: int) -> Response:
    typed = {
        "what": str(request.POST.get("tun", "")),
        "id": number_in(str(request.POST.get("erklaerung", "0"))),
        "text": str(request.POST.get("text", "")),
        "members": request.POST.getall("members"),
        "reason": str(request.POST.get("reason", "")),
        "wrong": {error.field: error.message for error in errors},
    }
    with writing(request) as work:
        return _page(
            request,
            work,
            found_decision(request, work),
            errors=[error.message for error in errors],
            typed=typed,
            status=status,
        )


def _page(
    request: Request,
    work: Work,
    row: models.Decision,
    *,
    errors: Sequence[str] = (),
    typed: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    names = body_law.of(row.body).names
    found = ballots.statements_of(work.session, row)
    typed = typed or {"what": "", "id": 0, "text": "", "members": [], "reason": "", "wrong": {}}
    return page(
        request,
        "desk/statements.html",
        title="Protokollerklärungen",
        item=row,
        names=names,
        found=found,
        typed=typed,
        errors=errors,
        status=status,
        history=declarations.history(work.session, row),
        closed=declarations.closed(row),
        is_done=bool(request.GET.get("getan")),
        is_lost=typed["what"] in {CHANGE, REMOVE} and typed["id"] not in {one.id for one in found},
    )
