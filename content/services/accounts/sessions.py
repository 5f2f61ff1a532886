"""Signed-in browsers. Only the hash of a session's secret is kept; ending it here ends it everywhere."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.services.accounts.accounts import SignedIn, secret_hash

LENGTH: Final = dt.timedelta(hours=12)
IDLE: Final = dt.timedelta(hours=2)
SEEN_EVERY: Final = dt.timedelta(minutes=1)
"""A session's last sight is written at most so often: reading the desk must not write all the time."""
S: Final = models.AccountSession


def begin(
    session: Session,
    account: models.Account,
    *,
    address: str,
    agent: str,
    now: dt.datetime,
    method: str = "password",
    is_strong: bool = False,
) -> str:
    """A new session; its secret for the cookie.

    It is complete at once where the account has no second factor, or where `is_strong` says that the way in was as good as two.
    """
    secret = secrets.token_urlsafe(32)
    session.add(
        S(
            account_id=account.id,
            secret_hash=secret_hash(secret),
            form_token=secrets.token_urlsafe(24),
            is_complete=is_strong or not account.has_second_factor,
            created_at=now,
            seen_at=now,
            ends_at=now + LENGTH,
            address=address[:60],
            agent=agent[:200],
            method=method,
        )
    )
    session.execute(sa.delete(S).where(sa.or_(S.ends_at < now, S.seen_at < now - IDLE)))
    session.flush()
    return secret


def signed_in(connection: Connection, secret: str, now: dt.datetime) -> SignedIn | None:
    """Who holds this cookie; None when the session ended, rested too long, or the account is locked."""
    sessions, account, notice, passkey = (
        model.__table__.c for model in (S, models.Account, models.Notice, models.Passkey)
    )
    unread = (
        sa.select(sa.func.count()).where(notice.account_id == account.id, notice.read_at.is_(None)).scalar_subquery()
    )
    keys = sa.select(sa.func.count()).where(passkey.account_id == account.id).scalar_subquery()
    row = connection.execute(
        sa.select(
            sessions.id,
            sessions.form_token,
            sessions.is_complete,
            sessions.seen_at,
            account.id.label("account_id"),
            account.login,
            account.name,
            account.totp_is_confirmed,
            unread.label("unread"),
            keys.label("passkeys"),
        )
        .join_from(S.__table__, models.Account.__table__, sessions.account_id == account.id)
        .where(
            sessions.secret_hash == secret_hash(secret),
            sessions.ends_at > now,
            sessions.seen_at > now - IDLE,
            account.is_active,
        )
    ).first()
    return _person(connection, row) if row is not None else None


def _person(connection: Connection, row: Any) -> SignedIn:
    grants = models.Grant.__table__.c
    held = connection.execute(
        sa.select(grants.role, grants.organisation).where(grants.account_id == row.account_id)
    ).all()
    return SignedIn(
        session_id=row.id,
        account_id=row.account_id,
        login=row.login,
        name=row.name,
        form_token=row.form_token,
        is_complete=row.is_complete,
        has_totp=row.totp_is_confirmed,
        passkeys=row.passkeys,
        grants=tuple((found.role, found.organisation) for found in held),
        seen_at=row.seen_at,
        unread=row.unread,
    )


def touch(session: Session, session_id: int, now: dt.datetime) -> None:
    """The session was seen."""
    session.execute(sa.update(S).where(S.id == session_id).values(seen_at=now))


def complete(session: Session, session_id: int, account_id: int) -> str:
    """The second factor was right: the session opens the desk from now on, under a new secret, which is returned."""
    secret = secrets.token_urlsafe(32)
    session.execute(
        sa.update(S)
        .where(S.id == session_id, S.account_id == account_id)
        .values(is_complete=True, secret_hash=secret_hash(secret))
    )
    return secret


def open_of(session: Session, account_id: int, now: dt.datetime) -> list[models.AccountSession]:
    """The sessions of a person that are open, the last seen first."""
    query = sa.select(S).where(S.account_id == account_id, S.ends_at > now, S.seen_at > now - IDLE)
    return list(session.scalars(query.order_by(S.seen_at.desc(), S.id.desc())))


def is_open(session: Session, session_id: int, account_id: int, now: dt.datetime) -> bool:
    """Whether this session of the account still opens the desk."""
    row = session.get(S, session_id)
    is_alive = row is not None and row.ends_at > now and row.seen_at > now - IDLE and row.is_complete
    return is_alive and row is not None and row.account_id == account_id and row.account.is_active


def end(session: Session, session_id: int, account_id: int) -> bool:
    """End one session of that account; whether there was one."""
    gone = session.execute(sa.delete(S).where(S.id == session_id, S.account_id == account_id))
    return getattr(gone, "rowcount", 0) == 1
