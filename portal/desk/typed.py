"""What was typed into a form of the desk: texts, uploaded files, the revision it was made from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.database.storage import UploadRefused, check_upload, clean_file_name
from content.house import Work
from content.models.item import new_uid
from content.schemas import FieldError, InvalidInput
from content.services.base import draft_order
from content.services.editing import form_drafts, pictures
from content.services.editing.form_drafts import Kept
from content.typed.whole import whole
from portal.desk import forms, linking
from portal.web import incoming
from portal.web.common import number_in
from portal.web.incoming import store_file

DRAFT: Final = incoming.DRAFT
KEPT: Final = incoming.KEPT
"""Names of the hidden inputs with the draft of the form, and with that of what was typed before a conflict."""
NUMBER: Final = "nr"
"""Name of the hidden input by which the browser numbers what it sends (`draft_order`)."""


class DeskFiles:
    """Files of a form: those just chosen, those kept with its draft, else those that the item has already."""

    def __init__(self, work: Work, row: models.Item | None, typed: Typed, login: str) -> None:
        self._keep = store_file(work)
        self.arrived: dict[str, bytes] = {}
        """SHA-256 → bytes of what was stored here; they lie in their place only when the transaction is done."""
        kept = form_drafts.files_of(work.session, login, typed.uids)
        self._uploads = {**{name: _bytes(work, sha256) for name, sha256 in kept.items()}, **typed.uploads}
        self._known = {kept.file_name: kept.file for kept in row.attachments if kept.file} if row is not None else {}
        past = {name: work.session.get(models.File, sha256) for name, sha256 in typed.past.items()}
        self._past = {name: file for name, file in past.items() if file is not None}
        image = row.image if isinstance(row, models.PressRelease) else None
        self._image = (image.file_name, image.file) if image and image.file else (None, None)

    @property
    def renewed(self) -> frozenset[str]:
        """Names whose bytes may be others than the item has under them."""
        return frozenset({*self._uploads, *self._past})

    def _store(self, body: bytes, media_type: str, width: int | None, height: int | None) -> models.File:
        row = self._keep(body, media_type, width, height)
        self.arrived[row.sha256] = body
        return row

    def attachment(self, name: str, field: str) -> models.File:
        if name in self._uploads:
            body = self._uploads[name]
            try:
                return pictures.keep_any(self._store, body, check_upload(body, name))
            except UploadRefused as refused:
                raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused
        if name in self._past:
            return self._past[name]
        if name in self._known:
            return self._known[name]
        raise InvalidInput(
            [FieldError(field, "missing_file", f"Die Datei „{name}“ fehlt. Bitte noch einmal auswählen.")]
        )

    def image(self, name: str, field: str) -> models.File:
        if name in self._uploads:
            try:
                check_upload(self._uploads[name], name)
                return pictures.keep(self._store, self._uploads[name])
            except UploadRefused as refused:
                raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused
        if name in self._past:
            return self._past[name]
        known, file = self._image
        if file is not None and known == name.rsplit("/", 1)[-1]:
            return file
        raise InvalidInput(
            [FieldError(field, "missing_file", f"Das Bild „{name}“ fehlt. Bitte noch einmal auswählen.")]
        )


def _bytes(work: Work, sha256: str) -> bytes:
    with work.files.open(sha256) as file:
        return file.read()


@dataclass(frozen=True, slots=True)
class Typed:
    """A posted form: its input, not judged yet; the files chosen in it; what it was made from."""

    kind: str
    given: dict[str, Any]
    uploads: Mapping[str, bytes]
    """Clean name → bytes."""
    names: Mapping[str, str]
    """Place in the form, as in `attachments.2` → clean name of the file chosen there."""
    rev: int
    uid: str
    """Names the form as it was opened; its draft has the same."""
    kept: str
    """The draft of what was typed before somebody else's save was met; empty where there was none."""
    focus: str = ""
    """Id of the button to go on with, where a row was moved."""
    past: Mapping[str, str] = field(default_factory=dict)
    """Clean name → SHA-256 of the files of an old revision that is to be saved again."""
    number: int = 0
    """As the browser counts what it sends."""

    @property
    def uids(self) -> tuple[str, ...]:
        """The drafts that this form stands for."""
        return (self.uid, self.kept) if self.kept else (self.uid,)


def typed_form(request: Request, kind: str) -> Typed:
    """What was typed and chosen in a form of the desk. A chosen file names itself where the form names files."""
    texts = linking.taken(request, typed_texts(request))
    uploads = typed_uploads(request)
    for path, (name, _) in uploads.items():
        texts[f"{path}.file"] = name
        if path.startswith("attachments.") and not texts.get(f"{path}.title", "").strip():
            texts[f"{path}.title"] = name
    texts, focus = forms.moved(forms.fields_of(kind), texts)
    given = forms.read_form(kind, texts)
    names = {path: name for path, (name, _) in uploads.items()}
    uid, kept = _uid(texts.get(DRAFT)) or new_uid(), _uid(texts.get(KEPT))
    return Typed(
        kind, given, dict(uploads.values()), names, typed_rev(request), uid, kept, focus, number=typed_number(request)
    )


def typed_texts(request: Request) -> dict[str, str]:
    """Name → text of every input; what a database cannot hold is left out."""
    return {name: value.replace("\x00", "") for name, value in request.POST.items() if isinstance(value, str)}


def typed_uploads(request: Request) -> dict[str, tuple[str, bytes]]:
    """Field → (clean name, bytes) of the files that were chosen."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, value in request.POST.items():
        if name.endswith(forms.UPLOAD) and not isinstance(value, str) and getattr(value, "filename", ""):
            value.file.seek(0)
            found[name.removesuffix(forms.UPLOAD).removesuffix(".")] = (
                clean_file_name(value.filename),
                value.file.read(),
            )
    return found


def _uid(text: str | None) -> str:
    return text if text is not None and _UID.fullmatch(text) else ""


_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def with_hidden(kind: str, given: Mapping[str, Any], row: models.Item | None) -> dict[str, Any]:
    """What no form sets stays as it is."""
    kept = {name: row.input.get(name) for name in forms.HIDDEN.get(kind, ())} if row is not None else {}
    return {**given, **kept}


def typed_rev(request: Request) -> int:
    """The revision that the form was made from; 0 where it does not say."""
    return number_in(str(request.POST.get("rev", "0")))


def typed_number(request: Request) -> int:
    """What the browser counted to; 0 where no script counts."""
    return whole(str(request.POST.get(NUMBER, "")), most=draft_order.MOST) or 0


def kept_answer(done: Kept, told: Mapping[str, Any], last: draft_order.Last) -> Response:
    """The answer to the script that keeps what is typed; it goes by the status where nothing was kept.

    `last`: from which the script counts on where it came too late.
    """
    late = {"number": last.number, "finished": last.is_finished}
    status, body = {Kept.KEPT: (200, told), Kept.TOO_LONG: (413, {}), Kept.LATE: (410, late)}[done]
    return Response(json.dumps(body).encode(), status=status, content_type="application/json", charset="utf-8")


def discard_draft(work: Work, login: str, uid: str) -> None:
    """Forget a draft that is not wanted; what its windows sent before this moment is late."""
    form_drafts.finish(work.session, login, [uid], number=int(work.desk.now.timestamp() * 1000), now=work.desk.now)
