"""The search engine and its transaction: promises of the interface, and every phase broken on purpose."""

from __future__ import annotations

import datetime as dt
import gc
import threading

import pytest
import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from content.database.db import make_engine
from content.search import joined, postgres_writing
from content.search.german import Analysis
from content.search.interface import Document, IndexBusy, IndexDamaged, Part, Query
from content.search.lemmas import Lemmas
from content.search.planning import Planner
from content.search.postgres_engine import PostgresEngine
from content.search.query import read
from content.search.thesaurus import Thesaurus
from content.search.whoosh_engine import WhooshEngine

THEN = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)


def _document(number, title, text, *, year=2021, kind="decision", meeting="/sitzung/36", until=None):
    filters = {"kind": (kind,), "year": (str(year),), "meeting": (meeting,)}
    return Document(
        number,
        kind,
        f"/beschluss/{year}/{number:02d}",
        title,
        (f"{year}/{number:02d}",),
        dt.date(year, 6, number),
        THEN,
        until,
        filters,
        (Part("z1", "Ziffer 1", text, "1"),),
        f"sha{number}",
        number,
    )


CORPUS = [
    _document(1, "Marktplatz", "Der Marktplatz für EfA-Leistungen wird beschlossen."),
    _document(
        2, "FIT-Connect", "Der Zustelldienst wird unter freier Lizenz veröffentlicht.", year=2022, meeting="/sitzung/37"
    ),
    _document(3, "Königsteiner Schlüssel", "Die Kosten tragen die Länder nach Beschluss 2021/01."),
    _document(4, "Presse", "Über den Marktplatz und die Verwaltungen.", kind="press_release"),
]
NEW = _document(5, "Neues", "Ein seltenes Wort: Zwiebelkuchen.")


@pytest.fixture(scope="module")
def analysis(lemmas_folder):
    return Analysis(Lemmas.open(lemmas_folder))


@pytest.fixture(params=["whoosh", "postgres", "postgres, packed"])
def engine(request, tmp_path, analysis, monkeypatch):
    """Each engine in turn, with four documents."""
    database = None
    if request.param == "whoosh":
        made = WhooshEngine(tmp_path / "index", analysis)
    else:
        database = make_engine(request.getfixturevalue("postgres_url"))
        made = PostgresEngine(database, analysis)
    batch = made.batch()
    for document in CORPUS:
        batch.put(document)
    batch.commit(4)
    if request.param == "postgres, packed":
        monkeypatch.setattr("content.search.postgres_engine.PACK_FROM", 1)
        monkeypatch.setattr("content.search.postgres_engine.PACK_AT_ONCE", 3)
        assert made.tidy() and _segments(database) == [(0, 1), (1, 3)]
    yield made
    made.close()
    if database is not None:
        database.dispose()


def _segments(database):
    """How many documents are in each segment; in none: loose."""
    with database.connect() as connection:
        return [
            tuple(row)
            for row in connection.exec_driver_sql(
                "SELECT segment, count(*) FROM search_index.document GROUP BY segment ORDER BY segment"
            )
        ]


@pytest.fixture
def whoosh(tmp_path, analysis):
    made = WhooshEngine(tmp_path / "files", analysis)
    batch = made.batch()
    for document in CORPUS:
        batch.put(document)
    batch.commit(4)
    yield made
    made.close()


def _asked(engine, typed, **filters):
    asked = read(typed, filters=filters)
    wants = Planner(engine._analysis, Thesaurus([], engine._analysis)).wants(asked)
    return engine.search(Query(wants, filters=asked.filters))


def _found(engine, typed, **filters):
    return [edition_id for edition_id, _ in _asked(engine, typed, **filters).rows]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Marktplatz", {1, 4}),
        ("marktplätze", {1, 4}),
        ("koenigsteiner schluessel", {3}),
        ("konigsteiner", {3}),
        ("fitconnect", {2}),
        ("fit connect", {2}),
        ("beschließen", {1}),
        ("Verwaltung", {4}),
        ('"freier Lizenz"', {2}),
        ('"Lizenz freier"', set()),
        ("Marktplatz -Verwaltung", {1}),
        ("veröff*", {2}),
        ("Beschlüsse der 37. Sitzung", {2}),
        ("Zustelldienst ODER Kosten", {2, 3}),
        ("jahr:2022", {2}),
    ],
)
def test_search_finds_what_a_reader_means(engine, typed, expected):
    assert set(_found(engine, typed)) == expected


@pytest.mark.parametrize("typed", ["2021/01", "2021-01", "Beschluss 2021/01", "Nr. 2021/1"])
def test_exact_number_comes_first(engine, typed):
    assert _found(engine, typed)[0] == 1


def test_facets_count_under_the_other_filters(engine):
    assert _asked(engine, "Marktplatz", kind="press_release").facets["kind"] == {"decision": 1, "press_release": 1}
    assert _found(engine, "Marktplatz", kind="press_release") == [4]


def test_words_of_what_was_removed_are_known_no_more(engine):
    batch = engine.batch()
    batch.put(NEW)
    batch.remove(2)
    batch.commit(5)
    words = dict(engine.words(1_000))
    assert "Zustelldienst" not in words and words["Marktplatz"] == 2 and words["Zwiebelkuchen"] == 1


def test_documents_put_again_and_removed_one_by_one_stand_in_the_index_once(engine, analysis):
    beside = (
        WhooshEngine(engine._folder, analysis) if isinstance(engine, WhooshEngine) else engine
    )  # another process writes in between
    for number in range(5, 13):
        batch = (engine, beside)[number % 2].batch()
        batch.put(_document(number, "Rasenmäher", f"Der {number}. Rasenmäher."))
        if number != 7:
            batch.put(_document(7, "Rasenmäher", f"Der siebente, in Fassung {number}."))
        batch.remove(number - 2 if number > 9 else 2)
        batch.commit(number)
    assert sorted(_found(engine, "Rasenmäher")) == [5, 6, 7, 11, 12]
    assert sorted(_found(beside, "Rasenmäher")) == [5, 6, 7, 11, 12]
    assert sorted(edition_id for edition_id, _ in engine.stored()) == [1, 3, 4, 5, 6, 7, 11, 12]


def test_engine_tells_how_texts_write_what_is_meant(engine):
    assert engine.written(["marktplatz"]) == {"Marktplatz": {"marktplatz"}}
    assert engine.written(["leistung", "=zustelldienst", "=marktplatz", "markt"]) == {
        "EfA-Leistungen": {"leistung"},
        "Zustelldienst": {"=zustelldienst"},
        "Marktplatz": {"=marktplatz", "markt"},
    }
    assert engine.written([], ["=verw", "=fit"]) == {
        "Verwaltungen": {"=verwaltungen"},
        "FIT-Connect": {"=fit", "=fitconnect"},
    }
    assert engine.written(["gibtesnicht"], ["=gibtesnicht"]) == {}
    batch = engine.batch()
    batch.put(NEW)
    batch.commit(5)
    assert set(engine.written(["=zwiebelkuchen"])) == {"Zwiebelkuchen"}


def test_words_are_read_from_the_index_that_another_process_has_built(whoosh, tmp_path, analysis):
    other = WhooshEngine(tmp_path / "files", analysis)
    other.rebuild(iter([*CORPUS, NEW]), 5, lambda _: None)
    other.close()
    assert set(whoosh.written(["=zwiebelkuchen"])) == {"Zwiebelkuchen"}


def test_index_that_does_not_know_how_texts_write_is_made_anew(whoosh, tmp_path, analysis):
    whoosh.close()
    (tmp_path / "files" / "words.db").unlink()
    again = WhooshEngine(tmp_path / "files", analysis)
    with pytest.raises(IndexDamaged):
        again.stored()
    again.rebuild(iter([NEW]), 5, lambda _: None)
    assert [edition_id for edition_id, _ in again.stored()] == [NEW.edition_id] and again.written(["=zwiebelkuchen"])
    again.close()


def test_document_that_was_replaced_is_found_only_as_of_its_time(engine):
    ended = dt.datetime(2021, 7, 1, tzinfo=dt.UTC)
    batch = engine.batch()
    batch.put(_document(1, "Marktplatz", "Der Marktplatz für EfA-Leistungen wird beschlossen.", until=ended))
    batch.commit(5)
    assert _found(engine, "Marktplatz") == [4]
    wants = Planner(engine._analysis, Thesaurus([], engine._analysis)).wants(read("Marktplatz"))
    assert {edition_id for edition_id, _ in engine.search(Query(wants, moment=ended - dt.timedelta(days=1))).rows} == {
        1,
        4,
    }
    assert {edition_id for edition_id, _ in engine.search(Query(wants, moment=ended + dt.timedelta(days=1))).rows} == {
        4
    }


@settings(max_examples=60, deadline=None)
@given(
    typed=st.text(max_size=400)
    | st.sampled_from(["(" * 5000, "*a*", "a " * 5000, "\x00", "-", '""', "a" * 10_000, "'\\", "a\x02b", "x'y:*&|!"])
)
def test_nothing_that_can_be_typed_fails(typed, engines_for_properties):
    for engine in engines_for_properties:
        _asked(engine, typed)


@pytest.fixture(scope="module")
def engines_for_properties(tmp_path_factory, analysis, postgres_server):
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "anything"')
    head, _, options = postgres_server.partition("?")
    database = make_engine(
        head.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://")
        + "/anything"
        + (f"?{options}" if options else "")
    )
    made = [WhooshEngine(tmp_path_factory.mktemp("ix") / "index", analysis), PostgresEngine(database, analysis)]
    for one in made:
        batch = one.batch()
        batch.put(CORPUS[0])
        batch.commit(1)
    yield made
    for one in made:
        one.close()
    database.dispose()


class _Row:
    """An edition row as publishing hands it over."""

    def __init__(self, document):
        import json

        self.id, self.kind, self.subkind, self.url, self.title = (
            document.edition_id,
            document.kind,
            "",
            document.url,
            document.title,
        )
        self.body_slug, self.year, self.meeting_url, self.sort_date = (
            "it-planungsrat",
            2021,
            "/sitzung/36",
            document.date,
        )
        self.valid_from, self.valid_until, self.is_withdrawn = document.since, document.until, False
        self.sha256, self.position = document.sha256, document.position
        self.document = json.dumps({"text": document.parts[0].text, "data": {}})


class _Failing:
    """A resource manager that sorts last, like the database, and fails in one phase."""

    def __init__(self, manager, phase):
        self.transaction_manager, self._phase = manager, phase

    def _step(self, name):
        if name == self._phase:
            raise RuntimeError(f"{name} broken on purpose")

    def abort(self, _): ...
    def tpc_begin(self, _):
        self._step("tpc_begin")

    def commit(self, _):
        self._step("commit")

    def tpc_vote(self, _):
        self._step("tpc_vote")

    def tpc_finish(self, _): ...
    def tpc_abort(self, _): ...
    def sortKey(self):  # noqa: N802
        return "~last"


@pytest.mark.parametrize("phase", ["tpc_begin", "commit", "tpc_vote"])
def test_index_is_untouched_when_the_database_fails(engine, phase):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    queue = joined.IndexQueue(engine, manager)
    queue.put(_Row(NEW))
    manager.get().join(_Failing(manager, phase))
    with pytest.raises(RuntimeError, match="on purpose"):
        manager.commit()
    manager.abort()
    assert _found(engine, "Zwiebelkuchen") == [] and engine.position() == 4
    engine.batch(timeout_s=0).cancel()  # the writer is free again


def test_change_is_visible_right_after_the_commit(engine):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    queue = joined.IndexQueue(engine, manager)
    queue.put(_Row(NEW))
    queue.remove(1)
    manager.commit()
    assert _found(engine, "Zwiebelkuchen") == [5] and 1 not in _found(engine, "Marktplatz") and engine.position() == 5


def test_locked_writer_fails_the_transaction_after_the_timeout(engine):
    held = engine.batch()
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    joined.IndexQueue(engine, manager, timeout_s=0.05).put(_Row(NEW))
    with pytest.raises(IndexBusy):
        manager.commit()
    manager.abort()
    held.cancel()


def test_broken_finish_is_logged_and_healed_by_reconcile(whoosh, monkeypatch, caplog):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    queue = joined.IndexQueue(whoosh, manager)
    queue.put(_Row(NEW))
    monkeypatch.setattr(
        "content.search.whoosh_engine.WhooshBatch.commit", lambda self, position: (self.cancel(), 1 / 0)
    )
    manager.commit()
    assert "reconcile" in caplog.text
    monkeypatch.undo()
    everything = [*CORPUS, NEW]
    mended = joined.reconcile(
        whoosh,
        lambda: ({one.edition_id: one.stamp for one in everything}, 5),
        lambda ids: [one for one in everything if one.edition_id in ids],
    )
    assert (
        (mended.added, mended.removed) == (1, 0) and _found(whoosh, "Zwiebelkuchen") == [5] and whoosh.position() == 5
    )


# The library leaves the damaged file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damaged_index_is_made_anew_and_filled_by_reconcile(whoosh, tmp_path, analysis):
    whoosh.close()
    for path in (tmp_path / "files").glob("*.toc"):
        path.write_bytes(b"broken")
    fresh = WhooshEngine(tmp_path / "files", analysis)
    mended = joined.reconcile(
        fresh,
        lambda: ({one.edition_id: one.stamp for one in CORPUS}, 4),
        lambda ids: [one for one in CORPUS if one.edition_id in ids],
    )
    assert mended.added == 4 and set(_found(fresh, "Marktplatz")) == {1, 4}
    fresh.close()


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)  # Whoosh leaves the damaged file to the collector
def test_damaged_postings_are_told_and_gone_when_the_index_is_built_anew(whoosh, tmp_path, analysis):
    for path in (tmp_path / "files").glob("*.pst"):
        path.write_bytes(bytes(path.stat().st_size))
    again = WhooshEngine(tmp_path / "files", analysis)
    with pytest.raises(IndexDamaged):
        _asked(again, "Marktplatz")
    gc.collect()
    again.rebuild(iter(CORPUS), 4, lambda _: None)
    assert set(_found(again, "Marktplatz")) == {1, 4}
    again.close()


def test_small_segments_are_joined_when_nobody_waits(whoosh):
    for number in range(10, 20):
        batch = whoosh.batch()
        batch.put(_document(number, "Zwiebelkuchen", f"Rezept {number}."))
        batch.commit(number)
    assert whoosh.segments() > 6 and whoosh.tidy() and whoosh.segments() == 1 and not whoosh.tidy()
    assert len(_found(whoosh, "Zwiebelkuchen")) == 10 and whoosh.position() == 19


def test_loose_documents_are_packed_where_there_are_many_and_every_process_goes_on(postgres_url, analysis, monkeypatch):
    monkeypatch.setattr("content.search.postgres_engine.PACK_FROM", 4)
    monkeypatch.setattr("content.search.postgres_engine.REBASE_FROM", 3)
    database = make_engine(postgres_url)
    one, other = PostgresEngine(database, analysis), PostgresEngine(database, analysis)
    for number in range(10, 40):
        batch = one.batch()
        batch.put(_document(number % 28 + 1, "Zwiebelkuchen", f"Rezept {number} für den Kuchen."))
        if number > 20:
            batch.remove(number - 7)
        batch.commit(number)
        assert _found(one, "Zwiebelkuchen kuchen") == _found(other, "Zwiebelkuchen kuchen")
        one.tidy()
        held = sorted(edition_id for edition_id, _ in one.stored())
        assert (
            sorted(_found(one, "Zwiebelkuchen")) == sorted(_found(other, '"den Kuchen"')) == held and not one.damaged()
        )
    assert len(_segments(database)) > 4
    one.close()
    other.close()
    database.dispose()


def test_what_others_change_while_documents_are_packed_stays_loose(postgres_url, analysis, monkeypatch):
    monkeypatch.setattr("content.search.postgres_engine.PACK_FROM", 1)
    database = make_engine(postgres_url)
    one, other = PostgresEngine(database, analysis), PostgresEngine(database, analysis)
    batch = one.batch()
    for document in CORPUS:
        batch.put(document)
    batch.commit(4)
    add, done = postgres_writing.Packing.add, []

    def meanwhile(packing, *values):
        add(packing, *values)
        if len(packing.ids) == 3 and not done:
            done.append(1)
            assert _found(one, "Marktplatz") and _found(other, "Kosten") == [3]
            batch = other.batch(timeout_s=1)
            batch.put(_document(1, "Zwiebelkuchen", "Ein anderes Rezept."))
            batch.remove(3)
            batch.commit(5)
            assert other.tidy()  # it packs what is loose now: the first comes too late

    monkeypatch.setattr(postgres_writing.Packing, "add", meanwhile)
    assert not one.tidy() and _segments(database) == [(0, 1), (1, 3)]
    batch = other.batch()
    for document in CORPUS[1:]:
        batch.put(document)
    batch.commit(6)
    done.clear()
    monkeypatch.setattr("content.search.postgres_engine.PostgresEngine.tidy", lambda _: True)
    with one._driver() as driver:
        assert postgres_writing.pack_loose(driver, 9)
    assert done and _segments(database) == [(0, 2), (2, 2)]
    for engine in (one, other):
        assert (
            _found(engine, "Zwiebelkuchen") == [1]
            and _found(engine, "Marktplatz") == [4]
            and _found(engine, "Kosten") == []
        )
        assert not engine.damaged()
        engine.close()
    database.dispose()


def test_rebuild_swaps_while_searches_go_on(engine):
    found, failed, stop = [], [], threading.Event()

    def read_on():
        while not stop.is_set():
            try:
                found.append(len(_found(engine, "Marktplatz")))
            except Exception as error:
                failed.append(error)

    reader = threading.Thread(target=read_on)
    reader.start()
    for _ in range(5):
        assert engine.rebuild(iter([*CORPUS, NEW]), 5, lambda _: None) == 5
    stop.set()
    reader.join()
    assert failed == [] and set(found) == {2}
    assert _found(engine, "Zwiebelkuchen") == [5] and engine.position() == 5
