"""The text that was submitted, kept while others approve it; later edits of the working row are a new draft.

`keep` freezes what an edition would show, when the item is submitted. Whoever approves, and the clock at its time, publish
that; embargo links show that. Only facts that have their own records (votes, implementation, reuse, contacts) are as they
are on the day of publication. Where nobody edited since, the row itself is still that text.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing import Frozen, freeze, freeze_whole
from content.freezing.common import NAMING_CONTACTS, FrozenReference, refreshed_contacts
from content.freezing.endings import ending_of
from content.freezing.implementation import public_state
from content.freezing.market import public_reuse
from content.freezing.naming import withheld, withheld_data
from content.services.publishing.publish import Desk, PublicFile, public_files, with_evidence
from content.text.wording import with_ending
from content.typed.berlin import day_of

_KNOWN: Final = "frozen_text.known"
_TABLE: Final = cast("sa.Table", models.FrozenText.__table__)
_KEEP: Final = sa.insert(_TABLE)
_DROP: Final = sa.delete(_TABLE).where(_TABLE.c.item_id == sa.bindparam("of"))


def keep(desk: Desk, item: models.Item) -> None:
    """Freeze `item` as it is; a text that is frozen already stays the one that is approved."""
    if of(desk.session, item) is not None:
        return
    frozen = freeze_whole(item, today=day_of(desk.now))
    # Its parts are JSON or plain values already: `asdict` would copy every one of them.
    text = {field.name: getattr(frozen, field.name) for field in dataclasses.fields(frozen)} | {
        "date": _iso(frozen.date),
        "sort_date": _iso(frozen.sort_date),
        "references": [dataclasses.asdict(row) for row in frozen.references],
    }
    desk.session.execute(
        _KEEP,
        {
            "item_id": item.id,
            "rev": item.rev,
            "input_sha256": item.input_digest or "",
            "frozen": text,
            "files": {file.sha256: [file.file_name, file.media_type] for file in public_files(item, frozen.data)},
            "at": desk.now,
        },
    )
    _known(desk.session).pop(item.id, None)


def of(session: Session, item: models.Item) -> models.FrozenText | None:
    """What is frozen of `item`, if anything. One transaction asks once: a step wants to know it six times."""
    if item.id is None:
        return None
    known = _known(session)
    if item.id not in known:
        known[item.id] = session.get(models.FrozenText, item.id)
    return known[item.id]


def nothing(session: Session, item: models.Item) -> None:
    """Where the item stands nothing waits for approval: this transaction need not ask."""
    _known(session).setdefault(item.id, None)


def _known(session: Session) -> dict[int, models.FrozenText | None]:
    """What this transaction or savepoint has learned by item; one that is given up takes it along."""
    holder = session.get_nested_transaction() or session.get_transaction()
    known: dict[int, models.FrozenText | None]
    held_by, known = session.info.get(_KNOWN, (None, {}))
    if held_by is not holder or holder is None:
        known = {}
        session.info[_KNOWN] = (holder, known)
    return known


def newer(session: Session, item: models.Item) -> models.FrozenText | None:
    """What is frozen of `item`, if the working row went on since."""
    kept = of(session, item)
    return kept if kept is not None and kept.rev != item.rev else None


def drop(session: Session, item: models.Item) -> None:
    """Nothing is frozen any more: it was published, came back or was taken back."""
    kept = of(session, item)
    if kept is not None:
        session.expunge(kept)
        session.execute(_DROP, {"of": item.id})
        _known(session)[item.id] = None


def text_of(session: Session, item: models.Item, today: dt.date) -> Frozen:
    """What publishing `item` shows: the frozen text, with facts that have their own records as they are now."""
    kept = newer(session, item)
    if kept is None:
        return freeze(item, today=today)
    given = dict(kept.frozen)
    is_undated = given.pop("is_undated")
    sort_date = today if is_undated else dt.date.fromisoformat(given["sort_date"])
    changes = dict(live(session, item))
    if item.kind in NAMING_CONTACTS:
        changes["contacts"] = refreshed_contacts(session, given["data"].get("contacts", ()))
    shown = {
        "data": {**given["data"], **changes},
        "header": with_ending(given["header"], changes) if item.kind == "decision" else tuple(given["header"]),
        "sort_date": sort_date,
        "year": today.year if is_undated else given["year"],
        "date": dt.date.fromisoformat(given["date"]) if given["date"] else None,
        "references": tuple(FrozenReference(**row) for row in given["references"]),
        **({"subkind": changes["state"]} if "state" in changes else {}),
    }
    return withheld(session, Frozen(**{**given, **shown}))


def live(session: Session, item: models.Item) -> Mapping[str, Any]:
    """The part of the data of `item` that has records of its own, as it is now: it becomes public without „Berichtigen“."""
    told = _LIVE.get(item.kind)
    return withheld_data(session, told(session, item)) if told else {}


def files_of(session: Session, item: models.Item, text: Frozen) -> list[PublicFile]:
    """The files that publishing `text` of `item` makes public."""
    kept = newer(session, item)
    if kept is None:
        return public_files(item, text.data)
    return with_evidence(
        [PublicFile(sha256, *names) for sha256, names in kept.files.items()], kept.frozen["data"], text.data
    )


def _reuse(session: Session, item: models.Item) -> Mapping[str, Any]:
    return {"reuse": public_reuse(session, item.id)} if isinstance(item, models.MarketOffer) else {}


def _state(session: Session, item: models.Item) -> Mapping[str, Any]:
    return public_state(session, item) if isinstance(item, models.Recommendation) else {}


def _ended(_session: Session, item: models.Item) -> Mapping[str, Any]:
    return ending_of(item) if isinstance(item, models.Decision) else {}


_LIVE: Final[Mapping[str, Callable[[Session, models.Item], Mapping[str, Any]]]] = {
    "recommendation": _state,
    "offer": _reuse,
    "decision": _ended,
}
"""Kind → the part of an edition's data that has records of its own."""


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def decided_on(session: Session, item: models.Item) -> tuple[int, str]:
    """Revision and SHA-256 of the input that a step of publication decides on."""
    kept = of(session, item)
    return (kept.rev, kept.input_sha256) if kept is not None else (item.rev, item.input_digest or "")
