"""What the addressees of a recommendation report of its implementation, and who confirmed or returned it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.item import File


class Implementation(Base):
    """The newest report of one addressee: the code of a member, the address of an organisation, else its name.

    `state`: open, planned, running, done or not_applicable. `comment` is what the secretariat wrote when it gave the
    report back; a new report clears it.
    """

    __tablename__ = "implementation"
    __table_args__ = (sa.UniqueConstraint("item_id", "addressee"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"))
    addressee: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(16))
    date: Mapped[dt.date | None]
    evidence_url: Mapped[str | None]
    evidence_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("file.sha256"))
    evidence_name: Mapped[str | None] = mapped_column(sa.String(160))
    """A file that proves it, and its name."""
    note: Mapped[str] = mapped_column(default="")
    reporter: Mapped[str] = mapped_column(sa.String(120), default="")
    """Login of who reported; another person confirms."""
    comment: Mapped[str] = mapped_column(default="")
    reported_by: Mapped[str] = mapped_column(sa.String(200))
    reported_at: Mapped[dt.datetime]
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(200))
    confirmed_at: Mapped[dt.datetime | None]

    evidence: Mapped[File | None] = relationship()
