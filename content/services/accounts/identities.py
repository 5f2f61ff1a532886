"""People who come by OpenID Connect: whose account it is, and which roles the other service says they have.

A person is known by the service's own lasting name for her (issuer, subject), never by a login or an address, which people
may choose there. An account that exists becomes hers in two ways only: an administrator links it, or she brings the link by
which she was invited to it. Everybody else gets a new account where that is allowed, with the roles that the settings give
to her groups and no others. Roles that came from there follow it at each sign-in; those granted by hand stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import accounts, audit
from content.services.accounts.accounts import SignInRefused, secret_hash

BY = "oidc"
MAX_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Claims:
    """What the other service says of a person. `roles` are pairs of role and organisation, mapped already."""

    issuer: str
    subject: str
    login: str
    name: str
    email: str
    roles: frozenset[tuple[str, str]]

    def as_json(self) -> dict[str, Any]:
        """As they are kept between question and answer."""
        return {**asdict(self), "roles": sorted(map(list, self.roles))}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Claims:
        """What `as_json` made."""
        return cls(**{**kept, "roles": frozenset((role, organisation) for role, organisation in kept["roles"])})


def account_of(session: Session, claims: Claims, now: dt.datetime, *, is_creating: bool) -> models.Account:
    """The account of the person, created where that is allowed, its roles as the claims say.

    Raises `SignInRefused` (`unknown`) where there is none or it is locked.
    """
    account = _known(session, claims, now, is_creating=is_creating)
    if not account.is_active:
        raise SignInRefused("unknown")
    _follow(session, account, claims.roles, now)
    return account


def invitation_of(session: Session, secret: str, now: dt.datetime) -> str:
    """The hash of an invitation's secret. Raises `SignInRefused` (`ended`) where it invites nobody to connect an account."""
    digest = secret_hash(secret)
    wanted_account(session, {"invitation": digest}, now)
    return digest


def is_inviting(session: Session, ticket: models.Ticket) -> bool:
    """Whether this link may connect its account with the service: an invitation to an account that has no way in yet."""
    account = ticket.account
    return (
        ticket.purpose == "invitation"
        and account.password_hash is None
        and not account.passkeys
        and not of_account(session, account)
    )


def wanted_account(session: Session, asked: Mapping[str, Any], now: dt.datetime) -> models.Account:
    """The account that is to be connected: of an invitation, while it has no other way in, or of an open session (`join`).

    Raises `SignInRefused` (`ended`).
    """
    if "join" in asked:
        account = session.get(models.Account, asked["join"]["account"])
    else:
        found = accounts.ticket_by_hash(session, asked["invitation"], now, purpose="invitation")
        account = found.account if found is not None and is_inviting(session, found) else None
    if account is None or not account.is_active or of_account(session, account):
        raise SignInRefused("ended")
    return account


def refuse_taken(session: Session, account: models.Account, claims: Claims) -> None:
    """Raises `SignInRefused` (`taken`) where the person has another account here already."""
    held = _linked(session, claims.issuer, claims.subject)
    if held is not None and held.account_id != account.id and held.account.grants:
        raise SignInRefused("taken")


def connect(session: Session, claims: Claims, asked: Mapping[str, Any], now: dt.datetime) -> models.Account:
    """Let the person of the claims in as the account that was asked about; an invitation is used up. Raises `SignInRefused`."""
    account = wanted_account(session, asked, now)
    refuse_taken(session, account, claims)
    if (
        "invitation" in asked
        and accounts.use_ticket_by_hash(session, asked["invitation"], now, purpose="invitation") is None
    ):
        raise SignInRefused("ended")
    try:
        link(session, account, claims.issuer, claims.subject, now)
    except InvalidInput as invalid:
        raise SignInRefused("taken") from invalid
    _follow(session, account, claims.roles, now)
    audit.note(
        session,
        now,
        actor=account.login,
        name=account.name,
        action="account.linked",
        subject=account.login,
        detail=claims.subject,
    )
    return account


def _known(session: Session, claims: Claims, now: dt.datetime, *, is_creating: bool) -> models.Account:
    held = _linked(session, claims.issuer, claims.subject)
    if held is not None:
        return held.account
    if not is_creating or accounts.find(session, claims.login) is not None:
        raise SignInRefused("unknown")  # an account of that name may be somebody else's
    account = _create(session, claims, now)
    link(session, account, claims.issuer, claims.subject, now)
    return account


def link(session: Session, account: models.Account, issuer: str, subject: str, now: dt.datetime) -> None:
    """Whoever the service calls `subject` signs in as `account` from now on. Raises `InvalidInput`."""
    wanted = subject.strip()
    held = _linked(session, issuer, wanted)
    if not wanted or len(wanted) > MAX_SUBJECT or not wanted.isprintable():
        raise InvalidInput(
            [
                FieldError(
                    "subject",
                    "missing",
                    "Die Kennung fehlt oder ist zu lang. Sie steht im Protokoll bei der abgelehnten Anmeldung.",
                )
            ]
        )
    if held is not None and held.account_id != account.id and held.account.grants:
        message = f"Diese Kennung gehört schon zum Konto „{held.account.login}“. Bitte dort zuerst trennen."
        raise InvalidInput([FieldError("subject", "doubled", message)])
    if any(row.issuer == issuer and row.subject != wanted for row in of_account(session, account)):
        raise InvalidInput(
            [
                FieldError(
                    "subject",
                    "linked",
                    "Das Konto ist schon mit einer anderen Kennung verbunden. Bitte zuerst trennen.",
                )
            ]
        )
    if held is None:
        session.add(models.Identity(account_id=account.id, issuer=issuer, subject=wanted, linked_at=now))
    elif held.account_id != account.id:  # an account without any role, made by a sign-in that came too early
        accounts.end_sessions(session, held.account_id)
        held.account, held.linked_at = account, now
    session.flush()


def unlink(session: Session, account: models.Account, identity_id: int) -> str:
    """Take the way in through the service away; its sessions and roles end. The subject, empty where there was no such link."""
    held = session.get(models.Identity, identity_id)
    if held is None or held.account_id != account.id:
        return ""
    subject = held.subject
    session.delete(held)
    for grant in [row for row in account.grants if row.source == BY]:
        account.grants.remove(grant)
    accounts.end_sessions(session, account.id)
    session.flush()
    return subject


def of_account(session: Session, account: models.Account) -> Sequence[models.Identity]:
    """Who the person is to which service."""
    return session.scalars(
        sa.select(models.Identity).where(models.Identity.account_id == account.id).order_by(models.Identity.id)
    ).all()


def _linked(session: Session, issuer: str, subject: str) -> models.Identity | None:
    identity = models.Identity
    return session.scalars(
        sa.select(identity).where(identity.issuer == issuer, identity.subject == subject)
    ).one_or_none()


def note_stranger(session: Session, claims: Claims, now: dt.datetime, *, address: str) -> None:
    """Note who came and had no account, once an hour: an administrator finds here what to link."""
    action = "sign-in.unlinked"
    if not audit.was_noted(session, action, actor=claims.login, address=address, since=now - dt.timedelta(hours=1)):
        words = f"Kennung: {claims.subject}"
        audit.note(
            session,
            now,
            actor=claims.login,
            name=claims.name,
            action=action,
            subject=claims.login,
            detail=words,
            address=address,
        )


def _create(session: Session, claims: Claims, now: dt.datetime) -> models.Account:
    try:
        account = accounts.create(
            session, login=claims.login, name=claims.name or claims.login, email=claims.email, now=now
        )
    except InvalidInput as invalid:
        raise SignInRefused("unknown") from invalid
    audit.note(session, now, actor=BY, name="Anmeldedienst", action="account.created", subject=account.login)
    return account


def _follow(session: Session, account: models.Account, roles: Collection[tuple[str, str]], now: dt.datetime) -> None:
    """Give what the mapping gives, take what it gave before and gives no more."""
    for held in [row for row in account.grants if row.source == BY and (row.role, row.organisation) not in roles]:
        account.grants.remove(held)
        audit.note(
            session,
            now,
            actor=BY,
            name="Anmeldedienst",
            action="account.revoke",
            subject=account.login,
            detail=f"{held.role} {held.organisation}".strip(),
        )
    session.flush()
    for role, organisation in sorted(roles):
        if accounts.grant(session, account, role, organisation, by=BY, now=now, source=BY):
            audit.note(
                session,
                now,
                actor=BY,
                name="Anmeldedienst",
                action="account.grant",
                subject=account.login,
                detail=f"{role} {organisation}".strip(),
            )
