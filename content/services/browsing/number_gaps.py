"""Numbers that the public finds no decision under, each with its reason: what the register says of it, or that it was withdrawn.

Read from editions and the register alone. A number whose decision is not public yet is in neither and is not told of; what was
noted at the desk before reasons became public stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.council.addresses import decision_url
from content.council.numbers import DecisionNumber, NumberPattern
from content.proof.ledger import Act
from content.services.browsing import statements
from content.services.browsing.browse import Reader
from content.services.browsing.statements import E, L

_D: Final = models.LedgerDocument.__table__.c
WITHDRAWN: Final = "zurückgezogen"


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers without a public decision: „2031/04“ or „2031/04 bis 2031/06“, why, and the page that says more where there is one."""

    name: str
    reason: str
    url: str = ""


def of_year(reader: Reader, year: int, body: str = "") -> tuple[Missing, ...]:
    """Of a year, in the order of the numbers: of one body, else of all that are public."""
    key = ("missing numbers", year, body)
    return reader.remembered(
        key, lambda: tuple(one for slug in _slugs(reader, year, body) for one in _of(reader, slug, year))
    )


def of_meeting(reader: Reader, url: str) -> tuple[Missing, ...]:
    """Those that lie between the numbers of the decisions of a session."""
    query = (
        sa.select(E.body_slug, E.year, sa.func.min(E.serial).label("first"), sa.func.max(E.serial).label("last"))
        .where(E.kind == "decision", E.meeting_url == url, E.serial > 0, statements.visible(reader.stand is None))
        .group_by(E.body_slug, E.year)
        .order_by(E.body_slug, E.year)
    )
    found = reader.connection.execute(query, reader.moment).all()
    return tuple(one for row in found for one in _of(reader, row.body_slug, row.year, row.first, row.last))


def reasons(connection: Connection, body: str, year: int) -> dict[int, str]:
    """Serial → the newest reason that the register has for it; public for ever."""
    return {
        serial: row.note
        for row, said in _told(connection, body, year)
        for serial in range(said["first"], said["last"] + 1)
    }


def _slugs(reader: Reader, year: int, body: str) -> list[str]:
    if body:
        return [body]
    query = (
        sa.select(E.body_slug)
        .where(E.kind == "decision", E.year == year, E.serial > 0)
        .distinct()
        .order_by(E.body_slug)
    )
    return list(reader.connection.scalars(query))


def _of(reader: Reader, body: str, year: int, first: int = 1, last: int | None = None) -> Iterator[Missing]:
    """What the register tells of, and what was withdrawn, where nothing public bears the number."""
    known = (
        sa.select(E.serial, E.is_withdrawn)
        .where(E.kind == "decision", E.body_slug == body, E.year == year, E.serial > 0)
        .distinct()
    )
    shown = set(
        reader.connection.scalars(
            known.with_only_columns(E.serial).where(statements.visible(reader.stand is None)), reader.moment
        )
    )
    withdrawn = {row.serial for row in reader.connection.execute(known) if row.is_withdrawn} - shown
    told: dict[int, str] = {}
    for row, said in _told(reader.connection, body, year):
        if reader.stand is None or row.recorded_at <= reader.moment["stand"]:
            told.update(dict.fromkeys(range(said["first"], said["last"] + 1), row.note))
    missing = {serial: reason for serial, reason in told.items() if serial not in shown | withdrawn} | dict.fromkeys(
        withdrawn, WITHDRAWN
    )
    suffix = reader.bodies.suffix(body).removeprefix("-")
    pattern = NumberPattern(f"YYYY/NN-{suffix}" if suffix else "YYYY/NN")
    for start, end, reason in _runs(
        (serial, missing[serial]) for serial in sorted(missing) if first <= serial and (last is None or serial <= last)
    ):
        names = [pattern.format(DecisionNumber(year, serial, pattern.suffix)) for serial in dict.fromkeys((start, end))]
        if reason == WITHDRAWN:
            gone = reader.withdrawn(decision_url(body, year, start))
            yield Missing(
                names[0],
                f"{WITHDRAWN}: {gone.reason}" if gone is not None and gone.reason else WITHDRAWN,
                gone.url if gone is not None else "",
            )
        else:
            yield Missing(" bis ".join(names), reason)


def _told(connection: Connection, body: str, year: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The entries of the register on missing numbers, oldest first. Acts of the register itself are few: they are found by their documents."""
    query = sa.select(L.note, L.line, L.recorded_at).join_from(
        models.LedgerDocument.__table__, models.LedgerEntry.__table__, L.position == _D.position
    )
    for row in connection.execute(query.where(L.act == str(Act.NUMBERS)).order_by(L.position)):
        said = orjson.loads(row.line)["numbers"]
        if (said["body"], said["year"]) == (body, year):
            yield row, said


def _runs(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Neighbours with one reason together; what was withdrawn has a page each and stands alone."""
    run: tuple[int, int, str] | None = None
    for serial, reason in rows:
        if run is not None and run[1] == serial - 1 and run[2] == reason != WITHDRAWN:
            run = (run[0], serial, reason)
        else:
            if run is not None:
                yield run
            run = (serial, serial, reason)
    if run is not None:
        yield run
