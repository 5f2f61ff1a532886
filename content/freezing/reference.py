"""Organisations, terms and pages as editions freeze them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import object_session

from content import models
from content.freezing.common import Frozen, frozen, picked_contacts, shorten
from content.services.base import catalogue
from content.text import markup


def freeze_organisation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Organisation)  # noqa: S101 - see above
    text = markup.to_text(item.text)
    data: dict[str, Any] = {
        "short": item.short,
        "organisation_kind": item.organisation_kind,
        "summary": shorten(text),
        "website": item.website,
        "contacts": picked_contacts(item),
        "land": item.input.get("land"),
        "members": [dict(row) for row in item.input.get("members", ())],
    }
    return frozen(
        item,
        today,
        text=text,
        html=markup.to_html(item.text),
        data=data,
        header=(item.organisation_kind or None, item.short or None),
    )


def freeze_term(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Term)  # noqa: S101 - see above
    text = markup.to_text(item.text)
    data: dict[str, Any] = {
        "abbreviation": item.abbreviation,
        "synonyms": item.synonyms,
        "definition": text,
        "source": item.source,
        "laws": list(item.input.get("laws", ())),
        "variants": [dict(row) for row in item.input.get("variants", ())],
        "harmonisation": item.input.get("harmonisation"),
        "services": _services(item),
        "decisions": [row.target_url for row in item.references],
    }
    variants = [row["term"] for row in data["variants"]]
    words = [item.abbreviation or "", *item.synonyms, *variants]
    return frozen(
        item,
        today,
        text="\n".join([text, ", ".join(word for word in words if word)]).strip(),
        html=markup.to_html(item.text),
        data=data,
        header=("Begriff", item.abbreviation),
        summary=text,
    )


def _services(item: models.Item) -> list[dict[str, str]]:
    session, ozg_ids = object_session(item), item.input.get("ozg_ids", ())
    if session is None or not ozg_ids:
        return [{"ozg_id": ozg_id, "name": ""} for ozg_id in ozg_ids]
    found = {ozg_id: catalogue.ozg_service(session, ozg_id) for ozg_id in ozg_ids}
    return [{"ozg_id": ozg_id, "name": row.name if row else ""} for ozg_id, row in found.items()]


def freeze_page(item: models.Item, today: dt.date) -> Frozen:
    nothing: Mapping[str, Any] = {}
    return frozen(item, today, text=markup.to_text(item.text), html=markup.to_html(item.text), data=nothing)
