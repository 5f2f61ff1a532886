"""What was typed into a form of the desk: texts, uploaded files, the revision it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services import pictures
from content.storage import UploadRefused, check_upload, clean_file_name
from portal import forms
from portal.incoming import store_file


class DeskFiles:
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
                return pictures.keep(self._store, self._uploads[name])
            except UploadRefused as refused:
                raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused
        known, file = self._image
        if file is not None and known == name.rsplit("/", 1)[-1]:
            return file
        raise InvalidInput([FieldError(field, "missing_file", f"Das Bild „{name}“ fehlt. Bitte noch einmal auswählen.")])


def typed_texts(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.POST.items() if isinstance(value, str)}


def typed_uploads(request: Request) -> dict[str, tuple[str, bytes]]:
    """Field → (clean name, bytes) of the files that were chosen."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, value in request.POST.items():
        if name.endswith(forms.UPLOAD) and not isinstance(value, str) and getattr(value, "filename", ""):
            found[name.removesuffix(forms.UPLOAD).removesuffix(".")] = (clean_file_name(value.filename), value.file.read())
    return found


def name_uploads(given: dict[str, Any], uploads: Mapping[str, tuple[str, bytes]]) -> None:
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


def with_hidden(kind: str, given: Mapping[str, Any], row: models.Item | None) -> dict[str, Any]:
    """What no form sets stays as it is."""
    kept = {name: row.input.get(name) for name in forms.HIDDEN.get(kind, ())} if row is not None else {}
    return {**given, **kept}


def input_as_text(value: Mapping[str, Any]) -> str:
    """An input as text to compare: one paragraph a field."""
    parts = []
    for name, entry in value.items():
        if entry not in (None, "", [], {}):
            shown = entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False, default=str, indent=1)
            parts.append(f"{name}:\n\n{shown}")
    return "\n\n".join(parts)


def typed_rev(request: Request) -> int:
    text = str(request.POST.get("rev", "0"))
    return int(text) if text.isdigit() and len(text) < 10 else 0
