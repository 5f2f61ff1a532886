"""What python-docx has no words for: footnotes, own properties, numbered lists that begin anew, the same bytes again."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final
from xml.sax.saxutils import escape

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_FOOTNOTES_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_CUSTOM_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_CUSTOM_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_FORMAT_ID: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_BULLETS: Final = ("•", "–", "▪")
_FORMATS: Final = ("decimal", "lowerLetter", "lowerRoman")


class Footnotes:
    """Collects footnotes and writes their part; numbers count from 1."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._texts: list[str] = []

    def add(self, text: str) -> int:
        """Keep a footnote; the number that its reference carries."""
        self._texts.append(text)
        return len(self._texts)

    def save(self) -> None:
        """Add the part, if there are footnotes."""
        if not self._texts:
            return
        rows = [_separator(-1, "separator"), _separator(0, "continuationSeparator")]
        rows += [_footnote(number, text) for number, text in enumerate(self._texts, start=1)]
        xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:footnotes xmlns:w="{_W}">{"".join(rows)}</w:footnotes>'
        main = self._document.part
        part = Part(PackURI("/word/footnotes.xml"), _FOOTNOTES_TYPE, xml.encode(), main.package)
        main.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def _separator(number: int, kind: str) -> str:
    return f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'


def _footnote(number: int, text: str) -> str:
    return (
        f'<w:footnote w:id="{number}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr>'
        f'<w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
    )


def set_properties(document: Document, properties: dict[str, str]) -> None:
    """Write own properties of the file (name → text); Word and LibreOffice keep them."""
    rows = "".join(
        f'<property fmtid="{_FORMAT_ID}" pid="{number}" name="{escape(name)}"><vt:lpwstr>{escape(value)}</vt:lpwstr></property>'
        for number, (name, value) in enumerate(properties.items(), start=2)
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        f'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{rows}</Properties>'
    )
    package = document.part.package
    part = Part(PackURI("/docProps/custom.xml"), _CUSTOM_TYPE, xml.encode(), package)
    package.relate_to(part, _CUSTOM_RELATION)


class Numbering:
    """Lists of their own: each ordered list counts from its own start."""

    def __init__(self, document: Document) -> None:
        self._root: Any = document.part.numbering_part.element
        taken = [int(one.get(qn("w:abstractNumId"))) for one in self._root.findall(qn("w:abstractNum"))]
        self._bullet = max(taken, default=0) + 1
        self._ordered = self._bullet + 1
        first_num = self._root.find(qn("w:num"))
        for number, is_ordered in ((self._bullet, False), (self._ordered, True)):
            made = _abstract(number, is_ordered=is_ordered)
            if first_num is None:
                self._root.append(made)
            else:
                first_num.addprevious(made)  # Word wants every definition before the first use
        self._bullets = self._new(self._bullet)

    def bullets(self) -> int:
        """The number of the one list of bullets."""
        return self._bullets

    def ordered(self, start: int, depth: int) -> int:
        """The number of a new ordered list, counting from `start` at nesting `depth` (0 outermost)."""
        number = self._new(self._ordered)
        override = OxmlElement("w:lvlOverride", {qn("w:ilvl"): str(depth)})
        override.append(OxmlElement("w:startOverride", {qn("w:val"): str(start)}))
        self._root.findall(qn("w:num"))[-1].append(override)
        return number

    def _new(self, abstract: int) -> int:
        number = max((int(one.get(qn("w:numId"))) for one in self._root.findall(qn("w:num"))), default=0) + 1
        made = OxmlElement("w:num", {qn("w:numId"): str(number)})
        made.append(OxmlElement("w:abstractNumId", {qn("w:val"): str(abstract)}))
        self._root.append(made)
        return number


def _abstract(number: int, *, is_ordered: bool) -> Any:
    made = OxmlElement("w:abstractNum", {qn("w:abstractNumId"): str(number)})
    made.append(OxmlElement("w:multiLevelType", {qn("w:val"): "multilevel"}))
    for depth in range(9):
        level = OxmlElement("w:lvl", {qn("w:ilvl"): str(depth)})
        level.append(OxmlElement("w:start", {qn("w:val"): "1"}))
        level.append(OxmlElement("w:numFmt", {qn("w:val"): _FORMATS[depth % 3] if is_ordered else "bullet"}))
        level.append(OxmlElement("w:lvlText", {qn("w:val"): f"%{depth + 1}." if is_ordered else _BULLETS[depth % 3]}))
        level.append(OxmlElement("w:lvlJc", {qn("w:val"): "left"}))
        properties = OxmlElement("w:pPr")
        properties.append(OxmlElement("w:ind", {qn("w:left"): str(425 * (depth + 1)), qn("w:hanging"): "425"}))
        level.append(properties)
        made.append(level)
    return made


def saved(document: Document) -> bytes:
    """The file; the same document gives the same bytes."""
    raw = io.BytesIO()
    document.save(raw)
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))
    return packed.getvalue()
