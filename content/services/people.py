"""What administrators do with accounts: invite, grant, revoke, lock, help. Each act asks for the right and is noted.

Nobody grants what is beyond him: only who may manage accounts everywhere gives or takes roles. The last administrator who
can sign in stays one, whatever is asked.
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
from content.services import accounts, audit, identities, lookup, reset, second_factor
from content.services.account_news import REASON_MARK
from content.services.publish import Desk
from workflows import rights
from workflows.vocabulary import ROLES, Permission

PER_PAGE: Final = 50
MANAGING: Final = tuple(name for name, role in ROLES.items() if role.is_human and Permission.ACCOUNT_MANAGE in role.permits)
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
        sa.or_(*(column.icontains(word, autoescape=True) for column in (table.name, table.login, table.email))) for word in words.split()[:6]
    ]
    if role:
        conditions.append(table.id.in_(sa.select(models.Grant.account_id).where(models.Grant.role == role)))
    total = session.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, page), pages)
    query = sa.select(table).where(*conditions).options(selectinload(table.grants)).order_by(sa.func.lower(table.name), table.id)
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
    """Give a role; whether it is new. Raises `InvalidInput`."""
    _may_manage(desk)
    problems = problems_of_grant(desk.session, role, organisation)
    if problems:
        raise InvalidInput(problems)
    is_new = accounts.grant(desk.session, account, role, organisation, by=desk.actor, now=desk.now)
    if is_new:
        _note(desk, "account.grant", account, f"{role} {organisation}")
    return is_new


def revoke(desk: Desk, account: models.Account, role: str, organisation: str, *, reason: str = "") -> bool:
    """Take a role away; whether it was there; its person is told the reason. Raises `InvalidInput` for the last administrator's."""
    _may_manage(desk)
    if role in MANAGING and _is_last(desk.session, account):
        raise InvalidInput([FieldError("role", "last_administrator", LAST_ADMINISTRATOR)])
    was_there = accounts.revoke(desk.session, account, role, organisation)
    if was_there:
        _note(desk, "account.revoke", account, f"{role} {organisation}".strip() + (f"{REASON_MARK}{reason}" if reason else ""))
    return was_there


def set_active(desk: Desk, account: models.Account, *, is_active: bool, reason: str = "") -> None:
    """Lock an account or let it in again; its person is told the reason. Raises `InvalidInput` for the last administrator and for oneself."""
    _may_manage(desk)
    if not is_active and account.login == desk.actor:
        raise InvalidInput([FieldError("", "oneself", "Das eigene Konto sperrt eine andere Person der Administration.")])
    if not is_active and _is_last(desk.session, account):
        raise InvalidInput([FieldError("", "last_administrator", LAST_ADMINISTRATOR)])
    accounts.set_active(desk.session, account, is_active=is_active)
    _note(desk, "account.unlocked" if is_active else "account.locked", account, reason)


def change(desk: Desk, account: models.Account, *, name: str, email: str) -> None:
    """Another name or address. Raises `InvalidInput`."""
    _may_manage(desk)
    before = f"{account.name}, {account.email}"
    accounts.change(desk.session, account, name=name, email=email, now=desk.now)
    if f"{account.name}, {account.email}" != before:
        _note(desk, "account.changed", account, f"{before} → {account.name}, {account.email}")


def remove_factors(desk: Desk, account: models.Account, *, reason: str = "") -> None:
    """Take all second factors away, because the person lost them; its sessions end and it is told the reason."""
    _may_manage(desk)
    second_factor.remove_all(desk.session, account)
    accounts.end_sessions(desk.session, account.id)
    _note(desk, "account.factors-removed", account, reason)


def link_identity(desk: Desk, account: models.Account, issuer: str, subject: str) -> None:
    """Let the person of the sign-in service whom it calls `subject` in as this account. Raises `InvalidInput`."""
    _may_manage(desk)
    identities.link(desk.session, account, issuer, subject, desk.now)
    _note(desk, "account.linked", account, subject)


def unlink_identity(desk: Desk, account: models.Account, identity_id: int) -> None:
    """Close the way through the sign-in service."""
    _may_manage(desk)
    subject = identities.unlink(desk.session, account, identity_id)
    if subject:
        _note(desk, "account.unlinked", account, subject)


def send_link(desk: Desk, account: models.Account, base_url: str) -> str:
    """A fresh link to set the password, by mail where there is an address. Raises `InvalidInput` for a locked account."""
    _may_manage(desk)
    if not account.is_active:
        raise InvalidInput([FieldError("", "locked", "Das Konto ist gesperrt. Bitte zuerst entsperren.")])
    purpose = "reset" if account.password_hash else "invitation"
    link = reset.send_link(desk.session, account, purpose, base_url, desk.now)
    _note(desk, "account.link" if purpose == "reset" else "account.invited", account)
    return link


def problems_of_grant(session: Session, role: str, organisation: str) -> list[FieldError]:
    """What is wrong with a role on an organisation, before anything is written."""
    if role not in ROLES or not ROLES[role].is_human:
        known = ", ".join(name for name, row in ROLES.items() if row.is_human)
        return [FieldError("role", "unknown_role", f"Die Rolle „{role}“ gibt es nicht. Möglich sind: {known}.")]
    if words := rights.misfit(role, organisation):
        return [FieldError("organisation", "everywhere" if organisation else "missing", words)]
    if organisation and not _is_known(session, organisation):
        message = f"Die Organisation „{organisation}“ gibt es nicht. Erwartet wird ihr Adressteil, etwa fitko, oder das Kürzel eines Mitglieds, etwa BY."
        return [FieldError("organisation", "unknown_organisation", message)]
    return []


def _is_known(session: Session, organisation: str) -> bool:
    if lookup.find(session, item_url("organisation", organisation)) is not None:
        return True
    names = session.execute(sa.select(models.Member.code, models.Member.name).distinct())
    return organisation.lower() in {form for code, name in names for form in (code.lower(), name.lower().translate(_UMLAUTS))}


_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})


def _may_manage(desk: Desk) -> None:
    if Permission.ACCOUNT_MANAGE not in desk.permits:
        raise InvalidInput([FieldError("", "missing_right", "Konten und Rechte verwaltet nur die Administration.")])


def _is_last(session: Session, account: models.Account) -> bool:
    """Whether `account` is the only one left who can sign in and manage accounts."""
    holders = sa.select(models.Grant.account_id).where(models.Grant.role.in_(MANAGING), models.Grant.organisation == "")
    # Two administrators may take each other's role at the same moment: whoever comes second must see what the first did.
    session.execute(sa.select(models.Account.id).where(models.Account.id.in_(holders)).order_by(models.Account.id).with_for_update())
    others = sa.select(models.Account.id).where(models.Account.id.in_(holders), models.Account.is_active, models.Account.id != account.id)
    is_one = any(held.role in MANAGING for held in account.grants) and account.is_active
    return is_one and session.scalars(others.limit(1)).first() is None


def _note(desk: Desk, action: str, account: models.Account, detail: str = "") -> None:
    audit.note(
        desk.session, desk.now, actor=desk.actor, name=desk.actor_name, action=action, subject=account.login, detail=detail.strip()
    )
