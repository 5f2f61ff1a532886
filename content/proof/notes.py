"""Checkpoints as texts that anybody can keep, mail or print: where the ledger stood, signed. Pure.

A note is a *signed note* (c2sp.org/signed-note): lines of text, an empty line, signature lines. The text:

    Beschlussportal-Checkpoint 1
    origin beschlussportal/<hash of entry 1>
    position 270
    entry <hash of entry 270>
    time 2026-11-24T04:05:06.000123Z
    key <id of the key that signs>

    — beschlussportal/<hash of entry 1> <base64 of 4 bytes key hash and 64 bytes signature>

Ed25519 signs the text with its last line feed. Readers skip lines whose first word they do not know: later versions
add some, and signature lines of others.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from content.proof.ledger import Signer

TITLE: Final = "Beschlussportal-Checkpoint 1"
_DASH: Final = "— "
_ED25519: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Note:
    """What a checkpoint says: the ledger of `origin` stood at `position`, whose entry has the hash `entry`."""

    origin: str
    position: int
    entry: str
    time: str
    key: str


def origin_of(first_hash: str) -> str:
    """The name of a ledger: the hash of its first entry, which no other ledger has."""
    return f"beschlussportal/{first_hash}"


def write(note: Note, signer: Signer) -> str:
    """The signed note as text with a last line feed."""
    text = f"{TITLE}\norigin {note.origin}\nposition {note.position}\nentry {note.entry}\ntime {note.time}\nkey {note.key}\n"
    mark = _key_mark(note.origin, signer.raw_public) + signer.sign_bytes(text.encode())
    return f"{text}\n{_DASH}{note.origin} {base64.b64encode(mark).decode()}\n"


def read(given: str) -> Note:
    """What a note says, signed or not. Raises `ValueError`."""
    lines = given.partition("\n\n")[0].split("\n")
    if lines[0] != TITLE:
        raise ValueError("kein Checkpoint dieses Formats")
    values = dict(line.partition(" ")[::2] for line in lines[1:])
    try:
        return Note(values["origin"], int(values["position"]), values["entry"], values["time"], values["key"])
    except KeyError as missing:
        raise ValueError(f"im Checkpoint fehlt die Zeile {missing}") from missing


def is_signed(given: str, raw_public: bytes, *, is_alone: bool = False) -> bool:
    """Whether the key (32 bytes) signed this note; `is_alone`: nobody else did, and not a byte stands beside it."""
    text, _, marks = given.partition("\n\n")
    try:
        origin = read(given).origin
    except ValueError:
        return False
    lines = marks.split("\n")
    if is_alone and (len(lines) != 2 or lines[1]):
        return False
    body, mark = (text + "\n").encode(), _key_mark(origin, raw_public)
    return any(_is_mark(line.removeprefix(f"{_DASH}{origin} "), mark, body, raw_public) for line in lines)


def _is_mark(encoded: str, mark: bytes, body: bytes, raw_public: bytes) -> bool:
    try:
        found = base64.b64decode(encoded, validate=True)
        if found[:4] != mark or base64.b64encode(found).decode() != encoded:
            return False
        Ed25519PublicKey.from_public_bytes(raw_public).verify(found[4:], body)
    except (ValueError, InvalidSignature):
        return False
    return True


def _key_mark(name: str, raw_public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw_public).digest()[:4]
