"""Migrations: bring a database to the newest state, or tell what state it is in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

import content.models  # noqa: F401 - makes the tables known
from content.database.db import Base

_REMEDY: Final = "Bitte die letzte gute Sicherung zurückholen; „migrate“ ändert nur, was eine neue Ausgabe braucht."
_FOLDER: Final = Path(__file__).parents[1] / "migrations"
_LOCK: Final = 0x42504F5254414C
"""The number under which PostgreSQL knows that somebody sets up or migrates this database."""


class NewerData(Exception):  # noqa: N818 - named for the situation
    """The database was written by a newer program; the message (German) says what to do."""


class Outdated(Exception):  # noqa: N818 - named for the situation
    """The database was written by an older program and not migrated yet; the message (German) says what to do."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made here so that no file with addresses is needed."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))  # it would be read as a place to fill in
    made.attributes["connection"] = connection
    return made


def newest_revision() -> str:
    """The revision this version of the product needs."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def revision(engine: Engine) -> str | None:
    """The revision the database is at; None: empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(found: str | None) -> bool:
    """Whether this program knows the revision `found`."""
    return found is None or found in {
        script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()
    }


def demand_known(engine: Engine) -> None:
    """Raise `NewerData` where a newer program has changed the tables."""
    found = revision(engine)
    if not is_known(found):
        raise NewerData(
            f"Die Daten sind neuer als das Programm (Stand {found}, dieses Programm kennt sie bis {newest_revision()}). "
            "Bitte das neuere Programm starten oder eine Sicherung zurückholen, die dieses geschrieben hat; nichts wurde geändert."
        )


def demand_newest(engine: Engine) -> None:
    """Raise `NewerData` or `Outdated` unless the tables are those of this program."""
    demand_known(engine)
    if revision(engine) != newest_revision():
        raise Outdated("Die Datenbank hat einen älteren Stand als das Programm. Bitte „beschlussportal migrate“.")


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Nobody else sets up or migrates this database meanwhile; who comes later waits. SQLite has its lock in the folder."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("lock_timeout", "statement_timeout"):
            connection.exec_driver_sql(f"SET {name} = 0")
        connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
            connection.invalidate()  # its settings are not those of the pool


def migrate(engine: Engine, target: str = "head") -> bool:
    """Bring the database to `target` in one transaction; whether anything had to be done. Raises `NewerData`."""
    demand_known(engine)
    before = revision(engine)
    if target == "head" and before == newest_revision():
        return False
    with _unguarded(engine) as connection:
        command.upgrade(config(connection), target)
    return revision(engine) != before


def downgrade(engine: Engine, target: str) -> None:
    """Take the database back to `target` (`base`: empty). For tests and emergencies."""
    with _unguarded(engine) as connection:
        command.downgrade(config(connection), target)


@contextmanager
def _unguarded(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be made anew. SQLite changes a table by a copy and would, while it guards foreign keys,
    refuse to drop the old one or delete with it whatever hangs on its rows; what is broken at the end is refused instead.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection
        return
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")  # it has no effect inside a transaction
        try:
            with connection.begin():
                yield connection
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                    raise RuntimeError(
                        f"Die Umstellung ließe {len(broken)} Zeilen ohne ihr Gegenstück zurück: {broken[:3]}"
                    )
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def differences(engine: Engine) -> list[str]:
    """Where the tables differ from what the models say, in German, with what to do; empty when right."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLite cannot reflect the index over expressions
            found = compare_metadata(context, Base.metadata)
    rows = [row for one in found for row in (one if isinstance(one, list) else [one])]
    return [_difference(row) for row in rows if getattr(row[1], "name", None) != "ix_edition_current_list"]


_LACKS: Final = "fehlt"
_IS_MORE: Final = "gehört nicht dazu"
_WORDS: Final = {
    "table": "Tabelle", "column": "Spalte", "index": "Datenbankindex", "constraint": "Bedingung", "fk": "Fremdschlüssel",
}  # fmt: skip


def _difference(row: Sequence[Any]) -> str:
    """One row of Alembic's comparison: („add_index“, Index), („add_column“, schema, table, Column), („modify_type“, schema, table, column, …)."""
    act, _, what = str(row[0]).partition("_")
    one = row[3] if what == "column" else row[1]
    name = getattr(one, "name", None) or ", ".join(column.name for column in getattr(one, "columns", ())) or str(one)
    table = row[2] if what == "column" else getattr(getattr(one, "table", None), "name", "")
    if act == "modify":
        return f"Tabelle {row[2]}, Spalte {row[3]}: Sie ist anders gemacht als vorgesehen. {_REMEDY}"
    place = f" (Tabelle {table})" if table else ""
    return f"{_WORDS.get(what, what)} {name}{place} {_LACKS if act == 'add' else _IS_MORE}. {_REMEDY}"
