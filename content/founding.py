"""A portal is founded once: what tells a fresh folder from one whose database, key or disk is only missing.

Founding gives the folder DATA and the database one identity, and DATA its keys. From then on both are demanded: nothing is
made anew in place of what is missing, since a second register under the same key would say something else than the first.

    DATA/portal.json      identity, day and kind of database
    DATA/founding.json    founding goes on, or was cut off and may go on: nothing has been public yet
    DATA/restoring.json   the same for a restore
    DATA/*.lock           who serves, who sets up, who changes the key; a lock ends with the process that holds it
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from content import models
from content.database.faults import Fault, kind_of
from content.proof import signing
from content.proof.ledger import KeyFileError, Signer, create_key

KEY_FILE: Final = "keys/ledger-ed25519.pem"
NEXT_KEY_FILE: Final = "keys/ledger-ed25519.next.pem"
"""A key that is about to take over: it does when the entry that names it is in the ledger, and goes away otherwise."""
IDENTITY_FILE: Final = "portal.json"
FOUNDING_FILE: Final = "founding.json"
RESTORING_FILE: Final = "restoring.json"
DATABASE_FILE: Final = "portal.db"
LOCKS: Final = ("serve.lock", "setup.lock", "keys.lock")
_TRACES: Final = (
    "keys",
    DATABASE_FILE,
    f"{DATABASE_FILE}-wal",
    IDENTITY_FILE,
    RESTORING_FILE,
    "files",
    "index",
    "mail",
    "pdf",
    "clock.lock",
    "served-at",
    "beiseite",
)
"""What only a portal leaves in a folder: where one of these lies, one has been."""
_SQLITE_HEAD: Final = b"SQLite format 3\x00"
_PATIENCE_S: Final = 3.0
"""How long a new server waits for one that is just ending."""


class NotSetUp(Exception):  # noqa: N818 - named for the situation
    """Folder and database are not those of one whole portal; the message (German) says why and what to do."""


class InUse(Exception):  # noqa: N818 - named for the situation
    """Somebody else works on this folder; the message (German) says who and what to do."""


class Place(Enum):
    """What a folder is."""

    NEW = auto()
    FOUNDING = auto()
    PORTAL = auto()


class Store(Enum):
    """What a database is."""

    MISSING = auto()
    EMPTY = auto()
    PORTAL = auto()
    FOREIGN = auto()


def default_database_url(data: Path) -> URL:
    """SQLite in the DATA folder, whose name may hold what an address written as text would read as its own signs."""
    return sqlite_url(data / DATABASE_FILE)


def sqlite_url(path: Path) -> URL:
    """The address of a database file."""
    return URL.create("sqlite", database=str(path))


# --- the folder ---


def look(data: Path, *, is_restoring: bool = False) -> Place:
    """What `data` is. Raises `NotSetUp` for a cut-off restore, unless this process is just restoring it."""
    if (data / RESTORING_FILE).exists():
        if is_restoring:
            return Place.PORTAL
        raise NotSetUp(
            f"In {data} wurde „restore“ unterbrochen. Bitte denselben Befehl noch einmal; er macht es fertig."
        )
    if (data / FOUNDING_FILE).exists():
        return Place.FOUNDING
    return Place.PORTAL if any((data / name).exists() for name in _TRACES) else Place.NEW


def is_set_up(data: Path) -> bool:
    """Whether DATA is a portal's folder, whole or not."""
    return look(data) is Place.PORTAL


def demand(data: Path, *, is_adopting: bool = False, is_founding: bool = False, is_restoring: bool = False) -> None:
    """Raise `NotSetUp` or `KeyFileError` unless `data` is the whole folder of a portal.

    `is_adopting`: it may be one from the time before folders had an identity. `is_founding`: this process is just founding it; `is_restoring`: restoring it.
    """
    place = look(data, is_restoring=is_restoring)
    if place is Place.NEW:
        raise NotSetUp(
            f"In {data} gibt es noch kein Portal. Bitte zuerst „beschlussportal --data {data} init“. Sollte hier eines liegen: Stimmt DATA, ist der Datenträger eingehängt?"
        )
    if place is Place.FOUNDING and not is_founding:
        raise NotSetUp(
            f"Das Einrichten von {data} wurde unterbrochen. Bitte „beschlussportal --data {data} init“ noch einmal."
        )
    if not (data / KEY_FILE).exists():
        raise NotSetUp(
            f"In {data} lag schon ein Portal, aber sein Schlüssel {KEY_FILE} fehlt. Bitte den Ordner keys/ aus der Sicherung zurückholen; ein neuer Schlüssel bräche das Register."
        )
    if not is_adopting:
        identity(data)
        signing.Sealer.open(data)


def identity(data: Path) -> str:
    """The identity that the folder bears. Raises `NotSetUp`."""
    try:
        return str(json.loads((data / IDENTITY_FILE).read_text())["portal"])
    except FileNotFoundError:
        raise NotSetUp(
            f"In {data} fehlt {IDENTITY_FILE}, die Kennung des Portals. Bitte „beschlussportal --data {data} migrate“; es prüft und ergänzt sie."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise NotSetUp(f"{data / IDENTITY_FILE} ist beschädigt. Bitte aus der Sicherung zurückholen.") from error


def begin(data: Path) -> None:
    """Begin or go on founding: the mark that it goes on, then keys; what exists stays."""
    if not (data / FOUNDING_FILE).exists():
        write(data / FOUNDING_FILE, {"portal": uuid.uuid4().hex})
    with contextlib.suppress(FileExistsError):
        create_key(data / KEY_FILE)
    signing.create(data)


def finish(data: Path) -> None:
    """The portal is founded: from now on all of it is demanded."""
    (data / FOUNDING_FILE).unlink(missing_ok=True)
    sync(data)


def begun_as(data: Path) -> str | None:
    """The identity that a founding under way will give; None: none is under way, or its mark was not written whole."""
    try:
        return str(json.loads((data / FOUNDING_FILE).read_text())["portal"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def tighten(data: Path) -> str:
    """Let nobody but the owner into `data`; a German sentence where it stood open or stays so, else nothing."""
    mode = stat.S_IMODE(data.stat().st_mode)
    if not mode & 0o077:
        return ""
    try:
        data.chmod(mode & 0o700)
        for path in data.iterdir():
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    except PermissionError:
        return f"Achtung: In den Ordner {data} können andere sehen, und er gehört nicht diesem Konto. Bitte „chmod -R go-rwx {data}“."
    return f"Der Ordner {data} stand anderen offen (Rechte {mode:03o}); jetzt liest ihn nur noch sein Eigentümer."


# --- folder and database ---


def store_of(engine: Engine) -> Store:
    """What the database of `engine` is, one that only reads: nobody's writing is waited for. Raises `NotSetUp` where it is none."""
    if engine.dialect.name == "sqlite" and (early := _sqlite_file(Path(str(engine.url.database)))) is not None:
        return early
    try:
        with engine.connect() as connection:
            names = set(sa.inspect(connection).get_table_names())
    except (sa.exc.DatabaseError, sqlite3.Error) as error:
        if kind_of(error) is Fault.DAMAGED and engine.dialect.name == "sqlite":
            raise _damaged(Path(str(engine.url.database))) from error
        raise
    if models.LedgerHead.__tablename__ in names:
        return Store.PORTAL
    return Store.FOREIGN if names - {"alembic_version"} else Store.EMPTY


def _sqlite_file(path: Path) -> Store | None:
    """What the file alone tells, without opening it, which would make or change it; None: a database, to be asked. Raises `NotSetUp`."""
    if not path.exists():
        return Store.MISSING
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return None  # the newest state of the first page may lie there
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(100)
    if not size:
        return Store.EMPTY
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    if not head.startswith(_SQLITE_HEAD) or size < pages * (65_536 if page == 1 else page):
        raise _damaged(path)
    return None


def _damaged(path: Path) -> NotSetUp:
    return NotSetUp(
        f"{path} ist keine Datenbank von SQLite oder abgeschnitten. Bitte die letzte gute Sicherung mit „restore“ in einen neuen Ordner zurückholen."
    )


def demand_database(data: Path, engine: Engine, store: Store) -> None:
    """Raise `NotSetUp` unless the database is that of the portal in `data`, as far as its key can tell."""
    if store is not Store.PORTAL:
        what = {
            Store.MISSING: "gibt es nicht",
            Store.EMPTY: "ist leer",
            Store.FOREIGN: "enthält etwas anderes als ein Portal",
        }[store]
        raise NotSetUp(
            f"Zu {data} gehört ein Portal, aber die Datenbank {name_of(engine)} {what}. {_hint(data, engine)} Nichts wurde geändert."
        )
    try:
        with engine.connect() as connection:
            _demand_key(data, connection)
    except (
        KeyFileError
    ):  # the key may have been changed between the look at the ledger and that at the file: look at both again
        with engine.connect() as connection:
            _demand_key(data, connection)


def name_of(engine: Engine) -> str:
    """The database as an operator knows it, without password."""
    return (
        str(engine.url.database) if engine.dialect.name == "sqlite" else engine.url.render_as_string(hide_password=True)
    )


def _hint(data: Path, engine: Engine) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = str(json.loads((data / IDENTITY_FILE).read_text())["database"])
        if kept != engine.dialect.name:
            return f"Zuletzt lag sie in {'SQLite' if kept == 'sqlite' else 'PostgreSQL'}: Bitte DATABASE_URL so setzen wie sonst."
    return (
        "Bitte DATABASE_URL und DATA prüfen oder die letzte Sicherung mit „restore“ in einen neuen Ordner zurückholen."
    )


def _demand_key(data: Path, connection: Connection) -> None:
    """The key that signs from now on must be the one of the last entry, or have followed on it."""
    checkpoint = connection.scalar(sa.select(models.LedgerHead.checkpoint))
    if checkpoint is None:
        return
    last, present = str(json.loads(checkpoint)["key_id"]), Signer.from_file(data / KEY_FILE).key_id
    if last == present:
        return  # a key that was begun and is of no use goes when the portal opens
    pending = data / NEXT_KEY_FILE
    if pending.exists() and last == Signer.from_file(pending).key_id:
        return  # its entry is in the ledger; `register.settle_key` puts it in its place
    raise KeyFileError(
        f"Der Schlüssel in {data / KEY_FILE} ({present}) ist nicht der dieses Registers ({last}). Bitte keys/ und Datenbank desselben Portals nehmen; nichts wurde geändert."
    )


def demand_one(data: Path, engine: Engine, *, is_founding: bool = False, is_restoring: bool = False) -> None:
    """Raise `NotSetUp` or `KeyFileError` unless folder, keys and database are one whole portal."""
    demand(data, is_founding=is_founding, is_restoring=is_restoring)
    demand_database(data, engine, store_of(engine))
    with engine.connect() as connection:
        known = _known(connection) if sa.inspect(connection).has_table(models.PortalIdentity.__tablename__) else None
    if known is None:
        raise NotSetUp(
            f"Der Datenbank {name_of(engine)} fehlt die Kennung des Portals. Bitte „beschlussportal --data {data} migrate“; es prüft und ergänzt sie."
        )
    if known != identity(data):
        raise _other(data, engine)


def demand_same(data: Path, engine: Engine) -> None:
    """Raise `NotSetUp` where folder and database both bear an identity, and not the same; older tables bear none."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(models.PortalIdentity.__tablename__):
            return
        known = _known(connection)
    own = begun_as(data) or (identity(data) if (data / IDENTITY_FILE).exists() else None)
    if known is not None and own is not None and known != own:
        raise _other(data, engine)


def identify(data: Path, engine: Engine) -> None:
    """Give folder and database the identity they lack; a portal that has none yet gets one. The tables are up to date."""
    own = begun_as(data) or (identity(data) if (data / IDENTITY_FILE).exists() else None)
    with engine.begin() as connection:
        known = _known(connection)
        uid = known or own or uuid.uuid4().hex
        if known is None:
            connection.execute(
                sa.insert(models.PortalIdentity).values(id=1, uid=uid, founded_at=dt.datetime.now(dt.UTC))
            )
    if not (data / IDENTITY_FILE).exists():
        write(data / IDENTITY_FILE, {"portal": uid, "database": engine.dialect.name})
        # A folder from the time before identities may never have served: its key for links was made when first needed.
        signing.create(data)


def _known(connection: Connection) -> str | None:
    found: str | None = connection.scalar(sa.select(models.PortalIdentity.uid))
    return found


def _other(data: Path, engine: Engine) -> NotSetUp:
    return NotSetUp(
        f"Der Ordner {data} und die Datenbank {name_of(engine)} gehören zu verschiedenen Portalen. Bitte DATA und DATABASE_URL prüfen; nichts wurde geändert."
    )


# --- locks ---


@contextlib.contextmanager
def setting_up(data: Path) -> Iterator[None]:
    """One process at a time sets up or migrates; the others wait for it."""
    with _held(data / "setup.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def serving(data: Path, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """The only server on `data`, for as long as this process or one forked from it lives. Raises `InUse`."""
    with _alone(
        data / "serve.lock",
        patience_s,
        f"Auf {data} läuft schon ein Portal. Bitte zuerst jenes beenden, oder mit DATA einen anderen Ordner nennen.",
    ):
        yield


@contextlib.contextmanager
def changing_keys(data: Path, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Nobody else changes, settles or saves the key of the ledger in `data` meanwhile. Raises `InUse`."""
    with _alone(
        data / "keys.lock",
        patience_s,
        f"In {data} wird der Schlüssel des Registers gerade gewechselt oder gesichert. Bitte gleich noch einmal.",
    ):
        yield


@contextlib.contextmanager
def _alone(path: Path, patience_s: float, words: str) -> Iterator[None]:
    """Hold the lock `path`. Raises `InUse` with `words` where another still does after `patience_s`."""
    with _held(path) as file:
        until = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise InUse(words) from None
                time.sleep(0.1)
        yield


@contextlib.contextmanager
def _held(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a small file complete or not at all, to stay."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """What a folder lists is on the disk."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
