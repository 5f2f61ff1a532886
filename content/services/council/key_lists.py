"""Keeping the Königsteiner Schlüssel: a list is entered for a year and counts once a second person has confirmed it.

Nothing is overwritten: another list of the same year takes the place of the one before when it is confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import koenigstein
from content.council.koenigstein import Key
from content.schemas import Field, FieldError, InvalidInput, Reader, clean
from content.schemas.reading import line, required, whole
from content.services.accounts import audit
from content.services.council.keys import counting, sources
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle_others
from content.services.publishing import amend, publish
from content.services.publishing.publish import Desk
from workflows.engine import Blocked, Blocker
from workflows.publication import GONE
from workflows.vocabulary import Permission

K: Final = models.KoenigsteinKey
FIRST_YEAR, LAST_YEAR = 1949, 2199
MAX_SOURCE: Final = 500


def listed(session: Session) -> Sequence[models.KoenigsteinKey]:
    """Every list that was ever entered, newest year first, and in a year the newest first."""
    return session.scalars(sa.select(K).order_by(K.year.desc(), K.id.desc())).all()


def enter(desk: Desk, *, year: str, source: str, text: str) -> models.KoenigsteinKey:
    """Keep a list as the proposal for a year. Raises `InvalidInput` with every fault, `Blocked`."""
    _require(desk)
    errors: list[FieldError] = []
    number = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0
    if not FIRST_YEAR <= number <= LAST_YEAR:
        errors.append(
            FieldError("year", "no_year", "Das Jahr fehlt oder ist keines. Bitte vierstellig angeben, etwa 2026.")
        )
    if not source.strip() or len(source) > MAX_SOURCE:
        errors.append(
            FieldError(
                "source",
                "missing",
                f"Bitte nennen, wo der Schlüssel veröffentlicht ist (höchstens {MAX_SOURCE} Zeichen).",
            )
        )
    shares: dict[str, str] = {}
    try:
        shares = koenigstein.read_list(text)
    except ValueError as error:
        errors += [FieldError("list", "malformed", words) for words in str(error).splitlines()[:20]]
    if errors:
        raise InvalidInput(errors)
    known = counting(desk.session).get(number)
    if known is not None and dict(known.shares) == shares and known.source == source.strip():
        raise InvalidInput([FieldError("list", "unchanged", f"Das ist der Schlüssel {number}, der schon zählt.")])
    row = K(
        year=number,
        source=source.strip(),
        shares=shares,
        entered_by=desk.actor_name or desk.actor,
        entered_login=desk.actor,
        entered_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    _log(desk, "key.entered", row)
    notify(
        desk.session,
        "waits",
        None,
        recipients.house_holders(desk.session, Permission.VOTE_RECORD),
        occasion=_occasion(row),
        **_telling(desk, row),
        words=f"Der Schlüssel {row.year} wartet auf eine zweite Person: Bitte mit der Quelle vergleichen, dann bestätigen oder verwerfen.",
    )
    return row


def _occasion(row: models.KoenigsteinKey) -> str:
    return f"key:{row.id}:"


def _telling(desk: Desk, row: models.KoenigsteinKey) -> dict[str, Any]:
    return {
        "now": desk.now,
        "title": f"Königsteiner Schlüssel {row.year}",
        "url": f"/redaktion/koenigstein#k{row.id}",
        "actor": desk.actor,
        "actor_name": desk.actor_name or desk.actor,
    }


def _answer(desk: Desk, row: models.KoenigsteinKey, words: str) -> None:
    """Nobody needs to look at the proposal any more, and whoever entered it hears what became of it."""
    settle_others(desk.session, "waits", (), now=desk.now, about=_occasion(row))
    notify(
        desk.session,
        "answered",
        None,
        recipients.named(desk.session, {row.entered_login}),
        occasion=_occasion(row),
        words=words,
        **_telling(desk, row),
    )


def confirm(desk: Desk, key_id: int) -> models.KoenigsteinKey:
    """Let a proposal count, as another person than who entered it; the list it replaces ends, public pages follow. Raises `Blocked`."""
    _require(desk)
    row = _proposal(desk, key_id)
    if row.entered_login == desk.actor:
        raise Blocked(
            (
                Blocker(
                    "same_person",
                    "Wer den Schlüssel eingegeben hat, bestätigt ihn nicht selbst. Bitte eine zweite Person darum bitten.",
                ),
            )
        )
    before = desk.session.scalars(
        sa.select(K).where(K.year == row.year, K.id != row.id, K.confirmed_at.is_not(None), K.ended_at.is_(None))
    )
    for other in before:
        other.ended_by, other.ended_at, other.ended_reason = desk.actor_name or desk.actor, desk.now, "ersetzt"
    row.confirmed_by, row.confirmed_login, row.confirmed_at = desk.actor_name or desk.actor, desk.actor, desk.now
    desk.session.flush()
    _log(desk, "key.confirmed", row)
    _answer(desk, row, f"Der Schlüssel {row.year}, den Sie eingegeben haben, ist bestätigt und zählt.")
    show(desk, f"Königsteiner Schlüssel {row.year} eingetragen")
    return row


def discard(desk: Desk, key_id: int, reason: str) -> None:
    """Take back a proposal that does not count yet. Raises `Blocked`."""
    _require(desk)
    row = _proposal(desk, key_id)
    if not reason.strip():
        raise Blocked(
            (Blocker("missing_comment", "Der Grund fehlt. Bitte angeben, warum dieser Schlüssel nicht zählen soll."),)
        )
    row.ended_by, row.ended_at, row.ended_reason = desk.actor_name or desk.actor, desk.now, reason.strip()[:MAX_SOURCE]
    desk.session.flush()
    _log(desk, "key.discarded", row)
    _answer(
        desk,
        row,
        f"Der Schlüssel {row.year}, den Sie eingegeben haben, ist verworfen und zählt nicht. Grund: {row.ended_reason}",
    )


def take(desk: Desk, year: int, source: str, shares: Mapping[str, str]) -> bool:
    """Keep a key that was confirmed elsewhere (an import); whether that changed anything. The shares are as `read_list` gives them."""
    known = counting(desk.session).get(year)
    if known is not None and dict(known.shares) == dict(shares):
        return False
    for other in desk.session.scalars(
        sa.select(K).where(K.year == year, K.confirmed_at.is_not(None), K.ended_at.is_(None))
    ):
        other.ended_by, other.ended_at, other.ended_reason = desk.actor_name or desk.actor, desk.now, "ersetzt"
    who = {"entered_by": desk.actor_name or desk.actor, "entered_login": desk.actor, "entered_at": desk.now}
    confirmed = {"confirmed_by": who["entered_by"], "confirmed_login": desk.actor, "confirmed_at": desk.now}
    row = K(year=year, source=source, shares=dict(shares), **who, **confirmed)
    desk.session.add(row)
    desk.session.flush()
    _log(desk, "key.entered", row)
    return True


LINE_TYPE: Final = "koenigstein"
"""The type of a line that tells a key."""
LINE: Final[Mapping[str, Field]] = {
    "year": required(whole(FIRST_YEAR, LAST_YEAR), "Das Jahr"),
    "source": required(line(MAX_SOURCE), "Die Quelle"),
    "shares": required(Reader(lambda value: value, "shares"), "Die Anteile"),
}


def lines(session: Session) -> Iterator[dict[str, Any]]:
    """The keys that are kept here and count, as lines of an export."""
    for row in session.scalars(
        sa.select(K).where(K.confirmed_at.is_not(None), K.ended_at.is_(None)).order_by(K.year, K.id)
    ):
        yield {"type": LINE_TYPE, "year": row.year, "source": row.source, "shares": dict(row.shares)}


def take_line(desk: Desk, given: Mapping[str, Any]) -> bool:
    """Take over a key from a line; whether that changed anything. Raises `InvalidInput`."""
    value = clean(LINE, {name: told for name, told in given.items() if name != "type"})
    return take(desk, value["year"], value["source"], _read_shares(value["shares"], "shares"))


def from_body(desk: Desk, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A line of a body without the shares that older lines gave each member; whole ones become the keys of their years.

    Raises `InvalidInput` for shares that are no whole key.
    """
    members = given.get("members")
    if not isinstance(members, list) or not any(isinstance(row, Mapping) and row.get("shares") for row in members):
        return _without_shares(given)
    years: dict[str, dict[str, str]] = {}
    for row in members:
        shares = row.get("shares") if isinstance(row, Mapping) else None
        for year, share in shares.items() if isinstance(shares, Mapping) else ():
            years.setdefault(str(year), {})[str(row.get("code"))] = str(share)
    for year, shares in sorted(years.items()):
        number = whole(FIRST_YEAR, LAST_YEAR)(year) if year.isascii() and year.isdigit() else 0
        if not number:
            raise InvalidInput(
                [FieldError("members.shares", "no_year", f"„{year[:10]}“ ist kein Jahr. Erwartet wird etwa 2026.")]
            )
        take(
            desk,
            number,
            f"{koenigstein.OWN_SOURCE} {str(given.get('name') or given.get('slug'))[:200]}",
            _read_shares(shares, "members.shares"),
        )
    return _without_shares(given)


def _without_shares(given: Mapping[str, Any]) -> Mapping[str, Any]:
    members = given.get("members")
    if not isinstance(members, list):
        return given
    plain = [
        {name: value for name, value in row.items() if name != "shares"} if isinstance(row, Mapping) else row
        for row in members
    ]
    return {**given, "members": plain}


def _read_shares(shares: Any, name: str) -> dict[str, str]:
    """Shares by code, checked like a list that is pasted."""
    if not isinstance(shares, Mapping):
        raise InvalidInput(
            [FieldError(name, "not_an_object", "Hier wird eine Zuordnung von Kürzel zu Anteil erwartet.")]
        )
    try:
        return koenigstein.read_list("\n".join(f"{code} {share}" for code, share in shares.items()))
    except ValueError as error:
        raise InvalidInput([FieldError(name, "malformed", words) for words in str(error).splitlines()[:20]]) from error


def show(desk: Desk, note: str) -> None:
    """Put the keys that count into the public pages of the bodies; of their text nothing else changes."""
    keys = counting(desk.session)
    bodies = desk.session.scalars(
        sa.select(models.Body).where(models.Body.publication_state.not_in(GONE)).order_by(models.Body.id)
    )
    for body in bodies:
        edition = publish.current_edition(desk.session, body)
        if edition is not None:
            amend.amend(desk, body, _with_shares(orjson.loads(edition.document)["data"], keys), note)


def _with_shares(data: Mapping[str, Any], keys: Mapping[int, Key]) -> dict[str, Any]:
    members = [{**row, "shares": koenigstein.shares_by_year(row["code"], keys)} for row in data["members"]]
    return {"members": members, "key_sources": sources(keys) if any(row["shares"] for row in members) else {}}


def _proposal(desk: Desk, key_id: int) -> models.KoenigsteinKey:
    row = desk.session.scalars(sa.select(K).where(K.id == key_id).with_for_update()).one_or_none()
    if row is None or row.ended_at is not None or row.confirmed_at is not None:
        raise Blocked((Blocker("wrong_state", "Diesen Vorschlag gibt es nicht mehr; bitte die Liste neu ansehen."),))
    return row


def _require(desk: Desk) -> None:
    if Permission.VOTE_RECORD not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für den Königsteiner Schlüssel fehlt das Recht."),))


def _log(desk: Desk, action: str, row: models.KoenigsteinKey) -> None:
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=action,
        subject=f"/redaktion/koenigstein#k{row.id}",
        detail=f"Königsteiner Schlüssel {row.year}, {row.source}"[:500],
    )
