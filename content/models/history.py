"""What happened: steps of workflows, revisions of working rows, and the audit log. Steps and audit are append-only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class StepEntry(Base):
    """A step that was taken. It outlives people and titles: names are kept as they were."""

    __tablename__ = "step_entry"
    __table_args__ = (sa.Index("ix_step_entry_item", "item_id", "workflow", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"))
    workflow: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[int]
    transition: Mapped[str] = mapped_column(sa.String(40))
    source: Mapped[str] = mapped_column(sa.String(32))
    target: Mapped[str] = mapped_column(sa.String(32))
    actor: Mapped[str] = mapped_column(sa.String(120))
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[dt.datetime] = mapped_column(index=True)
    comment: Mapped[str] = mapped_column(default="")
    decision_url: Mapped[str | None] = mapped_column(sa.String(300))
    """The decision that the step rests on, where it names one."""
    rev: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of the input at `rev`: the text that was decided on."""
    recorded_at: Mapped[dt.datetime | None]
    """When a step that was taken elsewhere was entered here; None: when it was taken."""


class StepRequest(Base):
    """A step that one person asked for, with a reason, and that waits for a second one. Gone once it is taken, declined or taken back."""

    __tablename__ = "step_request"
    __table_args__ = (sa.UniqueConstraint("item_id", "workflow", "transition"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"))
    workflow: Mapped[str] = mapped_column(sa.String(32))
    transition: Mapped[str] = mapped_column(sa.String(40))
    source: Mapped[str] = mapped_column(sa.String(32))
    """The state that it was asked in: in another one it asks nothing any more."""
    reason: Mapped[str]
    asked_by: Mapped[str] = mapped_column(sa.String(120))
    asked_name: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[dt.datetime]
    rev: Mapped[int]


class Revision(Base):
    """A working row as it was saved once: its clean input, whole."""

    __tablename__ = "revision"
    __table_args__ = (sa.UniqueConstraint("item_id", "rev"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"))
    rev: Mapped[int]
    input: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(sa.String(120))
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[dt.datetime]
    files: Mapped[dict[str, Any] | None]
    """Name → SHA-256 of its files: the input names them, and another file may come under the same name. None: not known."""


class FrozenText(Base):
    """What an edition will show of an item that was submitted: made of revision `rev`, gone once it is public or comes back."""

    __tablename__ = "frozen_text"

    item_id: Mapped[int] = mapped_column(
        sa.ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    rev: Mapped[int]
    input_sha256: Mapped[str] = mapped_column(sa.String(64))
    frozen: Mapped[dict[str, Any]]
    """`content.freezing.Frozen` as JSON."""
    files: Mapped[dict[str, Any]]
    """SHA-256 → [name, media type] of the files that will be public."""
    at: Mapped[dt.datetime]


class AuditEntry(Base):
    """Who did what, when, from where: sign-ins, grants, steps, changes. Never passwords, never texts."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(120), index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    action: Mapped[str] = mapped_column(sa.String(60), index=True)
    subject: Mapped[str] = mapped_column(sa.String(300), default="")
    detail: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(sa.String(60), default="")


APPEND_ONLY = ("step_entry", "audit_entry")


def create_append_only(connection: sa.Connection, tables: tuple[str, ...] = APPEND_ONLY) -> None:
    """Triggers that refuse to change or delete what happened; called by migration and `create_all` alike."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'append-only: what happened cannot be changed'; END $$"
        )
    for table in tables:
        if connection.dialect.name == "sqlite":
            fail = "BEGIN SELECT RAISE(ABORT, 'append-only: what happened cannot be changed'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {fail}")
            connection.exec_driver_sql(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {fail}")
        else:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
            )


@event.listens_for(Base.metadata, "after_create")
def _after_create(_target: object, connection: sa.Connection, **_: object) -> None:
    create_append_only(connection)
