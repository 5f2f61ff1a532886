"""A step belongs to the workflow of its item: another one's is refused, and a state that nobody knows breaks no page."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from content.kinds import KINDS
from content.schemas import InvalidInput
from content.services.base import workflow_rows
from content.services.workflow import transition
from portal.commands import cli
from workflows.catalogue import PROCEDURES, WORKFLOWS
from workflows.vocabulary import ROLES

FOREIGN = [
    (kind, flow)
    for kind in KINDS
    for flow in WORKFLOWS
    if flow not in {one.name for one in transition.workflows_of(kind)}
]
OFFICE = ROLES["secretariat"].permits


def _of(house, kind):
    with house.writing("test") as work:
        return work.session.scalars(
            sa.select(models.Item.id).where(models.Item.kind == kind).order_by(models.Item.id)
        ).first()


def _all(session):
    return [
        tuple(row)
        for row in session.execute(
            sa.select(models.Item.id, models.Item.publication_state, models.Item.procedure_state).order_by(
                models.Item.id
            )
        )
    ]


@pytest.mark.on_both_databases
def test_no_kind_takes_a_step_of_a_workflow_that_is_not_its_own(portal):
    _, house = portal
    with house.writing("gerda", permits=OFFICE) as work:
        before = _all(work.session)
        for kind, flow in FOREIGN:
            item = work.session.scalars(
                sa.select(models.Item).where(models.Item.kind == kind).order_by(models.Item.id).limit(1)
            ).one()
            for name in WORKFLOWS[flow].transitions:
                with pytest.raises(InvalidInput, match="gibt es für diese Art nicht"):
                    transition.take(work.desk, item, WORKFLOWS[flow], name, {"comment": "x", "decision": "2021/39"})
        work.session.flush()
        assert _all(work.session) == before


def test_the_desk_answers_a_foreign_step_with_words_and_the_page_stays(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    for kind, flow in dict(FOREIGN).items():
        path = f"/redaktion/eintrag/{_of(house, kind)}"
        form = app.get(path).forms[0]
        values = {
            "formular": form["formular"].value,
            "workflow": flow,
            "schritt": next(iter(WORKFLOWS[flow].transitions)),
        }
        said = app.post(f"{path}/schritt", values, status=400)
        assert "gibt es für diese Art nicht" in said.text
        app.get(path, status=200)


def test_pages_bear_a_state_that_no_workflow_knows_and_check_names_it(desk, capsys):
    house, browser = desk
    app = browser("gerda", "secretariat")
    numbers = {kind: _of(house, kind) for kind in PROCEDURES}
    with house.writing("test") as work:
        work.session.execute(
            sa.update(models.Item).where(models.Item.id.in_(numbers.values())).values(procedure_state="nowhere")
        )
        work.session.execute(
            sa.update(models.Item).where(models.Item.id == _of_page(work)).values(publication_state="elsewhere")
        )
    with house.reading() as connection:
        lost = {(row[1], row[2]) for row in workflow_rows.lost(connection)}
    assert lost == {(flow.name, "nowhere") for flow in PROCEDURES.values()} | {("publication", "elsewhere")}
    for number in numbers.values():
        assert "unbekannter Zustand „nowhere“" in app.get(f"/redaktion/eintrag/{number}", status=200).text
    app.get(f"/redaktion/bericht/{numbers['report']}", status=200)
    assert "unbekannter Zustand „elsewhere“" in app.get("/redaktion/eintraege?art=page", status=200).text
    assert cli.main(["--data", str(house.data), "check"]) == cli.FAULTY
    assert "steht in „nowhere“" in capsys.readouterr().err


def _of_page(work):
    return work.session.scalars(sa.select(models.Page.id).order_by(models.Page.id)).first()
