"""Passkeys: register one for the own account, and sign in with one instead of a password."""

from __future__ import annotations

import logging

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts, limits, passkeys, second_factor
from content.services.accounts.accounts import SignInRefused
from content.services.accounts.passkeys import Site
from portal.auth.desk import audit, desk_view, kept_inputs, page, safe_path, utc_now, writing
from portal.auth.entering import enter
from portal.auth.ways import passkey_site
from portal.views.account.own_account import asks_again, check_again, codes_page
from portal.views.account.signin import STATUS, note_refusal, sign_in_page
from portal.web.visitor import address_of

log = logging.getLogger(__name__)


def _site(request: Request) -> Site:
    site = passkey_site(request)
    if site is None:
        raise HTTPNotFound
    return site


def _json(text: str) -> Response:
    return Response(text.encode(), content_type="application/json", charset="utf-8", cache_control="no-store")


@desk_view("desk.passkey_question", method="POST")
def new_question(request: Request) -> Response:
    """What the browser is asked to make a passkey. Whoever gets this question has given the password again."""
    try:
        if asks_again(request):
            check_again(request)
    except SignInRefused as refused:
        return Response(b"{}", status=STATUS.get(refused.code, 403), content_type="application/json", charset="utf-8")
    with writing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        try:
            return _json(passkeys.registration_options(work.session, account, _site(request), utc_now()))
        except InvalidInput as invalid:
            log.info("no passkey for %s: %s", request.person.login, invalid.errors[0].code)
            return Response(b"{}", status=409, content_type="application/json", charset="utf-8")


@desk_view("desk.passkeys", method="POST")
def add_passkey(request: Request) -> Response:
    """Keep the passkey that the browser made; the first factor brings recovery codes."""
    person, codes = request.person, []
    answer, name = str(request.POST.get("credential", "")), str(request.POST.get("name", ""))
    try:
        with writing(request) as work:
            account = work.session.get_one(models.Account, person.account_id)
            row = passkeys.register(work.session, account, answer, name, _site(request), utc_now())
            if not account.recovery_hashes:
                codes = second_factor.renew_codes(work.session, account)
            accounts.end_sessions(work.session, person.account_id, but=person.session_id)
            audit(request, work, "passkey.added", person.login, row.name)
    except InvalidInput as invalid:
        text = invalid.errors[0].message
        return page(request, "desk/message.html", title="Passkey hinzufügen", text=text, status=400)
    return codes_page(request, codes) if codes else HTTPSeeOther("/redaktion/konto")


@view_config(route_name="passkey_question", request_method="POST")
def sign_in_question(request: Request) -> Response:
    """What the browser is asked to sign somebody in; the same for everybody."""
    site, now = _site(request), utc_now()
    try:
        limits.count_request(request.registry.house, "challenge", "", address_of(request), now)
    except SignInRefused:
        return Response(b"{}", status=429, content_type="application/json", charset="utf-8")
    with request.registry.house.writing("sign-in") as work:
        return _json(passkeys.sign_in_options(work.session, site, now))


@view_config(route_name="passkey_sign_in", request_method="POST")
def sign_in(request: Request) -> Response:
    """Sign in by a passkey that verified its person: that is two factors in one."""
    site, now, house, address = _site(request), utc_now(), request.registry.house, address_of(request)
    next_path, kept = safe_path(str(request.POST.get("weiter", ""))), kept_inputs(request)
    try:
        with limits.attempt(house, "passkey", "", address, now), house.writing("sign-in") as work:
            account_id = passkeys.use(work.session, str(request.POST.get("credential", "")), site, now).account_id
    except SignInRefused as refused:
        note_refusal(request, refused, "", now)
        return sign_in_page(
            request, next_path=next_path, error=str(refused), kept=kept, status=STATUS.get(refused.code, 403)
        )
    return enter(request, account_id, method="passkey", next_path=next_path, kept=kept, is_strong=True)
