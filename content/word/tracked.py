"""Tracked changes of a Word file: its main part with all of them accepted, or all rejected, and a list of them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from lxml import etree

from content.word.shapes import TrackedChange

W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ADDED: Final = (f"{{{W}}}ins", f"{{{W}}}moveTo")
_REMOVED: Final = (f"{{{W}}}del", f"{{{W}}}moveFrom")
_FORMATS: Final = tuple(
    f"{{{W}}}{name}" for name in ("rPrChange", "pPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange")
)
_RANGES: Final = tuple(
    f"{{{W}}}{name}" for name in ("moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd")
)
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def parse(xml: bytes) -> Any:
    """The tree of a part. Raises etree.XMLSyntaxError."""
    return etree.fromstring(xml, _PARSER)


def tag(name: str) -> str:
    """The qualified name of an element of WordprocessingML."""
    return f"{{{W}}}{name}"


def settled(root: Any, *, accept: bool) -> Any:
    """A copy of `root` in which no change is tracked any more: each one accepted, or each one rejected."""
    tree = etree.fromstring(etree.tostring(root), _PARSER)
    kept, dropped = (_ADDED, _REMOVED) if accept else (_REMOVED, _ADDED)
    _join_paragraphs(tree, tag("del") if accept else tag("ins"))
    for element in list(tree.iter(*dropped)):
        if element.getparent() is not None and element.getparent().tag not in {tag("rPr"), tag("trPr")}:
            _remove(element)
    for row in list(tree.iter(tag("tr"))):
        properties = row.find(tag("trPr"))
        if properties is not None and properties.find(tag("del") if accept else tag("ins")) is not None:
            _remove(row)
    for element in list(tree.iter(*kept)):
        parent = element.getparent()
        if parent is not None and parent.tag not in {tag("rPr"), tag("trPr")}:
            _unwrap(element)
    # What is left stands in properties and marks the end of a paragraph or a row: it is settled, and readers would settle it again.
    for element in list(tree.iter(*_FORMATS, *_RANGES, *_ADDED, *_REMOVED)):
        _remove(element)
    for text in tree.iter(tag("delText")):
        text.tag = tag("t")
    return tree


def changes(root: Any) -> tuple[TrackedChange, ...]:
    """Every tracked addition and removal of words, in the order of the text."""
    found = []
    for element in root.iter(*_ADDED, *_REMOVED):
        text = "".join(one.text or "" for one in element.iter(tag("t"), tag("delText")))
        if text.strip():
            found.append(
                TrackedChange(
                    element.get(tag("author")) or "", moment(element.get(tag("date"))), text, element.tag in _ADDED
                )
            )
    return tuple(found)


def is_tracked(root: Any) -> bool:
    """Whether anything was added or removed with tracking on."""
    return next(root.iter(*_ADDED, *_REMOVED), None) is not None


def has_format_changes(root: Any) -> bool:
    """Whether formatting was changed with tracking on: that is not taken over."""
    return next(root.iter(*_FORMATS), None) is not None


def moment(text: str | None) -> dt.datetime | None:
    """The instant of a date in the file; without a zone it is taken for UTC. None where there is none."""
    try:
        found = dt.datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=dt.UTC)


def _join_paragraphs(tree: Any, mark: str) -> None:
    """A paragraph whose end mark goes away runs on into the next one."""
    for paragraph in list(tree.iter(tag("p"))):
        properties = paragraph.find(f"{tag('pPr')}/{tag('rPr')}/{mark}")
        following = paragraph.getnext()
        if properties is None or following is None or following.tag != tag("p"):
            continue
        place = 1 if following.find(tag("pPr")) is not None else 0
        for child in [child for child in paragraph if child.tag != tag("pPr")]:
            following.insert(place, child)
            place += 1
        _remove(paragraph)


def _remove(element: Any) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _unwrap(element: Any) -> None:
    parent = element.getparent()
    place = parent.index(element)
    for child in list(element):
        parent.insert(place, child)
        place += 1
    parent.remove(element)
