"""Working rows: create and change them from clean values.

`save` is the one road from a clean value (see `content.schemas`) to a working row. It checks everything before it
writes anything, so a refusal leaves nothing behind. It says what happened: created, changed or unchanged. Publishing is
another matter (`publish.py`). What a step changes in a row, `follow` puts into its input: nothing else in the house writes one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import DRAFTS, decision_url, meeting_url
from content.kinds import KINDS, item_url
from content.schemas import FieldError, InvalidInput
from content.services.accounts import audit
from content.services.base import body_law, gazette_day
from content.services.base.lookup import body_by_slug, find, forget_bodies, take_turn
from content.services.base.outcome import Outcome
from content.services.editing import given_numbers, mentions
from content.services.editing.writers import WRITERS
from content.services.editing.writers.common import name_links

__all__ = [
    "NOTHING_HELD",
    "FileSource",
    "NoFiles",
    "Outcome",
    "Saved",
    "StaleText",
    "address",
    "as_json",
    "digest",
    "follow",
    "is_told",
    "save",
]


@dataclass(frozen=True, slots=True)
class Saved:
    """A working row after `save`."""

    item: models.Item
    outcome: Outcome


class FileSource(Protocol):
    """Where files named in a clean value come from; raises `InvalidInput` for what cannot be taken."""

    def attachment(self, name: str, field: str) -> models.File:
        """The stored file of that name."""

    def image(self, name: str, field: str) -> models.File:
        """The stored picture of that name, with width and height."""


class NoFiles:
    """A source for input that may name no files."""

    def attachment(self, name: str, field: str) -> models.File:
        raise InvalidInput([FieldError(field, "no_files", f"Die Datei „{name}“ wurde nicht mitgegeben.")])

    image = attachment


Stored = dict[str, models.File]


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of a clean value: the same input again can be recognised."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """A clean value with its dates as text."""
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain


NOTHING_HELD: Final[Mapping[str, Any]] = MappingProxyType({"input": {}, "input_digest": None, "told_digest": None})
"""The input of a row without content, by column."""


def follow(item: models.Item, **changes: Any) -> None:
    """The input of `item` says from now on what a step changed in the row: `changes` of its clean value, by name.

    What was told last stays known: an import that tells it again sets nothing back.
    """
    _hold_input(item, {**item.input, **as_json(changes)})


def _hold_input(item: models.Item, value: dict[str, Any]) -> None:
    item.input, item.input_digest = value, digest(value)


def is_told(item: models.Item, value: Mapping[str, Any]) -> bool:
    """Whether `value` is what was told of `item` last, or what it says now."""
    return digest(value) in {item.told_digest, item.input_digest}


def address(session: Session, kind: str, value: Mapping[str, Any]) -> str:
    """The lasting address of a clean value. Raises `InvalidInput` where its body or number is unknown."""
    if kind == "decision":
        body = body_by_slug(session, value["body"])
        if value["number"] is None:
            return f"{DRAFTS}{models.item.new_uid()}"
        number = body_law.parsed(body, value["number"])
        if number is None:
            message = f"„{value['number']}“ passt nicht zum Nummernmuster {body_law.of(body).number_pattern} von {body.title}."
            raise InvalidInput([FieldError("number", "malformed", message)])
        return decision_url(body.slug, number.year, number.serial)
    if kind == "meeting":
        body_by_slug(session, value["body"])
        date = value["date"].isoformat() if value["date"] else None
        return meeting_url(value["body"], value["kind"], ordinal=value["ordinal"], date=date)
    return item_url(kind, value["slug"])


class StaleText(Exception):  # noqa: N818 - named for the situation
    """The row has a newer revision than the one the text was made from; nothing was saved."""

    def __init__(self, item: models.Item) -> None:
        super().__init__("Der Eintrag wurde inzwischen von jemand anderem gespeichert.")
        self.item = item


EDITABLE_STATES: Final = frozenset({"draft", "submitted", "scheduled", "published", "withdrawn"})
"""Of what was submitted, `frozen_text` keeps what others approve; later edits are a new draft beside it."""


_APPROVING: Final = frozenset({"submitted", "scheduled"})
"""What was submitted before texts were kept stays as it is: nothing else says what others approve."""


def save(
    session: Session,
    kind: str,
    value: Mapping[str, Any],
    *,
    now: dt.datetime,
    files: FileSource | None = None,
    actor: str = "",
    actor_name: str = "",
    item: models.Item | None = None,
    rev: int | None = None,
    renewed: Collection[str] = (),
    uid: str = "",
) -> Saved:
    """Create or change the working row that `value` (a clean value) describes, and keep the revision.

    A value that is the row's leaves it untouched, unless a file of it is among `renewed`: names whose bytes may be
    others than before. With `item` that row is changed, if it still has the revision
    `rev`; its address may change only while it was never public. Without it (an import) what was told last time
    is nothing new either, whatever steps made of it. A new row gets the identity `uid`, where one is given.
    Raises `InvalidInput`, `StaleText`.
    """
    url, is_edited = address(session, kind, value), item is not None
    if item is None:
        take_turn(session, uid, url)
        item = find(session, url)
    else:
        _hold(session, item, rev)
        if kind == "decision" and value["number"] is None:
            url = item.url
        _check_address(session, item, url)
    if kind == "decision" and value["number"]:
        given_numbers.check(session, body_by_slug(session, value["body"]), value["number"], item)
    mark = digest(value)
    stored: Stored | None = None
    if item is not None and (item.input_digest == mark if is_edited else is_told(item, value)):
        stored = _stored_files(value, files or NoFiles()) if renewed else None
        if stored is None or _hashes(stored) == _hashes(files_of(item)):
            return Saved(item, Outcome.UNCHANGED)
    _check_change(session, kind, value, item, now)
    writer = WRITERS[kind]
    prepared = writer.prepare(session, value)
    stored = _stored_files(value, files or NoFiles()) if stored is None else stored
    value = writer.settle(value, stored)
    outcome = Outcome.CREATED if item is None else Outcome.CHANGED
    if item is None:
        item = KINDS[kind].model(kind=kind, url=url, created_at=now, rev=0, uid=uid or models.item.new_uid())
    item.url = url
    item.slug = value.get("slug") or url.rsplit("/", 1)[-1]
    item.title = value.get("title") or value.get("name")
    item.text = value.get("text") or ""
    item.topics = value["topics"]
    item.published_on = value["published_on"]
    item.changed_at, item.changed_by = now, actor
    item.rev += 1
    item.told_digest = mark
    _hold_input(item, as_json(value))
    writer.write(item, value, prepared)
    name_links(item, value.get("links", ()))
    item.attachments = _attachments(value["attachments"], stored)
    if isinstance(item, models.PressRelease):
        item.image = _image(item.image, value["image"], stored)
    session.add(item)
    session.flush()
    _keep_past(session, item, outcome, stored, now=now, actor=actor, actor_name=actor_name)
    if kind == "body":
        forget_bodies(session)
    return Saved(item, outcome)


def _check_change(
    session: Session, kind: str, value: Mapping[str, Any], item: models.Item | None, now: dt.datetime
) -> None:
    if item is not None:
        _check_editable(session, item)
    if kind == "decision":
        gazette_day.check(value, now)


def _check_editable(session: Session, item: models.Item) -> None:
    if item.publication_state in _APPROVING and session.get(models.FrozenText, item.id) is None:
        message = "Der Eintrag ist eingereicht oder terminiert und wird gerade geprüft. Bitte zuerst zurückholen oder zurückgeben."
        raise InvalidInput([FieldError("", "not_editable", message)])
    if item.publication_state not in EDITABLE_STATES:
        message = "Der Eintrag liegt im Papierkorb. Bitte zuerst wiederherstellen."
        raise InvalidInput([FieldError("", "not_editable", message)])


def _keep_past(
    session: Session,
    item: models.Item,
    outcome: Outcome,
    stored: Stored,
    *,
    now: dt.datetime,
    actor: str,
    actor_name: str,
) -> None:
    """The number, the revision, the addresses that it names, the line of the log."""
    if isinstance(item, models.Decision):
        given_numbers.keep(session, item, now=now, actor=actor)
    session.execute(
        sa.insert(_REVISION),
        {
            "item_id": item.id,
            "rev": item.rev,
            "input": item.input,
            "actor": actor,
            "actor_name": actor_name or actor,
            "at": now,
            "files": {name: file.sha256 for name, file in stored.items()},
        },
    )
    mentions.keep(session, item, is_new=outcome is Outcome.CREATED)
    audit.note(
        session,
        now,
        actor=actor,
        name=actor_name,
        action=f"item.{outcome}",
        subject=item.url,
        detail=f"Revision {item.rev}",
    )


_REVISION: Final = cast("sa.Table", models.Revision.__table__)


def _hold(session: Session, item: models.Item, rev: int | None) -> None:
    """Take the row for this transaction, if nobody saved it since `rev`."""
    session.flush()
    found = session.execute(
        sa.select(models.Item.rev).where(models.Item.id == item.id).with_for_update(of=models.Item)
    ).scalar_one()
    if rev is not None and found != rev:
        session.refresh(item)
        raise StaleText(item)


def _check_address(session: Session, item: models.Item, url: str) -> None:
    if url == item.url:
        return
    if session.get(models.FrozenText, item.id) is not None:
        message = f"Unter {item.url} wartet ein eingereichter Text auf seine Veröffentlichung. Bitte Adressteil oder Nummer nicht ändern."
        raise InvalidInput([FieldError("slug", "address_is_submitted", message)])
    if number := given_numbers.of(session, item):
        message = f"Die Nummer {number} ist vergeben und bleibt, mit Gremium und Adresse {item.url}. Bitte Gremium oder Nummer nicht ändern."
        raise InvalidInput([FieldError("number", "number_is_given", message)])
    if session.scalar(sa.select(models.Edition.id).where(models.Edition.item_id == item.id).limit(1)) is not None:
        message = f"Die Adresse {item.url} ist veröffentlicht und bleibt. Bitte Adressteil oder Nummer nicht ändern."
        raise InvalidInput([FieldError("slug", "address_is_public", message)])
    take_turn(session, url)
    other = find(session, url)
    if other is not None:
        raise InvalidInput(
            [
                FieldError(
                    "slug",
                    "doubled",
                    "Diese Adresse gibt es schon, oder sie ist nicht frei. Bitte einen anderen Adressteil wählen.",
                )
            ]
        )


def files_of(item: models.Item) -> Stored:
    """Name → file of everything that the working row holds."""
    found = {row.file_name: row.file for row in item.attachments if row.file is not None}
    if isinstance(item, models.PressRelease) and item.image and item.image.file:
        found[str(item.image.file_name)] = item.image.file
    return found


def _hashes(stored: Stored) -> list[str]:
    return sorted(file.sha256 for file in stored.values())


def _stored_files(value: Mapping[str, Any], files: FileSource) -> Stored:
    stored: Stored = {}
    errors: list[FieldError] = []
    wanted: list[tuple[str, str, Callable[[str, str], models.File]]] = [
        (attachment["file"], f"attachments.{index + 1}.file", files.attachment)
        for index, attachment in enumerate(value["attachments"])
        if attachment["file"]
    ]
    image = value.get("image")
    if image and image["file"]:
        wanted.append((image["file"], "image.file", files.image))
    for name, field, take in wanted:
        try:
            stored[name] = take(name, field)
        except InvalidInput as invalid:
            errors += invalid.errors
    if errors:
        raise InvalidInput(errors)
    return stored


def _attachments(rows: Iterable[Mapping[str, Any]], stored: Stored) -> list[models.Attachment]:
    return [
        models.Attachment(
            position=position,
            title=row["title"],
            file_name=(row["file"] or "").rsplit("/", 1)[-1],
            sha256=stored[row["file"]].sha256 if row["file"] else None,
            visibility=row["visibility"],
            reason=row["reason"],
        )
        for position, row in enumerate(rows, start=1)
    ]


def _image(known: models.Image | None, row: Mapping[str, Any] | None, stored: Stored) -> models.Image | None:
    if row is None:
        return None
    # An item has one row for its picture: a second one would be written before the first is gone.
    image = known or models.Image()
    image.file = stored[row["file"]] if row["file"] else None
    image.file_name = (row["file"] or "").rsplit("/", 1)[-1] or None
    image.alt, image.caption, image.credit = row["alt"], row["caption"], row["credit"]
    return image
