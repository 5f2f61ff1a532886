"""Words → what the index holds; the one German analysis that every engine and every snippet uses.

A *token* is a word of the text with its place; it carries *terms*: the stem of its lemma, the folded word itself behind
`=` (for prefixes and exactness), and for umlauts the form without them. Hyphenated words are tokens of their parts, and
the first part also carries the joined form, so that `fitconnect`, `FIT-Connect` and `fit connect` meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import Stemmer

from content.search.lemmas import Lemmas, fold

MAX_WORD: Final = 60
_TOKEN: Final = re.compile(r"\d{4}[/-]\d{1,3}(?:-[A-Za-z]{1,4})?(?![\w/])|\w+(?:[-\u2010\u2011]\w+)*")
_NUMBER: Final = re.compile(r"(\d{4})[/-](\d{1,3})(?:-([A-Za-z]{1,4}))?\Z")
_PLAIN_VOWELS: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
STOP_WORDS: Final = frozenset(
    ["aber", "als", "am", "an", "auch", "auf", "aus", "bei", "bis", "das", "dass", "dem", "den", "der", "des", "die", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "fuer", "hat", "ihr", "im", "in", "ist", "mit", "nach", "nicht", "noch", "nur", "oder", "sein", "seine", "sich", "sie", "sind", "so", "sowie", "ueber", "um", "und", "unter", "von", "vor", "war", "werden", "wie", "wird", "wurde", "wurden", "zu", "zum", "zur"]
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word at `start`…`end` of the text, at a running `place`, with the terms it is found by."""

    place: int
    start: int
    end: int
    terms: tuple[str, ...]


class Analysis:
    """The analysis over a table of lemmas. Thread-safe."""

    def __init__(self, lemmas: Lemmas) -> None:
        self._lemmas = lemmas
        self._stemmer = Stemmer.Stemmer("german", 0)
        self.terms = lru_cache(maxsize=100_000)(self._terms)

    def tokens(self, text: str) -> Iterator[Token]:
        """The tokens of a text, in order; stop words keep their place but have no token."""
        place = 0
        for match in _TOKEN.finditer(text):
            word, start = match[0], match.start()
            number = number_term(word)
            if number is not None:
                yield Token(place, start, match.end(), (number,))
                place += 1
                continue
            parts = list(re.finditer(r"\w+", word)) if not word.isalnum() else [match]
            offset = start if parts[0] is not match else 0
            for index, part in enumerate(parts):
                terms = self.terms(part[0][:MAX_WORD]) + self._joined_terms(parts, index)
                if terms:
                    yield Token(place, offset + part.start(), offset + part.end(), terms)
                place += 1

    def _joined_terms(self, parts: Sequence[re.Match[str]], index: int) -> tuple[str, ...]:
        """The terms of a part written as one with the next, and (first part) with all others."""
        if len(parts) == 1 or index == len(parts) - 1:
            return ()
        pair = self.terms((parts[index][0] + parts[index + 1][0])[:MAX_WORD])
        if index or len(parts) == 2:
            return pair
        return pair + self.terms("".join(part[0] for part in parts)[:MAX_WORD])

    def stem(self, word: str) -> str:
        """The stem of a word's lemma, folded."""
        return self._stem(self._lemmas.lemma(fold(word)))

    def _stem(self, folded: str) -> str:
        # One stemmer is not safe between threads; without its cache it keeps no state worth sharing.
        return str(self._stemmer.stemWord(folded))

    def _terms(self, word: str) -> tuple[str, ...]:
        folded = fold(word)
        if folded in STOP_WORDS or not folded:
            return ()
        terms = [self.stem(word), f"={folded}"]
        lowered = unicodedata.normalize("NFC", word).lower()
        if not lowered.isascii():
            plain = lowered.translate(_PLAIN_VOWELS)
            terms += [self._stem(self._lemmas.lemma(plain)), self._stem(plain)]
        return tuple(dict.fromkeys(terms))


def number_term(word: str) -> str | None:
    """`#2021/39` for every way of writing that number, else None."""
    match = _NUMBER.match(unicodedata.normalize("NFKC", word))
    if match is None:
        return None
    suffix = f"-{match[3].upper()}" if match[3] else ""
    return f"#{match[1]}/{int(match[2]):02d}{suffix}"
