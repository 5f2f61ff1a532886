"""Signing in with a password, the second factor, and signing out."""

from __future__ import annotations

import datetime as dt

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config
from sqlalchemy.orm import Session

from content import models
from content.services.accounts import accounts, limits, passkeys, second_factor, sessions
from content.services.accounts import audit as audit_log
from content.services.accounts.accounts import Busy, SignedIn, SignInRefused
from portal.auth.desk import (
    audit,
    desk_view,
    kept_inputs,
    own,
    page,
    safe_path,
    set_cookie,
    signed_out,
    utc_now,
    writing,
)
from portal.auth.entering import code_page, enter, go_on
from portal.auth.ways import passkey_site, ways_in
from portal.web.common import parameter
from portal.web.door import OldForm, Sender, browser_token, sender_of
from portal.web.shares import RETRY_AFTER_S
from portal.web.visitor import address_of, know_again, tried_from

OLD_FORM = "Das Formular war zu lange offen, oder der Browser nimmt hier keine Cookies an. Bitte Cookies dieser Seite erlauben und noch einmal absenden."
WAS_SET = "kennwort"
"""Part of the address after a password was set by a link: the form says so."""
STATUS = {"too_many": 429, "busy": 503}
"""HTTP status of refusals that are none of a wrong password."""


@exception_view_config(Busy)
def busy(error: Busy, request: Request) -> Response:
    """503, and when to come back."""
    response = page(request, "desk/message.html", title="Bitte gleich noch einmal", text=str(error), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


@view_config(route_name="sign_in", request_method="GET")
def sign_in_form(request: Request) -> Response:
    """The sign-in form."""
    told = (
        "Ihr Kennwort ist gesetzt. Bitte melden Sie sich jetzt damit an."
        if parameter(request, WAS_SET) == "gesetzt"
        else ""
    )
    return sign_in_page(request, next_path=safe_path(parameter(request, "weiter")), told=told)


def sign_in_page(
    request: Request,
    *,
    next_path: str = "/redaktion",
    error: str = "",
    login: str = "",
    kept: list[tuple[str, str]] | None = None,
    status: int = 200,
    told: str = "",
) -> Response:
    """The sign-in form with every way in that this portal has; `told`: what was done before."""
    return page(
        request,
        "desk/sign_in.html",
        title="Anmelden",
        status=status,
        login=login[:80],
        next_path=next_path,
        error=error,
        kept=kept or [],
        told=told,
        ways=ways_in(request),
        browser_token=browser_token(request),
    )


@exception_view_config(OldForm, route_name="sign_in")
@exception_view_config(OldForm, route_name="passkey_sign_in")
def old_sign_in(_old: OldForm, request: Request) -> Response:
    """The form again. What was typed before a session was lost goes on only where our own page sent it."""
    is_ours = sender_of(request) is Sender.OURS
    given = request.POST if is_ours else {}
    return sign_in_page(
        request,
        next_path=safe_path(str(given.get("weiter", ""))),
        error=OLD_FORM,
        login=str(given.get("login", "")),
        kept=kept_inputs(request) if is_ours else None,
        status=400,
    )


@view_config(route_name="sign_in", request_method="POST")
def sign_in(request: Request) -> Response:
    """Check name and password; the answer is the same whether the name exists or not."""
    house, now = request.registry.house, utc_now()
    login, password = str(request.POST.get("login", "")), str(request.POST.get("password", ""))
    next_path, kept = safe_path(str(request.POST.get("weiter", ""))), kept_inputs(request)
    try:
        name = login.strip().lower()[:80]
        with limits.attempt(house, "sign-in", name, tried_from(request, name), now), house.reading() as connection:
            account_id, is_old = accounts.check_password(connection, login, password)
    except SignInRefused as refused:
        note_refusal(request, refused, login, now)
        status = STATUS.get(refused.code, 403)
        return sign_in_page(request, next_path=next_path, error=str(refused), login=login, kept=kept, status=status)
    new_hash = accounts.rehash(password) if is_old else ""
    return enter(request, account_id, method="password", next_path=next_path, kept=kept, new_hash=new_hash)


def note_refusal(request: Request, refused: SignInRefused, login: str, now: dt.datetime) -> None:
    """Write a refusal into the audit log. A name that nobody has is not kept: people type passwords into the wrong field."""
    address = address_of(request)
    with request.registry.house.writing("sign-in", address=address) as work:
        account = accounts.find(work.session, login)
        actor = account.login if account else "unbekannt"
        action = "sign-in.locked" if refused.code == "too_many" else "sign-in.refused"
        if action == "sign-in.locked" and audit_log.was_noted(
            work.session, action, actor=actor, address=address, since=now - limits.WINDOW
        ):
            return
        audit_log.note(
            work.session, now, actor=actor, name=account.name if account else "", action=action, subject=actor
        )


@desk_view("desk.second_factor")
def second_factor_form(request: Request) -> Response:
    """Ask for the second factor."""
    if request.person.is_complete:
        return HTTPSeeOther("/redaktion")
    return code_page(request, request.person, next_path="/redaktion", kept=[])


@desk_view("desk.second_factor", method="POST")
def take_second_factor(request: Request) -> Response:
    """Finish the sign-in by a code of the app, a recovery code or a passkey."""
    person: SignedIn = request.person
    now, house = utc_now(), request.registry.house
    next_path, kept = safe_path(str(request.POST.get("weiter", ""))), own(request, person.login, kept_inputs(request))
    if person.is_complete:
        return go_on(request, person, next_path, kept)
    try:
        with (
            limits.attempt(house, "code", person.login, tried_from(request, person.login), now),
            writing(request) as work,
        ):
            account = work.session.get_one(models.Account, person.account_id)
            used = _take(request, work.session, account, now)
            secret = sessions.complete(work.session, person.session_id, person.account_id)
            audit(
                request,
                work,
                "sign-in.recovery-code" if used == "recovery" else "sign-in.second-factor",
                person.login,
                used,
            )
    except SignInRefused as refused:
        with writing(request) as work:
            audit(
                request, work, "sign-in.locked" if refused.code == "too_many" else "sign-in.code-refused", person.login
            )
        return code_page(
            request, person, next_path=next_path, kept=kept, error=str(refused), status=STATUS.get(refused.code, 403)
        )
    response = go_on(request, person, next_path, kept)
    set_cookie(response, request, secret)
    know_again(request, response, person.login)
    return response


def _take(request: Request, session: Session, account: models.Account, now: dt.datetime) -> str:
    answer, site = str(request.POST.get("credential", "")), passkey_site(request)
    if answer and site is not None:
        return passkeys.use(session, answer, site, now, account=account).name
    return second_factor.take(session, account, str(request.POST.get("code", "")), now)


@desk_view("desk.second_factor_question", method="POST")
def second_factor_question(request: Request) -> Response:
    """What the browser asks a passkey that is the second factor."""
    site = passkey_site(request)
    if site is None or request.person.is_complete:
        return HTTPSeeOther("/redaktion")
    with writing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        options = passkeys.sign_in_options(work.session, site, utc_now(), account)
    return Response(options.encode(), content_type="application/json", charset="utf-8")


@desk_view("desk.sign_out", method="POST")
def sign_out(request: Request) -> Response:
    """End this session on the server."""
    with writing(request) as work:
        sessions.end(work.session, request.person.session_id, request.person.account_id)
        audit(request, work, "sign-out", request.person.login)
    return signed_out(request)
