"""Suggested changes of a text, by paragraph: what somebody did to it in single pieces, and whether a piece still fits.

Pure. A suggestion is made on one revision and fits a newer one as long as nobody else touched its paragraphs: that is what
merging in three ways tells (`content.text.merge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from content.text.merge import Merged, edits, join, merge, split


@dataclass(frozen=True, slots=True)
class Piece:
    """Paragraphs from `place` (0-based) on that become others; `old` or `new` may be empty."""

    place: int
    old: str
    new: str


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """What was done to `before`, in single pieces in its order; each can be taken or left without the others."""
    base = split(before)
    return tuple(
        Piece(edit.start, join(base[edit.start : edit.end]), join(edit.text)) for edit in edits(base, split(after))
    )


def made(base: str, piece: Piece) -> str | None:
    """`base` with the piece in it; None where its old paragraphs do not stand there."""
    paragraphs, old = split(base), split(piece.old)
    end = piece.place + len(old)
    if piece.place < 0 or piece.place > len(paragraphs) or paragraphs[piece.place : end] != old:
        return None
    return join([*paragraphs[: piece.place], *split(piece.new), *paragraphs[end:]])


def onto(base: str, piece: Piece, current: str) -> Merged | None:
    """The piece, made on `base`, merged with `current`: it fits where that is clean. None as in `made`."""
    wanted = made(base, piece)
    return merge(base, wanted, current) if wanted is not None else None


def place_of(text: str, old: str, *, near: int, previous: str = "") -> int | None:
    """Where the paragraphs `old` stand in a text, nearest to `near`; an empty `old` belongs behind `previous`. None: nowhere."""
    paragraphs, wanted = split(text), split(old)
    if not wanted:
        behind = [index + 1 for index, paragraph in enumerate(paragraphs) if paragraph == previous] if previous else [0]
        return _nearest(behind, near)
    size = len(wanted)
    return _nearest(
        [index for index in range(len(paragraphs) - size + 1) if paragraphs[index : index + size] == wanted], near
    )


def _nearest(places: Sequence[int], near: int) -> int | None:
    return min(places, key=lambda place: abs(place - near), default=None)
