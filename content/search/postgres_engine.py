"""PostgreSQL behind the interface: text, index and row in one transaction; any number of web processes.

The index is a schema of its own (`search_index`, see `postgres_tables`), outside the migrations: a cache that is made when it is missing and
built anew beside the running one. PostgreSQL finds postings, rows of words and prefixes; `answering` combines and ranks, so that both
engines give the same answers in the same order.

A process keeps the documents' columns and what it decoded of postings. Every change gets the next generation, under a
lock, so that generations become visible in order; a question reads the generation first and then only what is newer.
A `tsvector` keeps places up to 16,383 and 255 of them per term: phrases far behind in very long files are not found in loose documents.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from sqlalchemy.engine import Connection, Engine

from content.search import bits
from content.search.answering import Segment, Snapshot
from content.search.german import Analysis
from content.search.interface import Document, Found, IndexDamaged, IndexOutdated, Query
from content.search.postgres_reading import LooseSegment, PackedSegment, StoredPostings
from content.search.postgres_tables import DISAGREEING, LAST, LOST, NEWEST, SCHEMA, SUM, WHOLE, create, create_indexes
from content.search.postgres_writing import PACK_SIZE, PostgresBatch, pack_loose
from content.search.written import by_word

REBASE_FROM: Final = 2_000
"""So many changed documents are looked at beside the rest; with more, all are read as one again."""
PACK_FROM: Final = 1_000
"""So many loose documents are packed, or as many as make an eighth of all."""
PACK_AT_ONCE: Final = 2_000
"""So many at least, and up to half of them: few segments, whatever was imported."""
_TRIES: Final = 3
_STATE: Final = f"SELECT identity, segments, generation FROM {SCHEMA}.state"

State = tuple[Any, int, int]
"""Which index it is, of how many segments it consists, and its generation."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What a process has read of the index, as it stood at a state."""

    state: State
    stored: StoredPostings
    packed: tuple[PackedSegment, ...]
    gone: tuple[int, ...]
    loose: LooseSegment


class PostgresEngine:
    """A search engine in the database `engine`. Safe between threads and processes."""

    def __init__(self, engine: Engine, analysis: Analysis) -> None:
        self._engine = engine
        self._analysis = analysis
        self._lock = threading.Lock()
        self._known: State | None = None
        self._snapshot: Snapshot | None = None
        self._base: _Base | None = None
        self._is_outdated = False
        with self._transaction() as driver:
            driver.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,)
            )  # processes may start at the same time
            is_missing, is_current = driver.execute(NEWEST).fetchone()
            if is_missing:
                create(driver, SCHEMA)
                create_indexes(driver, SCHEMA)
            # Whoever can read an older one goes on with it until `rebuild` puts another in its place.
            self._is_outdated = not (is_missing or is_current)

    # --- asking ---

    def search(self, query: Query) -> Found:
        """See `SearchEngine`."""
        with _judging():
            for _ in range(_TRIES):
                state, snapshot = self._current()
                found = snapshot.search(query)
                if self._stands(state):
                    break
            return found

    def _stands(self, state: State) -> bool:
        """Whether what was read meanwhile belongs to that state: loose documents may have been packed, or all built anew."""
        with self._driver() as driver:
            now: State = driver.execute(_STATE).fetchone()
        return now[:2] == state[:2]

    def words(self, limit: int) -> Iterable[tuple[str, int]]:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            found = driver.execute(
                f"SELECT word, amount FROM {SCHEMA}.word WHERE amount > 0 ORDER BY amount DESC, word DESC LIMIT %s",
                (limit,),
            )
            return [(word, amount) for word, amount in found.fetchall()]

    def written(self, terms: Sequence[str], starts: Sequence[str] = ()) -> dict[str, set[str]]:
        """See `SearchEngine`."""
        statement = f"SELECT term, word FROM {SCHEMA}.written_word WHERE term = ANY(%s)"
        values: list[Any] = [list(terms)]
        for start in starts:
            statement += f" UNION ALL SELECT term, word FROM {SCHEMA}.written_word WHERE term >= %s AND term < %s"
            values += [start, start + LAST]
        with _judging(), self._driver() as driver:
            return by_word(driver.execute(statement, values).fetchall())

    def _current(self) -> tuple[State, Snapshot]:
        with self._driver() as driver:
            state: State | None = driver.execute(_STATE).fetchone()
            if state is None:
                raise IndexDamaged(LOST)
            with self._lock:
                if self._snapshot is None or self._known != state:
                    self._snapshot = self._read(driver, state)
                    self._known = state
                return state, self._snapshot

    def _read(self, driver: Any, state: State) -> Snapshot:
        base, generation = self._base, state[2]
        if (
            base is None
            or base.state[:2] != state[:2]
            or _newer(driver, base.state[2], generation) > max(REBASE_FROM, base.loose.count // 10)
        ):
            self._base = base = self._begin(driver, state, base)
        segments: list[tuple[Segment, int]] = list(zip(base.packed, base.gone, strict=True))
        if base.state[2] == generation:
            return Snapshot([*segments, (base.loose, 0)])
        changed = LooseSegment(self._driver, driver, base.state[2], generation)
        packed = [
            (segment, gone | _gone(segment, changed.touched))
            for segment, gone in zip(base.packed, base.gone, strict=True)
        ]
        return Snapshot([*packed, (base.loose, _gone(base.loose, changed.touched)), (changed, 0)])

    def _begin(self, driver: Any, state: State, before: _Base | None) -> _Base:
        """Read the index as it stands; segments that are known stay, without those of their documents that have changed."""
        identity, amount, generation = state
        is_known = before is not None and before.state[0] == identity
        stored = before.stored if before is not None and is_known else StoredPostings(self._driver)
        stored.amount = amount
        known = {segment.number: segment for segment in (before.packed if before is not None and is_known else ())}
        missing = [number for number in range(1, amount + 1) if number not in known]
        for number, ids in driver.execute(
            f"SELECT number, ids FROM {SCHEMA}.segment WHERE number = ANY(%s)", (missing,)
        ).fetchall():
            known[number] = PackedSegment(stored, driver, number, ids, generation)
        since = min((segment.generation for segment in known.values()), default=generation)
        touched = driver.execute(
            f"SELECT edition_id, generation FROM {SCHEMA}.document WHERE generation > %s AND generation <= %s",
            (since, generation),
        ).fetchall()
        gone = [
            _gone(segment, (edition_id for edition_id, changed in touched if changed > segment.generation))
            for segment in known.values()
        ]
        return _Base(
            state, stored, tuple(known.values()), tuple(gone), LooseSegment(self._driver, driver, -1, generation)
        )

    # --- keeping ---

    def position(self) -> int:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            row = driver.execute(f"SELECT position FROM {SCHEMA}.state").fetchone()
        if row is None:
            raise IndexDamaged(LOST)
        return int(row[0])

    def stored(self) -> Iterator[tuple[int, str]]:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            return iter(driver.execute(f"SELECT edition_id, stamp FROM {SCHEMA}.document WHERE NOT is_gone").fetchall())

    def damaged(self, *, is_thorough: bool = True) -> frozenset[int]:
        """See `SearchEngine`: rows by their own sum; where the lists of words beside them do not agree, all is built anew."""
        with _judging(), self._driver() as driver:
            if driver.execute(WHOLE).fetchone() != (True,):
                raise IndexDamaged(LOST)
            if not is_thorough:
                return frozenset()
            if any(driver.execute(statement).fetchone() for statement in DISAGREEING):
                raise IndexDamaged("Die Wortlisten des Suchindex passen nicht zu seinen Einträgen.")
            return frozenset(
                row[0]
                for row in driver.execute(
                    f"SELECT edition_id FROM {SCHEMA}.document WHERE NOT is_gone AND sum <> {SUM}"
                ).fetchall()
            )

    def batch(self, *, timeout_s: float = 30) -> PostgresBatch:
        """See `SearchEngine`: in a transaction of its own."""
        self._require_format()
        connection = self._engine.connect()
        try:
            return PostgresBatch(
                connection.connection.driver_connection, self._analysis, timeout_s=timeout_s, owner=connection
            )
        except BaseException:
            connection.close()
            raise

    def within(self, connection: Connection, *, timeout_s: float = 30) -> PostgresBatch | None:
        """See `SearchEngine`."""
        if connection.engine.url != self._engine.url:
            return None
        self._require_format()
        return PostgresBatch(connection.connection.driver_connection, self._analysis, timeout_s=timeout_s)

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """See `SearchEngine`."""
        fresh = f"{SCHEMA}_new"
        count = 0
        with self._transaction() as driver:
            driver.execute(f"DROP SCHEMA IF EXISTS {fresh} CASCADE")
            create(driver, fresh)
            driver.commit()
            batch = PostgresBatch(driver, self._analysis, schema=fresh, is_packing=True)
            for count, document in enumerate(documents, start=1):
                batch.put(document)
                progress(count)
            batch.commit(position)
            create_indexes(driver, fresh)
            driver.commit()
            driver.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            driver.execute(f"ALTER SCHEMA {fresh} RENAME TO {SCHEMA}")
        self._is_outdated = False
        return count

    def tidy(self) -> bool:
        """See `SearchEngine`: packs loose documents where there are many."""
        with _judging(), self._driver() as driver:
            loose = driver.execute(
                f"SELECT count(*) FROM {SCHEMA}.document WHERE segment = 0 AND NOT is_gone"
            ).fetchone()[0]
            if loose < PACK_FROM or loose < driver.execute(f"SELECT count(*) / 8 FROM {SCHEMA}.document").fetchone()[0]:
                return False
            return pack_loose(driver, min(PACK_SIZE, max(PACK_AT_ONCE, loose // 2)))

    def close(self) -> None:
        """See `SearchEngine`: the database's connections are the house's."""
        with self._lock:
            self._snapshot, self._base, self._known = None, None, None

    def _require_format(self) -> None:
        if self._is_outdated:
            with self._transaction() as driver:
                self._is_outdated = not driver.execute(NEWEST).fetchone()[1]
        if self._is_outdated:
            raise IndexOutdated

    @contextlib.contextmanager
    def _driver(self) -> Iterator[Any]:
        """A connection of the driver in a transaction of its own. Raises `IndexOutdated` for an index that an older version has written."""
        self._require_format()
        with self._transaction() as driver:
            yield driver

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._engine.begin() as connection:
            yield connection.connection.driver_connection


@contextlib.contextmanager
def _judging() -> Iterator[None]:
    """A table that is gone is told as damage."""
    try:
        yield
    except psycopg.errors.UndefinedTable as error:
        raise IndexDamaged(LOST) from error


def _newer(driver: Any, first: int, last: int) -> int:
    return int(
        driver.execute(
            f"SELECT count(*) FROM {SCHEMA}.document WHERE generation > %s AND generation <= %s", (first, last)
        ).fetchone()[0]
    )


def _gone(segment: PackedSegment | LooseSegment, touched: Iterable[int]) -> int:
    return bits.set_of((row for row in map(segment.row, touched) if row is not None), segment.count)
