"""Postings, as they are stored and as they are reckoned with: in which documents of a segment a term stands, what each is worth for it, where.

What a document is worth for a term never changes (`ranking.worth`), so it is found out when the document is indexed. A term that stands in
many documents is stored as sets and slices (`bits`) as well: reading it is copying bytes, whatever their number.

Stored: slices (documents, then worths), documents, worths, how many places each, places, and at the end what tells their sizes.
"""

from __future__ import annotations

import itertools
import struct
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from content.search import bits, ranking
from content.search.bits import Slices
from content.search.interface import Field

SCALE: Final = 4096
"""A worth of 1; field weights make it three times as much at most."""
WEIGHT_DIGITS: Final = 9
"""An option's weight is rounded to 1/512."""
_DENSE: Final = 64
"""A term in one of so many documents is stored as slices too."""
_FOOTER: Final = struct.Struct("<IIIB3s")
FOOTER_BYTES: Final = _FOOTER.size


@dataclass(frozen=True, slots=True)
class Sparse:
    """Few documents, ascending, and what each is worth in 1/`SCALE`."""

    documents: Sequence[int]
    worths: Sequence[int]

    @property
    def size_bytes(self) -> int:
        """About what it takes."""
        return 300 + 8 * len(self.documents)

    def weighed(self, weight: float) -> Sequence[int]:
        """The worths times a weight."""
        factor = _factor(weight)
        return (
            self.worths if factor == 1 << WEIGHT_DIGITS else [worth * factor >> WEIGHT_DIGITS for worth in self.worths]
        )


@dataclass(frozen=True, slots=True)
class Worths:
    """Any documents, and what each is worth in 1/`SCALE`, as set and slices."""

    documents: int = 0
    slices: Slices = ()

    @property
    def size_bytes(self) -> int:
        """About what it takes."""
        return 100 + sum(one.bit_length() for one in (self.documents, *self.slices)) // 7

    def weighed(self, weight: float) -> Worths:
        """The worths times a weight."""
        factor = _factor(weight)
        return (
            self
            if factor == 1 << WEIGHT_DIGITS
            else Worths(self.documents, bits.times(self.slices, factor)[WEIGHT_DIGITS:])
        )

    def either(self, other: Worths) -> Worths:
        """The documents of both; the larger worth counts."""
        if not self.documents or not other.documents:
            return self if self.documents else other
        return Worths(self.documents | other.documents, bits.larger(self.slices, other.slices))

    def both(self, other: Worths) -> Worths:
        """The documents that are in both; the smaller worth counts."""
        common = self.documents & other.documents
        return (
            Worths(common, bits.smaller(bits.only(self.slices, common), bits.only(other.slices, common)))
            if common
            else Worths()
        )


Posting = Sparse | Worths


def _factor(weight: float) -> int:
    return round(weight * (1 << WEIGHT_DIGITS))


def worth(field: Field, often: int, length: int) -> int:
    """What a term that stands so often in a field of a document of `length` words is worth in 1/`SCALE`."""
    return round(ranking.worth(field, often, length) * SCALE)


def is_dense(documents: Sequence[int]) -> bool:
    """Whether ascending documents are so many that slices are worth their room."""
    return len(documents) * _DENSE > documents[-1]


def posting(documents: Sequence[int], worths: Sequence[int]) -> Posting:
    """A posting that is not stored."""
    if documents and is_dense(documents):
        size = documents[-1] + 1
        return Worths(bits.set_of(documents, size), bits.slices_of(documents, worths, size))
    return Sparse(documents, worths)


def stored(documents: Sequence[int], worths: Sequence[int], counts: Sequence[int], places: Sequence[int]) -> bytes:
    """The bytes of a posting: ascending documents, worths, how many places each has, all places one after the other."""
    made = posting(documents, worths)
    slices, size = b"", 0
    digits: Slices = ()
    if isinstance(made, Worths):
        size, digits = documents[-1] // 8 + 1, made.slices
        slices = b"".join(one.to_bytes(size, "little") for one in (made.documents, *digits))
    codes = "".join(map(_code, (documents, counts, places)))
    rows = [
        array(code, values).tobytes()
        for code, values in ((codes[0], documents), ("H", worths), (codes[1], counts), (codes[2], places))
    ]
    length = len(slices) + sum(map(len, rows)) + FOOTER_BYTES
    return b"".join((slices, *rows, _FOOTER.pack(len(documents), size, length, len(digits), codes.encode())))


def _code(values: Sequence[int]) -> str:
    highest = max(values, default=0)
    return "B" if highest < 1 << 8 else "H" if highest < 1 << 16 else "I"


def length_of(footer: bytes) -> int:
    """How many bytes the posting takes that ends with this footer; raises `ValueError` if it is none."""
    count, _, length, _, codes = _FOOTER.unpack(footer)
    if not count or not set(codes) <= set(b"BHI"):
        raise ValueError("this is no posting")
    return int(length)


def read(data: bytes) -> Posting:
    """The posting that is stored in `data`."""
    count, size, _, digits, codes = _FOOTER.unpack_from(data, len(data) - FOOTER_BYTES)
    if size:
        found = [int.from_bytes(data[start : start + size], "little") for start in range(0, (digits + 1) * size, size)]
        return Worths(found[0], tuple(found[1:]))
    documents, end = _row(data, 0, codes[0], count)
    return Sparse(documents, _row(data, end, ord("H"), count)[0])


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is stored of a posting, document by document."""

    documents: Sequence[int]
    worths: Sequence[int]
    counts: Sequence[int]
    places: Sequence[int]


def read_all(data: bytes) -> Stored:
    """Documents, worths and places stored in `data`."""
    count, size, _, digits, codes = _FOOTER.unpack_from(data, len(data) - FOOTER_BYTES)
    documents, end = _row(data, (digits + 1) * size, codes[0], count)
    worths, end = _row(data, end, ord("H"), count)
    counts, end = _row(data, end, codes[1], count)
    return Stored(documents, worths, counts, _row(data, end, codes[2], sum(counts))[0])


def _row(data: bytes, start: int, code: int, count: int) -> tuple[Sequence[int], int]:
    made = array(chr(code))
    end = start + count * made.itemsize
    made.frombytes(data[start:end])
    return made, end


_STEP: Final = 1 << 32


def in_a_row(terms: Iterable[tuple[Stored, int]], candidates: Collection[int]) -> list[int]:
    """Those of the candidates in which all terms stand at their distances, ascending."""
    remaining: Collection[int] = candidates
    starts: set[int] | None = None
    for one, distance in sorted(terms, key=lambda row: len(row[0].documents)):
        wherever = itertools.chain.from_iterable(map(itertools.repeat, one.documents, one.counts))
        own = {
            document * _STEP + place - distance
            for document, place in zip(wherever, one.places, strict=True)
            if document in remaining
        }
        starts = own if starts is None else starts & own
        remaining = {start + _STEP // 2 >> 32 for start in starts}
        if not remaining:
            break
    return sorted(remaining)
