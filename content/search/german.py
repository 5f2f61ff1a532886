"""Words → what the index holds; the one German analysis that every engine and every snippet uses.

A *token* is a word of the text with its place; it carries *terms*: the stem of its lemma, the folded word itself behind
`=` (for prefixes and exactness), and for umlauts the form without them. Hyphenated words are tokens of their pieces, and
the first piece also carries the joined form, so that `fitconnect`, `FIT-Connect` and `fit connect` meet. Its *parts* are
the stems of what a compound word is made of, kept in a field of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final

import Stemmer

from content.search.compounds import Splitter, WordLists
from content.search.lemmas import Lemmas, fold

MAX_WORD: Final = 60
_TOKEN: Final = re.compile(r"\d{4}[/-]\d{1,3}(?:-[A-Za-z]{1,4})?(?![\w/])|\w+(?:[-\u2010\u2011]\w+)*")
_NUMBER: Final = re.compile(r"(\d{4})[/-](\d{1,3})(?:-([A-Za-z]{1,4}))?\Z")
_PLAIN_VOWELS: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
STOP_WORDS: Final = frozenset(
    ["aber", "als", "am", "an", "auch", "auf", "aus", "bei", "beim", "bis", "da", "dabei", "dafuer", "damit", "dann", "daran", "darauf", "darf", "darin",
     "darueber", "das", "dass", "davon", "dazu", "dem", "den", "denen", "denn", "der", "deren", "des", "dessen", "die", "dies", "diese", "diesem",
     "diesen", "dieser", "dieses", "doch", "du", "duerfen", "durch", "ein", "eine", "einem", "einen", "eines", "er", "es", "euch", "falls", "fuer",
     "haben", "hat", "hatte", "hatten", "ich", "ihm", "ihn", "ihnen", "ihr", "ihre", "im", "in", "ins", "ist", "jede", "jedem", "jeden", "jeder", "jedes",
     "jene", "jener", "kann", "koennen", "konnte", "man", "mich", "mit", "muessen", "muss", "nach", "nicht", "noch", "nur", "ob", "oder", "sei", "seien",
     "sein", "seine", "sich", "sie", "sind", "so", "soll", "sollen", "sollte", "sollten", "sowie", "ueber", "um", "und", "uns", "unter", "vom", "von",
     "vor", "waere", "wann", "war", "waren", "warum", "was", "weil", "welche", "welchem", "welchen", "welcher", "welches", "wem", "wen", "wenn", "wer",
     "werden", "wessen", "wie", "wieso", "will", "wir", "wird", "wo", "wollen", "worden", "wurde", "wurden", "zu", "zum", "zur"]
)
"""Words that carry nothing: articles, pronouns, question words, auxiliaries, and what joins sentences; „einer“ is none of them, because of „Einer für Alle“."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word at `start`…`end` of the text, at a running `place`: the terms it is found by, the stems of its parts."""

    place: int
    start: int
    end: int
    terms: tuple[str, ...]
    parts: tuple[str, ...] = ()


class Analysis:
    """The analysis over a table of lemmas and lists of words for compounds. Safe between threads."""

    def __init__(self, lemmas: Lemmas, lists: WordLists | None = None, vocabulary: Collection[str] = ()) -> None:
        self._lemmas = lemmas
        self._stemmer = Stemmer.Stemmer("german", 0)
        self.terms = lru_cache(maxsize=50_000)(self._terms)
        self.learn(lists or shipped_lists(), vocabulary)

    def learn(self, lists: WordLists, vocabulary: Collection[str] = ()) -> None:
        """Take other lists of words from now on: what the desk has written down, what the texts contain."""
        self.splitter = Splitter(self._lemmas.kind, lists, vocabulary)
        self.parts = lru_cache(maxsize=50_000)(self._parts)
        self.leaves = lru_cache(maxsize=5_000)(self.splitter.leaves)

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
                terms = self.terms(part[0][:MAX_WORD])
                joined = self._joined_terms(parts, index) if len(parts) > 1 else ()
                if terms or joined:
                    yield Token(place, offset + part.start(), offset + part.end(), terms + joined, self.parts(part[0][:MAX_WORD]))
                place += 1

    def _joined_terms(self, parts: Sequence[re.Match[str]], index: int) -> tuple[str, ...]:
        """The terms of a part written as one with the next, and (first part) with all others."""
        if index == len(parts) - 1:
            return ()
        pair = self.terms((parts[index][0] + parts[index + 1][0])[:MAX_WORD])
        if index or len(parts) == 2:
            return pair
        return pair + self.terms("".join(part[0] for part in parts)[:MAX_WORD])

    def _parts(self, word: str) -> tuple[str, ...]:
        found = self.splitter.parts(fold(word))
        return tuple(dict.fromkeys(self._stem(self._lemmas.lemma(part)) for part in found)) if found else ()

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


@cache
def shipped_lists() -> WordLists:
    """The lists of words that come with the portal (`words/*.txt`)."""
    return WordLists(domain=_list("parts"), never=_list("whole"))


def _list(name: str) -> frozenset[str]:
    lines = resources.files("content.search").joinpath(f"words/{name}.txt").read_text("utf-8").splitlines()
    return frozenset(fold(line.strip()) for line in lines if line.strip() and not line.startswith("#"))


def number_term(word: str) -> str | None:
    """`#2021/39` for every way of writing that number, else None."""
    match = _NUMBER.match(unicodedata.normalize("NFKC", word))
    if match is None:
        return None
    suffix = f"-{match[3].upper()}" if match[3] else ""
    return f"#{match[1]}/{int(match[2]):02d}{suffix}"
