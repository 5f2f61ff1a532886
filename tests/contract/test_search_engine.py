"""The search engine and its transaction: promises of the interface, and every phase broken on purpose."""

from __future__ import annotations

import datetime as dt

import pytest
import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from content.search import joined
from content.search.german import Analysis
from content.search.interface import Document, IndexBusy, Part
from content.search.lemmas import Lemmas
from content.search.query import read
from content.search.whoosh_engine import WhooshEngine


def _document(number, title, text, *, year=2021, kind="decision", meeting="/sitzung/36"):
    return Document(number, kind, "", f"/beschluss/{year}/{number:02d}", title, (f"{year}/{number:02d}",), "it-planungsrat", year,
                    meeting, dt.date(year, 6, number), (), (Part("z1", "Ziffer 1", text),), f"sha{number}", number)


CORPUS = [
    _document(1, "Marktplatz", "Der Marktplatz für EfA-Leistungen wird beschlossen."),
    _document(2, "FIT-Connect", "Der Zustelldienst wird unter freier Lizenz veröffentlicht.", year=2022, meeting="/sitzung/37"),
    _document(3, "Königsteiner Schlüssel", "Die Kosten tragen die Länder nach Beschluss 2021/01."),
    _document(4, "Presse", "Über den Marktplatz und die Verwaltungen.", kind="press_release"),
]


@pytest.fixture
def engine(tmp_path, lemmas_folder):
    made = WhooshEngine(tmp_path / "index", Analysis(Lemmas.open(lemmas_folder)))
    batch = made.batch()
    for document in CORPUS:
        batch.put(document)
    batch.commit(4)
    yield made
    made.close()


def _found(engine, typed, **filters):
    return [hit.edition_id for hit in engine.search(read(typed, filters=filters)).hits]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Marktplatz", {1, 4}), ("marktplätze", {1, 4}), ("koenigsteiner schluessel", {3}), ("konigsteiner", {3}),
        ("fitconnect", {2}), ("fit connect", {2}), ("beschließen", {1}), ("Verwaltung", {4}), ('"freier Lizenz"', {2}),
        ('"Lizenz freier"', set()), ("Marktplatz -Verwaltung", {1}), ("veröff*", {2}), ("Beschlüsse der 37. Sitzung", {2}),
    ],
)
def test_search_finds_what_a_reader_means(engine, typed, expected):
    assert set(_found(engine, typed)) == expected


@pytest.mark.parametrize("typed", ["2021/01", "2021-01", "Beschluss 2021/01", "Nr. 2021/1"])
def test_exact_number_comes_first(engine, typed):
    assert _found(engine, typed)[0] == 1


def test_facets_count_under_the_filters(engine):
    hits = engine.search(read("Marktplatz"))
    assert hits.facets["kind"] == {"decision": 1, "press_release": 1}
    assert _found(engine, "Marktplatz", kind="press_release") == [4]


def test_snippet_marks_the_words_and_names_the_clause(engine):
    hit = engine.search(read("Leistung")).hits[0]
    assert hit.snippets[0].anchor == "z1"
    assert [piece.text for piece in hit.snippets[0].pieces if piece.is_hit] == ["Leistungen"]


def test_bad_syntax_is_read_as_words_with_a_hint(engine):
    hits = engine.search(read('"Marktplatz'))
    assert hits.total == 2 and "Anführungszeichen" in hits.hints[0]


@settings(max_examples=80, deadline=None)
@given(typed=st.text(max_size=400) | st.sampled_from(["(" * 5000, "*a*", "a " * 5000, "\x00", "-", '""', "a" * 10_000]))
def test_nothing_that_can_be_typed_fails(typed, engine_for_properties):
    engine_for_properties.search(read(typed))


@pytest.fixture(scope="module")
def engine_for_properties(tmp_path_factory, lemmas_folder):
    made = WhooshEngine(tmp_path_factory.mktemp("ix") / "index", Analysis(Lemmas.open(lemmas_folder)))
    batch = made.batch()
    batch.put(CORPUS[0])
    batch.commit(1)
    yield made
    made.close()


class _Row:
    """An edition row as publishing hands it over."""

    def __init__(self, document):
        import json

        self.id, self.kind, self.subkind, self.url, self.title = document.edition_id, document.kind, "", document.url, document.title
        self.body_slug, self.year, self.meeting_url, self.sort_date = document.body, document.year, document.meeting, document.date
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
    def tpc_begin(self, _): self._step("tpc_begin")
    def commit(self, _): self._step("commit")
    def tpc_vote(self, _): self._step("tpc_vote")
    def tpc_finish(self, _): ...
    def tpc_abort(self, _): ...
    def sortKey(self): return "~last"  # noqa: N802


NEW = _document(9, "Neues", "Ein seltenes Wort: Zwiebelkuchen.")


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
    assert _found(engine, "Zwiebelkuchen") == [9] and 1 not in _found(engine, "Marktplatz") and engine.position() == 9


def test_locked_writer_fails_the_transaction_after_the_timeout(engine):
    held = engine.batch()
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    joined.IndexQueue(engine, manager, timeout_s=0.05).put(_Row(NEW))
    with pytest.raises(IndexBusy):
        manager.commit()
    manager.abort()
    held.cancel()


def test_broken_finish_is_logged_and_healed_by_reconcile(engine, monkeypatch, caplog):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    queue = joined.IndexQueue(engine, manager)
    queue.put(_Row(NEW))
    monkeypatch.setattr("content.search.whoosh_engine.WhooshBatch.commit", lambda self, position: (self.cancel(), 1 / 0))
    manager.commit()
    assert "reconcile" in caplog.text
    monkeypatch.undo()
    published = [(document.edition_id, document.sha256) for document in [*CORPUS, NEW]]
    mended = joined.reconcile(engine, published, lambda ids: [d for d in [*CORPUS, NEW] if d.edition_id in ids], 9)
    assert (mended.added, mended.removed) == (1, 0) and _found(engine, "Zwiebelkuchen") == [9] and engine.position() == 9


# The library leaves the damaged file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damaged_index_is_made_anew_and_filled_by_reconcile(engine, tmp_path, lemmas_folder):
    engine.close()
    for path in (tmp_path / "index").glob("*.toc"):
        path.write_bytes(b"broken")
    fresh = WhooshEngine(tmp_path / "index", Analysis(Lemmas.open(lemmas_folder)))
    mended = joined.reconcile(fresh, [(d.edition_id, d.sha256) for d in CORPUS], lambda ids: [d for d in CORPUS if d.edition_id in ids], 4)
    assert mended.added == 4 and set(_found(fresh, "Marktplatz")) == {1, 4}
    fresh.close()


def test_rebuild_swaps_while_searches_go_on(engine):
    assert engine.rebuild(iter([*CORPUS, NEW]), 9, lambda _: None) == 5
    assert _found(engine, "Zwiebelkuchen") == [9] and engine.position() == 9
