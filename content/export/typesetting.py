"""Orders for the typesetter: what a PDF, a press kit or a Word file is made of, and under which name it is kept.

The typesetter is a process of its own (`content.helpers`); `content.export.setting` is its side. Nothing of it is loaded here:
the libraries take a lot of memory, and none of it is the server's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from content import reading
from content.helpers.plain import as_json
from content.proof.ledger import instant
from content.word.shapes import Report

LAYOUT_VERSION: Final = 4
"""Raise it when the layout changes: kept files of the old layout are then made anew."""

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


@dataclass(frozen=True, slots=True)
class Order:
    """A file to be made. `name`: where it is kept, of everything that it depends on; `data`: what the job gets."""

    job: str
    name: str
    data: Mapping[str, Any]
    words: str
    """What the file is, in German."""


def pdf_order(
    document: str, proof: LedgerProof, *, base_url: str, pictures: Mapping[str, Path] = MappingProxyType({})
) -> Order:
    """The PDF of an edition document (JSON)."""
    data = {
        "document": document,
        "proof": astuple(proof),
        "base_url": base_url,
        "pictures": {sha256: str(path.resolve()) for sha256, path in pictures.items()},
    }
    return Order(
        "pdf",
        _name("pdf", base_url, proof.entry_hash or document, *map(str, astuple(proof)), *_lacking(pictures)),
        data,
        "Die PDF-Datei",
    )


def _lacking(files: Mapping[str, Path]) -> list[str]:
    """Marks of what is not there: without it the file has another name, so that nobody is given it any more once all is back."""
    return [f"without {name}" for name, path in sorted(files.items()) if not path.exists()]


@dataclass(frozen=True, slots=True)
class KitPart:
    """A file of a kit: its name there, its hash, where it lies."""

    name: str
    sha256: str
    path: Path


def kit_order(
    pdf: Order,
    parts: Sequence[KitPart],
    linked: Mapping[str, reading.Link],
    *,
    made_at: str,
    embargo: str = "",
) -> Order:
    """The press kit around a PDF: the same bytes as long as nothing is published that it names."""
    links = {url: as_json(link) for url, link in sorted(linked.items())}
    missing = [part.name for part in parts if not part.path.exists()]
    data = {
        "pdf": dict(pdf.data),
        "pdf_name": pdf.name,
        "linked": links,
        "made_at": made_at,
        "embargo": embargo,
        "missing": missing,
        "files": {part.name: [str(part.path.resolve()), part.sha256] for part in parts if part.name not in missing},
    }
    marks = [
        pdf.name,
        made_at,
        embargo,
        repr(links),
        *(f"{part.name}:{part.sha256}" for part in parts),
        *_lacking({part.name: part.path for part in parts}),
    ]
    return Order("kit", _name("zip", *marks), data, "Die Pressemappe")


def word_order(report: Report, images: Mapping[str, Path], *, report_uid: str) -> Order:
    """A report as a Word file; `images`: hash of a picture that it shows → file."""
    data = {
        "report": as_json(report),
        "images": {sha256: str(path.resolve()) for sha256, path in images.items()},
        "uid": report_uid,
    }
    return Order(
        "word",
        _name("docx", report_uid, repr(report), *sorted(data["images"]), *_lacking(images)),
        data,
        "Die Word-Datei",
    )


def _name(ending: str, *marks: str) -> str:
    mark = hashlib.sha256(str(LAYOUT_VERSION).encode())
    for part in marks:
        mark.update(b"\0" + part.encode())
    return f"{mark.hexdigest()}.{ending}"
