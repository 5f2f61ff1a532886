"""Whether the database itself is sound: what SQLite and PostgreSQL find out about their own pages, in German."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content.faults import WORDS, Fault, kind_of
from content.house import House

_SHOWN: Final = 20
_NO_RIGHT: Final = "42501"
"""SQLSTATE: the role may not; amcheck belongs to whoever runs the server."""
_AMCHECK_MISSING: Final = (
    "Hinweis: In der Datenbank fehlt die Erweiterung amcheck; Tabellen wurden ganz gelesen, ihre Indizes aber nicht geprüft (CREATE EXTENSION amcheck)."
)


def of_database(house: House) -> tuple[list[str], list[str]]:
    """What is damaged (German, one line each), and hints about what could not be looked at."""
    try:
        with house.reading() as connection:
            if connection.dialect.name == "sqlite":
                return _sqlite(connection.connection.driver_connection), []
            return _postgresql(connection)
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        if kind_of(error) is not Fault.DAMAGED:
            raise
        return [_said(error)], []


def of_file(path: Path) -> list[str]:
    """What is damaged in a file of SQLite's."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return _sqlite(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        if kind_of(error) is not Fault.DAMAGED:
            raise
        return [_said(error)]


def _sqlite(connection: Any) -> list[str]:
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_SHOWN})")]
    lines = [line for words in found for line in words.splitlines() if line != "ok"]
    broken = len(connection.execute("PRAGMA foreign_key_check").fetchall()) if not lines else 0
    problems = [f"Datenbank beschädigt: {line}" for line in lines[:_SHOWN]]
    if problems:
        problems.append(WORDS[Fault.DAMAGED])
    return problems + ([f"Datenbank: {broken} Zeilen verweisen auf etwas, das es nicht gibt."] if broken else [])


def _postgresql(connection: Connection) -> tuple[list[str], list[str]]:
    """Read every table whole, which checks the sums of its pages; and its indexes too where `amcheck` is there."""
    problems: list[str] = []
    for name in sorted(sa.inspect(connection).get_table_names()):
        problems += _tried(connection, f'SELECT count(t::text) FROM "{name}" AS t', f"Tabelle {name}")
    if not connection.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'")):
        return problems + ([WORDS[Fault.DAMAGED]] if problems else []), [_AMCHECK_MISSING]
    indexes = connection.execute(sa.text(
        "SELECT c.oid, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
        "WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace AND i.indisvalid ORDER BY c.relname"
    )).all()
    for oid, name in indexes:
        problems += _tried(connection, f"SELECT bt_index_check({int(oid)}::oid::regclass, true)", f"Index {name}")
    return problems + ([WORDS[Fault.DAMAGED]] if problems else []), []


def _tried(connection: Connection, statement: str, what: str) -> list[str]:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement).all()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == _NO_RIGHT:
            return []
        if kind_of(error) is not Fault.DAMAGED:
            raise
        return [f"Datenbank beschädigt, {what}: {' '.join(str(error.orig).split())}"]
    return []


def _said(error: BaseException) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return f"Datenbank beschädigt: {' '.join(str(cause).split())}. {WORDS[Fault.DAMAGED]}"
