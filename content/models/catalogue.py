"""The catalogue that the market is checked against: OZG and LeiKa services, communes, IT providers.

It is taken from lists of others and shows itself only where an item or offer names it. A row whose key is faulty is kept
without a key: its name is still true.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class OzgService(Base):
    """A service of the OZG catalogue with its situation in life and its theme."""

    __tablename__ = "ozg_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    ozg_id: Mapped[str] = mapped_column(sa.String(10), unique=True)
    name: Mapped[str]
    lebenslage: Mapped[str] = mapped_column(default="")
    themenfeld: Mapped[str] = mapped_column(default="")


class LeikaService(Base):
    """A service of the LeiKa. `leika_key` is null where the list has none; then `given_key` says what stood there."""

    __tablename__ = "leika_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    leika_key: Mapped[str | None] = mapped_column(sa.String(14), unique=True)
    given_key: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    leika_type: Mapped[str] = mapped_column(sa.String(20), default="")
    ozg_id: Mapped[str | None] = mapped_column(sa.String(10), index=True)
    laws: Mapped[str] = mapped_column(default="")


class Commune(Base):
    """A commune of a Land (code such as `NW`; empty where the list does not say)."""

    __tablename__ = "commune"
    __table_args__ = (sa.UniqueConstraint("land", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    land: Mapped[str] = mapped_column(sa.String(8), default="")
    name: Mapped[str] = mapped_column(sa.String(200))
    url: Mapped[str] = mapped_column(default="")


class ItProvider(Base):
    """A public IT provider; several places of one provider are rows of their own."""

    __tablename__ = "it_provider"
    __table_args__ = (sa.UniqueConstraint("name", "town"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    town: Mapped[str] = mapped_column(sa.String(200), default="")
    url: Mapped[str] = mapped_column(default="")
