"""Pictures: every size without anything hidden, true colours, and hostile ones refused with a reason."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from content.database.storage import UploadRefused
from content.typed.pictures import prepare


def encoded(picture, form="JPEG", **more):
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def all_of(found):
    return [found.main, *found.others]


def opened(rendition):
    return Image.open(io.BytesIO(rendition.body))


def pixel(rendition):
    return opened(rendition).convert("RGB").getpixel((5, 5))


def _png_saying(width, height):
    """A PNG of a few bytes that says it is this large."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 9))
        + chunk(b"IEND", b"")
    )


def test_a_large_photo_comes_in_three_widths_and_two_encodings():
    found = prepare(encoded(Image.new("RGB", (3000, 1500), "red")))
    assert (found.main.media_type, found.main.width, found.main.height) == ("image/jpeg", 1600, 800)
    assert sorted((one.media_type, one.width) for one in all_of(found)) == [
        ("image/jpeg", 400),
        ("image/jpeg", 800),
        ("image/jpeg", 1600),
        ("image/webp", 400),
        ("image/webp", 800),
        ("image/webp", 1600),
    ]
    assert all(
        opened(one).size == (one.width, one.height) and Image.MIME[opened(one).format] == one.media_type
        for one in all_of(found)
    )


def test_no_rendition_is_larger_than_the_picture():
    assert sorted({one.width for one in all_of(prepare(encoded(Image.new("RGB", (500, 300)))))}) == [400, 500]


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (30_000, 1), (20, 9000)])
def test_odd_shapes_are_taken(size):
    assert all(
        1 <= one.width <= 1600 and 1 <= one.height <= 2400
        for one in all_of(prepare(encoded(Image.new("RGB", size), "PNG")))
    )


def test_the_same_picture_gives_the_same_bytes():
    body = encoded(Image.effect_noise((900, 600), 40).convert("RGB"))
    assert prepare(body) == prepare(body)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_hidden_stays_in_any_rendition(form):
    exif = Image.Exif()
    exif[0x010E] = "geheimer Ort"
    picture = Image.new("RGB", (900, 600), "navy")
    more = {"JPEG": {"comment": b"geheimer Hinweis"}, "WEBP": {"xmp": b"<x>geheim</x>"}, "PNG": {}}[form]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = prepare(encoded(picture, form, exif=exif, icc_profile=profile, **more))
    assert all(b"geheim" not in one.body for one in all_of(found))
    assert all(not opened(one).getexif() and "icc_profile" not in opened(one).info for one in all_of(found))


def test_a_picture_on_its_side_is_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = prepare(encoded(Image.new("RGB", (600, 300), "red"), exif=exif))
    assert (found.main.width, found.main.height) == (300, 600)


def test_transparent_parts_stay_transparent():
    found = prepare(encoded(Image.new("RGBA", (500, 500), (255, 0, 0, 0)), "WEBP", lossless=True))
    assert found.main.media_type == "image/png"
    assert all(opened(one).convert("RGBA").getpixel((5, 5))[3] == 0 for one in all_of(found))


def test_print_colours_become_screen_colours():
    found = prepare(encoded(Image.new("CMYK", (500, 500), (0, 255, 255, 0))))
    assert all(opened(one).mode == "RGB" and pixel(one)[0] > 180 and pixel(one)[1] < 90 for one in all_of(found))


def test_sixteen_bit_grey_keeps_its_brightness():
    found = prepare(encoded(Image.new("I;16", (500, 500), 0x8000), "PNG"))
    assert all(abs(pixel(one)[0] - 128) < 4 for one in all_of(found))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_every_mode_of_png_is_taken(mode):
    assert prepare(encoded(Image.new(mode, (500, 300)), "PNG")).main.media_type == "image/png"


def test_a_profile_of_nonsense_counts_for_nothing():
    assert pixel(prepare(encoded(Image.new("RGB", (500, 300), "red"), icc_profile=b"unsinn" * 50)).main)[0] > 240


def _animated(form):
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:])


WHOLE = encoded(Image.effect_noise((600, 400), 50).convert("RGB"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no_picture"),
        (b"\x89PNG\r\n\x1a\nkaputt", "no_picture"),
        (b"%PDF-1.7", "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_picture"),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), "no_picture"),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), "no_picture"),
        (WHOLE[: len(WHOLE) // 2], "damaged"),
        (WHOLE[:20], "no_picture"),
        (_animated("PNG"), "animated"),
        (_animated("WEBP"), "animated"),
        (_png_saying(8000, 8000), "too_many_pixels"),
        (_png_saying(10_000, 9_500), "too_many_pixels"),
        (_png_saying(60_000, 60_000), "too_many_pixels"),
        (_png_saying(600, 400), "damaged"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_reason(body, code):
    with pytest.raises(UploadRefused) as refusal:
        prepare(body)
    assert refusal.value.code == code
    assert "Bitte" in str(refusal.value)
