"""Where a notice and its mail lead each reader: to the page on which this person can act, or at least read; never to a closed door.

A purpose is a row of `PAGES`: its pages in order, each with what a person needs to be let in. The first that lets them in is
theirs. The last one, the list of notices, lets everybody in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from content import models
from content.services.base import rights
from workflows.rights import permits, permits_on
from workflows.vocabulary import Permission

_P: Final = Permission
HELD = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address (`{id}`, `{url}` of the item), and who is let in: by what they hold and the item."""

    path: str
    lets_in: Callable[[HELD, models.Item], bool]


def _holds(*wanted: Permission, kinds: tuple[str, ...] = ()) -> Callable[[HELD, models.Item], bool]:
    """Whoever has one of these rights somewhere, about an item of these kinds (none: of any)."""
    return lambda held, item: bool(permits(held) & set(wanted)) and (not kinds or item.kind in kinds)


_REPORTING: Final = (_P.IMPLEMENTATION_REPORT, _P.IMPLEMENTATION_CONFIRM)
_ITEM: Final = Page("/redaktion/eintrag/{id}", rights.may_see)
_IMPLEMENTATION: Final = Page("/redaktion/umsetzung?eintrag={id}", _holds(*_REPORTING, kinds=("recommendation",)))
_TASKS: Final = Page("/redaktion/auftraege?eintrag={id}", _holds(*_REPORTING, kinds=("decision",)))
_REVIEW: Final = Page(
    "/redaktion/bericht/{id}/durchsicht",
    lambda held, item: (
        item.kind == "report"
        and rights.may_see(held, item)
        and _P.REPORT_WRITE in permits_on(held, item.kind, item.owner)
    ),
)
_EMBARGO: Final = Page(
    "/redaktion/eintrag/{id}/sperrfrist",
    lambda held, item: rights.may_see(held, item) and _P.ITEM_EMBARGO in permits_on(held, item.kind, item.owner),
)
_PUBLIC: Final = Page("{url}", lambda _held, item: item.publication_state == "published")
NOTICES: Final = "/redaktion/hinweise?alle=ja"
_REST: Final = (_ITEM, _IMPLEMENTATION, _TASKS, _PUBLIC)

PAGES: Final[Mapping[str, tuple[Page, ...]]] = MappingProxyType(
    {
        "item": _REST,
        "implementation": (_IMPLEMENTATION, *_REST),
        "tasks": (_TASKS, *_REST),
        "review": (_REVIEW, *_REST),
        "embargo": (_EMBARGO, *_REST),
    }
)
"""What a notice is about → the pages for it, best first."""


def page_for(held: HELD, item: models.Item, about: str = "item") -> str:
    """The address of the page for somebody with these grants. Raises KeyError for an unknown purpose."""
    found = next((page for page in PAGES[about] if page.lets_in(held, item)), None)
    return found.path.format(id=item.id, url=item.url) if found is not None else NOTICES
