"""People: passwords, second factor, sessions, tickets, roles; and the audit log of all of it.

Secrets are kept as hashes only. Refusals never tell whether an account exists. Hashing a password takes a tenth of a
second on purpose: it is done before a writing transaction begins, so that no writer waits for it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import argon2
import pyotp
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from workflows.vocabulary import ROLES, Permission

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200
SESSION_LENGTH: Final = dt.timedelta(hours=12)
SESSION_IDLE: Final = dt.timedelta(hours=2)
ATTEMPT_WINDOW: Final = dt.timedelta(minutes=15)
MAX_ATTEMPTS_LOGIN: Final = 6
MAX_ATTEMPTS_ADDRESS: Final = 30
TICKET_LIFE: Final[Mapping[str, dt.timedelta]] = {"invitation": dt.timedelta(days=7), "reset": dt.timedelta(hours=2)}
RECOVERY_CODES: Final = 10
TOTP_STEP_S: Final = 30
SEEN_EVERY: Final = dt.timedelta(minutes=1)
"""A session's last sight is written at most so often: reading the desk must not write all the time."""

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]\Z")
_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+\Z")
_HASHER: Final = argon2.PasswordHasher()
# Somebody who does not exist costs as much time as somebody who does.
_NOBODY_HASH: Final = _HASHER.hash(secrets.token_hex(16))


class SignInRefused(Exception):  # noqa: N818 - named for the situation
    """No; `code` is `wrong` or `too_many`. The message (German) is the same for every reason of a kind."""

    def __init__(self, code: str) -> None:
        self.code = code
        messages = {
            "wrong": "Name oder Kennwort stimmt nicht. Bitte beides prüfen.",
            "too_many": "Zu viele Versuche. Bitte in einer Viertelstunde noch einmal versuchen.",
            "wrong_code": "Der Code stimmt nicht oder wurde schon benutzt. Bitte den nächsten abwarten.",
        }
        super().__init__(messages[code])


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person at the desk, as read for one request."""

    session_id: int
    account_id: int
    login: str
    name: str
    form_token: str
    is_complete: bool
    has_second_factor: bool
    grants: tuple[tuple[str, str], ...]
    seen_at: dt.datetime

    @property
    def permits(self) -> frozenset[Permission]:
        """Every right of the person, somewhere."""
        return frozenset[Permission]().union(*(ROLES[role].permits for role, _ in self.grants if role in ROLES))

    @property
    def must_set_up(self) -> bool:
        """Whether a role asks for a second factor that is not there yet."""
        return not self.has_second_factor and any(ROLES[role].needs_second_factor for role, _ in self.grants if role in ROLES)

    def permits_on(self, kind: str, owner: str) -> frozenset[Permission]:
        """The rights on items of `kind` that belong to the organisation `owner`."""
        held = [
            ROLES[role].permits
            for role, organisation in self.grants
            if role in ROLES and (not ROLES[role].kinds or kind in ROLES[role].kinds) and organisation in {"", owner}
        ]
        return frozenset[Permission]().union(*held)


def secret_hash(secret: str) -> str:
    """What is kept of a secret that is random by itself."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- accounts and roles ----------------------------------------------------------------------------------------------


def create(session: Session, *, login: str, name: str, email: str, now: dt.datetime) -> models.Account:
    """A new account without password and roles. Raises `InvalidInput`."""
    wanted, shown, mail = login.strip().lower(), " ".join(name.split()), email.strip()
    errors = []
    if not _LOGIN.match(wanted):
        errors.append(FieldError("login", "malformed", "Der Anmeldename braucht 3 bis 80 Zeichen: a–z, 0–9, Punkt, Bindestrich, @."))
    elif find(session, wanted) is not None:
        errors.append(FieldError("login", "doubled", f"Den Anmeldenamen „{wanted}“ gibt es schon. Bitte einen anderen wählen."))
    if not shown or len(shown) > 200:
        errors.append(FieldError("name", "missing", "Der Name fehlt oder ist zu lang. Bitte angeben."))
    if mail and not _EMAIL.match(mail):
        errors.append(FieldError("email", "malformed", "Das ist keine E-Mail-Adresse. Erwartet wird etwa name@amt.example."))
    if errors:
        raise InvalidInput(errors)
    account = models.Account(login=wanted, name=shown, email=mail, created_at=now)
    session.add(account)
    session.flush()
    return account


def typed_login(text: str) -> str:
    """What was typed as a login, in the form that logins have; nonsense becomes a login that nobody has."""
    login = text.strip().lower()
    return login if _LOGIN.match(login) else ""


def find(session: Session, login: str) -> models.Account | None:
    """The account with this login."""
    return session.scalars(sa.select(models.Account).where(models.Account.login == typed_login(login))).one_or_none()


def grant(session: Session, account: models.Account, role: str, organisation: str, *, by: str, now: dt.datetime) -> bool:
    """Give a role; whether it is new. Raises `InvalidInput` for a role that no person can have."""
    if role not in ROLES or not ROLES[role].is_human:
        known = ", ".join(name for name, row in ROLES.items() if row.is_human)
        raise InvalidInput([FieldError("role", "unknown_role", f"Die Rolle „{role}“ gibt es nicht. Möglich sind: {known}.")])
    if any(row.role == role and row.organisation == organisation for row in account.grants):
        return False
    account.grants.append(models.Grant(role=role, organisation=organisation, granted_by=by, granted_at=now))
    session.flush()
    return True


def revoke(session: Session, account: models.Account, role: str, organisation: str) -> bool:
    """Take a role away; whether it was there. Open sessions lose it at their next request."""
    found = [row for row in account.grants if row.role == role and row.organisation == organisation]
    for row in found:
        account.grants.remove(row)
    session.flush()
    return bool(found)


def set_active(session: Session, account: models.Account, *, is_active: bool) -> None:
    """Lock an account out, or let it in again; locking ends its sessions."""
    account.is_active = is_active
    if not is_active:
        end_sessions(session, account.id)
    session.flush()


# --- passwords -------------------------------------------------------------------------------------------------------


def hash_password(password: str, *, login: str = "") -> str:
    """The hash to keep. Raises `InvalidInput` for a password that is too short, too long or the login."""
    problem = ""
    if len(password) < MIN_PASSWORD:
        problem = f"Das Kennwort braucht mindestens {MIN_PASSWORD} Zeichen. Ein Satz aus mehreren Wörtern ist gut."
    elif len(password) > MAX_PASSWORD:
        problem = f"Das Kennwort ist zu lang; höchstens {MAX_PASSWORD} Zeichen sind möglich."
    elif (login and login.lower() in password.lower()) or len(set(password)) < 5:
        problem = "Dieses Kennwort ist leicht zu erraten. Bitte ein anderes wählen."
    if problem:
        raise InvalidInput([FieldError("password", "weak", problem)])
    return _HASHER.hash(password)


def check_password(connection: Connection, login: str, password: str, address: str, now: dt.datetime) -> int:
    """The id of the account that this is. Reads only. Raises `SignInRefused`; note the failure with `note_failure`."""
    name = login.strip().lower()[:80]
    table = models.Attempt.__table__.c
    recent = table.at > now - ATTEMPT_WINDOW
    by_login = connection.scalar(sa.select(sa.func.count()).where(table.login == name, recent)) or 0
    by_address = connection.scalar(sa.select(sa.func.count()).where(table.address == address, recent)) or 0
    if by_login >= MAX_ATTEMPTS_LOGIN or by_address >= MAX_ATTEMPTS_ADDRESS:
        raise SignInRefused("too_many")
    account = models.Account.__table__.c
    row = connection.execute(
        sa.select(account.id, account.password_hash, account.is_active).where(account.login == name)
    ).first()
    kept = row.password_hash if row is not None and row.password_hash else _NOBODY_HASH
    try:
        _HASHER.verify(kept, password[: MAX_PASSWORD + 1])
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError) as error:
        raise SignInRefused("wrong") from error
    if row is None or not row.password_hash or not row.is_active:
        raise SignInRefused("wrong")
    return int(row.id)


def note_failure(session: Session, login: str, address: str, now: dt.datetime) -> None:
    """Count a failed attempt, and forget old ones."""
    session.add(models.Attempt(login=login.strip().lower()[:80], address=address[:60], at=now))
    session.execute(sa.delete(models.Attempt).where(models.Attempt.at < now - 4 * ATTEMPT_WINDOW))
    session.flush()


def change_password(session: Session, account: models.Account, password_hash: str, *, keep_session: int | None = None) -> None:
    """Set a new password; every other session ends."""
    account.password_hash = password_hash
    end_sessions(session, account.id, but=keep_session)
    session.execute(sa.delete(models.Attempt).where(models.Attempt.login == account.login))
    session.flush()


# --- sessions --------------------------------------------------------------------------------------------------------


def open_session(session: Session, account: models.Account, *, address: str, agent: str, now: dt.datetime) -> str:
    """A new session; its secret for the cookie. It is complete at once where the account has no second factor."""
    secret = secrets.token_urlsafe(32)
    session.add(
        models.AccountSession(
            account_id=account.id, secret_hash=secret_hash(secret), form_token=secrets.token_urlsafe(24),
            is_complete=not account.totp_is_confirmed, created_at=now, seen_at=now, ends_at=now + SESSION_LENGTH,
            address=address[:60], agent=agent[:200],
        )
    )
    session.execute(sa.delete(models.AccountSession).where(models.AccountSession.ends_at < now))
    session.flush()
    return secret


def signed_in(connection: Connection, secret: str, now: dt.datetime) -> SignedIn | None:
    """Who holds this cookie; None when the session ended, rested too long, or the account is locked."""
    sessions, account = models.AccountSession.__table__.c, models.Account.__table__.c
    row = connection.execute(
        sa.select(
            sessions.id, sessions.form_token, sessions.is_complete, sessions.seen_at, account.id.label("account_id"), account.login,
            account.name, account.totp_is_confirmed,
        )
        .join_from(models.AccountSession.__table__, models.Account.__table__, sessions.account_id == account.id)
        .where(
            sessions.secret_hash == secret_hash(secret), sessions.ends_at > now, sessions.seen_at > now - SESSION_IDLE, account.is_active
        )
    ).first()
    if row is None:
        return None
    grants = models.Grant.__table__.c
    held = connection.execute(sa.select(grants.role, grants.organisation).where(grants.account_id == row.account_id)).all()
    return SignedIn(
        session_id=row.id, account_id=row.account_id, login=row.login, name=row.name, form_token=row.form_token,
        is_complete=row.is_complete, has_second_factor=row.totp_is_confirmed,
        grants=tuple((found.role, found.organisation) for found in held), seen_at=row.seen_at,
    )


def touch(session: Session, session_id: int, now: dt.datetime) -> None:
    """The session was seen."""
    session.execute(sa.update(models.AccountSession).where(models.AccountSession.id == session_id).values(seen_at=now))


def end_session(session: Session, session_id: int, account_id: int) -> None:
    """End one session of that account."""
    session.execute(
        sa.delete(models.AccountSession).where(
            models.AccountSession.id == session_id, models.AccountSession.account_id == account_id
        )
    )


def end_sessions(session: Session, account_id: int, *, but: int | None = None) -> None:
    """End every session of an account, but one perhaps."""
    query = sa.delete(models.AccountSession).where(models.AccountSession.account_id == account_id)
    session.execute(query if but is None else query.where(models.AccountSession.id != but))


# --- second factor ---------------------------------------------------------------------------------------------------


def new_totp(account: models.Account) -> str:
    """A fresh secret, not yet in force. Raises `InvalidInput` where one is in force already."""
    if account.totp_is_confirmed:
        raise InvalidInput([FieldError("totp", "exists", "Ein zweiter Faktor ist schon eingerichtet. Bitte zuerst entfernen.")])
    if account.totp_secret is None:
        account.totp_secret = pyotp.random_base32()
    return account.totp_secret


def totp_uri(account: models.Account, issuer: str) -> str:
    """The address that a QR code for authenticator apps carries."""
    return pyotp.TOTP(account.totp_secret or "").provisioning_uri(name=account.login, issuer_name=issuer)


def confirm_totp(session: Session, account: models.Account, code: str, now: dt.datetime) -> list[str]:
    """Put the secret in force by a first code; the recovery codes, to be shown once. Raises `SignInRefused`."""
    if not _take_code(account, code, now):
        raise SignInRefused("wrong_code")
    account.totp_is_confirmed = True
    codes = [f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}" for _ in range(RECOVERY_CODES)]
    account.recovery_hashes = [secret_hash(row) for row in codes]
    session.flush()
    return codes


def complete(session: Session, session_id: int, account: models.Account, code: str, now: dt.datetime) -> None:
    """Finish a sign-in by a code of the app or a recovery code. Raises `SignInRefused`."""
    typed = re.sub(r"\s", "", code).lower()
    mark = secret_hash(typed)
    if mark in account.recovery_hashes:
        account.recovery_hashes = [kept for kept in account.recovery_hashes if kept != mark]
    elif not _take_code(account, typed, now):
        raise SignInRefused("wrong_code")
    session.execute(sa.update(models.AccountSession).where(models.AccountSession.id == session_id).values(is_complete=True))
    session.flush()


def _take_code(account: models.Account, code: str, now: dt.datetime) -> bool:
    """Whether `code` is right now, give or take one step; a step is taken once only."""
    typed = re.sub(r"\s", "", code)
    if not account.totp_secret or not re.fullmatch(r"\d{6}", typed):
        return False
    totp = pyotp.TOTP(account.totp_secret)
    present = int(now.timestamp()) // TOTP_STEP_S
    for step in (present, present - 1, present + 1):
        if step > account.totp_last_step and secrets.compare_digest(totp.generate_otp(step), typed):
            account.totp_last_step = step
            return True
    return False


def remove_totp(session: Session, account: models.Account) -> None:
    """Take the second factor away, with its recovery codes."""
    account.totp_secret, account.totp_is_confirmed, account.recovery_hashes, account.totp_last_step = None, False, [], 0
    session.flush()


# --- tickets ---------------------------------------------------------------------------------------------------------


def issue_ticket(session: Session, account: models.Account, purpose: str, now: dt.datetime) -> str:
    """A single-use secret for a link; earlier ones of that purpose end."""
    session.execute(
        sa.delete(models.Ticket).where(models.Ticket.account_id == account.id, models.Ticket.purpose == purpose)
    )
    secret = secrets.token_urlsafe(32)
    session.add(
        models.Ticket(account_id=account.id, secret_hash=secret_hash(secret), purpose=purpose, expires_at=now + TICKET_LIFE[purpose])
    )
    session.flush()
    return secret


def ticket(session: Session, secret: str, now: dt.datetime) -> models.Ticket | None:
    """The ticket of this secret, if it still opens anything."""
    found = session.scalars(sa.select(models.Ticket).where(models.Ticket.secret_hash == secret_hash(secret))).one_or_none()
    return found if found and found.used_at is None and found.expires_at > now and found.account.is_active else None
