"""Orders a PDF of an edition from a process of its own: the compiler takes a lot of memory, and none of it is the server's.

`content.export.pdf` is that process; nothing else in the portal imports it, because it brings the compiler along.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from content import reading
from content.ledger import instant

LAYOUT_VERSION: Final = 3
"""Raise it when the layout changes: kept files of the old layout are then built anew."""

TIMEOUT_S: Final = 60


class PdfError(Exception):
    """The PDF cannot be built; the message (German) says why."""


@dataclass(frozen=True, slots=True)
class LedgerProof:
    """What the last page says of the edition."""

    position: int
    entry_hash: str
    sha256: str
    key_id: str
    recorded_at: str
    embargo: str = ""
    """Words about its embargo for a text that is not in the ledger yet; then `recorded_at` is when the embargo was set."""


def proof_of(proof: reading.Proof) -> LedgerProof:
    """The proof of a page, for the PDF."""
    return LedgerProof(proof.position, proof.entry_hash, proof.sha256, proof.key_id, instant(proof.recorded_at))


def build_in_subprocess(
    document: Mapping[str, Any], proof: LedgerProof, *, base_url: str, pictures: Mapping[str, Path] = MappingProxyType({}),
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """Like `build`, in a process that ends afterwards; its memory is not the server's. Raises `PdfError`."""
    request = {
        "document": document,
        "proof": astuple(proof),
        "base_url": base_url,
        "pictures": {sha256: str(path.resolve()) for sha256, path in pictures.items()},
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "content.export.pdf"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PdfError(f"Die PDF-Datei war nach {timeout_s:.0f} s nicht fertig.") from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PdfError(lines[-1] if lines else "Die PDF-Datei ließ sich nicht setzen.")
    return done.stdout
