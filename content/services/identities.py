"""People who come by OpenID Connect: whose account it is, and which roles the other service says they have.

The operator chose that service and trusts it: an account that exists is found by the login claim the first time, and by the
service's own lasting name for the person (issuer, subject) from then on. Roles that came from there follow it at each
sign-in; those granted by hand stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import InvalidInput
from content.services import accounts, audit
from content.services.accounts import SignInRefused

BY = "oidc"


@dataclass(frozen=True, slots=True)
class Claims:
    """What the other service says of a person. `roles` are pairs of role and organisation, mapped already."""

    issuer: str
    subject: str
    login: str
    name: str
    email: str
    roles: frozenset[tuple[str, str]]


def account_of(session: Session, claims: Claims, now: dt.datetime, *, is_creating: bool) -> models.Account:
    """The account of the person, linked, created where that is allowed, its roles as the claims say.

    Raises `SignInRefused` (`unknown`) where there is none or it is locked.
    """
    linked = session.scalars(
        sa.select(models.Identity).where(models.Identity.issuer == claims.issuer, models.Identity.subject == claims.subject)
    ).one_or_none()
    account = linked.account if linked is not None else _found_or_created(session, claims, now, is_creating=is_creating)
    if not account.is_active:
        raise SignInRefused("unknown")
    _follow(session, account, claims.roles, now)
    return account


def _found_or_created(session: Session, claims: Claims, now: dt.datetime, *, is_creating: bool) -> models.Account:
    account = accounts.find(session, claims.login) if claims.login else None
    if account is not None and session.scalar(
        sa.select(models.Identity.id).where(models.Identity.account_id == account.id, models.Identity.issuer == claims.issuer)
    ):
        raise SignInRefused("unknown")  # somebody else of the same service has this account
    if account is None:
        if not is_creating:
            raise SignInRefused("unknown")
        account = _create(session, claims, now)
    session.add(models.Identity(account_id=account.id, issuer=claims.issuer, subject=claims.subject, linked_at=now))
    session.flush()
    return account


def _create(session: Session, claims: Claims, now: dt.datetime) -> models.Account:
    try:
        account = accounts.create(session, login=claims.login, name=claims.name or claims.login, email=claims.email, now=now)
    except InvalidInput as invalid:
        raise SignInRefused("unknown") from invalid
    audit.note(session, now, actor=BY, name="Anmeldedienst", action="account.created", subject=account.login)
    return account


def _follow(session: Session, account: models.Account, roles: Collection[tuple[str, str]], now: dt.datetime) -> None:
    """Give what the mapping gives, take what it gave before and gives no more."""
    for held in [row for row in account.grants if row.source == BY and (row.role, row.organisation) not in roles]:
        account.grants.remove(held)
        audit.note(
            session, now, actor=BY, name="Anmeldedienst", action="account.revoke", subject=account.login,
            detail=f"{held.role} {held.organisation}".strip(),
        )
    session.flush()
    for role, organisation in sorted(roles):
        if accounts.grant(session, account, role, organisation, by=BY, now=now, source=BY):
            audit.note(
                session, now, actor=BY, name="Anmeldedienst", action="account.grant", subject=account.login,
                detail=f"{role} {organisation}".strip(),
            )
