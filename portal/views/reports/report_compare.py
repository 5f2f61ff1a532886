"""Differences between two revisions of a section, or of the whole report: inline or in two columns."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.services.reports import report_compare, reports
from portal.auth.desk import desk_view, page, viewing
from portal.views.reports.report_review import found_report
from portal.views.reports.review_section import numbers_of
from portal.web import site
from portal.web.common import number_in, parameter
from workflows.vocabulary import Permission

SIDES = "nebeneinander"


@desk_view("desk.section_compare", permission=Permission.REPORT_WRITE)
def section(request: Request) -> Response:
    """A section at two of its revisions; without any named: the last two."""
    with viewing(request) as work:
        report = found_report(request, work)
        uid = request.matchdict["uid"]
        past = reports.revisions(work.session, report, uid)
        if not past:
            raise HTTPNotFound
        new = number_in(parameter(request, "neu")) or past[0].rev
        old = number_in(parameter(request, "alt")) if parameter(request, "alt") else max(0, new - 1)
        found = report_compare.section(work.session, report, uid, *sorted((old, new)))
        if found is None:
            raise HTTPNotFound
        is_wide = parameter(request, "ansicht") == SIDES
        choices = [(row.rev, f"Revision {row.rev}, {_told(row)}") for row in past]
        return page(
            request,
            "desk/report_compare.html",
            title=f"Vergleich: {found.heading}",
            report=report,
            heading=found.heading,
            uid=uid,
            choices=[*choices, (0, "vor der ersten Revision")],
            old=min(old, new),
            new=max(old, new),
            is_wide=is_wide,
            numbers=numbers_of(report),
            sections=[
                (
                    found,
                    found.html(sides=_sides(f"Revision {min(old, new)}", f"Revision {max(old, new)}", is_wide=is_wide)),
                )
            ],
            here=f"/redaktion/bericht/{report.id}/abschnitt/{uid}/vergleich",
        )


@desk_view("desk.report_compare", permission=Permission.REPORT_WRITE)
def whole(request: Request) -> Response:
    """The report after two of its savings; without any named: the last one and the one before."""
    with viewing(request) as work:
        report = found_report(request, work)
        past = report_compare.moments(work.session, report)
        if not past:
            raise HTTPNotFound
        new = number_in(parameter(request, "neu")) or past[0].id
        old = number_in(parameter(request, "alt")) or (past[1].id if len(past) > 1 else past[0].id)
        old, new = sorted((old, new))
        is_wide = parameter(request, "ansicht") == SIDES
        named = {row.id: f"{_told(row)}: {row.heading}, Revision {row.rev}" for row in past}
        sides = _sides(f"nach {named.get(old, old)}", f"nach {named.get(new, new)}", is_wide=is_wide)
        sections = report_compare.whole(work.session, report, old, new)
        return page(
            request,
            "desk/report_compare.html",
            title="Vergleich zweier Stände",
            report=report,
            heading="",
            uid="",
            choices=list(named.items()),
            old=old,
            new=new,
            is_wide=is_wide,
            numbers=numbers_of(report),
            sections=[(one, one.html(sides=sides) if one.is_changed else "") for one in sections],
            here=f"/redaktion/bericht/{report.id}/vergleich",
        )


def _sides(left: str, right: str, *, is_wide: bool) -> tuple[str, str] | None:
    return (left, right) if is_wide else None


def _told(row: models.SectionRevision) -> str:
    accepted = f", angenommen von {row.accepted_by}" if row.accepted_by else ""
    return f"{site.instant(row.at)}, {row.actor_name or 'Formular oder Import'}{accepted}"
