"""The words of the portal's texts: near spellings („Meinten Sie“), completions while typing, and words for the splitter."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from content.search.lemmas import fold

MAX_WORDS: Final = 40_000
_MIN_TYPO: Final = 4
_FAR_FROM: Final = 8
"""Words of at least so many letters may have two faults, shorter ones one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A word as written, folded, and in how many documents it stands. `letters` has a bit per letter it contains."""

    word: str
    folded: str
    count: int
    letters: int


class Vocabulary:
    """The commonest words of the index."""

    def __init__(self, words: Iterable[tuple[str, int]] = ()) -> None:
        best: dict[str, Known] = {}
        totals: dict[str, int] = {}
        for word, count in words:
            if not any(char.isalpha() for char in word) or len(word) < 2:
                continue
            folded = fold(word)
            totals[folded] = totals.get(folded, 0) + count
            # A word at the beginning of a sentence is written large by chance, „FITKO“ is not: the commonest form wins.
            if folded not in best or count > best[folded].count:
                best[folded] = Known(word, folded, count, _letters(folded))
        self._words = {
            folded: Known(known.word, folded, totals[folded], known.letters) for folded, known in best.items()
        }
        self._sorted = sorted(self._words)
        self.near = lru_cache(maxsize=2_000)(self._near)

    def __contains__(self, folded: str) -> bool:
        return folded in self._words

    def __len__(self) -> int:
        return len(self._words)

    def count(self, folded: str) -> int:
        """In how many documents the word stands."""
        known = self._words.get(folded)
        return known.count if known else 0

    def _near(self, word: str, limit: int = 3) -> tuple[str, ...]:
        """Words spelled like `word`, nearest and commonest first, as they are written; `word` itself is none of them."""
        wanted = fold(word)
        if len(wanted) < _MIN_TYPO or not wanted.isalpha():
            return ()
        most = 2 if len(wanted) >= _FAR_FROM else 1
        letters = _letters(wanted)
        found = []
        for known in self._words.values():
            if (
                len(known.folded) >= _MIN_TYPO
                and abs(len(known.folded) - len(wanted)) <= most
                and (known.letters ^ letters).bit_count() <= 2 * most
                and known.folded != wanted
            ):
                far = distance(wanted, known.folded, most)
                if far <= most:
                    found.append((far, known.folded[:1] != wanted[:1], -known.count, known.word))
        return tuple(word for *_, word in sorted(found)[:limit])

    def beginning(self, start: str, limit: int) -> list[str]:
        """Words that begin with `start`, commonest first, as they are written."""
        folded = fold(start)
        first = bisect.bisect_right(self._sorted, folded)
        found = [
            self._words[word]
            for word in itertools.takewhile(
                lambda word: word.startswith(folded), itertools.islice(self._sorted, first, None)
            )
        ]
        return [known.word for known in sorted(found, key=lambda one: (-one.count, one.folded))[:limit]]

    def standing_alone(self) -> frozenset[str]:
        """Folded words of 4 to 16 letters that stand in at least two documents: what compounds may be made of."""
        return frozenset(
            known.folded
            for known in self._words.values()
            if 4 <= len(known.folded) <= 16 and known.count >= 2 and known.folded.isalpha()
        )

    def cut(self, folded: str) -> tuple[str, str] | None:
        """Two words of the texts that `folded` is written of („fitconnect“ → fit, connect), or None."""
        cuts = [
            (folded[:at], folded[at:])
            for at in range(3, len(folded) - 2)
            if folded[:at] in self._words and folded[at:] in self._words
        ]
        return max(cuts, key=lambda pair: min(self.count(pair[0]), self.count(pair[1])), default=None)


def _letters(folded: str) -> int:
    bits = 0
    for char in folded:
        bits |= 1 << (ord(char) & 31)
    return bits


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be changed, added, dropped or swapped; anything above `most` is told as `most` + 1."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, char in enumerate(one, start=1):
        following = [index]
        for column, target in enumerate(other, start=1):
            cost = min(row[column] + 1, following[column - 1] + 1, row[column - 1] + (char != target))
            if index > 1 and column > 1 and char == other[column - 2] and one[index - 2] == target:
                cost = min(cost, before[column - 2] + 1)
            following.append(cost)
        if min(following) > most:
            return most + 1
        before, row = row, following
    return row[-1]
