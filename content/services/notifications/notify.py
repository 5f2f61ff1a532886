"""Tell people what concerns them: on the desk, by mail at once, or in a daily mail, as each of them chose.

`notify` is called inside the transaction that makes the thing happen; nothing is told of what is rolled back. A new kind
of event is a row in `EVENTS`. The occasion makes a notice unique per person: told twice, it is written once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import KINDS
from content.services.base import outbox, rights
from content.services.notifications import pages
from workflows.rights import Part


class Way(StrEnum):
    """How a person hears of an event."""

    NOW = "now"
    DAILY = "daily"
    DESK = "desk"
    OFF = "off"


WAY_TITLES: Final[Mapping[Way, str]] = MappingProxyType(
    {
        Way.NOW: "sofort per E-Mail",
        Way.DAILY: "gesammelt einmal am Tag",
        Way.DESK: "nur am Arbeitsplatz",
        Way.OFF: "gar nicht",
    }
)
MAX_KEY: Final = 150
KEPT: Final = dt.timedelta(days=365)
"""How long a notice is kept after it was read."""


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of event: what it is called in the choices, how a message about it begins, how people hear of it at first.

    `part` is what one must see of the item to be told: who may not (any more) hears nothing. None: of something else.
    """

    title: str
    subject: str
    way: Way = Way.NOW
    is_chosen: bool = True
    """Whether people choose how they hear of it; of changes to the own account everybody hears at once."""
    part: Part | None = Part.TITLE


EVENTS: Final[Mapping[str, Event]] = MappingProxyType(
    {
        "waits": Event("Etwas wartet auf mich", "Wartet auf Sie", part=Part.WORKING),
        "returned": Event("Etwas kommt mit Hinweis zurück", "Zurückgegeben", part=Part.WORKING),
        "answered": Event("Über meinen Antrag wurde entschieden", "Antrag entschieden"),
        "withdrawn": Event(
            "Etwas, woran ich beteiligt bin, wurde zurückgezogen, entfernt, eingestellt oder für nichtig erklärt",
            "Beendet",
        ),
        "due_soon": Event("Etwas ist bald fällig", "Bald fällig"),
        "overdue": Event("Etwas ist überfällig", "Überfällig"),
        "decided": Event("Über etwas wurde beschlossen", "Beschlossen", Way.DAILY),
        "published": Event("Etwas von mir wurde veröffentlicht oder terminiert", "Veröffentlichung", Way.DAILY),
        "remarked": Event(
            "Jemand hat in der Durchsicht eines Berichts etwas angemerkt, vorgeschlagen oder geantwortet",
            "Durchsicht",
            Way.DAILY,
            part=Part.WORKING,
        ),
        "broken": Event("Ein Verweis in etwas, das ich pflege, führt ins Leere", "Verweis ins Leere", part=None),
        "embargo": Event(
            "Links unter Sperrfrist, die ich ausstellte, enden vorzeitig oder die Frist hat ein anderes Ende",
            "Links unter Sperrfrist beendet",
            part=Part.WORKING,
        ),
        "trouble": Event(
            "Im Betrieb ist etwas zu tun: Nachrichten gehen nicht hinaus, der Suchindex war beschädigt",
            "Betrieb",
            part=None,
        ),
        "locked_out": Event(
            "Zu einem gesperrten Konto wird ein neues Kennwort verlangt", "Gesperrtes Konto", Way.DAILY, part=None
        ),
        "powers": Event(
            "Weitreichende Rechte werden vergeben, oder jemand hilft einem Konto mit ihnen hinein",
            "Weitreichende Rechte",
            is_chosen=False,
            part=None,
        ),
        "account": Event("Mein Konto wurde geändert", "Ihr Konto", is_chosen=False, part=None),
        "changed": Event("Etwas, woran ich arbeite, hat sich geändert", "Geändert", Way.DESK),
    }
)


def notify(
    session: Session,
    event: str,
    item: models.Item | None,
    people: Iterable[models.Account],
    *,
    now: dt.datetime,
    occasion: str,
    words: str,
    title: str = "",
    url: str = "",
    actor: str = "",
    actor_name: str = "",
    about: str = "item",
    subject: str = "",
) -> int:
    """Tell `people` that `event` happened; how many were told. Raises KeyError for an unknown event.

    `occasion` names what happened, at most 150 characters, and is told once per person. `words` is one or two German
    sentences. `title` and `url` (a path of ours) follow from `item` where they are not given: what it is called to each
    person, and the page on which he or she can act (`about`, see `pages.PAGES`). `subject` says it more exactly than the event. `actor` (a login) is not told what he or
    she did, and nobody is told of what he or she may not know.
    """
    rule = EVENTS[event]
    told = {person.id: person for person in people if person.is_active and person.login != actor}
    held = _held(session, told) if told else {}
    if item is not None and rule.part is not None:
        told = {number: person for number, person in told.items() if _may_know(held[number], item, rule.part)}
    ways = _ways(session, event, told) if told else {}
    known = _known(session, f"{event}:{occasion}"[:MAX_KEY], told) if told else set()
    is_secret = item is not None and _is_embargoed(session, item, now)
    count = 0
    for person in told.values():
        way = ways.get(person.id, rule.way)
        if way is Way.OFF or person.id in known:
            continue
        key = f"{event}:{occasion}"[:MAX_KEY]
        heading = title or (rights.title_of(session, held[person.id], item) if item is not None else "")
        address = url or (pages.page_for(held[person.id], item, about) if item is not None else "")
        session.add(
            models.Notice(
                account_id=person.id,
                event=event,
                item_id=item.id if item is not None else None,
                key=key,
                title=heading,
                words=words,
                url=address[:300],
                actor_name=actor_name[:200],
                at=now,
                is_for_digest=way is Way.DAILY and bool(person.email),
            )
        )
        if way is Way.NOW and person.email:
            payload = {
                "to": person.email,
                "name": person.name,
                "subject": subject or rule.subject,
                "title": heading,
                "words": words,
                "actor": actor_name,
                "path": address,
            }
            if is_secret and item is not None:
                payload["named"] = f"{KINDS[item.kind].label} unter Sperrfrist"
            outbox.put(session, "mail.notice", f"notice:{person.id}:{key}", payload, due_at=now)
        count += 1
    session.flush()
    return count


def _held(session: Session, people: Iterable[int]) -> dict[int, pages.HELD]:
    """Id → what the person holds."""
    grant = models.Grant
    found: dict[int, list[tuple[str, str]]] = {number: [] for number in people}
    for row in session.execute(
        sa.select(grant.account_id, grant.role, grant.organisation)
        .where(grant.account_id.in_(list(found)))
        .order_by(grant.id)
    ):
        found[row.account_id].append((row.role, row.organisation))
    return {number: tuple(rows) for number, rows in found.items()}


def still_known(session: Session, account_id: int, rows: Sequence[models.Notice]) -> list[models.Notice]:
    """The notices of a person that may still be told: a role may have ended since they were written."""
    held = _held(session, [account_id])[account_id]
    items = {
        row.id: row
        for row in session.scalars(
            sa.select(models.Item).where(models.Item.id.in_({row.item_id for row in rows} - {None}))
        )
    }

    def is_known(row: models.Notice) -> bool:
        item, part = items.get(row.item_id or 0), EVENTS[row.event].part if row.event in EVENTS else None
        return item is None or part is None or _may_know(held, item, part)

    return [row for row in rows if is_known(row)]


def who_may_read(
    session: Session, people: Iterable[models.Account], item: models.Item, *, in_state: str
) -> list[models.Account]:
    """Those of `people` who see the title of `item` by right when it is `in_state`."""
    found = list(people)
    held = _held(session, [person.id for person in found])
    return [person for person in found if rights.may_see(held[person.id], item, Part.TITLE, in_state=in_state)]


def _may_know(held: pages.HELD, item: models.Item, part: Part) -> bool:
    is_public = part is Part.TITLE and item.publication_state == "published"
    return is_public or rights.may_see(held, item, part)


def _is_embargoed(session: Session, item: models.Item, now: dt.datetime) -> bool:
    """Whether nobody outside may read so much as the title: what lies in a mailbox shows its subject."""
    until = session.scalar(sa.select(models.Embargo.until).where(models.Embargo.item_id == item.id))
    return until is not None and until > now


def _ways(session: Session, event: str, people: Iterable[int]) -> dict[int, Way]:
    chosen = sa.select(models.NoticeChoice.account_id, models.NoticeChoice.way).where(
        models.NoticeChoice.event == event, models.NoticeChoice.account_id.in_(list(people))
    )
    return {row.account_id: Way(row.way) for row in session.execute(chosen)}


def _known(session: Session, key: str, people: Iterable[int]) -> set[int]:
    told = sa.select(models.Notice.account_id).where(
        models.Notice.key == key, models.Notice.account_id.in_(list(people))
    )
    return set(session.scalars(told))


_NOTICE: Final = cast("sa.Table", models.Notice.__table__)
_SETTLE: Final = (  # made once, past the session: nobody holds notices while a step is taken
    sa.update(_NOTICE)
    .where(
        _NOTICE.c.item_id == sa.bindparam("of"),
        _NOTICE.c.event == sa.bindparam("happened"),
        _NOTICE.c.read_at.is_(None),
        _NOTICE.c.key.like(sa.bindparam("begin"), escape="/"),
    )
    .values(read_at=sa.bindparam("now"), is_for_digest=False)
)


def settle(session: Session, event: str, item: models.Item, *, now: dt.datetime, about: str = "") -> None:
    """It is done: nobody needs to read the open notices of this event on `item`, whose occasion begins with `about`, any more."""
    begin = f"{event}:{about}".replace("/", "//").replace("%", "/%").replace("_", "/_")
    session.execute(_SETTLE, {"of": item.id, "happened": event, "begin": f"{begin}%", "now": now})


def settle_others(session: Session, event: str, still_open: Collection[int], *, now: dt.datetime, about: str) -> None:
    """Like `settle`, for every item but those whose ids are in `still_open`."""
    begin = f"{event}:{about}"
    told = sa.select(_NOTICE.c.id, _NOTICE.c.item_id).where(
        _NOTICE.c.event == event, _NOTICE.c.read_at.is_(None), _NOTICE.c.key.startswith(begin, autoescape=True)
    )
    done = [row.id for row in session.execute(told) if row.item_id not in still_open]
    for start in range(0, len(done), 500):
        session.execute(
            sa.update(_NOTICE)
            .where(_NOTICE.c.id.in_(done[start : start + 500]))
            .values(read_at=now, is_for_digest=False)
        )


def forget_old(session: Session, now: dt.datetime) -> None:
    """Remove what was read long ago."""
    session.execute(sa.delete(models.Notice).where(models.Notice.read_at < now - KEPT))


# --- what a person sees and chooses ----------------------------------------------------------------------------------

PER_PAGE: Final = 50


def notices(
    session: Session, account_id: int, *, with_read: bool = False, page: int = 1
) -> tuple[Sequence[models.Notice], int]:
    """The notices of a person, newest first, and how many pages there are."""
    conditions = [models.Notice.account_id == account_id]
    if not with_read:
        conditions.append(models.Notice.read_at.is_(None))
    total = session.scalar(sa.select(sa.func.count()).select_from(models.Notice).where(*conditions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    query = sa.select(models.Notice).where(*conditions).order_by(models.Notice.id.desc())
    return session.scalars(query.limit(PER_PAGE).offset((min(max(1, page), pages) - 1) * PER_PAGE)).all(), pages


def mark_read(session: Session, account_id: int, now: dt.datetime, *, notice_id: int | None = None) -> int:
    """Mark one notice, or all, of a person as read; how many were unread."""
    query = sa.update(models.Notice).where(models.Notice.account_id == account_id, models.Notice.read_at.is_(None))
    if notice_id is not None:
        query = query.where(models.Notice.id == notice_id)
    changed = session.execute(query.values(read_at=now, is_for_digest=False))
    return int(getattr(changed, "rowcount", 0))


def ways_of(session: Session, account_id: int) -> dict[str, Way]:
    """Event → the way a person hears of it."""
    chosen = session.execute(
        sa.select(models.NoticeChoice.event, models.NoticeChoice.way).where(
            models.NoticeChoice.account_id == account_id
        )
    )
    return {name: rule.way for name, rule in EVENTS.items()} | {
        row.event: Way(row.way) for row in chosen if row.event in EVENTS
    }


def choose(session: Session, account_id: int, ways: Mapping[str, Way]) -> dict[str, tuple[Way, Way]]:
    """Keep how a person wants to hear of events; unknown events are left out. Event → the way before and now, where it changed."""
    before = ways_of(session, account_id)
    kept = {
        row.event: row
        for row in session.scalars(sa.select(models.NoticeChoice).where(models.NoticeChoice.account_id == account_id))
    }
    ways = {event: way for event, way in ways.items() if event in EVENTS and EVENTS[event].is_chosen}
    for event, way in ways.items():
        if event in kept:
            kept[event].way = way
        else:
            session.add(models.NoticeChoice(account_id=account_id, event=event, way=way))
        if way is not Way.DAILY:
            session.execute(
                sa.update(models.Notice)
                .where(models.Notice.account_id == account_id, models.Notice.event == event)
                .values(is_for_digest=False)
            )
    session.flush()
    return {event: (before[event], way) for event, way in ways.items() if event in EVENTS and before[event] is not way}
