"""The ledger in the database: append, read, verify, write out.

The head row is locked while an entry is appended, so that positions have no gaps under concurrency. Times never run
backwards: an entry is at least as late as the one before.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import ledger, models
from content.ledger import Act, Fault, Signer
from content.patience import current

HEAD_ID: Final = 1
_HEAD_KEY: Final = "ledger_head"
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class PublicAct:
    """What an entry says, before it has a place in the chain."""

    act: Act
    kind: str
    url: str
    title: str
    item: str
    edition: int
    edition_sha256: str
    valid_from: dt.datetime
    note: str | None


def append(session: Session, signer: Signer, act: PublicAct, *, now: dt.datetime) -> models.LedgerEntry:
    """Add one entry behind the last, to be flushed by the caller with the rest of its act.

    The title stays out of the chain: it may be withdrawn.
    """
    head = _held_head(session)
    position, previous, moment = 1, ledger.GENESIS, now
    if head is not None:
        last_time = dt.datetime.fromisoformat(json.loads(head.checkpoint)["time"])
        position, previous, moment = head.position + 1, head.hash, max(now, last_time)
    entry = ledger.seal(
        {
            "position": position,
            "time": ledger.instant(moment),
            "act": str(act.act),
            "kind": act.kind,
            "url": act.url,
            "item": act.item,
            "edition": act.edition,
            "edition_sha256": act.edition_sha256,
            "valid_from": ledger.instant(act.valid_from),
            "note": act.note,
        },
        previous=previous,
        signer=signer,
    )
    row = models.LedgerEntry(
        position=position,
        recorded_at=moment,
        act=str(act.act),
        kind=act.kind,
        url=act.url,
        title=act.title,
        item_uid=act.item,
        edition=act.edition,
        edition_sha256=act.edition_sha256,
        hash=entry["hash"],
        note=act.note,
        line=ledger.to_line(entry),
    )
    session.add(row)
    mark = ledger.to_line(ledger.checkpoint(entry, signer))
    if head is None:
        session.add(models.LedgerHead(id=HEAD_ID, position=position, hash=row.hash, checkpoint=mark))
    else:
        head.position, head.hash, head.checkpoint = position, row.hash, mark
    return row


def _held_head(session: Session) -> models.LedgerHead | None:
    """The head of the chain, held until the transaction ends: asked for once in it, since nobody else can move it then.

    Once per savepoint, too: a savepoint given up lets go of what was held in it.
    """
    transaction = session.get_nested_transaction() or session.get_transaction()
    head: models.LedgerHead | None
    holder, head = session.info.get(_HEAD_KEY, (None, None))
    if transaction is not None and holder is transaction and head is not None and head in session:
        return head
    session.flush()  # an entry that still waits would be overtaken by a fresh look at the head
    with current().waiting():
        head = session.get(models.LedgerHead, HEAD_ID, with_for_update=True)
    session.info[_HEAD_KEY] = (session.get_nested_transaction() or session.get_transaction(), head)
    return head


def position(connection: Connection) -> int:
    """Where the ledger stands: the portal's public clock (0: nothing published yet)."""
    return connection.execute(sa.select(models.LedgerHead.position)).scalar() or 0


def edition_document(edition: models.Edition) -> dict[str, Any]:
    """The edition document of a row."""
    document: dict[str, Any] = json.loads(edition.document)
    return document


def lines(
    connection: Connection, *, portal: str, public_keys: Mapping[str, str], has_editions: bool = False
) -> Iterator[str]:
    """The ledger as lines of a file: header, entries (each after its edition, if asked for), checkpoint."""
    yield ledger.to_line(ledger.header(portal, public_keys, has_editions=has_editions))
    for entry, document in _entries(connection, has_editions=has_editions):
        if document is not None:
            yield ledger.to_line({"type": "edition", "position": entry.position, "document": json.loads(document)})
        yield str(entry.line)
    mark = connection.execute(sa.select(models.LedgerHead.checkpoint)).scalar()
    if mark:
        yield str(mark)


def verify(
    connection: Connection, public_keys: Mapping[str, str], *, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, Fault | None]:
    """Check every entry and the exact bytes of every edition: (entries found right, first fault or None)."""
    verifier = ledger.Verifier(public_keys, needs_editions=True)
    head = connection.execute(sa.select(models.LedgerHead)).first()
    with contextlib.closing(_entries(connection, has_editions=True)) as entries:
        wrong_copy = _feed(verifier, entries, progress)
    if wrong_copy is not None:
        return verifier.position - 1, wrong_copy
    if head is None:
        return verifier.position, verifier.fault if verifier.position else None
    verifier.feed(str(head.checkpoint))
    return verifier.position, verifier.finish() or _head_fault(head, verifier.position)


def _feed(
    verifier: ledger.Verifier, entries: Iterator[tuple[Any, str | None]], progress: Callable[[int], None]
) -> Fault | None:
    """Feed entries until the first fault; a fault of the columns beside the signed line is returned."""
    for entry, document in entries:
        if document is not None:
            verifier.feed_edition(entry.position, document)
        verifier.feed(str(entry.line))
        if verifier.fault is not None:
            return None
        wrong_copy = _column_fault(entry)
        if wrong_copy is not None:
            return wrong_copy
        progress(verifier.position)
    return None


def _entries(connection: Connection, *, has_editions: bool) -> Generator[tuple[Any, str | None], None, None]:
    entries, editions = models.LedgerEntry.__table__, models.Edition.__table__
    document = editions.c.document if has_editions else sa.null()
    statement = sa.select(entries, document.label("document")).order_by(entries.c.position)
    if has_editions:
        statement = statement.select_from(
            entries.outerjoin(editions, editions.c.position == entries.c.position)
        )
    with connection.execute(statement.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            yield row, row.document


def _column_fault(row: Any) -> Fault | None:
    """The columns beside the signed line are copies: they must say the same."""
    signed = json.loads(row.line)
    copies = {
        "position": row.position, "act": row.act, "kind": row.kind, "url": row.url, "item": row.item_uid,
        "edition": row.edition, "edition_sha256": row.edition_sha256, "hash": row.hash, "note": row.note,
    }
    for name, value in copies.items():
        if signed[name] != value:
            return Fault(row.position, "wrong_copy", f"Die Spalte „{name}“ weicht vom signierten Eintrag ab.")
    return None


def _head_fault(head: Any, position: int) -> Fault | None:
    if head.position != position:
        return Fault(position + 1, "cut_off", "Die Spitze des Registers passt nicht zum letzten Eintrag.")
    return None
