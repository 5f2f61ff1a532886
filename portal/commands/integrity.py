"""Whether the database itself is sound: what SQLite and PostgreSQL find out about their own pages, in German."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content.database.faults import WORDS, Fault, kind_of
from content.house import House

_SHOWN: Final = 20
_UNCHECKED: Final = "Tabellen wurden ganz gelesen, ihre Indizes aber nicht geprüft"
_AMCHECK: Final = {
    "missing": f"Hinweis: Dem Datenbankserver fehlt die Erweiterung amcheck; {_UNCHECKED} (Paket postgresql-contrib, dann CREATE EXTENSION amcheck).",
    "available": f"Hinweis: In der Datenbank fehlt die Erweiterung amcheck; {_UNCHECKED} (CREATE EXTENSION amcheck).",
    "forbidden": f"Hinweis: Die Datenbankrolle darf amcheck nicht ausführen; {_UNCHECKED} (GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO …).",
}
"""Why indexes could not be looked at, and what an operator can do."""


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
    schema, hindrance = _amcheck(connection)
    if schema is not None:
        for oid, name in connection.execute(_INDEXES).all():
            problems += _tried(
                connection, f'SELECT "{schema}".bt_index_check({int(oid)}::oid::regclass, true)', f"Index {name}"
            )
    return problems + ([WORDS[Fault.DAMAGED]] if problems else []), [_AMCHECK[hindrance]] if hindrance else []


_INDEXES: Final = sa.text(
    "SELECT c.oid, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
    "WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace AND i.indisvalid ORDER BY c.relname"
)


def _amcheck(connection: Connection) -> tuple[str | None, str]:
    """The schema in which the check of indexes lies, whatever the search path; or why it cannot be used."""
    found = connection.execute(
        sa.text(
            "SELECT n.nspname, has_function_privilege(p.oid, 'EXECUTE') AS may FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE p.proname = 'bt_index_check' AND oidvectortypes(p.proargtypes) = 'regclass, boolean' ORDER BY 2 DESC LIMIT 1"
        )
    ).first()
    if found is not None:
        return (str(found.nspname), "") if found.may else (None, "forbidden")
    is_there = connection.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"))
    return None, "available" if is_there else "missing"


def _tried(connection: Connection, statement: str, what: str) -> list[str]:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement).all()
    except sa.exc.DBAPIError as error:
        if kind_of(error) is not Fault.DAMAGED:
            raise
        return [f"Datenbank beschädigt, {what}: {' '.join(str(error.orig).split())}"]
    return []


def _said(error: BaseException) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return f"Datenbank beschädigt: {' '.join(str(cause).split())}. {WORDS[Fault.DAMAGED]}"
