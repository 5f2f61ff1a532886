"""Import and export of everything as JSON lines; import of lists as CSV (`catalogue.py`).

A line is one object. Taken as they are: our own lines (`type` names the kind, see `docs/austausch.md`), the source lists
of decisions (`number`, `session`, `body`, …) and of press notes (`id`, `publisher`, …). Bodies and sessions that a source
line names are made where they are missing. A file is read whole before anything is committed; a faulty line is told with
line number, field and reason. The same line again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import csv_input, models
from content.addresses import meeting_url
from content.canonical import canonical_json
from content.freezing.market import public_reuse
from content.kinds import KINDS
from content.schemas import FieldError, InvalidInput, clean_item
from content.search.lemmas import fold
from content.services import amend, catalogue, edit, ledger, links, lookup, pictures, publish, reuse_list, transition
from content.storage import UploadRefused, check_upload, clean_file_name
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
    """Imports lines within one transaction (`desk`)."""

    def __init__(
        self,
        desk: publish.Desk,
        *,
        store: Callable[[bytes, str, int | None, int | None], models.File] | None = None,
        is_publishing: bool,
        skip_faulty: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._desk = desk
        self._store = store
        self._is_publishing = is_publishing
        self._skip_faulty = skip_faulty
        self._progress = progress
        self._seen: dict[str, tuple[str, int]] = {}
        self._lines = 0
        self._reused: set[int] = set()
        self._offers: list[tuple[models.Item, str]] = []
        self.report = Report()

    def read(self, paths: Iterable[Path]) -> Report:
        """Import files in order. Raises `FaultyInput` (then the caller's transaction must be given up)."""
        for path in paths:
            if path.suffix.lower() == ".csv":
                self._list(path)
                continue
            for number, raw in _raw_lines(path):
                self._one(path, number, raw)
                self._lines += 1
                self._progress(self._lines)
        self._check_links()
        if self.report.faults and not self._skip_faulty:
            raise FaultyInput(self.report)
        self._finish_offers()
        return self.report

    def _check_links(self) -> None:
        """Links of what was read, now that all of it is there."""
        for url, (file, line) in self._seen.items():
            item = lookup.find(self._desk.session, url)
            faults = links.broken(self._desk.session, item) if item is not None else []
            self.report.faults += [LineFault(file, line, error.field, error.message) for error in faults]

    def _finish_offers(self) -> None:
        """Offers become public last: with the reuse that later files of the same import tell."""
        for item, file_name in self._offers:
            self._publish(item, file_name)
        session = self._desk.session
        for offer_id in sorted(self._reused):
            offer = session.get_one(models.MarketOffer, offer_id)
            if amend.amend(self._desk, offer, {"reuse": public_reuse(session, offer_id)}, "Nachnutzung fortgeschrieben – aus einer Liste"):
                self.report.corrected += 1

    def _list(self, path: Path) -> None:
        """A list (CSV): which one it is, its header says."""
        sheet = csv_input.read(path.read_bytes(), {**catalogue.COLUMNS, reuse_list.NAME: reuse_list.COLUMNS})
        if sheet.name == reuse_list.NAME:
            self._reused |= reuse_list.take(self._desk, sheet, self.report)
        elif sheet.name:
            catalogue.take(self._desk.session, sheet, self.report)
        for told, found in ((self.report.faults, sheet.faults), (self.report.kept, sheet.kept)):
            told += [LineFault(path.name, row.line, row.name, row.message, row.column) for row in found]
        self._lines += len(sheet.rows)
        self._progress(self._lines)

    def _one(self, path: Path, number: int, raw: bytes) -> None:
        try:
            for kind, given, is_derived in self._adapted(_parsed(raw)):
                self._take(path, number, kind, given, is_derived=is_derived)
        except InvalidInput as invalid:
            self.report.faults += [LineFault(path.name, number, error.field, error.message) for error in invalid.errors]
        except Blocked as refused:
            self.report.faults += [LineFault(path.name, number, "", row.message) for row in refused.blockers]

    def _take(self, path: Path, number: int, kind: str, given: Mapping[str, Any], *, is_derived: bool) -> None:
        value = clean_item(kind, given)
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
        saved = edit.save(
            session, kind, value, now=self._desk.now, files=_FolderFiles(path.parent, self._store),
            actor=self._desk.actor, actor_name=self._desk.actor_name,
        )
        self._seen[url] = (path.name, number)
        self.report.count(kind, saved.outcome)
        if self._is_publishing and kind == "offer":
            self._offers.append((saved.item, path.name))
        elif self._is_publishing:
            self._publish(saved.item, path.name)

    def _publish(self, item: models.Item, file_name: str) -> None:
        if item.publication_state == "draft":
            transition.take(self._desk, item, PUBLICATION, "import")
            self.report.published += 1
        elif item.publication_state == "published" and item.rev != _published_rev(self._desk.session, item):
            if publish.differs(self._desk, item):
                transition.correct(self._desk, item, f"Aus der Datei {file_name} neu übernommen.")
                self.report.corrected += 1

    def _adapted(self, line: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
        """(kind, input, whether it only fills a gap) for each item that a line stands for."""
        kind = line.get("type")
        if kind in SKIPPED_TYPES:
            self.report.skipped += 1
        elif kind is not None:
            if kind not in KINDS:
                message = f"Die Art „{kind}“ ist unbekannt. Bekannt sind: {', '.join(KINDS)}."
                raise InvalidInput([FieldError("type", "unknown_kind", message)])
            yield str(kind), {name: value for name, value in line.items() if name != "type"}, False
        elif "number" in line and "body" in line:
            yield from _decision_source(line)
        elif "id" in line and "publisher" in line:
            yield from _press_source(line, self._meeting_of)
        else:
            raise InvalidInput([FieldError("type", "missing", "Die Zeile nennt keine Art („type“) und ist keine bekannte Quelle.")])

    def _meeting_of(self, label: str | None, text: str, date: dt.date | None) -> str | None:
        """The session a press note speaks of: by number, or a special session whose date the text names."""
        match = re.fullmatch(r"(\d+)\. Sitzung", label or "")
        if match:
            return meeting_url(MAIN.slug, "numbered", ordinal=int(match[1]), date=None)
        if label != "Sondersitzung":
            return None
        day = _german_date(text) or date
        url = meeting_url(MAIN.slug, "special", ordinal=None, date=day.isoformat()) if day else None
        return url if url and lookup.find(self._desk.session, url) else None


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
        raise InvalidInput([FieldError(str(path), "unreadable", f"Die Datei ist nicht lesbar: {error.strerror}.")]) from error


def _parsed(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > MAX_LINE_BYTES:
        raise InvalidInput([FieldError("", "too_long", f"Die Zeile ist länger als {MAX_LINE_BYTES} Bytes. Bitte aufteilen.")])
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidInput([FieldError("", "encoding", "Die Zeile ist nicht in UTF-8. Bitte die Datei so speichern.")]) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput([FieldError("", "not_json", f"Die Zeile ist kein JSON: {error}.")]) from error
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("", "not_an_object", "Die Zeile ist kein JSON-Objekt mit Feldern.")])
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} ist keine Zahl")


# --- source lists ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceBody:
    """A body that source lists name: its slug, number pattern and voting rule."""

    name: str
    genitive: str
    slug: str
    pattern: str
    voting_rule: str


MAIN: Final = SourceBody("IT-Planungsrat", "des IT-Planungsrats", "it-planungsrat", "YYYY/NN", "it-staatsvertrag")
SOURCE_BODIES: Final[Mapping[str, SourceBody]] = {
    body.name: body for body in (MAIN, SourceBody("AL-Runde", "der AL-Runde", "al-runde", "YYYY/NN-AL", "it-staatsvertrag"))
}
_SOURCE_FIELDS: Final = frozenset(
    ["number", "session", "date", "title", "text", "url", "body", "text_kind", "source_points", "source_complete", "refs", "mentions_attachment", "note"]
)
_PRESS_FIELDS: Final = frozenset(
    ["id", "date", "session", "kind", "publisher", "title", "lead", "text", "text_kind", "sections", "quotes", "image", "contacts", "decisions", "url"]
)
_MONTHS: Final = (
    ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"]
)
_DATE: Final = re.compile(r"(\d{1,2})\. (" + "|".join(_MONTHS) + r") (\d{4})")


def _unknown(line: Mapping[str, Any], known: frozenset[str]) -> list[FieldError]:
    return [
        FieldError(str(name)[:80], "unknown_field", f"Das Feld ist unbekannt. Bekannt sind: {', '.join(sorted(known))}.")
        for name in line
        if name not in known
    ]


def _decision_source(line: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    errors = _unknown(line, _SOURCE_FIELDS)
    body = SOURCE_BODIES.get(str(line.get("body")))
    if body is None:
        message = f"Das Gremium „{line.get('body')}“ ist nicht bekannt. Bekannt sind: {', '.join(SOURCE_BODIES)}."
        errors.append(FieldError("body", "unknown_body", message))
    refs = line.get("refs") or []
    if not isinstance(refs, list):
        errors.append(FieldError("refs", "not_a_list", "Hier wird eine Liste von Nummern erwartet."))
    if errors or body is None:
        raise InvalidInput(errors)
    yield "body", {"slug": body.slug, "name": body.name, "genitive": body.genitive, "number_pattern": body.pattern, "voting_rule": body.voting_rule}, True
    meeting = _source_meeting(line.get("session"), line.get("date"), body)
    if meeting is not None:
        yield "meeting", meeting, True
    yield "decision", _source_decision(line, body, meeting, refs), False


def _source_decision(
    line: Mapping[str, Any], body: SourceBody, meeting: Mapping[str, Any] | None, refs: list[Any]
) -> dict[str, Any]:
    number, date = line.get("number"), line.get("date")
    note = line.get("note")
    source_note = "Die Zusammenfassung ist redaktionell verdichtet; maßgeblich ist der amtliche Wortlaut."
    return {
        "body": body.slug,
        "number": number,
        "title": line.get("title"),
        "date": date,
        "meeting": _meeting_address(meeting) if meeting else None,
        "text": line.get("text"),
        "text_kind": line.get("text_kind"),
        "source_url": line.get("url"),
        "source_note": f"{source_note} {note}" if note else source_note,
        "references": [{"relation": "cites", "number": ref, "from": None} for ref in refs],
        # The source gives no day of publication: a decision counts as public from its day, else from its year's end.
        "published_on": date or (f"{str(number)[:4]}-12-31" if re.match(r"\d{4}/", str(number)) else None),
    }


def _source_meeting(session: Any, date: Any, body: SourceBody) -> dict[str, Any] | None:
    if session is None:
        return None
    text = str(session)
    match = re.fullmatch(r"(\d{1,3})\. Sitzung(?: AL-Runde)?", text)
    kind = {"Sondersitzung": "special", "Umlaufverfahren": "circulation"}.get(text, "numbered" if match else "")
    if not kind:
        message = f"„{text}“ ist keine Sitzung. Erwartet wird „36. Sitzung“, „Sondersitzung“ oder „Umlaufverfahren“."
        raise InvalidInput([FieldError("session", "malformed", message)])
    if kind != "numbered" and not date:
        raise InvalidInput([FieldError("date", "missing", f"{text} braucht ein Datum.")])
    return {
        "body": body.slug,
        "kind": kind,
        "ordinal": int(match[1]) if match else None,
        "date": date,
        "published_on": date,
    }


def _meeting_address(meeting: Mapping[str, Any]) -> str:
    return meeting_url(meeting["body"], meeting["kind"], ordinal=meeting["ordinal"], date=meeting["date"])


def _press_source(
    line: Mapping[str, Any], meeting_of: Callable[[str | None, str, dt.date | None], str | None]
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    errors = _unknown(line, _PRESS_FIELDS)
    text, date = line.get("text"), line.get("date")
    if not isinstance(text, str):
        errors.append(FieldError("text", "missing", "Der Text fehlt. Bitte angeben."))
    if errors or not isinstance(text, str):
        raise InvalidInput(errors)
    day = dt.date.fromisoformat(date) if isinstance(date, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", date) else None
    meeting = meeting_of(line.get("session"), text, day)
    if meeting and re.fullmatch(r"/sitzung/\d+", meeting):
        ordinal = int(meeting.rsplit("/", 1)[1])
        yield "body", {"slug": MAIN.slug, "name": MAIN.name, "number_pattern": MAIN.pattern, "voting_rule": MAIN.voting_rule}, True
        yield "meeting", {"body": MAIN.slug, "kind": "numbered", "ordinal": ordinal, "published_on": date}, True
    yield "press_release", _source_press(line, text, meeting), False


def _source_press(line: Mapping[str, Any], text: str, meeting: str | None) -> dict[str, Any]:
    headings = [str(heading) for heading in line.get("sections") or ()]
    lead, sections, contacts = _split_release(text, headings, str(line.get("title") or ""))
    image = line.get("image")
    return {
        "slug": slugify(f"{line.get('date') or ''} {line.get('title') or line.get('id')}"),
        "release_kind": line.get("kind"),
        "title": line.get("title"),
        "publisher": line.get("publisher"),
        "date": line.get("date"),
        "published_on": line.get("date"),
        "meeting": meeting,
        "lead": line.get("lead"),
        "text": lead,
        "sections": sections,
        "quotes": [{"speaker": row.get("speaker"), "function": row.get("function")} for row in line.get("quotes") or ()],
        "image": {"alt": image.get("caption") or "Bild zur Meldung", "caption": image.get("caption"), "credit": image.get("credit")}
        if isinstance(image, dict)
        else None,
        "contacts": [{"organisation": row.get("org"), "role": row.get("role")} for row in line.get("contacts") or ()]
        or contacts,
        "decisions": line.get("decisions") or [],
        "source_url": line.get("url"),
        "text_kind": line.get("text_kind"),
    }


_FURNITURE: Final = re.compile(r"\s*•|Gruppenfoto|.*©")


def _split_release(text: str, headings: list[str], title: str) -> tuple[str, list[dict[str, Any]], list[Any]]:
    """The text of a release before its first heading, and its headed sections."""
    lead: list[str] = []
    sections: list[dict[str, Any]] = []
    for line in text.split("\n"):
        plain = line.strip()
        if plain in headings:
            sections.append({"heading": plain, "text": []})
        elif plain != title and not (not sections and _FURNITURE.match(line)):
            (sections[-1]["text"] if sections else lead).append(plain)
    kept = [{"heading": row["heading"], "text": _escaped("\n".join(row["text"]))} for row in sections]
    return _escaped("\n".join(lead)), [row for row in kept if row["text"]], []


def _escaped(text: str) -> str:
    """Plain paragraphs as Markdown."""
    paragraphs = [block.strip() for block in re.split(r"\n+", text) if block.strip()]
    return "\n\n".join(re.sub(r"([*_`\[\]<>#])", r"\\\1", block) for block in paragraphs)


def _german_date(text: str) -> dt.date | None:
    match = _DATE.search(text)
    if match is None:
        return None
    try:
        return dt.date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        return None


def slugify(text: str, limit: int = 80) -> str:
    """A part of an address from any text, cut between words."""
    folded = fold(text)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug if len(slug) <= limit else slug[:limit].rsplit("-", 1)[0]


# --- files -----------------------------------------------------------------------------------------------------------


class _FolderFiles:
    """Files beside the imported file, in `files/`; names may not leave it."""

    def __init__(self, folder: Path, store: Callable[[bytes, str, int | None, int | None], models.File] | None) -> None:
        self._folder = folder / "files"
        self._store = store

    def attachment(self, name: str, field: str) -> models.File:
        body = self._bytes(name, field)
        try:
            return self._kept(body, check_upload(body, name), None, None)
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


def working_lines(session: Session) -> Iterator[bytes]:
    """Every working row that has a clean value of its own kind, in an order that imports again."""
    for kind in ("body", "organisation", "meeting", "decision", "press_release", "report", "market_item", "recommendation", "offer", "term", "page"):
        rows = session.scalars(sa.select(KINDS[kind].model).order_by(models.Item.id))
        for item in rows:
            yield canonical_json({"type": kind, **item.input}) + b"\n"

