"""The door: what is asked before any view runs, for every route, in one place.

A request with a method that its route does not have is answered 405. A POST that another site sent goes no further: nothing
of it is read, kept, counted or written. One that comes from our page proves it by the token of its form; how is said by
`PROOFS` for every route that takes POST, and a route that says nothing stops the start.
"""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.events import BeforeTraversal
from pyramid.exceptions import ConfigurationError
from pyramid.httpexceptions import HTTPBadRequest, HTTPForbidden, HTTPMethodNotAllowed, HTTPRequestEntityTooLarge
from pyramid.request import Request
from pyramid.response import Response

TOKEN: Final = "formular"  # noqa: S105 - a name, no secret
"""Name of the hidden input that proves that a form is ours."""
BROWSER_PATH: Final = "/anmelden"
"""Where the cookie goes that binds forms before the sign-in to their browser."""
MAX_FORM_BYTES: Final = 2_000_000
"""What a form outside the desk may hold."""
MAX_DESK_BYTES: Final = 80_000_000
"""What a form of the desk may hold, its files included; `desk_view` says no to more, unread."""
READING: Final = frozenset({"GET", "HEAD"})


class Proof(enum.Enum):
    """How a route knows that a POST comes from its own form."""

    SESSION = "the token of the session, which `desk_view` compares: it can hold on to what was typed"
    BROWSER = "a token sealed over a cookie of this browser"
    SEALED = "a sealed token without cookie, and a browser that says that our page sent it"
    LINK = "a sealed token, on a page whose address is a secret of one person"
    ADDRESS = "the address alone: mail programs leave by it (RFC 8058)"


PROOFS: Final[Mapping[str, Proof]] = {
    "sign_in": Proof.BROWSER,
    "forgotten": Proof.BROWSER,
    "ticket": Proof.BROWSER,
    "passkey_question": Proof.BROWSER,
    "passkey_sign_in": Proof.BROWSER,
    "oidc_start": Proof.BROWSER,
    "oidc_back": Proof.BROWSER,
    "oidc_link": Proof.BROWSER,
    "alert.new": Proof.SEALED,
    "alert.lost": Proof.SEALED,
    "alert.confirm": Proof.LINK,
    "alert.manage": Proof.LINK,
    "review.section": Proof.LINK,
    "alert.leave": Proof.ADDRESS,
}
"""Route → proof. Everything at the desk is `SESSION`."""


class Foreign(HTTPForbidden):  # type: ignore[misc]  # Pyramid has no types
    """Another site sent this POST."""


class OldForm(HTTPBadRequest):  # type: ignore[misc]  # Pyramid has no types
    """The form is not ours any more, or never was: nothing of it counts."""


class Sender(enum.Enum):
    """Which page sent a request, as its browser says. Browsers write these headers themselves; no page can."""

    OURS = "ours"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"


def sender_of(request: Request) -> Sender:
    """By Sec-Fetch-Site, Origin and Referer: whichever speaks against us decides."""
    site, origin, referer = (request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin", "Referer"))
    if site not in {None, "same-origin", "none"} or (origin not in {None, "null"} and origin != request.host_url):
        return Sender.FOREIGN
    if site == "same-origin" or origin == request.host_url:
        return Sender.OURS
    if origin is None and referer:
        parts = urlsplit(referer)
        return Sender.OURS if f"{parts.scheme}://{parts.netloc}" == request.host_url else Sender.FOREIGN
    return Sender.UNKNOWN


def given_token(request: Request) -> str:
    """The token of the form; empty where there is none, or more than one."""
    given = request.POST.getall(TOKEN)
    return given[0] if len(given) == 1 and isinstance(given[0], str) else ""


def cookie_name(request: Request, name: str) -> str:
    """The name of a cookie of ours: under https one that no page without TLS can have set."""
    return f"__Secure-{name}" if request.registry.settings["portal.settings"].is_secure else name


def browser_token(request: Request) -> str:
    """The token of forms before the sign-in, bound to this browser by a cookie that the answer sets where there is none."""
    known = browser_of(request)
    if not known:
        known = request.environ["portal.browser"] = secrets.token_urlsafe(24)
        request.add_response_callback(_set_browser)
    token: str = request.registry.sealer.seal("form browser", known)
    return token


def sealed_token(request: Request) -> str:
    """The token of forms that work without a cookie, for the route that is shown."""
    token: str = request.registry.sealer.form_token(_page_of(request), dt.datetime.now(dt.UTC))
    return token


def _page_of(request: Request) -> str:
    """What a sealed token is for: one route, and where its address is a secret, one address."""
    return f"{request.matched_route.name} {request.matchdict.get('token', '')}"


def browser_of(request: Request) -> str:
    """Which browser this is, by its cookie or the one that the answer sets; empty for one that has none."""
    known = str(request.cookies.get(cookie_name(request, "browser"), "") or request.environ.get("portal.browser", ""))
    return known if len(known) == 32 and known.isascii() else ""


def _set_browser(request: Request, response: Response) -> None:
    response.set_cookie(
        cookie_name(request, "browser"),
        request.environ["portal.browser"],
        path=BROWSER_PATH,
        httponly=True,
        samesite="Lax",
        secure=request.registry.settings["portal.settings"].is_secure,
    )


def _is_form(request: Request) -> bool:
    """Whether the body can be read as a form: JSON, other texts and broken ones are none of ours."""
    try:
        return hasattr(request.POST, "getall")
    except (UnicodeError, LookupError, ValueError):
        return False


def _is_proved(request: Request, proof: Proof, sender: Sender) -> bool:
    token, sealer = given_token(request), request.registry.sealer
    if proof is Proof.BROWSER:
        known = browser_of(request)
        return bool(known) and sealer.holds(token, "form browser", known)
    if proof is Proof.SEALED and sender is not Sender.OURS:
        return False
    return bool(sealer.is_fresh(token, _page_of(request), dt.datetime.now(dt.UTC)))


def watch(event: BeforeTraversal) -> None:
    """Ask everything that is asked at the door. Raises `HTTPMethodNotAllowed`, `Foreign`, `OldForm`."""
    request = event.request
    route = request.matched_route
    if request.method in READING:
        return
    methods: frozenset[str] = request.registry.methods.get(route.name, READING) if route is not None else READING
    if request.method not in methods:
        raise HTTPMethodNotAllowed(headers=[("Allow", ", ".join(sorted(methods)))])
    sender = sender_of(request)
    if sender is Sender.FOREIGN:
        raise Foreign
    proof = _proof_of(route.name)
    if proof is not Proof.SESSION and int(request.content_length or 0) > MAX_FORM_BYTES:
        raise HTTPRequestEntityTooLarge
    if int(request.content_length or 0) <= MAX_DESK_BYTES and not _is_form(request):
        raise HTTPBadRequest
    if proof not in {Proof.SESSION, Proof.ADDRESS} and not _is_proved(request, proof, sender):
        raise OldForm


def _proof_of(route: str) -> Proof:
    return Proof.SESSION if route.startswith("desk.") else PROOFS[route]


def methods_of(config: Configurator) -> dict[str, frozenset[str]]:
    """Route → methods that its views take. Raises ConfigurationError for a route that takes POST and does not say its proof."""
    found: dict[str, frozenset[str]] = {}
    for row in config.introspector.get_category("views") or ():
        view: Mapping[str, Any] = row["introspectable"]
        route = view["route_name"]
        if route is None or issubclass(view["context"] or object, Exception):
            continue
        given = view["request_methods"]
        methods = frozenset({given} if isinstance(given, str) else given or ()) or READING
        found[route] = found.get(route, frozenset()) | methods | (READING if "GET" in methods else frozenset())
    for route, methods in found.items():
        if methods - READING and not route.startswith("desk.") and route not in PROOFS:
            raise ConfigurationError(f"{route} takes {sorted(methods)} and does not say how it knows its form")
    return found


def includeme(config: Configurator) -> None:
    """Stand before every view."""
    config.add_subscriber(watch, BeforeTraversal)
