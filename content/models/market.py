"""Items of the EfA marketplace and the offers for them. Columns are what queries ask for; the rest stays in the input."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.database.db import Base
from content.models.item import Item


class MarketItem(Item):
    """A service others can reuse. `maturity` 0–4 (OZG), `state`: planned, test or live."""

    __tablename__ = "market_item"
    __mapper_args__ = {"polymorphic_identity": "market_item"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    ozg_id: Mapped[str | None] = mapped_column(sa.String(20))
    leika_keys: Mapped[list[str]] = mapped_column(default=list)
    theme: Mapped[str | None]
    supplier_land: Mapped[str | None]
    it_provider: Mapped[str | None]
    maturity: Mapped[int | None]
    state: Mapped[str] = mapped_column(sa.String(16), default="planned")
    decision_urls: Mapped[list[str]] = mapped_column(default=list)
    recommendation_urls: Mapped[list[str]] = mapped_column(default=list)

    offers: Mapped[list[Offer]] = relationship(cascade="all, delete-orphan", order_by="Offer.position")


class Offer(Base):
    """A short note of an offer that stands in the item itself; offers that are kept in full are a kind of their own."""

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    market_item_id: Mapped[int] = mapped_column(sa.ForeignKey("market_item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    provider: Mapped[str]
    model: Mapped[str] = mapped_column(default="")
    offer_url: Mapped[str | None]
    note: Mapped[str | None]


class MarketOffer(Item):
    """One provider's offer of a market item, kept by that provider's people (`owner` is its slug)."""

    __tablename__ = "market_offer"
    __mapper_args__ = {"polymorphic_identity": "offer"}  # noqa: RUF012 - SQLAlchemy's own contract

    id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    market_item_url: Mapped[str] = mapped_column(sa.String(300), index=True)
    provider: Mapped[str] = mapped_column(sa.String(120), index=True)
    provider_name: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(16))
