"""Public pages: home, lists, items with their versions, the ledger."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from pyramid.httpexceptions import HTTPMovedPermanently, HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from content import facets, reading
from content.council import numbers
from content.council.addresses import decision_url
from content.council.bodies import Bodies
from content.kinds import KINDS
from content.services.base.listing import PER_PAGE
from content.services.browsing import number_gaps
from content.services.publishing import ledger as ledger_service
from content.typed.berlin import BERLIN
from content.typed.whole import whole
from portal.desk import item_page
from portal.web.cache import CHOSEN, FOR_EVER
from portal.web.common import BadRequest, item_address, kind_of_route, page_number, parameter, render
from portal.web.shares import AT_ONCE_BYTES

OWN_LISTS = frozenset({"market_item", "offer"})
"""Kinds whose lists have views of their own (`market.py`)."""
ITEM_ROUTES = tuple(f"item.{name}" for name in KINDS)
LIST_ROUTES = tuple(f"list.{name}" for name, kind in KINDS.items() if kind.list_url and name not in OWN_LISTS)


class Gone(Exception):  # noqa: N818 - named for the situation
    """The item was public and is no longer."""

    def __init__(self, withdrawn: reading.Withdrawn) -> None:
        super().__init__(withdrawn.url)
        self.withdrawn = withdrawn


@dataclass(frozen=True, slots=True)
class StandPage:
    """The form that asks for a day."""

    path: str
    today: dt.date
    earliest: dt.date


@view_config(route_name="home")
def home(request: Request) -> Response:
    """The front page."""
    page = request.reader.home()
    return render(
        request,
        "public/home.html",
        title="Beschlüsse des IT-Planungsrats",
        page=page,
        description="Alle Beschlüsse, Sitzungen, Empfehlungen und Pressemitteilungen des IT-Planungsrats, durchsuchbar.",
    )


def item_list(request: Request) -> Response:
    """The list of a kind."""
    kind = kind_of_route(request)
    rules = facets.of_kind(kind)
    filters = {rule.name: value for rule in rules if (value := parameter(request, rule.parameter))}
    per_page = 500 if kind == "term" else PER_PAGE
    page = request.reader.list_page(
        kind,
        filters=filters,
        sort=parameter(request, "sortierung") or None,
        page=page_number(request),
        per_page=per_page,
    )
    template = "public/terms.html" if kind == "term" else "public/list.html"
    feeds = (reading.Link(page.title, page.feed_url),) if KINDS[kind].is_in_feed else ()
    # Without a filter the choices are the same on every page of the list: a hundred of them are made once a publication.
    selects = request.remembered(("selects", kind), lambda: _selects(request, page), is_shared=not filters)
    missing = _missing_numbers(request, filters) if kind == "decision" else ()
    return render(
        request,
        template,
        title=page.title,
        page=page,
        description=page.intro,
        feeds=feeds,
        selects=selects,
        missing_numbers=missing,
    )


def _missing_numbers(request: Request, filters: Mapping[str, str]) -> tuple[number_gaps.Missing, ...]:
    """Of the year that is listed, where nothing but the body narrows the list."""
    year = whole(filters.get("year", ""), most=9_999)
    return (
        number_gaps.of_year(request.reader, year, filters.get("body", ""))
        if year and set(filters) <= {"year", "body"}
        else ()
    )


def _selects(request: Request, page: reading.ListPage) -> Markup:
    template = request.registry.templates.get_template("layout/selects.html")
    return Markup(template.render(facets=page.facets))  # noqa: S704 - our own template, which escapes


for _name in LIST_ROUTES:
    item_list = view_config(route_name=_name)(item_list)


def item(request: Request) -> Response:
    """The page of an item, perhaps in an older edition (`?fassung=1`). Raises `Gone` and its like."""
    url = item_address(request)
    page = request.reader.page(url, edition=_edition(request))
    if page is None:
        raise _missing(request, url)
    base_url = request.registry.settings["portal.settings"].base_url
    return render(request, is_indexed=page.is_latest, **item_page.template_values(request.reader, page, base_url))


for _name in ITEM_ROUTES:
    item = view_config(route_name=_name)(item)


def versions(request: Request) -> Response:
    """The versions of an item; the last two are compared at once."""
    url = item_address(request)
    page = request.reader.page(url)
    if page is None:
        raise _missing(request, url)
    last = page.versions[0].edition
    before = page.versions[1].edition if len(page.versions) > 1 else last
    return _compare(request, url, before, last)


def compare(request: Request) -> Response:
    """Two versions of an item side by side."""
    return _compare(request, item_address(request), int(request.matchdict["old"]), int(request.matchdict["new"]))


def _compare(request: Request, url: str, old: int, new: int) -> Response:
    page = request.reader.compare(url, old, new, is_side_by_side=parameter(request, "ansicht") == "nebeneinander")
    if page is None:
        raise _missing(request, url)
    request.environ[CHOSEN] = True  # any two of all
    title = f"Fassungen: {page.title}"
    return render(request, "public/compare.html", title=title, page=page, is_indexed=False)


for _kind in KINDS:
    versions = view_config(route_name=f"versions.{_kind}")(versions)
    compare = view_config(route_name=f"compare.{_kind}")(compare)


@view_config(route_name="ledger")
def ledger(request: Request) -> Response:
    """The public ledger."""
    page = request.reader.ledger_page(page_number(request))
    return render(
        request,
        "public/ledger.html",
        title="Veröffentlichungsregister",
        page=page,
        description="Jede Veröffentlichung, Berichtigung und Rücknahme, lückenlos verkettet und signiert.",
    )


@view_config(route_name="ledger_lines")
def ledger_lines(request: Request) -> Response:
    """The ledger as a file that the standalone checker reads."""
    house, settings = request.registry.house, request.registry.settings["portal.settings"]
    # Written out first: whoever takes it slowly holds no transaction of the database open.
    file = tempfile.SpooledTemporaryFile(max_size=AT_ONCE_BYTES)  # noqa: SIM115 - closed when it is sent
    with house.reading() as connection:
        for line in ledger_service.lines(connection, portal=settings.base_url, public_keys=house.public_keys):
            file.write(line.encode() + b"\n")
    size = file.tell()
    file.seek(0)
    response = Response(content_type="application/x-ndjson", app_iter=FileIter(file))
    response.content_length = size
    response.content_disposition = 'attachment; filename="ledger.jsonl"'
    response.cache_control = "no-cache"
    return response


@view_config(route_name="ledger_key")
def ledger_key(request: Request) -> Response:
    """The public key that signs the ledger."""
    return Response(request.registry.house.signer.public_pem.encode(), content_type="application/x-pem-file")


@view_config(route_name="register.checkpoint")
def checkpoint(request: Request) -> Response:
    """The newest checkpoint: a signed text of a few lines for whoever likes to keep it."""
    return _note(ledger_service.checkpoint_note(request.connection), "public, max-age=5")


@view_config(route_name="register.checkpoint_at")
def checkpoint_at(request: Request) -> Response:
    """The checkpoint that was published at a position."""
    position = int(request.matchdict["position"])
    return _note(ledger_service.checkpoint_note(request.connection, position), FOR_EVER)


def _note(note: str | None, lifetime: str) -> Response:
    if note is None:
        raise HTTPNotFound
    response = Response(note.encode(), content_type="text/plain", charset="utf-8")
    response.headers["Cache-Control"] = lifetime
    return response


@view_config(route_name="register.checkpoints")
def checkpoints(request: Request) -> Response:
    """Every checkpoint, one a line: position, hash, time."""
    house = request.registry.house
    connection = house.reading_engine.connect()

    def stream() -> Any:
        try:
            for line in ledger_service.checkpoint_list(connection):
                yield line.encode() + b"\n"
        finally:
            connection.close()

    response = Response(content_type="text/plain", charset="utf-8", app_iter=stream())
    response.cache_control = "no-cache"
    return response


@view_config(route_name="register.document")
def register_document(request: Request) -> Response:
    """The canonical document of an act of the register itself, byte for byte what the entry's hash is over."""
    body = ledger_service.document(request.connection, request.matchdict["sha256"])
    if body is None:
        raise HTTPNotFound
    response = Response(body.encode(), content_type="application/json")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@view_config(route_name="stand")
def stand(request: Request) -> Response:
    """Ask for a day, and go to the portal as it stood then."""
    day, path = parameter(request, "stand"), parameter(request, "seite_pfad") or "/"
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        path = "/"
    if day:
        moment = request.stand
        return HTTPSeeOther(f"{path}?stand={moment.isoformat()}" if moment else path)
    today = dt.datetime.now(BERLIN).date()
    page = StandPage(path, today, dt.date(2010, 1, 1))
    return render(request, "public/stand.html", title="Stand an einem Tag", page=page, is_indexed=False)


@view_config(route_name="help")
def help_page(request: Request) -> Response:
    """How to search, cite, check and follow."""
    return render(
        request,
        "public/help.html",
        title="Hilfe",
        description="Wie man hier sucht, zitiert, nachprüft und auf dem Laufenden bleibt.",
    )


def _edition(request: Request) -> int | None:
    text = parameter(request, "fassung")
    if not text:
        return None
    edition = whole(text, most=999_999)
    if edition is None:
        raise BadRequest(f"„{text[:40]}“ ist keine Fassung. Erwartet wird eine Zahl ab 1.")
    return edition


def _missing(request: Request, url: str) -> Exception:
    """Why there is nothing at `url`: moved, withdrawn, or never there."""
    canonical = canonical_url(url, request.reader.bodies)
    if canonical and canonical != url:
        query = f"?{request.query_string}" if request.query_string else ""
        return HTTPMovedPermanently(canonical + query)
    withdrawn = request.reader.withdrawn(url)
    return Gone(withdrawn) if withdrawn is not None else HTTPNotFound()


def canonical_url(path: str, bodies: Bodies) -> str | None:
    """The address that another way of writing a decision's number stands for, if `path` is one."""
    parts = path.strip("/").split("/")
    if parts[0] not in {"beschluss", "beschluesse"} or len(parts) < 2:
        return None
    rest = parts[1:]
    named, rest = (rest[0], rest[1:]) if len(rest) == 3 and whole(rest[0]) is None else (None, rest)
    number = numbers.parse("/".join(rest)) or numbers.parse("-".join(rest))
    slug = named or bodies.by_suffix.get(number.suffix) if number else None
    return decision_url(slug, number.year, number.serial) if number and slug else None
