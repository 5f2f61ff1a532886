"""Files that come in, by import or upload: kept under their hash, with a row in the database, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from content import models
from content.house import Work


def store_file(work: Work) -> Callable[[bytes, str, int | None, int | None], models.File]:
    """Keeps files of an import: bytes in the store, a row in the database, both in one transaction."""

    def store(body: bytes, media_type: str, width: int | None, height: int | None) -> models.File:
        kept = work.files.add(body, media_type, work.manager, width=width, height=height)
        row = work.session.get(models.File, kept.sha256)
        if row is None:
            row = models.File(
                sha256=kept.sha256, media_type=media_type, size_bytes=kept.size_bytes, width=width, height=height,
                added_at=work.desk.now,
            )
            work.session.add(row)
            work.session.flush()
        return row

    return store
