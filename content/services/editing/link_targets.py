"""What an editor can mean to link to, by a number or a few letters: items, clauses of decisions, sections of reports.

Offered is what is public, and of the rest what the person may see. A decision's number stands first, then titles that begin
with the words, then those that hold them. `2021/39 2` and `2021/39 Ziffer 2` mean the second clause.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.numbers import SERIAL, SUFFIX
from content.freezing.common import sort_key
from content.freezing.linked import places_of, public_places
from content.kinds import KINDS
from content.models.item import finding_words
from content.search.lemmas import fold
from content.services.accounts.accounts import SignedIn
from content.services.base import rights
from workflows.publication import GONE

LINKED_KINDS: Final = ("decision", "recommendation", "report", "market_item", "offer")
LIMIT: Final = 12
PLACES: Final = 12
"""So many places are offered of each of the first items."""
MIN_LETTERS: Final = 2
_NUMBER: Final = re.compile(
    rf"\s*(\d{{4}})[/\-]({SERIAL})(-{SUFFIX})?(?:\s*[#,]?\s*(?:Ziffer|Ziff\.?|Nr\.?|z)?\s*(\d{{1,3}}[a-z]?))?\s*\Z",
    re.IGNORECASE,
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


def find(
    session: Session, person: SignedIn, typed: str, kinds: Collection[str] = LINKED_KINDS, *, with_places: bool = False
) -> tuple[Target, ...]:
    """What `typed` may mean, best first; nothing for fewer than two letters."""
    words = typed.strip()[:100]
    if len(words) < MIN_LETTERS:
        return ()
    number = _NUMBER.match(words)
    rows = _by_number(session, person, kinds, number) if number else _by_words(session, person, kinds, words)
    found: list[Target] = []
    eyes = _Eyes(session, person, rows)
    for row in rows:
        found.append(eyes.target(row))
        if with_places:
            found += _places(eyes, row, (number[4] or "").lower() if number else "", "" if number else fold(words))
    if with_places and not number:
        found += _sections(session, person, words, {row.url for row in rows})
    return tuple(found)


class _Eyes:
    """What a person sees of `rows`: titles and places as they stand where they may see that, else as they are published."""

    def __init__(self, session: Session, person: SignedIn, rows: Sequence[models.Item]) -> None:
        self._session, self._grants = session, person.grants
        self._titles = rights.titles(session, person.grants, rows)

    def target(self, row: models.Item, anchor: str = "", place: str = "") -> Target:
        """`row`, or a place in it, as something to link to."""
        number = (row.number or "") if isinstance(row, models.Decision) else ""
        title = self._titles[row.id] or row.url
        return Target(
            row.url, anchor, number, KINDS[row.kind].label, title, place, row.publication_state == "published"
        )

    def places(self, row: models.Item) -> Mapping[str, str]:
        """Anchor → words, of the places of `row`."""
        return places_of(row) if rights.may_see(self._grants, row) else public_places(self._session, row)

    def has_in_title(self, row: models.Item, folded: str) -> bool:
        """Whether the title, or the address, holds these folded words."""
        return folded in finding_words(self._titles[row.id], row.url)


def _allowed(person: SignedIn, kinds: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return I.kind.in_(sorted(kinds)), I.publication_state.not_in(GONE), rights.listed(person.grants)


def _by_number(
    session: Session, person: SignedIn, kinds: Collection[str], match: re.Match[str]
) -> Sequence[models.Item]:
    year, serial, suffix = int(match[1]), match[2].lstrip("0") or "0", (match[3] or "").upper()
    decision = models.Decision
    query = (
        sa.select(decision)
        .where(decision.year == year, decision.number.is_not(None), *_allowed(person, {"decision"} & set(kinds)))
        .order_by(decision.serial, decision.id)
    )
    rows = [
        row
        for row in session.scalars(query)
        if str(row.serial).startswith(serial) and (not suffix or (row.number or "").endswith(suffix))
    ]
    return sorted(rows, key=lambda row: (str(row.serial) != serial, row.serial or 0))[:LIMIT]


def _by_words(session: Session, person: SignedIn, kinds: Collection[str], words: str) -> Sequence[models.Item]:
    folded = fold(words)
    holds = [_holds(person, word) for word in words.split()[:6]]
    begins = sa.case((I.finding.startswith(folded, autoescape=True), 0), else_=1)
    return session.scalars(
        sa.select(I).where(*_allowed(person, kinds), *holds).order_by(begins, I.finding, I.id).limit(LIMIT)
    ).all()


def _holds(person: SignedIn, word: str) -> sa.ColumnElement[bool]:
    """Whether what the person sees of an item's title and address holds a word."""
    edition = models.Edition
    public = sa.exists().where(
        edition.item_id == I.id,
        edition.valid_until.is_(None),
        edition.sort_title.contains(sort_key(word) or word, autoescape=True),
    )
    is_seen = rights.sees(person.grants)
    return sa.or_(
        sa.and_(is_seen, I.finding.contains(fold(word), autoescape=True)),
        sa.and_(sa.not_(is_seen), sa.or_(public, I.url.icontains(word, autoescape=True))),
    )


def _sections(session: Session, person: SignedIn, words: str, known: Collection[str]) -> Iterator[Target]:
    """Sections by their heading, of reports that were not found themselves."""
    section, edition = models.ReportSection, models.Edition
    public = sa.select(edition.item_id).where(
        edition.kind == "report",
        edition.valid_until.is_(None),
        edition.document.icontains(words, autoescape=True),
    )
    written = sa.select(section.report_id).where(section.heading.icontains(words, autoescape=True))
    is_seen = rights.sees(person.grants)
    holding = sa.or_(
        sa.and_(is_seen, models.Report.id.in_(written)), sa.and_(sa.not_(is_seen), models.Report.id.in_(public))
    )
    # What is published holds the words anywhere, so more reports are looked into than are shown.
    query = (
        sa.select(models.Report)
        .where(holding, *_allowed(person, {"report"}))
        .order_by(models.Report.id)
        .limit(4 * LIMIT)
    )
    rows = [report for report in session.scalars(query) if report.url not in known]
    eyes = _Eyes(session, person, rows)
    for report in rows:
        yield from _places(eyes, report, "", fold(words))


def _places(eyes: _Eyes, row: models.Item, number: str, folded: str) -> list[Target]:
    """The places of an item: with `number` the clauses that begin so; with words those that hold them, else all."""
    places = dict(eyes.places(row))
    if number:
        places = {anchor: words for anchor, words in places.items() if anchor.removeprefix("z").startswith(number)}
    elif folded:
        holding = {anchor: words for anchor, words in places.items() if folded in fold(words)}
        places = holding or ({} if row.kind == "report" and not eyes.has_in_title(row, folded) else places)
    return [eyes.target(row, anchor, words) for anchor, words in list(places.items())[:PLACES]]
