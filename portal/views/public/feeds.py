"""For machines that follow: Atom feeds, sitemap, robots.txt, OpenSearch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content.kinds import KINDS, PATHS
from content.services.browsing import following
from content.typed.berlin import BERLIN
from content.typed.whole import whole
from portal.web import site
from portal.web.cache import ASK_EACH_TIME, CACHEABLE

PER_SITEMAP: Final = 5000
SECURITY_LIFE: Final = dt.timedelta(days=180)
"""So long a security.txt counts from its day on."""


@view_config(route_name="feed")
def feed(request: Request) -> Response:
    """What was published or corrected last: of one kind, or of all."""
    name = request.matchdict["name"]
    kinds = _feed_kinds(name)
    rows = following.newest(request.connection, kinds)
    title = "Alles Neue" if name == "alle" else KINDS[kinds[0]].plural
    return _xml(
        request,
        "feeds/atom.xml",
        "application/atom+xml",
        title=f"{title} – {site.NAME}",
        rows=rows,
        path=f"/feeds/{name}.atom",
        page_path="/",
        updated=max((row.recorded_at for _, row in rows), default=None),
    )


def _feed_kinds(name: str) -> list[str]:
    if name == "alle":
        return [kind.name for kind in KINDS.values() if kind.is_in_feed]
    kind = PATHS.get(name)
    if kind is None or not kind.is_in_feed:
        raise HTTPNotFound
    return [kind.name]


@view_config(route_name="sitemap")
def sitemap(request: Request) -> Response:
    """One file for small portals; an index of files for large ones."""
    total = following.total(request.connection)
    if total <= PER_SITEMAP:
        return _sitemap(request, following.addresses(request.connection, 1, PER_SITEMAP), is_first=True)
    parts = range(1, -(-total // PER_SITEMAP) + 1)
    return _xml(request, "feeds/sitemap_index.xml", "application/xml", parts=parts)


@view_config(route_name="sitemap_part")
def sitemap_part(request: Request) -> Response:
    """A part of a large sitemap."""
    part = whole(request.matchdict["part"], least=1, most=9_999)
    rows = following.addresses(request.connection, part, PER_SITEMAP) if part else []
    if not rows:
        raise HTTPNotFound
    return _sitemap(request, rows, is_first=part == 1)


def _sitemap(request: Request, rows: Iterable[Any], *, is_first: bool) -> Response:
    lists = [kind.list_url for kind in KINDS.values() if kind.list_url] if is_first else []
    return _xml(
        request, "feeds/sitemap.xml", "application/xml", rows=rows, lists=["/", *lists, "/hilfe"] if is_first else []
    )


@view_config(route_name="robots")
def robots(request: Request) -> Response:
    """Everything public may be read; results of searches and old states need not be indexed."""
    base_url = request.registry.settings["portal.settings"].base_url
    lines = [
        "User-agent: *",
        "Disallow: /suche",
        "Disallow: /abo",
        "Disallow: /*?stand=",
        "Disallow: /*?fassung=",
        "",
        f"Sitemap: {base_url}/sitemap.xml",
        "",
    ]
    response = Response("\n".join(lines).encode(), content_type="text/plain", charset="utf-8")
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response


@view_config(route_name="security")
def security(request: Request) -> Response:
    """Where somebody who found a hole reports it (RFC 9116); 404 where the setting names nobody."""
    settings = request.registry.settings["portal.settings"]
    if not settings.security_contact:
        raise HTTPNotFound
    end = dt.datetime.combine(dt.datetime.now(BERLIN).date() + SECURITY_LIFE, dt.time(), dt.UTC)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {end:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: de, en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
        "",
    ]
    response = Response("\n".join(lines).encode(), content_type="text/plain", charset="utf-8")
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response


@view_config(route_name="opensearch")
def opensearch(request: Request) -> Response:
    """Lets browsers search the portal from their address bar."""
    return _xml(request, "feeds/opensearch.xml", "application/opensearchdescription+xml")


def _xml(request: Request, template: str, content_type: str, **values: Any) -> Response:
    base_url = request.registry.settings["portal.settings"].base_url
    body = request.registry.templates.get_template(template).render(
        base_url=base_url, site_name=site.NAME, council=site.COUNCIL, asset=request.registry.asset, **values
    )
    response = Response(body.encode(), content_type=content_type, charset="utf-8")
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response
