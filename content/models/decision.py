"""Decisions (Beschlüsse) and their clauses (Ziffern)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.body import Body
from content.models.item import Item
from content.models.meeting import Meeting


class Decision(Item):
    """A decision of a body. The number is unique in its body; a draft has none yet (`serial` null)."""

    __tablename__ = "decision"
    __mapper_args__ = {"polymorphic_identity": "decision"}  # noqa: RUF012 - SQLAlchemy's own contract
    __table_args__ = (sa.UniqueConstraint("body_id", "year", "serial"),)

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("body.id"))
    year: Mapped[int | None]
    serial: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(sa.String(40))
    date: Mapped[dt.date | None]
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"), index=True)
    text_kind: Mapped[str] = mapped_column(sa.String(16), default="official")
    source_url: Mapped[str | None]
    source_note: Mapped[str | None]
    scope: Mapped[str] = mapped_column(sa.String(16), default="all")
    gazette_date: Mapped[dt.date | None]
    gazette_url: Mapped[str | None]
    recommendation_urls: Mapped[list[str]] = mapped_column(default=list)
    """The recommendations that this decision adopts."""

    body: Mapped[Body] = relationship(foreign_keys=[body_id])
    meeting: Mapped[Meeting | None] = relationship(foreign_keys=[meeting_id])
    clauses: Mapped[list[Clause]] = relationship(cascade="all, delete-orphan", order_by="Clause.position")


class Clause(Base):
    """One clause (Ziffer) of a decision, read from its text; `anchor` lasts (`z2a`)."""

    __tablename__ = "clause"

    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True)
    anchor: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    position: Mapped[int]
    path: Mapped[list[str]]
    label: Mapped[str]
    depth: Mapped[int]
    kind: Mapped[str | None] = mapped_column(sa.String(32))
    addressees: Mapped[list[str]] = mapped_column(default=list)
    due_meeting: Mapped[int | None]
    markdown: Mapped[str]
    text: Mapped[str]
