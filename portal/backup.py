"""Backup and restore: one archive with database, files and keys, taken while the portal runs.

What can be made anew (index, dictionary, PDF) stays out. Files are added after the database was copied: what the copy
speaks of is there before it is written. Keys are inside, so the archive is as secret as the folder itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

DATABASE: Final = "portal.db"
_FOLDERS: Final = ("keys", "files")
_MEMBER: Final = re.compile(r"portal\.db|(?:keys|files)(?:/[A-Za-z0-9][\w.-]*)+")
"""What an archive of ours can hold: nothing that leaves the folder, nothing hidden."""


class Unusable(Exception):  # noqa: N818 - named for the situation
    """Backup or restore cannot be done; the message (German) names reason and remedy."""


def backup(data: Path, target: Path, *, has_database: bool) -> int:
    """Write the portal in `data` to `target` (replaced when all is written); how many files. Without database: files and keys."""
    count = 0
    with _replacing(target) as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
        if has_database:
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                copy = Path(folder) / DATABASE
                _copy_database(data / DATABASE, copy)
                archive.add(copy, DATABASE, filter=_plain)
            count += 1
        for name in _FOLDERS:
            for path in sorted((data / name).rglob("*")):
                inside = path.relative_to(data).as_posix()
                if path.is_file() and _MEMBER.fullmatch(inside):
                    archive.add(path, inside, filter=_plain)
                    count += 1
    return count


def restore(source: Path, data: Path) -> int:
    """Make the portal of the archive `source` in the empty or new folder `data`; how many files. Raises `Unusable`."""
    if data.exists() and any(data.iterdir()):
        raise Unusable(f"Der Ordner {data} ist nicht leer. Bitte einen neuen Ordner nennen; nichts wurde überschrieben.")
    count = 0
    try:
        with tarfile.open(source, "r:gz") as archive:
            members = archive.getmembers()
            strange = next((one.name for one in members if not (one.isfile() and _MEMBER.fullmatch(one.name))), None)
            if strange is not None or not members:
                raise Unusable(f"{source} ist keine Sicherung dieses Portals" + (f": „{strange[:80]}“ gehört nicht hinein." if strange else ": Sie ist leer."))
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            for member in members:
                body = archive.extractfile(member)
                assert body is not None  # noqa: S101 - regular files have one
                _write(data / member.name, body)
                count += 1
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Unusable(f"{source} lässt sich nicht lesen: {error}. Bitte eine andere Sicherung nehmen.") from error
    return count


def _copy_database(source: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as one, contextlib.closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode=DELETE")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _write(path: Path, body: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := body.read(1 << 20):
            file.write(chunk)


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file for its owner only that takes the place of `target` when all went well, and is gone otherwise."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
