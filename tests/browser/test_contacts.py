"""Contacts, the change of chair and a picture in real Chromium without any script: filled in, read, and fit for all."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil

import pyotp
import pytest
from PIL import Image

from content.house import House
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.workflow import transition
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems, _sign_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory, example_data):
    """(address, house) of a portal where Gerda of the secretariat can sign in."""
    data = tmp_path_factory.mktemp("contacts") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        account = accounts.create(work.session, login="gerda", name="Gerda", email="", now=now)
        account.password_hash = accounts.hash_password(PASSWORD)
        accounts.grant(work.session, account, "secretariat", "", by="test", now=now)
    with serving(data, "granian") as url:
        yield url, house
    house.close()


def _photo():
    out = io.BytesIO()
    Image.linear_gradient("L").resize((2000, 1000)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_contacts_chair_and_picture_by_form_alone(portal, browser):
    address, house = portal
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    _sign_in(page, address, "gerda")
    page.get_by_label("Sechsstelliger Code").fill(
        pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", page.content())[1]).now()
    )
    page.keyboard.press("Enter")
    page.get_by_text("Wiederherstellungscodes").first.wait_for()

    page.goto(address + "/redaktion/kontakte/neu")
    page.get_by_label("Organisation").fill("Staatskanzlei Beispielland")
    page.get_by_label("Name", exact=True).fill("Kim Muster")
    page.get_by_label("E-Mail").fill("kim@land.example")
    page.locator("#f-valid_from").fill("2020-01-01")
    page.locator("#f-body").fill("it-planungsrat")
    page.get_by_role("button", name="Speichern").click()
    page.get_by_role("link", name="Kim Muster").wait_for()

    page.goto(address + "/redaktion/neu/press_release")
    for name, words in {
        "slug": "neues-bild",
        "title": "Neues Bild",
        "publisher": "IT-Planungsrat",
        "text": "Ein Text.",
    }.items():
        page.locator(f"#f-{name}").fill(words)
    page.get_by_label("Staatskanzlei Beispielland: Kim Muster").check()
    page.locator("#f-image-file-neu").set_input_files(
        {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": _photo()}
    )
    page.locator("#f-image-alt").fill("Ein Verlauf von Schwarz nach Weiß")
    page.locator("#f-image-credit").fill("Beispiel")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Neues Bild", level=1).wait_for()
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, "/presse/neues-bild"))

    page.goto(address + "/redaktion/vorsitz")
    page.locator("#f-year").fill("2031")
    page.locator("#f-name").fill("Dr. Nora Neu")
    page.locator("#f-land").fill("Saarland")
    page.locator("#f-first_day").fill("2026-01-01")
    page.locator("#f-contacts-1-organisation").fill("Staatskanzlei Saarland")
    page.get_by_role("button", name="Vorsitz wechseln").last.click()
    page.get_by_role("heading", name="Bitte prüfen Sie 1 Angabe").wait_for()
    assert page.locator("#f-name").input_value() == "Dr. Nora Neu"
    page.locator("#f-contacts-1-email").fill("presse@saar.example")
    page.get_by_role("button", name="Vorsitz wechseln").last.click()
    page.get_by_role("heading", name="Der Vorsitz ist gewechselt").wait_for()
    assert "31. Dezember 2025" in page.content() and "1 öffentliche Seite nennt" in page.content()
    page.goto(address + "/presse/neues-bild")
    assert page.get_by_text("Kim Muster").count() == 0
    page.goto(address + "/redaktion")
    state = context.storage_state()
    context.close()
    for width in (360, 1280):
        _read_with_a_screen_of(width, address, browser, state)


def _read_with_a_screen_of(width, address, browser, state):
    """The pages after the change: axe finds nothing, and the picture that is loaded fits the screen."""
    context = browser.new_context(
        storage_state=state, viewport={"width": width, "height": 900}, color_scheme="dark" if width == 360 else "light"
    )
    page = context.new_page()
    problems = []
    for path in (
        "/redaktion/kontakte",
        "/redaktion/kontakte/neu",
        "/redaktion/vorsitz",
        "/redaktion/nummern",
        "/presse/neues-bild",
    ):
        page.goto(address + path)
        assert "Anmelden" not in page.title()
        problems += _problems(page)
    page.wait_for_function("document.querySelector('.picture img').complete")
    loaded = page.evaluate("document.querySelector('.picture img').currentSrc")
    assert loaded.endswith(f"foto-{400 if width == 360 else 800}.webp")
    page.goto(address + "/redaktion/kontakte")
    page.get_by_role("link", name="Kim Muster").click()
    page.get_by_role("heading", name="Beenden").wait_for()
    problems += _problems(page)
    context.close()
    assert problems == []
