"""Organisations, glossary terms and plain pages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.models.item import Item


class Organisation(Item):
    """An organisation that acts in the council's work."""

    __tablename__ = "organisation"
    __mapper_args__ = {"polymorphic_identity": "organisation"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    short: Mapped[str] = mapped_column(default="")
    organisation_kind: Mapped[str] = mapped_column(default="")
    website: Mapped[str | None]


class Term(Item):
    """A term of the glossary; its synonyms will feed the search."""

    __tablename__ = "term"
    __mapper_args__ = {"polymorphic_identity": "term"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    abbreviation: Mapped[str | None]
    synonyms: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str | None]


class Page(Item):
    """A plain page: imprint, privacy, accessibility statement, help."""

    __tablename__ = "page"
    __mapper_args__ = {"polymorphic_identity": "page"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
