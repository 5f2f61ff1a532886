"""Numbers of decisions at the desk: which are missing, doubled or not public."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from content.services import numbering
from portal.desk import desk_view, page, viewing
from workflows.publication import PUBLICATION
from workflows.vocabulary import Permission


@desk_view("desk.numbers", permission=Permission.DECISION_ADOPT)
def numbers(request: Request) -> Response:
    """Per body and year, what is to be looked at."""
    with viewing(request) as work:
        found = numbering.reports(work.session)
    return page(request, "desk/numbers.html", title="Nummern der Beschlüsse", found=found, states=PUBLICATION.titles)
