"""A working day of the council by keyboard: agenda, vote, adoption, publication, what a recommendation became, and who confirms it."""

from __future__ import annotations

import datetime as dt

import pytest

from content.schemas import clean_item
from content.services.editing import edit
from content.services.workflow import transition
from tests.browser.days import Person, office
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.vocabulary import Permission

MEMBERS, TITLE = 17, "Proben im Alltag"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    found = {}

    def prepare(house):
        with house.writing("test", permits=frozenset(Permission)) as work:
            asks = {
                "slug": "proben-im-alltag",
                "title": "Öfter proben",
                "text": "Alle proben.",
                "addressees": ["Saarland"],
                "due": "31.12.2030",
            }
            wish = edit.save(work.session, "recommendation", clean_item("recommendation", asks), now=work.desk.now).item
            transition.take(work.desk, wish, RECOMMENDATION, "propose")
            transition.take(work.desk, wish, PUBLICATION, "import")
            text = "1. Der IT-Planungsrat beschließt die Empfehlung, öfter zu proben."
            given = {"body": "it-planungsrat", "title": TITLE, "text": text, "recommendations": ["proben-im-alltag"]}
            decision = edit.save(work.session, "decision", clean_item("decision", given), now=work.desk.now).item
            found.update(wish=wish.id, decision=decision.id)

    people = {"gerda": ("secretariat", ""), "gustav": ("secretariat", ""), "sarah": ("land", "saarland")}
    with office(tmp_path_factory, example_data, people, prepare) as opened:
        yield opened, found


def decide(gerda, number):
    """Onto the agenda, every member says yes, adopted and submitted; the number that it got."""
    gerda.opens(f"/redaktion/eintrag/{number}")
    gerda.write("Sitzung", "46", within=gerda.form("Auf die Tagesordnung setzen"))
    gerda.step("Auf die Tagesordnung setzen")
    gerda.follow("Abstimmung")
    for place in range(MEMBERS):
        gerda.pick(gerda.page.locator("tbody tr").nth(place).locator("input").first.get_attribute("name"), 0)
    gerda.press("Eintragen")
    assert gerda.sees("Angenommen")
    gerda.step("Beschließen")
    gerda.step("Einreichen")
    gustav = gerda.colleague("gustav")
    gustav.opens(f"/redaktion/eintrag/{number}")
    gustav.step("Veröffentlichen")
    gustav.follow("Öffentliche Seite")
    assert gustav.sees(TITLE) and gustav.sees("17 Ja")
    decided = gustav.page.url.split("/beschluss/")[1]
    gustav.opens("/redaktion")
    gustav.leaves()
    return decided


def test_the_council_decides_a_land_reports_and_the_public_sees_the_whole_road_by_keyboard(desk, browser):
    opened, found = desk
    gerda = Person(browser, opened, "gerda")
    gerda.comes(code=True)
    decided = decide(gerda, found["decision"])
    gerda.opens(f"/redaktion/eintrag/{found['wish']}")
    gerda.write("Beschluss", decided, within=gerda.form("Beschließen"))
    gerda.step("Beschließen")
    assert gerda.sees("beschlossen")
    gerda.step("Umsetzung beginnen")
    sarah = gerda.colleague("sarah")
    sarah.opens("/redaktion/umsetzung")
    place = next(
        index
        for index, words in enumerate(sarah.page.locator("section.step h2").all_inner_texts())
        if "Öfter proben" in words
    )
    section = sarah.page.locator("section.step").nth(place)
    sarah.go(section.locator("summary").last)
    sarah.page.keyboard.press("Enter")
    sarah.choose("Stand", "umgesetzt", nth=place)
    sarah.day("Seit", dt.date.today(), nth=place)
    sarah.write("Nachweis (Webadresse)", "https://saarland.example/probe", nth=place)
    sarah.press("Melden", within=section)
    sarah.opens("/redaktion")
    sarah.leaves()
    gerda.opens("/redaktion/umsetzung")
    gerda.press("Meldung bestätigen")
    gerda.opens(f"/redaktion/eintrag/{found['wish']}")
    gerda.step("Als umgesetzt bestätigen")
    gerda.follow("Öffentliche Seite")
    for words in ("1 von 1 Adressaten", "Der Weg bisher", f"Beschluss {decided}", "31.12.2030", "bestätigt"):
        assert gerda.sees(words), words
    gerda.narrow()
    gerda.opens("/redaktion")
    gerda.leaves()
