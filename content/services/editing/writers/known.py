"""What whoever writes may know to exist: naming a foreign draft is answered as naming nothing.

The transaction says whose it is (`session.info["grants"]`; None: the house itself, which knows everything). What an item that
the person sees names already is known to them: it can be saved again.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing.linked import places_of, public_places
from content.services.base import rights
from content.services.base.lookup import find


def known(session: Session, url: str, named_by: sa.Select[int]) -> models.Item | None:
    """The item at this address, if the person may know of it. `named_by`: the ids of items that name it."""
    item = find(session, url)
    is_known = item is None or item.publication_state == "published" or rights.may_see(session.info.get("grants"), item)
    return item if is_known or is_named(session, named_by) else None


def places(session: Session, item: models.Item) -> Collection[str]:
    """The anchors of `item` that the person may know of."""
    return places_of(item) if rights.may_see(session.info.get("grants"), item) else public_places(session, item)


def is_named(session: Session, named_by: sa.Select[int]) -> bool:
    """Whether one of the items with these ids is seen by the person."""
    query = sa.select(models.Item.id).where(rights.sees(session.info.get("grants")), models.Item.id.in_(named_by))
    return session.scalar(query.limit(1)) is not None
