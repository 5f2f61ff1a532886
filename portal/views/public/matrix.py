"""The implementation for readers: matrix, one page and feed per member, time line, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode, urljoin

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import reading
from content.council.laender import CODES, LAENDER, name_of
from content.services.base import listing
from content.services.browsing import market
from content.services.implementation import matrix, matrix_history
from content.typed.csv_output import csv_text
from portal.views.public.market import download
from portal.web import site
from portal.web.cache import ASK_EACH_TIME, CACHEABLE
from portal.web.common import BadRequest, page_number, parameter, render

REUSE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "nicht nachgenutzt",
        "interest": "Interesse",
        "negotiation": "in Abstimmung",
        "ordered": "bestellt",
        "contract": "unter Vertrag",
        "live": "in Betrieb",
        "ended": "beendet",
    }
)
"""How the Land reuses a service that helps with a measure."""
ON_PAGE: Final = 15
IN_FEED: Final = 100
PER_PAGE: Final = 50
HEADER: Final = (
    "kind",
    "number",
    "title",
    "url",
    "due",
    "due_date",
    "member",
    "name",
    "state",
    "reported",
    "date",
    "evidence",
    "note",
    "reported_at",
    "confirmed_at",
    "reviewer",
    "is_overdue",
    "turn",
    "services",
    "services_live",
)


@view_config(route_name="matrix")
def page(request: Request) -> Response:
    """The matrix with filters, sums and what is overdue."""
    shown, asked = _asked(request)
    query = urlencode(
        {name: value for name, value in asked.items() if value}
        | ({"stand": request.stand.isoformat()} if request.stand else {})
    )
    return render(
        request,
        "public/matrix.html",
        title="Stand der Umsetzung",
        page=shown,
        asked=asked,
        states=matrix.STATES,
        turns=matrix.TURNS,
        measure_kinds=matrix.KINDS,
        examples=market.examples(request.reader),
        example_reports=sum(cell.note.startswith("Beispiel") for _, cell in shown.cells),
        codes=CODES,
        laender=LAENDER,
        name_of=name_of,
        others=matrix.OTHERS,
        query_string=f"?{query}" if query else "",
        events=matrix_history.events(request.reader, shown)[:ON_PAGE],
        secretariat=matrix.SECRETARIAT,
        description="Was aus Empfehlungen und Beschlüssen wurde: Stand je Mitglied, mit Nachweis und Nachnutzung.",
    )


@view_config(route_name="matrix.history")
def history(request: Request) -> Response:
    """The sums at the ends of past quarters, and everything that was reported and confirmed."""
    shown = request.reader.remembered("matrix quarters", lambda: matrix_history.quarters(request.reader))
    events = matrix_history.events(request.reader, shown[0])
    paging = listing.paging(page_number(request), len(events), PER_PAGE, _history_address)
    start = (paging.page - 1) * PER_PAGE
    return render(
        request,
        "public/matrix_history.html",
        title="Verlauf der Umsetzung",
        quarters=shown,
        states=matrix.STATES,
        name_of=name_of,
        events=events[start : start + PER_PAGE],
        paging=paging,
    )


def _history_address(number: int) -> str:
    return f"/umsetzung/verlauf?seite={number}" if number > 1 else "/umsetzung/verlauf"


@view_config(route_name="matrix.land")
def land(request: Request) -> Response:
    """What one member has to do and did, and which services it reuses."""
    code = _code(request)
    shown = matrix.of_member(request.reader, code)
    rows = matrix.reuse_of(request.reader, code)

    def table() -> Markup:
        template = request.registry.templates.get_template("public/reuse_table.html")
        return Markup(template.render(rows=rows))  # noqa: S704 - our own template, which escapes

    name = LAENDER[code].name
    return render(
        request,
        "public/matrix_land.html",
        title=f"Umsetzung: {name}",
        page=shown,
        code=code,
        name=name,
        own={url: state for url, _, state, _ in rows},
        reuse_words=REUSE_WORDS,
        examples=market.examples(request.reader),
        states=matrix.STATES,
        reuses=request.remembered(("reuse table", code), table, is_shared=True) if rows else "",
        feeds=(reading.Link(f"Umsetzung: {name}", f"/umsetzung/{code.lower()}.atom"),),
    )


@view_config(route_name="matrix.feed")
def feed(request: Request) -> Response:
    """What one member reported and what was confirmed, newest first."""
    code = _code(request)
    settings = request.registry.settings["portal.settings"]
    events = matrix_history.events(request.reader, matrix.of_member(request.reader, code))[:IN_FEED]
    body = request.registry.templates.get_template("feeds/umsetzung.xml").render(
        base_url=settings.base_url,
        site_name=site.NAME,
        name=LAENDER[code].name,
        code=code.lower(),
        events=events,
    )
    response = Response(body.encode(), content_type="application/atom+xml", charset="utf-8")
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response


@view_config(route_name="matrix.csv")
def export_csv(request: Request) -> Response:
    """Every cell as a line."""
    shown, _ = _asked(request)
    return download(
        csv_text(HEADER, [[row[name] for name in HEADER] for row in _lines(request, shown)]),
        "text/csv",
        "umsetzung.csv",
    )


@view_config(route_name="matrix.json")
def export_json(request: Request) -> Response:
    """Every cell, and the sums."""
    shown, _ = _asked(request)
    value = {
        "day": shown.day.isoformat(),
        "cells": _lines(request, shown),
        "totals": shown.totals,
        "by_member": shown.by_member,
        "by_turn": {
            code: {"waiting": waiting, "overdue": overdue} for code, (waiting, overdue) in shown.by_turn.items()
        },
    }
    return download(json.dumps(value, ensure_ascii=False, indent=1), "application/json", "umsetzung.json")


def _code(request: Request) -> str:
    code: str = request.matchdict["code"].upper()
    if code not in LAENDER:
        raise HTTPNotFound
    return code


def _asked(request: Request) -> tuple[matrix.Matrix, dict[str, str]]:
    asked = {name: parameter(request, name) for name in ("art", "mitglied", "zustand", "zug", "faellig")}
    choices: dict[str, Any] = {
        "art": matrix.KINDS,
        "mitglied": {**LAENDER, matrix.OTHERS: ""},
        "zustand": matrix.STATES,
        "zug": matrix.TURNS,
        "faellig": {"ueberfaellig": ""},
    }
    for name, known in choices.items():
        if asked[name] and asked[name] not in known:
            raise BadRequest(f"„{asked[name][:40]}“ ist als {name} nicht vorgesehen. Möglich sind: {', '.join(known)}.")
    shown = matrix.chosen(
        matrix.matrix(request.reader),
        kind=asked["art"],
        member=asked["mitglied"],
        state=asked["zustand"],
        turn=asked["zug"],
        is_overdue=bool(asked["faellig"]),
    )
    return shown, asked


def _lines(request: Request, shown: matrix.Matrix) -> list[dict[str, Any]]:
    base_url = request.registry.settings["portal.settings"].base_url
    return [
        {
            "kind": measure.kind,
            "number": measure.number,
            "title": measure.title,
            "url": base_url + measure.url,
            "due": measure.due or None,
            "due_date": measure.due_date.isoformat() if measure.due_date else None,
            "member": cell.code,
            "name": cell.name,
            "state": cell.state,
            "reported": cell.reported,
            "date": cell.date,
            "evidence": urljoin(base_url, cell.evidence) if cell.evidence else None,
            "note": cell.note or None,
            "reported_at": cell.reported_at,
            "confirmed_at": cell.confirmed_at,
            "reviewer": cell.reviewer,
            "is_overdue": cell.is_overdue,
            "turn": cell.turn or None,
            "services": cell.services,
            "services_live": cell.services_live,
        }
        for measure, cell in shown.cells
    ]
