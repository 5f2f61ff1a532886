"""The own account: password, second factors, recovery codes, sessions."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Final

import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import accounts, identities, limits, passkeys, second_factor, sessions
from content.services.accounts.accounts import SignInRefused
from content.typed.whole import whole
from portal.auth.desk import audit, desk_view, page, signed_out, utc_now, viewing, writing
from portal.auth.ways import passkey_site, ways_in
from portal.views.account import oidc
from portal.web import site
from workflows.vocabulary import ROLES

_SET_UP: Final = "second factor"


@desk_view("desk.set_up")
def set_up_form(request: Request) -> Response:
    """Show the secret of the app as a QR code and as text, and offer a passkey instead."""
    return _set_up(request, "")


@desk_view("desk.set_up", method="POST")
def set_up(request: Request) -> Response:
    """Put the app in force by a first code."""
    person, now = request.person, utc_now()
    try:
        if asks_again(request):
            check_again(request)
        with (
            limits.attempt(request.registry.house, "code", person.login, f"session:{person.session_id}", now),
            writing(request) as work,
        ):
            account = work.session.get_one(models.Account, person.account_id)
            codes = second_factor.confirm_totp(
                work.session, account, _shown_secret(request), str(request.POST.get("code", "")), now
            )
            accounts.end_sessions(work.session, person.account_id, but=person.session_id)
            audit(request, work, "second-factor.set-up", person.login)
    except SignInRefused as refused:
        return _set_up(request, str(refused))
    return codes_page(request, codes) if codes else HTTPSeeOther("/redaktion/konto")


def _set_up(request: Request, error: str) -> Response:
    if request.person.has_totp:
        return HTTPSeeOther("/redaktion/konto")
    with request.registry.house.reading() as connection:
        has_password = accounts.has_password(connection, request.person.account_id)
    secret = _shown_secret(request) or second_factor.new_totp()
    uri = second_factor.totp_uri(secret, request.person.login, site.NAME)
    out = io.BytesIO()
    segno.make(uri, micro=False).save(
        out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, title="QR-Code für die App"
    )
    return page(
        request,
        "desk/set_up.html",
        title="Zweiten Faktor einrichten",
        secret=secret,
        seal=_seal(request, secret),
        error=error,
        status=403 if error else 200,
        picture=Markup(out.getvalue().decode()),  # noqa: S704 - made by segno from our own address
        has_passkeys=passkey_site(request) is not None,
        must=request.person.must_set_up,
        asks_password=asks_again(request) and has_password,
    )


def _seal(request: Request, secret: str) -> str:
    """Proves that we showed this secret to this person in this session: until it is in force, only the form knows it."""
    sealed: str = request.registry.sealer.seal(_SET_UP, str(request.person.session_id), secret)
    return sealed


def _shown_secret(request: Request) -> str:
    """The secret that the form brings back; empty where it is none of ours."""
    secret, seal = str(request.POST.get("secret", "")), str(request.POST.get("seal", ""))
    is_ours = request.registry.sealer.holds(seal, _SET_UP, str(request.person.session_id), secret)
    return secret if is_ours else ""


def codes_page(request: Request, codes: list[str]) -> Response:
    """Recovery codes, shown once."""
    return page(request, "desk/recovery.html", title="Wiederherstellungscodes", codes=codes)


@desk_view("desk.account")
def account_page(request: Request) -> Response:
    """The own account: password, second factors, sessions."""
    return _account(request, {})


@desk_view("desk.account", method="POST")
def change_account(request: Request) -> Response:
    """Do what a form of the page asks for."""
    act = ACTS.get(str(request.POST.get("schritt", "")))
    if act is None:
        return HTTPSeeOther("/redaktion/konto")
    try:
        return act(request)
    except SignInRefused as refused:
        words = (
            str(refused)
            if refused.code in {"too_many", "busy"}
            else "Das Kennwort stimmt nicht. Bitte noch einmal eingeben."
        )
        return _account(request, {_wrong_field(request): words})
    except InvalidInput as invalid:
        return _account(request, {error.field: error.message for error in invalid.errors})


def _wrong_field(request: Request) -> str:
    return f"old-{request.POST.get('schritt', '')}"


def asks_again(request: Request) -> bool:
    """Whether adding a factor asks for the password: not where the role demands one and the person has just signed in for it."""
    return not request.person.must_set_up


def check_again(request: Request) -> None:
    """Ask for the password again before anything that a stolen session must not do. Raises `SignInRefused`.

    Who has none, because he or she comes from another service, is known by that service.
    """
    person, now, house = request.person, utc_now(), request.registry.house
    with house.reading() as connection:
        if not accounts.has_password(connection, person.account_id):
            return
    try:
        with (
            limits.attempt(house, "sign-in", person.login, f"session:{person.session_id}", now),
            house.reading() as connection,
        ):
            accounts.check_password(connection, person.login, str(request.POST.get("old", "")))
    except SignInRefused:
        with writing(request) as work:
            audit(request, work, "password.refused", person.login)
        raise


def _password(request: Request) -> Response:
    password = str(request.POST.get("password", ""))
    if password != str(request.POST.get("repeated", "")):
        raise InvalidInput(
            [FieldError("repeated", "different", "Die beiden Eingaben sind verschieden. Bitte noch einmal eingeben.")]
        )
    check_again(request)
    fresh = accounts.hash_password(password, login=request.person.login)
    with writing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        accounts.change_password(work.session, account, fresh, keep_session=request.person.session_id)
        audit(request, work, "password.changed", request.person.login)
    return HTTPSeeOther("/redaktion/konto?geaendert=kennwort")


def _end_session(request: Request) -> Response:
    given = str(request.POST.get("session", ""))
    wanted = whole(given) or 0
    with writing(request) as work:
        if not sessions.end(work.session, wanted, request.person.account_id):
            raise InvalidInput([FieldError("session", "unknown", "Diese Sitzung ist schon zu Ende.")])
        audit(request, work, "session.ended", request.person.login)
    return HTTPSeeOther("/redaktion/konto")


def _end_everywhere(request: Request) -> Response:
    with writing(request) as work:
        accounts.end_sessions(work.session, request.person.account_id)
        audit(request, work, "sessions.ended", request.person.login)
    return signed_out(request)


def _remove_totp(request: Request) -> Response:
    check_again(request)
    with writing(request) as work:
        second_factor.remove_totp(work.session, work.session.get_one(models.Account, request.person.account_id))
        audit(request, work, "second-factor.removed", request.person.login)
    return HTTPSeeOther("/redaktion/konto")


def _renew_codes(request: Request) -> Response:
    if not request.person.has_second_factor:
        raise InvalidInput(
            [FieldError("codes", "no_factor", "Wiederherstellungscodes gibt es erst mit einem zweiten Faktor.")]
        )
    check_again(request)
    with writing(request) as work:
        codes = second_factor.renew_codes(work.session, work.session.get_one(models.Account, request.person.account_id))
        audit(request, work, "recovery-codes.renewed", request.person.login)
    return codes_page(request, codes)


def _remove_passkey(request: Request) -> Response:
    given = str(request.POST.get("passkey", ""))
    wanted = whole(given) or 0
    check_again(request)
    with writing(request) as work:
        name = second_factor.remove_passkey(
            work.session, work.session.get_one(models.Account, request.person.account_id), wanted
        )
        if not name:
            raise InvalidInput([FieldError("passkey", "unknown", "Diesen Passkey gibt es nicht mehr.")])
        audit(request, work, "passkey.removed", request.person.login, name)
    return HTTPSeeOther("/redaktion/konto")


def _connect(request: Request) -> Response:
    if not ways_in(request).service:
        raise HTTPNotFound
    check_again(request)
    with writing(request) as work:
        if identities.of_account(work.session, work.session.get_one(models.Account, request.person.account_id)):
            raise InvalidInput(
                [FieldError("connect", "linked", "Das Konto ist schon verbunden. Trennen kann es die Administration.")]
            )
        return oidc.join_page(request, work.session, request.person.account_id, request.person.session_id)


ACTS: Final[Mapping[str, Callable[[Request], Response]]] = {
    "password": _password,
    "session": _end_session,
    "everywhere": _end_everywhere,
    "totp": _remove_totp,
    "codes": _renew_codes,
    "passkey": _remove_passkey,
    "connect": _connect,
}


def _account(request: Request, errors: dict[str, str]) -> Response:
    with viewing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        return page(
            request,
            "desk/account.html",
            title="Mein Konto",
            account=account,
            errors=errors,
            status=400 if errors else 200,
            sessions=sessions.open_of(work.session, account.id, utc_now()),
            grants=request.person.grants,
            roles=ROLES,
            methods={"password": "Kennwort", "passkey": "Passkey", "oidc": "Anmeldedienst"},
            has_password=account.password_hash is not None,
            asks_password=account.password_hash is not None,
            has_passkeys=passkey_site(request) is not None,
            codes_left=len(account.recovery_hashes),
            max_passkeys=passkeys.MAX_PASSKEYS,
            min_length=accounts.MIN_PASSWORD,
            is_changed=request.GET.get("geaendert", ""),
            service=ways_in(request).service,
            identities=identities.of_account(work.session, account),
        )
