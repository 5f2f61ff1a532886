"""Preview: the page as the public would see it, made by publishing for real and undoing all of it."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.export import citation
from content.house import Work
from content.kinds import KINDS
from content.schemas import InvalidInput, clean_item
from content.services import desk as queries
from content.services import edit, transition
from content.services.browse import Reader
from portal import form_page
from portal.asked import wanted_kind
from portal.desk import desk_view, writing
from portal.typed import DeskFiles, Typed, typed_form, with_hidden
from portal.views.common import body_of
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES, Permission


@desk_view("desk.preview", permission=Permission.ITEM_EDIT, method="POST")
def preview(request: Request) -> Response:
    """What the public would see: the item is really published, read by the public side, and all of it is undone."""
    typed, item_id = typed_form(request, wanted_kind(request)), str(request.POST.get("id", ""))
    try:
        with request.registry.house.writing("preview", permits=ROLES["operator"].permits) as work:
            row = _row(request, work, item_id)
            html = _published(request, work, typed, row)
            raise _Undo
    except InvalidInput as invalid:
        with writing(request) as work:
            return form_page.again(request, work, typed, _row(request, work, item_id), errors=invalid.errors, status=400)
    except _Undo:
        with writing(request) as work:
            form_page.keep_draft(request, work, typed, _row(request, work, item_id))
        response = Response(html.encode(), content_type="text/html", charset="utf-8")
        response.cache_control = "no-store"
        return response


def _row(request: Request, work: Work, item_id: str) -> models.Item | None:
    return queries.item(work.session, request.person, int(item_id)) if item_id.isdigit() and len(item_id) < 10 else None


def _published(request: Request, work: Work, typed: Typed, row: models.Item | None) -> str:
    value = clean_item(typed.kind, with_hidden(typed.kind, typed.given, row))
    files = DeskFiles(work, row, typed, request.person.login)
    saved = edit.save(work.session, typed.kind, value, now=work.desk.now, files=files, item=row)
    if isinstance(saved.item, models.Decision) and not saved.item.number:
        saved.item.number, saved.item.year = "Entwurf", work.desk.now.year
    _show_publicly(work, saved.item)
    work.session.flush()
    shown = Reader(work.session.connection()).page(saved.item.url)
    assert shown is not None  # noqa: S101 - just published in this transaction
    return _public_html(request, shown)


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
