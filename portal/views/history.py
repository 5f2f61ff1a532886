"""The history of an item at the desk: its revisions and what differs between them."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from content.services import desk as queries
from portal.asked import found_item
from portal.desk import desk_view, page, writing
from portal.differences import differences
from portal.views.common import parameter


@desk_view("desk.revisions")
def revisions(request: Request) -> Response:
    """Every revision, and the differences of one to the one before."""
    with writing(request) as work:
        row = found_item(request, work)
        rows = queries.revisions(work.session, row.id)
        shown = parameter(request, "rev")
        difference = None
        for newer, older in zip(rows, [*rows[1:], None], strict=True):
            if shown == str(newer.rev):
                difference = differences(row.kind, older.input if older else {}, newer.input)
        return page(request, "desk/revisions.html", title="Verlauf", item=row, rows=rows, shown=shown, difference=difference)
