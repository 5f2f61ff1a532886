"""A report as a Word file, and the file that comes back."""

from __future__ import annotations

from typing import Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from sqlalchemy.orm import Session

from content import models
from content.schemas import InvalidInput
from content.services.editing import pictures
from content.services.reports import report_word
from content.services.reports.reports import Author
from content.word.shapes import NotWord, Returned
from portal.auth.desk import desk_view, looking, page, writing
from portal.desk.asked import editable_item
from portal.desk.forms import UPLOAD
from portal.desk.typed import typed_uploads
from portal.web.incoming import store_file
from workflows.vocabulary import Permission

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORDS: Final = {
    "saved": "übernommen",
    "merged": "übernommen und mit inzwischen Geändertem zusammengeführt",
    "unchanged": "Unverändert",
    "conflict": "Widerspricht inzwischen Geändertem; liegt als Ihr Entwurf im Abschnitt",
    "added": "Als neuer Abschnitt angelegt",
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
    return page(
        request,
        "desk/report_word.html",
        title="Word-Datei",
        report=report,
        error=error,
        status=status,
        upload=UPLOAD,
        taken=None,
        words=WORDS,
    )


@desk_view("desk.report_word_file", permission=Permission.REPORT_WRITE)
def download(request: Request) -> Response:
    """The report as it stands."""
    house = request.registry.house
    with looking(request) as session:
        report = _report(request, session)
        order = report_word.order(session, report, base_url=_base_url(request), path_of=house.files.path)
        name = f"{report.slug}.docx"
    response = FileResponse(str(house.made.get(order)), request=request, content_type=DOCX)
    response.last_modified = None
    response.content_disposition = f'attachment; filename="{name}"'
    return response


@desk_view("desk.report_word", permission=Permission.REPORT_WRITE, method="POST")
def upload(request: Request) -> Response:
    """Take a file back, and tell what became of each section."""
    _, body = typed_uploads(request).get("datei", ("", b""))
    if not body:
        with looking(request) as session:
            return _form(
                request,
                _report(request, session),
                "Es wurde keine Datei gewählt. Bitte eine Word-Datei (.docx) wählen.",
                status=400,
            )
    try:
        found = _read(request, body)
        pictures.prepare_ahead(found.images.values())
        with writing(request, is_searched=False) as work:
            report = _report(request, work.session)
            author = Author(request.person.login, request.person.name, work.desk.now)
            taken = report_word.take_back(
                work.session,
                report,
                found,
                author=author,
                store=store_file(work),
                takes_tracked=bool(request.POST.get("nachverfolgt")),
            )
            return page(
                request,
                "desk/report_word.html",
                title="Aus Word übernommen",
                report=report,
                error="",
                upload=UPLOAD,
                taken=taken,
                words=WORDS,
            )
    except NotWord as refused:
        message = str(refused)
    except InvalidInput as invalid:
        message = " ".join(error.message for error in invalid.errors)
    with looking(request) as session:
        return _form(request, _report(request, session), message, status=400)


def _read(request: Request, body: bytes) -> Returned:
    """What the file says; the slow parts with no connection held."""
    with looking(request) as session:
        _report(request, session)  # whoever may not write it gives us nothing to read
    marks = report_word.marks(body)
    with looking(request) as session:
        sent = report_word.sent(session, _report(request, session), marks, base_url=_base_url(request))
    return report_word.read_back(sent, body, path_of=request.registry.house.files.path)


def _base_url(request: Request) -> str:
    return str(request.registry.settings["portal.settings"].base_url)
