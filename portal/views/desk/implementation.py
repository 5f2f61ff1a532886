"""The implementation of recommendations at the desk: members report for themselves, the secretariat confirms or gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import InvalidInput
from content.services.implementation import implementation, tasks
from content.typed.whole import whole
from portal.auth.desk import MissingRight, audit, desk_view, page, viewing, writing
from portal.desk.asked import public_page
from portal.web.common import number_in, parameter
from portal.web.incoming import store_file
from workflows.vocabulary import Permission

FIELDS: Final = ("state", "date", "evidence", "note", "drop_file")


@desk_view("desk.implementation")
def overview(request: Request) -> Response:
    """What waits for a report of mine, and what waits for an answer."""
    with viewing(request) as work:
        return _page(request, work)


@desk_view("desk.implementation", method="POST")
def act(request: Request) -> Response:
    """Report, confirm or give back."""
    name, number, key = (str(request.POST.get(field, "")) for field in ("schritt", "id", "adressat"))
    item_id = whole(number)
    if name not in _ACTS or item_id is None:
        raise HTTPNotFound
    try:
        with writing(request) as work:
            query = sa.select(models.Recommendation).where(
                models.Recommendation.id == item_id, implementation.known(request.person.grants)
            )
            row = work.session.scalars(query).one_or_none()
            if row is None:
                raise HTTPNotFound
            _ACTS[name](request, work, row, key)
            audit(request, work, f"implementation.{name}", row.url, key)
    except InvalidInput as invalid:
        with writing(request) as work:
            return _page(request, work, invalid, place=(item_id, key))
    only = whole(parameter(request, "eintrag"))
    return HTTPSeeOther("/redaktion/umsetzung" + (f"?eintrag={only}" if only else ""))


def _report(request: Request, work: Work, row: models.Recommendation, key: str) -> None:
    given = {name: str(request.POST.get(name, "")).strip() for name in FIELDS}
    file = request.POST.get("evidence_file")
    upload = (
        implementation.Upload(file.filename, file.file.read(), store_file(work))
        if getattr(file, "filename", "")
        else None
    )
    implementation.report(
        work.desk, row, key, given, codes=tasks.codes_of(work.session, request.person.grants), upload=upload
    )


def _confirm(_request: Request, work: Work, row: models.Recommendation, key: str) -> None:
    implementation.confirm(work.desk, row, key)


def _give_back(request: Request, work: Work, row: models.Recommendation, key: str) -> None:
    implementation.give_back(work.desk, row, key, str(request.POST.get("comment", "")))


_ACTS: Final[Mapping[str, Callable[[Request, Work, models.Recommendation, str], None]]] = {
    "report": _report,
    "confirm": _confirm,
    "give_back": _give_back,
}


def _page(
    request: Request, work: Work, invalid: InvalidInput | None = None, *, place: tuple[int, str] | None = None
) -> Response:
    """The overview; after an error, what was typed stands in the form it was typed into."""
    person, desk = request.person, replace(work.desk, permits=request.person.permits)
    codes = tasks.codes_of(work.session, person.grants)
    sees_all = Permission.IMPLEMENTATION_CONFIRM in person.permits
    if not sees_all and not codes:
        raise MissingRight
    only = number_in(parameter(request, "eintrag"))
    typed = {name: str(request.POST.get(name, "")) for name in (*FIELDS, "comment")} if invalid else {}
    return page(
        request,
        "desk/implementation.html",
        title="Umsetzung",
        states=implementation.STATES,
        place=place,
        typed=typed,
        rows=implementation.lines(desk, codes=codes, sees_all=sees_all, only=only),
        public=public_page(request, work, only),
        only=only,
        errors=invalid.errors if invalid else [],
        errors_by={error.field: error.message for error in reversed(invalid.errors)} if invalid else {},
        status=400 if invalid else 200,
        state_words=implementation.state_words,
    )
