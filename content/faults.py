"""What went wrong outside the program: a full disk, one that cannot be written, a damaged database; each in one sentence.

Operating system, SQLite and PostgreSQL tell it in numbers and words of their own. Here they become one of four kinds.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from content.db import is_busy


class Fault(StrEnum):
    """A kind of trouble outside the program."""

    FULL = "full"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    BUSY = "busy"


WORDS: Final[Mapping[Fault, str]] = {
    Fault.FULL: "Der Datenträger ist voll. Bitte Platz schaffen und den Befehl wiederholen; nichts wurde halb geschrieben.",
    Fault.READ_ONLY: "Hier darf nicht geschrieben werden. Bitte Rechte und Datenträger prüfen (nur lesbar eingehängt?).",
    Fault.DAMAGED: "Die Datenbank ist beschädigt. Bitte „check“ ausführen und die letzte gute Sicherung zurückholen.",
    Fault.BUSY: "Andere halten die Datenbank besetzt. Bitte den Befehl in einer halben Minute wiederholen.",
}
_OS: Final = {
    errno.ENOSPC: Fault.FULL, errno.EDQUOT: Fault.FULL, errno.EROFS: Fault.READ_ONLY, errno.EACCES: Fault.READ_ONLY, errno.EPERM: Fault.READ_ONLY,
}
_SQLITE: Final = {
    sqlite3.SQLITE_FULL: Fault.FULL, sqlite3.SQLITE_READONLY: Fault.READ_ONLY, sqlite3.SQLITE_CORRUPT: Fault.DAMAGED, sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR: Fault.DAMAGED,
}
_POSTGRESQL: Final = {"53100": Fault.FULL, "25006": Fault.READ_ONLY, "XX001": Fault.DAMAGED, "XX002": Fault.DAMAGED}
"""SQLSTATE: disk full, read-only transaction, data corrupted, index corrupted."""


def kind_of(error: BaseException) -> Fault | None:
    """Which trouble outside the program `error` tells of; None: none of these."""
    if is_busy(error):
        return Fault.BUSY
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)  # the low byte; the rest tells the variant
    if isinstance(cause, OSError):
        return _OS.get(cause.errno or 0)
    state = getattr(cause, "sqlstate", None) or ""  # psycopg is not loaded for a portal on SQLite
    return _POSTGRESQL.get(state) or (Fault.DAMAGED if state.startswith("XX") else None)


def sentence(error: BaseException) -> str:
    """What to tell an operator about an error of file system or database: German, one line, with a remedy."""
    kind = kind_of(error)
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    if kind is not None:
        return where + WORDS[kind]
    if isinstance(error, OSError):
        return f"{where or 'Datei: '}{error.strerror or error}."
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return f"Die Datenbank antwortet nicht: {' '.join(str(cause).split())}. Bitte DATABASE_URL und den Ordner DATA prüfen."
