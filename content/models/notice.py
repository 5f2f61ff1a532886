"""What people are told: notices on the desk, and each person's choice of how to hear of them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class Notice(Base):
    """Something a person should know. `key` names the occasion: the same one is never told twice to the same person."""

    __tablename__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "key"),
        sa.Index("ix_notice_unread", "account_id", "read_at"),
        sa.Index("ix_notice_digest", "is_for_digest", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.String(32))
    item_id: Mapped[int | None] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(sa.String(300), default="")
    actor_name: Mapped[str] = mapped_column(sa.String(200), default="")
    at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    is_for_digest: Mapped[bool] = mapped_column(default=False)
    """Still to be told in the daily mail."""


class NoticeChoice(Base):
    """How a person wants to hear of a kind of event, where it is not the usual way."""

    __tablename__ = "notice_choice"
    __table_args__ = (sa.UniqueConstraint("account_id", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.String(32))
    way: Mapped[str] = mapped_column(sa.String(8))
