"""A document → the terms that an engine keeps. Pure, and the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from content.search.german import WRITTEN, Analysis, number_term
from content.search.interface import Document, Field

PART_GAP: Final = 20
"""Places between two parts: a phrase never runs over the edge."""
OWN_NUMBER_PLACE: Final = 10_000

Places = list[tuple[int, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Indexed:
    """The terms of a document: per field (place, terms that stand there), the words as written, the length in words.

    `written` are the words as the text writes them, with their hyphens (`german.WRITTEN`).
    """

    fields: Mapping[Field, Places]
    words: frozenset[str]
    length: int
    written: frozenset[str]


def indexed(document: Document, analysis: Analysis) -> Indexed:
    """The terms of `document`."""
    fields: dict[Field, Places] = {name: [] for name in Field}
    words: set[str] = set()
    written: set[str] = set()
    start = 0
    for name, text in _stretches(document):
        place = 0
        written.update(WRITTEN.findall(text))
        for token in analysis.tokens(text):
            place = token.place
            fields[name].append((start + place, token.terms))
            parts = token.parts if name is not Field.FILES else ()
            if parts:
                fields[Field.PARTS].append((start + place, parts))
            words.add(text[token.start : token.end])
        start += place + PART_GAP
    own = tuple(number_term(number) or own_term(number) for number in document.numbers)
    own += tuple(dict.fromkeys(term for name in document.names if (term := name_term(name, analysis))))
    if own:
        fields[Field.TITLE].append((OWN_NUMBER_PLACE, own))
    return Indexed(fields, frozenset(words), len(fields[Field.TEXT]), frozenset(written))


def own_term(number: str) -> str:
    """The term of what bears `number`, or the address of a session, as its own."""
    return f"#{number}"


def name_term(name: str, analysis: Analysis) -> str:
    """The term of what is called `name` as a whole, in any form of its words; empty for one of stop words only."""
    stems = [token.terms[0] for token in analysis.tokens(name)]
    return f"^{' '.join(stems)}" if stems else ""


def _stretches(document: Document) -> Iterator[tuple[Field, str]]:
    yield Field.TITLE, document.title
    for part in document.parts:
        yield part.field, part.text
