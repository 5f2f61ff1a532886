"""Files at the desk: seen by those who write or approve a text, before an edition makes them public."""

from __future__ import annotations

from pathlib import Path

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import FileResponse, Response

from content import models
from content.schemas import InvalidInput
from content.services.reports import report_files
from content.services.workflow import unpublished
from portal.auth.desk import desk_view, viewing
from portal.desk.asked import editable_item, found_item
from portal.views.public.files import INLINE, disposition
from workflows.vocabulary import Permission


@desk_view("desk.file")
def item_file(request: Request) -> Response:
    """A file of the text that the item's page shows, for whoever may see that page."""
    with viewing(request) as work:
        row = found_item(request, work.session)
        try:
            known = (
                unpublished.files_of(work.desk, row).get(request.matchdict["sha256"])
                if unpublished.can_be_shown(row)
                else None
            )
        except InvalidInput:  # no text can be shown, so no file of it
            known = None
        if known is None:
            raise HTTPNotFound
        path = work.files.path(known.sha256)
    return _sent(request, path, known.media_type, known.file_name)


@desk_view("desk.report_file", permission=Permission.REPORT_WRITE)
def file(request: Request) -> Response:
    """An attachment by its hash; the name is for people and may be any."""
    with viewing(request) as work:
        report = editable_item(request, work.session)
        if not isinstance(report, models.Report):
            raise HTTPNotFound
        row = report_files.known(report, request.matchdict["sha256"])
        if row is None or row.file is None:
            raise HTTPNotFound
        path, media_type, name = work.files.path(row.file.sha256), row.file.media_type, row.file_name
    return _sent(request, path, media_type, name)


def _sent(request: Request, path: Path, media_type: str, name: str) -> Response:
    if not path.exists():
        raise HTTPNotFound
    response = FileResponse(str(path), request=request, content_type=media_type)
    response.headers["Content-Disposition"] = disposition("inline" if media_type in INLINE else "attachment", name)
    return response
