"""Marked excerpts: where the words of a question stand in a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from content.search.german import Analysis
from content.search.interface import Part, Piece, Snippet

WIDTH: Final = 220
MAX_SNIPPETS: Final = 3
MAX_PART: Final = 20_000


def mark(text: str, terms: frozenset[str], analysis: Analysis) -> tuple[Piece, ...]:
    """The whole `text` with its matching words marked."""
    return _pieces(text, _spans(text, terms, analysis))


def snippets(parts: Sequence[Part], terms: frozenset[str], analysis: Analysis) -> tuple[Snippet, ...]:
    """The best excerpts of the parts that match, in reading order; without a match the beginning of the first."""
    found: list[tuple[int, int, Snippet]] = []
    for order, part in enumerate(parts):
        text = part.text[:MAX_PART]
        spans = _spans(text, terms, analysis)
        if spans:
            distinct = len({text[start:end].lower() for start, end in spans})
            found.append((-distinct, order, Snippet(part.anchor, part.label, _window(text, spans))))
    if not found and parts:
        return (Snippet("", "", _window(parts[0].text[:MAX_PART], [])),)
    best = sorted(found, key=lambda row: row[:2])[:MAX_SNIPPETS]
    return tuple(snippet for _, _, snippet in sorted(best, key=lambda row: row[1]))


def _spans(text: str, terms: frozenset[str], analysis: Analysis) -> list[tuple[int, int]]:
    return [(token.start, token.end) for token in analysis.tokens(text) if not terms.isdisjoint(token.terms)]


def _window(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    if len(text) <= WIDTH + 40:
        return _pieces(text, spans)
    first = spans[0][0] if spans else 0
    start = max(0, first - WIDTH // 3)
    if start:
        start = text.find(" ", start, first) + 1 or start
    end = min(len(text), start + WIDTH)
    if end < len(text):
        end = max(text.rfind(" ", first, end), min(end, first + 1))
    inside = [(one - start, other - start) for one, other in spans if one >= start and other <= end]
    pieces = _pieces(text[start:end], inside)
    before = (Piece("… ", is_hit=False),) if start else ()
    after = (Piece(" …", is_hit=False),) if end < len(text) else ()
    return before + pieces + after


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    position = 0
    for start, end in spans:
        if start > position:
            pieces.append(Piece(text[position:start], is_hit=False))
        pieces.append(Piece(text[start:end], is_hit=True))
        position = end
    if position < len(text):
        pieces.append(Piece(text[position:], is_hit=False))
    return tuple(pieces)
