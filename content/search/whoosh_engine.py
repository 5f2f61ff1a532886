"""Whoosh behind the interface: the embedded engine.

The index folder is a cache that belongs to the application's user: Whoosh reads pickles from it, so it is created
unreadable for others and never restored from a backup; what cannot be read is rebuilt. Fields: those of
`interface.Field`, `filter` (`kind=decision`), `word` (words as written), and a stored row of numbers per document. How it
answers says `whoosh_reading`.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy.engine import Connection
from whoosh import analysis as whoosh_analysis
from whoosh import fields, index
from whoosh.reading import SegmentReader
from whoosh.writing import LockError

from content.search import bits
from content.search.answering import Snapshot
from content.search.german import Analysis
from content.search.indexing import Places, indexed
from content.search.interface import Document, Field, Found, IndexBusy, IndexDamaged, IndexOutdated, Query, SearchError
from content.search.whoosh_reading import Places as StoredPlaces
from content.search.whoosh_reading import PortalCodec, WhooshSegment, text
from content.search.whoosh_sums import fault_in, sums_of
from content.search.written import NAME as WORDS_NAME
from content.search.written import WrittenWords, pairs

TIDY_FROM: Final = 6
MAX_SEGMENTS: Final = 40
"""So many segments are joined at last even while somebody publishes."""
SMALL_DOCUMENTS: Final = 1_000
_SWAP_S: Final = 0.05
_LOOKS: Final = 3
_STATE: Final = "position.json"
_WRITER_MEMORY_MB: Final = 128


class _Prepared(str):
    """A text whose tokens are known already, those of a field of a document with so many words: Whoosh takes nothing but text."""

    __slots__ = ("field", "length", "tokens")
    tokens: Places
    field: Field
    length: int


def _prepared(tokens: Places, field: Field = Field.TEXT, length: int = 0) -> _Prepared:
    text = _Prepared(" ")
    text.tokens, text.field, text.length = tokens, field, length
    return text


class _PreparedTokens(whoosh_analysis.Tokenizer):  # type: ignore[misc]
    """Hands on what `Analysis` has found; Whoosh pickles this with the schema, so it holds nothing."""

    def __call__(self, value: Any, **_: Any) -> Iterator[whoosh_analysis.Token]:
        token = whoosh_analysis.Token(positions=True, chars=False, removestops=False, mode="index")
        for place, terms in getattr(value, "tokens", ()):
            for term in terms:
                token.text = term
                token.pos = place
                token.boost = 1.0
                token.stopped = False
                yield token


def _schema() -> fields.Schema:
    words = {str(name): fields.TEXT(analyzer=_PreparedTokens(), phrase=True) for name in Field}
    for one in words.values():
        one.format = StoredPlaces()
    listed = {name: fields.TEXT(analyzer=_PreparedTokens(), phrase=False) for name in ("filter", "word")}
    return fields.Schema(
        edition_id=fields.ID(stored=True, unique=True), stamp=fields.STORED, row=fields.STORED, **words, **listed
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """What is open of the folder: Whoosh's index, and the words beside it."""

    index: Any
    written: WrittenWords


class WhooshEngine:
    """A search engine in a folder. One writer at a time; readers go on meanwhile."""

    def __init__(self, folder: Path, analysis: Analysis) -> None:
        self._folder = folder
        self._analysis = analysis
        self._lock = threading.Lock()
        self._generation = 0
        if folder.exists() and not folder.is_dir():
            folder.replace(folder.with_name(f"{folder.name}.beiseite"))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._opened = self._open()
        self._decoding = threading.Lock()
        self._state: object = None
        self._answering: Snapshot | None = None
        self._segments: dict[str, WhooshSegment] = {}
        self._standing: list[tuple[WhooshSegment, int]] = []

    @property
    def _files(self) -> _Files:
        """What lies in the folder. Raises `IndexOutdated` for an index that an older version has written: whoever can read it goes on till another takes its place."""
        if self._opened is None:
            self._opened = self._open()
        if self._opened is None:
            raise IndexOutdated
        return self._opened

    @property
    def _index(self) -> Any:
        return self._files.index

    @property
    def _written(self) -> WrittenWords:
        return self._files.written

    # --- asking ---

    def search(self, query: Query) -> Found:
        """See `SearchEngine`."""
        try:
            return self._snapshot().search(query)
        except Exception:  # noqa: BLE001 - another process may be putting a new index in this one's place
            time.sleep(_SWAP_S)
        with self._judging():
            return self._snapshot().search(query)

    def words(self, limit: int) -> list[tuple[str, int]]:
        """See `SearchEngine`."""
        counts: Counter[str] = Counter()
        with self._judging(), self._reading() as reader:
            for leaf, _ in reader.leaf_readers() if reader.doc_count_all() else ():
                gone = leaf.segment().deleted_count()
                for term, info in leaf.iter_field("word"):
                    count = info.doc_frequency()
                    # Whoosh counts what was removed until segments are joined; a word that may stand nowhere else is counted anew.
                    counts[text(term)] += (
                        count if count > gone else sum(1 for _ in leaf.postings("word", text(term)).all_ids())
                    )
        found = ((count, word) for word, count in counts.items() if count)
        return [(word, count) for count, word in heapq.nlargest(limit, found)]

    def written(self, terms: Sequence[str], starts: Sequence[str] = ()) -> dict[str, set[str]]:
        """See `SearchEngine`."""
        with self._judging():
            return self._written.having(terms, starts)

    def _snapshot(self) -> Snapshot:
        """The index as it stands now; what was decoded of segments that live on is kept."""
        with self._lock:
            state = (self._index.latest_generation(), self._folder.stat().st_ino)
            if self._state != state or self._answering is None:
                self._answering = self._read()
                self._state = state
            return self._answering

    def _read(self) -> Snapshot:
        """Open what is new: a publication adds one segment, and opening every one of forty again costs more than the publication."""
        toc = self._index._read_toc()
        known, self._segments = self._segments, {}
        segments = []
        for segment in toc.segments:
            name, count = str(segment.segment_id()), segment.doc_count_all()
            if name not in known:
                known[name] = WhooshSegment(
                    SegmentReader(self._index.storage, toc.schema, segment, generation=toc.generation), self._decoding
                )
            self._segments[name] = known[name]
            segments.append((known[name], bits.set_of(segment.deleted_docs(), count)))
        self._standing = segments
        return Snapshot(segments)

    def numbers_of(self, edition_id: int) -> list[int]:
        """Whoosh's numbers of the documents of an edition, as a writer counts them that is open now."""
        found, base = [], 0
        with self._judging():
            self._snapshot()
        for segment, gone in self._standing:
            if edition_id <= segment.highest_id and edition_id in segment.ids:
                found += [
                    base + number
                    for number, held in enumerate(segment.ids)
                    if held == edition_id and not gone >> number & 1
                ]
            base += segment.count
        return found

    # --- keeping ---

    def learn_words(self, words: Iterable[str]) -> None:
        """Take in words as texts write them."""
        self._written.add(pairs(words, self._analysis))

    def position(self) -> int:
        """See `SearchEngine`."""
        try:
            state = self._kept()
            if state is None:
                return 0
            return int(state["position"]) if state["generation"] == self._index.latest_generation() else -1
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise IndexDamaged(f"Die Datei {_STATE} ist nicht lesbar.") from error

    def _kept(self) -> dict[str, Any] | None:
        """What the last commit said of itself."""
        try:
            kept: dict[str, Any] = orjson.loads((self._folder / _STATE).read_bytes())
        except FileNotFoundError:
            return None
        return kept

    def damaged(self, *, is_thorough: bool = True) -> frozenset[int]:
        """See `SearchEngine`: a file that is not what was written cannot say whom it hit."""
        fault = self._fault()
        if fault:
            raise IndexDamaged(fault)
        return frozenset()

    def _fault(self) -> str:
        for _ in range(_LOOKS):
            fault = self._fault_now()
            if not fault:
                break
            time.sleep(_SWAP_S)  # another process may be about to say what it has written
        return fault

    def _fault_now(self) -> str:
        try:
            state = self._kept()
            generation = self._index.latest_generation()
            if state is None or "sums" not in state:
                return "Zum Suchindex fehlen die Prüfsummen." if generation or state else ""
            if state["generation"] != generation:
                return "Die Prüfsummen gehören zu einem anderen Stand des Suchindex."
            return fault_in(self._folder, state["sums"]) or (
                "" if self._written.is_sound() else f"Die Datei {WORDS_NAME} ist nicht mehr die geschriebene."
            )
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            return f"Die Datei {_STATE} ist nicht lesbar."

    @contextlib.contextmanager
    def _judging(self) -> Iterator[None]:
        """What fails inside is told as damage, where the files are not those that were written; the clock mends it then."""
        try:
            yield
        except (SearchError, LockError):
            raise
        except Exception as error:
            fault = self._fault()
            if not fault:
                raise
            with contextlib.suppress(OSError):
                (self._folder / _STATE).unlink()
            raise IndexDamaged(fault) from error

    def stored(self) -> Iterator[tuple[int, str]]:
        """See `SearchEngine`."""
        with self._judging(), self._reading() as reader:
            rows = [(int(row["edition_id"]), row["stamp"]) for row in reader.all_stored_fields()]
        return iter(rows)

    def batch(self, *, timeout_s: float = 30) -> WhooshBatch:
        """See `SearchEngine`."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                with self._judging():
                    writer = self._index.writer(limitmb=_WRITER_MEMORY_MB, compound=False, codec=PortalCodec())
                return WhooshBatch(self, writer, self._folder, self._analysis)
            except LockError as error:
                if time.monotonic() >= deadline:
                    raise IndexBusy(f"Der Suchindex ist seit {timeout_s:.0f} s von anderer Seite gesperrt.") from error
                time.sleep(0.02)

    def sums(self) -> dict[str, int]:
        """The checksums of the files as they stand after a commit."""
        toc, before = self._index._read_toc(), (self._kept() or {}).get("sums", {})
        return sums_of(
            self._folder,
            toc._filename(self._index.indexname, toc.generation),
            map(str, (one.segment_id() for one in toc.segments)),
            before,
        )

    def within(self, connection: Connection, *, timeout_s: float = 30) -> None:
        """See `SearchEngine`: files are never part of a database's transaction."""

    def segments(self) -> int:
        """Of how many segments the index consists."""
        return len(self._index._segments())

    def tidy(self) -> bool:
        """See `SearchEngine`: joins small segments into one."""
        if self.segments() <= TIDY_FROM:
            return False
        try:
            batch = self.batch(timeout_s=0)
        except IndexBusy:
            return False
        batch.join_small(self.position())
        return True

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """See `SearchEngine`."""
        fresh = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        other = WhooshEngine(fresh, self._analysis)
        batch = other.batch()
        count = 0
        try:
            for count, document in enumerate(documents, start=1):
                batch.put(document)
                progress(count)
            batch.commit(position)
        except BaseException:
            with contextlib.suppress(Exception):  # what ended the work is told, not what its clearing away meets
                batch.cancel()
            other.close()
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        other.close()
        self._swap(fresh)
        return count

    def close(self) -> None:
        """See `SearchEngine`."""
        with self._lock:
            self._answering = None
            self._segments = {}
            self._let_go()

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened.index.close()
            self._opened.written.close()

    def _swap(self, fresh: Path) -> None:
        old = self._folder.with_name(self._folder.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        with self._lock:
            self._answering = None
            self._segments = {}
            self._let_go()
            os.replace(self._folder, old)
            os.replace(fresh, self._folder)
            self._opened = self._open()
        shutil.rmtree(old, ignore_errors=True)

    def _open(self) -> _Files | None:
        """The files, made where there are none; None: they are in another format."""
        try:
            if index.exists_in(str(self._folder)):
                if not WrittenWords.is_current(self._folder):
                    return None
                opened = index.open_dir(str(self._folder))
                if sorted(opened.schema.names()) == sorted(_schema().names()):
                    return _Files(opened, WrittenWords(self._folder))
                opened.close()
                return None
        except Exception:  # noqa: BLE001 - a damaged pickle can raise anything; the answer is always a fresh index
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (_STATE, WORDS_NAME):
            (self._folder / name).unlink(missing_ok=True)
        return _Files(index.create_in(str(self._folder), _schema()), WrittenWords(self._folder))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        """A reader of the newest state, of its own: Whoosh's readers are not safe between threads."""
        with self._lock:
            reader = self._index.reader()
        try:
            yield reader
        finally:
            reader.close()


class WhooshBatch:
    """Changes to a Whoosh index; holds the writer until `commit` or `cancel`."""

    def __init__(self, engine: WhooshEngine, writer: Any, folder: Path, analysis: Analysis) -> None:
        self._engine = engine
        self._writer = writer
        self._folder = folder
        self._analysis = analysis
        self._options: dict[str, Any] = {}
        self._words: set[str] = set()

    def put(self, document: Document) -> None:
        """See `Batch`."""
        made = indexed(document, self._analysis)
        self._words |= made.written
        listed = [f"{name}={value}" for name, values in document.filters.items() for value in values]
        self.remove(document.edition_id)
        self._writer.add_document(
            edition_id=str(document.edition_id),
            stamp=document.stamp,
            row=orjson.dumps(
                (
                    document.edition_id,
                    document.date.toordinal(),
                    document.since.timestamp(),
                    document.until.timestamp() if document.until else 0,
                )
            ),
            filter=_prepared([(place, (value,)) for place, value in enumerate(listed)]),
            word=_prepared([(place, (word,)) for place, word in enumerate(sorted(made.words))]),
            **{str(name): _prepared(places, name, made.length) for name, places in made.fields.items()},
        )

    def remove(self, edition_id: int) -> None:
        """See `Batch`."""
        # Not by a search of Whoosh's: it opens every segment anew for it.
        for number in self._engine.numbers_of(edition_id):
            if not self._writer.is_deleted(number):
                self._writer.delete_document(number)

    def commit(self, position: int) -> None:
        """See `Batch`."""
        # First: a word too many marks nothing, a word too few leaves a hit without a reason.
        self._engine.learn_words(self._words)
        # Joining segments takes longer than a publication may; `tidy` does it when nobody waits.
        self._writer.commit(merge=len(self._writer.segments) > MAX_SEGMENTS, **self._options)
        state = {"position": position, "generation": self._writer.generation, "sums": self._engine.sums()}
        temporary = self._folder / f"{_STATE}.new"
        temporary.write_bytes(orjson.dumps(state))
        os.replace(temporary, self._folder / _STATE)

    def join_small(self, position: int) -> None:
        """Join the small segments into one; nothing else changes."""
        self._options = {"mergetype": _small_as_one}
        self.commit(position)

    def cancel(self) -> None:
        """See `Batch`."""
        self._writer.cancel()


def _small_as_one(writer: Any, segments: list[Any]) -> list[Any]:
    """Whoosh's way to say which segments stay: those that are large."""
    kept = []
    for segment in segments:
        if segment.doc_count_all() >= SMALL_DOCUMENTS:
            kept.append(segment)
        else:
            with SegmentReader(writer.storage, writer.schema, segment) as reader:
                writer.add_reader(reader)
    return kept
