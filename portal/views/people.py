"""Accounts and the audit log, for administrators."""

from __future__ import annotations

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.schemas import InvalidInput
from content.services import accounts
from content.services import desk as queries
from portal.desk import audit, desk_view, page, writing
from portal.views.common import page_number, parameter
from portal.views.signin import send_ticket
from workflows.vocabulary import ROLES, Permission


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE)
def people(request: Request) -> Response:
    """Everybody who can sign in."""
    return _people(request, {}, {})


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE, method="POST")
def add_person(request: Request) -> Response:
    """Make an account with its first role, and invite its person."""
    typed = {name: str(request.POST.get(name, "")) for name in ("login", "name", "email", "role", "organisation")}
    try:
        with writing(request) as work:
            account = accounts.create(
                work.session, login=typed["login"], name=typed["name"], email=typed["email"], now=work.desk.now
            )
            accounts.grant(
                work.session, account, typed["role"], typed["organisation"].strip(), by=request.person.login, now=work.desk.now
            )
            link = send_ticket(request, work.session, account, "invitation")
            audit(request, work, "account.created", account.login, f"{typed['role']} {typed['organisation']}".strip())
            account_id = account.id
    except InvalidInput as invalid:
        return _people(request, typed, {error.field: error.message for error in invalid.errors}, status=400)
    return _person(request, account_id, link=link)


@desk_view("desk.person", permission=Permission.ACCOUNT_MANAGE)
def person(request: Request) -> Response:
    """One account: its roles and what can be done with it."""
    return _person(request, int(request.matchdict["id"]))


@desk_view("desk.person", permission=Permission.ACCOUNT_MANAGE, method="POST")
def change_person(request: Request) -> Response:
    """Give or take a role, lock out, let in, send a new link, take the second factor away."""
    action = str(request.POST.get("schritt", ""))
    role, organisation = str(request.POST.get("role", "")), str(request.POST.get("organisation", "")).strip()
    link = ""
    try:
        with writing(request) as work:
            account = work.session.get(models.Account, int(request.matchdict["id"]))
            if account is None:
                raise HTTPNotFound
            if action == "grant":
                accounts.grant(work.session, account, role, organisation, by=request.person.login, now=work.desk.now)
            elif action == "revoke":
                accounts.revoke(work.session, account, role, organisation)
            elif action in {"lock", "unlock"}:
                accounts.set_active(work.session, account, is_active=action == "unlock")
            elif action == "totp":
                accounts.remove_totp(work.session, account)
            elif action == "link":
                link = send_ticket(request, work.session, account, "reset" if account.password_hash else "invitation")
            else:
                raise HTTPNotFound
            audit(request, work, f"account.{action}", account.login, f"{role} {organisation}".strip())
    except InvalidInput as invalid:
        return _person(request, int(request.matchdict["id"]), error=invalid.errors[0].message)
    if link:
        return _person(request, int(request.matchdict["id"]), link=link)
    return HTTPSeeOther(request.path_info)


@desk_view("desk.audit", permission=Permission.AUDIT_READ)
def audit_log(request: Request) -> Response:
    """Who did what, when, from where."""
    actor, action = parameter(request, "wer"), parameter(request, "was")
    with writing(request) as work:
        rows, pages = queries.audit_page(work.session, actor=actor, action=action, page=page_number(request))
        return page(
            request, "desk/audit.html", title="Protokoll", rows=rows, pages=pages, number=page_number(request), actor=actor, action=action
        )


def _human_roles() -> list[tuple[str, str]]:
    return [(name, role.title) for name, role in ROLES.items() if role.is_human]


def _people(request: Request, typed: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    with writing(request) as work:
        rows = list(work.session.scalars(sa.select(models.Account).order_by(models.Account.name)))
        return page(
            request, "desk/people.html", title="Konten", rows=rows, roles=ROLES, choices=_human_roles(), typed=typed, errors=errors,
            status=status,
        )


def _person(request: Request, account_id: int, *, link: str = "", error: str = "") -> Response:
    with writing(request) as work:
        account = work.session.get(models.Account, account_id)
        if account is None:
            raise HTTPNotFound
        return page(
            request, "desk/person.html", title=account.name, account=account, roles=ROLES, choices=_human_roles(), link=link,
            error=error, status=400 if error else 200,
        )
