"""Items of the marketplace and the offers for them as editions freeze them.

What the catalogue knows of an item is frozen with it: a later catalogue changes no edition. An offer carries its public
reuse, so that coverage is read from editions like everything else.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from content import models
from content.council.laender import name_of
from content.council.requirements import REQUIREMENTS
from content.freezing.common import Frozen, attachments_of, frozen, iso
from content.freezing.linked import shown_title
from content.kinds import KINDS, item_url
from content.models.item import LINK
from content.schemas.market import MODELS
from content.services.base import catalogue
from content.services.base.lookup import find, public_data
from content.text import markup


def freeze_market_item(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.MarketItem)  # noqa: S101 - see above
    session = object_session(item)
    service = catalogue.ozg_service(session, item.ozg_id) if session else None
    names = catalogue.leika_names(session, item.leika_keys) if session else {}
    data: dict[str, Any] = {
        "ozg_id": item.ozg_id,
        "ozg_name": service.name if service else None,
        "situation": service.lebenslage if service else None,
        "leika_keys": item.leika_keys,
        "leika": [{"key": key, "name": names.get(key, "")} for key in item.leika_keys],
        "theme": item.theme or (service.themenfeld if service else None),
        "supplier_land": item.supplier_land,
        "ministry": item.input.get("ministry"),
        "it_provider": item.it_provider,
        "maturity": item.maturity,
        "state": item.state,
        "offers": [
            {"provider": row.provider, "model": row.model, "url": row.offer_url, "note": row.note}
            for row in item.offers
        ],
        "decisions": item.decision_urls,
        "recommendations": item.recommendation_urls,
        "attachments": attachments_of(item),
    }
    facts = [
        data["theme"],
        item.supplier_land,
        item.it_provider,
        f"OZG-ID {item.ozg_id}" if item.ozg_id else None,
        *names.values(),
    ]
    return frozen(
        item,
        today,
        text="\n".join([markup.to_text(item.text), *(fact for fact in facts if fact)]),
        html=markup.to_html(item.text),
        data=data,
        header=(data["theme"], item.supplier_land, KINDS["market_item"].subkinds[item.state]),
        subkind=item.state,
        summary=markup.to_text(item.text.split("\n\n", 1)[0]),
    )


def freeze_offer(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.MarketOffer)  # noqa: S101 - see above
    given, session = item.input, object_session(item)
    plain = (
        "state",
        "maturity",
        "it_provider",
        "model",
        "contract_form",
        "terms",
        "fee_year",
        "fee_next",
        "fee_once",
        "fee_once_efa",
        "fee_note",
        "cost_key",
        "efa_from",
        "interfaces",
        "contacts",
    )
    provider = _provider_name(session, item)
    data: dict[str, Any] = {
        "market_item": item.market_item_url,
        "provider": {"slug": item.provider, "name": provider},
        "supplier_land": given.get("supplier_land"),
        "efa_financed": given.get("efa_financed") == "yes",
        **{name: given.get(name) for name in plain},
        "requirements": [_requirement(row) for row in given.get("requirements", ())],
        "decisions": [
            row.target_url
            for row in item.references
            if row.target_url.startswith("/beschluss/") and row.relation != LINK
        ],
        "recommendations": [
            row.target_url
            for row in item.references
            if row.target_url.startswith("/empfehlung/") and row.relation != LINK
        ],
        "attachments": attachments_of(item),
        "reuse": public_reuse(session, item.id) if session is not None and item.id is not None else [],
    }
    facts = [f"Angebot von {provider}", MODELS[item.model], given.get("it_provider"), given.get("fee_note")]
    return frozen(
        item,
        today,
        text="\n".join([markup.to_text(item.text), *(fact for fact in facts if fact)]).strip(),
        html=markup.to_html(item.text),
        data=data,
        header=("Angebot", provider, KINDS["offer"].subkinds[item.state]),
        subkind=item.state,
        summary=markup.to_text(item.text) or MODELS[item.model],
    )


def _provider_name(session: Session | None, item: models.MarketOffer) -> str:
    """The provider as it is published; as it stood when the offer was written, where it was never public."""
    row = find(session, item_url("organisation", item.provider)) if session is not None else None
    if session is None or row is None:
        return item.provider_name
    public = public_data(session, row)
    return str(public.get("short") or shown_title(row)) if public else item.provider_name


def _requirement(row: dict[str, Any]) -> dict[str, Any]:
    rule = REQUIREMENTS[row["number"]]
    return {**row, "level": rule.level, "group": rule.group, "text": rule.words}


def public_reuse(session: Session, offer_id: int) -> list[dict[str, Any]]:
    """The reuse of an offer that its buyers show: who, since when in which state. Buyers in the order of Land and name."""
    reuse, step = models.Reuse, models.ReuseStep
    rows = session.scalars(
        sa.select(reuse)
        .where(reuse.offer_id == offer_id, reuse.is_public)
        .order_by(reuse.land, reuse.commune, reuse.id)
    ).all()
    steps: dict[int, list[dict[str, Any]]] = {}
    for found in session.execute(
        sa.select(step.reuse_id, step.target, step.on)
        .where(step.reuse_id.in_([row.id for row in rows]))
        .order_by(step.id)
    ):
        steps.setdefault(found.reuse_id, []).append({"state": found.target, "date": iso(found.on)})
    return [
        {
            "buyer_kind": row.buyer_kind,
            "land": row.land,
            "buyer": row.commune or name_of(row.land),
            "through": row.through or None,
            "covers_communes": row.covers_communes,
            "state": row.state,
            "steps": steps.get(row.id, []),
        }
        for row in rows
    ]
