"""A day of a Land: reports what it implemented with evidence, proposes, and takes the next step of a reuse."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.browser.days import Person, office

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    people = {"sarah": ("land", "saarland"), "fritz": ("provider", "fitko"), "gerda": ("secretariat", "")}
    with office(tmp_path_factory, example_data, people) as opened:
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


def test_a_land_reports_and_reuses_with_the_keyboard(desk, browser, tmp_path):
    sarah = Person(browser, desk, "sarah")
    sarah.comes()
    report(sarah, tmp_path)
    be_confirmed(sarah)
    reuse(sarah)
    propose(sarah)
    sarah.leaves()
