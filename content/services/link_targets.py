"""What an editor can mean to link to, by a number or a few letters: items, clauses of decisions, sections of reports.

Offered is what is public, and of the rest what the person may see. A decision's number stands first, then titles that begin
with the words, then those that hold them. `2021/39 2` and `2021/39 Ziffer 2` mean the second clause.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing.linked import places_of
from content.kinds import KINDS
from content.numbers import SERIAL, SUFFIX
from content.search.lemmas import fold
from content.services.accounts import SignedIn
from content.services.desk import readable
from workflows.publication import GONE

LINKED_KINDS: Final = ("decision", "recommendation", "report", "market_item", "offer")
LIMIT: Final = 12
PLACES: Final = 12
"""So many places are offered of each of the first items."""
MIN_LETTERS: Final = 2
_NUMBER: Final = re.compile(
    rf"\s*(\d{{4}})[/\-]({SERIAL})(-{SUFFIX})?(?:\s*[#,]?\s*(?:Ziffer|Ziff\.?|Nr\.?|z)?\s*(\d{{1,3}}[a-z]?))?\s*\Z", re.IGNORECASE
)
I: Final = models.Item  # noqa: E741 - the one table of this module


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be linked to. `number`: of a decision, else empty."""

    url: str
    anchor: str
    number: str
    kind_label: str
    title: str
    place: str
    is_public: bool

    @property
    def address(self) -> str:
        """The address with the place."""
        return self.url + (f"#{self.anchor}" if self.anchor else "")

    @property
    def words(self) -> str:
        """„Beschluss 2021/39, Ziffer 2: EfA-Marktplatz“."""
        number = f" {self.number}" if self.number else ""
        place = f", {self.place}" if self.place else ""
        return f"{self.kind_label}{number}{place}: {self.title}" + ("" if self.is_public else " (nicht öffentlich)")


def find(session: Session, person: SignedIn, typed: str, kinds: Collection[str] = LINKED_KINDS, *, with_places: bool = False) -> tuple[Target, ...]:
    """What `typed` may mean, best first; nothing for fewer than two letters."""
    words = typed.strip()[:100]
    if len(words) < MIN_LETTERS:
        return ()
    number = _NUMBER.match(words)
    rows = _by_number(session, person, kinds, number) if number else _by_words(session, person, kinds, words)
    found: list[Target] = []
    for row in rows:
        found.append(_target(row))
        if with_places:
            found += _places(row, (number[4] or "").lower() if number else "", "" if number else fold(words))
    if with_places and not number:
        found += _sections(session, person, words, {row.url for row in rows})
    return tuple(found)


def _allowed(person: SignedIn, kinds: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return I.kind.in_(sorted(kinds)), I.publication_state.not_in(GONE), sa.or_(I.publication_state == "published", readable(person))


def _by_number(session: Session, person: SignedIn, kinds: Collection[str], match: re.Match[str]) -> Sequence[models.Item]:
    year, serial, suffix = int(match[1]), match[2].lstrip("0") or "0", (match[3] or "").upper()
    decision = models.Decision
    query = (
        sa.select(decision).where(decision.year == year, decision.number.is_not(None), *_allowed(person, {"decision"} & set(kinds)))
        .order_by(decision.serial, decision.id)
    )
    rows = [row for row in session.scalars(query) if str(row.serial).startswith(serial) and (not suffix or (row.number or "").endswith(suffix))]
    return sorted(rows, key=lambda row: (str(row.serial) != serial, row.serial or 0))[:LIMIT]


def _by_words(session: Session, person: SignedIn, kinds: Collection[str], words: str) -> Sequence[models.Item]:
    folded = fold(words)
    holds = [I.finding.contains(word, autoescape=True) for word in folded.split()[:6]]
    begins = sa.case((I.finding.startswith(folded, autoescape=True), 0), else_=1)
    return session.scalars(sa.select(I).where(*_allowed(person, kinds), *holds).order_by(begins, I.finding, I.id).limit(LIMIT)).all()


def _sections(session: Session, person: SignedIn, words: str, known: Collection[str]) -> Iterator[Target]:
    """Sections by their heading, of reports that were not found themselves."""
    section = models.ReportSection
    query = (
        sa.select(models.Report).where(
            models.Report.id.in_(sa.select(section.report_id).where(section.heading.icontains(words, autoescape=True))), *_allowed(person, {"report"}),
        ).order_by(models.Report.id).limit(LIMIT)
    )
    for report in session.scalars(query):
        if report.url not in known:
            yield from _places(report, "", fold(words))


def _places(row: models.Item, number: str, folded: str) -> list[Target]:
    """The places of an item: with `number` the clauses that begin so; with words those that hold them, else all."""
    places = places_of(row)
    if number:
        places = {anchor: words for anchor, words in places.items() if anchor.removeprefix("z").startswith(number)}
    elif folded:
        holding = {anchor: words for anchor, words in places.items() if folded in fold(words)}
        places = holding or ({} if row.kind == "report" and folded not in row.finding else places)
    return [_target(row, anchor, words) for anchor, words in list(places.items())[:PLACES]]


def _target(row: models.Item, anchor: str = "", place: str = "") -> Target:
    number = (row.number or "") if isinstance(row, models.Decision) else ""
    return Target(row.url, anchor, number, KINDS[row.kind].label, row.title or row.url, place, row.publication_state == "published")
