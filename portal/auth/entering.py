"""The last steps of every way in: the session, the audit entry, the second factor or the page that was asked for."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.services.accounts import audit, sessions
from content.services.accounts.accounts import SignedIn
from portal.auth.desk import keep_typed, marked, own, page, set_cookie, utc_now
from portal.auth.ways import passkey_site
from portal.web.visitor import address_of, know_again

METHODS = {"password": "sign-in", "passkey": "sign-in.passkey", "oidc": "sign-in.oidc"}


def enter(
    request: Request,
    account_id: int,
    *,
    method: str,
    next_path: str,
    kept: list[tuple[str, str]],
    is_strong: bool = False,
    new_hash: str = "",
) -> Response:
    """Begin a session for a person who proved who he or she is, and go on: to the second factor, or to the desk.

    `new_hash` replaces a password hash of an older kind.
    """
    house, now, address = request.registry.house, utc_now(), address_of(request)
    with house.writing("sign-in", address=address) as work:
        account = work.session.get_one(models.Account, account_id)
        if new_hash:
            account.password_hash = new_hash
        secret = sessions.begin(
            work.session,
            account,
            address=address,
            agent=request.user_agent or "",
            now=now,
            method=method,
            is_strong=is_strong,
        )
        audit.note(
            work.session, now, actor=account.login, name=account.name, action=METHODS[method], subject=account.login
        )
    with house.reading() as connection:
        found = sessions.signed_in(connection, secret, now)
    if found is None:  # locked in this very moment
        return HTTPSeeOther("/anmelden")
    person, kept = marked(request, found), own(request, found.login, kept)
    if not person.is_complete:
        response = code_page(request, person, next_path=next_path, kept=kept)
    else:
        response = go_on(request, person, next_path, kept)
        know_again(request, response, person.login)
    set_cookie(response, request, secret)
    return response


def go_on(request: Request, person: SignedIn, next_path: str, kept: list[tuple[str, str]]) -> Response:
    """The page that was asked for, or what was typed before the session was lost."""
    if kept:
        return keep_typed(request, person, "Sie sind wieder angemeldet.", path=next_path, kept=kept)
    return HTTPSeeOther(next_path)


def code_page(
    request: Request,
    person: SignedIn,
    *,
    next_path: str,
    kept: list[tuple[str, str]],
    error: str = "",
    status: int = 200,
) -> Response:
    """Ask for the second factor."""
    return page(
        request,
        "desk/code.html",
        title="Zweiter Faktor",
        person=person,
        next_path=next_path,
        error=error,
        kept=kept,
        status=status,
        has_passkeys=person.passkeys > 0 and passkey_site(request) is not None,
    )
