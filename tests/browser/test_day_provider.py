"""A day of a provider: keeps its own offers and cannot touch those of others."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from tests.browser.days import Person, office


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    found = {}

    def look_up(house):
        with house.reading() as connection:
            offer = models.MarketOffer.__table__.c
            item = models.Item.__table__.c
            rows = connection.execute(
                sa.select(item.id, item.title, item.slug, offer.provider).join_from(
                    models.Item.__table__, models.MarketOffer.__table__
                )
            ).all()
        found["own"] = next(row for row in rows if row.slug == "fit-store-kinderzuschlag")
        found["foreign"] = next(row for row in rows if row.provider != "fitko")

    people = {"fritz": ("provider", "fitko"), "gerda": ("secretariat", "")}
    with office(tmp_path_factory, example_data, people, look_up) as opened:
        yield opened, found


def test_a_provider_keeps_its_own_offer_with_the_keyboard(desk, browser):
    opened, found = desk
    fritz = Person(browser, opened, "fritz")
    fritz.comes()
    fritz.narrow()
    assert fritz.sees("Anbieter (fitko)") and fritz.sees("Zuletzt veröffentlicht")
    assert fritz.opens(f"/redaktion/eintrag/{found['foreign'].id}") == 404
    assert fritz.opens("/redaktion/eintraege") == 200
    assert found["foreign"].title not in fritz.page.locator("main").inner_text()
    fritz.write("Titel oder Adresse", "Kinderzuschlag")
    fritz.press("Zeigen")
    fritz.follow(found["own"].title)
    fritz.follow("Bearbeiten")
    fritz.write("Titel", f"{found['own'].title} (alt)")
    fritz.narrow()
    fritz.press("Speichern")
    assert (
        fritz.sees("Erst „Berichtigen“ macht sie öffentlich.")
        and not fritz.page.get_by_role("button", name="Berichtigen", exact=True).count()
    )
    fritz.step("Änderung einreichen")
    fritz.narrow()
    assert fritz.sees("Fritz hat Revision 2 eingereicht")
    gerda = fritz.colleague("gerda")
    gerda.opens("/redaktion")
    gerda.follow(
        f"{found['own'].title} (alt)",
        within=gerda.page.locator(
            "section", has=gerda.page.get_by_role("heading", name="Eingereichte Änderungen an Öffentlichem")
        ),
    )
    gerda.follow("Öffentliches und Eingereichtes nebeneinander ansehen")
    gerda.narrow()
    gerda.page.go_back()
    gerda.write("Hinweis", "Bitte „neu“ schreiben.", within=gerda.form("Änderung zurückgeben"))
    gerda.step("Änderung zurückgeben")
    fritz.opens("/redaktion")
    assert fritz.sees("Zurückgegeben mit Hinweis") and fritz.sees("Gerda: Bitte „neu“ schreiben.")
    fritz.narrow()
    fritz.follow(
        f"{found['own'].title} (alt)",
        within=fritz.page.locator("section", has=fritz.page.get_by_role("heading", name="Zurückgegeben mit Hinweis")),
    )
    assert fritz.sees("Gerda gab die Änderung (Revision 2) zurück")
    fritz.narrow()
    fritz.follow("Bearbeiten")
    fritz.write("Titel", f"{found['own'].title} (neu)")
    fritz.press("Speichern")
    fritz.step("Änderung einreichen")
    gerda.opens(f"/redaktion/eintrag/{found['own'].id}")
    gerda.write("Hinweis für die Öffentlichkeit", "Neuer Name", within=gerda.form("Berichtigen"))
    gerda.step("Berichtigen")
    gerda.leaves()
    fritz.follow("Nachnutzung")
    fritz.narrow()
    fritz.opens(f"/angebot/{found['own'].slug}")
    assert fritz.sees(f"{found['own'].title} (neu)")
    fritz.page.go_back()
    fritz.leaves()
