"""What the views share: the reader of a request, rendering, paging numbers, and answers that help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from pyramid.config import Configurator
from pyramid.decorator import reify
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.engine import Connection

from content import legal_pages, reading
from content.kinds import KINDS
from content.services.browsing.browse import Reader
from content.typed import typed_days
from content.typed.berlin import BERLIN
from content.typed.whole import whole
from portal.web import site
from portal.web.cache import ASK_EACH_TIME, ASKED, CACHEABLE, POSITION
from portal.web.past import keep_stand

T = TypeVar("T")
EARLIEST: Final = dt.date(2010, 1, 1)
MAX_NUMBER: Final = 10_000_000


class BadRequest(HTTPBadRequest):
    """A request that cannot be understood; `message` says in German why and what would work."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PortalRequest(Request):
    """A request that can read the portal. A class of our own: Pyramid would build one per request for added methods."""

    @reify
    def connection(self) -> Connection:
        """A connection in one read-only transaction for the whole request."""
        connection: Connection = self.registry.house.reading_engine.connect()
        self.add_finished_callback(lambda _: connection.close())
        return connection

    @reify
    def stand(self) -> dt.date | None:
        """The past day that is asked for (`?stand=`), or None for now. Raises `BadRequest`."""
        return _stand(self)

    @reify
    def reader(self) -> Reader:
        """The public side at the moment asked for."""
        position = self.position
        return Reader(self.connection, stand=self.stand, memo=self.registry.memo, position=position)

    @reify
    def position(self) -> int:
        """The ledger position, read before anything else: what is remembered under it must not be older."""
        known: int | None = self.environ.get(POSITION)
        return self.registry.position() if known is None else known

    def remembered(self, key: object, make: Callable[[], T], *, is_shared: bool) -> T:
        """What `make` makes; of the present and where `is_shared`, made once per ledger position."""
        if not is_shared or self.stand is not None:
            return make()
        return self.registry.memo.get(self.position, key, make)


def includeme(config: Configurator) -> None:
    """Give every request its reader."""
    config.set_request_factory(PortalRequest)


def _stand(request: Request) -> dt.date | None:
    text = parameter(request, "stand")
    if not text:
        return None
    today = dt.datetime.now(BERLIN).date()
    day = typed_days.day(text)
    if day is None:
        raise BadRequest(f"„{text[:40]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT, etwa 2022-03-01.")
    if day > today:
        raise BadRequest(f"Der {site.day(day)} liegt in der Zukunft. Möglich ist jeder Tag bis heute.")
    return None if day == today else max(day, EARLIEST)


def parameter(request: Request, name: str) -> str:
    """A query parameter as clean text; missing: empty. Undecodable bytes are a clean refusal."""
    request.environ.setdefault(ASKED, set()).add(name)
    try:
        value = request.GET.get(name) or ""
    except UnicodeDecodeError as error:
        raise BadRequest("Die Adresse enthält Zeichen, die nicht in UTF-8 geschrieben sind.") from error
    return "".join(char for char in value if char.isprintable()).strip()


def number_in(text: str) -> int:
    """A whole number from 0 as typed; nonsense, and what no row can have, is 0."""
    return whole(text) or 0


def page_number(request: Request) -> int:
    """The page asked for, from 1; nonsense is page 1, and what is too high is cut by the list itself."""
    text = parameter(request, "seite")
    return min(whole(text, least=1, most=10**14) or 1, MAX_NUMBER)


def render(
    request: Request,
    template: str,
    *,
    title: str,
    page: Any = None,
    description: str = "",
    meta: Iterable[tuple[str, str]] = (),
    json_ld: str = "",
    feeds: Iterable[reading.Link] = (),
    query: str = "",
    status: int = 200,
    is_cacheable: bool = True,
    is_indexed: bool = True,
    **values: Any,
) -> Response:
    """The page as a response."""
    body = body_of(
        request,
        template,
        title=title,
        page=page,
        description=description,
        meta=tuple(meta),
        json_ld=json_ld,
        feeds=tuple(feeds),
        query=query,
        is_indexed=is_indexed,
        **values,
    )
    response = Response(body.encode(), status=status, content_type="text/html", charset="utf-8")
    if is_cacheable and status == 200:
        response.headers[CACHEABLE] = ASK_EACH_TIME
    else:
        response.cache_control = "no-cache"
    return response


def body_of(
    request: Request,
    template: str,
    *,
    title: str,
    page: Any,
    description: str,
    meta: tuple[tuple[str, str], ...],
    json_ld: str,
    feeds: tuple[reading.Link, ...],
    query: str,
    is_indexed: bool,
    shown_at: str = "",
    **values: Any,
) -> str:
    """The rendered page. `shown_at`: its address, where it is not the one asked for."""
    registry = request.registry
    base_url = registry.settings["portal.settings"].base_url
    stand = _stand_or_none(request)
    path = shown_at or request.path_info
    chrome = site.SiteChrome(
        title=title,
        description=description,
        path=path,
        canonical=base_url + quote(path, safe="/.-_~"),
        base_url=base_url,
        menu=registry.frame.menu(path),
        styles=registry.frame.styles,
        asset=registry.asset,
        query=query,
        meta=meta,
        json_ld=json_ld,
        feeds=(reading.Link("Alles Neue", "/feeds/alle.atom"), *feeds),
        is_indexed=is_indexed and stand is None,
        legal=_legal(request),
    )
    banner = site.StandBanner(stand, _without_stand(request)) if stand else None
    rendered: str = registry.templates.get_template(template).render(site=chrome, page=page, stand=banner, **values)
    return keep_stand(rendered, stand) if stand else rendered


def _legal(request: Request) -> tuple[reading.Link, ...]:
    """What the law asks for, as far as it is public: a link into nothing helps nobody."""

    def public() -> tuple[reading.Link, ...]:
        found = Reader(request.connection).links(legal_pages.PAGES)
        return tuple(link for link in site.LEGAL if link.url in found)

    try:
        known: tuple[reading.Link, ...] = request.registry.memo.get(request.position, "legal", public)
    except Exception:  # noqa: BLE001 - a page that tells of an outage must not fail by its foot
        return site.LEGAL
    return known


def _stand_or_none(request: Request) -> dt.date | None:
    try:
        stand: dt.date | None = request.stand
    except BadRequest:
        return None
    return stand


def _without_stand(request: Request) -> str:
    rest = [(name, value) for name, value in request.GET.items() if name != "stand"]
    return f"{request.path_info}?{urlencode(rest)}" if rest else request.path_info


def kind_of_route(request: Request) -> str:
    """The kind that a route such as `item.decision` serves."""
    kind = request.matched_route.name.split(".", 1)[1]
    return KINDS[kind].name


def item_address(request: Request) -> str:
    """The address of the item that a route serves, without what is put behind it."""
    return f"/{KINDS[kind_of_route(request)].path}/{request.matchdict['tail']}"
