"""An index that a disk or a careless hand has spoilt: noticed wherever it is met, and whole again after `reconcile`, on both engines."""

from __future__ import annotations

import contextlib
import gc
import json
import sqlite3

import pytest
import sqlalchemy as sa

from content import models
from content.house import House
from content.search.interface import IndexDamaged, IndexOutdated
from content.services.exchange import exchange
from content.services.publishing import ledger
from content.services.search.saved import matcher
from portal.background import clock
from portal.commands import starting

BODY = {"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}
WORDS = [
    "Marktplatz",
    "Register",
    "Zustelldienst",
    '"stimmt dem Register"',
    "zustell*",
    "jahr:2030",
    "2030/02",
    "Verwaltungen",
    "-Marktplatz",
]
TEXTS = [
    "Der Marktplatz wird beschlossen.",
    "Der Rat stimmt dem Register zu.",
    "Ein Zustelldienst entsteht.",
    "Alle Verwaltungen beteiligen sich am Marktplatz.",
]

# Whoosh leaves damaged files to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def _publish(house, *lines):
    path = house.data / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])


def _decision(number, text):
    return {
        "type": "decision",
        "body": "it-planungsrat",
        "number": f"2030/{number:02d}",
        "title": f"Vorhaben {number}",
        "text": f"1. {text}",
    }


def _answers(house):
    with house.reading() as connection:
        ids = frozenset(connection.scalars(sa.select(models.Edition.id)))
    find = matcher(house)
    return {typed: find({"q": typed}, ids) for typed in WORDS}


def _agrees(house):
    with house.reading() as connection:
        position = ledger.position(connection)
    return dict(house.search.stored()) == house.findable()[0] and house.search.position() == position


def _fill(house):
    _publish(house, BODY, *(_decision(number, text) for number, text in enumerate(TEXTS[:3], start=1)))
    _publish(house, _decision(4, TEXTS[3]))  # a second segment
    return _answers(house)


def _spoil(path, place=0.5):
    body = bytearray(path.read_bytes())
    body[min(len(body) - 1, int(len(body) * place))] ^= 0xFF
    path.write_bytes(body)


def _files(house, ending):
    """Files that the index consists of: a writer that gave up may have left others."""
    known = {"position.json", "words.db", *json.loads((house.data / "index/position.json").read_text())["sums"]}
    return sorted(path for path in (house.data / "index").glob(f"*{ending}") if path.name in known)


def _pair(house, statement):
    with contextlib.closing(sqlite3.connect(house.data / "index/words.db", isolation_level=None)) as connection:
        connection.execute(statement)


ENDINGS = [".pst", ".trm", "_stored.col", "_text_len.col", ".toc", "position.json"]
HURT = {
    **{f"a byte of *{ending}": lambda house, ending=ending: _spoil(_files(house, ending)[0]) for ending in ENDINGS},
    "*.pst cut off": lambda house: _files(house, ".pst")[-1].write_bytes(_files(house, ".pst")[-1].read_bytes()[:-7]),
    **{
        f"*{ending} removed": lambda house, ending=ending: _files(house, ending)[0].unlink()
        for ending in (".pst", ".toc", "position.json")
    },
    "words.db blank": lambda house: _pair(house, "DELETE FROM written"),
    "a word of words.db": lambda house: _pair(
        house, "UPDATE written SET word = 'Falsch' WHERE term = (SELECT min(term) FROM written)"
    ),
    "words.db cut off": lambda house: (house.data / "index/words.db").write_bytes(
        (house.data / "index/words.db").read_bytes()[:5000]
    ),
    "all files removed": lambda house: [path.unlink() for path in _files(house, "")],
    "postings blank": lambda house: [path.write_bytes(bytes(path.stat().st_size)) for path in _files(house, ".pst")],
}


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "started anew"])
@pytest.mark.parametrize("hurt", HURT)
def test_hurt_files_are_noticed_and_the_search_is_whole_again(house, hurt, is_running):
    before = _fill(house)
    assert house.reconcile_search().is_clean and not house.search.damaged()
    if is_running:
        HURT[hurt](house)
        with pytest.raises(IndexDamaged):
            house.search.damaged()
        mended = house.reconcile_search()
        assert mended.was_damaged and mended.added == 5 and "neu gebaut: 5 Dokumente" in mended.words
        again = house
    else:
        house.search.close()
        HURT[hurt](house)
        again, said = House.open(house.data), []
        starting.mend(again, say=said.append)
        assert any("neu gebaut" in line or "5 ergänzt" in line for line in said)
    assert _answers(again) == before and _agrees(again) and again.reconcile_search().is_clean
    _publish(again, _decision(9, "Danach."))
    assert _agrees(again)
    if again is not house:
        again.close()
    gc.collect()


def test_every_byte_counts(house):
    _fill(house)
    checked = 0
    for path in set(_files(house, "")) - set(_files(house, "words.db")):
        for place in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1):
            if path.stat().st_size:
                _spoil(path, place)
                with pytest.raises(IndexDamaged):
                    house.search.damaged()
                _spoil(path, place)
                checked += 1
    assert checked > 70 and not house.search.damaged()


def test_joined_segments_keep_their_sums(house):
    for number in range(1, 10):
        _publish(house, *([BODY] if number == 1 else []), _decision(number, "Text."))
    assert house.search.tidy() and not house.search.damaged() and house.reconcile_search().is_clean


@pytest.mark.parametrize(
    "hurt", ["a byte of *.trm", "*.pst removed", "postings blank", "*.toc removed", "words.db cut off"]
)
def test_damage_keeps_no_publication_back_and_the_clock_mends_it(house, hurt, caplog):
    before = _fill(house)
    house.search.close()
    HURT[hurt](house)
    again = House.open(house.data)  # started without `mend`, as another process may have met it
    _publish(again, _decision(5, "Noch ein Zwiebelkuchen."))
    with again.reading() as connection:
        assert ledger.position(connection) == 6
    for _ in range(3):
        if again.is_search_behind():
            clock.tick(again, lambda _kind, _payload: None)
    assert _agrees(again) or again.reconcile_search().was_damaged
    after = _answers(again)
    assert {typed: after[typed] & set().union(*before.values()) for typed in WORDS} == before and _agrees(again)
    again.close()
    gc.collect()


def test_an_older_format_is_searched_by_who_knows_it_until_the_new_index_stands(house):
    before = _fill(house)
    _pair(house, "PRAGMA user_version = 1")
    again, seen, said = House.open(house.data), [], []
    with pytest.raises(IndexOutdated, match="anderen Format"):
        _answers(again)
    _publish(again, _decision(5, "Noch ein Zwiebelkuchen."))
    rebuild = again.search.rebuild
    again.search.rebuild = lambda documents, position, _progress: rebuild(
        documents, position, lambda _: seen.append(_answers(house))
    )
    starting.mend(again, say=said.append)
    assert seen == [before] * 6 and "neu gebaut: 6 Dokumente" in said[0] and "beschädigt" not in said[0]
    after = _answers(again)
    assert (
        {typed: after[typed] & set().union(*before.values()) for typed in WORDS} == before
        and _agrees(again)
        and again.reconcile_search().is_clean
    )
    again.close()


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

ROWS = {
    "an entry removed": "DELETE FROM search_index.document WHERE edition_id = (SELECT max(edition_id) FROM search_index.document)",
    "terms of an entry replaced": "UPDATE search_index.document SET terms = '''xfalsch''' WHERE edition_id = (SELECT max(edition_id) FROM search_index.document)",
    "one term taken away": "UPDATE search_index.document SET terms = ts_delete(terms, (tsvector_to_array(terms))[3])",
    "filters emptied": "UPDATE search_index.document SET filters = '{}'",
    "days moved": "UPDATE search_index.document SET day = day - 4000",
    "an entry marked as gone": "UPDATE search_index.document SET is_gone = true WHERE edition_id = (SELECT min(edition_id) FROM search_index.document)",
    "entries of a generation to come": "UPDATE search_index.document SET generation = generation + 1000",
}
LISTS = {
    "words of an entry removed": "DELETE FROM search_index.written WHERE edition_id = (SELECT max(edition_id) FROM search_index.written)",
    "words of an entry emptied": "UPDATE search_index.written SET words = '{}'",
    "list of words emptied": "DELETE FROM search_index.word",
    "words counted wrongly": "UPDATE search_index.word SET amount = amount + 1 WHERE word = 'Register'",
    "words as written removed": "DELETE FROM search_index.written_word WHERE word = 'Register'",
    "words as written replaced": "UPDATE search_index.written_word SET word = 'Falsch' WHERE word = 'Register' AND term = (SELECT min(term) FROM search_index.written_word WHERE word = 'Register')",
    "list of prefixes emptied": "DELETE FROM search_index.lexeme",
    "table removed": "DROP TABLE search_index.written",
    "documents removed": "DROP TABLE search_index.document",
    "GIN index removed": "DROP INDEX search_index.document_terms_idx",
    "state emptied": "DELETE FROM search_index.state",
}

PACKED = {
    "a stored posting replaced": "UPDATE search_index.posting SET data = (SELECT max(data) FROM search_index.posting) WHERE lexeme = (SELECT min(lexeme) FROM search_index.posting)",
    "a stored posting removed": "DELETE FROM search_index.posting WHERE lexeme = (SELECT max(lexeme) FROM search_index.posting)",
    "a stored posting moved": "UPDATE search_index.posting SET lexeme = 'xfalsch' WHERE lexeme = (SELECT max(lexeme) FROM search_index.posting)",
    "a segment removed": "DELETE FROM search_index.segment",
    "numbers of a segment emptied": "UPDATE search_index.segment SET ids = ''",
    "table of postings removed": "DROP TABLE search_index.posting",
}


def _hurt(house, statement):
    with house.engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("hurt", "is_packed"), [*((name, False) for name in (*ROWS, *LISTS)), *((name, True) for name in (*ROWS, *PACKED))]
)
def test_hurt_tables_are_noticed_and_the_search_is_whole_again(postgres_house, hurt, is_packed):
    before = _fill(postgres_house)
    if is_packed:
        postgres_house.rebuild_search(lambda _: None)
    assert postgres_house.reconcile_search().is_clean and not postgres_house.search.damaged()
    _hurt(postgres_house, {**ROWS, **LISTS, **PACKED}[hurt])
    mended = postgres_house.reconcile_search()
    assert not mended.is_clean
    assert bool(mended.fault) == (hurt not in ROWS), "single entries are written anew, lists are built anew"
    assert _agrees(postgres_house) and postgres_house.reconcile_search().is_clean
    other = House.open(
        postgres_house.data, database_url=postgres_house.engine.url.render_as_string(hide_password=False)
    )
    assert _answers(postgres_house) == _answers(other) == before
    other.close()


def test_tables_of_an_older_format_are_searched_by_who_knows_them_until_the_new_ones_stand(postgres_house):
    before = _fill(postgres_house)
    _hurt(postgres_house, "DROP TABLE search_index.posting")
    again, seen, said = (
        House.open(postgres_house.data, database_url=postgres_house.engine.url.render_as_string(hide_password=False)),
        [],
        [],
    )
    with pytest.raises(IndexOutdated, match="anderen Format"):
        _answers(again)
    _publish(again, _decision(5, "Noch ein Zwiebelkuchen."))
    rebuild = again.search.rebuild
    again.search.rebuild = lambda documents, position, _progress: rebuild(
        documents, position, lambda _: seen.append(_answers(postgres_house))
    )
    starting.mend(again, say=said.append)
    assert seen == [before] * 6 and "neu gebaut: 6 Dokumente" in said[0] and "beschädigt" not in said[0]
    assert _answers(again) == _answers(postgres_house) and _agrees(again) and again.reconcile_search().is_clean
    again.close()
