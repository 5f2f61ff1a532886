"""The search in real Chromium: suggestions by keyboard and mouse, the page without a script, accessible in both widths."""

from __future__ import annotations

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import serving


@pytest.fixture(scope="module")
def address(tmp_path_factory, example_data):
    data = tmp_path_factory.mktemp("search") / "data"
    shutil.copytree(example_data, data)
    with serving(data, "granian") as url:
        yield url


@pytest.mark.parametrize("width", [360, 1280])
def test_suggestions_by_keyboard(address, browser, width):
    page = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if width == 360 else "light",
        reduced_motion="reduce",
    ).new_page()
    page.goto(address + "/suche")
    field = page.get_by_role("combobox", name="Suchbegriffe")
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("koenigst")
    options = page.get_by_role("option")
    options.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true" and "Königsteiner Schlüssel" in options.all_inner_texts()
    field.press("ArrowDown")
    assert page.get_by_role("option", selected=True).count() == 1
    assert field.get_attribute("aria-activedescendant") == page.get_by_role("option", selected=True).get_attribute("id")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    field.press("Escape")
    assert options.count() == 0 and field.input_value() == "koenigst"
    field.press("ArrowDown")
    field.press_sequentially("e")
    options.first.wait_for()
    field.press("ArrowUp")
    words = page.get_by_role("option", selected=True).inner_text()
    field.press("Enter")
    page.get_by_role("heading", name=f"Suche nach „{words}“").wait_for()
    page.context.close()


def test_suggestion_by_mouse_from_any_page(address, browser):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(address + "/beschluesse")
    page.locator("#suche").press_sequentially("Registerlands")
    page.get_by_role("option", name="Registerlandschaft").click()
    page.get_by_role("heading", name="Suche nach „Registerlandschaft“").wait_for()
    page.context.close()


@pytest.mark.parametrize(
    "query", ["", "?q=Nachnutzungsmodell", "?q=Registerlands", "?q=xyzzyplugh", "?q=Marktplatz&jahr=2021"]
)
def test_page_is_accessible_and_whole_without_a_script(address, browser, query):
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(address + "/suche" + query)
    if query == "?q=Registerlands":
        plain.get_by_role("link", name="Registerlandschaft", exact=True).click()
        plain.get_by_role("heading", name="Suche nach „Registerlandschaft“").wait_for()
    if query == "?q=Nachnutzungsmodell":
        plain.get_by_text("Warum dieser Treffer?").first.click()
        assert plain.get_by_text("Nachnutzungsmodell = Nachnutzung + Modell").first.is_visible()
    context.close()
    for width in (360, 1280):
        page = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce").new_page()
        page.goto(address + "/suche" + query)
        assert [(row["id"], row["nodes"][0]["html"]) for row in Axe().run(page).response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        page.context.close()
