"""Whoever made a text another than the public one is an author of that change: by the form, by a step, or by a step on something else."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.publishing import publish
from content.services.reports import reports
from content.services.reports.reports import Author
from content.services.workflow import transition
from tests.functional.confirming import saying_yes
from tests.functional.test_council_law import NOW, SECRETARIAT, _published, _row, _vote_form
from tests.functional.test_desk import step
from workflows.decision import DECISION
from workflows.engine import Blocked


def green_list(house, publish=False):
    """A session whose green list has one item ready; its address at the desk."""
    agenda = [{"top": "1", "title": "Zeta", "goal": "decision", "list": "green"}]
    with house.writing("test") as work:
        value = clean_item(
            "meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": agenda}
        )
        meeting = edit.save(work.session, "meeting", value, now=NOW, actor="test").item
        given = {
            "body": "it-planungsrat",
            "title": "Zeta",
            "meeting": meeting.url,
            "text": "1. Der IT-Planungsrat beschließt.",
        }
        row = edit.save(work.session, "decision", clean_item("decision", given), now=NOW).item
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        if publish:
            transition.publish_now(work.desk, meeting)
        return f"/redaktion/eintrag/{meeting.id}"


def adopt_green_list(app, target):
    form = saying_yes(_vote_form(app.get(f"{target}/gruene-liste")))
    form["others"] = "yes"
    return form.submit(status=303)


@pytest.mark.on_both_databases
def test_who_adopted_the_green_list_does_not_publish_the_agenda_that_it_changed(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = green_list(house, publish=True)
    url, number = _meeting(house, target)
    assert number == (1, 1)
    adopt_green_list(app, target)
    assert _meeting(house, target)[1] == (2, 1), "the agenda that the public does not have yet is a revision of its own"
    history = app.get(f"{target}/verlauf").text
    assert "Gerda" in history
    assert "Wer den Text geändert hat" in app.get(target).text
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="nicht selbst öffentlich"):
        transition.correct(work.desk, lookup.find(work.session, url), "Beschlüsse der Sitzung")
    with house.writing("test") as work:
        address = lookup.find(work.session, url).agenda[0].decision_url
        assert not publish.differs(work.desk, lookup.find(work.session, url)), (
            "no number goes out before its decision is public"
        )
        transition.publish_now(work.desk, lookup.find(work.session, address))
    assert app.get(f"{url}.json").json["data"]["agenda"][0]["decision"] is None, (
        "what nobody else saw waits for a second person"
    )
    form = step(other.get(target), "correct")
    form["note"] = "Beschlüsse der Sitzung"
    form.submit(status=303)
    assert app.get(f"{url}.json").json["data"]["agenda"][0]["decision"] == address


def _meeting(house, target):
    with house.writing("test") as work:
        row = work.session.get(models.Meeting, int(target.rsplit("/", 1)[1]))
        last = work.session.scalars(
            sa.select(models.Revision)
            .where(models.Revision.item_id == row.id)
            .order_by(models.Revision.rev.desc())
            .limit(1)
        ).one()
        assert last.input == row.input, "what the last revision says is what the row says"
        return row.url, (row.rev, row.public_rev)


def test_an_agenda_that_was_handed_in_is_published_as_it_was_handed_in(desk):
    house, browser = desk
    app, hans = browser("gerda", "secretariat"), browser("hans", "secretariat")
    target = green_list(house)
    step(hans.get(target), "submit").submit(status=303)
    adopt_green_list(app, target)
    step(app.get(target), "publish").submit(status=303)
    url = _meeting(house, target)[0]
    assert app.get(f"{url}.json").json["data"]["agenda"][0]["decision"] is None
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="nicht selbst öffentlich"):
        transition.correct(work.desk, lookup.find(work.session, url), "Beschlüsse")
    step(hans.get(target), "correct")


@pytest.mark.on_both_databases
def test_who_took_a_step_that_changed_the_text_does_not_publish_it(desk):
    house, browser = desk
    browser("gerda", "secretariat"), browser("georg", "secretariat")
    with house.writing("test") as work:
        value = {"slug": "probe", "number": "E 1", "title": "Probe", "text": "Alle sollen.", "addressees": ["BY"]}
        row = edit.save(work.session, "recommendation", clean_item("recommendation", value), now=NOW).item
        transition.take(work.desk, row, transition.procedure_of(row), "propose")
        transition.publish_now(work.desk, row)
        given = {
            "body": "it-planungsrat",
            "number": "2026/90",
            "text": "1. Der IT-Planungsrat beschließt.",
            "date": "2026-03-05",
            "recommendations": ["probe"],
        }
        decision = edit.save(work.session, "decision", clean_item("decision", given), now=NOW).item
        decision.procedure_state = "adopted"
        ballots.record(work.desk, decision, ballots.with_others(decision.body, {}, "yes"))
        transition.publish_now(work.desk, decision)
        rev = row.rev
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = lookup.find(work.session, "/empfehlung/probe")
        transition.take(work.desk, row, transition.procedure_of(row), "adopt", {"decision": "2026/90"})
        assert row.rev == rev + 1, "which decision it was is text of the recommendation"
        with pytest.raises(Blocked, match="nicht selbst öffentlich"):
            transition.correct(work.desk, row, "Beschlossen")
    with house.writing("georg", permits=SECRETARIAT) as work:
        transition.correct(work.desk, lookup.find(work.session, "/empfehlung/probe"), "Beschlossen")


def test_a_step_that_changes_nothing_of_the_text_is_no_authorship(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, _ = _published(house, app, other)
    before = _row(house, target, lambda row: row.rev)
    step(app.get(target), "record").submit(status=303)
    assert _row(house, target, lambda row: row.rev) == before


@pytest.mark.parametrize("accepted_by", [None, ("gerda", "Gerda")])
def test_who_saved_or_accepted_a_section_of_a_public_report_does_not_publish_it(desk, accepted_by):
    house, _ = desk
    with house.writing("test") as work:
        value = {
            "slug": "probe",
            "title": "Probe",
            "group": "AG Probe",
            "sections": [{"heading": "Eins", "text": "Alt."}],
        }
        report = edit.save(work.session, "report", clean_item("report", value), now=NOW).item
        _save(work, report, "Vor der Veröffentlichung.", "test")
        transition.publish_now(work.desk, report)
        rev = report.rev
    with house.writing("gerda", permits=SECRETARIAT) as work:
        report = lookup.find(work.session, "/bericht/probe")
        _save(work, report, "Nach der Veröffentlichung.", "otto" if accepted_by else "gerda", accepted_by)
        assert (report.rev, report.public_rev) == (rev + 1, rev)
        with pytest.raises(Blocked, match="nicht selbst öffentlich"):
            transition.correct(work.desk, report, "Neuer Abschnitt")
    with house.writing("test") as work:
        line = next(
            one
            for one in map(json.loads, exchange.working_lines(work.session))
            if one["type"] == "report" and one["slug"] == "probe"
        )
        assert line["sections"][0]["text"] == "Vor der Veröffentlichung.", (
            "an export still holds the text that is public"
        )
    with house.writing("georg", permits=SECRETARIAT) as work:
        transition.correct(work.desk, lookup.find(work.session, "/bericht/probe"), "Neuer Abschnitt")


def _save(work, report, text, login, accepted_by=None):
    section = report.sections[0]
    reports.save_section(
        work.session,
        report,
        section.uid,
        heading=section.heading,
        text=text,
        base_rev=section.rev,
        author=Author(login, login.title(), NOW, accepted_by=accepted_by),
    )
