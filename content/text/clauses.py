"""A decision's Markdown → its clauses (Ziffern), what each does, whom it asks, by when, and what it refers to.

A *clause* is a numbered paragraph or one of its lettered or numbered parts; text before the first number, or a text
without numbers, is the *lead* (`z0`). Every word of the input belongs to exactly one clause. Anchors are made of the
numbers as they stand (`z2a`), so the same text always gives the same anchors. Numbers inside quoted foreign decisions
(„…“, block quotes) are text, not clauses of ours. What a clause does is decided by a table of rules; where the text
names nothing, nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from content.text import markup
from content.text.citations import DEFAULT_BODIES, Reference, find_references
from content.text.operative import OperativeKind, addressees_of, due_meeting_of, operative_kind


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause; `markdown` and `text` are its own words without those of its parts.

    `marker` is the number as it stands („2.“, „a)“), `aliases` are further anchors of a range („1.–3.“), `parent` is the
    anchor of the clause it is a part of (top level: empty). `due_meeting` is the ordinal of a session.
    """

    anchor: str
    path: tuple[str, ...]
    label: str
    depth: int
    marker: str
    markdown: str
    parent: str = ""
    aliases: tuple[str, ...] = ()
    text: str = ""
    kind: OperativeKind | None = None
    addressees: tuple[str, ...] = ()
    due_meeting: int | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionText:
    """A parsed decision: clauses in the order of the text."""

    clauses: tuple[Clause, ...] = field(default_factory=tuple)


def parse(
    source: str,
    *,
    own_meeting: int | None = None,
    bodies: Mapping[str, str] = DEFAULT_BODIES,
) -> DecisionText:
    """The clauses of a decision's Markdown.

    own_meeting: ordinal of the session that decided, for „zur nächsten Sitzung“. bodies: suffix of a number → slug of
    the body that counts so. Raises `markup.TooLarge`, `markup.TooDeep`.
    """
    return _parsed(source, own_meeting, tuple(bodies.items()))


@lru_cache(maxsize=32)  # saving and publishing a decision, one after the other, read the same text
def _parsed(source: str, own_meeting: int | None, suffixes: tuple[tuple[str, str], ...]) -> DecisionText:
    text, bodies = markup.without_marks(source), dict(suffixes)
    markup.check_size(text)
    raw = [part for block in _blocks(text) for part in _inline_parts(block)]
    return DecisionText(tuple(_described(clause, own_meeting, bodies) for clause in _anchored(raw)))


_NUMBER: Final = re.compile(
    r"(?P<indent>[ \t]*)(?P<first>\d{1,3})(?:\.?[ ]?[–-][ ]?(?P<last>\d{1,3}))?(?P<mark>[.)])[ \t\u00a0]+(?=\S)"
)
_LETTER: Final = re.compile(r"(?P<indent>[ \t]*)(?P<first>[a-z])(?P<mark>[.)])[ \t\u00a0]+(?=\S)")
_NOT_A_CLAUSE: Final = re.compile(
    r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Sitzung|Kalenderwoche|"
    r"Quartal|Jahrhundert|Legislaturperiode|Wahlperiode|Fachkongress)\b"
)
MAX_GAP: Final = 20


@dataclass(frozen=True, slots=True)
class _Raw:
    """A clause before it has an anchor: depth 0 numbers, 1 letters, 2 numbers below letters."""

    depth: int
    number: str
    marker: str
    markdown: str
    last: str = ""


def _blocks(text: str) -> Iterator[_Raw]:
    """The text cut at the numbers that begin its lines."""
    current: _Raw | None = None
    lines: list[str] = []
    state = _Counting()
    for line, is_quoted in _lines(text):
        start = None if is_quoted else state.read(line)
        if start is None:
            lines.append(line)
            continue
        yield from _finished(current, lines)
        current, lines = start, [start.markdown]
    yield from _finished(current, lines)


def _finished(current: _Raw | None, lines: Sequence[str]) -> Iterator[_Raw]:
    body = "\n".join(lines).strip("\n")
    if current is not None:
        yield replace(current, markdown=_unindented(body))
    elif body.strip():
        yield _Raw(0, "0", "", body)


def _unindented(body: str) -> str:
    first, *rest = body.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in rest if line.strip()]
    cut = min(indents, default=0)
    return "\n".join([first, *(line[cut:] for line in rest)]).strip()


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it begins inside a quotation."""
    depth = 0
    has_all_ends = text.count("„") <= text.count("“") + text.count("”")
    for line in text.split("\n"):
        yield line, depth > 0 or line.lstrip().startswith(">")
        if has_all_ends:
            depth = max(0, depth + line.count("„") - line.count("“") - line.count("”"))


class _Counting:
    """Where the numbering stands: a line begins a clause only if its number goes on from there."""

    def __init__(self) -> None:
        self._last = [0, 0, 0]

    def read(self, line: str) -> _Raw | None:
        number = _NUMBER.match(line)
        if number is not None:
            return self._numbered(number, line)
        letter = _LETTER.match(line)
        if letter is not None and self._last[0]:
            return self._lettered(letter, line)
        return None

    def _numbered(self, match: re.Match[str], line: str) -> _Raw | None:
        value, rest = int(match["first"]), line[match.end() :]
        if match["mark"] == "." and _NOT_A_CLAUSE.match(rest):
            return None
        depth = 2 if len(match["indent"]) >= 2 and self._last[1] else 0
        if not self._last[depth] < value <= self._last[depth] + MAX_GAP:
            return None
        last = match["last"] or ""
        if last and int(last) <= value:
            return None
        self._last[depth] = int(last or value)
        self._last[depth + 1 :] = [0] * (2 - depth)
        return _Raw(depth, str(value), line[len(match["indent"]) : match.end()].strip(), rest, last)

    def _lettered(self, match: re.Match[str], line: str) -> _Raw | None:
        value = ord(match["first"]) - 96
        if not self._last[1] < value <= self._last[1] + 3:
            return None
        self._last[1:] = [value, 0]
        return _Raw(1, match["first"], f"{match['first']}{match['mark']}", line[match.end() :])


_INLINE: Final = re.compile(r"(?<![\w.])([a-z])\)[ \u00a0]+")
_BEFORE_CITATION: Final = re.compile(r"(?:Buchst\.|Buchstaben?|lit\.|Nr\.|Ziff\.|und|oder|bis|[,/])\s*\Z")


def _inline_parts(block: _Raw) -> Iterator[_Raw]:
    """A numbered clause that lists a), b), c) inside its text, cut there."""
    if block.depth != 0 or block.number == "0":
        yield block
        return
    cuts: list[re.Match[str]] = []
    for match in _INLINE.finditer(block.markdown):
        before = block.markdown[: match.start()]
        is_expected = ord(match[1]) - 97 == len(cuts)
        is_cited = not cuts and _BEFORE_CITATION.search(before[-12:]) is not None
        if is_expected and not is_cited and before.count("„") <= before.count("“") + before.count("”"):
            cuts.append(match)
    if len(cuts) < 2:
        yield block
        return
    yield replace(block, markdown=block.markdown[: cuts[0].start()].strip())
    ends = [match.start() for match in cuts[1:]] + [len(block.markdown)]
    for match, end in zip(cuts, ends, strict=True):
        yield _Raw(1, match[1], f"{match[1]})", block.markdown[match.end() : end].strip())


def _anchored(raw: Sequence[_Raw]) -> Iterator[Clause]:
    seen: set[str] = set()
    path: list[str] = []
    parents: list[str] = []
    for part in raw:
        path = [*path[: part.depth], part.number]
        parents = parents[: part.depth]
        anchor = _unique("z" + "".join(path), seen)
        aliases = (
            tuple(_unique(f"z{number}", seen) for number in range(int(part.number) + 1, int(part.last) + 1))
            if part.last
            else ()
        )
        yield Clause(
            anchor=anchor,
            path=tuple(path),
            label=_label(path, part),
            depth=part.depth,
            marker=part.marker,
            markdown=part.markdown,
            parent=parents[-1] if parents else "",
            aliases=aliases,
            text=markup.to_text(part.markdown),
        )
        parents.append(anchor)


def _unique(anchor: str, seen: set[str]) -> str:
    name, count = anchor, 1
    while name in seen:
        count += 1
        name = f"{anchor}-{count}"
    seen.add(name)
    return name


def _label(path: Sequence[str], part: _Raw) -> str:
    if part.number == "0":
        return "Text"
    label = f"Ziffern {path[0]} bis {part.last}" if part.last else f"Ziffer {path[0]}"
    if len(path) > 1:
        label += f" Buchstabe {path[1]}"
    return f"{label} Nummer {path[2]}" if len(path) > 2 else label


def _described(clause: Clause, own_meeting: int | None, bodies: Mapping[str, str]) -> Clause:
    kind = operative_kind(clause.text)
    return replace(
        clause,
        kind=kind,
        addressees=addressees_of(clause.text, kind),
        due_meeting=due_meeting_of(clause.text, own_meeting),
        references=find_references(clause.markdown, bodies=bodies),
    )
