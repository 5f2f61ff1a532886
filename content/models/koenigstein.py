"""The Königsteiner Schlüssel as the secretariat keeps it: a row per list that was entered, never overwritten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class KoenigsteinKey(Base):
    """The key of a year as it was entered. It counts once a second person has confirmed it, and until it has ended."""

    __tablename__ = "koenigstein_key"
    __table_args__ = (sa.Index("ix_koenigstein_key_year", "year", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(500))
    shares: Mapped[dict[str, Any]]
    """Code of each Land → percent as text with five decimals."""
    entered_by: Mapped[str] = mapped_column(sa.String(200))
    entered_login: Mapped[str] = mapped_column(sa.String(120))
    entered_at: Mapped[dt.datetime]
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(200))
    confirmed_login: Mapped[str | None] = mapped_column(sa.String(120))
    confirmed_at: Mapped[dt.datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(200))
    ended_at: Mapped[dt.datetime | None]
    """When another list of the year took its place, or it was taken back before it counted."""
    ended_reason: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
