"""Answers when something is not there, not allowed or broken: each says what to do next."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyramid.httpexceptions import HTTPException, HTTPMovedPermanently
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, notfound_view_config

from content import numbers, reading
from content.faults import Fault, kind_of
from content.search.interface import IndexBusy
from content.services.browse import Reader
from portal.api.problem import problem
from portal.views.common import BadRequest, render
from portal.views.public import Gone, canonical_url

log = logging.getLogger(__name__)

RETRY_AFTER_S = 30
"""When to come back after waiting for other writers in vain."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """What was asked for, and what it may have meant."""

    path: str
    suggestions: tuple[reading.ListEntry, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal in words."""

    title: str
    text: str


@notfound_view_config()
def not_found(request: Request) -> Response:
    """Older addresses and other ways of writing a number lead on; everything else gets help."""
    path = request.path_info
    if _is_api(request):
        return problem(404, "Nicht gefunden", "Unter dieser Adresse gibt es keine Schnittstelle. Sie sind unter /hilfe#maschinen beschrieben.")
    try:
        asked = request.stand
    except BadRequest as refused:
        return bad_request(refused, request)
    reader = Reader(request.connection)
    target = _moved(reader, path)
    if target is not None:
        return HTTPMovedPermanently(f"{target}?stand={asked.isoformat()}" if asked else target)
    withdrawn = reader.withdrawn(path)
    if withdrawn is not None:
        return _gone(request, withdrawn)
    page = NotFound(path[:200], reader.suggestions(path))
    return render(request, "errors/404.html", title="Nicht gefunden", page=page, status=404, is_indexed=False)


def _moved(reader: Reader, path: str) -> str | None:
    plain, number = numbers.old_address(path)
    if plain and plain != path and path.rstrip("/") == plain and reader.links([plain]):
        return plain  # a trailing slash
    known = reader.old_address(plain)
    if known and reader.links([known]):
        return known
    candidate = canonical_url(plain, reader.bodies)
    if candidate is None and number is not None:
        candidate = canonical_url(
            f"/beschluss/{number.year}-{number.serial}" + (f"-{number.suffix}" if number.suffix else ""), reader.bodies
        )
    if candidate is None and len(plain) < 40:
        candidate = canonical_url(f"/beschluss/{plain.strip('/')}", reader.bodies)
    if candidate == path:
        return None
    return candidate if candidate and (reader.links([candidate]) or reader.withdrawn(candidate)) else None


@exception_view_config(Gone)
def gone(error: Gone, request: Request) -> Response:
    """410 with the public reason."""
    return _gone(request, error.withdrawn)


def _gone(request: Request, withdrawn: reading.Withdrawn) -> Response:
    return render(request, "errors/410.html", title="Zurückgezogen", page=withdrawn, status=410, is_indexed=False)


@exception_view_config(BadRequest)
def bad_request(error: BadRequest, request: Request) -> Response:
    """400 with the reason and the remedy."""
    if _is_api(request):
        return problem(400, "Unbrauchbare Anfrage", error.message)
    page = Problem("Diese Anfrage war nicht zu verstehen", error.message)
    return render(request, "errors/problem.html", title=page.title, page=page, status=400, is_indexed=False)


@exception_view_config(UnicodeDecodeError)
def undecodable(_error: UnicodeDecodeError, request: Request) -> Response:
    """400 for addresses in another encoding; the page must not read the address again."""
    return _static(request, 400, "Diese Adresse ist nicht in UTF-8 geschrieben.")


@exception_view_config(HTTPException)
def refusal(error: HTTPException, request: Request) -> Response:
    """Other refusals of the framework, in our words; redirects pass."""
    if error.status_int < 400:
        return error
    texts = {
        405: ("Diese Art von Anfrage gibt es hier nicht", "Öffentliche Seiten werden nur gelesen."),
        404: ("Nicht gefunden", "Unter dieser Adresse gibt es nichts."),
    }
    title, text = texts.get(error.status_int, ("Das geht nicht", "Die Anfrage wurde abgelehnt."))
    if _is_api(request):
        return problem(error.status_int, title, text)
    page = Problem(title, text)
    return render(request, "errors/problem.html", title=title, page=page, status=error.status_int, is_indexed=False)


@exception_view_config(Exception)
def broken(error: Exception, request: Request) -> Response:
    """500: logged with all details, told without any. 503 where others only wrote for too long, or where nothing can be kept."""
    fault = kind_of(error)
    if fault is Fault.BUSY or isinstance(error, IndexBusy):
        return _busy(error, request)
    if fault is not None and fault in UNSAVED:
        return _unsaved(error, request, UNSAVED[fault])
    log.error("unhandled error at %s %s", request.method, request.environ.get("PATH_INFO", ""), exc_info=error)
    return _static(request, 500, "Bei uns ist ein Fehler aufgetreten.")


def _busy(error: Exception, request: Request) -> Response:
    log.warning("gave up waiting for other writers at %s %s: %s", request.method, request.environ.get("PATH_INFO", ""), error)
    response = _static(request, 503, "Gerade wird viel geschrieben", is_busy=True)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


_KEEP: Final = (
    "Es wurde nichts geändert; lesen können Sie weiter. Was Sie geschrieben haben, steht noch im Formular, einen Schritt zurück: "
    "Heben Sie es auf und sagen Sie dem Betrieb des Portals Bescheid."
)
UNSAVED: Final[Mapping[Fault, str]] = {
    Fault.FULL: f"Der Datenträger des Portals ist voll. {_KEEP}",
    Fault.READ_ONLY: f"Der Datenträger des Portals lässt sich gerade nur lesen. {_KEEP}",
}
"""Why nothing can be kept, as editors are told."""


def _unsaved(error: Exception, request: Request, words: str) -> Response:
    log.error("nothing can be kept at %s %s: %s", request.method, request.environ.get("PATH_INFO", ""), error)
    response = _static(request, 503, "Gerade kann nichts gespeichert werden", words=words)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _is_api(request: Request) -> bool:
    """Whether a machine asks, that reads errors as JSON. The bytes as they came: the address may not be text."""
    return str(request.environ.get("PATH_INFO", "")).startswith("/api/")


def _static(request: Request, status: int, text: str, *, is_busy: bool = False, words: str = "") -> Response:
    """A page that needs neither database nor address: it works when nothing else does."""
    if _is_api(request):
        return problem(status, "Das ging nicht", text)
    template = request.registry.templates.get_template("errors/500.html")
    return Response(template.render(text=text, asset=request.registry.asset, is_busy=is_busy, words=words).encode(), status=status, content_type="text/html", charset="utf-8")
