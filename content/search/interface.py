"""What the portal asks of a search engine, in units and errors; engines are interchangeable behind it.

Who does what. `indexing.indexed` makes the terms of a document and `planning` the terms of a question: both are pure
and the same for every engine. An engine only keeps postings (term → documents, per `Field`, with places and how often),
filters and dates, carries out a `Query` mechanically and ranks by `ranking`. It knows no German, keeps no text and marks
nothing: `finding` marks words, tells why, and counts on the ids that an engine answers with.

An engine is a cache of the public editions: `stored` tells what it holds, so that `joined.reconcile` can mend it. It
holds the editions that are public now *and* those that were public once and were not withdrawn, each with the time in
which it was valid: that answers questions about a past day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sqlalchemy.engine import Connection


class SearchError(Exception):
    """The engine cannot answer."""


class IndexBusy(SearchError):  # noqa: N818 - named for the situation
    """Another writer holds the index longer than we wait."""


class IndexDamaged(SearchError):  # noqa: N818 - named for the situation
    """The index cannot be read; rebuild it."""


class IndexOutdated(IndexDamaged):
    """Another version has written the index: nothing is damaged, and yet it has to be built anew."""

    def __init__(self) -> None:
        super().__init__("Diese Ausgabe des Portals schreibt ihn in einem anderen Format.")


class Field(StrEnum):
    """Where a term stands. What a hit there weighs says `ranking.FIELD_WEIGHT`."""

    TITLE = "title"
    """The words of the title and the topics; a decision's own number (`#2021/39`)."""
    TEXT = "text"
    """The words of the text; numbers that it mentions."""
    PARTS = "parts"
    """Parts of compound words of title and text (`nachnutz` of „Nachnutzungsmodell“); places are those of the word."""
    FILES = "files"
    """The words inside attached files."""


WORDS = (Field.TITLE, Field.TEXT, Field.FILES)
ANYWHERE = (Field.TITLE, Field.TEXT, Field.PARTS, Field.FILES)

FACETS = ("kind", "year", "body", "meeting", "topic", "addressee", "state")
"""The filters whose values are counted. `clause` (numbers of the clauses a document has) filters, but is not counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document with an address of its own.

    `anchor` may be empty. `number` is a clause's number (`2`, `2a`), else empty. `url` is set where the part does not
    stand on the document's page: the page of an attached file. `is_keyword`: topics and the like, found as well as a title.
    """

    anchor: str
    label: str
    text: str
    number: str = ""
    url: str = ""
    is_keyword: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the words stand in an attached file."""
        return bool(self.url)

    @property
    def field(self) -> Field:
        """Where its words stand."""
        return Field.FILES if self.is_file else Field.TITLE if self.is_keyword else Field.TEXT


@dataclass(frozen=True, slots=True)
class Document:
    """One edition as the search sees it.

    `date` is the day it is sorted by. It is public in `[since, until)` (aware UTC); `until` None: now. `filters` maps
    each name of `FACETS`, and `clause`, to its values. `numbers`: what it bears as its own, a session its address; `names`: what the whole
    of it is called („Onlinezugangsgesetz“, „OZG“).
    """

    edition_id: int
    kind: str
    url: str
    title: str
    numbers: tuple[str, ...]
    date: dt.date
    since: dt.datetime
    until: dt.datetime | None
    filters: Mapping[str, tuple[str, ...]]
    parts: tuple[Part, ...]
    sha256: str
    position: int
    names: tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """Changes whenever the index must be told: text or validity."""
        return stamp(self.sha256, self.until)


def stamp(sha256: str, until: dt.datetime | None) -> str:
    """The stamp of an edition with that hash and end of validity."""
    return f"{sha256}@{until.timestamp():.6f}" if until else sha256


@dataclass(frozen=True, slots=True)
class Option:
    """One way to satisfy a want.

    One term: it stands in one of `fields`; with `is_prefix` any term that begins so (an engine may stop at 100 terms).
    Several terms with `places` (0, 1, 3 …): they stand in one field at these distances. Several without: each stands
    anywhere in `fields`. `implied`: a document with this term in the field has the row, no need to look. `weight` multiplies what a hit is worth. `reason` says in German how it follows from what was
    typed; empty: it is what was typed.
    """

    terms: tuple[str, ...]
    fields: tuple[Field, ...] = WORDS
    weight: float = 1.0
    places: tuple[int, ...] = ()
    is_prefix: bool = False
    reason: str = ""
    implied: str = ""


@dataclass(frozen=True, slots=True)
class Want:
    """One thing to look for: any of its options will do. `typed` are the words of the person."""

    typed: str
    options: tuple[Option, ...]
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What an engine is asked.

    Documents that satisfy at least `at_least` of the wants (None: all; 0: wants only order) and none that is excluded; without wants, all.
    `filters`: one value per name. `first_day`, `last_day`: inclusive bounds of `Document.date`. `moment`: as of that
    instant (aware UTC), None: now. `sort`: `relevance` (ties: newer date, then higher edition id), `newest`, `oldest`
    (ties: by relevance). `facets`: names to count; the values of a name are counted under all filters but its own.
    `limit` None: no rows, only total and counts.
    """

    wants: tuple[Want, ...] = ()
    at_least: int | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    moment: dt.datetime | None = None
    sort: str = "relevance"
    offset: int = 0
    limit: int | None = 20
    facets: tuple[str, ...] = FACETS
    among: frozenset[int] | None = None
    """Only these editions, where given."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an engine answers: (edition id, score) of the rows asked for, in order; scores compare within one answer only.

    `dead`: indexes of wants that no document satisfies, whatever the filters (now and in the past).
    """

    total: int
    rows: tuple[tuple[int, float], ...]
    facets: Mapping[str, Mapping[str, int]]
    dead: frozenset[int] = frozenset()


class Batch(Protocol):
    """Changes that become visible together, or not at all."""

    def put(self, document: Document) -> None:
        """Add the document, or replace the one with this edition id."""

    def remove(self, edition_id: int) -> None:
        """Forget an edition; unknown ones are fine."""

    def commit(self, position: int) -> None:
        """Make the changes visible; `position` is the ledger position they bring the index to."""

    def cancel(self) -> None:
        """Drop the changes."""


class SearchEngine(Protocol):
    """A search engine over editions. Safe between threads."""

    def search(self, query: Query) -> Found:
        """The answer to `query`. Raises `IndexDamaged`."""

    def words(self, limit: int) -> Iterable[tuple[str, int]]:
        """The `limit` commonest words as they are written (`indexing.Indexed.words`), with their number of documents."""

    def written(self, terms: Sequence[str], starts: Sequence[str] = ()) -> Mapping[str, Collection[str]]:
        """Words as texts write them (`indexing.Indexed.written`), each with those of the terms that it has, or its terms that begin with a start.

        Some may stand nowhere any more.
        """

    def position(self) -> int:
        """The ledger position the index stands at (0: empty). Raises `IndexDamaged`."""

    def stored(self) -> Iterator[tuple[int, str]]:
        """(edition id, `Document.stamp`) of every document held. Raises `IndexDamaged`."""

    def damaged(self, *, is_thorough: bool = True) -> frozenset[int]:
        """Editions whose entry is not what was written; not thorough: only what takes no time to tell.

        Raises `IndexDamaged` (message in German) where single ones cannot be told: it must be built anew.
        """

    def batch(self, *, timeout_s: float = 30) -> Batch:
        """Take the writer, waiting at most `timeout_s`. Raises `IndexBusy`."""

    def within(self, connection: Connection, *, timeout_s: float = 30) -> Batch | None:
        """A batch in the transaction of `connection`, where the index lives in that database; else None. Raises `IndexBusy`.

        Its `commit` makes the changes part of the transaction; `cancel` is the transaction's.
        """

    def tidy(self) -> bool:
        """Do what keeps answers fast and need not be done while somebody publishes; whether anything was done."""

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """Build a fresh index beside the running one and swap; searches go on meanwhile. How many documents."""

    def close(self) -> None:
        """Let go of files."""


# --- what a reader gets: made by `content.services.finding`, not by engines ---


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_hit` where it matched."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A marked excerpt of one part, with the address of that part."""

    label: str
    url: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a hit matched: what was typed, the words of the document it met, how (German), and where (German)."""

    typed: str
    words: tuple[str, ...]
    how: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found."""

    edition_id: int
    url: str
    score: float
    title: tuple[Piece, ...]
    snippets: tuple[Snippet, ...]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class WayOn:
    """Another search that an empty or poor answer offers."""

    label: str
    changes: Mapping[str, str]
    """Parameters of the search page to set; an empty value removes one."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a question was understood: filters in force, days in force, and how the question itself says them (`query.Asked.literals`)."""

    filters: Mapping[str, str] = field(default_factory=dict)
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    literals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hits:
    """An answer: total of all pages, hits of this page, counts per facet value, hints in German, ways on."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    hints: tuple[str, ...] = ()
    ways: tuple[WayOn, ...] = ()
    did_you_mean: str = ""
    said: Said = field(default_factory=Said)
