"""Three-way merge by paragraph: two people started from the same text, and neither must lose a word.

A paragraph is what blank lines set apart. Each side is compared with the base; what only one side touched is taken over,
what both made alike is taken once, and where both touched the same paragraph the answer is a conflict that shows the base
and both sides. Nothing here knows people, sections or a database.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Paragraphs = tuple[str, ...]
Choice = Literal["ours", "theirs", "both", "base"]
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Agreed:
    """Paragraphs that are settled."""

    text: Paragraphs


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides changed, each in its own way; empty paragraphs mean that a side deleted it."""

    base: Paragraphs
    ours: Paragraphs
    theirs: Paragraphs

    def chosen(self, choice: Choice) -> Paragraphs:
        """The paragraphs of this place after `choice`; „both“ puts ours first."""
        table: Mapping[Choice, Paragraphs] = {
            "ours": self.ours,
            "theirs": self.theirs,
            "base": self.base,
            "both": (*self.ours, *self.theirs),
        }
        return table[choice]


@dataclass(frozen=True, slots=True)
class Merged:
    """The result, in the order of the text."""

    pieces: tuple[Agreed | Conflict, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The places that a person must decide."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Conflict))

    @property
    def is_clean(self) -> bool:
        """Whether nobody has to decide anything."""
        return not self.conflicts

    @property
    def text(self) -> str:
        """The merged text. Raises `ValueError` while there are conflicts."""
        if not self.is_clean:
            raise ValueError("the merge has conflicts")
        return self.resolved([])

    def resolved(self, answers: Sequence[Paragraphs]) -> str:
        """The text with one answer (paragraphs) per conflict, in order. Raises `ValueError` for another number of answers."""
        if len(answers) != len(self.conflicts):
            raise ValueError(f"{len(self.conflicts)} conflicts, {len(answers)} answers")
        left = iter(answers)
        found: list[str] = []
        for piece in self.pieces:
            found += piece.text if isinstance(piece, Agreed) else next(left)
        return join(found)


@dataclass(frozen=True, slots=True)
class Edit:
    """Base paragraphs `start`…`end` (without `end`) become `text`."""

    start: int
    end: int
    text: Paragraphs

    def touches(self, start: int, end: int) -> bool:
        """Whether this edit and the base range cannot both be taken: they share a paragraph, or both insert at one place."""
        if self.start == self.end:
            return self.start == start == end or start < self.start < end
        if start == end:
            return self.start < start < self.end
        return self.start < end and start < self.end


def split(text: str) -> Paragraphs:
    """The paragraphs of a text; a fenced block of code is one, blank lines and all."""
    found: list[list[str]] = [[]]
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence and line.strip().startswith(fence):
            fence = ""
        elif not line.strip() and not fence:
            found.append([])
            continue
        found[-1].append(line)
    return tuple("\n".join(lines) for lines in found if lines)


def join(paragraphs: Sequence[str]) -> str:
    """A text of paragraphs."""
    return "\n\n".join(paragraphs)


def merge(base: str, ours: str, theirs: str) -> Merged:
    """Merge what two sides made of `base`. Swapping the sides swaps them in the conflicts and changes nothing else."""
    if theirs in {ours, base}:
        return Merged((Agreed(split(ours)),))
    if ours == base:
        return Merged((Agreed(split(theirs)),))
    origin = split(base)
    return Merged(tuple(_folded(_pieces(origin, edits(origin, split(ours)), edits(origin, split(theirs))))))


def edits(base: Paragraphs, other: Paragraphs) -> list[Edit]:
    """What was done to `base` to make `other`, in order; edits do not overlap."""
    matcher = difflib.SequenceMatcher(None, base, other, autojunk=False)
    found: list[Edit] = []
    for tag, start, end, low, high in matcher.get_opcodes():
        if tag == "equal":
            continue
        if tag == "replace" and end - start == high - low:
            # As many as before: each paragraph was rewritten in its place, and its neighbours are free for others.
            found += [Edit(start + step, start + step + 1, (other[low + step],)) for step in range(end - start)]
        else:
            found.append(Edit(start, end, other[low:high]))
    return found


def _pieces(base: Paragraphs, ours: list[Edit], theirs: list[Edit]) -> Iterator[Agreed | Conflict]:
    position = 0
    while ours or theirs:
        start, end, mine, others = _region(ours, theirs)
        yield Agreed(base[position:start])
        left, right = _applied(base, start, end, mine), _applied(base, start, end, others)
        if not others or left == right:
            yield Agreed(left)
        elif not mine:
            yield Agreed(right)
        else:
            yield Conflict(base[start:end], left, right)
        position = end
        del ours[: len(mine)], theirs[: len(others)]
    yield Agreed(base[position:])


def _region(ours: list[Edit], theirs: list[Edit]) -> tuple[int, int, list[Edit], list[Edit]]:
    """The next range of the base that belongs together, with the edits of each side in it."""
    first = min((*ours[:1], *theirs[:1]), key=lambda edit: (edit.start, edit.end))
    start, end = first.start, first.end
    taken = [0, 0]
    grown = True
    while grown:
        grown = False
        for index, side in enumerate((ours, theirs)):
            while taken[index] < len(side):
                edit = side[taken[index]]
                if edit is not first and not edit.touches(start, end):
                    break
                start, end, grown = min(start, edit.start), max(end, edit.end), True
                taken[index] += 1
    return start, end, ours[: taken[0]], theirs[: taken[1]]


def _applied(base: Paragraphs, start: int, end: int, edits: Sequence[Edit]) -> Paragraphs:
    found: list[str] = []
    for edit in edits:
        found += [*base[start : edit.start], *edit.text]
        start = edit.end
    return (*found, *base[start:end])


def _folded(pieces: Iterator[Agreed | Conflict]) -> Iterator[Agreed | Conflict]:
    """The pieces with neighbouring settled ones joined and empty ones left out."""
    settled: list[str] = []
    for piece in pieces:
        if isinstance(piece, Agreed):
            settled += piece.text
            continue
        if settled:
            yield Agreed(tuple(settled))
            settled = []
        yield piece
    if settled:
        yield Agreed(tuple(settled))
