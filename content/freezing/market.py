"""Items of the marketplace as editions freeze them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from content import markup, models
from content.freezing.common import Frozen, frozen
from content.kinds import KINDS


def freeze_market_item(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.MarketItem)  # noqa: S101 - see above
    data: dict[str, Any] = {
        "ozg_id": item.ozg_id,
        "leika_keys": item.leika_keys,
        "theme": item.theme,
        "supplier_land": item.supplier_land,
        "it_provider": item.it_provider,
        "maturity": item.maturity,
        "state": item.state,
        "offers": [
            {"provider": row.provider, "model": row.model, "url": row.offer_url, "note": row.note}
            for row in item.offers
        ],
        "decisions": item.decision_urls,
        "recommendations": item.recommendation_urls,
    }
    facts = [item.theme, item.supplier_land, item.it_provider, f"OZG-ID {item.ozg_id}" if item.ozg_id else None]
    return frozen(
        item,
        today,
        text="\n".join([markup.to_text(item.text), *(fact for fact in facts if fact)]),
        html=markup.to_html(item.text),
        data=data,
        header=(item.theme, item.supplier_land, KINDS["market_item"].subkinds[item.state]),
        subkind=item.state,
        summary=markup.to_text(item.text),
    )
