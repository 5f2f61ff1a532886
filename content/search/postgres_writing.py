"""How the index in PostgreSQL is written: documents as rows, many of them packed into a segment."""

from __future__ import annotations

import functools
import hashlib
import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy.engine import Connection

from content.database.patience import current
from content.search import postings
from content.search.german import Analysis
from content.search.indexing import Indexed, indexed
from content.search.interface import Document, IndexBusy
from content.search.postgres_tables import LETTERS, PAIR_SUM, PUT, SCHEMA
from content.search.written import pairs

MAX_OFTEN: Final = 64
"""How often a term stands in a loose document is counted so far."""
PACK_SIZE: Final = 50_000
"""So many documents make a segment when the index is built: each takes about 5 kB of memory until then."""
_MAX_PLACE: Final = 16_383
_MAX_PLACES: Final = 255
_CHUNK: Final = 500
_FIELDS: Final = {letter: field for field, letter in LETTERS.items()}


class PostgresBatch:
    """Changes to the index; holds its lock until the transaction ends."""

    def __init__(
        self,
        driver: Any,
        analysis: Analysis,
        *,
        timeout_s: float = 30,
        owner: Connection | None = None,
        schema: str = SCHEMA,
        is_packing: bool = False,
    ) -> None:
        self._driver = driver
        self._analysis = analysis
        self._owner = owner
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._written: list[tuple[int, list[str]]] = []
        self._words: Counter[str] = Counter()
        self._lexemes: set[str] = set()
        self._texts: set[str] = set()
        self._packing = Packing() if is_packing else None
        self._segments = 0
        try:
            with current().waiting():
                driver.execute(f"SET LOCAL lock_timeout = {max(1, int(timeout_s * 1000))}")
                self._generation = driver.execute(f"SELECT generation + 1 FROM {schema}.state FOR UPDATE").fetchone()[0]
            driver.execute(f"SET LOCAL lock_timeout = {current().wait_ms}")
        except psycopg.errors.LockNotAvailable as error:
            raise IndexBusy(f"Der Suchindex ist seit {timeout_s:.0f} s von anderer Seite gesperrt.") from error

    def put(self, document: Document) -> None:
        """See `Batch`."""
        made = indexed(document, self._analysis)
        words = sorted(made.words)
        self._words.update(words)
        self._texts |= made.written
        self._lexemes.update(
            LETTERS[name] + term
            for name, places in made.fields.items()
            for _, terms in places
            for term in terms
            if term.startswith("=")
        )
        places = _places(made)
        if self._packing is not None:
            self._packing.add(document.edition_id, made.length, places)
        until = document.until.timestamp() if document.until else 0.0
        filters = orjson.dumps({name: list(values) for name, values in document.filters.items()}).decode()
        self._rows.append(
            (
                0 if self._packing is None else self._segments + 1,
                document.edition_id,
                self._generation,
                document.stamp,
                document.date.toordinal(),
                document.since.timestamp(),
                until,
                made.length,
                filters,
                vector(places),
            )
        )
        self._written.append((document.edition_id, words))
        if len(self._rows) >= _CHUNK:
            self._flush()
        if self._packing is not None and len(self._packing.ids) >= PACK_SIZE:
            self._pack(self._packing)

    def _pack(self, packing: Packing) -> None:
        self._flush()
        if packing.ids:
            self._segments += 1
            packing.write(self._driver, self._schema, self._segments)
            self._packing = Packing()

    def remove(self, edition_id: int) -> None:
        """See `Batch`."""
        self._flush()
        self._forget_words([edition_id])
        # The row stays as a mark for processes that know the document, and goes when the index is built anew.
        self._driver.execute(
            f"UPDATE {self._schema}.document SET generation = %s, is_gone = true, segment = 0, terms = '', filters = '{{}}' WHERE edition_id = %s",
            (self._generation, edition_id),
        )

    def commit(self, position: int) -> None:
        """See `Batch`: ends the transaction where it is the batch's own."""
        self._flush()
        if self._packing is not None:
            self._pack(self._packing)
            self._driver.execute(f"UPDATE {self._schema}.state SET segments = %s", (self._segments,))
        amounts = sorted((word, amount) for word, amount in self._words.items() if amount)
        if amounts:
            self._driver.execute(
                f"INSERT INTO {self._schema}.word AS known SELECT * FROM unnest(%s::text[], %s::integer[]) ON CONFLICT (word) DO UPDATE SET amount = known.amount + EXCLUDED.amount",
                ([word for word, _ in amounts], [amount for _, amount in amounts]),
            )
        if self._lexemes:
            self._driver.execute(
                f"INSERT INTO {self._schema}.lexeme SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
                (sorted(self._lexemes),),
            )
        found = sorted(pairs(self._texts, self._analysis))
        if found:
            self._driver.execute(
                f"WITH fresh AS (INSERT INTO {self._schema}.written_word SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING RETURNING *) "
                f"UPDATE {self._schema}.state SET pair_sum = pair_sum + (SELECT {PAIR_SUM} FROM fresh)",
                ([term for term, _ in found], [word for _, word in found]),
            )
        self._driver.execute(
            f"UPDATE {self._schema}.state SET generation = %s, position = %s", (self._generation, position)
        )
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
            self._forget_words([row[1] for row in self._rows])
            self._driver.cursor().executemany(PUT.format(schema=self._schema), self._rows)
            self._driver.cursor().executemany(f"INSERT INTO {self._schema}.written VALUES (%s, %s)", self._written)
            self._rows, self._written = [], []

    def _forget_words(self, edition_ids: list[int]) -> None:
        found = self._driver.execute(
            f"DELETE FROM {self._schema}.written WHERE edition_id = ANY(%s) RETURNING words", (edition_ids,)
        ).fetchall()
        self._words.subtract(itertools.chain.from_iterable(row[0] for row in found))


class Packing:
    """Documents that become a segment, with their postings."""

    def __init__(self) -> None:
        self.ids = array("q")
        self._terms: dict[str, tuple[array[int], array[int], array[int], array[int]]] = {}

    def add(
        self, edition_id: int, length: int, places: Mapping[str, Sequence[int]], often: Mapping[str, int] | None = None
    ) -> None:
        """Take a document in: lexeme → places; how often each stands where that is not the number of its places."""
        number = len(self.ids)
        self.ids.append(edition_id)
        for lexeme, found in places.items():
            if lexeme not in self._terms:
                self._terms[lexeme] = (array("I"), array("H"), array("I"), array("I"))
            documents, worths, counts, all_places = self._terms[lexeme]
            documents.append(number)
            worths.append(_worth(lexeme[0], often[lexeme] if often else len(found), length))
            counts.append(len(found))
            all_places.extend(found)

    def write(self, driver: Any, schema: str, number: int) -> None:
        """Store it as the segment `number`."""
        amount = len(self._terms)
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {schema}.posting (lexeme, segment, data, sum) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["text", "int4", "bytea", "text"])
            for lexeme in sorted(self._terms):
                data = postings.stored(*self._terms.pop(lexeme))
                copy.write_row(
                    (lexeme, number, data, hashlib.md5(lexeme.encode() + data, usedforsecurity=False).hexdigest())
                )
        ids = self.ids.tobytes()
        driver.execute(
            f"INSERT INTO {schema}.segment VALUES (%s, %s, %s, %s)",
            (number, ids, amount, hashlib.md5(ids, usedforsecurity=False).hexdigest()),
        )


def pack_loose(driver: Any, limit: int) -> bool:
    """Make the loose documents, so many of them, the next segment, unless another process did. Others publish while it reads; what they change stays loose."""
    segments, seen = driver.execute(f"SELECT segments, generation FROM {SCHEMA}.state").fetchone()
    ids = [
        row[0]
        for row in driver.execute(
            f"SELECT edition_id FROM {SCHEMA}.document WHERE segment = 0 AND NOT is_gone ORDER BY edition_id LIMIT %s",
            (limit,),
        ).fetchall()
    ]
    packing = Packing()
    for start in range(0, len(ids), _CHUNK // 5):
        found = driver.cursor(binary=True).execute(
            f"SELECT edition_id, length, lexeme, positions FROM {SCHEMA}.document LEFT JOIN LATERAL unnest(terms) ON true WHERE edition_id = ANY(%s) ORDER BY edition_id",
            (ids[start : start + _CHUNK // 5],),
        )
        for (edition_id, length), rows in itertools.groupby(found, key=lambda row: row[:2]):
            places: dict[str, Sequence[int]] = {}
            often: Counter[str] = Counter()
            for _, _, lexeme, positions in rows:
                base, _, level = (lexeme or "").partition("\x02")
                if positions:
                    places[base] = positions
                often[base] = max(often[base], int(level or 1))
            packing.add(edition_id, length, places, often)
    if driver.execute(f"SELECT segments FROM {SCHEMA}.state FOR UPDATE").fetchone() != (segments,):
        return False
    packing.write(driver, SCHEMA, segments + 1)
    driver.execute(
        f"UPDATE {SCHEMA}.document SET segment = %s WHERE edition_id = ANY(%s) AND segment = 0 AND generation <= %s",
        (segments + 1, ids, seen),
    )
    driver.execute(f"UPDATE {SCHEMA}.state SET segments = %s", (segments + 1,))
    return True


@functools.lru_cache(maxsize=20_000)
def _worth(letter: str, often: int, length: int) -> int:
    return postings.worth(_FIELDS[letter], often, length)


def _places(made: Indexed) -> dict[str, list[int]]:
    """Lexeme → places, as PostgreSQL counts them: from 1."""
    places: dict[str, list[int]] = {}
    for name, stretch in made.fields.items():
        letter = LETTERS[name]
        for place, terms in stretch:
            for term in terms:
                places.setdefault(letter + term, []).append(place + 1)
    return places


def vector(places: Mapping[str, Sequence[int]]) -> str:
    """The terms of a document as a `tsvector` is written."""
    words = [f"{quoted(lexeme)}:{','.join(map(str, _kept(found)))}" for lexeme, found in places.items()]
    words += [
        quoted(level_of(lexeme, level))
        for lexeme, found in places.items()
        for level in range(2, min(len(found), MAX_OFTEN) + 1)
    ]
    return " ".join(words)


def level_of(lexeme: str, level: int) -> str:
    """The lexeme that says that another one stands so often: so the index alone tells it, without reading the vector."""
    return lexeme if level == 1 else f"{lexeme}\x02{level}"


def _kept(places: Sequence[int]) -> Iterable[int]:
    """Places that a `tsvector` can keep, each once."""
    return sorted({min(place, _MAX_PLACE) for place in places})[:_MAX_PLACES]


def quoted(lexeme: str) -> str:
    """A lexeme as `tsvector` and `tsquery` read it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
