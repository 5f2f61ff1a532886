"""The table `workflows.rights` asked of the database and of rows: what somebody may see, and what it may be called to them.

`grants` None is the house itself (an import, the clock, an operator): it sees everything. `sees` is the condition for queries,
`may_see` the same for a row at hand. `titles` is how lists, choices, notices and mails name an item: as it stands to whom
sees that, as it is published to everybody else, and by nothing but its kind where it is not published.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import KINDS
from workflows import rights
from workflows.rights import Part, Where
from workflows.vocabulary import Permission

Condition = sa.ColumnElement[bool]
Grants = rights.Grants | None
I = models.Item  # noqa: E741 - the one table of this module


def sees(grants: Grants, part: Part = Part.WORKING) -> Condition:
    """The items of which somebody with these grants sees `part` by right, as a condition on `item`."""
    return sa.true() if grants is None else _any(rights.seen(grants, part))


def held(grants: Grants, wanted: Iterable[Permission]) -> Condition:
    """The items on which somebody with these grants has one of the rights `wanted`, as a condition on `item`."""
    return sa.true() if grants is None else _any(rights.held(grants, wanted))


def _any(places: Iterable[Where]) -> Condition:
    return sa.or_(sa.false(), *(_condition(where) for where in places))


def _condition(where: Where) -> Condition:
    parts: list[Condition] = [sa.true()]
    if where.kinds:
        parts.append(I.kind.in_(sorted(where.kinds)))
    if where.owner is not None:
        parts.append(I.owner == where.owner)
    if where.states != rights.STATES:
        parts.append(I.publication_state.in_(sorted(where.states)))
    if where.procedures:
        parts.append(I.procedure_state.in_(sorted(where.procedures)))
    return sa.and_(*parts)


def may_see(grants: Grants, item: models.Item, part: Part = Part.WORKING, *, in_state: str = "") -> bool:
    """Whether somebody with these grants sees `part` of `item` by right, now or `in_state` of publication."""
    return grants is None or any(
        where.holds(item.kind, item.owner, in_state or item.publication_state, item.procedure_state)
        for where in rights.seen(grants, part)
    )


def listed(grants: Grants) -> Condition:
    """The items that may be offered, named or counted to somebody: what is public, and what they see."""
    return sa.or_(I.publication_state == "published", sees(grants))


def title(grants: Grants) -> sa.ColumnElement[str | None]:
    """What an item is called to somebody, as a column: as it stands where they see that, else as it is published; None without either."""
    edition = models.Edition
    public = sa.select(edition.title).where(edition.item_id == I.id, edition.valid_until.is_(None)).scalar_subquery()
    return sa.case((sees(grants, Part.TITLE), I.title), else_=public)


def titles(session: Session, grants: Grants, items: Iterable[models.Item]) -> dict[int, str]:
    """Id → what the item is called to somebody with these grants."""
    found, hidden = {}, []
    for item in items:
        if may_see(grants, item, Part.TITLE):
            found[item.id] = str(item.title or item.url)
        else:
            hidden.append(item)
    edition = models.Edition
    query = sa.select(edition.item_id, edition.title).where(
        edition.item_id.in_([item.id for item in hidden]), edition.valid_until.is_(None)
    )
    public = {row.item_id: row.title for row in session.execute(query)} if hidden else {}
    return found | {item.id: public.get(item.id) or f"{KINDS[item.kind].label} (nicht öffentlich)" for item in hidden}


def title_of(session: Session, grants: Grants, item: models.Item) -> str:
    """What `item` is called to somebody with these grants."""
    return titles(session, grants, [item])[item.id]
