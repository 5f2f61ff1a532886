"""Pictures that come in: all their renditions are kept with them, in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from content import models
from content.storage import IMAGE_TYPES

if TYPE_CHECKING:
    from content.pictures import Rendition

Store = Callable[[bytes, str, int | None, int | None], models.File]
_ENDINGS: Final[Mapping[str, str]] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def keep(store: Store, body: bytes) -> models.File:
    """The picture in its largest size, with its renditions. Raises `content.storage.UploadRefused`."""
    from content import pictures  # noqa: PLC0415 - decoders that seldom run: a server process must not carry them

    picture = pictures.prepare(body)
    main = _stored(store, picture.main)
    if not main.renditions:
        main.renditions = [
            models.Rendition(position=position, file=_stored(store, one)) for position, one in enumerate(picture.others, start=1)
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
            "file_name": f"{stem}-{one.width}.{_ENDINGS[one.media_type]}", "sha256": one.sha256, "media_type": one.media_type,
            "width": one.width, "height": one.height, "size_bytes": one.size_bytes,
        }
        for one in shown
    ]
