"""Editions and the publication ledger: the only tables the public side reads.

An edition is frozen: `document` holds the exact canonical bytes (as text) whose SHA-256 is `sha256`; the other columns
and the tables beside it are copies for lists and look-ups, derived from it and from the ledger (`content.proof.derived`). It is
valid in `[valid_from, valid_until)`; `valid_until` null means: now public. Database triggers refuse every change but an end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class Edition(Base):
    """One published version of an item."""

    __tablename__ = "edition"
    __table_args__ = (
        sa.UniqueConstraint("item_id", "number"),
        # What lists and pages ask for all day: the editions that are public now, in the order of the list.
        sa.Index(
            "ix_edition_current_url",
            "url",
            unique=True,
            sqlite_where=sa.text("valid_until IS NULL"),
            postgresql_where=sa.text("valid_until IS NULL"),
        ),
        sa.Index(
            "ix_edition_current_list",
            "kind",
            sa.text("sort_date DESC"),
            sa.text("serial DESC"),
            sa.text("id DESC"),
            sqlite_where=sa.text("valid_until IS NULL"),
            postgresql_where=sa.text("valid_until IS NULL"),
        ),
        sa.Index("ix_edition_url_valid_from", "url", "valid_from"),
        sa.Index(
            "ix_edition_current_number",
            "kind",
            "body_slug",
            "year",
            "serial",
            sqlite_where=sa.text("valid_until IS NULL"),
            postgresql_where=sa.text("valid_until IS NULL"),
        ),
        sa.Index("ix_edition_meeting_url", "meeting_url", "kind"),
        sa.Index("ix_edition_kind_title", "kind", "sort_title"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(32))
    subkind: Mapped[str] = mapped_column(sa.String(32), default="")
    url: Mapped[str] = mapped_column(sa.String(300))
    title: Mapped[str]
    sort_title: Mapped[str] = mapped_column(sa.String(200))
    header: Mapped[list[str]]
    body_slug: Mapped[str] = mapped_column(sa.String(80), default="")
    year: Mapped[int]
    serial: Mapped[int] = mapped_column(default=0)
    date: Mapped[dt.date | None]
    sort_date: Mapped[dt.date]
    meeting_url: Mapped[str] = mapped_column(sa.String(300), default="")
    summary: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(sa.String(64))
    act: Mapped[str] = mapped_column(sa.String(16))
    note: Mapped[str | None]
    recorded_at: Mapped[dt.datetime]
    valid_from: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime | None]
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    """True for every edition that was public before a withdrawal: none of them is ever shown again."""
    position: Mapped[int] = mapped_column(index=True)
    item_rev: Mapped[int]
    # Last, so that a list never reads its way through the text.
    document: Mapped[str]


class EditionFacet(Base):
    """What an edition can be filtered by: one row per facet and value (see `content.facets`)."""

    __tablename__ = "edition_facet"
    __table_args__ = (sa.Index("ix_edition_facet_value", "kind", "facet", "value", "is_current"),)

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), primary_key=True)
    facet: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    is_current: Mapped[bool] = mapped_column(default=True)
    """Follows the edition's validity, so that a filter need not look at the edition."""


class EditionFile(Base):
    """A file that an edition makes public (attachment or picture)."""

    __tablename__ = "edition_file"
    __table_args__ = (sa.Index("ix_edition_file_sha256", "sha256"),)

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    file_name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(120))


class EditionReference(Base):
    """A typed reference of an edition to an address; read from both ends."""

    __tablename__ = "edition_reference"
    __table_args__ = (sa.Index("ix_edition_reference_target", "target_url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), index=True)
    position: Mapped[int]
    from_anchor: Mapped[str | None] = mapped_column(sa.String(60))
    from_label: Mapped[str] = mapped_column(default="")
    relation: Mapped[str] = mapped_column(sa.String(32))
    target_url: Mapped[str] = mapped_column(sa.String(300))
    target_anchor: Mapped[str | None] = mapped_column(sa.String(60))
    quoted: Mapped[str] = mapped_column(default="")


class LedgerEntry(Base):
    """One public act, chained to the one before and signed (see `content.proof.ledger`)."""

    __tablename__ = "ledger_entry"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[dt.datetime]
    act: Mapped[str] = mapped_column(sa.String(16))
    kind: Mapped[str] = mapped_column(sa.String(32))
    url: Mapped[str] = mapped_column(sa.String(300), index=True)
    title: Mapped[str]
    item_uid: Mapped[str] = mapped_column(sa.String(36), index=True)
    edition: Mapped[int]
    edition_sha256: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    note: Mapped[str | None]
    line: Mapped[str]
    """The entry as it stands in `/ledger.jsonl`: canonical JSON, without line feed."""


class LedgerHead(Base):
    """One row: where the ledger stands. Its signed checkpoint makes a cut-off end visible."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.String(64))
    checkpoint: Mapped[str]


class Tally(Base):
    """How many public editions of a kind have a facet's value: the unfiltered lists count without counting."""

    __tablename__ = "edition_tally"

    kind: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    facet: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    amount: Mapped[int] = mapped_column(default=0)


class OldAddress(Base):
    """An address of an earlier site (path, lower case) and where its content lies now."""

    __tablename__ = "old_address"

    path: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    url: Mapped[str] = mapped_column(sa.String(300))


class LedgerDocument(Base):
    """What an act that publishes no edition states (a new key, a restore): its exact canonical bytes, as text."""

    __tablename__ = "ledger_document"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    document: Mapped[str]


class Checkpoint(Base):
    """A signed statement of where the ledger stood, as it was published (see `content.proof.notes`); one for each commit."""

    __tablename__ = "checkpoint"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[dt.datetime]
    note: Mapped[str]


@dataclass(frozen=True, slots=True)
class _Guard:
    """How a table is kept: which columns may change once (column → SQL that says when), or none at all."""

    table: str
    once: Mapping[str, str]


GUARDS: Final = (
    _Guard("ledger_entry", {}),
    _Guard("ledger_document", {}),
    _Guard("checkpoint", {}),
    _Guard("old_address", {}),
    _Guard(
        "edition",
        {
            "valid_until": "OLD.valid_until IS NULL AND NEW.valid_until IS NOT NULL",
            "is_withdrawn": "NOT OLD.is_withdrawn AND NEW.is_withdrawn",
        },
    ),
    _Guard("edition_facet", {"is_current": "OLD.is_current AND NOT NEW.is_current"}),
    _Guard("edition_file", {}),
    _Guard("edition_reference", {}),
)
"""Tables whose rows are never deleted and never changed, but for what ends once."""

_REFUSAL: Final = "append-only: the ledger and its editions cannot be changed"


def _changed(guard: _Guard, dialect: str) -> str:
    """SQL that says whether an update changes what it may not."""
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    parts = []
    for column in Base.metadata.tables[guard.table].columns:
        # PostgreSQL cannot compare values of the type json, but their text.
        cast = "::text" if dialect == "postgresql" and isinstance(column.type, sa.JSON) else ""
        change = f"NEW.{column.name}{cast} {differs} OLD.{column.name}{cast}"
        allowed = guard.once.get(column.name)
        parts.append(f"({change} AND NOT ({allowed}))" if allowed else change)
    return " OR ".join(parts)


def guards(dialect: str) -> dict[str, str]:
    """Trigger by name → DDL that makes it: the ledger is append-only, what is derived of editions is frozen."""
    made = {}
    for guard in GUARDS:
        table = guard.table
        when = f"WHEN ({_changed(guard, dialect)})" if guard.once else ""
        if dialect == "sqlite":
            act = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            each = ""
        else:
            act, each = "EXECUTE FUNCTION refuse_change()", "FOR EACH ROW "
        made[f"{table}_frozen"] = f"CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table} {each}{when} {act}"
        made[f"{table}_no_delete"] = f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {each}{act}"
    return made


_REFUSE_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"RAISE EXCEPTION '{_REFUSAL}'; END $$"
)


def create_guards(connection: sa.Connection) -> None:
    """Create the triggers; called after the tables exist, by migration and by `create_all` alike."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_REFUSE_FUNCTION)
    for statement in guards(connection.dialect.name).values():
        connection.exec_driver_sql(statement)


def drop_guards(connection: sa.Connection) -> None:
    """Take the triggers away; only for changing the tables themselves."""
    is_sqlite = connection.dialect.name == "sqlite"
    for guard in GUARDS:
        for end in ("frozen", "no_delete"):
            place = "" if is_sqlite else f" ON {guard.table}"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guard.table}_{end}{place}")
    if not is_sqlite:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


def missing_guards(connection: sa.Connection) -> list[str]:
    """Names of the triggers that are not there, or are not in force."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = {row[0]: " ".join(str(row[1]).split()) for row in found}
        return [name for name, ddl in guards("sqlite").items() if kept.get(name) != " ".join(ddl.split())]
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    names = {row[0] for row in connection.exec_driver_sql(query)}
    return [name for name in guards("postgresql") if name not in names]


@event.listens_for(Base.metadata, "after_create")
def _after_create(_target: object, connection: sa.Connection, **_: object) -> None:
    create_guards(connection)
