"""Reuse taken from a list (CSV): one row per offer and buyer, a day per state. For moving in from contracts kept elsewhere.

A row says what happened, so no step may be left out, days must follow one another, and a contract needs what the workflow
demands. The same row again changes nothing; a row that goes on appends its new steps; one that contradicts is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from content import models
from content.council.laender import CODES, name_of
from content.kinds import item_url
from content.services.base.catalogue import Counts
from content.services.base.lookup import find
from content.services.base.outcome import Outcome
from content.services.publishing.publish import Desk
from content.typed import typed_days
from content.typed.csv_input import CsvRow, Sheet

ROAD: Final = ("interest", "negotiation", "ordered", "contract", "live")
STEPS: Final[Mapping[str, str]] = {
    "interest": "ask",
    "negotiation": "negotiate",
    "ordered": "order",
    "contract": "sign",
    "live": "go_live",
    "ended": "end",
}
COLUMNS: Final = (
    "offer",
    "land",
    "commune",
    "through",
    "covers_communes",
    *ROAD,
    "ended",
    "terms",
    "contract_number",
    "note",
)
NAME: Final = "reuse"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is asked of the database once per list."""

    offers: Mapping[str, models.MarketOffer]
    members: Mapping[str, frozenset[str]]
    communes: Mapping[str, frozenset[str]]
    rows: dict[tuple[int, str, str], models.Reuse]
    steps: Mapping[int, tuple[tuple[str, dt.date], ...]]


def take(desk: Desk, sheet: Sheet, report: Counts) -> set[int]:
    """Take the rows over; the ids of the offers that changed. Faults are added to `sheet`."""
    known = _known(desk, sheet)
    touched: set[int] = set()
    amounts = dict.fromkeys(Outcome, 0)
    lines: dict[tuple[int, str, str], int] = {}
    fresh: list[tuple[models.Reuse, list[tuple[str, dt.date]]]] = []
    for row in sheet.rows:
        offer, road = known.offers.get(row.cells["offer"]), _road(sheet, row)
        if not _is_sound(sheet, row, known) or offer is None or road is None:
            continue
        key = (offer.id, row.cells["land"], row.cells["commune"])
        if key in lines:
            sheet.fault(
                row, "offer", f"Dieselbe Nachnutzung steht schon in Zeile {lines[key]}. Bitte nur einmal angeben."
            )
            continue
        lines[key] = row.line
        old = known.rows.get(key)
        if old is None:
            fresh.append((_reuse(desk, offer, row, road), road))
            amounts[Outcome.CREATED] += 1
        elif (more := _continued(sheet, row, known.steps.get(old.id, ()), road)) is None:
            continue
        elif more:
            old.state, old.rev, old.changed_at = more[-1][0], old.rev + 1, desk.now
            old.contract_number = row.cells["contract_number"][:60] or old.contract_number
            fresh.append((old, more))
            amounts[Outcome.CHANGED] += 1
        else:
            amounts[Outcome.UNCHANGED] += 1
            continue
        touched.add(offer.id)
    _write(desk, fresh)
    for outcome, amount in amounts.items():
        if amount:
            report.count(NAME, outcome, amount)
    return touched


def _known(desk: Desk, sheet: Sheet) -> _Known:
    session = desk.session
    slugs = {row.cells["offer"] for row in sheet.rows}
    offers = {row.slug: row for row in session.scalars(sa.select(models.MarketOffer)) if row.slug in slugs}
    ids = [row.id for row in offers.values()]
    members = {}
    for provider in {row.provider for row in offers.values()}:
        organisation = find(session, item_url("organisation", provider))
        members[provider] = (
            frozenset(one["name"] for one in organisation.input.get("members", ()))
            if organisation
            else frozenset[str]()
        )
    communes: dict[str, set[str]] = {}
    for land, name in session.execute(sa.select(models.Commune.land, models.Commune.name)):
        communes.setdefault(land, set()).add(name)
    rows = {
        (row.offer_id, row.land, row.commune): row
        for row in session.scalars(sa.select(models.Reuse))
        if row.offer_id in ids
    }
    steps: dict[int, list[tuple[str, dt.date]]] = {}
    step = models.ReuseStep
    for found in session.execute(
        sa.select(step.reuse_id, step.target, step.on).where(step.source != step.target).order_by(step.id)
    ):
        steps.setdefault(found.reuse_id, []).append((found.target, found.on))
    return _Known(
        offers,
        members,
        {land: frozenset(names) for land, names in communes.items()},
        rows,
        {key: tuple(row) for key, row in steps.items()},
    )


def _is_sound(sheet: Sheet, row: CsvRow, known: _Known) -> bool:
    cells, before = row.cells, len(sheet.faults)
    offer = known.offers.get(cells["offer"])
    if offer is None:
        sheet.fault(
            row, "offer", f"Das Angebot „{cells['offer'][:60]}“ gibt es nicht. Bitte zuerst das Angebot anlegen."
        )
    if cells["land"] not in CODES:
        sheet.fault(row, "land", f"„{cells['land'][:20]}“ ist kein Land. Möglich sind: {', '.join(CODES)}.")
    elif cells["commune"] and cells["commune"] not in known.communes.get(cells["land"], {cells["commune"]}):
        sheet.fault(
            row,
            "commune",
            f"„{cells['commune'][:60]}“ steht nicht im Verzeichnis der Kommunen dieses Landes. Bitte die Schreibweise prüfen.",
        )
    if cells["covers_communes"] not in {"", "ja", "nein"} or (cells["covers_communes"] == "ja" and cells["commune"]):
        sheet.fault(row, "covers_communes", "Erwartet wird „ja“ oder „nein“; „ja“ nur bei einem Land.")
    members = known.members.get(offer.provider, frozenset()) if offer else frozenset[str]()
    if offer and cells["through"] and cells["through"] not in members:
        sheet.fault(row, "through", f"„{cells['through'][:60]}“ ist kein Mitglied dieses Anbieters.")
    if offer and cells["contract"]:
        if not ({cells["through"], cells["commune"] or name_of(cells["land"])} & members):
            sheet.fault(
                row,
                "contract",
                "Für einen Vertrag fehlt die Inhouse-Beziehung: Der Nachnutzer ist kein Mitglied des Anbieters, und „through“ nennt keines.",
            )
        if not cells["contract_number"]:
            sheet.fault(row, "contract_number", "Zu einem Vertrag gehört seine Nummer. Bitte angeben.")
    if cells["ordered"] and not cells["terms"]:
        sheet.fault(
            row, "terms", "Zu einer Bestellung gehören bestätigte Bedingungen. Bitte das Abstimmungsschreiben nennen."
        )
    return len(sheet.faults) == before


def _road(sheet: Sheet, row: CsvRow) -> list[tuple[str, dt.date]] | None:
    """The states with their days; None where one is left out, is no day, or comes before the one before it."""
    road: list[tuple[str, dt.date]] = []
    is_open = True
    for state in (*ROAD, "ended"):
        cell = row.cells[state]
        if not cell:
            is_open = is_open and state == "ended"
            continue
        on = typed_days.day(cell)
        if on is None:
            sheet.fault(row, state, f"„{cell[:20]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT.")
            return None
        if (not is_open and state != "ended") or (not road and state != "interest"):
            sheet.fault(row, state, "Davor fehlt ein Schritt: Die Tage stehen lückenlos von „interest“ an.")
            return None
        if road and on < road[-1][1]:
            sheet.fault(row, state, f"Der Tag liegt vor dem Schritt davor ({road[-1][1]:%d.%m.%Y}).")
            return None
        road.append((state, on))
    if not road:
        sheet.fault(row, "interest", "Der Tag des Interesses fehlt. Bitte angeben.")
        return None
    return road


def _continued(
    sheet: Sheet, row: CsvRow, before: tuple[tuple[str, dt.date], ...], road: list[tuple[str, dt.date]]
) -> list[tuple[str, dt.date]] | None:
    if tuple(road[: len(before)]) != before:
        shown = ", ".join(f"{state} {on}" for state, on in before)
        sheet.fault(
            row,
            "interest",
            f"Die Zeile widerspricht dem Verlauf, der schon verzeichnet ist ({shown}). Was geschah, wird nicht geändert.",
        )
        return None
    return road[len(before) :]


def _reuse(desk: Desk, offer: models.MarketOffer, row: CsvRow, road: list[tuple[str, dt.date]]) -> models.Reuse:
    cells, days = row.cells, dict(road)
    return models.Reuse(
        offer_id=offer.id,
        buyer_kind="commune" if cells["commune"] else "land",
        land=cells["land"],
        commune=cells["commune"][:200],
        through=cells["through"][:200],
        covers_communes=cells["covers_communes"] == "ja",
        is_public=True,
        state=road[-1][0],
        rev=1,
        terms_title=cells["terms"],
        terms_confirmed_on=days.get("ordered"),
        contract_number=cells["contract_number"][:60],
        note=cells["note"],
        created_at=desk.now,
        changed_at=desk.now,
    )


def _write(desk: Desk, fresh: list[tuple[models.Reuse, list[tuple[str, dt.date]]]]) -> None:
    desk.session.add_all([row for row, _ in fresh if row.id is None])
    desk.session.flush()
    sources = {"interest": "", **dict(zip(ROAD[1:], ROAD, strict=False))}
    steps = []
    for row, road in fresh:
        last = ""
        for state, on in road:
            steps.append(
                {
                    "reuse_id": row.id,
                    "transition": STEPS[state],
                    "source": sources.get(state) if state != "ended" else last or "live",
                    "target": state,
                    "on": on,
                    "actor": desk.actor,
                    "actor_name": desk.actor_name or desk.actor,
                    "at": desk.now,
                    "comment": "aus einer Liste übernommen",
                }
            )
            last = state
    if steps:
        desk.session.execute(sa.insert(models.ReuseStep), steps)
