"""What went wrong outside the program: a full disk, one that cannot be written, a damaged database; each in one sentence.

Operating system, SQLite and PostgreSQL tell it in numbers and words of their own. Here they become one of five kinds. Damaged is a database only where
its own pages say so, or where it is shorter than they say: a disk that is full or fails tells nothing about them, and whoever
puts a backup back for that loses what is new.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from content.database.db import is_busy


class Fault(StrEnum):
    """A kind of trouble outside the program."""

    FULL = "full"
    READ_ONLY = "read_only"
    FAILING = "failing"
    DAMAGED = "damaged"
    BUSY = "busy"


WORDS: Final[Mapping[Fault, str]] = {
    Fault.FULL: "Der Datenträger ist voll, oder eine Schreibgrenze ist erreicht. Bitte Platz schaffen und den Befehl wiederholen; nichts wurde halb geschrieben.",
    Fault.READ_ONLY: "Hier darf nicht geschrieben werden. Bitte Rechte und Datenträger prüfen (nur lesbar eingehängt?).",
    Fault.FAILING: (
        "Der Datenträger nahm etwas nicht an oder gab es nicht her. Bitte freien Platz, Schreibgrenzen (ulimit -f, Kontingent) und den Datenträger prüfen "
        "und den Befehl wiederholen; an der Datenbank muss nichts sein."
    ),
    Fault.DAMAGED: "Die Datenbank ist beschädigt. Bitte „check“ ausführen und die letzte gute Sicherung zurückholen.",
    Fault.BUSY: "Andere halten die Datenbank besetzt. Bitte den Befehl in einer halben Minute wiederholen.",
}
_OS: Final = {
    errno.ENOSPC: Fault.FULL,
    errno.EDQUOT: Fault.FULL,
    errno.EFBIG: Fault.FULL,
    errno.EIO: Fault.FAILING,
    errno.EROFS: Fault.READ_ONLY,
    errno.EACCES: Fault.READ_ONLY,
    errno.EPERM: Fault.READ_ONLY,
}
_SQLITE: Final = {
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR: Fault.FAILING,
}
_SHORT_READ: Final = sqlite3.SQLITE_IOERR_SHORT_READ
"""The one variant of SQLITE_IOERR that tells of the file and not of the disk: it ends too early."""
_LITTLE_SPACE: Final = 256 * 1024
"""With so few bytes left SQLite cannot open its log and the index of it."""
_POSTGRESQL: Final = {
    "53100": Fault.FULL,
    "58030": Fault.FAILING,
    "25006": Fault.READ_ONLY,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
}
"""SQLSTATE: disk full, input or output failed, read-only transaction, data corrupted, index corrupted."""


def kind_of(error: BaseException) -> Fault | None:
    """Which trouble outside the program `error` tells of; None: none of these."""
    if is_busy(error):
        return Fault.BUSY
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return (
            Fault.DAMAGED if code == _SHORT_READ else _SQLITE.get(code & 0xFF)
        )  # the low byte; the rest tells the variant
    if isinstance(cause, OSError):
        return _OS.get(cause.errno or 0)
    state = getattr(cause, "sqlstate", None) or ""  # psycopg is not loaded for a portal on SQLite
    return _POSTGRESQL.get(state) or (Fault.DAMAGED if state.startswith("XX") else None)


def sentence(error: BaseException, folders: Iterable[Path] = ()) -> str:
    """What to tell an operator about an error of file system or database: German, one line, with a remedy.

    `folders` are looked at where the error alone does not tell the cause: a full or read-only disk has many words.
    """
    kind = kind_of(error)
    if kind in {None, Fault.FAILING} and not isinstance(error, OSError):
        kind = _state_of(folders) or kind
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    if kind is not None:
        return where + WORDS[kind]
    if isinstance(error, OSError):
        return f"{where or 'Datei: '}{error.strerror or error}."
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return (
        f"Die Datenbank antwortet nicht: {' '.join(str(cause).split())}. Bitte DATABASE_URL und den Ordner DATA prüfen."
    )


def _state_of(folders: Iterable[Path]) -> Fault | None:
    """Whether the disk of one of `folders` is full or can only be read."""
    for folder in folders:
        try:
            disk = os.statvfs(folder)
        except OSError:
            continue
        if disk.f_flag & os.ST_RDONLY:
            return Fault.READ_ONLY
        if disk.f_bavail * disk.f_frsize < _LITTLE_SPACE:
            return Fault.FULL
    return None
