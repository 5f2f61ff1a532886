"""The text inside attached files, read once and kept (`models.FileText`), for the search.

Reading a file may take many seconds, so nobody reads while a transaction holds the database: `missing` and `keep` stand
on either side of the reading, which `content.house` does in between. Transactions only look up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.search import filetext
from content.search.documents import PageTexts

_T: Final = models.FileText.__table__.c
_PAGES: Final = sa.select(_T.pages).where(_T.sha256 == sa.bindparam("sha256"))
_F: Final = models.EditionFile.__table__.c
_E: Final = models.Edition.__table__.c
_PUBLIC: Final = (
    sa.select(_F.sha256, _F.media_type)
    .join(models.Edition.__table__, _E.id == _F.edition_id)
    .where(_F.media_type.in_(filetext.READABLE), _E.is_withdrawn.is_(False))
)
_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
GONE: Final = "Die Datei fehlt."


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave: the text of its pages, and a fault in German (empty: none)."""

    sha256: str
    pages: Sequence[str]
    fault: str


def reader(asked: Connection | Session) -> PageTexts:
    """Looks up what has been read."""

    def pages(sha256: str, _media_type: str) -> Sequence[str]:
        found: list[str] | None = asked.execute(_PAGES, {"sha256": sha256}).scalar()
        return found or ()

    return pages


def missing(connection: Connection, *, again: bool = False) -> list[tuple[str, str]]:
    """(SHA-256, media type) of public files that nobody has read yet; with `again` also of those that gave no text."""
    known = sa.select(_T.sha256).where(_T.sha256 == _F.sha256)
    if again:
        known = known.where(_T.fault == "")
    rows = connection.execute(_PUBLIC.where(~known.exists()).distinct().order_by(_F.sha256))
    return [(row.sha256, row.media_type) for row in rows]


def known(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of `hashes` that have been read."""
    return set(connection.scalars(sa.select(_T.sha256).where(_T.sha256.in_(hashes))))


def faults(session: Session, attachments: Iterable[models.Attachment]) -> list[tuple[str, str]]:
    """(name, fault) of attachments whose text cannot be found, or not all of it."""
    named = {row.sha256: row.file_name for row in attachments if row.sha256}
    rows = (
        session.execute(sa.select(_T.sha256, _T.fault).where(_T.sha256.in_(named), _T.fault != "")).all()
        if named
        else ()
    )
    return sorted((named[row.sha256], row.fault) for row in rows)


def keep(session: Session, reading: Reading, now: dt.datetime) -> None:
    """Keep what was read; another process may have been faster."""
    values = {"pages": list(reading.pages), "fault": reading.fault, "read_at": now}
    insert = _INSERTS[session.get_bind().dialect.name](models.FileText.__table__).values(
        sha256=reading.sha256, **values
    )
    session.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=values))


def naming(session: Session, sha256: str) -> Sequence[models.Edition]:
    """The editions that readers may find and that have the file."""
    having = sa.select(_F.edition_id).where(_F.sha256 == sha256)
    return session.scalars(
        sa.select(models.Edition).where(models.Edition.id.in_(having), _E.is_withdrawn.is_(False)).order_by(_E.id)
    ).all()


def unneeded(connection: Connection, needed: Collection[str], before: dt.datetime) -> list[str]:
    """Hashes of texts read before that instant whose file nobody needs: it was chosen and never saved, or a crash came between."""
    return sorted(set(connection.scalars(sa.select(_T.sha256).where(_T.read_at < before))) - set(needed))


def forget(session: Session, hashes: Sequence[str]) -> None:
    """Drop the texts of these files."""
    session.execute(sa.delete(models.FileText).where(models.FileText.sha256.in_(hashes)))
