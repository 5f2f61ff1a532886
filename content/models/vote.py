"""The vote on a decision: a ballot per member, the rule and key it was counted by, and statements for the record."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.db import Base


class Vote(Base):
    """The vote on one decision. `rule` as in `content.voting.RULES`; `key_year` names the Königsteiner Schlüssel."""

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
    recorded_at: Mapped[dt.datetime]

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
    """A Protokollerklärung by one or several members."""

    __tablename__ = "statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    member_codes: Mapped[list[str]]
    text: Mapped[str]
