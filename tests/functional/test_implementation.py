"""Recommendations after their adoption: who reports, who confirms, what the public and the past show."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from webtest import TestApp, Upload

from content import models
from content.schemas import InvalidInput
from content.services.base import lookup
from content.services.council import ballots
from content.services.implementation import implementation
from content.services.workflow import transition
from tests.functional.people import forget_reports
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.recommendation import RECOMMENDATION
from workflows.vocabulary import ROLES, Permission

pytestmark = pytest.mark.on_both_databases

URL = "/empfehlung/efa-vorrang"
PDF = b"%PDF-1.7\n%Nachweis\n"
EVIDENCE = "https://hamburg.example/nachweis"
DONE = {"state": "done", "date": "2026-01-05", "evidence": EVIDENCE, "note": "Im Betrieb."}


def _implementing(house, addressees=("Hamburg", "Bremen", "FITKO")):
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        row.addressees, row.procedure_state = list(addressees), "implementing"
        forget_reports(work, row)
        return row.id


def _form(page, name, who, number):
    return next(
        form
        for form in page.forms.values()
        if form.fields.get("adressat")
        and form["adressat"].value == who
        and form["id"].value == str(number)
        and any(button.value_if_submitted() == name for button in form.fields.get("schritt", []))
    )


def _data(app):
    return json.loads(app.get(f"{URL}.json").text)["data"]


def test_a_land_reports_the_secretariat_confirms_and_the_public_sees_each_step(desk):
    house, browser = desk
    number = _implementing(house)
    land, office = browser("hanna", "land", organisation="hamburg"), browser("gerda", "secretariat")
    public = TestApp(land.app)
    page = land.get("/redaktion/umsetzung")
    assert "Hamburg:" in page.text and "Bremen:" not in page.text
    form = _form(page, "report", "HH", number)
    for name, value in DONE.items():
        form[name] = value
    form.submit("schritt", status=303)
    told = {row["addressee"]: row for row in _data(public)["implementation"]}
    assert (
        told["Hamburg"]["state"] == "done"
        and told["Hamburg"]["confirmed_at"] is None
        and told["Bremen"]["state"] == "open"
    )
    assert (
        told["Hamburg"]["code"] == "HH"
        and told["FITKO"]["kind"] == "organisation"
        and told["FITKO"]["url"].startswith("/organisation/")
    )
    _form(office.get("/redaktion/umsetzung"), "confirm", "HH", number).submit("schritt", status=303)
    assert [row["addressee"] for row in _data(public)["implementation"] if row["confirmed_at"]] == ["Hamburg"]
    shown = public.get(URL).text
    assert "1 von 3 Adressaten" in shown and "Noch offen: Bremen, FITKO" in shown and EVIDENCE in shown


def _file(app):
    return next(row["file"] for row in _data(app)["implementation"] if row["code"] == "HH")


def _files(app, data):
    return [row["file"]["file_name"] for row in data["implementation"] if row.get("file")], [
        app.get(f"/datei/{row['file']['sha256']}/x", expect_errors=True).status_int
        for row in data["implementation"]
        if row.get("file")
    ]


def test_a_file_proves_as_well_as_an_address_and_stays_until_it_is_taken_out(desk):
    house, browser = desk
    number = _implementing(house)
    land = browser("hanna", "land", organisation="hamburg")
    public = TestApp(land.app)
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["state"], form["evidence_file"] = "done", Upload("../Bericht 1.pdf", PDF, "image/png")
    form.submit("schritt", status=303)
    data = _data(public)
    assert _files(public, data) == (["Bericht-1.pdf"], [200])
    shown = public.get(f"/datei/{_file(public)['sha256']}/x")
    assert (shown.content_type, shown.body) == ("application/pdf", PDF)
    assert "Bericht-1.pdf" in public.get(URL).text
    cells = [
        row
        for row in json.loads(public.get("/umsetzung.json").text)["cells"]
        if row["url"].endswith(URL) and row["member"] == "HH"
    ]
    assert cells[0]["evidence"].endswith("/Bericht-1.pdf")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["note"] = "Noch immer."
    form.submit("schritt", status=303)
    assert _files(public, _data(public)) == (["Bericht-1.pdf"], [200])
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["drop_file"] = True
    assert "braucht einen Nachweis" in form.submit("schritt", status=400).text
    form["state"] = "running"
    form.submit("schritt", status=303)
    assert _files(public, _data(public)) == ([], [])


def test_a_file_belongs_to_the_frozen_text_too_and_goes_with_a_withdrawal(desk):
    house, browser = desk
    number = _implementing(house)
    land, office = browser("hanna", "land", organisation="hamburg"), browser("gerda", "secretariat")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["state"], form["evidence_file"] = "done", Upload("b.pdf", PDF)
    form.submit("schritt", status=303)
    public = TestApp(land.app)
    address = f"/datei/{_file(public)['sha256']}/b.pdf"
    with house.writing("operator") as work:
        transition.withdraw(work.desk, work.session.get_one(models.Item, number), "Versehen.")
    public.get(address, status=404)
    back = office.get(f"/redaktion/eintrag/{number}").forms["antrag-publication-republish-stellen"]
    back["grund"] = "Doch."
    back.submit(status=303)
    public.get(address, status=404)
    browser("gustav", "secretariat").get(f"/redaktion/eintrag/{number}").forms["schritt-publication-republish"].submit(
        status=303
    )
    public.get(address, status=200)


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("b.pdf", b"MZ\x90\x00\x03\x00", "nicht angenommen"),
        ("b.html", b"<!doctype html><script>1</script>", "nicht angenommen"),
        ("b.exe", PDF, "Endung"),
        ("b.png", b"\x89PNG\r\n\x1a\n0", "als PDF"),
        ("b.csv", b"", "nicht angenommen"),
        ("b.txt", b"x" * 5_000_001, "höchstens 5 MB"),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_words(desk, name, body, words):
    house, browser = desk
    number = _implementing(house)
    land = browser("hanna", "land", organisation="hamburg")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["state"], form["note"], form["evidence_file"] = "done", "Meine Worte.", Upload(name, body)
    answer = form.submit("schritt", status=400)
    assert words in answer.text and "Meine Worte." in answer.text
    with house.writing("test") as work:
        assert implementation.told_of(work.session, lookup.find(work.session, URL), "HH") is None


def test_what_comes_back_says_why_and_a_new_report_clears_it(desk):
    house, browser = desk
    number = _implementing(house)
    land, office = browser("hanna", "land", organisation="hamburg"), browser("gerda", "secretariat")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["state"], form["note"] = "running", "Es geht voran."
    form.submit("schritt", status=303)
    back = _form(office.get("/redaktion/umsetzung"), "give_back", "HH", number)
    assert "Der Hinweis fehlt" in back.submit("schritt", status=400).text
    back["comment"] = "Bitte den Tag angeben."
    back.submit("schritt", status=303)
    assert "Bitte den Tag angeben." in land.get("/redaktion/umsetzung").text
    assert "Bitte den Tag angeben." not in TestApp(land.app).get(URL).text
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    form["date"] = "2026-01-05"
    form.submit("schritt", status=303)
    with house.writing("test") as work:
        assert implementation.told_of(work.session, work.session.get(models.Recommendation, number), "HH").comment == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"state": "erledigt"}, "nicht vorgesehen"),
        ({"state": "done"}, "braucht einen Nachweis"),
        ({"state": "running", "evidence": "javascript:alert(1)"}, "keine Webadresse"),
        ({"state": "running", "date": "gestern"}, "kein Tag"),
        ({"state": "done", "evidence": EVIDENCE, "date": "2199-01-01"}, "nur bis heute"),
        ({"state": "not_applicable"}, "sagt warum"),
        ({"state": "running", "note": "x" * 2001}, "zu lang"),
    ],
)
def test_a_faulty_report_is_refused_with_words_and_changes_nothing(desk, given, words):
    house, browser = desk
    number = _implementing(house)
    land = browser("hanna", "land", organisation="hamburg")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    answer = land.post("/redaktion/umsetzung", {**dict(form.submit_fields("schritt")), "note": "", **given}, status=400)
    assert words in answer.text
    with house.writing("test") as work:
        assert implementation.told_of(work.session, lookup.find(work.session, URL), "HH") is None


def test_nobody_reports_for_another_land_or_confirms_what_he_reported(desk):
    house, browser = desk
    number = _implementing(house)
    land = browser("hanna", "land", organisation="hamburg")
    form = _form(land.get("/redaktion/umsetzung"), "report", "HH", number)
    answer = land.post(
        "/redaktion/umsetzung", {**dict(form.submit_fields("schritt")), **DONE, "adressat": "HB"}, status=400
    )
    assert "Melden kann nur die eigene Vertretung" in answer.text
    assert (
        "kein Adressat"
        in land.post(
            "/redaktion/umsetzung", {**dict(form.submit_fields("schritt")), **DONE, "adressat": "XX"}, status=400
        ).text
    )
    with house.writing("eva", permits=frozenset(Permission)) as work:
        row = lookup.find(work.session, URL)
        implementation.report(work.desk, row, "HH", DONE, codes=frozenset({"HH"}))
        with pytest.raises(InvalidInput, match="nicht selbst"):
            implementation.confirm(work.desk, row, "HH")


def test_implemented_needs_every_addressee_or_a_reason_each_at_the_button(desk):
    house, browser = desk
    number = _implementing(house)
    office = browser("gerda", "secretariat")
    form = office.get(f"/redaktion/eintrag/{number}").forms["schritt-recommendation-implement"]
    form["reason.Hamburg"] = "ruht"
    answer = form.submit(status=409)
    assert "Bremen" in answer.text
    form = answer.forms["schritt-recommendation-implement"]
    for name in ("Hamburg", "Bremen", "FITKO"):
        form[f"reason.{name}"] = "ruht"
    form.submit(status=303)
    data = _data(TestApp(office.app))
    assert data["state"] == "implemented" and [row["state"] for row in data["road"]] == [
        "proposed",
        "adopted",
        "implementing",
        "implemented",
    ]


def test_a_recommendation_is_adopted_by_a_vote_on_the_decision_that_names_it_and_its_past_stays(desk):
    house, browser = desk
    app = TestApp(browser("gerda", "secretariat").app)
    today = dt.datetime.now(dt.UTC).date()
    permits = ROLES["secretariat"].permits
    with house.writing("gerda", permits=permits) as work:
        row, decision = lookup.find(work.session, URL), lookup.find(work.session, "/beschluss/2021/39")
        row.procedure_state, decision.procedure_state = "proposed", "on_agenda"
        with pytest.raises(Blocked, match=r"nennt diese Empfehlung nicht.*keine Abstimmung"):
            transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": "2021/39"})
        decision.recommendation_urls = [URL]
        ballots.record(work.desk, decision, {"BUND": "yes", "NW": "no"})
        with pytest.raises(Blocked, match="reicht nicht"):
            transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": "2021/39"})
        ballots.record(
            work.desk,
            decision,
            dict.fromkeys([member.code for member in decision.body.members if member.kind != "advisory"], "yes"),
        )
        transition.take(work.desk, decision, DECISION, "adopt")
        transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": "2021/39"})
    data = _data(app)
    assert (data["state"], data["road"][-1]["decision"]) == (
        "adopted",
        "/beschluss/2021/39",
    ) and "/beschluss/2021/39" in data["decisions"]
    assert "2021/39" in app.get(URL).text.split('id="weg"')[1]
    assert "efa-vorrang" in app.get("/empfehlungen?form=adopted&beschluss=/beschluss/2021/39").text
    assert today.isoformat() in data["road"][-1]["at"]


def test_an_error_stands_beside_its_field_and_the_summary_leads_to_it(desk):
    house, browser = desk
    number = _implementing(house)
    form = _form(browser("hanna", "land", organisation="hamburg").get("/redaktion/umsetzung"), "report", "HH", number)
    form["state"], form["evidence"], form["date"] = "done", "irgendwo", "2199-01-01"
    page = form.submit("schritt", status=400)
    links = [link["href"].removeprefix("#") for link in page.html.select("[role=alert] a")]
    fields = [page.html.find(id=one) for one in links]
    assert [field["name"] for field in fields] == ["evidence", "date"]
    for field in fields:
        told = page.html.find(id=field["aria-describedby"])
        assert field["aria-invalid"] == "true" and "field-error" in told["class"]
    assert (fields[0]["value"], fields[1]["value"]) == ("irgendwo", "2199-01-01")


def test_what_waits_for_a_person_stands_first(desk):
    house, browser = desk
    _implementing(house)
    first = browser("gerda", "secretariat").get("/redaktion/umsetzung").html.find("section", class_="step")
    assert "Meldung bestätigen" in first.text
    own = [
        section.text
        for section in browser("hanna", "land", organisation="hamburg")
        .get("/redaktion/umsetzung")
        .html.find_all("section", class_="step")
    ]
    told = ["noch nichts" in text for text in own]
    assert told == sorted(told, reverse=True) and len(set(told)) == 2
