"""The clock that runs inside `serve`: one process leads, and when it is killed the next one releases what is due."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.editing import edit
from content.services.workflow import transition
from portal.background import clock
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

PROCESS = """
import os, sys, threading
from pathlib import Path
from content.house import House
from portal.background import clock
house = House.open(Path(sys.argv[1]))
lead = clock._lead
def told(*arguments):
    os.write(1, b"leads\\n")  # whole lines: two threads speak
    lead(*arguments)
clock._lead = told
clock.start(house, lambda kind, payload: None)
os.write(1, b"ready\\n")
threading.Event().wait()
"""


def _planned(house, slug, moment):
    """A release that goes out at `moment`; planned a minute before, however slow this machine is."""
    for actor, name, fields in (("petra", "submit", {}), ("paul", "schedule", {"publish_at": moment})):
        with house.writing(
            actor, permits=ROLES["press"].permits, clock=lambda: moment - dt.timedelta(minutes=1)
        ) as work:
            value = clean_item(
                "press_release",
                {"slug": slug, "title": slug, "release_kind": "press_release", "publisher": "Amt", "text": "Ja."},
            )
            row = work.session.scalars(sa.select(models.Item).where(models.Item.url == f"/presse/{slug}")).one_or_none()
            row = row or edit.save(work.session, "press_release", value, now=work.desk.now).item
            transition.take(work.desk, row, PUBLICATION, name, fields)


def _recorded(house, slug, patience_s=20):
    """When the ledger took it up; waits for it."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with house.reading() as connection:
            rows = connection.execute(
                sa.select(models.LedgerEntry).where(models.LedgerEntry.url == f"/presse/{slug}")
            ).all()
        if rows:
            assert len(rows) == 1, "released twice"
            return rows[0].recorded_at
        time.sleep(0.05)
    raise AssertionError(f"{slug} was not released")


@pytest.fixture
def processes(house):
    """Two processes with a clock each, over one portal; (the leader, the other)."""
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", PROCESS, str(house.data)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in started:
        assert one.stdout.readline() in {"ready\n", "leads\n"}
    deadline = time.monotonic() + 20
    os.set_blocking(started[0].stdout.fileno(), False)
    os.set_blocking(started[1].stdout.fileno(), False)
    leader = None
    while leader is None and time.monotonic() < deadline:
        leader = next((one for one in started if one.stdout.readline()), None)
        time.sleep(0.02)
    assert leader is not None
    yield leader, next(one for one in started if one is not leader)
    for one in started:
        if one.poll() is None:
            one.kill()
        one.wait()
        one.stdout.close()


def test_second_process_takes_over_when_the_leader_is_killed(house, processes):
    leader, other = processes
    first = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    _planned(house, "erste", first)
    assert dt.timedelta(0) <= _recorded(house, "erste") - first < dt.timedelta(seconds=10), "in its moment"
    with clock.leading(house.data) as is_leader:
        assert not is_leader, "somebody leads"
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    second = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    _planned(house, "zweite", second)
    assert _recorded(house, "zweite") >= second
    assert other.stdout.readline() == "leads\n" or other.poll() is None


def test_slow_mail_server_keeps_no_release_back(house, monkeypatch):
    monkeypatch.setattr(clock, "EVERY_S", 0.05)
    slow = threading.Event()
    with house.writing("test") as work:
        work.session.add(models.Job(kind="mail.notice", key="k", payload={"to": "a@b.example"}, due_at=work.desk.now))
    stop = clock.start(house, lambda _kind, _payload: slow.wait(10))
    try:
        _planned(house, "dennoch", dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.3))
        _recorded(house, "dennoch", patience_s=8)
    finally:
        slow.set()
        stop.set()
