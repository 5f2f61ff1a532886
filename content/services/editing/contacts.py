"""The directory of contacts: kept at one place, picked by releases and organisations, shown while they are valid.

An edition holds the contacts as they were; where one is changed or ended, every public edition that names it gets a new
one in which nothing else is different. Contacts are never deleted: who asks for a past day sees who was responsible then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.freezing.common import NAMING_CONTACTS, contact_data, german_day, sort_key
from content.models.item import new_uid
from content.schemas import FieldError, InvalidInput, clean
from content.schemas.parts import DIRECTORY_CONTACT
from content.services.accounts import audit
from content.services.base.lookup import body_by_slug
from content.services.publishing.amend import amend
from content.services.publishing.publish import Desk
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission

C: Final = models.Contact
_VALUES: Final = tuple(name for name in DIRECTORY_CONTACT if name != "body")


class StaleContact(Exception):  # noqa: N818 - named for the situation
    """Somebody was faster; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "Der Kontakt wurde inzwischen von jemand anderem geändert. Ihre Eingaben stehen noch da; bitte prüfen Sie beide."
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """A contact after it was written, and how many public editions were renewed with it."""

    contact: models.Contact
    renewed: int


def words(row: Any) -> str:
    """What names a contact in one line: „Amt, Pressestelle: Kim Muster (ab 01.01.2027)“."""
    where = ", ".join(part for part in (row.organisation, row.unit) if part)
    since = f" (ab {german_day(row.valid_from)})" if row.valid_from else ""
    return (f"{where}: {row.person}" if row.person else where) + since


def listing(session: Session, day: dt.date) -> dict[str, list[models.Contact]]:
    """The directory: those valid on `day`, those to come, those that ended (latest first)."""
    rows = session.scalars(sa.select(C).where(C.key.is_not(None)).order_by(C.organisation, C.person, C.id)).all()
    found: dict[str, list[models.Contact]] = {"valid": [], "coming": [], "ended": []}
    for row in rows:
        found[_when(row, day)].append(row)
    found["ended"].sort(key=lambda row: row.valid_until or day, reverse=True)
    return found


def _when(row: models.Contact, day: dt.date) -> str:
    if row.valid_until and row.valid_until < day:
        return "ended"
    return "coming" if row.valid_from and row.valid_from > day else "valid"


def choices(connection: Connection, day: dt.date, picked: Iterable[str]) -> list[tuple[str, str]]:
    """What a form offers: contacts that are valid on `day` or later, and those already picked; key and words."""
    table = C.__table__.c
    is_open = sa.or_(table.valid_until.is_(None), table.valid_until >= day)
    query = sa.select(C.__table__).where(table.key.is_not(None), sa.or_(is_open, table.key.in_(list(picked))))
    return [
        (row.key, words(row)) for row in connection.execute(query.order_by(table.organisation, table.person, table.id))
    ]


def find(session: Session, contact_id: int) -> models.Contact | None:
    """A contact of the directory."""
    return session.scalars(sa.select(C).where(C.id == contact_id, C.key.is_not(None))).one_or_none()


def as_input(contact: models.Contact) -> dict[str, Any]:
    """A contact as a form shows it."""
    return {name: getattr(contact, name) for name in DIRECTORY_CONTACT}


def create(desk: Desk, given: Mapping[str, Any]) -> models.Contact:
    """A new contact of the directory, or the one that says just the same: a form sent twice makes one. Raises `InvalidInput`, `Blocked`."""
    require_right(desk)
    value = _clean(desk, given)
    same = desk.session.scalars(
        sa.select(C).where(
            C.key.is_not(None),
            C.body == (value["body"] or ""),
            *(getattr(C, name).is_not_distinct_from(value[name]) for name in _VALUES),
        )
    ).first()
    if same is not None:
        return same
    contact = C(key=_new_key(value), body=value["body"] or "", **{name: value[name] for name in _VALUES})
    desk.session.add(contact)
    desk.session.flush()
    _note(desk, contact, "contact.created")
    return contact


def change(desk: Desk, contact: models.Contact, given: Mapping[str, Any], rev: int) -> Saved:
    """Write `contact` anew, if nobody did since `rev`. Raises `InvalidInput`, `Blocked`, `StaleContact`."""
    require_right(desk)
    value = _clean(desk, given)
    found = desk.session.execute(sa.select(C.rev).where(C.id == contact.id).with_for_update()).scalar_one()
    if found != rev:
        raise StaleContact
    for name in _VALUES:
        setattr(contact, name, value[name])
    contact.body = value["body"] or ""
    contact.rev += 1
    desk.session.flush()
    _note(desk, contact, "contact.changed")
    return Saved(contact, show(desk, [contact]))


def end(desk: Desk, contacts: Sequence[models.Contact], last_day: dt.date) -> int:
    """Let `contacts` be valid until `last_day` (included); how many public editions were renewed. Raises `InvalidInput`, `Blocked`."""
    require_right(desk)
    early = [row for row in contacts if row.valid_from and row.valid_from > last_day]
    if early:
        message = f"{words(early[0])}: Das Ende liegt vor dem Beginn. Bitte einen späteren Tag angeben."
        raise InvalidInput([FieldError("last_day", "before_start", message)])
    for row in contacts:
        row.valid_until = last_day
        row.rev += 1
        _note(desk, row, "contact.ended")
    desk.session.flush()
    return show(desk, contacts)


def of_chair(session: Session, body: str, day: dt.date) -> list[models.Contact]:
    """The contacts that speak for the chair of `body` and are valid on `day`."""
    query = sa.select(C).where(
        C.key.is_not(None),
        C.body == body,
        sa.or_(C.valid_from.is_(None), C.valid_from <= day),
        sa.or_(C.valid_until.is_(None), C.valid_until >= day),
    )
    return list(session.scalars(query.order_by(C.id).with_for_update()))


def show(desk: Desk, contacts: Sequence[models.Contact]) -> int:
    """Renew every public edition that names one of `contacts`; how many."""
    fresh = {row.key: contact_data(row) for row in contacts}
    edition = models.Edition
    named = sa.or_(
        sa.false(), *(edition.document.contains(f'"key":"{key}"') for key in fresh)
    )  # keys hold no wild cards
    found = desk.session.execute(
        sa.select(edition.item_id, edition.document).where(
            edition.valid_until.is_(None), edition.kind.in_(NAMING_CONTACTS), named
        )
    ).all()
    renewed = 0
    for item_id, document in found:
        rows = [fresh.get(row.get("key"), row) for row in orjson.loads(document)["data"].get("contacts", ())]
        if amend(desk, desk.session.get_one(models.Item, item_id), {"contacts": rows}, "Kontakte fortgeschrieben."):
            renewed += 1
    return renewed


def require_right(desk: Desk) -> None:
    """Raise `Blocked` for whom the directory is closed."""
    if Permission.CONTACT_EDIT not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für das Pflegen von Kontakten fehlt das Recht."),))


def _clean(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    value = clean(DIRECTORY_CONTACT, given)
    errors = reachable(value)
    if value["valid_from"] and value["valid_until"] and value["valid_until"] < value["valid_from"]:
        errors.append(
            FieldError(
                "valid_until", "before_start", "Das Ende der Gültigkeit liegt vor dem Beginn. Bitte die Tage prüfen."
            )
        )
    if value["body"]:
        body_by_slug(desk.session, value["body"])
    if errors:
        raise InvalidInput(errors)
    return value


def reachable(value: Mapping[str, Any], prefix: str = "") -> list[FieldError]:
    """What is wrong with a contact that nobody can reach."""
    if value["phone"] or value["mobile"] or value["email"]:
        return []
    return [
        FieldError(
            f"{prefix}email", "unreachable", "Rufnummer und E-Mail-Adresse fehlen. Bitte mindestens eine angeben."
        )
    ]


def _new_key(value: Mapping[str, Any]) -> str:
    """A lasting key that people recognise, told apart by a few random characters."""
    stem = re.sub(r" +", "-", sort_key(f"{value['organisation']} {value['person'] or ''}")[:60].strip())
    return f"{stem}-{new_uid()[:8]}".lstrip("-")


def _note(desk: Desk, contact: models.Contact, action: str) -> None:
    audit.note(
        desk.session, desk.now, actor=desk.actor, name=desk.actor_name, action=action, subject=f"contact:{contact.key}"
    )
