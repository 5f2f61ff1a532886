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
from content.services.accounts import account_news, account_requests, identities
from content.services.accounts.account_news import role_words
from content.services.editing import people as services
from content.typed.whole import whole
from portal.auth.desk import desk_view, page, viewing, writing
from portal.auth.ways import ways_in
from portal.desk import confirming
from portal.web import done
from portal.web.common import page_number, parameter
from workflows.vocabulary import ROLES, Permission

HUMAN_ROLES: Final = [(name, role.title) for name, role in ROLES.items() if role.is_human]


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE)
def people(request: Request) -> Response:
    """Everybody who can sign in."""
    return _people(request, {}, {})


@desk_view("desk.people", permission=Permission.ACCOUNT_MANAGE, method="POST")
def add_person(request: Request) -> Response:
    """Make an account with its first role, and invite its person."""
    typed = {
        name: str(request.POST.get(name, "")).strip() for name in ("login", "name", "email", "role", "organisation")
    }
    try:
        with writing(request) as work:
            account, link = services.invite(work.desk, base_url=_base_url(request), **typed)
            account_id = account.id
    except InvalidInput as invalid:
        return _people(
            request,
            typed,
            {error.field: error.message for error in invalid.errors},
            status=400,
            first=_first(request, invalid),
        )
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
            _say_what_waits(request, work, account)
    except InvalidInput as invalid:
        return _person(
            request,
            account_id,
            errors={error.field: error.message for error in invalid.errors},
            first=_first(request, invalid),
        )
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
        facts: list[tuple[str, str]] = []
        subject = f"{account.name} ({account.login})"
        try:  # what is refused anyway is refused before anybody types a reason
            if name == "account.lock":
                services.may_lock(work.session, account, request.person.login)
            elif name == "account.revoke":
                services.may_revoke(work.session, account, _role(request)[0])
                subject += f": {role_words(*_role(request))}"
            elif name in {"account.confirm", "account.decline"}:
                row = account_requests.found(work.session, account, _number(request))
                facts, subject = account_requests.facts(work.session, row), f"{subject}: {account_requests.words(row)}"
                if name == "account.confirm" and request.person.login in {row.asked_by, account.login}:
                    return None
        except InvalidInput:
            return None
        return confirming.question(request, name, subject, request.path_info, facts=facts)


def _say_what_waits(request: Request, work: Work, account: models.Account) -> None:
    """Where the act only asked for it, the next page says that instead."""
    for row in account_requests.of_account(work.session, account):
        if row.asked_by == work.desk.actor and row.asked_at == work.desk.now:
            request.done_words = f"Beantragt für „{account.login}“: {account_requests.words(row)}. Es gilt erst, wenn eine andere Person der Administration es bestätigt."


def _number(request: Request) -> int:
    return whole(str(request.POST.get("antrag", ""))) or 0


_ASKED: Final[Mapping[str, str]] = {
    "lock": "account.lock",
    "factors": "account.factors",
    "revoke": "account.revoke",
    "disconnect": "account.disconnect",
    "confirm": "account.confirm",
    "decline": "account.decline",
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
    services.change(
        work.desk, account, name=str(request.POST.get("name", "")), email=str(request.POST.get("email", ""))
    )


def _factors(request: Request, work: Work, account: models.Account) -> None:
    services.remove_factors(work.desk, account, reason=confirming.reason_of(request, "account.factors"))


def _connect(request: Request, work: Work, account: models.Account) -> None:
    services.link_identity(work.desk, account, _issuer(request), str(request.POST.get("subject", "")))


def _disconnect(request: Request, work: Work, account: models.Account) -> None:
    given = str(request.POST.get("identity", ""))
    services.unlink_identity(work.desk, account, whole(given) or 0)


def _link(request: Request, work: Work, account: models.Account) -> str:
    return _shown(account, services.send_link(work.desk, account, _base_url(request)))


def _confirm(request: Request, work: Work, account: models.Account) -> str:
    return _shown(account, services.confirm(work.desk, account, _number(request), _base_url(request)))


def _decline(request: Request, work: Work, account: models.Account) -> None:
    services.decline(work.desk, account, _number(request), reason=confirming.reason_of(request, "account.decline"))


def _unask(request: Request, work: Work, account: models.Account) -> None:
    services.take_back(work.desk, account, _number(request))


def _shown(account: models.Account, link: str) -> str:
    """The link, where an administrator may see it: that of an account with far-reaching roles only goes to its person, where it has an address."""
    return "" if account.email and account_news.is_far_reaching(account) else link


ACTS: Final[Mapping[str, Callable[[Request, Work, models.Account], str | None]]] = {
    "grant": _grant,
    "revoke": _revoke,
    "lock": _lock,
    "unlock": _unlock,
    "change": _change,
    "factors": _factors,
    "link": _link,
    "connect": _connect,
    "disconnect": _disconnect,
    "confirm": _confirm,
    "decline": _decline,
    "unask": _unask,
}


def _issuer(request: Request) -> str:
    issuer = str(request.registry.settings["portal.settings"].oidc_issuer)
    if not issuer:
        raise HTTPNotFound
    return issuer


def _base_url(request: Request) -> str:
    return str(request.registry.settings["portal.settings"].base_url)


def _first(request: Request, invalid: InvalidInput) -> tuple[str, str] | None:
    """(address, words) of what has to be done elsewhere before this can be: by this person, or by whom to ask."""
    if all(error.code != services.NO_MEMBERS for error in invalid.errors):
        return None
    if Permission.ITEM_EDIT in request.person.permits_on("body", ""):
        return "/redaktion/neu/body", "Gremium anlegen"
    return "/redaktion/konten?rolle=secretariat", "Wer die Geschäftsstelle ist"


def _people(
    request: Request,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    status: int = 200,
    first: tuple[str, str] | None = None,
) -> Response:
    chosen = {"q": parameter(request, "q"), "rolle": parameter(request, "rolle")}
    kept = {name: value for name, value in chosen.items() if value}

    def address(number: int) -> str:
        return "/redaktion/konten?" + urlencode({**kept, "seite": number})

    with viewing(request) as work:
        found = services.listing(work.session, words=chosen["q"], role=chosen["rolle"], page=page_number(request))
        return page(
            request,
            "desk/people.html",
            title="Konten",
            found=found,
            roles=ROLES,
            choices=HUMAN_ROLES,
            typed=typed,
            errors=errors,
            status=status,
            chosen=chosen,
            address=address,
            first=first,
            waiting=account_requests.open_requests(work.session),
            words=account_requests.words,
        )


def _person(
    request: Request,
    account_id: int,
    *,
    link: str = "",
    errors: dict[str, str] | None = None,
    first: tuple[str, str] | None = None,
) -> Response:
    with viewing(request) as work:
        account = work.session.get(models.Account, account_id)
        if account is None:
            raise HTTPNotFound
        return page(
            request,
            "desk/person.html",
            title=account.name,
            account=account,
            roles=ROLES,
            choices=HUMAN_ROLES,
            link=link,
            taken_forms=done.taken_from(request) if link else "",
            errors=errors or {},
            status=400 if errors else 200,
            identities=identities.of_account(work.session, account),
            service=ways_in(request).service,
            first=first,
            waiting=account_requests.of_account(work.session, account),
            words=account_requests.words,
            typed={
                name: str(request.POST.get(name, "")) for name in ("role", "organisation", "name", "email", "subject")
            }
            if errors
            else {},
        )
