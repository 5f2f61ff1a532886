"""The directory of contacts at the desk, and the yearly change of chair."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.schemas.parts import CHAIR, DIRECTORY_CONTACT
from content.services.base import lookup
from content.services.editing import contacts as directory
from content.services.workflow import chair as chairs
from content.typed import typed_days
from content.typed.berlin import BERLIN
from portal.auth.desk import MissingRight, desk_view, page, utc_now, viewing, writing
from portal.desk import forms
from portal.desk.asked import desk_with
from portal.desk.pick_lists import dressed
from portal.desk.typed import typed_rev, typed_texts
from portal.web.done import taken_from
from workflows.engine import Blocked
from workflows.vocabulary import Permission


def today() -> dt.date:
    """The day in Berlin."""
    return utc_now().astimezone(BERLIN).date()


def _may_change_chair(request: Request) -> bool:
    return Permission.ITEM_EDIT in request.person.permits_on("body", "")


@desk_view("desk.contacts", permission=Permission.CONTACT_EDIT)
def contacts(request: Request) -> Response:
    """Everybody in the directory: valid, to come, ended."""
    with viewing(request) as work:
        found = directory.listing(work.session, today())
        bodies = lookup.known_bodies(work.session)
    return page(
        request,
        "desk/contacts.html",
        title="Kontakte",
        found=found,
        bodies=bodies,
        may_change_chair=_may_change_chair(request),
    )


@desk_view("desk.contact_new", permission=Permission.CONTACT_EDIT)
def new(request: Request) -> Response:
    """An empty form."""
    return _form(request, None, {"valid_from": today()}, rev=0)


@desk_view("desk.contact_new", permission=Permission.CONTACT_EDIT, method="POST")
def create(request: Request) -> Response:
    """Add a contact to the directory."""
    given = forms.read_fields(DIRECTORY_CONTACT, typed_texts(request))
    try:
        with writing(request) as work:
            directory.create(work.desk, given)
    except InvalidInput as invalid:
        return _form(request, None, given, invalid.errors, rev=0, status=400)
    return HTTPSeeOther("/redaktion/kontakte")


@desk_view("desk.contact", permission=Permission.CONTACT_EDIT)
def contact(request: Request) -> Response:
    """One contact: its form, and its end."""
    with viewing(request) as work:
        row = _found(request, work)
        return _form(request, row, directory.as_input(row), rev=row.rev)


@desk_view("desk.contact", permission=Permission.CONTACT_EDIT, method="POST")
def change(request: Request) -> Response:
    """Change a contact, or end it."""
    given, rev = forms.read_fields(DIRECTORY_CONTACT, typed_texts(request)), typed_rev(request)
    is_end = request.POST.get("schritt") == "end"
    try:
        with writing(request) as work:
            row = _found(request, work)
            if is_end:
                directory.end(work.desk, [row], _day(str(request.POST.get("last_day", ""))))
            else:
                directory.change(work.desk, row, given, rev)
    except InvalidInput as invalid:
        return _again(request, None if is_end else given, invalid.errors, rev=None if is_end else rev, status=400)
    except directory.StaleContact as stale:
        return _again(request, given, [FieldError("", "stale", str(stale))], rev=None, status=409)
    return HTTPSeeOther("/redaktion/kontakte")


def _again(
    request: Request, given: Mapping[str, Any] | None, errors: Iterable[FieldError], *, rev: int | None, status: int
) -> Response:
    """The form with what was typed. Without `rev` the next save is made from what is stored now."""
    with writing(request) as work:
        row = _found(request, work)
        shown = directory.as_input(row) if given is None else given
        return _form(request, row, shown, errors, rev=row.rev if rev is None else rev, status=status)


def _found(request: Request, work: Work) -> models.Contact:
    row = directory.find(work.session, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def _day(text: str) -> dt.date:
    found = typed_days.day(text)
    if found is None:
        raise InvalidInput(
            [
                FieldError(
                    "last_day", "not_a_day", "Der letzte Tag fehlt oder ist kein Tag. Bitte als JJJJ-MM-TT angeben."
                )
            ]
        )
    return found


def _form(
    request: Request,
    row: models.Contact | None,
    given: Mapping[str, Any],
    errors: Iterable[FieldError] = (),
    *,
    rev: int,
    status: int = 200,
) -> Response:
    found = tuple(errors)
    return page(
        request,
        "desk/contact.html",
        title=directory.words(row) if row is not None else "Kontakt anlegen",
        status=status,
        contact=row,
        rev=rev,
        form=forms.form_from(DIRECTORY_CONTACT, given, [error for error in found if error.field != "last_day"]),
        end_error=next((error.message for error in found if error.field == "last_day"), ""),
        stored=directory.as_input(row) if row is not None and status == 409 else None,
        today=today(),
        names=forms.names(),
    )


# --- the chair -------------------------------------------------------------------------------------------------------


@desk_view("desk.chair", permission=Permission.CONTACT_EDIT)
def chair(request: Request) -> Response:
    """The form for the change of chair, beginning with the next year."""
    _require_chair(request)
    with viewing(request) as work:
        slug = lookup.known_bodies(work.session).by_suffix.get("", "")
    year = today().year + 1
    return _chair_form(request, {"body": slug, "year": year, "first_day": dt.date(year, 1, 1)})


@desk_view("desk.chair", permission=Permission.CONTACT_EDIT, method="POST")
def change_chair(request: Request) -> Response:
    """Change the chair, and say what was done."""
    _require_chair(request)
    given = forms.read_fields(CHAIR, typed_texts(request))
    more = str(request.POST.get("mehr", ""))
    if more:
        return _chair_form(request, given, more=more)
    try:
        with writing(request) as work:
            desk = desk_with(work, request.person.permits | request.person.permits_on("body", ""))
            done = chairs.change(desk, given)
            return page(
                request,
                "desk/chair_done.html",
                title="Der Vorsitz ist gewechselt",
                taken_forms=taken_from(request),
                done=done,
                words=directory.words,
            )
    except InvalidInput as invalid:
        return _chair_form(request, given, invalid.errors, status=400)
    except Blocked as refused:
        return _chair_form(
            request, given, [FieldError("", row.code, row.message) for row in refused.blockers], status=409
        )


def _require_chair(request: Request) -> None:
    if not _may_change_chair(request):
        raise MissingRight


def _chair_form(
    request: Request, given: Mapping[str, Any], errors: Iterable[FieldError] = (), *, more: str = "", status: int = 200
) -> Response:
    with viewing(request) as work:
        form, lists = dressed(
            forms.form_from(CHAIR, given, errors, kind="chair", more=more), work.session, request.person.grants, more
        )
    return page(
        request, "desk/chair.html", title="Vorsitz wechseln", form=form, lists=lists, status=status, names=forms.names()
    )
