"""The second factor: codes of an authenticator app, and recovery codes for the day it is lost. Passkeys: `passkeys.py`."""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets
from typing import Final

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.accounts.accounts import SignInRefused, secret_hash

RECOVERY_CODES: Final = 10
TOTP_STEP_S: Final = 30


def new_totp() -> str:
    """A fresh secret; it belongs to nobody until a first code proves that an app has it."""
    return pyotp.random_base32()


def totp_uri(secret: str, login: str, issuer: str) -> str:
    """The address that a QR code for authenticator apps carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def confirm_totp(session: Session, account: models.Account, secret: str, code: str, now: dt.datetime) -> list[str]:
    """Put `secret` in force by a first code; fresh recovery codes where there are none. Raises `SignInRefused`."""
    session.flush()
    session.refresh(account, with_for_update=True)
    if not account.totp_is_confirmed:
        account.totp_secret = secret
    if account.totp_is_confirmed or not _take_code(account, code, now):
        raise SignInRefused("wrong_code")
    account.totp_is_confirmed = True
    codes = [] if account.recovery_hashes else renew_codes(session, account)
    session.flush()
    return codes


def renew_codes(session: Session, account: models.Account) -> list[str]:
    """New recovery codes, to be shown once; the old ones are void. Each has 80 random bits."""
    letters = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    account.recovery_hashes = [secret_hash(row) for row in letters]
    session.flush()
    return ["-".join(re.findall("....", row)) for row in letters]


def take(session: Session, account: models.Account, code: str, now: dt.datetime) -> str:
    """Take a code, which is void from now on: `totp` or `recovery`, by what it was. Raises `SignInRefused`."""
    session.flush()
    session.refresh(account, with_for_update=True)
    typed = re.sub(r"[\s-]", "", code).lower()
    mark = secret_hash(typed)
    if mark in account.recovery_hashes:
        account.recovery_hashes = [kept for kept in account.recovery_hashes if kept != mark]
        session.flush()
        return "recovery"
    if not account.totp_is_confirmed or not _take_code(account, typed, now):
        raise SignInRefused("wrong_code")
    session.flush()
    return "totp"


def _take_code(account: models.Account, code: str, now: dt.datetime) -> bool:
    """Whether `code` is right now, give or take one step; a step is taken once only."""
    typed = re.sub(r"\s", "", code)
    if not account.totp_secret or not re.fullmatch(r"[0-9]{6}", typed):
        return False
    totp = pyotp.TOTP(account.totp_secret)
    present = int(now.timestamp()) // TOTP_STEP_S
    for step in (present, present - 1, present + 1):
        if step > account.totp_last_step and secrets.compare_digest(totp.generate_otp(step), typed):
            account.totp_last_step = step
            return True
    return False


def remove_totp(session: Session, account: models.Account) -> None:
    """Take the app away; without any factor left the recovery codes are void as well."""
    account.totp_secret, account.totp_is_confirmed, account.totp_last_step = None, False, 0
    _tidy(session, account)


def remove_passkey(session: Session, account: models.Account, passkey_id: int) -> str:
    """Take a passkey away; its name, empty where the account has none of that id."""
    for row in account.passkeys:
        if row.id == passkey_id:
            account.passkeys.remove(row)
            _tidy(session, account)
            return row.name
    return ""


def remove_all(session: Session, account: models.Account) -> None:
    """Take every second factor away: the person lost them, and an administrator helps."""
    account.passkeys.clear()
    remove_totp(session, account)


def _tidy(session: Session, account: models.Account) -> None:
    if not account.has_second_factor:
        account.recovery_hashes = []
    session.execute(sa.delete(models.Challenge).where(models.Challenge.account_id == account.id))
    session.flush()
