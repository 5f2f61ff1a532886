"""An edition names other items as they are published: no text that is only being written becomes public through another item."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.canonical import canonical_json
from content.kinds import KINDS
from content.services import frozen_text, lookup

SECRET = "Nicht öffentlicher neuer Name"
TODAY = dt.date(2026, 11, 30)
NAMED_FIELDS = ("title", "short", "name", "place")


class _Undo(Exception):  # noqa: N818 - a signal
    """The example stays as it is."""


@pytest.mark.on_both_databases
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_new_name_of_an_item_goes_out_with_another_one(portal, kind):
    _, house = portal
    with pytest.raises(_Undo), house.writing("test") as work:
        _rename_and_read(work.session, kind)


def _rename_and_read(session, kind):
    for item in session.scalars(sa.select(KINDS[kind].model)):
        for name in NAMED_FIELDS:
            if hasattr(item, name):
                setattr(item, name, SECRET)
    if kind == "body":
        for member in session.scalars(sa.select(models.Member)):
            member.name = SECRET
    if kind == "meeting":
        for meeting in session.scalars(sa.select(models.Meeting)):
            meeting.date, meeting.ordinal = dt.date(2031, 1, 31), 4711 + meeting.id
    session.flush()
    lookup.forget_bodies(session)
    public = sa.select(models.Item).where(models.Item.publication_state == "published", models.Item.kind != kind)
    for item in session.scalars(public.order_by(models.Item.id)):
        frozen = frozen_text.text_of(session, item, TODAY)
        told = canonical_json({"data": frozen.data, "header": frozen.header, "text": frozen.text, "html": frozen.html, "date": str(frozen.sort_date)}).decode()
        for secret in (SECRET, "4711", "2031-01-31", "31.01.2031"):
            assert secret not in told, (item.url, secret)
    raise _Undo
