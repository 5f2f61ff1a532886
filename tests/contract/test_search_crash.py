"""A publisher killed in every phase of a commit: afterwards database and index agree, on both engines."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from content.house import House
from content.services.exchange import exchange
from content.services.publishing import ledger
from portal.commands import starting

PHASES = {
    "before the index is taken": "joined.IndexQueue.tpc_vote = die",
    "while the index is fed": "{batch}.put = die",
    "when the index is fed and nothing is committed": "keep = {batch}.put; {batch}.put = lambda *a: (keep(*a), die())",
    "between the database's commit and the index'": "joined.IndexQueue.tpc_finish = die",
    "inside the index' commit": "{inner} = die",
    "when the index is committed and does not yet say so": "{late} = die",
}
ENGINES = {
    "whoosh": {
        "batch": "whoosh_engine.WhooshBatch",
        "inner": "whoosh.index.TOC.write",
        "late": "whoosh_engine.os.replace",
    },
    "postgres": {
        "batch": "postgres_engine.PostgresBatch",
        "inner": "postgres_engine.PostgresBatch.commit",
        "late": "House.close",
    },
}
PUBLISHER = """
import json, os, sys
from pathlib import Path
import whoosh.index
from content.house import House
from content.search import joined, postgres_engine, whoosh_engine
from content.services.exchange import exchange
def die(*_, **__):
    os._exit(9)
house = House.open(Path(sys.argv[1]), database_url=sys.argv[2] or None)
{crash}
with house.writing("test") as work:
    exchange.Importer(work.desk, is_publishing=True).read([Path(sys.argv[1]) / "in.jsonl"])
house.close()
"""
BODY = {"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}


def _decision(number):
    return {
        "type": "decision",
        "body": "it-planungsrat",
        "number": f"2030/{number:02d}",
        "title": f"Vorhaben {number}",
        "text": "1. Der IT-Planungsrat beschließt.",
    }


def _publish(house, *lines):
    path = house.data / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])


def _agrees(house):
    with house.reading() as connection:
        position = ledger.position(connection)
    public = {document.edition_id: document.stamp for document in house.published_documents()}
    return dict(house.search.stored()) == public and house.search.position() == position


@pytest.fixture(params=["whoosh", "postgres"])
def world(request):
    """A house with three decisions, the name of its engine and the address of its database."""
    name = "house" if request.param == "whoosh" else "postgres_house"
    house = request.getfixturevalue(name)
    url = "" if request.param == "whoosh" else house.engine.url.render_as_string(hide_password=False)
    _publish(house, BODY, *(_decision(number) for number in range(1, 4)))
    return house, request.param, url


@pytest.mark.parametrize("phase", PHASES)
def test_killed_publisher_leaves_nothing_that_reconcile_does_not_heal(world, phase):
    house, engine, url = world
    (house.data / "in.jsonl").write_text(json.dumps(_decision(9)))
    crash = PHASES[phase].format(**ENGINES[engine])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PUBLISHER.replace("{crash}", crash), str(house.data), url], check=False
    )
    assert done.returncode == 9, "it was not killed"
    if engine == "postgres":
        assert _agrees(house), "text, index and row are one transaction"
    again = House.open(house.data, database_url=url or None)
    starting.mend(again, say=lambda _: None)
    assert _agrees(again)
    _publish(again, _decision(10))
    assert _agrees(again)
    again.close()


def test_gap_is_not_covered_by_the_next_publication(world, monkeypatch):
    house, engine, _ = world
    if engine == "postgres":
        pytest.skip("one transaction has no gap")
    with monkeypatch.context() as broken:
        broken.setattr("content.search.whoosh_engine.WhooshBatch.commit", lambda self, position: (self.cancel(), 1 / 0))
        _publish(house, _decision(9))
    _publish(house, _decision(10))
    with house.reading() as connection:
        assert house.search.position() < ledger.position(connection)
    assert house.reconcile_search().added == 1
    assert _agrees(house)


def test_index_is_built_anew_while_others_search_and_publish(world):
    house, _, _ = world
    seen = []

    def meanwhile(count):
        seen.append((count, len(dict(house.search.stored()))))
        if count == 2:
            _publish(house, _decision(50))

    assert house.rebuild_search(meanwhile) == 4
    assert [count for count, _ in seen] == [1, 2, 3, 4] and all(known >= 4 for _, known in seen)
    assert _agrees(house)
    other = House.open(house.data, database_url=str(house.engine.url.render_as_string(hide_password=False)))
    _publish(other, _decision(60))
    other.close()
    assert _agrees(house)
