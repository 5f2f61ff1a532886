"""Forms for every kind: opening, saving, and keeping what was typed until it is saved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.models.item import new_uid
from content.schemas import FieldError, InvalidInput, clean_item
from content.services.base import lookup
from content.services.council import numbering
from content.services.editing import edit, form_drafts, links
from content.services.editing.edit import StaleText
from content.services.workflow import desk_lists as queries
from portal.auth.desk import desk_view, viewing, writing
from portal.desk import confirming, conflict, form_page, forms, linking
from portal.desk.asked import editable_item, wanted_kind
from portal.desk.typed import DRAFT, KEPT, DeskFiles, Typed, discard_draft, kept_answer, typed_form, with_hidden
from portal.web import site
from portal.web.common import number_in, parameter
from workflows.vocabulary import ROLES, Permission

TAKEN: Final = "Diese Adresse gibt es schon, oder sie ist nicht frei. Bitte einen anderen Adressteil, eine andere Nummer oder einen anderen Tag wählen."
"""The same for what is public, what others write and what lies in the trash: nobody learns by trying what others prepare."""


@desk_view("desk.new", permission=Permission.ITEM_EDIT)
def new_form(request: Request) -> Response:
    """An empty form, or a draft of one."""
    kind = wanted_kind(request)
    defaults = _defaults(request, kind)
    with viewing(request) as work:
        return _opened(request, work, kind, defaults, None)


def _put_by(request: Request) -> Response | None:
    """Keep what was typed and lead to its form; None where nothing of the form was sent."""
    if request.POST.get("verwerfen"):
        return None
    item_id = int(request.matchdict["id"]) if "id" in request.matchdict else None
    with writing(request) as work:
        try:
            row = _row(request, work, item_id)
        except HTTPNotFound:
            return _gone(request, work)
        return form_page.put_by(
            request, work, typed_form(request, row.kind if row is not None else wanted_kind(request)), row
        )


@desk_view("desk.new", permission=Permission.ITEM_EDIT, method="POST", put_by=_put_by)
def create(request: Request) -> Response:
    """Make a new item of what was typed."""
    return _save(request, wanted_kind(request), None)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT)
def edit_form(request: Request) -> Response:
    """The form with what is stored, or with a draft."""
    with viewing(request) as work:
        row = editable_item(request, work.session)
        return _opened(request, work, row.kind, row.input, row)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT, method="POST", put_by=_put_by)
def change(request: Request) -> Response:
    """Save what was typed, unless somebody was faster."""
    with writing(request) as work:
        try:
            kind = editable_item(request, work.session).kind
        except HTTPNotFound:
            return _gone(request, work)
    return _save(request, kind, int(request.matchdict["id"]))


def _gone(request: Request, work: Work) -> Response:
    """The item was removed, or is the person's no more: what they typed is theirs, and becomes a new form."""
    kind = str(request.POST.get("art", ""))
    if kind not in queries.kinds_of(request.person):
        raise HTTPNotFound
    typed = replace(typed_form(request, kind), rev=0, kept="")
    words = "Den Eintrag gibt es nicht mehr, oder Sie dürfen ihn nicht mehr sehen. Ihre Eingaben sind noch da; gespeichert werden sie als neuer Eintrag."
    return form_page.again(
        request, work, typed, None, errors=[FieldError("", "gone", words)], status=form_page.CONFLICT
    )


def _opened(request: Request, work: Work, kind: str, stored: Mapping[str, Any], row: models.Item | None) -> Response:
    """The form with what is stored and the drafts that there are beside it; `?entwurf=` opens one of them."""
    login = request.person.login
    draft = form_drafts.find(work.session, login, parameter(request, DRAFT))
    if draft is not None and (draft.kind, draft.item_id) == (kind, row.id if row is not None else None):
        met, kept = _met(request, work, draft, row)
        form = forms.form_of(kind, draft.input)
        return form_page.form_page(
            request, work, kind, form, row, rev=draft.base_rev, uid=draft.uid, kept=kept, met=met, number=draft.number
        )
    rev = row.rev if row is not None else 0
    offered = form_page.offers(work, login, kind, row)
    return form_page.form_page(request, work, kind, forms.form_of(kind, stored), row, rev=rev, offered=offered)


def _met(
    request: Request, work: Work, draft: models.FormDraft, row: models.Item | None
) -> tuple[conflict.Conflict | None, str]:
    """What somebody else saved while `draft` was written, where the address names what was typed before that; and its name."""
    kept = parameter(request, KEPT)
    if row is None or not kept or form_drafts.find(work.session, request.person.login, kept) is None:
        return None, ""
    return conflict.of(
        work, request.person.login, Typed(draft.kind, dict(draft.input), {}, {}, draft.base_rev, draft.uid, kept), row
    ), kept


@desk_view("desk.draft", permission=Permission.ITEM_EDIT, method="POST")
def keep(request: Request) -> Response:
    """Keep what is being typed (a script says so every few seconds); says when, and which files are kept."""
    typed, item_id = typed_form(request, wanted_kind(request)), str(request.POST.get("id", ""))
    with writing(request) as work:
        row = queries.form_item(work.session, request.person, typed.kind, item_id)
        done = form_page.keep_draft(request, work, typed, row, is_auto=True)
        told = {"at": site.instant(work.desk.now), "rev": row.rev if row is not None else 0, "files": typed.names}
        last = form_drafts.last(work.session, request.person.login, typed.uid)
    return kept_answer(done, told, last)


def _discard(request: Request, uid: str) -> Response:
    if asked := confirming.question(request, "draft.discard", "Was Sie hier getippt haben", request.path_info):
        return asked
    with writing(request) as work:
        discard_draft(work, request.person.login, uid)
    return HTTPSeeOther(request.path_info)


def _save(request: Request, kind: str, item_id: int | None) -> Response:
    if unwanted := str(request.POST.get("verwerfen", "")):
        return _discard(request, unwanted)
    typed = typed_form(request, kind)
    more, wish = str(request.POST.get("mehr", "")), str(request.POST.get("nehmen", ""))
    if wish and item_id:
        with writing(request) as work:
            return form_page.taken(request, work, typed, editable_item(request, work.session), wish)
    if request.POST.get("behalten"):
        with writing(request) as work:
            return form_page.put_by(request, work, typed, _row(request, work, item_id))
    if more or typed.focus or linking.is_asked(request) or _wants_the_form(request):
        with writing(request) as work:
            return form_page.again(request, work, typed, _row(request, work, item_id), more=more)
    return save_typed(request, typed, item_id)


def save_typed(request: Request, typed: Typed, item_id: int | None) -> Response:
    """Save; where that is not possible the form says why and keeps what was typed."""
    try:
        with writing(request) as work:
            target = _write(request, work, typed, _row(request, work, item_id))
    except InvalidInput as invalid:
        with writing(request) as work:
            return form_page.again(
                request, work, typed, _row(request, work, item_id), errors=invalid.errors, status=400
            )
    except _Removed:
        words = (
            "Dieses Formular hat schon einen Eintrag angelegt; er wurde inzwischen entfernt, oder Sie dürfen ihn nicht mehr sehen. "
            "Ihre Eingaben sind noch da: Noch einmal speichern legt einen neuen Eintrag an."
        )
        fresh = replace(typed, uid=new_uid(), kept="")
        with writing(request) as work:
            return form_page.again(
                request, work, fresh, None, errors=[FieldError("", "gone", words)], status=form_page.CONFLICT
            )
    except StaleText:
        with writing(request) as work:
            return form_page.stale(request, work, typed, editable_item(request, work.session))
    return HTTPSeeOther(target)


def _wants_the_form(request: Request) -> bool:
    """Whether a button asks for the form again, and not to save."""
    return any(request.POST.get(name) for name in (forms.UP, forms.DOWN))


def _row(request: Request, work: Work, item_id: int | None) -> models.Item | None:
    return editable_item(request, work.session) if item_id else None


def _write(request: Request, work: Work, typed: Typed, row: models.Item | None) -> str:
    """Save what was typed; the address to go on to. The drafts that it came from are done with."""
    login = request.person.login
    value = clean_item(typed.kind, with_hidden(typed.kind, typed.given, row))
    uid = _uid_of(typed, login, value) if row is None else ""
    if uid:
        lookup.take_turn(work.session, uid, edit.address(work.session, typed.kind, value))
    if uid and (made := _made(request, work, uid)) is not None:
        form_drafts.finish(work.session, login, typed.uids, number=typed.number, now=work.desk.now)
        return f"/redaktion/eintrag/{made.id}"
    if row is None:
        demand_free(work, typed, value)
    files = DeskFiles(work, row, typed, login)
    saved = edit.save(
        work.session,
        typed.kind,
        value,
        now=work.desk.now,
        files=files,
        actor=login,
        actor_name=request.person.name,
        item=row,
        rev=typed.rev if row is not None else None,
        renewed=files.renewed,
        uid=uid,
    )
    if row is None and typed.kind != "offer":
        saved.item.owner = _owner(request, typed.kind)
    _refuse_foreign(request, saved.item)
    if dead := links.broken(work.session, saved.item, request.person.grants):
        raise InvalidInput(dead)
    form_drafts.finish(work.session, login, typed.uids, number=typed.number, now=work.desk.now)
    return f"/redaktion/eintrag/{saved.item.id}"


def demand_free(work: Work, typed: Typed, value: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` where what is new would have the address of what there is."""
    if lookup.find(work.session, edit.address(work.session, typed.kind, value)) is not None:
        raise InvalidInput([FieldError(_naming(typed.kind, value), "doubled", TAKEN)])


def _uid_of(typed: Typed, login: str, value: Mapping[str, Any]) -> str:
    """The identity of what a form makes: the same form with the same words, sent again, makes nothing else."""
    return str(uuid.uuid5(uuid.UUID(typed.uid), f"{login} {typed.kind} {edit.digest(value)}"))


class _Removed(Exception):  # noqa: N818 - named for the situation
    """What this form made is there no more, or not for this person."""


def _made(request: Request, work: Work, uid: str) -> models.Item | None:
    """What this form made already, when it was sent before. Raises `_Removed`."""
    item_id = work.session.scalar(sa.select(models.Item.id).where(models.Item.uid == uid))
    if item_id is None:
        return None
    made = queries.item(work.session, request.person, item_id)
    if made is None:
        raise _Removed
    return made


def _naming(kind: str, value: Mapping[str, Any]) -> str:
    """The field of the form that the address is made of."""
    shown = forms.fields_of(kind)
    return next((name for name in ("slug", "number", "ordinal", "date") if name in shown and value.get(name)), "")


def _refuse_foreign(request: Request, item: models.Item) -> None:
    """An offer belongs to the provider it names: nobody keeps the offers of another."""
    if item.kind == "offer" and Permission.ITEM_EDIT not in request.person.permits_on(item.kind, item.owner):
        message = (
            f"Für den Anbieter „{item.owner}“ dürfen Sie keine Angebote pflegen. Bitte die eigene Organisation angeben."
        )
        raise InvalidInput([FieldError("provider", "foreign_provider", message)])


def _owner(request: Request, kind: str) -> str:
    """New items of somebody who works for organisations only belong to the first of them."""
    held = [
        organisation
        for role, organisation in request.person.grants
        if Permission.ITEM_EDIT in ROLES[role].permits and (not ROLES[role].kinds or kind in ROLES[role].kinds)
    ]
    return "" if not held or "" in held else held[0]


def _defaults(request: Request, kind: str) -> dict[str, Any]:
    """What a new form starts with: the agenda of the last session, where it is asked for; the only body there is."""
    if kind not in {"meeting", "decision"}:
        return {}
    with viewing(request) as work:
        bodies = lookup.known_bodies(work.session)
        slug = bodies.by_suffix.get("", "")
        row = queries.item(work.session, request.person, number_in(parameter(request, "wie")))
        if kind == "meeting" and row is not None and row.kind == "meeting":
            agenda = [{**entry, "decision": None, "note": None} for entry in row.input.get("agenda", ())]
            following = (
                numbering.next_ordinal(work.session, row) if isinstance(row, models.Meeting) and row.ordinal else None
            )
            return {"body": row.input.get("body"), "ordinal": following, "place": None, "agenda": agenda}
        if kind == "decision" and row is not None and row.kind == "meeting":
            return {"body": row.input.get("body"), "meeting": row.url}
    return {"body": slug} if slug else {}
