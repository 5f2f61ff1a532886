"""Forms for every kind: writing, keeping what was typed, preview, revisions."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.berlin import BERLIN
from content.diff import compare_html
from content.export import citation
from content.house import Work
from content.kinds import KINDS
from content.schemas import FieldError, InvalidInput, clean_item
from content.services import contacts, edit, links, lookup, transition
from content.services import desk as queries
from content.services.browse import Reader
from content.services.edit import StaleText
from portal import forms
from portal.asked import editable_item, found_item, wanted_kind
from portal.desk import desk_view, page, utc_now, writing
from portal.typed import DeskFiles, input_as_text, name_uploads, typed_rev, typed_texts, typed_uploads, with_hidden
from portal.views.common import body_of, parameter
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES, Permission


@desk_view("desk.new", permission=Permission.ITEM_EDIT)
def new_form(request: Request) -> Response:
    """An empty form."""
    kind = wanted_kind(request)
    return _form_page(request, kind, forms.form_of(kind, _defaults(request, kind)), None, rev=0)


@desk_view("desk.new", permission=Permission.ITEM_EDIT, method="POST")
def create(request: Request) -> Response:
    """Make a new item of what was typed."""
    return _save(request, wanted_kind(request), None)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT)
def edit_form(request: Request) -> Response:
    """The form with what is stored."""
    with writing(request) as work:
        row = editable_item(request, work)
        return _form_page(request, row.kind, forms.form_of(row.kind, row.input), row, rev=row.rev)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT, method="POST")
def change(request: Request) -> Response:
    """Save what was typed, unless somebody was faster."""
    with writing(request) as work:
        kind = editable_item(request, work).kind
    return _save(request, kind, int(request.matchdict["id"]))


def _save(request: Request, kind: str, item_id: int | None) -> Response:
    given = forms.read_form(kind, typed_texts(request))
    more, rev = str(request.POST.get("mehr", "")), typed_rev(request)
    if more or request.POST.get("behalten"):
        with writing(request) as work:
            row = editable_item(request, work) if item_id else None
            return _form_page(request, kind, forms.form_of(kind, given, more=more), row, rev=rev)
    try:
        with writing(request) as work:
            row = editable_item(request, work) if item_id else None
            uploads = typed_uploads(request)
            name_uploads(given, uploads)
            value = clean_item(kind, with_hidden(kind, given, row))
            files = DeskFiles(work, row, dict(uploads.values()))
            saved = edit.save(
                work.session, kind, value, now=work.desk.now, files=files, actor=request.person.login,
                actor_name=request.person.name, item=row, rev=rev if item_id else None,
            )
            if item_id is None and saved.outcome is not edit.Outcome.CREATED:
                raise InvalidInput([FieldError("slug", "doubled", f"{saved.item.url} gibt es schon. Bitte einen anderen Adressteil wählen.")])
            if item_id is None and kind != "offer":
                saved.item.owner = _owner(request, kind)
            _refuse_foreign(request, saved.item)
            if dead := links.broken(work.session, saved.item):
                raise InvalidInput(dead)
            target = f"/redaktion/eintrag/{saved.item.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            row = editable_item(request, work) if item_id else None
            return _form_page(request, kind, forms.form_of(kind, given, invalid.errors), row, rev=rev, status=400)
    except StaleText:
        with writing(request) as work:
            row = editable_item(request, work)
            theirs = compare_html(input_as_text(row.input), input_as_text(given))
            return _form_page(request, kind, forms.form_of(kind, given), row, rev=row.rev, status=409, difference=theirs)
    return HTTPSeeOther(target)


def _refuse_foreign(request: Request, item: models.Item) -> None:
    """An offer belongs to the provider it names: nobody keeps the offers of another."""
    if item.kind == "offer" and Permission.ITEM_EDIT not in request.person.permits_on(item.kind, item.owner):
        message = f"Für den Anbieter „{item.owner}“ dürfen Sie keine Angebote pflegen. Bitte die eigene Organisation angeben."
        raise InvalidInput([FieldError("provider", "foreign_provider", message)])


@desk_view("desk.preview", permission=Permission.ITEM_EDIT, method="POST")
def preview(request: Request) -> Response:
    """What the public would see: the item is really published, read by the public side, and all of it is undone."""
    kind, item_id = wanted_kind(request), str(request.POST.get("id", ""))
    given = forms.read_form(kind, typed_texts(request))
    try:
        with request.registry.house.writing("preview", permits=ROLES["operator"].permits) as work:
            row = queries.item(work.session, request.person, int(item_id)) if item_id.isdigit() else None
            try:
                value = clean_item(kind, with_hidden(kind, given, row))
                saved = edit.save(work.session, kind, value, now=work.desk.now, files=DeskFiles(work, row, {}), item=row)
                if isinstance(saved.item, models.Decision) and not saved.item.number:
                    saved.item.number, saved.item.year = "Entwurf", work.desk.now.year
                _show_publicly(work, saved.item)
                work.session.flush()
                shown = Reader(work.session.connection()).page(saved.item.url)
                assert shown is not None  # noqa: S101 - just published in this transaction
                html = _public_html(request, shown)
            except InvalidInput as invalid:
                return _form_page(request, kind, forms.form_of(kind, given, invalid.errors), row, rev=typed_rev(request), status=400)
            raise _Undo
    except _Undo:
        response = Response(html.encode(), content_type="text/html", charset="utf-8")
        response.cache_control = "no-store"
        return response


class _Undo(Exception):  # noqa: N818 - a signal
    """Ends a preview: nothing of it is kept."""


def _show_publicly(work: Work, row: models.Item) -> None:
    names = {"published": "correct", "withdrawn": "republish"}
    if row.publication_state in {"draft", "submitted", "scheduled"} and not (isinstance(row, models.Decision) and row.number == "Entwurf"):
        transition.take(work.desk, row, PUBLICATION, "import")
    elif row.publication_state in names:
        transition.take(work.desk, row, PUBLICATION, names[row.publication_state], {"note": "Vorschau"})
    else:
        transition.take(work.desk, row, PUBLICATION, "import")


def _public_html(request: Request, shown: Any) -> str:
    base_url = request.registry.settings["portal.settings"].base_url
    meta = citation.html_meta(
        kind=shown.kind, title=shown.title, url=shown.url, data=shown.data, base_url=base_url, valid_from=shown.proof.valid_from
    )
    return body_of(
        request, f"public/{KINDS[shown.kind].template}", title=f"Vorschau: {shown.title}", page=shown, description=meta.description,
        meta=(), json_ld="", feeds=(), query="", is_indexed=False,
    )


@desk_view("desk.revisions")
def revisions(request: Request) -> Response:
    """Every revision, and the differences of one to the one before."""
    with writing(request) as work:
        row = found_item(request, work)
        rows = queries.revisions(work.session, row.id)
        shown = parameter(request, "rev")
        difference = None
        for newer, older in zip(rows, [*rows[1:], None], strict=True):
            if shown == str(newer.rev):
                difference = compare_html(input_as_text(older.input if older else {}), input_as_text(newer.input))
        return page(request, "desk/revisions.html", title="Verlauf", item=row, rows=rows, shown=shown, difference=difference)


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
    with writing(request) as work:
        bodies = lookup.known_bodies(work.session)
        slug = bodies.by_suffix.get("", "")
        copied = parameter(request, "wie")
        row = queries.item(work.session, request.person, int(copied)) if copied.isdigit() else None
        if kind == "meeting" and row is not None and row.kind == "meeting":
            agenda = [{**entry, "decision": None, "note": None} for entry in row.input.get("agenda", ())]
            last = row.input.get("ordinal")
            return {"body": row.input.get("body"), "ordinal": last + 1 if last else None, "place": None, "agenda": agenda}
        if kind == "decision" and row is not None and row.kind == "meeting":
            return {"body": row.input.get("body"), "meeting": row.url}
    return {"body": slug} if slug else {}


def _form_page(
    request: Request, kind: str, form: forms.Form, row: models.Item | None, *, rev: int, status: int = 200, difference: str | None = None
) -> Response:
    form = _with_directory(request, form)
    title = f"{KINDS[kind].label} bearbeiten" if row is not None else f"{KINDS[kind].label} anlegen"
    return page(
        request, "desk/form.html", title=title, form=form, kind=kind, item=row, rev=rev, status=status, difference=difference,
        upload=forms.UPLOAD, remove=forms.REMOVE,
    )


def _with_directory(request: Request, form: forms.Form) -> forms.Form:
    """The form with the contacts that it offers, where its kind names any."""
    widget = next((one for one in form.widgets if one.name == "directory"), None)
    if widget is None:
        return form
    with request.registry.house.reading() as connection:
        offered = contacts.choices(connection, utc_now().astimezone(BERLIN).date(), widget.value.split("\n"))
    return forms.with_choices(form, "directory", offered)
