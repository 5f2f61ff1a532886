"""A PostgreSQL database as files: one per table, written in one snapshot and read back in one transaction.

The files are those of `COPY` as text, which every version of PostgreSQL reads. Tables are made by the migrations of the
revision that the dump was taken at; so an older dump comes back first as it was, and is migrated afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Connection

from portal.commands import database

FOLDER: Final = "database"
_CHUNK: Final = 1 << 20
_VERSION: Final = "alembic_version"


@dataclass(frozen=True, slots=True)
class Table:
    """What a dump holds of a table."""

    columns: tuple[str, ...]
    rows: int


class Mismatch(Exception):  # noqa: N818 - named for the situation
    """What was read back is not what the dump holds; the message (German) says where."""


def write(connection: Connection, folder: Path) -> tuple[dict[str, Table], dict[str, int]]:
    """Write every table of the snapshot that `connection` reads into `folder`; tables by name, and where each sequence stands."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    driver: Any = connection.connection.driver_connection
    inspector = sa.inspect(connection)
    tables = {}
    for name in sorted(inspector.get_table_names()):
        columns = tuple(column["name"] for column in inspector.get_columns(name))
        rows = 0
        said = f"COPY {_quoted(name)} ({', '.join(map(_quoted, columns))}) TO STDOUT"
        with (folder / f"{name}.copy").open("wb") as file, driver.cursor() as cursor, cursor.copy(said) as copy:
            for chunk in copy:
                file.write(chunk)
                rows += bytes(chunk).count(b"\n")  # a line feed within a value is escaped
        tables[name] = Table(columns, rows)
    found = connection.execute(
        sa.text(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"
        )
    )
    return tables, {str(name): int(value) for name, value in found}


def read(
    connection: Connection, folder: Path, revision: str, tables: Mapping[str, Table], sequences: Mapping[str, int]
) -> None:
    """Fill an empty database from `folder`, in the transaction of `connection`. Raises `Mismatch`."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    command.upgrade(database.config(connection), revision)
    made = set(sa.inspect(connection).get_table_names())
    if made != set(tables):
        raise Mismatch(f"Die Tabellen passen nicht zum Stand {revision}: {', '.join(sorted(made ^ set(tables)))}.")
    names = sorted(made - {_VERSION})
    keys = _foreign_keys(connection)
    for table, name, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} DROP CONSTRAINT {_quoted(name)}")
    connection.exec_driver_sql(
        f"TRUNCATE {', '.join(map(_quoted, names))}"
    )  # what the migrations have sown is in the dump
    for name in names:
        _fill(connection, folder / f"{name}.copy", name, tables[name])
    for table, name, definition in keys:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} ADD CONSTRAINT {_quoted(name)} {definition}")
    for name, value in sequences.items():
        connection.execute(
            sa.text("SELECT setval(CAST(:name AS regclass), :value)"), {"name": _quoted(name), "value": value}
        )


def _fill(connection: Connection, path: Path, name: str, table: Table) -> None:
    driver: Any = connection.connection.driver_connection
    said = f"COPY {_quoted(name)} ({', '.join(map(_quoted, table.columns))}) FROM STDIN"
    with path.open("rb") as file, driver.cursor() as cursor, cursor.copy(said) as copy:
        while chunk := file.read(_CHUNK):
            copy.write(chunk)
    found = connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
    if found != table.rows:
        raise Mismatch(f"Die Tabelle {name} hat {found} statt {table.rows} Zeilen.")


def _foreign_keys(connection: Connection) -> list[tuple[str, str, str]]:
    """Table, name and definition: they are put back when all rows are there, whatever order those came in."""
    found = connection.execute(
        sa.text(
            "SELECT r.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid "
            "WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY r.relname, c.conname"
        )
    )
    return [(str(table), str(name), str(definition)) for table, name, definition in found]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
