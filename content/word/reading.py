"""Any `.docx` → sections of Markdown, twice (tracked changes accepted, and rejected), comments, and what was left out.

mammoth reads the text; what it does not know, tracked changes and the places of comments, is read from the XML itself.
Files are hostile until shown otherwise: sizes are bounded, and a document type or an entity in the XML is refused.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import mammoth
from lxml import etree
from lxml import html as lxml_html

from content.database.storage import MAX_ZIP_RATIO
from content.word import remarks, tracked
from content.word.marked import Writer
from content.word.shapes import Comment, NotWord, ReadReport, ReadSection, parse_bookmark

MAX_FILE_BYTES: Final = 60_000_000
MAX_UNPACKED_BYTES: Final = 300_000_000
MAX_ENTRIES: Final = 5_000
MAX_PARAGRAPHS: Final = 15_000
"""A report of 300 pages has about 6,000."""
MAX_ELEMENTS: Final = 600_000
MAX_NESTING: Final = 100
_MAIN: Final = "word/document.xml"
_STYLES: Final = """
p[style-name='Title'] => p.title:fresh
p[style-name='Subtitle'] => p.subtitle:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Quotations'] => blockquote > p:fresh
p[style-name='Code Block'] => pre:separator('\\n')
p[style-name='Preformatted Text'] => pre:separator('\\n')
p[style-name='Centered Line'] => p.line:fresh
p[style-name='After Table'] => !
p[style-name='Definition Term'] => dl > dt:fresh
p[style-name='Definition'] => dl > dd:fresh
r[style-name='Code'] => code
r[style-name='Source Text'] => code
strike => del
comment-reference => !
"""
_NOT_TAKEN: Final[Mapping[str, str]] = {
    f"{{{tracked.W}}}txbxContent": "Textfelder wurden nicht als eigene Kästen übernommen; bitte ihren Text prüfen",
    "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath": "Formeln wurden nicht übernommen",
    f"{{{tracked.W}}}object": "Eingebettete Objekte wurden nicht übernommen",
    "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart": "Diagramme wurden nicht übernommen; bitte als Bild einfügen",
    "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds": "SmartArt-Grafiken wurden nicht übernommen; bitte als Bild einfügen",
}
_PICTURES: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_NEW_SECTION_LEVEL: Final = 3
"""In a file that never came from us, headings down to this level begin sections; deeper ones stay in their text."""


def read(body: bytes, *, base_url: str = "") -> ReadReport:
    """The report in a Word file. `base_url`: addresses below it become addresses of the portal. Raises `NotWord`.

    Time and memory grow with the file: for what comes from outside, run it within limits (`content.helpers`).
    """
    try:
        return _read(_open(body), base_url)
    except etree.LxmlError as error:
        raise NotWord(_DAMAGED) from error


def marks(body: bytes) -> list[tuple[str, int]]:
    """(uid, revision) of each section of ours that the file names, in their order; much quicker than `read`. Raises `NotWord`."""
    root = _xml(_open(body), _MAIN)
    names = (parse_bookmark(mark.get(tracked.tag("name")) or "") for mark in root.iter(tracked.tag("bookmarkStart")))
    return list(dict.fromkeys(name for name in names if name is not None))


def _read(package: Mapping[str, bytes], base_url: str) -> ReadReport:
    root = _xml(package, _MAIN)
    _refuse_endless(root)
    pictures = _Pictures()
    after = _read_variant(package, root, pictures, base_url=base_url, accept=True)
    before = (
        _read_variant(package, root, pictures, base_url=base_url, accept=False) if tracked.is_tracked(root) else after
    )
    earlier = {part.key: part.text for part in before.parts if part.key}
    comments, elsewhere = _comments(package, root)
    sections = tuple(
        ReadSection(
            uid=part.uid,
            rev=part.rev,
            level=part.level,
            heading=part.heading,
            text=part.text,
            before=earlier.get(part.key, "") if part.key else "",
            comments=tuple(comments.get(place, ())),
        )
        for place, part in enumerate(after.parts)
    )
    return ReadReport(
        after.title,
        after.lead,
        sections,
        pictures.found,
        tracked.changes(root),
        tuple(_left_out(root, pictures, comments, elsewhere)),
    )


# --- the package ------------------------------------------------------------------------------------------------------


def _open(body: bytes) -> dict[str, bytes]:
    if len(body) > MAX_FILE_BYTES:
        raise NotWord(
            f"Die Datei ist {len(body) // 1_000_000} MB groß; höchstens {MAX_FILE_BYTES // 1_000_000} MB sind möglich."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if (
                len(entries) > MAX_ENTRIES
                or unpacked > MAX_UNPACKED_BYTES
                or unpacked > MAX_ZIP_RATIO * len(body) + 1_000_000
            ):
                raise NotWord("Die Datei ist entpackt zu groß. Bitte Bilder verkleinern oder den Bericht teilen.")
            package = {entry.filename: archive.read(entry) for entry in entries}
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise NotWord(_NO_WORD) from error
    if _MAIN not in package or "[Content_Types].xml" not in package:
        raise NotWord(_NO_WORD)
    # UTF-16 has a zero byte beside each letter of a mark: without them it reads like the other encodings.
    marks = [part.replace(b"\0", b"") for name, part in package.items() if name.lower().endswith((".xml", ".rels"))]
    if any(b"<!DOCTYPE" in part for part in marks):
        raise NotWord(_DOCTYPE)
    if sum(part.count(b"<") for part in marks) > 2 * MAX_ELEMENTS:
        raise NotWord(_ENDLESS)
    return package


def _refuse_endless(root: Any) -> None:
    """Refuse what no report is: reading it takes more than any page may cost."""
    if sum(1 for _ in root.iter(tracked.tag("p"))) > MAX_PARAGRAPHS:
        raise NotWord(
            f"Der Bericht hat mehr als {MAX_PARAGRAPHS} Absätze. Bitte leere Absätze entfernen oder den Bericht teilen."
        )
    if root.xpath(f"boolean(//*[count(ancestor::*) > {MAX_NESTING}])"):
        raise NotWord("Tabellen oder Textfelder sind zu tief ineinander geschachtelt. Bitte flacher gliedern.")


_NO_WORD: Final = (
    "Das ist keine lesbare Word-Datei. Bitte als .docx speichern (nicht .doc, .odt oder .pdf) und noch einmal wählen."
)
_DAMAGED: Final = "Die Word-Datei ist beschädigt. Bitte in Word öffnen, neu speichern und noch einmal wählen."
_DOCTYPE: Final = (
    "Die Datei enthält eine Dokumenttyp-Angabe, die in Word-Dateien nicht vorkommt. Sie wird nicht gelesen."
)
_ENDLESS: Final = "Die Datei besteht aus zu vielen Teilen. Bitte den Bericht teilen."


def _xml(package: Mapping[str, bytes], name: str) -> Any:
    try:
        root = tracked.parse(package[name])
    except etree.XMLSyntaxError as error:
        raise NotWord(_DAMAGED) from error
    if root.getroottree().docinfo.doctype:
        raise NotWord(_DOCTYPE)
    return root


def _packed(package: Mapping[str, bytes], main: bytes) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, part in package.items():
            archive.writestr(name, main if name == _MAIN else part)
    target.seek(0)
    return target


# --- the text ---------------------------------------------------------------------------------------------------------


class _Pictures:
    """Pictures by what they show, so that both readings name them alike."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}
        self.refused = 0

    def convert(self, image: Any) -> dict[str, str]:
        with image.open() as source:
            body = source.read()
        ending = _PICTURES.get(image.content_type)
        if ending is None:
            self.refused += 1
            return {"src": ""}
        name = f"bild-{hashlib.sha256(body).hexdigest()[:16]}.{ending}"
        self.found[name] = body
        return {"src": name}


@dataclass(slots=True)
class _Part:
    uid: str | None
    rev: int | None
    level: int
    heading: str
    key: str | None
    blocks: list[Any] = field(default_factory=list)
    text: str = ""


@dataclass(slots=True)
class _Variant:
    title: str
    lead: str
    parts: list[_Part]


def _read_variant(
    package: Mapping[str, bytes], root: Any, pictures: _Pictures, *, base_url: str, accept: bool
) -> _Variant:
    main = etree.tostring(tracked.settled(root, accept=accept), xml_declaration=True, encoding="UTF-8", standalone=True)
    try:
        converted = mammoth.convert_to_html(
            _packed(package, main),
            style_map=_STYLES,
            include_default_style_map=True,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(pictures.convert),
        )
    except Exception as error:  # mammoth raises whatever its parsers do
        raise NotWord(_DAMAGED) from error
    tree = lxml_html.fragment_fromstring(converted.value or "<p></p>", create_parent="div")
    notes = _take_notes(tree)
    marks = {name: f"[^{number}]" for number, name in enumerate(notes, start=1)}
    writer = Writer(image=lambda element: element.get("src") or "", notes=marks, base_url=base_url)
    return _split(tree, writer, {name: writer.blocks(item) for name, item in notes.items()}, marks)


def _take_notes(tree: Any) -> dict[str, Any]:
    """Remove mammoth's list of footnotes from the end; id → its element, in the order of the text."""
    found: dict[str, Any] = {}
    for item in tree.xpath('./ol/li[starts-with(@id, "footnote-") or starts-with(@id, "endnote-")]'):
        for back in item.xpath('.//a[starts-with(@href, "#footnote-ref-") or starts-with(@href, "#endnote-ref-")]'):
            back.drop_tree()
        found[item.get("id")] = item
    for item in found.values():
        holder = item.getparent()
        if holder is not None and holder.getparent() is not None:
            holder.getparent().remove(holder)
    return found


def _split(tree: Any, writer: Writer, notes: Mapping[str, str], marks: Mapping[str, str]) -> _Variant:
    title, lead, parts = "", list[Any](), list[_Part]()
    is_ours = any(parse_bookmark(link.get("id") or "") for link in tree.iter("a"))
    for element in list(tree):
        level = int(element.tag[1]) if isinstance(element.tag, str) and element.tag in _HEADINGS else 0
        name = (
            next((found for link in element.iter("a") if (found := parse_bookmark(link.get("id") or ""))), None)
            if level
            else None
        )
        is_start = name is not None or (bool(level) and _begins(level, parts, is_ours=is_ours))
        if element.get("class") == "title" and not title and not parts:
            title = " ".join(element.text_content().split())
        elif element.get("class") == "subtitle" and not parts:
            continue
        elif is_start and element.text_content().strip():
            uid, rev = name or (None, None)
            key = uid or f"{level}:{' '.join(element.text_content().split())}:{len(parts)}"
            parts.append(_Part(uid, rev, min(level, 6), " ".join(element.text_content().split()), key))
        else:
            (parts[-1].blocks if parts else lead).append(element)
    for part in parts:
        part.text = _with_notes(_blocks_text(part.blocks, writer, part.level), notes, marks)
    return _Variant(title, _with_notes(_blocks_text(lead, writer, 0), notes, marks), parts)


_HEADINGS: Final = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])


def _begins(level: int, parts: list[_Part], *, is_ours: bool) -> bool:
    """Whether a heading without a bookmark of ours begins a section."""
    if is_ours:
        return not parts or level <= parts[-1].level
    return level <= _NEW_SECTION_LEVEL


def _blocks_text(blocks: list[Any], writer: Writer, level: int) -> str:
    written: list[str] = []
    for block in blocks:
        if block.tag in _HEADINGS:
            words = writer.inline(block).strip()
            text = f"{'#' * max(1, int(block.tag[1]) - level)} {words}" if words else ""
        elif block.get("class") == "line":
            text = "---"
        else:
            text = writer.block(block)
        if text.strip():
            written.append(text)
    return "\n\n".join(written)


def _with_notes(text: str, notes: Mapping[str, str], marks: Mapping[str, str]) -> str:
    """`text` with the footnotes it names below it, numbered from 1."""
    used = [name for name, mark in marks.items() if mark in text]
    for name in used:
        text = text.replace(marks[name], f"\ue000{name}\ue001")
    for number, name in enumerate(used, start=1):
        text = text.replace(f"\ue000{name}\ue001", f"[^{number}]")
    rows = [f"[^{number}]: " + notes[name].strip().replace("\n", "\n    ") for number, name in enumerate(used, start=1)]
    return "\n\n".join(part for part in (text, *rows) if part)


# --- comments, and what is left out -----------------------------------------------------------------------------------


def _comments(package: Mapping[str, bytes], root: Any) -> tuple[dict[int, list[Comment]], int]:
    if remarks.MAIN not in package:
        return {}, 0
    extended = _xml(package, remarks.EXTENDED) if remarks.EXTENDED in package else None
    return remarks.read(root, _xml(package, remarks.MAIN), extended)


def _left_out(root: Any, pictures: _Pictures, comments: Mapping[int, list[Comment]], elsewhere: int) -> Iterator[str]:
    for name, sentence in _NOT_TAKEN.items():
        amount = sum(1 for _ in root.iter(name))
        if amount:
            yield f"{sentence} ({amount})."
    if pictures.refused:
        yield f"Bilder in einem Format, das Browser nicht zeigen (etwa EMF), wurden nicht übernommen ({pictures.refused}). Bitte als PNG oder JPEG einfügen."
    if tracked.has_format_changes(root):
        yield "Nachverfolgte Änderungen nur der Formatierung wurden nicht übernommen."
    if comments.get(-1):
        yield f"Kommentare vor dem ersten Abschnitt wurden nicht übernommen ({len(comments[-1])})."
    if elsewhere:
        yield f"Kommentare außerhalb des Textes (etwa in Fußnoten) wurden nicht übernommen ({elsewhere})."
