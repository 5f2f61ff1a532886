"""Marks the places of remarks in shown HTML: their words stand in `<mark>`, behind them a link to the remark.

Pure. The words are found by their letters, so that marks of Markdown between them do no harm; words that cannot be found
(a table's bars, a cross-reference) are left unmarked, and the remark is still listed below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import html as lxml_html

from content.text.anchors import locate
from content.text.markup import to_text

_LINK: Final = "review-mark"
_TARGET: Final = re.compile(r"\]\([^\s)]*(\)|$)")
"""The rest of a link whose beginning is not among the words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Words that a remark is about. `number`: the remark's; `near`: about where they begin (characters of the shown text)."""

    number: int
    words: str
    near: int
    href: str


def place_in(text: str, start: int, end: int, *, number: int, href: str) -> Place:
    """The place of `text[start:end]` of Markdown in its HTML."""
    return Place(number, _TARGET.sub("", to_text(text[start:end])), len(to_text(text[:start])), href)


@dataclass(slots=True)
class _Slot:
    """A text node: the text of `element`, or what follows it."""

    element: Any
    is_tail: bool
    text: str

    def put(self, before: str, inner: Any, after: str) -> None:
        """`before`, then the element `inner`, then `after`, in place of the text."""
        inner.tail = after
        if self.is_tail:
            self.element.tail = None
            self.element.addnext(inner)
            self.element.tail = before
        else:
            self.element.text = before
            self.element.insert(0, inner)


def highlighted(html: str, places: Iterable[Place]) -> str:
    """`html` with the words of all places marked."""
    wanted = [place for place in places if place.words.strip()]
    if not wanted:
        return html
    root = lxml_html.fragment_fromstring(html, create_parent="div")
    for place in wanted:
        _mark(root, place)
    body: str = lxml_html.tostring(root, encoding="unicode")
    return body.removeprefix("<div>").removesuffix("</div>")


def _mark(root: Any, place: Place) -> None:
    slots = list(_slots(root))
    spot = locate("".join(slot.text for slot in slots), place.words, near=place.near)
    if spot is None:
        return
    position, last = 0, None
    for slot in slots:
        start, end = max(spot.start - position, 0), min(spot.end - position, len(slot.text))
        position += len(slot.text)
        if start < end and slot.text[start:end].strip():
            last = lxml_html.Element("mark")
            last.text = slot.text[start:end]
            slot.put(slot.text[:start], last, slot.text[end:])
    if last is not None:
        _link(last, place)


def _link(mark: Any, place: Place) -> None:
    """Behind the mark, or behind the link that it stands in: links hold no links."""
    outer = next((one for one in mark.iterancestors("a")), mark)
    link = lxml_html.Element("a", {"class": _LINK, "href": place.href})
    hidden = lxml_html.Element("span", {"class": "kern-sr-only"})
    hidden.text, hidden.tail = "Anmerkung ", str(place.number)
    link.append(hidden)
    link.tail, outer.tail = outer.tail, None
    outer.addnext(link)


def _slots(element: Any) -> Iterator[_Slot]:
    """The text nodes inside `element`, in order, without those of links to remarks."""
    if element.get("class") != _LINK:
        yield _Slot(element, False, element.text or "")
        for child in element:
            yield from _slots(child)
            yield _Slot(child, True, child.tail or "")
