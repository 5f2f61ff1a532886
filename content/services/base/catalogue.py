"""The lists that the market is checked against: taking them over from CSV, and asking them.

A list is known by its header (`COLUMNS`). Taking the same list again changes nothing; a row whose key is faulty is kept
without a key and told; everything else that is wrong is a fault of its cell, and nothing of the file is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.laender import LAND_CODES
from content.services.base.outcome import Outcome
from content.typed.csv_input import CsvFault, CsvRow, Sheet

OZG_ID: Final = re.compile(r"\d{5}")
LEIKA_KEY: Final = re.compile(r"99\d{12}")


class Counts(Protocol):
    """What taking a list reports to."""

    def count(self, kind: str, outcome: Outcome, amount: int = 1) -> None:
        """Note what became of so many rows."""


Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CatalogueList:
    """One list: its columns, its table, what tells its rows apart, and how a row becomes values of that table."""

    columns: tuple[str, ...]
    model: Any
    identity: Callable[[Values], tuple[Any, ...]]
    values: Callable[[Session, Sheet, CsvRow], Values | None]
    is_keyless: Callable[[Values], bool] = lambda _: False


def take(session: Session, sheet: Sheet, report: Counts) -> None:
    """Bring the table of `sheet.name` to what the list says; rows it does not name stay. Faults are added to `sheet`."""
    rule = LISTS[sheet.name]
    table = cast("sa.Table", rule.model.__table__)
    known: dict[tuple[Any, ...], Any] = {
        rule.identity(dict(row._mapping)): row for row in session.execute(sa.select(table))
    }
    found = _distinct(session, sheet, rule)
    fresh = [values for key, values in found.items() if key not in known]
    changed = [
        {"row_id": known[key].id, **values}
        for key, values in found.items()
        if key in known and any(known[key]._mapping[name] != value for name, value in values.items())
    ]
    session.info.pop(_OZG_IDS, None)
    # Statements of the model, not of its table: only those make the transaction one that is committed.
    if fresh:
        session.execute(sa.insert(rule.model), fresh)
    for values in changed:
        session.execute(
            sa.update(rule.model)
            .where(table.c.id == values.pop("row_id"))
            .values(values)
            .execution_options(synchronize_session=False)
        )
    amounts = {
        Outcome.CREATED: len(fresh),
        Outcome.CHANGED: len(changed),
        Outcome.UNCHANGED: len(found) - len(fresh) - len(changed),
    }
    for outcome, amount in amounts.items():
        if amount:
            report.count(sheet.name, outcome, amount)


def _distinct(session: Session, sheet: Sheet, rule: CatalogueList) -> dict[tuple[Any, ...], Values]:
    """The sound rows by what tells them apart; a second row of the same key is a fault, of none it is told."""
    found: dict[tuple[Any, ...], Values] = {}
    lines: dict[tuple[Any, ...], int] = {}
    for row in sheet.rows:
        values = rule.values(session, sheet, row)
        if values is None:
            continue
        key = rule.identity(values)
        if key not in lines:
            found[key], lines[key] = values, row.line
        elif rule.is_keyless(values):
            message = f"Die Zeile wiederholt Zeile {lines[key]} und steht einmal im Katalog."
            sheet.kept.append(CsvFault(row.line, 1, rule.columns[0], message))
        else:
            sheet.fault(
                row, rule.columns[0], f"Dieser Eintrag steht schon in Zeile {lines[key]}. Bitte nur einmal angeben."
            )
    return found


def _named(sheet: Sheet, row: CsvRow, name: str = "name") -> bool:
    if not row.cells[name]:
        sheet.fault(row, name, "Der Name fehlt. Bitte angeben.")
    return bool(row.cells[name])


def _ozg(_session: Session, sheet: Sheet, row: CsvRow) -> Values | None:
    is_named = _named(sheet, row)
    if not OZG_ID.fullmatch(row.cells["ozg_id"]):
        sheet.fault(
            row, "ozg_id", f"„{row.cells['ozg_id'][:40]}“ ist keine OZG-ID. Erwartet werden fünf Ziffern, etwa 10000."
        )
        return None
    return dict(row.cells) if is_named else None


def _leika(session: Session, sheet: Sheet, row: CsvRow) -> Values | None:
    cells = row.cells
    ozg_id = cells["ozg_id"] or None
    if not _named(sheet, row):
        return None
    if ozg_id is not None and ozg_id not in _ozg_ids(session):
        message = f"Die OZG-ID „{ozg_id[:40]}“ steht nicht im Katalog. Bitte zuerst die Liste der OZG-Leistungen übernehmen oder die ID prüfen."
        sheet.fault(row, "ozg_id", message)
        return None
    key = cells["leika_key"] if LEIKA_KEY.fullmatch(cells["leika_key"]) else None
    if key is None:
        shown = cells["leika_key"][:60] or "leer"
        sheet.kept.append(
            CsvFault(
                row.line,
                sheet.columns.index("leika_key") + 1,
                "leika_key",
                f"„{shown}“ ist kein LeiKa-Schlüssel; „{cells['name'][:80]}“ steht ohne Schlüssel im Katalog.",
            )
        )
    given = "" if key else cells["leika_key"]
    return {
        "leika_key": key,
        "given_key": given,
        "name": cells["name"],
        "leika_type": cells["leika_type"][:20],
        "ozg_id": ozg_id,
        "laws": cells["laws"],
    }


def _commune(_session: Session, sheet: Sheet, row: CsvRow) -> Values | None:
    land = row.cells.get("land", "NW")
    if land not in LAND_CODES:
        sheet.fault(row, "land", f"„{land[:20]}“ ist kein Land. Möglich sind: {', '.join(LAND_CODES)}.")
        return None
    return {"land": land, "name": row.cells["name"][:200], "url": row.cells["url"]} if _named(sheet, row) else None


def _it_provider(_session: Session, sheet: Sheet, row: CsvRow) -> Values | None:
    return (
        {**row.cells, "name": row.cells["name"][:200], "town": row.cells["town"][:200]} if _named(sheet, row) else None
    )


LISTS: Final[Mapping[str, CatalogueList]] = MappingProxyType(
    {
        "ozg_service": CatalogueList(
            ("ozg_id", "name", "lebenslage", "themenfeld"), models.OzgService, lambda row: (row["ozg_id"],), _ozg
        ),
        "leika_service": CatalogueList(
            ("leika_key", "name", "leika_type", "ozg_id", "laws"),
            models.LeikaService,
            lambda row: (
                (row["leika_key"],)
                if row["leika_key"]
                else ("", row["given_key"], row["name"], row["leika_type"], row["ozg_id"])
            ),
            _leika,
            is_keyless=lambda row: not row["leika_key"],
        ),
        "commune": CatalogueList(
            ("name", "land", "url"), models.Commune, lambda row: (row["land"], row["name"]), _commune
        ),
        "commune_nw": CatalogueList(("name", "url"), models.Commune, lambda row: (row["land"], row["name"]), _commune),
        "it_provider": CatalogueList(
            ("name", "town", "url"), models.ItProvider, lambda row: (row["name"], row["town"]), _it_provider
        ),
    }
)
"""The lists that can be taken; one of communes without the column `land` is that of Nordrhein-Westfalen."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({name: rule.columns for name, rule in LISTS.items()})
_OZG_IDS: Final = "catalogue_ozg_ids"


def _ozg_ids(session: Session) -> frozenset[str]:
    """The OZG-IDs of the catalogue, remembered for the transaction until the list is taken anew."""
    known: frozenset[str] | None = session.info.get(_OZG_IDS)
    if known is None:
        known = frozenset(session.scalars(sa.select(models.OzgService.ozg_id)))
        session.info[_OZG_IDS] = known
    return known


# --- asking ----------------------------------------------------------------------------------------------------------


def ozg_service(session: Session, ozg_id: str | None) -> models.OzgService | None:
    """The OZG service of that id."""
    return (
        session.scalars(sa.select(models.OzgService).where(models.OzgService.ozg_id == ozg_id)).one_or_none()
        if ozg_id
        else None
    )


def leika_names(session: Session, keys: list[str]) -> dict[str, str]:
    """Key → name of those LeiKa services that the catalogue knows."""
    if not keys:
        return {}
    leika = models.LeikaService
    return {
        str(row.leika_key): row.name
        for row in session.execute(sa.select(leika.leika_key, leika.name).where(leika.leika_key.in_(keys)))
    }


def is_empty(session: Session, model: Any) -> bool:
    """Whether that part of the catalogue was never filled: then nothing can be checked against it."""
    return session.scalar(sa.select(model.id).limit(1)) is None
