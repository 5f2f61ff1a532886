"""Everything public in the database compared with what the signed documents and entries say it must be.

`entries` reads the ledger in pages, each entry with the edition it published and the rows beside it; `Comparison` derives
every column anew (`content.proof.derived`) and names the first that differs. Cost and memory grow with the ledger, not faster.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.facets import ALL
from content.proof.derived import FILE_COLUMNS, REFERENCE_COLUMNS, Derived, Ending, derive
from content.proof.ledger import STATING, Act, Fault

PAGE: Final = 500
REMEDY: Final = "Bitte die Datenbank aus der letzten Sicherung zurückholen und klären, wer sie veränderte."
_L: Final = models.LedgerEntry.__table__
_E: Final = models.Edition.__table__
_D: Final = models.LedgerDocument.__table__
_ITEM: Final = models.Item.__table__
_UNSTATED: Final = "Was Listen von dieser älteren Fassung zeigen, hält noch kein Eintrag fest. Bitte „beschlussportal migrate“ aufrufen."
REGISTER_TITLES: Final[Mapping[str, str]] = {
    Act.KEY: "Neuer Schlüssel des Registers",
    Act.RESTORED: "Wiederherstellung aus einer Sicherung",
    Act.COLUMNS: "Listenangaben älterer Fassungen",
    Act.NUMBERS: "Nummern ohne Beschluss",
}
"""How acts of the register itself are called: the title stays out of the signed line, so it must be known."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as the database has it, with its edition (columns by name; None: it published none) and what lies beside it."""

    position: int
    act: str
    kind: str
    url: str
    title: str
    item_uid: str
    edition: int
    edition_sha256: str
    hash: str
    note: str | None
    recorded_at: dt.datetime
    line: str
    document: str | None
    stated_sha256: str | None
    """The hash beside the document of an act of the register itself."""
    next_line: str | None
    """The next entry of the same item."""
    withdrawn_at: int
    """The position of the last withdrawal of the item; 0 for none."""
    row: Mapping[str, Any] | None
    facets: Sequence[Any] = ()
    references: Sequence[Any] = ()
    files: Sequence[Any] = ()


def entries(connection: Connection) -> Iterator[EntryRow]:
    """Every entry in order."""
    statement, after = _statement(), 0
    while page := connection.execute(statement, {"after": after}).all():
        ids = [row.own_id for row in page if row.own_id is not None]
        beside = [
            _beside(connection, table, ids)
            for table in (models.EditionFacet, models.EditionReference, models.EditionFile)
        ]
        for row in page:
            yield _entry(row, beside)
        after = page[-1].position


def _statement() -> Any:
    later, gone = _L.alias("later"), _L.alias("gone")
    following = sa.select(sa.func.min(later.c.position)).where(
        later.c.item_uid == _L.c.item_uid, later.c.position > _L.c.position
    )
    withdrawn = sa.select(sa.func.max(gone.c.position)).where(
        gone.c.item_uid == _L.c.item_uid, gone.c.act == str(Act.WITHDRAW)
    )
    next_entry = _L.alias("next_entry")
    own = [column.label(f"own_{column.name}") for column in _E.c]
    return (
        sa.select(
            _L,
            *own,
            _ITEM.c.uid.label("own_uid"),
            _D.c.document.label("stated"),
            _D.c.sha256.label("stated_sha256"),
            next_entry.c.line.label("next_line"),
            withdrawn.scalar_subquery().label("withdrawn_at"),
        )
        .select_from(_L)
        .outerjoin(_E, _E.c.position == _L.c.position)
        .outerjoin(_ITEM, _ITEM.c.id == _E.c.item_id)
        .outerjoin(_D, _D.c.position == _L.c.position)
        .outerjoin(next_entry, next_entry.c.position == following.scalar_subquery())
        .where(_L.c.position > sa.bindparam("after"))
        .order_by(_L.c.position, _E.c.id)
        .limit(PAGE)
    )


def _beside(connection: Connection, model: Any, ids: list[int]) -> dict[int, list[Any]]:
    """Rows of a table beside the editions, by edition."""
    table = model.__table__
    found: dict[int, list[Any]] = {}
    order = (table.c.edition_id, table.c.position) if "position" in table.c else (table.c.edition_id,)
    for row in connection.execute(sa.select(table).where(table.c.edition_id.in_(ids)).order_by(*order)) if ids else ():
        found.setdefault(row.edition_id, []).append(row)
    return found


def _entry(row: Any, beside: Sequence[Mapping[int, list[Any]]]) -> EntryRow:
    has_edition = row.own_id is not None
    own = {column.name: getattr(row, f"own_{column.name}") for column in _E.c} | {"uid": row.own_uid}
    return EntryRow(
        row.position,
        row.act,
        row.kind,
        row.url,
        row.title,
        row.item_uid,
        row.edition,
        row.edition_sha256,
        row.hash,
        row.note,
        row.recorded_at,
        row.line,
        row.own_document if has_edition else row.stated,
        row.stated_sha256,
        row.next_line,
        row.withdrawn_at or 0,
        own if has_edition else None,
        *((found.get(row.own_id, ()) for found in beside) if has_edition else ()),
    )


class Comparison:
    """Derives what each entry made public and names the first row of the database that says otherwise."""

    def __init__(self, connection: Connection, *, allows_unstated: bool = False) -> None:
        self._connection = connection
        self._allows_unstated = allows_unstated
        self._addresses: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._stated = _Stated(connection)

    def fault(self, row: EntryRow) -> Fault | None:
        """What is false beside the signed entry, which itself was found right."""
        signed = json.loads(row.line)
        if row.act == Act.WITHDRAW:
            if row.row is not None:
                return _named(row, "edition", "position", row.position, None)
            return (
                None
                if row.title == self._titles.get(row.item_uid)
                else _named(row, "ledger_entry", "title", row.title, self._titles.get(row.item_uid))
            )
        if row.act in STATING:
            return _stating_fault(row)
        if row.row is None or row.document is None:
            return Fault(row.position, "missing_edition", f"Die veröffentlichte Fassung fehlt. {REMEDY}")
        document = orjson.loads(row.document)
        self._titles[row.item_uid] = document["title"]
        if row.title != document["title"]:
            return _named(row, "ledger_entry", "title", row.title, document["title"])
        shown = None if "shown" in document else self._stated.shown(row.position)
        derived = derive(document, signed, _ending(row), shown)
        if derived.old_path is not None:
            self._addresses.setdefault(derived.old_path, document["url"])
        fault = _edition_fault(row, derived, document) or _beside_fault(row, derived)
        if fault is None and derived.facets is None and not self._allows_unstated:
            return Fault(row.position, "unstated", f"{row.url}: {_UNSTATED}")
        return fault

    def rest(self) -> Fault | None:
        """What no entry stands for: editions, documents and old addresses that nobody published."""
        for name, table in (("edition", _E), ("ledger_document", _D)):
            stray = self._connection.execute(
                sa.select(table.c.position).where(table.c.position.not_in(sa.select(_L.c.position))).limit(1)
            ).scalar()
            if stray is not None:
                return Fault(
                    stray, "unknown_edition", f"Tabelle „{name}“: Eine Zeile gehört zu keinem Eintrag. {REMEDY}"
                )
        twice = self._connection.execute(
            sa.select(_E.c.position).group_by(_E.c.position).having(sa.func.count() > 1).limit(1)
        ).scalar()
        if twice is not None:
            return Fault(twice, "doubled", f"Zu diesem Eintrag gibt es zwei Fassungen. {REMEDY}")
        return self._address_fault()

    def _address_fault(self) -> Fault | None:
        if self._allows_unstated:
            return None
        table = models.OldAddress.__table__.c
        wanted = {**self._stated.addresses(), **self._addresses}
        found = {row.path: row.url for row in self._connection.execute(sa.select(table.path, table.url))}
        for path in sorted(wanted.keys() | found.keys()):
            if wanted.get(path) != found.get(path):
                return Fault(
                    0,
                    "wrong_column",
                    f"Tabelle „old_address“, Adresse {path}: Spalte „url“ ist {found.get(path)!r} statt {wanted.get(path)!r}, wie es die "
                    f"veröffentlichten Fassungen sagen. {REMEDY}",
                )
        return None


def _stating_fault(row: EntryRow) -> Fault | None:
    if row.row is not None:
        return _named(row, "edition", "position", row.position, None)
    if row.title != REGISTER_TITLES.get(row.act):
        return _named(row, "ledger_entry", "title", row.title, REGISTER_TITLES.get(row.act))
    if row.stated_sha256 != row.edition_sha256:
        return _named(row, "ledger_document", "sha256", row.stated_sha256, row.edition_sha256)
    return None


def times(connection: Connection) -> list[str]:
    """Editions whose time is no time: they end before they begin, or overlap the next one of their item; in German."""
    following = sa.func.lead(_E.c.valid_from).over(partition_by=_E.c.item_id, order_by=_E.c.number)
    inner = sa.select(_E.c.url, _E.c.number, _E.c.valid_from, _E.c.valid_until, following.label("following")).subquery()
    column = inner.c
    false = sa.or_(
        column.valid_until < column.valid_from,
        column.valid_until > column.following,
        column.following < column.valid_from,
    )
    return [
        f"{row.url}, Fassung {row.number}: Ihre Zeit ist falsch (von {row.valid_from:%d.%m.%Y %H:%M:%S} bis "
        f"{f'{row.valid_until:%d.%m.%Y %H:%M:%S}' if row.valid_until else 'heute'} UTC) und überschneidet andere Fassungen. Das Register sagt "
        "es so: Die Uhr ging damals falsch. Bitte den Eintrag mit einer Berichtigung erklären."
        for row in connection.execute(sa.select(inner).where(false).order_by(column.url, column.number))
    ]


def rows(connection: Connection) -> list[str]:
    """Rows at the desk that say otherwise than the register what is public or which number is given; in German."""
    item, edition = models.Item.__table__.c, models.Edition.__table__.c
    shown = sa.select(edition.item_id).where(edition.valid_until.is_(None), edition.is_withdrawn.is_(False))
    is_shown = item.id.in_(shown)
    false = sa.or_(
        sa.and_(is_shown, item.publication_state != "published"),
        sa.and_(~is_shown, item.publication_state == "published"),
        item.public_rev > item.rev,
        item.public_rev < 0,
        sa.and_(is_shown, item.public_rev == 0),
    )
    query = (
        sa.select(item.url, item.publication_state, item.rev, item.public_rev, is_shown.label("is_shown"))
        .where(false)
        .order_by(item.url)
    )
    found = [
        f"{row.url}: Das Register zeigt {'eine geltende' if row.is_shown else 'keine geltende'} Fassung, der Eintrag am Arbeitsplatz steht in "
        f"„{row.publication_state}“ mit Revision {row.rev}, öffentlich {row.public_rev}. {REMEDY}"
        for row in connection.execute(query)
    ]
    decision, given = models.Decision.__table__, models.GivenNumber.__table__
    own, council = _ITEM.alias("own"), _ITEM.alias("council")
    is_held = sa.and_(
        given.c.body_uid == council.c.uid,
        given.c.year == decision.c.year,
        given.c.serial == decision.c.serial,
        given.c.item_uid == own.c.uid,
    )
    numbers = (
        sa.select(decision.c.number)
        .select_from(
            decision.join(own, own.c.id == decision.c.id)
            .join(council, council.c.id == decision.c.body_id)
            .outerjoin(given, is_held)
        )
        .where(
            decision.c.year.is_not(None), decision.c.serial.is_not(None), decision.c.number != "", given.c.id.is_(None)
        )
        .order_by(decision.c.number)
    )
    return found + [
        f"Die vergebene Nummer {number} steht nicht mehr im Verzeichnis der Nummern. {REMEDY}"
        for number in connection.scalars(numbers)
    ]


class _Stated:
    """What entries `columns` state of editions whose documents (schema 1) do not say how lists show them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        query = sa.select(_L.c.position, _L.c.line).where(_L.c.act == str(Act.COLUMNS)).order_by(_L.c.position)
        self._ranges = [
            (*covered, row.position) for row in connection.execute(query) if (covered := _covered(row.line)) is not None
        ]
        self._kept: tuple[int, Mapping[str, Any]] = (0, {})

    def shown(self, position: int) -> Mapping[str, Any] | None:
        """The part `shown` of the edition at `position`, or None."""
        for first, last, where in self._ranges:
            if first <= position <= last:
                found: Mapping[str, Any] | None = self._document(where).get("editions", {}).get(str(position))
                return found
        return None

    def addresses(self) -> Mapping[str, str]:
        """Old addresses that no document tells."""
        found: dict[str, str] = {}
        for _, _, where in self._ranges:
            found |= self._document(where).get("addresses", {})
        return found

    def _document(self, where: int) -> Mapping[str, Any]:
        if self._kept[0] != where:
            text = self._connection.scalar(sa.select(_D.c.document).where(_D.c.position == where))
            self._kept = (where, orjson.loads(text) if text else {})
        return self._kept[1]


def _covered(line: str) -> tuple[int, int] | None:
    """First and last edition that an entry states; None for what is no such entry: whoever verifies names it in its turn."""
    try:
        first, last = json.loads(line)["editions"]
        return int(first), int(last)
    except (ValueError, KeyError, TypeError):
        return None


def _ending(row: EntryRow) -> Ending:
    until = dt.datetime.fromisoformat(json.loads(row.next_line)["valid_from"]) if row.next_line else None
    return Ending(until, is_withdrawn=row.withdrawn_at > row.position)


def _edition_fault(row: EntryRow, derived: Derived, document: Mapping[str, Any]) -> Fault | None:
    assert row.row is not None  # noqa: S101 - asked before
    if row.row["uid"] != document["item"]:
        return _named(row, "edition", "item_id", row.row["uid"], document["item"])
    for name, value in derived.columns.items():
        if row.row[name] != value:
            return _named(row, "edition", name, row.row[name], value)
    return None


def _beside_fault(row: EntryRow, derived: Derived) -> Fault | None:
    assert row.row is not None  # noqa: S101 - asked before
    is_current = row.row["valid_until"] is None
    for facet in row.facets:
        if (facet.kind, bool(facet.is_current)) != (row.row["kind"], is_current):
            name = "kind" if facet.kind != row.row["kind"] else "is_current"
            return _named(
                row, "edition_facet", name, getattr(facet, name), row.row["kind"] if name == "kind" else is_current
            )
    if derived.facets is not None:
        found = {(facet.facet, facet.value) for facet in row.facets}
        wanted = derived.facets | {ALL}
        if found != wanted:
            return _differing(row, "edition_facet", ("facet", "value"), sorted(found - wanted), sorted(wanted - found))
    if derived.references is not None:
        kept = [(one.position, *(getattr(one, name) for name in REFERENCE_COLUMNS)) for one in row.references]
        told = [(number, *one) for number, one in enumerate(derived.references, start=1)]
        if kept != told:
            more, less = [one for one in kept if one not in told], [one for one in told if one not in kept]
            return _differing(row, "edition_reference", ("position", *REFERENCE_COLUMNS), more or kept, less or told)
    if derived.files is not None:
        stored = {tuple(getattr(one, name) for name in FILE_COLUMNS) for one in row.files}
        if stored != derived.files:
            return _differing(
                row, "edition_file", FILE_COLUMNS, sorted(stored - derived.files), sorted(derived.files - stored)
            )
    return None


def _differing(row: EntryRow, table: str, names: Sequence[str], more: Sequence[Any], less: Sequence[Any]) -> Fault:
    """The fault of rows that are there and should not be (`more`) or should be and are not (`less`), by column where one changed."""
    if more and less:
        for name, one, other in zip(names, more[0], less[0], strict=True):
            if one != other:
                return _named(row, table, name, one, other)
    words = f"Zeile {more[0]!r} zu viel" if more else f"Zeile {less[0]!r} fehlt"
    return Fault(
        row.position, "wrong_column", f"{row.url}, Fassung {row.edition}, Tabelle „{table}“: {words}. {REMEDY}"
    )


def _named(row: EntryRow, table: str, column: str, found: object, wanted: object) -> Fault:
    return Fault(
        row.position,
        "wrong_column",
        f"{row.url}, Fassung {row.edition}: Tabelle „{table}“, Spalte „{column}“ ist {_short(found)} statt {_short(wanted)}, wie es das "
        f"signierte Dokument und das Register sagen. {REMEDY}",
    )


def _short(value: object) -> str:
    text = value.isoformat() if isinstance(value, dt.date) else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
