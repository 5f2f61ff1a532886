"""What the portal asks of a search engine, in units and errors; engines are interchangeable behind it.

Scores are comparable within one answer only. Offsets count characters. Marked text is structured, never HTML. An engine
is a cache of the public editions: `stored` tells what it holds, so that `content.search.joined.reconcile` can mend it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class SearchError(Exception):
    """The engine cannot answer."""


class IndexBusy(SearchError):  # noqa: N818 - named for the situation
    """Another writer holds the index longer than we wait."""


class IndexDamaged(SearchError):  # noqa: N818 - named for the situation
    """The index cannot be read; rebuild it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document with an address of its own (a clause): anchor may be empty."""

    anchor: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One public edition as the search sees it."""

    edition_id: int
    kind: str
    subkind: str
    url: str
    title: str
    numbers: tuple[str, ...]
    body: str
    year: int
    meeting: str
    date: dt.date
    topics: tuple[str, ...]
    parts: tuple[Part, ...]
    sha256: str
    position: int


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: words in a row (phrase), or one word, perhaps as a prefix, perhaps excluded."""

    words: tuple[str, ...]
    is_phrase: bool = False
    is_prefix: bool = False
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question. `number` is normalised (`2021/39`); filters: kind, year, body, meeting, topic. Pages count from 1."""

    raw: str
    terms: tuple[Term, ...] = ()
    number: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    per_page: int = 20
    hints: tuple[str, ...] = ()
    among: frozenset[int] | None = None
    """Only these editions, and only those with all words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_hit` where it matched."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A marked excerpt of one part."""

    anchor: str
    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found."""

    edition_id: int
    url: str
    score: float
    title: tuple[Piece, ...]
    snippets: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """An answer: total of all pages, hits of this page, counts per facet value, hints in German."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    hints: tuple[str, ...] = ()


class Batch(Protocol):
    """Changes that become visible together, or not at all."""

    def put(self, document: Document) -> None:
        """Add or replace the document with this edition id."""

    def remove(self, edition_id: int) -> None:
        """Forget an edition; unknown ones are fine."""

    def commit(self, position: int) -> None:
        """Make the changes visible; `position` is the ledger position they bring the index to."""

    def cancel(self) -> None:
        """Drop the changes."""


class SearchEngine(Protocol):
    """A search engine over public editions."""

    def search(self, query: Query) -> Hits:
        """The answer to `query`. Raises `IndexDamaged`."""

    def position(self) -> int:
        """The ledger position the index stands at (0: empty). Raises `IndexDamaged`."""

    def stored(self) -> Iterator[tuple[int, str]]:
        """(edition id, SHA-256) of every document held. Raises `IndexDamaged`."""

    def batch(self, *, timeout_s: float = 30) -> Batch:
        """Take the writer, waiting at most `timeout_s`. Raises `IndexBusy`."""

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """Build a fresh index beside the running one and swap; searches go on meanwhile. How many documents."""

    def close(self) -> None:
        """Let go of files."""
