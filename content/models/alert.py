"""Readers who want to be told: subscribers, their searches, what they were told of, and a guard against floods of mail.

An address stands in `subscriber` and nowhere else: messages in the outbox name the subscriber's id, and the last
search that is left takes the row with it.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base


class Subscriber(Base):
    """An address. `nonce` is part of its personal link: another one ends all links made before."""

    __tablename__ = "subscriber"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    nonce: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[dt.datetime]

    alerts: Mapped[list[Alert]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", order_by="Alert.id", passive_deletes=True
    )


class Alert(Base):
    """A search that somebody follows. Until `confirmed_at` is set, it sets off nothing and is forgotten after two days."""

    __tablename__ = "alert"
    __table_args__ = (sa.UniqueConstraint("subscriber_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    """Of the parameters: the same search twice is one alert."""
    parameters: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    """What stands behind `/suche?`."""
    rhythm: Mapped[str] = mapped_column(sa.String(16))
    with_corrections: Mapped[bool] = mapped_column(default=False)
    nonce: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(default=0)
    """The ledger position up to which it was looked at; what comes later is news."""
    next_at: Mapped[dt.datetime | None]
    """When it is looked at again; null: at once."""

    subscriber: Mapped[Subscriber] = relationship(back_populates="alerts")


class AlertNotice(Base):
    """A public act (by its ledger position, which names one edition) that a subscriber is told of: once, whichever search found it."""

    __tablename__ = "alert_notice"

    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AlertRequest(Base):
    """A message that a visitor asked for; `mark` counts the address or the visitor without telling either."""

    __tablename__ = "alert_request"
    __table_args__ = (sa.Index("ix_alert_request_mark", "mark", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[dt.datetime] = mapped_column(index=True)
