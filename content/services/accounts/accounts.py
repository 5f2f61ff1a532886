"""People: accounts, roles, passwords, links by mail. Sessions, second factors and limits have rooms of their own.

Secrets are kept as hashes only. Refusals never tell whether an account exists. Hashing a password takes time and memory on
purpose: it is done before a writing transaction begins, so that no writer waits for it, and one at a time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import argon2
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import account_news
from content.typed import mail_address, passwords
from workflows import rights
from workflows.vocabulary import ROLES, Permission

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200
HASH_WAIT_S: Final = 8.0
TICKET_LIFE: Final[Mapping[str, dt.timedelta]] = {"invitation": dt.timedelta(days=7), "reset": dt.timedelta(hours=2)}

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,78}[a-z0-9]\Z")
# OWASP's smaller choice for argon2id: 19 MiB a hash, so that a process stays small.
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_HASH_LOCK: Final = threading.BoundedSemaphore(1)


class SignInRefused(Exception):  # noqa: N818 - named for the situation
    """No; `code` is `wrong` or `too_many`. The message (German) is the same for every reason of a kind."""

    def __init__(self, code: str) -> None:
        self.code = code
        messages = {
            "wrong": "Name oder Kennwort stimmt nicht. Bitte beides prüfen.",
            "too_many": "Zu viele Versuche. Bitte in einer Viertelstunde noch einmal versuchen.",
            "passkey": "Der Passkey wurde nicht angenommen. Bitte noch einmal versuchen oder mit Kennwort anmelden.",
            "unknown": "Zu dieser Anmeldung gibt es hier kein Konto. Zugänge richtet die Administration ein; wer schon ein Konto hat, lässt es dort verbinden.",
            "ended": "Die Einladung gilt nicht mehr. Bitte die Administration um eine neue bitten.",
            "taken": "Die Einladung gehört zu einem anderen Konto als Ihre Anmeldung beim Dienst. Bitte die Administration fragen.",
            "busy": "Gerade melden sich sehr viele an. Bitte in einer Minute noch einmal versuchen.",
            "wrong_code": "Der Code stimmt nicht oder wurde schon benutzt. Bitte den nächsten abwarten.",
        }
        super().__init__(messages[code])


class Busy(SignInRefused):
    """Too many passwords are being checked at once; nothing was checked."""

    def __init__(self) -> None:
        super().__init__("busy")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person at the desk, as read for one request."""

    session_id: int
    account_id: int
    login: str
    name: str
    form_token: str
    is_complete: bool
    has_totp: bool
    passkeys: int
    grants: tuple[tuple[str, str], ...]
    seen_at: dt.datetime
    unread: int = 0

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password."""
        return self.has_totp or self.passkeys > 0

    @property
    def permits(self) -> frozenset[Permission]:
        """Every right of the person, somewhere; those over the whole house only where they are held everywhere."""
        return rights.permits(self.grants)

    def holds(self, permission: Permission) -> bool:
        """Whether the person has the right somewhere; a right over the whole house only counts when held everywhere."""
        return permission in self.permits

    @property
    def must_set_up(self) -> bool:
        """Whether a role asks for a second factor that is not there yet."""
        return not self.has_second_factor and any(
            ROLES[role].needs_second_factor for role, _ in self.grants if role in ROLES
        )

    def permits_on(self, kind: str, owner: str) -> frozenset[Permission]:
        """The rights on items of `kind` that belong to the organisation `owner`."""
        return rights.permits_on(self.grants, kind, owner)


def grants_of(account: models.Account) -> tuple[tuple[str, str], ...]:
    """What an account holds: (role, organisation or "" for everywhere)."""
    return tuple((row.role, row.organisation) for row in account.grants)


def secret_hash(secret: str) -> str:
    """What is kept of a secret that is random by itself."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- accounts and roles ----------------------------------------------------------------------------------------------


def create(session: Session, *, login: str, name: str, email: str, now: dt.datetime) -> models.Account:
    """A new account without password and roles. Raises `InvalidInput`."""
    wanted = login.strip().lower()
    shown, mail, errors = _clean_person(name, email)
    if not _LOGIN.match(wanted):
        errors.append(
            FieldError(
                "login", "malformed", "Der Anmeldename braucht 3 bis 80 Zeichen: a–z, 0–9, Punkt, Bindestrich, @."
            )
        )
    elif find(session, wanted) is not None:
        errors.append(
            FieldError("login", "doubled", f"Den Anmeldenamen „{wanted}“ gibt es schon. Bitte einen anderen wählen.")
        )
    if errors:
        raise InvalidInput(errors)
    account = models.Account(login=wanted, name=shown, email=mail, created_at=now)
    session.add(account)
    session.flush()
    return account


def change(session: Session, account: models.Account, *, name: str, email: str, now: dt.datetime) -> None:
    """Another name or address; links that went to the old address end, and it is told. Raises `InvalidInput`."""
    shown, mail = clean_person(name, email)
    if mail != account.email:
        end_tickets(session, account.id)
        account_news.tell_old_address(session, account, account.email, now, new=mail)
    account.name, account.email = shown, mail
    session.flush()


def clean_person(name: str, email: str) -> tuple[str, str]:
    """Name and address as accounts keep them. Raises `InvalidInput`."""
    shown, mail, errors = _clean_person(name, email)
    if errors:
        raise InvalidInput(errors)
    return shown, mail


def _clean_person(name: str, email: str) -> tuple[str, str, list[FieldError]]:
    shown, mail = " ".join(name.split()), ""
    errors = []
    if not shown or len(shown) > 200 or not shown.isprintable():
        errors.append(FieldError("name", "missing", "Der Name fehlt oder ist zu lang. Bitte angeben."))
    if email.strip():
        try:
            mail = mail_address.clean(email)
        except InvalidInput as invalid:
            errors += invalid.errors
    return shown, mail, errors


def typed_login(text: str) -> str:
    """What was typed as a login, in the form that logins have; nonsense becomes a login that nobody has."""
    login = text.strip().lower()
    return login if _LOGIN.match(login) else ""


def find(session: Session, login: str) -> models.Account | None:
    """The account with this login."""
    return session.scalars(sa.select(models.Account).where(models.Account.login == typed_login(login))).one_or_none()


def grant(
    session: Session,
    account: models.Account,
    role: str,
    organisation: str,
    *,
    by: str,
    now: dt.datetime,
    source: str = "hand",
) -> bool:
    """Give a role; whether it is new. Raises `InvalidInput` for a role that no person can have."""
    if role not in ROLES or not ROLES[role].is_human:
        known = ", ".join(name for name, row in ROLES.items() if row.is_human)
        raise InvalidInput(
            [FieldError("role", "unknown_role", f"Die Rolle „{role}“ gibt es nicht. Möglich sind: {known}.")]
        )
    if words := rights.misfit(role, organisation):
        raise InvalidInput([FieldError("organisation", "everywhere" if organisation else "missing", words)])
    for row in account.grants:
        if row.role == role and row.organisation == organisation:
            row.source = "hand" if source == "hand" else row.source
            return False
    account.grants.append(
        models.Grant(role=role, organisation=organisation, granted_by=by, granted_at=now, source=source)
    )
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
        end_tickets(session, account.id)
    session.flush()


# --- passwords -------------------------------------------------------------------------------------------------------


def hash_password(password: str, *, login: str = "") -> str:
    """The hash to keep. Raises `InvalidInput` for a password that is too short, too long or easy to guess, `Busy`."""
    problem, password = "", passwords.normal(password)
    if len(password) < MIN_PASSWORD:
        problem = f"Das Kennwort braucht mindestens {MIN_PASSWORD} Zeichen. Ein Satz aus mehreren Wörtern ist gut."
    elif len(password) > MAX_PASSWORD:
        problem = f"Das Kennwort ist zu lang; höchstens {MAX_PASSWORD} Zeichen sind möglich."
    elif login and login.lower() in password.lower():
        problem = f"Das Kennwort enthält Ihren Anmeldenamen „{login}“; so ist es leicht zu erraten. Bitte ein anderes wählen, etwa einen Satz aus mehreren Wörtern."
    elif passwords.is_simple(password):
        problem = (
            "Dieses Kennwort ist leicht zu erraten. Bitte ein anderes wählen, etwa einen Satz aus mehreren Wörtern."
        )
    elif passwords.is_known(password):
        problem = (
            "Dieses Kennwort steht in Listen, die bei Einbrüchen durchprobiert werden, auch mit angehängten Ziffern oder Zeichen. "
            "Bitte ein anderes wählen, etwa einen Satz aus mehreren Wörtern."
        )
    if problem:
        raise InvalidInput([FieldError("password", "weak", problem)])
    with _hashing():
        return _HASHER.hash(password)


def has_password(connection: Connection, account_id: int) -> bool:
    """Whether the person ever set one."""
    table = models.Account.__table__.c
    return connection.scalar(sa.select(table.password_hash).where(table.id == account_id)) is not None


def rehash(password: str) -> str:
    """A password that was right, as it is kept today. Raises `Busy`."""
    with _hashing():
        return _HASHER.hash(passwords.normal(password))


def check_password(connection: Connection, login: str, password: str) -> tuple[int, bool]:
    """The id of the account that this is, and whether its hash is of an older kind.

    Reads only. Call it inside `limits.attempt`. Raises `SignInRefused`, `Busy`.
    """
    account = models.Account.__table__.c
    row = connection.execute(
        sa.select(account.id, account.password_hash, account.is_active).where(account.login == typed_login(login))
    ).first()
    nobody = _nobody_hash()
    kept = row.password_hash if row is not None and row.password_hash else nobody
    as_typed = password[: MAX_PASSWORD + 1]
    wanted = passwords.normal(as_typed)
    # What was set before passwords were normalised is still known by its own letters; nobody's time tells who that is.
    is_right = _matches(kept, wanted) or (wanted != as_typed and _matches(kept, as_typed))
    if not is_right:
        raise SignInRefused("wrong")
    if row is None or not row.password_hash or not row.is_active:
        raise SignInRefused("wrong")
    return int(row.id), _HASHER.check_needs_rehash(kept)


def _matches(kept: str, password: str) -> bool:
    try:
        with _hashing():
            return _HASHER.verify(kept, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@contextlib.contextmanager
def _hashing() -> Iterator[None]:
    """Hash one password at a time: each takes its memory, and many at once are an attack."""
    if not _HASH_LOCK.acquire(timeout=HASH_WAIT_S):
        raise Busy
    try:
        yield
    finally:
        _HASH_LOCK.release()


@functools.cache
def _nobody_hash() -> str:
    """Somebody who does not exist costs as much time as somebody who does."""
    return _HASHER.hash(secrets.token_hex(16))


def change_password(
    session: Session, account: models.Account, password_hash: str, *, keep_session: int | None = None
) -> None:
    """Set a new password; every other session and every link ends."""
    account.password_hash = password_hash
    end_sessions(session, account.id, but=keep_session)
    end_tickets(session, account.id)
    session.flush()


def end_sessions(session: Session, account_id: int, *, but: int | None = None) -> None:
    """End every session of an account, but one perhaps."""
    query = sa.delete(models.AccountSession).where(models.AccountSession.account_id == account_id)
    session.execute(query if but is None else query.where(models.AccountSession.id != but))


# --- tickets ---------------------------------------------------------------------------------------------------------


def issue_ticket(session: Session, account: models.Account, purpose: str, now: dt.datetime) -> str:
    """A single-use secret for a link; earlier ones of that purpose end."""
    session.execute(
        sa.delete(models.Ticket).where(models.Ticket.account_id == account.id, models.Ticket.purpose == purpose)
    )
    secret = secrets.token_urlsafe(32)
    session.add(
        models.Ticket(
            account_id=account.id,
            secret_hash=secret_hash(secret),
            purpose=purpose,
            expires_at=now + TICKET_LIFE[purpose],
        )
    )
    session.flush()
    return secret


def ticket(session: Session, secret: str, now: dt.datetime) -> models.Ticket | None:
    """The ticket of this secret, if it still opens anything."""
    return ticket_by_hash(session, secret_hash(secret), now)


def ticket_by_hash(session: Session, digest: str, now: dt.datetime, *, purpose: str = "") -> models.Ticket | None:
    """The ticket whose secret has this hash, if it still opens anything; where a purpose is given, one of no other."""
    found = session.scalars(sa.select(models.Ticket).where(models.Ticket.secret_hash == digest)).one_or_none()
    if found is not None and purpose and found.purpose != purpose:
        return None
    return found if found and found.used_at is None and found.expires_at > now and found.account.is_active else None


def use_ticket(session: Session, secret: str, now: dt.datetime) -> models.Account | None:
    """The account that this secret opens, once: of two who bring it at the same time one gets it."""
    return use_ticket_by_hash(session, secret_hash(secret), now)


def use_ticket_by_hash(session: Session, digest: str, now: dt.datetime, *, purpose: str = "") -> models.Account | None:
    """As `use_ticket`, for who kept the hash of the secret only; where a purpose is given, for no other."""
    found = ticket_by_hash(session, digest, now, purpose=purpose)
    if found is None:
        return None
    used = session.execute(
        sa.update(models.Ticket)
        .where(models.Ticket.id == found.id, models.Ticket.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return found.account if getattr(used, "rowcount", 0) == 1 else None


def end_tickets(session: Session, account_id: int) -> None:
    """No link that was sent opens anything any more."""
    session.execute(sa.delete(models.Ticket).where(models.Ticket.account_id == account_id))
