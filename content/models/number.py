"""Numbers of decisions that were given: the register they are derived from. Append-only: a number is given once, for ever."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base
from content.models.history import create_append_only


class GivenNumber(Base):
    """A number that a decision bears or bore. Body and decision are named by their lasting identities: the register outlives rows."""

    __tablename__ = "given_number"
    __table_args__ = (sa.UniqueConstraint("body_uid", "year", "serial"), sa.Index("ix_given_number_item", "item_uid"))

    id: Mapped[int] = mapped_column(primary_key=True)
    body_uid: Mapped[str] = mapped_column(sa.String(36))
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(40))
    item_uid: Mapped[str] = mapped_column(sa.String(36))
    given_at: Mapped[dt.datetime]
    given_by: Mapped[str] = mapped_column(sa.String(120))
    note: Mapped[str] = mapped_column(default="")
    """Why no decision bears it, where that was known when it was entered."""


class NumberNote(Base):
    """Why numbers are missing: a reason for all from `first` to `last`. Of several for a number the newest counts."""

    __tablename__ = "number_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_uid: Mapped[str] = mapped_column(sa.String(36), index=True)
    year: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(sa.String(120))
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[dt.datetime]


NUMBERS_APPEND_ONLY = ("given_number", "number_note")


@event.listens_for(Base.metadata, "after_create")
def _after_create(_target: object, connection: sa.Connection, **_: object) -> None:
    create_append_only(connection, NUMBERS_APPEND_ONLY)
