"""Organisations, terms and pages as editions freeze them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from content import markup, models
from content.freezing.common import Frozen, frozen, shorten


def freeze_organisation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Organisation)  # noqa: S101 - see above
    text = markup.to_text(item.text)
    data: dict[str, Any] = {
        "short": item.short,
        "organisation_kind": item.organisation_kind,
        "summary": shorten(text),
        "website": item.website,
        "contacts": [],
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
    }
    words = [item.abbreviation or "", *item.synonyms]
    return frozen(
        item,
        today,
        text="\n".join([text, ", ".join(word for word in words if word)]).strip(),
        html=markup.to_html(item.text),
        data=data,
        header=("Begriff", item.abbreviation),
        summary=text,
    )


def freeze_page(item: models.Item, today: dt.date) -> Frozen:
    nothing: Mapping[str, Any] = {}
    return frozen(item, today, text=markup.to_text(item.text), html=markup.to_html(item.text), data=nothing)
