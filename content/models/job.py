"""The outbox: what a transaction wants done afterwards (mails). A row is written with the change, and done once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class Job(Base):
    """One job. `key` makes it unique: the same occasion never sets it twice."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    payload: Mapped[dict[str, Any]]
    due_at: Mapped[dt.datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    error: Mapped[str] = mapped_column(default="")
    claimed_at: Mapped[dt.datetime | None]
    """Since when a worker has it in hand; long ago means that the worker died."""
    given_up_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    """When trying ended without success: refused for good, or too often. Administrators see it and decide."""
