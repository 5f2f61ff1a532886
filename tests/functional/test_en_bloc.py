"""The green list: one vote adopts all items in the order of the agenda, or none and says why."""

from __future__ import annotations

import datetime as dt

from content import models
from content.schemas import clean_item
from content.services import edit, transition
from tests.functional.confirming import saying_yes
from workflows.decision import DECISION

NOW = dt.datetime.now(dt.UTC)
TITLES = ["Zeta", "Alpha", "Mitte"]


def _session(house, *, on_agenda=TITLES):
    """A session whose green list has three items; drafts are made in another order than the agenda has."""
    agenda = [{"top": str(n), "title": title, "goal": "decision", "list": "green"} for n, title in enumerate(TITLES, start=1)]
    agenda.append({"top": "9", "title": "Streit", "goal": "decision", "list": "debate"})
    with house.writing("test") as work:
        meeting = edit.save(
            work.session, "meeting", clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2031-05-05", "agenda": agenda}), now=NOW
        ).item
        for title in sorted([*on_agenda, "Streit"]):
            value = clean_item("decision", {"body": "it-planungsrat", "title": title, "meeting": meeting.url, "text": "1. Der IT-Planungsrat beschließt."})
            row = edit.save(work.session, "decision", value, now=NOW).item
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        return meeting.id


def _vote(app, number, choice="yes"):
    page = app.get(f"/redaktion/eintrag/{number}/gruene-liste")
    form = next(form for form in page.forms.values() if "ballot.BUND" in form.fields)
    for name in form.fields:
        if name and name.startswith("ballot."):
            form[name] = choice
    return saying_yes(form)


def _numbers(house):
    with house.writing("test") as work:
        return {row.title: row.number for row in work.session.query(models.Decision).where(models.Decision.title.in_([*TITLES, "Streit"]))}


def test_one_vote_adopts_the_green_list_in_the_order_of_the_agenda(desk):
    house, browser = desk
    number = _session(house)
    _vote(browser("gerda", "secretariat"), number).submit(status=303)
    assert _numbers(house) == {"Zeta": "2031/01", "Alpha": "2031/02", "Mitte": "2031/03", "Streit": None}
    with house.writing("test") as work:
        meeting = work.session.get(models.Meeting, number)
        assert [row.decision_url for row in meeting.agenda] == ["/beschluss/2031/01", "/beschluss/2031/02", "/beschluss/2031/03", None]
        assert [row["decision"] for row in meeting.input["agenda"]] == ["2031/01", "2031/02", "2031/03", None]
        votes = work.session.query(models.Vote).join(models.Decision, models.Decision.id == models.Vote.item_id).filter(models.Decision.meeting_id == number)
        assert [vote.is_en_bloc for vote in votes] == [True] * 3


def test_one_item_that_is_not_ready_holds_all_back_and_is_named(desk):
    house, browser = desk
    number = _session(house, on_agenda=["Zeta", "Mitte"])
    answer = _vote(browser("gerda", "secretariat"), number).submit(status=409)
    assert "TOP 2 Alpha: Es gibt keinen Beschlussentwurf" in answer.text and "Nichts wurde beschlossen" in answer.text
    assert set(_numbers(house).values()) == {None}
    assert next(form for form in answer.forms.values() if "ballot.BUND" in form.fields)["ballot.BUND"].value == "yes"


def test_a_vote_that_does_not_reach_the_rule_names_every_item(desk):
    house, browser = desk
    answer = _vote(browser("gerda", "secretariat"), _session(house), "abstain").submit(status=409)
    assert all(f"TOP {n} {title}: Die Abstimmung reicht nicht" in answer.text for n, title in enumerate(TITLES, start=1))
    assert set(_numbers(house).values()) == {None}


def test_an_empty_green_list_says_how_something_gets_there_and_leads_back(desk):
    house, browser = desk
    with house.writing("test") as work:
        value = clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2031-06-06"})
        number = edit.save(work.session, "meeting", value, now=NOW).item.id
    page = browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}/gruene-liste")
    assert page.click("Tagesordnung bearbeiten").html.find(id="f-agenda") and page.click("Zurück zur Sitzung").status_int == 200


def test_only_who_records_votes_sees_the_form(desk):
    house, browser = desk
    browser("petra", "press").get(f"/redaktion/eintrag/{_session(house)}/gruene-liste", status=(403, 404))
