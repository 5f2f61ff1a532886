"""Embargoes: the press office's page, and what a recipient of a personal link reads.

A recipient's page sets no cookie, is kept by nobody (`no-store`; it never carries the mark that lets the page cache keep
it), indexed by nobody, and tells no other site where somebody came from. A link that opens nothing is answered as any
address that never was.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import exception_view_config, view_config
from sqlalchemy.orm import Session

from content import models, reading
from content.export import typesetting
from content.house import Work
from content.kinds import KINDS
from content.proof.canonical import canonical_json, sha256_hex
from content.proof.ledger import instant
from content.schemas import FieldError, InvalidInput
from content.services.implementation import orders
from content.services.workflow import embargo
from content.typed import typed_days
from content.typed.berlin import BERLIN
from content.typed.whole import whole
from portal.auth.desk import MissingRight, desk_view, page, utc_now, viewing, writing
from portal.desk import confirming
from portal.desk.asked import desk_with, found_item
from portal.views.errors import Problem
from portal.views.public.files import INLINE, disposition, kit_response, pdf_of
from portal.web import site
from portal.web.common import render
from portal.web.limits import Limiter
from portal.web.visitor import network_of, place_of
from workflows.vocabulary import Permission

WRONG: Final = Limiter(limit=20, window_s=600)
"""Links that opened nothing, by visitor."""
HEAVY: Final = Limiter(limit=30, window_s=600)
"""PDF files and kits, by link: each costs a second of work."""
ACCESS_WORDS: Final = {"page": "Seite", "pdf": "PDF", "kit": "Pressemappe", "file": "Datei"}
PRIVATE: Final = {
    "Cache-Control": "no-store, private",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}


class TooManyTries(Exception):  # noqa: N818 - named for the situation
    """A visitor tried too often; whether anything was right is not looked at."""


# --- the press office ------------------------------------------------------------------------------------------------


@desk_view("desk.embargo", permission=Permission.ITEM_EMBARGO)
def embargo_form(request: Request) -> Response:
    """The embargo of an item: its end, its links, who opened what."""
    with viewing(request) as work:
        return _desk_page(request, work, _embargoable(request, work), {})


@desk_view("desk.embargo", permission=Permission.ITEM_EMBARGO, method="POST")
def change_embargo(request: Request) -> Response:
    """Set, lift, invite, take back, stop."""
    act = _ACTS.get(str(request.POST.get("akt", "")))
    if act is None:
        raise HTTPNotFound
    if act is _lift and (asked := _question(request)):
        return asked
    if act is _set and (asked := _question_of_move(request)):
        return asked
    try:
        with writing(request) as work:
            row = _embargoable(request, work)
            act(request, desk_with(work, request.person.permits_on(row.kind, row.owner)), row)
            target = f"/redaktion/eintrag/{row.id}/sperrfrist"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _desk_page(
                request, work, _embargoable(request, work), {error.field: error.message for error in invalid.errors}
            )
    return HTTPSeeOther(target)


def _question(request: Request) -> Response | None:
    """What is asked before an embargo is lifted, where there is one."""
    with viewing(request) as work:
        row = _embargoable(request, work)
        found = embargo.of_item(work.session, row)
        if found is None:
            return None
        facts = [
            ("Gültige Links", str(embargo.open_links(found, utc_now()))),
            ("Frist bis", f"{found.until.astimezone(BERLIN):%d.%m.%Y, %H:%M} Uhr"),
        ]
        return confirming.question(request, "embargo.lift", row.title or row.url, request.path_info, facts=facts)


def _question_of_move(request: Request) -> Response | None:
    """What is asked before the end of an embargo moves that others count on; None where nobody does, or where it may not end then."""
    with viewing(request) as work:
        row, until = _embargoable(request, work), typed_days.moment(str(request.POST.get("until", "")))
        found = embargo.of_item(work.session, row)
        told = embargo.holders(work.session, found) if found is not None else []
        if found is None or until == found.until or not told:
            return None
        try:
            until = embargo.check_until(work.desk, row, until)
        except InvalidInput:
            return None
        kept = [link for link in told if not embargo.is_automatic(found, link)]
        facts = [
            ("Bisher", f"bis {site.moment(found.until)}"),
            ("Neu", f"bis {site.moment(until)}"),
            ("Erfahren es per E-Mail", f"{len(told)}: {', '.join(link.name for link in told)}"),
            ("Links, die mit der Sperrfrist enden", str(len(told) - len(kept))),
        ]
        if early := [f"{link.name} ({site.moment(link.expires_at)})" for link in kept if link.expires_at < until]:
            facts.append(("Link endet vor der neuen Frist", ", ".join(early)))
        return confirming.question(request, "embargo.move", row.title or row.url, request.path_info, facts=facts)


def _set(request: Request, desk: Any, row: models.Item) -> None:
    until = typed_days.moment(str(request.POST.get("until", "")))
    found = embargo.of_item(desk.session, row)
    told = len(embargo.holders(desk.session, found)) if found is not None and found.until != until else 0
    set_to = embargo.set_until(desk, row, until).until
    if told:
        people = "1 eingeladene Person erfährt" if told == 1 else f"{told} eingeladene Personen erfahren"
        request.done_words = (
            f"Sperrfrist geändert, jetzt bis {site.moment(set_to)}; {people} es per E-Mail: „{row.title or row.url}“."
        )


def _lift(_request: Request, desk: Any, row: models.Item) -> None:
    embargo.lift(desk, row)


def _invite(request: Request, desk: Any, row: models.Item) -> None:
    given = {name: str(request.POST.get(name, "")) for name in ("name", "organisation", "email", "expires")}
    end = typed_days.moment(given["expires"])
    if given["expires"].strip() and end is None:
        raise InvalidInput(
            [FieldError("expires", "malformed", "Das ist kein Zeitpunkt. Erwartet werden Tag und Uhrzeit.")]
        )
    embargo.invite(desk, row, given, end)


def _revoke(request: Request, desk: Any, row: models.Item) -> None:
    link = str(request.POST.get("link", ""))
    embargo.revoke(desk, row, whole(link) or 0)


def _stop(request: Request, desk: Any, row: models.Item) -> None:
    if not request.POST.get("wirklich"):
        raise InvalidInput(
            [FieldError("stop", "unconfirmed", "Bitte bestätigen, dass alle Links sofort enden sollen.")]
        )
    embargo.stop(desk, row)


_ACTS: Final[dict[str, Callable[[Request, Any, models.Item], None]]] = {
    "set": _set,
    "lift": _lift,
    "invite": _invite,
    "revoke": _revoke,
    "stop": _stop,
}


def _embargoable(request: Request, work: Work) -> models.Item:
    row = found_item(request, work.session)
    if Permission.ITEM_EMBARGO not in request.person.permits_on(row.kind, row.owner):
        raise MissingRight
    return row


def _desk_page(request: Request, work: Work, row: models.Item, errors: dict[str, str]) -> Response:
    found = embargo.of_item(work.session, row)
    typed = {
        name: str(request.POST.get(name, "")) if errors else ""
        for name in ("until", "name", "organisation", "email", "expires")
    }
    log = (
        sorted(((access, link) for link in found.links for access in link.accesses), key=lambda pair: -pair[0].id)
        if found
        else []
    )
    return page(
        request,
        "desk/embargo.html",
        title="Sperrfrist",
        item=row,
        kind=KINDS[row.kind],
        found=found,
        errors=errors,
        typed=typed,
        now=work.desk.now,
        log=log[:500],
        words=ACCESS_WORDS,
        is_public=row.publication_state not in embargo.BEFORE_PUBLICATION,
        is_readable=row.publication_state in embargo.READABLE_STATES,
        local=_local,
        status=400 if errors else 200,
    )


def _local(moment: dt.datetime | None) -> str:
    """As a form shows it."""
    return moment.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S") if moment else ""


# --- the recipient ---------------------------------------------------------------------------------------------------


@view_config(route_name="embargo.page", request_method="GET")
def read(request: Request) -> Response:
    """The text before its publication."""
    opened = _open(request, "page")
    if isinstance(opened, Response):
        return opened
    base = request.path_info
    html = opened.html
    for sha256 in embargo.files_of(opened):
        html = html.replace(f"/datei/{sha256}", f"{base}/datei/{sha256}")
    template = request.registry.templates.get_template("embargo/page.html")
    body = template.render(page=opened, html=html, base=base, styles=request.registry.frame.styles, site_name=site.NAME)
    return _private(Response(body.encode(), content_type="text/html", charset="utf-8"))


@view_config(route_name="embargo.pdf", request_method="GET")
def read_pdf(request: Request) -> Response:
    """The text as PDF, marked on every page."""
    opened = _open(request, "pdf")
    if isinstance(opened, Response):
        return opened
    path = request.registry.house.made.get(_pdf(request, opened))
    response = FileResponse(str(path), request=request, content_type="application/pdf")
    response.last_modified = None
    response.headers["Content-Disposition"] = disposition("inline", "unter-sperrfrist.pdf")
    return _private(response)


@view_config(route_name="embargo.kit", request_method="GET")
def read_kit(request: Request) -> Response:
    """The press kit before publication, marked in every text."""
    opened = _open(request, "kit")
    if isinstance(opened, Response):
        return opened
    order = orders.kit(
        request.registry.house, _pdf(request, opened), opened.linked, opened.set_at, embargo=embargo_words(opened)
    )
    response = kit_response(request, order, "unter-sperrfrist")
    response.etag = None
    return _private(response)


@view_config(route_name="embargo.file", request_method="GET")
def read_file(request: Request) -> Response:
    """A picture or paper that belongs to the text."""
    opened = _open(request, "file")
    if isinstance(opened, Response):
        return opened
    sha256 = request.matchdict["sha256"]
    path = request.registry.house.files.path(sha256)
    known = embargo.files_of(opened).get(sha256)
    if known is None or not path.exists():
        raise HTTPNotFound
    name, media_type = known
    response = FileResponse(str(path), request=request, content_type=media_type)
    response.last_modified = response.etag = None
    response.headers["Content-Disposition"] = disposition("inline" if media_type in INLINE else "attachment", name)
    return _private(response)


@exception_view_config(TooManyTries)
def too_many(_error: TooManyTries, request: Request) -> Response:
    """429, whatever was asked for."""
    words = Problem(
        "Zu viele Versuche",
        "Von Ihrem Anschluss kamen gerade zu viele Anfragen. Bitte in zehn Minuten noch einmal versuchen.",
    )
    response = render(request, "errors/problem.html", title=words.title, page=words, status=429, is_indexed=False)
    response.headers["Retry-After"] = "600"
    response.cache_control = "no-store"
    return response


def embargo_words(opened: reading.EmbargoPage) -> str:
    """The mark that stands on everything."""
    return f"SPERRFRIST bis {site.moment(opened.until)}. Nicht veröffentlicht. Persönlich für {opened.recipient}."


def _open(request: Request, what: str) -> reading.EmbargoPage | Response:
    """The text, or a redirect to its public page; a link that opens nothing is an address that never was."""
    visitor, now, token = place_of(request), time.monotonic(), request.matchdict["token"]
    if WRONG.is_full(visitor, now) or (what in {"pdf", "kit"} and HEAVY.is_full(token, now)):
        raise TooManyTries
    house = request.registry.house
    with Session(house.reading_engine) as session:
        opened = embargo.open_link(session, token, utc_now())
    if opened is not None:
        network, opened_at = network_of(request), utc_now()
        house.afterwards.put(
            "embargo", lambda work: embargo.note_access(work.session, opened, what, network, opened_at)
        )
    if opened is None or (opened.page is None and opened.public_url is None):
        WRONG.count(visitor, now)
        raise HTTPNotFound
    if opened.public_url is not None:
        return _private(HTTPSeeOther(opened.public_url))
    if what in {"pdf", "kit"}:
        HEAVY.count(token, now)
    assert opened.page is not None  # noqa: S101 - the other cases are above
    return opened.page


def _pdf(request: Request, opened: reading.EmbargoPage) -> typesetting.Order:
    document = canonical_json(opened.document)
    proof = typesetting.LedgerProof(0, "", sha256_hex(document), "", instant(opened.set_at), embargo_words(opened))
    return pdf_of(request, document.decode(), proof)


def _private(response: Response) -> Response:
    response.headers.update(PRIVATE)
    return response
