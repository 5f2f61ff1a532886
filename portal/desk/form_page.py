"""The page with the form of an item, and the draft that holds what was typed into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.kinds import KINDS
from content.models.item import new_uid
from content.schemas import FieldError
from content.services.editing import contacts, form_drafts
from content.services.editing.form_drafts import Kept
from content.typed.berlin import day_of
from portal.auth.desk import page
from portal.desk import conflict, forms, linking
from portal.desk.differences import Difference, differences
from portal.desk.pick_lists import dressed
from portal.desk.typed import DRAFT, KEPT, NUMBER, Typed

CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft that can be gone on with, and what it has that is not saved."""

    draft: models.FormDraft
    differences: tuple[Difference, ...]


def keep_draft(
    request: Request, work: Work, typed: Typed, row: models.Item | None, *, uid: str = "", is_auto: bool = False
) -> Kept:
    """Keep what was typed and chosen; it is offered again until it is saved. `is_auto`: a script sent it by itself."""
    place = form_drafts.Place(request.person.login, uid or typed.uid, typed.kind, row.id if row is not None else None)

    def store(body: bytes) -> str:
        return work.files.add(body, "", work.manager).sha256

    return form_drafts.keep(
        work.session,
        place,
        typed.given,
        base_rev=typed.rev,
        files=typed.uploads,
        store=store,
        now=work.desk.now,
        number=typed.number,
        is_auto=is_auto,
    )


def again(
    request: Request,
    work: Work,
    typed: Typed,
    row: models.Item | None,
    *,
    errors: Iterable[FieldError] = (),
    more: str = "",
    status: int = 200,
) -> Response:
    """The form once more with what was typed; it is kept, whatever happens to the browser."""
    keep_draft(request, work, typed, row)
    form = forms.form_of(typed.kind, typed.given, errors, more=more)
    told = conflict.of(work, request.person.login, typed, row) if row is not None else None
    return form_page(
        request,
        work,
        typed.kind,
        form,
        row,
        rev=typed.rev,
        uid=typed.uid,
        kept=typed.kept,
        status=status,
        met=told,
        more=more,
        focus=typed.focus,
        number=typed.number,
    )


def put_by(request: Request, work: Work, typed: Typed, row: models.Item | None) -> Response:
    """Keep what was typed and lead to the form of it: a page that is loaded anew shows the newest draft, and sends nothing again."""
    if keep_draft(request, work, typed, row) is not Kept.KEPT:
        return again(request, work, typed, row)
    return HTTPSeeOther(
        f"{here_of(typed.kind, row)}?{urlencode({DRAFT: typed.uid, **({KEPT: typed.kept} if typed.kept else {})})}"
    )


def here_of(kind: str, row: models.Item | None) -> str:
    """The address of the form."""
    return f"/redaktion/eintrag/{row.id}/bearbeiten" if row is not None else f"/redaktion/neu/{kind}"


def stale(request: Request, work: Work, typed: Typed, row: models.Item) -> Response:
    """409: keep what was typed as it is, and show the form on the newest revision."""
    kept = typed.kept or typed.uid
    keep_draft(request, work, typed, row, uid=kept)
    merged = conflict.merged(row.kind, conflict.base_of(work, row, typed.rev), typed.given, row.input)
    now = replace(typed, given=merged, rev=row.rev, uid=typed.uid if typed.kept else new_uid(), kept=kept)
    return again(request, work, now, row, status=CONFLICT)


def taken(request: Request, work: Work, typed: Typed, row: models.Item, wish: str) -> Response:
    """The form with what the person wants of either side."""
    kept = form_drafts.find(work.session, request.person.login, typed.kept)
    mine = typed.given if kept is None else kept.input
    base = conflict.base_of(work, row, kept.base_rev if kept is not None else row.rev)
    given = conflict.taken(row.kind, typed.given, wish, base=base, mine=mine, theirs=row.input)
    return again(request, work, replace(typed, given=given), row)


def offers(work: Work, login: str, kind: str, row: models.Item | None) -> tuple[Offer, ...]:
    """What the person has typed here before and not saved."""
    stored: Mapping[str, Any] = row.input if row is not None else {}
    drafts = form_drafts.of_form(work.session, login, kind, row.id if row is not None else None)
    found = (Offer(draft, differences(kind, stored, draft.input)) for draft in drafts)
    return tuple(offer for offer in found if offer.differences)


def form_page(
    request: Request,
    work: Work,
    kind: str,
    form: forms.Form,
    row: models.Item | None,
    *,
    rev: int,
    uid: str = "",
    kept: str = "",
    status: int = 200,
    offered: tuple[Offer, ...] = (),
    met: conflict.Conflict | None = None,
    more: str = "",
    focus: str = "",
    number: int = 0,
) -> Response:
    """The page with `form`; `uid` names its draft, a fresh form gets a fresh one. `number`: what the browser counts on from.

    `more`: name of the list that gets empty rows. `focus`: id of what has the keyboard first, unless there are errors.
    """
    title = f"{KINDS[kind].label} bearbeiten" if row is not None else f"{KINDS[kind].label} anlegen"
    shown, lists = dressed(_with_directory(work, form), work.session, request.person.grants, more)
    shown = linking.with_searches(request, shown, work.session, row)
    focus = (
        "fehler"
        if form.errors
        else focus or _first_new(shown, more) or ("konflikt" if met and status == CONFLICT else "")
    )
    return page(
        request,
        "desk/form.html",
        title=title,
        form=shown,
        kind=kind,
        item=row,
        rev=rev,
        status=status,
        lists=lists,
        names=forms.names(focus),
        draft_name=DRAFT,
        draft=uid or new_uid(),
        kept_name=KEPT,
        kept=kept,
        offers=offered,
        conflict=met,
        focus=focus,
        here=here_of(kind, row),
        number_name=NUMBER,
        number=number,
    )


def _first_new(form: forms.Form, more: str) -> str:
    """Id of the first of the rows that were asked for."""
    return next((f"{one.id}-{one.filled + 1}" for one in form.widgets if one.name == more), "")


def _with_directory(work: Work, form: forms.Form) -> forms.Form:
    """The form with the contacts that it offers, where its kind names any."""
    widget = next((one for one in form.widgets if one.name == "directory"), None)
    if widget is None:
        return form
    offered = contacts.choices(work.session.connection(), day_of(work.desk.now), widget.value.split("\n"))
    return forms.with_choices(form, "directory", offered)
