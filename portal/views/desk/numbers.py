"""Numbers of decisions at the desk: which are missing and why, doubled or not public."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import InvalidInput
from content.services.accounts import audit
from content.services.council import numbering
from content.services.editing import given_numbers
from portal.auth.desk import desk_view, page, viewing, writing
from portal.desk.typed import typed_texts
from portal.web.common import number_in
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import Permission

ADDRESS = "/redaktion/nummern"


@desk_view("desk.numbers", permission=Permission.DECISION_ADOPT)
def numbers(request: Request) -> Response:
    """Per body and year, what is to be looked at."""
    with viewing(request) as work:
        return _page(request, work)


@desk_view("desk.numbers", method="POST", permission=Permission.DECISION_ADOPT)
def explain(request: Request) -> Response:
    """Keep the reason why numbers are missing."""
    given = typed_texts(request)
    body_id, year, first, last = (number_in(given.get(name, "")) for name in ("gremium", "jahr", "von", "bis"))
    try:
        with writing(request) as work:
            body = work.session.get(models.Body, body_id)
            if body is None:
                raise HTTPNotFound
            desk = work.desk
            given_numbers.explain(desk, body, year, first, last, given.get("grund", ""))
            audit.note(
                work.session,
                desk.now,
                actor=desk.actor,
                name=desk.actor_name,
                action="number.explained",
                subject=body.url,
                detail=f"{year}/{first:02d} bis {year}/{last:02d}: {given['grund'].strip()}",
            )
    except (InvalidInput, Blocked) as refused:
        words = refused.errors[0].message if isinstance(refused, InvalidInput) else refused.blockers[0].message
        with writing(request) as work:
            return _page(
                request, work, problem=words, asked=(body_id, year, first), typed=given.get("grund", ""), status=400
            )
    return HTTPSeeOther(ADDRESS)


def _page(
    request: Request,
    work: Work,
    *,
    problem: str = "",
    asked: tuple[int, int, int] = (0, 0, 0),
    typed: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "desk/numbers.html",
        title="Nummern der Beschlüsse",
        found=numbering.reports(work.session),
        states=PUBLICATION.titles,
        problem=problem,
        asked=asked,
        typed=typed,
        status=status,
    )
