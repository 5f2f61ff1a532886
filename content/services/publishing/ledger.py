"""The ledger in the database: append, read, verify, write out.

The head row is locked while an entry is appended, so that positions have no gaps under concurrency; its time is taken
under that lock and never runs backwards. Beside every commit that appended stands a checkpoint (`content.proof.notes`).
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.database.patience import current
from content.proof import ledger, notes
from content.proof.canonical import canonical_json, sha256_hex
from content.proof.ledger import Act, Fault, KeyFileError, Signer
from content.services.publishing import proof
from workflows.engine import Blocked, Blocker

HEAD_ID: Final = 1
_HEAD_KEY: Final = "ledger_head"
_SIGNER_KEY: Final = "ledger_signer"
WRITTEN: Final = "ledger_written"
"""Where a session keeps the checkpoint that its commit publishes."""
DEMAND: Final = "ledger_demand"
"""Where it keeps what is asked before its first entry: whether the chain may go on here at all."""
AGREES: Final = "ledger_agrees"
"""Where it keeps whether the chain holds what was seen outside the database."""
_BATCH: Final = 500
CLOCK_TOLERANCE: Final = dt.timedelta(minutes=1)
"""So far may clocks of several machines lie apart, or a clock be set back, before publishing is refused."""


class LedgerBehind(Exception):  # noqa: N818 - named for the situation
    """The chain does not follow on what was seen outside the database: an entry would fork it. The message (German) names the remedy."""


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
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the signed line."""


def moment(session: Session, clock: Callable[[], dt.datetime]) -> dt.datetime:
    """The time of what is appended next, taken with the head of the chain held: never before the last entry.

    Raises `Blocked` where the clock lies clearly behind the last entry: one of the two times is wrong. Raises `LedgerBehind`.
    """
    head, now = _held_head(session), clock()
    _demand(session)
    if head is None:
        return now
    last = dt.datetime.fromisoformat(json.loads(head.checkpoint)["time"])
    if now < last - CLOCK_TOLERANCE:
        raise Blocked((Blocker("clock_behind", _behind(now, last)),))
    return max(now, last)


def _behind(now: dt.datetime, last: dt.datetime) -> str:
    return (
        f"Die Uhr dieses Rechners zeigt {now:%d.%m.%Y %H:%M:%S} UTC, der letzte Eintrag des Registers ist aber von "
        f"{last:%d.%m.%Y %H:%M:%S} UTC: Sie geht nach, oder sie ging vor. Veröffentlicht wird erst wieder, wenn sie "
        "richtig geht und diese Zeit erreicht ist. Bitte den Betrieb die Uhr prüfen lassen."
    )


def ahead(connection: Connection, now: dt.datetime) -> str:
    """Why nothing can be published now, in German, where the last entry bears a time to come; else empty."""
    checkpoint = connection.execute(sa.select(models.LedgerHead.checkpoint)).scalar()
    last = dt.datetime.fromisoformat(json.loads(checkpoint)["time"]) if checkpoint else now
    return _behind(now, last) if now < last - CLOCK_TOLERANCE else ""


def append(session: Session, signer: Signer, act: PublicAct, *, moment: dt.datetime) -> models.LedgerEntry:
    """Add one entry behind the last, to be flushed by the caller with the rest of its act; `moment` as that function gave it.

    The title stays out of the chain: it may be withdrawn. Raises `KeyFileError` where another key signs by now, `LedgerBehind`.
    """
    head = _held_head(session)
    _demand(session)
    position, previous = (head.position + 1, head.hash) if head is not None else (1, ledger.GENESIS)
    _must_be_ours(head, signer)
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
            **act.more,
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
    _move_head(session, entry, signer)
    return row


def _demand(session: Session) -> None:
    """Ask once in a transaction, with the head held, whether the chain may go on."""
    ask = session.info.get(DEMAND)
    if ask is not None:
        ask(session)
        del session.info[DEMAND]


def _must_be_ours(head: models.LedgerHead | None, signer: Signer) -> None:
    key_id = json.loads(head.checkpoint)["key_id"] if head is not None else signer.key_id
    if key_id != signer.key_id:
        raise KeyFileError(
            f"Das Register wird mit dem Schlüssel {key_id} fortgeführt, geladen ist {signer.key_id}. Bitte das Portal neu "
            "starten; hilft das nicht, den richtigen Schlüssel (keys/ledger-ed25519.pem) aus der Sicherung zurückholen."
        )


def _move_head(session: Session, entry: Mapping[str, Any], signer: Signer) -> None:
    """The chain ends with `entry`; `signer` signs that, and what comes next."""
    head = _held_head(session)
    mark = ledger.to_line(ledger.checkpoint(entry, signer))
    position, digest = entry["position"], entry["hash"]
    if head is None:
        head = models.LedgerHead(id=HEAD_ID, position=position, hash=digest, checkpoint=mark)
        session.add(head)
        session.info[_HEAD_KEY] = (session.get_nested_transaction() or session.get_transaction(), head)
    else:
        head.position, head.hash, head.checkpoint = position, digest, mark
    session.info[_SIGNER_KEY] = signer


def change_key(
    session: Session, signer: Signer, fresh: Signer, act: PublicAct, *, moment: dt.datetime
) -> models.LedgerEntry:
    """Append the entry of a change of key, signed by the old one; `fresh` signs what comes next."""
    row = append(session, signer, act, moment=moment)
    _move_head(session, json.loads(row.line), fresh)
    return row


def state(session: Session, act: Act, statement: Mapping[str, Any], *, moment: dt.datetime, **more: Any) -> PublicAct:
    """An act of the register itself: its canonical document is kept, the act that names it comes back, to be appended.

    `more` are further fields of the signed line, so that they stand in the ledger without the document.
    """
    head = _held_head(session)
    position = head.position + 1 if head is not None else 1
    body = canonical_json({"schema": 1, "kind": "register", "act": str(act), "edition": 1, **statement})
    digest = sha256_hex(body)
    session.add(models.LedgerDocument(position=position, sha256=digest, document=body.decode()))
    return PublicAct(
        act=act,
        kind="register",
        url=f"/register/dokument/{digest}",
        title=proof.REGISTER_TITLES[act],
        item="register",
        edition=1,
        edition_sha256=digest,
        valid_from=moment,
        note=statement.get("reason"),
        more=more,
    )


def held_head(session: Session) -> tuple[int, str]:
    """Position and hash of the last entry, held until the transaction ends; (0, the beginning) where there is none."""
    head = _held_head(session)
    return (head.position, head.hash) if head is not None else (0, ledger.GENESIS)


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


def keep_checkpoint(
    session: Session, agrees: Callable[[Session, int], bool] = lambda _session, _position: True
) -> None:
    """Write the checkpoint of what this transaction appended; called once, right before it commits.

    `agrees` says whether the chain at a position holds what is remembered outside the database.
    """
    signer = session.info.pop(_SIGNER_KEY, None)
    if signer is None:
        return
    session.flush()
    head = session.get(models.LedgerHead, HEAD_ID)
    known = session.scalar(sa.select(sa.func.max(models.Checkpoint.position))) or 0
    if head is None or head.position <= known:
        return  # the savepoint that appended was given up
    mark = json.loads(head.checkpoint)
    first = session.scalar(sa.select(models.LedgerEntry.hash).where(models.LedgerEntry.position == 1)) or ""
    note = notes.Note(notes.origin_of(first), head.position, head.hash, mark["time"], signer.key_id)
    values = {
        "position": head.position,
        "hash": head.hash,
        "made_at": dt.datetime.fromisoformat(mark["time"]),
        "note": notes.write(note, signer),
    }
    session.execute(sa.insert(models.Checkpoint), values)
    session.info[WRITTEN] = values["note"]
    session.info[AGREES] = agrees(session, head.position)


def checkpoint_note(connection: Connection, position: int | None = None) -> str | None:
    """The newest checkpoint as it was published, or the one of `position`; None: there is none."""
    table = models.Checkpoint.__table__.c
    query = sa.select(table.note).order_by(table.position.desc()).limit(1)
    found = connection.scalar(query if position is None else query.where(table.position == position))
    return str(found) if found is not None else None


def checkpoint_list(connection: Connection) -> Iterator[str]:
    """Every checkpoint, oldest first, one a line: `position hash time`."""
    table = models.Checkpoint.__table__.c
    statement = sa.select(table.position, table.hash, table.made_at).order_by(table.position)
    with connection.execute(statement.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            yield f"{row.position} {row.hash} {ledger.instant(row.made_at)}"


def document(connection: Connection, sha256: str) -> str | None:
    """The canonical document of an act of the register itself."""
    table = models.LedgerDocument.__table__.c
    found = connection.scalar(sa.select(table.document).where(table.sha256 == sha256).limit(1))
    return str(found) if found is not None else None


def position(connection: Connection) -> int:
    """Where the ledger stands: the portal's public clock (0: nothing published yet)."""
    return connection.execute(sa.select(models.LedgerHead.position)).scalar() or 0


def edition_document(edition: models.Edition) -> dict[str, Any]:
    """The edition document of a row."""
    document: dict[str, Any] = json.loads(edition.document)
    return document


def chain_keys(connection: Connection, public_keys: Mapping[str, str]) -> dict[str, str]:
    """The public keys (PEM by id) that the chain says signed it, and `public_keys`. Nobody is to trust them for standing here."""
    entry = models.LedgerEntry.__table__.c
    found = dict(public_keys)
    for line in connection.scalars(sa.select(entry.line).where(entry.act == str(Act.KEY)).order_by(entry.position)):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            for name in ("replaces", "public_key"):
                raw = base64.b64decode(json.loads(line)["key"][name], validate=True)
                found.setdefault(ledger.key_id_of(raw), ledger.pem_of(raw))
    return found


def lines(
    connection: Connection, *, portal: str, public_keys: Mapping[str, str], has_editions: bool = False
) -> Iterator[str]:
    """The ledger as lines of a file: header, entries (each after its edition, if asked for), checkpoint."""
    yield ledger.to_line(ledger.header(portal, chain_keys(connection, public_keys), has_editions=has_editions))
    for entry, document in _entries(connection, has_editions=has_editions):
        if document is not None:
            yield ledger.to_line({"type": "edition", "position": entry.position, "document": json.loads(document)})
        yield str(entry.line)
    mark = connection.execute(sa.select(models.LedgerHead.checkpoint)).scalar()
    if mark:
        yield str(mark)


def verify(
    connection: Connection,
    public_keys: Mapping[str, str],
    *,
    progress: Callable[[int], None] = lambda _: None,
    seen: tuple[int, str] | None = None,
    allows_unstated: bool = False,
) -> tuple[int, Fault | None]:
    """Check every entry, the exact bytes of every edition, every column derived from them, every checkpoint.

    `public_keys`: what is trusted (the portal's own key). `seen`: position and hash that a file outside the database has
    kept. `allows_unstated`: editions of schema 1 may stand without an entry that states their columns. Returns entries found right, first fault or None.
    """
    verifier = ledger.Verifier(public_keys, needs_editions=True, offered=chain_keys(connection, {}))
    head = connection.execute(sa.select(models.LedgerHead)).first()
    mark, comparison = (
        _Marks(connection, public_keys, seen),
        proof.Comparison(connection, allows_unstated=allows_unstated),
    )
    for row in proof.entries(connection):
        if row.document is not None:
            verifier.feed_edition(row.position, row.document)
        verifier.feed(str(row.line))
        fault = verifier.fault or _row_fault(row, comparison) or mark.fault(row, verifier.key_id)
        if fault is not None:
            return verifier.position - (verifier.fault is None), fault
        progress(verifier.position)
    if head is None:
        return verifier.position, _nothing_fault(verifier, comparison, mark)
    verifier.feed(str(head.checkpoint))
    fault = verifier.finish() or _head_fault(head, verifier) or mark.missing(verifier.position) or comparison.rest()
    return verifier.position, fault


def _nothing_fault(verifier: ledger.Verifier, comparison: proof.Comparison, mark: _Marks) -> Fault | None:
    if verifier.position:
        return Fault(verifier.position + 1, "cut_off", "Die Spitze des Registers fehlt.")
    return mark.missing(0) or comparison.rest()


class _Marks:
    """Signed checkpoints and the position kept outside, compared with the chain as it is read."""

    def __init__(self, connection: Connection, public_keys: Mapping[str, str], seen: tuple[int, str] | None) -> None:
        table = models.Checkpoint.__table__.c
        self._rows = {
            row.position: row
            for row in connection.execute(sa.select(table.position, table.hash, table.made_at, table.note))
        }
        self._keys = {key_id: ledger.raw_of(pem) for key_id, pem in chain_keys(connection, public_keys).items()}
        self._seen = seen
        self._origin = ""

    def fault(self, entry: Any, key_id: str) -> Fault | None:
        """What a checkpoint at this entry says otherwise than the chain; `key_id` signs after it."""
        if entry.position == 1:
            self._origin = notes.origin_of(entry.hash)
        if self._seen is not None and self._seen[0] == entry.position and self._seen[1] != entry.hash:
            return Fault(entry.position, "rewritten", _REWRITTEN)
        row = self._rows.pop(entry.position, None)
        if row is None:
            is_missing = self._seen is not None and self._seen[0] == entry.position
            return Fault(entry.position, "checkpoint_missing", _CHECKPOINT_MISSING) if is_missing else None
        try:
            note = notes.read(row.note)
        except ValueError:
            return Fault(entry.position, "wrong_checkpoint", "Der veröffentlichte Checkpoint ist nicht lesbar.")
        if (note.origin, note.position, note.entry) != (
            self._origin,
            entry.position,
            entry.hash,
        ) or row.hash != entry.hash:
            return Fault(entry.position, "forked", _FORKED)
        if ledger.instant(row.made_at) != note.time:
            return Fault(
                entry.position,
                "wrong_checkpoint",
                f"Die Spalte „made_at“ des Checkpoints weicht von ihm ab. {proof.REMEDY}",
            )
        raw = self._keys.get(key_id)
        if note.key != key_id or raw is None or not notes.is_signed(row.note, raw, is_alone=True):
            return Fault(
                entry.position,
                "wrong_checkpoint",
                "Der veröffentlichte Checkpoint ist nicht vom Schlüssel dieser Zeit unterschrieben.",
            )
        return None

    def missing(self, position: int) -> Fault | None:
        """The chain ends at `position`: was more of it seen?"""
        if self._rows:
            return Fault(
                position + 1, "forked", f"Ein Checkpoint nennt Eintrag {max(self._rows)}, den es nicht gibt. {_FORKED}"
            )
        if self._seen is not None and self._seen[0] > position:
            return Fault(
                position + 1,
                "rolled_back",
                f"Das Register hatte schon {self._seen[0]} Einträge (DATA/{SEEN_FILE}), jetzt nur noch {position}: Es ist zurückgesetzt oder "
                "abgeschnitten. Bitte die neuere Datenbank zurückholen; war es eine Wiederherstellung, „beschlussportal ledger restored“ aufrufen.",
            )
        return None


SEEN_FILE: Final = "letzter-checkpoint"
_CHECKPOINT_MISSING: Final = (
    f"Der Checkpoint, den DATA/{SEEN_FILE} festhält, steht nicht mehr in der Datenbank. {proof.REMEDY}"
)
_REWRITTEN: Final = (
    f"Der Eintrag ist nicht mehr der, den das Portal geschrieben hat (DATA/{SEEN_FILE}): Die Geschichte ist umgeschrieben. "
    "Bitte die Datenbank aus der letzten Sicherung zurückholen und klären, wer sie veränderte."
)
_FORKED: Final = (
    "Der eigene Schlüssel hat zwei Verläufe unterschrieben (Gabelung). Bitte die Datenbank aus der letzten Sicherung zurückholen "
    "und klären, was geschehen ist."
)


def _entries(connection: Connection, *, has_editions: bool) -> Generator[tuple[Any, str | None], None, None]:
    entries, editions, stated = models.LedgerEntry.__table__, models.Edition.__table__, models.LedgerDocument.__table__
    document = sa.func.coalesce(editions.c.document, stated.c.document) if has_editions else sa.null()
    statement = sa.select(entries, document.label("document")).order_by(entries.c.position)
    if has_editions:
        statement = statement.select_from(
            entries.outerjoin(editions, editions.c.position == entries.c.position).outerjoin(
                stated, stated.c.position == entries.c.position
            )
        )
    with connection.execute(statement.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            yield row, row.document


def _row_fault(row: Any, comparison: proof.Comparison) -> Fault | None:
    """What is false beside an entry; what cannot be read there is false too."""
    try:
        return _column_fault(row) or comparison.fault(row)
    except (ValueError, KeyError, TypeError, AttributeError):
        words = "Dieser Eintrag, seine Fassung oder der nächste Eintrag zu ihr ist nicht lesbar."
        return Fault(row.position, "malformed", f"{words} {proof.REMEDY}")


def _column_fault(row: Any) -> Fault | None:
    """The columns beside the signed line are copies: they must say the same."""
    signed = json.loads(row.line)
    copies = {
        "position": row.position,
        "act": row.act,
        "kind": row.kind,
        "url": row.url,
        "item": row.item_uid,
        "edition": row.edition,
        "edition_sha256": row.edition_sha256,
        "hash": row.hash,
        "note": row.note,
        "time": ledger.instant(row.recorded_at),
    }
    for name, value in copies.items():
        if signed[name] != value:
            return Fault(
                row.position, "wrong_copy", f"Die Spalte „{name}“ weicht vom signierten Eintrag ab. {proof.REMEDY}"
            )
    return None


def _head_fault(head: Any, verifier: ledger.Verifier) -> Fault | None:
    if (head.position, head.hash) != (verifier.position, verifier.last_hash):
        return Fault(verifier.position + 1, "cut_off", "Die Spitze des Registers passt nicht zum letzten Eintrag.")
    return None
