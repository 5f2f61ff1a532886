"""What people typed into forms of the desk and did not save: texts and chosen files, per person and open form."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base


class Ordered:
    """What every draft says of its order; `content.services.base.draft_order` alone writes it."""

    number: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Of what was taken last, as the browser counts; 0 where no script counted."""
    finished_at: Mapped[dt.datetime | None]
    """When the form was saved, or not wanted: then the row holds no text, and says only what came too late."""
    at: Mapped[dt.datetime]


class FormDraft(Ordered, Base):
    """The content of one open form. `uid` names the form as it was opened, so two windows never overwrite each other."""

    __tablename__ = "form_draft"
    __table_args__ = (sa.UniqueConstraint("login", "uid"), sa.Index("ix_form_draft_of", "login", "kind", "item_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(36))
    login: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[str] = mapped_column(sa.String(32))
    item_id: Mapped[int | None] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    """The item that is being changed; None while a new one is written."""
    base_rev: Mapped[int]
    input: Mapped[dict[str, Any]]
    """What was typed, as the form reads it: not judged, not clean."""
    at: Mapped[dt.datetime] = mapped_column(index=True)

    files: Mapped[list[FormDraftFile]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class FormDraftFile(Base):
    """A file chosen in a form; its bytes lie in the file store, which nobody reads without a row of `file`."""

    __tablename__ = "form_draft_file"
    __table_args__ = (sa.UniqueConstraint("draft_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(sa.ForeignKey("form_draft.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
