r"""The publication ledger, pure: entries, their chain, signatures, and the check that names the first false one.

Each entry carries the hash of the one before and is signed; a *checkpoint* signs position and hash of the last, so that
a cut-off end shows. All lines of `/ledger.jsonl` and of a full export have one shape: a canonical JSON object with
`type` (`ledger_header`, `edition`, `ledger_entry`, `ledger_checkpoint`; others are skipped).

    hash      = SHA-256(canonical JSON of the entry without `hash` and `signature`)
    signature = base64(Ed25519(b"beschlussportal-ledger-v1\\n" + hash as raw bytes))

One key signs at a time. It is replaced by an entry `key`, signed by the old key, that carries the new public key and its
proof: a signature of the new key over the hash of the entry before. Whoever trusts one key of this chain, first or last,
can trust every entry.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from content.proof.canonical import NotCanonical, canonical_json, sha256_hex

GENESIS: Final = "0" * 64
_ENTRY_DOMAIN: Final = b"beschlussportal-ledger-v1\n"
_CHECKPOINT_DOMAIN: Final = b"beschlussportal-checkpoint-v1\n"
_KEY_DOMAIN: Final = b"beschlussportal-key-v1\n"


class Act(StrEnum):
    """A public act."""

    PUBLISH = "publish"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    REPUBLISH = "republish"
    SUPERSEDE = "supersede"
    KEY = "key"
    RESTORED = "restored"
    COLUMNS = "columns"
    NUMBERS = "numbers"


STATING: Final = frozenset({Act.KEY, Act.RESTORED, Act.COLUMNS, Act.NUMBERS})
"""Acts of the register itself: they publish no edition, but a document of their own that states what they say."""


class KeyFileError(Exception):
    """The key file cannot be used; the message (German) says why and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is false: at which position (0: the whole), a stable code, a German message."""

    position: int
    code: str
    message: str


class Signer:
    """Holds the private key of the portal."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.raw_public = key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.raw_public)
        self.public_pem = (
            key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """The signer of a PEM file that only its owner can read. Raises `KeyFileError`."""
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise KeyFileError(f"Den Schlüssel {path} können andere lesen. Bitte mit „chmod 600“ schützen.")
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise KeyFileError(f"Der Schlüssel {path} ist nicht lesbar: {error.strerror}.") from error
        except (ValueError, TypeError) as error:
            raise KeyFileError(f"{path} enthält keinen brauchbaren Schlüssel (PEM, Ed25519).") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{path} enthält einen Schlüssel anderer Art; gebraucht wird Ed25519.")
        return cls(key)

    def write(self, path: Path) -> None:
        """Write the private key as a file of its own (PEM, mode 0600), whole or not at all. Raises FileExistsError."""
        _write_key(path, self._key)

    def sign(self, domain: bytes, digest: str) -> str:
        """Base64 signature over `domain` and the raw bytes of a hexadecimal hash."""
        return base64.b64encode(self.sign_bytes(domain + bytes.fromhex(digest))).decode()

    def sign_bytes(self, body: bytes) -> bytes:
        """The signature (64 bytes) over `body`, whose beginning must say what it is."""
        return self._key.sign(body)


def key_id_of(raw_public: bytes) -> str:
    """The id of a public key (32 bytes): 16 hexadecimal digits."""
    return hashlib.sha256(raw_public).hexdigest()[:16]


def key_change(old: Signer, new: Signer, previous: str) -> dict[str, str]:
    """What the entry of a change of key carries as `key`; `previous` is the hash of the entry before it."""
    return {
        "role": "entry",
        "id": new.key_id,
        "public_key": base64.b64encode(new.raw_public).decode(),
        "replaces": base64.b64encode(old.raw_public).decode(),
        "proof": new.sign(_KEY_DOMAIN, previous),
    }


def pem_of(raw_public: bytes) -> str:
    """A public key (32 bytes) as PEM."""
    key = Ed25519PublicKey.from_public_bytes(raw_public)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def raw_of(pem: str) -> bytes:
    """A public key in PEM as its 32 bytes. Raises `KeyFileError`, ValueError."""
    return _public_key(pem).public_bytes_raw()


def create_key(path: Path) -> None:
    """Write a new private key (PEM, mode 0600); an existing file is never touched (FileExistsError)."""
    _write_key(path, Ed25519PrivateKey.generate())


def _write_key(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        raise FileExistsError(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # whole or not at all, and never over another
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def instant(moment: dt.datetime) -> str:
    """`2026-11-24T04:05:06.000123Z`: UTC with microseconds."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seal(fields: Mapping[str, Any], *, previous: str, signer: Signer) -> dict[str, Any]:
    """The entry of `fields` (position, time, act, …) chained to the hash `previous`, hashed and signed."""
    entry = {"type": "ledger_entry", **fields, "previous": previous, "key_id": signer.key_id}
    digest = sha256_hex(canonical_json(entry))
    return {**entry, "hash": digest, "signature": signer.sign(_ENTRY_DOMAIN, digest)}


def checkpoint(entry: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The signed statement that the ledger ends (for now) with `entry`."""
    body = {
        "type": "ledger_checkpoint",
        "position": entry["position"],
        "entry_hash": entry["hash"],
        "time": entry["time"],
        "key_id": signer.key_id,
    }
    digest = sha256_hex(canonical_json(body))
    return {**body, "hash": digest, "signature": signer.sign(_CHECKPOINT_DOMAIN, digest)}


def header(portal: str, public_keys: Mapping[str, str], *, has_editions: bool) -> dict[str, Any]:
    """The first line of a ledger file: who wrote it, the public keys by id (PEM), whether editions are inside."""
    return {
        "type": "ledger_header",
        "version": 1,
        "portal": portal,
        "public_keys": dict(public_keys),
        "has_editions": has_editions,
    }


def to_line(value: Mapping[str, Any]) -> str:
    """One line of a ledger file, without line feed."""
    return canonical_json(value).decode()


class Verifier:
    """Reads a ledger line by line, in constant memory, and keeps the first fault.

    An edition's line stands before the entry that published it. needs_editions: every published edition must be there.
    public_keys: what the reader trusts, PEM by id; at least one of them must be in the chain of keys. `offered` are keys
    that nobody vouches for; they count only where the chain leads from them to a trusted one.
    """

    def __init__(
        self, public_keys: Mapping[str, str], *, needs_editions: bool = False, offered: Mapping[str, str] | None = None
    ) -> None:
        self._offered = {key_id: _public_key(pem) for key_id, pem in (offered or {}).items()}
        self._trusted = {key_id: _public_key(pem) for key_id, pem in public_keys.items()}
        self._is_trusted = False
        self._previous = GENESIS
        self._time = ""
        self._position = 0
        self._has_checkpoint = False
        self._needs_editions = needs_editions
        self._editions: dict[int, str] = {}
        self.key_id = ""
        """The key that signs what comes next."""
        self._key: Ed25519PublicKey | None = None
        self.fault: Fault | None = None

    @property
    def position(self) -> int:
        """How many entries have been found right."""
        return self._position

    @property
    def last_hash(self) -> str:
        """The hash of the last entry found right."""
        return self._previous

    def feed(self, line: str) -> None:
        """Check one line; after the first fault nothing is looked at any more."""
        if self.fault is not None:
            return
        try:
            value = json.loads(line)
            if not isinstance(value, dict) or to_line(value) != line:
                raise ValueError
        except (ValueError, NotCanonical, RecursionError):
            self._fail("malformed", "Die Zeile ist kein kanonisches JSON-Objekt.")
            return
        if self._has_checkpoint and value.get("type") in {"ledger_entry", "ledger_checkpoint"}:
            self._fail("doubled", "Nach dem Abschluss folgt noch ein Eintrag.")
        elif value.get("type") == "ledger_header":
            self._header(value)
        elif value.get("type") == "edition":
            self._edition(value)
        elif value.get("type") == "ledger_entry":
            self._entry(value)
        elif value.get("type") == "ledger_checkpoint":
            self._checkpoint(value)

    def feed_edition(self, position: int, document: str) -> None:
        """Check the exact bytes of the edition that the entry at `position` published."""
        self._editions[position] = sha256_hex(document.encode())

    def finish(self) -> Fault | None:
        """The first fault, or None where everything is right."""
        if self.fault is None and not self._has_checkpoint:
            self._fail("cut_off", "Der signierte Abschluss fehlt: Das Ende ist abgeschnitten.")
        if self.fault is None and self._position and not self._is_trusted:
            self._fail("foreign_key", "Kein Eintrag ist mit dem bekannten Schlüssel unterschrieben: fremde Hand.", 1)
        if self.fault is None and self._editions:
            self._fail("unknown_edition", "Eine Fassung gehört zu keinem Eintrag.", min(self._editions))
        return self.fault

    def _header(self, value: Mapping[str, Any]) -> None:
        try:
            self._offered |= {key_id: _public_key(pem) for key_id, pem in value["public_keys"].items()}
        except (KeyError, TypeError, ValueError, AttributeError, KeyFileError):
            self._fail("malformed", "Der Kopf des Registers nennt keine brauchbaren Schlüssel.")

    def _edition(self, value: Mapping[str, Any]) -> None:
        try:
            self._editions[int(value["position"])] = sha256_hex(canonical_json(value["document"]))
        except (KeyError, TypeError, ValueError):
            self._fail("malformed", "Einer Fassung fehlen Angaben.")

    def _entry(self, value: Mapping[str, Any]) -> None:
        position = value.get("position")
        if position != self._position + 1:
            self._out_of_order(position)
            return
        body = {name: entry for name, entry in value.items() if name not in {"hash", "signature"}}
        digest = sha256_hex(canonical_json(body))
        if value.get("previous") != self._previous:
            self._fail("broken_chain", "Der Eintrag schließt nicht an den vorigen an.", self._position + 1)
        elif value.get("hash") != digest:
            self._fail("wrong_hash", "Der Inhalt passt nicht zur Prüfsumme.", self._position + 1)
        elif not self._knows_key(value) and self._key is None:
            known = ", ".join(self._trusted) or "keiner"
            words = f"Unterschrieben hat der Schlüssel {self.key_id}, bekannt ist {known}: Die Schlüsseldatei ist vertauscht, oder es ist fremde Hand."
            self._fail("wrong_signature", words, 1)
        elif not self._knows_key(value) or not self._is_signed(value, _ENTRY_DOMAIN, digest):
            self._fail("wrong_signature", "Die Signatur ist falsch oder von fremder Hand.", self._position + 1)
        elif str(value.get("time")) < self._time:
            self._fail("time_backwards", "Seine Zeit liegt vor der des vorigen Eintrags.", self._position + 1)
        elif self._edition_fits(value) and (value.get("act") != Act.KEY or self._changes_key(value)):
            self._previous, self._position, self._time = digest, self._position + 1, str(value.get("time"))

    def _knows_key(self, value: Mapping[str, Any]) -> bool:
        """Whether the entry names the key that signs now; the first entry says which one begins."""
        key_id = str(value.get("key_id"))
        if self._key is None:
            self._key = self._trusted.get(key_id) or self._offered.get(key_id)
            self.key_id = key_id
            self._is_trusted = key_id in self._trusted
        return self._key is not None and key_id == self.key_id

    def _changes_key(self, value: Mapping[str, Any]) -> bool:
        try:
            change = value["key"]
            raw, old = (base64.b64decode(str(change[name]), validate=True) for name in ("public_key", "replaces"))
            fresh = Ed25519PublicKey.from_public_bytes(raw)
            fresh.verify(
                base64.b64decode(str(change["proof"]), validate=True), _KEY_DOMAIN + bytes.fromhex(self._previous)
            )
            is_right = change["id"] == key_id_of(raw) and key_id_of(old) == self.key_id
        except (KeyError, TypeError, ValueError, InvalidSignature):
            is_right = False
        if not is_right:
            self._fail("wrong_key_change", "Der neue Schlüssel beweist sich nicht.", self._position + 1)
            return False
        self._key, self.key_id = fresh, change["id"]
        # A trusted key that joins vouches, by its proof, for all that stands before it.
        self._is_trusted = self._is_trusted or self.key_id in self._trusted
        return True

    def _edition_fits(self, value: Mapping[str, Any]) -> bool:
        found = self._editions.pop(self._position + 1, None)
        if found is None and self._needs_editions and value.get("act") != Act.WITHDRAW:
            self._fail("missing_edition", "Die veröffentlichte Fassung fehlt.", self._position + 1)
        elif found is not None and found != value.get("edition_sha256"):
            self._fail("wrong_edition", "Die Fassung ist nicht die, die veröffentlicht wurde.", self._position + 1)
        return self.fault is None

    def _out_of_order(self, position: object) -> None:
        expected = self._position + 1
        if not isinstance(position, int) or isinstance(position, bool):
            self._fail("malformed", "Dem Eintrag fehlt seine Nummer.", expected)
        elif position < expected:
            self._fail("doubled", f"Eintrag {position} steht doppelt oder an falscher Stelle.", expected)
        else:
            self._fail("gap", f"Statt Eintrag {expected} folgt Eintrag {position}: Es fehlt einer.", expected)

    def _checkpoint(self, value: Mapping[str, Any]) -> None:
        body = {name: entry for name, entry in value.items() if name not in {"hash", "signature"}}
        digest = sha256_hex(canonical_json(body))
        if value.get("hash") != digest or not self._is_signed(value, _CHECKPOINT_DOMAIN, digest):
            self._fail("wrong_signature", "Der Abschluss ist gefälscht.", self._position)
        elif (value.get("position"), value.get("entry_hash")) != (self._position, self._previous):
            self._fail(
                "cut_off", "Der Abschluss passt nicht zum letzten Eintrag: Am Ende fehlt etwas.", self._position + 1
            )
        else:
            self._has_checkpoint = True

    def _is_signed(self, value: Mapping[str, Any], domain: bytes, digest: str) -> bool:
        try:
            signature = base64.b64decode(str(value.get("signature")), validate=True)
            if self._key is None or value.get("key_id") != self.key_id:
                return False
            if base64.b64encode(signature).decode() != value.get("signature"):
                return False
            self._key.verify(signature, domain + bytes.fromhex(digest))
        except (InvalidSignature, ValueError):
            return False
        return True

    def _fail(self, code: str, message: str, position: int | None = None) -> None:
        self.fault = Fault(self._position + 1 if position is None else position, code, message)


def verify_lines(lines: Iterable[str], public_keys: Mapping[str, str], *, needs_editions: bool = False) -> Fault | None:
    """The first fault of a whole ledger file, or None."""
    verifier = Verifier(public_keys, needs_editions=needs_editions)
    for line in lines:
        verifier.feed(line.rstrip("\n"))
    return verifier.finish()


def _public_key(pem: str) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError("Der öffentliche Schlüssel ist kein Ed25519-Schlüssel.")
    return key
