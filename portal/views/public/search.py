"""The search page. Its answers are never kept: the index may be a moment behind the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import reading
from content.council.bodies import Bodies
from content.search.interface import Hit, Hits, Piece, Reason, Said, SearchError
from content.services.browsing.browse import Reader, end_of_day
from content.services.search import saved
from content.services.search.searching import Search, Searcher
from portal.views.public.search_choices import BY_FILTER, DAYS, Choices
from portal.web.common import page_number, parameter, render

PER_PAGE: Final = 20
MAX_VALUES: Final = 30
"""A filter offers so many values, the commonest."""
COUNTED: Final = ("kind", "year", "body", "meeting", "topic", "addressee", "state")
SORTS: Final = {
    "relevanz": ("Relevanz", "relevance"),
    "neu": ("Neueste zuerst", "newest"),
    "alt": ("Älteste zuerst", "oldest"),
}


@view_config(route_name="search")
def search(request: Request) -> Response:
    """Full-text search over everything public."""
    parameters = saved.clean_parameters({name: parameter(request, name) for name in saved.NAMES})
    typed = parameters.get("q", "")
    filters = {name: parameters[key] for key, name in saved.PARAMETERS.items() if parameters.get(key)}
    sort = parameter(request, "sortierung")
    sort = sort if sort in SORTS else "relevanz"
    reader, number, house = request.reader, page_number(request), request.registry.house
    asked = Search(
        typed,
        filters,
        parameters.get("von", ""),
        parameters.get("bis", ""),
        end_of_day(reader.stand) if reader.stand else None,
        SORTS[sort][1],
        number,
        PER_PAGE,
    )
    searcher = Searcher(request.connection, house.search, house.language, reader.bodies)
    try:
        hits = _answer(searcher, asked) if parameters else Hits(0, (), {})
    except SearchError:
        hits = Hits(
            0,
            (),
            {},
            ("Die Suche ist gerade nicht verfügbar. Die Listen funktionieren; bitte später noch einmal.",),
            said=Said(filters),
        )
    page = _page(reader, parameters, hits, sort=sort, number=number)
    if typed and number == 1 and not filters:
        page = replace(
            page,
            picks=reader.entries(searcher.picks(typed)),
            suggestions=_suggestions(searcher, typed, hits.did_you_mean) if hits.total < PER_PAGE else (),
        )
    title = f"Suche: {typed or saved.describe(parameters, reader.bodies)}" if parameters else "Suche"
    feeds = [reading.Link(title[:120], page.feed_url)] if parameters else []
    return render(
        request,
        "public/search.html",
        feeds=feeds,
        title=title[:120],
        page=page,
        query=typed,
        is_cacheable=False,
        is_indexed=False,
        has_asked=bool(parameters),
    )


def _answer(searcher: Searcher, asked: Search) -> Hits:
    """The hits; behind the last page, those of the last."""
    hits = searcher.hits(asked)
    if hits.hits or not hits.total or asked.page == 1:
        return hits
    return searcher.hits(replace(asked, page=_pages(hits.total)))


def _pages(total: int) -> int:
    return max(1, -(-total // PER_PAGE))


def _page(reader: Reader, parameters: Mapping[str, str], hits: Hits, *, sort: str, number: int) -> reading.SearchPage:
    entries = reader.entries_by_edition([hit.edition_id for hit in hits.hits])
    pages = _pages(hits.total)
    number = min(number, pages)
    typed = parameters.get("q", "")
    choices = Choices.of(typed, hits.said, "" if sort == "relevanz" else sort)
    plain = choices.nothing_chosen()
    shown = tuple(_facet(name, hits, choices, reader.bodies) for name in COUNTED)
    ways = [
        (way.label, plain.address() if "" in way.changes else saved.address({**parameters, **way.changes}))
        for way in hits.ways
    ]
    if hits.did_you_mean:
        ways.insert(0, (f"Meinten Sie „{hits.did_you_mean}“?", saved.address({**parameters, "q": hits.did_you_mean})))
    form = {**choices.parameters(), **({"sortierung": choices.sort} if choices.sort else {})}
    return reading.SearchPage(
        query=typed,
        ways=tuple(ways),
        hits=tuple(_hit(hit, entries[hit.edition_id]) for hit in hits.hits if hit.edition_id in entries),
        facets=tuple(
            facet for facet in shown if len(facet.values) > 1 or any(value.is_active for value in facet.values)
        ),
        active=choices.active(reader.bodies),
        sorts=tuple(
            reading.SortChoice(value, label, value == sort, choices.address(sort="" if value == "relevanz" else value))
            for value, (label, _) in SORTS.items()
        ),
        hints=hits.hints,
        feed_url=saved.address(parameters, "/suche.atom"),
        alert_url=saved.address(parameters, "/suche/abo"),
        paging=reading.Paging(
            page=number,
            pages=pages,
            total=hits.total,
            first_url=choices.address() if number > 1 else None,
            previous_url=choices.address(page=number - 1) if number > 1 else None,
            next_url=choices.address(page=number + 1) if number < pages else None,
            last_url=choices.address(page=pages) if number < pages else None,
        ),
        without_filters_url=plain.address(),
        kept=tuple((name, value) for name, value in form.items() if name != "q"),
        kept_beside_days=tuple(
            {**choices.without(DAYS).parameters(), **({"sortierung": choices.sort} if choices.sort else {})}.items()
        ),
        days=tuple(day.isoformat() if day else "" for day in (choices.first_day, choices.last_day)),
    )


def _facet(name: str, hits: Hits, choices: Choices, bodies: Bodies) -> reading.Facet:
    counts = dict(hits.facets.get(name, {}))
    chosen = choices.filters.get(name)
    if chosen is not None:
        counts.setdefault(chosen, 0)
    ordered = (
        sorted(counts, reverse=True) if name == "year" else sorted(counts, key=lambda value: (-counts[value], value))
    )
    values = []
    for value in ordered:
        is_active = value == chosen
        url = (choices.without(name) if is_active else choices.with_value(name, value)).address()
        values.append(reading.FacetValue(value, saved.words(name, value, bodies), counts[value], is_active, url))
    return reading.Facet(BY_FILTER[name], saved.LABELS[name], tuple(values[:MAX_VALUES]))


def _hit(hit: Hit, entry: reading.ListEntry) -> reading.SearchHit:
    return reading.SearchHit(
        entry=entry,
        title=_pieces(hit.title),
        snippets=tuple((snippet.label, snippet.url, _pieces(snippet.pieces)) for snippet in hit.snippets),
        why=tuple(_why(reason) for reason in hit.reasons),
    )


def _suggestions(searcher: Searcher, typed: str, meant: str) -> tuple[tuple[str, str], ...]:
    """What a browser without a script gets while it would be typing: the same list, behind the answer."""
    return tuple((words, saved.address({"q": words})) for words in searcher.continuations(typed) if words != meant)


def _why(reason: Reason) -> str:
    """„Nachnutzung“: Nachnutzungsmodell = Nachnutzung + Modell, Titel. Or „Register*“: Registerzensus (Wort, das so beginnt), Ziffer 2."""
    typed = reason.typed if reason.typed.startswith("„") else f"„{reason.typed}“"
    words = ", ".join(word for word in reason.words if word not in reason.how)
    told = f"{words} ({reason.how})" if words and reason.how else words or reason.how
    return f"{typed}: {told}" + (f", {', '.join(reason.where)}" if reason.where else "")


def _pieces(pieces: tuple[Piece, ...]) -> tuple[reading.SnippetPiece, ...]:
    return tuple(reading.SnippetPiece(piece.text, piece.is_hit) for piece in pieces)
