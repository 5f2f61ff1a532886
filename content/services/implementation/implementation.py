"""What became of a recommendation: members report for themselves, the secretariat confirms or gives back.

Every report and every answer becomes public by a new edition that changes nothing else; so „as of a day“ and the ledger
hold for what was reported as they do for what was written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import due as due_dates
from content.council.laender import members_of
from content.database.storage import IMAGE_TYPES, UploadRefused, check_upload, clean_file_name
from content.freezing.implementation import Addressee, addressees_of
from content.kinds import KINDS
from content.schemas import FieldError, InvalidInput
from content.services.base import rights
from content.services.base.lookup import known_bodies
from content.services.publishing import frozen_text
from content.services.publishing.amend import amend
from content.services.publishing.publish import Desk, berlin_day
from content.text.wording import meeting_words
from content.typed import typed_days
from workflows.publication import GONE
from workflows.rights import Part
from workflows.vocabulary import Permission

STATES: Final[Mapping[str, str]] = {
    "open": "offen",
    "planned": "geplant",
    "running": "läuft",
    "done": "umgesetzt",
    "not_applicable": "entfällt",
}
REPORTABLE: Final = frozenset({"adopted", "implementing"})
DONE: Final = frozenset({"done", "not_applicable"})
MAX_NOTE: Final = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One addressee of one recommendation: what it reported, if anything, and what the person may do here."""

    item: models.Recommendation
    title: str
    """What the recommendation is called to the person."""
    who: Addressee
    told: models.Implementation | None
    due: str
    """When it is due, in words."""
    may_report: bool
    may_judge: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it is this person's turn."""
        return self.may_judge or (
            self.may_report and self.who.kind == "member" and (self.told is None or bool(self.told.comment))
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was chosen as evidence; `store` keeps it."""

    name: str
    body: bytes
    store: Callable[[bytes, str, int | None, int | None], models.File]


def report(
    desk: Desk,
    item: models.Recommendation,
    key: str,
    given: Mapping[str, str],
    *,
    codes: frozenset[str],
    upload: Upload | None = None,
) -> models.Implementation:
    """Report for the addressee `key`: state, date, evidence (address, file or both), note. Raises `InvalidInput`.

    `codes`: members the person speaks for. A file that was given once stays until another comes or `drop_file` is given.
    """
    who = _addressee(desk.session, item, key)
    errors = []
    if not may_report(desk, who, codes):
        errors.append(
            FieldError(
                "state",
                "no_permission",
                f"Für {who.name} dürfen Sie nicht melden. Melden kann nur die eigene Vertretung.",
            )
        )
    if item.procedure_state not in REPORTABLE:
        errors.append(
            FieldError(
                "state", "wrong_state", "Gemeldet wird nur zu Empfehlungen, die beschlossen oder in Umsetzung sind."
            )
        )
    row = told_of(desk.session, item, key)
    is_kept = row is not None and row.evidence_sha256 is not None and not given.get("drop_file")
    media_type, refused = _kind_of(upload)
    date, found = faults(desk, given, has_file=is_kept or upload is not None)
    if errors + found + refused:
        raise InvalidInput(errors + found + refused)
    file = upload.store(upload.body, media_type, None, None) if upload is not None else None
    if row is None:
        row = models.Implementation(item_id=item.id, addressee=key)
        desk.session.add(row)
    row.state, row.date, row.evidence_url, row.note = (
        given["state"],
        date,
        given.get("evidence", "").strip() or None,
        given.get("note", "").strip(),
    )
    if upload is not None:
        row.evidence, row.evidence_name = file, clean_file_name(upload.name)
    elif not is_kept:
        row.evidence, row.evidence_name = None, None
    row.reporter, row.reported_by, row.reported_at = desk.actor, desk.actor_name or desk.actor, desk.now
    row.comment, row.confirmed_by, row.confirmed_at = "", None, None
    show(desk, item, f"{who.name} meldet: {STATES[row.state]}")
    return row


def confirm(desk: Desk, item: models.Recommendation, key: str) -> None:
    """Confirm what `key` reported; the person who reported cannot. Raises `InvalidInput`."""
    row = _judged(desk, item, key)
    if row.reporter == desk.actor:
        raise InvalidInput(
            [
                FieldError(
                    "",
                    "same_person",
                    "Wer gemeldet hat, bestätigt nicht selbst. Bitte eine zweite Person darum bitten.",
                )
            ]
        )
    row.confirmed_by, row.confirmed_at, row.comment = desk.actor_name or desk.actor, desk.now, ""
    show(desk, item, f"{_addressee(desk.session, item, key).name}: Meldung bestätigt")


def give_back(desk: Desk, item: models.Recommendation, key: str, comment: str) -> None:
    """Give a report back with a comment: it stays as it was told and unconfirmed. Raises `InvalidInput`."""
    row = _judged(desk, item, key)
    if not comment.strip():
        raise InvalidInput(
            [FieldError("comment", "missing", "Der Hinweis fehlt. Bitte schreiben, was an der Meldung zu ändern ist.")]
        )
    row.comment = comment.strip()[:MAX_NOTE]
    desk.session.flush()


def show(desk: Desk, item: models.Recommendation, note: str) -> models.Edition | None:
    """Make public where the recommendation stands, if it is public at all."""
    desk.session.flush()
    changes = frozen_text.live(desk.session, item)
    return amend(desk, item, changes, note, subkind=changes["state"])


def lines(desk: Desk, *, codes: frozenset[str], sees_all: bool, only: int = 0, limit: int = 300) -> list[Line]:
    """What the person can report on or judge: adopted recommendations, one line for each addressee, what waits for the person first.

    `only`: the id of the one recommendation that is asked for; 0: all of them.
    """
    item = models.Recommendation
    query = sa.select(item).where(
        item.procedure_state.in_(REPORTABLE), item.publication_state.not_in(GONE), known(desk.grants)
    )
    query = query.where(item.id == only) if only else query
    rows = desk.session.scalars(query.order_by(item.changed_at.desc(), item.id).limit(limit)).all()
    titles = rights.titles(desk.session, desk.grants, rows)
    dues = {row.id: due_words(desk.session, row.due) for row in rows}
    told = _all_told(desk.session, [row.id for row in rows])
    may_judge = Permission.IMPLEMENTATION_CONFIRM in desk.permits
    found = []
    for row in rows:
        for who in addressees_of(desk.session, row.addressees):
            if sees_all or who.key in codes:
                one = told.get((row.id, who.key))
                is_waiting = may_judge and one is not None and one.confirmed_at is None and not one.comment
                found.append(
                    Line(row, titles[row.id], who, one, dues[row.id], may_report(desk, who, codes), is_waiting)
                )
    return sorted(found, key=lambda line: not line.is_waiting)


def due_words(session: Session, kept: str | None) -> str:
    """How a due date reads here and on the public page: „31.12.2026“, „zur 48. Sitzung (10.12.2026)“ with the day where that is public."""
    if not kept or not kept.startswith("/"):
        day = due_dates.day_in(kept)
        return f"{day:%d.%m.%Y}" if day else kept or ""
    edition = models.Edition
    held = session.scalar(sa.select(edition.date).where(edition.url == kept, edition.valid_until.is_(None)))
    return f"zur {meeting_words(kept, bodies=known_bodies(session))}" + (f" ({held:%d.%m.%Y})" if held else "")


def known(grants: rights.Grants) -> sa.ColumnElement[bool]:
    """The items of which somebody with these grants may know that they ask for something, as a condition on `item`."""
    return sa.or_(models.Item.publication_state == "published", rights.sees(grants, Part.TITLE))


def may_report(desk: Desk, who: Addressee, codes: frozenset[str]) -> bool:
    """A member reports for itself; for others, the secretariat notes what they tell it."""
    if who.kind == "member":
        return Permission.IMPLEMENTATION_REPORT in desk.permits and who.key in codes
    return Permission.IMPLEMENTATION_CONFIRM in desk.permits


def unconfirmed(session: Session, item: models.Recommendation) -> list[str]:
    """The names of addressees whose implementation is not confirmed as done or not applicable."""
    rows = session.scalars(sa.select(models.Implementation).where(models.Implementation.item_id == item.id))
    done = {row.addressee for row in rows if row.confirmed_at is not None and row.state in DONE}
    return [who.name for who in addressees_of(session, item.addressees) if who.key not in done]


def outstanding(session: Session, item: models.Recommendation) -> frozenset[str]:
    """The members that are asked and have not reported that it is done or does not apply."""
    row = models.Implementation
    done = set(
        session.scalars(sa.select(row.addressee).where(row.item_id == item.id, row.state.in_(DONE), row.comment == ""))
    )
    return frozenset(members_of(item.addressees)[0]) - done


def told_of(session: Session, item: models.Recommendation, key: str) -> models.Implementation | None:
    """What `key` reported last."""
    row = models.Implementation
    return session.scalars(sa.select(row).where(row.item_id == item.id, row.addressee == key)).one_or_none()


def state_words(state: str) -> str:
    """How a state of a recommendation reads."""
    return KINDS["recommendation"].subkinds.get(state, state)


def _all_told(session: Session, ids: list[int]) -> dict[tuple[int, str], models.Implementation]:
    row = models.Implementation
    return {(one.item_id, one.addressee): one for one in session.scalars(sa.select(row).where(row.item_id.in_(ids)))}


def _addressee(session: Session, item: models.Recommendation, key: str) -> Addressee:
    for who in addressees_of(session, item.addressees):
        if who.key == key:
            return who
    raise InvalidInput(
        [FieldError("addressee", "unknown_addressee", f"„{key[:80]}“ ist kein Adressat dieser Empfehlung.")]
    )


def _judged(desk: Desk, item: models.Recommendation, key: str) -> models.Implementation:
    if Permission.IMPLEMENTATION_CONFIRM not in desk.permits:
        raise InvalidInput([FieldError("", "no_permission", "Meldungen bestätigt die Geschäftsstelle.")])
    row = told_of(desk.session, item, key)
    if row is None or row.confirmed_at is not None:
        raise InvalidInput(
            [FieldError("", "nothing_to_confirm", "Hier gibt es keine Meldung, über die zu entscheiden wäre.")]
        )
    return row


def _kind_of(upload: Upload | None) -> tuple[str, list[FieldError]]:
    """The media type of the file, or why it cannot be taken. Pictures tell where they were taken: they come as PDF."""
    if upload is None:
        return "", []
    try:
        media_type = check_upload(upload.body, clean_file_name(upload.name))
    except UploadRefused as refused:
        return "", [FieldError("evidence_file", refused.code, f"Der Nachweis: {refused}")]
    if media_type in IMAGE_TYPES:
        return "", [
            FieldError(
                "evidence_file", "unknown_type", "Bilder nehmen wir als Nachweis nicht an. Bitte als PDF speichern."
            )
        ]
    return media_type, []


def faults(desk: Desk, given: Mapping[str, str], *, has_file: bool) -> tuple[dt.date | None, list[FieldError]]:
    """The day that a report gives, and what is wrong with its state, day, evidence and note."""
    errors = []
    state, evidence, written = given.get("state", ""), given.get("evidence", "").strip(), given.get("date", "").strip()
    if state not in STATES:
        errors.append(
            FieldError(
                "state",
                "unknown_choice",
                f"Der Stand ist nicht vorgesehen. Möglich sind: {', '.join(STATES.values())}.",
            )
        )
    if evidence and not evidence.startswith(("https://", "http://")):
        errors.append(
            FieldError("evidence", "not_an_address", "Der Nachweis ist keine Webadresse. Bitte mit https:// angeben.")
        )
    if state == "done" and not (evidence or has_file):
        errors.append(
            FieldError(
                "evidence",
                "missing",
                "Umgesetzt braucht einen Nachweis. Bitte eine Webadresse angeben oder eine Datei wählen.",
            )
        )
    if state == "not_applicable" and not given.get("note", "").strip():
        errors.append(
            FieldError("note", "missing", "Wer nichts umsetzen muss, sagt warum. Bitte im Hinweis begründen.")
        )
    if len(given.get("note", "")) > MAX_NOTE:
        errors.append(FieldError("note", "too_long", f"Der Hinweis ist zu lang. Bitte höchstens {MAX_NOTE} Zeichen."))
    date = typed_days.day(written)
    if written and date is None:
        return None, [
            *errors,
            FieldError("date", "not_a_day", f"„{written[:20]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT."),
        ]
    if date and state == "done" and date > berlin_day(desk.now):
        errors.append(FieldError("date", "in_future", "Umgesetzt sein kann etwas nur bis heute. Bitte den Tag prüfen."))
    return date, errors
