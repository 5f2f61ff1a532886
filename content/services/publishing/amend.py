"""Facts that are kept beside the text (reuse, tasks) become public by a new edition that changes nothing else.

The working row may hold unreviewed changes at that time; therefore the new edition is made of the public one, not of the
row. It has its ledger entry like every edition: the portal's public clock moves, and nothing kept of the past is stale.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa

from content import models
from content.freezing import Frozen
from content.freezing.common import FrozenReference
from content.kinds import KINDS
from content.proof.derived import REFERENCE_COLUMNS
from content.proof.ledger import Act
from content.services.publishing import publish
from content.services.publishing.publish import Desk, PublicFile


def amend(
    desk: Desk,
    item: models.Item,
    changes: Mapping[str, Any],
    note: str,
    *,
    subkind: str | None = None,
    header: Sequence[str] | None = None,
) -> models.Edition | None:
    """Put an edition with `changes` of the structured data in the place of the public one of `item`.

    None where nothing is public or nothing would change. `note` tells the public what changed; `subkind` is the new one,
    where the changes move it (lists, counts and the line above the title follow), `header` the new line above the title.
    """
    current = publish.current_edition(desk.session, item)
    if current is None:
        return None
    document = orjson.loads(current.document)
    if all(document["data"].get(name) == value for name, value in changes.items()):
        return None
    data = {**document["data"], **changes}
    frozen = _frozen(desk, current, document, data)
    if subkind is not None and subkind != frozen.subkind:
        words = KINDS[item.kind].subkinds
        header = tuple(words[subkind] if part == words.get(frozen.subkind) else part for part in frozen.header)
        frozen = replace(frozen, subkind=subkind, header=header)
    if header is not None:
        frozen = replace(frozen, header=tuple(header))
    files = publish.with_evidence(_files(desk, current, document.get("shown") or {}), document["data"], data)
    return publish.put_edition(desk, item, frozen, Act.CORRECT, note=note, item_rev=current.item_rev, files=files)


def _files(desk: Desk, edition: models.Edition, shown: Mapping[str, Any]) -> list[PublicFile]:
    if shown:
        return [PublicFile(*row) for row in shown["files"]]
    row = models.EditionFile
    return [
        PublicFile(one.sha256, one.file_name, one.media_type)
        for one in desk.session.scalars(sa.select(row).where(row.edition_id == edition.id))
    ]


def _frozen(desk: Desk, edition: models.Edition, document: Mapping[str, Any], data: Mapping[str, Any]) -> Frozen:
    """What the public edition showed, as its signed document says; only documents of schema 1 leave that to the columns."""
    shown = document.get("shown")
    if shown is None:
        shown = _columns(desk, edition)
    plain = {
        name: shown[name] for name in ("subkind", "body_slug", "year", "serial", "sort_title", "meeting_url", "summary")
    }
    return Frozen(
        title=document["title"],
        text=document["text"],
        html=document["html"],
        data=data,
        header=tuple(shown["header"]),
        date=dt.date.fromisoformat(shown["date"]) if shown["date"] else None,
        sort_date=dt.date.fromisoformat(shown["sort_date"]),
        references=tuple(FrozenReference(*row) for row in shown["references"]),
        **plain,
    )


def _columns(desk: Desk, edition: models.Edition) -> dict[str, Any]:
    """The part `shown` of an edition, from its columns."""
    row = models.EditionReference
    references = desk.session.scalars(sa.select(row).where(row.edition_id == edition.id).order_by(row.position))
    return {
        **{
            name: getattr(edition, name)
            for name in ("subkind", "body_slug", "year", "serial", "sort_title", "meeting_url", "summary", "header")
        },
        "date": edition.date.isoformat() if edition.date else None,
        "sort_date": edition.sort_date.isoformat(),
        "references": [[getattr(one, name) for name in REFERENCE_COLUMNS] for one in references],
    }
