"""The report on numbers at the desk, and a new session with the agenda of an earlier one."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.base import lookup
from content.services.editing import edit, given_numbers
from content.services.publishing import ledger
from content.services.workflow import transition
from tests.functional.test_desk import form_of
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)


def _decide(house, number, *, is_public=True, body="it-planungsrat", meeting=None):
    with house.writing("test") as work:
        given = {
            "body": body,
            "number": number,
            "title": f"Vorhaben {number}",
            "text": "1. Der Rat beschließt.",
            "meeting": meeting,
        }
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
        given = {
            "slug": "probe-rat",
            "name": "Probe-Rat",
            "number_pattern": "YYYY/NN",
            "voting_rule": "it-staatsvertrag",
        }
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


def _gap_form(page, year):
    return next(
        (form for form in page.forms.values() if "von" in form.fields and form["jahr"].value == str(year)), None
    )


def _explain(app, year, reason):
    form = _gap_form(app.get("/redaktion/nummern"), year)
    form["grund"] = reason
    return form.submit(status=303)


def _missing(app, path):
    """(number, reason) of every missing number that a public page names."""
    head = app.get(path).html.find(id="fehlende-nummern")
    return (
        [(row.dt.get_text(" ", strip=True), row.dd.get_text(" ", strip=True)) for row in head.parent.select("dl > div")]
        if head
        else []
    )


@pytest.mark.on_both_databases
def test_the_public_list_of_a_year_names_a_gap_with_its_reason_at_once_and_the_register_proves_it(desk):
    house, browser = desk
    for number in ("2034/01", "2034/04"):
        _decide(house, number)
    app = browser("gerda", "secretariat")
    assert _missing(app, "/beschluesse?jahr=2034") == []
    _explain(app, 2034, "Die Zählung begann neu.")
    told = [("2034/02 bis 2034/03", "Die Zählung begann neu.")]
    assert (
        _missing(app, "/beschluesse?jahr=2034")
        == _missing(app, "/beschluesse?jahr=2034&gremium=it-planungsrat")
        == told
    )
    assert (
        _missing(app, "/beschluesse")
        == _missing(app, "/beschluesse?jahr=2033")
        == _missing(app, "/beschluesse?jahr=2034&gremium=al-runde")
        == []
    )
    assert _missing(app, "/beschluesse?jahr=2034&stand=2020-01-01") == []
    (entry,) = [
        row
        for row in map(json.loads, app.get("/ledger.jsonl").text.splitlines())
        if row.get("act") == "numbers" and row.get("type") == "ledger_entry"
    ]
    assert (entry["act"], entry["numbers"], entry["note"]) == (
        "numbers",
        {"body": "it-planungsrat", "year": 2034, "first": 2, "last": 3},
        "Die Zählung begann neu.",
    )
    with house.reading() as connection:
        assert ledger.verify(connection, house.public_keys)[1] is None
    assert "Die Zählung begann neu." in app.get("/ledger").text
    _decide(house, "2034/02")
    assert _missing(app, "/beschluesse?jahr=2034") == [("2034/03", "Die Zählung begann neu.")]


@pytest.mark.on_both_databases
def test_a_number_that_is_not_public_yet_is_no_gap_and_nothing_tells_of_it(desk):
    house, browser = desk
    _decide(house, "2035/01")
    app = browser("gerda", "secretariat")
    before = app.get("/beschluesse?jahr=2035").text
    for number in ("2035/02", "2035/04"):
        _decide(house, number, is_public=False)
    assert app.get("/beschluesse?jahr=2035").text == before
    page = app.get("/redaktion/nummern")
    assert _gap_form(page, 2035) is None and "sobald ein Beschluss mit einer höheren Nummer öffentlich ist" in page.text
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        body = work.session.query(models.Body).filter_by(slug="it-planungsrat").one()
        with pytest.raises(InvalidInput, match="höheren Nummer"):
            given_numbers.explain(work.desk, body, 2035, 3, 3, "Nie vergeben.")
        with pytest.raises(InvalidInput, match="fehlen nicht"):
            given_numbers.explain(work.desk, body, 2035, 2, 3, "Nie vergeben.")
    assert app.get("/beschluesse?jahr=2035").text == before
    with house.writing("test") as work:
        transition.publish_now(work.desk, lookup.find(work.session, "/beschluss/2035/04"))
    _explain(app, 2035, "Nie vergeben.")
    assert _missing(app, "/beschluesse?jahr=2035") == [("2035/03", "Nie vergeben.")]
    for path in ("/beschluesse?jahr=2035", "/ledger", "/ledger.jsonl"):
        assert "2035/02" not in app.get(path).text and "Vorhaben 2035/02" not in app.get(path).text


@pytest.mark.on_both_databases
def test_a_session_names_the_gaps_between_its_numbers_and_what_was_withdrawn_without_its_title(desk):
    house, browser = desk
    with house.writing("test") as work:
        given = {"body": "it-planungsrat", "kind": "special", "date": "2036-05-05", "agenda": []}
        meeting = edit.save(work.session, "meeting", clean_item("meeting", given), now=NOW).item
        transition.publish_now(work.desk, meeting)
        url = meeting.url
    for number, where in (("2036/01", None), ("2036/03", url), ("2036/05", url), ("2036/07", url), ("2036/09", None)):
        _decide(house, number, meeting=where)
    with house.writing("test") as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2036/05"), "Enthielt einen Fehler.")
    app = browser("gerda", "secretariat")
    for reason in ("Zwei", "Vier", "Sechs", "Acht"):
        _explain(app, 2036, reason)
    told = _missing(app, url)
    assert told == [("2036/04", "Vier"), ("2036/05", "zurückgezogen: Enthielt einen Fehler."), ("2036/06", "Sechs")]
    assert [number for number, _ in _missing(app, "/beschluesse?jahr=2036")] == [
        "2036/02",
        "2036/04",
        "2036/05",
        "2036/06",
        "2036/08",
    ]
    assert (
        "Vorhaben 2036/05" not in app.get(url).text and "Vorhaben 2036/05" not in app.get("/beschluesse?jahr=2036").text
    )


def test_a_reason_noted_before_reasons_were_public_stays_at_the_desk(desk):
    house, browser = desk
    for number in ("2037/01", "2037/03"):
        _decide(house, number)
    with house.writing("test") as work:
        body = work.session.query(models.Body).filter_by(slug="it-planungsrat").one()
        work.session.add(
            models.NumberNote(
                body_uid=body.uid,
                year=2037,
                first=2,
                last=2,
                reason="Streit im Amt",
                actor="gerda",
                actor_name="Gerda",
                at=NOW,
            )
        )
    app = browser("gerda", "secretariat")
    page = app.get("/redaktion/nummern")
    assert "Streit im Amt" in page.text and "nur am Arbeitsplatz" in page.text
    assert _missing(app, "/beschluesse?jahr=2037") == []
    _explain(app, 2037, "Nicht vergeben.")
    assert (
        _missing(app, "/beschluesse?jahr=2037") == [("2037/02", "Nicht vergeben.")]
        and "Streit im Amt" not in app.get("/redaktion/nummern").text
    )
