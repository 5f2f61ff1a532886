"""The reader's jobs: Word files and pictures that came from outside. Each runs in a child of its own, within limits.

Only the reader's process imports this: decoders and parsers come with it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from content.database.storage import UploadRefused
from content.helpers.frames import Frame
from content.helpers.jobs import Refused
from content.helpers.plain import as_json, from_json
from content.typed import pictures
from content.word import reading, returned, shapes


def word_marks(_data: dict[str, Any], blobs: list[bytes]) -> Frame:
    """(uid, revision) of each section of ours in a Word file."""
    try:
        return {"marks": reading.marks(blobs[0])}, []
    except shapes.NotWord as refused:
        raise Refused(str(refused), "no_word") from refused


def word_returned(data: dict[str, Any], blobs: list[bytes]) -> Frame:
    """What a returned Word file says against what was sent; its pictures follow as bytes."""
    images = data["images"]

    def image(address: str) -> bytes | None:
        path = images.get(shapes.own_file(address))
        return Path(path).read_bytes() if path and Path(path).exists() else None

    try:
        found = returned.compare(from_json(shapes.Report, data["sent"]), blobs[0], images=image)
    except shapes.NotWord as refused:
        raise Refused(str(refused), "no_word") from refused
    return {"returned": as_json(replace(found, images={})), "names": list(found.images)}, list(found.images.values())


def picture(_data: dict[str, Any], blobs: list[bytes]) -> Frame:
    """The renditions of a picture, the largest first; their bytes follow."""
    try:
        found = pictures.prepare(blobs[0])
    except UploadRefused as refused:
        raise Refused(str(refused), refused.code) from refused
    rows = [found.main, *found.others]
    return {"rows": [[one.media_type, one.width, one.height] for one in rows]}, [one.body for one in rows]
