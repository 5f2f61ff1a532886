"""What items name of each other: links in texts, addresses in fields. Who points here, and which links lead nowhere.

A link may name what comes later: saving never refuses it. The desk says which links lead to nothing, or to something
that the public cannot see (yet), and names everybody who points to an item before that goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import KINDS, PATHS, item_url
from content.services.base import rights
from workflows.publication import GONE
from workflows.rights import Part, seen

MOST: Final = 500
"""Addresses of one item that are kept; no text has more."""
_ADDRESS: Final = rf"/(?:{'|'.join(sorted(PATHS))})/[\w/.~-]+"
_LINK: Final = re.compile(rf"\]\(\s*<?({_ADDRESS})|^\s*\[[^\]]+\]:\s*<?({_ADDRESS})", re.ASCII | re.MULTILINE)
_WHOLE: Final = re.compile(_ADDRESS, re.ASCII)
_ENDINGS: Final = (".pdf", ".json", "/zitieren", "/fassungen")
_MENTION: Final = cast("sa.Table", models.Mention.__table__)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An address that an item names and that leads a reader nowhere. `item_id`: what lies there at the desk, if anything."""

    url: str
    words: str
    item_id: int | None


def keep(session: Session, item: models.Item, *, is_new: bool = False) -> None:
    """Note what the input of `item` names; called with every save, after the row has its id. `is_new`: nothing is noted yet."""
    wanted = addresses_in(item.input)
    if isinstance(body := item.input.get("body"), str) and body and item.kind in {"decision", "meeting"}:
        wanted.setdefault(item_url("body", body), False)
    if item.kind == "decision":
        wanted |= {item_url("recommendation", slug): False for slug in item.input.get("recommendations") or ()}
    if not is_new:
        line = models.StepEntry
        rests_on = session.scalars(
            sa.select(line.decision_url).where(line.item_id == item.id, line.decision_url.is_not(None))
        )
        wanted |= {url: False for url in rests_on if url and url not in wanted}
    wanted.pop(item.url, None)
    wanted = dict(list(wanted.items())[:MOST])
    if not is_new:
        known = {
            row.target_url: row.is_link
            for row in session.execute(sa.select(_MENTION).where(_MENTION.c.item_id == item.id))
        }
        if known == wanted:
            return
        session.execute(sa.delete(_MENTION).where(_MENTION.c.item_id == item.id))
    if wanted:
        session.execute(
            sa.insert(_MENTION),
            [{"item_id": item.id, "target_url": url, "is_link": is_link} for url, is_link in wanted.items()],
        )


def addresses_in(value: Any) -> dict[str, bool]:
    """Address → whether a link in a text names it; everything in `value`, in the order of the text."""
    found: dict[str, bool] = {}
    for text in _texts(value):
        for match in _LINK.finditer(text):
            found[_plain(match[1] or match[2])] = True
        if _WHOLE.fullmatch(text):
            found.setdefault(_plain(text), False)
    return {url: is_link for url, is_link in found.items() if len(url) <= 300}


UNSEEN: Final = "Einträge, die Sie nicht sehen dürfen"


def users_of(
    session: Session, item: models.Item, grants: rights.Grants = None, limit: int = 20
) -> Sequence[models.Item]:
    """The items, not in the trash, that name this one or refer to it, of those that somebody with these grants may know of."""
    return session.scalars(naming(item).where(rights.listed(grants)).order_by(models.Item.id).limit(limit)).all()


def user_titles(session: Session, item: models.Item, grants: rights.Grants = None) -> list[str]:
    """What the items that name this one are called to somebody; those they may not know of are told together, without number or name."""
    rows = users_of(session, item, grants)
    names = rights.titles(session, grants, rows)
    unseen = session.scalar(sa.select(sa.exists(naming(item).where(sa.not_(rights.listed(grants))))))
    return [*(names[row.id] for row in rows), *([UNSEEN] if unseen else [])]


def naming(item: models.Item) -> sa.Select[models.Item]:
    """The items, not in the trash, that name this one or refer to it."""
    referring = sa.select(models.Reference.item_id).where(models.Reference.target_url == item.url)
    naming = sa.select(models.Mention.item_id).where(models.Mention.target_url == item.url)
    return sa.select(models.Item).where(
        models.Item.id.in_(sa.union(referring, naming)),
        models.Item.id != item.id,
        models.Item.publication_state.not_in(GONE),
    )


def doubtful(session: Session, item: models.Item, grants: rights.Grants = None) -> list[Doubtful]:
    """The links in texts of `item` that lead nowhere, or to what is not public; whether that is there, is told to whom may see it."""
    row = models.Item
    query = (
        sa.select(
            models.Mention.target_url,
            row.id,
            row.kind,
            row.publication_state,
            sa.func.coalesce(rights.sees(grants), sa.false()).label("is_seen"),
        )
        .outerjoin(row, row.url == models.Mention.target_url)
        .where(
            models.Mention.item_id == item.id,
            models.Mention.is_link,
            sa.or_(row.id.is_(None), row.publication_state != "published"),
        )
        .order_by(models.Mention.target_url)
    )
    knows_all = grants is None or any(not where.kinds and where.owner is None for where in seen(grants, Part.WORKING))
    return [
        Doubtful(
            found.target_url,
            _words(found, knows_all),
            found.id if found.is_seen and found.publication_state not in GONE else None,
        )
        for found in session.execute(query)
    ]


def _words(found: Any, knows_all: bool) -> str:
    if found.id is None and knows_all:
        return "gibt es nicht"
    if found.id is None or not (found.is_seen or found.publication_state == "withdrawn"):
        return "gibt es nicht, oder es ist nicht veröffentlicht"
    if found.publication_state in GONE:
        return "liegt im Papierkorb"
    if found.publication_state == "withdrawn":
        return f"{KINDS[found.kind].label} ist zurückgezogen"
    return f"{KINDS[found.kind].label} ist noch nicht veröffentlicht"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "/" in value:
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _plain(address: str) -> str:
    address = address.rstrip("/.")
    for ending in _ENDINGS:
        address = address.removesuffix(ending)
    return address
