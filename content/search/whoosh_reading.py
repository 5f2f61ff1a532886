"""How the Whoosh engine writes postings and reads a segment: columns once, each posting in one piece. How it answers says `answering`."""

from __future__ import annotations

import itertools
import pickle
import threading
import weakref
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from whoosh import formats
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3Codec, W3LeafMatcher, W3PostingsWriter
from whoosh.reading import CorruptIndexError, TermNotFound

from content.search import bits
from content.search.answering import Segment, columns_of
from content.search.interface import Field, Option
from content.search.postings import FOOTER_BYTES, Posting, Sparse, in_a_row, length_of, read, read_all, stored, worth


class Places(formats.Positions):  # type: ignore[misc]
    """The terms of a field with what they are worth there, which Whoosh calls a weight, and their places as plain numbers."""

    def word_values(self, value: Any, analyzer: Any, **_: Any) -> Iterator[tuple[str, int, float, bytes]]:
        """(term, how often, worth, places) of what `indexing` has found in a field (`Prepared`)."""
        places: dict[str, list[int]] = {}
        for place, terms in value.tokens:
            for term in terms:
                places.setdefault(term, []).append(place)
        for term, found in places.items():
            yield term, len(found), float(worth(value.field, len(found), value.length)), self.encode(found)

    def encode(self, poslist: Sequence[int]) -> bytes:
        """The places as Whoosh hands them about."""
        return array("I", poslist).tobytes()

    def decode_positions(self, valuestring: bytes) -> Sequence[int]:
        """The places."""
        return array("I", valuestring)

    def decode_frequency(self, valuestring: bytes) -> int:
        """How many there are."""
        return len(valuestring) // array("I").itemsize


class PortalCodec(W3Codec):  # type: ignore[misc]
    """How segments are written: the postings of our fields as `postings` has them, each in one piece."""

    def __init__(self) -> None:
        super().__init__(blocklimit=4_096, compression=0)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _Writer:  # noqa: FBT002 - Whoosh calls it so
        """See Whoosh."""
        return _Writer(
            dbfile,
            blocklimit=self._blocklimit,
            byteids=byteids,
            compression=self._compression,
            inlinelimit=self._inlinelimit,
        )

    def postings_reader(self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None) -> Any:
        """See Whoosh."""
        if isinstance(format_, Places):
            return _Matcher(dbfile, *terminfo.extent(), format_, term=term, scorer=scorer)
        return super().postings_reader(dbfile, terminfo, format_, term=term, scorer=scorer)


class _Writer(W3PostingsWriter):  # type: ignore[misc]
    """Writes a posting of ours behind the header of a block of Whoosh's."""

    def add_posting(self, id_: Any, weight: float, vbytes: bytes, length: int | None = None) -> None:
        if isinstance(self._format, Places):
            self._blocklimit = len(self._ids) + 1
        super().add_posting(id_, weight, vbytes, length)

    def _write_block(self, last: bool = False) -> None:  # noqa: FBT002 - Whoosh calls it so
        if not isinstance(self._format, Places):
            super()._write_block(last)
            return
        self._terminfo.add_block(self)
        places = array("I", b"".join(self._values))
        counts = [len(value) // places.itemsize for value in self._values]
        data = stored(self._ids, [int(weight) for weight in self._weights], counts, places)
        info = pickle.dumps((len(self._ids), self._ids[-1], self._maxweight, 0, 0, 0), 2)
        self._postfile.write(WHOOSH3_HEADER_MAGIC)
        self._postfile.write_int(-len(info) - len(data))
        self._postfile.write(info)
        self._postfile.write(data)
        self._blockcount += 1
        self._new_block()


class _Matcher(W3LeafMatcher):  # type: ignore[misc]
    """Whoosh's own way through a posting of ours: for joining segments."""

    def _read_data(self) -> None:
        one = read_all(self._postfile.get(self._dataoffset, self._nextoffset - self._dataoffset))
        self._ids, self._weights = tuple(one.documents), tuple(map(float, one.worths))
        ends = list(itertools.accumulate(one.counts, initial=0))
        self._values = tuple(array("I", one.places[start:end]).tobytes() for start, end in itertools.pairwise(ends))

    _read_ids = _read_weights = _read_values = _read_data


class WhooshSegment(Segment):
    """One segment of a Whoosh index. Its reader is not safe between threads: `lock` is."""

    def __init__(self, reader: Any, lock: threading.Lock) -> None:
        self._reader = reader
        self._lock = lock
        count = reader.doc_count_all()
        rows = [
            None if reader.is_deleted(number) else orjson.loads(reader.stored_fields(number)["row"])
            for number in range(count)
        ]
        super().__init__(columns_of(rows), self._read_filters(count))
        self.highest_id = max(self.ids, default=0)
        # Another thread may still read when the index moves on: the files close with the last one that holds the segment.
        weakref.finalize(self, reader.close)

    def _read_filters(self, count: int) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for term in self._reader.lexicon("filter"):
            name, _, value = text(term).partition("=")
            found.setdefault(name, {})[value] = bits.set_of(
                self._reader.postings("filter", text(term)).all_ids(), count
            )
        return found

    def read_posting(self, field: Field, term: str) -> Posting:
        """See `Segment`."""
        with self._lock:
            data = self._data(field, term)
        return read(data) if data else Sparse((), ())

    def _data(self, field: Field, term: str) -> bytes:
        """The bytes of a posting, empty for none; without Whoosh's matcher, which takes longer than most postings. Raises `CorruptIndexError`."""
        terms = self._reader._terms
        try:
            start, length = terms.term_info(str(field), term.encode()).extent()
        except TermNotFound:
            return b""
        file, end = terms._postfile, start + length[0]  # so Whoosh reads it
        try:
            size = length_of(file.get(end - FOOTER_BYTES, FOOTER_BYTES))
        except ValueError as error:
            raise CorruptIndexError(f"{field} {term}: {error}") from error
        return bytes(file.get(end - size, size))

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
            found = [self._data(field, term) for term in option.terms]
        return in_a_row(zip(map(read_all, found), option.places, strict=True), frozenset(candidates))


def text(value: Any) -> str:
    """A term of Whoosh as text."""
    return value.decode() if isinstance(value, bytes) else str(value)
