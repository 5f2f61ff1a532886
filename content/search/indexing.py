"""A document → the terms that an engine keeps. Pure, and the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from content.search.german import Analysis, number_term
from content.search.interface import Document, Field

PART_GAP: Final = 20
"""Places between two parts: a phrase never runs over the edge."""
OWN_NUMBER_PLACE: Final = 10_000

Places = list[tuple[int, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Indexed:
    """The terms of a document: per field (place, terms that stand there), the words as written, the length in words."""

    fields: Mapping[Field, Places]
    words: frozenset[str]
    length: int


def indexed(document: Document, analysis: Analysis) -> Indexed:
    """The terms of `document`."""
    fields: dict[Field, Places] = {name: [] for name in Field}
    words: set[str] = set()
    start = 0
    for name, text in _stretches(document):
        place = 0
        for token in analysis.tokens(text):
            place = token.place
            fields[name].append((start + place, token.terms))
            parts = token.parts if name is not Field.FILES else ()
            if parts:
                fields[Field.PARTS].append((start + place, parts))
            words.add(text[token.start : token.end])
        start += place + PART_GAP
    numbers = tuple(number_term(number) or f"#{number}" for number in document.numbers)
    if numbers:
        fields[Field.TITLE].append((OWN_NUMBER_PLACE, numbers))
    return Indexed(fields, frozenset(words), len(fields[Field.TEXT]))


def _stretches(document: Document) -> Iterator[tuple[Field, str]]:
    yield Field.TITLE, document.title
    for part in document.parts:
        yield part.field, part.text
