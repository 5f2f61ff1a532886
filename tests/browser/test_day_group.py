"""A day of a working group: one writes a section, another remarks on it, the lead gives the report out of hand."""

from __future__ import annotations

import pytest

from content.schemas import clean_item
from content.services.editing import edit
from tests.browser.days import Person, office


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    found = {}

    def begun(house):
        with house.writing("lena", name="Lena") as work:
            value = clean_item(
                "report", {"slug": "zwischenbericht", "title": "Zwischenbericht der AG", "group": "AG Architektur"}
            )
            found["id"] = edit.save(
                work.session, "report", value, now=work.desk.now, actor="lena", actor_name="Lena"
            ).item.id

    people = {"mia": ("member", ""), "lena": ("chair", ""), "gerda": ("secretariat", ""), "greta": ("secretariat", "")}
    with office(tmp_path_factory, example_data, people, begun) as opened:
        yield opened, found["id"]


def test_a_group_writes_remarks_and_submits_with_the_keyboard(desk, browser):
    opened, number = desk
    mia = Person(browser, opened, "mia")
    mia.comes()
    mia.follow("Einträge")
    mia.write("Titel oder Adresse", "Zwischenbericht")
    mia.press("Zeigen")
    mia.follow("Zwischenbericht der AG")
    mia.follow("Bericht schreiben")
    mia.write("Überschrift", "Auftrag und Vorgehen")
    mia.press("Anlegen und schreiben")
    mia.go(mia.page.get_by_role("textbox", name="Text", exact=True))
    mia.page.keyboard.type("Die Gruppe prüfte drei Wege. Der zweite ist der beste.")
    mia.press("Speichern")
    assert mia.sees("Gespeichert.")
    mia.narrow()

    lena = mia.colleague("lena")
    lena.opens(mia.page.url.removeprefix(opened[0]).split("?")[0])
    lena.follow("Durchsicht: Anmerkungen und Vorschläge")
    lena.write("Anmerkung", "Warum der zweite?")
    lena.press("Anmerken")
    assert lena.sees("Warum der zweite?")
    lena.narrow()
    mia.follow("Durchsicht: Anmerkungen und Vorschläge")
    mia.unfold("Antworten")
    mia.write("Antwort auf Anmerkung 1", "Er kostet am wenigsten.")
    mia.press("Antwort senden")
    mia.press("Erledigt: Anmerkung 1")

    mia.opens(f"/redaktion/eintrag/{number}")
    mia.step("In die Gruppe geben")
    lena.opens("/redaktion/hinweise")
    lena.follow("Zwischenbericht der AG")
    lena.step("Endfassung feststellen")
    lena.step("Einreichen")
    gerda = mia.colleague("gerda")
    gerda.opens("/redaktion")
    gerda.follow("Zwischenbericht der AG")
    gerda.step("Veröffentlichen")
    gerda.leaves()
    mia.opens("/bericht/zwischenbericht")
    assert mia.sees("Der zweite ist der beste.") and not mia.sees("Warum der zweite?")
    mia.page.go_back()
    _change_what_is_public(mia, lena, number)
    lena.leaves()
    mia.leaves()


def _change_what_is_public(mia, lena, number):
    """The report is public; a sentence of it changes only once somebody else has seen it."""
    lena.opens(f"/redaktion/eintrag/{number}")
    lena.write("Hinweis", "Der dritte Weg kam hinzu.", within=lena.form("Wieder öffnen"))
    lena.step("Wieder öffnen")
    mia.opens(f"/redaktion/eintrag/{number}")
    mia.follow("Bericht schreiben")
    mia.follow("Auftrag und Vorgehen")
    mia.go(mia.page.get_by_role("textbox", name="Text", exact=True))
    mia.page.keyboard.press("Control+End")
    mia.page.keyboard.type(" Seit heute gilt der dritte.")
    mia.press("Speichern")
    assert mia.sees("Gespeichert.")
    mia.opens(f"/redaktion/eintrag/{number}")
    mia.step("In die Gruppe geben")
    lena.opens(f"/redaktion/eintrag/{number}")
    lena.step("Endfassung feststellen")
    mia.opens(f"/redaktion/eintrag/{number}")
    assert (
        mia.sees("weicht von der veröffentlichten Fassung")
        and not mia.page.get_by_role("button", name="Berichtigen", exact=True).count()
    )
    mia.step("Änderung einreichen")
    assert mia.sees("Mia hat Revision")
    mia.narrow()
    mia.opens("/bericht/zwischenbericht")
    assert not mia.sees("Seit heute gilt der dritte."), "handed in is not public"
    greta = mia.colleague("greta")
    greta.opens("/redaktion")
    greta.follow(
        "Zwischenbericht der AG",
        within=greta.page.locator(
            "section", has=greta.page.get_by_role("heading", name="Eingereichte Änderungen an Öffentlichem")
        ),
    )
    greta.narrow()
    greta.write("Hinweis für die Öffentlichkeit", "Der dritte Weg gilt.", within=greta.form("Berichtigen"))
    greta.step("Berichtigen")
    greta.leaves()
    mia.opens("/bericht/zwischenbericht")
    assert mia.sees("Seit heute gilt der dritte.") and mia.sees("Der zweite ist der beste.")
    mia.page.go_back()
