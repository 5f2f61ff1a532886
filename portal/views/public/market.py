"""The market for readers: search with facets, comparison, prices, exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import reading
from content.council import pricing
from content.council.laender import name_of
from content.kinds import KINDS
from content.services.base import listing
from content.services.browsing import compared, market, shares
from content.services.browsing.market import MarketEntry
from content.typed.csv_output import csv_text
from portal.views.public.files import disposition
from portal.web.cache import ASK_EACH_TIME, CACHEABLE
from portal.web.common import BadRequest, page_number, parameter, render

SORTS: Final = {"neu": "Neueste zuerst", "alt": "Älteste zuerst", "titel": "Titel A–Z"}
FACET_VALUES: Final = 30


@view_config(route_name="list.market_item")
def market_list(request: Request) -> Response:
    """Items with their offers, by words and facets."""
    chosen, words, sort = _asked(request)
    found = market.search(request.reader, words=words, chosen=chosen, sort=sort)
    paging = listing.paging(
        page_number(request),
        len(found.entries),
        listing.PER_PAGE,
        lambda number: _address(request, chosen, words, sort, number),
    )
    start = (paging.page - 1) * listing.PER_PAGE
    facets = _facets(request, found, chosen, words, sort)
    rule = KINDS["market_item"]
    page = reading.ListPage(
        kind="market_item",
        title=rule.plural,
        intro=rule.intro,
        entries=(),
        facets=facets,
        active=tuple(value for facet in facets for value in facet.values if value.is_active),
        sorts=tuple(
            reading.SortChoice(value, label, value == sort, _address(request, chosen, words, value, 1))
            for value, label in SORTS.items()
        ),
        paging=paging,
        feed_url=f"/feeds/{rule.path}.atom",
    )

    def selects() -> Markup:
        template = request.registry.templates.get_template("layout/selects.html")
        return Markup(template.render(facets=facets))  # noqa: S704 - our own template, which escapes

    query = _address(request, chosen, words, sort, 1).partition("?")[2]
    return render(
        request,
        "public/market.html",
        title=page.title,
        page=page,
        description=page.intro,
        feeds=(reading.Link(page.title, page.feed_url),),
        selects=request.remembered("market selects", selects, is_shared=not chosen and not words),
        found=found.entries[start : start + listing.PER_PAGE],
        words=words,
        examples=market.examples(request.reader),
        query_string=f"?{query}" if query else "",
    )


def _asked(request: Request) -> tuple[dict[str, str], str, str]:
    chosen = {rule.parameter: value for rule in market.FACETS if (value := parameter(request, rule.parameter))}
    sort = parameter(request, "sortierung")
    return chosen, parameter(request, "q")[:200], sort if sort in SORTS else "neu"


def _address(request: Request, chosen: Mapping[str, str], words: str, sort: str, page: int) -> str:
    rows = [("q", words)] if words else []
    rows += list(chosen.items())
    rows += [("sortierung", sort)] if sort != "neu" else []
    rows += [("seite", str(page))] if page > 1 else []
    rows += [("stand", request.stand.isoformat())] if request.stand else []
    return "/marktplatz?" + urlencode(rows) if rows else "/marktplatz"


def _facets(
    request: Request, found: market.Found, chosen: Mapping[str, str], words: str, sort: str
) -> tuple[reading.Facet, ...]:
    made = []
    for rule in market.FACETS:
        counts = dict(found.counts[rule.parameter])
        active = chosen.get(rule.parameter)
        if active is not None:
            counts.setdefault(active, 0)
        ordered = sorted(counts, key=lambda value: (-counts[value], value))[:FACET_VALUES]
        if active is not None and active not in ordered:
            ordered.append(active)
        without = _address(
            request, {name: value for name, value in chosen.items() if name != rule.parameter}, words, sort, 1
        )
        values = tuple(
            reading.FacetValue(
                value, rule.words(value), counts[value], value == active, without if value == active else None
            )
            for value in ordered
        )
        if values:
            made.append(reading.Facet(rule.parameter, rule.label, values))
    return tuple(made)


@view_config(route_name="market.compare")
def compare(request: Request) -> Response:
    """The offers of an item side by side."""
    url = f"/{KINDS['market_item'].path}/{request.matchdict['tail']}"
    page = request.reader.page(url)
    offers = market.offers_of(request.reader, url) if page is not None else ()
    if page is None or not offers:
        raise HTTPNotFound
    return render(
        request,
        "public/offers.html",
        title=f"Angebote im Vergleich: {page.title}",
        page=page,
        offers=offers,
        groups=compared.compare(offers),
        examples=(sum(map(market.is_example, offers)), len(offers)),
        is_indexed=False,
    )


@view_config(route_name="market.price")
def price(request: Request) -> Response:
    """What a Land pays for an offer, with every step."""
    url = f"/{KINDS['offer'].path}/{request.matchdict['tail']}"
    page = request.reader.page(url)
    if page is None:
        raise HTTPNotFound
    land = parameter(request, "land")
    known = shares.newest(request.reader)
    if land and land not in known.percent:
        raise BadRequest(f"„{land[:20]}“ ist kein Land. Möglich sind: {', '.join(known.percent)}.")
    answer, problem = None, ""
    if not page.data["fee_year"]:
        problem = "Der Anbieter nennt kein jährliches Entgelt; ohne Betrag lässt sich nichts aufteilen."
    elif land:
        users = [row["land"] for row in page.data["reuse"] if row["buyer_kind"] == "land" and row["state"] == "live"]
        try:
            answer = pricing.price_for(
                land,
                cents=pricing.cents_of(page.data["fee_year"]),
                key=page.data["cost_key"],
                is_efa=page.data["efa_financed"],
                shares=known.percent,
                users=users,
            )
        except pricing.CannotPrice as error:
            problem = str(error)
    return render(
        request,
        "public/price.html",
        title=f"Preis für ein Land: {page.title}",
        page=page,
        answer=answer,
        problem=problem,
        land=land,
        known=known,
        laender=[(code, name_of(code)) for code in known.percent],
        euro=pricing.euro,
        exact=_exact,
        is_indexed=False,
    )


def _exact(part: pricing.Part) -> str:
    """The exact cents of a part, as a fraction where they are no whole number."""
    whole, rest = divmod(part.exact.numerator, part.exact.denominator)
    return f"{whole / 100:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".") + (
        f" + {rest}/{part.exact.denominator} Cent" if rest else ""
    )


EXPORT: Final = (
    "url",
    "title",
    "ozg_id",
    "leika_keys",
    "theme",
    "situation",
    "supplier_land",
    "it_provider",
    "maturity",
    "state",
    "offer_url",
    "provider",
    "model",
    "offer_state",
    "fee_year",
    "fee_once",
    "fee_once_efa",
    "cost_key",
    "efa_financed",
    "requirements_fulfilled",
)


@view_config(route_name="market.csv")
def export_csv(request: Request) -> Response:
    """What the market list shows, one line per offer; formula-safe."""
    rows = [[row[name] for name in EXPORT] for row in _export_rows(request)]
    return download(csv_text(EXPORT, rows), "text/csv", "marktplatz.csv")


@view_config(route_name="market.json")
def export_json(request: Request) -> Response:
    """The same as JSON."""
    return download(
        json.dumps(_export_rows(request), ensure_ascii=False, indent=1), "application/json", "marktplatz.json"
    )


def _export_rows(request: Request) -> list[dict[str, Any]]:
    chosen, words, sort = _asked(request)
    base_url = request.registry.settings["portal.settings"].base_url
    return [
        line
        for row in market.search(request.reader, words=words, chosen=chosen, sort=sort).entries
        for line in _lines(row, base_url)
    ]


def _lines(row: MarketEntry, base_url: str) -> list[dict[str, Any]]:
    item = {
        "url": base_url + row.url,
        "title": row.title,
        "ozg_id": row.ozg_id,
        "leika_keys": list(row.leika_keys),
        "theme": row.theme,
        "situation": row.situation,
        "supplier_land": row.land,
        "it_provider": row.it_provider,
        "maturity": row.maturity,
        "state": row.state,
    }
    return [{**item, **_offer_line(offer, base_url)} for offer in row.offers] or [
        {**item, **_offer_line(None, base_url)}
    ]


def _offer_line(offer: market.OfferEntry | None, base_url: str) -> dict[str, Any]:
    data: Mapping[str, Any] = offer.data if offer else {}
    return {
        "offer_url": base_url + offer.url if offer and offer.url else None,
        "provider": offer.provider if offer else None,
        "model": offer.model if offer else None,
        "offer_state": offer.state if offer else None,
        **{name: data.get(name) for name in ("fee_year", "fee_once", "fee_once_efa", "cost_key", "efa_financed")},
        "requirements_fulfilled": sorted(offer.fulfilled) if offer else [],
    }


def download(text: str, media_type: str, name: str) -> Response:
    """A file made of public data; it may be kept until the next publication."""
    response = Response(text.encode(), content_type=media_type, charset="utf-8")
    response.headers["Content-Disposition"] = disposition("attachment", name)
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response
