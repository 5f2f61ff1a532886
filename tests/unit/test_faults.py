"""What went wrong outside the program is told as what it is: a disk that is full or fails is no damaged database."""

from __future__ import annotations

import errno
import os
import sqlite3
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from content import founding
from content.database import faults
from content.database.db import make_engine
from content.database.faults import Fault
from portal.commands import integrity


def _sqlite(code):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


def _system(code):
    return OSError(code, os.strerror(code), "/srv/portal/portal.db")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_sqlite(sqlite3.SQLITE_FULL), Fault.FULL),
        (_sqlite(sqlite3.SQLITE_IOERR), Fault.FAILING),
        (_sqlite(sqlite3.SQLITE_IOERR_WRITE), Fault.FAILING),  # what a limit of file size gives
        (_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), Fault.FAILING),
        (_sqlite(sqlite3.SQLITE_IOERR_FSYNC), Fault.FAILING),
        (_sqlite(sqlite3.SQLITE_IOERR_SHORT_READ), Fault.DAMAGED),
        (_sqlite(sqlite3.SQLITE_NOTADB), Fault.DAMAGED),
        (_sqlite(sqlite3.SQLITE_CORRUPT), Fault.DAMAGED),
        (_sqlite(sqlite3.SQLITE_CORRUPT_INDEX), Fault.DAMAGED),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), None),
        (_system(errno.ENOSPC), Fault.FULL),
        (_system(errno.EFBIG), Fault.FULL),
        (_system(errno.EDQUOT), Fault.FULL),
        (_system(errno.EIO), Fault.FAILING),
        (_system(errno.EROFS), Fault.READ_ONLY),
    ],
)
def test_only_what_its_own_pages_say_is_damage(error, kind):
    wrapped = sa.exc.OperationalError("SELECT 1", {}, error) if isinstance(error, sqlite3.Error) else error
    assert (faults.kind_of(error), faults.kind_of(wrapped)) == (kind, kind)
    said = faults.sentence(wrapped)
    assert ("Sicherung zurückholen" in said, "beschädigt" in said) == (kind is Fault.DAMAGED,) * 2


@pytest.mark.parametrize(
    ("free", "flag", "words"),
    [
        (0, 0, "ist voll"),
        (10, 0, "ist voll"),
        (10**9, os.ST_RDONLY, "darf nicht geschrieben werden"),
        (10**9, 0, "nahm etwas nicht an"),
    ],
)
def test_the_disk_is_asked_where_the_error_does_not_tell(tmp_path, monkeypatch, free, flag, words):
    monkeypatch.setattr(faults.os, "statvfs", lambda _: SimpleNamespace(f_flag=flag, f_bavail=free, f_frsize=4096))
    assert words in faults.sentence(_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), [tmp_path])
    told = faults.sentence(_sqlite(sqlite3.SQLITE_CANTOPEN), [tmp_path])
    assert (words in told) == (words != "nahm etwas nicht an") and "beschädigt" not in told


def test_a_disk_that_fails_while_a_database_is_looked_at_is_no_damage(tmp_path, monkeypatch):
    path = tmp_path / "portal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE one (id)")
    engine = make_engine(founding.sqlite_url(path))

    def fail(*_given, **_more):
        raise sa.exc.OperationalError("SELECT 1", {}, _sqlite(sqlite3.SQLITE_IOERR_WRITE))

    monkeypatch.setattr(founding.sa, "inspect", fail)
    with pytest.raises(sa.exc.OperationalError):
        founding.store_of(engine)
    monkeypatch.setattr(integrity, "_sqlite", fail)
    with pytest.raises((sa.exc.OperationalError, sqlite3.Error)):
        integrity.of_file(path)
    engine.dispose()
