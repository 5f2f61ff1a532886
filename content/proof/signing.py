"""Links and forms that prove themselves: what we handed out comes back unchanged, and nobody else can make it.

A *seal* is a keyed hash over a purpose and some words. The key lies in `DATA/keys/links.key`; it is made when the portal
is founded, belongs to the backup, and several nodes share it with the folder. With another key all links end.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from content.proof.ledger import KeyFileError
from content.typed.whole import whole

KEY_FILE: Final = "keys/links.key"
KEY_BYTES: Final = 32
SEAL_CHARS: Final = 22
"""128 bits in base64."""
FORM_LIFE: Final = dt.timedelta(hours=4)
_SKEW: Final = dt.timedelta(minutes=2)


class Sealer:
    """Makes and checks seals with one key (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, data: Path) -> Sealer:
        """The sealer of a DATA folder. Raises `KeyFileError` where its key is missing or not one: anybody could seal with an empty one."""
        path = data / KEY_FILE
        remedy = f"Bitte aus der Sicherung zurückholen, oder mit „beschlussportal --data {data} links new-key“ neu machen; bisherige Links in E-Mails enden dann."
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(f"Der Schlüssel {path} für Links in E-Mails fehlt. {remedy}") from None
        except OSError as error:
            raise KeyFileError(f"Der Schlüssel {path} ist nicht lesbar: {error.strerror}.") from error
        if len(key) != KEY_BYTES:
            raise KeyFileError(
                f"{path} enthält keinen brauchbaren Schlüssel ({len(key)} statt {KEY_BYTES} Bytes). {remedy}"
            )
        return cls(key)

    def seal(self, purpose: str, *words: str) -> str:
        """The seal over `words` for `purpose`; no words and no purposes share one."""
        text = "\x1f".join([purpose, *words]).encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, "sha256")[:16]).decode().rstrip("=")

    def holds(self, seal: str, purpose: str, *words: str) -> bool:
        """Whether `seal` is ours; takes the same time for any answer."""
        return hmac.compare_digest(seal.encode(), self.seal(purpose, *words).encode())

    def form_token(self, purpose: str, now: dt.datetime) -> str:
        """Goes into a form, so that nobody can send it who did not load it within `FORM_LIFE`."""
        stamp = str(int(now.timestamp()))
        return f"{stamp}.{self.seal(f'form {purpose}', stamp)}"

    def is_fresh(self, token: str, purpose: str, now: dt.datetime) -> bool:
        """Whether `token` was made for this form and is not too old."""
        stamp, _, seal = token.partition(".")
        seconds = whole(stamp, most=99_999_999_999)
        if seconds is None or not self.holds(seal, f"form {purpose}", stamp):
            return False
        made = dt.datetime.fromtimestamp(seconds, dt.UTC)
        return now - FORM_LIFE <= made <= now + _SKEW

    def mark(self, purpose: str, word: str, day: dt.date) -> str:
        """A word that counts the same visitor of one day, and tells nobody who it was; useless the next day."""
        return hashlib.sha256(self.seal(f"mark {purpose}", day.isoformat(), word).encode()).hexdigest()


def create(data: Path) -> None:
    """Write the key of a DATA folder complete or not at all; one that is there stays, and of two processes the first one's."""
    path = data / KEY_FILE
    if path.exists():
        return
    temporary = _fresh(path)
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()


def replace(data: Path) -> None:
    """Seal with a new key from now on: every link that went out by mail ends."""
    path = data / KEY_FILE
    _fresh(path).replace(path)


def _fresh(path: Path) -> Path:
    temporary = path.with_name(f".links-{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return temporary
