"""Checksums of the files of a Whoosh index: what a disk or a careless hand spoils is noticed, whatever file it meets.

Segments never change once they are written, so each file is summed once, right after the commit that made it; what was
summed before keeps its sum. A sum that does not agree cannot say which document it hit: the index is built anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20


def sums_of(folder: Path, toc: str, segments: Iterable[str], before: Mapping[str, int]) -> dict[str, int]:
    """File name → CRC-32 of the table of contents and of every file of these segments; those of `before` are not read again."""
    wanted = set(segments)
    names = sorted(path.name for path in folder.iterdir() if path.name.partition(".")[0] in wanted)
    found = {name: before[name] if name in before else _sum(folder / name) for name in names}
    return {**found, toc: _sum(folder / toc)}


def fault_in(folder: Path, sums: Mapping[str, int]) -> str:
    """What is wrong with the files, in German; empty: nothing."""
    for name, expected in sums.items():
        try:
            if _sum(folder / name) != expected:
                return f"Die Datei {name} ist nicht mehr die geschriebene."
        except FileNotFoundError:
            return f"Die Datei {name} fehlt."
        except OSError as error:
            return f"Die Datei {name} ist nicht lesbar ({error.strerror})."
    return ""


def _sum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total = zlib.crc32(chunk, total)
    return total
