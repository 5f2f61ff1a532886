"""The vote on a decision: a ballot per member, the rule and key it was counted by, and statements for the record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base


class Vote(Base):
    """The vote on one decision. `rule` as in `content.council.voting.RULES`; `key_year` names the Königsteiner Schlüssel.

    The shares, the rule and the members of the body are kept as they were that day: nothing that comes later changes a result.
    """

    __tablename__ = "vote"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), unique=True)
    rule: Mapped[str] = mapped_column(sa.String(40))
    key_year: Mapped[int | None]
    is_circulation: Mapped[bool] = mapped_column(default=False)
    is_en_bloc: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    """Where the votes are known from, or what else is to be said of them."""
    recorded_by: Mapped[str] = mapped_column(sa.String(200))
    recorded_login: Mapped[str] = mapped_column(sa.String(120), default="", server_default="")
    """Name and login of who entered it; the login is empty where it was not kept."""
    recorded_at: Mapped[dt.datetime]
    body_rule: Mapped[str | None] = mapped_column(sa.String(60))
    """The body's rule when the vote was entered; None: not known."""
    rule_reason: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    """Why another rule than the body's counts; public."""
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(200))
    confirmed_login: Mapped[str | None] = mapped_column(sa.String(120))
    confirmed_at: Mapped[dt.datetime | None]
    """Who confirmed the other rule, as a second person."""
    declined_by: Mapped[str | None] = mapped_column(sa.String(200))
    declined_login: Mapped[str | None] = mapped_column(sa.String(120))
    declined_at: Mapped[dt.datetime | None]
    declined_note: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    """Who did not confirm it, as a second person, and why: the votes are entered anew."""
    wording_sha256: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    item_rev: Mapped[int] = mapped_column(default=0, server_default="0")
    """The wording that was voted on (`content.services.council.voted_text`), and the revision of the decision that had it."""
    members: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """Who was a member of the body when the vote was entered, as its public edition said: code, name, kind."""
    shares: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Code of each Land → its share in percent, as text."""
    key_source: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    key_reason: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    """Where the key comes from, and why it is not the one of the day; empty: it is."""

    ballots: Mapped[list[Ballot]] = relationship(cascade="all, delete-orphan", order_by="Ballot.id")


class Ballot(Base):
    """How one member voted: yes, no, abstain or absent."""

    __tablename__ = "ballot"
    __table_args__ = (sa.UniqueConstraint("vote_id", "member_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    vote_id: Mapped[int] = mapped_column(sa.ForeignKey("vote.id", ondelete="CASCADE"))
    member_code: Mapped[str] = mapped_column(sa.String(8))
    choice: Mapped[str] = mapped_column(sa.String(8))


class Statement(Base):
    """A Protokollerklärung by one or several members. Nothing of it is overwritten: what was changed or removed has ended.

    `added_*` are None for what was entered before these were kept.
    """

    __tablename__ = "statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    member_codes: Mapped[list[str]]
    text: Mapped[str]
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement.id"))
    """The wording that this one took the place of."""
    added_by: Mapped[str | None] = mapped_column(sa.String(200))
    added_login: Mapped[str | None] = mapped_column(sa.String(120))
    added_at: Mapped[dt.datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(200))
    ended_login: Mapped[str | None] = mapped_column(sa.String(120))
    ended_at: Mapped[dt.datetime | None]
    ended_reason: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
