"""What administrators do with accounts: invite, grant, revoke, lock, help. Each act asks for the right and is noted.

Nobody grants what is beyond him: only who may manage accounts everywhere gives or takes roles, and nobody gives one to himself. What
lets somebody publish, decide or manage accounts waits for another administrator (`account_requests`). The last administrator who can
sign in stays one, whatever is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from content import models
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.accounts import account_requests, accounts, audit, identities, reset, second_factor
from content.services.accounts.account_news import MANAGING, REASON_MARK
from content.services.base import lookup
from content.services.publishing.publish import Desk
from workflows import rights
from workflows.vocabulary import ROLES, Permission

PER_PAGE: Final = 50
NO_MEMBERS: Final = "no_members"
"""Code of the refusal where no body has members yet."""
LAST_ADMINISTRATOR: Final = "Das ist die letzte Administration. Bitte zuerst einer anderen Person diese Rolle geben."


@dataclass(frozen=True, slots=True)
class People:
    """A page of accounts, and how many there are in all."""

    rows: Sequence[models.Account]
    total: int
    page: int
    pages: int


def listing(session: Session, *, words: str = "", role: str = "", page: int = 1) -> People:
    """Accounts by name, login or address, and by role."""
    table = models.Account
    conditions: list[sa.ColumnElement[bool]] = [
        sa.or_(*(column.icontains(word, autoescape=True) for column in (table.name, table.login, table.email)))
        for word in words.split()[:6]
    ]
    if role:
        conditions.append(table.id.in_(sa.select(models.Grant.account_id).where(models.Grant.role == role)))
    total = session.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, page), pages)
    query = (
        sa.select(table)
        .where(*conditions)
        .options(selectinload(table.grants))
        .order_by(sa.func.lower(table.name), table.id)
    )
    return People(session.scalars(query.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all(), total, number, pages)


def invite(
    desk: Desk, *, login: str, name: str, email: str, role: str, organisation: str, base_url: str
) -> tuple[models.Account, str]:
    """A new account with its first role, and the link by which its person sets a password. Raises `InvalidInput`."""
    _may_manage(desk)
    errors: list[FieldError] = []
    account = None
    try:
        account = accounts.create(desk.session, login=login, name=name, email=email, now=desk.now)
    except InvalidInput as invalid:
        errors += invalid.errors
    errors += problems_of_grant(desk.session, role, organisation)
    if errors or account is None:
        raise InvalidInput(errors)
    _note(desk, "account.created", account)
    grant(desk, account, role, organisation)
    link = send_link(desk, account, base_url)
    return account, link


def grant(desk: Desk, account: models.Account, role: str, organisation: str) -> bool:
    """Give a role; whether it is new (one that waits for another administrator is not held yet). Raises `InvalidInput`."""
    _may_manage(desk)
    problems = problems_of_grant(desk.session, role, organisation)
    if problems:
        raise InvalidInput(problems)
    if account.login == desk.actor and Permission.ITEM_IMPORT not in desk.permits:
        raise InvalidInput([FieldError("role", "oneself", account_requests.OWN_ROLE)])
    if (role, organisation) not in accounts.grants_of(account) and account_requests.waits(
        desk, account, "grant", role=role, organisation=organisation
    ):
        return False
    return _grant(desk, account, role, organisation, by=desk.actor)


def _grant(desk: Desk, account: models.Account, role: str, organisation: str, *, by: str) -> bool:
    is_new = accounts.grant(desk.session, account, role, organisation, by=by, now=desk.now)
    if is_new:
        _note(desk, "account.grant", account, f"{role} {organisation}")
    return is_new


def revoke(desk: Desk, account: models.Account, role: str, organisation: str, *, reason: str = "") -> bool:
    """Take a role away; whether it was there; its person is told the reason. Raises `InvalidInput` for the last administrator's."""
    _may_manage(desk)
    may_revoke(desk.session, account, role, is_held=True)
    was_there = accounts.revoke(desk.session, account, role, organisation)
    if was_there:
        _note(
            desk,
            "account.revoke",
            account,
            f"{role} {organisation}".strip() + (f"{REASON_MARK}{reason}" if reason else ""),
        )
    return was_there


def may_revoke(session: Session, account: models.Account, role: str, *, is_held: bool = False) -> None:
    """Whether the role may be taken away, asked before anybody types a reason; `is_held`: inside the transaction that does it. Raises `InvalidInput`."""
    if role in MANAGING and _is_last(session, account, is_held=is_held):
        raise InvalidInput([FieldError("role", "last_administrator", LAST_ADMINISTRATOR)])


def may_lock(session: Session, account: models.Account, actor: str, *, is_held: bool = False) -> None:
    """Whether `actor` may lock the account. Raises `InvalidInput` for the last administrator and for oneself."""
    if account.login == actor:
        raise InvalidInput(
            [FieldError("", "oneself", "Das eigene Konto sperrt eine andere Person der Administration.")]
        )
    if _is_last(session, account, is_held=is_held):
        raise InvalidInput([FieldError("", "last_administrator", LAST_ADMINISTRATOR)])


def set_active(desk: Desk, account: models.Account, *, is_active: bool, reason: str = "") -> None:
    """Lock an account or let it in again; its person is told the reason. Raises `InvalidInput` for the last administrator and for oneself."""
    _may_manage(desk)
    if not is_active:
        may_lock(desk.session, account, desk.actor, is_held=True)
    accounts.set_active(desk.session, account, is_active=is_active)
    _note(desk, "account.unlocked" if is_active else "account.locked", account, reason)


def change(desk: Desk, account: models.Account, *, name: str, email: str) -> None:
    """Another name or address. Raises `InvalidInput`."""
    _may_manage(desk)
    _, wanted = accounts.clean_person(name, email)
    if wanted != account.email and account_requests.waits(desk, account, "change", name=name, email=email):
        return
    _change(desk, account, name=name, email=email)


def _change(desk: Desk, account: models.Account, *, name: str, email: str) -> None:
    before = f"{account.name}, {account.email}"
    accounts.change(desk.session, account, name=name, email=email, now=desk.now)
    if f"{account.name}, {account.email}" != before:
        _note(desk, "account.changed", account, f"{before} → {account.name}, {account.email}")


def remove_factors(desk: Desk, account: models.Account, *, reason: str = "") -> None:
    """Take all second factors away, because the person lost them; its sessions end and it is told the reason."""
    _may_manage(desk)
    if not account_requests.waits(desk, account, "factors", reason=reason):
        _remove_factors(desk, account, reason=reason)


def _remove_factors(desk: Desk, account: models.Account, *, reason: str) -> None:
    second_factor.remove_all(desk.session, account)
    accounts.end_sessions(desk.session, account.id)
    _note(desk, "account.factors-removed", account, reason)


def link_identity(desk: Desk, account: models.Account, issuer: str, subject: str) -> None:
    """Let the person of the sign-in service whom it calls `subject` in as this account. Raises `InvalidInput`."""
    _may_manage(desk)
    if not account_requests.waits(desk, account, "connect", issuer=issuer, subject=subject):
        _link_identity(desk, account, issuer, subject)


def _link_identity(desk: Desk, account: models.Account, issuer: str, subject: str) -> None:
    identities.link(desk.session, account, issuer, subject, desk.now)
    _note(desk, "account.linked", account, subject)


def unlink_identity(desk: Desk, account: models.Account, identity_id: int) -> None:
    """Close the way through the sign-in service."""
    _may_manage(desk)
    subject = identities.unlink(desk.session, account, identity_id)
    if subject:
        _note(desk, "account.unlinked", account, subject)


def send_link(desk: Desk, account: models.Account, base_url: str) -> str:
    """A fresh link to set the password, by mail where there is an address; empty where another administrator has to confirm it first.

    Raises `InvalidInput` for a locked account.
    """
    _may_manage(desk)
    _may_get_link(account)
    return "" if account_requests.waits(desk, account, "link") else _send_link(desk, account, base_url)


def confirm(desk: Desk, account: models.Account, number: int, base_url: str) -> str:
    """Do what another administrator asked for; the link, where it was one. Raises `InvalidInput`."""
    _may_manage(desk)
    row = account_requests.taken(desk, account, number)
    given = account_requests.as_given(row)
    if row.act == "link":
        _may_get_link(account)
        return _send_link(desk, account, base_url)
    if row.act == "grant":
        if problems := problems_of_grant(desk.session, given["role"], given["organisation"]):
            raise InvalidInput(problems)
        _grant(desk, account, given["role"], given["organisation"], by=f"{row.asked_by}, {desk.actor}"[:120])
    elif row.act == "factors":
        _remove_factors(desk, account, reason=given["reason"])
    elif row.act == "change":
        _change(desk, account, name=given["name"], email=given["email"])
    else:
        _link_identity(desk, account, given["issuer"], given["subject"])
    return ""


def decline(desk: Desk, account: models.Account, number: int, *, reason: str) -> None:
    """Say no to what another administrator asked for. Raises `InvalidInput`."""
    _may_manage(desk)
    account_requests.decline(desk, account, number, reason)


def take_back(desk: Desk, account: models.Account, number: int) -> None:
    """The one who asked wants it no more. Raises `InvalidInput`."""
    _may_manage(desk)
    account_requests.take_back(desk, account, number)


def _may_get_link(account: models.Account) -> None:
    if not account.is_active:
        raise InvalidInput([FieldError("", "locked", "Das Konto ist gesperrt. Bitte zuerst entsperren.")])


def _send_link(desk: Desk, account: models.Account, base_url: str) -> str:
    purpose = "reset" if account.password_hash else "invitation"
    link = reset.send_link(desk.session, account, purpose, base_url, desk.now, by_administration=True)
    _note(desk, "account.link" if purpose == "reset" else "account.invited", account)
    return link


def problems_of_grant(session: Session, role: str, organisation: str) -> list[FieldError]:
    """What is wrong with a role on an organisation, before anything is written."""
    if role not in ROLES or not ROLES[role].is_human:
        known = ", ".join(name for name, row in ROLES.items() if row.is_human)
        return [FieldError("role", "unknown_role", f"Die Rolle „{role}“ gibt es nicht. Möglich sind: {known}.")]
    if words := rights.misfit(role, organisation):
        return [FieldError("organisation", "everywhere" if organisation else "missing", words)]
    if organisation and role == "land" and not _has_members(session) and not _is_known(session, organisation):
        message = "Es gibt noch kein Gremium mit Mitgliedern. Bitte zuerst das Gremium mit seinen Mitgliedern anlegen (Geschäftsstelle); danach gilt hier das Kürzel eines Mitglieds."
        return [FieldError("organisation", NO_MEMBERS, message)]
    if organisation and not _is_known(session, organisation):
        message = f"Die Organisation „{organisation}“ gibt es nicht. Erwartet wird ihr Adressteil, etwa fitko, oder das Kürzel eines Mitglieds, etwa BY."
        return [FieldError("organisation", "unknown_organisation", message)]
    return []


def _has_members(session: Session) -> bool:
    return session.scalar(sa.select(models.Member.code).limit(1)) is not None


def _is_known(session: Session, organisation: str) -> bool:
    if lookup.find(session, item_url("organisation", organisation)) is not None:
        return True
    names = session.execute(sa.select(models.Member.code, models.Member.name).distinct())
    return organisation.lower() in {
        form for code, name in names for form in (code.lower(), name.lower().translate(_UMLAUTS))
    }


_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})


def _may_manage(desk: Desk) -> None:
    if Permission.ACCOUNT_MANAGE not in desk.permits:
        raise InvalidInput([FieldError("", "missing_right", "Konten und Rechte verwaltet nur die Administration.")])


def _is_last(session: Session, account: models.Account, *, is_held: bool) -> bool:
    """Whether `account` is the only one left who can sign in and manage accounts."""
    holders = sa.select(models.Grant.account_id).where(models.Grant.role.in_(MANAGING), models.Grant.organisation == "")
    # Two administrators may take each other's role at the same moment: whoever comes second must see what the first did.
    if is_held:
        session.execute(
            sa.select(models.Account.id)
            .where(models.Account.id.in_(holders))
            .order_by(models.Account.id)
            .with_for_update()
        )
    others = sa.select(models.Account.id).where(
        models.Account.id.in_(holders), models.Account.is_active, models.Account.id != account.id
    )
    is_one = any(held.role in MANAGING for held in account.grants) and account.is_active
    return is_one and session.scalars(others.limit(1)).first() is None


def _note(desk: Desk, action: str, account: models.Account, detail: str = "") -> None:
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=action,
        subject=account.login,
        detail=detail.strip(),
    )
