"""A report → `.docx` that looks right in Word and LibreOffice, and whose sections can be found again.

Headings are Word's own, so navigation and tables of contents work; each carries a bookmark (see `shapes.bookmark`).
Raw HTML in Markdown is not taken: its tags vanish, its words stay.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import docx
import markdown as markdown_library
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from lxml import html as lxml_html

from content.word.parts import Footnotes, Numbering, saved, set_properties
from content.word.remarks import Remarks
from content.word.shapes import Report, Section, bookmark

_SIDES: Final = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
EXTENSIONS: Final = ("tables", "fenced_code", "def_list", "sane_lists", "footnotes")
REPORT_PROPERTY: Final = "Beschlussportal-Bericht"
_FONT: Final = "Calibri"
_INK: Final = RGBColor(0x17, 0x1A, 0x2B)
_TEXT_WIDTH: Final = Cm(16)
_WRITTEN: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""A fixed moment in the file's properties: the same report gives the same bytes."""

Images = Callable[[str], bytes | None]
"""Address of a picture in the Markdown → its bytes, or None."""


def write(report: Report, *, images: Images = lambda _: None, report_uid: str = "") -> bytes:
    """The Word file of `report`; the same report gives the same bytes."""
    return _Writer(report, images).file(report_uid)


class _Writer:
    def __init__(self, report: Report, images: Images) -> None:
        self._report = report
        self._images = images
        self._document: Document = docx.Document()
        self._notes = Footnotes(self._document)
        self._note_texts: Mapping[str, str] = {}
        self._remarks = Remarks(self._document)
        self._numbering = Numbering(self._document)
        self._bookmarks = 0
        _set_styles(self._document)
        _set_page(self._document, report.title)

    def file(self, report_uid: str) -> bytes:
        properties = self._document.core_properties
        properties.title, properties.author, properties.language = self._report.title, "", "de-DE"
        properties.created = properties.modified = _WRITTEN
        properties.last_modified_by, properties.comments, properties.revision = "", "", 1
        self._document.add_paragraph(self._report.title, style="Title")
        if self._report.subtitle:
            self._document.add_paragraph(self._report.subtitle, style="Subtitle")
        for section in self._report.sections:
            self._section(section)
        self._notes.save()
        self._remarks.save()
        if report_uid:
            set_properties(self._document, {REPORT_PROPERTY: report_uid})
        return saved(self._document)

    def _section(self, section: Section) -> None:
        heading = self._document.add_heading(section.heading, level=section.level)
        self._mark(heading, bookmark(section))
        start = len(self._document.paragraphs)
        self._markdown(section.text, section.level)
        paragraphs = [heading, *self._document.paragraphs[start:]]
        for comment in section.comments:
            self._remarks.add(paragraphs, comment)

    def _mark(self, paragraph: Paragraph, name: str) -> None:
        number = str(self._bookmarks)
        self._bookmarks += 1
        begin = OxmlElement("w:bookmarkStart", {qn("w:id"): number, qn("w:name"): name})
        end = OxmlElement("w:bookmarkEnd", {qn("w:id"): number})
        first = paragraph._p.r_lst[0] if paragraph._p.r_lst else None
        if first is None:
            paragraph._p.append(begin)
        else:
            first.addprevious(begin)
        paragraph._p.append(end)

    # --- Markdown ---

    def _markdown(self, text: str, level: int) -> None:
        raw = markdown_library.Markdown(extensions=list(EXTENSIONS), output_format="html", tab_length=4).convert(text)
        if not raw.strip():
            return
        root = lxml_html.fragment_fromstring(raw, create_parent="div")
        self._note_texts = _take_notes(root)
        self._blocks(root, level=level, style=None)

    def _blocks(self, element: Any, *, level: int, style: str | None, numbering: tuple[int, int] | None = None) -> None:
        """Write the blocks of `element`. `numbering`: (list, depth) for the first paragraph of a list item."""
        loose = _Loose(element.text)
        pending = numbering

        def flush() -> None:
            nonlocal loose, pending
            if loose.has_words:
                paragraph = self._paragraph(style, pending, is_continued=numbering is not None and pending is None)
                self._inlines(paragraph, loose.pieces)
                pending = None
            loose = _Loose(None)

        for child in element:
            if child.tag in _BLOCK_TAGS:
                flush()
                if child.tag == "p" and numbering is not None:
                    paragraph = self._paragraph(style, pending, is_continued=pending is None)
                    self._inlines(paragraph, _pieces(child))
                    pending = None
                else:
                    depth = numbering[1] + 1 if numbering is not None else 0
                    self._block(child, level=level, style=style, depth=depth)
                loose = _Loose(child.tail)
            else:
                loose.add(child)
        flush()

    def _paragraph(self, style: str | None, numbering: tuple[int, int] | None, *, is_continued: bool) -> Paragraph:
        paragraph = self._document.add_paragraph(
            style=style or ("List Paragraph" if numbering or is_continued else None)
        )
        if numbering is not None:
            number, depth = numbering
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = depth
            properties.get_or_add_numId().val = number
        return paragraph

    def _block(self, element: Any, *, level: int, style: str | None, depth: int) -> None:
        tag = element.tag
        if tag in {"ul", "ol"}:
            number = (
                self._numbering.bullets()
                if tag == "ul"
                else self._numbering.ordered(int(element.get("start") or 1), depth)
            )
            for item in element.findall("li"):
                self._blocks(item, level=level, style=style, numbering=(number, min(depth, 8)))
        elif tag == "table":
            self._table(element)
        elif tag == "pre":
            for line in element.text_content().strip("\n").split("\n"):
                self._document.add_paragraph(line, style="Code Block")
        elif tag == "hr":
            self._document.add_paragraph("* * *", style="Centered Line")
        elif tag in _STYLE_OF:
            self._blocks(element, level=level, style=_STYLE_OF[tag] or style)
        elif re.fullmatch("h[1-6]", tag):
            paragraph = self._document.add_heading(level=min(9, level + int(tag[1])))
            self._inlines(paragraph, _pieces(element))
        else:
            self._inlines(self._paragraph(style, None, is_continued=False), _pieces(element))

    def _table(self, element: Any) -> None:
        rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in element.iter("tr")]
        width = max((len(row) for row in rows), default=0)
        if not width:
            return
        table = self._document.add_table(rows=len(rows), cols=width, style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.LEFT
        for row, given in zip(table.rows, rows, strict=True):
            for cell, source in zip(row.cells, given, strict=False):
                paragraph = cell.paragraphs[0]
                paragraph.alignment = _SIDES.get(source.get("style", "").removeprefix("text-align: ").removesuffix(";"))
                self._inlines(paragraph, _pieces(source), is_bold=source.tag == "th")
        if rows[0] and rows[0][0].tag == "th":
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self._document.add_paragraph(style="After Table")

    # --- words ---

    def _inlines(self, paragraph: Paragraph, pieces: list[Any], *, is_bold: bool = False) -> None:
        for piece in pieces:
            self._inline(paragraph, paragraph._p, piece, frozenset({"strong"} if is_bold else ()))

    def _inline(self, paragraph: Paragraph, place: Any, piece: Any, marks: frozenset[str]) -> None:
        if isinstance(piece, str):
            _add_run(paragraph, place, piece, marks)
            return
        tag = piece.tag
        if tag == "br":
            _add_run(paragraph, place, "", marks).add_break()
        elif tag == "img":
            self._image(paragraph, place, piece)
        elif tag == "sup" and (note := _note_of(piece)) is not None:
            self._footnote(paragraph, place, note)
        elif tag == "a" and (piece.get("href") or "") and not (piece.get("href") or "").startswith("#"):
            link = self._hyperlink(paragraph, place, piece.get("href"))
            for inner in _pieces(piece):
                self._inline(paragraph, link, inner, marks | {"a"})
        else:
            for inner in _pieces(piece):
                self._inline(paragraph, place, inner, marks | {tag})

    def _hyperlink(self, paragraph: Paragraph, place: Any, target: str) -> Any:
        whole = self._report.base_url.rstrip("/") + target if target.startswith("/") else target
        if urlsplit(whole).scheme not in {"http", "https", "mailto", "tel"}:
            return place
        relation = paragraph.part.relate_to(whole, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = OxmlElement("w:hyperlink", {qn("r:id"): relation})
        place.append(link)
        return link

    def _image(self, paragraph: Paragraph, place: Any, piece: Any) -> None:
        body = self._images(piece.get("src") or "")
        alt = piece.get("alt") or ""
        if body is None:
            _add_run(paragraph, place, f"[Bild: {alt}]", frozenset())
            return
        run = _add_run(paragraph, place, "", frozenset())
        try:
            shape = run.add_picture(io.BytesIO(body))
        except UnrecognizedImageError:
            run.text = f"[Bild: {alt}]"
            return
        if shape.width > _TEXT_WIDTH:
            shape.width, shape.height = _TEXT_WIDTH, Emu(int(shape.height * _TEXT_WIDTH / shape.width))
        described = shape._inline.docPr
        described.set("descr", alt)
        if piece.get("title"):
            described.set("title", piece.get("title"))

    def _footnote(self, paragraph: Paragraph, place: Any, note: str) -> None:
        number = self._notes.add(self._note_texts.get(note, ""))
        run = _add_run(paragraph, place, "", frozenset())
        run.style = "Footnote Reference"
        run._r.append(OxmlElement("w:footnoteReference", {qn("w:id"): str(number)}))


_BLOCK_TAGS: Final = frozenset(
    ["p", "ul", "ol", "table", "blockquote", "pre", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "div"]
)

_STYLE_OF: Final[Mapping[str, str | None]] = {
    "blockquote": "Quote",
    "dl": None,
    "dt": "Definition Term",
    "dd": "Definition",
    "div": None,
}
"""Elements that only hold others, and the style of what they hold (None: as around them)."""


class _Loose:
    """Words and inline elements that stand between blocks."""

    def __init__(self, text: str | None) -> None:
        self.pieces: list[Any] = [_folded(text)] if text else []

    def add(self, element: Any) -> None:
        self.pieces.append(element)
        if element.tail:
            self.pieces.append(_folded(element.tail))

    @property
    def has_words(self) -> bool:
        return any(not isinstance(piece, str) or piece.strip() for piece in self.pieces)


def _pieces(element: Any) -> list[Any]:
    """The words and elements inside `element`, in order."""
    loose = _Loose(element.text)
    for child in element:
        loose.add(child)
    return loose.pieces


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _take_notes(root: Any) -> dict[str, str]:
    """Remove the block of footnotes that Markdown puts at the end; id → text."""
    notes: dict[str, str] = {}
    for block in root.xpath('.//div[@class="footnote"]'):
        for item in block.iter("li"):
            for back in item.xpath('.//a[@class="footnote-backref"]'):
                back.drop_tree()
            notes[item.get("id") or ""] = _folded(item.text_content()).replace("\u00a0", " ").strip()
        block.drop_tree()
    return notes


def _note_of(element: Any) -> str | None:
    link = element.find("a")
    return link.get("href")[1:] if link is not None and link.get("class") == "footnote-ref" else None


def _add_run(paragraph: Paragraph, place: Any, text: str, marks: frozenset[str]) -> Run:
    run = paragraph.add_run(text)
    if place is not paragraph._p:
        place.append(run._r)
    if marks & {"strong", "b"}:
        run.bold = True
    if marks & {"em", "i"}:
        run.italic = True
    if marks & {"del", "s"}:
        run.font.strike = True
    if "sub" in marks:
        run.font.subscript = True
    if "sup" in marks:
        run.font.superscript = True
    if "code" in marks:
        run.style = "Code"
    elif "a" in marks:
        run.style = "Hyperlink"
    return run


def _set_styles(document: Document) -> None:
    styles = document.styles
    normal = styles["Normal"]
    assert isinstance(normal, ParagraphStyle)  # noqa: S101 - the template that python-docx ships
    normal.font.name, normal.font.size = _FONT, Pt(11)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(7), 1.15
    language = normal.element.get_or_add_rPr()
    language.append(OxmlElement("w:lang", {qn("w:val"): "de-DE"}))
    sizes = {"Title": 26, "Subtitle": 14, "Heading 1": 18, "Heading 2": 15, "Heading 3": 13}
    for name in ("Title", "Subtitle", *(f"Heading {level}" for level in range(1, 10))):
        style = styles[name]
        style.font.name, style.font.color.rgb = _FONT, _INK
        style.font.size = Pt(sizes.get(name, 11))
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over ours
        fonts.set(qn("w:hAnsi"), _FONT)
    for name, base in (
        ("Code Block", "Normal"),
        ("Definition Term", "Normal"),
        ("Definition", "Normal"),
        ("Centered Line", "Normal"),
        ("After Table", "Normal"),
        ("Footnote Text", "Normal"),
    ):
        made = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = styles[base]
    styles["Code Block"].font.name = "Consolas"
    styles["Definition Term"].font.bold = True
    styles["Definition"].paragraph_format.left_indent = Cm(0.75)
    styles["Footnote Text"].font.size = Pt(9)
    styles["After Table"].font.size = Pt(4)
    for name in ("Code", "Hyperlink", "Footnote Reference"):
        style = styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        assert isinstance(style, CharacterStyle)  # noqa: S101 - just made
    styles["Code"].font.name = "Consolas"
    styles["Hyperlink"].font.underline, styles["Hyperlink"].font.color.rgb = True, RGBColor(0x1F, 0x45, 0xAC)
    styles["Footnote Reference"].font.superscript = True


def _set_page(document: Document, title: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
    section.header.paragraphs[0].text = title
    footer = section.footer.paragraphs[0]
    footer.add_run("Seite ")
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = footer.add_run()
        if kind is not None:
            run._r.append(OxmlElement("w:fldChar", {qn("w:fldCharType"): kind}))
        else:
            instruction = OxmlElement("w:instrText")
            instruction.text = text or ""
            run._r.append(instruction)
