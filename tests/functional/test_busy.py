"""Somebody else holds the database or the index for longer than anybody waits: that is no fault, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from content import models
from content.search import joined
from portal.views import files
from tests.functional.test_desk import form_of, new_press, step


@contextlib.contextmanager
def held(house):
    """Another program writes; who waits for it here gives up at once."""
    for engine in (house.engine, house.reading_engine):
        sa.event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA busy_timeout=1"))
        engine.dispose()
    with contextlib.closing(sqlite3.connect(house.data / "portal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def told_to_come_back(answer):
    return answer.status_int == 503 and int(answer.headers["Retry-After"]) > 0 and "Gerade wird viel geschrieben" in answer.text and "Es wurde nichts geändert" in answer.text


def test_a_step_that_waited_too_long_asks_to_come_back_and_can_be_taken_then(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = step(new_press(app).follow(), "submit")
    with held(house):
        assert told_to_come_back(form.submit(expect_errors=True))
    assert form.submit().status_int == 303


def test_a_text_that_could_not_be_saved_is_sent_again_by_the_same_form(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {"slug": "warten", "title": "Warten", "publisher": "IT-Planungsrat", "text": "Ein langer Text."}.items():
        form[name] = value
    with held(house):
        assert told_to_come_back(form.submit(expect_errors=True))
    address = form.submit().headers["Location"]
    assert form_of(app.get(f"{address}/bearbeiten"))["text"].value == "Ein langer Text."


def _decision_of(house):
    with house.reading() as connection:
        return connection.scalars(sa.select(models.Item.id).where(models.Item.url == "/beschluss/2023/35")).one()


@pytest.mark.parametrize("path", [
    "/", "/beschluesse", "/suche?q=digital", "/redaktion", "/redaktion/eintraege", "/redaktion/eintrag/{item}", "/redaktion/eintrag/{item}/bearbeiten",
    "/redaktion/eintrag/{item}/verlauf", "/redaktion/eintrag/{item}/abstimmung", "/redaktion/neu/decision", "/redaktion/umsetzung", "/redaktion/hinweise",
    "/redaktion/kontakte", "/redaktion/vorsitz", "/redaktion/nummern", "/redaktion/suche", "/redaktion/auftraege", "/redaktion/verweise",
])
def test_reading_never_waits_for_a_writer(desk, path):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with held(house):
        assert app.get(path.format(item=_decision_of(house))).status_int == 200


def test_a_publication_whose_index_is_held_undoes_all_and_asks_to_come_back(desk, monkeypatch):
    house, browser = desk
    monkeypatch.setattr(joined.IndexQueue.__init__, "__kwdefaults__", {**joined.IndexQueue.__init__.__kwdefaults__, "timeout_s": 0.01})
    author, other = browser("paula", "press"), browser("rita", "secretariat")
    address = step(new_press(author).follow(), "submit").submit().headers["Location"]
    form = step(other.get(address), "publish")
    batch = house.search.batch(timeout_s=1)
    try:
        assert told_to_come_back(form.submit(expect_errors=True))
    finally:
        batch.cancel()
    assert other.get("/presse/neue-meldung", expect_errors=True).status_int == 404
    assert form.submit().status_int == 303


@contextlib.contextmanager
def _forbidden(house, pragma):
    """No page more can be written: SQLite answers as on a full or read-only disk."""
    def forbid(driver, _record):
        driver.execute(pragma)

    sa.event.listen(house.engine, "connect", forbid)
    house.engine.dispose()
    yield
    sa.event.remove(house.engine, "connect", forbid)
    house.engine.dispose()


@pytest.mark.parametrize(("pragma", "why"), [("PRAGMA max_page_count=1", "ist voll"), ("PRAGMA query_only=ON", "nur lesen")])
def test_what_cannot_be_kept_is_told_truly_and_can_be_sent_again(desk, pragma, why):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {"slug": "voll", "title": "Voll", "publisher": "IT-Planungsrat", "text": "Ein langer Text. " * 3_000}.items():
        form[name] = value
    with _forbidden(house, pragma):
        answer = form.submit(expect_errors=True)
        assert answer.status_int == 503 and why in answer.text and "Es wurde nichts geändert" in answer.text and "Adresse" not in answer.text
        assert app.get("/beschluesse").status_int == 200
    assert form.submit().status_int == 303


@pytest.mark.parametrize(("free", "flag", "words"), [(0, 0, ["Der Datenträger ist voll."]), (10**9, os.ST_RDONLY, ["Der Datenträger lässt sich nur lesen."]), (10**9, 0, [])])
def test_health_says_when_nothing_can_be_kept(portal, monkeypatch, free, flag, words):
    app, _ = portal
    monkeypatch.setattr(files.os, "statvfs", lambda _: SimpleNamespace(f_flag=flag, f_bavail=free, f_frsize=1))
    said = app.get("/health").json
    assert (said["status"], said["problems"]) == ("limited" if words else "ok", words)
