"""The page of an item as HTML, for the public and for the preview at the desk: one road, so that both are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from content import reading
from content.export import citation
from content.kinds import KINDS
from content.laender import LAENDER
from content.requirements import FULFILMENT, LEVELS
from content.schemas.market import MODELS
from content.services import compared, market, report_reading
from content.services.browse import Reader

Extras = Callable[[Reader, reading.ItemPage], Mapping[str, Any]]


def _report(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Where its recommendations stand."""
    return {"rows": report_reading.recommendations(reader, page)}


def _market_item(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Its offers."""
    return {"offers": market.offers_of(reader, page.url), "money": compared.money, "models": MODELS}


def _offer(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Its facts, its requirements, and the other offers of the same item."""
    return {
        "facts": compared.facts(page.data), "levels": LEVELS, "fulfilment": FULFILMENT, "laender": LAENDER,
        "others": [row for row in market.offers_of(reader, page.data["market_item"]) if row.url != page.url],
    }


EXTRAS: Final[Mapping[str, Extras]] = {"market_item": _market_item, "offer": _offer, "report": _report}
"""Kind → what its template shows beside the item."""


def template_values(reader: Reader, page: reading.ItemPage, base_url: str) -> dict[str, Any]:
    """Everything that the template of `page` is rendered with, as `render` and `body_of` take it."""
    meta = citation.html_meta(
        kind=page.kind, title=page.title, url=page.url, data=page.data, base_url=base_url, valid_from=page.proof.valid_from
    )
    extras = EXTRAS.get(page.kind)
    return {
        "template": f"public/{KINDS[page.kind].template}", "title": title_of(page), "page": page, "description": meta.description,
        "meta": meta.tags, "json_ld": meta.json_ld, **(extras(reader, page) if extras else {}),
    }


def title_of(page: reading.ItemPage) -> str:
    """What a browser names the page; a decision is named with its number."""
    if page.kind == "decision":
        label = page.header[-1]
        return page.title if page.title.startswith(label) else f"{label}: {page.title}"
    return page.title
