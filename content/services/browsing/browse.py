"""Queries of the public side. They read editions and the ledger only, never a working row.

A `Reader` looks at one moment: now (`stand` None) or the end of a past day in Berlin. Every method is a few indexed
statements whose cost does not grow with the number of items; counts of unfiltered lists come from the tally.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import facets, models, reading
from content.council.bodies import Bodies, BodyName
from content.database import prepared
from content.kinds import KINDS, PATHS
from content.services.base import listing
from content.services.base.memo import Memo
from content.services.browsing import rows, statements
from content.services.browsing.rows import RELATED_ORDER
from content.services.browsing.statements import AnyRow, Statement
from content.text import markup
from content.text.diff import compare_html, compare_sides_html
from content.typed.berlin import BERLIN

MEETING_ROWS: Final = 200
"""A session lists at most so many decisions; no real one comes near."""
HOME_ROWS: Final = 12
"""The front page shows so many decisions of the newest session and leads to the rest."""
T = TypeVar("T")


def end_of_day(day: dt.date) -> dt.datetime:
    """The first instant after `day` in Berlin, less a microsecond: what was public then counts for that day."""
    following = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), BERLIN)
    return following.astimezone(dt.UTC) - dt.timedelta(microseconds=1)


@lru_cache(maxsize=4)
def _difference(old: str, new: str, heads: tuple[str, str] | None) -> str:
    """The differences as HTML, in two columns under `heads` where they are given.

    The page is not kept under an address with senseless parameters; what costs most of it is.
    """
    return compare_html(old, new) if heads is None else compare_sides_html(old, new, left=heads[0], right=heads[1])


class Reader:
    """The public side at one moment, over one read-only connection.

    `memo` and `position` (the ledger position as read before the connection's transaction began) let readers of one
    process share what changes with publications only.
    """

    def __init__(
        self, connection: Connection, *, stand: dt.date | None = None, memo: Memo | None = None, position: int = 0
    ) -> None:
        self._connection = connection
        self._memo = memo
        self._position = position
        self.stand = stand
        self._moment = {} if stand is None else {"stand": end_of_day(stand)}
        self._statements = statements.NOW if stand is None else statements.THEN

    def at(self, day: dt.date) -> Reader:
        """The public side at the end of `day`, over the same connection, sharing what editions were read already."""
        return Reader(self._connection, stand=day, memo=self._memo, position=self._position)

    # --- one item ---

    def page(self, url: str, *, edition: int | None = None) -> reading.ItemPage | None:
        """The page at `url`, or None where nothing is public there. `edition` asks for an older edition."""
        row = self._first(self._statements.by_url, url=url)
        if row is None:
            return None
        shown = row
        if edition is not None and edition != row.number:
            older = self._connection.execute(
                statements.ONE_VERSION, {"item_id": row.item_id, "number": edition}
            ).first()
            if older is None or (self._moment and older.valid_from > self._moment["stand"]):
                return None
            shown = older
        return self._item_page(shown, versions=self._versions(row))

    def unpublished(self, row: AnyRow) -> reading.ItemPage:
        """The page of an edition that nobody has published: `row` has its columns, and none of the ledger's."""
        return replace(self._item_page(row, versions=()), is_preview=True)

    def document(self, url: str, *, edition: int | None = None) -> tuple[str, reading.Proof] | None:
        """The edition document at `url` as its exact canonical JSON, with its proof."""
        row = self._first(self._statements.by_url, url=url)
        if row is not None and edition is not None and edition != row.number:
            row = self._connection.execute(statements.ONE_VERSION, {"item_id": row.item_id, "number": edition}).first()
        return None if row is None else (row.document, rows.proof(row))

    def compare(self, url: str, old: int, new: int, *, is_side_by_side: bool = False) -> reading.ComparePage | None:
        """The differences between two public editions at `url`, inline or in two columns, or None."""
        row = self._first(self._statements.by_url, url=url)
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
            html=_difference(*texts, (f"Fassung {old}", f"Fassung {new}") if is_side_by_side else None),
            is_equal=texts[0] == texts[1],
            is_side_by_side=is_side_by_side,
        )

    def withdrawn(self, url: str) -> reading.Withdrawn | None:
        """What to tell of an item that was public once; nothing of its text or title."""
        last = self._connection.execute(statements.LAST_ACT, {"url": url}).first()
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
        found = self._run(self._statements.light_by_urls, urls=wanted)
        return {row.url: rows.target(row) for row in found}

    # --- lists ---

    def home(self) -> reading.HomePage:
        """The front page: newest session with its decisions, newest decisions, press."""
        return self._remembered("home", self._home) if self.stand is None else self._home()

    def _home(self) -> reading.HomePage:
        meeting = self._newest_meeting()
        first = self._of_meeting(meeting.url, "decision", HOME_ROWS + 1) if meeting else ()
        return reading.HomePage(
            meeting=meeting,
            meeting_decisions=first[:HOME_ROWS],
            has_more_decisions=len(first) > HOME_ROWS,
            decisions=self._newest("decision", 8),
            press=self._newest("press_release", 4),
            totals=self._totals(),
        )

    def list_page(
        self,
        kind: str,
        *,
        filters: Mapping[str, str],
        sort: str | None = None,
        page: int = 1,
        per_page: int = listing.PER_PAGE,
    ) -> reading.ListPage:
        """A list of `kind`. `filters`: facet name → value; unknown values give an empty list, never an error."""
        rule = KINDS[kind]
        order = sort if sort is not None and sort in statements.SORTS else statements.DEFAULT_SORT.get(kind, "neu")
        names = tuple(filters)
        values = {"kind": kind, **{f"value_{name}": value for name, value in filters.items()}}
        address = listing.Address(rule.list_url or "/", kind, filters, sort, self.stand)

        def offered() -> tuple[int, tuple[reading.Facet, ...]]:
            counts = self._counts(names, values)
            total = counts.pop(facets.ALL, 0)
            return total, tuple(
                listing.facet(facet, counts, kind, filters, address, self.bodies) for facet in facets.of_kind(kind)
            )

        is_plain = not filters and self.stand is None
        total, shown = self._remembered(("facets", kind), offered) if is_plain else offered()
        paging = listing.paging(page, total, per_page, address.page)
        statement = statements.list_statement(names, order, is_now=self.stand is None)
        found = self._run(statement, **values, limit=per_page, offset=(paging.page - 1) * per_page)
        return reading.ListPage(
            kind=kind,
            title=rule.plural,
            intro=rule.intro,
            entries=tuple(rows.entry(row) for row in found),
            facets=tuple(facet for facet in shown if facet.values),
            active=tuple(value for facet in shown for value in facet.values if value.is_active),
            sorts=tuple(
                reading.SortChoice(value, label, value == order, address.sort(value))
                for value, (label, _) in statements.SORTS.items()
            ),
            paging=paging,
            feed_url=f"/feeds/{rule.path}.atom",
        )

    def entries(self, urls: Sequence[str]) -> tuple[reading.ListEntry, ...]:
        """List rows of these addresses, in this order; what is not public is left out."""
        if not urls:
            return ()
        found = {row.url: rows.entry(row) for row in self._run(self._statements.light_by_urls, urls=list(urls))}
        return tuple(found[url] for url in urls if url in found)

    def entries_by_edition(self, edition_ids: Sequence[int]) -> dict[int, reading.ListEntry]:
        """List rows of editions that are public now; a search hit that is not among them is stale."""
        if not edition_ids:
            return {}
        found = self._connection.execute(
            sa.select(*statements.LIGHT).where(
                statements.E.id.in_(edition_ids), statements.visible(self.stand is None)
            ),
            self._moment,
        )
        return {row.id: rows.entry(row) for row in found}

    def suggestions(self, words: str, limit: int = 5) -> tuple[reading.ListEntry, ...]:
        """Public items whose address resembles `words`: help for a mistyped address."""
        tail = words.strip("/").lower()[-120:]
        kind = PATHS.get(tail.split("/", 1)[0])
        if kind is None:
            return ()
        statement = statements.list_statement((), "neu", is_now=self.stand is None)
        found = self._run(statement, kind=kind.name, limit=2000, offset=0)
        return self.entries(difflib.get_close_matches("/" + tail, [row.url for row in found], n=limit, cutoff=0.6))

    # --- ledger and files ---

    def ledger_page(self, page: int = 1, per_page: int = 50) -> reading.LedgerPage:
        """The ledger, newest entry first. Titles of what was withdrawn are not shown."""
        head = self._connection.execute(sa.select(models.LedgerHead.__table__)).first()
        total = head.position if head else 0
        paging = listing.paging(
            page, total, per_page, lambda number: f"/ledger?seite={number}" if number > 1 else "/ledger"
        )
        found = self._connection.execute(
            sa.select(*statements.L)
            .order_by(statements.L.position.desc())
            .limit(per_page)
            .offset((paging.page - 1) * per_page)
        ).all()
        gone = self._withdrawn_items([row.item_uid for row in found])
        return reading.LedgerPage(
            rows=tuple(rows.ledger_row(row, is_gone=row.item_uid in gone) for row in found),
            head_position=total,
            head_hash=head.hash if head else "",
            key_id=orjson.loads(found[0].line)["key_id"] if found else "",
            paging=paging,
        )

    def file(self, sha256: str) -> AnyRow | None:
        """Name and type of a file that some public edition shows, else None."""
        return self._connection.execute(statements.FILE, {"sha256": sha256}).first()

    def old_address(self, path: str) -> str | None:
        """Where the content of an earlier site's address lies now."""
        found = self._connection.execute(statements.OLD_ADDRESS, {"path": path.lower()}).scalar()
        return str(found) if found else None

    @property
    def bodies(self) -> Bodies:
        """The public bodies and how they number."""
        return self._remembered("bodies", self._bodies)

    def of_editions(self, kind: str, make: Callable[[AnyRow, Mapping[str, Any]], T]) -> list[T]:
        """What `make` makes of each public edition of `kind`, newest first; for one edition it is made once per process.

        `make` gets the edition's columns (id, url, title, summary, sort_date) and its structured data. After a publication
        only the editions that are new are read again.
        """
        visible = (statements.E.kind == kind, statements.visible(self.stand is None))
        order = (statements.E.sort_date.desc(), statements.E.id.desc())
        ids = (
            self._connection.execute(sa.select(statements.E.id).where(*visible).order_by(*order), self._moment)
            .scalars()
            .all()
        )
        known = dict(self._memo.by_edition.get(kind, {})) if self._memo is not None else {}
        missing = [number for number in ids if number not in known]
        columns = (
            statements.E.id,
            statements.E.url,
            statements.E.title,
            statements.E.summary,
            statements.E.sort_date,
            statements.E.document,
        )
        for start in range(0, len(missing), 500):
            chunk = sa.select(*columns).where(statements.E.id.in_(missing[start : start + 500]))
            for row in self._connection.execute(chunk):
                known[row.id] = make(row, orjson.loads(row.document)["data"])
        if self._memo is not None and self.stand is None and (missing or len(known) != len(ids)):
            self._memo.by_edition[kind] = {number: known[number] for number in ids}
        return [known[number] for number in ids]

    def meeting_days(self) -> Sequence[AnyRow]:
        """(address, day) of every public session."""
        columns = sa.select(statements.E.url, statements.E.date).where(
            statements.E.kind == "meeting", statements.visible(self.stand is None)
        )
        found: Sequence[AnyRow] = self._connection.execute(columns, self._moment).all()
        return found

    @property
    def moment(self) -> Mapping[str, Any]:
        """What `statements.visible` is bound with: nothing for now, `stand` for the end of a past day."""
        return self._moment

    @property
    def connection(self) -> Connection:
        """The connection, for services that read editions in their own way (market, coverage, matrix)."""
        return self._connection

    def remembered(self, key: object, make: Callable[[], T]) -> T:
        """What `make` makes of the present, once per ledger position; of the past it is made each time."""
        return self._remembered(key, make) if self.stand is None else make()

    # --- inside ---

    def _remembered(self, key: object, make: Callable[[], T]) -> T:
        return make() if self._memo is None else self._memo.get(self._position, key, make)

    def _bodies(self) -> Bodies:
        found = self._connection.execute(statements.BODIES).all()
        data = [(row, orjson.loads(row.document)["data"]) for row in found]
        return Bodies(
            BodyName.of(row.body_slug, row.title, one.get("genitive", ""), one["number_pattern"]) for row, one in data
        )

    def _run(self, statement: Statement, **values: Any) -> list[AnyRow]:
        return prepared.rows(self._connection, statement, {**values, **self._moment})

    def _first(self, statement: Statement, **values: Any) -> AnyRow | None:
        found = self._run(statement, **values)
        return found[0] if found else None

    def _item_page(self, row: AnyRow, *, versions: tuple[reading.Version, ...]) -> reading.ItemPage:
        document = orjson.loads(row.document)
        data = document["data"]
        around: dict[str, list[AnyRow]] = {}
        for found in self._around(row, [*rows.named_addresses(data), *markup.referenced(document["html"])]):
            around.setdefault(found.role, []).append(found)
        live = {found.url: rows.target(found) for found in around.get(statements.LINK, ())}
        incoming = sorted(around.get(statements.INCOMING, ()), key=lambda found: found.place)
        return reading.ItemPage(
            kind=row.kind,
            kind_label=KINDS[row.kind].label,
            url=row.url,
            title=row.title,
            header=tuple(row.header),
            html=markup.link_placeholders(document["html"], live.__contains__),
            data=data,
            proof=rows.proof(row),
            versions=versions,
            is_latest=not versions or row.number == versions[0].edition,
            linked=live,
            outgoing=rows.outgoing(data, live, self.bodies),
            incoming=rows.incoming(incoming, self.bodies),
            stemming=rows.stemming(incoming),
            attachments=tuple(rows.attachment(entry) for entry in data.get("attachments", ())),
            neighbours=reading.Neighbours(
                *(
                    rows.target(found[0]) if found else None
                    for found in map(around.get, (statements.BEFORE, statements.AFTER))
                )
            ),
            related=self._related(row, incoming, data),
            left_out=self._left_out(row),
            topics=tuple(data.get("topics", ())),
            places=rows.places(row.url, data, incoming),
        )

    def _versions(self, row: AnyRow) -> tuple[reading.Version, ...]:
        # A first edition that is still valid is the only one there is.
        found = [row] if row.number == 1 else self._run(statements.VERSIONS, item_id=row.item_id)
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
            for version in found
            if moment is None or version.valid_from <= moment
        )

    def _text(self, item_id: int, number: int) -> str:
        row = self._connection.execute(statements.ONE_VERSION, {"item_id": item_id, "number": number}).one()
        document = orjson.loads(row.document)
        return f"{document['title']}\n\n{document['text']}"

    def _around(self, row: AnyRow, urls: Sequence[str]) -> Sequence[AnyRow]:
        values: dict[str, Any] = {"url": row.url, "urls": list(dict.fromkeys(urls))}
        order = ""
        if row.kind in {"decision", "meeting"} and row.serial:
            order = "number"
            values |= {"kind": row.kind, "body": row.body_slug, "year": row.year, "serial": row.serial}
        elif row.kind in {"press_release", "meeting", "report"}:
            order = "date"
            values |= {"kind": row.kind, "sort_date": row.sort_date, "id": row.id}
        found: Sequence[AnyRow] = self._run(self._statements.around[order], **values)
        return found

    def _related(
        self, row: AnyRow, incoming: Sequence[AnyRow], data: Mapping[str, Any]
    ) -> dict[str, tuple[reading.ListEntry, ...]]:
        found: dict[str, dict[str, reading.ListEntry]] = {}
        for source in incoming:
            if not rows.is_reference(source):
                found.setdefault(source.kind, {})[source.url] = rows.entry(source)
        if row.kind == "meeting":
            found = {
                kind: {entry.url: entry for entry in self._of_meeting(row.url, kind)}
                for kind in ("decision", "report", "press_release")
            }
        else:
            named = (
                rows.named_addresses(data)
                if row.kind != "decision"
                else [*data.get("recommendations", ()), *(one["url"] for one in data.get("links", ()))]
            )
            for entry in self.entries([url for url in named if url != row.url]):
                found.setdefault(entry.kind, {})[entry.url] = entry
        return {
            KINDS[kind].plural: tuple(found[kind].values()) for kind in ("decision", *RELATED_ORDER) if found.get(kind)
        }

    def _left_out(self, row: AnyRow) -> int:
        """How many decisions of a session its page does not show."""
        if row.kind != "meeting":
            return 0
        count: int = self._run(self._statements.count_of_meeting, url=row.url, kind="decision")[0][0]
        return max(0, count - MEETING_ROWS)

    def _of_meeting(self, url: str, kind: str, limit: int = MEETING_ROWS) -> tuple[reading.ListEntry, ...]:
        return tuple(rows.entry(row) for row in self._run(self._statements.of_meeting, url=url, kind=kind, limit=limit))

    def _newest(self, kind: str, limit: int) -> tuple[reading.ListEntry, ...]:
        statement = statements.list_statement((), "neu", is_now=self.stand is None)
        return tuple(rows.entry(row) for row in self._run(statement, kind=kind, limit=limit, offset=0))

    def _newest_meeting(self) -> reading.ListEntry | None:
        row = self._first(self._statements.newest_meeting)
        return rows.entry(row) if row else None

    def _totals(self) -> tuple[tuple[str, str, int], ...]:
        if self.stand is None:
            amounts = {row.kind: row.amount for row in self._connection.execute(statements.TOTALS)}
        else:
            counted = self._connection.execute(
                sa.select(statements.E.kind, sa.func.count())
                .where(statements.visible(is_now=False))
                .group_by(statements.E.kind),
                self._moment,
            )
            amounts = {row[0]: row[1] for row in counted}
        return tuple(
            ((kind.counted or kind.plural) if amounts[kind.name] > 1 else kind.label, kind.list_url, amounts[kind.name])
            for kind in KINDS.values()
            if kind.list_url and amounts.get(kind.name)
        )

    def _counts(self, names: tuple[str, ...], values: Mapping[str, Any]) -> dict[tuple[str, str], int]:
        if self.stand is None and not names:
            found = self._run(statements.TALLY, kind=values["kind"])
        else:
            found = self._run(statements.count_statement(names, is_now=self.stand is None), **values)
        return {(row[0], row[1]): row[2] for row in found}

    def _withdrawn_items(self, uids: Sequence[str]) -> set[str]:
        if not uids:
            return set()
        last = (
            sa.select(statements.L.item_uid, sa.func.max(statements.L.position).label("position"))
            .where(statements.L.item_uid.in_(set(uids)))
            .group_by(statements.L.item_uid)
            .subquery()
        )
        found = self._connection.execute(
            sa.select(statements.L.item_uid)
            .join_from(models.LedgerEntry.__table__, last, last.c.position == statements.L.position)
            .where(statements.L.act == "withdraw")
        )
        return {row.item_uid for row in found}
