"""Who reuses an offer: one row per buyer and offer, and every step of it. Steps are append-only."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base
from content.models.history import create_append_only
from content.models.item import new_uid


class Reuse(Base):
    """The reuse of an offer by a Land or a commune. `state` is moved by the workflow `reuse` only.

    `buyer_kind`: land or commune; `land` is the code of the Land, `commune` its name (empty for a Land). `buyer` is the
    slug of the organisation whose people act for the buyer. `through` names the member of the provider through whom the
    in-house relation runs (empty: the buyer is a member). `covers_communes`: a Land takes it for all its communes.
    """

    __tablename__ = "reuse"
    __table_args__ = (sa.Index("ix_reuse_offer_id_land_commune", "offer_id", "land", "commune"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(36), unique=True, default=new_uid)
    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"))
    buyer_kind: Mapped[str] = mapped_column(sa.String(16))
    land: Mapped[str] = mapped_column(sa.String(8))
    commune: Mapped[str] = mapped_column(sa.String(200), default="")
    buyer: Mapped[str] = mapped_column(sa.String(120), default="", index=True)
    through: Mapped[str] = mapped_column(sa.String(200), default="")
    covers_communes: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(sa.String(16), default="interest", index=True)
    rev: Mapped[int] = mapped_column(default=1)
    terms_title: Mapped[str] = mapped_column(default="")
    terms_confirmed_on: Mapped[dt.date | None]
    contract_number: Mapped[str] = mapped_column(sa.String(60), default="")
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]


class ReuseStep(Base):
    """A step of a reuse: what changed, on which day it took effect, who noted it when."""

    __tablename__ = "reuse_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    reuse_id: Mapped[int] = mapped_column(sa.ForeignKey("reuse.id"), index=True)
    transition: Mapped[str] = mapped_column(sa.String(40))
    source: Mapped[str] = mapped_column(sa.String(16))
    target: Mapped[str] = mapped_column(sa.String(16))
    on: Mapped[dt.date] = mapped_column("effective_on")
    actor: Mapped[str] = mapped_column(sa.String(120))
    actor_name: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[dt.datetime]
    comment: Mapped[str] = mapped_column(default="")


class Task(Base):
    """What a clause asks of somebody by a session: one row per clause and addressee.

    `tracking`: suggested (read from the text), confirmed or dismissed by an editor. `state`: open, planned, running, done
    or not_applicable, as the addressee reports it.
    """

    __tablename__ = "task"
    __table_args__ = (sa.UniqueConstraint("item_id", "anchor", "addressee"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"))
    anchor: Mapped[str] = mapped_column(sa.String(60))
    addressee: Mapped[str] = mapped_column(sa.String(200))
    due_meeting: Mapped[str | None] = mapped_column(sa.String(300))
    tracking: Mapped[str] = mapped_column(sa.String(16), default="suggested", index=True)
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    date: Mapped[dt.date | None]
    evidence_url: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
    reporter: Mapped[str] = mapped_column(sa.String(120), default="")
    """Login of who reported: another person confirms. Empty where nobody knows: then nobody confirms before it is reported anew."""
    reported_by: Mapped[str] = mapped_column(sa.String(200), default="")
    """Name of who reported, for showing only."""
    reported_at: Mapped[dt.datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(200))
    confirmed_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]


REUSE_APPEND_ONLY = ("reuse_step",)


@event.listens_for(Base.metadata, "after_create")
def _after_create(_target: object, connection: sa.Connection, **_: object) -> None:
    create_append_only(connection, REUSE_APPEND_ONLY)
