"""Writing items of the marketplace and the offers for them; both are checked against the catalogue first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.base import catalogue
from content.services.editing.writers.common import decision_addresses, known_services, numbered
from content.services.editing.writers.known import known


def prepare_market_item(session: Session, value: Mapping[str, Any]) -> list[str]:
    if value["ozg_id"]:
        known_services(session, [value["ozg_id"]], "ozg_id")
    if not catalogue.is_empty(session, models.LeikaService):
        known = catalogue.leika_names(session, value["leika_keys"])
        errors = [
            FieldError(
                f"leika_keys.{index}",
                "unknown_service",
                f"Der LeiKa-Schlüssel „{key}“ steht nicht im Katalog. Bitte prüfen.",
            )
            for index, key in enumerate(value["leika_keys"], start=1)
            if key not in known
        ]
        if errors:
            raise InvalidInput(errors)
    return decision_addresses(session, value["decisions"])


def write_market_item(item: models.MarketItem, value: Mapping[str, Any], decisions: list[str]) -> None:
    for name in ("ozg_id", "leika_keys", "theme", "supplier_land", "it_provider", "maturity", "state"):
        setattr(item, name, value[name])
    item.decision_urls = decisions
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    item.offers = [
        models.Offer(
            position=position, provider=row["provider"], model=row["model"], offer_url=row["url"], note=row["note"]
        )
        for position, row in enumerate(value["offers"], start=1)
    ]
    item.references = _references([*decisions, *item.recommendation_urls])


@dataclass(frozen=True, slots=True)
class _OfferParts:
    provider: models.Organisation
    decisions: list[str]


def prepare_offer(session: Session, value: Mapping[str, Any]) -> _OfferParts:
    errors: list[FieldError] = []
    offer, market_item = models.MarketOffer, item_url("market_item", value["market_item"])
    if not isinstance(
        known(session, market_item, sa.select(offer.id).where(offer.market_item_url == market_item)), models.MarketItem
    ):
        message = f"Die Leistung „{value['market_item']}“ gibt es nicht, oder sie ist für Sie nicht sichtbar. Bitte zuerst die Leistung anlegen."
        errors.append(FieldError("market_item", "unknown_item", message))
    provider_url = item_url("organisation", value["provider"])
    provider = known(session, provider_url, sa.select(offer.id).where(offer.provider == value["provider"]))
    if not isinstance(provider, models.Organisation):
        message = f"Die Organisation „{value['provider']}“ gibt es nicht, oder sie ist für Sie nicht sichtbar. Bitte zuerst die Organisation anlegen."
        errors.append(FieldError("provider", "unknown_organisation", message))
    if errors or not isinstance(provider, models.Organisation):
        raise InvalidInput(errors)
    return _OfferParts(provider, decision_addresses(session, value["decisions"]))


def write_offer(item: models.MarketOffer, value: Mapping[str, Any], parts: _OfferParts) -> None:
    item.market_item_url = item_url("market_item", value["market_item"])
    item.provider, item.owner = value["provider"], value["provider"]
    item.provider_name = parts.provider.short or parts.provider.title or value["provider"]
    item.model, item.state = value["model"], value["state"]
    recommendations = [item_url("recommendation", slug) for slug in value["recommendations"]]
    item.references = [
        models.Reference(relation="extends", target_url=item.market_item_url, quoted="", position=1),
        *_references([*parts.decisions, *recommendations], first=2),
    ]


def _references(urls: list[str], first: int = 1) -> list[models.Reference]:
    rows = numbered([models.Reference(relation="implements", target_url=url, quoted="") for url in urls])
    for position, row in enumerate(rows, start=first):
        row.position = position
    return rows
