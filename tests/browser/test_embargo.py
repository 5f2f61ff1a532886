"""The press office puts a release under embargo, and a journalist reads it from the mail: real browser, keyboard, axe."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
import shutil
import time
from zoneinfo import ZoneInfo

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe

from content.house import House
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.editing import edit
from content.services.workflow import transition
from tests.browser.conftest import serving
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

PASSWORD = "ein recht langer Satz"


@pytest.fixture
def portal(tmp_path, example_data):
    """(address, folder of mails, id of a release that was submitted)."""
    data = tmp_path / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    with house.writing("anna", permits=ROLES["press"].permits) as work:
        account = accounts.create(
            work.session, login="petra", name="Petra", email="petra@amt.example", now=work.desk.now
        )
        account.password_hash = accounts.hash_password(PASSWORD)
        accounts.grant(work.session, account, "press", "", by="test", now=work.desk.now)
        value = clean_item(
            "press_release",
            {
                "slug": "vorab",
                "title": "Marktplatz wird verbindlich",
                "release_kind": "press_release",
                "publisher": "IT-Planungsrat",
                "date": "2026-11-25",
                "lead": "Bund und Länder einigen sich.",
                "text": "# Beschlüsse\n\nDer Rat entschied.",
                "decisions": ["2026/77", "2021/39"],
                "quotes": [{"text": "Das ist gut.", "speaker": "Vera Beispiel", "function": "Vorsitz"}],
                "contacts": [
                    {
                        "organisation": "Senatskanzlei",
                        "person": "Nora Neu",
                        "email": "neu@amt.example",
                        "phone": "+49 40 2",
                    }
                ],
            },
        )
        row = edit.save(work.session, "press_release", value, now=work.desk.now, actor="anna").item
        number = row.id
        transition.take(work.desk, row, PUBLICATION, "submit")
    house.close()
    with serving(data, "granian") as url:
        yield url, data / "mail", number


def _problems(page):
    found = [(page.url, row["id"], row["nodes"][0]["html"][:120]) for row in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([(page.url, "too wide", wide)] if wide > 0 else [])


def _sign_in(page):
    """With a second factor set up on the way."""
    page.get_by_label("Anmeldename").fill("petra")
    page.get_by_label("Kennwort", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Sechsstelliger Code").wait_for()
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.locator("main").inner_html())[1]
    page.get_by_label("Sechsstelliger Code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.get_by_text("Wiederherstellungscodes").first.wait_for()


def _link_in(folder):
    """The link in the mail, as soon as the clock has written it."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for path in folder.glob("*.eml") if folder.exists() else ():
            text = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_content()
            if found := re.search(r"http\S+/sperrfrist/\S+", text):
                return found[0]
        time.sleep(0.2)
    raise AssertionError("no mail came")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_release_is_read_before_its_time_by_the_person_invited_only(portal, browser, width, scheme):
    address, mails, number = portal
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{address}/redaktion/eintrag/{number}")
    _sign_in(page)
    page.goto(f"{address}/redaktion/eintrag/{number}")
    page.get_by_role("link", name="Sperrfrist").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Sperrfrist:").wait_for()
    problems = _problems(page)
    page.get_by_label("Sperrfrist bis").fill(
        (dt.datetime.now(ZoneInfo("Europe/Berlin")) + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:30")
    )
    page.keyboard.press("Enter")
    page.get_by_text("Gilt bis", exact=False).first.wait_for()
    page.get_by_label("Name", exact=True).fill("Jana Journal")
    page.get_by_label("Redaktion").fill("Zeitung")
    page.get_by_label("E-Mail").fill("jana@zeitung.example")
    page.keyboard.press("Enter")
    page.get_by_text("noch nicht geöffnet").wait_for()
    problems += _problems(page)

    reader = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False
    )
    seen = reader.new_page()
    link = _link_in(mails)
    answer = seen.goto(link)
    assert answer.headers["cache-control"] == "no-store, private"
    assert seen.get_by_role("heading", name="Marktplatz wird verbindlich").is_visible()
    assert "Persönlich für Jana Journal, Zeitung" in seen.locator("body").inner_text()
    assert seen.get_by_role("link", name="Beschluss 2021/39").count() == 1
    assert seen.get_by_text("noch nicht veröffentlicht").count() == 1
    assert reader.cookies() == []
    checked = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    checked.goto(link)
    problems += _problems(checked)
    checked.close()

    page.reload()
    problems += _problems(page)
    page.get_by_role("checkbox", name="Ja, alle Links").check()
    page.get_by_role("button", name="Alle Links abschalten").click()
    page.get_by_text("Alle Links sind abgeschaltet").wait_for()
    problems += _problems(page)
    assert seen.goto(link).status == 404
    reader.close()
    context.close()
    assert problems == []
