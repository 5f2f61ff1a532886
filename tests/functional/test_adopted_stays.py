"""The council's law: what was adopted stays, its number is burnt, and nobody alone takes anything out of the public."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.base import lookup
from content.services.council import ballots, numbering
from content.services.editing import edit, given_numbers, removal
from content.services.workflow import second_person, transition
from portal.commands import database
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.guards import EARLY
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)
PAGE = "/seite/impressum"


def _draft(work, title="Löschprobe", **more):
    value = clean_item(
        "decision",
        {
            "body": "it-planungsrat",
            "title": title,
            "text": "1. Der IT-Planungsrat beschließt.",
            "date": "2012-03-01",
            **more,
        },
    )
    return edit.save(work.session, "decision", value, now=NOW).item


def _adopted(work, title="Löschprobe"):
    row = _draft(work, title)
    transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})
    ballots.record(
        work.desk, row, dict.fromkeys([member.code for member in row.body.members if member.kind != "advisory"], "yes")
    )
    transition.take(work.desk, row, DECISION, "adopt")
    return row


def _as(house, login):
    return house.writing(login, name=login.title(), permits=ROLES["secretariat"].permits)


def _ask(page, workflow, name):
    return page.forms[f"antrag-{workflow}-{name}-stellen"]


@pytest.mark.on_both_databases
def test_what_was_adopted_is_taken_out_by_no_door_and_its_number_is_burnt(portal):
    _, house = portal
    with house.writing("test") as work:
        row = _adopted(work)
        assert (row.number, row.publication_state) == ("2012/01", "draft")
        with pytest.raises(Blocked, match="vergeben"):
            transition.take(work.desk, row, PUBLICATION, "trash")
        row.publication_state = "trashed"
        with pytest.raises(Blocked, match="vergeben"):
            transition.take(work.desk, row, PUBLICATION, "remove", {"comment": "Probe"})
        with pytest.raises(ValueError, match="number"):
            removal.erase(work.session, row)
        row.publication_state = "draft"
        # Even where the row of the decision is lost, its number is not given again.
        row.number, row.serial, row.year = None, None, None
        row.url = "/entwurf/verloren"
        work.session.flush()
        assert _adopted(work, "Löschprobe B").number == "2012/02"
        with pytest.raises(InvalidInput, match="kein zweites Mal"):
            _draft(work, "Von außen", number="2012/01")
    for statement in ("DELETE FROM given_number", "UPDATE given_number SET serial = serial + 1"):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), house.engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_an_adopted_decision_keeps_body_and_address(portal):
    _, house = portal
    with house.writing("test") as work:
        row = _adopted(work)
        other = work.session.scalars(sa.select(models.Body).where(models.Body.id != row.body_id)).first()
        value = clean_item("decision", {**row.input, "body": other.slug, "meeting": None, "number": None})
        given = {
            **value,
            "number": numbering.NumberPattern(other.number_pattern).format(
                numbering.DecisionNumber(2012, 9, numbering.NumberPattern(other.number_pattern).suffix)
            ),
        }
        with pytest.raises(InvalidInput, match="vergeben und bleibt"):
            edit.save(work.session, "decision", given, now=NOW, item=row, rev=row.rev)


def test_a_recommendation_that_was_adopted_is_not_trashed(portal):
    _, house = portal
    with house.writing("test") as work:
        row = lookup.find(work.session, "/empfehlung/efa-vorrang")
        row.publication_state, row.procedure_state = "draft", "superseded"
        with pytest.raises(Blocked, match="Was beschlossen"):
            transition.take(work.desk, row, PUBLICATION, "trash")


@pytest.mark.on_both_databases
def test_an_adopted_decision_is_declared_void_by_two_and_the_public_reads_why(portal):
    app, house = portal
    url = "/beschluss/2021/39"
    with _as(house, "gerda") as work:
        row = lookup.find(work.session, url)
        before = row.text
        with pytest.raises(Blocked, match="zu zweit"):
            transition.take(work.desk, row, DECISION, "annul", {"comment": "Allein."})
        with pytest.raises(Blocked, match="Grund fehlt"):
            second_person.ask(work.desk, row, DECISION, "annul", " ")
        second_person.ask(work.desk, row, DECISION, "annul", "Kein Quorum.")
        with pytest.raises(Blocked, match="beantragt hat"):
            transition.take(work.desk, row, DECISION, "annul", {"comment": "Kein Quorum."})
    assert "nichtig" not in app.get(url).text
    with _as(house, "rita") as work:
        transition.take(work.desk, lookup.find(work.session, url), DECISION, "annul", {"comment": "Ein anderer Grund."})
    page = app.get(url)
    assert (
        "für nichtig erklärt" in page.html.select_one("#nichtig").text
        and "Kein Quorum." in page.text
        and "Gerda" not in page.text
    )
    assert "für nichtig erklärt" in page.html.select_one(".line").text
    assert app.get(f"{url}.json").json["data"]["annulment"]["reason"] == "Kein Quorum."
    with house.writing("test") as work:
        row = lookup.find(work.session, url)
        assert (row.number, row.text, row.procedure_state) == ("2021/39", before, "annulled")
        assert [line.transition for line in transition.history(work.session, row, DECISION)][-2:] == [
            "ask:annul",
            "annul",
        ]
        assert work.session.scalars(sa.select(models.StepRequest)).all() == []


def test_a_public_item_is_withdrawn_by_two_at_the_desk(desk):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, PAGE).id}"
    form = _ask(gerda.get(target), "publication", "withdraw")
    assert "für immer im Register" in form.text
    form["grund"] = ""
    assert "Grund fehlt" in form.submit(status=409).text
    form["grund"] = "Falsche Anschrift."
    form.submit(status=303)
    mine = gerda.get(target)
    assert "Falsche Anschrift." in mine.text and "antrag-publication-withdraw-zuruecknehmen" in mine.forms
    assert "schritt-publication-withdraw" not in mine.forms
    fields = dict(mine.forms["antrag-publication-withdraw-zuruecknehmen"].submit_fields()) | {
        "antrag": "",
        "note": "Allein.",
    }
    assert "beantragt hat" in gerda.post(f"{target}/schritt", fields, status=409).text
    assert gerda.get(PAGE).status_int == 200
    with house.writing("test") as work:
        rita_id = work.session.scalar(sa.select(models.Account.id).where(models.Account.login == "rita"))
        told = work.session.scalars(
            sa.select(models.Notice).where(models.Notice.account_id == rita_id, models.Notice.event == "waits")
        ).one()
        assert "Falsche Anschrift." in told.words
    page = rita.get(target)
    assert "Falsche Anschrift." in page.text
    page.forms["schritt-publication-withdraw"].submit(status=303)
    assert "Falsche Anschrift." in gerda.get(PAGE, status=410).text
    assert "Beantragt: Zurückziehen" in gerda.get(target).text


def test_a_request_is_declined_with_words_or_taken_back(desk):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, PAGE).id}"
    form = _ask(gerda.get(target), "publication", "withdraw")
    form["grund"] = "Irrtum."
    form.submit(status=303)
    refuse = rita.get(target).forms["antrag-publication-withdraw-ablehnen"]
    assert "Hinweis fehlt" in refuse.submit(status=409).text
    refuse["hinweis"] = "Ist richtig so."
    refuse.submit(status=303)
    page = gerda.get(target)
    assert "Antrag abgelehnt: Zurückziehen" in page.text and "Ist richtig so." in page.text
    form = _ask(page, "publication", "withdraw")
    form["grund"] = "Doch."
    form.submit(status=303)
    gerda.get(target).forms["antrag-publication-withdraw-zuruecknehmen"].submit(status=303)
    assert re.search("Antrag zurückgenommen", gerda.get(target).text) and gerda.get(PAGE).status_int == 200


def test_numbers_that_came_before_the_register_are_entered_by_the_migration(portal):
    _, house = portal
    with house.writing("test") as work:
        row = _adopted(work)
        uid = row.body.uid
        work.session.execute(
            sa.insert(models.AuditEntry.__table__),
            {
                "at": NOW,
                "actor": "gerda",
                "actor_name": "Gerda Geschäft",
                "action": "item.removed",
                "subject": "/beschluss/2012/04",
                "detail": "",
                "address": "",
            },
        )
    with house.reading() as connection:
        before = set(connection.execute(sa.text("SELECT year, serial, number, item_uid FROM given_number")).all())
    database.downgrade(house.engine, "0025e")
    assert database.migrate(house.engine)
    with house.reading() as connection:
        after = set(connection.execute(sa.text("SELECT year, serial, number, item_uid FROM given_number")).all())
        note = connection.scalar(sa.text("SELECT note FROM given_number WHERE year = 2012 AND serial = 4"))
    assert {tuple(row) for row in after - before} == {(2012, 4, "2012/04", "")} and not before - after
    assert "Gerda Geschäft endgültig entfernt" in note
    with house.writing("test") as work:
        body = work.session.scalars(sa.select(models.Body).where(models.Body.uid == uid)).one()
        assert given_numbers.last_serial(work.session, body, 2012) == 4


def test_a_correction_without_a_change_is_refused_by_every_door(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        row = lookup.find(work.session, PAGE)
        target = f"/redaktion/eintrag/{row.id}"
        with pytest.raises(Blocked, match="dieselbe wie die öffentliche"):
            transition.correct(work.desk, row, "Nichts.")
    page = app.get(target)
    assert (
        "dieselbe wie die öffentliche" in page.text and "note" not in page.forms["schritt-publication-correct"].fields
    )
    fields = dict(page.forms["schritt-publication-correct"].submit_fields()) | {"note": "Nichts."}
    assert "dieselbe wie die öffentliche" in app.post(f"{target}/schritt", fields, status=409).text


def _report(work):
    return work.session.scalars(sa.select(models.Report).order_by(models.Report.id).limit(1)).one()


def test_a_report_is_published_before_its_final_text_only_with_a_reason_that_stays(desk):
    house, browser = desk
    why = f"reason.{EARLY}"
    with house.writing("test") as work:
        row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id).limit(1)).one()
        target = f"/redaktion/eintrag/{row.id}"
        row.publication_state, row.procedure_state = "submitted", "drafting"
        work.session.add(
            models.ReviewThread(
                report_id=row.id, section_uid=row.sections[0].uid, quote="", before="", after="", start=0
            )
        )
    with house.writing("test") as work:
        row = work.session.get(models.Report, row.id)
        told = transition.hindrances(work.desk, row, PUBLICATION, "publish")
        assert (
            [one.code for one in told] == ["unripe"]
            and "nicht Endfassung" in told[0].message
            and "1 Anmerkung" in told[0].message
        )
        assert (
            transition.hindrances(work.desk, row, PUBLICATION, "publish", {"reasons": {EARLY: "Frist der Sitzung."}})
            == ()
        )
        assert transition.reasons_in_words({"reasons": {EARLY: "Frist der Sitzung."}}) == f"{EARLY}: Frist der Sitzung."
    form = browser("gustav", "secretariat").get(target).forms["schritt-publication-publish"]
    assert why in form.fields


def test_an_empty_report_is_not_handed_in(portal):
    _, house = portal
    with house.writing("test") as work:
        row = edit.save(
            work.session, "report", clean_item("report", {"slug": "leer", "title": "Leer", "group": "ag"}), now=NOW
        ).item
        with pytest.raises(Blocked, match="leer"):
            transition.take(work.desk, row, PUBLICATION, "submit")
