"""Links by mail: forgotten passwords, and setting a password by a link that works once."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from content.schemas import InvalidInput
from content.services.accounts import accounts, identities, limits, reset
from content.services.accounts import audit as audit_log
from content.services.accounts.accounts import SignInRefused
from portal.auth.desk import looking, page, utc_now
from portal.auth.ways import ways_in
from portal.views.account.signin import OLD_FORM, WAS_SET
from portal.web.door import OldForm, browser_token
from portal.web.visitor import address_of


@view_config(route_name="forgotten", request_method="GET")
def forgotten_form(request: Request) -> Response:
    """Ask for a link to a new password."""
    return _forgotten(request)


@exception_view_config(OldForm, route_name="forgotten")
def old_forgotten(_old: OldForm, request: Request) -> Response:
    """The form again."""
    return _forgotten(request, OLD_FORM, status=400)


def _forgotten(request: Request, error: str = "", *, status: int = 200) -> Response:
    return page(
        request,
        "desk/forgotten.html",
        title="Kennwort vergessen",
        is_sent=False,
        error=error,
        status=status,
        browser_token=browser_token(request),
    )


@view_config(route_name="forgotten", request_method="POST")
def forgotten(request: Request) -> Response:
    """Note that a link is wanted; whether there is such an account is looked up later, so the answer cannot tell."""
    now, login, address = utc_now(), str(request.POST.get("login", "")), address_of(request)
    house, base_url = request.registry.house, request.registry.settings["portal.settings"].base_url
    try:
        limits.count_request(house, "reset", login.strip().lower()[:80], address, now)
    except SignInRefused as refused:
        return _forgotten(request, str(refused), status=429)
    with house.writing("sign-in") as work:
        reset.ask(work.session, login, base_url, now, address=address)
    return page(request, "desk/forgotten.html", title="Kennwort vergessen", is_sent=True, error="")


@view_config(route_name="ticket", request_method="GET")
def ticket_form(request: Request) -> Response:
    """Set a password by a link from a mail."""
    return _ticket(request, {})


@exception_view_config(OldForm, route_name="ticket")
def old_ticket(_old: OldForm, request: Request) -> Response:
    """The form again."""
    return _ticket(request, {"password": OLD_FORM})


@view_config(route_name="ticket", request_method="POST")
def use_ticket(request: Request) -> Response:
    """Set the password; the link ends, and so does every session."""
    now, house, secret = utc_now(), request.registry.house, request.matchdict["secret"]
    with looking(request) as session:
        found = accounts.ticket(session, secret, now)
        login = found.account.login if found else ""
    if not login:
        return _ended(request)
    password = str(request.POST.get("password", ""))
    if password != str(request.POST.get("repeated", "")):
        return _ticket(request, {"repeated": "Die beiden Eingaben sind verschieden. Bitte noch einmal eingeben."})
    try:
        fresh = accounts.hash_password(password, login=login)
    except InvalidInput as invalid:
        return _ticket(request, {"password": invalid.errors[0].message})
    with house.writing("sign-in", address=address_of(request)) as work:
        account = accounts.use_ticket(work.session, secret, now)
        if account is not None:
            accounts.change_password(work.session, account, fresh)
            audit_log.note(
                work.session, now, actor=login, name=account.name, action="password.set-by-link", subject=login
            )
    return HTTPSeeOther(f"/anmelden?{WAS_SET}=gesetzt") if account is not None else _ended(request)


def _ticket(request: Request, errors: dict[str, str]) -> Response:
    with looking(request) as session:
        found = accounts.ticket(session, request.matchdict["secret"], utc_now())
        name, login = (found.account.name, found.account.login) if found else ("", "")
        is_inviting = found is not None and identities.is_inviting(session, found)
    if not name:
        return _ended(request)
    return page(
        request,
        "desk/ticket.html",
        title="Kennwort setzen",
        name=name,
        login=login,
        errors=errors,
        status=400 if errors else 200,
        min_length=accounts.MIN_PASSWORD,
        service=ways_in(request).service if is_inviting else "",
        secret=request.matchdict["secret"],
        browser_token=browser_token(request),
    )


def _ended(request: Request) -> Response:
    return page(request, "desk/ended.html", title="Der Link gilt nicht mehr", status=410)
