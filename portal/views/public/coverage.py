"""Coverage for readers: table, tiles, bars, CSV; of everything, one item, one offer, one provider; on any day."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content.council.laender import LAENDER
from content.services.browsing import coverage, market
from content.typed.csv_output import csv_text
from portal.views.public.market import download
from portal.web.common import BadRequest, parameter, render

HEADER: Final = (
    "day",
    "land",
    "name",
    "items_live",
    "communes_live",
    "communes_total",
    "communes_percent",
    *(f"reuses_{state}" for state in coverage.STATES),
)
TILE: Final = 76
"""Side of a tile in units of the picture."""


@view_config(route_name="coverage")
def page(request: Request) -> Response:
    """Where services are live."""
    chosen, label = _chosen(request)
    shown = coverage.coverage(request.reader, **chosen)
    query = "&".join(part for part in request.query_string.split("&") if part and not part.startswith("stand="))
    return render(
        request,
        "public/coverage.html",
        title=f"Abdeckung: {label}" if label else "Abdeckung des Marktplatzes",
        page=shown,
        label=label,
        examples=market.examples(request.reader),
        tiles=_tiles(shown),
        query_string=f"?{query}" if query else "",
        reaches=coverage.reaches(request.reader),
        description="In welchen Ländern und Kommunen EfA-Leistungen in Betrieb sind, an jedem Tag.",
        providers=sorted(
            {offer.provider for row in market.entries(request.reader) for offer in row.offers if offer.url}
        ),
        chosen=chosen,
    )


@view_config(route_name="coverage.csv")
def table(request: Request) -> Response:
    """The same as CSV."""
    chosen, _ = _chosen(request)
    shown = coverage.coverage(request.reader, **chosen)
    rows = [
        [
            shown.day.isoformat(),
            row.code,
            row.name,
            row.items,
            row.communes,
            row.communes_total,
            None if row.percent is None else f"{row.percent:.1f}",
            *(row.buyers[state] for state in coverage.STATES),
        ]
        for row in shown.laender
    ]
    return download(csv_text(HEADER, rows), "text/csv", "abdeckung.csv")


def _chosen(request: Request) -> tuple[dict[str, str], str]:
    """What is asked for, and how it reads. Raises `BadRequest` for what does not exist."""
    entries = market.entries(request.reader)
    titles = {row.url: row.title for row in entries} | {
        offer.url: offer.title for row in entries for offer in row.offers if offer.url
    }
    chosen = {
        "item": parameter(request, "leistung"),
        "offer": parameter(request, "angebot"),
        "provider": parameter(request, "anbieter"),
    }
    for name in ("item", "offer"):
        if chosen[name] and chosen[name] not in titles:
            raise BadRequest(
                f"„{chosen[name][:80]}“ ist auf dem Marktplatz nicht veröffentlicht. Erwartet wird eine Adresse wie /marktplatz/wohngeld."
            )
    label = titles.get(chosen["item"]) or titles.get(chosen["offer"]) or chosen["provider"]
    return chosen, label


def _tiles(shown: coverage.Coverage) -> Markup:
    """The map of tiles as SVG; the table beside it says the same in words."""
    most = max((row.items for row in shown.laender), default=0)
    parts = []
    for row in shown.laender:
        place: Any = LAENDER[row.code]
        level = 0 if not row.items else 1 + round(3 * (row.items - 1) / max(1, most - 1))
        x, y = place.column * TILE, place.row * TILE
        parts.append(
            f'<g class="tile tile-{level}"><rect x="{x}" y="{y}" width="{TILE - 4}" height="{TILE - 4}" rx="4"/>'
            f'<text x="{x + 36}" y="{y + 32}">{row.code}</text><text x="{x + 36}" y="{y + 56}">{row.items}</text></g>'
        )
    return Markup(  # noqa: S704 - made of codes and numbers only
        f'<svg class="tiles" viewBox="0 0 {4 * TILE} {6 * TILE}" role="img" aria-labelledby="karte-titel karte-text">'
        f'<title id="karte-titel">Karte der Länder als Kacheln</title>'
        f'<desc id="karte-text">Zahl der Leistungen in Betrieb je Land. Dieselben Zahlen stehen in der Tabelle.</desc>{"".join(parts)}</svg>'
    )
