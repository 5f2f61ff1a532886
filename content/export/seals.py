"""The seal of a made file: its digest in a file beside it. By it a file that the disk hurt is told from a whole one.

A made file is moved to its place without waiting for the disk, so a cut of power may leave its name with other bytes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

SUFFIX: Final = ".sha256"
MOST_KNOWN: Final = 10_000


def of(path: Path) -> Path:
    """Where the seal of a file lies."""
    return path.with_name(path.name + SUFFIX)


def put(path: Path, target: Path) -> None:
    """Move the complete file `path` to `target`, its seal first: whoever finds one without the other makes both anew."""
    part = path.with_name(path.name + SUFFIX)
    part.write_text(_digest(path), encoding="ascii")
    os.replace(part, of(target))
    os.replace(path, target)


def is_whole(path: Path) -> bool:
    """Whether the file is there with the bytes it was made with."""
    try:
        return of(path).read_bytes() == _digest(path).encode("ascii")
    except FileNotFoundError:
        return False


def remove(path: Path) -> None:
    """Remove a file with its seal."""
    path.unlink(missing_ok=True)
    of(path).unlink(missing_ok=True)


class Known:
    """Remembers which files were found whole, so that each is read once as long as it stays as it is. Thread-safe."""

    def __init__(self) -> None:
        self._stamps: dict[str, tuple[int, int, int]] = {}

    def is_whole(self, path: Path) -> bool:
        """As the function of that name."""
        try:
            seen = path.stat()
        except FileNotFoundError:
            return False
        stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if self._stamps.get(path.name) == stamp:
            return True
        if not is_whole(path):
            return False
        if len(self._stamps) >= MOST_KNOWN:
            self._stamps.clear()
        self._stamps[path.name] = stamp
        return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
