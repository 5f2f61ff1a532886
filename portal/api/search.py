"""The search as JSON: the questions and answers of the search page, for machines (see docs/schnittstelle.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import reading
from content.council.bodies import Bodies
from content.search.interface import FACETS, Hit, Hits, Piece, SearchError
from content.services.browsing.browse import end_of_day
from content.services.search import saved
from content.services.search.searching import Search, Searcher
from content.typed.whole import whole
from portal.views.public.search_choices import BY_FILTER, Choices
from portal.web.common import BadRequest, parameter
from portal.web.problem import BadParameter, answer, problem

PATH: Final = "/api/v1/suche"
SORTS: Final[Mapping[str, str]] = {"relevanz": "relevance", "neu": "newest", "alt": "oldest"}
KNOWN: Final = (*saved.NAMES, "stand", "sortierung", "seite", "je_seite")
MAX_PER_PAGE: Final = 100
MAX_PAGE: Final = 100_000
MAX_TYPED: Final = 100
"""Of what is being typed, so much is completed."""


@view_config(route_name="search_json")
def search_json(request: Request) -> Response:
    """Answer a question, or say in one shape what is wrong with it."""
    try:
        parameters, search = _search(request)
        reader = request.reader
        searcher = Searcher(
            request.connection, request.registry.house.search, request.registry.house.language, reader.bodies
        )
        hits = searcher.hits(search)
    except BadParameter as bad:
        return problem(400, "Unbrauchbarer Parameter", bad.message, parameter=bad.parameter)
    except BadRequest as bad:
        return problem(400, "Unbrauchbare Anfrage", bad.message)
    except SearchError:
        return problem(
            503, "Suche nicht verfügbar", "Die Suche ist gerade nicht verfügbar. Bitte später noch einmal versuchen."
        )
    entries = reader.entries_by_edition([hit.edition_id for hit in hits.hits])
    shown = [(hit, entries[hit.edition_id]) for hit in hits.hits if hit.edition_id in entries]
    picks = reader.entries(searcher.picks(search.typed)) if search.page == 1 and not search.filters else ()
    return answer(_body(parameters, search, hits, shown, reader.bodies) | {"picks": [_pick(entry) for entry in picks]})


@view_config(route_name="search_suggest")
def search_suggest(request: Request) -> Response:
    """What a question may become while it is typed; too little typed is an empty list, not an error."""
    try:
        typed = parameter(request, "q")
    except BadRequest as bad:
        return problem(400, "Unbrauchbare Anfrage", bad.message)
    searcher = Searcher(
        request.connection, request.registry.house.search, request.registry.house.language, request.reader.bodies
    )
    found = searcher.completions(typed[:MAX_TYPED])
    return answer(
        {
            "query": typed[:MAX_TYPED],
            "suggestions": [{"text": words, "url": saved.address({"q": words})} for words in found],
        }
    )


def _search(request: Request) -> tuple[dict[str, str], Search]:
    parameter(request, "q")  # an address that cannot be decoded is refused here
    unknown = next((name for name in request.GET if name not in KNOWN), None)
    if unknown is not None:
        raise BadParameter(
            unknown[:40], f"Den Parameter „{unknown[:40]}“ gibt es nicht. Möglich sind: {', '.join(KNOWN)}."
        )
    parameters = saved.clean_parameters({name: parameter(request, name) for name in saved.NAMES})
    if not parameters:
        raise BadParameter("q", "Die Suche ist leer. Erwartet wird q oder ein Filter, etwa ?q=Nachnutzung.")
    wrong = saved.wrong(parameters)
    if wrong is not None:
        raise BadParameter(*wrong)
    try:
        stand = request.stand
    except BadRequest as bad:
        raise BadParameter("stand", bad.message) from bad
    sort = parameter(request, "sortierung") or "relevanz"
    if sort not in SORTS:
        raise BadParameter("sortierung", f"„{sort[:40]}“ ist keine Sortierung. Möglich sind: {', '.join(SORTS)}.")
    page, per_page = _whole(request, "seite", 1, MAX_PAGE), _whole(request, "je_seite", 20, MAX_PER_PAGE)
    asked = saved.question(parameters, sort=SORTS[sort], page=page, per_page=per_page)
    # Every link of the answer leads on in the same past.
    return parameters | ({"stand": stand.isoformat()} if stand else {}), Search(
        asked.typed,
        asked.filters,
        asked.first_day,
        asked.last_day,
        end_of_day(stand) if stand else None,
        sort=asked.sort,
        page=page,
        per_page=per_page,
        facets=FACETS,
    )


def _whole(request: Request, name: str, usual: int, most: int) -> int:
    text = parameter(request, name)
    if not text:
        return usual
    number = whole(text, least=1, most=most)
    if number is None:
        raise BadParameter(name, f"„{name}“ ist eine ganze Zahl von 1 bis {most}.")
    return number


def _body(
    parameters: Mapping[str, str],
    search: Search,
    hits: Hits,
    shown: Sequence[tuple[Hit, reading.ListEntry]],
    bodies: Bodies,
) -> dict[str, Any]:
    pages = max(1, -(-hits.total // search.per_page))
    said = hits.said
    days = {"von": said.first_day, "bis": said.last_day}
    return {
        "query": search.typed,
        "filters": {BY_FILTER[name]: value for name, value in said.filters.items()}
        | {name: day for name, day in days.items() if day},
        "sort": search.sort,
        "total": hits.total,
        "page": search.page,
        "pages": pages,
        "per_page": search.per_page,
        "hits": [_hit(hit, entry) for hit, entry in shown],
        "facets": {
            BY_FILTER[name]: _facet(
                name, counts, Choices.of(search.typed, said, ""), parameters.get("stand", ""), bodies
            )
            for name, counts in hits.facets.items()
            if counts
        },
        "hints": list(hits.hints),
        "did_you_mean": hits.did_you_mean,
        "links": _links(parameters, search, pages),
    }


def _links(parameters: Mapping[str, str], search: Search, pages: int) -> dict[str, str]:
    rest = (
        {}
        if search.sort == "relevance"
        else {"sortierung": next(name for name, sort in SORTS.items() if sort == search.sort)}
    )
    rest |= {"je_seite": str(search.per_page)} if search.per_page != 20 else {}

    def page(number: int) -> str:
        return saved.address(parameters, PATH, **rest, **({"seite": str(number)} if number > 1 else {}))

    links = {"self": page(search.page), "first": page(1), "last": page(pages)}
    links |= {"previous": page(min(search.page - 1, pages))} if search.page > 1 else {}
    links |= {"next": page(search.page + 1)} if search.page < pages else {}
    feed = {name: value for name, value in parameters.items() if name != "stand"}
    return links | {"html": saved.address(parameters), "feed": saved.address(feed, "/suche.atom")}


def _facet(name: str, counts: Mapping[str, int], choices: Choices, stand: str, bodies: Bodies) -> list[dict[str, Any]]:
    past = {"stand": stand} if stand else {}
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    return [
        {
            "value": value,
            "label": saved.words(name, value, bodies),
            "count": counts[value],
            "url": saved.address(choices.with_value(name, value).parameters() | past, PATH),
        }
        for value in ordered
    ]


def _hit(hit: Hit, entry: reading.ListEntry) -> dict[str, Any]:
    title, title_marks = _marked(hit.title)
    return {
        "url": entry.url,
        "kind": entry.kind,
        "kind_label": entry.kind_label,
        "title": title,
        "title_marks": title_marks,
        "header": list(entry.header),
        "date": entry.date,
        "summary": entry.summary,
        "score": round(hit.score, 4),
        "snippets": [_snippet(snippet.label, snippet.url, snippet.pieces) for snippet in hit.snippets],
        "reasons": [
            {"typed": one.typed, "words": list(one.words), "how": one.how, "where": list(one.where)}
            for one in hit.reasons
        ],
    }


def _pick(entry: reading.ListEntry) -> dict[str, Any]:
    return {
        "url": entry.url,
        "kind": entry.kind,
        "kind_label": entry.kind_label,
        "title": entry.title,
        "header": list(entry.header),
        "date": entry.date,
        "summary": entry.summary,
    }


def _snippet(label: str, url: str, pieces: Sequence[Piece]) -> dict[str, Any]:
    text, marks = _marked(pieces)
    return {"label": label, "url": url, "text": text, "marks": marks}


def _marked(pieces: Sequence[Piece]) -> tuple[str, list[list[int]]]:
    """The text, and where in it the matching words stand."""
    text, marks = "", []
    for piece in pieces:
        if piece.is_hit:
            marks.append([len(text), len(text) + len(piece.text)])
        text += piece.text
    return text, marks
