"""Helpers: one job at a time in a process of its own; what a job does wrong hurts nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from content.helpers import frames, helper, jobs
from content.helpers.helper import Failed, Full, Helper
from content.helpers.jobs import Refused, Trade

NAMES = ("echo", "hang", "die", "eat", "refuse", "raise_", "pid", "talk")


@pytest.fixture(params=[False, True], ids=["lasting", "forking"])
def worker(request, monkeypatch):
    """A helper whose jobs are the functions below."""
    table = {name: f"tests.unit.helper_jobs:{name}" for name in NAMES}
    trade = Trade(table, memory=600_000_000, is_forking=request.param)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setitem(jobs.TRADES, "tests", trade)
    monkeypatch.setattr(helper, "PROCESS", "tests.unit.helper_jobs")
    monkeypatch.setenv("HELPER_FORKS", str(int(request.param)))
    made = Helper("tests", limit=4)
    yield made
    made.stop()


def test_a_job_gets_data_and_bytes_and_gives_them(worker):
    assert worker.run("echo", {"a": ["ä", 1]}, [b"\0x", b""], seconds=60) == ({"a": ["ä", 1]}, [b"\0x", b""])


def test_what_a_job_prints_is_no_answer(worker):
    assert worker.run("talk", {}, seconds=60) == ({}, [])


@pytest.mark.parametrize(("job", "is_too_much"), [("die", True), ("hang", True), ("eat", True), ("raise_", False)])
def test_a_job_that_fails_is_told_and_the_next_one_is_done(worker, job, is_too_much):
    worker.run("echo", {}, seconds=60)
    with pytest.raises(Failed) as failed:
        worker.run(job, {}, seconds=1 if job == "hang" else 60)
    assert failed.value.is_too_much is is_too_much
    assert worker.run("echo", {"b": 2}, seconds=60) == ({"b": 2}, [])


def test_a_refusal_keeps_its_words_and_its_code(worker):
    with pytest.raises(Refused, match="Das geht nicht") as refused:
        worker.run("refuse", {}, seconds=60)
    assert refused.value.code == "because"


def test_the_same_work_is_done_once_for_all_who_ask_and_nobody_waits_behind_a_full_queue(worker):
    first = worker.submit("hang", {}, seconds=3)
    while not first.running():
        time.sleep(0.01)
    same = [worker.submit("echo", {}, seconds=60, key="k") for _ in range(9)]
    assert len(set(map(id, same))) == 1
    for _ in range(2):
        worker.submit("echo", {}, seconds=60)
    with pytest.raises(Full):
        worker.submit("echo", {}, seconds=60)
    same[0].cancel()  # nobody wants it any more: its place is free, and it is not done
    assert worker.submit("echo", {"n": 1}, seconds=60).result(60) == ({"n": 1}, [])


def test_what_somebody_waits_for_comes_before_what_is_made_ahead(worker):
    first = worker.submit("hang", {}, seconds=1)
    while not first.running():
        time.sleep(0.01)
    done = []
    ahead = worker.submit("echo", {}, seconds=60, is_urgent=False)
    urgent = worker.submit("echo", {}, seconds=60)
    ahead.add_done_callback(lambda _: done.append("ahead"))
    urgent.add_done_callback(lambda _: done.append("urgent"))
    ahead.result(60)
    assert done == ["urgent", "ahead"]


def test_a_killed_helper_is_replaced(worker):
    worker.run("echo", {}, seconds=60)
    os.kill(worker.pid, signal.SIGKILL)
    while worker.pid is not None:
        time.sleep(0.01)
    assert worker.run("echo", {"c": 3}, seconds=60) == ({"c": 3}, [])


def test_a_helper_ends_when_it_is_stopped_and_starts_anew_when_it_is_needed(worker):
    worker.run("echo", {}, seconds=60)
    first = worker.pid
    worker.stop()
    assert worker.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert worker.run("echo", {}, seconds=60) == ({}, [])


def test_a_forking_helper_does_each_job_in_a_child_of_its_own(worker):
    pids = {worker.run("pid", {}, seconds=60)[0]["pid"] for _ in range(3)}
    assert len(pids) == (3 if jobs.TRADES["tests"].is_forking else 1)


def test_a_helper_dies_with_its_parent_however_that_ends():
    script = (
        "import os, signal\n"
        "from content.helpers.helper import helper\n"
        "one = helper('reader'); one.warm()\n"
        "while one.pid is None: pass\n"
        "print(one.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the helper outlived its parent for a minute")


def test_a_helper_answers_many_threads(worker):
    found = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.append(worker.submit("echo", {"n": n}, seconds=60).result(60)[0]["n"])
        )
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == [0, 1, 2, 3]


def test_every_job_of_every_trade_is_a_function():
    for trade in jobs.TRADES.values():
        for place in trade.jobs.values():
            module, _, name = place.partition(":")
            assert callable(getattr(__import__(module, fromlist=[name]), name))


def test_a_frame_says_what_was_put_in():
    body = frames.packed({"ü": None}, [b"a" * 10])
    parts = iter([body[:8], body[8:-10], body[-10:]])
    assert frames.unpacked(lambda _: next(parts)) == ({"ü": None}, [b"a" * 10])
