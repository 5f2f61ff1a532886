"""Following a search in real Chromium: without JavaScript, without cookies, accessible on every page."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory, example_data):
    data = tmp_path_factory.mktemp("alerts") / "data"
    shutil.copytree(example_data, data)
    with serving(data, "granian") as url:
        yield data, url


def _newest_mail(data, known):
    """The text of a mail that was not there before; the portal's own clock sends it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        fresh = [path for path in (data / "mail").glob("*.eml") if path not in known]
        if fresh:
            return email.message_from_bytes(fresh[0].read_bytes(), policy=email.policy.default).get_content()
        time.sleep(0.1)
    raise AssertionError("no mail came")


@pytest.mark.parametrize("width", [360, 1280])
def test_reader_follows_a_search_and_leaves_again(served, browser, width):
    data, address = served
    scripted = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if width == 360 else "light",
        reduced_motion="reduce",
    )
    plain = browser.new_context(java_script_enabled=False)
    page, checked = plain.new_page(), scripted.new_page()
    problems = []

    def check():
        checked.goto(page.url)
        problems.extend(
            (page.url, row["id"], row["nodes"][0]["html"][:120]) for row in Axe().run(checked).response["violations"]
        )
        wide = checked.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        problems.extend([(page.url, "too wide", wide)] if wide > 0 else [])

    known = set((data / "mail").glob("*.eml"))
    page.goto(address + "/suche?q=Marktplatz")
    page.get_by_role("link", name="diese Suche per E-Mail abonnieren").click()
    check()
    page.get_by_label("E-Mail-Adresse").fill(f"leser{width}@amt.example")
    page.get_by_label("Auch Berichtigungen melden").check()
    page.get_by_role("button", name="Abonnieren").click()
    page.get_by_role("heading", name="Bitte bestätigen Sie").wait_for()
    page.goto(address + re.search(r"/abo/bestaetigen/\S+", _newest_mail(data, known))[0])
    check()
    page.get_by_role("button", name="Abo bestätigen").click()
    page.get_by_role("heading", name="Meine Abos").wait_for()
    check()
    checked.screenshot(path=data.parent / f"abos-{width}.png", full_page=True)
    page.get_by_role("button", name="Alle Abos und meine Adresse löschen").click()
    page.get_by_role("heading", name="Abgemeldet").wait_for()
    page.goto(address + "/abo")
    check()
    assert plain.cookies() == [] and scripted.cookies() == []
    plain.close()
    scripted.close()
    assert problems == []
