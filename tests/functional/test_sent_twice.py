"""A form that is sent twice makes what it makes once; and who names what they may not know of learns nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from content import models
from content.services import lookup
from tests.functional.test_desk import form_of


def count(house, model):
    with house.writing("test") as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_a_decision_form_sent_twice_makes_one_draft_and_leads_to_it(desk):
    house, browser = desk
    writer = browser("gerda", "secretariat")
    form = form_of(writer.get("/redaktion/neu/decision"))
    form["title"], form["text"] = "Zweimal gesendet", "1. Der Text."
    fields, before = form.submit_fields(), count(house, models.Decision)
    first = writer.post("/redaktion/neu/decision", fields, status=303)
    with ThreadPoolExecutor(3) as pool:
        again = list(pool.map(lambda _: writer.post("/redaktion/neu/decision", fields, status="*"), range(3)))
    assert {answer.headers.get("Location") for answer in again if answer.status_int == 303} <= {first.headers["Location"]}
    assert writer.post("/redaktion/neu/decision", fields, status=303).headers["Location"] == first.headers["Location"]
    assert count(house, models.Decision) == before + 1
    form["title"] = "Ein anderer Beschluss"
    assert form.submit(status=303).headers["Location"] != first.headers["Location"], "other words make another draft"


def test_what_has_an_address_part_leads_to_the_first_too(desk):
    _house, browser = desk
    writer = browser("gerda", "secretariat")
    form = form_of(writer.get("/redaktion/neu/page"))
    form["slug"], form["title"], form["text"] = "zweimal", "Zweimal", "Text."
    assert form.submit(status=303).headers["Location"] == form.submit(status=303).headers["Location"]
    other = form_of(writer.get("/redaktion/neu/page"))
    other["slug"], other["title"], other["text"] = "zweimal", "Zweimal", "Text."
    assert "Adressteil" in other.submit(status=400).text


def test_the_same_contact_sent_again_is_the_one_that_stands(desk):
    house, browser = desk
    press = browser("petra", "press")
    form = form_of(press.get("/redaktion/kontakte/neu"))
    form["organisation"], form["person"], form["phone"] = "Staatskanzlei", "Erika Muster", "+49 30 1"
    before = count(house, models.Contact)
    form.submit(status=303)
    form.submit(status=303)
    assert count(house, models.Contact) == before + 1
    form["person"] = "Max Muster"
    form.submit(status=303)
    assert count(house, models.Contact) == before + 2


def test_an_organisation_that_is_a_draft_is_as_unknown_as_one_that_there_is_not(desk):
    house, browser = desk
    office, land = browser("gerda", "secretariat"), browser("lena", "land", organisation="HH")
    form = form_of(office.get("/redaktion/neu/organisation"))
    form["slug"], form["title"], form["text"] = "geheim", "Geheime Stelle", "Text."
    form.submit(status=303)
    with house.writing("test") as work:
        public = lookup.find(work.session, "/organisation/govdigital").title
    told = {}
    for name in ("Geheime Stelle", "Erfundene Stelle", "/organisation/geheim", public):
        form = form_of(land.get("/redaktion/neu/recommendation"))
        form["slug"], form["title"], form["text"], form["addressees.1"] = "eine-empfehlung", "Empfehlung", "Text.", name
        shown = land.post("/redaktion/vorschau/recommendation", form.submit_fields(), status="*")
        answer = form.submit(status="*")
        told[name] = answer.status_int, answer.text.count("ist weder Mitglied noch Organisation"), shown.status_int
    assert told["Geheime Stelle"] == told["Erfundene Stelle"] == told["/organisation/geheim"]
    assert (told["Geheime Stelle"][0], told["Geheime Stelle"][2]) == (400, 400)
    assert (told[public][0], told[public][2]) == (303, 200)
    form = form_of(office.get("/redaktion/neu/recommendation"))
    form["slug"], form["title"], form["text"], form["addressees.1"] = "andere-empfehlung", "Empfehlung", "Text.", "Geheime Stelle"
    form.submit(status=303)
