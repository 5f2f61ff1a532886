"""Rows → CSV that every spreadsheet shows and none runs: UTF-8, commas, CRLF (RFC 4180). Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from content.typed.csv_input import FORMULA


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV text; None is an empty cell, lists are joined with „; “."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return target.getvalue()


def safe_cell(value: object) -> str:
    """`value` as text that no spreadsheet takes for a formula: an apostrophe goes before what begins like one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    text = "; ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r\n" and text and (FORMULA.match(text) or text[0] in "-\n") else text
