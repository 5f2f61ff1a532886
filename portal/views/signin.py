"""Signing in and out, the second factor, invitations and forgotten passwords, the own account."""

from __future__ import annotations

import io

import segno
import sqlalchemy as sa
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import models
from content.schemas import InvalidInput
from content.services import accounts, reset
from content.services import audit as audit_log
from content.services.accounts import SignInRefused
from portal import site
from portal.desk import audit, desk_view, is_our_form, keep_typed, page, safe_path, set_cookie, utc_now, writing
from portal.views.common import parameter


@view_config(route_name="sign_in", request_method="GET")
def sign_in_form(request: Request) -> Response:
    """The sign-in form."""
    return page(request, "desk/sign_in.html", title="Anmelden", login="", next_path=safe_path(parameter(request, "weiter")), error="", kept=[])


@view_config(route_name="sign_in", request_method="POST")
def sign_in(request: Request) -> Response:
    """Check name and password; the answer is the same whether the name exists or not."""
    house, now = request.registry.house, utc_now()
    login, password = str(request.POST.get("login", "")), str(request.POST.get("password", ""))
    address = request.client_addr or ""
    next_path = safe_path(str(request.POST.get("weiter", "")))
    kept = [(name[5:], value) for name, value in request.POST.items() if name.startswith("kept.") and isinstance(value, str)]
    if not is_our_form(request, ""):  # no session yet: only the origin can be checked
        return HTTPSeeOther("/anmelden")
    try:
        with house.reading() as connection:
            account_id = accounts.check_password(connection, login, password, address, now)
    except SignInRefused as refused:
        if refused.code == "wrong":
            with house.writing("sign-in") as work:
                accounts.note_failure(work.session, login, address, now)
                audit_log.note(work.session, now, actor=login.strip().lower()[:80], name="", action="sign-in.refused", address=address)
        status = 429 if refused.code == "too_many" else 403
        return page(request, "desk/sign_in.html", title="Anmelden", status=status, login=login[:80], next_path=next_path, error=str(refused), kept=kept)
    with house.writing("sign-in") as work:
        account = work.session.get_one(models.Account, account_id)
        secret = accounts.open_session(work.session, account, address=address, agent=request.user_agent or "", now=now)
        audit_log.note(work.session, now, actor=account.login, name=account.name, action="sign-in", address=address)
        is_complete = not account.totp_is_confirmed
    with house.reading() as connection:
        person = accounts.signed_in(connection, secret, now)
    assert person is not None  # noqa: S101 - just made
    if not is_complete:
        response = page(request, "desk/code.html", title="Zweiter Faktor", person=person, next_path=next_path, error="", kept=kept)
    elif kept:
        response = keep_typed(request, person, "Sie sind wieder angemeldet.", path=next_path, kept=kept)
    else:
        response = HTTPSeeOther(next_path)
    set_cookie(response, request, secret)
    return response


@desk_view("desk.second_factor")
def second_factor_form(request: Request) -> Response:
    """Ask for the code."""
    return page(request, "desk/code.html", title="Zweiter Faktor", next_path="/redaktion", error="", kept=[])


@desk_view("desk.second_factor", method="POST")
def second_factor(request: Request) -> Response:
    """Finish the sign-in by a code of the app or a recovery code."""
    person, now = request.person, utc_now()
    next_path = safe_path(str(request.POST.get("weiter", "")))
    kept = [(name[5:], value) for name, value in request.POST.items() if name.startswith("kept.") and isinstance(value, str)]
    address = request.client_addr or ""
    try:
        with writing(request) as work:
            table = models.Attempt
            recent = sa.select(sa.func.count()).select_from(table).where(
                table.login == person.login, table.at > now - accounts.ATTEMPT_WINDOW
            )
            if (work.session.scalar(recent) or 0) >= accounts.MAX_ATTEMPTS_LOGIN:
                raise SignInRefused("too_many")
            account = work.session.get_one(models.Account, person.account_id)
            accounts.complete(work.session, person.session_id, account, str(request.POST.get("code", "")), now)
            audit(request, work, "sign-in.second-factor")
    except SignInRefused as refused:
        if refused.code != "too_many":
            with writing(request) as work:
                accounts.note_failure(work.session, person.login, address, now)
                audit(request, work, "sign-in.code-refused")
        return page(request, "desk/code.html", title="Zweiter Faktor", status=403, next_path=next_path, error=str(refused), kept=kept)
    if kept:
        return keep_typed(request, person, "Sie sind wieder angemeldet.", path=next_path, kept=kept)
    return HTTPSeeOther(next_path)


@desk_view("desk.sign_out", method="POST")
def sign_out(request: Request) -> Response:
    """End this session on the server."""
    with writing(request) as work:
        accounts.end_session(work.session, request.person.session_id, request.person.account_id)
        audit(request, work, "sign-out")
    response = HTTPSeeOther("/anmelden")
    set_cookie(response, request, "")
    return response


@desk_view("desk.set_up")
def set_up_form(request: Request) -> Response:
    """Show the secret of the second factor as a QR code and as text."""
    return _set_up(request, "")


@desk_view("desk.set_up", method="POST")
def set_up(request: Request) -> Response:
    """Put the second factor in force by a first code, or take it away."""
    person, now = request.person, utc_now()
    try:
        with writing(request) as work:
            account = work.session.get_one(models.Account, person.account_id)
            codes = accounts.confirm_totp(work.session, account, str(request.POST.get("code", "")), now)
            audit(request, work, "second-factor.set-up")
    except SignInRefused as refused:
        return _set_up(request, str(refused))
    return page(request, "desk/recovery.html", title="Wiederherstellungscodes", codes=codes)


def _set_up(request: Request, error: str) -> Response:
    if request.person.has_second_factor:
        return HTTPSeeOther("/redaktion/konto")
    with writing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        secret = accounts.new_totp(account)
        uri = accounts.totp_uri(account, site.NAME)
    out = io.BytesIO()
    segno.make(uri, micro=False).save(out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, title="QR-Code für die App")
    return page(
        request, "desk/set_up.html", title="Zweiten Faktor einrichten", secret=secret, error=error, status=403 if error else 200,
        picture=Markup(out.getvalue().decode()),  # noqa: S704 - made by segno from our own address
    )


@desk_view("desk.account")
def account_page(request: Request) -> Response:
    """The own account: password, second factor, sessions."""
    return _account(request, {})


@desk_view("desk.account", method="POST")
def change_account(request: Request) -> Response:
    """Change the password, end a session, or take the second factor away."""
    person, action = request.person, str(request.POST.get("schritt", ""))
    house, now = request.registry.house, utc_now()
    try:
        if action == "password":
            with house.reading() as connection:
                accounts.check_password(connection, person.login, str(request.POST.get("old", "")), "own-account", now)
            fresh = accounts.hash_password(str(request.POST.get("password", "")), login=person.login)
            with writing(request) as work:
                account = work.session.get_one(models.Account, person.account_id)
                accounts.change_password(work.session, account, fresh, keep_session=person.session_id)
                audit(request, work, "password.changed")
        elif action == "session":
            with writing(request) as work:
                accounts.end_session(work.session, int(str(request.POST.get("session", "0")) or 0), person.account_id)
                audit(request, work, "session.ended")
        elif action == "totp":
            with house.reading() as connection:
                accounts.check_password(connection, person.login, str(request.POST.get("old", "")), "own-account", now)
            with writing(request) as work:
                accounts.remove_totp(work.session, work.session.get_one(models.Account, person.account_id))
                audit(request, work, "second-factor.removed")
    except SignInRefused:
        return _account(request, {"old": "Das bisherige Kennwort stimmt nicht."})
    except InvalidInput as invalid:
        return _account(request, {error.field: error.message for error in invalid.errors})
    except ValueError:
        return _account(request, {"session": "Diese Sitzung gibt es nicht."})
    return HTTPSeeOther("/redaktion/konto")


def _account(request: Request, errors: dict[str, str]) -> Response:
    table = models.AccountSession
    with writing(request) as work:
        account = work.session.get_one(models.Account, request.person.account_id)
        rows = list(work.session.scalars(sa.select(table).where(table.account_id == account.id).order_by(table.seen_at.desc())))
        return page(
            request, "desk/account.html", title="Mein Konto", account=account, sessions=rows, errors=errors,
            status=400 if errors else 200, grants=request.person.grants,
        )


@view_config(route_name="forgotten", request_method="GET")
def forgotten_form(request: Request) -> Response:
    """Ask for a link to a new password."""
    return page(request, "desk/forgotten.html", title="Kennwort vergessen", is_sent=False)


@view_config(route_name="forgotten", request_method="POST")
def forgotten(request: Request) -> Response:
    """Send a link, if there is such an account; the answer is the same either way."""
    now, login = utc_now(), str(request.POST.get("login", ""))
    if is_our_form(request, ""):
        with request.registry.house.writing("sign-in") as work:
            base_url = request.registry.settings["portal.settings"].base_url
            reset.ask(work.session, login, base_url, now, address=request.client_addr or "")
    return page(request, "desk/forgotten.html", title="Kennwort vergessen", is_sent=True)


def send_ticket(request: Request, session: sa.orm.Session, account: models.Account, purpose: str) -> str:
    """Write the mail with a fresh link; the link."""
    return reset.send_link(session, account, purpose, request.registry.settings["portal.settings"].base_url, utc_now())


@view_config(route_name="ticket", request_method="GET")
def ticket_form(request: Request) -> Response:
    """Set a password by a link from a mail."""
    return _ticket(request, "")


@view_config(route_name="ticket", request_method="POST")
def use_ticket(request: Request) -> Response:
    """Set the password; the link ends."""
    now, house = utc_now(), request.registry.house
    if not is_our_form(request, ""):
        return HTTPSeeOther("/anmelden")
    password = str(request.POST.get("password", ""))
    with house.writing("sign-in") as work:
        found = accounts.ticket(work.session, request.matchdict["secret"], now)
        login = found.account.login if found else ""
    if not login:
        raise HTTPNotFound
    if password != str(request.POST.get("repeated", "")):
        return _ticket(request, "Die beiden Eingaben sind verschieden. Bitte noch einmal eingeben.")
    try:
        fresh = accounts.hash_password(password, login=login)
    except InvalidInput as invalid:
        return _ticket(request, invalid.errors[0].message)
    with house.writing("sign-in") as work:
        used = accounts.ticket(work.session, request.matchdict["secret"], now)
        if used is None:
            raise HTTPNotFound
        used.used_at = now
        accounts.change_password(work.session, used.account, fresh)
        audit_log.note(work.session, now, actor=login, name=used.account.name, action="password.set-by-link", address=request.client_addr or "")
    return HTTPSeeOther("/anmelden")


def _ticket(request: Request, error: str) -> Response:
    with request.registry.house.writing("sign-in") as work:
        found = accounts.ticket(work.session, request.matchdict["secret"], utc_now())
        name = found.account.name if found else ""
        login = found.account.login if found else ""
    if not name:
        raise HTTPNotFound
    return page(
        request, "desk/ticket.html", title="Kennwort setzen", name=name, login=login, error=error, status=400 if error else 200,
        min_length=accounts.MIN_PASSWORD,
    )
