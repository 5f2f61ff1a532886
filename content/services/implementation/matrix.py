"""What became of it: recommendations and tasks from decisions × the seventeen members. Reads editions only.

A measure is an adopted recommendation, or a clause of a decision that an editor confirmed as a task. Each member it asks
has a cell: what it reported, when, with what evidence, who has the turn, and whether it reuses the services that help.
A report fades to „nicht bestätigt“ when nobody wrote anything for `FADES_AFTER`: that is computed for the day asked.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from content.council import due
from content.council.laender import CODES, LAENDER, code_of, members_of, name_of
from content.services.browsing import coverage, market
from content.services.browsing.browse import Reader

FADES_AFTER: Final = dt.timedelta(days=180)
SECRETARIAT: Final = "Geschäftsstelle"
OTHERS: Final = "andere"
"""Those who are asked and are no members, in sums and as a choice."""
TRACKED: Final = frozenset({"adopted", "implementing", "implemented"})
DONE: Final = frozenset({"done", "not_applicable"})
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "open": "offen",
        "planned": "geplant",
        "running": "läuft",
        "done": "umgesetzt",
        "not_applicable": "entfällt",
        "unconfirmed": "nicht bestätigt",
    }
)
RANK: Final[Mapping[str, int]] = MappingProxyType(
    {state: rank for rank, state in enumerate(("ended", "interest", "negotiation", "ordered", "contract", "live"))}
)
"""Of several offers of one item the state that is furthest counts."""
TURNS: Final[Mapping[str, str]] = MappingProxyType({"member": "das Mitglied", "office": "die Geschäftsstelle"})
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"recommendation": "Empfehlung", "task": "Auftrag aus einem Beschluss"}
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one member, or another who is asked, has of one measure. `code`: of a member, else the name. `state` as shown on the day; `reported` as it was written last."""

    code: str
    state: str
    reported: str
    date: str | None
    evidence: str | None
    note: str
    reported_at: str | None
    confirmed_at: str | None
    reviewer: str | None
    """Who confirmed what was reported."""
    is_overdue: bool
    services_live: int
    services: int

    @property
    def name(self) -> str:
        """The member's name."""
        return name_of(self.code)

    @property
    def turn(self) -> str:
        """Whose turn it is: the member, the secretariat, or nobody (empty)."""
        if self.reported in DONE:
            return "" if self.confirmed_at and self.state != "unconfirmed" else SECRETARIAT
        return self.name

    @property
    def turn_kind(self) -> str:
        """The key of `TURNS` that `turn` belongs to, or empty."""
        return {"": "", SECRETARIAT: "office"}.get(self.turn, "member")


@dataclass(frozen=True, slots=True)
class Measure:
    """One row: what is asked of whom by when. `others` are addressees that are no members."""

    kind: str
    url: str
    title: str
    number: str
    due: str
    due_date: dt.date | None
    others: tuple[str, ...]
    services: tuple[tuple[str, str], ...]
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All measures on a day, with sums."""

    day: dt.date
    measures: tuple[Measure, ...]

    @property
    def cells(self) -> tuple[tuple[Measure, Cell], ...]:
        """Every cell with its measure, row by row: members first, then the others it asks."""
        return tuple(
            (measure, measure.cells[code])
            for measure in self.measures
            for code in (*CODES, *measure.others)
            if code in measure.cells
        )

    @property
    def asked_others(self) -> tuple[tuple[Measure, Cell], ...]:
        """The cells of those who are no members (FITKO, working groups)."""
        return tuple(row for row in self.cells if row[1].code not in LAENDER)

    @property
    def of_members(self) -> tuple[Measure, ...]:
        """The measures that ask at least one member."""
        return tuple(measure for measure in self.measures if any(code in LAENDER for code in measure.cells))

    @property
    def totals(self) -> Mapping[str, int]:
        """State → number of cells, and how many are overdue."""
        counted = Counter(cell.state for _, cell in self.cells)
        return {
            **{state: counted[state] for state in STATES},
            "overdue": sum(cell.is_overdue for _, cell in self.cells),
            "all": len(self.cells),
        }

    @property
    def by_member(self) -> Mapping[str, Mapping[str, int]]:
        """Code (or `OTHERS`) → state → number of cells."""
        counted = Counter((_group(cell), cell.state) for _, cell in self.cells)
        return {code: {state: counted[code, state] for state in STATES} for code in (*CODES, OTHERS)}

    @property
    def by_turn(self) -> Mapping[str, tuple[int, int]]:
        """Code (or the secretariat) → (cells that wait for it, of these overdue)."""
        waiting = Counter(_turn_code(cell) for _, cell in self.cells if cell.turn)
        late = Counter(_turn_code(cell) for _, cell in self.cells if cell.turn and cell.is_overdue)
        return {code: (waiting[code], late[code]) for code in (*CODES, OTHERS, SECRETARIAT)}


def _turn_code(cell: Cell) -> str:
    return SECRETARIAT if cell.turn == SECRETARIAT else _group(cell)


def _group(cell: Cell) -> str:
    return cell.code if cell.code in LAENDER else OTHERS


def matrix(reader: Reader) -> Matrix:
    """Every measure at the reader's moment."""
    day = coverage.today(reader)
    return reader.remembered(("matrix", day), lambda: Matrix(day, tuple(_measures(reader, day, *_reuse(reader, day)))))


def plain(reader: Reader) -> Matrix:
    """The same without the services that help: quick enough to ask of many days."""
    day = coverage.today(reader)
    return Matrix(day, tuple(_measures(reader, day, {"titles": {}}, set())))


def of_member(reader: Reader, code: str) -> Matrix:
    """The measures that ask one member."""
    return reader.remembered(("matrix of", coverage.today(reader), code), lambda: chosen(matrix(reader), member=code))


def reuse_of(reader: Reader, code: str) -> tuple[tuple[str, str, str, int], ...]:
    """(address, title, own state or empty, communes live) of each item that a Land or its communes reuse, by title."""
    return reader.remembered(("reuse of", coverage.today(reader), code), lambda: _reuse_of(reader, code))


def _reuse_of(reader: Reader, code: str) -> tuple[tuple[str, str, str, int], ...]:
    day = coverage.today(reader).isoformat()
    titles = {row.url: row.title for row in market.entries(reader)}
    own: dict[str, str] = {}
    communes: dict[str, set[str]] = {}
    for fact in coverage.facts(reader):
        state = fact.state_on(day) if fact.land == code and fact.item in titles else None
        if state is not None and fact.buyer_kind == "land":
            own[fact.item] = max(own.get(fact.item, ""), state, key=lambda name: RANK.get(name, -1))
        elif state == "live":
            communes.setdefault(fact.item, set()).add(fact.buyer)
    rows = [(url, titles[url], own.get(url, ""), len(communes.get(url, ()))) for url in own.keys() | communes.keys()]
    return tuple(sorted(rows, key=lambda row: (row[1], row[0])))


def chosen(
    full: Matrix, *, kind: str = "", member: str = "", state: str = "", turn: str = "", is_overdue: bool = False
) -> Matrix:
    """The part of `full` that fits every filter; a measure without a fitting cell is left out."""
    rows = []
    for measure in full.measures:
        if kind and measure.kind != kind:
            continue
        cells = {
            code: cell
            for code, cell in measure.cells.items()
            if member in {"", code, OTHERS if code not in LAENDER else code}
            and state in {"", cell.state}
            and turn in {"", cell.turn_kind}
            and (cell.is_overdue or not is_overdue)
        }
        if cells:
            rows.append(
                Measure(
                    measure.kind,
                    measure.url,
                    measure.title,
                    measure.number,
                    measure.due,
                    measure.due_date,
                    measure.others,
                    measure.services,
                    cells,
                )
            )
    return Matrix(full.day, tuple(rows))


def _reuse(reader: Reader, day: dt.date) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    """The items that help with what, and (item, Land) where one is live."""
    live = {
        (fact.item, fact.land)
        for fact in coverage.facts(reader)
        if fact.buyer_kind == "land" and fact.state_on(day.isoformat()) == "live"
    }
    return _services(reader), live


def _measures(
    reader: Reader, day: dt.date, helping: Mapping[str, Any], live: set[tuple[str, str]]
) -> Iterable[Measure]:
    meetings = {row.url: row.date for row in reader.meeting_days()}
    for row in market.documents(reader, "recommendation"):
        data = row.data
        if data["state"] in TRACKED:
            codes, others = members_of(data["addressees"])
            told = {
                one.get("code") or code_of(one["addressee"]) or one["addressee"]: one
                for one in data.get("implementation", ())
            }
            services = _distinct(
                [*helping.get(row.url, ()), *((url, "") for url in data["market_items"])], helping["titles"]
            )
            yield _measure(
                "recommendation",
                row.url,
                row.title,
                data["number"] or "",
                data["due"] or "",
                _due_day(data, meetings),
                codes,
                others,
                told,
                services,
                live,
                day,
            )
    for asking in reader.of_editions("decision", _asking):
        by_anchor: dict[str, list[Mapping[str, Any]]] = {}
        for one in asking.tasks:
            by_anchor.setdefault(one["anchor"], []).append(one)
        for anchor, tasks in by_anchor.items():
            codes, others = members_of([one["addressee"] for one in tasks])
            told = {code: one for one in tasks for code in members_of([one["addressee"]])[0] or (one["addressee"],)}
            due = tasks[0]["due_meeting"]
            yield _measure(
                "task",
                f"{asking.url}#{anchor}",
                f"{asking.title}: {tasks[0]['label']}",
                asking.number,
                f"zur {tasks[0]['due_label']}" if tasks[0]["due_label"] else "",
                meetings.get(due) if due else None,
                codes,
                others,
                told,
                _distinct(helping.get(asking.url, ()), helping["titles"]),
                live,
                day,
            )


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is kept of a decision: its confirmed tasks."""

    url: str
    title: str
    number: str
    tasks: tuple[Mapping[str, Any], ...]


def _asking(row: Any, data: Mapping[str, Any]) -> _Asking:
    return _Asking(row.url, row.title, data["number"] or "", tuple(data.get("tasks", ())))


def _measure(
    kind: str,
    url: str,
    title: str,
    number: str,
    due: str,
    due_date: dt.date | None,
    codes: tuple[str, ...],
    others: tuple[str, ...],
    told: Mapping[str, Mapping[str, Any]],
    services: tuple[tuple[str, str], ...],
    live: set[tuple[str, str]],
    day: dt.date,
) -> Measure:
    cells = {}
    for code in (*codes, *others):
        one = told.get(code, {})
        reported = one.get("state") or "open"
        cells[code] = Cell(
            code=code,
            state="unconfirmed" if is_faded(one, day) else reported,
            reported=reported,
            date=one.get("date"),
            evidence=_evidence(one),
            note=one.get("note") or "",
            reported_at=_iso_day(one.get("reported_at")),
            confirmed_at=_iso_day(one.get("confirmed_at")),
            reviewer=(one.get("confirmed_by") or SECRETARIAT) if one.get("confirmed_at") else None,
            is_overdue=due_date is not None and due_date < day and reported not in DONE,
            services_live=sum((item, code) in live for item, _ in services),
            services=len(services),
        )
    return Measure(kind, url, title, number, due, due_date, others, services, cells)


def _evidence(told: Mapping[str, Any]) -> str | None:
    """The address of the evidence: what was named, else the file that was handed in."""
    file = told.get("file")
    return told.get("evidence") or (f"/datei/{file['sha256']}/{file['file_name']}" if file else None)


def is_faded(told: Mapping[str, Any], day: dt.date) -> bool:
    """Whether nobody wrote anything to this report for so long before `day` that it no longer counts as known."""
    written = [at for name in ("reported_at", "confirmed_at") if (at := _iso_day(told.get(name)))]
    return bool(written) and dt.date.fromisoformat(max(written)) + FADES_AFTER < day


def _iso_day(moment: str | None) -> str | None:
    """The day of an instant or day in ISO form."""
    return moment[:10] if moment else None


def _due_day(data: Mapping[str, Any], meetings: Mapping[str, dt.date | None]) -> dt.date | None:
    """The day that is due: of the session, where one is named, as soon as it has a day."""
    return meetings.get(data["due_meeting"]) if data.get("due_meeting") else due.day_in(data["due"])


def _services(reader: Reader) -> dict[str, Any]:
    """Address of a recommendation or decision → the items (address, title) that name it; `titles` of every item."""
    found: dict[str, Any] = {"titles": {}}
    for row in market.documents(reader, "market_item"):
        found["titles"][row.url] = row.title
        for url in (*row.data["decisions"], *row.data["recommendations"]):
            found.setdefault(url, []).append((row.url, row.title))
    return found


def _distinct(services: Iterable[tuple[str, str]], titles: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((url, titles[url]) for url in dict.fromkeys(url for url, _ in services) if url in titles)
