"""People who work here: accounts, roles granted to them, sessions, second factors, tickets by mail, attempts to sign in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base


class Account(Base):
    """A person. `login` is what is typed at sign-in; it is never given to another person."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None] = mapped_column(sa.String(64))
    totp_is_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """The time step of the last code taken: no code works twice."""
    recovery_hashes: Mapped[list[str]] = mapped_column(default=list)
    passkey_handle: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """What passkeys call this person: random, so that a stolen key tells nothing about its owner."""
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]

    grants: Mapped[list[Grant]] = relationship(cascade="all, delete-orphan", order_by="Grant.id")
    passkeys: Mapped[list[Passkey]] = relationship(
        cascade="all, delete-orphan", order_by="Passkey.id", back_populates="account"
    )

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password."""
        return self.totp_is_confirmed or bool(self.passkeys)


class Grant(Base):
    """A role of a person, on an organisation (its slug) or everywhere (empty)."""

    __tablename__ = "account_grant"
    __table_args__ = (sa.UniqueConstraint("account_id", "role", "organisation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(sa.String(32))
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    granted_by: Mapped[str] = mapped_column(sa.String(120))
    granted_at: Mapped[dt.datetime]
    source: Mapped[str] = mapped_column(sa.String(8), default="hand")
    """`hand`, or `oidc` for a role that a sign-in by OpenID Connect brought and the next one may take away."""


class AccountRequest(Base):
    """What an administrator asked for on an account with far-reaching roles, and another one has not decided on yet."""

    __tablename__ = "account_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    act: Mapped[str] = mapped_column(sa.String(16))
    """`grant`, `link`, `factors`, `change` or `connect`."""
    given: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the act needs: role and organisation, name and address, identity, reason."""
    asked_by: Mapped[str] = mapped_column(sa.String(120))
    asked_name: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[dt.datetime]

    account: Mapped[Account] = relationship()


class AccountSession(Base):
    """A signed-in browser. Only the hash of its secret is kept; ending it here ends it everywhere."""

    __tablename__ = "account_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    form_token: Mapped[str] = mapped_column(sa.String(64))
    is_complete: Mapped[bool] = mapped_column(default=False)
    """False between the password and the second factor: such a session opens nothing else."""
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(sa.String(60), default="")
    agent: Mapped[str] = mapped_column(sa.String(200), default="")
    method: Mapped[str] = mapped_column(sa.String(8), default="password")
    """How it began: `password`, `passkey` or `oidc`."""

    account: Mapped[Account] = relationship()


class Ticket(Base):
    """A single-use link by mail: an invitation or a new password. Only its hash is kept."""

    __tablename__ = "account_ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    account: Mapped[Account] = relationship()


class Attempt(Base):
    """An attempt that counts against a limit, by account and by address.

    `login` is kept as a hash: people type passwords into the wrong field. `kind`: `sign-in`, `reset`, `challenge`.
    """

    __tablename__ = "account_attempt"
    __table_args__ = (
        sa.Index("ix_account_attempt_login", "kind", "login", "at"),
        sa.Index("ix_account_attempt_address", "kind", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16), default="sign-in")
    login: Mapped[str] = mapped_column(sa.String(80))
    address: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[dt.datetime]


class Passkey(Base):
    """A key in a person's device or security token (WebAuthn). Binary values are base64url, as browsers send them."""

    __tablename__ = "account_passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(default=list)
    name: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    account: Mapped[Account] = relationship(back_populates="passkeys")


class Challenge(Base):
    """A question that is asked once and must be answered soon: a passkey's challenge, the state of an OpenID sign-in."""

    __tablename__ = "account_challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


class Identity(Base):
    """Who a person is to an OpenID Connect provider."""

    __tablename__ = "account_identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(sa.String(300))
    subject: Mapped[str] = mapped_column(sa.String(255))
    linked_at: Mapped[dt.datetime]

    account: Mapped[Account] = relationship()
