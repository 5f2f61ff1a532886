"""Why a document was found: marks in its title and excerpts, and reasons in German. Pure, and the same for every engine."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from content.search.answering import Kept
from content.search.german import WRITTEN, Analysis, Surfaces, Token
from content.search.interface import Document, Field, Option, Part, Piece, Reason, Snippet, Want
from content.search.lemmas import fold
from content.search.planning import compound_sum
from content.search.ranking import FIELD_WEIGHT

WIDTH: Final = 220
MAX_SNIPPETS: Final = 3
MAX_PART: Final = 20_000
MAX_PAGES: Final = 5
"""Of attached files, at most so many pages are looked at word by word."""
_HINT_LETTERS: Final = 5
_MAX_WORDS: Final = 3

Span = tuple[int, int]


@dataclass(slots=True)
class _Cut:
    """The title (no part) or one part, cut into words: each with its beginning in the text and its place."""

    part: Part | None
    text: str
    words: list[str]
    starts: array[int]
    places: array[int]
    met: Surfaces
    """Who knows the words."""


Texts = Kept[list[_Cut]]
"""Documents cut into words, by edition: what is found often is cut once."""


def keep_texts(limit_bytes: int) -> Texts:
    """A store of cut documents."""
    return Kept(limit_bytes, lambda cuts: 200 + sum(300 + 16 * len(one.words) for one in cuts))


@dataclass(slots=True)
class _Stretch:
    """The title (no part) or one part, with those of its tokens that the question can mean."""

    part: Part | None
    text: str
    tokens: list[Token]
    field: Field
    by_term: dict[str, list[Token]] = dataclasses.field(default_factory=dict)
    by_part: dict[str, list[Token]] = dataclasses.field(default_factory=dict)

    def where(self) -> str:
        if self.part is None:
            return "Titel"
        return self.part.label or "Text"


@dataclass(frozen=True, slots=True)
class Marked:
    """What is shown of a hit."""

    title: tuple[Piece, ...]
    snippets: tuple[Snippet, ...]
    reasons: tuple[Reason, ...]


class Marker:
    """Marks documents for one question."""

    def __init__(self, wants: Iterable[Want], analysis: Analysis, *, clause: str = "", texts: Texts | None = None) -> None:
        self._wants = [want for want in wants if not want.is_excluded]
        self._analysis = analysis
        self._clause = clause
        self._texts = texts
        self._terms = frozenset(term for want in self._wants for option in want.options for term in option.terms if not option.is_prefix)
        self._surfaces = analysis.surfaces()
        self._meant = self._surfaces.having(self._terms)
        """Of the words met so far those that the question can mean."""
        self._starts = tuple(option.terms[0] for want in self._wants for option in want.options if option.is_prefix)
        stems = {term.lstrip("=#")[:_HINT_LETTERS] for want in self._wants for option in want.options for term in option.terms}
        self._hints = tuple(stem for stem in stems if len(stem) > 1)

    def marked(self, document: Document) -> Marked:
        """Title, excerpts and reasons of `document`."""
        stretches = self._stretches(document)
        spans: list[list[Span]] = [[] for _ in stretches]
        reasons = []
        present = {term for one in stretches for term in (*one.by_term, *one.by_part)}
        for want in self._wants:
            best: tuple[float, Option, list[tuple[int, Token]]] | None = None
            for option in want.options:
                if not option.is_prefix and present.isdisjoint(option.terms):
                    continue
                found = _satisfied(option, stretches)
                if not found:
                    continue
                for index, token in found:
                    spans[index].append((token.start, token.end))
                weight = option.weight * max(_weight(option, stretches[index]) for index, _ in found)
                if best is None or weight > best[0]:
                    best = (weight, option, found)
            if best is not None:
                reasons.append(self._reason(want, best[1], best[2], stretches))
        merged = [_merged(one) for one in spans]
        return Marked(_pieces(document.title, merged[0]), self._snippets(document, stretches, merged), tuple(reasons))

    def satisfies_in_clause(self, document: Document) -> bool:
        """Whether every want is met inside the clause asked for."""
        inside = [part for part in document.parts if part.number == self._clause or (part.number.startswith(self._clause) and self._clause.isdigit() and not part.number[len(self._clause) :][:1].isdigit())]
        stretches = [self._stretch(self._cut(part, part.text)) for part in inside]
        return bool(stretches) and all(any(_satisfied(option, stretches) for option in want.options) for want in self._wants)

    def _stretches(self, document: Document) -> list[_Stretch]:
        own = self._own(document) if self._texts is None else self._texts.get(document.edition_id, lambda: self._own(document))
        made = [self._stretch(cut) for cut in own]
        pages = 0
        for part in document.parts:
            if not part.is_file:
                continue
            text = part.text[:MAX_PART]
            folded = fold(text)
            if pages >= MAX_PAGES or not any(hint in folded for hint in self._hints):
                continue
            pages += 1
            made.append(self._stretch(self._cut(part, text)))
        return made

    def _own(self, document: Document) -> list[_Cut]:
        """Title and parts of the document itself; its files come behind."""
        return [self._cut(None, document.title), *(self._cut(part, part.text[:MAX_PART]) for part in document.parts if not part.is_file)]

    def _cut(self, part: Part | None, text: str) -> _Cut:
        found = [(sys.intern(match[0]), match.start()) for match in WRITTEN.finditer(text)]
        written = [word for word, _ in found]
        self._meet(written)
        known = self._surfaces.words
        places = itertools.accumulate((known[word].places for word in written), initial=0)
        return _Cut(part, text, written, array("I", (start for _, start in found)), array("I", places), self._surfaces)

    def _stretch(self, cut: _Cut) -> _Stretch:
        made = _Stretch(cut.part, cut.text, [], Field.TITLE if cut.part is None else cut.part.field)
        if cut.met is not self._surfaces:
            self._meet(cut.words)
            cut.met = self._surfaces
        if self._starts:
            self._meant.update(one for one in cut.words if one not in self._meant and self._begins(one))
        meant = self._meant
        if meant.isdisjoint(cut.words):
            return made
        for index, written in enumerate(cut.words):
            if written in meant:
                for token in self._surfaces.words[written].tokens:
                    self._note(made, token, cut.places[index], cut.starts[index])
        return made

    def _meet(self, written: Sequence[str]) -> None:
        if self._surfaces.meet(written):
            self._meant |= self._surfaces.having(self._terms)

    def _begins(self, written: str) -> bool:
        return any(term.startswith(self._starts) for token in self._surfaces.words[written].tokens for term in token.terms)

    def _note(self, made: _Stretch, relative: Token, place: int, start: int) -> None:
        if not self._starts and self._terms.isdisjoint(relative.terms) and self._terms.isdisjoint(relative.parts):
            return
        token = Token(place + relative.place, start + relative.start, start + relative.end, relative.terms, relative.parts)
        made.tokens.append(token)
        for term in token.terms:
            made.by_term.setdefault(term, []).append(token)
        for term in () if made.field is Field.FILES else token.parts:
            made.by_part.setdefault(term, []).append(token)

    def _reason(self, want: Want, option: Option, found: Sequence[tuple[int, Token]], stretches: Sequence[_Stretch]) -> Reason:
        words = list(dict.fromkeys(stretches[index].text[token.start : token.end] for index, token in found))[:_MAX_WORDS]
        where = tuple(dict.fromkeys(stretches[index].where() for index, _ in found))[:_MAX_WORDS]
        how = option.reason
        if option.fields == (Field.PARTS,):
            sums = [compound_sum(self._analysis, word) for word in words]
            how = "; ".join(dict.fromkeys(one for one in sums if one)) or how
        return Reason(want.typed, tuple(words), how, where)

    def _snippets(self, document: Document, stretches: Sequence[_Stretch], spans: Sequence[list[Span]]) -> tuple[Snippet, ...]:
        found: list[tuple[int, int, Snippet]] = []
        for order, (stretch, marks) in enumerate(zip(stretches, spans, strict=True)):
            part = stretch.part
            if part is None or not marks or part.is_keyword:
                continue
            distinct = len({stretch.text[start:end].lower() for start, end in marks})
            is_asked = bool(self._clause) and part.number == self._clause
            address = part.url or (f"{document.url}#{part.anchor}" if part.anchor else document.url)
            found.append((-distinct - 100 * is_asked, order, Snippet(part.label, address, _window(stretch.text, marks))))
        best = sorted(found, key=lambda row: row[:2])[:MAX_SNIPPETS]
        return tuple(snippet for _, _, snippet in sorted(best, key=lambda row: row[1]))


def _weight(option: Option, stretch: _Stretch) -> float:
    own = FIELD_WEIGHT[stretch.field]
    return min(own, FIELD_WEIGHT[Field.PARTS]) if option.fields == (Field.PARTS,) else own


def _satisfied(option: Option, stretches: Sequence[_Stretch]) -> list[tuple[int, Token]]:
    """The tokens that satisfy `option`, with the stretch they stand in; empty if the document does not."""
    if option.is_prefix:
        start = option.terms[0]
        return [(index, token) for index, one in enumerate(stretches) for token in one.tokens if any(term.startswith(start) for term in token.terms)]
    if option.places:
        return [(index, token) for index, one in enumerate(stretches) if one.field in option.fields for token in _in_a_row(option, one)]
    found: list[tuple[int, Token]] = []
    for term in option.terms:
        own = [(index, token) for index, one in enumerate(stretches) for token in _having(term, one, option.fields)]
        if not own:
            return []
        found += own
    return found


def _having(term: str, stretch: _Stretch, fields: Sequence[Field]) -> Iterator[Token]:
    if stretch.field in fields:
        yield from stretch.by_term.get(term, ())
    if Field.PARTS in fields:
        yield from stretch.by_part.get(term, ())


def _in_a_row(option: Option, stretch: _Stretch) -> Iterator[Token]:
    at: list[Mapping[int, Token]] = [{token.place: token for token in stretch.by_term.get(term, ())} for term in option.terms]
    for place, token in at[0].items():
        row = [others.get(place + distance) for others, distance in zip(at, option.places, strict=True)]
        if all(row):
            yield token
            yield from (other for other in row[1:] if other is not None)


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(set(spans)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
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


def _pieces(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
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
