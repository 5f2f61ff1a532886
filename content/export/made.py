"""Files that are made once and kept: PDF, press kits, Word files. Whoever asks finds them, or hears when to come back.

A missing file is put into the typesetter's queue. Whoever asks for it waits a moment, but only one at a time: the threads
belong to those who read pages. All can be made anew, so the folder has a limit and no place in a backup.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path
from typing import Final

from content.export import seals
from content.export.typesetting import TIMEOUT_S, Order
from content.helpers.frames import Frame
from content.helpers.helper import Failed, Full, helper
from content.helpers.jobs import Refused

log = logging.getLogger(__name__)
PATIENCE_S: Final = 1.0
FAULT_KEPT_S: Final = 600
MAX_FAULTS: Final = 1_000
MAX_BYTES: Final = 2_000_000_000
PRUNE_EVERY_S: Final = 600
PART_AGE_S: Final = 3600


class NotYet(Exception):  # noqa: N818 - named for the situation
    """The file is being made, or the queue is full; it will be there in `retry_after_s` seconds."""

    def __init__(self, words: str, retry_after_s: int) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


def _not_yet(order: Order, retry_after_s: int) -> NotYet:
    return NotYet(f"{order.words} wird gerade erstellt.", retry_after_s)


class CannotMake(Exception):  # noqa: N818 - named for the situation
    """The file cannot be made, by our own fault; the message (German) says what it is."""

    def __init__(self, order: Order) -> None:
        super().__init__(f"{order.words} lässt sich nicht erstellen.")
        self.order = order


class Made:
    """The folder of made files. Thread-safe. `patience_s`: how long somebody waits for a missing file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.patience_s = PATIENCE_S
        self._waiting = threading.Semaphore(1)
        self._faults: dict[str, float] = {}
        self._whole = seals.Known()
        self._pruned_at = time.monotonic()

    def path(self, order: Order) -> Path:
        """Where the file of an order lies, or will."""
        return self._folder / order.name

    def get(self, order: Order) -> Path:
        """The file. Raises `NotYet`, `CannotMake`."""
        path = self.path(order)
        if self._whole.is_whole(path):
            return path
        self._refuse_faulty(order)
        if not self._waiting.acquire(blocking=False):
            self.make_ahead(order, is_urgent=True)
            raise _not_yet(order, 2)
        try:
            self._await(order)
        finally:
            self._waiting.release()
        return path

    def make_ahead(self, order: Order, *, is_urgent: bool = False) -> bool:
        """Have the file made, waiting for nothing; whether it is there or in the queue."""
        if self._whole.is_whole(self.path(order)) or order.name in self._faults:
            return True
        try:
            self._submit(order, is_urgent=is_urgent).add_done_callback(functools.partial(self._note, order))
        except Full:
            return False
        return True

    def make(self, order: Order) -> Path:
        """The file, however long it takes. Raises `CannotMake`, `content.helpers.helper.Full`. Not for threads that serve pages."""
        path = self.path(order)
        if not self._whole.is_whole(path):
            try:
                self._submit(order, is_urgent=True).result()
            except (Refused, Failed, CancelledError) as error:
                raise self._faulty(order, error) from error
        return path

    def _submit(self, order: Order, *, is_urgent: bool) -> Future[Frame]:
        self._prune()
        data = {**order.data, "target": str(self.path(order).resolve())}
        return helper("typesetter").submit(order.job, data, seconds=TIMEOUT_S, key=order.name, is_urgent=is_urgent)

    def _await(self, order: Order) -> None:
        try:
            self._submit(order, is_urgent=True).result(timeout=self.patience_s)
        except Full as full:
            raise _not_yet(order, 10) from full
        except TookTooLong as late:
            raise _not_yet(order, 3) from late
        except CancelledError as gone:
            raise _not_yet(order, 3) from gone
        except (Refused, Failed) as error:
            raise self._faulty(order, error) from error

    def _note(self, order: Order, future: Future[Frame]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self._faulty(order, error)

    def _faulty(self, order: Order, error: BaseException) -> CannotMake:
        if order.name not in self._faults:
            log.error("%s (%s) cannot be made: %s", order.job, order.name, error)
        if len(self._faults) >= MAX_FAULTS:
            self._faults.clear()
        self._faults[order.name] = time.monotonic()
        return CannotMake(order)

    def _refuse_faulty(self, order: Order) -> None:
        """What failed a moment ago fails again, and costs as much each time."""
        failed_at = self._faults.get(order.name)
        if failed_at is None:
            return
        if time.monotonic() - failed_at < FAULT_KEPT_S:
            raise CannotMake(order)
        self._faults.pop(order.name, None)

    def _prune(self) -> None:
        """Drop the oldest files where there are too many, and what a killed typesetter left; at most every ten minutes."""
        now = time.monotonic()
        if now - self._pruned_at < PRUNE_EVERY_S or not self._folder.exists():
            return
        self._pruned_at = now
        found = sorted(_files(self._folder))
        surplus = sum(size for _, size, _ in found) - MAX_BYTES
        for modified, size, path in found:
            is_left_over = path.suffix == ".part" and time.time() - modified > PART_AGE_S
            if surplus <= 0 and not is_left_over:
                continue
            seals.remove(path)
            surplus -= size


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each file was made, its size in bytes, and where it lies; seals go with their files."""
    for path in folder.iterdir():
        if path.suffix == seals.SUFFIX and path.with_suffix("").exists():
            continue
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            seen = path.stat()
            yield seen.st_mtime, seen.st_size, path
