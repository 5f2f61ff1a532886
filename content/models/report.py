"""Reports of working groups, and recommendations.

Thin for now: what the public reads. Writing together, votes and implementation reports are built on top of these.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.db import Base
from content.models.item import Item


class Report(Item):
    """A report; decisions that commissioned and noted it are addresses and may be unknown."""

    __tablename__ = "report"
    __mapper_args__ = {"polymorphic_identity": "report"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    group: Mapped[str] = mapped_column("group_name")
    lead: Mapped[str | None]
    subgroups: Mapped[list[str]] = mapped_column(default=list)
    commissioned_by: Mapped[str | None] = mapped_column(sa.String(300))
    noted_by: Mapped[str | None] = mapped_column(sa.String(300))
    date: Mapped[dt.date | None]
    recommendation_urls: Mapped[list[str]] = mapped_column(default=list)

    sections: Mapped[list[ReportSection]] = relationship(
        cascade="all, delete-orphan", order_by="ReportSection.position"
    )


class ReportSection(Base):
    """A section of a report. `section_kind`: text, finding, obstacle, example or funding."""

    __tablename__ = "report_section"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    section_kind: Mapped[str] = mapped_column(sa.String(16), default="text")
    heading: Mapped[str]
    text: Mapped[str]


class Recommendation(Item):
    """A recommendation; where it stands is `procedure_state`."""

    __tablename__ = "recommendation"
    __mapper_args__ = {"polymorphic_identity": "recommendation"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    number: Mapped[str | None] = mapped_column(sa.String(20))
    addressees: Mapped[list[str]] = mapped_column(default=list)
    report_url: Mapped[str | None] = mapped_column(sa.String(300))
    decision_urls: Mapped[list[str]] = mapped_column(default=list)
    due: Mapped[str | None]
    market_item_urls: Mapped[list[str]] = mapped_column(default=list)
