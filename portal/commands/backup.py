"""Backup and restore: one archive with database, files and keys, taken while the portal runs, on either database.

What can be made anew (index, dictionary, PDF) stays out. Files are added after the database was copied: what the copy
speaks of is there before it is written. Keys are inside, so the archive is as secret as the folder itself. The copy is
checked before it takes the place of an older archive; an archive is checked whole before anything is restored.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from content import founding
from content.database.db import make_engine
from content.database.faults import Fault, kind_of
from content.database.storage import move
from content.founding import DATABASE_FILE, IDENTITY_FILE, KEY_FILE, NEXT_KEY_FILE, RESTORING_FILE, Store
from content.house import House
from content.proof.ledger import KeyFileError, Signer
from content.services.publishing import register
from portal.commands import build, database, dump, integrity, manifest
from portal.commands.manifest import Facts, Manifest

_FOLDERS: Final = ("keys", "files")
_MEMBER: Final = re.compile(
    rf"portal\.(?:db|json)|manifest\.json|{dump.FOLDER}/[a-z_]+\.copy|(?:keys|files)(?:/[A-Za-z0-9][\w.-]*)+"
)
"""What an archive of ours can hold: nothing that leaves the folder, nothing hidden."""
_STAGE: Final = "restoring"
_FREE: Final = (*founding.LOCKS, "lost+found", "lemmas")
"""What may lie in a folder that is empty otherwise: locks, what file systems put there, a cache."""
_CHUNK: Final = 1 << 20
_KEYS_WAIT_S: Final = 60.0
"""How long a backup waits for a change of key: longer than that can last."""
_UNREADABLE: Final = (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeError)


class Unusable(Exception):  # noqa: N818 - named for the situation
    """Backup or restore cannot be done; the message (German) names reason and remedy."""


class Damaged(Exception):  # noqa: N818 - named for the situation
    """What should be saved is damaged; the message (German) says what, and that the older archive is still there."""


# --- backup ---


def backup(house: House, target: Path) -> Manifest:
    """Write the portal to `target`, which is replaced when all is written and found right. Raises `Damaged`, OSError."""
    with _working(target) as folder:
        try:
            with _keys_at_rest(house):
                facts, needed, copies, tables, sequences = _copy_database(house, folder)
                keys = _copy_keys(house.data, folder)
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            if kind_of(error) is not Fault.DAMAGED:
                raise
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise _damaged([" ".join(str(cause).split())], target) from error
        if facts.key_id not in {"", register.key_id_in(folder / KEY_FILE)}:
            raise _damaged(
                [f"{KEY_FILE} ist nicht der Schlüssel {facts.key_id}, mit dem das Register weitergeht"], target
            )
        with (
            (folder / "archive").open("wb") as file,
            tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive,
        ):
            members = {name: _add(archive, path, name) for name, path in [*_own_files(house.data), *keys, *copies]}
            wrong = [f"{name} fehlt" for name in manifest.missing_from(members, needed)]
            wrong += [
                f"{name} hat andere Bytes als sein Name sagt"
                for name in sorted(needed)
                if members.get(manifest.path_of(name), (0, name))[1] != name
            ]
            if wrong:
                raise _damaged(wrong, target)
            said = Manifest(
                facts, house.engine.dialect.name, build.version(), manifest.now(), members, tables, sequences
            )
            body = said.to_json()
            archive.addfile(_plain(tarfile.TarInfo(manifest.NAME), len(body)), io.BytesIO(body))
        with (folder / "archive").open("rb") as whole:
            os.fsync(whole.fileno())
        (folder / "archive").replace(target)
    return said


@contextlib.contextmanager
def _keys_at_rest(house: House) -> Iterator[None]:
    """Nobody changes the key meanwhile: an archive whose database goes on with another key than it holds is of no use. Raises `founding.InUse`."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(founding.changing_keys(house.data, patience_s=_KEYS_WAIT_S))
            with house.reading() as connection:
                register.settle_key(house.data, connection)
        except OSError as error:
            if kind_of(error) is not Fault.READ_ONLY:
                raise
            # Where nothing can be written nobody changes the key, and this may be the last time that the disk can be read.
        yield


def _copy_keys(data: Path, folder: Path) -> list[tuple[str, Path]]:
    found = []
    for name, path in _files_in(data, "keys"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(path, folder / name)  # with its mode: others cannot read it
        found.append((name, folder / name))
    return found


def _damaged(what: list[str], target: Path) -> Damaged:
    more = f" und {len(what) - 3} weitere" if len(what) > 3 else ""
    older = f"; {target} ist noch die frühere Sicherung" if target.exists() else ""
    return Damaged(
        f"Beschädigt: {'; '.join(what[:3])}{more}. Nichts wurde gesichert{older}. Bitte „check“ ausführen und die letzte gute Sicherung zurückholen."
    )


_Copied = tuple[Facts, set[str], list[tuple[str, Path]], dict[str, dump.Table], dict[str, int]]


def _copy_database(house: House, folder: Path) -> _Copied:
    """Copy the database as it is at one moment, and look whether the copy is sound. Raises `Damaged`."""
    if house.engine.dialect.name != "sqlite":
        with house.reading() as connection:
            facts, needed = manifest.facts_of(connection), manifest.files_of(connection)
            tables, sequences = dump.write(connection, folder)
        return (
            facts,
            needed,
            [(f"{dump.FOLDER}/{name}.copy", folder / f"{name}.copy") for name in tables],
            tables,
            sequences,
        )
    copy = folder / DATABASE_FILE
    source = f"{Path(str(house.engine.url.database)).resolve().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(source, uri=True)) as one,
        contextlib.closing(sqlite3.connect(copy)) as other,
    ):
        one.backup(other)
        other.execute("PRAGMA journal_mode=DELETE")
    if found := integrity.of_file(copy):
        raise Damaged(f"{' '.join(found[:3])} Nichts wurde gesichert; eine frühere Sicherung ist unverändert.")
    facts, needed = _read_copy(copy)
    return facts, needed, [(DATABASE_FILE, copy)], {}, {}


def _read_copy(path: Path) -> tuple[Facts, set[str]]:
    engine = sa.create_engine(founding.sqlite_url(path))
    try:
        with engine.connect() as connection:
            return manifest.facts_of(connection), manifest.files_of(connection)
    finally:
        engine.dispose()


def _own_files(data: Path) -> Iterator[tuple[str, Path]]:
    """What belongs to the portal besides database and keys: name in the archive, path."""
    yield IDENTITY_FILE, data / IDENTITY_FILE
    yield from _files_in(data, "files")


def _files_in(data: Path, name: str) -> Iterator[tuple[str, Path]]:
    """What lies in a folder of DATA; what is half written or no file of ours stays out."""
    for path in sorted((data / name).glob("??/??/*" if name == "files" else "**/*")):
        inside = path.relative_to(data).as_posix()
        if path.is_file() and _MEMBER.fullmatch(inside):
            yield inside, path


class _Reading:
    """A file that sums up what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.sum.update(chunk)
        return chunk


def _add(archive: tarfile.TarFile, path: Path, name: str) -> tuple[int, str]:
    with path.open("rb") as file:
        reading, size = _Reading(file), os.fstat(file.fileno()).st_size
        archive.addfile(_plain(tarfile.TarInfo(name), size), reading)
    return size, reading.sum.hexdigest()


def _plain(member: tarfile.TarInfo, size: int) -> tarfile.TarInfo:
    member.size, member.mode = size, 0o600
    return member


@contextlib.contextmanager
def _working(target: Path) -> Iterator[Path]:
    """A folder beside `target` for its owner only, gone in the end; those that killed backups have left go as well."""
    for old in target.parent.glob(f".{glob.escape(target.name)}-*"):
        if old.is_dir() and _is_free(old):
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _is_free(folder: Path) -> bool:
    """Whether nobody works in it any more."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


# --- restore ---


def restore(source: Path, data: Path, *, database_url: str | None = None) -> Manifest:
    """Make the portal of the archive `source` in the empty or new folder `data`, and in an empty database where it is PostgreSQL.

    All of it or nothing. `restoring.json` stays until `finish`: a restore that was killed begins anew or, where everything was in
    its place already, is as if it came this far now. Raises `Unusable`, FileNotFoundError.
    """
    was_there = data.exists()
    _demand_free(data)
    said = _examine(source)
    engine = make_engine(database_url or founding.default_database_url(data))
    try:
        _demand_fitting(said, source, engine)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            founding.setting_up(data),
            database.alone(engine) if engine.dialect.name != "sqlite" else contextlib.nullcontext(),
        ):
            _demand_free(data)  # once more: another may have been faster
            mark = _mark(data)
            if mark is not None and mark.get("archive") == _sum_of(said) and founding.store_of(engine) is Store.PORTAL:
                return said
            _demand_empty(said, data, engine, is_again=mark is not None)
            try:
                _restore_into(source, data, engine, said)
            except BaseException:
                if engine.dialect.name != "sqlite" and _is_filled(engine):
                    raise  # its place is known by the mark only: the same command goes on
                _clear(data)
                (data / RESTORING_FILE).unlink(missing_ok=True)
                if engine.dialect.name == "sqlite":  # it may lie elsewhere; nobody else's: it was not there before
                    Path(str(engine.url.database)).unlink(missing_ok=True)
                raise
    except BaseException:
        if not was_there and data.exists():
            shutil.rmtree(data, ignore_errors=True)
        raise
    finally:
        engine.dispose()
    return said


def _restore_into(source: Path, data: Path, engine: Engine, said: Manifest) -> None:
    stage = data / _STAGE
    founding.write(data / RESTORING_FILE, {})
    _clear(data)
    with tarfile.open(source, "r:gz") as archive:
        for member in archive:
            body = archive.extractfile(member)
            assert body is not None  # noqa: S101 - regular files have one
            _write(stage / member.name, body)
    if engine.dialect.name == "sqlite":
        if found := integrity.of_file(stage / DATABASE_FILE):
            raise Unusable(f"Die Datenbank in {source} ist beschädigt: {found[0]} Bitte eine andere Sicherung nehmen.")
        facts, needed = _read_copy(stage / DATABASE_FILE)
        _demand_whole(source, stage, said, facts, needed)
        if said.is_complete and facts != said.facts:
            raise Unusable(
                f"Die Datenbank in {source} ist nicht die, die ihr Verzeichnis nennt. Bitte eine andere Sicherung nehmen."
            )
        _sync_all(stage)
        move(stage / DATABASE_FILE, Path(str(engine.url.database)))
    else:
        _load(source, stage, engine, said)
    for name in (IDENTITY_FILE, *_FOLDERS):
        if (stage / name).exists():
            move(stage / name, data / name)
    (data / "files").mkdir(exist_ok=True, mode=0o700)
    shutil.rmtree(stage)
    with engine.connect() as connection:
        position = manifest.facts_of(connection).position
    founding.write(data / RESTORING_FILE, {"archive": _sum_of(said), "position": position})


def finish(data: Path) -> None:
    """All that a restore writes is written: the folder is a portal's from now on."""
    (data / RESTORING_FILE).unlink(missing_ok=True)
    founding.sync(data)


def restored_position(data: Path) -> int:
    """The last entry that came out of the archive."""
    return int((_mark(data) or {}).get("position", 0))


def _mark(data: Path) -> dict[str, Any] | None:
    """What a restore under way has noted; None: none is."""
    try:
        found = json.loads((data / RESTORING_FILE).read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _sum_of(said: Manifest) -> str:
    """What tells an archive from another."""
    return hashlib.sha256(repr(sorted(said.members.items())).encode()).hexdigest()


def _is_filled(engine: Engine) -> bool:
    try:
        return founding.store_of(engine) is Store.PORTAL
    except (sa.exc.DBAPIError, founding.NotSetUp):
        return True


def _demand_free(data: Path) -> None:
    if (
        data.exists()
        and not (data / RESTORING_FILE).exists()
        and any(not _may_lie(path.name) for path in data.iterdir())
    ):
        raise Unusable(
            f"Der Ordner {data} ist nicht leer. Bitte einen neuen Ordner nennen; nichts wurde überschrieben."
        )


def _may_lie(name: str) -> bool:
    return name in _FREE or name.startswith(f".{RESTORING_FILE}.")  # the mark, killed while it was written


def _load(source: Path, stage: Path, engine: Engine, said: Manifest) -> None:
    """Fill the database from the files, all or nothing; one that an earlier, killed restore has filled is taken as it is."""
    with engine.begin() as connection:
        try:
            if founding.store_of(engine) is Store.EMPTY:
                dump.read(connection, stage / dump.FOLDER, said.facts.revision, said.tables, said.sequences)
        except dump.Mismatch as error:
            raise Unusable(
                f"{source} passt nicht zu diesem Programm: {error} Bitte eine andere Sicherung nehmen."
            ) from error
        facts, needed = manifest.facts_of(connection), manifest.files_of(connection)
        if facts != said.facts:
            raise Unusable(
                f"Die Datenbank in {source} ist nicht die, die ihr Verzeichnis nennt. Bitte eine andere Sicherung nehmen."
            )
        _demand_whole(source, stage, said, facts, needed)
        _sync_all(stage)


def _examine(source: Path) -> Manifest:
    """Read the whole archive and compare every byte with its manifest; nothing is written. Raises `Unusable`."""
    found: dict[str, tuple[int, str]] = {}
    body = b""
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                if not (member.isfile() and _MEMBER.fullmatch(member.name)) or member.name in found:
                    raise Unusable(
                        f"{source} ist keine Sicherung dieses Portals: „{member.name[:80]}“ gehört nicht hinein."
                    )
                file: Any = archive.extractfile(member)
                if member.name == manifest.NAME:
                    body = file.read()
                    continue
                reading = _Reading(file)
                while reading.read(_CHUNK):
                    pass
                found[member.name] = (member.size, reading.sum.hexdigest())
            packed: Any = archive.fileobj
            while packed.read(_CHUNK):  # to its end, where the sum over all of it stands
                pass
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        raise Unusable(
            f"{source} lässt sich nicht lesen: {error}. Bitte eine andere Sicherung nehmen; nichts wurde geschrieben."
        ) from error
    if not found:
        raise Unusable(f"{source} ist keine Sicherung dieses Portals: Sie ist leer.")
    return _compared(source, found, body)


def _compared(source: Path, found: dict[str, tuple[int, str]], body: bytes) -> Manifest:
    if not body:  # an archive from before there were manifests: what it holds is checked instead
        if DATABASE_FILE not in found:
            raise Unusable(
                f"In {source} fehlt die Datenbank. Bitte eine Sicherung nehmen, die sie enthält; nichts wurde geschrieben."
            )
        said = Manifest(Facts("", "", 0, "", ""), "sqlite", "", "", found, is_complete=False)
    else:
        try:
            said = Manifest.from_json(body)
        except manifest.NewerFormat:
            raise Unusable(f"{source} hat ein neueres Programm geschrieben. Bitte jenes nehmen.") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unusable(
                f"Das Verzeichnis in {source} ist unbrauchbar. Bitte eine andere Sicherung nehmen."
            ) from error
        wrong = sorted(name for name in found.keys() | said.members.keys() if found.get(name) != said.members.get(name))
        if wrong:
            raise Unusable(
                f"{source} ist verändert oder unvollständig: „{wrong[0]}“ fehlt oder hat andere Bytes. Bitte eine andere Sicherung nehmen; nichts wurde geschrieben."
            )
    if KEY_FILE not in found:
        raise Unusable(
            f"In {source} fehlt der Schlüssel {KEY_FILE}. Bitte eine Sicherung nehmen, die ihn enthält; nichts wurde geschrieben."
        )
    return said


def _demand_fitting(said: Manifest, source: Path, engine: Engine) -> None:
    """The archive must be of the kind of database that is asked for, and not newer than the program."""
    if said.database != engine.dialect.name:
        kind = {
            "sqlite": "SQLite: Bitte DATABASE_URL leer lassen",
            "postgresql": "PostgreSQL: Bitte mit DATABASE_URL eine leere Datenbank nennen",
        }
        raise Unusable(
            f"{source} enthält eine Datenbank von {kind.get(said.database, said.database)}. Nichts wurde geschrieben."
        )
    if said.is_complete and not database.is_known(said.facts.revision):
        raise Unusable(
            f"{source} ist neuer als das Programm (Stand {said.facts.revision}). Bitte das neuere Programm nehmen; nichts wurde geschrieben."
        )


def _demand_empty(said: Manifest, data: Path, engine: Engine, *, is_again: bool) -> None:
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        if path.exists() and not (is_again and (path.parent == data or _holds(path, said.facts))):
            raise Unusable(
                f"Die Datenbank {path} gibt es schon. Bitte DATABASE_URL prüfen; nichts wurde überschrieben."
            )
        return
    store = founding.store_of(engine)
    if store is Store.PORTAL and is_again:
        with engine.connect() as connection:
            if manifest.facts_of(connection) == said.facts:
                return
    if store is not Store.EMPTY:
        raise Unusable(
            f"Die Datenbank {founding.name_of(engine)} ist nicht leer. Bitte mit DATABASE_URL eine leere nennen; nichts wurde überschrieben."
        )


def _holds(path: Path, facts: Facts) -> bool:
    try:
        return _read_copy(path)[0] == facts
    except (sa.exc.DBAPIError, sqlite3.Error):
        return False


def _demand_whole(source: Path, stage: Path, said: Manifest, facts: Facts, needed: set[str]) -> None:
    """Database, keys and files in the archive must belong together."""
    remedy = "Bitte eine andere Sicherung nehmen; nichts wurde behalten."
    if lacking := manifest.missing_from(said.members, needed):
        raise Unusable(f"In {source} fehlen {len(lacking)} Dateien, die die Datenbank nennt. {remedy}")
    if wrong := [name for name in needed if said.members[manifest.path_of(name)][1] != name]:
        raise Unusable(f"In {source} sind {len(wrong)} Dateien beschädigt. {remedy}")
    try:
        keys = {"", Signer.from_file(stage / KEY_FILE).key_id, register.key_id_in(stage / NEXT_KEY_FILE)}
    except KeyFileError as error:
        raise Unusable(f"Der Schlüssel in {source} ist unbrauchbar: {error} {remedy}") from error
    if (
        facts.key_id not in keys
    ):  # the pending one, where an earlier version saved during a change, takes over when the portal opens
        raise Unusable(f"Der Schlüssel in {source} ist nicht der ihres Registers. {remedy}")


def _clear(data: Path) -> None:
    """Take away what a restore has put into a folder that was empty before it; its mark goes last, by the caller."""
    for path in data.iterdir():
        if path.name not in {*_FREE, RESTORING_FILE}:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _write(path: Path, body: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := body.read(_CHUNK):
            file.write(chunk)


def _sync_all(folder: Path) -> None:
    for path in folder.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
