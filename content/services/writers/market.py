"""Writing items of the marketplace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content import models
from content.kinds import item_url
from content.services.writers.common import numbered


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
    item.references = numbered([models.Reference(relation="implements", target_url=url, quoted="") for url in decisions])
