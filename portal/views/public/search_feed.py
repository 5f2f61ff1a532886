"""A search as an Atom feed: what it finds, what was published last first."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content.services.browsing import following
from content.services.search import saved
from content.services.search.searching import Searcher
from portal.web import site
from portal.web.common import BadRequest, parameter

ROWS = 40


@view_config(route_name="search_feed")
def search_feed(request: Request) -> Response:
    """The newest publications that a search finds; a search without words and filters is refused."""
    parameters = saved.clean_parameters({name: parameter(request, name) for name in saved.NAMES})
    if not parameters:
        raise BadRequest("Die Suche ist leer. Erwartet wird etwa /suche.atom?q=Nachnutzung.")
    wrong = saved.wrong(parameters)
    if wrong:
        raise BadRequest(wrong[1])
    reader = request.reader
    house = request.registry.house
    searcher = Searcher(request.connection, house.search, house.language, reader.bodies)

    def find(among: frozenset[int] | None, most: int) -> list[int]:
        return searcher.ids(saved.question(parameters, among=among, per_page=most))

    rows = following.newest_found(request.connection, find, ROWS)
    body = request.registry.templates.get_template("feeds/atom.xml").render(
        base_url=request.registry.settings["portal.settings"].base_url,
        site_name=site.NAME,
        council=site.COUNCIL,
        asset=request.registry.asset,
        title=f"Suche {saved.describe(parameters, reader.bodies)} – {site.NAME}",
        rows=rows,
        path=saved.address(parameters, "/suche.atom"),
        page_path=saved.address(parameters),
        updated=max((row.recorded_at for _, row in rows), default=None),
    )
    response = Response(body.encode(), content_type="application/atom+xml", charset="utf-8")
    # The index may be a moment behind the ledger, so this is no page to keep; unchanged bytes still cost nothing.
    response.md5_etag()
    response.cache_control = "no-cache"
    response.conditional_response = True
    return response
