"""Tasks from decisions at the desk: confirm, report, approve; and links that lost their target."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.council.laender import name_of
from content.house import Work
from content.schemas import InvalidInput
from content.services.editing import links
from content.services.implementation import implementation, tasks
from content.typed.whole import whole
from portal.auth.desk import MissingRight, audit, desk_view, page, viewing, writing
from portal.desk import linking
from portal.desk.asked import public_page
from portal.web.common import number_in, parameter
from workflows.definition import Titles
from workflows.publication import PUBLICATION
from workflows.vocabulary import Permission

FIELDS = ("state", "date", "evidence", "note")


@desk_view("desk.tasks")
def task_list(request: Request) -> Response:
    """What is suggested, what waits for a report, what waits for approval."""
    with viewing(request) as work:
        return _page(request, work)


@desk_view("desk.tasks", method="POST")
def act(request: Request) -> Response:
    """One of: confirm or dismiss a clause, report, approve."""
    name, number = str(request.POST.get("schritt", "")), str(request.POST.get("id", ""))
    row_id = whole(number)
    if name not in _ACTS or row_id is None:
        raise HTTPNotFound
    try:
        with writing(request) as work:
            model = models.Decision if name in {"confirm", "dismiss"} else models.Task
            row: Any = work.session.get(model, row_id)
            if row is None or not _may_know(request, work, row):
                raise HTTPNotFound
            _ACTS[name](request, replace(work.desk, permits=request.person.permits), row)
            audit(request, work, f"task.{name}", f"{model.__tablename__}:{number}")
    except InvalidInput as invalid:
        with writing(request) as work:
            return _page(request, work, [error.message for error in invalid.errors], status=400)
    return HTTPSeeOther(
        "/redaktion/auftraege" + (f"?eintrag={only}" if (only := number_in(parameter(request, "eintrag"))) else "")
    )


def _may_know(request: Request, work: Work, row: models.Decision | models.Task) -> bool:
    number = row.id if isinstance(row, models.Decision) else row.item_id
    return (
        work.session.scalar(
            sa.select(models.Item.id).where(models.Item.id == number, implementation.known(request.person.grants))
        )
        is not None
    )


def _confirm(request: Request, desk: Any, row: models.Decision) -> None:
    tasks.confirm(desk, row, str(request.POST.get("anchor", "")), str(request.POST.get("addressees", "")).split(","))


def _dismiss(request: Request, desk: Any, row: models.Decision) -> None:
    tasks.dismiss(desk, row, str(request.POST.get("anchor", "")))


def _report(request: Request, desk: Any, row: models.Task) -> None:
    given = {name: str(request.POST.get(name, "")).strip() for name in FIELDS}
    tasks.report(desk, row, given, codes=tasks.codes_of(desk.session, request.person.grants))


def _approve(_request: Request, desk: Any, row: models.Task) -> None:
    tasks.approve(desk, row)


_ACTS: Final[Mapping[str, Callable[[Request, Any, Any], None]]] = {
    "confirm": _confirm,
    "dismiss": _dismiss,
    "report": _report,
    "approve": _approve,
}


def _page(request: Request, work: Work, errors: list[str] | None = None, *, status: int = 200) -> Response:
    person, desk = request.person, replace(work.desk, permits=request.person.permits)
    may_confirm = Permission.IMPLEMENTATION_CONFIRM in person.permits
    codes = tasks.codes_of(work.session, person.grants)
    if not may_confirm and not codes:
        raise MissingRight
    only = number_in(parameter(request, "eintrag"))
    rows = tasks.tracked(work.session, person.grants, codes=None if may_confirm else codes, only=only)
    return page(
        request,
        "desk/tasks.html",
        title="Aufträge",
        errors=errors or [],
        status=status,
        states=tasks.STATES,
        name_of=name_of,
        suggestions=tasks.suggestions(work.session) if may_confirm and not only else [],
        only=only,
        public=public_page(request, work, only),
        rows=[
            (
                task,
                decision,
                clause,
                tasks.may_report(desk, task, codes),
                may_confirm and task.reported_at is not None and task.confirmed_at is None,
            )
            for task, decision, clause in rows
        ],
    )


@desk_view("desk.link_targets", permission=Permission.ITEM_EDIT)
def link_targets(request: Request) -> Response:
    """What a few typed letters may mean for a field that links, as JSON for the form's script."""
    if request.matchdict["rule"] not in linking.RULES:
        raise HTTPNotFound
    with viewing(request) as work:
        rows = linking.found(work.session, request.person, request.matchdict["rule"], parameter(request, "q"))
    return Response(
        json.dumps({"suggestions": [{"text": words, "value": value} for value, words in rows]}),
        content_type="application/json",
        charset="utf-8",
    )


@desk_view("desk.links", permission=Permission.ITEM_EDIT)
def dead_links(request: Request) -> Response:
    """Links of public items to what is not public."""
    with viewing(request) as work:
        rows = links.dead_links(work.session, request.person)
    states = Titles({"": "öffentlich, aber ohne diese Stelle", links.HIDDEN: "nicht öffentlich", **PUBLICATION.titles})
    return page(request, "desk/links.html", title="Verweise ins Leere", rows=rows, states=states)
