"""Edition document → PDF, accessible (PDF/UA-1) and archivable (PDF/A-3a), byte for byte the same each time.

Typst sets the page; all text goes in as data, never as markup. Fonts lie beside this file, the machine's are ignored;
the only date is the ledger's. The compiler takes a lot of memory, so the server runs it in a process of its own:
`python -m content.export.pdf` reads a request (JSON) on standard input and writes the PDF to standard output.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import typst

from content.canonical import canonical_json
from content.export.typesetting import LedgerProof, PdfError
from content.kinds import KINDS

MAX_TEXT_CHARS: Final = 1_500_000
_HERE: Final = Path(__file__).parent
_FONTS: Final = _HERE / "fonts"
_SKIPPED_CLASSES: Final = frozenset({"anchor", "visually-hidden"})


def build(document: Mapping[str, Any], proof: LedgerProof, *, base_url: str) -> bytes:
    """The PDF of an edition. Raises `PdfError`."""
    if len(document["text"]) + len(document["html"]) > MAX_TEXT_CHARS:
        raise PdfError("Das Dokument ist zu lang für eine PDF-Datei.")
    inputs = {
        "doc": json.dumps(_request(document, proof, base_url), ensure_ascii=False, sort_keys=True),
        "source": canonical_json(document).decode(),
    }
    try:
        made = typst.compile(
            str(_HERE / "edition.typ"),
            root=str(_HERE),
            font_paths=[str(_FONTS)],
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=["ua-1", "a-3a"],
            timestamp=_epoch(proof.recorded_at),
        )
    except (RuntimeError, ValueError) as error:
        raise PdfError(f"Die PDF-Datei ließ sich nicht setzen: {error}") from error
    return bytes(made)


def _epoch(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def _request(document: Mapping[str, Any], proof: LedgerProof, base_url: str) -> dict[str, Any]:
    data = document["data"]
    recorded = proof.recorded_at[:10].split("-")
    author = (data.get("body") or {}).get("name") or data.get("publisher") or data.get("group") or "IT-Planungsrat"
    return {
        "title": document["title"],
        "author": author,
        "keywords": list(data.get("topics", ())),
        "date": [int(part) for part in recorded],
        "header": " | ".join(_header(document)),
        "notice": " ".join(part for part in (proof.embargo, _notice(document)) if part) or None,
        "blocks": [*_facts(document), *_body(document, base_url), *_extras(document)],
        "footer": proof.embargo or f"{base_url}{document['url']} · Fassung {document['edition']}",
        "url": base_url + document["url"],
        "proof": _unpublished_rows(proof) if proof.embargo else _proof_rows(document, proof),
    }


def _proof_rows(document: Mapping[str, Any], proof: LedgerProof) -> list[list[str]]:
    return [
        ["Fassung", str(document["edition"]) + (f" ({document['note']})" if document["note"] else "")],
        ["SHA-256 der Fassung", _grouped(proof.sha256)],
        ["Registereintrag", f"Nr. {proof.position}, aufgenommen {proof.recorded_at[:19].replace('T', ' ')} UTC"],
        ["Prüfsumme des Eintrags", _grouped(proof.entry_hash)],
        ["Schlüssel", proof.key_id],
    ]


def _unpublished_rows(proof: LedgerProof) -> list[list[str]]:
    return [["Stand", "nicht veröffentlicht, deshalb ohne Eintrag im Register"], ["SHA-256 des Textes", _grouped(proof.sha256)]]


def _grouped(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _header(document: Mapping[str, Any]) -> list[str]:
    data = document["data"]
    parts = [(data.get("body") or {}).get("name") or data.get("publisher") or ""]
    parts.append(_german_day(data.get("date")))
    parts.append(data["meeting"]["label"] if data.get("meeting") else "")
    if document["kind"] == "decision":
        parts.append(f"Beschluss {data['number']}")
    else:
        kind = KINDS[document["kind"]]
        parts.append(kind.subkinds.get(data.get("release_kind", ""), kind.label))
    return [part for part in parts if part]


def _german_day(text: str | None) -> str:
    return ".".join(reversed(text.split("-"))) if text else ""


def _notice(document: Mapping[str, Any]) -> str | None:
    data = document["data"]
    if data.get("text_kind") in {"condensed", "stub"}:
        note = data.get("source_note") or "Der Wortlaut ist redaktionell verdichtet und nicht amtlich."
        source = f" Quelle: {data['source_url']}" if data.get("source_url") else ""
        return f"{note}{source}"
    return None


def _text_block(text: str) -> dict[str, Any]:
    return {"t": "p", "c": [{"t": "text", "s": text}]}


def _heading(text: str, level: int = 2) -> dict[str, Any]:
    return {"t": "h", "level": level, "c": [{"t": "text", "s": text}]}


def _facts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = document["data"]
    return [_text_block(data["lead"])] if data.get("lead") else []


def _body(document: Mapping[str, Any], base_url: str) -> list[dict[str, Any]]:
    reader = _Tree()
    reader.feed(document["html"])
    reader.close()
    return _blocks(reader.root, base_url)


def _extras(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stands in the structured data only: agenda, quotes, contacts, members, offers."""
    data = document["data"]
    blocks: list[dict[str, Any]] = []
    if data.get("agenda"):
        rows = [[row["top"] or "–", row["title"], _address_label(row["decision"])] for row in data["agenda"]]
        blocks += [_heading("Tagesordnung"), _table(["TOP", "Thema", "Beschluss"], rows)]
    quotes = [row for row in data.get("quotes", ()) if row.get("text")]
    for row in quotes:
        blocks.append({"t": "quote", "c": [_text_block(row["text"]), _text_block(f"— {row['speaker']}, {row['function']}")]})
    if data.get("image"):
        image = data["image"]
        blocks.append(_text_block(f"Bild: {image['caption'] or image['alt']} (Bildnachweis: {image['credit']})"))
    if data.get("contacts"):
        blocks.append(_heading("Kontakt"))
        blocks += [_text_block(_contact(row)) for row in data["contacts"]]
    if data.get("offers"):
        rows = [[row["provider"], row["model"] or "–", row["note"] or "–"] for row in data["offers"]]
        blocks += [_heading("Angebote"), _table(["Anbieter", "Modell", "Hinweis"], rows)]
    if data.get("members"):
        blocks += [_heading("Mitglieder"), _table(["Kürzel", "Name"], [[row["code"], row["name"]] for row in data["members"]])]
    if data.get("attachments"):
        rows = [[row["title"], row["reason"] or ("öffentlich" if row["visibility"] == "public" else "nur für Mitglieder")] for row in data["attachments"]]
        blocks += [_heading("Anlagen"), _table(["Anlage", "Zugang"], rows)]
    return blocks


def _address_label(url: str | None) -> str:
    return url.removeprefix("/beschluss/") if url else "–"


def _contact(row: Mapping[str, Any]) -> str:
    names = ("organisation", "unit", "person", "role", "phone", "mobile", "email")
    return ", ".join(row[name] for name in names if row.get(name))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    def cell(text: str) -> list[dict[str, Any]]:
        return [{"t": "text", "s": text}]

    return {
        "t": "table",
        "columns": len(head),
        "head": [cell(text) for text in head],
        "rows": [[{"c": cell(text)} for text in row] for row in rows],
    }


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str]
    children: list[_Node | str]


class _Tree(HTMLParser):
    """Our own sanitised HTML as a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("root", {}, [])
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs}, [])
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


_BLOCK_TAGS: Final = frozenset(["p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table", "div", "section", "dl", "dt", "dd", "li", "hr"])


def _blocks(node: _Node, base_url: str) -> list[dict[str, Any]]:
    """The block content of a node; stray inline content becomes a paragraph."""
    found: list[dict[str, Any]] = []
    loose: list[_Node | str] = []
    for child in [*node.children, None]:
        if child is not None and (isinstance(child, str) or child.tag not in _BLOCK_TAGS):
            loose.append(child)
            continue
        words = _inline(loose, base_url)
        if any(word["t"] != "text" or word["s"].strip() for word in words):
            found.append({"t": "p", "c": words})
        loose = []
        if child is not None:
            found += _block(child, base_url)
    return found


def _block(node: _Node, base_url: str) -> list[dict[str, Any]]:
    if node.tag == "p":
        return [{"t": "p", "c": _inline(node.children, base_url)}]
    if node.tag[0] == "h" and node.tag[1:].isdigit():
        return [{"t": "h", "level": int(node.tag[1:]), "c": _inline(node.children, base_url)}]
    if node.tag == "pre":
        return [{"t": "pre", "s": _words(node)}]
    if node.tag == "blockquote":
        return [{"t": "quote", "c": _blocks(node, base_url)}]
    if node.tag in {"ul", "ol"}:
        return [_list(node, base_url)]
    if node.tag == "table":
        return [_html_table(node, base_url)]
    if node.tag == "hr":
        return []
    return _blocks(node, base_url)


def _list(node: _Node, base_url: str) -> dict[str, Any]:
    items = [child for child in node.children if isinstance(child, _Node) and child.tag == "li"]
    if node.tag == "ul":
        return {"t": "list", "items": [_blocks(item, base_url) for item in items]}
    start = int(node.attributes.get("start", "1") or 1)
    marks, bodies = [], []
    for index, item in enumerate(items):
        number = next(
            (child for child in item.children if isinstance(child, _Node) and child.attributes.get("class") == "clause-number"),
            None,
        )
        marks.append(_words(number) if number else f"{start + index}.")
        rest = _Node("li", item.attributes, [child for child in item.children if child is not number])
        bodies.append(_blocks(rest, base_url))
    return {"t": "enum", "marks": marks, "items": bodies}


def _html_table(node: _Node, base_url: str) -> dict[str, Any]:
    rows = [
        [cell for cell in row.children if isinstance(cell, _Node) and cell.tag in {"td", "th"}] for row in _find(node, "tr")
    ]
    width = max((len(row) for row in rows), default=1)
    cells = [[_inline(cell.children, base_url) for cell in row] + [[]] * (width - len(row)) for row in rows]
    head = cells[0] if cells else [[]] * width
    return {"t": "table", "columns": width, "head": head, "rows": [[{"c": cell} for cell in row] for row in cells[1:]]}


def _find(node: _Node, tag: str) -> list[_Node]:
    found: list[_Node] = []
    for child in node.children:
        if isinstance(child, _Node):
            found += [child] if child.tag == tag else _find(child, tag)
    return found


def _inline(children: Sequence[_Node | str], base_url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for child in children:
        if isinstance(child, str):
            found.append({"t": "text", "s": " ".join(child.split("\n"))})
        elif child.attributes.get("class") in _SKIPPED_CLASSES or child.tag == "img":
            continue
        else:
            found += _inline_node(child, base_url)
    return found


def _inline_node(node: _Node, base_url: str) -> list[dict[str, Any]]:
    inner = _inline(node.children, base_url)
    if node.tag == "br":
        return [{"t": "break"}]
    if node.tag in {"strong", "b"}:
        return [{"t": "strong", "c": inner}]
    if node.tag in {"em", "i"}:
        return [{"t": "emph", "c": inner}]
    if node.tag == "code":
        return [{"t": "code", "s": _words(node)}]
    target = node.attributes.get("href") or node.attributes.get("data-ref")
    if node.tag == "a" and target and not target.startswith("#") and inner:
        return [{"t": "link", "url": base_url + target if target.startswith("/") else target, "c": inner}]
    return inner


def _words(node: _Node) -> str:
    return "".join(child if isinstance(child, str) else _words(child) for child in node.children)


def main() -> int:
    """Build one PDF from a request on standard input."""
    request = json.load(sys.stdin)
    try:
        body = build(request["document"], LedgerProof(*request["proof"]), base_url=request["base_url"])
    except PdfError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
