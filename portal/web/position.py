"""The ledger position, read before anything else of a request; and whether the database answers at all.

Whoever finds the database away closes the door for a second: nobody waits for it meanwhile but one who looks again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Engine

from content.database.patience import Patience, patient

log = logging.getLogger(__name__)
ANSWER_S: Final = 1.0
CLOSED_S: Final = 1.0
"""So long after a failure nobody asks again."""
TOLD_EVERY_S: Final = 60.0
_MOST_ASKING: Final = 8
"""So many ask at the same time, each over a connection of its own."""
_LOOK_EVERY_S: Final = 0.005


class Away(Exception):  # noqa: N818 - named for the situation
    """The database cannot be reached or does not answer."""


class Outage:
    """What is known of the database being away: one line in the log for all who met it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._told_at = 0.0
        self.is_away = False
        self.unseen = 0
        """How many met it since the last line in the log."""

    @property
    def is_closed(self) -> bool:
        """Whether nobody should ask the database now."""
        return self.is_away and time.monotonic() < self._closed_until

    def may_ask(self) -> bool:
        """Whether to look: always while all is well, and while it is away one of all who come, from time to time."""
        if not self.is_away:
            return True
        with self._lock:
            if time.monotonic() < self._closed_until:
                return False
            self._closed_until = time.monotonic() + CLOSED_S
            return True

    def met(self, error: BaseException) -> None:
        """Somebody found the database away."""
        with self._lock:
            now = time.monotonic()
            self._closed_until = now + CLOSED_S
            self.unseen += 1
            if not self.is_away or now - self._told_at > TOLD_EVERY_S:
                log.error(
                    "database is away (%d times since last told): %s", self.unseen, " ".join(str(error).split())[:300]
                )
                self._told_at, self.unseen = now, 0
            self.is_away = True

    def over(self) -> None:
        """Somebody got an answer."""
        if self.is_away:
            with self._lock:
                if self.is_away:
                    log.warning("database answers again")
                self.is_away = False


@dataclass(frozen=True, slots=True)
class _Own:
    """A connection that stays with us: the pool has let it go, and would close what nobody holds."""

    driver: Any
    keeper: Any


class PositionReader:
    """Reads the ledger position as fast as the database can say it: one plain statement on connections of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_remote = engine.dialect.name == "postgresql"
        self._idle: list[_Own] = []
        self._room = threading.BoundedSemaphore(_MOST_ASKING)
        self.outage = Outage()

    def __call__(self) -> int:
        """The position; 0 where nothing was published yet. Raises `Away`."""
        if self.outage.is_away and not self.outage.may_ask():
            raise Away
        if not self._is_remote:  # whoever asks a file is not kept waiting
            return self._read()
        with patient(Patience(0, ANSWER_S, may_write=False)):
            return self._read()

    def _read(self) -> int:
        try:
            row = self._asked(self._free())
        except Away:
            raise
        except Exception as first:
            self.close()
            if type(first).__name__ == "NoAnswer":
                self.outage.met(first)
                raise Away from first
            # The connection may only have become old; whether the database is away, a new one tells.
            try:
                row = self._asked(self._free())
            except Exception as error:
                self.outage.met(error)
                raise Away from error
        if self.outage.is_away:
            self.outage.over()
        return int(row[0]) if row else 0

    def _asked(self, connection: _Own) -> Any:
        try:
            row = connection.driver.execute("SELECT position FROM ledger_head").fetchone()
        except BaseException:
            self._drop(connection)
            raise
        self._idle.append(connection)
        return row

    def _free(self) -> _Own:
        """A connection that nobody uses; a new one where there is room. Raises `Away` where neither comes in time."""
        until = time.monotonic() + ANSWER_S
        while True:
            with contextlib.suppress(IndexError):
                return self._idle.pop()
            if self._room.acquire(blocking=False):
                try:
                    return self._connected()
                except BaseException:
                    self._room.release()
                    raise
            if time.monotonic() > until:
                raise Away
            time.sleep(_LOOK_EVERY_S)

    def _connected(self) -> _Own:
        raw = self._engine.raw_connection()
        driver: Any = raw.driver_connection
        raw.detach()
        if self._is_remote:
            driver.autocommit = True
        return _Own(driver, raw)

    def _drop(self, connection: _Own) -> None:
        with contextlib.suppress(Exception):
            connection.driver.close()
        self._room.release()

    def close(self) -> None:
        """Close the connections that nobody uses: the pool knows them no more."""
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread took the last one
                self._drop(self._idle.pop())
