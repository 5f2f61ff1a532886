"""What reaches the public on the ordinary road although nobody typed it into the form of the item.

These are facts beside the text (statements, votes entered late) and what a step writes: into its own item, or into another one,
as the green list does into the agenda of its session.

A change of them is a revision of its own with its author, although the form holds the same: so whoever made it does not make
it public, a text that was handed in before stays as it is, and the history says who it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing import freeze_whole
from content.services.editing import edit
from content.services.publishing import frozen_text
from content.services.publishing.publish import Desk
from content.typed.berlin import day_of
from workflows.vocabulary import Permission

_REVISION: Final = cast("sa.Table", models.Revision.__table__)


def changed(desk: Desk, item: models.Item) -> None:
    """Note that `desk.actor` changed a fact of `item` that others have to see before the public does.

    Nothing happens while nobody has seen the item: before it is handed in, and where an operator takes over what was
    decided elsewhere.
    """
    if Permission.ITEM_IMPORT in desk.permits or not is_seen(desk.session, item):
        return
    item.rev += 1
    item.changed_at, item.changed_by = desk.now, desk.actor
    desk.session.flush()
    keep_revision(desk.session, item, desk.actor, desk.actor_name or desk.actor, desk.now)


def keep_revision(session: Session, item: models.Item, actor: str, actor_name: str, at: dt.datetime) -> None:
    """Keep the row as it stands as the revision that it has, of the person whose change it is."""
    files = {name: file.sha256 for name, file in edit.files_of(item).items()}
    session.execute(
        sa.insert(_REVISION),
        {
            "item_id": item.id,
            "rev": item.rev,
            "input": item.input,
            "actor": actor,
            "actor_name": actor_name,
            "at": at,
            "files": files,
        },
    )


def shown(desk: Desk, item: models.Item) -> Mapping[str, Any] | None:
    """What publishing the row of `item` would show, beside facts that become public by themselves; None where nobody has seen it.

    Who takes a step asks before and after it: see `judge`.
    """
    if item.id is None or Permission.ITEM_IMPORT in desk.permits or not is_seen(desk.session, item):
        return None
    desk.session.flush()
    text, live = freeze_whole(item, today=day_of(desk.now)), frozen_text.live(desk.session, item)
    data = {name: value for name, value in text.data.items() if name not in live}
    return {"title": text.title, "text": text.text, "html": text.html, "data": data}


def judge(desk: Desk, item: models.Item, before: Mapping[str, Any] | None) -> None:
    """Whoever made the text of `item` another than `before` is an author of that change."""
    if before is not None and item.id not in _together(desk.session) and before != shown(desk, item):
        changed(desk, item)


@contextlib.contextmanager
def together(desk: Desk, item: models.Item) -> Iterator[None]:
    """What several steps in here write into `item` is judged as one change, when the last of them is done."""
    before, held = shown(desk, item), _together(desk.session)
    held.add(item.id)
    try:
        yield
    finally:
        held.discard(item.id)
    judge(desk, item, before)


def _together(session: Session) -> set[int]:
    found: set[int] = session.info.setdefault("changed_together", set())
    return found


def keep_missing(session: Session, item: models.Item) -> None:
    """Keep the revision that the row has, where nothing kept it: sections are saved one by one while nobody has seen them."""
    row = models.Revision
    if session.scalar(sa.select(row.id).where(row.item_id == item.id, row.rev == item.rev)) is None:
        keep_revision(session, item, item.changed_by, item.changed_by, item.changed_at)


def is_seen(session: Session, item: models.Item) -> bool:
    """Whether somebody else has to see what changes: the item is or was public, or was handed in."""
    return item.public_rev > 0 or frozen_text.of(session, item) is not None
