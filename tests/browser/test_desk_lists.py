"""Lists of the desk in real Chromium: many rows chosen by keyboard, with and without a script, small and wide, with axe."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest

from content.house import House
from content.schemas import clean_item
from content.services.accounts import accounts, sessions
from content.services.editing import edit
from tests.browser.conftest import serving
from tests.browser.test_desk import _problems

ROWS = 3


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    """(address, secret of a session of the press office)."""
    data = tmp_path_factory.mktemp("lists") / "data"
    shutil.copytree(example_data, data)
    house, now = House.open(data), dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        account = accounts.create(work.session, login="rita", name="Rita", email="", now=now)
        account.totp_secret, account.totp_is_confirmed = "A" * 32, True
        accounts.grant(work.session, account, "press", "", by="test", now=now)
        secret = sessions.begin(work.session, account, address="", agent="", now=now, is_strong=True)
        for width in (360, 1280):
            for number in range(ROWS):
                value = clean_item(
                    "page",
                    {
                        "slug": f"probe-{width}-{number}",
                        "title": f"Verwaltungsdigitalisierungsrichtlinie {width} Nummer {number}",
                        "text": "x",
                    },
                )
                edit.save(work.session, "page", value, now=now, actor="rita")
    house.close()
    with serving(data, "granian") as url:
        yield url, secret


def _open(browser, desk, width, *, script):
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if width == 360 else "light",
        java_script_enabled=script,
    )
    context.add_cookies([{"name": "redaktion", "value": desk[1], "url": f"{desk[0]}/redaktion"}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.mark.parametrize("width", [360, 1280])
def test_every_row_is_chosen_and_submitted_by_keyboard(desk, browser, width):
    page = _open(browser, desk, width, script=True)
    page.goto(f"{desk[0]}/redaktion/eintraege?q=Nummer+{width}&zustand=draft")
    problems = _problems(page)
    page.get_by_label("Alle auf dieser Seite auswählen").focus()
    page.keyboard.press("Space")
    page.get_by_text(f"{ROWS} ausgewählt").wait_for()
    page.get_by_role("button", name="Einreichen").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Das geht: {ROWS} Einträge").wait_for()
    problems += _problems(page)
    page.get_by_role("button", name=f"Einreichen: {ROWS} Einträge").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{ROWS} von {ROWS} erledigt").wait_for()
    problems += _problems(page)
    page.get_by_role("link", name="Zurück zur Liste").click()
    page.get_by_text("0 Einträge").wait_for()
    problems += _problems(page)
    page.goto(f"{desk[0]}/redaktion/eintraege?q=Nummer+{width}&von=niemand&seit=gestern")
    problems += _problems(page)
    page.goto(f"{desk[0]}/redaktion")
    assert problems + _problems(page) == []


def test_without_a_script_rows_are_chosen_one_by_one(desk, browser):
    page = _open(browser, desk, 360, script=False)
    page.goto(f"{desk[0]}/redaktion/eintraege?art=page&zustand=published")
    assert not page.get_by_label("Alle auf dieser Seite auswählen").is_visible()
    page.locator("input[name=eintrag]").first.check()
    page.get_by_role("button", name="Zurückziehen").click()
    page.get_by_label("Hinweis für die Öffentlichkeit").wait_for()
