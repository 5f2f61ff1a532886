"""Reports of working groups and what they are written with, and recommendations.

A report is an ordered list of sections whose levels make it a tree. A section has a lasting identity (`uid`), a lasting
anchor for the public (`a3`) and a chain of revisions of its own, so that saving one costs the same however long the
report and its past are. Revisions outlive their section: nothing that was ever saved is lost.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from content.database.db import Base
from content.models.form_draft import Ordered
from content.models.item import Item, new_uid


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
    anchors_given: Mapped[int] = mapped_column(default=0)
    """The highest number an anchor ever had: an anchor is never given to another section."""
    plain_text: Mapped[str] = mapped_column(default="")
    """The summary in plain language."""
    plain_marks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Anchor of each section it explains → SHA-256 of the text it explains: another text makes the summary stale."""

    sections: Mapped[list[ReportSection]] = relationship(
        cascade="all, delete-orphan", order_by="ReportSection.position"
    )
    section_revisions: WriteOnlyMapped[SectionRevision] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="SectionRevision.id"
    )


class ReportSection(Base):
    """A section of a report. `section_kind`: text, finding, obstacle, example, funding or recommendation.

    A section of the kind recommendation *is* the recommendation at `recommendation_url`.
    """

    __tablename__ = "report_section"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    section_kind: Mapped[str] = mapped_column(sa.String(16), default="text")
    heading: Mapped[str]
    text: Mapped[str]
    uid: Mapped[str] = mapped_column(sa.String(36), unique=True, default=new_uid)
    anchor: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int] = mapped_column(default=1)
    parent_uid: Mapped[str | None] = mapped_column(sa.String(36))
    rev: Mapped[int] = mapped_column(default=1)
    recommendation_url: Mapped[str | None] = mapped_column(sa.String(300))


class SectionRevision(Base):
    """A section as it was saved once."""

    __tablename__ = "section_revision"
    __table_args__ = (
        sa.UniqueConstraint("section_uid", "rev"),
        sa.Index("ix_section_revision_report", "report_id", "section_uid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"))
    section_uid: Mapped[str] = mapped_column(sa.String(36))
    rev: Mapped[int]
    heading: Mapped[str]
    text: Mapped[str]
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    """Empty: a form or an import wrote the whole report."""
    actor_name: Mapped[str] = mapped_column(sa.String(200), default="")
    accepted_by: Mapped[str] = mapped_column(sa.String(200), default="")
    """Who accepted the suggestion that it was made from."""
    at: Mapped[dt.datetime]


class SectionDraft(Ordered, Base):
    """What a person typed and has not saved yet."""

    __tablename__ = "section_draft"
    __table_args__ = (sa.UniqueConstraint("section_uid", "login"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    section_uid: Mapped[str] = mapped_column(sa.String(36))
    login: Mapped[str] = mapped_column(sa.String(120))
    base_rev: Mapped[int]
    heading: Mapped[str]
    text: Mapped[str]


class SectionPresence(Base):
    """Who has a section open, and when the browser last said so."""

    __tablename__ = "section_presence"
    __table_args__ = (sa.UniqueConstraint("section_uid", "login"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    section_uid: Mapped[str] = mapped_column(sa.String(36))
    login: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str] = mapped_column(sa.String(200))
    seen_at: Mapped[dt.datetime]


class Recommendation(Item):
    """A recommendation; where it stands is `procedure_state`."""

    __tablename__ = "recommendation"
    __mapper_args__ = {"polymorphic_identity": "recommendation"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    number: Mapped[str | None] = mapped_column(sa.String(20))
    addressees: Mapped[list[str]] = mapped_column(default=list)
    report_url: Mapped[str | None] = mapped_column(sa.String(300))
    report_anchor: Mapped[str | None] = mapped_column(sa.String(60))
    """The section of the report that it comes from."""
    clause_url: Mapped[str | None] = mapped_column(sa.String(380))
    """The clause that it comes from: the address of its decision with the anchor (`#z2`)."""
    decision_urls: Mapped[list[str]] = mapped_column(default=list)
    due: Mapped[str | None]
    """A day in ISO form or the address of a session; of old rows any words."""
    market_item_urls: Mapped[list[str]] = mapped_column(default=list)
