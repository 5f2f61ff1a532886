"""The ground of all tables: base class, constraint names, time, and engines for SQLite and PostgreSQL.

Instants are aware and UTC on the Python side everywhere; a naive one is refused, never guessed. Every writing
transaction on SQLite begins IMMEDIATE, because a deferred one that upgrades later fails at once when another writer
was faster; reading transactions are deferred and, where asked for, read-only.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any, ClassVar, Final

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.orm import DeclarativeBase

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_TIMEOUT_S: Final = 30
"""How long a writer waits for another one on SQLite before it gives up."""

_BUSY_SQLITE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BUSY_POSTGRESQL: Final = frozenset({"40001", "40P01", "53300", "55P03"})
"""SQLSTATE: serialization failure, deadlock, too many connections, lock not available."""


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
        dict[str, Any]: sa.JSON(),
    }


def is_busy(error: BaseException) -> bool:
    """Whether `error` says only that others were writing for too long or held every connection: the same may succeed later."""
    if isinstance(error, sa.exc.TimeoutError):
        return True
    # BEGIN goes to the driver directly, whose own error it raises then.
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY_SQLITE  # the low byte; the rest tells the variant
    return getattr(cause, "sqlstate", None) in _BUSY_POSTGRESQL


READ_ONLY: Final = "beschlussportal_read_only"
"""Execution option of a connection whose transactions only read."""


def make_engine(url: str | URL) -> Engine:
    """An engine for `url` (`sqlite:///…` or `postgresql+psycopg://…`) with the settings the portal relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed)
        event.listen(engine, "begin", _begin_writing)
        return engine
    # Numbers without gaps rest on it: whoever waited for a lock sees what the one before has done, whatever the server's default.
    engine = sa.create_engine(
        parsed, isolation_level="READ COMMITTED", pool_pre_ping=True, pool_size=16, max_overflow=16, json_deserializer=orjson.loads
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def read_only(engine: Engine) -> Engine:
    """An engine on the same database whose transactions only read: the public side uses nothing else."""
    if engine.dialect.name != "sqlite":
        return engine.execution_options(**{READ_ONLY: True})
    # A pool of its own: switching a connection between reading and writing makes SQLite prepare every statement anew.
    reader = _sqlite_engine(engine.url, pool_reset_on_return=None)  # closing a connection has ended its transaction
    event.listen(reader, "connect", _forbid_writing)
    event.listen(reader, "begin", _begin_reading)
    return reader


def _sqlite_engine(url: URL, **options: Any) -> Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=16, max_overflow=16, poolclass=sa.QueuePool, json_deserializer=orjson.loads,
        **options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, in the mode that is needed.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "secure_delete=ON", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-8000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _forbid_writing(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA cache_size=-2000")  # kB for each reading thread; the system keeps the file for all of them


# Only raw statements here: going through SQLAlchemy costs more than the statement itself.


def _begin_writing(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
