"""Places in a text that survive its edits: the words that are meant, and some of what stands around them.

Pure. A place is found again by its content, never by counting: among all spots where the words stand, the one with the most
of its surroundings wins. Where the words themselves were changed, what stands between the old surroundings is taken. What
has neither is gone: a remark must not stick to words that nobody remarked on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

AROUND: Final = 40
"""Characters of surroundings that are kept on each side."""
MAX_QUOTE: Final = 2_000
_TELLING: Final = 12
"""Words of so many characters that stand only once are known without any surroundings."""
_ENOUGH: Final = 8
"""Characters of surroundings by which a spot is known, where there were as many."""
_MAX_SPOTS: Final = 500
_WORD: Final = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place: its words (empty: the whole text), what stood before and after them, where it began (characters)."""

    quote: str
    before: str = ""
    after: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """Characters `start`…`end` (without `end`) of a text. `is_reworded`: other words than the anchor's stand there now."""

    start: int
    end: int
    is_reworded: bool = False


def anchor_at(text: str, start: int, end: int) -> Anchor:
    """The anchor of `text[start:end]`; longer words than an anchor holds are cut."""
    end = min(end, start + MAX_QUOTE)
    return Anchor(text[start:end], text[max(0, start - AROUND) : start], text[end : end + AROUND], start)


def find(text: str, anchor: Anchor) -> Spot | None:
    """Where the anchor's place is in `text`; None where it is gone."""
    if not anchor.quote:
        return Spot(0, 0)
    starts = list(_starts(text, anchor.quote))
    if starts:
        best = max(starts, key=lambda start: (_kept(text, start, anchor), -abs(start - anchor.start)))
        is_alone = len(starts) == 1 and len(anchor.quote) >= _TELLING
        if is_alone or _kept(text, best, anchor) >= min(_ENOUGH, len(anchor.before) + len(anchor.after)):
            return Spot(best, best + len(anchor.quote))
    return _between(text, anchor)


def moved(old: Anchor, text: str) -> Anchor | None:
    """The anchor as it stands in `text`, with the surroundings of now; None where its place is gone."""
    spot = find(text, old)
    if spot is None or not old.quote:
        return old if spot else None
    return anchor_at(text, spot.start, spot.end)


def locate(text: str, words: str, *, near: int = 0) -> Spot | None:
    """Where `words` stand that somebody took from the page: letter by letter, else without signs, spaces and capitals.

    Of several spots the one nearest to `near` (characters) is meant.
    """
    wanted = words.strip()
    if not wanted:
        return None
    exact = [Spot(start, start + len(wanted)) for start in _starts(text, wanted)]
    found = exact or list(_folded_spots(text, wanted))
    return min(found, key=lambda spot: abs(spot.start - near), default=None)


def _starts(text: str, words: str) -> Iterator[int]:
    start, count = text.find(words), 0
    while start >= 0 and count < _MAX_SPOTS:
        yield start
        count += 1
        start = text.find(words, start + 1)


def _kept(text: str, start: int, anchor: Anchor) -> int:
    """How many characters around a spot are as they were."""
    end = start + len(anchor.quote)
    before = text[max(0, start - len(anchor.before)) : start]
    return _alike(before[::-1], anchor.before[::-1]) + _alike(text[end : end + len(anchor.after)], anchor.after)


def _alike(one: str, other: str) -> int:
    size = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        size += 1
    return size


def _between(text: str, anchor: Anchor) -> Spot | None:
    """The other words that stand where the anchor's stood, at most about three times as many."""
    before, after = anchor.before[-_TELLING:], anchor.after[:_TELLING]
    if len(before) < _TELLING or len(after) < _TELLING:
        return None
    longest = 3 * len(anchor.quote) + AROUND
    for start in sorted((at + len(before) for at in _starts(text, before)), key=lambda at: abs(at - anchor.start)):
        end = text.find(after, start, start + longest + len(after))
        if end > start and text[start:end].strip():
            return Spot(start, end, is_reworded=True)
    return None


def _folded_spots(text: str, words: str) -> Iterator[Spot]:
    """Spots where the same letters and digits follow each other, whatever stands between them."""
    places = [match.start() for match in _WORD.finditer(text)]
    letters = "".join(text[place].lower()[:1] for place in places)
    wanted = "".join(char.lower()[:1] for char in words if _WORD.match(char))
    if wanted:
        for start in _starts(letters, wanted):
            yield Spot(places[start], places[start + len(wanted) - 1] + 1)
