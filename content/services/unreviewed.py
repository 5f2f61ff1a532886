"""Facts beside the text (statements, votes entered late, the gazette's day) that reach the public on the ordinary road.

A change of them is a revision of its own with its author, although the form holds the same: so whoever made it does not make
it public, a text that was handed in before stays as it is, and the history says who it was.
"""

from __future__ import annotations

from typing import Final, cast

import sqlalchemy as sa

from content import models
from content.services import edit, frozen_text
from content.services.publish import Desk
from workflows.vocabulary import Permission

_REVISION: Final = cast("sa.Table", models.Revision.__table__)


def changed(desk: Desk, item: models.Item) -> None:
    """Note that `desk.actor` changed a fact of `item` that others have to see before the public does.

    Nothing happens while nobody has seen the item: before it is handed in, and where an operator takes over what was
    decided elsewhere.
    """
    if Permission.ITEM_IMPORT in desk.permits or not _is_seen(desk, item):
        return
    item.rev += 1
    item.changed_at, item.changed_by = desk.now, desk.actor
    desk.session.flush()
    files = {name: file.sha256 for name, file in edit.files_of(item).items()}
    desk.session.execute(sa.insert(_REVISION), {
        "item_id": item.id, "rev": item.rev, "input": item.input, "actor": desk.actor, "actor_name": desk.actor_name or desk.actor,
        "at": desk.now, "files": files,
    })


def _is_seen(desk: Desk, item: models.Item) -> bool:
    return item.public_rev > 0 or frozen_text.of(desk.session, item) is not None
