"""The typesetter's jobs: PDF, press kit, Word file. Each writes its file beside its place and moves it there when it is whole.

Only the typesetter's process imports this: the compiler and python-docx come with it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from content import reading
from content.export import pdf as pdf_file
from content.export import presskit, seals
from content.export.typesetting import LedgerProof, PdfError
from content.helpers.frames import Frame
from content.helpers.jobs import Refused
from content.helpers.plain import from_json
from content.word import shapes, writing


def pdf(data: dict[str, Any], _blobs: list[bytes]) -> Frame:
    """Set a PDF into `target`."""
    body = _set(data)
    _put(Path(data["target"]), lambda file: file.write(body))
    return {}, []


def kit(data: dict[str, Any], _blobs: list[bytes]) -> Frame:
    """Put a press kit together; its PDF is kept beside it, and taken from there."""
    target = Path(data["target"])
    document = json.loads(data["pdf"]["document"])
    kept = target.with_name(data["pdf_name"])
    if not seals.is_whole(kept):
        body = _set(data["pdf"])
        _put(kept, lambda file: file.write(body))
    made = presskit.Kit(
        document,
        {
            "mitteilung.pdf": kept,
            **{name: _whole(name, Path(path), sha256) for name, (path, sha256) in data["files"].items()},
        },
        {url: from_json(reading.Link, link) for url, link in data["linked"].items()},
        data["pdf"]["base_url"],
        dt.datetime.fromisoformat(data["made_at"]),
        data["embargo"],
        tuple(data["missing"]),
    )
    _put(target, lambda file: presskit.build(made, file))
    return {}, []


def _whole(name: str, path: Path, sha256: str) -> Path:
    """The file of a kit, which is kept for as long as its name says what is in it. Raises `Refused` where that is not so."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise Refused(f"{name} fehlt: {path}", "missing_file") from None
    if found != sha256:
        raise Refused(f"{name} ist beschädigt: {path}", "damaged_file")
    return path


def word(data: dict[str, Any], _blobs: list[bytes]) -> Frame:
    """Write a report as a Word file."""
    images = {sha256: Path(path) for sha256, path in data["images"].items()}

    def image(address: str) -> bytes | None:
        with contextlib.suppress(OSError, KeyError):
            return images[shapes.own_file(address)].read_bytes()
        return None

    body = writing.write(from_json(shapes.Report, data["report"]), images=image, report_uid=data["uid"])
    _put(Path(data["target"]), lambda file: file.write(body))
    return {}, []


def _set(data: dict[str, Any]) -> bytes:
    pictures = {sha256: Path(path) for sha256, path in data["pictures"].items()}
    try:
        return pdf_file.build(
            json.loads(data["document"]), LedgerProof(*data["proof"]), base_url=data["base_url"], pictures=pictures
        )
    except PdfError as error:
        raise Refused(str(error), "no_pdf") from error


def _put(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    with _arriving(target) as file:
        write(file)


@contextlib.contextmanager
def _arriving(target: Path) -> Iterator[IO[bytes]]:
    """A file that is in its place whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        seals.put(Path(name), target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
