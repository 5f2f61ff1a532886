"""Two people are two logins: a new name makes nobody a second person, and a namesake is one."""

from __future__ import annotations

import importlib

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts, audit
from content.services.implementation import tasks
from content.services.workflow import transition
from workflows.report import REPORT
from workflows.vocabulary import ROLES

OFFICE = ROLES["secretariat"].permits
LAND = ROLES["land"].permits


def _reported(house, login="gerda", name="Gerda Geschäft"):
    with house.writing("test") as work:
        decision = work.session.scalars(sa.select(models.Decision).order_by(models.Decision.id)).first()
        row = models.Task(
            item_id=decision.id, anchor="ziffer-99", addressee="Kommunen", tracking="confirmed", state="open"
        )
        work.session.add(row)
        work.session.flush()
        number = row.id
    with house.writing(login, name=name, permits=OFFICE) as work:
        tasks.report(work.desk, work.session.get_one(models.Task, number), {"state": "running"}, codes=frozenset())
    return number


def _approve(house, number, login, name):
    with house.writing(login, name=name, permits=OFFICE) as work:
        tasks.approve(work.desk, work.session.get_one(models.Task, number))


@pytest.mark.on_both_databases
def test_who_reported_on_a_task_confirms_it_under_no_name_and_a_namesake_does(portal):
    _, house = portal
    number = _reported(house)
    with pytest.raises(InvalidInput, match="bestätigt nicht selbst"):
        _approve(house, number, "gerda", "Gerda Neuername")
    _approve(house, number, "gerda.2", "Gerda Geschäft")
    with house.writing("test") as work:
        row = work.session.get_one(models.Task, number)
        assert (row.reporter, row.reported_by, row.confirmed_by) == ("gerda", "Gerda Geschäft", "Gerda Geschäft")


def test_a_report_of_nobody_knows_whom_is_confirmed_by_nobody(portal):
    _, house = portal
    number = _reported(house)
    with house.writing("test") as work:
        work.session.get_one(models.Task, number).reporter = ""
    with pytest.raises(InvalidInput, match="nicht mehr festzustellen"):
        _approve(house, number, "greta", "Greta")


@pytest.mark.on_both_databases
def test_the_migration_finds_out_who_reported_and_puts_back_what_a_foreign_step_moved(portal):
    _, house = portal
    migration = importlib.import_module("portal.migrations.versions.0025g_four_eyes")
    with house.writing("test") as work:
        session, now = work.session, work.desk.now
        for login, name in (("gerda", "Gerda"), ("greta", "Zwilling"), ("gudrun", "Zwilling")):
            accounts.create(session, login=login, name=name, email="", now=now)
        decision = session.scalars(sa.select(models.Decision).order_by(models.Decision.id)).first()
        rows = [
            models.Task(
                item_id=decision.id,
                anchor=f"ziffer-{name}",
                addressee="HH",
                tracking="confirmed",
                state="open",
                reported_at=now,
                reported_by=by,
            )
            for name, by in (("logged", "Anders"), ("named", "Gerda"), ("twins", "Zwilling"))
        ]
        session.add_all(rows)
        session.flush()
        audit.note(session, now, actor="hanna", name="Anders", action="task.report", subject=f"task:{rows[0].id}")
        report = session.scalars(sa.select(models.Report).order_by(models.Report.id)).first()
        report.procedure_state = "proposed"
        transition.keep(
            session,
            [
                {
                    **transition.recorded(work.desk, report),
                    "workflow": "recommendation",
                    "version": 1,
                    "transition": "propose",
                    "source": "draft",
                    "target": "proposed",
                    "at": now,
                    "comment": "",
                    "decision_url": None,
                }
            ],
        )
        session.flush()
        for statement in (migration._BY_LOG, migration._BY_NAME, migration._BACK):
            session.execute(sa.text(statement))
        session.expire_all()
        assert [row.reporter for row in rows] == ["hanna", "gerda", ""]
        assert report.procedure_state in {None, *REPORT.states}
