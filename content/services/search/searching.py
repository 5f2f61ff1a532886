"""Asking: a question as a reader puts it → an answer to show. The search page, feeds, alerts and JSON all ask here.

One walk: `query.read` → `Planner.wants` → engine → where it finds too little: near spellings, then some of the words →
documents of the hits from the database → marks and reasons. The engine answers with ids only.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.council.bodies import Bodies
from content.search import documents
from content.search.fields import read_day
from content.search.german import STOP_WORDS
from content.search.interface import FACETS, Document, Found, Hit, Hits, Query, Said, SearchEngine, Want, WayOn
from content.search.lemmas import fold
from content.search.marking import Marker
from content.search.planning import Planner
from content.search.query import Asked, read
from content.services.base import filetexts
from content.services.base.language import Language

ENOUGH: Final = 5
"""With fewer documents that have all words, those with some of them are shown as well."""
_CLAUSE_CANDIDATES: Final = 400
_TRIED: Final = 5
"""Of completions behind other words, at most so many are tried."""
_E: Final = models.Edition.__table__.c
_ROWS: Final = sa.select(*(_E[name] for name in documents.SHOWN)).where(_E.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Search:
    """A question with everything chosen on the page. Pages count from 1. `strict`: all words, as typed, no near ones."""

    typed: str
    filters: Mapping[str, str] = field(default_factory=dict)
    first_day: str = ""
    last_day: str = ""
    moment: dt.datetime | None = None
    sort: str = "relevance"
    page: int = 1
    per_page: int = 20
    facets: tuple[str, ...] = FACETS
    among: frozenset[int] | None = None
    strict: bool = False


class Searcher:
    """Asks over one connection."""

    def __init__(self, connection: Connection, engine: SearchEngine, language: Language, bodies: Bodies) -> None:
        self._connection = connection
        self._engine = engine
        self._language = language
        self._bodies = bodies
        self._planner: Planner = language.planner(connection)

    def ids(self, search: Search) -> list[int]:
        """The edition ids that a search finds, without anything around them."""
        asked, wants = self._understood(search)
        if not wants and asked.has_words:
            return []
        return [edition_id for edition_id, _ in self._engine.search(self._query(search, asked, wants)).rows]

    def hits(self, search: Search) -> Hits:
        """The answer to `search`. Raises `SearchError`."""
        asked, wants = self._understood(search)
        hints = [*asked.hints, *_day_hints(search)]
        if not wants and asked.has_words:
            hints.append("Alle Wörter der Anfrage sind Füllwörter; danach lässt sich nicht suchen.")
            return Hits(
                0, (), {}, tuple(hints), said=Said(asked.filters, asked.first_day, asked.last_day, asked.literals)
            )
        query = self._query(search, asked, wants)
        found = self._engine.search(query)
        proposal = ""
        if found.dead and asked.has_words and not search.strict:
            wants, proposal = self._mended(search, asked, wants, found, hints)
            query = replace(query, wants=wants)
            found = self._engine.search(query)
        query, found = self._widened(search, query, found, hints)
        clause = asked.clause or asked.filters.get("clause", "")
        marker = Marker(
            wants, self._planner.analysis, self._engine.written, clause=clause, clause_of=asked.number or ""
        )
        found, loaded = self._in_clause(search, asked, query, found, marker, hints)
        if (
            asked.number
            and search.page == 1
            and not any(asked.number in document.numbers for document in loaded.values())
        ):
            hints.append(
                f"Ein Dokument mit der Nummer {asked.number} ist hier nicht öffentlich"
                + ("; gezeigt wird, was sie nennt." if found.total else ".")
            )
        hits = tuple(
            self._hit(edition_id, score, loaded[edition_id], marker)
            for edition_id, score in found.rows
            if edition_id in loaded
        )
        ways = self._ways(asked, query, found) if found.total < ENOUGH else ()
        said = Said(asked.filters, query.first_day, query.last_day, asked.literals)
        return Hits(found.total, hits, found.facets, tuple(dict.fromkeys(hints)), ways, proposal, said)

    def picks(self, typed: str) -> tuple[str, ...]:
        """The addresses that the desk shows first for this question."""
        key = pick_key(typed, self._planner)
        if not key:
            return ()
        table = models.SearchPick.__table__.c
        urls: list[str] | None = self._connection.execute(sa.select(table.urls).where(table.key == key)).scalar()
        return tuple(urls or ())

    def completions(self, typed: str, limit: int = 8) -> list[str]:
        """What the typed beginning may become: glossary terms and titles first, then words of the texts."""
        start = " ".join(typed.split())
        if len(start) < 2:
            return []
        if _BEGUN_NUMBER.fullmatch(start):
            return self._numbers(start.replace("-", "/"))[:limit]
        folded = fold(start)
        names = [entry.title for entry in self._planner.thesaurus.entries.values()]
        names += [entry.abbreviation for entry in self._planner.thesaurus.entries.values() if entry.abbreviation]
        terms = sorted(
            (name for name in names if any(fold(piece).startswith(folded) for piece in (name, *name.split()))),
            key=lambda name: (not fold(name).startswith(folded), len(name)),
        )
        found = self._connection.execute(
            _TITLES, {"like": f"{_escaped(start)}%", "inner": f"% {_escaped(start)}%"}
        ).scalars()
        head, _, last = start.rpartition(" ")
        vocabulary = self._language.vocabulary(self._engine)
        # What nothing begins with may be misspelled already.
        words = vocabulary.beginning(last, limit) or ([] if fold(last) in vocabulary else [*vocabulary.near(last)])
        whole = [f"{head} {word}".strip() for word in words] if last.isalpha() or not head else []
        if head:
            # Two words that stand nowhere together are no suggestion.
            whole = [one for one in whole[:_TRIED] if self.ids(Search(one, per_page=1, facets=(), strict=True))]
        return list({fold(one): one for one in [*terms[:4], *found, *whole]}.values())[:limit]

    def _numbers(self, start: str) -> list[str]:
        """The numbers of public decisions that begin so."""
        found = self._connection.execute(_NUMBERS, {"like": f"/beschluss/%{start}%"})
        numbers = ("/".join(row.url.split("/")[-2:]) + self._bodies.suffix(row.body_slug) for row in found)
        return sorted(number for number in numbers if number.startswith(start))

    def continuations(self, typed: str) -> list[str]:
        """What else may be asked after `typed` was: its completions without other forms of the same words."""
        asked = read(typed, bodies=self._bodies)
        last = typed.rsplit(maxsplit=1)[-1] if typed.split() else ""
        if (
            not asked.groups
            or any(term.is_phrase or term.is_prefix or term.is_excluded for group in asked.groups for term in group)
            or fold(last) in STOP_WORDS
        ):
            return []
        key = self._planner.thesaurus.key(typed)
        return [one for one in self.completions(typed) if self._planner.thesaurus.key(one) != key]

    # --- inside ---

    def _understood(self, search: Search) -> tuple[Asked, tuple[Want, ...]]:
        asked = read(search.typed, bodies=self._bodies, filters=search.filters)
        suffixes = [suffix for suffix in self._bodies.by_suffix if suffix]
        # The same word a hundred times asks nothing more than once.
        wants = {(want.options, want.is_excluded): want for want in self._planner.wants(asked, suffixes)}
        return asked, tuple(wants.values()) or self._planner.leading(asked)

    def _query(self, search: Search, asked: Asked, wants: tuple[Want, ...]) -> Query:
        is_inside = "clause" in asked.filters and asked.has_words
        first, last = read_day(search.first_day, is_last=False), read_day(search.last_day, is_last=True)
        if first and last and first > last:
            first, last = read_day(search.last_day, is_last=False), read_day(search.first_day, is_last=True)
        return Query(
            wants=wants,
            at_least=None if asked.has_words else 0,
            filters=asked.filters,
            first_day=asked.first_day or first,
            last_day=asked.last_day or last,
            moment=search.moment,
            sort=search.sort,
            offset=0 if is_inside else (max(search.page, 1) - 1) * search.per_page,
            limit=_CLAUSE_CANDIDATES if is_inside else search.per_page,
            facets=search.facets,
            among=search.among,
        )

    def _mended(
        self, search: Search, asked: Asked, wants: tuple[Want, ...], found: Found, hints: list[str]
    ) -> tuple[tuple[Want, ...], str]:
        """The wants of the question as it is probably meant, and that question, where words occur in no document."""
        vocabulary = self._language.vocabulary(self._engine)
        dead = [wants[index].typed for index in sorted(found.dead) if not wants[index].is_excluded]
        cuts = {word: cut for word in dead if word.isalpha() and (cut := vocabulary.cut(fold(word)))}
        nearest = {
            word: near for word in dead if word.isalpha() and word not in cuts and (near := vocabulary.near(word))
        }
        meant = asked.raw
        for word, near in nearest.items():
            meant = meant.replace(word, near[0])
            hints.append(f"„{word}“ kommt nicht vor; gesucht wird nach „{near[0]}“.")
        planned = wants
        if meant != asked.raw:
            # Planned anew: only with the word spelled right is „Föderales Informationsmanagement“ seen to be a name.
            planned = self._planner.wants(read(meant, bodies=self._bodies, filters=search.filters))
        others = {near[0]: near[1:] for near in nearest.values()}
        mended = [self._planner.near(want, others[want.typed]) if want.typed in others else want for want in planned]
        mended = [self._planner.apart(want, cuts[want.typed]) if want.typed in cuts else want for want in mended]
        proposal = meant
        for word, cut in cuts.items():
            proposal = proposal.replace(word, " ".join(cut))
        return tuple(mended), proposal if proposal != asked.raw else ""

    def _widened(self, search: Search, query: Query, found: Found, hints: list[str]) -> tuple[Query, Found]:
        positive = sum(not want.is_excluded for want in query.wants)
        if (
            search.strict
            or positive < 2
            or found.total >= ENOUGH
            or "clause" in query.filters
            or search.sort != "relevance"
        ):
            return query, found
        for least in dict.fromkeys((positive - 1, (positive + 1) // 2, 1)):
            wider = replace(query, at_least=least)
            more = self._engine.search(wider)
            if more.total > found.total and (more.total >= ENOUGH or least == 1):
                some = (
                    "Kein Dokument enthält alle Wörter"
                    if not found.total
                    else "Nur die ersten Treffer enthalten alle Wörter"
                )
                hints.append(f"{some}; gezeigt wird auch, was die meisten davon enthält.")
                return wider, more
        return query, found

    def _in_clause(
        self, search: Search, asked: Asked, query: Query, found: Found, marker: Marker, hints: list[str]
    ) -> tuple[Found, dict[int, Document]]:
        """The hits of the page with their documents; with `ziffer:` only those that match inside that clause."""
        loaded = self._documents([edition_id for edition_id, _ in found.rows])
        if "clause" not in asked.filters or not asked.has_words:
            return found, loaded
        rows = [row for row in found.rows if row[0] in loaded and marker.satisfies_in_clause(loaded[row[0]])]
        if found.total > _CLAUSE_CANDIDATES:
            hints.append(
                f"Die Ziffer wurde in den ersten {_CLAUSE_CANDIDATES} Treffern gesucht; weitere Wörter grenzen ein."
            )
        start = (max(search.page, 1) - 1) * search.per_page
        return Found(len(rows), tuple(rows[start : start + search.per_page]), {}, found.dead), loaded

    def _documents(self, edition_ids: Sequence[int]) -> dict[int, Document]:
        # An edition never changes; whether it may still be shown is asked where it is shown.
        kept = self._language.documents
        found = {edition_id: document for edition_id in edition_ids if (document := kept.known(edition_id)) is not None}
        missing = [edition_id for edition_id in edition_ids if edition_id not in found]
        if missing:
            pages = filetexts.reader(self._connection)
            for row in self._connection.execute(_ROWS, {"ids": missing}).all():
                if not row.is_withdrawn:
                    found[row.id] = kept.put(row.id, documents.to_show(row, pages))
        return found

    def _hit(self, edition_id: int, score: float, document: Document, marker: Marker) -> Hit:
        marked = marker.marked(document)
        reasons = marked.reasons or marker.untold()
        return Hit(edition_id, document.url, score, marked.title, marked.snippets, reasons)

    def _ways(self, asked: Asked, query: Query, found: Found) -> tuple[WayOn, ...]:
        """Other searches that do find something, and more than this one."""
        plain = replace(query, limit=None, offset=0, facets=(), sort="relevance")

        def finds(other: Query) -> bool:
            return self._engine.search(other).total > found.total

        ways: list[WayOn] = []
        if (
            (query.filters or query.first_day or query.last_day)
            and asked.has_words
            and finds(replace(plain, filters={}, first_day=None, last_day=None))
        ):
            ways.append(WayOn("Ohne Filter suchen", {"": ""}))
        wants = [want for want in query.wants if not want.is_excluded]
        if len(wants) > 1 and not found.total:
            alone = [want for want in wants[:4] if finds(replace(plain, wants=(want,), at_least=None))]
            if len(alone) > 1:
                ways.append(WayOn("Eines der Wörter genügt", {"q": " ODER ".join(want.typed for want in alone)}))
            ways += [WayOn(f"Nur nach „{want.typed.strip('„“')}“ suchen", {"q": want.typed}) for want in alone]
        return tuple(ways)


def _day_hints(search: Search) -> list[str]:
    given = [("von", search.first_day, False), ("bis", search.last_day, True)]
    wrong = [
        f"„{name}={value[:30]}“ ist kein Datum und wurde übergangen. Erwartet wird etwa 29.10.2021 oder 2021."
        for name, value, is_last in given
        if value and read_day(value, is_last=is_last) is None
    ]
    first, last = read_day(search.first_day, is_last=False), read_day(search.last_day, is_last=True)
    return wrong + (
        ["Anfang und Ende des Zeitraums waren vertauscht; gesucht wird dazwischen."]
        if first and last and first > last
        else []
    )


def pick_key(typed: str, planner: Planner) -> str:
    """What makes two questions the same for the desk's picks: their stems."""
    return " ".join(planner.thesaurus.key(typed))[:300]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_BEGUN_NUMBER: Final = re.compile(r"(?:19|20)\d\d[/-]\d{0,3}")
_NUMBERS: Final = (
    sa.select(_E.url, _E.body_slug)
    .where(_E.valid_until.is_(None), _E.kind == "decision", _E.url.like(sa.bindparam("like")))
    .order_by(_E.url)
    .limit(200)
)
_TITLES: Final = (
    sa.select(_E.title)
    .where(
        _E.valid_until.is_(None),
        _E.kind.in_(("decision", "recommendation", "market_item", "report", "term", "organisation")),
        sa.or_(_E.title.ilike(sa.bindparam("like"), escape="\\"), _E.title.ilike(sa.bindparam("inner"), escape="\\")),
    )
    .order_by(sa.func.length(_E.title), _E.title)
    .limit(5)
)
