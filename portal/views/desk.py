"""The desk: what waits, lists, forms for every kind, preview, steps, votes, history."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config

from content import models, voting
from content.diff import compare_html
from content.export import citation
from content.house import Work
from content.kinds import KINDS
from content.schemas import FieldError, InvalidInput, clean_item
from content.services import ballots, edit, transition
from content.services import desk as queries
from content.services.browse import BERLIN, Reader
from content.services.edit import StaleText
from content.services.publish import Desk, differs
from content.services.transition import Stale
from content.storage import UploadRefused, check_upload, clean_file_name, prepare_image
from portal import forms
from portal.desk import MissingRight, audit, desk_view, page, writing
from portal.starting import store_file
from portal.views.common import body_of, page_number, parameter
from workflows.catalogue import WORKFLOWS
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES, Permission

STATES: Final = {name: state.title for name, state in PUBLICATION.states.items()}


@exception_view_config(MissingRight)
def missing_right(_error: MissingRight, request: Request) -> Response:
    """403, and what to do."""
    text = "Für diese Seite fehlt Ihnen das Recht. Rechte vergibt die Administration unter „Konten“."
    return page(request, "desk/message.html", title="Das Recht fehlt", text=text, status=403)


@desk_view("desk.home")
def home(request: Request) -> Response:
    """What waits for me, what I work on, what is planned and late."""
    with writing(request) as work:
        board = queries.dashboard(work.session, request.person, work.desk.now)
    return page(request, "desk/home.html", title="Arbeitsplatz", board=board, states=STATES, kinds=_new_kinds(request))


@desk_view("desk.list")
def item_list(request: Request) -> Response:
    """Working rows with search and filters."""
    chosen = {"art": parameter(request, "art"), "zustand": parameter(request, "zustand"), "q": parameter(request, "q")}
    with writing(request) as work:
        found = queries.listing(
            work.session, request.person, kind=chosen["art"], state=chosen["zustand"], words=chosen["q"], page=page_number(request)
        )
    kept = {name: value for name, value in chosen.items() if value}

    def address(number: int) -> str:
        return "/redaktion/eintraege?" + urlencode({**kept, "seite": number})

    return page(
        request, "desk/list.html", title="Einträge", found=found, chosen=chosen, states=STATES, address=address,
        sees=[(name, KINDS[name].plural) for name in queries.kinds_of(request.person)],
    )


@desk_view("desk.item")
def item(request: Request) -> Response:
    """One item: where it stands, what can be done, what was done."""
    with writing(request) as work:
        return _item_page(request, work, _found(request, work), {})


def _item_page(request: Request, work: Work, row: models.Item, errors: Mapping[str, str], *, status: int = 200) -> Response:
    permits = request.person.permits_on(row.kind, row.owner)
    desk = _as(work, permits)
    procedure = transition.procedure_of(row)
    users = transition.users_of(work.session, row)
    vote = ballots.as_data(work.session, row) if isinstance(row, models.Decision) else None
    return page(
        request, "desk/item.html", title=row.title or row.url, item=row, kind=KINDS[row.kind], status=status, errors=errors,
        state=STATES[row.publication_state], offers=transition.possible(desk, row, PUBLICATION), users=users, vote=vote,
        procedure=procedure, procedure_state=procedure.states[transition.state_of(row, procedure)].title if procedure else "",
        procedure_offers=transition.possible(desk, row, procedure) if procedure else (), workflows=WORKFLOWS,
        history=transition.history(work.session, row)[::-1], can_edit=Permission.ITEM_EDIT in permits
        and row.publication_state in edit.EDITABLE_STATES, labels={**PUBLICATION.field_labels, **(procedure.field_labels if procedure else {})},
        is_vote_open=isinstance(row, models.Decision) and Permission.VOTE_RECORD in permits,
        has_changes=row.publication_state == "published" and _differs(work, row),
    )


def _differs(work: Work, row: models.Item) -> bool:
    return differs(work.desk, row)


def _as(work: Work, permits: frozenset[Permission]) -> Desk:
    """The desk with the rights that the person has on this item."""
    return replace(work.desk, permits=permits)


@desk_view("desk.step", method="POST")
def step(request: Request) -> Response:
    """Take a step; a refusal tells every reason."""
    name, workflow = str(request.POST.get("schritt", "")), WORKFLOWS.get(str(request.POST.get("workflow", "")))
    if workflow is None or name not in workflow.transitions:
        raise HTTPNotFound
    rev = str(request.POST.get("rev", ""))
    try:
        with writing(request) as work:
            row = _found(request, work)
            fields: dict[str, Any] = {need: str(request.POST.get(need, "")).strip() for need in workflow.transitions[name].needs}
            if "publish_at" in fields:
                fields["publish_at"] = _moment(fields["publish_at"])
            reasons = {key[7:]: value for key, value in request.POST.items() if key.startswith("reason.") and str(value).strip()}
            if reasons:
                fields["reasons"] = reasons
            desk = _as(work, request.person.permits_on(row.kind, row.owner))
            transition.take(desk, row, workflow, name, fields, rev=int(rev) if rev.isdigit() else None)
            audit(request, work, f"step.{workflow.name}.{name}", row.url, str(fields.get("note") or fields.get("comment") or ""))
            target = f"/redaktion/eintrag/{row.id}"
    except (Blocked, Stale) as refused:
        words = [blocker.message for blocker in refused.blockers] if isinstance(refused, Blocked) else [str(refused)]
        with writing(request) as work:
            typed = {f"{workflow.name}.{name}": " ".join(words)}
            return _item_page(request, work, _found(request, work), typed, status=409)
    except InvalidInput as invalid:
        with writing(request) as work:
            return _item_page(request, work, _found(request, work), {f"{workflow.name}.{name}": invalid.errors[0].message}, status=400)
    return HTTPSeeOther(target)


def _moment(text: str) -> dt.datetime | None:
    """A local time of the form, as an instant; Berlin's clock."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(dt.UTC)
    except ValueError:
        return None


# --- forms -----------------------------------------------------------------------------------------------------------


@desk_view("desk.new", permission=Permission.ITEM_EDIT)
def new_form(request: Request) -> Response:
    """An empty form."""
    kind = _kind(request)
    return _form_page(request, kind, forms.form_of(kind, _defaults(request, kind)), None, rev=0)


@desk_view("desk.new", permission=Permission.ITEM_EDIT, method="POST")
def create(request: Request) -> Response:
    """Make a new item of what was typed."""
    return _save(request, _kind(request), None)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT)
def edit_form(request: Request) -> Response:
    """The form with what is stored."""
    with writing(request) as work:
        row = _editable(request, work)
        return _form_page(request, row.kind, forms.form_of(row.kind, row.input), row, rev=row.rev)


@desk_view("desk.edit", permission=Permission.ITEM_EDIT, method="POST")
def change(request: Request) -> Response:
    """Save what was typed, unless somebody was faster."""
    with writing(request) as work:
        kind = _editable(request, work).kind
    return _save(request, kind, int(request.matchdict["id"]))


def _save(request: Request, kind: str, item_id: int | None) -> Response:
    given = forms.read_form(kind, _texts(request))
    more, rev = str(request.POST.get("mehr", "")), _rev(request)
    if more or request.POST.get("behalten"):
        with writing(request) as work:
            row = _editable(request, work) if item_id else None
            return _form_page(request, kind, forms.form_of(kind, given, more=more), row, rev=rev)
    try:
        with writing(request) as work:
            row = _editable(request, work) if item_id else None
            uploads = _uploads(request)
            _name_uploads(given, uploads)
            value = clean_item(kind, _with_hidden(kind, given, row))
            files = _DeskFiles(work, row, dict(uploads.values()))
            saved = edit.save(
                work.session, kind, value, now=work.desk.now, files=files, actor=request.person.login,
                actor_name=request.person.name, item=row, rev=rev if item_id else None,
            )
            if item_id is None and saved.outcome is not edit.Outcome.CREATED:
                raise InvalidInput([FieldError("slug", "doubled", f"{saved.item.url} gibt es schon. Bitte einen anderen Adressteil wählen.")])
            if item_id is None:
                saved.item.owner = _owner(request, kind)
            audit(request, work, f"item.{saved.outcome}", saved.item.url)
            target = f"/redaktion/eintrag/{saved.item.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            row = _editable(request, work) if item_id else None
            return _form_page(request, kind, forms.form_of(kind, given, invalid.errors), row, rev=rev, status=400)
    except StaleText:
        with writing(request) as work:
            row = _editable(request, work)
            theirs = compare_html(_as_text(row.input), _as_text(given))
            return _form_page(request, kind, forms.form_of(kind, given), row, rev=row.rev, status=409, difference=theirs)
    return HTTPSeeOther(target)


@desk_view("desk.preview", permission=Permission.ITEM_EDIT, method="POST")
def preview(request: Request) -> Response:
    """What the public would see: the item is really published, read by the public side, and all of it is undone."""
    kind, item_id = _kind(request), str(request.POST.get("id", ""))
    given = forms.read_form(kind, _texts(request))
    try:
        with request.registry.house.writing("preview", permits=ROLES["operator"].permits) as work:
            row = queries.item(work.session, request.person, int(item_id)) if item_id.isdigit() else None
            try:
                value = clean_item(kind, _with_hidden(kind, given, row))
                saved = edit.save(work.session, kind, value, now=work.desk.now, files=_DeskFiles(work, row, {}), item=row)
                if isinstance(saved.item, models.Decision) and not saved.item.number:
                    saved.item.number, saved.item.year = "Entwurf", work.desk.now.year
                _show_publicly(work, saved.item)
                work.session.flush()
                shown = Reader(work.session.connection()).page(saved.item.url)
                assert shown is not None  # noqa: S101 - just published in this transaction
                html = _public_html(request, shown)
            except InvalidInput as invalid:
                return _form_page(request, kind, forms.form_of(kind, given, invalid.errors), row, rev=_rev(request), status=400)
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
        row = _found(request, work)
        rows = queries.revisions(work.session, row.id)
        shown = parameter(request, "rev")
        difference = None
        for newer, older in zip(rows, [*rows[1:], None], strict=True):
            if shown == str(newer.rev):
                difference = compare_html(_as_text(older.input if older else {}), _as_text(newer.input))
        return page(request, "desk/revisions.html", title="Verlauf", item=row, rows=rows, shown=shown, difference=difference)


# --- votes -----------------------------------------------------------------------------------------------------------


@desk_view("desk.vote", permission=Permission.VOTE_RECORD)
def vote_form(request: Request) -> Response:
    """The ballots of each member."""
    with writing(request) as work:
        return _vote_page(request, work, _decision(request, work), {}, None)


@desk_view("desk.vote", permission=Permission.VOTE_RECORD, method="POST")
def record_vote(request: Request) -> Response:
    """Keep the ballots and statements, and tell what came out."""
    given = {key[7:]: value for key, value in request.POST.items() if key.startswith("ballot.") and isinstance(value, str)}
    statements = [
        {"members": request.POST.getall(f"statement.{index}.members"), "text": str(request.POST.get(f"statement.{index}.text", ""))}
        for index in range(1, 41)
        if f"statement.{index}.text" in request.POST
    ]
    try:
        with writing(request) as work:
            row = _decision(request, work)
            desk = _as(work, request.person.permits_on(row.kind, row.owner))
            ballots.record(
                desk, row, given, is_circulation=bool(request.POST.get("is_circulation")),
                is_en_bloc=bool(request.POST.get("is_en_bloc")), rule=str(request.POST.get("rule", "")) or None,
            )
            ballots.set_statements(desk, row, statements)
            audit(request, work, "vote.recorded", row.url)
            target = f"/redaktion/eintrag/{row.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _vote_page(request, work, _decision(request, work), given, [error.message for error in invalid.errors], statements)
    except Blocked as refused:
        with writing(request) as work:
            return _vote_page(request, work, _decision(request, work), given, [b.message for b in refused.blockers], statements)
    return HTTPSeeOther(target)


def _vote_page(
    request: Request, work: Work, row: models.Decision, given: Mapping[str, str], errors: list[str] | None,
    statements: list[dict[str, Any]] | None = None,
) -> Response:
    vote = ballots.vote_of(work.session, row)
    kept = given or ({ballot.member_code: ballot.choice for ballot in vote.ballots} if vote else {})
    day = row.date or (row.meeting.date if row.meeting else None)
    members, key_year = ballots.members_of(row.body, (day or work.desk.now.date()).year)
    written = statements or [
        {"members": found.member_codes, "text": found.text} for found in ballots.statements_of(work.session, row)
    ]
    return page(
        request, "desk/vote.html", title="Abstimmung", item=row, members=members, given=kept, key_year=key_year, rules=voting.RULES,
        rule=vote.rule if vote else row.body.voting_rule, choices=voting.CHOICE_WORDS, errors=errors or [], vote=vote,
        statements=[*written, {"members": [], "text": ""}], status=400 if errors else 200,
    )


@desk_view("desk.workflows")
def workflows(request: Request) -> Response:
    """Every workflow: its states, its steps, who may take them and what is checked."""
    holders = {permission: [role.title for role in ROLES.values() if permission in role.permits] for permission in Permission}
    return page(request, "desk/workflows.html", title="Abläufe", workflows=WORKFLOWS, holders=holders)


# --- helpers ---------------------------------------------------------------------------------------------------------


class _DeskFiles:
    """Files of a form: those just uploaded, else those that the item has already."""

    def __init__(self, work: Work, row: models.Item | None, uploads: Mapping[str, bytes]) -> None:
        self._store = store_file(work)
        self._uploads = uploads
        self._known = {kept.file_name: kept.file for kept in row.attachments if kept.file} if row is not None else {}
        image = row.image if isinstance(row, models.PressRelease) else None
        self._image = (image.file_name, image.file) if image and image.file else (None, None)

    def attachment(self, name: str, field: str) -> models.File:
        if name in self._uploads:
            body = self._uploads[name]
            try:
                return self._store(body, check_upload(body, name), None, None)
            except UploadRefused as refused:
                raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused
        if name in self._known:
            return self._known[name]
        raise InvalidInput([FieldError(field, "missing_file", f"Die Datei „{name}“ fehlt. Bitte noch einmal auswählen.")])

    def image(self, name: str, field: str) -> models.File:
        if name in self._uploads:
            try:
                check_upload(self._uploads[name], name)
                body, media_type, width, height = prepare_image(self._uploads[name])
            except UploadRefused as refused:
                raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused
            return self._store(body, media_type, width, height)
        known, file = self._image
        if file is not None and known == name.rsplit("/", 1)[-1]:
            return file
        raise InvalidInput([FieldError(field, "missing_file", f"Das Bild „{name}“ fehlt. Bitte noch einmal auswählen.")])


def _texts(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.POST.items() if isinstance(value, str)}


def _uploads(request: Request) -> dict[str, tuple[str, bytes]]:
    """Field → (clean name, bytes) of the files that were chosen."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, value in request.POST.items():
        if name.endswith(forms.UPLOAD) and not isinstance(value, str) and getattr(value, "filename", ""):
            found[name.removesuffix(forms.UPLOAD).removesuffix(".")] = (clean_file_name(value.filename), value.file.read())
    return found


def _name_uploads(given: dict[str, Any], uploads: Mapping[str, tuple[str, bytes]]) -> None:
    """Put the names of uploaded files where the form names files; a row of nothing but a file becomes a row."""
    for path, (name, _) in uploads.items():
        parts = path.split(".")
        if parts[0] == "image":
            given["image"] = {**(given.get("image") or {"alt": None, "caption": None, "credit": None}), "file": name}
        elif parts[0] == "attachments" and len(parts) == 3 and parts[1].isdigit():
            rows = given.setdefault("attachments", [])
            index = int(parts[1]) - 1
            if index >= len(rows):
                rows.append({"title": name, "visibility": "public", "reason": None})
                index = len(rows) - 1
            rows[index]["file"] = name


def _with_hidden(kind: str, given: Mapping[str, Any], row: models.Item | None) -> dict[str, Any]:
    """What no form sets stays as it is."""
    kept = {name: row.input.get(name) for name in forms.HIDDEN.get(kind, ())} if row is not None else {}
    return {**given, **kept}


def _as_text(value: Mapping[str, Any]) -> str:
    """An input as text to compare: one paragraph a field."""
    parts = []
    for name, entry in value.items():
        if entry not in (None, "", [], {}):
            shown = entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False, default=str, indent=1)
            parts.append(f"{name}:\n\n{shown}")
    return "\n\n".join(parts)


def _rev(request: Request) -> int:
    text = str(request.POST.get("rev", "0"))
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _kind(request: Request) -> str:
    kind: str = request.matchdict["kind"]
    if kind not in queries.kinds_of(request.person):
        raise MissingRight if kind in KINDS else HTTPNotFound
    return kind


def _new_kinds(request: Request) -> list[tuple[str, str]]:
    return [(name, KINDS[name].label) for name in queries.kinds_of(request.person)]


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
        bodies = edit.known_bodies(work.session)
        slug = bodies.by_suffix.get("", "")
        copied = parameter(request, "wie")
        row = queries.item(work.session, request.person, int(copied)) if copied.isdigit() else None
        if kind == "meeting" and row is not None and row.kind == "meeting":
            agenda = [{**entry, "decision": None, "note": None} for entry in row.input.get("agenda", ())]
            return {"body": row.input.get("body"), "place": None, "agenda": agenda}
        if kind == "decision" and row is not None and row.kind == "meeting":
            return {"body": row.input.get("body"), "meeting": row.url}
    return {"body": slug} if slug else {}


def _found(request: Request, work: Work) -> models.Item:
    row = queries.item(work.session, request.person, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def _editable(request: Request, work: Work) -> models.Item:
    row = _found(request, work)
    if Permission.ITEM_EDIT not in request.person.permits_on(row.kind, row.owner):
        raise MissingRight
    return row


def _decision(request: Request, work: Work) -> models.Decision:
    row = _found(request, work)
    if not isinstance(row, models.Decision):
        raise HTTPNotFound
    return row


def _form_page(
    request: Request, kind: str, form: forms.Form, row: models.Item | None, *, rev: int, status: int = 200, difference: str | None = None
) -> Response:
    title = f"{KINDS[kind].label} bearbeiten" if row is not None else f"{KINDS[kind].label} anlegen"
    return page(
        request, "desk/form.html", title=title, form=form, kind=kind, item=row, rev=rev, status=status, difference=difference,
        upload=forms.UPLOAD, remove=forms.REMOVE,
    )
