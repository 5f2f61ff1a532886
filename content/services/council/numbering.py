"""The number of a decision: given at adoption, without gaps, safe when many adopt at once; and which numbers are missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import decision_url
from content.council.numbers import DecisionNumber, NumberPattern
from content.kinds import KINDS
from content.services.base import body_law, lookup
from content.services.editing import edit, given_numbers
from content.services.publishing.publish import Desk, berlin_day
from workflows.catalogue import LASTING
from workflows.engine import Blocked, Blocker


def give_number(desk: Desk, decision: models.Decision) -> str:
    """Give `decision` the next number of its body in the year of its meeting (else of today), and its lasting address."""
    if decision.number:
        return decision.number
    session = desk.session
    # The body's row is the lock: the next one waits here until this transaction has ended.
    session.execute(sa.select(models.Body.id).where(models.Body.id == decision.body_id).with_for_update(of=models.Item))
    day, pattern, number = _next(session, decision, desk.now)
    url = decision_url(decision.body.slug, number.year, number.serial)
    if lookup.find(session, url) is not None:
        raise Blocked((Blocker("taken", f"Unter {url} gibt es schon einen Beschluss. Bitte die Nummern prüfen."),))
    decision.year, decision.serial, decision.number = number.year, number.serial, pattern.format(number)
    decision.date = day
    decision.url, decision.slug = url, url.rsplit("/", 1)[-1]
    edit.follow(decision, number=decision.number, date=day)
    session.flush()
    given_numbers.keep(session, decision, now=desk.now, actor=desk.actor)
    return decision.number


def next_number(session: Session, decision: models.Decision, now: dt.datetime) -> str:
    """The number that `decision` would be given now."""
    _, pattern, number = _next(session, decision, now)
    return decision.number or pattern.format(number)


def _next(
    session: Session, decision: models.Decision, now: dt.datetime
) -> tuple[dt.date, NumberPattern, DecisionNumber]:
    day = decision.date or (decision.meeting.date if decision.meeting else None) or berlin_day(now)
    pattern = NumberPattern(body_law.of(decision.body).number_pattern)
    return (
        day,
        pattern,
        DecisionNumber(day.year, given_numbers.last_serial(session, decision.body, day.year) + 1, pattern.suffix),
    )


def lasting(session: Session, item: models.Item) -> str:
    """Why `item` is not taken out, by nobody and by no road: it was adopted once or bears a number that was given. Empty where it may be."""
    states = LASTING.get(item.kind, frozenset())
    step = models.StepEntry
    if item.id is None:
        return ""
    if number := given_numbers.of(session, item):
        return f"{KINDS[item.kind].label} {number} ist vergeben: Die Nummer bleibt, und der Eintrag mit ihr. {_INSTEAD}"
    if states and (
        item.procedure_state in states
        or session.scalar(
            sa.select(step.id)
            .where(step.item_id == item.id, step.target.in_(states), step.workflow == item.kind)
            .limit(1)
        )
    ):
        return f"Was beschlossen oder zur Kenntnis genommen wurde, bleibt. {_INSTEAD}"
    return ""


_INSTEAD: Final = "Möglich ist, es durch einen Beschluss zu ersetzen oder zu zweit für nichtig zu erklären."


def next_ordinal(session: Session, meeting: models.Meeting) -> int:
    """The number of the session that comes after all sessions of its body."""
    row = models.Meeting
    return (session.scalar(sa.select(sa.func.max(row.ordinal)).where(row.body_id == meeting.body_id)) or 0) + 1


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A decision that has a number, as the report shows it."""

    id: int
    number: str
    title: str
    serial: int
    publication_state: str


@dataclass(frozen=True, slots=True)
class YearReport:
    """The numbers of a body in a year. `missing`: numbers below the last one that nothing has, runs as first and last."""

    body: str
    year: int
    count: int
    first: str
    last: str
    missing: tuple[tuple[str, str], ...]
    doubled: tuple[tuple[str, tuple[NumberedRow, ...]], ...]
    hidden: tuple[NumberedRow, ...]
    """Decisions that have a number and are not public: not yet, withdrawn, or in the trash."""
    body_id: int = 0
    pattern: str = ""
    gaps: tuple[given_numbers.Gap, ...] | None = None
    """The missing numbers with their reasons, as far as the register was asked; with those that nothing bears at the end."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is to be looked at."""
        is_open = bool(self.missing) if self.gaps is None else any(not gap.is_public for gap in self.gaps)
        return not (is_open or self.doubled or self.hidden)

    def gap_name(self, gap: given_numbers.Gap) -> str:
        """„2026/04“, „2026/04 bis 2026/06“."""
        pattern = NumberPattern(self.pattern)
        first, last = (
            pattern.format(DecisionNumber(self.year, serial, pattern.suffix)) for serial in (gap.first, gap.last)
        )
        return first if gap.first == gap.last else f"{first} bis {last}"


def reports(session: Session) -> list[YearReport]:
    """Per body and year, newest year first: which numbers are missing, doubled or not public."""
    d = models.Decision
    bodies = {row.id: row for row in session.scalars(sa.select(models.Body))}
    query = (
        sa.select(d.id, d.body_id, d.year, d.serial, d.number, d.title, d.publication_state)
        .where(d.serial.is_not(None))
        .order_by(d.year.desc(), d.body_id, d.serial, d.id)
    )
    found = session.execute(query).all()
    rows = [
        (
            row.year,
            row.body_id,
            NumberedRow(row.id, row.number or "", row.title or "", row.serial, row.publication_state),
        )
        for row in found
    ]
    written = _by_number(row for _, _, row in rows)
    return [
        _explained(
            session,
            bodies[body_id],
            year_report(
                bodies[body_id].title or bodies[body_id].slug,
                NumberPattern(body_law.of(bodies[body_id]).number_pattern),
                year,
                of_year,
                written,
            ),
            of_year,
        )
        for (year, body_id), group in groupby(rows, key=lambda row: row[:2])
        for of_year in [[row for _, _, row in group]]
    ]


def _explained(session: Session, body: models.Body, found: YearReport, rows: Sequence[NumberedRow]) -> YearReport:
    missing = given_numbers.gaps(session, body, found.year, {row.serial for row in rows})
    return replace(found, body_id=body.id, pattern=body_law.of(body).number_pattern, gaps=tuple(missing))


def year_report(
    body: str,
    pattern: NumberPattern,
    year: int,
    rows: Sequence[NumberedRow],
    written: Mapping[str, Sequence[NumberedRow]] | None = None,
) -> YearReport:
    """The report on `rows`, the numbered decisions of one body and year. `written`: number → all rows that bear it, of any body."""
    bearers = _by_number(rows) if written is None else written
    own = {row.number: tuple(bearers[row.number]) for row in rows}

    def name(serial: int) -> str:
        return pattern.format(DecisionNumber(year, serial, pattern.suffix))

    serials = sorted({row.serial for row in rows})
    return YearReport(
        body=body,
        year=year,
        count=len(rows),
        first=name(serials[0]),
        last=name(serials[-1]),
        missing=tuple((name(start), name(end)) for start, end in _runs_missing(serials)),
        doubled=tuple((number, found) for number, found in own.items() if len(found) > 1),
        hidden=tuple(row for row in rows if row.publication_state != "published"),
    )


def _runs_missing(serials: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that is missing, from 1 up to the last number given."""
    return [
        (before + 1, after - 1) for before, after in zip([0, *serials], serials, strict=False) if after - before > 1
    ]


def _by_number(rows: Iterable[NumberedRow]) -> dict[str, list[NumberedRow]]:
    found: dict[str, list[NumberedRow]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row)
    return found
