"""A day of the secretariat: next session from the last one, a decision with its vote, four eyes, a bulk step, the trash, the search."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.editing import edit
from tests.browser.days import Person, office

MEMBERS = 17
TITLE = "Nachweise nur einmal abgeben"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    found = {}

    def drafts(house):
        with house.reading() as connection:
            found["last"] = connection.scalar(
                sa.select(sa.func.max(models.Meeting.ordinal)).where(models.Meeting.url.like("/sitzung/%"))
            )
        with house.writing("gerda", name="Gerda") as work:
            for number in range(3):
                value = clean_item(
                    "page", {"slug": f"tagung-{number}", "title": f"Hinweise zur Tagung {number}", "text": "Ein Text."}
                )
                edit.save(work.session, "page", value, now=work.desk.now, actor="gerda", actor_name="Gerda")

    with office(
        tmp_path_factory, example_data, {"gerda": ("secretariat", ""), "gustav": ("secretariat", "")}, drafts
    ) as opened:
        yield opened, found["last"]


def make_session(gerda, last):
    """The next session with the agenda of the last one: its address at the desk, and its number."""
    gerda.opens(f"/redaktion/eintraege?art=meeting&q={last}")
    gerda.follow(f"{last}. Sitzung des IT-Planungsrats")
    gerda.follow("Nächste Sitzung mit dieser Tagesordnung anlegen")
    number = gerda.page.get_by_label("Nummer der Sitzung").input_value()
    assert number == str(last + 1)
    gerda.day("Datum", dt.date.today())
    gerda.press("Speichern")
    here = gerda.page.url.removeprefix(gerda.address)
    assert gerda.sees(f"{number}. Sitzung")
    gerda.step("Einreichen")
    return here, number


def write_decision(gerda, number):
    gerda.follow("Übersicht")
    gerda.follow("Beschluss")
    gerda.write("Titel", TITLE)
    gerda.choose("Sitzung", f"{number}. Sitzung")
    gerda.write("Text", "1. Der IT-Planungsrat beschließt, dass Nachweise nur einmal abzugeben sind.")
    gerda.press("Speichern")
    here = gerda.page.url.removeprefix(gerda.address)
    gerda.write("Sitzung", f"/sitzung/{number}", within=gerda.form("Auf die Tagesordnung setzen"))
    gerda.step("Auf die Tagesordnung setzen")
    return here


def vote(gerda):
    """Every member says yes; the decision gets its number and is submitted."""
    gerda.follow("Abstimmung")
    for place in range(MEMBERS):
        gerda.pick(gerda.page.locator("tbody tr").nth(place).locator("input").first.get_attribute("name"), 0)
    gerda.narrow()
    gerda.press("Eintragen")
    assert gerda.sees("Angenommen")
    gerda.step("Beschließen")
    gerda.step("Einreichen")


def publish(gerda, *paths):
    """What one has submitted another one publishes."""
    gustav = gerda.colleague("gustav")
    for path in paths:
        gustav.opens(path)
        gustav.step("Veröffentlichen")
    gustav.follow("Öffentliche Seite")
    assert gustav.sees(TITLE)
    gustav.opens("/redaktion")
    gustav.leaves()


def tidy_up(gerda):
    """Search at the desk, a step with several entries at once, the trash and back."""
    gerda.follow("Einträge")
    gerda.write("Titel oder Adresse", "hinweise tagung")
    gerda.press("Zeigen")
    assert gerda.sees("3 Einträge")
    gerda.tick("Auswählen: Hinweise zur Tagung 0")
    gerda.tick("Auswählen: Hinweise zur Tagung 1")
    gerda.press("In den Papierkorb")
    gerda.narrow()
    gerda.press("In den Papierkorb: 2 Einträge")
    assert gerda.sees("2 von 2 erledigt")
    gerda.opens("/redaktion/eintraege?zustand=trashed")
    gerda.follow("Hinweise zur Tagung 0")
    gerda.step("Wiederherstellen")
    assert gerda.sees("Entwurf")


def test_the_secretariat_brings_a_decision_from_draft_to_the_public_with_the_keyboard(desk, browser):
    opened, last = desk
    gerda = Person(browser, opened, "gerda")
    gerda.comes(code=True)
    assert gerda.sees("Meine Entwürfe")
    gerda.narrow()
    meeting, number = make_session(gerda, last)
    decision = write_decision(gerda, number)
    vote(gerda)
    publish(gerda, meeting, decision)
    tidy_up(gerda)
    gerda.leaves()
