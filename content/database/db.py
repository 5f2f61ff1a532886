"""The ground of all tables: base class, constraint names, time, and engines for SQLite and PostgreSQL.

Instants are aware and UTC on the Python side everywhere; a naive one is refused, never guessed. Every writing
transaction on SQLite begins IMMEDIATE, because a deferred one that upgrades later fails at once when another writer
was faster; reading transactions are deferred and, where asked for, read-only.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.orm import DeclarativeBase

from content.database.patience import LONG_WAIT_S, TooBusy, current

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

READER_WAIT_S: Final = 2
"""How long a reader waits where SQLite makes even readers wait: while a log is recovered, or another program locks the whole file."""
CONNECT_S: Final = 3
"""How long making a connection to PostgreSQL may take."""
IDLE_S: Final = 300
"""A transaction that asks nothing for so long has lost its program: PostgreSQL ends it, and with it what it holds."""
POOL_WAIT_S: Final = 2
"""How long to wait for a connection when all are in use."""
_STEPS: Final = 500_000
"""So many steps of SQLite's machine go by between two looks at the clock: some milliseconds."""

_BUSY_SQLITE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
_BUSY_POSTGRESQL: Final = frozenset({"40001", "40P01", "55P03", "57014"})
"""SQLSTATE: serialization failure, deadlock, lock not available, statement over its time."""
_AWAY_SQLITE: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
)
_AWAY_POSTGRESQL: Final = frozenset({"08", "53", "57"})
"""Classes of SQLSTATE: no connection, no means (too many connections, no memory), an operator's hand (shut down, starting)."""


class NaiveDateTimeError(ValueError):
    """An instant without a time zone was handed to the database."""


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An aware instant, kept in UTC with microseconds; naive values raise `NaiveDateTimeError`."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveDateTimeError(f"instant without time zone: {value!r}")
        utc = value.astimezone(dt.UTC)
        # SQLite knows no zones: a naive UTC text sorts and compares like the instant itself.
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime(),
        str: sa.Text(),
        list[str]: sa.JSON(),
        list[dict[str, Any]]: sa.JSON(),
        dict[str, Any]: sa.JSON(),
    }


def is_busy(error: BaseException) -> bool:
    """Whether `error` says only that others were writing for too long or held every connection: the same may succeed later."""
    if isinstance(error, (sa.exc.TimeoutError, TooBusy)):
        return True
    cause = _cause(error)
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY_SQLITE  # the low byte; the rest tells the variant
    return getattr(cause, "sqlstate", None) in _BUSY_POSTGRESQL


def is_away(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be reached or does not answer: nothing is wrong with what was asked."""
    if is_busy(error):
        return False
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    cause = _cause(error)
    if isinstance(cause, sqlite3.DatabaseError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _AWAY_SQLITE
    state = getattr(cause, "sqlstate", "")
    if state:
        return state[:2] in _AWAY_POSTGRESQL
    # Without a state of the server it is the driver that failed to reach it.
    return type(cause).__module__.startswith("psycopg") and type(cause).__name__ in {
        "OperationalError",
        "InterfaceError",
        "ConnectionTimeout",
        "NoAnswer",
    }


def _cause(error: BaseException) -> BaseException | None:
    # BEGIN goes to the driver directly, whose own error it raises then.
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error


READ_ONLY: Final = "beschlussportal_read_only"
"""Execution option of a connection whose transactions only read."""


class _Quiet(logging.Filter):
    """Leaves out what the pool tells of connections that broke while the database was away: that is told once, elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return error is None or not is_away(error)


class Brief(logging.Filter):
    """Tells of the database being away in a line, without the way that led there. For whoever works in the background."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_away(error):
            record.msg, record.args, record.exc_info = (
                f"{record.getMessage()}: {' '.join(str(error).split())[:200]}",
                (),
                None,
            )
        return True


logging.getLogger("sqlalchemy.pool.impl.QueuePool").addFilter(_Quiet())


def make_engine(url: str | URL) -> Engine:
    """An engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`) with the settings the portal relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed, LONG_WAIT_S)
        event.listen(engine, "begin", _begin_writing)
        return engine
    engine = _postgresql_engine(parsed)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def read_only(engine: Engine) -> Engine:
    """An engine on the same database whose transactions only read: the public side uses nothing else.

    It has a pool of its own, so that no writer takes a reader's connection; and switching a connection between reading and
    writing makes SQLite prepare every statement anew.
    """
    if engine.dialect.name != "sqlite":
        return _postgresql_engine(engine.url).execution_options(**{READ_ONLY: True})
    reader = _sqlite_engine(
        engine.url, READER_WAIT_S, pool_reset_on_return=None
    )  # closing a connection has ended its transaction
    event.listen(reader, "connect", _forbid_writing)
    event.listen(reader, "begin", _begin_reading)
    return reader


def _postgresql_engine(url: URL) -> Engine:
    from content.database import postgresql  # noqa: PLC0415 - whoever keeps SQLite does not carry the driver

    # Numbers without gaps rest on it: whoever waited for a lock sees what the one before has done, whatever the server's default.
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=16,
        max_overflow=32,
        pool_timeout=POOL_WAIT_S,
        json_deserializer=orjson.loads,
        connect_args=postgresql.connect_arguments(url, connect_s=CONNECT_S, idle_s=IDLE_S, lock_s=LONG_WAIT_S),
    )
    event.listen(engine, "do_connect", postgresql.connect)
    event.listen(engine, "begin", _begin_postgresql_reading)
    return engine


def _sqlite_engine(url: URL, wait_s: float, **options: Any) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": wait_s},
        pool_size=16,
        max_overflow=32,
        pool_timeout=POOL_WAIT_S,
        poolclass=sa.QueuePool,
        json_deserializer=orjson.loads,
        **options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, in the mode that is needed.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "secure_delete=ON",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-8000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _forbid_writing(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")
    connection.execute(
        "PRAGMA cache_size=-2000"
    )  # kB for each reading thread; the system keeps the file for all of them
    connection.set_progress_handler(_watch(record.info), _STEPS)


def _watch(info: dict[str, Any]) -> Callable[[], bool]:
    """Whether a statement of that connection has to stop: its time is over."""

    def is_over() -> bool:
        until = info.get(_UNTIL)
        return until is not None and time.monotonic() > until

    return is_over


_UNTIL: Final = "portal.until"

# Only raw statements here: going through SQLAlchemy costs more than the statement itself.


def _begin_writing(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    patience = current()
    driver.execute(f"PRAGMA busy_timeout={patience.wait_ms}")
    with patience.waiting():
        driver.execute("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    answer_s = current().answer_s
    connection.info[_UNTIL] = None if answer_s is None else time.monotonic() + answer_s
    driver.execute("BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    patience = current()
    if patience.wait_s != LONG_WAIT_S or patience.answer_s is not None:
        limits = f"SET LOCAL lock_timeout = {patience.wait_ms}"
        if patience.answer_s is not None:
            limits += f"; SET LOCAL statement_timeout = {round(patience.answer_s * 1000)}"
        connection.exec_driver_sql(limits)


def _begin_postgresql_reading(connection: Connection) -> None:
    if not connection.get_execution_options().get(READ_ONLY):
        return
    answer_s = current().answer_s
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    connection.exec_driver_sql(
        begin if answer_s is None else f"{begin}; SET LOCAL statement_timeout = {round(answer_s * 1000)}"
    )
