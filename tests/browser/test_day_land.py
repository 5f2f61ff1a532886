"""A day of a Land: reports what it implemented with evidence, proposes, and takes the next step of a reuse."""

from __future__ import annotations

import datetime as dt

import pytest

from content.schemas import clean_item
from content.services.editing import edit
from content.services.workflow import transition
from tests.browser.days import Person, office
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    people = {
        "sarah": ("land", "saarland"),
        "fritz": ("provider", "fitko"),
        "gerda": ("secretariat", ""),
        "greta": ("secretariat", ""),
    }

    def proposed(house):
        with house.writing("betrieb", permits=ROLES["operator"].permits) as work:
            value = {
                "slug": "saar-vorschlag",
                "title": "Ein Vorschlag des Saarlands",
                "text": "Alle prüfen einmal.",
                "addressees": ["Hamburg"],
                "state": "proposed",
            }
            row = edit.save(work.session, "recommendation", clean_item("recommendation", value), now=work.desk.now).item
            row.owner = "saarland"
            transition.take(work.desk, row, PUBLICATION, "import")

    with office(tmp_path_factory, example_data, people, proposed) as opened:
        yield opened


def missing(person):
    """How many reports the start page asks for."""
    words = person.page.locator(".errands").inner_text()
    return int(words.split("Zu ")[1].split()[0])


def report(sarah, tmp_path):
    before = missing(sarah)
    sarah.narrow()
    sarah.follow(f"Zu {before} Empfehlungen fehlt Ihre Meldung zur Umsetzung.")
    first = sarah.page.locator("section.step").first
    title = first.get_by_role("link").first.get_attribute("href")
    sarah.unfold("Stand melden")
    sarah.choose("Stand", "umgesetzt")
    sarah.press("Melden")
    assert sarah.sees("Umgesetzt braucht einen Nachweis.")
    sarah.day("Seit", TODAY)
    sarah.write("Nachweis (Webadresse)", "https://saarland.example/nachweis")
    proof = tmp_path / "nachweis.txt"
    proof.write_text("Seit heute in Betrieb.")
    sarah.upload("Nachweis (Datei)", proof)
    sarah.write("Hinweis", "In allen Kommunen.")
    sarah.press("Melden")
    sarah.follow("Übersicht")
    assert missing(sarah) == before - 1
    sarah.opens(title)
    assert sarah.sees("Saarland") and "https://saarland.example/nachweis" in sarah.page.content()
    sarah.page.go_back()


def be_confirmed(sarah):
    gerda = sarah.colleague("gerda")
    gerda.opens("/redaktion")
    gerda.follow("Eine Meldung zur Umsetzung wartet auf Bestätigung.")
    gerda.press("Meldung bestätigen")
    assert not gerda.page.get_by_role("button", name="Meldung bestätigen").count()
    gerda.leaves()


def reuse(sarah):
    sarah.follow("Nachnutzung")
    sarah.follow("Nachnutzung anmelden")
    sarah.choose("Angebot", "Kinderzuschlag")
    sarah.press("Interesse bekunden")
    here = sarah.page.url.removeprefix(sarah.address)
    assert sarah.sees("Die andere Seite ist am Zug.")
    sarah.narrow()
    fritz = sarah.colleague("fritz")
    fritz.opens(here)
    fritz.step("Abstimmung beginnen")
    fritz.step("Bedingungen bestätigen")
    fritz.leaves()
    sarah.follow("Übersicht")
    sarah.follow("Eine Nachnutzung wartet auf Ihren nächsten Schritt.")
    sarah.opens(here)
    sarah.step("Bestellen")
    assert sarah.sees("bestellt")


def propose(sarah):
    sarah.follow("Übersicht")
    sarah.follow("Empfehlung")
    sarah.write("Titel", "Nachweise einmal abgeben")
    sarah.write("Adressteil", "nachweise-einmal")
    sarah.press("Speichern")
    assert sarah.sees("Der Text fehlt.")
    sarah.write("Text", "Wer einen Nachweis abgab, wird nicht noch einmal gefragt.")
    sarah.press("Speichern")
    assert sarah.sees("Nachweise einmal abgeben")
    sarah.follow("Übersicht")
    assert sarah.sees("Meine Entwürfe") and sarah.sees("Nachweise einmal abgeben")


def change_what_is_public(sarah):
    """A proposal of the Land is public; what it says changes only once the office has seen it."""
    sarah.follow("Einträge")
    sarah.write("Titel oder Adresse", "Saarlands")
    sarah.press("Zeigen")
    sarah.follow("Ein Vorschlag des Saarlands")
    here = sarah.page.url.removeprefix(sarah.address)
    sarah.follow("Bearbeiten")
    sarah.write("Text", "Alle prüfen zweimal.")
    sarah.press("Speichern")
    sarah.narrow()
    sarah.step("Änderung einreichen")
    assert sarah.sees("Sarah hat Revision 2 eingereicht")
    greta = sarah.colleague("greta")
    greta.opens("/redaktion/eintraege?liste=aenderungen")
    greta.follow("Ein Vorschlag des Saarlands")
    greta.write("Hinweis", "Einmal genügt.", within=greta.form("Änderung zurückgeben"))
    greta.step("Änderung zurückgeben")
    sarah.follow("Übersicht")
    assert sarah.sees("Zurückgegeben mit Hinweis") and sarah.sees("Einmal genügt.")
    sarah.opens(here)
    sarah.follow("Bearbeiten")
    sarah.write("Text", "Alle prüfen einmal und gründlich.")
    sarah.press("Speichern")
    sarah.step("Änderung einreichen")
    greta.opens(here)
    greta.write("Hinweis für die Öffentlichkeit", "Gründlich.", within=greta.form("Berichtigen"))
    greta.step("Berichtigen")
    greta.leaves()
    sarah.opens("/empfehlung/saar-vorschlag")
    assert sarah.sees("Alle prüfen einmal und gründlich.")
    sarah.page.go_back()


def test_a_land_reports_and_reuses_with_the_keyboard(desk, browser, tmp_path):
    sarah = Person(browser, desk, "sarah")
    sarah.comes()
    report(sarah, tmp_path)
    be_confirmed(sarah)
    reuse(sarah)
    propose(sarah)
    change_what_is_public(sarah)
    sarah.leaves()
