"""Compound words → their parts („Nachnutzungsmodell“ → Nachnutzung, Modell), by the cheapest way through the word.

Sources of words, in order of trust: words the desk has written down (`domain`), simplemma's dictionary, words that stand
alone in the portal's own texts (`vocabulary`). Words written down as „never split“ stay whole. Everything is folded
(`lemmas.fold`). A part is split again where it is a compound itself (`Verwaltung·leistung·katalog`); searching uses all
levels. Splitting is careful: a wrong split finds nonsense, a missed one only finds less.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MIN_WORD: Final = 8
MAX_WORD: Final = 50
MIN_PART: Final = 4
SHORT_PARTS: Final = frozenset({"amt", "rat", "tag", "weg", "bus", "ort", "not", "gas", "art", "typ"})
"""Nouns of three letters that compounds are made of; others of that length only look like parts."""

COMBINING: Final = frozenset(
    [
        "sach",
        "schul",
        "sprach",
        "grenz",
        "kontroll",
        "hilf",
        "pfleg",
        "schreib",
        "melde",
        "bezahl",
        "foerder",
        "zeige",
        "pruef",
        "lern",
        "lehr",
        "bau",
        "e",
    ]
)
"""Forms that stand in compounds only, beside those that are words themselves."""

PREFIXES: Final = frozenset(
    [
        "ueber",
        "unter",
        "nach",
        "gegen",
        "weiter",
        "wieder",
        "zusammen",
        "bereit",
        "fest",
        "fort",
        "gleich",
        "hinter",
        "wider",
        "voraus",
        "voran",
        "zurueck",
        "rueck",
        "durch",
        "ausser",
        "inner",
        "mehr",
        "miss",
        "hoch",
        "statt",
        "rein",
        "auseinander",
        "entgegen",
        "ober",
        "heran",
        "herein",
        "hinaus",
        "hinein",
        "herum",
        "still",
        "frei",
        "wahr",
        "bekannt",
        "kund",
        "sicher",
        "klar",
        "einer",
        "jeder",
        "diese",
        "alle",
        "beide",
        "teil",
        "halt",
        "tran",
        "trans",
        "inter",
        "super",
    ]
)
"""Particles: what begins with them is derived („Weiter·entwicklung“), not composed; a domain word overrules."""

SUFFIXES: Final = frozenset(
    [
        "heit",
        "keit",
        "schaft",
        "lich",
        "isch",
        "ieren",
        "nisse",
        "nissen",
        "tion",
        "tionen",
        "ionen",
        "haft",
        "nahme",
        "nahmen",
        "ahmen",
        "mann",
        "land",
        "burg",
        "stein",
        "steiner",
        "heim",
        "berg",
        "ismus",
        "ende",
        "enden",
        "tiere",
        "rungen",
        "ringen",
        "rinnen",
        "innen",
        "bungen",
        "dung",
        "endung",
        "eilung",
        "mente",
        "tein",
        "teins",
        "chen",
        "elle",
        "ische",
        "arische",
        "same",
        "ente",
        "iker",
        "erinnen",
        "ierung",
        "ionen",
        "ation",
        "nationen",
        "erholung",
        "tektur",
        "teller",
        "tellern",
        "rhein",
    ]
)
"""Endings that are words by chance. „land“ and the like end names of places; a domain word overrules."""

_JOINTS: Final = (("", 0.0), ("s", 0.0), ("n", 0.1), ("en", 0.15), ("es", 0.2), ("er", 0.3), ("e", 0.3), ("ns", 0.3))
_WEIGHT_BY_LENGTH: Final = {3: 1.2, 4: 0.55, 5: 0.25}
_OTHER_WORD: Final = 0.45
"""A part that is no noun („Öffentlich·keit“) is less likely one."""
_FROM_VOCABULARY: Final = 0.1
_MISSING_S: Final = 0.7
_WANTS_S: Final = ("ung", "ion", "heit", "keit", "schaft", "taet", "hmen", "ling", "tum")
"""After these endings German joins with an s: „Organisation·s·konto“, never „Organisation·skonto“."""
_MAX_MEAN: Final = 1.45
_MAX_MEAN_OF_KNOWN: Final = 1.16
_LONG_PART: Final = 7
_MAX_MEAN_WITH_LONG_PART: Final = 1.3
"""A way whose parts cost more on average is none; the dictionary's own words are taken apart only where that is plain."""


@dataclass(frozen=True, slots=True)
class WordLists:
    """What the desk writes down: words that are parts, and words that are never split."""

    domain: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


class Splitter:
    """Splits folded words. Safe between threads; what it found is remembered."""

    def __init__(
        self, kind: Callable[[str], str], lists: WordLists | None = None, vocabulary: Collection[str] = ()
    ) -> None:
        self._kind = kind
        self._lists = lists or WordLists()
        self._vocabulary = vocabulary
        self.parts = lru_cache(maxsize=40_000)(self._parts)

    def _parts(self, word: str) -> tuple[str, ...]:
        """All parts of `word` on every level, outermost first; empty for what is no compound."""
        found: list[str] = []
        for part in self.split(word):
            found.append(part)
            found += self._parts(part)
        return tuple(dict.fromkeys(found))

    def leaves(self, word: str) -> tuple[str, ...]:
        """The innermost parts in order; the word itself where it is no compound."""
        pieces = self.split(word)
        return tuple(leaf for piece in pieces for leaf in self.leaves(piece)) if pieces else (word,)

    def split(self, word: str) -> tuple[str, ...]:
        """The outermost parts of `word`, two or more; empty where it stays whole."""
        if not MIN_WORD <= len(word) <= MAX_WORD or not word.isalpha() or self._is_whole(word):
            return ()
        best = _Ways(word, self._cost).best()
        if best is None or best[0] / len(best[1]) > self._dearest(word, best[1]):
            return ()
        return best[1]

    def _dearest(self, word: str, parts: tuple[str, ...]) -> float:
        if not self._kind(word):
            return _MAX_MEAN
        return _MAX_MEAN_OF_KNOWN if max(map(len, parts)) < _LONG_PART else _MAX_MEAN_WITH_LONG_PART

    def _is_whole(self, word: str) -> bool:
        whole = self._lists.never | self._lists.domain
        return any(form in self._lists.never for form in (word, *_without_ending(word))) or any(
            form in whole for form in _without_ending(word)
        )

    def _cost(self, part: str, *, is_first: bool, is_last: bool) -> float | None:
        """What `part` costs at its place, None where it cannot stand there."""
        length = len(part)
        if part in self._lists.domain:
            return 0.9
        if length < MIN_PART and part not in SHORT_PARTS:
            return None
        if part in COMBINING and not is_last:
            return 1.1
        if (is_first and part in PREFIXES) or (is_last and part in SUFFIXES):
            return None
        kind = self._kind(part)
        if not kind and part not in self._vocabulary:
            return None
        extra = {"n": 0.0, "w": _OTHER_WORD}.get(kind, _FROM_VOCABULARY)
        return 1.0 + _WEIGHT_BY_LENGTH.get(length, 0.0) + extra


def _without_ending(word: str) -> Iterator[str]:
    for ending in ("s", "es", "n", "en", "e", "er", "ern"):
        if word.endswith(ending):
            yield word[: -len(ending)]


class _Ways:
    """The ways through one word."""

    def __init__(self, word: str, cost: Callable[..., float | None]) -> None:
        self._word = word
        self._cost = cost
        self._known: dict[int, tuple[float, tuple[str, ...]] | None] = {}

    def best(self) -> tuple[float, tuple[str, ...]] | None:
        """(cost, parts) of the cheapest way of at least two parts."""
        return self._from(0)

    def _from(self, start: int) -> tuple[float, tuple[str, ...]] | None:
        if start not in self._known:
            ways = list(self._ways(start))
            self._known[start] = min(ways, key=lambda way: (way[0], way[1])) if ways else None
        return self._known[start]

    def _ways(self, start: int) -> Iterator[tuple[float, tuple[str, ...]]]:
        word, end = self._word, len(self._word)
        if start:
            last = self._cost(word[start:], is_first=False, is_last=True)
            if last is not None:
                yield last, (word[start:],)
        for cut in range(start + 3, end - 2):
            part = word[start:cut]
            cost = self._cost(part, is_first=start == 0, is_last=False)
            if cost is None:
                continue
            for joint, extra in _JOINTS:
                after = cut + len(joint)
                if after < end and word.startswith(joint, cut) and (rest := self._from(after)) is not None:
                    missing = _MISSING_S if part.endswith(_WANTS_S) and not joint.endswith("s") else 0.0
                    yield cost + extra + missing + rest[0], (part, *rest[1])
