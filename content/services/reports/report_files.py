"""Pictures and papers that a report shows: kept as its attachments, put into a section's text by their address.

They are public with an edition of the report and not before; at the desk only those who write the report see them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from content import models
from content.database.storage import IMAGE_TYPES, UploadRefused, check_upload, clean_file_name
from content.schemas import FieldError, InvalidInput, clean
from content.schemas.reading import Field, line, required
from content.services.editing import edit, pictures
from content.services.reports import reports
from content.services.reports.reports import Author
from content.text.merge import split

_ENDINGS: Final[Mapping[str, str]] = {"image/jpeg": ".jpg", "image/png": ".png"}
_ADDRESS: Final = re.compile(r'"(/datei/([0-9a-f]{64})/)')
_ABOUT_PAPER: Final = {"title": required(line(), "Die Beschreibung")}
_ABOUT_PICTURE: Final = {
    "title": required(line(), "Die Beschreibung (Alternativtext)"),
    "caption": Field(line(), "Bildunterschrift", default=str),
    "credit": required(line(200), "Der Bildnachweis"),
}


def is_picture(attachment: models.Attachment) -> bool:
    """Whether it can be shown as a figure."""
    return attachment.file is not None and attachment.file.media_type in IMAGE_TYPES


def address_of(attachment: models.Attachment) -> str:
    """Where the public gets it, once an edition shows it."""
    return f"/datei/{attachment.sha256}/{quote(attachment.file_name)}"


def known(report: models.Report, sha256: str) -> models.Attachment | None:
    """The attachment with that content."""
    return next((row for row in report.attachments if row.sha256 == sha256), None)


def add(
    session: Session,
    report: models.Report,
    *,
    name: str,
    body: bytes,
    about: Mapping[str, Any],
    author: Author,
    store: pictures.Store,
) -> tuple[models.Attachment, str]:
    """Keep a file of the report; with it the Markdown that shows it. `about`: title, for pictures caption and credit.

    Raises `InvalidInput`.
    """
    reports.hold(session, report)
    given = {field: about.get(field) for field in _ABOUT_PICTURE}
    media_type = _media_type(body, name)
    if media_type not in IMAGE_TYPES:
        value = clean(_ABOUT_PAPER, {"title": given["title"]})
        row = keep(session, report, name=name, body=body, title=value["title"], author=author, store=store)
        return row, f"[{_plain(row.title)}]({address_of(row)})"
    value = clean(_ABOUT_PICTURE, given)
    row = keep(session, report, name=name, body=body, title=value["title"], author=author, store=store)
    return row, figure(row, value["title"], caption=value["caption"], credit=value["credit"])


def keep(
    session: Session,
    report: models.Report,
    *,
    name: str,
    body: bytes,
    title: str,
    author: Author,
    store: pictures.Store,
) -> models.Attachment:
    """The attachment that holds this file; content that the report has already stays where it is. Raises `InvalidInput`."""
    mine = known(report, hashlib.sha256(body).hexdigest())
    if mine is not None:
        return mine
    media_type = _media_type(body, name)
    try:
        file = pictures.keep_any(store, body, media_type)
    except UploadRefused as refused:
        raise InvalidInput([FieldError("file", refused.code, str(refused))]) from refused
    mine = known(report, file.sha256)
    if mine is not None:
        return mine
    row = models.Attachment(
        position=len(report.attachments) + 1,
        title=title,
        file_name=_free_name(report, name, file.media_type),
        sha256=file.sha256,
        visibility="public",
        file=file,
    )
    report.attachments.append(row)
    entry = {"title": title, "file": row.file_name, "visibility": "public", "reason": None}
    edit.follow(report, attachments=[*report.input.get("attachments", ()), entry])
    reports.keep(session, report, author, f"Datei {row.file_name} aufgenommen")
    return row


def figure(attachment: models.Attachment, alt: str, *, caption: str = "", credit: str = "") -> str:
    """The Markdown that shows a picture with what stands below it."""
    below = (
        " | ".join([caption.replace("|", "/"), credit.replace("|", "/")]).strip(" ")
        if credit
        else caption.replace("|", "/")
    )
    words = below.replace('"', "”").replace("\\", "/")
    return f"![{_plain(alt)}]({address_of(attachment)}" + (f' "{words}")' if words else ")")


def at_the_desk(report: models.Report, html: str) -> str:
    """`html` whose files of this report lead to the desk, where they can be seen before an edition shows them."""
    own = {row.sha256 for row in report.attachments if row.sha256}
    return _ADDRESS.sub(
        lambda match: f'"/redaktion/bericht/{report.id}{match[1]}' if match[2] in own else match[0], html
    )


def inserted(text: str, offset: int, piece: str) -> str:
    """`text` with `piece` as a paragraph of its own behind the paragraph at `offset` (characters; beyond: at the end)."""
    position = 0
    for paragraph in split(text):
        position = text.index(paragraph, position) + len(paragraph)
        if offset <= position:
            return f"{text[:position]}\n\n{piece}{text[position:]}"
    return f"{text.rstrip()}\n\n{piece}".lstrip("\n")


def _plain(words: str) -> str:
    return re.sub(r"([\\\[\]*_`<>])", r"\\\1", words)


def _media_type(body: bytes, name: str) -> str:
    try:
        return check_upload(body, name)
    except UploadRefused as refused:
        raise InvalidInput([FieldError("file", refused.code, str(refused))]) from refused


def _free_name(report: models.Report, name: str, media_type: str) -> str:
    """A name that no other file of the report has, and that needs no escaping in Markdown."""
    stem, _, ending = clean_file_name(name).rpartition(".")
    stem = re.sub(r"[^\w.]+", "-", stem).strip("-.") or "datei"
    ending = _ENDINGS.get(media_type, f".{ending}")
    taken = {row.file_name for row in report.attachments}
    found, count = f"{stem}{ending}", 1
    while found in taken:
        count += 1
        found = f"{stem}-{count}{ending}"
    return found
