"""Both engines over the example content: the same documents, counts and order, for every kind of question."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import pytest

from content.database.db import make_engine
from content.house import House
from content.search.interface import IndexBusy, Query
from content.search.postgres_engine import PostgresEngine
from content.search.query import read
from content.services.base.language import Language
from content.services.browsing.browse import Reader

QUESTIONS = [
    "Nachnutzung",
    "Nachnutzungsmodell",
    "Marktplatz",
    "FITKO",
    "FIT-Connect",
    "fitconnect",
    "Koenigsteiner Schluessel",
    "EfA",
    "OZG",
    "Register*",
    '"zur Kenntnis"',
    '"Einer für Alle"',
    "Digitalisierungsbudget -FITKO",
    "Bericht ODER Konzept",
    "Beschlüsse der 36. Sitzung",
    "2021/39",
    "jahr:2021",
    "art:presse Sitzung",
    "ziffer:2 Finanzierung",
    "von:2021 bis:2022 Länder",
    "Länder Bund Kommunen",
    "Kosten der Nachnutzung",
    "Standardisierung",
    "Portalverbund Nutzerkonto",
    "Datenschutz",
    "Umlaufverfahren",
    "Hamburg",
    "Verwaltungscloud",
    "gibtesnicht",
    "a*",
    "der die das",
]


@pytest.fixture(scope="module", params=["packed", "loose", "both"])
def engines(request, example_data, postgres_server):
    """(Whoosh, PostgreSQL, a planner of wants), both filled with the example content; PostgreSQL's documents in segments, in none, some of them."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "agreement_{request.param}"')
    head, _, options = postgres_server.partition("?")
    address = (
        head.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://")
        + f"/agreement_{request.param}"
        + (f"?{options}" if options else "")
    )
    house = House.open(example_data)
    database = make_engine(address)
    other = PostgresEngine(database, house.language.analysis)
    documents = list(house.published_documents())
    with pytest.MonkeyPatch.context() as small:
        small.setattr("content.search.postgres_writing.PACK_SIZE", 100)
        small.setattr("content.search.postgres_engine.PACK_FROM", 200)
        small.setattr("content.search.postgres_engine.PACK_AT_ONCE", 150)
        if request.param == "packed":
            other.rebuild(iter(documents), house.search.position(), lambda _: None)
        else:
            batch = other.batch()
            for document in documents:
                batch.put(document)
            batch.commit(house.search.position())
            assert request.param == "loose" or (other.tidy() and not other.tidy())
    with house.reading() as connection:
        bodies = Reader(connection).bodies
        planner = Language(house.language.analysis).planner(connection)

    def query(typed, **changes):
        asked = read(typed, bodies=bodies)
        return Query(
            planner.wants(asked),
            filters=asked.filters,
            first_day=asked.first_day,
            last_day=asked.last_day,
            limit=500,
            **changes,
        )

    yield house.search, other, query, documents
    other.close()
    database.dispose()
    house.close()


def _same(one, two):
    assert (one.total, one.dead) == (two.total, two.dead)
    assert {name: dict(values) for name, values in one.facets.items()} == {
        name: dict(values) for name, values in two.facets.items()
    }
    assert {edition_id for edition_id, _ in one.rows} == {edition_id for edition_id, _ in two.rows}
    scores = dict(two.rows)
    # Where one engine puts a document first, the other must not clearly put it second.
    assert all(
        scores[before] >= scores[after] * 0.99
        for before, after in itertools.pairwise(edition_id for edition_id, _ in one.rows)
    )
    assert all(abs(score - scores[edition_id]) <= 0.01 * max(score, 1e-9) for edition_id, score in one.rows)


@pytest.mark.parametrize("typed", QUESTIONS)
def test_engines_answer_alike(engines, typed):
    whoosh, postgres, query, _ = engines
    _same(whoosh.search(query(typed)), postgres.search(query(typed)))


@pytest.mark.parametrize(
    "changes",
    [
        {"at_least": 1},
        {"at_least": 2},
        {"sort": "newest"},
        {"sort": "oldest"},
        {"moment": dt.datetime(2022, 3, 1, tzinfo=dt.UTC)},
        {"among": frozenset(range(1, 60))},
    ],
    ids=str,
)
def test_engines_answer_alike_under_every_restriction(engines, changes):
    whoosh, postgres, query, _ = engines
    one, two = (engine.search(query("Länder Nachnutzung Kosten", **changes)) for engine in (whoosh, postgres))
    if "sort" in changes:
        assert one.rows == two.rows
    _same(
        dataclasses.replace(one, rows=tuple(sorted(one.rows, key=lambda row: -row[1]))),
        dataclasses.replace(two, rows=tuple(sorted(two.rows, key=lambda row: -row[1]))),
    )


def test_engines_know_the_same_words(engines):
    whoosh, postgres, _, _ = engines
    assert sorted(whoosh.words(10_000)) == sorted(postgres.words(10_000))
    assert sorted(whoosh.stored()) == sorted(postgres.stored())


def test_postgres_changes_are_seen_by_other_processes_and_undone_with_their_transaction(engines):
    _, postgres, query, documents = engines
    reader = PostgresEngine(postgres._engine, postgres._analysis)
    before = reader.search(query("Marktplatz"))
    new = dataclasses.replace(next(one for one in documents if one.edition_id == before.rows[0][0]), edition_id=99_999)
    with postgres._engine.connect() as connection, connection.begin() as began:
        batch = postgres.within(connection)
        batch.put(new)
        batch.commit(500)
        assert reader.search(query("Marktplatz")) == before, "nobody sees what is not committed"
        with pytest.raises(IndexBusy):
            reader.batch(timeout_s=0.05)
        began.rollback()
    assert reader.search(query("Marktplatz")) == before
    batch = postgres.batch()
    batch.put(new)
    batch.commit(500)
    assert reader.search(query("Marktplatz")).total == before.total + 1
    batch = postgres.batch()
    batch.remove(99_999)
    batch.commit(500)
    assert reader.search(query("Marktplatz")).rows == before.rows
    assert sorted(reader.words(10_000)) == sorted(engines[0].words(10_000))
    reader.close()
