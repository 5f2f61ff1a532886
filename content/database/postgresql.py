"""Connections to PostgreSQL that end: whoever waits for an answer of a server that hangs gives up after some time."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.errors import _WaitTimeout
from sqlalchemy.engine import URL

from content.database.patience import current

_GRACE: Final = 1.2
"""The server itself ends a statement that takes too long; only when it says nothing do we hang up, after so much more."""


class NoAnswer(psycopg.OperationalError):
    """The server has not answered in time; the connection is closed."""


class Patient(psycopg.Connection[Any]):
    """A connection whose every answer has a time limit: that of the work it is made for."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """What `gen` comes to. Raises `NoAnswer`."""
        limit = current().answer_s
        if timeout is not None or limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit * _GRACE)
        except _WaitTimeout as error:
            self.pgconn.finish()  # what it would still say belongs to nobody
            raise NoAnswer(f"PostgreSQL hat {limit * _GRACE:.0f} s lang nicht geantwortet.") from error


def connect(_dialect: object, _record: object, arguments: tuple[Any, ...], named: dict[str, Any]) -> Patient:
    """Make a connection as SQLAlchemy wants it made."""
    return Patient.connect(*arguments, **named)


def connect_arguments(url: URL, *, connect_s: int, idle_s: int, lock_s: float) -> dict[str, Any]:
    """What the driver is told on top of `url`, which goes first where it says something itself."""
    limits = {"lock_timeout": round(lock_s * 1000), "idle_in_transaction_session_timeout": idle_s * 1000}
    usual = {
        "connect_timeout": connect_s,
        # A line that is dead is noticed within half a minute, by whoever waits at it and by whoever sends.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return {name: value for name, value in usual.items() if name not in url.query}
