"""How long somebody's work waits for others: a reader of a page hardly, a command as long as it takes.

Whoever serves a request puts the work into `patient(...)`; what runs outside (commands, clock) has `LONG`. The database layer
asks `current()` before it waits, and takes off what was waited: a request waits in all, not each time anew.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


class ReadsOnly(RuntimeError):  # noqa: N818 - named for the situation
    """Work that only reads asked to write: a fault of the program, refused before anybody has to wait."""


class TooBusy(Exception):  # noqa: N818 - named for the situation
    """So many others want to write that there is no turn in time; nothing was changed, the same may succeed later."""


@dataclass(slots=True)
class Patience:
    """What one piece of work may still wait, in seconds. One thread's own."""

    wait_s: float
    """In all, for the writes of others."""
    answer_s: float | None = None
    """For one answer of the database; None: as long as it takes."""
    may_write: bool = True
    is_bounded: bool = True
    """Whether what was waited is taken off."""

    @property
    def wait_ms(self) -> int:
        """What is left for waiting, at least 1: databases take 0 for ever."""
        return max(1, round(self.wait_s * 1000))

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Take the time that the block needs off."""
        began = time.monotonic()
        try:
            yield
        finally:
            if self.is_bounded:
                self.wait_s = max(0.0, self.wait_s - (time.monotonic() - began))


LONG_WAIT_S: Final = 30.0
LONG: Final = Patience(LONG_WAIT_S, is_bounded=False)
"""Commands and the clock."""

_current: ContextVar[Patience] = ContextVar("patience", default=LONG)


def current() -> Patience:
    """The patience of the work that this thread does."""
    return _current.get()


@contextlib.contextmanager
def patient(patience: Patience) -> Iterator[Patience]:
    """Do the work of the block with `patience`."""
    token = _current.set(patience)
    try:
        yield patience
    finally:
        _current.reset(token)
