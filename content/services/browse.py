"""Queries of the public side. They read editions and the ledger only, never a working row.

A `Reader` looks at one moment: now (`stand` None) or the end of a past day in Berlin. Every method is a few indexed
statements whose cost does not grow with the number of items; counts of unfiltered lists come from the tally.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import facets, markup, models, reading, wording
from content.clauses import Relation
from content.diff import compare_html
from content.kinds import KINDS, PATHS

AnyRow = Any
"""A row of a statement; its columns are known from the statement, not from a type."""

Statement = Any

BERLIN: Final = ZoneInfo("Europe/Berlin")
PER_PAGE: Final = 25
MAX_PAGE: Final = 100_000
FACET_VALUES: Final = 30
"""At most so many values of a facet are offered; the others are reached through the search."""

_E: Final = models.Edition.__table__.c
_F: Final = models.EditionFacet.__table__.c
_R: Final = models.EditionReference.__table__.c
_L: Final = models.LedgerEntry.__table__.c
_T: Final = models.Tally.__table__.c
_EDITION: Final = models.Edition.__table__
_LIGHT: Final = (_E.id, _E.kind, _E.url, _E.title, _E.header, _E.date, _E.summary)
_BIND_STAND: Final = sa.bindparam("stand", type_=models.Edition.__table__.c.valid_from.type)

SORTS: Final[Mapping[str, tuple[str, tuple[sa.ColumnElement[Any], ...]]]] = {
    "neu": ("Neueste zuerst", (_E.sort_date.desc(), _E.serial.desc(), _E.id.desc())),
    "alt": ("Älteste zuerst", (_E.sort_date.asc(), _E.serial.asc(), _E.id.asc())),
    "titel": ("Titel A–Z", (_E.sort_title.asc(), _E.id.asc())),
}
DEFAULT_SORT: Final[Mapping[str, str]] = {"term": "titel", "organisation": "titel", "body": "titel"}


def end_of_day(day: dt.date) -> dt.datetime:
    """The first instant after `day` in Berlin, less a microsecond: what was public then counts for that day."""
    following = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), BERLIN)
    return following.astimezone(dt.UTC) - dt.timedelta(microseconds=1)


def _visible(is_now: bool) -> sa.ColumnElement[bool]:
    if is_now:
        return _E.valid_until.is_(None)
    return sa.and_(
        _E.valid_from <= _BIND_STAND,
        sa.or_(_E.valid_until.is_(None), _E.valid_until > _BIND_STAND),
        _E.is_withdrawn.is_(False),
    )


@dataclass(frozen=True, slots=True)
class _Statements:
    """The statements of a moment, built once: building one costs more than running it."""

    by_url: Statement
    light_by_urls: Statement
    incoming: Statement
    previous_number: Statement
    next_number: Statement
    previous_date: Statement
    next_date: Statement
    of_meeting: Statement


def _statements(is_now: bool) -> _Statements:
    visible = _visible(is_now)
    here = sa.and_(
        visible, _E.kind == sa.bindparam("kind"), _E.body_slug == sa.bindparam("body")
    )
    number = sa.tuple_(_E.year, _E.serial)
    own = sa.tuple_(sa.bindparam("year"), sa.bindparam("serial"))
    beside = sa.and_(visible, _E.kind == sa.bindparam("kind"), _E.url != sa.bindparam("url"))
    day = sa.tuple_(_E.sort_date, _E.id)
    own_day = sa.tuple_(sa.bindparam("sort_date", type_=_E.sort_date.type), sa.bindparam("id"))
    return _Statements(
        by_url=sa.select(_EDITION, _L.hash.label("entry_hash"), _L.line)
        .join_from(_EDITION, models.LedgerEntry.__table__, _L.position == _E.position)
        .where(_E.url == sa.bindparam("url"), visible),
        light_by_urls=sa.select(*_LIGHT).where(_E.url.in_(sa.bindparam("urls", expanding=True)), visible),
        incoming=sa.select(*_LIGHT, _R.relation, _R.from_anchor, _R.from_label, _R.target_anchor, _R.quoted)
        .join_from(models.EditionReference.__table__, _EDITION, _R.edition_id == _E.id)
        .where(_R.target_url == sa.bindparam("url"), visible)
        .order_by(_E.sort_date.desc(), _E.serial.desc(), _R.position)
        .limit(200),
        previous_number=sa.select(_E.url, _E.title, _E.header)
        .where(here, number < own)
        .order_by(_E.year.desc(), _E.serial.desc())
        .limit(1),
        next_number=sa.select(_E.url, _E.title, _E.header)
        .where(here, number > own)
        .order_by(_E.year, _E.serial)
        .limit(1),
        previous_date=sa.select(_E.url, _E.title, _E.header)
        .where(beside, day < own_day)
        .order_by(_E.sort_date.desc(), _E.id.desc())
        .limit(1),
        next_date=sa.select(_E.url, _E.title, _E.header)
        .where(beside, day > own_day)
        .order_by(_E.sort_date, _E.id)
        .limit(1),
        of_meeting=sa.select(*_LIGHT)
        .where(_E.meeting_url == sa.bindparam("url"), _E.kind == sa.bindparam("kind"), visible)
        .order_by(_E.serial, _E.id)
        .limit(200),
    )


_NOW: Final = _statements(is_now=True)
_THEN: Final = _statements(is_now=False)
_VERSIONS: Final = (
    sa.select(_E.id, _E.number, _E.act, _E.note, _E.valid_from, _E.valid_until, _E.sha256, _E.position)
    .where(_E.item_id == sa.bindparam("item_id"), _E.is_withdrawn.is_(False))
    .order_by(_E.number.desc())
)
_ONE_VERSION: Final = (
    sa.select(_EDITION, _L.hash.label("entry_hash"), _L.line)
    .join_from(_EDITION, models.LedgerEntry.__table__, _L.position == _E.position)
    .where(_E.item_id == sa.bindparam("item_id"), _E.number == sa.bindparam("number"), _E.is_withdrawn.is_(False))
)
_LAST_ACT: Final = sa.select(*_L).where(_L.url == sa.bindparam("url")).order_by(_L.position.desc()).limit(1)
_TALLY: Final = sa.select(_T.facet, _T.value, _T.amount).where(_T.kind == sa.bindparam("kind"), _T.amount > 0)
_TOTALS: Final = sa.select(_T.kind, _T.amount).where(_T.facet == "all", _T.value == "all")

ACT_LABELS: Final[Mapping[str, str]] = {
    "publish": "Veröffentlicht",
    "correct": "Berichtigt",
    "withdraw": "Zurückgezogen",
    "republish": "Wieder veröffentlicht",
    "supersede": "Ersetzt",
}

RELATION_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    Relation.CITES: ("nennt", "wird genannt von"),
    Relation.AMENDS: ("ändert", "wird geändert durch"),
    Relation.REPEALS: ("hebt auf", "wird aufgehoben durch"),
    Relation.REPLACES: ("ersetzt", "wird ersetzt durch"),
    Relation.IMPLEMENTS: ("setzt um", "wird umgesetzt durch"),
    Relation.EXTENDS: ("ergänzt", "wird ergänzt durch"),
}
_REFERENCE_KINDS: Final = frozenset({"decision"})
_RELATED_ORDER: Final = ("meeting", "press_release", "report", "recommendation", "market_item")


class Reader:
    """The public side at one moment, over one read-only connection."""

    def __init__(self, connection: Connection, *, stand: dt.date | None = None) -> None:
        self._connection = connection
        self.stand = stand
        self._moment = {} if stand is None else {"stand": end_of_day(stand)}
        self._statements = _NOW if stand is None else _THEN

    # --- one item ---

    def page(self, url: str, *, edition: int | None = None) -> reading.ItemPage | None:
        """The page at `url`, or None where nothing is public there. `edition` asks for an older edition."""
        row = self._run(self._statements.by_url, url=url).first()
        if row is None:
            return None
        shown = row
        if edition is not None and edition != row.number:
            older = self._connection.execute(_ONE_VERSION, {"item_id": row.item_id, "number": edition}).first()
            if older is None or (self._moment and older.valid_from > self._moment["stand"]):
                return None
            shown = older
        return self._item_page(shown, versions=self._versions(row))

    def document(self, url: str, *, edition: int | None = None) -> tuple[str, reading.Proof] | None:
        """The edition document at `url` as its exact canonical JSON, with its proof."""
        row = self._run(self._statements.by_url, url=url).first()
        if row is not None and edition is not None and edition != row.number:
            row = self._connection.execute(_ONE_VERSION, {"item_id": row.item_id, "number": edition}).first()
        return None if row is None else (row.document, _proof(row))

    def compare(self, url: str, old: int, new: int) -> reading.ComparePage | None:
        """The differences between two public editions at `url`, or None."""
        row = self._run(self._statements.by_url, url=url).first()
        if row is None:
            return None
        versions = {version.edition: version for version in self._versions(row)}
        if old not in versions or new not in versions:
            return None
        texts = [self._text(row.item_id, number) for number in (old, new)]
        return reading.ComparePage(
            url=url,
            title=row.title,
            kind_label=KINDS[row.kind].label,
            old=versions[old],
            new=versions[new],
            versions=tuple(versions.values()),
            html=compare_html(*texts),
            is_equal=texts[0] == texts[1],
        )

    def withdrawn(self, url: str) -> reading.Withdrawn | None:
        """What to tell of an item that was public once; nothing of its text or title."""
        last = self._connection.execute(_LAST_ACT, {"url": url}).first()
        if last is None or last.act != "withdraw":
            return None
        kind = KINDS[last.kind]
        return reading.Withdrawn(
            url=url,
            title=f"{kind.label} {url.split('/', 2)[2]}" if last.kind == "decision" else kind.label,
            kind_label=kind.label,
            reason=last.note or "",
            withdrawn_at=last.recorded_at,
            position=last.position,
        )

    def links(self, urls: Iterable[str]) -> dict[str, reading.Link]:
        """The links of those addresses that are public at this moment."""
        wanted = list(dict.fromkeys(urls))
        if not wanted:
            return {}
        rows = self._run(self._statements.light_by_urls, urls=wanted)
        return {row.url: reading.Link(_short_label(row), row.url, row.title) for row in rows}

    # --- lists ---

    def home(self) -> reading.HomePage:
        """The front page: newest session with its decisions, newest decisions, press."""
        meeting = self._newest_meeting()
        return reading.HomePage(
            meeting=meeting,
            meeting_decisions=self._of_meeting(meeting.url, "decision") if meeting else (),
            decisions=self._newest("decision", 8),
            press=self._newest("press_release", 4),
            totals=self._totals(),
        )

    def list_page(
        self, kind: str, *, filters: Mapping[str, str], sort: str | None = None, page: int = 1, per_page: int = PER_PAGE
    ) -> reading.ListPage:
        """A list of `kind`. `filters`: facet name → value; unknown values give an empty list, never an error."""
        rule = KINDS[kind]
        order = sort if sort is not None and sort in SORTS else DEFAULT_SORT.get(kind, "neu")
        conditions = [_E.kind == kind, _visible(self.stand is None), *_filter_conditions(kind, filters)]
        counts = self._counts(kind, filters, conditions)
        total = counts.pop(facets.ALL, 0)
        address = _Address(rule.list_url or "/", kind, filters, sort, self.stand)
        paging = _paging(page, total, per_page, address.page)
        rows = self._connection.execute(
            sa.select(*_LIGHT).where(*conditions).order_by(*SORTS[order][1]).limit(per_page).offset(
                (paging.page - 1) * per_page
            ),
            self._moment,
        )
        shown = tuple(self._facet(facet, counts, kind, filters, address) for facet in facets.of_kind(kind))
        return reading.ListPage(
            kind=kind,
            title=rule.plural,
            intro=rule.intro,
            entries=tuple(_entry(row) for row in rows),
            facets=tuple(facet for facet in shown if facet.values),
            active=tuple(value for facet in shown for value in facet.values if value.is_active),
            sorts=tuple(
                reading.SortChoice(value, label, value == order, address.sort(value))
                for value, (label, _) in SORTS.items()
            ),
            paging=paging,
            feed_url=f"/feeds/{rule.path}.atom",
        )

    def entries(self, urls: Sequence[str]) -> tuple[reading.ListEntry, ...]:
        """List rows of these addresses, in this order; what is not public is left out."""
        if not urls:
            return ()
        rows = {row.url: _entry(row) for row in self._run(self._statements.light_by_urls, urls=list(urls))}
        return tuple(rows[url] for url in urls if url in rows)

    def entries_by_edition(self, edition_ids: Sequence[int]) -> dict[int, reading.ListEntry]:
        """List rows of editions that are public now; a search hit that is not among them is stale."""
        if not edition_ids:
            return {}
        rows = self._connection.execute(
            sa.select(*_LIGHT).where(_E.id.in_(edition_ids), _visible(self.stand is None)), self._moment
        )
        return {row.id: _entry(row) for row in rows}

    def suggestions(self, words: str, limit: int = 5) -> tuple[reading.ListEntry, ...]:
        """Public items whose address resembles `words`: help for a mistyped address."""
        tail = words.strip("/").lower()[-120:]
        kind = PATHS.get(tail.split("/", 1)[0])
        if kind is None:
            return ()
        rows = self._connection.execute(
            sa.select(_E.url).where(_E.kind == kind.name, _visible(self.stand is None)).order_by(*SORTS["neu"][1]).limit(2000),
            self._moment,
        ).scalars()
        return self.entries(difflib.get_close_matches("/" + tail, list(rows), n=limit, cutoff=0.6))

    # --- ledger and feeds ---

    def ledger_page(self, page: int = 1, per_page: int = 50) -> reading.LedgerPage:
        """The ledger, newest entry first. Titles of what was withdrawn are not shown."""
        head = self._connection.execute(sa.select(models.LedgerHead.__table__)).first()
        total = head.position if head else 0
        paging = _paging(page, total, per_page, lambda number: f"/ledger?seite={number}" if number > 1 else "/ledger")
        rows = self._connection.execute(
            sa.select(*_L).order_by(_L.position.desc()).limit(per_page).offset((paging.page - 1) * per_page)
        ).all()
        gone = self._withdrawn_items([row.item_uid for row in rows])
        return reading.LedgerPage(
            rows=tuple(_ledger_row(row, is_gone=row.item_uid in gone) for row in rows),
            head_position=total,
            head_hash=head.hash if head else "",
            key_id=json.loads(rows[0].line)["key_id"] if rows else "",
            paging=paging,
        )

    def newest_published(self, kinds: Sequence[str], limit: int = 40) -> list[tuple[reading.ListEntry, AnyRow]]:
        """What was published or corrected last, for feeds: (list row, edition columns)."""
        rows = self._connection.execute(
            sa.select(*_LIGHT, _E.number, _E.note, _E.act, _E.valid_from, _E.recorded_at, _E.sha256, _E.position)
            .where(_E.kind.in_(kinds), _visible(is_now=True))
            .order_by(_E.valid_from.desc(), _E.position.desc())
            .limit(limit)
        )
        return [(_entry(row), row) for row in rows]

    def sitemap(self, page: int, per_page: int = 5000) -> list[tuple[str, dt.datetime]]:
        """(address, day of last change) of public items, by id; pages count from 1."""
        rows = self._connection.execute(
            sa.select(_E.url, _E.valid_from)
            .where(_visible(is_now=True))
            .order_by(_E.id)
            .limit(per_page)
            .offset((page - 1) * per_page)
        )
        return [(row.url, row.valid_from) for row in rows]

    def total(self) -> int:
        """How many items are public now."""
        return sum(row.amount for row in self._connection.execute(_TOTALS))

    def file(self, sha256: str) -> AnyRow | None:
        """Name and type of a file that some public edition shows, else None."""
        table = models.EditionFile.__table__
        return self._connection.execute(
            sa.select(table.c.file_name, table.c.media_type)
            .join_from(table, _EDITION, table.c.edition_id == _E.id)
            .where(table.c.sha256 == sha256, _E.is_withdrawn.is_(False))
            .limit(1)
        ).first()

    def old_address(self, path: str) -> str | None:
        """Where the content of an earlier site's address lies now."""
        table = models.OldAddress.__table__
        found = self._connection.execute(sa.select(table.c.url).where(table.c.path == path.lower())).scalar()
        return str(found) if found else None

    # --- inside ---

    def _run(self, statement: Statement, **values: Any) -> Any:
        return self._connection.execute(statement, {**values, **self._moment})

    def _item_page(self, row: AnyRow, *, versions: tuple[reading.Version, ...]) -> reading.ItemPage:
        document = json.loads(row.document)
        data = document["data"]
        incoming = self._run(self._statements.incoming, url=row.url).all()
        named = _named_addresses(data)
        live = self.links([*named, *markup.referenced(document["html"])])
        return reading.ItemPage(
            kind=row.kind,
            kind_label=KINDS[row.kind].label,
            url=row.url,
            title=row.title,
            header=tuple(row.header),
            html=markup.link_placeholders(document["html"], live.__contains__),
            data=data,
            proof=_proof(row),
            versions=versions,
            is_latest=not versions or row.number == versions[0].edition,
            linked=live,
            outgoing=_outgoing(data, live),
            incoming=_incoming(incoming),
            attachments=tuple(_attachment(entry) for entry in data.get("attachments", ())),
            neighbours=self._neighbours(row),
            related=self._related(row, incoming, data),
            topics=tuple(data.get("topics", ())),
        )

    def _versions(self, row: AnyRow) -> tuple[reading.Version, ...]:
        rows = self._connection.execute(_VERSIONS, {"item_id": row.item_id})
        moment = self._moment.get("stand")
        return tuple(
            reading.Version(
                edition=version.number,
                act=version.act,
                note=version.note,
                valid_from=version.valid_from,
                valid_until=version.valid_until,
                sha256=version.sha256,
                position=version.position,
                url=f"{row.url}?fassung={version.number}",
            )
            for version in rows
            if moment is None or version.valid_from <= moment
        )

    def _text(self, item_id: int, number: int) -> str:
        row = self._connection.execute(_ONE_VERSION, {"item_id": item_id, "number": number}).one()
        document = json.loads(row.document)
        return f"{document['title']}\n\n{document['text']}"

    def _neighbours(self, row: AnyRow) -> reading.Neighbours:
        if row.kind in {"decision", "meeting"} and row.serial:
            values = {"kind": row.kind, "body": row.body_slug, "year": row.year, "serial": row.serial}
            before, after = self._statements.previous_number, self._statements.next_number
        elif row.kind in {"press_release", "meeting", "report"}:
            values = {"kind": row.kind, "url": row.url, "sort_date": row.sort_date, "id": row.id}
            before, after = self._statements.previous_date, self._statements.next_date
        else:
            return reading.Neighbours()
        return reading.Neighbours(
            previous=_link(self._run(before, **values).first()), following=_link(self._run(after, **values).first())
        )

    def _related(
        self, row: AnyRow, incoming: Sequence[AnyRow], data: Mapping[str, Any]
    ) -> dict[str, tuple[reading.ListEntry, ...]]:
        found: dict[str, dict[str, reading.ListEntry]] = {}
        for source in incoming:
            if source.kind not in _REFERENCE_KINDS:
                found.setdefault(source.kind, {})[source.url] = _entry(source)
        if row.kind == "meeting":
            found = {kind: {entry.url: entry for entry in self._of_meeting(row.url, kind)} for kind in ("decision", "press_release")}
        elif row.kind != "decision":
            urls = [url for url in _named_addresses(data) if url != row.url]
            for entry in self.entries(urls):
                found.setdefault(entry.kind, {})[entry.url] = entry
        return {
            KINDS[kind].plural: tuple(found[kind].values())
            for kind in ("decision", *_RELATED_ORDER)
            if found.get(kind)
        }

    def _of_meeting(self, url: str, kind: str) -> tuple[reading.ListEntry, ...]:
        return tuple(_entry(row) for row in self._run(self._statements.of_meeting, url=url, kind=kind))

    def _newest(self, kind: str, limit: int) -> tuple[reading.ListEntry, ...]:
        statement = (
            sa.select(*_LIGHT)
            .where(_E.kind == kind, _visible(self.stand is None))
            .order_by(*SORTS["neu"][1])
            .limit(limit)
        )
        return tuple(_entry(row) for row in self._connection.execute(statement, self._moment))

    def _newest_meeting(self) -> reading.ListEntry | None:
        statement = (
            sa.select(*_LIGHT)
            .where(_E.kind == "meeting", _E.subkind != "circulation", _visible(self.stand is None))
            .where(_E.body_slug == "it-planungsrat")
            .order_by(*SORTS["neu"][1])
            .limit(1)
        )
        row = self._connection.execute(statement, self._moment).first()
        return _entry(row) if row else None

    def _totals(self) -> tuple[tuple[str, str, int], ...]:
        if self.stand is None:
            amounts = {row.kind: row.amount for row in self._connection.execute(_TOTALS)}
        else:
            counted = self._connection.execute(
                sa.select(_E.kind, sa.func.count()).where(_visible(is_now=False)).group_by(_E.kind), self._moment
            )
            amounts = {row[0]: row[1] for row in counted}
        return tuple(
            (kind.plural, kind.list_url, amounts[kind.name])
            for kind in KINDS.values()
            if kind.list_url and amounts.get(kind.name)
        )

    def _counts(
        self, kind: str, filters: Mapping[str, str], conditions: Sequence[sa.ColumnElement[bool]]
    ) -> dict[tuple[str, str], int]:
        if self.stand is None and not filters:
            rows = self._connection.execute(_TALLY, {"kind": kind})
        else:
            rows = self._connection.execute(
                sa.select(_F.facet, _F.value, sa.func.count())
                .where(_F.edition_id.in_(sa.select(_E.id).where(*conditions)))
                .group_by(_F.facet, _F.value),
                self._moment,
            )
        return {(row[0], row[1]): row[2] for row in rows}

    def _facet(
        self,
        rule: facets.FacetRule,
        counts: Mapping[tuple[str, str], int],
        kind: str,
        filters: Mapping[str, str],
        address: _Address,
    ) -> reading.Facet:
        chosen = filters.get(rule.name)
        values = {value: count for (name, value), count in counts.items() if name == rule.name}
        if chosen is not None:
            values.setdefault(chosen, 0)
        ordered = sorted(values, key=lambda value: _facet_order(rule.name, value, values[value]))[:FACET_VALUES]
        if chosen is not None and chosen not in ordered:
            ordered.append(chosen)
        return reading.Facet(
            name=rule.parameter,
            label=rule.label,
            values=tuple(
                reading.FacetValue(
                    value=value,
                    label=facets.words(rule, kind, value),
                    count=values[value],
                    is_active=value == chosen,
                    url=address.without(rule.name) if value == chosen else address.having(rule.name, value),
                )
                for value in ordered
            ),
        )

    def _withdrawn_items(self, uids: Sequence[str]) -> set[str]:
        if not uids:
            return set()
        last = (
            sa.select(_L.item_uid, sa.func.max(_L.position).label("position"))
            .where(_L.item_uid.in_(set(uids)))
            .group_by(_L.item_uid)
            .subquery()
        )
        rows = self._connection.execute(
            sa.select(_L.item_uid).join_from(models.LedgerEntry.__table__, last, last.c.position == _L.position).where(
                _L.act == "withdraw"
            )
        )
        return {row.item_uid for row in rows}


@dataclass(frozen=True, slots=True)
class _Address:
    """Builds the addresses of a list: everything that is chosen is kept, the page starts over."""

    base: str
    kind: str
    filters: Mapping[str, str]
    chosen_sort: str | None
    stand: dt.date | None

    def page(self, number: int) -> str:
        return self._build(self.filters, self.chosen_sort, number)

    def sort(self, value: str) -> str:
        return self._build(self.filters, value, 1)

    def having(self, name: str, value: str) -> str:
        return self._build({**self.filters, name: value}, self.chosen_sort, 1)

    def without(self, name: str) -> str:
        return self._build({key: value for key, value in self.filters.items() if key != name}, self.chosen_sort, 1)

    def _build(self, filters: Mapping[str, str], sort: str | None, page: int) -> str:
        query = [(rule.parameter, filters[rule.name]) for rule in facets.of_kind(self.kind) if rule.name in filters]
        query += [("sortierung", sort)] if sort else []
        query += [("seite", str(page))] if page > 1 else []
        query += [("stand", self.stand.isoformat())] if self.stand else []
        return f"{self.base}?{urlencode(query)}" if query else self.base


def _filter_conditions(kind: str, filters: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
    return [
        _E.id.in_(sa.select(_F.edition_id).where(_F.kind == kind, _F.facet == name, _F.value == value))
        for name, value in filters.items()
    ]


def _facet_order(name: str, value: str, count: int) -> tuple[Any, ...]:
    """Years and sessions newest first; everything else by count, then by name."""
    if name == "year":
        return (-int(value), "") if value.isascii() and value.isdigit() else (0, value)
    if name == "meeting":
        *_, last = value.rsplit("/", 1)
        return (0, -int(last), value) if last.isdigit() else (1, 0, value)
    return (-count, value)


def _paging(page: int, total: int, per_page: int, url: Callable[[int], str]) -> reading.Paging:
    pages = max(1, math.ceil(total / per_page))
    current = min(max(1, page), pages)
    return reading.Paging(
        page=current,
        pages=pages,
        total=total,
        first_url=url(1) if current > 1 else None,
        previous_url=url(current - 1) if current > 1 else None,
        next_url=url(current + 1) if current < pages else None,
        last_url=url(pages) if current < pages else None,
    )


def _entry(row: AnyRow) -> reading.ListEntry:
    return reading.ListEntry(
        kind=row.kind,
        kind_label=KINDS[row.kind].label,
        url=row.url,
        title=row.title,
        header=tuple(row.header),
        date=row.date,
        summary=row.summary,
    )


def _link(row: AnyRow | None) -> reading.Link | None:
    return reading.Link(_short_label(row), row.url, row.title) if row is not None else None


def _short_label(row: AnyRow) -> str:
    """What names an item in a line of links: „Beschluss 2021/39“, „36. Sitzung …“, else the title."""
    if row.url.startswith("/beschluss/"):
        return str(row.header[-1])
    return str(row.title)


def _proof(row: AnyRow) -> reading.Proof:
    return reading.Proof(
        edition=row.number,
        sha256=row.sha256,
        position=row.position,
        entry_hash=row.entry_hash,
        key_id=json.loads(row.line)["key_id"],
        recorded_at=row.recorded_at,
        valid_from=row.valid_from,
    )


def _named_addresses(data: Mapping[str, Any]) -> list[str]:
    """Every address of this portal that the structured data of an edition names."""
    meeting = data.get("meeting")
    urls = [meeting["url"]] if meeting else []
    urls += [row["url"] for row in data.get("references", ())]
    urls += [row["decision"] for row in data.get("agenda", ())]
    for name in ("decisions", "recommendations", "market_items"):
        urls += data.get(name, ())
    urls += [data.get(name) for name in ("report", "commissioned_by", "noted_by")]
    return [url for url in dict.fromkeys(urls) if url]


def _outgoing(data: Mapping[str, Any], live: Mapping[str, reading.Link]) -> tuple[reading.ReferenceRow, ...]:
    labels = {clause["anchor"]: clause["label"] for clause in data.get("clauses", ())}
    rows = []
    for row in data.get("references", ()):
        link = live.get(row["url"])
        fragment = f"#{row['anchor']}" if row["anchor"] else ""
        label = wording.address_words(row["url"], row["anchor"])
        rows.append(
            reading.ReferenceRow(
                relation=row["relation"],
                relation_label=RELATION_LABELS[row["relation"]][0],
                own_anchor=row["from"],
                own_label=labels.get(row["from"] or "", ""),
                target=reading.Link(label, link.url + fragment if link and link.url else None),
                title=link.hint if link else "",
                quoted=row["text"],
            )
        )
    return tuple(rows)


def _incoming(rows: Sequence[AnyRow]) -> tuple[reading.ReferenceRow, ...]:
    return tuple(
        reading.ReferenceRow(
            relation=row.relation,
            relation_label=RELATION_LABELS[row.relation][1],
            own_anchor=row.target_anchor,
            own_label=wording.anchor_words(row.target_anchor) if row.target_anchor else "",
            target=reading.Link(
                wording.address_words(row.url, row.from_anchor), f"{row.url}#{row.from_anchor}" if row.from_anchor else row.url
            ),
            title=row.title,
            quoted=row.quoted,
        )
        for row in rows
        if row.kind in _REFERENCE_KINDS
    )


_MEDIA_LABELS: Final[Mapping[str, str]] = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (DOCX)",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel (XLSX)",
    "application/vnd.oasis.opendocument.text": "OpenDocument (ODT)",
    "text/csv": "CSV",
    "text/plain": "Text",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
}


def _attachment(row: Mapping[str, Any]) -> reading.AttachmentRow:
    size = row["size_bytes"]
    reasons = {"members": "Nur für Mitglieder des Gremiums zugänglich.", "withheld": row["reason"]}
    return reading.AttachmentRow(
        title=row["title"],
        file_name=row["file_name"],
        url=f"/datei/{row['sha256']}/{row['file_name']}" if row["sha256"] else None,
        media_label=_MEDIA_LABELS.get(row["media_type"] or "", ""),
        size_label=size_words(size) if size is not None else "",
        reason=reasons.get(row["visibility"]) or (None if row["sha256"] else "Die Datei liegt dem Portal nicht vor."),
    )


def size_words(size_bytes: int) -> str:
    """`38 kB`, `1,4 MB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB".replace(".", ",")


def _ledger_row(row: AnyRow, *, is_gone: bool) -> reading.LedgerRow:
    return reading.LedgerRow(
        position=row.position,
        recorded_at=row.recorded_at,
        act=row.act,
        act_label=ACT_LABELS[row.act],
        url=row.url,
        title="(zurückgezogen)" if is_gone else row.title,
        edition=row.edition,
        sha256=row.edition_sha256,
        hash=row.hash,
        note=row.note,
    )
