"""The report on numbers at the desk, and a new session with the agenda of an earlier one."""

from __future__ import annotations

import datetime as dt

from content import models
from content.schemas import clean_item
from content.services import edit, lookup, transition
from tests.functional.test_desk import form_of

NOW = dt.datetime.now(dt.UTC)


def _decide(house, number, *, is_public=True, body="it-planungsrat"):
    with house.writing("test") as work:
        given = {"body": body, "number": number, "title": f"Vorhaben {number}", "text": "1. Der Rat beschließt."}
        row = edit.save(work.session, "decision", clean_item("decision", given), now=NOW).item
        if is_public:
            transition.publish_now(work.desk, row)


def test_the_secretariat_sees_gaps_and_what_is_not_public(desk):
    house, browser = desk
    for number in ("2031/01", "2031/04"):
        _decide(house, number)
    _decide(house, "2031/05", is_public=False)
    page = browser("gerda", "secretariat").get("/redaktion/nummern")
    section = page.text.split("IT-Planungsrat 2031")[1].split("</section>")[0]
    assert "2031/02 bis 2031/03" in section
    assert "Vorhaben 2031/05" in section and "(Entwurf)" in section
    assert "Vorhaben 2031/04" not in section


def test_two_bodies_that_write_the_same_number_are_told(desk):
    house, browser = desk
    with house.writing("test") as work:
        given = {"slug": "probe-rat", "name": "Probe-Rat", "number_pattern": "YYYY/NN", "voting_rule": "it-staatsvertrag"}
        edit.save(work.session, "body", clean_item("body", given), now=NOW)
    _decide(house, "2032/01")
    _decide(house, "2032/01", body="probe-rat")
    text = browser("gerda", "secretariat").get("/redaktion/nummern").text
    assert text.count("Mehrfach: 2032/01") == 2


def test_a_year_in_order_is_listed_as_such(desk):
    house, browser = desk
    _decide(house, "2033/01")
    assert "IT-Planungsrat 2033: 1 Beschluss, 2033/01" in browser("gerda", "secretariat").get("/redaktion/nummern").text


def test_a_gap_is_told_with_its_reason_once_somebody_gives_it(desk):
    house, browser = desk
    for number in ("2034/01", "2034/04"):
        _decide(house, number)
    app = browser("gerda", "secretariat")

    def gap(page):
        return next(form for form in page.forms.values() if "von" in form.fields and form["jahr"].value == "2034")

    form = gap(app.get("/redaktion/nummern"))
    form["grund"] = " "
    assert "Der Grund fehlt" in form.submit(status=400).text
    form["grund"] = "Nummern nie benutzt, Zählung neu begonnen."
    form.submit(status=303)
    assert "ohne 2034/02 bis 2034/03: Nummern nie benutzt, Zählung neu begonnen." in app.get("/redaktion/nummern").text
    form["von"] = "1"
    assert "fehlen nicht" in form.submit(status=400).text


def test_nobody_else_may_see_the_report(desk):
    _, browser = desk
    assert browser("anna", "member").get("/redaktion/nummern", status=403)


def test_the_next_session_starts_with_the_agenda_of_the_last_one(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        last = lookup.find(work.session, "/sitzung/36")
        item_id, titles = last.id, [row.title for row in last.agenda]
    assert titles
    form = form_of(app.get(f"/redaktion/eintrag/{item_id}").click("Nächste Sitzung mit dieser Tagesordnung anlegen"))
    assert form["ordinal"].value == "48"
    form["ordinal"], form["date"] = "990", "2031-03-01"
    target = form.submit(status=303).headers["Location"]
    with house.writing("test") as work:
        made = work.session.get(models.Meeting, int(target.rsplit("/", 1)[1]))
        assert [row.title for row in made.agenda] == titles
        assert all(row.decision_url is None for row in made.agenda)
