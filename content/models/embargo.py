"""Embargoes: until when an item must not be published, who may read it before, and who did.

A link is for one person. Only the digest of its secret is kept, so that nobody can read it here; it leaves the house by
mail once. What was opened stays written (`EmbargoAccess`) and is never changed.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.item import Item


class Embargo(Base):
    """The embargo of an item. `stopped_at`: the emergency stop; no link opens and none is given out until it is set anew."""

    __tablename__ = "embargo"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), unique=True)
    until: Mapped[dt.datetime]
    set_by: Mapped[str] = mapped_column(sa.String(120))
    set_at: Mapped[dt.datetime]
    stopped_by: Mapped[str] = mapped_column(sa.String(120), default="")
    stopped_at: Mapped[dt.datetime | None]

    item: Mapped[Item] = relationship()
    links: Mapped[list[EmbargoLink]] = relationship(cascade="all, delete-orphan", order_by="EmbargoLink.id")


class EmbargoLink(Base):
    """A personal link: for whom, until when, and whether it was taken back."""

    __tablename__ = "embargo_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    embargo_id: Mapped[int] = mapped_column(sa.ForeignKey("embargo.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the secret in the link."""
    name: Mapped[str] = mapped_column(sa.String(120))
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    email: Mapped[str] = mapped_column(sa.String(254))
    created_by: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    revoked_by: Mapped[str] = mapped_column(sa.String(120), default="")
    revoked_at: Mapped[dt.datetime | None]

    accesses: Mapped[list[EmbargoAccess]] = relationship(cascade="all, delete-orphan", order_by="EmbargoAccess.id")
    secrets: Mapped[list[EmbargoSecret]] = relationship(cascade="all, delete-orphan", order_by="EmbargoSecret.id")


class EmbargoSecret(Base):
    """A further secret of a link: a later mail leads to the same page, and nobody can read the first secret here any more."""

    __tablename__ = "embargo_secret"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("embargo_link.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)


class EmbargoAccess(Base):
    """That a link was opened: when, what (`page`, `pdf`, `kit`, `file`), from which network, and whether it was let through."""

    __tablename__ = "embargo_access"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("embargo_link.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime]
    what: Mapped[str] = mapped_column(sa.String(16))
    network: Mapped[str] = mapped_column(sa.String(60), default="")
    is_refused: Mapped[bool] = mapped_column(default=False)
