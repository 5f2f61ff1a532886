"""PDF and press kit of what was just published are made before anybody asks for them."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest

from content.helpers.helper import helper
from content.services.base import lookup
from content.services.exchange import exchange
from content.services.workflow import transition
from portal.background import ahead
from portal.background.ahead import Ahead

BASE = "https://beschluesse.example"
PRESS = {
    "type": "press_release",
    "release_kind": "press_release",
    "slug": "voraus",
    "title": "Voraus",
    "date": "2026-11-30",
    "publisher": "IT-Planungsrat",
    "lead": "Ein Satz.",
    "text": "Noch ein Satz.",
}
DECISION = {
    "type": "decision",
    "body": "it-planungsrat",
    "number": "2031/01",
    "title": "Voraus",
    "text": "1. Der IT-Planungsrat beschließt.",
}


def publish(house, *lines):
    path = house.data / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])


def files(house):
    return {path.suffix for path in (house.data / "pdf").glob("*") if path.suffix in {".pdf", ".zip"}}


def wait_for(house, wanted):
    """The typesetter starts as a process of its own and works beside us."""
    until = time.monotonic() + 120
    while not files(house) >= wanted:
        assert time.monotonic() < until, f"only {files(house)} came"
        time.sleep(0.1)


def test_the_files_of_what_was_published_lie_there_before_anybody_asks(portal, monkeypatch):
    app, house = portal
    looks = Ahead(house, BASE)
    assert looks.look() == 0, "nothing was published since"
    publish(house, DECISION, PRESS)
    assert looks.look() == 2
    wait_for(house, {".pdf", ".zip"})
    assert looks.look() == 0, "once is enough"
    monkeypatch.setattr(helper("typesetter"), "submit", lambda *_, **__: pytest.fail("it was made anew"))
    house.made.patience_s = 0
    for address in ("/beschluss/2031/01.pdf", "/presse/voraus.pdf", "/presse/voraus/pressemappe.zip"):
        assert app.get(address).status_int == 200, address


def test_what_is_withdrawn_before_its_turn_is_not_made(portal):
    _, house = portal
    looks = Ahead(house, BASE)
    publish(house, PRESS)
    with house.writing("test", clock=lambda: dt.datetime.now(dt.UTC)) as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/presse/voraus"), "Irrtum")
    assert looks.look() == 0
    assert files(house) == set()


def test_what_finds_the_queue_full_has_its_turn_later(portal, monkeypatch):
    _, house = portal
    looks, is_full = Ahead(house, BASE), [True]
    monkeypatch.setattr(house.made, "make_ahead", lambda _: not is_full[0])
    publish(house, DECISION, PRESS)
    assert looks.look() == 0
    is_full[0] = False
    assert looks.look() == 2


def test_after_a_long_import_only_the_newest_are_made_ahead(portal, monkeypatch):
    _, house = portal
    monkeypatch.setattr(ahead, "MOST", 3)
    asked = []
    monkeypatch.setattr(house.made, "make_ahead", lambda order: asked.append(order) or True)
    looks = Ahead(house, BASE)
    publish(house, *({**DECISION, "number": f"2031/{serial:02d}"} for serial in range(1, 8)))
    assert looks.look() == 3
    assert [json.loads(order.data["document"])["url"] for order in asked] == [
        "/beschluss/2031/07",
        "/beschluss/2031/06",
        "/beschluss/2031/05",
    ]
