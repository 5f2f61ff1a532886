"""The page that publishing would make, read without publishing: what the desk shows to whoever writes or approves.

It is made from the text that publication would freeze, by the reader that makes public pages, in a transaction that only reads.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from content import models, reading
from content.proof.canonical import canonical_json
from content.services.browsing.browse import Reader
from content.services.browsing.statements import AnyRow
from content.services.publishing import frozen_text, publish
from content.services.publishing.publish import Desk, PublicFile
from content.services.workflow import transition
from workflows.publication import PUBLICATION


def page_of(desk: Desk, item: models.Item) -> reading.ItemPage:
    """What the public would read of `item` if it were published now: the text that waits for approval, else the working copy."""
    frozen = frozen_text.text_of(desk.session, item, publish.berlin_day(desk.now))
    last = publish.last_edition(desk.session, item)
    number = last.number + 1 if last is not None else 1
    document = publish.document_of(item, frozen, edition=number, note=None, shown={})
    columns: dict[str, Any] = {
        "id": 0,
        "item_id": item.id,
        "number": number,
        "kind": item.kind,
        "url": item.url,
        "title": frozen.title,
        "header": list(frozen.header),
        "body_slug": frozen.body_slug,
        "year": frozen.year,
        "serial": frozen.serial,
        "date": frozen.date,
        "sort_date": frozen.sort_date,
        "summary": frozen.summary,
        "document": canonical_json(document).decode(),
        # What the ledger alone can say stays empty: a page that is not public proves nothing.
        "sha256": "",
        "position": 0,
        "entry_hash": "",
        "line": '{"key_id": ""}',
        "recorded_at": desk.now,
        "valid_from": desk.now,
    }
    return Reader(desk.session.connection()).unpublished(cast("AnyRow", SimpleNamespace(**columns)))


def files_of(desk: Desk, item: models.Item) -> dict[str, PublicFile]:
    """The files that `page_of` shows, by their hash."""
    frozen = frozen_text.text_of(desk.session, item, publish.berlin_day(desk.now))
    return {file.sha256: file for file in frozen_text.files_of(desk.session, item, frozen)}


def can_be_shown(item: models.Item) -> bool:
    """Whether a page can be made of `item`: it has a text, and stands in states that its workflows know."""
    procedure = transition.procedure_of(item)
    is_known = procedure is None or transition.state_of(item, procedure) in procedure.states
    return is_known and item.publication_state in PUBLICATION.states and item.publication_state != "removed"


def is_public_text(desk: Desk, item: models.Item) -> bool:
    """Whether what `page_of` shows is what is public already."""
    return item.publication_state == "published" and not publish.differs(desk, item)
