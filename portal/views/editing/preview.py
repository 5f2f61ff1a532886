"""Preview: the page as the public would see it, made by publishing for real and undoing all of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.database.storage import IMAGE_TYPES, FileStore
from content.house import Work
from content.schemas import FieldError, InvalidInput, clean_item
from content.services.browsing.browse import Reader
from content.services.editing import edit
from content.services.publishing import frozen_text, publish
from content.services.workflow import desk_lists as queries
from content.services.workflow import transition
from portal.auth.desk import desk_view, writing
from portal.desk import form_page, item_page
from portal.desk.asked import wanted_kind
from portal.desk.typed import DeskFiles, Typed, typed_form, with_hidden
from portal.views.editing.editor import demand_free
from portal.web.common import body_of
from portal.web.incoming import prepare_pictures
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.vocabulary import ROLES, Permission


@desk_view("desk.preview", permission=Permission.ITEM_EDIT, method="POST")
def preview(request: Request) -> Response:
    """What the public would see: the item is really published, read by the public side, and all of it is undone."""
    typed, item_id = typed_form(request, wanted_kind(request)), str(request.POST.get("id", ""))
    prepare_pictures(request)
    try:
        with request.registry.house.writing(
            "preview", permits=ROLES["operator"].permits, grants=request.person.grants
        ) as work:
            row = queries.form_item(work.session, request.person, typed.kind, item_id)
            made = _published(request, work, typed, row)
            raise _Undo
    except InvalidInput as invalid:
        return _form_again(request, typed, item_id, invalid.errors)
    except Blocked as blocked:
        return _form_again(
            request, typed, item_id, [FieldError("", blocker.code, blocker.message) for blocker in blocked.blockers]
        )
    except _Undo:
        with writing(request) as work:
            row = queries.form_item(work.session, request.person, typed.kind, item_id)
            form_page.keep_draft(
                request, work, typed, row, is_auto=True
            )  # a preview takes its time: the form may be saved by now
        response = Response(_page(request, made).encode(), content_type="text/html", charset="utf-8")
        response.cache_control = "no-store"
        return response


@dataclass(frozen=True, slots=True)
class _Made:
    """What is kept of the transaction: address and values of the page; pictures it names; the bytes of those that came with the form."""

    url: str
    values: Mapping[str, Any]
    types: Mapping[str, str]
    arrived: Mapping[str, bytes]


class _Undo(Exception):  # noqa: N818 - a signal
    """Ends a preview: nothing of it is kept."""


def _form_again(request: Request, typed: Typed, item_id: str, errors: Iterable[FieldError]) -> Response:
    with writing(request) as work:
        row = queries.form_item(work.session, request.person, typed.kind, item_id)
        return form_page.again(request, work, typed, row, errors=errors, status=400)


def _published(request: Request, work: Work, typed: Typed, row: models.Item | None) -> _Made:
    """Only what needs the transaction: others wait for it, so page and pictures are made when it is over."""
    value = clean_item(typed.kind, with_hidden(typed.kind, typed.given, row))
    if row is None:
        demand_free(work, typed, value)  # else that row would be taken, as an import takes it
    files = DeskFiles(work, row, typed, request.person.login)
    saved = edit.save(work.session, typed.kind, value, now=work.desk.now, files=files, item=row, renewed=files.renewed)
    if isinstance(saved.item, models.Decision) and not saved.item.number:
        saved.item.number, saved.item.year = "Entwurf", work.desk.now.year
    if isinstance(saved.item, models.Recommendation) and saved.item.procedure_state in {None, RECOMMENDATION.initial}:
        transition.take(work.desk, saved.item, RECOMMENDATION, "propose")  # as it must stand when it is public
    frozen_text.drop(work.session, saved.item)  # what is shown is what was typed, not a change that somebody handed in
    if saved.item.publication_state != "published" or publish.differs(
        work.desk, saved.item
    ):  # else it is public as it stands
        step = _STEPS.get(saved.item.publication_state, "import")
        transition.take(work.desk, saved.item, PUBLICATION, step, {} if step == "import" else {"note": "Vorschau"})
    work.session.flush()
    reader = Reader(work.session.connection())
    published = reader.page(saved.item.url)
    assert published is not None  # noqa: S101 - just published in this transaction
    shown = replace(published, is_preview=True)
    base_url = request.registry.settings["portal.settings"].base_url
    values = item_page.template_values(reader, shown, base_url)
    return _Made(shown.url, values, _types(work, saved.item), files.arrived)


def _types(work: Work, item: models.Item) -> Mapping[str, str]:
    """SHA-256 → media type of the pictures that the edition names."""
    edition, file = models.Edition, models.File
    document = (
        work.session.scalar(
            sa.select(edition.document).where(edition.item_id == item.id, edition.valid_until.is_(None))
        )
        or ""
    )
    named = sorted(set(_HASH.findall(document)))
    rows = work.session.execute(
        sa.select(file.sha256, file.media_type).where(file.sha256.in_(named), file.media_type.in_(sorted(IMAGE_TYPES)))
    )
    return {row.sha256: row.media_type for row in rows} if named else {}


_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")


_STEPS: Final[Mapping[str, str]] = {"published": "correct", "withdrawn": "republish"}
"""State → the step that makes a new edition; everything else is published for the first time."""


def _page(request: Request, made: _Made) -> str:
    values = {**made.values, "title": f"Vorschau: {made.values['title']}"}
    html = body_of(request, feeds=(), query="", is_indexed=False, shown_at=made.url, **values)
    return _with_pictures(request, made, html)


def _with_pictures(request: Request, made: _Made, html: str) -> str:
    """`html` with the bytes of those pictures in it that the public has no address for yet."""
    known: dict[str, str] = {}

    def address(found: re.Match[str]) -> str:
        sha256 = found["sha256"]
        if sha256 not in known:
            known[sha256] = (
                "" if request.reader.file(sha256) is not None else _inline(request.registry.house.files, made, sha256)
            )
        return known[sha256] or found[0]

    return _PICTURES.sub(lambda attribute: _ADDRESS.sub(address, attribute[0]), html)


_PICTURES: Final = re.compile(r'\bsrc(?:set)?="[^"]*"')
_ADDRESS: Final = re.compile(r'/datei/(?P<sha256>[0-9a-f]{64})/[^"\s,]*')


def _inline(files: FileStore, made: _Made, sha256: str) -> str:
    if sha256 not in made.types:
        return ""
    path = files.path(sha256)
    body = made.arrived.get(sha256) or (path.read_bytes() if path.exists() else b"")
    return f"data:{made.types[sha256]};base64,{base64.b64encode(body).decode()}" if body else ""
