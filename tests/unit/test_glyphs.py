"""A character without a picture never hinders a PDF: a look-alike or a box stands for it, and the last page names it."""

from __future__ import annotations

import unicodedata

import pypdfium2
import pytest

from content.export import glyphs
from tests.unit.test_export import build, document


def words(body):
    opened = pypdfium2.PdfDocument(body)
    try:
        return " ".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()


@pytest.mark.parametrize("char", ["📞", "中", "🇩🇪", "\uf0c8", "👨\u200d👩\u200d👧", "1\ufe0f\u20e3", "e\u0489"])
def test_a_character_without_a_picture_hinders_no_pdf(char):
    assert "Ende" in words(build(document(title=f"Titel {char}", text=f"Text {char} Ende.")))


def test_the_last_page_names_what_the_box_stands_for():
    found = " ".join(words(build(document(text="Text 📞 Ende."))).split())
    assert f"Text {glyphs.BOX} Ende." in found and "U+1F4DE (telephone receiver)" in found


def test_the_bullet_of_word_is_a_bullet():
    assert glyphs.shown("\uf0b7 Punkt") == "• Punkt" and glyphs.missing("\uf0b7") == ()


def test_every_character_that_is_said_to_have_a_picture_has_one():
    ranges = [part.partition("-") for part in glyphs._COVERED.read_text().split()]
    known = "".join(
        chr(code) for first, _, last in ranges for code in range(int(first, 16), int(last or first, 16) + 1)
    )
    plain = "".join(
        char
        for char in known
        if char.isprintable() and char not in "[]<>*_`\\#|" and unicodedata.bidirectional(char) in {"L", "ON"}
    )
    assert glyphs.missing(plain) == () and glyphs.BOX in plain
    assert "Ersatzzeichen" not in words(
        build(document(text="\n\n".join(plain[start : start + 200] for start in range(0, len(plain), 200))))
    )
