"""Bodies that decide: their number pattern and voting rule are data; members, terms of chair."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.item import Item


class Body(Item):
    """A deciding body, e.g. the IT-Planungsrat. `number_pattern` as in `content.council.numbers`."""

    __tablename__ = "body"
    __mapper_args__ = {"polymorphic_identity": "body"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    short: Mapped[str] = mapped_column(default="")
    genitive: Mapped[str] = mapped_column(default="")
    """„des IT-Planungsrats“: for titles such as „36. Sitzung des IT-Planungsrats“."""
    number_pattern: Mapped[str] = mapped_column(sa.String(40))
    voting_rule: Mapped[str] = mapped_column(sa.String(60), default="")

    members: Mapped[list[Member]] = relationship(cascade="all, delete-orphan", order_by="Member.position")
    chairs: Mapped[list[ChairTerm]] = relationship(cascade="all, delete-orphan", order_by="ChairTerm.year")


class Member(Base):
    """A member of a body. `kind`: federal, land or advisory."""

    __tablename__ = "member"
    __table_args__ = (sa.UniqueConstraint("body_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("body.id", ondelete="CASCADE"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(8))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(sa.String(16))


class ChairTerm(Base):
    """Who chaired the body in a year."""

    __tablename__ = "chair_term"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("body.id", ondelete="CASCADE"), index=True)
    year: Mapped[int]
    name: Mapped[str | None]
    land: Mapped[str | None]
