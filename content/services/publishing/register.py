"""Acts of the register itself: a new key, a restore, what older documents leave unsaid. And what is remembered outside.

`DATA/letzter-checkpoint` holds the newest checkpoint this folder has seen: a database whose end was cut off or put back
does not know it, the file does. It is never overwritten by a chain that does not hold what it says, and no such chain goes
on: its next entry would be a second one under a position that was public already.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.facets import ALL
from content.founding import FOUNDING_FILE, KEY_FILE, NEXT_KEY_FILE, RESTORING_FILE
from content.proof import ledger as chain
from content.proof import notes
from content.proof.derived import FILE_COLUMNS, REFERENCE_COLUMNS, old_path
from content.proof.ledger import Act, KeyFileError, Signer, create_key
from content.services.publishing import ledger
from content.services.publishing.ledger import SEEN_FILE, LedgerBehind
from content.services.publishing.publish import Desk

log = logging.getLogger(__name__)
RESTORED: Final = "Wiederhergestellt aus einer Sicherung."
REPLACED: Final = "Schlüssel planmäßig gewechselt."
_BATCH: Final = 200
_E: Final = models.Edition.__table__


def change_key(desk: Desk, data: Path, reason: str = "") -> Signer:
    """Write the entry of a change of key, signed by the old key; the new signer, to `take_over` after the commit.

    The caller holds `founding.changing_keys` until then: nobody else takes the pending key for one that was left over.
    """
    pending = data / NEXT_KEY_FILE
    pending.unlink(missing_ok=True)
    create_key(pending)
    fresh = Signer.from_file(pending)
    moment = desk.moment()
    position, previous = ledger.held_head(desk.session)
    if position:
        change = chain.key_change(desk.signer, fresh, previous)
        statement = {"key": change, "reason": reason or REPLACED}
        act = ledger.state(desk.session, Act.KEY, statement, moment=moment, key=change)
        entry = ledger.change_key(desk.session, desk.signer, fresh, act, moment=moment)
        desk.index.at(entry.position)
        desk.session.flush()
    return fresh


def take_over(data: Path, fresh: Signer) -> None:
    """After the commit: `fresh` is the key from now on. Its file is written once more where somebody took it away: no other can go on."""
    pending = data / NEXT_KEY_FILE
    if key_id_in(pending) != fresh.key_id:
        log.error("%s was gone before it took over; it is written anew", pending)
        pending.unlink(missing_ok=True)
        fresh.write(pending)
    pending.replace(data / KEY_FILE)
    _sync(pending.parent)


def settle_key(data: Path, connection: Connection) -> None:
    """Finish a change of key that was begun: the pending key takes over where the ledger names it (or is empty), else it goes."""
    pending, present = data / NEXT_KEY_FILE, data / KEY_FILE
    if not pending.exists():
        return
    mark = connection.scalar(sa.select(models.LedgerHead.checkpoint))
    last, next_key = json.loads(mark)["key_id"] if mark is not None else None, key_id_in(pending)
    if next_key is None and last is not None and last != key_id_in(present):
        Signer.from_file(pending)  # it may be the one that is needed: tell what is wrong with it
    if next_key is not None and last in {None, next_key}:
        pending.replace(present)
    else:
        pending.unlink()
    _sync(present.parent)


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def key_id_in(path: Path) -> str | None:
    """The id of the key in a file; None: it holds none that can be used."""
    try:
        return Signer.from_file(path).key_id
    except KeyFileError:
        return None


def record_restore(desk: Desk, reason: str = "") -> int | None:
    """Note in the ledger that it goes on from a backup, behind which acts may be lost; the position, or None where it is empty.

    What was signed behind that point stays provable to whoever kept a checkpoint; the entry tells why the chain parts there.
    Raises `Blocked` where the clock lies behind the last entry.
    """
    desk.session.info.pop(ledger.DEMAND, None)  # this is the entry that says why the chain parts from what was seen
    moment = desk.moment()
    position, digest = ledger.held_head(desk.session)
    if not position:
        return None
    place = {"position": position, "entry_hash": digest}
    statement = {"restored": place, "reason": reason or RESTORED}
    act = ledger.state(desk.session, Act.RESTORED, statement, moment=moment, restored=place)
    entry = ledger.append(desk.session, desk.signer, act, moment=moment)
    desk.index.at(entry.position)
    desk.session.flush()
    desk.session.info[_IS_RESTORED] = True
    return entry.position


# --- what is remembered outside the database ---

_IS_RESTORED: Final = "ledger_is_restored"


def seen(data: Path) -> tuple[int, str] | None:
    """Position and hash of the newest checkpoint that this folder has seen. Raises `ValueError` for a spoilt file."""
    try:
        note = notes.read((data / SEEN_FILE).read_text())
    except FileNotFoundError:
        return None
    return note.position, note.entry


_REMEDY: Final = (
    "Ist der Grund bekannt, schreibt „beschlussportal ledger restored --reason …“ ihn ins Register und die Datei neu."
)
_COMPARE: Final = f"mit einem Checkpoint vergleichen, den jemand außerhalb aufgehoben hat. {_REMEDY}"
UNREADABLE: Final = f"{{}} ist nicht lesbar, leer oder beschädigt ({{}}). Bitte Rechte und Datenträger prüfen und das Register {_COMPARE}"
FORGOTTEN: Final = f"{{}} fehlt: Ohne sie ist nicht zu erkennen, ob das Register abgeschnitten oder zurückgesetzt wurde. Bitte {_COMPARE}"
_NOTHING: Final = "Nichts wurde geschrieben."


def demand_following(data: Path, session: Session) -> None:
    """Raise `LedgerBehind` unless the chain, whose head is held, follows on what this folder has seen of it."""
    path = data / SEEN_FILE
    try:
        known = seen(data)
    except (OSError, ValueError) as error:
        raise LedgerBehind(f"{UNREADABLE.format(path, error)} {_NOTHING}") from error
    position, _ = ledger.held_head(session)
    if known is None:
        if any((data / name).exists() for name in (FOUNDING_FILE, RESTORING_FILE)):
            return
        if session.scalar(sa.select(models.Checkpoint.position).limit(1)) is not None:
            raise LedgerBehind(f"{FORGOTTEN.format(path)} {_NOTHING}")
        if position:
            log.warning("%s is begun at entry %s: the data come from a version that kept none", path, position + 1)
        return
    if known[0] > position:
        raise LedgerBehind(
            f"Das Register hatte schon {known[0]} Einträge ({path}), diese Datenbank hat {position}: Sie ist zurückgesetzt oder abgeschnitten, und ein "
            f"weiterer Eintrag gabelte das Register. Bitte die neuere Datenbank zurückholen. {_REMEDY} {_NOTHING}"
        )
    if (
        known[0]
        and session.scalar(sa.select(models.LedgerEntry.hash).where(models.LedgerEntry.position == known[0]))
        != known[1]
    ):
        raise LedgerBehind(
            f"Eintrag {known[0]} des Registers ist nicht der, den das Portal geschrieben hat ({path}); ein weiterer gabelte es. Bitte die richtige "
            f"Datenbank zurückholen und klären, was geschehen ist. {_REMEDY} {_NOTHING}"
        )


def is_from_before_memory(data: Path, connection: Connection) -> bool:
    """Whether the register was written by a version that knew neither checkpoints nor the file: the next entry begins both."""
    return (
        not (data / SEEN_FILE).exists()
        and ledger.position(connection) > 0
        and ledger.checkpoint_note(connection) is None
    )


def begin_memory(data: Path, connection: Connection, signer: Signer) -> None:
    """Write what a founding leaves: where the chain stands, be it before its first entry. A file that is there stays. Raises OSError."""
    if (data / SEEN_FILE).exists():
        return
    note = ledger.checkpoint_note(connection)
    if note is None:
        start = notes.Note(notes.origin_of(""), 0, chain.GENESIS, chain.instant(dt.datetime.now(dt.UTC)), signer.key_id)
        note = notes.write(start, signer)
    _keep(data, note, is_restored=True)


def was_restored(connection: Connection, behind: int) -> bool:
    """Whether the ledger notes a restore behind the entry `behind`."""
    entry = models.LedgerEntry
    query = sa.select(entry.position).where(entry.act == str(Act.RESTORED), entry.position > behind).limit(1)
    return connection.scalar(query) is not None


def catch_up(data: Path, connection: Connection) -> None:
    """After a restore: the file says what the chain says. Raises OSError."""
    note = ledger.checkpoint_note(connection)
    if note is not None:
        _keep(data, note, is_restored=True)


def remember(data: Path, session: Session) -> None:
    """After a commit: keep the checkpoint it made, unless the chain lost what the file says; never raises."""
    note = session.info.pop(ledger.WRITTEN, None)
    if note is None:
        return
    try:
        is_restored = session.info.pop(_IS_RESTORED, False)
        if is_restored or session.info.get(ledger.AGREES, True):
            _keep(data, note, is_restored=is_restored)
    except (OSError, ValueError):
        log.exception("%s could not be written", SEEN_FILE)


def agrees(data: Path, session: Session, position: int) -> bool:
    """Whether the chain, which stands at `position`, holds what the file outside says; never raises for the file."""
    try:
        known = seen(data)
    except (OSError, ValueError):
        log.exception("%s cannot be read: run „beschlussportal check“", SEEN_FILE)
        return False
    if known is None or not known[0]:
        return True
    entry = models.LedgerEntry
    found = session.scalar(sa.select(entry.hash).where(entry.position == known[0])) if known[0] <= position else None
    if found != known[1]:
        log.error("the ledger lost entry %s that %s has seen: run „beschlussportal check“", known[0], SEEN_FILE)
    return found == known[1]


def _keep(data: Path, note: str, *, is_restored: bool) -> None:
    """Write the file, to stay; commits that end at once do not put it back. Raises OSError, and `ValueError` for a spoilt file."""
    path = data / SEEN_FILE
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    folder = os.open(data, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            fcntl.flock(folder, fcntl.LOCK_EX)
        known = None if is_restored else seen(data)
        if known is not None and known[0] > notes.read(note).position:
            return
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        with contextlib.suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)
        temporary.unlink(missing_ok=True)


# --- documents of schema 1 ---


def lacks_columns(connection: Connection) -> bool:
    """Whether there are editions whose documents do not say how lists show them, and no entry that says it."""
    first = connection.execute(sa.select(_E.c.document).order_by(_E.c.position).limit(1)).scalar()
    if first is None or "shown" in orjson.loads(first):
        return False
    entry = models.LedgerEntry
    return connection.scalar(sa.select(entry.position).where(entry.act == str(Act.COLUMNS)).limit(1)) is None


def state_columns(desk: Desk) -> int:
    """Write entries that state what the columns of older editions say, for documents of schema 1; how many editions.

    The caller has verified the ledger: what can be derived agrees. From then on nothing of it changes unnoticed.
    """
    session = desk.session
    rows = list(_unstated(session))
    addresses = _untold_addresses(session)
    moment = desk.moment()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        statement: dict[str, Any] = {"editions": {str(position): shown for position, shown in batch}}
        if start + _BATCH >= len(rows):
            statement["addresses"] = addresses
        covered = [batch[0][0], batch[-1][0]]
        act = ledger.state(session, Act.COLUMNS, statement, moment=moment, editions=covered)
        entry = ledger.append(session, desk.signer, act, moment=moment)
        desk.index.at(entry.position)
        session.flush()
    return len(rows)


def _unstated(session: Session) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(position, part `shown`) of every edition of schema 1, in order."""
    edition = models.Edition
    for row in session.scalars(sa.select(edition).order_by(edition.position).execution_options(yield_per=_BATCH)):
        if "shown" not in orjson.loads(row.document):
            yield row.position, _shown(session, row)


def _shown(session: Session, row: models.Edition) -> dict[str, Any]:
    facet, reference, file = models.EditionFacet, models.EditionReference, models.EditionFile
    pairs = session.execute(sa.select(facet.facet, facet.value).where(facet.edition_id == row.id))
    links = session.scalars(sa.select(reference).where(reference.edition_id == row.id).order_by(reference.position))
    files = session.scalars(sa.select(file).where(file.edition_id == row.id))
    plain = ("subkind", "sort_title", "body_slug", "year", "serial", "meeting_url", "summary")
    return {
        **{name: getattr(row, name) for name in plain},
        "date": row.date.isoformat() if row.date else None,
        "sort_date": row.sort_date.isoformat(),
        "header": list(row.header),
        "facets": sorted([pair.facet, pair.value] for pair in pairs if tuple(pair) != ALL),
        "references": [[getattr(one, name) for name in REFERENCE_COLUMNS] for one in links],
        "files": sorted([getattr(one, name) for name in FILE_COLUMNS] for one in files),
    }


def _untold_addresses(session: Session) -> dict[str, str]:
    """Old addresses that no document tells, as the table has them."""
    edition, told = models.Edition, dict[str, str]()
    for url, document in session.execute(sa.select(edition.url, edition.document).order_by(edition.position)):
        path = old_path(orjson.loads(document))
        if path is not None:
            told.setdefault(path, url)
    rows = session.scalars(sa.select(models.OldAddress))
    return {row.path: row.url for row in rows if told.get(row.path) != row.url}
