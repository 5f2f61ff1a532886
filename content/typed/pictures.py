"""A picture made fit for publishing: upright, without anything but its pixels, in the sizes that pages ask for. Pure.

Every picture is decoded and encoded anew: what was hidden in the file (place, camera, comments, profiles) is gone. Colours
are brought to sRGB, print colours (CMYK) and 16 bit too. Each size exists as WebP and, for whatever reads no WebP, as JPEG
(as PNG where the picture was one, or has transparent parts). Never is a picture made larger than it was.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from content.database.storage import UploadRefused

WIDTHS: Final = (400, 800, 1600)
"""Widths of the renditions in pixels; the largest is the picture itself."""
MAX_HEIGHT: Final = 2400
MAX_PIXELS: Final = 50_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_JPEG, _PNG, _WEBP = "image/jpeg", "image/png", "image/webp"


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a picture; width and height in pixels."""

    body: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture in its largest size, readable everywhere, and its other renditions."""

    main: Rendition
    others: tuple[Rendition, ...]


def prepare(body: bytes) -> Picture:
    """The renditions of an uploaded picture. Raises `UploadRefused`."""
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
            _refuse_unfit(opened)
            is_png, is_palette = opened.format == "PNG", opened.mode == "P"
            plain = _plain(opened)
    except UploadRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except UnidentifiedImageError as error:
        raise UploadRefused(
            "no_picture", "Die Datei ist kein Bild, das gelesen werden kann. Bitte als JPEG, PNG oder WebP speichern."
        ) from error
    except (OSError, SyntaxError, ValueError, MemoryError) as error:
        raise UploadRefused("damaged", "Das Bild ist beschädigt oder unvollständig. Bitte neu speichern.") from error
    fallback = _PNG if is_png or plain.mode == "RGBA" else _JPEG
    made = list(_renditions(plain, fallback, is_palette=is_palette))
    return Picture(made[0], tuple(made[1:]))


def _refuse_unfit(opened: Image.Image) -> None:
    """Refuse by what the header says, before anything is unpacked."""
    if opened.width * opened.height > MAX_PIXELS:
        raise _too_large()
    # Cameras put a second still into a JPEG (MPO); that is no animation.
    if getattr(opened, "is_animated", False) and opened.format != "MPO":
        raise UploadRefused("animated", "Das Bild ist bewegt. Bitte ein Standbild als JPEG, PNG oder WebP speichern.")


def _too_large() -> UploadRefused:
    return UploadRefused("too_many_pixels", "Das Bild hat mehr als 50 Millionen Bildpunkte. Bitte verkleinern.")


def _plain(opened: Image.Image) -> Image.Image:
    """Upright, at most as large as the largest size, 8 bit, RGB or RGBA in sRGB, nothing else."""
    profile = opened.info.get("icc_profile")
    opened.draft(None, (WIDTHS[-1] * 2, MAX_HEIGHT * 2))  # a JPEG decodes faster, and smaller, in part
    picture = ImageOps.exif_transpose(opened)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode not in {"RGB", "CMYK"}:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")
    picture = _fitted(picture, WIDTHS[-1])
    if profile and picture.mode in {"RGB", "CMYK"}:
        picture = _in_srgb(picture, profile)
    if picture.mode == "CMYK":
        picture = picture.convert("RGB")
    picture.info = {}  # encoders would write comments and profiles from here
    return picture


def _fitted(picture: Image.Image, width: int) -> Image.Image:
    scale = min(1.0, width / picture.width, MAX_HEIGHT / picture.height)
    if scale == 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the profile means them; one that cannot be read counts for nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return picture
    return picture if found is None else found


def _renditions(plain: Image.Image, fallback: str, *, is_palette: bool) -> Iterator[Rendition]:
    """The picture itself first, then the rest, largest first."""
    for width in (plain.width, *(width for width in reversed(WIDTHS) if width < plain.width)):
        sized = _fitted(plain, width)
        for media_type in (fallback, _WEBP):
            yield Rendition(_encoded(sized, media_type, is_palette=is_palette), media_type, sized.width, sized.height)


def _encoded(picture: Image.Image, media_type: str, *, is_palette: bool) -> bytes:
    out = io.BytesIO()
    if media_type == _WEBP:
        picture.save(out, "WEBP", quality=80, method=4)
    elif media_type == _JPEG:
        picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    else:
        shown = picture
        if is_palette:
            shown = picture.quantize(
                256, Image.Quantize.FASTOCTREE if picture.mode == "RGBA" else Image.Quantize.MEDIANCUT
            )
        shown.save(out, "PNG", optimize=True)
    return out.getvalue()
