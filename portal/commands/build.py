"""Which program this is: two states of it under one version number are told apart by their bytes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from portal import __version__

_ROOTS = ("workflows", "content", "portal", "templates")
_KINDS = frozenset({".py", ".html", ".txt", ".xml", ".css", ".js", ".typ"})


@cache
def version() -> str:
    """`0.1.0+3f29c01d`: the version, and a sum over all that the program consists of."""
    home = Path(__file__).parents[2]
    mark = hashlib.blake2b(digest_size=4)
    for root in _ROOTS:
        for path in sorted((home / root).rglob("*")):
            if path.suffix in _KINDS and "vendor" not in path.parts:
                mark.update(f"{path.relative_to(home).as_posix()}\0".encode() + path.read_bytes())
    return f"{__version__}+{mark.hexdigest()}"
