"""What is new for whom: searches that are followed, asked again of what was published since.

One run looks at the public acts after each alert's position, asks the search engine the alert's own question among the
editions that are public now, and writes, in one transaction per alert: what the subscriber is told of
(`alert_notice`, once per act), the message (outbox), and the new position. A crash leaves all of it or nothing; a second
worker that was faster has moved the position, and this one writes nothing.

The act that makes news is a publication; a correction is news only for those who chose it. Who is told of an act by one
search is not told again by another. What was withdrawn before the message is made is left out of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.house import House
from content.proof.signing import Sealer
from content.services.base import outbox
from content.services.browsing.browse import Reader
from content.services.search import alerts

NEWS: Final = frozenset({"publish", "republish"})
CORRECTIONS: Final = frozenset({"correct", "supersede"})
MAX_LISTED: Final = 100
"""A message names so many; the rest stands behind the link to the search."""

_LURE: Final = re.compile(r"[^\W\d]\.[^\W\d]|//|@|www", re.IGNORECASE)

Matches = Callable[[Mapping[str, str], frozenset[int]], frozenset[int]]
"""(parameters of a search, editions) → those of the editions that the search finds. Asks the search engine."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A public item that something happened to: its edition, and its acts by position."""

    edition_id: int
    acts: tuple[tuple[int, str], ...]

    def news(self, after: int, *, with_corrections: bool) -> int | None:
        """The position of the newest act after `after` that counts, or None."""
        counting = NEWS | CORRECTIONS if with_corrections else NEWS
        found = [position for position, act in self.acts if position > after and act in counting]
        return max(found) if found else None


def collect(house: House, matches: Matches, now: dt.datetime) -> int:
    """Write the messages that are due; how many."""
    with house.reading() as connection:
        head = _head(connection)
        due = _due(connection, head, now)
        if not due or house.search.position() != head:
            return 0  # where the index is behind, news waits for it
        items = _items(connection, min(row.position for row in due))
    editions = frozenset(item.edition_id for item in items)
    answers: dict[str, frozenset[int]] = {}
    written, idle = 0, []
    for row in due:
        if row.digest not in answers:
            answers[row.digest] = matches(row.parameters, editions) if editions else frozenset()
        mine = [item for item in items if item.edition_id in answers[row.digest]]
        found = [item.news(row.position, with_corrections=row.with_corrections) for item in mine]
        positions = [position for position in found if position is not None]
        if positions:
            written += _write(house, row, positions, head, now)
        else:
            idle.append(row)
    _move_on(house, idle, head, now)
    return written


def _head(connection: Connection) -> int:
    return connection.scalar(sa.select(models.LedgerHead.position)) or 0


def _due(connection: Connection, head: int, now: dt.datetime) -> Sequence[Any]:
    table = models.Alert.__table__.c
    # Those who hear at once come first, so that the daily message need not repeat it.
    query = sa.select(models.Alert.__table__).where(
        table.confirmed_at.is_not(None), table.position < head, sa.or_(table.next_at.is_(None), table.next_at <= now)
    )
    return connection.execute(query.order_by(table.rhythm, table.id)).all()


def _items(connection: Connection, after: int) -> list[_Item]:
    entry, edition = models.LedgerEntry.__table__.c, models.Edition.__table__.c
    acts: dict[str, list[tuple[int, str]]] = {}
    for row in connection.execute(
        sa.select(entry.url, entry.position, entry.act).where(entry.position > after).order_by(entry.position)
    ):
        acts.setdefault(row.url, []).append((row.position, row.act))
    found: list[_Item] = []
    urls = list(acts)
    for start in range(0, len(urls), 500):
        chunk = sa.select(edition.id, edition.url).where(
            edition.url.in_(urls[start : start + 500]), edition.valid_until.is_(None)
        )
        found += [_Item(row.id, tuple(acts[row.url])) for row in connection.execute(chunk)]
    return found


def _move_on(house: House, idle: Sequence[Any], head: int, now: dt.datetime) -> None:
    """The searches without news: all that stand alike in one statement, so that many cost little."""
    alike: dict[tuple[int, str], list[int]] = {}
    for row in idle:
        alike.setdefault((row.position, row.rhythm), []).append(row.id)
    table = models.Alert
    for (position, rhythm), ids in alike.items():
        for start in range(0, len(ids), 500):
            with house.writing("clock", clock=lambda: now) as work:
                work.session.execute(
                    sa.update(table)
                    .where(table.id.in_(ids[start : start + 500]), table.position == position)
                    .values(position=head, next_at=_next(rhythm, now))
                    .execution_options(synchronize_session=False)
                )


def _next(rhythm: str, now: dt.datetime) -> dt.datetime | None:
    return alerts.next_morning(now) if rhythm == "daily" else None


def _write(house: House, row: Any, positions: list[int], head: int, now: dt.datetime) -> int:
    with house.writing("clock", clock=lambda: now) as work:
        session = work.session
        moved: Any = session.execute(
            sa.update(models.Alert)
            .where(models.Alert.id == row.id, models.Alert.position == row.position)
            .values(position=head, next_at=_next(row.rhythm, now))
            .execution_options(synchronize_session=False)
        )
        if moved.rowcount != 1:
            return 0
        notice = models.AlertNotice
        known = set(
            session.scalars(
                sa.select(notice.position).where(
                    notice.subscriber_id == row.subscriber_id, notice.position.in_(positions)
                )
            )
        )
        fresh = sorted(set(positions) - known)
        session.add_all(notice(subscriber_id=row.subscriber_id, position=position) for position in fresh)
        _forget_seen(session, row.subscriber_id)
        if not fresh:
            return 0
        payload = {"subscriber": row.subscriber_id, "alert": row.id, "positions": fresh}
        outbox.put(session, "mail.alert", f"mail.alert:{row.nonce}:{head}", payload, due_at=now)
    return 1


def _forget_seen(session: Session, subscriber_id: int) -> None:
    """Drop the notices that no search of this subscriber will ask about again."""
    alert, notice = models.Alert, models.AlertNotice
    oldest = (
        sa.select(sa.func.min(alert.position))
        .where(alert.subscriber_id == subscriber_id, alert.confirmed_at.is_not(None))
        .scalar_subquery()
    )
    session.execute(
        sa.delete(notice)
        .where(notice.subscriber_id == subscriber_id, notice.position <= oldest)
        .execution_options(synchronize_session=False)
    )


def compose(
    session: Session,
    sealer: Sealer,
    kind: str,
    payload: Mapping[str, Any],
    describe: Callable[[Mapping[str, str]], str],
) -> dict[str, Any] | None:
    """What the message of a job says, addressed now; None: nobody is to be told any more."""
    subscriber = session.get(models.Subscriber, payload["subscriber"])
    if subscriber is None:
        return None
    values: dict[str, Any] = {
        "to": subscriber.email,
        "name": "",
        "manage_path": f"/abo/{alerts.subscriber_token(sealer, subscriber)}",
    }
    if kind == "mail.alert_link":
        return values
    alert = session.get(models.Alert, payload["alert"])
    if alert is None:
        return None
    values |= {
        "search": describe(alert.parameters),
        "safe_search": _harmless(describe(alert.parameters)),
        "parameters": alert.parameters,
        "rhythm": alerts.RHYTHMS[alert.rhythm],
        "confirm_path": f"/abo/bestaetigen/{alerts.alert_token(sealer, 'confirm', alert)}",
    }
    if kind == "mail.alert_confirm":
        return values if alert.confirmed_at is None else None
    entries = _entries(session.connection(), payload["positions"])
    if not entries:
        return None
    leave_path = f"/abo/abmelden/{alerts.alert_token(sealer, 'leave', alert)}"
    return values | {
        "entries": entries[:MAX_LISTED],
        "more": max(0, len(entries) - MAX_LISTED),
        "leave_path": leave_path,
        "count": len(entries),
    }


def _harmless(search: str) -> str:
    """The words of a search for somebody who may not have asked: nobody sends advertising with our letterhead."""
    return "(Die Suche zeigt Ihnen die Seite.)" if _LURE.search(search) or len(search) > 120 else search


def _entries(connection: Connection, positions: Iterable[int]) -> list[dict[str, str]]:
    """The items of those acts as they are public now; what was withdrawn since is gone."""
    entry = models.LedgerEntry.__table__.c
    acts = {
        row.url: row.act
        for row in connection.execute(
            sa.select(entry.url, entry.act).where(entry.position.in_(list(positions))).order_by(entry.position)
        )
    }
    shown = Reader(connection).entries(list(acts))
    return [
        {
            "title": row.title,
            "header": " | ".join(row.header),
            "url": row.url,
            "kind": row.kind_label,
            "is_correction": "ja" if acts[row.url] in CORRECTIONS else "",
        }
        for row in shown
    ]
