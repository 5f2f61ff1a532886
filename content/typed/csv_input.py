"""CSV → rows with their line numbers, or every fault with line, column and reason (German). Pure.

Taken: UTF-8 (with or without a mark), commas, semicolons or tabs as the header says, quotes after RFC 4180. A fault of
the file as a whole (encoding, header, an open quote) ends the reading; a fault of a row does not hide those of others.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from content.schemas.reading import clean_text

MAX_ROWS: Final = 100_000
MAX_CELL: Final = 2_000
SEPARATORS: Final = {",": "Komma", ";": "Semikolon", "\t": "Tabulator"}
FORMULA: Final = re.compile(r"[=+@]|-(?=[\w(=+@])|[\t\r]")
"""How a cell begins that a spreadsheet would run instead of show."""


@dataclass(frozen=True, slots=True)
class CsvFault:
    """What is wrong: line and column count from 1 (column 0: the whole line); `name` is the column's name."""

    line: int
    column: int
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row by column name; `line` is where it begins in the file."""

    line: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class Sheet:
    """A file as read: which of the known lists it is, its columns in order, its rows, its faults."""

    name: str = ""
    columns: tuple[str, ...] = ()
    rows: list[CsvRow] = field(default_factory=list)
    faults: list[CsvFault] = field(default_factory=list)
    kept: list[CsvFault] = field(default_factory=list)
    """Rows that were taken over without their faulty key."""

    def fault(self, row: CsvRow, name: str, message: str) -> None:
        """Note a fault of one cell."""
        self.faults.append(CsvFault(row.line, self.columns.index(name) + 1, name, message))


def read(body: bytes, lists: Mapping[str, Sequence[str]]) -> Sheet:
    """The rows of `body`. `lists`: name of a list → its columns; the header decides which one it is. Never raises."""
    sheet = Sheet()
    text = _decoded(body, sheet)
    if text is None:
        return sheet
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    records = _records(text, separator, sheet)
    line, header = next(records, (1, []))
    names = tuple(clean_text(cell) for cell in header)
    sheet.name = next(
        (name for name, columns in lists.items() if set(columns) == set(names) and len(names) == len(columns)), ""
    )
    if not sheet.name:
        sheet.faults.append(CsvFault(line, 0, "", _unknown_header(names, lists)))
        return sheet
    sheet.columns = names
    for number, (start, cells) in enumerate(records, start=1):
        if number > MAX_ROWS:
            sheet.faults.append(CsvFault(start, 0, "", f"Die Datei hat mehr als {MAX_ROWS} Zeilen. Bitte aufteilen."))
            break
        _take(sheet, start, cells, separator)
    return sheet


def _decoded(body: bytes, sheet: Sheet) -> str | None:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        sheet.faults.append(CsvFault(1, 1, "", "Die Datei ist in UTF-16. Bitte als UTF-8 speichern („CSV UTF-8“)."))
        return None
    if b"\x00" in body:
        before = body[: body.index(b"\x00")]
        sheet.faults.append(
            CsvFault(before.count(b"\n") + 1, 0, "", "Die Zeile enthält ein Nullbyte; das ist keine Textdatei.")
        )
        return None
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start]
        place = len(before) - (before.rfind(b"\n") + 1) + 1
        message = (
            f"Zeichen {place} (Byte 0x{body[error.start]:02X}) ist kein UTF-8. Bitte die Datei als UTF-8 speichern."
        )
        line = before.count(b"\n")
        first = body.split(b"\n", 1)[0]
        separator = max(SEPARATORS, key=lambda one: first.count(one.encode()))
        column = before[before.rfind(b"\n") + 1 :].count(separator.encode()) + 1
        sheet.faults.append(CsvFault(line + 1, column, "", message))
        return None


def _records(text: str, separator: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells) of each record that is not empty; ends at the first broken quote."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = str(error)
            reason = (
                "Ein Anführungszeichen wird nicht geschlossen"
                if "unexpected end" in words
                else (
                    "Das Feld ist zu lang"
                    if "field larger" in words
                    else "Hinter einem schließenden Anführungszeichen steht noch Text"
                )
            )
            sheet.faults.append(
                CsvFault(
                    start,
                    0,
                    "",
                    f"{reason}; ab hier ist die Datei nicht lesbar. Anführungszeichen im Text bitte doppelt schreiben.",
                )
            )
            return
        if cells:
            yield start, cells


def _take(sheet: Sheet, line: int, cells: list[str], separator: str) -> None:
    if len(cells) != len(sheet.columns):
        other = next((sign for sign in SEPARATORS if sign != separator and any(sign in cell for cell in cells)), "")
        hint = (
            f" Steht hier {SEPARATORS[other]} statt {SEPARATORS[separator]}?"
            if other and len(cells) < len(sheet.columns)
            else (" Enthält ein Feld das Trennzeichen, gehört es in Anführungszeichen.")
        )
        message = f"Die Zeile hat {len(cells)} Felder, erwartet werden {len(sheet.columns)}.{hint}"
        sheet.faults.append(CsvFault(line, min(len(cells), len(sheet.columns)) or 1, "", message))
        return
    row = CsvRow(line, dict(zip(sheet.columns, (" ".join(clean_text(cell).split()) for cell in cells), strict=True)))
    is_sound = True
    for raw, (name, cell) in zip(cells, row.cells.items(), strict=True):
        if FORMULA.match(raw.lstrip(" ")) or FORMULA.match(cell):
            sheet.fault(
                row, name, f"„{cell[:40]}“ beginnt wie eine Formel. Bitte ohne das Zeichen am Anfang schreiben."
            )
            is_sound = False
        elif len(cell) > MAX_CELL:
            sheet.fault(
                row, name, f"Der Text hat {len(cell)} Zeichen; höchstens {MAX_CELL} sind möglich. Bitte kürzen."
            )
            is_sound = False
    if is_sound:
        sheet.rows.append(row)


def _unknown_header(names: tuple[str, ...], lists: Mapping[str, Sequence[str]]) -> str:
    known = "; ".join(",".join(columns) for columns in lists.values())
    shown = ",".join(names)[:120]
    return f"Die Kopfzeile „{shown}“ gehört zu keiner bekannten Liste. Möglich sind: {known}."
