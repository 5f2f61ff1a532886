"""The review of a report at the desk: a section with remarks and suggestions, and the overview with requests and guests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm import Session

from content import models
from content.house import Work
from content.schemas import InvalidInput
from content.services.publishing.publish import Desk
from content.services.reports import (
    report_recommendations,
    reports,
    review_guests,
    review_requests,
    review_suggestions,
    review_threads,
)
from content.services.reports.reports import Author, NoSection
from content.services.workflow import transition
from content.typed import typed_days
from portal.auth.desk import MissingRight, desk_view, page, viewing, writing
from portal.desk import confirming
from portal.desk.asked import desk_with, editable_item
from portal.desk.typed import typed_texts
from portal.views.reports import review_section
from portal.views.reports.review_section import Act
from portal.web.common import number_in, parameter
from workflows.report import REPORT
from workflows.vocabulary import Permission

ACCESS_WORDS: Final = {
    "page": "gelesen",
    "remark": "angemerkt",
    "suggestion": "vorgeschlagen",
    "file": "Datei geöffnet",
}
REJECT_ALL: Final = "alle-ablehnen"
GONE: Final = "Das gibt es nicht mehr, oder jemand war schneller. Die Seite zeigt den Stand von jetzt."


def found_report(request: Request, work: Work) -> models.Report:
    """The report that the address names. Raises `HTTPNotFound`, `MissingRight`."""
    row = editable_item(request, work.session)
    if not isinstance(row, models.Report):
        raise HTTPNotFound
    return row


def _is_lead(request: Request, report: models.Report) -> bool:
    return Permission.REPORT_LEAD in request.person.permits_on(report.kind, report.owner)


def author_of(request: Request, work: Work) -> Author:
    """The person as somebody who writes."""
    return Author(request.person.login, request.person.name, work.desk.now)


# --- a section -------------------------------------------------------------------------------------------------------


@desk_view("desk.section_review", permission=Permission.REPORT_WRITE)
def section(request: Request) -> Response:
    """A section with its remarks and suggestions."""
    with viewing(request) as work:
        report = found_report(request, work)
        return _section_page(request, work, report, _section(request, report), {}, {})


def _section(request: Request, report: models.Report) -> models.ReportSection:
    try:
        return reports.section_of(report, request.matchdict["uid"])
    except NoSection as error:
        raise HTTPNotFound from error


def _section_page(
    request: Request,
    work: Work,
    report: models.Report,
    part: models.ReportSection,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    base = f"/redaktion/bericht/{report.id}"

    def link(row: models.ReportSection) -> str:
        return f"{base}/abschnitt/{row.uid}/durchsicht"

    found = review_section.shown(work.session, report, part, link)
    place = report.sections.index(part)
    return page(
        request,
        "desk/section_review.html",
        title=f"Durchsicht: {found.number} {part.heading}",
        status=status,
        report=report,
        found=found,
        errors=errors,
        typed=review_section.typed_fields(given),
        is_lead=_is_lead(request, report),
        here=link(part),
        before=report.sections[place - 1] if place else None,
        after=report.sections[place + 1] if place + 1 < len(report.sections) else None,
        taken=parameter(request, "angenommen"),
        left=parameter(request, "offen"),
    )


def _resolve(
    session: Session,
    report: models.Report,
    _part: models.ReportSection,
    number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    return f"anmerkung-{review_threads.resolve(session, report, number, author=author).id}"


def _reopen(
    session: Session,
    report: models.Report,
    _part: models.ReportSection,
    number: int,
    _given: Mapping[str, str],
    _author: Author,
) -> str:
    return f"anmerkung-{review_threads.reopen(session, report, number).id}"


def _withdraw(
    session: Session,
    report: models.Report,
    _part: models.ReportSection,
    number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    review_suggestions.withdraw(session, report, number, author=author)
    return "vorschlaege"


def _accept(
    session: Session,
    report: models.Report,
    _part: models.ReportSection,
    number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    review_suggestions.accept(session, report, number, lead=author)
    return "vorschlaege"


def _reject(
    session: Session,
    report: models.Report,
    _part: models.ReportSection,
    number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    review_suggestions.reject(session, report, number, lead=author)
    return "vorschlaege"


def _accept_all(
    session: Session,
    report: models.Report,
    part: models.ReportSection,
    _number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    review_suggestions.accept_all(session, report, lead=author, uid=part.uid)
    return "vorschlaege"


def _reject_all(
    session: Session,
    report: models.Report,
    part: models.ReportSection,
    _number: int,
    _given: Mapping[str, str],
    author: Author,
) -> str:
    review_suggestions.reject_all(session, report, lead=author, uid=part.uid)
    return "vorschlaege"


MEMBERS: Final[Mapping[str, Act]] = {
    **review_section.ACTS,
    "erledigt": _resolve,
    "offen": _reopen,
    "zuruecknehmen": _withdraw,
}
LEADS: Final[Mapping[str, Act]] = {
    **MEMBERS,
    "annehmen": _accept,
    "ablehnen": _reject,
    "alle-annehmen": _accept_all,
    REJECT_ALL: _reject_all,
}


@desk_view("desk.section_review", permission=Permission.REPORT_WRITE, method="POST")
def review(request: Request) -> Response:
    """Remark, answer, resolve, suggest, decide: `tun` names it."""
    given = typed_texts(request)
    name = given.get("tun", "").partition(":")[0]
    if name not in LEADS:
        raise HTTPNotFound
    try:
        with writing(request) as work:
            report = found_report(request, work)
            if name not in MEMBERS and not _is_lead(request, report):
                raise MissingRight
            part = _section(request, report)
            if name == REJECT_ALL and (
                asked := confirming.question(request, "suggestions.reject_all", part.heading, request.path_info)
            ):
                return asked
            place = review_section.do(LEADS, work.session, report, part, given, author_of(request, work))
            return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{part.uid}/durchsicht#{place}")
    except InvalidInput as invalid:
        errors, status = {error.field: error.message for error in invalid.errors}, 400
    except LookupError:
        errors, status = {"": GONE}, 409
    with writing(request) as work:
        report = found_report(request, work)
        return _section_page(request, work, report, _section(request, report), given, errors, status=status)


# --- the overview ----------------------------------------------------------------------------------------------------


@desk_view("desk.report_review", permission=Permission.REPORT_WRITE)
def overview(request: Request) -> Response:
    """What is open in the whole report, who was asked, which guests have links."""
    with viewing(request) as work:
        return _overview(request, work, found_report(request, work), {}, {})


def _overview(
    request: Request,
    work: Work,
    report: models.Report,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    session, is_lead = work.session, _is_lead(request, report)
    suggested: dict[str, int] = {}
    for row in review_suggestions.open_rows(session, report):
        suggested[row.section_uid] = suggested.get(row.section_uid, 0) + 1
    guests = review_guests.links(session, report) if is_lead else []
    log = sorted(((access, link) for link in guests for access in link.accesses), key=lambda pair: -pair[0].id)
    asked = review_requests.of_report(session, report)
    return page(
        request,
        "desk/report_review.html",
        title="Durchsicht",
        status=status,
        report=report,
        errors=errors,
        is_lead=is_lead,
        typed={
            name: given.get(name, "")
            for name in ("person", "frist", "worte", "name", "organisation", "email", "gast_frist", "tun")
        },
        numbers=review_section.numbers_of(report),
        open_threads=review_threads.open_counts(session, report),
        open_suggestions=suggested,
        lost_threads=review_threads.orphans(session, report),
        lost_suggestions=review_suggestions.orphans(session, report),
        people=review_requests.reviewers(session, report),
        asked=asked,
        today=work.desk.now.date(),
        now=work.desk.now,
        mine=[row for row in asked if row.done_at is None and row.account.login == request.person.login],
        guests=guests,
        log=log[:200],
        words=ACCESS_WORDS,
        states=report_recommendations.states(session, report),
        taken=parameter(request, "angenommen"),
        left=parameter(request, "offen"),
        **approval(request, work, report),
    )


def approval(request: Request, work: Work, report: models.Report) -> dict[str, Any]:
    """Where the report stands with its group, who did what, and which steps are possible or why not."""
    desk = desk_with(work, request.person.permits_on(report.kind, report.owner))
    return {
        "procedure": REPORT,
        "procedure_state": REPORT.title_of(transition.state_of(report, REPORT)),
        "offers": transition.possible(desk, report, REPORT),
        "history": transition.history(work.session, report, REPORT)[::-1],
    }


def review_state(request: Request, work: Work, report: models.Report) -> dict[str, Any]:
    """What the outline tells of the review: what is open, and where the group stands."""
    threads = review_threads.open_counts(work.session, report)
    suggestions = review_suggestions.open_rows(work.session, report)
    return {
        "open_threads": sum(threads.values()),
        "open_suggestions": len(suggestions),
        **approval(request, work, report),
    }


ReportAct = Callable[[Desk, models.Report, int, Mapping[str, str], Author], str]


def _ask(desk: Desk, report: models.Report, _number: int, given: Mapping[str, str], _author: Author) -> str:
    review_requests.ask(
        desk,
        report,
        account_id=number_in(given.get("person", "")),
        due=typed_days.day(given.get("frist", "")),
        words=given.get("worte", ""),
    )
    return "#bitten"


def _finish(desk: Desk, report: models.Report, number: int, _given: Mapping[str, str], _author: Author) -> str:
    review_requests.finish(desk, report, number)
    return "#bitten"


def _drop(desk: Desk, report: models.Report, number: int, _given: Mapping[str, str], _author: Author) -> str:
    review_requests.drop(desk, report, number)
    return "#bitten"


def _invite(desk: Desk, report: models.Report, _number: int, given: Mapping[str, str], _author: Author) -> str:
    review_guests.invite(desk, report, given, typed_days.day(given.get("gast_frist", "")))
    return "#gaeste"


def _revoke(desk: Desk, report: models.Report, number: int, _given: Mapping[str, str], _author: Author) -> str:
    review_guests.revoke(desk, report, number)
    return "#gaeste"


def _take_all(desk: Desk, report: models.Report, _number: int, _given: Mapping[str, str], author: Author) -> str:
    taken, left = review_suggestions.accept_all(desk.session, report, lead=author)
    return f"?angenommen={taken}&offen={left}"


def _leave_all(desk: Desk, report: models.Report, _number: int, _given: Mapping[str, str], author: Author) -> str:
    review_suggestions.reject_all(desk.session, report, lead=author)
    return ""


def _reject_lost(desk: Desk, report: models.Report, number: int, _given: Mapping[str, str], author: Author) -> str:
    review_suggestions.reject(desk.session, report, number, lead=author)
    return ""


_REPORT_ACTS: Final[Mapping[str, tuple[ReportAct, bool]]] = {
    "bitten": (_ask, False),
    "fertig": (_finish, False),
    "bitte-zuruecknehmen": (_drop, True),
    "einladen": (_invite, True),
    "zurueckziehen": (_revoke, True),
    "alle-annehmen": (_take_all, True),
    REJECT_ALL: (_leave_all, True),
    "ablehnen": (_reject_lost, True),
}
"""Name → what it does, and whether only the lead may."""
_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {"bitten": {"due": "frist"}, "einladen": {"due": "gast_frist"}}
"""Act → what its fields are called in the form."""


@desk_view("desk.report_review", permission=Permission.REPORT_WRITE, method="POST")
def act(request: Request) -> Response:
    """Ask people, invite guests, decide on all suggestions."""
    given = typed_texts(request)
    name, _, number = given.get("tun", "").partition(":")
    if name not in _REPORT_ACTS:
        raise HTTPNotFound
    step, is_leads = _REPORT_ACTS[name]
    try:
        with writing(request) as work:
            report = found_report(request, work)
            if is_leads and not _is_lead(request, report):
                raise MissingRight
            if name == REJECT_ALL and (
                asked := confirming.question(
                    request, "suggestions.reject_all", report.title or report.url, request.path_info
                )
            ):
                return asked
            desk = desk_with(work, request.person.permits_on(report.kind, report.owner))
            where = step(desk, report, number_in(number), given, author_of(request, work))
            return HTTPSeeOther(f"/redaktion/bericht/{report.id}/durchsicht{where}")
    except InvalidInput as invalid:
        names = _FIELDS.get(name, {})
        errors, status = {names.get(error.field, error.field): error.message for error in invalid.errors}, 400
    except LookupError:
        errors, status = {"": GONE}, 409
    with writing(request) as work:
        return _overview(request, work, found_report(request, work), given, errors, status=status)
