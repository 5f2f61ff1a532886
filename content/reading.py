"""Frozen values that the public side hands to its templates.

Everything here is made from editions only, by `content.services.browsing.browse`; a template gets nothing else and asks nothing
else. Words: *stand* is the day as of which a page is read (None: now); *proof* is what the ledger says of an edition.
Dates are `datetime.date` in Berlin time, instants are aware UTC datetimes, HTML is our own sanitised output.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """A public address with the words to show. `url` None: not public (yet), show the words only."""

    label: str
    url: str | None
    hint: str = ""
    date: dt.date | None = None
    """The day of a session, a decision, a release, where it has one."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the ledger says of one edition; the public can check each figure (`/ledger`)."""

    edition: int
    sha256: str
    position: int
    entry_hash: str
    key_id: str
    recorded_at: dt.datetime
    valid_from: dt.datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One edition in the list of versions of an item, newest first."""

    edition: int
    act: str
    note: str | None
    valid_from: dt.datetime
    valid_until: dt.datetime | None
    sha256: str
    position: int
    url: str


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One row of a list: any kind."""

    kind: str
    kind_label: str
    url: str
    title: str
    header: tuple[str, ...]
    date: dt.date | None
    summary: str
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A typed reference, seen from the item shown: outgoing (`theirs` is the target) or incoming (the source)."""

    relation: str
    relation_label: str
    own_anchor: str | None
    own_label: str
    target: Link
    title: str
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """An attachment; `url` None: not public, `reason` says why in German."""

    title: str
    file_name: str
    url: str | None
    media_label: str
    size_label: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The item before and after in the natural order of its kind."""

    previous: Link | None = None
    following: Link | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Both ends of a link that an editor set: the place here (whole where `own` has no address) and the place there."""

    own: Link
    there: Link


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A public page of one item: its edition, what surrounds it, and its proof.

    `data` is the `data` object of the edition document (see docs/editionen.md), `html` its frozen HTML with the
    references that are public at `stand` made into links. `related` maps a German heading to links (e.g. the press
    releases on a decision). `linked` maps the address of each public item named in `data` to its link.
    """

    kind: str
    kind_label: str
    url: str
    title: str
    header: tuple[str, ...]
    html: str
    data: Mapping[str, Any]
    proof: Proof
    versions: tuple[Version, ...]
    is_latest: bool
    linked: Mapping[str, Link] = field(default_factory=dict)
    outgoing: tuple[ReferenceRow, ...] = ()
    incoming: tuple[ReferenceRow, ...] = ()
    stemming: tuple[ReferenceRow, ...] = ()
    """Recommendations that come from a clause or section of this item (`own_anchor`)."""
    attachments: tuple[AttachmentRow, ...] = ()
    neighbours: Neighbours = Neighbours()
    related: Mapping[str, tuple[ListEntry, ...]] = field(default_factory=dict)
    left_out: int = 0
    """How many decisions of a session stand only in the list of decisions."""
    topics: tuple[str, ...] = ()
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    """Address of a related item → the places that links between it and this one name."""
    is_preview: bool = False
    """Nothing of it is public: it has no entry in the ledger, and `proof` says nothing but the number of the edition."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a filter: its count under the other filters, and the address that sets or removes it.

    `url` is None where a form sets the value.
    """

    value: str
    label: str
    count: int
    is_active: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter of a list or of the search, e.g. `jahr` „Jahr“."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Paging:
    """Pages count from 1; `urls` are addresses with all filters kept."""

    page: int
    pages: int
    total: int
    first_url: str | None
    previous_url: str | None
    next_url: str | None
    last_url: str | None


@dataclass(frozen=True, slots=True)
class SortChoice:
    """One way to sort a list."""

    value: str
    label: str
    is_active: bool
    url: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list of one kind with filters, sorting and paging."""

    kind: str
    title: str
    intro: str
    entries: tuple[ListEntry, ...]
    facets: tuple[Facet, ...]
    active: tuple[FacetValue, ...]
    sorts: tuple[SortChoice, ...]
    paging: Paging
    feed_url: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page."""

    meeting: ListEntry | None
    meeting_decisions: tuple[ListEntry, ...]
    decisions: tuple[ListEntry, ...]
    press: tuple[ListEntry, ...]
    totals: tuple[tuple[str, str, int], ...]  # (German label, url of the list, number of public items)
    has_more_decisions: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An item that was public and is no longer (410)."""

    url: str
    title: str
    kind_label: str
    reason: str
    withdrawn_at: dt.datetime
    position: int


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Differences between two editions of one item; `html` holds ins/del with words for screen readers."""

    url: str
    title: str
    kind_label: str
    old: Version
    new: Version
    versions: tuple[Version, ...]
    html: str
    is_equal: bool
    is_side_by_side: bool = False


@dataclass(frozen=True, slots=True)
class SnippetPiece:
    """A stretch of a snippet; `is_hit` words are marked."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One hit: the entry, its title with marks, and marked snippets with the address of their clause."""

    entry: ListEntry
    title: tuple[SnippetPiece, ...]
    snippets: tuple[tuple[str, str, tuple[SnippetPiece, ...]], ...]  # (clause label, url with anchor, pieces)
    why: tuple[str, ...] = ()
    """A sentence per thing asked for."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The search with its result; `query` is what was typed, unchanged."""

    query: str
    hits: tuple[SearchHit, ...]
    facets: tuple[Facet, ...]
    active: tuple[FacetValue, ...]
    sorts: tuple[SortChoice, ...]
    hints: tuple[str, ...]
    paging: Paging
    feed_url: str = ""
    alert_url: str = ""
    ways: tuple[tuple[str, str], ...] = ()
    """(words, address) of other searches to try."""
    picks: tuple[ListEntry, ...] = ()
    """What the desk shows first for this question."""
    suggestions: tuple[tuple[str, str], ...] = ()
    """(words, address) of what the question may become."""
    without_filters_url: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    """(parameter, value) that asking anew keeps: the filters in force."""
    kept_beside_days: tuple[tuple[str, str], ...] = ()
    """(parameter, value) that choosing other days keeps, the question among them."""
    days: tuple[str, ...] = ("", "")
    """First and last day in force, ISO 8601 or empty."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One entry of the public ledger as shown on `/ledger`."""

    position: int
    recorded_at: dt.datetime
    act: str
    act_label: str
    url: str
    title: str
    edition: int
    sha256: str
    hash: str
    note: str | None
    is_of_register: bool = False
    """An act of the register itself, which publishes no edition."""


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """The public ledger, newest entry first."""

    rows: tuple[LedgerRow, ...]
    head_position: int
    head_hash: str
    key_id: str
    paging: Paging


@dataclass(frozen=True, slots=True)
class EmbargoPage:
    """An item before its publication, as one named person may read it. `document`: as it would be frozen, edition 0."""

    kind: str
    kind_label: str
    title: str
    header: tuple[str, ...]
    html: str
    data: Mapping[str, Any]
    linked: Mapping[str, Link]
    document: Mapping[str, Any]
    until: dt.datetime
    is_over: bool
    set_at: dt.datetime
    recipient: str
    organisation: str
    expires_at: dt.datetime
    attachments: tuple[AttachmentRow, ...] = ()
