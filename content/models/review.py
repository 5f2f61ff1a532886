"""Review of reports: remarks at places, suggested changes, requests to people, and guests with a personal link.

A place is the identity of a section with quoted words and their surroundings (`content.text.anchors`). Names are kept as they
were; a remark or suggestion without a login is a guest's or came in a Word file. Only the digest of a link's secret is kept.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.account import Account


class ReviewThread(Base):
    """Remarks at one place of a section; no quoted words: the section as a whole. `is_gone`: its words are no longer there."""

    __tablename__ = "review_thread"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    section_uid: Mapped[str] = mapped_column(sa.String(36))
    quote: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    start: Mapped[int]
    is_gone: Mapped[bool] = mapped_column(default=False)
    resolved_at: Mapped[dt.datetime | None]
    resolved_by: Mapped[str] = mapped_column(sa.String(200), default="")

    remarks: Mapped[list[ReviewRemark]] = relationship(cascade="all, delete-orphan", order_by="ReviewRemark.id")


class ReviewRemark(Base):
    """One remark of a thread."""

    __tablename__ = "review_remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("review_thread.id", ondelete="CASCADE"), index=True)
    login: Mapped[str] = mapped_column(sa.String(120), default="")
    name: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str]
    at: Mapped[dt.datetime]


class Suggestion(Base):
    """Paragraphs of a section at `base_rev`, from the one at `place` (0-based), that somebody wants to be `new`.

    `place` is None where the old paragraphs stand in no revision: it cannot be accepted, only be read.
    """

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    section_uid: Mapped[str] = mapped_column(sa.String(36))
    base_rev: Mapped[int]
    place: Mapped[int | None]
    old: Mapped[str]
    new: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    login: Mapped[str] = mapped_column(sa.String(120), default="")
    name: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(sa.String(12), default="open")
    """open, accepted, rejected or withdrawn."""
    decided_by: Mapped[str] = mapped_column(sa.String(200), default="")
    decided_at: Mapped[dt.datetime | None]


class ReviewRequest(Base):
    """That a person was asked to review a report until a day."""

    __tablename__ = "review_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    words: Mapped[str] = mapped_column(default="")
    due: Mapped[dt.date]
    asked_by: Mapped[str] = mapped_column(sa.String(120))
    asked_by_name: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    dropped_at: Mapped[dt.datetime | None]

    account: Mapped[Account] = relationship()


class ReviewLink(Base):
    """A guest's personal link: for whom, until when, and whether it was taken back. `due`: until when an answer is asked for."""

    __tablename__ = "review_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    email: Mapped[str] = mapped_column(sa.String(254))
    due: Mapped[dt.date]
    created_by: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    revoked_by: Mapped[str] = mapped_column(sa.String(120), default="")
    revoked_at: Mapped[dt.datetime | None]

    accesses: Mapped[list[ReviewAccess]] = relationship(cascade="all, delete-orphan", order_by="ReviewAccess.id")


class ReviewAccess(Base):
    """What was done with a guest's link (`page`, `remark`, `suggestion`, `file`), from which network; whether it was let through."""

    __tablename__ = "review_access"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("review_link.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime]
    what: Mapped[str] = mapped_column(sa.String(16))
    network: Mapped[str] = mapped_column(sa.String(60), default="")
    is_refused: Mapped[bool] = mapped_column(default=False)
