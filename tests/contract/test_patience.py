"""How long work waits, on both databases: for a statement that does not end, for others who write, and that waiting adds up."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa

from content import house as house_module
from content import models
from content.database.db import is_busy
from content.database.patience import Patience, ReadsOnly, TooBusy, current, patient
from content.services.accounts import audit

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(request):
    return request.getfixturevalue("house" if request.param == "sqlite" else "postgres_house")


def note(house, what="test.note"):
    with house.writing("test") as work:
        audit.note(work.session, work.desk.now, actor="test", name="", action=what)


def test_a_statement_that_does_not_end_is_ended(any_house):
    with (
        patient(Patience(1, answer_s=0.3)),
        any_house.reading() as connection,
        pytest.raises(sa.exc.DBAPIError) as told,
    ):
        connection.exec_driver_sql(ENDLESS[any_house.engine.dialect.name]).all()
    assert is_busy(told.value)
    with any_house.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(models.Item)).scalar() == 0, (
            "the next one is not hurried"
        )


def test_whoever_reads_cannot_write(any_house):
    with patient(Patience(1, may_write=False)), pytest.raises(ReadsOnly):
        note(any_house)
    note(any_house)


def test_waiting_for_others_adds_up_and_ends(house):
    """SQLite has one writer: whoever waits for it a second time has less patience left."""
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with house.writing("other") as work:
            work.session.execute(sa.text("SELECT 1"))
            held.set()
            go_on.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    with patient(Patience(0.4)) as patience:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises((sa.exc.OperationalError, sqlite3.OperationalError)) as told:
                note(house)
            assert is_busy(told.value)
        assert time.monotonic() - began < 10 and patience.wait_s < 0.1
    go_on.set()
    holder.join()
    note(house)


def test_more_writers_than_there_is_room_for_are_told_at_the_door(any_house, monkeypatch):
    monkeypatch.setattr(any_house, "_writers", threading.BoundedSemaphore(1))
    assert house_module.MOST_WRITERS > 1
    with any_house.writing("one"), patient(Patience(0.05)), pytest.raises(TooBusy) as told:
        note(any_house)
    assert is_busy(told.value)
    note(any_house)


def test_commands_wait_as_long_as_before():
    assert current().wait_s == 30 and current().answer_s is None and current().may_write
    with current().waiting():
        time.sleep(0.01)
    assert current().wait_s == 30


def test_what_reading_leaves_behind_is_written_soon_and_once(any_house):
    written = []
    with patient(Patience(1, may_write=False)):
        for number in range(3):
            any_house.afterwards.put("test", lambda work, number=number: written.append(number), key="same")
        any_house.afterwards.put(
            "test", lambda work: audit.note(work.session, work.desk.now, actor="test", name="", action="test.later")
        )
    assert any_house.afterwards.settle(30)
    assert written[-1] == 2 and len(written) <= 3
    with any_house.reading() as connection:
        assert connection.scalars(sa.select(models.AuditEntry.action)).all() == ["test.later"]


def test_a_note_that_fails_keeps_no_other_back(any_house):
    def broken(_work):
        raise ValueError("kaputt")

    written = []
    any_house.afterwards.put("test", broken)
    any_house.afterwards.put("test", lambda work: written.append(1))
    assert any_house.afterwards.settle(30) and written == [1]
