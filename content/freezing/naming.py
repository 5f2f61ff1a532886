"""What a public text may tell of other items: the one place that decides it.

An item names others: in its fields, by the steps it went, by its session. Address, number and title of what has no public
edition yet are no reader's to know; so they are left out of what is frozen, and come back when the other one is public (see
`content.services.workflow.named_later`). Three things stay: what the text itself says in words, what nobody has here (it may come
later, and nothing is told of it), and where and until when: the session that decided something and the one that it is due
at are facts of the item itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import DRAFTS
from content.kinds import KINDS, PATHS
from content.text import markup

if TYPE_CHECKING:
    from content.freezing.common import Frozen

OWN_FACTS: Final = frozenset({"meeting", "due_meeting"})
"""Fields of the data that tell where something was decided, or until when it is due."""
_POINTER: Final = frozenset({"url", "anchor", "label", "from", "from_label", "relation", "text", "date"})
"""What an entry has that does nothing but point to another item: without its address it is nothing."""
_AT_ONCE: Final = 500


def may_name(session: Session | None, url: str | None) -> bool:
    """Whether a public text may name the item at `url`."""
    return bool(url) and not _unnamed(session, [url or ""])


def public_or_hidden(item: models.Item, public_title: str | None) -> str:
    """What a public text calls `item`: as it is published, or that it is not."""
    return public_title or f"{KINDS[item.kind].label} (nicht öffentlich)"


def withheld(session: Session | None, frozen: Frozen) -> Frozen:
    """`frozen` without what it may not tell of others."""
    named = {*_addresses(frozen.data), *(row.target_url for row in frozen.references)}
    hidden = _unnamed(session, named - set(markup.referenced(frozen.html)))
    if not hidden:
        return frozen
    return replace(
        frozen,
        data=_fields_without(frozen.data, hidden),
        references=tuple(row for row in frozen.references if row.target_url not in hidden),
    )


def withheld_data(session: Session | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """A part of an edition's data without what it may not tell of others."""
    hidden = _unnamed(session, set(_addresses(data)))
    return _fields_without(data, hidden)


def withheld_input(session: Session, item: models.Item, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input of a public text, as a public export tells it: without the fields that name what is not public."""
    mention, reference, row, decision = (
        models.Mention,
        models.Reference,
        models.Item.__table__.c,
        models.Decision.__table__,
    )
    named = sa.union(
        sa.select(mention.target_url).where(mention.item_id == item.id),
        sa.select(reference.target_url).where(reference.item_id == item.id),
    )
    hidden = _unnamed(session, session.scalars(named))
    if not hidden:
        return given
    query = (
        sa.select(row.url, row.slug, decision.c.number)
        .outerjoin(decision, decision.c.id == row.id)
        .where(row.url.in_(hidden))
    )
    words = {word for found in session.execute(query) for word in found if word}
    return {name: _typed_without(name, value, words) for name, value in given.items()}


_NAMED_BY: Final = frozenset({"number", "target"})
"""Fields of an entry that name another item; without that there is no entry."""
_NEEDED: Final = frozenset({"slug", "body", "meeting", "market_item", "provider", "owner", "due"})
"""Fields that say what an item itself is; what they name it cannot be without."""


def _typed_without(name: str, value: Any, words: Collection[str]) -> Any:
    if isinstance(value, str):
        return None if name not in _NEEDED and value.partition("#")[0] in words else value
    if isinstance(value, Mapping):
        return {key: _typed_without(key, one, words) for key, one in value.items()}
    if isinstance(value, list | tuple):
        kept = [
            one
            for one in value
            if not (
                isinstance(one, Mapping)
                and any(str(one.get(key) or "").partition("#")[0] in words for key in _NAMED_BY)
            )
        ]
        return [
            _typed_without("", one, words)
            for one in kept
            if not (isinstance(one, str) and one.partition("#")[0] in words)
        ]
    return value


def _unnamed(session: Session | None, urls: Iterable[str]) -> frozenset[str]:
    """Those of `urls` at which something lies that never was public."""
    wanted = sorted(set(urls))
    found = {url for url in wanted if url.startswith(DRAFTS)}
    if session is not None:
        item, edition = models.Item, models.Edition
        was_public = sa.exists().where(edition.item_id == item.id)
        for start in range(0, len(wanted), _AT_ONCE):
            found |= set(
                session.scalars(
                    sa.select(item.url).where(item.url.in_(wanted[start : start + _AT_ONCE]), sa.not_(was_public))
                )
            )
    return frozenset(found)


def _addresses(value: Any) -> Iterator[str]:
    """Every address of an item that stands alone in `value`."""
    if isinstance(value, str):
        if url := _address(value):
            yield url
    elif isinstance(value, Mapping):
        for name, one in value.items():
            if name not in OWN_FACTS:
                yield from _addresses(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _addresses(one)


def _address(value: str) -> str:
    """The address that `value` is, without the place in it; empty where it is something else."""
    return (
        value.partition("#")[0]
        if value.startswith(DRAFTS) or (value.startswith("/") and value.split("/", 2)[1] in PATHS)
        else ""
    )


def _fields_without(fields: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    return {
        name: _without(name, value, hidden)
        for name, value in fields.items()
        if name in OWN_FACTS or not (isinstance(value, Mapping) and _is_hidden(value, hidden))
    }


def _without(name: str, value: Any, hidden: Collection[str]) -> Any:
    if name in OWN_FACTS or not hidden:
        return value
    if isinstance(value, str):
        return None if _address(value) in hidden else value
    if isinstance(value, Mapping):
        return _fields_without(value, hidden)
    if isinstance(value, list | tuple):
        return [_without("", one, hidden) for one in value if not _is_hidden(one, hidden)]
    return value


def _is_hidden(value: Any, hidden: Collection[str]) -> bool:
    """Whether `value` only points to what is hidden."""
    if isinstance(value, str):
        return _address(value) in hidden
    return isinstance(value, Mapping) and value.keys() <= _POINTER and _address(str(value.get("url") or "")) in hidden
