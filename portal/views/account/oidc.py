"""Sign-in by OpenID Connect: out to the provider, and back with a code.

Nothing here is begun or finished by following a link: going out, coming in and connecting an account are each a POST from a
page of ours, bound to this browser. An account that exists becomes somebody's only after a question that names it: from the
page of its invitation while it has neither password nor connection, or from an open session of its own.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from content.services.accounts import challenges, identities, limits, sessions
from content.services.accounts.accounts import SignInRefused
from content.services.accounts.identities import Claims
from portal.auth.desk import page, safe_path, utc_now
from portal.auth.entering import enter
from portal.auth.oidc import Provider, ProviderFailed, TokenRefused
from portal.auth.ways import ways_in
from portal.views.account.signin import OLD_FORM, STATUS, note_refusal, sign_in_page
from portal.web.door import OldForm, browser_of, browser_token
from portal.web.visitor import address_of

log = logging.getLogger(__name__)
USED: Final = "Diese Anmeldung ist abgelaufen oder wurde schon benutzt. Bitte noch einmal beginnen."
UNCONFIRMED: Final = "Der Anmeldedienst hat die Anmeldung nicht bestätigt."
_CARRIED: Final = ("state", "code", "iss", "error")
"""What the provider sends back, and the page hands on."""


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.registry.provider
    if provider is None:
        raise HTTPNotFound
    return provider


@view_config(route_name="oidc_start", request_method="GET")
@view_config(route_name="oidc_link", request_method="GET")
def no_beginning(request: Request) -> Response:
    """A link begins and ends nothing: the buttons do."""
    _provider(request)
    return HTTPSeeOther("/anmelden")


@exception_view_config(OldForm, route_name="oidc_start")
@exception_view_config(OldForm, route_name="oidc_back")
@exception_view_config(OldForm, route_name="oidc_link")
def old_form(_old: OldForm, request: Request) -> Response:
    """Begin again."""
    return sign_in_page(request, error=OLD_FORM, status=400)


@view_config(route_name="oidc_start", request_method="POST")
def start(request: Request) -> Response:
    """Send the person to the provider: to sign in, to take an invitation, or to connect the account of an open session."""
    provider, now, house = _provider(request), utc_now(), request.registry.house
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        limits.count_request(house, "challenge", "", address_of(request), now)
        address = provider.start_url(state=state, nonce=nonce, verifier=verifier)
        with house.writing("sign-in") as work:
            kept = {"nonce": nonce, "verifier": verifier, **_purpose(request, work.session)}
            challenges.ask(work.session, "oidc", f"{browser_of(request)}.{state}", now, payload=kept)
    except SignInRefused as refused:
        return sign_in_page(request, error=str(refused), status=STATUS.get(refused.code, 403))
    except ProviderFailed as failed:
        return _failed(request, failed)
    return page(
        request,
        "desk/oidc_out.html",
        title="Weiter zum Anmeldedienst",
        address=address,
        service=ways_in(request).service,
    )


def _purpose(request: Request, session: Any) -> dict[str, Any]:
    """What the road is for. Raises `SignInRefused` for an invitation that does not hold."""
    next_path = safe_path(str(request.POST.get("weiter", "")))
    if invitation := str(request.POST.get("einladung", "")):
        return {"next": next_path, "invitation": identities.invitation_of(session, invitation, utc_now())}
    if joining := str(request.POST.get("verbinden", "")):
        asked = challenges.take(session, "oidc.join", f"{browser_of(request)}.{joining}", utc_now())
        if asked is None:
            raise SignInRefused("ended")
        return {"next": "/redaktion/konto", "join": asked}
    return {"next": next_path}


def join_page(request: Request, session: Any, account_id: int, session_id: int) -> Response:
    """The page of an open session that goes out to connect its account."""
    secret = secrets.token_urlsafe(32)
    token = browser_token(request)
    payload = {"account": account_id, "session": session_id}
    challenges.ask(session, "oidc.join", f"{browser_of(request)}.{secret}", utc_now(), payload=payload)
    return page(
        request,
        "desk/oidc_join.html",
        title="Konto verbinden",
        secret=secret,
        browser_token=token,
        service=ways_in(request).service,
    )


@view_config(route_name="oidc_back", request_method="GET")
def arrive(request: Request) -> Response:
    """A page that sends on what the provider gave, from our own form; opening it changes nothing."""
    _provider(request)
    given = {name: str(request.GET.get(name, ""))[:2000] for name in _CARRIED if request.GET.get(name)}
    with request.registry.house.reading() as connection:
        is_known = challenges.is_open(connection, "oidc", f"{browser_of(request)}.{given.get('state', '')}", utc_now())
    if not is_known:
        return sign_in_page(request, error=USED, status=403)
    return page(
        request, "desk/oidc_back.html", title="Anmeldung abschließen", given=given, browser_token=browser_token(request)
    )


@view_config(route_name="oidc_back", request_method="POST")
def back(request: Request) -> Response:
    """Take the code that the provider gave, ask what it stands for, and let the person in or ask whether to connect."""
    provider, now, house = _provider(request), utc_now(), request.registry.house
    given = {name: str(request.POST.get(name, ""))[:2000] for name in _CARRIED}
    asked, state = None, f"{browser_of(request)}.{given['state']}"
    with house.reading() as connection:  # who made a state up takes no writer
        is_known = challenges.is_open(connection, "oidc", state, now)
    if is_known:
        with house.writing("sign-in") as work:
            asked = challenges.take(work.session, "oidc", state, now)
    if asked is None:
        return _refused(request, USED, "state")
    if given["iss"] not in {"", request.registry.settings["portal.settings"].oidc_issuer} or not given["code"]:
        return _refused(request, UNCONFIRMED, given["error"][:60] or "no code")
    try:
        claims = provider.redeem(code=given["code"], verifier=asked["verifier"], nonce=asked["nonce"])
    except ProviderFailed as failed:
        return _failed(request, failed)
    except TokenRefused as refused:
        log.warning("OpenID Connect: token refused: %s", refused)
        return _refused(
            request, "Die Antwort des Anmeldedienstes ist nicht gültig. Bitte noch einmal beginnen.", "token"
        )
    if "invitation" in asked or "join" in asked:
        return _question(request, claims, asked)
    return _let_in(request, claims, asked)


def _let_in(request: Request, claims: Claims, asked: Mapping[str, Any]) -> Response:
    now, house = utc_now(), request.registry.house
    try:
        with house.writing("sign-in", address=address_of(request)) as work:
            is_creating = request.registry.settings["portal.settings"].oidc_create
            account_id = identities.account_of(work.session, claims, now, is_creating=is_creating).id
    except SignInRefused as refused:
        return _stranger(request, claims, refused)
    return enter(request, account_id, method="oidc", next_path=asked["next"], kept=[])


def _question(request: Request, claims: Claims, asked: Mapping[str, Any]) -> Response:
    """Which account would be connected with whom; nothing is connected yet."""
    secret, now = secrets.token_urlsafe(32), utc_now()
    try:
        with request.registry.house.writing("sign-in") as work:
            account = identities.wanted_account(work.session, asked, now)
            identities.refuse_taken(work.session, account, claims)
            name, login = account.name, account.login
            payload = {
                **{key: asked[key] for key in ("invitation", "join", "next") if key in asked},
                "claims": claims.as_json(),
            }
            challenges.ask(work.session, "oidc.link", f"{browser_of(request)}.{secret}", now, payload=payload)
    except SignInRefused as refused:
        return _stranger(request, claims, refused)
    return page(
        request,
        "desk/oidc_question.html",
        title="Konto verbinden",
        name=name,
        login=login,
        claims=claims,
        secret=secret,
        service=ways_in(request).service,
        browser_token=browser_token(request),
    )


@view_config(route_name="oidc_link", request_method="POST")
def link(request: Request) -> Response:
    """Yes to the question: from now on whoever the provider named is this account."""
    _provider(request)
    now, house, secret = utc_now(), request.registry.house, str(request.POST.get("frage", ""))[:200]
    with house.writing("sign-in") as work:
        asked = challenges.take(work.session, "oidc.link", f"{browser_of(request)}.{secret}", now)
    if asked is None:
        return _refused(request, USED, "question")
    claims = Claims.from_json(asked["claims"])
    try:
        with house.writing("sign-in", address=address_of(request)) as work:
            if "join" in asked and not sessions.is_open(
                work.session, asked["join"]["session"], asked["join"]["account"], now
            ):
                raise SignInRefused("ended")
            account_id = identities.connect(work.session, claims, asked, now).id
    except SignInRefused as refused:
        return _stranger(request, claims, refused)
    if "join" in asked:
        return HTTPSeeOther("/redaktion/konto?geaendert=verbunden")
    return enter(request, account_id, method="oidc", next_path=asked["next"], kept=[])


def _stranger(request: Request, claims: Claims, refused: SignInRefused) -> Response:
    now = utc_now()
    note_refusal(request, refused, claims.login, now)
    with request.registry.house.writing("sign-in") as work:
        identities.note_stranger(work.session, claims, now, address=address_of(request))
    return sign_in_page(request, error=str(refused), status=STATUS.get(refused.code, 403))


def _refused(request: Request, words: str, reason: str) -> Response:
    log.info("OpenID Connect: sign-in refused: %s", reason)
    note_refusal(request, SignInRefused("unknown"), "", utc_now())
    return sign_in_page(request, error=words, status=403)


def _failed(request: Request, failed: ProviderFailed) -> Response:
    log.warning("OpenID Connect: %s", failed)
    words = "Der Anmeldedienst antwortet gerade nicht. Bitte später noch einmal, oder mit Kennwort anmelden."
    return sign_in_page(request, error=words, status=502)
