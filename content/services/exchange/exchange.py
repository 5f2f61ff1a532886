"""Import and export of everything as JSON lines; import of lists as CSV (`catalogue.py`).

A line is one object. Taken as they are: our own lines (`type` names the kind, see `docs/austausch.md`), the source lists
of decisions (`number`, `session`, `body`, …) and of press notes (`id`, `publisher`, …). Bodies and sessions that a source
line names are made where they are missing. A faulty line is told with
line number, field and reason. The same line again changes nothing. Long files go in batches (`batches.py`).

An export holds what is public and the register. Only a full one holds drafts, and marks each line that is not public with
its state (`publication`); such lines come in as drafts, whatever was asked for.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import meeting_url
from content.database.storage import UploadRefused, check_upload, clean_file_name
from content.freezing.market import public_reuse
from content.freezing.naming import withheld_input
from content.kinds import KINDS
from content.proof.canonical import canonical_json
from content.schemas import FieldError, InvalidInput, clean_item
from content.services.base import catalogue, lookup
from content.services.base.source_lists import MAIN, decision_source, german_date, press_source
from content.services.council import key_lists
from content.services.editing import edit, links, pictures
from content.services.exchange import roads
from content.services.implementation import implementation, implementation_list, reuse_list
from content.services.publishing import amend, changes, ledger, publish, publishable
from content.services.workflow import decided, transition
from content.typed import csv_input
from workflows.engine import Blocked
from workflows.publication import PUBLICATION

MAX_LINE_BYTES: Final = 5_000_000
SKIPPED_TYPES: Final = frozenset({"edition", "ledger_entry", "ledger_header", "ledger_checkpoint"})
"""Lines of a full export that tell the past; importing makes new editions instead."""


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault of a line: where, which field, why (German). `column` counts from 1 in lists (0: it is no list)."""

    file: str
    line: int
    field: str
    message: str
    column: int = 0

    def __str__(self) -> str:
        where = f"{self.file}, Zeile {self.line}" + (f", Spalte {self.column}" if self.column else "")
        return f"{where}, Feld „{self.field}“: {self.message}" if self.field else f"{where}: {self.message}"


@dataclass(slots=True)
class Report:
    """What an import did, per kind; faults in the order of the lines."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    published: int = 0
    corrected: int = 0
    skipped: int = 0
    faults: list[LineFault] = field(default_factory=list)
    kept: list[LineFault] = field(default_factory=list)
    """Rows of lists that were taken over without their faulty key."""
    overtaken: list[LineFault] = field(default_factory=list)
    """Changes that people had handed in and that an imported text replaced."""

    def count(self, kind: str, outcome: edit.Outcome, amount: int = 1) -> None:
        """Note what became of so many items."""
        table = getattr(self, outcome.value)
        table[kind] = table.get(kind, 0) + amount


class FaultyInput(Exception):  # noqa: N818 - named for the situation
    """Nothing was imported; `report.faults` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{len(report.faults)} fehlerhafte Angaben")
        self.report = report


class Importer:
    """Imports lines, in one transaction (`read`) or in several, each `begin` … `end_batch` (`content.services.exchange.batches`)."""

    def __init__(
        self,
        desk: publish.Desk | None = None,
        *,
        store: Callable[[bytes, str, int | None, int | None], models.File] | None = None,
        is_publishing: bool,
        skip_faulty: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        if desk is not None:
            self._desk = desk
        self._store = store
        self._is_publishing = is_publishing
        self._skip_faulty = skip_faulty
        self._progress = progress
        self._seen: dict[str, tuple[str, int]] = {}
        self._linking: list[str] = []
        self._lines = 0
        self._reused: set[int] = set()
        self._reported: set[int] = set()
        self._offers: list[tuple[int, str]] = []
        self._histories: list[Mapping[str, Any]] = []
        self._is_draft = False
        self.report = Report()

    def read(self, paths: Iterable[Path]) -> Report:
        """Import files in order. Raises `FaultyInput` (then the caller's transaction must be given up)."""
        for _ in self.steps(paths):
            pass
        return self.finish()

    def begin(
        self, desk: publish.Desk, store: Callable[[bytes, str, int | None, int | None], models.File] | None
    ) -> None:
        """Go on in another transaction."""
        self._desk, self._store = desk, store

    def steps(self, paths: Iterable[Path]) -> Iterator[int]:
        """Import line by line (a list as one step); after each, how many are done. Between them the transaction may change."""
        for path in paths:
            if path.suffix.lower() == ".csv":
                self._list(path)
                yield self._lines
                continue
            for number, raw in _raw_lines(path):
                self._one(path, number, raw)
                self._lines += 1
                self._progress(self._lines)
                yield self._lines

    def end_batch(self) -> None:
        """What belongs to the lines so far. Raises `FaultyInput` (then the transaction must be given up)."""
        if self.report.faults and not self._skip_faulty:
            raise FaultyInput(self.report)
        transition.keep(self._desk.session, self._histories)
        self._histories = []

    def finish(self) -> Report:
        """What can be judged and done only when all lines are there. Raises `FaultyInput` (then the transaction must be given up)."""
        self._check_links()
        self.end_batch()
        self._finish_offers()
        self._finish_reports()
        return self.report

    def check(self, paths: Iterable[Path]) -> None:
        """Judge every line as far as it can be judged without the lines before it; writes nothing. Raises `FaultyInput`."""
        for path in paths:
            for number, raw in _raw_lines(path) if path.suffix.lower() != ".csv" else ():
                try:
                    for kind, given, _ in self._adapted(_parsed(raw)):
                        clean_item(kind, roads.split(kind, decided.split(kind, given)[0])[0])
                except InvalidInput as invalid:
                    self.report.faults += [
                        LineFault(path.name, number, error.field, error.message) for error in invalid.errors
                    ]
        if self.report.faults:
            raise FaultyInput(self.report)
        self.report = Report()

    def _check_links(self) -> None:
        """Links of what was read, now that all of it is there."""
        for url in self._linking:
            file, line = self._seen[url]
            item = lookup.find(self._desk.session, url)
            faults = links.broken(self._desk.session, item) if item is not None else []
            self.report.faults += [LineFault(file, line, error.field, error.message) for error in faults]

    def _finish_offers(self) -> None:
        """Offers become public last: with the reuse that later files of the same import tell."""
        session = self._desk.session
        for item_id, file_name in self._offers:
            self._publish(session.get_one(models.Item, item_id), file_name)
        for offer_id in sorted(self._reused):
            offer = session.get_one(models.MarketOffer, offer_id)
            if amend.amend(
                self._desk,
                offer,
                {"reuse": public_reuse(session, offer_id)},
                "Nachnutzung fortgeschrieben – aus einer Liste",
            ):
                self.report.corrected += 1

    def _finish_reports(self) -> None:
        """What was reported becomes public once per recommendation."""
        for item_id in sorted(self._reported):
            item = self._desk.session.get_one(models.Recommendation, item_id)
            if implementation.show(self._desk, item, implementation_list.NOTE):
                self.report.corrected += 1

    def _list(self, path: Path) -> None:
        """A list (CSV): which one it is, its header says."""
        sheet = csv_input.read(
            path.read_bytes(),
            {
                **catalogue.COLUMNS,
                reuse_list.NAME: reuse_list.COLUMNS,
                implementation_list.NAME: implementation_list.COLUMNS,
            },
        )
        if sheet.name == reuse_list.NAME:
            self._reused |= reuse_list.take(self._desk, sheet, self.report)
        elif sheet.name == implementation_list.NAME:
            self._reported |= implementation_list.take(self._desk, sheet, self.report)
        elif sheet.name:
            catalogue.take(self._desk.session, sheet, self.report)
        for told, found in ((self.report.faults, sheet.faults), (self.report.kept, sheet.kept)):
            told += [LineFault(path.name, row.line, row.name, row.message, row.column) for row in found]
        self._lines += len(sheet.rows)
        self._progress(self._lines)

    def _one(self, path: Path, number: int, raw: bytes) -> None:
        try:
            line = _parsed(raw)
            if line.get("type") == key_lists.LINE_TYPE:
                outcome = edit.Outcome.CREATED if key_lists.take_line(self._desk, line) else edit.Outcome.UNCHANGED
                self.report.count(key_lists.LINE_TYPE, outcome)
                return
            for kind, given, is_derived in self._adapted(line):
                self._take(path, number, kind, given, is_derived=is_derived)
        except InvalidInput as invalid:
            self.report.faults += [LineFault(path.name, number, error.field, error.message) for error in invalid.errors]
        except Blocked as refused:
            self.report.faults += [LineFault(path.name, number, "", row.message) for row in refused.blockers]

    def _take(self, path: Path, number: int, kind: str, given: Mapping[str, Any], *, is_derived: bool) -> None:
        given, told = decided.split(kind, given)
        given, road = roads.split(kind, given)
        given = key_lists.from_body(self._desk, given) if kind == "body" else given
        value: Mapping[str, Any] = clean_item(kind, given)
        if kind == "decision" and not value["number"]:
            raise InvalidInput([FieldError("number", "missing", "Die Nummer fehlt. Bitte angeben, etwa 2021/39.")])
        session = self._desk.session
        url = edit.address(session, kind, value)
        if is_derived and (url in self._seen or lookup.find(session, url) is not None):
            return
        if url in self._seen:
            file, line = self._seen[url]
            name = "number" if kind == "decision" else "slug"
            message = f"{url} steht schon in {file}, Zeile {line}. Jede Nummer gibt es in einem Gremium nur einmal."
            raise InvalidInput([FieldError(name, "doubled", message)])
        walked = roads.walk(self._desk, value, road) if kind == "recommendation" else None
        value = walked.value if walked else value
        saved = edit.save(
            session,
            kind,
            value,
            now=self._desk.now,
            files=_FolderFiles(path.parent, self._store),
            actor=self._desk.actor,
            actor_name=self._desk.actor_name,
        )
        self._seen[url] = (path.name, number)
        if links.checked(saved.item):
            self._linking.append(url)
        note = ""
        if isinstance(saved.item, models.Decision):
            if saved.outcome is edit.Outcome.CREATED:
                self._histories.append(decided.adopted(self._desk, saved.item))
            note = decided.NOTE if decided.keep(self._desk, saved.item, told) else ""
        elif walked and roads.keep(self._desk, saved.item, walked):
            note = roads.NOTE
        self.report.count(kind, saved.outcome)
        self._show(saved.item, path.name, note)

    def _show(self, item: models.Item, file_name: str, told: str) -> None:
        """Publish, where that is asked for and the line does not say that it is no public text."""
        if not self._is_publishing or self._is_draft:
            return
        if item.kind == "offer":
            self._offers.append((item.id, file_name))
        else:
            self._publish(item, file_name, told=told)

    def _publish(self, item: models.Item, file_name: str, *, told: str = "") -> None:
        if item.publication_state == "draft":
            _check(item)
            transition.take(self._desk, item, PUBLICATION, "import")
            self.report.published += 1
        elif item.publication_state == "published" and (told or item.rev != _published_rev(self._desk.session, item)):
            if publish.differs(self._desk, item):
                _check(item)
                self._tell_overtaken(item)
                transition.correct(self._desk, item, f"{told or 'Neu übernommen'} – aus der Datei {file_name}.")
                self.report.corrected += 1

    def _tell_overtaken(self, item: models.Item) -> None:
        lost = changes.overtaken(self._desk.session, item)
        if lost is not None:
            words = f"{item.url}: Die von {lost.name} eingereichte Änderung (Revision {lost.rev}) ist durch diesen Text ersetzt. Wer sie schrieb, weiß es."
            self.report.overtaken.append(LineFault(*self._seen[item.url], "", words))

    def _adapted(self, line: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
        """(kind, input, whether it only fills a gap) for each item that a line stands for."""
        kind = line.get("type")
        self._is_draft = False
        if kind in SKIPPED_TYPES:
            self.report.skipped += 1
        elif kind is not None:
            if kind not in KINDS:
                message = f"Die Art „{kind}“ ist unbekannt. Bekannt sind: {', '.join([*KINDS, key_lists.LINE_TYPE])}."
                raise InvalidInput([FieldError("type", "unknown_kind", message)])
            self._is_draft = line.get(STATE) is not None
            yield str(kind), {name: value for name, value in line.items() if name not in {"type", STATE}}, False
        elif "number" in line and "body" in line:
            yield from decision_source(line)
        elif "id" in line and "publisher" in line:
            yield from press_source(line, self._meeting_of)
        else:
            raise InvalidInput(
                [FieldError("type", "missing", "Die Zeile nennt keine Art („type“) und ist keine bekannte Quelle.")]
            )

    def _meeting_of(self, label: str | None, text: str, date: dt.date | None) -> str | None:
        """The session a press note speaks of: by number, or a special session whose date the text names."""
        match = re.fullmatch(r"(\d+)\. Sitzung", label or "")
        if match:
            return meeting_url(MAIN.slug, "numbered", ordinal=int(match[1]), date=None)
        if label != "Sondersitzung":
            return None
        day = german_date(text) or date
        url = meeting_url(MAIN.slug, "special", ordinal=None, date=day.isoformat()) if day else None
        return url if url and lookup.find(self._desk.session, url) else None


def _check(item: models.Item) -> None:
    problem = publishable.problem(item)
    if problem is not None:
        hint = (
            " In der Zeile: den Stand nennen, ab „proposed“, oder ohne --publish übernehmen."
            if problem.code == "is_draft"
            else ""
        )
        raise InvalidInput([replace(problem, message=problem.message + hint)])


def _published_rev(session: Session, item: models.Item) -> int | None:
    current = publish.current_edition(session, item)
    return current.item_rev if current else None


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if raw.strip():
                    yield number, raw
                while len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                    raw = file.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        raise InvalidInput(
            [FieldError(str(path), "unreadable", f"Die Datei ist nicht lesbar: {error.strerror}.")]
        ) from error


def _parsed(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > MAX_LINE_BYTES:
        raise InvalidInput(
            [FieldError("", "too_long", f"Die Zeile ist länger als {MAX_LINE_BYTES} Bytes. Bitte aufteilen.")]
        )
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            [FieldError("", "encoding", "Die Zeile ist nicht in UTF-8. Bitte die Datei so speichern.")]
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput([FieldError("", "not_json", f"Die Zeile ist kein JSON: {error}.")]) from error
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("", "not_an_object", "Die Zeile ist kein JSON-Objekt mit Feldern.")])
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} ist keine Zahl")


# --- files -----------------------------------------------------------------------------------------------------------


class _FolderFiles:
    """Files beside the imported file, in `files/`; names may not leave it."""

    def __init__(self, folder: Path, store: Callable[[bytes, str, int | None, int | None], models.File] | None) -> None:
        self._folder = folder / "files"
        self._store = store

    def attachment(self, name: str, field: str) -> models.File:
        body = self._bytes(name, field)
        try:
            return pictures.keep_any(self._kept, body, check_upload(body, name))
        except UploadRefused as refused:
            raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused

    def image(self, name: str, field: str) -> models.File:
        body = self._bytes(name, field)
        try:
            check_upload(body, name)
            return pictures.keep(self._kept, body)
        except UploadRefused as refused:
            raise InvalidInput([FieldError(field, refused.code, str(refused))]) from refused

    def _kept(self, body: bytes, media_type: str, width: int | None, height: int | None) -> models.File:
        if self._store is None:
            raise InvalidInput([FieldError("file", "no_files", "Dieser Import nimmt keine Dateien an.")])
        return self._store(body, media_type, width, height)

    def _bytes(self, name: str, field: str) -> bytes:
        path = (self._folder / name).resolve()
        if clean_file_name(name) != name.rsplit("/", 1)[-1] or not path.is_relative_to(self._folder.resolve()):
            raise InvalidInput([FieldError(field, "bad_name", f"„{name}“ ist kein zulässiger Dateiname.")])
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"Die Datei „{name}“ liegt nicht neben der Importdatei im Ordner „files“."
            raise InvalidInput([FieldError(field, "missing_file", message)]) from error


# --- export ----------------------------------------------------------------------------------------------------------


def export_lines(connection: Connection, *, portal: str, public_keys: Mapping[str, str]) -> Iterator[bytes]:
    """Everything that was ever published, as lines: each edition before its ledger entry; checkable as it stands."""
    for line in ledger.lines(connection, portal=portal, public_keys=public_keys, has_editions=True):
        yield line.encode() + b"\n"


EXPORTED: Final = (
    "body",
    "organisation",
    "meeting",
    "decision",
    "press_release",
    "report",
    "market_item",
    "recommendation",
    "offer",
    "term",
    "page",
)
"""The kinds in an order that imports again."""
STATE: Final = "publication"
"""Field of a line of a full export: the state of what is not public."""


def working_lines(session: Session, *, is_full: bool = False) -> Iterator[bytes]:
    """What is public, as input of its own kind: the text that was published, not one that is being worked on.

    `is_full`: everything but the trash, each item as it stands at the desk; what is not public names its state. Nobody but
    who runs the house gets that: it is asked for at the command line alone.
    """
    for line in key_lists.lines(session):
        yield canonical_json(line) + b"\n"
    for kind in EXPORTED:
        rows = session.scalars(
            sa.select(KINDS[kind].model).where(models.Item.publication_state != "removed").order_by(models.Item.id)
        )
        for item in rows:
            given = {**_at_the_desk(item), **_beside(session, item)} if is_full else _published_input(session, item)
            if given is not None:
                yield canonical_json({"type": kind, **given}) + b"\n"


def _at_the_desk(item: models.Item) -> Mapping[str, Any]:
    return item.input if item.publication_state == "published" else {**item.input, STATE: item.publication_state}


def _published_input(session: Session, item: models.Item) -> Mapping[str, Any] | None:
    """The input that the public edition was made from, with what that edition tells beside it; None without a public edition."""
    edition, revision = models.Edition, models.Revision
    query = sa.select(edition.item_rev, edition.document)
    public = session.execute(
        query.where(edition.item_id == item.id, edition.valid_until.is_(None), edition.is_withdrawn.is_(False))
    ).one_or_none()
    if public is None:
        return None
    given = (
        item.input
        if public.item_rev == item.rev
        else session.scalar(
            sa.select(revision.input).where(revision.item_id == item.id, revision.rev == public.item_rev)
        )
    )
    return (
        None
        if given is None
        else {**withheld_input(session, item, given), **_beside(session, item, json.loads(public.document)["data"])}
    )


def _beside(session: Session, item: models.Item, public: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """What a line tells beside the text: as it stands at the desk, or as `public`, the data of an edition, has it."""
    if isinstance(item, models.Decision):
        return decided.told_of(session, item) if public is None else decided.public_of(session, item, public)
    if isinstance(item, models.Recommendation):
        return roads.told_of(session, item) if public is None else roads.public_of(session, item, public)
    return {}
