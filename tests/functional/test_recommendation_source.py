"""Whom a recommendation asks, where it comes from and until when: picked, checked, shown and linked both ways."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from content.schemas import InvalidInput, clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import deadlines, transition
from tests.functional.test_desk import form_of
from workflows.publication import PUBLICATION

REPORT, URL = "/bericht/verwaltung-und-startups", "/empfehlung/probe"
GIVEN = {
    "slug": "probe",
    "title": "Proben",
    "text": "Proben helfen.",
    "addressees": ["Bund", "/organisation/fitko", "Kommunen"],
    "report": f"{REPORT}#a8",
    "clause": "2021/39#z2",
    "due": "bis zur 36. Sitzung",
    "state": "adopted",
}
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def _save(house, **changes):
    with house.writing("test") as work:
        row = edit.save(
            work.session, "recommendation", clean_item("recommendation", {**GIVEN, **changes}), now=NOW
        ).item
        if row.publication_state == "draft":
            transition.take(work.desk, row, PUBLICATION, "import")
        return row.id


def test_the_page_names_typed_addressees_source_and_the_day_of_the_session(portal):
    app, house = portal
    _save(house)
    data = json.loads(app.get(f"{URL}.json").text)["data"]
    assert data["addressees"] == ["Bund", "FITKO (Föderale IT-Kooperation)", "Kommunen"]
    assert [(row["kind"], row["addressee"]) for row in data["implementation"]] == [
        ("member", "Bund"),
        ("organisation", "FITKO (Föderale IT-Kooperation)"),
        ("text", "Kommunen"),
    ]
    assert (data["due"], data["due_meeting"], data["report"], data["report_anchor"]) == (
        "zur 36. Sitzung",
        "/sitzung/36",
        REPORT,
        "a8",
    )
    page = app.get(URL)
    assert page.html.find("a", href="/sitzung/36").find_next("time")["datetime"] == "2021-10-29"
    assert (
        page.html.find("a", href=f"{REPORT}#a8")
        and page.html.find("a", href="/beschluss/2021/39#z2").text == "Beschluss 2021/39, Ziffer 2"
    )
    measure = next(row for row in json.loads(app.get("/umsetzung.json").text)["cells"] if row["url"].endswith(URL))
    assert (measure["due_date"], measure["is_overdue"]) == ("2021-10-29", True)


def test_decision_and_report_lead_to_what_came_of_their_clause_and_section(portal):
    app, house = portal
    _save(house)
    came = app.get("/beschluss/2021/39").html.find(id="daraus").find_next("ul")
    assert came.find("a", href="#z2").text == "Ziffer 2" and came.find("a", href=URL)
    section = app.get(REPORT).html.find(id="a8")
    assert section.find("a", href=URL) and not app.get(REPORT).html.find(id="a9").find("a", href=URL)


def test_who_is_reminded_of_a_session_is_reminded_at_its_day_and_not_before_it_has_one(portal):
    _, house = portal
    _save(house, due="zur 99. Sitzung")
    until = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    with house.writing("test") as work:
        assert not [due for due in deadlines._recommendations(work.session, until) if due.item.url == URL]
    _save(house)
    with house.writing("test") as work:
        found = [due.at for due in deadlines._recommendations(work.session, until) if due.item.url == URL]
    assert found == [dt.datetime(2021, 10, 28, 22, tzinfo=dt.UTC)]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"addressees": ["Bund", "Wolkenamt"]}, "addressees.2", "weder Mitglied noch Organisation"),
        ({"addressees": ["/organisation/wolkenamt"]}, "addressees.1", "weder Mitglied"),
        ({"report": f"{REPORT}#a99"}, "report", "hat der Bericht nicht"),
        ({"report": "https://fremd.example"}, "report", "kein Ziel"),
        ({"clause": "2021/39#z99"}, "clause", "gibt es nicht"),
        ({"clause": "2099/01#z1"}, "clause", "gibt es nicht"),
        ({"clause": "2021/39"}, "clause", "Nummer und Ziffer"),
        ({"due": "bald"}, "due", "weder Tag noch Sitzung"),
        ({"due": "31.02.2026"}, "due", "weder Tag noch Sitzung"),
        ({"due": "zur 3. Sitzung des Wolkenrats"}, "due", "nicht bekannt"),
    ],
)
def test_what_does_not_exist_is_refused_with_its_field(portal, changes, field, words):
    _, house = portal
    with pytest.raises(InvalidInput) as refused:
        _save(house, **changes)
    assert [(error.field, words in error.message) for error in refused.value.errors] == [(field, True)]


def test_addressees_are_checked_at_the_form_and_what_was_typed_stays_with_an_error(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/recommendation"))
    form["slug"], form["title"], form["text"], form["due"], form["addressees.1"] = (
        "wahl",
        "Wahl",
        "Wählen.",
        "demnächst",
        "Wolkenamt",
    )
    answer = form.submit(status=400)
    assert "weder Tag noch Sitzung" in answer.text
    again = form_of(answer)
    again["due"] = "31.12.2026"
    answer = again.submit(status=400)
    assert "Wolkenamt“ ist weder Mitglied noch Organisation" in answer.text
    again = form_of(answer)
    again["addressees.1"] = "Hamburg"
    again.submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, "/empfehlung/wahl")
        assert (row.addressees, row.due) == (["Hamburg"], "2026-12-31")
