"""HTML as Word's reader gives it → the portal's Markdown. Knows the tags that `reading.py` asks for, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Element = Any
"""An element of lxml, which has no types."""

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<>]|&(?=#?\w+;)")
_ENTITIES: Final = {"<": "&lt;", "&": "&amp;", "=": "&#61;", ":": "&#58;"}
"""What Markdown cannot escape with a backslash."""
_LINE_START: Final = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+](?=\s)|>|\d{1,9}[.)](?=\s)|=+\s*$|-+\s*$|:(?=\s))")
_BLOCKS: Final = frozenset(
    ["p", "ul", "ol", "table", "blockquote", "pre", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "div"]
)
_SPACES: Final = re.compile(r"[ \t\r\n\u00a0]+")


class Writer:
    """Makes Markdown of elements. `image` names a picture's address; `note` the mark of a footnote by its id."""

    def __init__(self, *, image: Callable[[Element], str], notes: Mapping[str, str], base_url: str = "") -> None:
        self._image = image
        self._notes = notes
        self._base_url = base_url.rstrip("/")

    def blocks(self, element: Element) -> str:
        """The blocks inside `element`, separated by blank lines."""
        return "\n\n".join(block for block in self._each_block(element) if block)

    def _each_block(self, element: Element) -> Iterator[str]:
        loose: list[str] = [self._text(element.text)]
        for child in element:
            if child.tag in _BLOCKS:
                yield _paragraph("".join(loose))
                loose = []
                yield self.block(child)
            else:
                loose.append(self._inline(child))
            loose.append(self._text(child.tail))
        yield _paragraph("".join(loose))

    def block(self, element: Element) -> str:
        """One block element."""
        tag = element.tag
        if tag in {"ul", "ol"}:
            return self._list(element)
        if tag == "table":
            return self._table(element)
        if tag == "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in self.blocks(element).split("\n"))
        if tag == "pre":
            return f"```\n{element.text_content().strip(chr(10))}\n```"
        if tag == "dl":
            return self._definitions(element)
        if tag == "hr":
            return "---"
        if tag == "div":
            return self.blocks(element)
        return _paragraph(self.inline(element))

    def inline(self, element: Element) -> str:
        """The words inside `element` with their marks, on one line but for hard breaks."""
        pieces = [self._text(element.text)]
        for child in element:
            pieces += [self._inline(child), self._text(child.tail)]
        return "".join(pieces)

    def _text(self, words: str | None) -> str:
        return _SPECIAL.sub(lambda match: _escaped(match[0]), _SPACES.sub(" ", words)) if words else ""

    def _inline(self, element: Element) -> str:
        tag = element.tag
        if tag == "br":
            return "  \n"
        if tag == "img":
            return f"![{self._text(element.get('alt') or '').strip()}]({self._image(element)})"
        if tag == "a":
            return self._link(element)
        if (
            tag == "sup"
            and (link := element.find("a")) is not None
            and (link.get("href") or "").startswith("#footnote-")
        ):
            return self._notes.get((link.get("href") or "")[1:], "")
        if tag == "code":
            return f"`{element.text_content()}`"
        inner = self.inline(element)
        if tag in {"strong", "b"}:
            return _wrapped(inner, "**")
        if tag in {"em", "i"}:
            return _wrapped(inner, "*")
        if tag in {"sub", "sup", "del", "s"} and inner.strip():
            return f"<{tag}>{inner}</{tag}>"
        return inner

    def _link(self, element: Element) -> str:
        target, inner = element.get("href") or "", self.inline(element)
        if not target or target.startswith("#") or not inner.strip():
            return inner
        if self._base_url and target.startswith(self._base_url + "/"):
            target = target[len(self._base_url) :]
        return f"[{inner}]({target.replace(' ', '%20').replace(')', '%29')})"

    def _list(self, element: Element, depth: int = 0) -> str:
        number = int(element.get("start") or 1)
        lines: list[str] = []
        for item in element.findall("li"):
            marker = f"{number}." if element.tag == "ol" else "-"
            number += 1
            body = self._item(item, depth)
            lines.append(f"{marker} {body}")
        return "\n".join(lines)

    def _item(self, item: Element, depth: int) -> str:
        parts: list[str] = []
        loose = [self._text(item.text)]
        for child in item:
            if child.tag in {"ul", "ol"}:
                parts += [_paragraph("".join(loose)), self._list(child, depth + 1)]
                loose = []
            elif child.tag in _BLOCKS:
                parts += [_paragraph("".join(loose)), self.block(child)]
                loose = []
            else:
                loose.append(self._inline(child))
            loose.append(self._text(child.tail))
        parts.append(_paragraph("".join(loose)))
        kept = [part for part in parts if part]
        first = "\n".join(kept) if len(kept) < 3 and not any("\n\n" in part for part in kept) else "\n\n".join(kept)
        return first.replace("\n", "\n    ")

    def _table(self, element: Element) -> str:
        rows = [[self._cell(cell) for cell in row if cell.tag in {"td", "th"}] for row in element.iter("tr")]
        rows = [row for row in rows if row]
        if not rows:
            return ""
        width = max(len(row) for row in rows)
        lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])

    def _cell(self, cell: Element) -> str:
        words = " ".join(part for part in (self.blocks(cell).replace("  \n", " ").split("\n")) if part.strip())
        words = words.replace("|", "\\|").strip()
        is_whole_bold = cell.tag == "th" and words.startswith("**") and words.endswith("**") and words.count("**") == 2
        return words[2:-2] if is_whole_bold else words

    def _definitions(self, element: Element) -> str:
        lines: list[str] = []
        for child in element:
            if child.tag == "dt":
                lines += ["", self.inline(child).strip()]
            elif child.tag == "dd":
                lines.append(":   " + self.blocks(child).replace("\n", "\n    "))
        return "\n".join(lines).strip()


def _wrapped(inner: str, mark: str) -> str:
    """Marks stand at the words: blanks at either end go outside, since Markdown takes „** a**“ for text."""
    words = inner.strip()
    if not words:
        return inner
    before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
    return f"{before}{mark}{words}{mark}{after}"


def _paragraph(words: str) -> str:
    """A paragraph whose beginning is not taken for a list, a heading or a quotation."""
    lines = [
        line.strip(" ") if index == 0 else line.lstrip(" ") for index, line in enumerate(words.strip("\n ").split("\n"))
    ]
    return "\n".join(_LINE_START.sub(_escape_start, line) for line in lines)


def _escape_start(match: re.Match[str]) -> str:
    mark = match[2]
    if mark[0].isdigit():
        return f"{match[1]}{mark[:-1]}\\{mark[-1]}"
    return f"{match[1]}{_escaped(mark[0])}{mark[1:]}"


def _escaped(mark: str) -> str:
    return _ENTITIES.get(mark, f"\\{mark}")
