"""Press releases and notes: sections, quotes, contacts with validity, image (see `item.Image`)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.item import Image, Item
from content.models.meeting import Meeting


class PressRelease(Item):
    """A release, note, teaser or media report. Decisions it speaks of are references (`cites`)."""

    __tablename__ = "press_release"
    __mapper_args__ = {"polymorphic_identity": "press_release"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    release_kind: Mapped[str] = mapped_column(sa.String(24))
    publisher: Mapped[str]
    date: Mapped[dt.date | None]
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"), index=True)
    lead: Mapped[str | None]
    source_url: Mapped[str | None]
    text_kind: Mapped[str] = mapped_column(sa.String(16), default="official")

    meeting: Mapped[Meeting | None] = relationship(foreign_keys=[meeting_id])
    sections: Mapped[list[PressSection]] = relationship(cascade="all, delete-orphan", order_by="PressSection.position")
    quotes: Mapped[list[Quote]] = relationship(cascade="all, delete-orphan", order_by="Quote.position")
    contacts: Mapped[list[PressContact]] = relationship(cascade="all, delete-orphan", order_by="PressContact.position")
    image: Mapped[Image | None] = relationship(cascade="all, delete-orphan", uselist=False)


class PressSection(Base):
    """A headed section of a release; Markdown."""

    __tablename__ = "press_section"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("press_release.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    heading: Mapped[str | None]
    text: Mapped[str]


class Quote(Base):
    """Words of a named person. `text` may be missing where only the speaker is known."""

    __tablename__ = "quote"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("press_release.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    text: Mapped[str | None]
    speaker: Mapped[str]
    function: Mapped[str] = mapped_column(default="")


class Contact(Base):
    """A contact of an organisation; shown only while valid (days inclusive, null: open).

    With a `key` it stands in the directory, kept at one place for all who pick it; without, it belongs to one release.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    rev: Mapped[int] = mapped_column(default=1)
    body: Mapped[str] = mapped_column(sa.String(120), default="", index=True)
    """Slug of the body whose chair it speaks for; empty: none."""
    organisation: Mapped[str]
    unit: Mapped[str | None]
    person: Mapped[str | None]
    role: Mapped[str | None]
    phone: Mapped[str | None]
    mobile: Mapped[str | None]
    email: Mapped[str | None]
    valid_from: Mapped[dt.date | None]
    valid_until: Mapped[dt.date | None]


class ContactPick(Base):
    """A contact of the directory that an item (release, organisation) names."""

    __tablename__ = "contact_pick"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id"), index=True)
    position: Mapped[int]

    contact: Mapped[Contact] = relationship()


class PressContact(Base):
    """Which contacts a release names, in which order."""

    __tablename__ = "press_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(sa.ForeignKey("press_release.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id"), index=True)
    position: Mapped[int]

    contact: Mapped[Contact] = relationship()
