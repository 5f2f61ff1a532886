"""A report as a Word file, and the file that comes back."""

from __future__ import annotations

from typing import Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm import Session

from content import models
from content.schemas import InvalidInput
from content.services.reports import Author
from content.word.shapes import NotWord
from portal.asked import editable_item
from portal.desk import desk_view, looking, page, writing
from portal.forms import UPLOAD
from portal.incoming import store_file
from portal.typed import typed_uploads
from workflows.vocabulary import Permission

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORDS: Final = {
    "saved": "übernommen", "merged": "übernommen und mit inzwischen Geändertem zusammengeführt", "unchanged": "Unverändert",
    "conflict": "Widerspricht inzwischen Geändertem; liegt als Ihr Entwurf im Abschnitt", "added": "Als neuer Abschnitt angelegt",
    "refused": "Nicht übernommen",
}


def _report(request: Request, session: Session) -> models.Report:
    row = editable_item(request, session)
    if not isinstance(row, models.Report):
        raise HTTPNotFound
    return row


@desk_view("desk.report_word", permission=Permission.REPORT_WRITE)
def form(request: Request) -> Response:
    """Where to get the file and where to give it back."""
    with looking(request) as session:
        return _form(request, _report(request, session))


def _form(request: Request, report: models.Report, error: str = "", *, status: int = 200) -> Response:
    return page(request, "desk/report_word.html", title="Word-Datei", report=report, error=error, status=status, upload=UPLOAD, taken=None, words=WORDS)


@desk_view("desk.report_word_file", permission=Permission.REPORT_WRITE)
def download(request: Request) -> Response:
    """The report as it stands."""
    from content.services import report_word  # noqa: PLC0415 - the libraries for Word take memory that few processes need

    with looking(request) as session:
        report = _report(request, session)
        body = report_word.export(session, report, base_url=_base_url(request), open_file=request.registry.house.files.open)
        name = f"{report.slug}.docx"
    response = Response(body, content_type=DOCX)
    response.content_disposition = f'attachment; filename="{name}"'
    return response


@desk_view("desk.report_word", permission=Permission.REPORT_WRITE, method="POST")
def upload(request: Request) -> Response:
    """Take a file back, and tell what became of each section."""
    from content.services import report_word  # noqa: PLC0415 - see above

    _, body = typed_uploads(request).get("datei", ("", b""))
    if not body:
        with looking(request) as session:
            return _form(request, _report(request, session), "Es wurde keine Datei gewählt. Bitte eine Word-Datei (.docx) wählen.", status=400)
    try:
        with looking(request) as session:
            files = request.registry.house.files
            found = report_word.read_back(session, _report(request, session), body, base_url=_base_url(request), open_file=files.open)
        with writing(request, is_searched=False) as work:
            report = _report(request, work.session)
            author = Author(request.person.login, request.person.name, work.desk.now)
            taken = report_word.take_back(
                work.session, report, found, author=author, store=store_file(work), takes_tracked=bool(request.POST.get("nachverfolgt"))
            )
            return page(request, "desk/report_word.html", title="Aus Word übernommen", report=report, error="", upload=UPLOAD, taken=taken, words=WORDS)
    except NotWord as refused:
        message = str(refused)
    except InvalidInput as invalid:
        message = " ".join(error.message for error in invalid.errors)
    with looking(request) as session:
        return _form(request, _report(request, session), message, status=400)


def _base_url(request: Request) -> str:
    return str(request.registry.settings["portal.settings"].base_url)
