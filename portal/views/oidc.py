"""Sign-in by OpenID Connect: out to the provider, and back with a code."""

from __future__ import annotations

import logging
import secrets
from typing import Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content.services import challenges, identities, limits
from content.services.accounts import SignInRefused, secret_hash
from portal.desk import safe_path, utc_now
from portal.entering import enter
from portal.oidc import Provider, ProviderFailed, TokenRefused
from portal.views.common import parameter
from portal.views.signin import STATUS, note_refusal, sign_in_page
from portal.visitor import address_of

log = logging.getLogger(__name__)
COOKIE: Final = "anmeldung"
COOKIE_PATH: Final = "/anmelden/dienst"
"""The browser that went out must be the one that comes back; the cookie lives for minutes and on two addresses only."""


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.registry.provider
    if provider is None:
        raise HTTPNotFound
    return provider


@view_config(route_name="oidc_start", request_method="GET")
def start(request: Request) -> Response:
    """Send the person to the provider."""
    provider, now = _provider(request), utc_now()
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    try:
        limits.count_request(request.registry.house, "challenge", "", address_of(request), now)
        address = provider.start_url(state=state, nonce=nonce, verifier=verifier)
    except SignInRefused as refused:
        return sign_in_page(request, error=str(refused), status=429)
    except ProviderFailed as failed:
        return _failed(request, failed)
    kept = {"nonce": nonce, "verifier": verifier, "next": safe_path(parameter(request, "weiter"))}
    if invitation := parameter(request, "einladung"):
        kept["invitation"] = secret_hash(invitation)
    with request.registry.house.writing("sign-in") as work:
        challenges.ask(work.session, "oidc", f"{browser}.{state}", now, payload=kept)
    response = HTTPSeeOther(address)
    response.set_cookie(
        COOKIE, browser, path=COOKIE_PATH, httponly=True, samesite="Lax", max_age=int(challenges.LIFE.total_seconds()),
        secure=request.registry.settings["portal.settings"].is_secure,
    )
    response.cache_control = "no-store"
    return response


@view_config(route_name="oidc_back", request_method="GET")
def back(request: Request) -> Response:
    """Take the code that the provider gave, ask what it stands for, and let the person in."""
    provider, now, house = _provider(request), utc_now(), request.registry.house
    state, browser = str(request.GET.get("state", ""))[:200], str(request.cookies.get(COOKIE, ""))[:200]
    asked = None
    with house.reading() as connection:  # who made a state up takes no writer
        is_known = bool(browser and state) and challenges.is_open(connection, "oidc", f"{browser}.{state}", now)
    if is_known:
        with house.writing("sign-in") as work:
            asked = challenges.take(work.session, "oidc", f"{browser}.{state}", now)
    if asked is None:
        return _refused(request, "Diese Anmeldung ist abgelaufen oder wurde schon benutzt. Bitte noch einmal beginnen.", "state")
    issuer, code = request.GET.get("iss"), str(request.GET.get("code", ""))[:2000]
    if issuer not in {None, request.registry.settings["portal.settings"].oidc_issuer} or not code:
        return _refused(request, "Der Anmeldedienst hat die Anmeldung nicht bestätigt.", str(request.GET.get("error", "no code"))[:60])
    try:
        claims = provider.redeem(code=code, verifier=asked["verifier"], nonce=asked["nonce"])
        with house.writing("sign-in", address=address_of(request)) as work:
            account_id = identities.account_of(
                work.session, claims, now, is_creating=request.registry.settings["portal.settings"].oidc_create,
                invitation=asked.get("invitation", ""),
            ).id
    except ProviderFailed as failed:
        return _failed(request, failed)
    except TokenRefused as refused:
        log.warning("OpenID Connect: token refused: %s", refused)
        return _refused(request, "Die Antwort des Anmeldedienstes ist nicht gültig. Bitte noch einmal beginnen.", "token")
    except SignInRefused as refused:
        note_refusal(request, refused, claims.login, now)
        with house.writing("sign-in") as work:
            identities.note_stranger(work.session, claims, now, address=address_of(request))
        return sign_in_page(request, error=str(refused), status=STATUS.get(refused.code, 403))
    response = enter(request, account_id, method="oidc", next_path=asked["next"], kept=[])
    response.delete_cookie(COOKIE, path=COOKIE_PATH)
    return response


def _refused(request: Request, words: str, reason: str) -> Response:
    log.info("OpenID Connect: sign-in refused: %s", reason)
    note_refusal(request, SignInRefused("unknown"), "", utc_now())
    return sign_in_page(request, error=words, status=403)


def _failed(request: Request, failed: ProviderFailed) -> Response:
    log.warning("OpenID Connect: %s", failed)
    words = "Der Anmeldedienst antwortet gerade nicht. Bitte später noch einmal, oder mit Kennwort anmelden."
    return sign_in_page(request, error=words, status=502)
