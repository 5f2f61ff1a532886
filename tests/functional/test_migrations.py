"""A portal that has content is brought to another state of its tables, and everything it holds is still there."""

from __future__ import annotations

import sqlalchemy as sa

from content.database.db import Base
from portal.commands import database


def _counts(house, names):
    with house.engine.connect() as connection:
        return {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names}


def _triggers(house):
    with house.engine.connect() as connection:
        return set(connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'").all())


def test_nothing_is_lost_when_tables_with_content_are_made_anew(portal):
    _, house = portal
    kept = [
        name
        for name in (
            "item",
            "contact",
            "press_contact",
            "report",
            "report_section",
            "clause",
            "edition",
            "attachment",
            "decision",
        )
        if name in Base.metadata.tables
    ]
    before, guards = _counts(house, kept), _triggers(house)
    assert before["contact"] and before["report_section"] and before["press_contact"]
    database.downgrade(house.engine, "0004")
    assert database.migrate(house.engine)
    assert _counts(house, kept) == before
    assert _triggers(house) == guards
    with house.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
