"""What the search keeps in the database: the desk's words, its picks, and the text inside attached files."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class SearchWord(Base):
    """A word the desk has written down for the search.

    `use`: `synonym` (`others` mean the same; `source` may name a law), `part` (compounds are made of it), `whole` (never
    taken apart).
    """

    __tablename__ = "search_word"
    __table_args__ = (sa.UniqueConstraint("use", "word"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    use: Mapped[str] = mapped_column(sa.String(12))
    word: Mapped[str] = mapped_column(sa.String(120))
    others: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(120), default="")


class SearchPick(Base):
    """What the desk shows first for a question. `key`: the stems of the question; `urls` in order, at most five."""

    __tablename__ = "search_pick"

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(300), unique=True)
    urls: Mapped[list[str]] = mapped_column(default=list)
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(120), default="")


class FileText(Base):
    """The text inside a stored file, page by page; read once, because reading may take seconds. `fault`: why it has none."""

    __tablename__ = "file_text"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    pages: Mapped[list[str]] = mapped_column(default=list)
    fault: Mapped[str] = mapped_column(sa.String(200), default="")
    read_at: Mapped[dt.datetime]
