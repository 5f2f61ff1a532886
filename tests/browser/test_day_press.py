"""A day of the press office: a release with picture, quote and contact; embargo and date; out, corrected, withdrawn."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from PIL import Image

from content.typed.berlin import BERLIN
from tests.browser.days import Person, office

TOMORROW = dt.datetime.now(BERLIN) + dt.timedelta(days=1)
TITLE = "Bund und Länder einigen sich"
URL = "/presse/einigung"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    with office(tmp_path_factory, example_data, {"petra": ("press", ""), "paula": ("press", "")}) as opened:
        yield opened


def write_release(petra, picture):
    petra.follow("Pressemitteilung")
    petra.write("Adressteil", "einigung")
    petra.write("Titel", TITLE)
    petra.write("Herausgebende Stelle", "IT-Planungsrat")
    petra.day("Datum", dt.date.today())
    petra.write("Vorspann", "Ein gemeinsamer Weg.")
    petra.write("Text", "Der Rat entschied heute.")
    petra.write("Zitat", "Das ist gut für alle.")
    petra.write("Name", "Vera Beispiel")
    petra.write("Funktion", "Vorsitz")
    petra.upload("Datei", picture)
    petra.write("Bildbeschreibung", "Ein blaues Feld")
    petra.write("Bildnachweis", "Pressestelle")
    petra.press("Speichern")


def put_under_embargo(petra):
    petra.follow("Sperrfrist")
    petra.day("Sperrfrist bis", TOMORROW)
    petra.press("Sperrfrist setzen")
    petra.write("Name", "Jana Journal")
    petra.write("E-Mail", "jana@zeitung.example")
    petra.press("Link schicken")
    assert petra.sees("Jana Journal")
    petra.narrow()


def plan_and_publish(petra, paula, here):
    """A second person may not bring it out before the embargo ends; dated, called off, lifted, out."""
    paula.opens("/redaktion")
    paula.follow(TITLE)
    assert not paula.page.get_by_role("button", name="Veröffentlichen", exact=True).is_enabled()
    paula.day("Zeitpunkt", TOMORROW + dt.timedelta(hours=1))
    paula.step("Terminieren")
    petra.follow("Übersicht")
    assert petra.sees("Terminiert") and petra.sees(TITLE)
    paula.step("Termin aufheben")
    paula.follow("Sperrfrist")
    paula.press("Sperrfrist aufheben")
    paula.press("Sperrfrist aufheben")  # the question before it
    paula.opens(here)
    paula.step("Veröffentlichen")


def take_press_kit(petra):
    petra.opens(URL)
    assert petra.sees("Das ist gut für alle.")
    petra.narrow()
    petra.go(petra.page.get_by_role("link", name="Pressemappe (ZIP)"))
    with petra.page.expect_download(timeout=30_000) as taken:
        petra.page.keyboard.press("Enter")
    names = zipfile.ZipFile(io.BytesIO(taken.value.path().read_bytes())).namelist()
    assert any(name.endswith(".pdf") for name in names) and any(
        name.endswith((".jpg", ".jpeg", ".webp", ".png")) for name in names
    ), names


def correct_and_withdraw(petra, paula, here):
    petra.opens(here)
    petra.follow("Bearbeiten")
    petra.write("Vorspann", "Ein gemeinsamer Weg für alle.")
    petra.press("Speichern")
    paula.opens(here)
    paula.write("Hinweis für die Öffentlichkeit", "Vorspann ergänzt", within=paula.form("Berichtigen"))
    paula.step("Berichtigen")
    petra.opens(URL)
    assert petra.sees("Ein gemeinsamer Weg für alle.")
    paula.write("Grund, den alle lesen", "Termin verschoben", within=paula.form("Zurückziehen"))
    paula.press("Zurückziehen beantragen")
    assert petra.opens(URL) == 200, "one alone takes nothing away"
    petra.opens(here)
    assert petra.sees("Termin verschoben")
    petra.press("Zurückziehen bestätigen")
    assert petra.opens(URL) == 410


def test_the_press_office_brings_out_a_release_with_the_keyboard(desk, browser, tmp_path):
    picture = tmp_path / "bild.jpg"
    Image.new("RGB", (800, 500), "navy").save(picture)
    petra = Person(browser, desk, "petra")
    petra.comes(code=True)
    write_release(petra, picture)
    assert petra.sees(TITLE)
    here = petra.page.url.removeprefix(desk[0])
    petra.step("Einreichen")
    put_under_embargo(petra)
    paula = petra.colleague("paula")
    plan_and_publish(petra, paula, here)
    take_press_kit(petra)
    correct_and_withdraw(petra, paula, here)
    paula.leaves()
    petra.opens("/redaktion")
    petra.leaves()
