"""The market in real Chromium: a journalist reads, a Land, a commune and a provider carry a reuse, the secretariat tracks tasks."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import replace

import pyotp
import pytest

from content.house import House
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit
from content.services.implementation import implementation
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems, _sign_in
from tests.functional.people import forget_reports
from workflows.vocabulary import Permission

PUBLIC = [
    "/marktplatz",
    "/marktplatz?q=wohngeld&anbieter=govdigital",
    "/marktplatz?q=gibtesnicht",
    "/marktplatz/wohngeld",
    "/marktplatz/wohngeld/vergleich",
    "/angebot/fit-store-wohngeld",
    "/angebot/fit-store-wohngeld/preis?land=HH",
    "/abdeckung",
    "/abdeckung?leistung=/marktplatz/wohngeld",
    "/umsetzung",
    "/umsetzung/hh",
    "/umsetzung/verlauf",
    "/umsetzung?zug=office",
    "/glossar/einkommen",
    "/organisation/govdigital",
    "/abdeckung?stand=2024-06-01",
]
PEOPLE = [
    ("lena", "land", "saarland"),
    ("fritz", "provider", "fitko"),
    ("wilma", "commune", "stadt-witten"),
    ("greta", "secretariat", ""),
    ("gudrun", "secretariat", ""),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory, example_data):
    data = tmp_path_factory.mktemp("market") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        edit.save(
            work.session,
            "organisation",
            clean_item("organisation", {"slug": "stadt-witten", "title": "Witten", "land": "NW"}),
            now=now,
        )
        for login, role, organisation in PEOPLE:
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
            account.password_hash = accounts.hash_password(PASSWORD)
            accounts.grant(work.session, account, role, organisation, by="test", now=now)
        rights = replace(work.desk, permits=frozenset(Permission), actor="hanna", actor_name="Hanna")
        forget_reports(work)
        recommendation = lookup.find(work.session, "/empfehlung/efa-vorrang")
        told = {"state": "done", "date": "2026-01-05", "evidence": "https://hamburg.example/nachweis", "note": ""}
        implementation.report(rights, recommendation, "HH", told, codes=frozenset({"HH"}))
        implementation.confirm(replace(rights, actor="gerda", actor_name="Gerda Weiß"), recommendation, "HH")
    house.close()
    with serving(data, "granian") as url:
        yield url


@pytest.mark.parametrize("width", [360, 1280])
def test_a_journalist_reads_without_script_and_finds_no_barrier(address, browser, width):
    scheme = "dark" if width == 360 else "light"
    reader = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    page = reader.new_page()
    problems = []
    for path in PUBLIC:
        page.goto(address + path)
        problems += _problems(page)
    reader.close()
    assert problems == []
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = plain.new_page()
    page.goto(address + "/marktplatz")
    page.get_by_label("Wörter, OZG-ID oder LeiKa-Schlüssel").fill("10092")
    page.get_by_role("button", name="Anwenden").click()
    page.get_by_role("link", name="nebeneinander").click()
    assert page.get_by_role("heading", name="Angebote im Vergleich: Wohngeld").is_visible()
    page.goto(address + "/umsetzung")
    page.locator("details.cell summary").first.press("Enter")
    assert (
        page.get_by_text("geprüft von Gerda Weiß").first.is_visible()
        and page.get_by_role("link", name="Nachweis von Hamburg").is_visible()
    )
    page.goto(address + "/umsetzung/hh")
    page.get_by_role("row", name="EfA-Angebote").locator("summary", has_text="in Betrieb").press("Enter")
    assert page.get_by_role("link", name="Wohngeld").first.is_visible()
    plain.close()


def _desk(browser, address, login, width=1280):
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    _sign_in(page, address, login)
    if "zweiter-faktor" in page.url:
        secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.content())[1]
        page.get_by_label("Sechsstelliger Code").fill(pyotp.TOTP(secret).now())
        page.keyboard.press("Enter")
        page.get_by_text("Wiederherstellungscodes").first.wait_for()
    return page


def test_land_and_provider_carry_a_reuse_from_interest_to_operation(address, browser):
    lena, fritz = _desk(browser, address, "lena", 360), _desk(browser, address, "fritz")
    problems = []
    lena.goto(address + "/redaktion/nachnutzung/neu")
    problems += _problems(lena)
    lena.get_by_role("button", name="Interesse bekunden").click()
    lena.get_by_role("alert").wait_for()
    problems += _problems(lena)
    lena.locator("#offer").select_option("fit-store-geburtsanzeige")
    lena.get_by_role("button", name="Interesse bekunden").click()
    lena.get_by_role("heading", name="Saarland").wait_for()
    problems += _problems(lena)
    case = lena.url

    def press(page, name):
        page.goto(case)
        page.get_by_role("button", name=name).click()
        page.get_by_role("heading", name="Was geschah").wait_for()
        problems.extend(_problems(page))

    press(fritz, "Abstimmung beginnen")
    lena.goto(case)
    assert lena.get_by_text("Die Bedingungen sind nicht bestätigt").first.is_visible()
    press(fritz, "Bedingungen bestätigen")
    lena.goto(case)
    lena.get_by_role("button", name="Bestellen").click()
    lena.get_by_role("button", name="Verbindlich bestellen").click()
    lena.get_by_role("heading", name="Was geschah").wait_for()
    problems.extend(_problems(lena))
    fritz.goto(case)
    fritz.get_by_label("Vertragsnummer").fill("FITST/2026/0001")
    fritz.get_by_role("button", name="Vertrag schließen").click()
    fritz.get_by_text("Vertrag FITST/2026/0001").wait_for()
    press(fritz, "In Betrieb nehmen")
    lena.goto(address + "/angebot/fit-store-geburtsanzeige")
    assert lena.get_by_role("row", name=re.compile("Saarland.*in Betrieb")).is_visible()
    lena.goto(address + "/redaktion/nachnutzung")
    problems += _problems(lena)
    assert problems == []


def test_a_commune_asks_and_the_secretariat_confirms_a_task(address, browser):
    wilma, greta = _desk(browser, address, "wilma"), _desk(browser, address, "greta", 360)
    problems = []
    wilma.goto(address + "/redaktion/nachnutzung/neu?angebot=govdigital-kindergeld")
    wilma.locator("#through").fill("regio iT")
    wilma.get_by_role("button", name="Interesse bekunden").click()
    wilma.get_by_role("heading", name="Witten").wait_for()
    problems += _problems(wilma)
    for path in ("/redaktion/auftraege", "/redaktion/verweise", "/redaktion/nachnutzung", "/redaktion/neu/offer"):
        greta.goto(address + path)
        problems += _problems(greta)
    greta.goto(address + "/redaktion/auftraege")
    greta.get_by_role("button", name="Als Auftrag verfolgen").first.click()
    greta.get_by_text("Stand melden").first.wait_for()
    problems += _problems(greta)
    greta.goto(address + "/umsetzung?art=task")
    problems += _problems(greta)
    assert problems == []


def test_the_secretariat_links_a_clause_by_typing_a_number_and_by_keyboard(address, browser):
    gudrun = _desk(browser, address, "gudrun")
    gudrun.goto(address + "/redaktion/eintraege?art=recommendation&q=experimentierklausel")
    gudrun.get_by_role("link", name=re.compile("Direktaufträge")).first.click()
    gudrun.get_by_role("link", name="Bearbeiten").click()
    search = gudrun.get_by_label("Ziel suchen")
    search.fill("2021/39 2")
    option = gudrun.get_by_role("option", name=re.compile("Ziffer 2"))
    option.wait_for()
    problems = _problems(gudrun)
    search.press("ArrowDown")
    search.press("ArrowDown")
    search.press("Enter")
    assert gudrun.locator("#f-links-1-target").input_value() == "/beschluss/2021/39#z2"
    assert "Eingetragen" in gudrun.locator("#meldung").inner_text()
    gudrun.get_by_role("button", name="Speichern").last.click()
    gudrun.get_by_role("heading", name=re.compile("Direktaufträge"), level=1).wait_for()
    gudrun.get_by_role("link", name="Bearbeiten").click()
    search = gudrun.get_by_label("Ziel suchen").first
    search.fill("gibt es nicht")
    search.press("Enter")
    gudrun.get_by_text("ist nichts gefunden").wait_for()
    problems += _problems(gudrun)
    assert gudrun.locator("#f-links-1-target").input_value() == "/beschluss/2021/39#z2" and problems == []
