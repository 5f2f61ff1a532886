"""The yearly change of chair in one act: the body's new term, the new press contacts, the end of the old ones.

All of it or nothing. The body's text is only written, never published here: a draft is submitted, and of a public body
those hear who may correct it; the public page changes when one of them does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from content import models
from content.schemas import SCHEMAS, FieldError, InvalidInput, clean, clean_item
from content.schemas.parts import CHAIR
from content.services.accounts import audit
from content.services.base import body_law
from content.services.base.lookup import body_by_slug
from content.services.editing import contacts, edit
from content.services.notifications import recipients
from content.services.notifications.notify import notify
from content.services.publishing.publish import Desk
from content.services.workflow import transition
from workflows.publication import PUBLICATION
from workflows.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of chair did. `renewed`: public editions in which contacts were changed."""

    body: models.Body
    term: Mapping[str, Any]
    is_new_term: bool
    created: tuple[models.Contact, ...]
    ended: tuple[models.Contact, ...]
    last_day: dt.date
    renewed: int
    asked: int
    """How many people were told that the body waits for its correction."""
    waiting: tuple[str, ...]
    """What else the working copy of the public body says, in German: a correction makes it public with the new chair."""


def change(desk: Desk, given: Mapping[str, Any]) -> Change:
    """Change the chair. Raises `InvalidInput`, `Blocked`; then nothing was done."""
    contacts.require_right(desk)
    value = clean(CHAIR, given)
    errors = [
        error
        for index, row in enumerate(value["contacts"], start=1)
        for error in contacts.reachable(row, f"contacts.{index}.")
    ]
    if not value["contacts"]:
        errors.append(
            FieldError("contacts", "missing", "Die neuen Pressekontakte fehlen. Bitte mindestens einen angeben.")
        )
    if errors:
        raise InvalidInput(errors)
    body, first_day = body_by_slug(desk.session, value["body"]), value["first_day"]
    last_day = first_day - dt.timedelta(days=1)
    term = {"year": value["year"], "name": value["name"], "land": value["land"]}
    waiting = _waiting(desk, body)
    is_new_term = _write_term(desk, body, term)
    old = contacts.of_chair(desk.session, body.slug, last_day)
    ended = [row for row in old if row.valid_until is None or row.valid_until > last_day]
    renewed = contacts.end(desk, ended, last_day)
    created = [contacts.create(desk, {**row, "valid_from": first_day, "body": body.slug}) for row in value["contacts"]]
    asked = _ask_for_review(desk, body, term, waiting) if is_new_term else 0
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action="chair.changed",
        subject=body.url,
        detail=f"{term['year']}: {term['name']}, {term['land']}",
    )
    return Change(body, term, is_new_term, tuple(created), tuple(ended), last_day, renewed, asked, waiting)


def _write_term(desk: Desk, body: models.Body, term: Mapping[str, Any]) -> bool:
    """Put the term into the body's working row; whether it was not there yet."""
    chairs = [dict(row) for row in body.input.get("chairs", ())]
    held = next((row for row in chairs if row["year"] == term["year"]), None)
    if held == term:
        return False
    if held is not None and held["name"]:
        who = ", ".join(part for part in (held["name"], held["land"]) if part)
        message = f"Für {term['year']} steht schon {who} im Gremium. Bitte das Jahr prüfen oder den Eintrag am Gremium berichtigen."
        raise InvalidInput([FieldError("year", "doubled", message)])
    kept = [row for row in chairs if row is not held]
    written = clean_item("body", {**body.input, "chairs": sorted([*kept, dict(term)], key=lambda row: row["year"])})
    edit.save(
        desk.session,
        "body",
        written,
        now=desk.now,
        files=_KeptFiles(body),
        actor=desk.actor,
        actor_name=desk.actor_name,
        item=body,
        rev=body.rev,
    )
    return True


def _waiting(desk: Desk, body: models.Body) -> tuple[str, ...]:
    """What somebody saved at the public body before, and nobody made public yet."""
    if body.publication_state != "published":
        return ()
    table = models.Revision
    public = desk.session.scalar(sa.select(table.input).where(table.item_id == body.id, table.rev == body.public_rev))
    if public is None:
        return body_law.of(body).waiting
    other = [name for name in SCHEMAS["body"] if (public.get(name) or None) != (body.input.get(name) or None)]
    return tuple(
        "frühere Angaben zum Vorsitz" if name == "chairs" else _ARTICLE.sub("", SCHEMAS["body"][name].label)
        for name in other
    )


_ARTICLE: Final = re.compile(r"^(Der|Die|Das) ")


def _ask_for_review(desk: Desk, body: models.Body, term: Mapping[str, Any], waiting: tuple[str, ...]) -> int:
    if body.publication_state == "draft":
        transition.take(desk, body, PUBLICATION, "submit")
        return 0
    if body.publication_state != "published":
        return 0
    more = f" Berichtigen macht auch öffentlich, was dort schon wartet: {', '.join(waiting)}." if waiting else ""
    return notify(
        desk.session,
        "waits",
        body,
        recipients.holders(desk.session, Permission.ITEM_CORRECT, body),
        now=desk.now,
        occasion=f"chair:{body.id}:{term['year']}:{body.rev}",
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        words=f"Der Vorsitz {term['year']} ({term['name']}, {term['land']}) steht in der Arbeitsfassung.{more} Bitte {'alles ' if more else ''}prüfen und berichtigen.",
    )


class _KeptFiles:
    """The attachments that the body has already."""

    def __init__(self, body: models.Body) -> None:
        self._known = {row.file_name: row.file for row in body.attachments if row.file}

    def attachment(self, name: str, field: str) -> models.File:
        file = self._known.get(name.rsplit("/", 1)[-1])
        if file is None:
            raise InvalidInput([FieldError(field, "missing_file", f"Die Datei „{name}“ fehlt.")])
        return file

    image = attachment
