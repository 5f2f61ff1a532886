"""Passkeys (WebAuthn): register several with names, use one as second factor or alone.

Alone, a passkey must verify its person (PIN, finger, face), so that it is two factors by itself. The library is loaded when
the first passkey is used: it brings much, and most processes never need it.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import challenges
from content.services.accounts.accounts import SignInRefused

MAX_PASSKEYS: Final = 10
MAX_ANSWER: Final = 20_000
"""Characters of an answer from a browser; real ones have one or two thousand."""
TIMEOUT_MS: Final = 120_000


@dataclass(frozen=True, slots=True)
class Site:
    """Whom passkeys belong to: the host of the portal's public address, and that address."""

    host: str
    origin: str
    name: str


def registration_options(session: Session, account: models.Account, site: Site, now: dt.datetime) -> str:
    """What the browser is asked in order to make a passkey, as JSON. Raises `InvalidInput` where there are enough."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    if len(account.passkeys) >= MAX_PASSKEYS:
        raise InvalidInput(
            [
                FieldError(
                    "name", "too_many", f"Mehr als {MAX_PASSKEYS} Passkeys sind nicht möglich. Bitte einen entfernen."
                )
            ]
        )
    if account.passkey_handle is None:
        account.passkey_handle = secrets.token_urlsafe(32)
    challenge = secrets.token_bytes(32)
    challenges.ask(session, "passkey.new", _text(challenge), now, account_id=account.id)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=account.login,
        user_id=_bytes(account.passkey_handle),
        user_display_name=account.name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=_bytes(row.credential_id)) for row in account.passkeys
        ],
    )
    return webauthn.options_to_json(options)


def register(
    session: Session, account: models.Account, answer: str, name: str, site: Site, now: dt.datetime
) -> models.Passkey:
    """Keep the passkey that a browser made. Raises `InvalidInput`."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    shown = " ".join(name.split())[:80]
    if not shown or not shown.isprintable():
        raise InvalidInput(
            [FieldError("name", "missing", "Der Name des Passkeys fehlt. Bitte angeben, etwa „Diensthandy“.")]
        )
    if len(account.passkeys) >= MAX_PASSKEYS:
        raise InvalidInput(
            [
                FieldError(
                    "name", "too_many", f"Mehr als {MAX_PASSKEYS} Passkeys sind nicht möglich. Bitte einen entfernen."
                )
            ]
        )
    try:
        credential = _parsed(answer)
        challenge = _challenge_of(credential)
        if challenges.take(session, "passkey.new", _text(challenge), now, account_id=account.id) is None:
            raise _not_taken()
        found = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except (WebAuthnException, ValueError) as error:
        raise _not_taken() from error
    credential_id = _text(found.credential_id)
    if session.scalar(sa.select(models.Passkey.id).where(models.Passkey.credential_id == credential_id)) is not None:
        raise InvalidInput([FieldError("name", "doubled", "Diesen Passkey gibt es schon.")])
    transports = credential["response"].get("transports", ())
    row = models.Passkey(
        account_id=account.id,
        credential_id=credential_id,
        public_key=_text(found.credential_public_key),
        sign_count=found.sign_count,
        transports=[str(entry)[:20] for entry in transports][:8] if isinstance(transports, list) else [],
        name=shown,
        created_at=now,
    )
    account.passkeys.append(row)
    session.flush()
    return row


def sign_in_options(session: Session, site: Site, now: dt.datetime, account: models.Account | None = None) -> str:
    """What the browser is asked in order to use a passkey, as JSON; of one account as second factor, else of anybody."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    challenge = secrets.token_bytes(32)
    challenges.ask(session, "passkey.use", _text(challenge), now, account_id=account.id if account else None)
    wanted = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=wanted.PREFERRED if account else wanted.REQUIRED,
        allow_credentials=[
            structs.PublicKeyCredentialDescriptor(
                id=_bytes(row.credential_id),
                transports=[
                    structs.AuthenticatorTransport(name)
                    for name in row.transports
                    if name in set(structs.AuthenticatorTransport)
                ],
            )
            for row in (account.passkeys if account else ())
        ],
    )
    return webauthn.options_to_json(options)


def use(
    session: Session, answer: str, site: Site, now: dt.datetime, *, account: models.Account | None = None
) -> models.Passkey:
    """The passkey that answered: one of `account`, else of whoever holds it. Raises `SignInRefused`.

    Whoever answers spends the question; a refusal undoes the transaction, and the question ends by its age.
    """
    import webauthn  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        credential = _parsed(answer)
        challenge = _challenge_of(credential)
        asked = challenges.take(
            session, "passkey.use", _text(challenge), now, account_id=account.id if account else None
        )
        row = session.scalars(
            sa.select(models.Passkey)
            .where(models.Passkey.credential_id == _text(_bytes(str(credential["id"]))))
            .with_for_update()
        ).one_or_none()
        if (
            asked is None
            or row is None
            or (account is not None and row.account_id != account.id)
            or not row.account.is_active
        ):
            raise SignInRefused("passkey")
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=account is None,
        )
    except (WebAuthnException, ValueError) as error:
        raise SignInRefused("passkey") from error
    row.sign_count, row.used_at = found.new_sign_count, now
    session.flush()
    return row


def _not_taken() -> InvalidInput:
    return InvalidInput(
        [FieldError("name", "refused", "Der Passkey wurde nicht angenommen. Bitte noch einmal versuchen.")]
    )


def _parsed(answer: str) -> dict[str, Any]:
    """The browser's answer as a mapping. Raises ValueError for anything else."""
    if len(answer) > MAX_ANSWER:
        raise ValueError("too long")
    try:
        found = json.loads(answer)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("response"), dict)
        or not isinstance(found.get("id"), str)
    ):
        raise ValueError("not a credential")  # noqa: TRY004 - one error for every kind of nonsense
    return found


def _challenge_of(credential: dict[str, Any]) -> bytes:
    client = json.loads(_bytes(str(credential["response"].get("clientDataJSON", ""))))
    if not isinstance(client, dict):
        raise ValueError("not client data")  # noqa: TRY004 - one error for every kind of nonsense
    return _bytes(str(client.get("challenge", "")))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(value: str) -> bytes:
    """Raises ValueError for what is not base64url."""
    try:
        return base64.b64decode(value.encode("ascii") + b"=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
