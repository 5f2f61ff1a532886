"""Pictures that come in: all their renditions are kept with them, in the caller's one transaction.

The renditions are made by a process of its own, before the transaction begins (`prepare_ahead`): it takes up to seconds, and
others want to write. What was made ahead is remembered for a while; only a picture that nobody announced is made on the spot.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from content import models
from content.database.storage import IMAGE_TYPES, UPLOAD_RULES, UploadRefused, sniff
from content.helpers.helper import Failed, helper
from content.helpers.jobs import Refused

log = logging.getLogger(__name__)
SECONDS: Final = 20
REMEMBERED_BYTES: Final = 48_000_000
Store = Callable[[bytes, str, int | None, int | None], models.File]
_ENDINGS: Final[Mapping[str, str]] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a picture; width and height in pixels."""

    body: bytes
    media_type: str
    width: int
    height: int


Made = tuple[Rendition, ...] | UploadRefused
"""The renditions, the picture in its largest size first; or why there are none."""


class _Remembered:
    """What was made lately, by the hash of the picture; the oldest go."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> Made | None:
        with self._lock:
            return self._made.get(sha256)

    def put(self, sha256: str, made: Made) -> None:
        with self._lock:
            if sha256 in self._made:
                return
            self._made[sha256] = made
            self._size += _size(made)
            while self._size > self._limit and len(self._made) > 1:
                self._size -= _size(self._made.popitem(last=False)[1])


def _size(made: Made) -> int:
    return 1_000 if isinstance(made, UploadRefused) else sum(len(one.body) for one in made)


_remembered: Final = _Remembered(REMEMBERED_BYTES)


def prepare_ahead(bodies: Iterable[bytes]) -> int:
    """Make the renditions of those that are pictures, before the transaction that takes them; how many are there."""
    count = 0
    for body in bodies:
        try:
            media_type = sniff(body)
        except UploadRefused:
            continue
        if media_type in IMAGE_TYPES and len(body) <= UPLOAD_RULES[media_type].max_bytes:
            _made(body)
            count += 1
    return count


def _made(body: bytes) -> Made:
    sha256 = hashlib.sha256(body).hexdigest()
    known = _remembered.get(sha256)
    if known is None:
        known = _ordered(body)
        _remembered.put(sha256, known)
    return known


def _ordered(body: bytes) -> Made:
    """What the helper makes of a picture. Raises `content.helpers.helper.Full`."""
    try:
        said, bodies = helper("reader").run("picture", {}, [body], seconds=SECONDS)
    except Refused as refused:
        return UploadRefused(refused.code, str(refused))
    except Failed as failed:
        log.warning("a picture could not be read: %s", failed)
        return UploadRefused(
            "too_much", f"Das Bild ließ sich nicht in {SECONDS} Sekunden lesen. Bitte kleiner speichern, etwa als JPEG."
        )
    return tuple(Rendition(one, *row) for row, one in zip(said["rows"], bodies, strict=True))


def keep(store: Store, body: bytes) -> models.File:
    """The picture in its largest size, with its renditions. Raises `content.database.storage.UploadRefused`."""
    made = _made(body)
    if isinstance(made, UploadRefused):
        raise UploadRefused(made.code, str(made))
    main = _stored(store, made[0])
    if not main.renditions:
        main.renditions = [
            models.Rendition(position=position, file=_stored(store, one))
            for position, one in enumerate(made[1:], start=1)
        ]
    return main


def keep_any(store: Store, body: bytes, media_type: str) -> models.File:
    """A file that comes in: a picture without what cameras hide in it, anything else as it is. Raises `UploadRefused`."""
    return keep(store, body) if media_type in IMAGE_TYPES else store(body, media_type, None, None)


def _stored(store: Store, one: Rendition) -> models.File:
    return store(one.body, one.media_type, one.width, one.height)


def variants(file: models.File | None, file_name: str | None) -> Sequence[Mapping[str, Any]]:
    """Every rendition of a picture, itself included, as editions freeze them; none for pictures taken before there were any."""
    if file is None or not file.renditions:
        return ()
    stem = (file_name or "bild").rsplit(".", 1)[0]
    shown = sorted([file, *(one.file for one in file.renditions)], key=lambda one: (one.media_type, one.width or 0))
    return [
        {
            "file_name": f"{stem}-{one.width}.{_ENDINGS[one.media_type]}",
            "sha256": one.sha256,
            "media_type": one.media_type,
            "width": one.width,
            "height": one.height,
            "size_bytes": one.size_bytes,
        }
        for one in shown
    ]
