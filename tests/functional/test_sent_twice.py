"""A form that is sent twice makes what it makes once; and who names what they may not know of learns nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import lookup
from content.services.workflow import transition
from tests.functional.test_desk import form_of
from workflows.publication import PUBLICATION

pytestmark = pytest.mark.on_both_databases


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
    assert {answer.headers.get("Location") for answer in again if answer.status_int == 303} <= {
        first.headers["Location"]
    }
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


def at_once(app, path, bodies):
    """All sent in the same moment; their answers."""
    gate = threading.Barrier(len(bodies))

    def send(fields):
        gate.wait()
        return app.post(path, fields, status="*")

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def page_form(writer, slug):
    form = form_of(writer.get("/redaktion/neu/page"))
    form["slug"], form["title"], form["text"] = slug, "Gleichzeitig", "Text."
    return form


def test_a_form_sent_many_times_in_one_moment_makes_one_item_and_every_answer_leads_to_it(desk):
    house, browser = desk
    writer, before = browser("gerda", "secretariat"), count(house, models.Page)
    answers = at_once(writer, "/redaktion/neu/page", [page_form(writer, "im-selben-moment").submit_fields()] * 5)
    # Whoever waits for longer than a person should is told so, and nothing was done.
    assert {answer.status_int for answer in answers} <= {303, 503} and count(house, models.Page) == before + 1
    assert len({answer.headers["Location"] for answer in answers if answer.status_int == 303}) == 1


def test_two_forms_for_one_address_in_one_moment_make_one_item_and_the_other_is_told(desk):
    house, browser = desk
    writer, before = browser("gerda", "secretariat"), count(house, models.Page)
    answers = at_once(
        writer, "/redaktion/neu/page", [page_form(writer, "eine-adresse").submit_fields() for _ in range(4)]
    )
    told = sorted(answer.status_int for answer in answers)
    assert told.count(303) == 1 and set(told) <= {303, 400, 503} and count(house, models.Page) == before + 1
    assert all("Adressteil" in answer.text for answer in answers if answer.status_int == 400)


@pytest.mark.parametrize("steps", [("trash",), ("trash", "remove")], ids=["in the trash", "removed"])
def test_a_form_sent_again_after_its_item_went_is_answered_in_words(desk, steps):
    house, browser = desk
    writer = browser("gerda", "secretariat")
    form = page_form(writer, "erst-da-dann-weg")
    made = form.submit(status=303).headers["Location"]
    with house.writing("test") as work:
        item = lookup.find(work.session, "/seite/erst-da-dann-weg")
        for name in steps:
            transition.take(work.desk, item, PUBLICATION, name, {"comment": "doppelt"} if name == "remove" else {})
    if steps == ("trash",):
        assert form.submit(status=303).headers["Location"] == made and writer.get(made).status_int == 200
        return
    answer = form.submit(status=409)
    again = form_of(answer)
    assert "hat schon einen Eintrag angelegt" in answer.text and again["text"].value == "Text."
    assert again.submit(status=303).headers["Location"] != made


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
    form["slug"], form["title"], form["text"], form["addressees.1"] = (
        "andere-empfehlung",
        "Empfehlung",
        "Text.",
        "Geheime Stelle",
    )
    form.submit(status=303)
