"""This process's side of a helper: a bounded queue, a thread that hands over one job at a time, a process started on demand.

The process belongs to this one: it is started when the first job comes (or `warm` is called), killed when a job takes too
long, replaced when it died, and ends when this process does. A job that killed its helper is not tried again.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

from content.helpers import frames
from content.helpers.frames import Frame
from content.helpers.jobs import TRADES, Refused

log = logging.getLogger(__name__)
WAITING_JOBS: Final = 64
PROCESS: Final = "content.helpers.process"
_THREADS_PER_HELPER: Final = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""One job at a time on one core: the others are for pages."""


class Full(Exception):  # noqa: N818 - named for the situation
    """So many jobs wait already that this one is not taken; the same may succeed in some seconds."""


class Failed(Exception):  # noqa: N818 - named for the situation
    """A job went wrong by our fault, or took too long or too much; `is_too_much` tells which."""

    def __init__(self, message: str, *, is_too_much: bool = False) -> None:
        super().__init__(message)
        self.is_too_much = is_too_much


@dataclass(slots=True)
class _Task:
    job: str
    key: str
    data: Mapping[str, Any]
    blobs: Sequence[bytes]
    seconds: float
    future: Future[Frame] = field(default_factory=Future)


class Helper:
    """A process of one trade, with its queue. Thread-safe."""

    def __init__(self, trade: str, *, limit: int = WAITING_JOBS) -> None:
        self._name = trade
        self._trade = TRADES[trade]
        self._queue: queue.PriorityQueue[tuple[int, int, _Task | None]] = queue.PriorityQueue()
        self._limit = limit
        self._count = 0
        self._pending: dict[str, _Task] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._done = 0

    def submit(
        self,
        job: str,
        data: Mapping[str, Any],
        blobs: Sequence[bytes] = (),
        *,
        seconds: float,
        key: str = "",
        is_urgent: bool = True,
    ) -> Future[Frame]:
        """Put a job into the queue. `key`: the same work is done once, however many ask. Raises `Full`.

        `is_urgent`: somebody waits for it; what is only made ahead comes after that. A future that is cancelled before its
        turn is not done at all. It gives what the job gives, or raises `Refused` (the input's fault) or `Failed` (ours).
        """
        with self._lock:
            known = self._pending.get(key) if key else None
            if known is not None and not known.future.cancelled():
                return known.future
            if len(self._pending) >= self._limit:
                self._forget_cancelled()
                if len(self._pending) >= self._limit:
                    raise Full(f"{self._name}: {self._limit} jobs are waiting")
            self._count += 1
            task = _Task(job, key or f"#{self._count}", data, blobs, seconds)
            self._pending[task.key] = task
            self._queue.put((0 if is_urgent else 1, self._count, task))
            self._start_thread()
        return task.future

    def run(self, job: str, data: Mapping[str, Any], blobs: Sequence[bytes] = (), *, seconds: float) -> Frame:
        """Do a job and wait for it. Raises `Refused`, `Failed`, `Full`."""
        return self.submit(job, data, blobs, seconds=seconds).result()

    def warm(self) -> None:
        """Start the process now, so that the first job does not wait for it."""
        with self._lock:
            self._start_thread()
            self._count += 1
            self._queue.put((2, self._count, _Task("", "", {}, (), 0)))

    def stop(self) -> None:
        """End process and thread; what still waits is given up. The next job starts both anew."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            for task in self._pending.values():
                task.future.cancel()
            self._queue.put((-1, 0, None))
        thread.join(timeout=5)
        if thread.is_alive():  # it is in the middle of a job
            self._kill()
            thread.join(timeout=5)

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _forget_cancelled(self) -> None:
        self._pending = {key: task for key, task in self._pending.items() if not task.future.cancelled()}

    def _start_thread(self) -> None:
        # The process dies with the thread that started it (the system counts threads as parents): one lasting thread does it.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name=f"helper-{self._name}", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            try:
                _, _, task = self._queue.get(timeout=self._trade.idle_s)
            except queue.Empty:
                self._end_process()
                continue
            if task is None:
                self._end_process()
                return
            if not task.key:
                self._begin_process()
            elif task.future.set_running_or_notify_cancel():
                self._settle(task)
            with self._lock:
                if self._pending.get(task.key) is task:
                    del self._pending[task.key]

    def _settle(self, task: _Task) -> None:
        try:
            found = self._ask(task)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self._settled(task, functools.partial(task.future.set_exception, error))
        else:
            self._settled(task, functools.partial(task.future.set_result, found))

    def _settled(self, task: _Task, tell: Callable[[], None]) -> None:
        with self._lock:  # before anybody hears of it: who asks again must not be given the old future
            if self._pending.get(task.key) is task:
                del self._pending[task.key]
        tell()

    def _ask(self, task: _Task) -> Frame:
        process = self._begin_process()
        assert process.stdin is not None  # noqa: S101 - it has pipes
        assert process.stdout is not None  # noqa: S101 - it has pipes
        try:
            process.stdin.write(
                frames.packed({"job": task.job, "data": task.data, "seconds": task.seconds}, task.blobs)
            )
            process.stdin.flush()
            head, blobs = frames.unpacked(_reader(process.stdout.fileno(), time.monotonic() + task.seconds))
        except TimeoutError as error:
            self._kill()
            raise Failed(f"{task.job}: not done after {task.seconds:.0f} s", is_too_much=True) from error
        except (OSError, EOFError, ValueError) as error:
            self._kill()
            raise Failed(f"{task.job}: the helper died ({error or type(error).__name__})", is_too_much=True) from error
        self._done += 1
        if self._done >= self._trade.max_jobs:
            self._end_process()
        if "ok" in head:
            return head["ok"], blobs
        if "refused" in head:
            raise Refused(head["refused"], head["code"])
        raise Failed(f"{task.job}: {head['failed']}", is_too_much=not head["failed"].startswith("Traceback"))

    def _begin_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        if self._process is not None:
            log.warning("helper %s ended by itself (%s); a new one takes over", self._name, self._process.returncode)
            self._kill()
        self._done = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", PROCESS, self._name, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_THREADS_PER_HELPER},
            start_new_session=True,
        )
        return self._process

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _close(process)
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _kill(self) -> None:
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        self._process = None
        _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not written yet has nobody to read it
                log.debug("pipe to a helper was broken", exc_info=True)


def _reader(descriptor: int, deadline: float) -> Callable[[int], bytes]:
    """Reads exactly so many bytes until `deadline` (monotonic). Raises TimeoutError, EOFError."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)

    def read(size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            part = os.read(descriptor, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    return read


@functools.cache
def helper(trade: str) -> Helper:
    """The one helper of a trade in this process."""
    made = Helper(trade)
    atexit.register(made.stop)
    return made


def stop_all() -> None:
    """End every helper of this process; the next job starts it anew."""
    for trade in TRADES:
        helper(trade).stop()
