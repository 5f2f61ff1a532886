"""What the Whoosh engine reads of a segment: columns once, postings block by block. How it answers says `answering`."""

from __future__ import annotations

import itertools
import threading
import weakref
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from whoosh import formats
from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher
from whoosh.reading import TermNotFound

from content.search import bits
from content.search.answering import Posting, Segment, columns_of
from content.search.interface import Field, Option


class Places(formats.Positions):  # type: ignore[misc]
    """Places of a term in a document as plain numbers: read in one go, where Whoosh's own way unpickles a list for each document."""

    def encode(self, poslist: Sequence[int]) -> bytes:
        """The places as they are stored."""
        return array("I", poslist).tobytes()

    def decode_positions(self, valuestring: bytes) -> Sequence[int]:
        """The places."""
        return array("I", valuestring)

    def decode_frequency(self, valuestring: bytes) -> int:
        """How many there are."""
        return len(valuestring) // array("I").itemsize


def codec() -> W3Codec:
    """How segments are written: in large blocks that are not compressed, since postings are read whole."""
    return W3Codec(blocklimit=4_096, compression=0)


class WhooshSegment(Segment):
    """One segment of a Whoosh index. Its reader is not safe between threads: `lock` is."""

    def __init__(self, reader: Any, lock: threading.Lock) -> None:
        self._reader = reader
        self._lock = lock
        count = reader.doc_count_all()
        rows = [None if reader.is_deleted(number) else orjson.loads(reader.stored_fields(number)["row"]) for number in range(count)]
        super().__init__(columns_of(rows), self._read_filters(count))
        self.highest_id = max(self.ids, default=0)
        # Another thread may still read when the index moves on: the files close with the last one that holds the segment.
        weakref.finalize(self, reader.close)

    def _read_filters(self, count: int) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for term in self._reader.lexicon("filter"):
            name, _, value = text(term).partition("=")
            found.setdefault(name, {})[value] = bits.set_of(self._reader.postings("filter", text(term)).all_ids(), count)
        return found

    def read_posting(self, field: Field, term: str) -> Posting:
        """See `Segment`."""
        documents, often = array("I"), array("f")
        with self._lock:
            for numbers, weights, _ in self._blocks(field, term):
                documents.extend(numbers)
                often.extend(weights)
        return documents, often

    def _blocks(self, field: Field, term: str) -> Iterator[tuple[Sequence[int], Sequence[float], Sequence[bytes]]]:
        """(documents, how often, places) of a posting, a whole block at once: going from one document to the next costs ten times as much."""
        try:
            matcher = self._reader.postings(str(field), term)
        except TermNotFound:
            return
        while matcher.is_active():
            if isinstance(matcher, W3LeafMatcher):
                matcher._read_data()
                steps, weights, places = matcher._data
                often = weights if isinstance(weights, tuple) else (1.0 if weights is None else weights,) * len(steps)
                yield tuple(itertools.accumulate(steps)), often, places
                matcher._next_block()
            else:
                yield (matcher.id(),), (matcher.weight(),), (matcher.value(),)
                matcher.next()

    def read_expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """See `Segment`."""
        with self._lock:
            found: list[str] = []
            for term in self._reader.expand_prefix(str(field), start):
                found.append(text(term))
                if len(found) >= limit:
                    break
            return found

    def read_row(self, field: Field, option: Option, candidates: Sequence[int]) -> Sequence[int]:
        """See `Segment`."""
        decode = self._reader.schema[str(field)].format.decode_positions
        remaining: dict[int, set[int]] = {document: set() for document in candidates}
        with self._lock:
            for index, (term, distance) in enumerate(zip(option.terms, option.places, strict=True)):
                starts: dict[int, set[int]] = {}
                for numbers, _, places in self._blocks(field, term):
                    for document, value in zip(numbers, places, strict=True):
                        if document in remaining:
                            own = {place - distance for place in decode(value)}
                            if index:
                                own &= remaining[document]
                            if own:
                                starts[document] = own
                remaining = starts
        return list(remaining)


def text(value: Any) -> str:
    """A term of Whoosh as text."""
    return value.decode() if isinstance(value, bytes) else str(value)
