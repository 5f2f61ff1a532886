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

from content.council.numbers import SERIAL, SUFFIX
from content.search.compounds import Splitter, WordLists
from content.search.lemmas import Lemmas, fold

MAX_WORD: Final = 60
_KEPT_WORDS: Final = 20_000
"""So many words are remembered with what they are: bounds the memory of a process."""
WRITTEN: Final = re.compile(rf"\d{{4}}[/-]{SERIAL}(?:-{SUFFIX})?(?![\w/])|\w+(?:[-\u2010\u2011]\w+)*")
_HYPHEN: Final = re.compile("[-\u2010\u2011]")
_NUMBER: Final = re.compile(rf"(\d{{4}})[/-]({SERIAL})(?:-({SUFFIX}))?\Z")
_PLAIN_VOWELS: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
STOP_WORDS: Final = frozenset(
    [
        "aber",
        "als",
        "am",
        "an",
        "auch",
        "auf",
        "aus",
        "bei",
        "beim",
        "bis",
        "da",
        "dabei",
        "dafuer",
        "damit",
        "dann",
        "daran",
        "darauf",
        "darf",
        "darin",
        "darueber",
        "das",
        "dass",
        "davon",
        "dazu",
        "dem",
        "den",
        "denen",
        "denn",
        "der",
        "deren",
        "des",
        "dessen",
        "die",
        "dies",
        "diese",
        "diesem",
        "diesen",
        "dieser",
        "dieses",
        "doch",
        "du",
        "duerfen",
        "durch",
        "ein",
        "eine",
        "einem",
        "einen",
        "eines",
        "er",
        "es",
        "euch",
        "falls",
        "fuer",
        "haben",
        "hat",
        "hatte",
        "hatten",
        "ich",
        "ihm",
        "ihn",
        "ihnen",
        "ihr",
        "ihre",
        "im",
        "in",
        "ins",
        "ist",
        "jede",
        "jedem",
        "jeden",
        "jeder",
        "jedes",
        "jene",
        "jener",
        "kann",
        "koennen",
        "konnte",
        "man",
        "mich",
        "mit",
        "muessen",
        "muss",
        "nach",
        "nicht",
        "noch",
        "nur",
        "ob",
        "oder",
        "sei",
        "seien",
        "sein",
        "seine",
        "sich",
        "sie",
        "sind",
        "so",
        "soll",
        "sollen",
        "sollte",
        "sollten",
        "sowie",
        "ueber",
        "um",
        "und",
        "uns",
        "unter",
        "vom",
        "von",
        "vor",
        "waere",
        "wann",
        "war",
        "waren",
        "warum",
        "was",
        "weil",
        "welche",
        "welchem",
        "welchen",
        "welcher",
        "welches",
        "wem",
        "wen",
        "wenn",
        "wer",
        "werden",
        "wessen",
        "wie",
        "wieso",
        "will",
        "wir",
        "wird",
        "wo",
        "wollen",
        "worden",
        "wurde",
        "wurden",
        "zu",
        "zum",
        "zur",
    ]
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


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written: how many places it takes, its tokens from its own beginning on."""

    places: int
    tokens: tuple[Token, ...]


class Analysis:
    """The analysis over a table of lemmas and lists of words for compounds. Safe between threads."""

    def __init__(self, lemmas: Lemmas, lists: WordLists | None = None, vocabulary: Collection[str] = ()) -> None:
        self._lemmas = lemmas
        self._stemmer = Stemmer.Stemmer("german", 0)
        self.terms = lru_cache(maxsize=_KEPT_WORDS)(self._terms)
        self._lists = lists or shipped_lists()
        self._vocabulary = vocabulary
        self._begin()

    def learn(self, lists: WordLists, vocabulary: Collection[str] = ()) -> None:
        """Take other lists of words from now on: what the desk has written down, what the texts contain."""
        if (lists, vocabulary) != (self._lists, self._vocabulary):
            self._lists, self._vocabulary = lists, vocabulary
            self._begin()

    def _begin(self) -> None:
        self.splitter = Splitter(self._lemmas.kind, self._lists, self._vocabulary)
        self.parts = lru_cache(maxsize=_KEPT_WORDS)(self._parts)
        self.leaves = lru_cache(maxsize=5_000)(self.splitter.leaves)
        self.word = lru_cache(maxsize=5_000)(self._word)

    def tokens(self, text: str) -> Iterator[Token]:
        """The tokens of a text, in order; stop words keep their place but have no token."""
        place = 0
        for match in WRITTEN.finditer(text):
            start, word = match.start(), self.word(match[0])
            for token in word.tokens:
                yield Token(place + token.place, start + token.start, start + token.end, token.terms, token.parts)
            place += word.places

    def _word(self, written: str) -> Word:
        """What a word (`WRITTEN`) is."""
        number = number_term(written)
        if number is not None:
            return Word(1, (Token(0, 0, len(written), (number,)),))
        pieces = list(re.finditer(r"\w+", written))
        tokens = []
        for place, piece in enumerate(pieces):
            terms = self.terms(piece[0][:MAX_WORD])
            joined = self._joined_terms(pieces, place) if len(pieces) > 1 else ()
            if terms or joined:
                tokens.append(Token(place, piece.start(), piece.end(), terms + joined, self.parts(piece[0][:MAX_WORD])))
        return Word(len(pieces), tuple(tokens))

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


def places_of(written: str) -> int:
    """How many places a word as it is written (`WRITTEN`) takes: `Word.places`, without finding out what it is."""
    if written[0].isdigit() and number_term(written) is not None:
        return 1
    return 1 + len(_HYPHEN.findall(written))


def number_term(word: str) -> str | None:
    """`#2021/39` for every way of writing that number, else None."""
    match = _NUMBER.match(unicodedata.normalize("NFKC", word))
    if match is None:
        return None
    suffix = f"-{match[3].upper()}" if match[3] else ""
    return f"#{match[1]}/{int(match[2]):02d}{suffix}"
