"""Meetings (numbered, special, circulation) and the items of their agenda."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.body import Body
from content.models.item import Item


class Meeting(Item):
    """A session of a body, or a circulation. `meeting_kind`: numbered, special or circulation."""

    __tablename__ = "meeting"
    __mapper_args__ = {"polymorphic_identity": "meeting"}  # noqa: RUF012 - SQLAlchemy's own contract
    __table_args__ = (sa.UniqueConstraint("body_id", "ordinal"),)

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("body.id"), index=True)
    meeting_kind: Mapped[str] = mapped_column(sa.String(16))
    ordinal: Mapped[int | None]
    date: Mapped[dt.date | None]
    end_date: Mapped[dt.date | None]
    place: Mapped[str | None]
    chair: Mapped[str | None]

    body: Mapped[Body] = relationship(foreign_keys=[body_id])
    agenda: Mapped[list[AgendaItem]] = relationship(cascade="all, delete-orphan", order_by="AgendaItem.position")


class AgendaItem(Base):
    """One item (TOP) of an agenda. `goal`: decision, information, discussion, follow_up; `list_kind`: green, debate."""

    __tablename__ = "agenda_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    top: Mapped[str | None] = mapped_column(sa.String(20))
    title: Mapped[str]
    goal: Mapped[str] = mapped_column(sa.String(16), default="decision")
    list_kind: Mapped[str | None] = mapped_column(sa.String(16))
    rapporteurs: Mapped[list[str]] = mapped_column(default=list)
    decision_url: Mapped[str | None] = mapped_column(sa.String(300))
    note: Mapped[str | None]
