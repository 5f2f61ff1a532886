"""How the index in PostgreSQL is read: loose documents by the GIN index, packed ones by their stored postings. How it answers says `answering`."""

from __future__ import annotations

import bisect
import contextlib
import itertools
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from content.search import bits
from content.search.answering import MAX_EXPANSIONS, Kept, Segment, columns_of
from content.search.interface import Field, Option, Want
from content.search.postgres_tables import LAST, LETTERS, SCHEMA
from content.search.postgres_writing import MAX_OFTEN, level_of, quoted
from content.search.postings import Posting, Sparse, in_a_row, posting, read, read_all, worth

_LEVELS: Final = 4
_KEPT_BYTES: Final = 24_000_000

OpenDriver = Callable[[], contextlib.AbstractContextManager[Any]]


def _filters_of(rows: Sequence[str | None]) -> dict[str, dict[str, int]]:
    """Name → value → set, from what each row has, in JSON."""
    having: dict[str, dict[str, list[int]]] = {}
    for number, row in enumerate(rows):
        for name, values in orjson.loads(row).items() if row else ():
            for value in values:
                having.setdefault(name, {}).setdefault(value, []).append(number)
    return {
        name: {value: bits.set_of(found, len(rows)) for value, found in values.items()}
        for name, values in having.items()
    }


def expansions(driver: Any, field: Field, start: str, limit: int) -> list[str]:
    """The first terms of a field that begin so. Only words as they are written (`=…`) can be expanded."""
    begin = LETTERS[field] + start
    rows = driver.execute(
        f"SELECT lexeme FROM {SCHEMA}.lexeme WHERE lexeme >= %s AND lexeme < %s ORDER BY lexeme LIMIT %s",
        (begin, begin + LAST, limit),
    )
    return [row[0][1:] for row in rows.fetchall()]


class LooseSegment(Segment):
    """The loose documents whose last change lies in a range of generations."""

    def __init__(self, open_driver: OpenDriver, driver: Any, first: int, last: int) -> None:
        self._open = open_driver
        self._first, self.last = first, last
        found = driver.execute(
            f"SELECT edition_id, day, since, until, length, is_gone, filters::text FROM {SCHEMA}.document "
            "WHERE segment = 0 AND generation > %s AND generation <= %s ORDER BY edition_id",
            (first, last),
        ).fetchall()
        self.touched = array("q", (row[0] for row in found))
        self._lengths = array("I", (row[4] for row in found))
        super().__init__(
            columns_of([None if row[5] else row[:4] for row in found]),
            _filters_of([None if row[5] else row[6] for row in found]),
        )

    def row(self, edition_id: int) -> int | None:
        """The document's number here, where it is known."""
        place = bisect.bisect_left(self.touched, edition_id)
        return place if place < len(self.touched) and self.touched[place] == edition_id else None

    def read_posting(self, field: Field, term: str) -> Posting:
        """See `Segment`."""
        often: dict[int, int] = {}
        for first in range(1, MAX_OFTEN + 1, _LEVELS):
            levels = range(first, min(first + _LEVELS, MAX_OFTEN + 1))
            lexemes = [quoted(level_of(LETTERS[field] + term, level)) for level in levels]
            found = self._rows(
                f"SELECT edition_id, level FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (lexeme, level), {SCHEMA}.document WHERE terms @@ CAST(lexeme AS tsquery)",
                (lexemes,),
            )
            for document, (_, level) in found:
                often[document] = max(often.get(document, 0), first + level - 1)
            if not any(level == len(levels) for _, (_, level) in found):
                break
        documents = sorted(often)
        return posting(
            array("I", documents),
            array("H", (worth(field, often[number], self._lengths[number]) for number in documents)),
        )

    def read_expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """See `Segment`."""
        with self._open() as driver:
            return expansions(driver, field, start, limit)

    def read_row(self, field: Field, option: Option, candidates: Sequence[int]) -> Sequence[int]:
        """See `Segment`."""
        lexemes = [quoted(LETTERS[field] + term) for term in option.terms]
        steps = [later - earlier for earlier, later in itertools.pairwise(option.places)]
        row = lexemes[0] + "".join(f" <{step}> {lexeme}" for step, lexeme in zip(steps, lexemes[1:], strict=True))
        return [
            document
            for document, _ in self._rows(
                f"SELECT edition_id FROM {SCHEMA}.document WHERE terms @@ CAST(%s AS tsquery)", (row,)
            )
        ]

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[int, Any]]:
        """(document, row) of what the statement finds among the documents of this segment, ascending."""
        if not self.count:
            return []
        with self._open() as driver:
            cursor = driver.cursor(binary=True)
            found = cursor.execute(
                f"{statement} AND segment = 0 AND generation > %s AND generation <= %s",
                (*values, self._first, self.last),
            ).fetchall()
        placed = ((self.row(row[0]), row) for row in found)
        return sorted((place, row) for place, row in placed if place is not None)


class StoredPostings:
    """The stored postings of all segments, read by lexeme: one round to the database for all that a question needs."""

    def __init__(self, open_driver: OpenDriver) -> None:
        self._open = open_driver
        self.amount = 0
        """Of how many segments there are; what was read while there were fewer is read again."""
        self._kept: Kept[Mapping[int, bytes]] = Kept(_KEPT_BYTES, lambda found: 200 + sum(map(len, found.values())))
        self._expanded: Kept[Sequence[str]] = Kept(_KEPT_BYTES // 20, lambda found: 100 + 60 * len(found))

    def fetch(self, lexemes: Iterable[str]) -> dict[str, Mapping[int, bytes]]:
        """Lexeme → segment → posting."""
        amount = self.amount
        found: dict[str, Mapping[int, bytes]] = {}
        missing: dict[str, dict[int, bytes]] = {}
        for lexeme in lexemes:
            known = self._kept.known((lexeme, amount))
            if known is None:
                missing[lexeme] = {}
            else:
                found[lexeme] = known
        if missing:
            with self._open() as driver:
                cursor = driver.cursor(binary=True)
                for lexeme, segment, data in cursor.execute(
                    f"SELECT lexeme, segment, data FROM {SCHEMA}.posting WHERE lexeme = ANY(%s)", (list(missing),)
                ):
                    missing[lexeme][segment] = data
            for lexeme, row in missing.items():
                found[lexeme] = self._kept.put((lexeme, amount), row)
        return found

    def expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """See `Segment.read_expansions`."""

        def ask() -> Sequence[str]:
            with self._open() as driver:
                return expansions(driver, field, start, limit)

        return self._expanded.get((field, start, limit, self.amount), ask)


class PackedSegment(Segment):
    """Documents that were packed together; those that have changed since are loose, and gone here."""

    def __init__(self, stored: StoredPostings, driver: Any, number: int, ids: bytes, generation: int) -> None:
        self._stored, self.number, self.generation = stored, number, generation
        """The generation at which it was read."""
        self._ids = array("q", ids)
        self._rows = {edition_id: row for row, edition_id in enumerate(self._ids)}
        columns: list[Any] = [None] * len(self._ids)
        filters: list[str | None] = [None] * len(self._ids)
        rows = driver.execute(
            f"SELECT edition_id, day, since, until, filters::text FROM {SCHEMA}.document WHERE segment = %s AND NOT is_gone",
            (number,),
        )
        for row in rows.fetchall():
            place = self._rows.get(row[0])
            if place is not None:
                columns[place], filters[place] = row[:4], row[4]
        super().__init__(columns_of(columns), _filters_of(filters))

    def row(self, edition_id: int) -> int | None:
        """The document's number here, where it is known."""
        return self._rows.get(edition_id)

    def prepare(self, wants: Sequence[Want]) -> None:
        """See `Segment`: the first reads for all."""
        if self.number > 1:
            return
        lexemes: dict[str, None] = {}
        for want in wants:
            if self._worths.known(want.options) is None:
                for option in want.options:
                    for field in option.fields:
                        terms = (
                            self.read_expansions(field, option.terms[0], MAX_EXPANSIONS)
                            if option.is_prefix
                            else (*option.terms, option.implied)
                        )
                        lexemes.update((LETTERS[field] + term, None) for term in terms if term)
        self._stored.fetch(lexemes)

    def read_posting(self, field: Field, term: str) -> Posting:
        """See `Segment`."""
        data = self._data(field, term)
        return read(data) if data else Sparse((), ())

    def _data(self, field: Field, term: str) -> bytes:
        lexeme = LETTERS[field] + term
        return self._stored.fetch((lexeme,))[lexeme].get(self.number, b"")

    def read_expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """See `Segment`."""
        return self._stored.expansions(field, start, limit)

    def read_row(self, field: Field, option: Option, candidates: Sequence[int]) -> Sequence[int]:
        """See `Segment`."""
        found = [self._data(field, term) for term in option.terms]
        return (
            in_a_row(zip(map(read_all, found), option.places, strict=True), frozenset(candidates)) if all(found) else []
        )
