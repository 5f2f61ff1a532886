"""Differences between two texts: words within paragraphs, moved paragraphs recognised, inline and side by side.

Pure. Paragraphs are lines of plain text; within a changed paragraph words are compared, never letters, since a reader
cannot follow „b·itte·t“. Paragraphs that are the same find each other first, wherever they stand; of the others those
pair that share rare words. So the time grows with the length of the texts, not with its square: 200 pages against 200
pages take a second or two, whatever was changed. Pairs too long to compare word by word are shown whole.
"""

from __future__ import annotations

import bisect
import difflib
import html
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_WORDS: Final = 4_000
"""Words of a paragraph pair, without their common beginning and end, beyond which it is shown as removed and added."""

MAX_LINES: Final = 2_000
"""Paragraphs of both texts together beyond which equal ones are found by those that stand only once."""

FOLDED: Final = 3
"""So many unchanged paragraphs in a row are folded."""
_TOKENS: Final = re.compile(r"\s+|[\wäöüÄÖÜß/§-]+|.", re.DOTALL)
_WORD: Final = re.compile(r"\w+")
_ALIKE: Final = 0.4
_ALIKE_ELSEWHERE: Final = 0.6
"""Share of common words from which two paragraphs are one that was changed; more is asked of one that moved as well."""
_COMMON_WORD: Final = 30
"""A word that stands in more paragraphs than this says nothing about which belong together."""
_CANDIDATES: Final = 4
"""How many paragraphs, those with the most rare words in common, are looked at as partners of one."""


class Change(StrEnum):
    """What happened to a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of the newer text, or one that is gone from the older. MOVED: it stood elsewhere; its words may differ."""

    change: Change
    pieces: tuple[Piece, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything about it differs."""
        return self.change is not Change.SAME or any(piece.change is not Change.SAME for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a comparison side by side; a side is None where the paragraph does not exist there.

    A paragraph that moved has two rows: `left` alone where it stood, both sides where it stands now.
    """

    change: Change
    left: tuple[Piece, ...] | None
    right: tuple[Piece, ...] | None


def compare(old: str, new: str) -> tuple[Block, ...]:
    """The paragraphs of both texts in reading order, each with what happened to it."""
    return tuple(
        Block(row.change, row.pieces) for row in _rows(_paragraphs(old), _paragraphs(new)) if not row.is_left_place
    )


def compare_sides(old: str, new: str) -> tuple[Row, ...]:
    """The same comparison as rows for two columns."""
    return tuple(_side_row(row) for row in _rows(_paragraphs(old), _paragraphs(new)))


def compare_html(old: str, new: str) -> str:
    """The differences as HTML with `ins`/`del` and words for screen readers; unchanged stretches stay in full."""
    return "".join(_block_html(block) for block in compare(old, new))


def compare_folded_html(old: str, new: str) -> str:
    """Like `compare_html`; of long unchanged stretches only the paragraphs beside a change are open, the rest can be unfolded."""
    blocks = compare(old, new)
    shown = {near for place, block in enumerate(blocks) if block.is_changed for near in (place - 1, place, place + 1)}
    found = []
    for is_open, stretch in itertools.groupby(range(len(blocks)), key=shown.__contains__):
        lines = [_block_html(blocks[place]) for place in stretch]
        text = "".join(lines)
        is_folded = not is_open and len(lines) >= FOLDED
        found.append(
            f'<details class="diff-fold"><summary>{len(lines)} unveränderte Absätze</summary>{text}</details>'
            if is_folded
            else text
        )
    return "".join(found)


def compare_sides_html(old: str, new: str, *, left: str, right: str) -> str:
    """The differences as a table of two columns with the headings `left` and `right`; each change is told in words too."""
    head = f'<thead><tr><th scope="col">{html.escape(left)}</th><th scope="col">{html.escape(right)}</th></tr></thead>'
    body = "".join(_row_html(row) for row in compare_sides(old, new))
    return f'<table class="diff-sides">{head}<tbody>{body}</tbody></table>'


# --- which paragraph became which -----------------------------------------------------------------------------------


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


@dataclass(frozen=True, slots=True)
class _Paired:
    """A paragraph with its words compared. `is_left_place`: only marks where a moved paragraph stood."""

    change: Change
    pieces: tuple[Piece, ...]
    is_left_place: bool = False


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[_Paired]:
    partner, moved = _pair(old, new)
    taken = {index: place for place, index in partner.items()}
    position = 0
    for place, line in enumerate(new):
        source = partner.get(place)
        if source is not None and place not in moved:
            yield from _gone(old, range(position, source), taken)
            position = source + 1
        yield _paired(old, line, source, is_moved=place in moved)
    yield from _gone(old, range(position, len(old)), taken)


def _gone(old: Sequence[str], span: Iterable[int], taken: Mapping[int, int]) -> Iterator[_Paired]:
    for index in span:
        if index in taken:
            yield _Paired(Change.MOVED, (Piece(Change.MOVED, old[index]),), is_left_place=True)
        else:
            yield _Paired(Change.REMOVED, (Piece(Change.REMOVED, old[index]),))


def _paired(old: Sequence[str], line: str, source: int | None, *, is_moved: bool) -> _Paired:
    if source is None:
        return _Paired(Change.ADDED, (Piece(Change.ADDED, line),))
    change = Change.MOVED if is_moved else Change.SAME
    if old[source] == line:
        return _Paired(change, (Piece(change, line),))
    return _Paired(change, _word_pieces(old[source], line))


def _pair(old: Sequence[str], new: Sequence[str]) -> tuple[dict[int, int], frozenset[int]]:
    """(place in `new` → place in `old`, the places in `new` that moved)."""
    partner = _same_lines(old, new)
    taken = set(partner.values())
    for old_span, new_span in _gaps(partner, len(old), len(new)):
        free_old = [index for index in old_span if index not in taken]
        free_new = [place for place in new_span if place not in partner]
        partner |= _alike_in_order(old, new, free_old, free_new)
    taken = set(partner.values())
    rest_old = [index for index in range(len(old)) if index not in taken]
    rest_new = [index for index in range(len(new)) if index not in partner]
    partner |= _best_partners(old, new, rest_old, rest_new, _ALIKE_ELSEWHERE)
    kept = _longest_rise([partner[place] for place in sorted(partner)])
    moved = frozenset(place for place in partner if partner[place] not in kept)
    return partner, moved


def _same_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Equal paragraphs: first those in the order of both texts, then those that stand elsewhere."""
    partner = _single_lines(old, new) if len(old) + len(new) > MAX_LINES else _matching_lines(old, new)
    places: dict[str, list[int]] = defaultdict(list)
    used = set(partner.values())
    for index in range(len(old) - 1, -1, -1):
        if index not in used:
            places[old[index]].append(index)
    for place, line in enumerate(new):
        if place not in partner and places.get(line):
            partner[place] = places[line].pop()
    return partner


def _matching_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Equal paragraphs in the order of both texts, the longest stretches first: the time grows with the number of changes times lines."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return {match.b + step: match.a + step for match in matcher.get_matching_blocks() for step in range(match.size)}


def _single_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Equal paragraphs that stand once in each text, in the order of both: for long texts, in hardly more time than reading them."""
    counts_old, counts_new = Counter(old), Counter(new)
    at = {line: index for index, line in enumerate(old) if counts_old[line] == 1}
    found = {place: at[line] for place, line in enumerate(new) if counts_new[line] == 1 and line in at}
    kept = _longest_rise(list(found.values()))
    return {place: index for place, index in found.items() if index in kept}


def _gaps(partner: Mapping[int, int], old_size: int, new_size: int) -> Iterator[tuple[range, range]]:
    """The stretches between paragraphs that stayed, in both texts."""
    kept = _longest_rise([partner[place] for place in sorted(partner)])
    fixed = [(place, partner[place]) for place in sorted(partner) if partner[place] in kept]
    last_new, last_old = -1, -1
    for place, index in [*fixed, (new_size, old_size)]:
        if place - last_new > 1 and index - last_old > 1:
            yield range(last_old + 1, index), range(last_new + 1, place)
        last_new, last_old = place, index


def _alike_in_order(
    old: Sequence[str], new: Sequence[str], old_places: Sequence[int], new_places: Sequence[int]
) -> dict[int, int]:
    found = _best_partners(old, new, old_places, new_places, _ALIKE)
    kept = _longest_rise([found[place] for place in sorted(found)])
    return {place: index for place, index in found.items() if index in kept}


def _best_partners(
    old: Sequence[str], new: Sequence[str], old_places: Sequence[int], new_places: Sequence[int], limit: float
) -> dict[int, int]:
    """Pairs of paragraphs that share at least `limit` of their words, the most alike first; each is used once."""
    words_old = {index: _words(old[index]) for index in old_places}
    by_word: dict[str, list[int]] = defaultdict(list)
    for index, words in words_old.items():
        for word in words:
            by_word[word].append(index)
    ranked: list[tuple[float, int, int, int]] = []
    for place in new_places:
        words = _words(new[place])
        shared = Counter(
            index for word in words if len(by_word.get(word, ())) <= _COMMON_WORD for index in by_word.get(word, ())
        )
        for index, _ in shared.most_common(_CANDIDATES):
            alike = _likeness(words_old[index], words)
            if alike >= limit:
                ranked.append((-alike, abs(place - index), place, index))
    partner: dict[int, int] = {}
    used: set[int] = set()
    for _, _, place, index in sorted(ranked):
        if place not in partner and index not in used:
            partner[place] = index
            used.add(index)
    return partner


def _words(line: str) -> frozenset[str]:
    return frozenset(_WORD.findall(line.lower()))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of common words, 0–1 (Dice)."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 1.0


def _longest_rise(values: Sequence[int]) -> frozenset[int]:
    """The values of a longest strictly rising subsequence (patience sorting); values are distinct."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for value in values:
        place = bisect.bisect_left(tails, value)
        before[value] = tails[place - 1] if place else None
        tails[place : place + 1] = [value]
    kept: list[int] = []
    current = tails[-1] if tails else None
    while current is not None:
        kept.append(current)
        current = before[current]
    return frozenset(kept)


# --- words -----------------------------------------------------------------------------------------------------------


def _word_pieces(old: str, new: str) -> tuple[Piece, ...]:
    old_words, new_words = _TOKENS.findall(old), _TOKENS.findall(new)
    start = _common_start(old_words, new_words)
    end = _common_start(old_words[start:][::-1], new_words[start:][::-1])
    inner_old, inner_new = old_words[start : len(old_words) - end], new_words[start : len(new_words) - end]
    pieces = [Piece(Change.SAME, "".join(new_words[:start])), *_inner_pieces(inner_old, inner_new)]
    pieces.append(Piece(Change.SAME, "".join(new_words[len(new_words) - end :])))
    return tuple(piece for piece in pieces if piece.text)


def _common_start(one: Sequence[str], other: Sequence[str]) -> int:
    size = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        size += 1
    return size


def _inner_pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if len(old) + len(new) > MAX_WORDS:
        yield from (Piece(Change.REMOVED, "".join(old)), Piece(Change.ADDED, "".join(new)))
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(Change.SAME, "".join(new[new_start:new_end]))
        else:
            yield Piece(Change.REMOVED, "".join(old[old_start:old_end]))
            yield Piece(Change.ADDED, "".join(new[new_start:new_end]))


# --- HTML ------------------------------------------------------------------------------------------------------------

_WORDS: Final = {Change.ADDED: "Hinzugefügt: ", Change.REMOVED: "Gestrichen: ", Change.MOVED: "Verschoben: "}
_LEFT_PLACE: Final = "Von hier verschoben: "


def _side_row(row: _Paired) -> Row:
    if row.is_left_place:
        return Row(row.change, row.pieces, None)
    left = tuple(piece for piece in row.pieces if piece.change is not Change.ADDED)
    right = tuple(piece for piece in row.pieces if piece.change is not Change.REMOVED)
    return Row(
        row.change,
        left if row.change is not Change.ADDED else None,
        right if row.change is not Change.REMOVED else None,
    )


def _block_html(block: Block) -> str:
    note = _spoken(_WORDS[Change.MOVED]) if block.change is Change.MOVED else ""
    return f'<p class="diff-{block.change}">{note}{"".join(_piece_html(piece) for piece in block.pieces)}</p>'


def _row_html(row: Row) -> str:
    note = _spoken(_WORDS[Change.MOVED] if row.right is not None else _LEFT_PLACE) if row.change is Change.MOVED else ""
    cells = "".join(
        f"<td>{note}{''.join(_piece_html(piece) for piece in side)}</td>" if side is not None else "<td></td>"
        for side in (row.left, row.right)
    )
    return f'<tr class="diff-{row.change}">{cells}</tr>'


def _spoken(words: str) -> str:
    return f'<span class="visually-hidden">{words}</span>'


def _piece_html(piece: Piece) -> str:
    text = html.escape(piece.text, quote=False)
    if piece.change in {Change.SAME, Change.MOVED}:
        return text
    tag = "ins" if piece.change is Change.ADDED else "del"
    return f"<{tag}>{_spoken(_WORDS[piece.change])}{text}</{tag}>"
