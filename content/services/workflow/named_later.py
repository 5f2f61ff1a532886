"""What was withheld because it was not public yet comes into the editions that name it, once it is.

Nothing unseen goes out with it: where the working copy went on since, only what becomes public by itself follows, and the
rest comes with the next correction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import orjson
import sqlalchemy as sa

from content import models
from content.freezing import freeze
from content.proof.ledger import Act
from content.schemas import InvalidInput
from content.services.base.lookup import public_bodies
from content.services.editing import mentions
from content.services.publishing import amend, frozen_text, publish
from content.services.publishing.publish import Desk
from content.text.wording import address_words, with_ending
from content.typed.berlin import day_of


def show(desk: Desk, item: models.Item) -> None:
    """Name `item`, public since now, in the public editions of those that name it and could not yet."""
    note = f"Nennt jetzt auch: {address_words(item.url, bodies=public_bodies(desk.session))}"
    for other, current in _waiting(desk, item):
        is_ahead = other.rev != current.item_rev or frozen_text.of(desk.session, other) is not None
        if is_ahead:
            _follow(desk, other, current, note)
        else:
            _again(desk, other, item, note)


def _waiting(desk: Desk, item: models.Item) -> Iterator[tuple[models.Item, models.Edition]]:
    """The public items that name `item`, with an edition that does not."""
    edition = models.Edition
    naming = mentions.naming(item).with_only_columns(models.Item.id)
    query = (
        sa.select(models.Item, edition)
        .join(edition, edition.item_id == models.Item.id)
        .where(edition.valid_until.is_(None), models.Item.id.in_(naming))
        .order_by(models.Item.id)
    )
    for other, current in desk.session.execute(query).all():
        if not _is_named(item.url, current.document):
            yield other, current


def _follow(desk: Desk, other: models.Item, current: models.Edition, note: str) -> None:
    facts = frozen_text.live(desk.session, other)
    if facts:
        header = with_ending(current.header, facts) if other.kind == "decision" else None
        amend.amend(desk, other, facts, note, subkind=facts.get("state"), header=header)


def _again(desk: Desk, other: models.Item, item: models.Item, note: str) -> None:
    try:
        text = freeze(other, today=day_of(desk.now))
    except InvalidInput:
        return
    told = orjson.dumps([dict(text.data), [dataclasses.asdict(row) for row in text.references]]).decode()
    if not _is_named(item.url, told):
        return
    current = publish.current_edition(desk.session, other)
    files = frozen_text.files_of(desk.session, other, text)
    if current is not None:
        publish.put_edition(desk, other, text, Act.CORRECT, note=note, item_rev=current.item_rev, files=files)


def _is_named(url: str, told: str) -> bool:
    """Whether JSON holds the address, or a place in it: not one that only begins like it (`/sitzung/4` and `/sitzung/46`)."""
    return f'"{url}"' in told or f'"{url}#' in told
