"""Differences between two texts: words within paragraphs, moved paragraphs recognised.

Pure. Paragraphs are lines of plain text; within a changed paragraph words are compared, never letters, since a reader
cannot follow „b·itte·t“. Time is bounded: paragraphs too long to compare word by word are shown whole.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_WORDS: Final = 4_000
"""Words of a paragraph pair beyond which it is shown as removed and added."""

_TOKENS: Final = re.compile(r"\s+|[\wäöüÄÖÜß/§-]+|.", re.DOTALL)
_ALIKE: Final = 0.4


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
    """A paragraph of the newer text, or one that is gone from the older."""

    change: Change
    pieces: tuple[Piece, ...]


def compare(old: str, new: str) -> tuple[Block, ...]:
    """The paragraphs of both texts in reading order, each with what happened to it."""
    old_lines = [line for line in old.split("\n") if line.strip()]
    new_lines = [line for line in new.split("\n") if line.strip()]
    blocks = list(_blocks(old_lines, new_lines))
    removed = {block.pieces[0].text for block in blocks if block.change is Change.REMOVED}
    added = {block.pieces[0].text for block in blocks if block.change is Change.ADDED}
    moved = removed & added
    return tuple(
        _moved(block) if block.change is Change.ADDED and block.pieces[0].text in moved else block
        for block in blocks
        if not (block.change is Change.REMOVED and block.pieces[0].text in moved)
    )


def compare_html(old: str, new: str) -> str:
    """The differences as HTML with `ins`/`del` and words for screen readers; unchanged stretches stay in full."""
    return "".join(_block_html(block) for block in compare(old, new))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from (_whole(Change.SAME, line) for line in new[new_start:new_end])
        else:
            yield from _changed(old[old_start:old_end], new[new_start:new_end])


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """Pair paragraphs that resemble each other, in order; the others are removed or added."""
    position = 0
    for line in new:
        partner = next((index for index in range(position, len(old)) if _is_alike(old[index], line)), None)
        if partner is None:
            yield _whole(Change.ADDED, line)
            continue
        yield from (_whole(Change.REMOVED, gone) for gone in old[position:partner])
        yield _word_block(old[partner], line)
        position = partner + 1
    yield from (_whole(Change.REMOVED, gone) for gone in old[position:])


def _is_alike(one: str, other: str) -> bool:
    matcher = difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE and matcher.ratio() > _ALIKE


def _word_block(old: str, new: str) -> Block:
    old_words, new_words = _TOKENS.findall(old), _TOKENS.findall(new)
    if len(old_words) + len(new_words) > MAX_WORDS:
        return Block(Change.SAME, (Piece(Change.REMOVED, old), Piece(Change.ADDED, new)))
    pieces: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, old_words, new_words, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Change.SAME, "".join(new_words[new_start:new_end])))
            continue
        if old_end > old_start:
            pieces.append(Piece(Change.REMOVED, "".join(old_words[old_start:old_end])))
        if new_end > new_start:
            pieces.append(Piece(Change.ADDED, "".join(new_words[new_start:new_end])))
    return Block(Change.SAME, tuple(pieces))


def _whole(change: Change, line: str) -> Block:
    return Block(change, (Piece(change, line),))


def _moved(block: Block) -> Block:
    return Block(Change.MOVED, tuple(Piece(Change.MOVED, piece.text) for piece in block.pieces))


_WORDS: Final = {Change.ADDED: "Hinzugefügt: ", Change.REMOVED: "Gestrichen: ", Change.MOVED: "Verschoben: "}


def _block_html(block: Block) -> str:
    note = f'<span class="visually-hidden">{_WORDS[Change.MOVED]}</span>' if block.change is Change.MOVED else ""
    return f'<p class="diff-{block.change}">{note}{"".join(_piece_html(piece) for piece in block.pieces)}</p>'


def _piece_html(piece: Piece) -> str:
    text = html.escape(piece.text, quote=False)
    if piece.change in {Change.SAME, Change.MOVED}:
        return text
    tag = "ins" if piece.change is Change.ADDED else "del"
    return f'<{tag}><span class="visually-hidden">{_WORDS[piece.change]}</span>{text}</{tag}>'
