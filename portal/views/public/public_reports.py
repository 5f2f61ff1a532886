"""Public reports in parts: one section at a time, the recommendations as a table and as CSV."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from content import reading
from content.services.reports import report_reading
from content.typed.csv_output import csv_text
from portal.views.public.market import download
from portal.views.public.public import _missing
from portal.web.common import parameter, render

HEADER = ("Nummer", "Empfehlung", "Adressaten", "Stand", "Frist", "Adresse")


def _page(request: Request) -> reading.ItemPage:
    url = f"/bericht/{request.matchdict['slug']}"
    page: reading.ItemPage | None = request.reader.page(url)
    if page is None:
        raise _missing(request, url)
    return page


@view_config(route_name="report.section")
def section(request: Request) -> Response:
    """One section."""
    page = _page(request)
    shown = report_reading.section_page(request.reader, page, request.matchdict["anchor"])
    if shown is None:
        raise HTTPNotFound
    title = f"{shown.section.get('number', '')} {shown.section['heading']} – {page.title}".strip()
    return render(request, "public/report_section.html", title=title, page=page, description=page.title, shown=shown)


@view_config(route_name="report.recommendations")
def recommendations(request: Request) -> Response:
    """The recommendations as a table; `zustand` filters."""
    page, state = _page(request), parameter(request, "zustand")
    every = report_reading.recommendations(request.reader, page)
    counts = {code: sum(row.state == code for row in every) for code in report_reading.STATES}
    return render(
        request,
        "public/report_recommendations.html",
        title=f"Empfehlungen: {page.title}",
        page=page,
        description=f"Empfehlungen aus „{page.title}“.",
        rows=[row for row in every if state in {"", row.state}],
        total=len(every),
        state=state,
        states=[(code, label, counts[code]) for code, label in report_reading.STATES.items() if counts[code]],
    )


@view_config(route_name="report.recommendations_csv")
def recommendations_csv(request: Request) -> Response:
    """What the table shows, formula-safe."""
    page = _page(request)
    base_url = request.registry.settings["portal.settings"].base_url
    rows = report_reading.recommendations(request.reader, page, parameter(request, "zustand"))
    lines = [(row.number, row.title, row.addressees, row.state_label, row.due, base_url + row.url) for row in rows]
    return download(csv_text(HEADER, lines), "text/csv", f"{request.matchdict['slug']}-empfehlungen.csv")
