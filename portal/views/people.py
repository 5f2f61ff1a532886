"""Accounts, for administrators: who there is, inviting, roles, locking, helping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import InvalidInput
from content.services import identities
from content.services import people as services
from content.services.account_news import role_words
from content.whole import whole
from portal import confirming, done
from portal.desk import desk_view, page, viewing, writing
from portal.views.common import page_number, parameter
from portal.ways import ways_in
from workflows.vocabulary import ROLES, Permission

HUMAN_ROLES: Final = [(name, role.title) for name, role in ROLES.items() if role.is_human]


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE)
def people(request: Request) -> Response:
    """Everybody who can sign in."""
    return _people(request, {}, {})


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE, method="POST")
def add_person(request: Request) -> Response:
    """Make an account with its first role, and invite its person."""
    typed = {name: str(request.POST.get(name, "")).strip() for name in ("login", "name", "email", "role", "organisation")}
    try:
        with writing(request) as work:
            account, link = services.invite(work.desk, base_url=_base_url(request), **typed)
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
    """Do what a form of the page asks for."""
    act = ACTS.get(str(request.POST.get("schritt", "")))
    account_id = int(request.matchdict["id"])
    if asked := _question(request, account_id):
        return asked
    try:
        with writing(request) as work:
            account = work.session.get(models.Account, account_id)
            if account is None or act is None:
                raise HTTPNotFound
            link = act(request, work, account) or ""
    except InvalidInput as invalid:
        return _person(request, account_id, errors={error.field: error.message for error in invalid.errors})
    return _person(request, account_id, link=link) if link else HTTPSeeOther(request.path_info)


def _question(request: Request, account_id: int) -> Response | None:
    """What is asked before an act that shuts somebody out or takes protection away."""
    name = _ASKED.get(str(request.POST.get("schritt", "")))
    if name is None:
        return None
    with viewing(request) as work:
        account = work.session.get(models.Account, account_id)
        if account is None:
            raise HTTPNotFound
        if name == "account.lock" and account.login == request.person.login:
            return None  # refused without asking for a reason first
        subject = f"{account.name} ({account.login})"
        if name == "account.revoke":
            subject += f": {role_words(*_role(request))}"
        return confirming.question(request, name, subject, request.path_info)


_ASKED: Final[Mapping[str, str]] = {
    "lock": "account.lock", "factors": "account.factors", "revoke": "account.revoke", "disconnect": "account.disconnect",
}


def _role(request: Request) -> tuple[str, str]:
    return str(request.POST.get("role", "")), str(request.POST.get("organisation", "")).strip()


def _grant(request: Request, work: Work, account: models.Account) -> None:
    services.grant(work.desk, account, *_role(request))


def _revoke(request: Request, work: Work, account: models.Account) -> None:
    services.revoke(work.desk, account, *_role(request), reason=confirming.reason_of(request, "account.revoke"))


def _lock(request: Request, work: Work, account: models.Account) -> None:
    services.set_active(work.desk, account, is_active=False, reason=confirming.reason_of(request, "account.lock"))


def _unlock(_request: Request, work: Work, account: models.Account) -> None:
    services.set_active(work.desk, account, is_active=True)


def _change(request: Request, work: Work, account: models.Account) -> None:
    services.change(work.desk, account, name=str(request.POST.get("name", "")), email=str(request.POST.get("email", "")))


def _factors(request: Request, work: Work, account: models.Account) -> None:
    services.remove_factors(work.desk, account, reason=confirming.reason_of(request, "account.factors"))


def _connect(request: Request, work: Work, account: models.Account) -> None:
    services.link_identity(work.desk, account, _issuer(request), str(request.POST.get("subject", "")))


def _disconnect(request: Request, work: Work, account: models.Account) -> None:
    given = str(request.POST.get("identity", ""))
    services.unlink_identity(work.desk, account, whole(given) or 0)


def _link(request: Request, work: Work, account: models.Account) -> str:
    return services.send_link(work.desk, account, _base_url(request))


ACTS: Final[Mapping[str, Callable[[Request, Work, models.Account], str | None]]] = {
    "grant": _grant, "revoke": _revoke, "lock": _lock, "unlock": _unlock, "change": _change, "factors": _factors, "link": _link,
    "connect": _connect, "disconnect": _disconnect,
}


def _issuer(request: Request) -> str:
    issuer = str(request.registry.settings["portal.settings"].oidc_issuer)
    if not issuer:
        raise HTTPNotFound
    return issuer


def _base_url(request: Request) -> str:
    return str(request.registry.settings["portal.settings"].base_url)


def _people(request: Request, typed: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    chosen = {"q": parameter(request, "q"), "rolle": parameter(request, "rolle")}
    kept = {name: value for name, value in chosen.items() if value}

    def address(number: int) -> str:
        return "/redaktion/konten?" + urlencode({**kept, "seite": number})

    with viewing(request) as work:
        found = services.listing(work.session, words=chosen["q"], role=chosen["rolle"], page=page_number(request))
        return page(
            request, "desk/people.html", title="Konten", found=found, roles=ROLES, choices=HUMAN_ROLES, typed=typed, errors=errors,
            status=status, chosen=chosen, address=address,
        )


def _person(request: Request, account_id: int, *, link: str = "", errors: dict[str, str] | None = None) -> Response:
    with viewing(request) as work:
        account = work.session.get(models.Account, account_id)
        if account is None:
            raise HTTPNotFound
        return page(
            request, "desk/person.html", title=account.name, account=account, roles=ROLES, choices=HUMAN_ROLES, link=link,
            taken=done.taken_from(request) if link else "", errors=errors or {}, status=400 if errors else 200, identities=identities.of_account(work.session, account),
            service=ways_in(request).service,
            typed={name: str(request.POST.get(name, "")) for name in ("role", "organisation", "name", "email", "subject")} if errors else {},
        )
