"""What forms offer to pick: without a script, by keyboard, nothing that is there is lost, nothing secret is offered."""

from __future__ import annotations

import re

import pytest

from content.kinds import KINDS
from content.schemas import SCHEMAS
from content.schemas.parts import CHAIR
from content.services.base import lookup
from content.services.editing import picks
from portal.desk import pick_lists
from tests.functional.test_desk import form_of


def path_exists(kind, path):
    fields = {**SCHEMAS, "chair": CHAIR}[kind]
    *heads, last = path.split(".*.")
    for head in heads:
        fields = fields[head].read.one.fields
    return last in fields


def test_the_table_names_fields_and_sources_that_there_are():
    for (kind, path), (source, _) in pick_lists.PICKS.items():
        assert path_exists(kind, path), (kind, path)
        assert source in picks.SOURCES, source


def test_every_hint_belongs_to_a_field():
    for path in pick_lists.HINTS:
        head, *rest = path.split(".")
        fields = [schema[head].read for schema in SCHEMAS.values() if head in schema]
        assert fields, path
        if rest:
            assert any(rest[-1] in (reader.one or reader).fields for reader in fields), path


@pytest.fixture
def secretariat(desk):
    house, browser = desk
    return house, browser("gerda", "secretariat")


def opened(app, house, url):
    with house.writing("test") as work:
        item_id = lookup.find(work.session, url).id
    return app.get(f"/redaktion/eintrag/{item_id}/bearbeiten")


def test_bodies_and_sessions_are_selected_by_their_names(secretariat):
    house, app = secretariat
    page = opened(app, house, "/beschluss/2021/39")
    assert page.html.select_one("#f-body option[selected]").text == "IT-Planungsrat"
    chosen = page.html.select_one("#f-meeting option[selected]")
    assert (chosen["value"], chosen.text) == ("/sitzung/36", "36. Sitzung, 29.10.2021")


def test_organisations_and_items_are_selected_for_an_offer(secretariat):
    house, app = secretariat
    page = opened(app, house, "/angebot/fit-store-wohngeld")
    assert page.html.select_one("#f-provider option[selected]")["value"] == "fitko"
    assert page.html.select_one("#f-market_item option[selected]").text == "Wohngeld"


def test_a_value_that_is_no_longer_offered_stays(secretariat):
    _house, app = secretariat
    form = form_of(app.get("/redaktion/neu/decision"))
    form["meeting"].force_value("/sitzung/77")
    form["text"] = ""
    page = form.submit(status=400)
    assert page.html.select_one("#f-meeting option[selected]").text == "/sitzung/77 (nicht in der Liste)"


def test_lists_have_an_input_for_each_value_with_proposals_and_grow(secretariat):
    house, app = secretariat
    page = opened(app, house, "/empfehlung/efa-vorrang")
    form = form_of(page)
    before = [box["value"] for box in page.html.select("#f-addressees input")]
    assert before[-1] == "" and before[:-1] != [] and page.html.select("#liste-adressaten option[value=Hamburg]")
    form[f"addressees.{len(before)}"] = "Hamburg"
    grown = form.submit("mehr", value="addressees")
    assert grown.html.select_one("[autofocus]")["id"] == f"f-addressees-{len(before) + 1}"
    more = form_of(grown)
    more[f"addressees.{len(before) + 2}"] = "FITKO"
    more.submit(status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, "/empfehlung/efa-vorrang").input["addressees"] == [
            *before[:-1],
            "Hamburg",
            "FITKO",
        ]


def test_choices_of_a_list_are_check_boxes(secretariat):
    _house, app = secretariat
    form = form_of(app.get("/redaktion/neu/offer"))
    page = app.get("/redaktion/neu/offer").html
    boxes = page.select("#f-interfaces input[type=checkbox]")
    assert len(boxes) == len(SCHEMAS["offer"]["interfaces"].read.one.choices)
    form[boxes[1]["name"]] = True
    again = form.submit(status=400).html.select("#f-interfaces input[checked]")
    assert [box["value"] for box in again] == [boxes[1]["value"]]


def test_an_old_form_with_one_value_a_line_is_still_read(secretariat):
    _, app = secretariat
    form = form_of(app.get("/redaktion/neu/recommendation"))
    fields = [(name, value) for name, value in form.submit_fields() if not name.startswith("addressees")]
    page = app.post(
        "/redaktion/neu/recommendation", [*fields, ("addressees", "Bund\nLänder\n"), ("behalten", "1")], status=303
    ).follow()
    assert [box["value"] for box in page.html.select("#f-addressees input")][:2] == ["Bund", "Länder"]


def test_every_proposal_a_page_names_is_on_it(secretariat):
    _, app = secretariat
    for kind in KINDS:
        page = app.get(f"/redaktion/neu/{kind}").html
        named = {box["list"] for box in page.select("input[list]")}
        assert named == {one["id"] for one in page.select("datalist")}, kind
        assert all(re.fullmatch(r"liste-\w+", name) for name in named)
        assert all(page.select(f"#{name} option") for name in named - {"liste-leistungen"}), kind


def test_what_lies_in_the_trash_is_not_offered(secretariat):
    _house, app = secretariat
    form = form_of(app.get("/redaktion/neu/organisation"))
    form["slug"], form["title"] = "weg", "Weggeworfene Stelle"
    target = form.submit(status=303).headers["Location"]
    assert "Weggeworfene Stelle" in app.get("/redaktion/neu/offer").text
    step = next(
        one for one in app.get(target).forms.values() if "schritt" in one.fields and one["schritt"].value == "trash"
    )
    step.submit(status=303)
    app.get("/redaktion")  # says what was done
    assert "Weggeworfene Stelle" not in app.get("/redaktion/neu/offer").text
