"""The clock: publishes and withdraws what is due, and sends what lies in the outbox. It runs inside `serve`.

Of several processes one leads: the one that holds the lock on `clock.lock` in DATA. When it dies, the system frees the
lock, and the next one takes over at its next look. The clock acts under its own name and with its own right only.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa

from content import models
from content.house import House
from content.services import outbox, transition
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0
NAME: Final = "clock"

Send = Callable[[str, dict[str, Any]], None]
"""Does one job: its kind and payload. Raises when it could not."""


def tick(house: House, send: Send, *, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> int:
    """Do all that is due; how many steps and jobs were done. One that fails does not keep the others back."""
    return _due_steps(house, now) + _due_jobs(house, send, now)


def _due_steps(house: House, now: Callable[[], dt.datetime]) -> int:
    moment, done = now(), 0
    item = models.Item
    with house.reading() as connection:
        publish = connection.scalars(
            sa.select(item.id).where(item.publication_state == "scheduled", item.publish_at <= moment).order_by(item.publish_at)
        ).all()
        withdraw = connection.scalars(
            sa.select(item.id).where(item.publication_state == "published", item.withdraw_at <= moment).order_by(item.withdraw_at)
        ).all()
    for step, ids in (("go_live", publish), ("expire", withdraw)):
        for item_id in ids:
            try:
                with house.writing(NAME, name="Uhr", permits=ROLES["clock"].permits, clock=now) as work:
                    row = work.session.get_one(item, item_id)
                    fields = {"note": row.withdraw_note or "Die Frist der Veröffentlichung ist abgelaufen."} if step == "expire" else {}
                    transition.take(work.desk, row, PUBLICATION, step, fields)
                    done += 1
            except (Blocked, transition.Stale) as refused:
                log.warning("clock: %s of item %s refused: %s", step, item_id, refused)
            except Exception:
                log.exception("clock: %s of item %s failed", step, item_id)
    return done


def _due_jobs(house: House, send: Send, now: Callable[[], dt.datetime]) -> int:
    done = 0
    with house.reading() as connection:
        ids = [row.id for row in connection.execute(
            sa.select(models.Job.id).where(
                models.Job.done_at.is_(None), models.Job.due_at <= now(), models.Job.attempts < outbox.MAX_ATTEMPTS
            ).order_by(models.Job.due_at, models.Job.id).limit(100)
        )]
    for job_id in ids:
        with house.writing(NAME, clock=now) as work:
            job = work.session.get_one(models.Job, job_id)
            if job.done_at is not None:
                continue
            try:
                send(job.kind, {**job.payload, "key": job.key})
            except Exception as error:  # noqa: BLE001 - whatever hinders one message must not stop the others
                log.warning("job %s (%s) failed: %s", job.id, job.kind, error)
                outbox.failed(job, now(), f"{type(error).__name__}: {error}")
            else:
                job.done_at, job.error = now(), ""
                done += 1
    return done


@contextlib.contextmanager
def leading(data: Path) -> Iterator[bool]:
    """Whether this process leads; the lock ends with the block or the process."""
    with (data / "clock.lock").open("w") as file:
        yield _lock(file)


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def start(house: House, send: Send) -> threading.Event:
    """Run the clock in a thread of this process until the event is set."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                with leading(house.data) as is_leader:
                    while is_leader and not stop.wait(EVERY_S):
                        tick(house, send)
            except Exception:
                log.exception("clock stumbled; goes on")
            stop.wait(EVERY_S)

    threading.Thread(target=run, name="clock", daemon=True).start()
    return stop
