"""Files by SHA-256 under a folder, joined to `transaction`.

A file is written beside its place first and becomes visible by an atomic rename when everybody has voted, before the
database commits: a crash in between leaves a file that nothing names (`reconcile` sets it aside), never a row without a
file. What a file is, its bytes say; the declared name must agree. Allowed types and sizes are a table.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import shutil
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

import transaction
from transaction.interfaces import IDataManager
from zope.interface import implementer

ORPHAN_AGE_S: Final = 3600
_FEW: Final = 20
_LARGE_PART: Final = 0.25
_HALF_WRITTEN: Final = re.compile(r"(?:[0-9a-f]{64}|lesen)-\w+")


class UploadRefused(ValueError):  # noqa: N818 - named for the situation
    """A file that cannot be taken; `code` is stable, the message German with reason and remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class UploadRule:
    """A type of file that is taken: endings of its name, largest size in bytes."""

    endings: tuple[str, ...]
    max_bytes: int


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
UPLOAD_RULES: Final[Mapping[str, UploadRule]] = {
    "application/pdf": UploadRule((".pdf",), 50_000_000),
    f"{_OFFICE}wordprocessingml.document": UploadRule((".docx",), 25_000_000),
    f"{_OFFICE}spreadsheetml.sheet": UploadRule((".xlsx",), 25_000_000),
    "application/vnd.oasis.opendocument.text": UploadRule((".odt",), 25_000_000),
    "text/csv": UploadRule((".csv",), 10_000_000),
    "text/plain": UploadRule((".txt", ".md"), 5_000_000),
    "image/jpeg": UploadRule((".jpg", ".jpeg"), 20_000_000),
    "image/png": UploadRule((".png",), 20_000_000),
    "image/webp": UploadRule((".webp",), 20_000_000),
}
IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_ZIP_RATIO: Final = 200
_ZIP_TYPES: Final = (
    ("word/document.xml", f"{_OFFICE}wordprocessingml.document"),
    ("xl/workbook.xml", f"{_OFFICE}spreadsheetml.sheet"),
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store."""

    sha256: str
    size_bytes: int
    media_type: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """What `FileStore.reconcile` did: names set aside, brought back, dropped as half written; how many it did not dare to touch."""

    aside: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    left: int = 0
    young: int = 0
    """Files that no row names and that are too young to be set aside: an import may still be about to name them."""

    @property
    def words(self) -> str:
        """A German sentence for operators; empty where nothing needs to be said."""
        if self.left:
            return (
                f"{self.left} Dateien nennt kein Eintrag mehr. Das sind auffällig viele: Sie bleiben, wo sie sind. "
                "Bitte prüfen, ob Datenbank und Ordner zusammengehören."
            )
        parts = [f"{len(self.aside)} Dateien, die kein Eintrag nennt, liegen jetzt in beiseite/"] if self.aside else []
        parts += [f"{len(self.returned)} wurden von dort zurückgeholt"] if self.returned else []
        if self.young:
            parts += [
                f"{self.young} junge Dateien nennt noch kein Eintrag; sie werden nach einer Stunde beiseitegelegt"
            ]
        return "; ".join(parts) + "." if parts else ""


def check_upload(body: bytes, file_name: str) -> str:
    """The media type of `body` by its content. Raises `UploadRefused` if type, size or name will not do."""
    media_type = sniff(body, file_name)
    rule = UPLOAD_RULES.get(media_type or "")
    if media_type is None or rule is None:
        allowed = ", ".join(ending[1:].upper() for known in UPLOAD_RULES.values() for ending in known.endings[:1])
        raise UploadRefused("unknown_type", f"Diese Art von Datei wird nicht angenommen. Möglich sind: {allowed}.")
    if len(body) > rule.max_bytes:
        size, limit = round(len(body) / 1e6, 1), rule.max_bytes // 1_000_000
        raise UploadRefused(
            "too_large", f"Die Datei hat {size} MB; höchstens {limit} MB sind möglich. Bitte verkleinern."
        )
    if not file_name.lower().endswith(rule.endings):
        wanted = " oder ".join(rule.endings)
        raise UploadRefused(
            "wrong_ending", f"Der Inhalt passt nicht zum Dateinamen. Erwartet wird die Endung {wanted}."
        )
    return media_type


def sniff(body: bytes, file_name: str = "") -> str | None:
    """The media type that the bytes show, or None for anything unknown. Raises `UploadRefused` for traps."""
    if body.startswith(b"%PDF-"):
        if b"/Encrypt" in body:
            raise UploadRefused("encrypted", "Die PDF-Datei ist verschlüsselt. Bitte ohne Kennwort speichern.")
        return "application/pdf"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    if body.startswith(b"PK\x03\x04"):
        return _sniff_zip(body)
    return _sniff_text(body, file_name)


def _sniff_zip(body: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_ZIP_RATIO * len(body) + 1_000_000:
                raise UploadRefused("zip_bomb", "Die Datei ist verdächtig stark gepackt und wird nicht angenommen.")
            names = {entry.filename for entry in entries}
            if "mimetype" in names:
                return archive.read("mimetype")[:100].decode("ascii", "replace")
            if any("vbaProject" in name for name in names):
                raise UploadRefused("macros", "Die Datei enthält Makros. Bitte ohne Makros speichern.")
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        raise UploadRefused("damaged", "Die Datei ist beschädigt. Bitte neu speichern.") from error
    return next((media_type for name, media_type in _ZIP_TYPES if name in names), None)


def _sniff_text(body: bytes, file_name: str) -> str | None:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not text or re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text) or re.match(r"\s*<[!?a-zA-Z]", text):
        return None  # empty, binary, or markup that a browser might run
    return "text/csv" if file_name.lower().endswith(".csv") else "text/plain"


def clean_file_name(name: str) -> str:
    """`name` without folders, control characters and direction marks, at most 150 characters, ending kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    plain = re.sub(r"[\s\"'<>|?*:;%#&]+", "-", plain).strip(".- ")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    return (stem[:140] or "datei") + (f".{ending[:9]}" if ending else "")


class FileStore:
    """The store under `root`; thread-safe, since every file has its own name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._aside = root.parent / "beiseite"
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, sha256: str) -> Path:
        """Where the file with this hash lies."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(f"no hash: {sha256!r}")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def add(
        self,
        body: bytes,
        media_type: str,
        manager: transaction.TransactionManager,
        *,
        width: int | None = None,
        height: int | None = None,
    ) -> StoredFile:
        """Take `body` with the transaction of `manager`; identical content is kept once."""
        sha256 = hashlib.sha256(body).hexdigest()
        try:
            # Content that lies here already may be an orphan about to be swept: it counts as new from now on.
            os.utime(self.path(sha256))
        except FileNotFoundError:
            descriptor, name = tempfile.mkstemp(dir=self._incoming, prefix=f"{sha256}-")
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            manager.get().join(_Arrival(Path(name), self.path(sha256), manager))
        return StoredFile(sha256, len(body), media_type, width, height)

    @contextlib.contextmanager
    def laid_out(self, body: bytes) -> Iterator[Path]:
        """A path where `body` can be read until the block ends; it is not kept."""
        with tempfile.NamedTemporaryFile(dir=self._incoming, prefix="lesen-") as file:
            file.write(body)
            file.flush()
            yield Path(file.name)

    def open(self, sha256: str) -> BufferedReader:
        """The file, open for reading. Raises FileNotFoundError."""
        return self.path(sha256).open("rb")

    def damaged(self, known: Collection[str]) -> list[str]:
        """Those of `known` that are missing or whose bytes do not have their hash."""
        return [sha256 for sha256 in known if not self._is_sound(sha256)]

    def reconcile(self, known: Collection[str], *, older_than_s: float = ORPHAN_AGE_S) -> Swept:
        """Move files that no row names aside, unless they are younger, and bring back those that one does name.

        Where a large part would go, folder and rows do not belong together: all of it stays. Only what a crash left half
        written is deleted: nobody was ever told that it is kept.
        """
        horizon = time.time() - older_than_s
        wanted = set(known)
        lying = {path.name: path for path in self._root.glob("??/??/*")}
        returned = tuple(name for name in sorted(wanted - lying.keys()) if self._bring_back(name))
        unnamed = [path for name, path in lying.items() if name not in wanted]
        orphans = [path for path in unnamed if _age(path) <= horizon]
        young = len(unnamed) - len(orphans)
        dropped = self._drop_half_written(horizon)
        if len(orphans) > max(_FEW, _LARGE_PART * len(lying)):
            return Swept(returned=returned, dropped=dropped, left=len(orphans), young=young)
        for path in orphans:
            self._aside.mkdir(exist_ok=True, mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                move(path, self._aside / path.name)
        return Swept(tuple(path.name for path in orphans), returned, dropped, young=young)

    def _bring_back(self, name: str) -> bool:
        found, target = self._aside / name, self.path(name)
        if not found.is_file() or target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        move(found, target)
        return True

    def _drop_half_written(self, horizon: float) -> tuple[str, ...]:
        gone = [
            path for path in self._incoming.iterdir() if _HALF_WRITTEN.fullmatch(path.name) and _age(path) <= horizon
        ]
        for path in gone:
            path.unlink(missing_ok=True)
        return tuple(path.name for path in gone)

    def _is_sound(self, sha256: str) -> bool:
        try:
            with self.open(sha256) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False


def move(source: Path, target: Path) -> None:
    """Put a file or a folder at `target`, there whole or not at all, also where that lies on another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        return
    near = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _copy(source, near)
        for path in (near, *(near.rglob("*") if near.is_dir() else ())):
            _sync(path)
        os.replace(near, target)
    except BaseException:
        _remove(near)
        raise
    _sync(target.parent)
    _remove(source)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """When the file was changed last; one that has just gone counts as new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _sync(path: Path) -> None:
    """What was put into a folder, or written to a file, stays there when the power goes."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


@implementer(IDataManager)
class _Arrival:
    """One file on its way in. It moves into place in `tpc_vote`, sorted before the database."""

    def __init__(self, incoming: Path, target: Path, manager: transaction.TransactionManager) -> None:
        self.transaction_manager = manager
        self._incoming = incoming
        self._target = target

    def abort(self, _transaction: object) -> None:
        self._incoming.unlink(missing_ok=True)

    def tpc_begin(self, _transaction: object) -> None:
        """Nothing to do before the vote."""

    def commit(self, _transaction: object) -> None:
        """The bytes are on disk already."""

    def tpc_vote(self, _transaction: object) -> None:
        fresh = [folder for folder in self._target.parents[:2] if not folder.exists()]
        self._target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(self._incoming, self._target)
        for folder in {self._target.parent, *(one.parent for one in fresh)}:
            _sync(folder)

    def tpc_finish(self, _transaction: object) -> None:
        """The file is in its place."""

    def tpc_abort(self, _transaction: object) -> None:
        # A file that is in place already stays: another transaction may have come to rely on it. `reconcile` knows.
        self._incoming.unlink(missing_ok=True)

    def sortKey(self) -> str:  # noqa: N802 - name given by transaction
        return f"a-file:{self._target}"
