"""People who work here: accounts, roles granted to them, sessions, tickets by mail, attempts to sign in."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.db import Base


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
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]

    grants: Mapped[list[Grant]] = relationship(cascade="all, delete-orphan", order_by="Grant.id")


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
    """A failed attempt to sign in, counted by account and by address."""

    __tablename__ = "account_attempt"
    __table_args__ = (
        sa.Index("ix_account_attempt_login", "login", "at"),
        sa.Index("ix_account_attempt_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(80))
    address: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[dt.datetime]
