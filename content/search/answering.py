"""How a question is answered, whatever keeps the postings: sets and sums over all documents at once (`bits`).

A *segment* is a stretch of the index whose documents and postings never change; only which of them are gone does. An
engine says how postings are read (`Segment.read_*`); this module reads each posting once, combines, ranks by `ranking`
and counts. What was read is kept within bounds as long as the segment lives, so that a publication, which adds a small
segment, leaves all else as it was.

Worths are rounded to 1/4096, weights to 1/512, rarities to 1/255 of the greatest: where two documents differ by less, the newer comes first.
"""

from __future__ import annotations

import abc
import datetime as dt
import heapq
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from content.search import bits, ranking
from content.search.bits import Slices
from content.search.interface import Field, Found, Option, Query, Want
from content.search.postings import SCALE, Posting, Worths

MAX_EXPANSIONS: Final = 100
"""A prefix stands for at most so many words."""
MAX_FACTOR: Final = 255
MAX_COORDINATION: Final = 1023
KEPT_POSTINGS_BYTES: Final = 12_000_000
KEPT_WORTHS_BYTES: Final = 32_000_000
_KEPT_MOMENTS: Final = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a segment knows of its documents, one entry each. Times in seconds since 1970; `until` 0: still public."""

    ids: Sequence[int]
    days: Sequence[int]
    since: Sequence[float]
    until: Sequence[float]


class Kept(Generic[T]):
    """What was made, by key, as long as all of it stays below a number of bytes; the longest unused goes first."""

    def __init__(self, limit_bytes: int, size: Callable[[T], int]) -> None:
        self._limit = limit_bytes
        self._size = size
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept for `key`, else what `make` makes. Two threads may make the same at worst."""
        found = self.known(key)
        return self.put(key, make()) if found is None else found

    def known(self, key: Hashable) -> T | None:
        """What is kept for `key`, or None."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        return None

    def put(self, key: Hashable, made: T) -> T:
        """Keep what was made; what was longest unused goes."""
        with self._lock:
            if key not in self._held:
                self._held[key] = made
                self._bytes += self._size(made)
                while self._bytes > self._limit and len(self._held) > 1:
                    _, gone = self._held.popitem(last=False)
                    self._bytes -= self._size(gone)
        return made


def _raise(best: dict[int, int], documents: Sequence[int], worths: Sequence[int]) -> None:
    """Put in what is better than what is there."""
    if not best:
        best.update(zip(documents, worths, strict=True))
        return
    known = best.get
    best.update([pair for pair in zip(documents, worths, strict=True) if pair[1] > known(pair[0], 0)])


class Segment(abc.ABC):
    """Documents and postings that never change. Safe between threads if `read_*` are."""

    def __init__(self, columns: Columns, filters: Mapping[str, Mapping[str, int]]) -> None:
        self.ids, self.days = columns.ids, columns.days
        self._since, self._until = columns.since, columns.until
        self.count = len(self.ids)
        self.filters = filters
        """Name → value → set."""
        everyone = range(self.count)
        self.known = bits.set_of((number for number in everyone if self.ids[number]), self.count)
        self.present = bits.set_of(
            (number for number in everyone if self.ids[number] and not self._until[number]), self.count
        )
        self.day_slices = bits.slices_of(everyone, self.days, self.count)
        self.id_slices = bits.slices_of(everyone, self.ids, self.count)
        self._postings: Kept[Posting] = Kept(KEPT_POSTINGS_BYTES, lambda posting: posting.size_bytes)
        self._worths: Kept[Worths] = Kept(KEPT_WORTHS_BYTES, lambda worths: worths.size_bytes)
        self._moments: Kept[int] = Kept(_KEPT_MOMENTS, lambda _: 1)

    @abc.abstractmethod
    def read_posting(self, field: Field, term: str) -> Posting:
        """The documents in which `term` stands in `field`."""

    @abc.abstractmethod
    def read_expansions(self, field: Field, start: str, limit: int) -> Sequence[str]:
        """The first terms of `field`, in order, that begin with `start`."""

    @abc.abstractmethod
    def read_row(self, field: Field, option: Option, candidates: Sequence[int]) -> Sequence[int]:
        """Those of the candidates, which have all terms of the option in `field`, where they stand at its distances."""

    def prepare(self, wants: Sequence[Want]) -> None:  # noqa: B027 - not every engine can
        """A question with these wants is about to be asked: an engine may read at once what would be read bit by bit."""

    def visible(self, query: Query) -> int:
        """The documents that were public at the moment asked for, within the days asked for."""
        chosen = self.present
        if query.moment is not None:
            moment = query.moment.timestamp()
            chosen = self._moments.get(moment, lambda: self._at(moment))
        if query.among is not None:
            chosen &= bits.set_of(
                (number for number, edition_id in enumerate(self.ids) if edition_id in query.among), self.count
            )
        if query.first_day is not None:
            chosen = bits.at_least(self.day_slices, query.first_day.toordinal(), chosen)
        if query.last_day is not None and query.last_day < dt.date.max:
            chosen &= ~bits.at_least(self.day_slices, query.last_day.toordinal() + 1, chosen)
        return chosen

    def _at(self, moment: float) -> int:
        rows = zip(self._since, self._until, strict=True)
        return self.known & bits.set_of(
            (number for number, (since, until) in enumerate(rows) if since <= moment and not 0 < until <= moment),
            self.count,
        )

    def worths(self, want: Want) -> Worths:
        """What the want is worth in each document."""
        return self._worths.get(want.options, lambda: self._satisfied(want.options))

    def posting(self, field: Field, term: str) -> Posting:
        """The documents in which `term` stands in `field`, read once."""
        return self._postings.get((field, term), lambda: self.read_posting(field, term))

    def _satisfied(self, options: tuple[Option, ...]) -> Worths:
        by_weight: dict[float, list[Posting]] = {}
        for option in options:
            by_weight.setdefault(option.weight, []).extend(self._found(option))
        few: dict[int, int] = {}
        made = Worths()
        for weight, found in by_weight.items():
            many = Worths()
            for one in found:
                if isinstance(one, Worths):
                    many = many.either(one)
                else:
                    _raise(few, one.documents, one.weighed(weight))
            made = made.either(many.weighed(weight))
        return made.either(self._wide(few))

    def _wide(self, few: Mapping[int, int]) -> Worths:
        documents = list(few)
        return (
            Worths(bits.set_of(documents, self.count), bits.slices_of(documents, list(few.values()), self.count))
            if few
            else Worths()
        )

    def _any(self, fields: Iterable[Field], term: str) -> Worths:
        """The documents in which a term stands in some field."""
        few: dict[int, int] = {}
        made = Worths()
        for field in fields:
            one = self.posting(field, term)
            if isinstance(one, Worths):
                made = made.either(one)
            else:
                _raise(few, one.documents, one.worths)
        return made.either(self._wide(few))

    def _found(self, option: Option) -> Iterable[Posting]:
        """What satisfies an option, before its weight."""
        if option.is_prefix:
            for field in option.fields:
                for term in self.read_expansions(field, option.terms[0], MAX_EXPANSIONS):
                    yield self.posting(field, term)
        elif len(option.terms) == 1:
            for field in option.fields:
                yield self.posting(field, option.terms[0])
        elif option.places:
            for field in option.fields:
                yield self._row(field, option)
        else:
            yield self._together(option.fields, option.terms)

    def _together(self, fields: Sequence[Field], terms: Sequence[str]) -> Worths:
        """The documents in which each term stands in some field; the smallest worth counts."""
        made = self._any(fields, terms[0])
        for term in terms[1:]:
            if not made.documents:
                break
            made = made.both(self._any(fields, term))
        return made

    def _row(self, field: Field, option: Option) -> Worths:
        """Documents in which the terms stand at their distances, counted as the rarest of the terms."""
        together = self._together((field,), option.terms)
        sure = together.documents & self._any((field,), option.implied).documents if option.implied else 0
        open_ = list(bits.members(together.documents & ~sure))
        found = sure | (bits.set_of(self.read_row(field, option, open_), self.count) if open_ else 0)
        return Worths(found, bits.only(together.slices, found))


class Snapshot:
    """The index at one moment of its own; answers questions."""

    def __init__(self, segments: Sequence[tuple[Segment, int]]) -> None:
        self._segments = segments
        """Each with the set of its documents that are gone."""
        self.total = sum((segment.known & ~gone).bit_count() for segment, gone in segments)

    def search(self, query: Query) -> Found:
        """See `SearchEngine`."""
        positive = [want for want in query.wants if not want.is_excluded]
        for segment, _ in self._segments:
            segment.prepare(query.wants)
        worths = [[segment.worths(want) for segment, _ in self._segments] for want in positive]
        sizes = [
            sum((one.documents & ~gone).bit_count() for one, (_, gone) in zip(parts, self._segments, strict=True))
            for parts in worths
        ]
        rarities = [ranking.rarity(size, self.total) for size in sizes]
        size_of = {id(want): size for want, size in zip(positive, sizes, strict=True)}
        dead = frozenset(index for index, want in enumerate(query.wants) if size_of.get(id(want), 1) == 0)
        counts: dict[str, dict[str, int]] = {name: {} for name in query.facets}
        rows: list[tuple[tuple[float, ...], int, float]] = []
        total = 0
        for index, (segment, gone) in enumerate(self._segments):
            mine = [parts[index] for parts in worths]
            matching = _matching(segment, mine, query) & ~gone
            allowed = {name: segment.filters.get(name, {}).get(value, 0) for name, value in query.filters.items()}
            if matching:
                _count(segment, matching, allowed, counts)
            hits = matching
            for one in allowed.values():
                hits &= one
            total += hits.bit_count()
            if query.limit is not None and hits:
                rows += _best(segment, hits, mine, rarities, query)
        if query.limit is None:
            return Found(total, (), counts, dead)
        last = query.offset + query.limit
        chosen = (
            heapq.nlargest(last, rows)[query.offset :]
            if len(self._segments) > 1
            else sorted(rows, reverse=True)[query.offset : last]
        )
        return Found(total, tuple((edition_id, score) for _, edition_id, score in chosen), counts, dead)


def _matching(segment: Segment, wanted: Sequence[Worths], query: Query) -> int:
    """The documents that satisfy enough of the wants and none that is excluded."""
    matching = segment.visible(query)
    needed = len(wanted) if query.at_least is None else min(query.at_least, len(wanted))
    if needed == len(wanted):
        for one in wanted:
            matching &= one.documents
    elif needed:
        matching = bits.at_least(bits.count_of(one.documents for one in wanted), needed, matching)
    for want in query.wants:
        if want.is_excluded and matching:
            matching &= ~segment.worths(want).documents
    return matching


def _count(segment: Segment, matching: int, allowed: Mapping[str, int], counts: dict[str, dict[str, int]]) -> None:
    """Count each facet under all filters but its own."""
    for name, values in counts.items():
        counted = matching
        for other, one in allowed.items():
            if other != name:
                counted &= one
        if not counted:
            continue
        for value, having in segment.filters.get(name, {}).items():
            amount = (counted & having).bit_count()
            if amount:
                values[value] = values.get(value, 0) + amount


def _scores(hits: int, wanted: Sequence[Worths], rarities: Sequence[float]) -> tuple[Slices, float]:
    """Each document's score as slices, and what a score of 1 stands for."""
    if not wanted:
        return (), 1.0
    # A word that none of the hits has would only coarsen the others.
    greatest = (
        max((rarity for one, rarity in zip(wanted, rarities, strict=True) if one.documents & hits), default=0.0) or 1.0
    )
    if len(wanted) == 1:
        return bits.only(wanted[0].slices, hits), rarities[0] / SCALE
    made: Slices = ()
    for one, rarity in zip(wanted, rarities, strict=True):
        factor = min(rarity, greatest)
        made = bits.plus(made, bits.times(bits.only(one.slices, hits), round(factor / greatest * MAX_FACTOR)))
    unit = greatest / MAX_FACTOR / SCALE
    satisfied = bits.count_of(one.documents & hits for one in wanted)
    full = bits.equal(satisfied, len(wanted), hits)
    if full == hits:
        return made, unit
    weighed: Slices = ()
    for amount in range(1, len(wanted) + 1):
        among = bits.equal(satisfied, amount, hits)
        if among:
            weighed = bits.plus(
                weighed,
                bits.times(bits.only(made, among), round(ranking.coordination(amount, len(wanted)) * MAX_COORDINATION)),
            )
    return weighed, unit / MAX_COORDINATION


def _by_kind(segment: Segment, hits: int, scores: Slices, unit: float) -> tuple[Slices, float]:
    """The scores weighed by what kind of document it is."""
    weighed: Slices = ()
    rest = hits
    kinds = segment.filters.get("kind", {})
    for kind, weight in ranking.KIND_WEIGHT.items():
        among = hits & kinds.get(kind, 0)
        if among:
            rest &= ~among
            weighed = bits.plus(weighed, bits.times(bits.only(scores, among), weight))
    return bits.plus(weighed, bits.times(bits.only(scores, rest), ranking.KIND_STEPS)), unit / ranking.KIND_STEPS


def _best(
    segment: Segment, hits: int, wanted: Sequence[Worths], rarities: Sequence[float], query: Query
) -> list[tuple[tuple[float, ...], int, float]]:
    """The rows of this segment that can be among those asked for: (sort key, edition id, score)."""
    scores, unit = _by_kind(segment, hits, *_scores(hits, wanted, rarities))
    score, day, number = (
        tuple(reversed(scores)),
        tuple(reversed(segment.day_slices)),
        tuple(reversed(segment.id_slices)),
    )
    orders: dict[str, tuple[int, ...]] = {
        "relevance": (*score, *day, *number),
        "newest": (*day, *score, *number),
        "oldest": (*(~one for one in day), *score, *number),
    }
    wanted_rows = query.offset + (query.limit or 0)
    documents = list(bits.members(bits.highest(hits, orders[query.sort], wanted_rows)))
    found = []
    for document, points in zip(documents, bits.numbers_of(scores, documents), strict=True):
        value, day_number, edition_id = points * unit, segment.days[document], segment.ids[document]
        keys: dict[str, tuple[float, ...]] = {
            "relevance": (value, day_number, edition_id),
            "newest": (day_number, value, edition_id),
            "oldest": (-day_number, value, edition_id),
        }
        found.append((keys[query.sort], edition_id, value))
    return found


def columns_of(rows: Sequence[Any]) -> Columns:
    """The columns from rows of (edition id, day, since, until); what is None is no document."""
    empty = (0, 0, 0.0, 0.0)
    ids, days, since, until = zip(*(row or empty for row in rows), strict=True) if rows else ((), (), (), ())
    return Columns(array("q", ids), array("q", days), array("d", since), array("d", until))
