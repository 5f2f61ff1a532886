"""The text inside attached files, read once and kept (`models.FileText`), for the search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.search import filetext
from content.search.documents import PageTexts
from content.storage import FileStore

_T: Final = models.FileText.__table__.c
_PAGES: Final = sa.select(_T.pages).where(_T.sha256 == sa.bindparam("sha256"))
_F: Final = models.EditionFile.__table__.c


def reader(connection: Connection) -> PageTexts:
    """Looks up what has been read."""

    def pages(sha256: str, _media_type: str) -> Sequence[str]:
        found: list[str] | None = connection.execute(_PAGES, {"sha256": sha256}).scalar()
        return found or ()

    return pages


def keeper(session: Session, files: FileStore, now: dt.datetime) -> PageTexts:
    """Looks up, and reads what nobody has read yet; a new text is kept with the transaction."""
    read: dict[str, models.FileText] = {}

    def pages(sha256: str, media_type: str) -> Sequence[str]:
        kept = read.get(sha256) or session.get(models.FileText, sha256)
        if kept is None:
            kept = _read(sha256, media_type, files, now)
            if kept is None:
                return ()
            session.add(kept)
            read[sha256] = kept
        return kept.pages

    return pages


def fill(session: Session, files: FileStore, now: dt.datetime) -> int:
    """Read the public files that have not been read; how many were."""
    missing = (
        sa.select(_F.sha256, _F.media_type)
        .where(_F.media_type.in_(filetext.READABLE), _F.sha256.not_in(sa.select(_T.sha256)))
        .distinct()
    )
    made = [_read(row.sha256, row.media_type, files, now) for row in session.execute(missing).all()]
    session.add_all(row for row in made if row is not None)
    return len(made)


def _read(sha256: str, media_type: str, files: FileStore, now: dt.datetime) -> models.FileText | None:
    path = files.whereabouts(sha256) if media_type in filetext.READABLE else None
    if path is None:
        return None
    pages, fault = filetext.pages_of(path, media_type)
    return models.FileText(sha256=sha256, pages=pages, fault=fault, read_at=now)
