"""A portal that has content is brought to another state of its tables, and everything it holds is still there."""

from __future__ import annotations

import sqlalchemy as sa

from content.db import Base
from content.schemas import clean_item
from content.services import edit, lookup, transition
from portal import database
from workflows.decision import DECISION


def _counts(house, names):
    with house.engine.connect() as connection:
        return {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names}


def _triggers(house):
    with house.engine.connect() as connection:
        return set(connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'").all())


def test_nothing_is_lost_when_tables_with_content_are_made_anew(portal):
    _, house = portal
    kept = [name for name in ("item", "contact", "press_contact", "report", "report_section", "clause", "edition", "attachment", "decision") if name in Base.metadata.tables]
    before, guards = _counts(house, kept), _triggers(house)
    assert before["contact"] and before["report_section"] and before["press_contact"]
    database.downgrade(house.engine, "0004")
    assert database.migrate(house.engine)
    assert _counts(house, kept) == before
    assert _triggers(house) == guards
    with house.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_what_came_in_before_histories_said_so_gets_its_line_once(house):
    with house.writing("test") as work:
        edit.save(work.session, "body", clean_item("body", {"slug": "it-planungsrat", "name": "Rat", "number_pattern": "YYYY/NN"}), now=work.desk.now)
        for number, notice in (("2020/01", None), ("2020/02", {"date": "2020-03-01", "url": None})):
            value = clean_item("decision", {"body": "it-planungsrat", "number": number, "title": "T", "text": "1. x", "date": "2020-02-03", "gazette_notice": notice})
            row = edit.save(work.session, "decision", value, now=work.desk.now).item
            transition.publish_now(work.desk, row)
            row.procedure_state = "gazetted" if notice else "adopted"
    for _ in range(2):
        database.downgrade(house.engine, "0024e")
        assert database.migrate(house.engine)
    with house.writing("test") as work:
        rows = [lookup.find(work.session, f"/beschluss/2020/0{number}") for number in (1, 2)]
        told = [[(line.source, line.target, line.comment) for line in transition.history(work.session, row, DECISION)] for row in rows]
        assert all(line.at == row.public_at for row in rows for line in transition.history(work.session, row, DECISION))
    assert told == [[("draft", "adopted", "beschlossen am 03.02.2020")], [("draft", "gazetted", "beschlossen am 03.02.2020, bekannt gegeben am 01.03.2020")]]
