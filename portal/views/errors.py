"""Answers when something is not there, not allowed or broken: each says what to do next."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pyramid.httpexceptions import HTTPException, HTTPMovedPermanently
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, notfound_view_config

from content import reading
from content.council import numbers
from content.database.db import is_away, is_busy
from content.database.faults import Fault, kind_of
from content.export.made import CannotMake, NotYet
from content.helpers.helper import Full
from content.search.interface import IndexBusy
from content.services.browsing.browse import Reader
from content.services.publishing.ledger import LedgerBehind
from portal.auth.desk import SECRETS
from portal.views.public.public import Gone, canonical_url
from portal.web.common import BadRequest, render
from portal.web.door import TOKEN, Foreign, OldForm, Sender, sender_of
from portal.web.problem import problem
from portal.web.shares import RETRY_AFTER_S

log = logging.getLogger(__name__)


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
        return problem(
            404,
            "Nicht gefunden",
            "Unter dieser Adresse gibt es keine Schnittstelle. Sie sind unter /hilfe#maschinen beschrieben.",
        )
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
    return plain(request, 400, "Diese Adresse ist nicht in UTF-8 geschrieben")


@exception_view_config(HTTPException)
def refusal(error: HTTPException, request: Request) -> Response:
    """Other refusals of the framework, in our words; redirects pass."""
    if error.status_int < 400:
        return error
    texts = {
        405: ("Diese Art von Anfrage gibt es hier nicht", "Öffentliche Seiten werden nur gelesen."),
        413: ("Zu groß", "Das Formular ist zu groß. Bitte den Text kürzen oder teilen."),
        404: ("Nicht gefunden", "Unter dieser Adresse gibt es nichts."),
    }
    title, text = texts.get(error.status_int, ("Das geht nicht", "Die Anfrage wurde abgelehnt."))
    return _problem(request, error, title, text)


@exception_view_config(Foreign)
def foreign(error: Foreign, request: Request) -> Response:
    """403 for what another site sent."""
    words = "Es wurde nichts geändert und nichts behalten. Bitte das Formular auf unserer eigenen Seite benutzen."
    return _problem(request, error, "Diese Anfrage kam von einer anderen Seite", words)


@exception_view_config(OldForm)
def old_form(error: OldForm, request: Request) -> Response:
    """400 for a form that is not ours any more."""
    words = "Es wurde nichts geändert. Bitte einen Schritt zurückgehen, die Seite neu laden und noch einmal absenden."
    return _problem(request, error, "Das Formular war zu lange offen", words)


def _problem(request: Request, error: HTTPException, title: str, text: str) -> Response:
    if _is_api(request):
        response = problem(error.status_int, title, text)
    else:
        page = Problem(title, text)
        try:
            response = render(
                request, "errors/problem.html", title=title, page=page, status=error.status_int, is_indexed=False
            )
        except UnicodeDecodeError:  # the address is no text; nobody would answer for an answer to a fault
            response = plain(request, error.status_int, title)
    response.headers.update({name: value for name, value in error.headers.items() if name == "Allow"})
    return response


@exception_view_config(Exception)
def broken(error: Exception, request: Request) -> Response:
    """500: logged with all details, told without any. 503 where others only wrote for too long, nothing can be kept, or the database is away."""
    fault = kind_of(error)
    if fault is not None and fault in UNSAVED:
        return _unsaved(error, request, UNSAVED[fault])
    if is_away(error):
        request.registry.position.outage.met(error)
        return away(request)
    if is_busy(error) or isinstance(error, IndexBusy):
        log.warning(
            "gave up waiting for others at %s %s: %s",
            request.method,
            request.environ.get("PATH_INFO", ""),
            " ".join(str(error).split())[:200],
        )
        return _later(
            request,
            "Gerade wird viel geschrieben" if request.method == "POST" else "Gerade wird viel gelesen",
            is_busy=True,
        )
    log.error("unhandled error at %s %s", request.method, request.environ.get("PATH_INFO", ""), exc_info=error)
    return plain(request, 500, "Bei uns ist ein Fehler aufgetreten")


@exception_view_config(NotYet)
def not_yet(error: NotYet, request: Request) -> Response:
    """503 with the time to come back: the file is on its way, and nobody's thread waits for it."""
    seconds = error.retry_after_s
    page = Problem(
        "Die Datei ist gleich da", f"{error} Bitte diese Adresse in {seconds} Sekunden noch einmal aufrufen."
    )
    response = render(request, "errors/problem.html", title=page.title, page=page, status=503, is_indexed=False)
    response.headers["Retry-After"] = str(seconds)
    return _uncached(response)


@exception_view_config(Full)
def full(_error: Full, request: Request) -> Response:
    """503: so many files are being read that this one finds no place."""
    return not_yet(
        NotYet(
            "Eine Datei wie Ihre wird gleich wieder angenommen: Gerade werden viele Dateien gelesen.", RETRY_AFTER_S
        ),
        request,
    )


@exception_view_config(CannotMake)
def cannot_make(error: CannotMake, request: Request) -> Response:
    """500: the fault is ours, and in the log."""
    page = Problem(
        "Diese Datei fehlt durch unseren Fehler",
        f"{error} Der Betrieb sieht den Fehler im Protokoll; die Seite selbst ist lesbar.",
    )
    return _uncached(render(request, "errors/problem.html", title=page.title, page=page, status=500, is_indexed=False))


def _uncached(response: Response) -> Response:
    response.cache_control = "no-store"
    return response


def away(request: Request) -> Response:
    """503: the database cannot be reached. The log is told elsewhere, once for all."""
    return _later(request, "Das Portal ist gerade nicht erreichbar", is_away=True)


def _later(request: Request, text: str, **what: bool | str) -> Response:
    """503, and what was typed goes with it into a form that sends it once more."""
    response = plain(request, 503, text, kept=_typed(request), **what)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    return response


def _typed(request: Request) -> list[tuple[str, str]]:
    """What was typed; nothing where a secret is among it, which no page repeats, and nothing that another site sent."""
    if sender_of(request) is Sender.FOREIGN:
        return []
    form = request.environ.get("webob._parsed_post_vars", ({},))[0]  # only what was read already
    if (SECRETS - {TOKEN}) & set(form):
        return []
    return [(name, value) for name, value in form.items() if isinstance(value, str)]


_KEEP: Final = (
    "Es wurde nichts geändert; lesen können Sie weiter. Was Sie geschrieben haben, steht noch im Formular, einen Schritt zurück: "
    "Heben Sie es auf und sagen Sie dem Betrieb des Portals Bescheid."
)
UNSAVED: Final[Mapping[Fault, str]] = {
    Fault.FULL: f"Der Datenträger des Portals ist voll. {_KEEP}",
    Fault.READ_ONLY: f"Der Datenträger des Portals lässt sich gerade nur lesen. {_KEEP}",
    Fault.FAILING: f"Der Datenträger des Portals arbeitet gerade nicht richtig. {_KEEP}",
}
"""Why nothing can be kept, as editors are told."""


def _unsaved(error: Exception, request: Request, words: str) -> Response:
    log.error("nothing can be kept at %s %s: %s", request.method, request.environ.get("PATH_INFO", ""), error)
    return _later(request, "Gerade kann nichts gespeichert werden", words=words)


@exception_view_config(LedgerBehind)
def ledger_behind(error: LedgerBehind, request: Request) -> Response:
    """503: an entry would fork the ledger. What the operator has to do is in the log, and `check` says it."""
    log.error("nothing is published at %s %s: %s", request.method, request.environ.get("PATH_INFO", ""), error)
    return _later(request, "Gerade kann nichts veröffentlicht werden", words=_BEHIND)


_BEHIND: Final = (
    "Das Veröffentlichungsregister passt nicht zu dem Stand, den das Portal schon gezeigt hat; vielleicht wurde die Datenbank zurückgesetzt. "
    f"Bis der Betrieb das geklärt hat, kommt nichts hinzu; „beschlussportal check“ nennt ihm die Abhilfe. {_KEEP}"
)


def _is_api(request: Request) -> bool:
    """Whether a machine asks, that reads errors as JSON. The bytes as they came: the address may not be text."""
    return str(request.environ.get("PATH_INFO", "")).startswith("/api/")


def plain(request: Request, status: int, text: str, **values: Any) -> Response:
    """A page that needs neither database nor address: it works when nothing else does."""
    if _is_api(request):
        return problem(status, "Das ging nicht", text)
    template = request.registry.templates.get_template("errors/500.html")
    path = quote(str(request.environ.get("PATH_INFO", "")).encode("latin-1", "replace"))
    query = f"?{request.environ['QUERY_STRING']}" if request.environ.get("QUERY_STRING") else ""
    shown = {
        "kept": (),
        "is_busy": False,
        "is_away": False,
        "is_sent": request.method == "POST",
        "words": "",
        "path": f"{path}{query}",
        **values,
    }
    body = template.render(text=text, asset=request.registry.asset, **shown)
    return Response(body.encode(), status=status, content_type="text/html", charset="utf-8")
