"""Comments of a Word file with their answers: written at the words they are about, and read from there.

Word keeps which comment answers which, and which is done, in a part of its own (`commentsExtended.xml`), by the
identities of the comments' last paragraphs. LibreOffice reads and writes it as well.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from docx.document import Document
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from content.word import tracked
from content.word.shapes import Comment, parse_bookmark

MAIN: Final = "word/comments.xml"
EXTENDED: Final = "word/commentsExtended.xml"
_W14: Final = "http://schemas.microsoft.com/office/word/2010/wordml"
_W15: Final = "http://schemas.microsoft.com/office/word/2012/wordml"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.commentsExtended+xml"
_RELATION: Final = "http://schemas.microsoft.com/office/2011/relationships/commentsExtended"
_FIRST_ID: Final = 0x10000000
"""Identities of paragraphs are eight hexadecimal digits below 80000000."""


class Remarks:
    """Writes comments into a document; `save` once all are in."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rows: list[str] = []

    def add(self, paragraphs: list[Paragraph], comment: Comment) -> None:
        """Put a comment and its answers at its words, or at the first of `paragraphs` where none of them says these."""
        runs = next((found for one in paragraphs if (found := _runs_with(one, comment.quoted))), None)
        if runs is None:
            runs = paragraphs[0].runs or [paragraphs[0].add_run("")]
        head = self._put(runs, comment, None)
        for answer in comment.answers:
            # Its mark stands behind the one before it: programs show answers in the order of the text.
            runs = [runs[0], Run(runs[-1]._r.getnext().getnext(), runs[-1]._parent)]
            self._put(runs, answer, head)

    def _put(self, runs: list[Run], comment: Comment, parent: str | None) -> str:
        made = self._document.add_comment(
            runs=runs, text=comment.text, author=comment.author, initials=_initials(comment.author)
        )
        if comment.at is None:
            made._comment_elm.attrib.pop(qn("w:date"), None)
        else:
            made._comment_elm.set(qn("w:date"), comment.at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        number = f"{_FIRST_ID + len(self._rows):08X}"
        made.paragraphs[-1]._p.set(f"{{{_W14}}}paraId", number)
        answers = f' w15:paraIdParent="{parent}"' if parent else ""
        self._rows.append(f'<w15:commentEx w15:paraId="{number}"{answers} w15:done="{int(comment.is_done)}"/>')
        return number

    def save(self) -> None:
        """Say which comment answers which, if there are comments."""
        if self._rows:
            xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w15:commentsEx xmlns:w15="{_W15}">{"".join(self._rows)}</w15:commentsEx>'
            main = self._document.part
            main.relate_to(Part(PackURI(f"/{EXTENDED}"), _TYPE, xml.encode(), main.package), _RELATION)


def _runs_with(paragraph: Paragraph, quoted: str) -> list[Run] | None:
    """The runs that carry `quoted` and nothing else where they can be cut there; None where the paragraph does not say it."""
    if not quoted or quoted not in paragraph.text:
        return None
    start = paragraph.text.index(quoted)
    for cut in (start, start + len(quoted)):
        _cut(paragraph, cut)
    end, position, found = start + len(quoted), 0, []
    for run in paragraph.runs:
        if position < end and position + len(run.text) > start:
            found.append(run)
        position += len(run.text)
    return found or None


def _cut(paragraph: Paragraph, place: int) -> None:
    """Make two runs of the one that goes over `place` (characters), where it holds nothing but words."""
    position = 0
    for run in paragraph.runs:
        if position < place < position + len(run.text):
            if all(part.tag in {qn("w:t"), qn("w:rPr")} for part in run._r):
                text = run.text
                behind = copy.deepcopy(run._r)
                run._r.addnext(behind)
                run.text, Run(behind, paragraph).text = text[: place - position], text[place - position :]
            return
        position += len(run.text)


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split() if word)[:3].upper()


def read(root: Any, written: Any, extended: Any | None) -> tuple[dict[int, list[Comment]], int]:
    """Place of the section (-1: before the first) → its comments, as the file lists them; and how many stand elsewhere.

    `root`, `written`, `extended`: the trees of the main part, of the comments, and of what belongs to which.
    """
    sources = {one.get(tracked.tag("id")): one for one in written.iter(tracked.tag("comment"))}
    parents, done = _belonging(extended)
    order = {number: place for place, number in enumerate(sources)}
    known: dict[str, str] = {}
    found: dict[str, tuple[int, Comment]] = {}
    for number, place, quoted in _places(root):
        source = sources.get(number)
        if source is not None:
            identity = _identity(source)
            known[identity or number] = number
            found[number] = place, _comment(source, quoted, is_done=identity in done)
    found = dict(sorted(found.items(), key=lambda row: order[row[0]]))
    threads = _threads(found, {number: known.get(parents.get(_identity(sources[number]), ""), "") for number in found})
    return threads, len(sources) - len(found)


def _threads(found: Mapping[str, tuple[int, Comment]], parent_of: Mapping[str, str]) -> dict[int, list[Comment]]:
    answers: dict[str, list[Comment]] = {}
    for number, (_, comment) in found.items():
        head, seen = number, {number}
        while (above := parent_of.get(head, "")) and above not in seen:  # a file may say that two answer each other
            seen.add(above)
            head = above
        if head != number:
            answers.setdefault(head, []).append(comment)
    heads = {number for number in found if not parent_of.get(number)} | set(answers)
    threads: dict[int, list[Comment]] = {}
    for number, (place, comment) in found.items():
        if number in heads:
            threads.setdefault(place, []).append(replace(comment, answers=tuple(answers.get(number, ()))))
    return threads


def _belonging(extended: Any | None) -> tuple[dict[str, str], frozenset[str]]:
    """Identity of an answer → that of what it answers; the identities of what is done."""
    rows = list(extended.iter(f"{{{_W15}}}commentEx")) if extended is not None else []
    ids = [
        (
            row.get(f"{{{_W15}}}paraId") or "",
            row.get(f"{{{_W15}}}paraIdParent") or "",
            row.get(f"{{{_W15}}}done") == "1",
        )
        for row in rows
    ]
    return {number: parent for number, parent, _ in ids if parent}, frozenset(
        number for number, _, is_done in ids if number and is_done
    )


def _identity(source: Any) -> str:
    paragraphs = list(source.iter(tracked.tag("p")))
    return (paragraphs[-1].get(f"{{{_W14}}}paraId") or "") if paragraphs else ""


def _comment(source: Any, quoted: str, *, is_done: bool) -> Comment:
    text = "\n\n".join(
        "".join(one.text or "" for one in paragraph.iter(tracked.tag("t")))
        for paragraph in source.iter(tracked.tag("p"))
    ).strip()
    return Comment(
        source.get(tracked.tag("author")) or "",
        text,
        quoted,
        tracked.moment(source.get(tracked.tag("date"))),
        is_done=is_done,
    )


def _places(root: Any) -> Iterator[tuple[str, int, str]]:
    """(id, place of the section, words) of each comment's range."""
    settled = tracked.settled(root, accept=True)
    starts = _section_starts(settled)
    place, open_ranges = -1, dict[str, list[str]]()
    for element in settled.iter():
        if element in starts:
            place += 1
        if element.tag == tracked.tag("commentRangeStart"):
            open_ranges[element.get(tracked.tag("id"))] = []
        elif element.tag == tracked.tag("t"):
            for words in open_ranges.values():
                words.append(element.text or "")
        elif element.tag == tracked.tag("commentReference"):
            number = element.get(tracked.tag("id"))
            yield number, place, " ".join("".join(open_ranges.pop(number, [])).split())


def _section_starts(root: Any) -> frozenset[Any]:
    """The paragraphs with a bookmark of ours; without any, the headings by style."""
    marked = [
        mark.getparent()
        for mark in root.iter(tracked.tag("bookmarkStart"))
        if parse_bookmark(mark.get(tracked.tag("name")) or "")
    ]
    if marked:
        return frozenset(_paragraph_of(element) for element in marked)
    heads = root.iterfind(f".//{tracked.tag('pPr')}/{tracked.tag('pStyle')}")
    return frozenset(_paragraph_of(style) for style in heads if _is_heading_style(style.get(tracked.tag("val")) or ""))


def _is_heading_style(name: str) -> bool:
    return name.lower().rstrip("0123456789 ") in _HEADING_STYLES and name[-1:] in "123"


_HEADING_STYLES: Final = frozenset(["heading", "berschrift", "überschrift"])


def _paragraph_of(element: Any) -> Any:
    while element is not None and element.tag != tracked.tag("p"):
        element = element.getparent()
    return element
