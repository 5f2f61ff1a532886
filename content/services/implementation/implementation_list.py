"""Reports of implementation taken from a list (CSV): one row per recommendation and addressee, for moving in from tables kept elsewhere.

A row says what was reported and, where somebody checked it, by whom. The same row again changes nothing; a newer report
takes the place of an older one; an older one is refused. Where no day is given, the report is of the day of the import.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from content import models
from content.freezing.implementation import Addressee, addressees_of
from content.kinds import item_url
from content.services.base.catalogue import Counts
from content.services.base.lookup import find
from content.services.base.outcome import Outcome
from content.services.implementation import implementation
from content.services.publishing.publish import Desk
from content.typed import typed_days
from content.typed.berlin import day_of, noon_of
from content.typed.csv_input import CsvRow, Sheet

NAME: Final = "implementation"
COLUMNS: Final = (
    "recommendation",
    "addressee",
    "state",
    "date",
    "evidence",
    "note",
    "reported_by",
    "reported_on",
    "confirmed_by",
    "confirmed_on",
)
STATES: Final = implementation.REPORTABLE | {"implemented"}
NOTE: Final = "Stand der Umsetzung fortgeschrieben – aus einer Liste"


def take(desk: Desk, sheet: Sheet, report: Counts) -> set[int]:
    """Take the rows over; the ids of the recommendations that changed. Faults are added to `sheet`."""
    touched: set[int] = set()
    lines: dict[tuple[int, str], int] = {}
    known: dict[str, tuple[models.Recommendation, Mapping[str, Addressee]] | None] = {}
    for row in sheet.rows:
        slug = row.cells["recommendation"]
        if slug not in known:
            known[slug] = _recommendation(desk, slug)
        found = known[slug]
        if found is None:
            sheet.fault(
                row,
                "recommendation",
                f"Die Empfehlung „{slug[:60]}“ gibt es nicht. Bitte zuerst die Empfehlung anlegen.",
            )
            continue
        item, addressees = found
        who = addressees.get(row.cells["addressee"])
        values = _values(desk, sheet, row, item, who)
        if values is None or who is None:
            continue
        key = (item.id, who.key)
        if key in lines:
            sheet.fault(
                row, "addressee", f"Dieselbe Meldung steht schon in Zeile {lines[key]}. Bitte nur einmal angeben."
            )
            continue
        lines[key] = row.line
        outcome = _keep(desk, sheet, row, item, who, values)
        if outcome is not None:
            report.count(NAME, outcome)
            if outcome is not Outcome.UNCHANGED:
                touched.add(item.id)
    desk.session.flush()
    return touched


def _recommendation(desk: Desk, slug: str) -> tuple[models.Recommendation, Mapping[str, Addressee]] | None:
    item = find(desk.session, item_url("recommendation", slug))
    if not isinstance(item, models.Recommendation):
        return None
    return item, {name: who for who in addressees_of(desk.session, item.addressees) for name in (who.name, who.key)}


def _values(
    desk: Desk, sheet: Sheet, row: CsvRow, item: models.Recommendation, who: Addressee | None
) -> dict[str, Any] | None:
    """What the row says, as columns; None where it is faulty."""
    cells, before = row.cells, len(sheet.faults)
    if who is None:
        sheet.fault(
            row,
            "addressee",
            f"„{cells['addressee'][:60]}“ ist kein Adressat dieser Empfehlung. Erwartet wird etwa BY oder Bayern.",
        )
    if (item.procedure_state or "draft") not in STATES:
        sheet.fault(
            row,
            "recommendation",
            "Gemeldet wird nur zu Empfehlungen, die beschlossen, in Umsetzung oder umgesetzt sind.",
        )
    date, errors = implementation.faults(desk, cells, has_file=False)
    for error in errors:
        sheet.fault(row, error.field, error.message)
    reported, confirmed = _moment(desk, sheet, row, "reported_on"), _moment(desk, sheet, row, "confirmed_on")
    if cells["confirmed_on"] and not cells["confirmed_by"]:
        sheet.fault(row, "confirmed_by", "Wer hat die Meldung geprüft? Bitte den Namen angeben.")
    if cells["confirmed_by"] and reported and confirmed and confirmed < reported:
        sheet.fault(row, "confirmed_on", "Geprüft wird nach der Meldung. Bitte die Tage prüfen.")
    if len(sheet.faults) > before or reported is None or confirmed is None:
        return None
    return {
        "state": cells["state"],
        "date": date,
        "evidence_url": cells["evidence"] or None,
        "note": cells["note"],
        "reported_by": cells["reported_by"] or desk.actor_name or desk.actor,
        "reported_at": reported,
        "confirmed_by": cells["confirmed_by"] or None,
        "confirmed_at": confirmed if cells["confirmed_by"] else None,
    }


def _moment(desk: Desk, sheet: Sheet, row: CsvRow, name: str) -> dt.datetime | None:
    """The noon of a day in Berlin; now where no day is given. None where the cell is faulty."""
    cell = row.cells[name]
    if not cell:
        return desk.now
    on = typed_days.day(cell)
    if on is None:
        sheet.fault(row, name, f"„{cell[:20]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT.")
        return None
    if on > day_of(desk.now):
        sheet.fault(row, name, "Der Tag liegt in der Zukunft. Bitte den Tag prüfen.")
        return None
    return min(noon_of(on), desk.now)


def _keep(
    desk: Desk, sheet: Sheet, row: CsvRow, item: models.Recommendation, who: Addressee, values: Mapping[str, Any]
) -> Outcome | None:
    told = implementation.told_of(desk.session, item, who.key)
    if told is None:
        desk.session.add(models.Implementation(item_id=item.id, addressee=who.key, reporter=desk.actor, **values))
        return Outcome.CREATED
    stated = {name: value for name, value in values.items() if name not in _DAYS or row.cells[_DAYS[name]]}
    if all(getattr(told, name) == value for name, value in stated.items()):
        return Outcome.UNCHANGED
    if values["reported_at"] < told.reported_at:
        sheet.fault(
            row,
            "reported_on",
            f"Es gibt schon eine Meldung vom {day_of(told.reported_at):%d.%m.%Y}. Eine ältere ersetzt sie nicht.",
        )
        return None
    for name, value in values.items():
        setattr(told, name, value)
    told.reporter, told.comment = desk.actor, ""
    return Outcome.CHANGED


_DAYS: Final[Mapping[str, str]] = {"reported_at": "reported_on", "confirmed_at": "confirmed_on"}
"""Columns whose value is the present where the row gives no day: those say nothing about what was."""
