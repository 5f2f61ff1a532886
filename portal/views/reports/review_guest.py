"""What a guest of a review reads and does with a personal link: no account, no cookie, nothing kept, nothing indexed.

A link that opens nothing is answered as any address that never was. The link itself is the proof: a form needs no other, and
no browser sends it by itself.
"""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import exception_view_config, view_config
from sqlalchemy.orm import Session

from content import models
from content.house import Work
from content.schemas import InvalidInput
from content.services.reports import reports, review_guests, review_threads
from content.services.reports.reports import NoSection
from content.services.reports.review_guests import Opened
from portal.auth.desk import utc_now
from portal.views.desk import embargo
from portal.views.desk.embargo import PRIVATE, TooManyTries
from portal.views.errors import not_found
from portal.views.public.files import INLINE, disposition
from portal.views.reports import review_section
from portal.web import site
from portal.web.door import TOKEN, OldForm, sealed_token
from portal.web.limits import Limiter
from portal.web.visitor import network_of, place_of

MAX_BODY_BYTES: Final = 2_000_000
WRITTEN: Final = Limiter(limit=120, window_s=3600)
"""What a guest may write in an hour, by link."""
_WHAT: Final[Mapping[str, str]] = {"anmerken": "remark", "antworten": "remark", "vorschlagen": "suggestion"}
OLD_FORM: Final = "Die Seite war zu lange offen. Was Sie geschrieben haben, steht noch da; bitte noch einmal absenden."
GONE: Final = "Das gibt es nicht mehr. Die Seite zeigt den Stand von jetzt."


@view_config(route_name="review.page", request_method="GET")
def read(request: Request) -> Response:
    """The whole report, with what is open at each section."""
    return _opened(request, "page", lambda work, opened: _whole(request, work, opened))


@view_config(route_name="review.section", request_method="GET")
def read_section(request: Request) -> Response:
    """A section with its remarks and suggestions."""
    return _opened(request, "page", lambda work, opened: _section_page(request, work, opened, {}, {}))


@view_config(route_name="review.section", request_method="POST")
def write(request: Request) -> Response:
    """Remark, answer or suggest."""
    if int(request.content_length or MAX_BODY_BYTES + 1) > MAX_BODY_BYTES:
        raise HTTPNotFound
    given = _typed(request)
    name = given.get("tun", "").partition(":")[0]
    token, now = request.matchdict["token"], time.monotonic()
    if WRITTEN.is_full(token, now):
        raise TooManyTries
    WRITTEN.count(token, now)
    try:
        return _opened(request, _WHAT.get(name, "page"), lambda work, opened: _written(request, work, opened, given))
    except InvalidInput as invalid:
        errors, status = {error.field: error.message for error in invalid.errors}, 400
    except LookupError:
        errors, status = {"": GONE}, 409
    return _opened(
        request, "page", lambda work, opened: _section_page(request, work, opened, given, errors, status=status)
    )


@view_config(route_name="review.file", request_method="GET")
def read_file(request: Request) -> Response:
    """A picture or paper that the text shows."""
    return _opened(request, "file", lambda _work, opened: _file(request, opened))


def _opened(request: Request, what: str, answer: Callable[[Work, Opened], Response]) -> Response:
    """What `answer` makes of the report, noted; a link that opens nothing is an address that never was."""
    visitor, now, token = place_of(request), time.monotonic(), request.matchdict["token"]
    if embargo.WRONG.is_full(visitor, now):
        raise TooManyTries
    house = request.registry.house
    with Session(house.reading_engine) as session:
        is_known = review_guests.open_link(session, token, utc_now()) is not None
    response = None
    if is_known:
        opening = house.writing if request.method == "POST" else house.viewing
        with opening("review") as work:
            opened = review_guests.open_link(work.session, token, work.desk.now)
            if opened is not None:
                is_refused = opened.report is None
                _note(request, work, opened, what, is_refused=is_refused)
                response = None if is_refused else answer(work, opened)
    if response is None:
        embargo.WRONG.count(visitor, now)
        raise HTTPNotFound
    response.headers.update(PRIVATE)
    return response


def _note(request: Request, work: Work, opened: Opened, what: str, *, is_refused: bool) -> None:
    """Note the access: with what a guest writes in the same transaction, of one who only reads soon after."""
    link, network, now = opened.link, network_of(request), work.desk.now
    if request.method == "POST":
        review_guests.note_access(work.session, link.id, what, network, now, is_refused=is_refused)
        return
    link_id = link.id
    request.registry.house.afterwards.put(
        "review",
        lambda later: review_guests.note_access(later.session, link_id, what, network, now, is_refused=is_refused),
    )


def _whole(request: Request, work: Work, opened: Opened) -> Response:
    report = _report(opened)
    base = _base(request)
    html_of = review_section.renderer(report, lambda row: f"{base}#{row.anchor}")
    threads = review_threads.open_places(work.session, report)
    texts = {
        row.uid: review_section.marked(
            html_of(row.text, row.anchor), row.text, 0, threads.get(row.uid, ()), f"{base}/{row.uid}"
        )
        for row in report.sections
    }
    return _page(
        request,
        "review/report.html",
        opened,
        numbers=review_section.numbers_of(report),
        open_threads={uid: len(rows) for uid, rows in threads.items()},
        texts={uid: _own_files(html, base) for uid, html in texts.items()},
    )


def _section_page(
    request: Request,
    work: Work,
    opened: Opened,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    report, base = _report(opened), _base(request)
    part = _section(request, report)
    found = review_section.shown(work.session, report, part, lambda row: f"{base}/{row.uid}")
    found = replace(found, paragraphs=tuple(replace(one, html=_own_files(one.html, base)) for one in found.paragraphs))
    place = report.sections.index(part)
    return _page(
        request,
        "review/section.html",
        opened,
        status=status,
        token=_token(request),
        found=found,
        errors=errors,
        typed=review_section.typed_fields(given),
        before=report.sections[place - 1] if place else None,
        after=report.sections[place + 1] if place + 1 < len(report.sections) else None,
    )


def _token(request: Request) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, sealed_token(request))


@exception_view_config(OldForm, route_name="review.section")
def old_form(_old: OldForm, request: Request) -> Response:
    """The section again, with what was typed; nothing is written, not even that the link was used."""
    visitor, now, given = place_of(request), time.monotonic(), _typed(request)
    if embargo.WRONG.is_full(visitor, now):
        return embargo.too_many(TooManyTries(), request)
    with request.registry.house.viewing("review") as work:
        opened = review_guests.open_link(work.session, request.matchdict["token"], work.desk.now)
        if opened is not None and opened.report is not None:
            response = _section_page(request, work, opened, given, {"": OLD_FORM}, status=400)
            response.headers.update(PRIVATE)
            return response
    embargo.WRONG.count(visitor, now)
    return not_found(request)  # raised here it would not be answered: this is the answer to a fault already


def _written(request: Request, work: Work, opened: Opened, given: Mapping[str, str]) -> Response:
    report = _report(opened)
    if given.get("tun", "").partition(":")[0] not in review_section.ACTS:
        raise HTTPNotFound
    part = _section(request, report)
    place = review_section.do(review_section.ACTS, work.session, report, part, given, opened.author(work.desk.now))
    return HTTPSeeOther(f"{_base(request)}/{part.uid}#{place}")


def _file(request: Request, opened: Opened) -> Response:
    sha256 = request.matchdict["sha256"]
    path = request.registry.house.files.path(sha256)
    known = review_guests.file_of(_report(opened), sha256)
    if known is None or not path.exists():
        raise HTTPNotFound
    media_type = mimetypes.guess_type(known)[0] or "application/octet-stream"
    response = FileResponse(str(path), request=request, content_type=media_type)
    response.last_modified = response.etag = None
    response.headers["Content-Disposition"] = disposition("inline" if media_type in INLINE else "attachment", known)
    return response


def _report(opened: Opened) -> models.Report:
    assert opened.report is not None  # noqa: S101 - `_opened` answers for a link that opens nothing
    return opened.report


def _section(request: Request, report: models.Report) -> models.ReportSection:
    try:
        return reports.section_of(report, request.matchdict["uid"])
    except NoSection as error:
        raise HTTPNotFound from error


def _own_files(html: str, base: str) -> str:
    """The text with its pictures and papers at addresses that the link opens."""
    return html.replace('"/datei/', f'"{base}/datei/')


def _base(request: Request) -> str:
    return f"/durchsicht/{request.matchdict['token']}"


def _page(request: Request, template: str, opened: Opened, *, status: int = 200, **values: Any) -> Response:
    registry = request.registry
    body = registry.templates.get_template(template).render(
        link=opened.link,
        report=opened.report,
        styles=registry.frame.styles,
        editor_styles=registry.asset("report-editor.css"),
        base=_base(request),
        site_name=site.NAME,
        **values,
    )
    return Response(body.encode(), status=status, content_type="text/html", charset="utf-8")


def _typed(request: Request) -> dict[str, str]:
    try:
        return {name: value for name, value in request.POST.items() if isinstance(value, str)}
    except UnicodeDecodeError:
        return {}
