"""The search page. Its answers are never kept: the index may be a moment behind the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import facets, reading
from content.bodies import Bodies
from content.kinds import KINDS
from content.search.interface import Hit, Hits, Piece, SearchError
from content.search.query import read
from content.services import saved
from content.services.browse import Reader
from content.wording import anchor_words
from portal.views.common import page_number, parameter, render

PER_PAGE: Final = 20
PARAMETERS: Final = {"art": "kind", "jahr": "year", "gremium": "body"}
LABELS: Final = {"kind": "Art", "year": "Jahr", "body": "Gremium"}
SORTS: Final = {"relevanz": ("Relevanz", "relevance"), "neu": ("Neueste zuerst", "newest"), "alt": ("Älteste zuerst", "oldest")}


@view_config(route_name="search")
def search(request: Request) -> Response:
    """Full-text search over everything public."""
    typed = parameter(request, "q")
    chosen = {name: parameter(request, parameter_name) for parameter_name, name in PARAMETERS.items()}
    filters = {name: value for name, value in chosen.items() if value}
    sort = parameter(request, "sortierung")
    reader = Reader(request.connection)
    query = read(
        typed, bodies=reader.bodies, filters=filters, sort=SORTS.get(sort, SORTS["relevanz"])[1], page=page_number(request), per_page=PER_PAGE
    )
    try:
        hits = request.registry.house.search.search(query) if typed or filters else Hits(0, (), {})
    except SearchError:
        hits = Hits(0, (), {}, ("Die Suche ist gerade nicht verfügbar. Die Listen funktionieren; bitte später noch einmal.",))
    page = _page(request, reader, typed, filters, hits, sort=sort if sort in SORTS else "relevanz", number=query.page)
    title = f"Suche: {typed}" if typed else "Suche"
    feeds = [reading.Link(title[:120], page.feed_url)] if typed or filters else []
    return render(
        request, "public/search.html", feeds=feeds, title=title[:120], page=page, query=typed, is_cacheable=False, is_indexed=False,
        has_asked=bool(typed or filters),
    )


def _page(
    request: Request, reader: Reader, typed: str, filters: Mapping[str, str], hits: Hits, *, sort: str, number: int
) -> reading.SearchPage:
    entries = reader.entries_by_edition([hit.edition_id for hit in hits.hits])
    pages = max(1, -(-hits.total // PER_PAGE))
    number = min(number, pages)

    def address(changed: Mapping[str, str], *, sort_by: str = sort, page: int = 1) -> str:
        back = {name: parameter_name for parameter_name, name in PARAMETERS.items()}
        rows = [("q", typed)] if typed else []
        rows += [(back[name], value) for name, value in changed.items()]
        rows += [("sortierung", sort_by)] if sort_by != "relevanz" else []
        rows += [("seite", str(page))] if page > 1 else []
        return "/suche?" + urlencode(rows)

    parameters = saved.clean_parameters({name: parameter(request, name) for name in saved.NAMES})
    shown = tuple(_facet(name, hits, filters, address, reader.bodies) for name in ("kind", "year", "body"))
    return reading.SearchPage(
        query=typed,
        hits=tuple(_hit(hit, entries[hit.edition_id]) for hit in hits.hits if hit.edition_id in entries),
        facets=tuple(facet for facet in shown if len(facet.values) > 1 or any(value.is_active for value in facet.values)),
        active=tuple(value for facet in shown for value in facet.values if value.is_active),
        sorts=tuple(
            reading.SortChoice(value, label, value == sort, address(filters, sort_by=value))
            for value, (label, _) in SORTS.items()
        ),
        hints=hits.hints,
        feed_url=saved.address(parameters, "/suche.atom"),
        alert_url=saved.address(parameters, "/suche/abo"),
        paging=reading.Paging(
            page=number,
            pages=pages,
            total=hits.total,
            first_url=address(filters) if number > 1 else None,
            previous_url=address(filters, page=number - 1) if number > 1 else None,
            next_url=address(filters, page=number + 1) if number < pages else None,
            last_url=address(filters, page=pages) if number < pages else None,
        ),
    )


def _facet(
    name: str, hits: Hits, filters: Mapping[str, str], address: Callable[[Mapping[str, str]], str], bodies: Bodies
) -> reading.Facet:
    counts = dict(hits.facets.get(name, {}))
    chosen = filters.get(name)
    if chosen is not None:
        counts.setdefault(chosen, 0)
    ordered = sorted(counts, reverse=True) if name == "year" else sorted(counts, key=lambda value: (-counts[value], value))
    values = []
    for value in ordered:
        is_active = value == chosen
        rest = {key: kept for key, kept in filters.items() if key != name}
        url = address(rest if is_active else {**rest, name: value})
        values.append(reading.FacetValue(value, _words(name, value, bodies), counts[value], is_active, url))
    parameter_name = next(key for key, facet in PARAMETERS.items() if facet == name)
    return reading.Facet(parameter_name, LABELS[name], tuple(values))


def _words(name: str, value: str, bodies: Bodies) -> str:
    if name == "kind":
        return KINDS[value].plural if value in KINDS else value
    rule = next((rule for rule in facets.RULES if rule.name == name), None)
    return facets.words(rule, "decision", value, bodies) if rule else value


def _hit(hit: Hit, entry: reading.ListEntry) -> reading.SearchHit:
    return reading.SearchHit(
        entry=entry,
        title=_pieces(hit.title),
        snippets=tuple(
            (
                snippet.label or anchor_words(snippet.anchor),
                f"{entry.url}#{snippet.anchor}" if snippet.anchor else entry.url,
                _pieces(snippet.pieces),
            )
            for snippet in hit.snippets
        ),
    )


def _pieces(pieces: tuple[Piece, ...]) -> tuple[reading.SnippetPiece, ...]:
    return tuple(reading.SnippetPiece(piece.text, piece.is_hit) for piece in pieces)

