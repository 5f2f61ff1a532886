"""HTML of editions → blocks for typst: a small tree of paragraphs, headings, lists, tables, quotes, footnotes. Pure.

Only our own sanitised HTML comes in. Headings never skip a level, whatever was typed: PDF/UA refuses such a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

_OWN_FILE: Final = re.compile(r"/datei/([0-9a-f]{64})/")
SKIPPED_CLASSES: Final = frozenset({"anchor", "visually-hidden", "note-back"})


@dataclass(frozen=True, slots=True)
class Around:
    """What links need to know: where the portal is, the notes of the text by id, the anchors that the file has."""

    base_url: str
    notes: Mapping[str, Node] = field(default_factory=dict)
    anchors: frozenset[str] = frozenset()


def html_blocks(html: str, base_url: str, anchors: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The blocks of sanitised HTML."""
    reader = Tree()
    reader.feed(html)
    reader.close()
    notes = {
        item.attributes["id"]: item
        for part in _find(reader.root, "ol")
        if _is(part, "notes")
        for item in _find(part, "li")
    }
    return blocks(reader.root, Around(base_url, notes, anchors))


def levelled(found: list[dict[str, Any]], before: int = 1) -> int:
    """Lift headings that skip a level; the level of the last one."""
    for block in found:
        if block["t"] == "h":
            block["level"] = before = min(block["level"], before + 1)
        elif block["t"] == "quote":
            before = levelled(block["c"], before)
        elif block["t"] in {"list", "enum"}:
            for item in block["items"]:
                before = levelled(item, before)
    return before


def _is(node: Node, name: str) -> bool:
    return node.attributes.get("class") == name


def text_block(text: str) -> dict[str, Any]:
    return {"t": "p", "c": [{"t": "text", "s": text}]}


def heading_block(text: str, level: int = 2) -> dict[str, Any]:
    return {"t": "h", "level": level, "c": [{"t": "text", "s": text}]}


def table_block(head: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    def cell(text: str) -> list[dict[str, Any]]:
        return [{"t": "text", "s": text}]

    return {
        "t": "table",
        "columns": len(head),
        "head": [cell(text) for text in head],
        "rows": [[{"c": cell(text)} for text in row] for row in rows],
    }


@dataclass(slots=True)
class Node:
    tag: str
    attributes: dict[str, str]
    children: list[Node | str]


class Tree(HTMLParser):
    """Our own sanitised HTML as a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {}, [])
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, [])
        self._open[-1].children.append(node)
        if tag not in {"br", "hr", "img"}:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


_BLOCK_TAGS: Final = frozenset(
    [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "table",
        "div",
        "section",
        "figure",
        "dl",
        "dt",
        "dd",
        "li",
        "hr",
    ]
)


def blocks(node: Node, around: Around) -> list[dict[str, Any]]:
    """The block content of a node; stray inline content becomes a paragraph."""
    found: list[dict[str, Any]] = []
    loose: list[Node | str] = []
    for child in [*node.children, None]:
        if child is not None and (isinstance(child, str) or child.tag not in _BLOCK_TAGS):
            loose.append(child)
            continue
        words = _inline(loose, around)
        if any(word["t"] != "text" or word["s"].strip() for word in words):
            found.append({"t": "p", "c": words})
        loose = []
        if child is not None:
            found += _block(child, around)
    return found


def _block(node: Node, around: Around) -> list[dict[str, Any]]:
    if node.tag == "p":
        return [{"t": "p", "c": _inline(node.children, around)}]
    if node.tag[0] == "h" and node.tag[1:].isdigit():
        return [{"t": "h", "level": int(node.tag[1:]), "c": _inline(node.children, around)}]
    if node.tag == "pre":
        return [{"t": "pre", "s": words(node)}]
    if node.tag == "blockquote":
        return [{"t": "quote", "c": blocks(node, around)}]
    if node.tag in {"ul", "ol"}:
        return [] if _is(node, "notes") else [_list(node, around)]
    if node.tag == "figure":
        return [_figure(node)]
    if node.tag == "table":
        return [_html_table(node, around)]
    if node.tag == "hr":
        return []
    return blocks(node, around)


def _figure(node: Node) -> dict[str, Any]:
    """A picture with what it shows, caption and credit; `file` is its hash, empty where it is not ours."""
    image = next(iter(_find(node, "img")), Node("img", {}, []))
    own = _OWN_FILE.match(image.attributes.get("src", ""))
    return {
        "t": "figure",
        "file": own[1] if own else "",
        "alt": image.attributes.get("alt", ""),
        "caption": [words(part) for part in _find(node, "span")],
    }


def with_pictures(found: list[dict[str, Any]], names: Mapping[str, str]) -> None:
    """Give figures the file that shows them (hash → name); one without is told in words: the picture itself is at the portal."""
    for place, block in enumerate(found):
        if block["t"] == "figure" and block["file"] in names:
            block["file"] = names[block["file"]]
        elif block["t"] == "figure":
            told = [f"Abbildung: {block['alt']}" if block["alt"] else "Abbildung", *block["caption"]]
            found[place] = {"t": "quote", "c": [text_block(" · ".join(part for part in told if part))]}
        elif block["t"] == "quote":
            with_pictures(block["c"], names)
        elif block["t"] in {"list", "enum"}:
            for item in block["items"]:
                with_pictures(item, names)


def _list(node: Node, around: Around) -> dict[str, Any]:
    items = [child for child in node.children if isinstance(child, Node) and child.tag == "li"]
    if node.tag == "ul":
        return {"t": "list", "items": [blocks(item, around) for item in items]}
    start = int(node.attributes.get("start", "1") or 1)
    marks, bodies = [], []
    for index, item in enumerate(items):
        number = next(
            (
                child
                for child in item.children
                if isinstance(child, Node) and child.attributes.get("class") == "clause-number"
            ),
            None,
        )
        marks.append(words(number) if number else f"{start + index}.")
        rest = Node("li", item.attributes, [child for child in item.children if child is not number])
        bodies.append(blocks(rest, around))
    return {"t": "enum", "marks": marks, "items": bodies}


def _html_table(node: Node, around: Around) -> dict[str, Any]:
    rows = [
        [cell for cell in row.children if isinstance(cell, Node) and cell.tag in {"td", "th"}]
        for row in _find(node, "tr")
    ]
    width = max((len(row) for row in rows), default=1)
    cells = [[_inline(cell.children, around) for cell in row] + [[]] * (width - len(row)) for row in rows]
    head = cells[0] if cells else [[]] * width
    made = {"t": "table", "columns": width, "head": head, "rows": [[{"c": cell} for cell in row] for row in cells[1:]]}
    sides = [cell.attributes.get("class", "").removeprefix("cell-") for cell in rows[0]] if rows else []
    return {**made, "sides": [*sides, *[""] * (width - len(sides))]} if any(sides) else made


def _find(node: Node, tag: str) -> list[Node]:
    found: list[Node] = []
    for child in node.children:
        if isinstance(child, Node):
            found += [child] if child.tag == tag else _find(child, tag)
    return found


def _inline(children: Sequence[Node | str], around: Around) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for child in children:
        if isinstance(child, str):
            found.append({"t": "text", "s": " ".join(child.split("\n"))})
        elif child.attributes.get("class") in SKIPPED_CLASSES or child.tag == "img":
            continue
        else:
            found += _inline_node(child, around)
    return found


def _inline_node(node: Node, around: Around) -> list[dict[str, Any]]:
    inner = _inline(node.children, around)
    if node.tag == "br":
        return [{"t": "break"}]
    if node.tag in {"strong", "b"}:
        return [{"t": "strong", "c": inner}]
    if node.tag in {"em", "i"}:
        return [{"t": "emph", "c": inner}]
    if node.tag == "code":
        return [{"t": "code", "s": words(node)}]
    if node.tag == "a" and _is(node, "note"):
        note = around.notes.get(node.attributes.get("href", "").removeprefix("#"))
        return [{"t": "note", "c": _inline(note.children, Around(around.base_url))}] if note else inner
    if node.tag == "a" and node.attributes.get("href", "").removeprefix("#") in around.anchors and inner:
        return [{"t": "ref", "to": node.attributes["href"].removeprefix("#"), "c": inner}]
    target = node.attributes.get("href") or node.attributes.get("data-ref")
    if node.tag == "a" and target and not target.startswith("#") and inner:
        return [{"t": "link", "url": around.base_url + target if target.startswith("/") else target, "c": inner}]
    return inner


def words(node: Node) -> str:
    return "".join(child if isinstance(child, str) else words(child) for child in node.children)
