"""The clock: publishes what is due, reminds of deadlines, sends what lies in the outbox. It runs inside `serve`.

Of several processes one leads: the one that holds the lock on `clock.lock` in DATA. When it dies, the system frees the
lock, and the next one takes over at its next look. The clock acts under its own name and with its own right only.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.database.db import Brief
from content.database.faults import kind_of
from content.house import House
from content.proof.signing import Sealer
from content.services.accounts import reset
from content.services.base import outbox
from content.services.browsing.browse import Reader
from content.services.notifications import digest, house_news, notify
from content.services.publishing.ledger import LedgerBehind
from content.services.reports import review_guests
from content.services.search import alerts, news, saved
from content.services.workflow import deadlines, embargo, transition
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

log = logging.getLogger(__name__)
log.addFilter(Brief())
EVERY_S: Final = 2.0
SHORTEST_S: Final = 0.02
NAME: Final = "clock"

WORKERS: Final[Mapping[str, Callable[[Session, dict[str, Any], dt.datetime], None]]] = {"account.reset": reset.answer}
"""Jobs that the house does itself, each in one transaction. All others are messages."""

Send = Callable[[str, dict[str, Any]], None]
"""Does one job: its kind and payload. Raises when it could not."""


def tick(house: House, send: Send, *, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> int:
    """Do all that is due; how many steps and messages were done. One that fails does not keep the others back."""
    return _due_steps(house, now) + _rest(house, send, now)


def _rest(house: House, send: Send, now: Callable[[], dt.datetime]) -> int:
    """All but the steps: what may wait for a slow mail server."""
    _each(_deadlines, house, now)
    _each(_digests, house, now)
    _each(_index, house, now)
    _each(_news, house, now)
    return _due_jobs(house, send, now)


def _each(
    task: Callable[[House, Callable[[], dt.datetime]], int], house: House, now: Callable[[], dt.datetime]
) -> None:
    try:
        task(house, now)
    except Exception as error:  # noqa: BLE001 - the clock goes on
        _tell(f"{task.__name__} failed; the rest goes on", error)


_TOLD: Final[dict[str, float]] = {}
_SILENT_S: Final = 600


def _tell(what: str, error: Exception) -> None:
    """Log what went wrong: a fault of the program with all details; a full disk and the like in one line, now and then."""
    fault = "ledger" if isinstance(error, LedgerBehind) else kind_of(error)
    if fault is None:
        log.error("clock: %s", what, exc_info=error)
    elif time.monotonic() - _TOLD.get(fault, -_SILENT_S) >= _SILENT_S:
        _TOLD[fault] = time.monotonic()
        log.error("clock: %s: %s (told once in %s s)", what, " ".join(str(error).split()), _SILENT_S)


def _due_steps(house: House, now: Callable[[], dt.datetime]) -> int:
    moment, done = now(), 0
    item = models.Item
    with house.reading() as connection:
        publish = connection.scalars(
            sa.select(item.id)
            .where(item.publication_state == "scheduled", item.publish_at <= moment)
            .order_by(item.publish_at)
        ).all()
    for item_id in publish:
        try:
            with house.writing(NAME, name="Uhr", permits=ROLES["clock"].permits, clock=now) as work:
                transition.take(work.desk, work.session.get_one(item, item_id), PUBLICATION, "go_live")
                done += 1
        except (Blocked, transition.Stale) as refused:
            log.warning("clock: go_live of item %s refused: %s", item_id, refused)
        except Exception as error:  # noqa: BLE001 - the clock goes on
            _tell(f"go_live of item {item_id} failed", error)
    return done


def _due_jobs(house: House, send: Send, now: Callable[[], dt.datetime]) -> int:
    with house.reading() as connection:
        ids = outbox.due(connection, now())
    return sum(_do_job(house, send, now, job_id) for job_id in ids)


def _do_job(house: House, send: Send, now: Callable[[], dt.datetime], job_id: int) -> bool:
    """Claim, do, note: three steps, and only the first and the last hold the database."""
    with house.writing(NAME, clock=now) as work:
        job = outbox.claim(work.session, job_id, now())
    if job is None:
        return False
    worker = WORKERS.get(job.kind)
    try:
        if worker is not None:
            with house.writing(NAME, clock=now) as work:
                worker(work.session, job.payload, now())
                outbox.done(work.session, job.id, now())
            return True
        payload = _addressed(house, job)
        if payload is not None:
            send(job.kind, {**payload, "key": job.key})
    except Exception as error:  # noqa: BLE001 - whatever hinders one message must not stop the others
        log.warning("job %s (%s) failed: %s", job.id, job.kind, outbox.without_addresses(str(error)))
        with house.writing(NAME, clock=now) as work:
            is_last = outbox.failed(
                work.session,
                job.id,
                now(),
                str(error) or type(error).__name__,
                is_final=isinstance(error, outbox.RefusedForGood),
            )
            if is_last:
                house_news.given_up(work.session, job.key, now())
        return False
    with house.writing(NAME, clock=now) as work:
        outbox.done(work.session, job.id, now())
    return True


def _addressed(house: House, job: outbox.Claimed) -> dict[str, Any] | None:
    """What is sent; messages to readers are addressed only now, so that no address lies in the outbox."""
    if not job.kind.startswith("mail.alert"):
        return job.payload
    with Session(house.reading_engine) as session:
        bodies = Reader(session.connection()).bodies
        return news.compose(
            session,
            Sealer.open(house.data),
            job.kind,
            job.payload,
            lambda parameters: saved.describe(parameters, bodies),
        )


def _index(house: House, now: Callable[[], dt.datetime]) -> int:
    """Mend the search where it is behind the ledger, read files that nobody has read, and keep it in shape."""
    if house.is_search_behind():
        mended = house.reconcile_search()
        if not mended.is_clean:
            log.warning("search index was behind and is mended: %s added, %s removed", mended.added, mended.removed)
        if mended.was_damaged:
            with house.writing(NAME, clock=now) as work:
                house_news.index_mended(work.session, mended.words, now())
    house.read_files()
    return house.search.tidy()


def _news(house: House, now: Callable[[], dt.datetime]) -> int:
    """Write what followers of searches are to be told; forget what was never confirmed."""
    with house.reading() as connection:
        has_old = alerts.has_old(connection, now())
    if has_old:
        with house.writing(NAME, clock=now) as work:
            alerts.tidy(work.session, now())
    return news.collect(house, saved.matcher(house), now())


def _digests(house: House, now: Callable[[], dt.datetime]) -> int:
    with house.reading() as connection:
        people = digest.waiting(connection, now())
    done = 0
    for account_id in people:
        with house.writing(NAME, clock=now) as work:
            done += digest.write(work.session, account_id, now())
    return done


def _deadlines(house: House, now: Callable[[], dt.datetime]) -> int:
    """Look for what is due, once an hour: a job row of that hour says that it was done, whichever process did it."""
    key = f"deadlines:{now():%Y-%m-%dT%H}"
    with house.reading() as connection:
        if connection.scalar(sa.select(models.Job.id).where(models.Job.key == key)) is not None:
            return 0
    house.forget_texts()
    with house.writing(NAME, clock=now) as work:
        if outbox.put(work.session, "house.deadlines", key, {}, due_at=now()):
            outbox.done(
                work.session, work.session.scalar(sa.select(models.Job.id).where(models.Job.key == key)) or 0, now()
            )
            outbox.forget_old(work.session, now())
            notify.forget_old(work.session, now())
            embargo.forget_old(work.session, now())
            review_guests.forget_old(work.session, now())
            return deadlines.tell(work.session, now())
    return 0


@contextlib.contextmanager
def leading(data: Path, lock: str = "clock.lock") -> Iterator[bool]:
    """Whether this process leads; the lock ends with the block or the process."""
    with (data / lock).open("w") as file:
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
                    if is_leader:
                        _lead(house, send, stop)
            except Exception as error:  # noqa: BLE001 - the clock goes on
                _tell("stumbled; goes on", error)
            stop.wait(EVERY_S)

    threading.Thread(target=run, name="clock", daemon=True).start()
    return stop


def _lead(house: House, send: Send, stop: threading.Event) -> None:
    """Steps to the second in this thread, and all else in another one, so that no mail server keeps a release back."""
    rest = threading.Thread(
        target=_every, args=(stop, lambda: EVERY_S, lambda: _rest(house, send, _now)), name="clock-rest", daemon=True
    )
    rest.start()
    _every(stop, lambda: pause_s(house, _now()), lambda: _due_steps(house, _now))
    rest.join()


def _every(stop: threading.Event, pause: Callable[[], float], task: Callable[[], object]) -> None:
    while not stop.is_set():
        try:
            if stop.wait(pause()):
                return
            task()
        except Exception as error:  # noqa: BLE001 - the clock goes on
            _tell("stumbled; goes on", error)
            stop.wait(EVERY_S)


def pause_s(house: House, now: dt.datetime) -> float:
    """How long the clock may sleep: `EVERY_S`, but not beyond the next step that is due."""
    item = models.Item
    with house.reading() as connection:
        moment = connection.scalar(
            sa.select(sa.func.min(item.publish_at)).where(item.publication_state == "scheduled", item.publish_at > now)
        )
    return max(SHORTEST_S, min(EVERY_S, (moment - now).total_seconds())) if moment is not None else EVERY_S


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
