"""The register of numbers: which a body gave, to which decision. What stands here is burnt for ever, whatever becomes of the decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.proof.ledger import Act
from content.schemas import FieldError, InvalidInput
from content.services.base import body_law
from content.services.browsing import number_gaps
from content.services.publishing import ledger
from content.services.publishing.publish import Desk

_TABLE: Final = cast("sa.Table", models.GivenNumber.__table__)


def keep(session: Session, decision: models.Decision, *, now: dt.datetime, actor: str) -> None:
    """Enter the number of `decision`, if it bears one that does not stand there. Raises `InvalidInput` where it is another's."""
    if decision.year is None or decision.serial is None or not decision.number:
        return
    holder = holder_of(session, decision.body, decision.year, decision.serial)
    if holder is None:
        session.execute(
            sa.insert(_TABLE),
            {
                "body_uid": decision.body.uid,
                "year": decision.year,
                "serial": decision.serial,
                "number": decision.number,
                "item_uid": decision.uid,
                "given_at": now,
                "given_by": actor,
                "note": "",
            },
        )
    elif holder != decision.uid:
        raise _burnt(decision.number)


def check(session: Session, body: models.Body, number: str, item: models.Item | None) -> None:
    """Raises `InvalidInput` where a number as it is written was given to another decision than `item`."""
    parsed = body_law.parsed(body, number)
    holder = holder_of(session, body, parsed.year, parsed.serial) if parsed is not None else None
    if holder is not None and (item is None or holder != item.uid):
        raise _burnt(number)


def _burnt(number: str) -> InvalidInput:
    words = f"Die Nummer {number} ist schon vergeben und wird kein zweites Mal vergeben. Bitte die Nummer prüfen."
    return InvalidInput([FieldError("number", "burnt", words)])


def holder_of(session: Session, body: models.Body, year: int, serial: int) -> str | None:
    """The lasting identity of the decision that a number was given to."""
    row = _TABLE.c
    return session.scalar(
        sa.select(row.item_uid).where(row.body_uid == body.uid, row.year == year, row.serial == serial)
    )


def of(session: Session, item: models.Item) -> str:
    """The number that was given to `item`; empty where none was."""
    return (
        session.scalar(sa.select(_TABLE.c.number).where(_TABLE.c.item_uid == item.uid).order_by(_TABLE.c.id).limit(1))
        or ""
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers from `first` to `last` that no decision bears, and why; empty: nobody said it yet."""

    first: int
    last: int
    reason: str
    is_public: bool = False
    """Whether the register says the reason; what was noted before it did stays at the desk."""
    may_be_told: bool = False
    """Whether a higher number of the year is public: before that a gap would tell of a decision that nobody may know of yet."""


def gaps(session: Session, body: models.Body, year: int, borne: Collection[int]) -> list[Gap]:
    """The numbers of a year that none of `borne` is, up to the last that was ever given; neighbours with one reason together."""
    given, note = _TABLE.c, models.NumberNote
    entered = session.execute(sa.select(given.serial, given.note).where(given.body_uid == body.uid, given.year == year))
    reasons: dict[int, str] = {row.serial: row.note for row in entered}
    last = max([0, *borne, *reasons])
    notes = session.scalars(sa.select(note).where(note.body_uid == body.uid, note.year == year).order_by(note.id)).all()
    for row in notes:
        reasons.update(dict.fromkeys(range(row.first, min(row.last, last) + 1), row.reason))
    public = number_gaps.reasons(session.connection(), body.slug, year)
    highest = _last_public(session, body, year)
    found: list[Gap] = []
    for serial in sorted(set(range(1, last + 1)) - set(borne)):
        one = Gap(serial, serial, public.get(serial) or reasons.get(serial) or "", serial in public, serial < highest)
        if found and found[-1].last == serial - 1 and replace(found[-1], first=serial, last=serial) == one:
            found[-1] = replace(found[-1], last=serial)
        else:
            found.append(one)
    return found


def explain(desk: Desk, body: models.Body, year: int, first: int, last: int, reason: str) -> None:
    """Say why numbers are missing, in the register, to everybody; it stays, and of several reasons the newest counts. Raises `InvalidInput`, `Blocked`."""
    session, decision, reason = desk.session, models.Decision, reason.strip()
    borne = session.scalars(
        sa.select(decision.serial).where(
            decision.body_id == body.id, decision.year == year, decision.serial.between(first, last)
        )
    ).all()
    if not reason or len(reason) > 500:
        raise InvalidInput(
            [
                FieldError(
                    "reason",
                    "missing",
                    "Der Grund fehlt oder ist länger als 500 Zeichen. Bitte kurz sagen, warum es den Beschluss nicht gibt.",
                )
            ]
        )
    if not 1 <= first <= last <= last_serial(session, body, year) or borne:
        raise InvalidInput([FieldError("reason", "no_gap", "Diese Nummern fehlen nicht. Bitte die Seite neu laden.")])
    if last >= _last_public(session, body, year):
        words = "Der Grund wird öffentlich. Das geht erst, wenn ein Beschluss mit einer höheren Nummer dieses Jahres öffentlich ist."
        raise InvalidInput([FieldError("reason", "not_public_yet", words)])
    session.add(
        models.NumberNote(
            body_uid=body.uid,
            year=year,
            first=first,
            last=last,
            reason=reason,
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
            at=desk.now,
        )
    )
    said, moment = {"body": body.slug, "year": year, "first": first, "last": last}, desk.moment()
    act = ledger.state(session, Act.NUMBERS, {"numbers": said, "reason": reason}, moment=moment, numbers=said)
    desk.index.at(ledger.append(session, desk.signer, act, moment=moment).position)
    session.flush()


def _last_public(session: Session, body: models.Body, year: int) -> int:
    """The highest number of a year under which something is or was public; 0 where there is none."""
    edition = models.Edition
    return (
        session.scalar(
            sa.select(sa.func.max(edition.serial)).where(
                edition.kind == "decision", edition.body_slug == body.slug, edition.year == year
            )
        )
        or 0
    )


def last_serial(session: Session, body: models.Body, year: int) -> int:
    """The highest number of a year that was ever given or is borne; 0 where there is none."""
    row, decision = _TABLE.c, models.Decision
    given = session.scalar(sa.select(sa.func.max(row.serial)).where(row.body_uid == body.uid, row.year == year))
    borne = session.scalar(
        sa.select(sa.func.max(decision.serial)).where(decision.body_id == body.id, decision.year == year)
    )
    return max(given or 0, borne or 0)
