"""Editions and the publication ledger: the only tables the public side reads.

An edition is frozen: `document` holds the exact canonical bytes (as text) whose SHA-256 is `sha256`; the other columns
are copies for lists and look-ups. It is valid in `[valid_from, valid_until)`; `valid_until` null means: now public.
Database triggers refuse to change or delete an edition's document or a ledger entry.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from content.db import Base


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
    """One public act, chained to the one before and signed (see `content.ledger`)."""

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


FROZEN_EDITION = ("item_id", "number", "kind", "url", "document", "sha256", "position", "recorded_at", "valid_from")
"""Columns of an edition that nothing may ever change; `valid_until` must, when a newer edition takes its place."""


def _guards(dialect: str) -> list[str]:
    """DDL that makes the ledger append-only and editions frozen."""
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FROZEN_EDITION)
    if dialect == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FROZEN_EDITION)
        fail = "BEGIN SELECT RAISE(ABORT, 'append-only: the ledger and its editions cannot be changed'); END"
        return [
            f"CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry {fail}",
            f"CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry {fail}",
            f"CREATE TRIGGER edition_frozen BEFORE UPDATE ON edition WHEN {changed} {fail}",
            f"CREATE TRIGGER edition_no_delete BEFORE DELETE ON edition {fail}",
        ]
    call = "EXECUTE FUNCTION refuse_change()"
    return [
        ("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'append-only: the ledger and its editions cannot be changed'; END $$"),
        f"CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW {call}",
        f"CREATE TRIGGER edition_frozen BEFORE UPDATE ON edition FOR EACH ROW WHEN ({changed}) {call}",
        f"CREATE TRIGGER edition_no_delete BEFORE DELETE ON edition FOR EACH ROW {call}",
    ]


def create_guards(connection: sa.Connection) -> None:
    """Create the triggers; called after the tables exist, by migration and by `create_all` alike."""
    for statement in _guards(connection.dialect.name):
        connection.exec_driver_sql(statement)


def drop_guards(connection: sa.Connection) -> None:
    """Take the triggers away; only for going back to an older schema."""
    if connection.dialect.name == "sqlite":
        for name in ("ledger_entry_no_update", "ledger_entry_no_delete", "edition_frozen", "edition_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        return
    connection.exec_driver_sql("DROP TRIGGER IF EXISTS ledger_entry_no_change ON ledger_entry")
    for name in ("edition_frozen", "edition_no_delete"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON edition")
    connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


@event.listens_for(Base.metadata, "after_create")
def _after_create(_target: object, connection: sa.Connection, **_: object) -> None:
    create_guards(connection)
