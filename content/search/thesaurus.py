"""Names of one thing → each other: abbreviations, synonyms, harmonised legal terms, from the portal's glossary and desk.

Used for questions only, so that a change works at once and nothing is indexed anew. A name may be several words; two
names are the same if their stems are (`Einer für Alle`, `einer fuer alle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from content.search.german import Analysis

MAX_WORDS: Final = 6
CLOSE: Final = 0.8
LOOSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing and its names: `title` and `abbreviation` mean the same; `synonyms` nearly. `source`: law or „Glossar“."""

    title: str
    abbreviation: str = ""
    synonyms: tuple[str, ...] = ()
    source: str = "Glossar"
    url: str = ""


@dataclass(frozen=True, slots=True)
class OtherName:
    """Another name of what was typed; `weight` says how near it is."""

    name: str
    weight: float
    entry: Entry


@dataclass(frozen=True, slots=True)
class Stretch:
    """A typed stretch of `length` words that is the name of something, and its other names."""

    length: int
    others: tuple[OtherName, ...]


class Thesaurus:
    """Looks names up."""

    def __init__(self, entries: Iterable[Entry], analysis: Analysis) -> None:
        self._analysis = analysis
        self._by_key: dict[tuple[str, ...], list[OtherName]] = {}
        self.entries: Mapping[str, Entry] = {}
        known: dict[str, Entry] = {}
        for entry in entries:
            known.setdefault(entry.title.lower(), entry)
            self._add(entry)
        self.entries = known

    def _add(self, entry: Entry) -> None:
        close = [name for name in (entry.title, entry.abbreviation) if name]
        for name in (*close, *entry.synonyms):
            key = self.key(name)
            if not key:
                continue
            others = self._by_key.setdefault(key, [])
            for other in close:
                if self.key(other) != key:
                    others.append(OtherName(other, CLOSE if name in close else LOOSE + 0.1, entry))
            others += [OtherName(other, LOOSE, entry) for other in entry.synonyms if self.key(other) != key]

    def key(self, words: str) -> tuple[str, ...]:
        """What makes two names the same: the stems of all words, joined forms aside."""
        return tuple(token.terms[0] for token in self._analysis.tokens(words))

    def at(self, words: Sequence[str]) -> Stretch | None:
        """The longest name that `words` begin with; its other names, nearest first."""
        for length in range(min(len(words), MAX_WORDS), 0, -1):
            others = self._by_key.get(self.key(" ".join(words[:length])))
            if others is not None:
                unique = {other.name: other for other in sorted(others, key=lambda one: one.weight)}
                return Stretch(length, tuple(sorted(unique.values(), key=lambda one: -one.weight)))
        return None
