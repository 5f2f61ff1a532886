"""What the Whoosh engine reads of a segment: columns once, postings block by block. How it answers says `answering`."""

from __future__ import annotations

import threading
import weakref
from array import array
from collections.abc import Sequence
from typing import Any

import orjson
from whoosh.codec.whoosh3 import W3LeafMatcher

from content.search import bits
from content.search.answering import Posting, Segment, columns_of
from content.search.interface import Field, Option


class WhooshSegment(Segment):
    """One segment of a Whoosh index. Its reader is not safe between threads: `lock` is."""

    def __init__(self, reader: Any, lock: threading.Lock) -> None:
        self._reader = reader
        self._lock = lock
        count = reader.doc_count_all()
        rows = [None if reader.is_deleted(number) else orjson.loads(reader.stored_fields(number)["row"]) for number in range(count)]
        super().__init__(columns_of(rows), self._read_filters(count))
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
        with self._lock:
            if (str(field), term.encode()) not in self._reader:
                return (), ()
            matcher = self._reader.postings(str(field), term)
            documents, often = array("I"), array("f")
            while matcher.is_active():
                if isinstance(matcher, W3LeafMatcher):
                    # A whole block at once: going from one document to the next costs ten times as much.
                    matcher._read_ids()
                    matcher._read_weights()
                    documents.extend(matcher._ids)
                    often.extend(matcher._weights)
                    matcher._next_block()
                else:
                    documents.append(matcher.id())
                    often.append(matcher.weight())
                    matcher.next()
        return documents, often

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
        with self._lock:
            matchers = [self._reader.postings(str(field), term) for term in option.terms]
            found = []
            for document in candidates:
                starts: set[int] = set()
                for index, (matcher, distance) in enumerate(zip(matchers, option.places, strict=True)):
                    matcher.skip_to(document)
                    places = {position - distance for position in matcher.value_as("positions")}
                    starts = places if not index else starts & places
                    if not starts:
                        break
                else:
                    found.append(document)
            return found


def text(value: Any) -> str:
    """A term of Whoosh as text."""
    return value.decode() if isinstance(value, bytes) else str(value)
