"""Why a document was found: marks in its title and excerpts, and reasons in German. Pure, and the same for every engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from content.search.german import MAX_WORD, WRITTEN, Analysis, Token, number_term, places_of
from content.search.indexing import own_term
from content.search.interface import Document, Field, Option, Part, Piece, Reason, Snippet, Want
from content.search.planning import compound_sum
from content.search.ranking import FIELD_WEIGHT

WIDTH: Final = 220
MAX_SNIPPETS: Final = 3
MAX_PART: Final = 20_000
MAX_PAGES: Final = 5
"""Of attached files, at most so many pages are looked at word by word."""
_MAX_WORDS: Final = 3
_FEW: Final = 40
"""So many words are looked for one by one before a text is read word by word."""

Span = tuple[int, int]
Written = Callable[[Sequence[str], Sequence[str]], Mapping[str, Collection[str]]]


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
    """Marks documents for one question. `clause`: where it is asked for, perhaps only of the decision `clause_of`. `written` tells the words of the texts that have one of some terms, or begin so (`SearchEngine.written`)."""

    def __init__(
        self, wants: Iterable[Want], analysis: Analysis, written: Written, *, clause: str = "", clause_of: str = ""
    ) -> None:
        self._wants = [want for want in wants if not want.is_excluded]
        self._analysis = analysis
        self._clause, self._clause_of = clause, clause_of
        options = [option for want in self._wants for option in want.options]
        terms = frozenset(term for option in options for term in option.terms if not option.is_prefix)
        starts = tuple(option.terms[0] for option in options if option.is_prefix)
        self._has_rows = any(option.places for option in options)
        words = written(sorted(terms), starts) if options else {}
        meant = {
            word: _meant(word, having, analysis)
            or tuple(token for token in analysis.word(word).tokens if _is_meant(token, terms, starts))
            for word, having in words.items()
        }
        self._meant: Mapping[str, tuple[Token, ...]] = {word: tokens for word, tokens in meant.items() if tokens}
        """What the question can mean, as texts write it, with the tokens that it means."""

    def marked(self, document: Document) -> Marked:
        """Title, excerpts and reasons of `document`."""
        stretches = self._stretches(document)
        spans: list[list[Span]] = [[] for _ in stretches]
        reasons = []
        own = _own(document)
        present = {term for one in stretches for term in (*one.by_term, *one.by_part)}
        for want in self._wants:
            best: tuple[float, Option, list[tuple[int, Token]]] | None = None
            for option in want.options:
                if not option.is_prefix and not present.issuperset(option.terms):
                    continue
                found = _satisfied(option, stretches)
                if not found:
                    continue
                for index, token in found:
                    spans[index].append((token.start, token.end))
                weight = option.weight * max(_weight(option, stretches[index]) for index, _ in found)
                if best is None or weight > best[0]:
                    best = (weight, option, found)
            bears = next((option for option in want.options if _is_borne(option, own)), None)
            if bears is not None and want.typed and (best is None or not bears.is_prefix):
                reasons.append(Reason(want.typed, (), bears.reason or "trägt diese Nummer", ()))
            elif best is not None:
                reasons.append(self._reason(want, best[1], best[2], stretches))
        merged = [_merged(one) for one in spans]
        return Marked(_pieces(document.title, merged[0]), self._snippets(document, stretches, merged), tuple(reasons))

    def untold(self) -> tuple[Reason, ...]:
        """What to say of a hit whose text does not show why: the desk has changed the words since it was taken in."""
        return tuple(
            Reason(want.typed, (), "über Wortteile, wie sie bei der Aufnahme galten", ())
            for want in self._wants
            if want.typed
        )[:1]

    def satisfies_in_clause(self, document: Document) -> bool:
        """Whether every want is met inside the clause asked for; what is asked by its number is met as a whole."""
        own = _own(document)
        wants = [want for want in self._wants if not any(_is_borne(option, own) for option in want.options)]
        stretches = [self._stretch(part, part.text) for part in document.parts if self._is_asked(part)]
        return bool(stretches) and all(any(_satisfied(option, stretches) for option in want.options) for want in wants)

    def _is_asked(self, part: Part) -> bool:
        """Whether the part is the clause asked for, or one of its letters."""
        asked, number = self._clause, part.number
        return bool(asked) and (
            number == asked or (number.startswith(asked) and asked.isdigit() and not number[len(asked) :][:1].isdigit())
        )

    def _stretches(self, document: Document) -> list[_Stretch]:
        """The title, and the parts in which something stands that the question can mean; its files come behind."""
        made = [self._stretch(None, document.title)]
        pages: list[_Stretch] = []
        for part in document.parts:
            text = part.text[:MAX_PART]
            if self._occurs(text) and not (part.is_file and len(pages) >= MAX_PAGES):
                (pages if part.is_file else made).append(self._stretch(part, text))
        return [one for index, one in enumerate(made + pages) if one.tokens or not index]

    def _occurs(self, text: str) -> bool:
        """Whether it is worth while to look word by word."""
        if len(self._meant) > _FEW:
            return True
        return any(word in text for word in self._meant)

    def _stretch(self, part: Part | None, text: str) -> _Stretch:
        made = _Stretch(part, text, [], Field.TITLE if part is None else part.field)
        meant, place = self._meant, 0
        for match in WRITTEN.finditer(text):
            written = match[0]
            if written in meant:
                for token in meant[written]:
                    _note(made, token, place, match.start())
            if self._has_rows:
                place += places_of(written)
        return made

    def _reason(
        self, want: Want, option: Option, found: Sequence[tuple[int, Token]], stretches: Sequence[_Stretch]
    ) -> Reason:
        words = list(dict.fromkeys(stretches[index].text[token.start : token.end] for index, token in found))[
            :_MAX_WORDS
        ]
        where = tuple(dict.fromkeys(stretches[index].where() for index, _ in found))[:_MAX_WORDS]
        how = option.reason
        if option.fields == (Field.PARTS,):
            sums = [compound_sum(self._analysis, word) for word in words]
            how = "; ".join(dict.fromkeys(one for one in sums if one)) or how
        return Reason(want.typed, tuple(words), how, where)

    def _snippets(
        self, document: Document, stretches: Sequence[_Stretch], spans: Sequence[list[Span]]
    ) -> tuple[Snippet, ...]:
        found: list[tuple[int, int, Snippet]] = []
        has_asked = (not self._clause_of or self._clause_of in document.numbers) and any(
            self._is_asked(part) for part in document.parts
        )
        for order, (stretch, marks) in enumerate(zip(stretches, spans, strict=True)):
            part = stretch.part
            if part is None or not marks or part.is_keyword or (has_asked and not self._is_asked(part)):
                continue
            distinct = len({stretch.text[start:end].lower() for start, end in marks})
            found.append((-distinct, order, self._snippet(document, part, marks)))
        best = sorted(found, key=lambda row: row[:2])[:MAX_SNIPPETS]
        if not best and has_asked:
            return tuple(self._snippet(document, part, ()) for part in document.parts if self._is_asked(part))[
                :MAX_SNIPPETS
            ]
        return tuple(snippet for _, _, snippet in sorted(best, key=lambda row: row[1]))

    def _snippet(self, document: Document, part: Part, marks: Sequence[Span]) -> Snippet:
        address = part.url or (f"{document.url}#{part.anchor}" if part.anchor else document.url)
        return Snippet(part.label, address, _window(part.text[:MAX_PART], marks))


def _own(document: Document) -> frozenset[str]:
    """The terms of the numbers that the document bears."""
    return frozenset(number_term(number) or own_term(number) for number in document.numbers)


def _is_borne(option: Option, own: frozenset[str]) -> bool:
    """Whether the option means a number that a document bears, or the beginning of one."""
    term = option.terms[0]
    return term in own or (option.is_prefix and term.startswith("#") and any(number.startswith(term) for number in own))


def _meant(word: str, having: Collection[str], analysis: Analysis) -> tuple[Token, ...]:
    """The token of a plain word: which terms it has, the index has said, so that it need not be taken apart again."""
    if not word.isalnum() or word[0].isdigit():
        return ()
    own = analysis.terms(word[:MAX_WORD])
    return (Token(0, 0, len(word), own, tuple(set(having).difference(own))),)


def _is_meant(token: Token, terms: frozenset[str], starts: tuple[str, ...]) -> bool:
    if not terms.isdisjoint(token.terms) or not terms.isdisjoint(token.parts):
        return True
    return bool(starts) and any(term.startswith(starts) for term in token.terms)


def _note(made: _Stretch, relative: Token, place: int, start: int) -> None:
    token = Token(place + relative.place, start + relative.start, start + relative.end, relative.terms, relative.parts)
    made.tokens.append(token)
    for term in token.terms:
        made.by_term.setdefault(term, []).append(token)
    for term in () if made.field is Field.FILES else token.parts:
        made.by_part.setdefault(term, []).append(token)


def _weight(option: Option, stretch: _Stretch) -> float:
    own = FIELD_WEIGHT[stretch.field]
    return min(own, FIELD_WEIGHT[Field.PARTS]) if option.fields == (Field.PARTS,) else own


def _satisfied(option: Option, stretches: Sequence[_Stretch]) -> list[tuple[int, Token]]:
    """The tokens that satisfy `option`, with the stretch they stand in; empty if the document does not."""
    if option.is_prefix:
        start = option.terms[0]
        return [
            (index, token)
            for index, one in enumerate(stretches)
            for token in one.tokens
            if any(term.startswith(start) for term in token.terms)
        ]
    if option.places:
        return [
            (index, token)
            for index, one in enumerate(stretches)
            if one.field in option.fields
            for token in _in_a_row(option, one)
        ]
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
    at: list[Mapping[int, Token]] = [
        {token.place: token for token in stretch.by_term.get(term, ())} for term in option.terms
    ]
    for place, token in at[0].items():
        row = [others.get(place + distance) for others, distance in zip(at, option.places, strict=True)]
        if all(row):
            # One mark over the whole row, filling words between included.
            ends = [other.end for other in row if other is not None]
            yield dataclasses.replace(token, end=max(token.end, *ends))


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
