"""Searches that readers follow by mail: ask, confirm, manage, leave.

Nothing here tells whether an address is known: every request is answered alike, and what differs is the mail. Links are
sealed (`content.proof.signing`) over the row's nonce; a link opens only what it was made for. What was asked for and never
confirmed is forgotten after two days; when the last search of an address goes, the address goes with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.proof.canonical import canonical_json
from content.proof.signing import SEAL_CHARS, Sealer
from content.schemas import FieldError, InvalidInput
from content.search.query import read
from content.services.base import outbox
from content.services.search import saved
from content.typed.berlin import BERLIN
from content.typed.mail_address import clean as clean_email

RHYTHMS: Final[Mapping[str, str]] = {"daily": "einmal am Tag", "at_once": "sofort"}
MORNING: Final = dt.time(7)
UNCONFIRMED_LIFE: Final = dt.timedelta(hours=48)
REQUEST_WINDOW: Final = dt.timedelta(hours=24)
MAX_BY_ADDRESS: Final = 4
"""Messages that strangers may set off to one address in a day."""
MAX_BY_VISITOR: Final = 20
MAX_ALERTS: Final = 50
TOKEN_PATTERN: Final = rf"[0-9]{{1,9}}\.[A-Za-z0-9_-]{{{SEAL_CHARS}}}"

_MAX_QUERY: Final = 300


class TooMany(Exception):  # noqa: N818 - named for the situation
    """This visitor asked for too many messages today."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader wants to be told of, and how."""

    email: str
    parameters: Mapping[str, str]
    rhythm: str
    with_corrections: bool


def clean(given: Mapping[str, str], parameters: Mapping[str, str]) -> Wish:
    """The wish in a form. Raises `InvalidInput`, all faults at once."""
    errors: list[FieldError] = []
    email = ""
    try:
        email = clean_email(given.get("email", ""))
    except InvalidInput as invalid:
        errors += invalid.errors
    rhythm = given.get("rhythm", "daily")
    if rhythm not in RHYTHMS:
        errors.append(
            FieldError(
                "rhythm",
                "unknown",
                f"Den Rhythmus „{rhythm[:20]}“ gibt es nicht. Möglich sind: {', '.join(RHYTHMS.values())}.",
            )
        )
    if not parameters:
        errors.append(FieldError("q", "missing", "Die Suche ist leer. Bitte zuerst suchen, dann abonnieren."))
    asked = read(parameters.get("q", ""))
    if set(parameters) == {"q"} and not (asked.has_words or asked.literals):
        errors.append(
            FieldError("q", "no_word", "Die Suche enthält kein Wort und fände alles. Bitte die Suche ändern.")
        )
    if (wrong := saved.wrong(parameters)) is not None:
        errors.append(FieldError("q", "malformed", f"{wrong[1]} Bitte die Suche ändern."))
    if len(parameters.get("q", "")) > _MAX_QUERY:
        errors.append(
            FieldError(
                "q", "too_long", f"Die Suche ist zu lang; abonnieren kann man bis {_MAX_QUERY} Zeichen. Bitte kürzen."
            )
        )
    if errors:
        raise InvalidInput(errors)
    return Wish(email, dict(parameters), rhythm, bool(given.get("corrections")))


def ask(session: Session, sealer: Sealer, wish: Wish, *, visitor: str, now: dt.datetime) -> None:
    """Note the wish and send a link to confirm it. Raises `TooMany` for the visitor; what concerns the address stays silent."""
    if not _may_send(session, sealer, wish.email, visitor, now):
        return
    subscriber = _subscriber(session, wish.email)
    if subscriber is None:
        subscriber = models.Subscriber(email=wish.email, nonce=_nonce(), created_at=now)
        session.add(subscriber)
        session.flush()
    digest = hashlib.sha256(canonical_json(dict(wish.parameters))).hexdigest()
    alert = next((row for row in subscriber.alerts if row.digest == digest), None)
    if alert is not None and alert.confirmed_at is not None:
        # Who follows this search already gets the link to manage it: a stranger learns and changes nothing.
        _send_link(session, subscriber, now)
        return
    if len(subscriber.alerts) >= MAX_ALERTS:
        _send_link(session, subscriber, now)
        return
    if alert is None:
        alert = models.Alert(digest=digest, parameters=dict(wish.parameters), nonce=_nonce(), created_at=now)
        subscriber.alerts.append(alert)
    alert.rhythm, alert.with_corrections, alert.created_at = wish.rhythm, wish.with_corrections, now
    session.flush()
    _put(session, "mail.alert_confirm", alert.nonce, {"subscriber": subscriber.id, "alert": alert.id}, now)


def ask_link(session: Session, sealer: Sealer, email: str, *, visitor: str, now: dt.datetime) -> None:
    """Send the personal link to an address that follows something. Raises `TooMany`."""
    if not _may_send(session, sealer, email, visitor, now):
        return
    subscriber = _subscriber(session, email)
    if subscriber is not None and any(alert.confirmed_at for alert in subscriber.alerts):
        _send_link(session, subscriber, now)


def confirm(session: Session, sealer: Sealer, token: str, *, position: int, now: dt.datetime) -> models.Alert | None:
    """Put an alert in force; news begins after the ledger's `position`. None: the link is not, or no longer, ours."""
    alert = find_alert(session, sealer, "confirm", token)
    if alert is None or (alert.confirmed_at is None and now - alert.created_at > UNCONFIRMED_LIFE):
        return None
    if alert.confirmed_at is None:
        alert.confirmed_at, alert.position = now, position
        alert.next_at = next_morning(now) if alert.rhythm == "daily" else None
        session.flush()
    return alert


def leave(session: Session, alert: models.Alert) -> None:
    """Forget a search; with the last one that was confirmed, the address."""
    subscriber = alert.subscriber
    subscriber.alerts.remove(alert)
    session.flush()
    if not any(other.confirmed_at for other in subscriber.alerts):
        leave_all(session, subscriber)


def leave_all(session: Session, subscriber: models.Subscriber) -> None:
    """Forget an address with all its searches."""
    session.delete(subscriber)
    session.flush()


def change(session: Session, alert: models.Alert, *, rhythm: str, with_corrections: bool, now: dt.datetime) -> None:
    """Change how a search is followed; an unknown rhythm changes nothing."""
    if rhythm in RHYTHMS:
        alert.rhythm, alert.with_corrections = rhythm, with_corrections
        alert.next_at = next_morning(now) if rhythm == "daily" else None
        session.flush()


def renew(session: Session, subscriber: models.Subscriber, now: dt.datetime) -> None:
    """End the personal link and send another one."""
    subscriber.nonce = _nonce()
    session.flush()
    _send_link(session, subscriber, now)


def find_alert(session: Session, sealer: Sealer, purpose: str, token: str) -> models.Alert | None:
    """The alert that a link of that purpose (`confirm`, `leave`) belongs to."""
    number, _, seal = token.partition(".")
    alert = session.get(models.Alert, int(number))
    return alert if alert is not None and sealer.holds(seal, purpose, number, alert.nonce) else None


def find_subscriber(session: Session, sealer: Sealer, token: str) -> models.Subscriber | None:
    """The subscriber that a personal link belongs to."""
    number, _, seal = token.partition(".")
    subscriber = session.get(models.Subscriber, int(number))
    return subscriber if subscriber is not None and sealer.holds(seal, "manage", number, subscriber.nonce) else None


def alert_token(sealer: Sealer, purpose: str, alert: models.Alert) -> str:
    """What stands in the link to confirm or leave."""
    return f"{alert.id}.{sealer.seal(purpose, str(alert.id), alert.nonce)}"


def subscriber_token(sealer: Sealer, subscriber: models.Subscriber) -> str:
    """What stands in the personal link."""
    return f"{subscriber.id}.{sealer.seal('manage', str(subscriber.id), subscriber.nonce)}"


def has_old(connection: Connection, now: dt.datetime) -> bool:
    """Whether `tidy` has anything to do."""
    alert, request = models.Alert.__table__.c, models.AlertRequest.__table__.c
    return bool(
        connection.scalar(
            sa.select(
                sa.or_(
                    sa.exists().where(alert.confirmed_at.is_(None), alert.created_at < now - UNCONFIRMED_LIFE),
                    sa.exists().where(request.at < now - REQUEST_WINDOW),
                )
            )
        )
    )


def tidy(session: Session, now: dt.datetime) -> int:
    """Forget what was never confirmed, addresses that follow nothing, and who asked yesterday; rows that went."""
    alert, subscriber, request = models.Alert, models.Subscriber, models.AlertRequest
    statements: Sequence[sa.Delete] = (
        sa.delete(alert).where(alert.confirmed_at.is_(None), alert.created_at < now - UNCONFIRMED_LIFE),
        sa.delete(subscriber).where(~sa.exists().where(alert.subscriber_id == subscriber.id)),
        sa.delete(request).where(request.at < now - REQUEST_WINDOW),
    )
    gone = 0
    for statement in statements:
        done: sa.CursorResult[None] = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[assignment]
        gone += done.rowcount
    return gone


def next_morning(now: dt.datetime) -> dt.datetime:
    """The next time at which daily messages are made."""
    local = now.astimezone(BERLIN)
    day = local.date() if local.time() < MORNING else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, MORNING, BERLIN).astimezone(dt.UTC)


def _subscriber(session: Session, email: str) -> models.Subscriber | None:
    return session.scalars(sa.select(models.Subscriber).where(models.Subscriber.email == email)).one_or_none()


def _send_link(session: Session, subscriber: models.Subscriber, now: dt.datetime) -> None:
    _put(session, "mail.alert_link", subscriber.nonce, {"subscriber": subscriber.id}, now)


def _put(session: Session, kind: str, nonce: str, payload: dict[str, int], now: dt.datetime) -> None:
    outbox.put(session, kind, f"{kind}:{nonce}:{now.isoformat()}", dict(payload), due_at=now)


def _may_send(session: Session, sealer: Sealer, email: str, visitor: str, now: dt.datetime) -> bool:
    """Count a request. Raises `TooMany`; whether the address may get another message today."""
    local, _, domain = email.partition("@")
    # name+anything@ reaches the same person in most houses.
    address = sealer.mark("address", f"{local.partition('+')[0]}@{domain}", now.date())
    person = sealer.mark("visitor", visitor, now.date())
    if _asked(session, person, now) >= MAX_BY_VISITOR:
        raise TooMany
    is_allowed = _asked(session, address, now) < MAX_BY_ADDRESS
    session.add_all([models.AlertRequest(mark=person, at=now), models.AlertRequest(mark=address, at=now)])
    session.flush()
    return is_allowed


def _asked(session: Session, mark: str, now: dt.datetime) -> int:
    request = models.AlertRequest
    count = (
        sa.select(sa.func.count()).select_from(request).where(request.mark == mark, request.at > now - REQUEST_WINDOW)
    )
    return session.scalar(count) or 0


def _nonce() -> str:
    return secrets.token_urlsafe(16)
