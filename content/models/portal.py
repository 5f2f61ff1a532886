"""Which portal a database belongs to."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class PortalIdentity(Base):
    """One row: the identity that the portal was founded with. The folder DATA bears the same (`content.founding`)."""

    __tablename__ = "portal_identity"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uid: Mapped[str] = mapped_column(sa.String(32))
    founded_at: Mapped[dt.datetime]
