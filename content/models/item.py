"""What all kinds share: identity, address, revision, the two axes of state, dates, topics.

The *working row* of an item is what editors write; the public never reads it (see `edition.py`). `url` is the lasting
identity towards the world, `uid` the one towards machines, `rev` counts saved changes (from 1).
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.search.lemmas import fold

if TYPE_CHECKING:
    from content.models.press import ContactPick

FINDING_TITLE: Final = 500


def new_uid() -> str:
    """A random lasting identity (UUID 4)."""
    return str(uuid.uuid4())


_CHANGED: Final = sa.text("rev > public_rev AND public_rev > 0")
"""What was public and was changed since; written out, because an index in part serves only who asks with the same words."""


class Item(Base):
    """One thing with an address of its own; each kind adds its table (joined by `id`)."""

    __tablename__ = "item"
    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012 - SQLAlchemy's own contract
    # Each list of the desk reads its rows in order and asks for rights and words on the way, all in the index: so it does not
    # grow with the archive. The rows themselves carry their whole texts.
    __table_args__: tuple[sa.schema.SchemaItem, ...] = (
        sa.Index("ix_item_changed", "changed_at", "id", "publication_state", "kind", "owner", "finding"),
        sa.Index("ix_item_state", "publication_state", "changed_at", "id", "kind", "owner", "finding"),
        sa.Index("ix_item_kind_state", "kind", "publication_state", "changed_at", "id", "owner", "finding"),
        sa.Index("ix_item_owner", "owner", "changed_at", "id", "publication_state", "kind", "finding"),
        sa.Index("ix_item_changed_by", "changed_by", "changed_at", "id"),
        sa.Index(
            "ix_item_ahead",
            "changed_by",
            "changed_at",
            sqlite_where=sa.text("rev > public_rev"),
            postgresql_where=sa.text("rev > public_rev"),
        ),
        sa.Index("ix_item_changed_public", "changed_at", "id", sqlite_where=_CHANGED, postgresql_where=_CHANGED),
        sa.Index("ix_item_public_at", "publication_state", "public_at", "id", "kind", "owner"),
        sa.Index("ix_item_finding", "finding", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(36), unique=True, default=new_uid)
    kind: Mapped[str] = mapped_column(sa.String(32))
    url: Mapped[str] = mapped_column(sa.String(300), unique=True)
    slug: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str | None]
    text: Mapped[str] = mapped_column(default="")
    rev: Mapped[int] = mapped_column(default=1)
    publication_state: Mapped[str] = mapped_column(sa.String(32), default="draft")
    procedure_state: Mapped[str | None] = mapped_column(sa.String(32))
    topics: Mapped[list[str]] = mapped_column(default=list)
    published_on: Mapped[dt.date | None]
    """The day since which the text counts as public, where another site published it before us."""
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(120), default="")
    """Login of whoever saved the working copy last; empty: an import."""
    public_rev: Mapped[int] = mapped_column(default=0)
    public_at: Mapped[dt.datetime | None]
    """The revision that a step made public last, and when; 0 and None: none yet."""
    finding: Mapped[str] = mapped_column(default="")
    """Title and address, folded: what lists of the desk search and sort by. Kept by `_keep_finding`."""
    input: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The clean value the row was last written from (dates as text): what an export writes and a form shows again."""
    input_digest: Mapped[str | None] = mapped_column(sa.String(64))
    """SHA-256 of what `input` holds now. Both are written by `content.services.editing.edit` alone."""
    told_digest: Mapped[str | None] = mapped_column(sa.String(64))
    """SHA-256 of the value that was told last: an import that tells the same again sets nothing back that steps changed since."""

    owner: Mapped[str] = mapped_column(sa.String(120), default="")
    """Slug of the organisation whose people keep it; empty: the house itself."""
    publish_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    """When the clock publishes it."""

    attachments: Mapped[list[Attachment]] = relationship(
        back_populates="item", cascade="all, delete-orphan", order_by="Attachment.position"
    )
    references: Mapped[list[Reference]] = relationship(
        back_populates="item", cascade="all, delete-orphan", order_by="Reference.position"
    )
    picks: Mapped[list[ContactPick]] = relationship(cascade="all, delete-orphan", order_by="ContactPick.position")
    """Contacts of the directory that it names."""


def finding_words(title: str | None, url: str) -> str:
    """What an item is found and sorted by at the desk; cut so that it fits into an index."""
    return f"{fold(title or url)[:FINDING_TITLE]} {fold(url)}"


@event.listens_for(Item, "before_insert", propagate=True)
@event.listens_for(Item, "before_update", propagate=True)
def _keep_finding(_mapper: object, _connection: object, item: Item) -> None:
    item.finding = finding_words(item.title, item.url)


LINK: Final = "links"
"""Relation of a reference that an editor set between any two items or places; the others follow from what an item is."""


class Reference(Base):
    """A typed reference of an item (or one of its clauses) to another item or clause, by address.

    The address need not exist yet: the link comes alive when its target is published.
    """

    __tablename__ = "reference"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    from_anchor: Mapped[str | None] = mapped_column(sa.String(60))
    relation: Mapped[str] = mapped_column(sa.String(32))
    target_url: Mapped[str] = mapped_column(sa.String(300), index=True)
    target_anchor: Mapped[str | None] = mapped_column(sa.String(60))
    quoted: Mapped[str] = mapped_column(default="")
    is_explicit: Mapped[bool] = mapped_column(default=False)
    """True where an editor or an import named it; False where it was read from the text."""

    item: Mapped[Item] = relationship(back_populates="references")


class File(Base):
    """A stored file, once per content; bytes lie in the file store under their SHA-256."""

    __tablename__ = "file"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(sa.String(120))
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    added_at: Mapped[dt.datetime]

    renditions: Mapped[list[Rendition]] = relationship(
        cascade="all, delete-orphan", order_by="Rendition.position", foreign_keys="Rendition.picture"
    )


class Rendition(Base):
    """Another size or encoding of a stored picture, itself a stored file."""

    __tablename__ = "rendition"
    __table_args__ = (sa.UniqueConstraint("picture", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    picture: Mapped[str] = mapped_column(sa.ForeignKey("file.sha256"))
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("file.sha256"))
    position: Mapped[int]

    file: Mapped[File] = relationship(foreign_keys=[sha256])


class Attachment(Base):
    """A paper that belongs to an item. `visibility`: public, members or withheld (then `reason` says why)."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    title: Mapped[str]
    file_name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("file.sha256"))
    visibility: Mapped[str] = mapped_column(sa.String(16), default="public")
    reason: Mapped[str | None]

    item: Mapped[Item] = relationship(back_populates="attachments")
    file: Mapped[File | None] = relationship()


class Image(Base):
    """The picture of an item; alt text and credit are not optional."""

    __tablename__ = "image"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), unique=True)
    sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("file.sha256"))
    file_name: Mapped[str | None] = mapped_column(sa.String(255))
    alt: Mapped[str]
    caption: Mapped[str] = mapped_column(default="")
    credit: Mapped[str]

    file: Mapped[File | None] = relationship()
