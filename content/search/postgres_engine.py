"""PostgreSQL behind the interface: text, index and row in one transaction; any number of web processes.

The index is a schema of its own (`search_index`), outside the migrations: a cache that is made when it is missing and
built anew beside the running one. `document.terms` is a `tsvector` filled from our own analysis, under a GIN index: each
lexeme is a field's letter and a term, with the places where it stands; what stands twice has a second lexeme, and so on. PostgreSQL finds postings, rows of words and
prefixes; `answering` combines and ranks, so that both engines give the same answers in the same order.

A process keeps the documents' columns and what it decoded of postings. Every change gets the next generation, under a
lock, so that generations become visible in order; a question reads the generation first and then only what is newer.
A `tsvector` keeps places up to 16,383 and 255 of them per term: phrases far behind in very long files are not found.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy.engine import Connection, Engine

from content.search import bits
from content.search.answering import Segment, Snapshot, columns_of
from content.search.german import Analysis
from content.search.indexing import Indexed, indexed
from content.search.interface import Document, Field, Found, IndexBusy, IndexDamaged, Option, Query
from content.search.postings import Posting, posting, worth
from content.search.written import pairs

SCHEMA: Final = "search_index"
_LETTERS: Final = {Field.TITLE: "t", Field.TEXT: "x", Field.PARTS: "p", Field.FILES: "f"}
_MAX_PLACE: Final = 16_383
_MAX_PLACES: Final = 255
_CHUNK: Final = 500
_REBASE_FROM: Final = 2_000
"""So many changed documents are looked at beside the rest; with more, all are read as one again."""

_TABLES: Final = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.state (only_one boolean PRIMARY KEY CHECK (only_one), identity uuid NOT NULL, generation bigint NOT NULL, position bigint NOT NULL, pair_sum bigint NOT NULL);
INSERT INTO {schema}.state VALUES (true, gen_random_uuid(), 0, 0, 0);
CREATE TABLE {schema}.document (
    edition_id bigint PRIMARY KEY, generation bigint NOT NULL, is_gone boolean NOT NULL, stamp text NOT NULL, day integer NOT NULL,
    since double precision NOT NULL, until double precision NOT NULL, length integer NOT NULL, filters jsonb NOT NULL,
    terms tsvector NOT NULL, sum text NOT NULL
);
CREATE TABLE {schema}.written (edition_id bigint PRIMARY KEY, words text[] NOT NULL);
ALTER TABLE {schema}.document ALTER COLUMN terms SET STORAGE EXTERNAL;
CREATE TABLE {schema}.lexeme (lexeme text COLLATE "C" PRIMARY KEY);
CREATE TABLE {schema}.written_word (term text COLLATE "C", word text COLLATE "C", PRIMARY KEY (term, word));
CREATE TABLE {schema}.word (word text COLLATE "C" PRIMARY KEY, amount integer NOT NULL);
"""
_NEWEST: Final = f"SELECT 1 FROM information_schema.columns WHERE table_schema = '{SCHEMA}' AND table_name = 'state' AND column_name = 'pair_sum'"
"""An index without this column is an older version's: made anew, and filled by `joined.reconcile`."""
_INDEXES: Final = """
CREATE INDEX ON {schema}.document USING gin (terms) WITH (fastupdate = off);
CREATE INDEX ON {schema}.document (generation);
"""
_SUM: Final = "md5(ROW(generation, stamp, day, since, until, length, filters, terms)::text)"
"""What a row says of itself when it is written; another value later means that somebody else has changed it."""
_PUT: Final = f"""
INSERT INTO {{schema}}.document SELECT fresh.*, {_SUM} FROM (SELECT
    %s::bigint AS edition_id, %s::bigint AS generation, false AS is_gone, %s::text AS stamp, %s::integer AS day, %s::float8 AS since,
    %s::float8 AS until, %s::integer AS length, %s::jsonb AS filters, %s::tsvector AS terms) AS fresh
ON CONFLICT (edition_id) DO UPDATE SET (generation, is_gone, stamp, day, since, until, length, filters, terms, sum) =
    (EXCLUDED.generation, false, EXCLUDED.stamp, EXCLUDED.day, EXCLUDED.since, EXCLUDED.until, EXCLUDED.length, EXCLUDED.filters,
     EXCLUDED.terms, EXCLUDED.sum)
"""
_LAST: Final = "\U0010ffff"
_PAIR_SUM: Final = "coalesce(sum(hashtext(term || ' ' || word)), 0)"
_LOST: Final = "Tabellen des Suchindex fehlen."
_WHOLE: Final = f"""
SELECT count(*) = 1 AND (SELECT count(*) FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename IN ('document', 'written', 'written_word', 'lexeme', 'word')) = 5
    AND (SELECT count(*) FROM pg_indexes WHERE schemaname = '{SCHEMA}' AND tablename = 'document') >= 3
FROM {SCHEMA}.state
"""
_DISAGREEING: Final = (
    f"SELECT 1 FROM {SCHEMA}.document LEFT JOIN {SCHEMA}.written USING (edition_id) WHERE NOT is_gone AND words IS NULL LIMIT 1",
    f"""
    SELECT 1 FROM (SELECT word, count(*) AS amount FROM {SCHEMA}.written, unnest(words) AS word GROUP BY word) AS counted
    FULL JOIN (SELECT word, amount FROM {SCHEMA}.word WHERE amount > 0) AS kept USING (word) WHERE counted.amount IS DISTINCT FROM kept.amount LIMIT 1
    """,
    f"""
    SELECT 1 FROM (SELECT DISTINCT lexeme FROM {SCHEMA}.document, unnest(tsvector_to_array(terms)) AS lexeme WHERE lexeme LIKE '_=%' AND lexeme NOT LIKE '%\x02%') AS used
    LEFT JOIN {SCHEMA}.lexeme AS kept USING (lexeme) WHERE kept.lexeme IS NULL LIMIT 1
    """,
    f"SELECT 1 FROM {SCHEMA}.state WHERE pair_sum <> (SELECT {_PAIR_SUM} FROM {SCHEMA}.written_word)",
)
"""Each finds something where the lists beside the documents do not agree with them."""
MAX_OFTEN: Final = 64
"""How often a term stands is counted so far."""
_LEVELS: Final = 4


class PostgresEngine:
    """A search engine in the database `engine`. Safe between threads and processes."""

    def __init__(self, engine: Engine, analysis: Analysis) -> None:
        self._engine = engine
        self._analysis = analysis
        self._lock = threading.Lock()
        self._known: tuple[Any, int] | None = None
        self._snapshot: Snapshot | None = None
        self._base: PostgresSegment | None = None
        with self._driver() as driver:
            driver.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))  # processes may start at the same time
            if driver.execute(_NEWEST).fetchone() is None:
                driver.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
                _create(driver, SCHEMA)
                _run(driver, _INDEXES, SCHEMA)

    # --- asking ---

    def search(self, query: Query) -> Found:
        """See `SearchEngine`."""
        try:
            return self._current().search(query)
        except psycopg.errors.UndefinedTable as error:
            raise IndexDamaged(_LOST) from error

    def words(self, limit: int) -> Iterable[tuple[str, int]]:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            found = driver.execute(f"SELECT word, amount FROM {SCHEMA}.word WHERE amount > 0 ORDER BY amount DESC, word DESC LIMIT %s", (limit,))
            return [(word, amount) for word, amount in found.fetchall()]

    def written(self, terms: Sequence[str], starts: Sequence[str] = ()) -> set[str]:
        """See `SearchEngine`."""
        statement = f"SELECT word FROM {SCHEMA}.written_word WHERE term = ANY(%s)"
        values: list[Any] = [list(terms)]
        for start in starts:
            statement += f" UNION ALL SELECT word FROM {SCHEMA}.written_word WHERE term >= %s AND term < %s"
            values += [start, start + _LAST]
        with _judging(), self._driver() as driver:
            return {word for (word,) in driver.execute(statement, values).fetchall()}

    def _current(self) -> Snapshot:
        with self._driver() as driver:
            state = driver.execute(f"SELECT identity, generation FROM {SCHEMA}.state").fetchone()
            with self._lock:
                if self._snapshot is None or self._known != state:
                    self._snapshot = self._read(driver, state)
                    self._known = state
                return self._snapshot

    def _read(self, driver: Any, state: tuple[Any, int]) -> Snapshot:
        identity, generation = state
        base = self._base
        if base is None or base.identity != identity or _newer(driver, base.last, generation) > max(_REBASE_FROM, base.count // 10):
            self._base = base = PostgresSegment(self._driver, driver, identity, -1, generation)
        if base.last == generation:
            return Snapshot([(base, 0)])
        changed = PostgresSegment(self._driver, driver, identity, base.last, generation)
        gone = bits.set_of((row for row in map(base.row, changed.touched) if row is not None), base.count)
        return Snapshot([(base, gone), (changed, 0)])

    # --- keeping ---

    def position(self) -> int:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            row = driver.execute(f"SELECT position FROM {SCHEMA}.state").fetchone()
        if row is None:
            raise IndexDamaged(_LOST)
        return int(row[0])

    def stored(self) -> Iterator[tuple[int, str]]:
        """See `SearchEngine`."""
        with _judging(), self._driver() as driver:
            return iter(driver.execute(f"SELECT edition_id, stamp FROM {SCHEMA}.document WHERE NOT is_gone").fetchall())

    def damaged(self, *, is_thorough: bool = True) -> frozenset[int]:
        """See `SearchEngine`: rows by their own sum; where the lists of words beside them do not agree, all is built anew."""
        with _judging(), self._driver() as driver:
            if driver.execute(_WHOLE).fetchone() != (True,):
                raise IndexDamaged(_LOST)
            if not is_thorough:
                return frozenset()
            if any(driver.execute(statement).fetchone() for statement in _DISAGREEING):
                raise IndexDamaged("Die Wortlisten des Suchindex passen nicht zu seinen Einträgen.")
            return frozenset(row[0] for row in driver.execute(f"SELECT edition_id FROM {SCHEMA}.document WHERE NOT is_gone AND sum <> {_SUM}").fetchall())

    def batch(self, *, timeout_s: float = 30) -> PostgresBatch:
        """See `SearchEngine`: in a transaction of its own."""
        connection = self._engine.connect()
        try:
            return PostgresBatch(connection.connection.driver_connection, self._analysis, timeout_s=timeout_s, owner=connection)
        except BaseException:
            connection.close()
            raise

    def within(self, connection: Connection, *, timeout_s: float = 30) -> PostgresBatch | None:
        """See `SearchEngine`."""
        if connection.engine.url != self._engine.url:
            return None
        return PostgresBatch(connection.connection.driver_connection, self._analysis, timeout_s=timeout_s)

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """See `SearchEngine`."""
        fresh = f"{SCHEMA}_new"
        count = 0
        with self._driver() as driver:
            driver.execute(f"DROP SCHEMA IF EXISTS {fresh} CASCADE")
            _create(driver, fresh)
            driver.commit()
            batch = PostgresBatch(driver, self._analysis, schema=fresh)
            for count, document in enumerate(documents, start=1):
                batch.put(document)
                progress(count)
            batch.commit(position)
            _run(driver, _INDEXES, fresh)
            driver.commit()
            driver.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            driver.execute(f"ALTER SCHEMA {fresh} RENAME TO {SCHEMA}")
        return count

    def tidy(self) -> bool:
        """See `SearchEngine`: PostgreSQL tidies by itself."""
        return False

    def close(self) -> None:
        """See `SearchEngine`: the database's connections are the house's."""
        with self._lock:
            self._snapshot, self._base, self._known = None, None, None

    @contextlib.contextmanager
    def _driver(self) -> Iterator[Any]:
        """A connection of the driver in a transaction of its own."""
        with self._engine.begin() as connection:
            yield connection.connection.driver_connection


class PostgresSegment(Segment):
    """The documents whose last change lies in a range of generations."""

    def __init__(self, open_driver: Callable[[], contextlib.AbstractContextManager[Any]], driver: Any, identity: Any, first: int, last: int) -> None:
        self._open = open_driver
        self.identity, self._first, self.last = identity, first, last
        found = driver.execute(
            f"SELECT edition_id, day, since, until, length, is_gone, filters::text FROM {SCHEMA}.document WHERE generation > %s AND generation <= %s ORDER BY edition_id",
            (first, last),
        ).fetchall()
        self.touched = array("q", (row[0] for row in found))
        self._lengths = array("I", (row[4] for row in found))
        having: dict[str, dict[str, list[int]]] = {}
        for number, row in enumerate(found):
            for name, values in ({} if row[5] else orjson.loads(row[6])).items():
                for value in values:
                    having.setdefault(name, {}).setdefault(value, []).append(number)
        filters = {name: {value: bits.set_of(rows, len(found)) for value, rows in values.items()} for name, values in having.items()}
        super().__init__(columns_of([None if row[5] else row[:4] for row in found]), filters)

    def row(self, edition_id: int) -> int | None:
        """The document's number here, where it is known."""
        place = bisect.bisect_left(self.touched, edition_id)
        return place if place < len(self.touched) and self.touched[place] == edition_id else None

    def read_posting(self, field: Field, term: str) -> Posting:
        """See `Segment`."""
        often: dict[int, int] = {}
        for first in range(1, MAX_OFTEN + 1, _LEVELS):
            levels = range(first, min(first + _LEVELS, MAX_OFTEN + 1))
            lexemes = [_quoted(_level(_LETTERS[field] + term, level)) for level in levels]
            found = self._rows(
                f"SELECT edition_id, level FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (lexeme, level), {SCHEMA}.document WHERE terms @@ CAST(lexeme AS tsquery)",
                (lexemes,),
            )
            for document, (_, level) in found:
                often[document] = max(often.get(document, 0), first + level - 1)
            if not any(level == len(levels) for _, (_, level) in found):
                break
        documents = sorted(often)
        return posting(array("I", documents), array("H", (worth(field, often[number], self._lengths[number]) for number in documents)))

    def read_expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """See `Segment`. Only words as they are written (`=…`) can be expanded."""
        begin = _LETTERS[field] + start
        with self._open() as driver:
            rows = driver.execute(
                f"SELECT lexeme FROM {SCHEMA}.lexeme WHERE lexeme >= %s AND lexeme < %s ORDER BY lexeme LIMIT %s", (begin, begin + _LAST, limit)
            ).fetchall()
        return [row[0][1:] for row in rows]

    def read_row(self, field: Field, option: Option, candidates: Sequence[int]) -> Sequence[int]:
        """See `Segment`."""
        lexemes = [_quoted(_LETTERS[field] + term) for term in option.terms]
        steps = [later - earlier for earlier, later in itertools.pairwise(option.places)]
        row = lexemes[0] + "".join(f" <{step}> {lexeme}" for step, lexeme in zip(steps, lexemes[1:], strict=True))
        return [document for document, _ in self._rows(f"SELECT edition_id FROM {SCHEMA}.document WHERE terms @@ CAST(%s AS tsquery)", (row,))]

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[int, Any]]:
        """(document, row) of what the statement finds among the documents of this segment, ascending."""
        between = " AND generation > %s AND generation <= %s" if self._first >= 0 else " AND generation <= %s"
        with self._open() as driver:
            cursor = driver.cursor(binary=True)
            bounds = (self._first, self.last) if self._first >= 0 else (self.last,)
            found = cursor.execute(statement + between, (*values, *bounds)).fetchall()
        placed = ((self.row(row[0]), row) for row in found)
        return sorted((place, row) for place, row in placed if place is not None)


class PostgresBatch:
    """Changes to the index; holds its lock until the transaction ends."""

    def __init__(self, driver: Any, analysis: Analysis, *, timeout_s: float = 30, owner: Connection | None = None, schema: str = SCHEMA) -> None:
        self._driver = driver
        self._analysis = analysis
        self._owner = owner
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._written: list[tuple[int, list[str]]] = []
        self._words: Counter[str] = Counter()
        self._lexemes: set[str] = set()
        self._texts: set[str] = set()
        try:
            driver.execute(f"SET LOCAL lock_timeout = {max(1, int(timeout_s * 1000))}")
            self._generation = driver.execute(f"SELECT generation + 1 FROM {schema}.state FOR UPDATE").fetchone()[0]
            driver.execute("SET LOCAL lock_timeout = 0")
        except psycopg.errors.LockNotAvailable as error:
            raise IndexBusy(f"Der Suchindex ist seit {timeout_s:.0f} s von anderer Seite gesperrt.") from error

    def put(self, document: Document) -> None:
        """See `Batch`."""
        made = indexed(document, self._analysis)
        words = sorted(made.words)
        self._words.update(words)
        self._texts |= made.written
        self._lexemes.update(
            _LETTERS[name] + term for name, places in made.fields.items() for _, terms in places for term in terms if term.startswith("=")
        )
        until = document.until.timestamp() if document.until else 0.0
        filters = orjson.dumps({name: list(values) for name, values in document.filters.items()}).decode()
        self._rows.append(
            (document.edition_id, self._generation, document.stamp, document.date.toordinal(), document.since.timestamp(), until, made.length, filters,
             vector(made))
        )
        self._written.append((document.edition_id, words))
        if len(self._rows) >= _CHUNK:
            self._flush()

    def remove(self, edition_id: int) -> None:
        """See `Batch`."""
        self._flush()
        self._forget_words([edition_id])
        # The row stays as a mark for processes that know the document, and goes when the index is built anew.
        self._driver.execute(
            f"UPDATE {self._schema}.document SET generation = %s, is_gone = true, terms = '', filters = '{{}}' WHERE edition_id = %s",
            (self._generation, edition_id),
        )

    def commit(self, position: int) -> None:
        """See `Batch`: ends the transaction where it is the batch's own."""
        self._flush()
        amounts = sorted((word, amount) for word, amount in self._words.items() if amount)
        if amounts:
            self._driver.execute(
                f"INSERT INTO {self._schema}.word AS known SELECT * FROM unnest(%s::text[], %s::integer[]) ON CONFLICT (word) DO UPDATE SET amount = known.amount + EXCLUDED.amount",
                ([word for word, _ in amounts], [amount for _, amount in amounts]),
            )
        if self._lexemes:
            self._driver.execute(f"INSERT INTO {self._schema}.lexeme SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (sorted(self._lexemes),))
        found = sorted(pairs(self._texts, self._analysis))
        if found:
            self._driver.execute(
                f"WITH fresh AS (INSERT INTO {self._schema}.written_word SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING RETURNING *) "
                f"UPDATE {self._schema}.state SET pair_sum = pair_sum + (SELECT {_PAIR_SUM} FROM fresh)",
                ([term for term, _ in found], [word for _, word in found]),
            )
        self._driver.execute(f"UPDATE {self._schema}.state SET generation = %s, position = %s", (self._generation, position))
        self._end(is_kept=True)

    def cancel(self) -> None:
        """See `Batch`."""
        self._end(is_kept=False)

    def _end(self, *, is_kept: bool) -> None:
        if self._owner is not None:
            if is_kept:
                self._driver.commit()
            else:
                self._driver.rollback()
            self._owner.close()
            self._owner = None

    def _flush(self) -> None:
        if self._rows:
            self._forget_words([row[0] for row in self._rows])
            self._driver.cursor().executemany(_PUT.format(schema=self._schema), self._rows)
            self._driver.cursor().executemany(f"INSERT INTO {self._schema}.written VALUES (%s, %s)", self._written)
            self._rows, self._written = [], []

    def _forget_words(self, edition_ids: list[int]) -> None:
        found = self._driver.execute(f"DELETE FROM {self._schema}.written WHERE edition_id = ANY(%s) RETURNING words", (edition_ids,)).fetchall()
        self._words.subtract(itertools.chain.from_iterable(row[0] for row in found))


@contextlib.contextmanager
def _judging() -> Iterator[None]:
    """A table that is gone is told as damage."""
    try:
        yield
    except psycopg.errors.UndefinedTable as error:
        raise IndexDamaged(_LOST) from error


def vector(made: Indexed) -> str:
    """The terms of a document as a `tsvector` is written."""
    places: dict[str, list[int]] = {}
    for name, stretch in made.fields.items():
        letter = _LETTERS[name]
        for place, terms in stretch:
            for term in terms:
                places.setdefault(letter + term, []).append(place + 1)  # PostgreSQL counts from 1
    words = [f"{_quoted(lexeme)}:{','.join(map(str, _kept(found)))}" for lexeme, found in places.items()]
    words += [_quoted(_level(lexeme, level)) for lexeme, found in places.items() for level in range(2, min(len(found), MAX_OFTEN) + 1)]
    return " ".join(words)


def _level(lexeme: str, level: int) -> str:
    """The lexeme that says that another one stands so often: so the index alone tells it, without reading the vector."""
    return lexeme if level == 1 else f"{lexeme}\x02{level}"


def _kept(places: Sequence[int]) -> Iterable[int]:
    """Places that a `tsvector` can keep, each once."""
    return sorted({min(place, _MAX_PLACE) for place in places})[:_MAX_PLACES]


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _newer(driver: Any, first: int, last: int) -> int:
    return int(driver.execute(f"SELECT count(*) FROM {SCHEMA}.document WHERE generation > %s AND generation <= %s", (first, last)).fetchone()[0])


def _create(driver: Any, schema: str) -> None:
    _run(driver, _TABLES, schema)


def _run(driver: Any, statements: str, schema: str) -> None:
    driver.execute(statements.format(schema=schema))
