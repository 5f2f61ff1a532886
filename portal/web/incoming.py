"""Files that come in, by import or upload: kept under their hash, with a row in the database, in one transaction.

The text inside PDF and Word files is read, and pictures are made fit, before that transaction begins: it may take seconds, and
others want to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final

from pyramid.request import Request
from sqlalchemy.orm import Session

from content import models
from content.house import House, Work
from content.services.editing import form_drafts, pictures

DRAFT: Final = "entwurf"
"""Input that names the form as it was opened; its draft has the same uid."""
KEPT: Final = "aufgehoben"
"""Input that names the draft of what was typed before somebody else's save was met."""
READ_ENDINGS = frozenset({".pdf", ".docx"})


def read_import_ahead(house: House, paths: Iterable[Path]) -> int:
    """Read the files that lie in `files/` beside the files of an import; how many were read."""
    folders = dict.fromkeys(path.resolve().parent / "files" for path in paths)
    found = (
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in READ_ENDINGS and path.is_file()
    )
    return house.read_ahead(path.read_bytes() for path in found)


def read_uploads_ahead(request: Request) -> int:
    """Read the files that were chosen in a form; how many were read."""
    chosen = [
        value.file
        for value in request.POST.values()
        if Path(getattr(value, "filename", "") or "").suffix.lower() in READ_ENDINGS
    ]
    return request.registry.house.read_ahead(map(_bytes, chosen)) if chosen else 0


def prepare_pictures(request: Request) -> int:
    """Make the renditions of the pictures that a form brings, or that are kept with its draft; how many there are."""
    chosen = [_bytes(value.file) for value in request.POST.values() if getattr(value, "filename", "")]
    uids = [uid for uid in (str(request.POST.get(name, "")) for name in (DRAFT, KEPT)) if uid]
    kept: dict[str, str] = {}
    house = request.registry.house
    if uids:
        with house.reading() as connection, Session(connection, autoflush=False) as session:
            kept = form_drafts.files_of(session, request.person.login, uids)
    bodies = (path.read_bytes() for path in map(house.files.path, kept.values()) if path.exists())
    return pictures.prepare_ahead([*chosen, *bodies])


def _bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    body = file.read()
    file.seek(0)
    return body


def store_file(work: Work) -> Callable[[bytes, str, int | None, int | None], models.File]:
    """Keeps files of an import: bytes in the store, a row in the database, both in one transaction."""

    def store(body: bytes, media_type: str, width: int | None, height: int | None) -> models.File:
        kept = work.files.add(body, media_type, work.manager, width=width, height=height)
        row = work.session.get(models.File, kept.sha256)
        if row is None:
            row = models.File(
                sha256=kept.sha256,
                media_type=media_type,
                size_bytes=kept.size_bytes,
                width=width,
                height=height,
                added_at=work.desk.now,
            )
            work.session.add(row)
            work.session.flush()
        return row

    return store
