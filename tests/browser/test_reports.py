"""Three people write one report in real Chromium: visually, at the same time, offline, in conflict, and publish it."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil

import pytest
import sqlalchemy as sa
from PIL import Image

from content import models
from content.house import House
from content.services.accounts import accounts
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems, _sign_in
from tests.functional.test_reports import make_report

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def place(tmp_path_factory, example_data):
    """(address, id of the report, identities of its sections, house, secret of the secretariat's second factor)"""
    data = tmp_path_factory.mktemp("reports") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        for login, role, owner in (
            ("anna", "chair", "ag-probe"),
            ("bert", "member", "ag-probe"),
            ("carla", "member", "ag-probe"),
        ):
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
            account.password_hash = accounts.hash_password(PASSWORD)
            accounts.grant(work.session, account, role, owner, by="test", now=now)
        report = make_report(work)
        report.owner = "ag-probe"
        found = report.id, [row.uid for row in report.sections]
    with serving(data, "granian") as url:
        yield url, *found, house
    house.close()


def _person(browser, url, login, width=1280):
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "console",
        lambda message: page.faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    _sign_in(page, url, login)
    return page


def _shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def _section(house, report_id, place=0):
    with house.reading() as connection:
        columns = models.ReportSection.__table__.c
        return connection.execute(
            sa.select(columns.heading, columns.text, columns.rev)
            .where(columns.report_id == report_id)
            .order_by(columns.position)
        ).all()[place]


def _editor(page):
    return page.get_by_role("textbox", name="Text", exact=True)


def _save(page):
    page.get_by_role("button", name="Speichern", exact=True).click()


def test_three_people_write_visually_and_decide_a_conflict(place, browser):
    url, report_id, (uid, _), house = place
    path = f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}"
    people = {login: _person(browser, url, login) for login in ("anna", "bert", "carla")}
    for page in people.values():
        page.goto(path)
        _editor(page).wait_for()
    problems = _problems(people["anna"])
    for login, number in (("anna", 1), ("bert", 3), ("carla", 1)):
        page = people[login]
        _editor(page).locator("p").nth(number - 1).click()
        page.keyboard.press("End")
        page.keyboard.type(f" Von {login} *ergänzt*.")
    _shot(people["anna"], "section-1280")
    _save(people["anna"])
    people["anna"].get_by_text("Gespeichert.").wait_for()
    _save(people["bert"])
    people["bert"].get_by_text("zusammengeführt").wait_for()
    assert _section(house, report_id).text == (
        "Erster Absatz. Von anna \\*ergänzt\\*.\n\nZweiter Absatz.\n\nDritter Absatz. Von bert \\*ergänzt\\*."
    )
    page = people["carla"]
    _save(page)
    page.get_by_role("heading", name=re.compile("Zwei Fassungen")).wait_for()
    problems += _problems(page)
    _shot(page, "conflict-1280")
    page.get_by_label("Eigener Wortlaut:", exact=True).check()
    page.get_by_label("Eigener Wortlaut für Stelle 1").fill("Erster Absatz, von dreien geschrieben.")
    page.get_by_role("button", name="So speichern").click()
    page.get_by_text("Gespeichert.").wait_for()
    assert _section(house, report_id).text.startswith(
        "Erster Absatz, von dreien geschrieben.\n\nZweiter Absatz.\n\nDritter Absatz. Von bert"
    )
    assert [fault for page in people.values() for fault in page.faults] == []
    assert problems == []
    for page in people.values():
        page.context.close()


def test_what_was_typed_offline_is_in_the_browser_and_comes_back(place, browser):
    url, report_id, (_, uid), _ = place
    page = _person(browser, url, "bert")
    path = f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}"
    page.goto(path)
    _editor(page).click()
    page.context.set_offline(True)
    page.keyboard.press("Control+End")
    page.keyboard.type(" Im Zug getippt.")
    page.get_by_text("in diesem Browser gesichert").wait_for()
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(path)
    page.get_by_role("heading", name="In diesem Browser liegt ein nicht gesicherter Text").wait_for()
    assert _problems(page) == []
    _shot(page, "offline-1280")
    page.get_by_role("button", name="Übernehmen").click()
    assert "Im Zug getippt." in _editor(page).inner_text()
    page.get_by_text("Entwurf gesichert").wait_for()
    page.goto(path)
    page.get_by_role("heading", name="Es gibt einen ungespeicherten Entwurf").wait_for()
    page.get_by_role("link", name="Entwurf öffnen").click()
    assert "Im Zug getippt." in _editor(page).inner_text()
    page.context.close()


@pytest.mark.parametrize("how", ["cut", "503"])
def test_a_second_save_that_never_arrived_is_offered_though_the_first_did(place, browser, how):
    url, report_id, (_, uid), _ = place
    page = _person(browser, url, "carla")
    path = f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}"
    page.goto(path)
    _editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f" Zuerst {how}.")
    page.get_by_role("button", name="Speichern").click()
    page.wait_for_url("**?gespeichert=*")
    assert page.evaluate("localStorage.length") == 0, "the server says that it took just that"
    page.route(
        "**/redaktion/**",
        lambda route: (
            route.continue_()
            if route.request.method != "POST"
            else route.abort()
            if how == "cut"
            else route.fulfill(status=503, body="Wartung")
        ),
    )
    _editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f" Nie angekommen {how}.")
    page.get_by_role("button", name="Speichern").click(no_wait_after=True)
    page.wait_for_timeout(1000)
    page.unroute_all()
    page.go_back()
    page.get_by_role("heading", name="In diesem Browser liegt ein nicht gesicherter Text").wait_for()
    page.get_by_role("button", name="Übernehmen").click()
    assert f"Nie angekommen {how}." in _editor(page).inner_text()
    page.context.close()


def test_the_toolbar_works_by_keyboard_and_writes_markdown(place, browser):
    url, report_id, (_, uid), _ = place
    page = _person(browser, url, "carla")
    page.goto(f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}")
    _editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Ein ")
    page.keyboard.press("Control+b")
    page.keyboard.type("fetter")
    page.keyboard.press("Control+b")
    page.keyboard.type(" Satz")
    bar = page.get_by_role("toolbar", name="Text gestalten")
    bar.get_by_role("button", name="Fett").focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    assert bar.get_by_role("button", name="Fußnote").evaluate("node => node === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+End")
    page.keyboard.type("Die Quelle.")
    page.keyboard.press("Enter")
    page.keyboard.type("- eins")
    page.get_by_role("button", name="Als Markdown bearbeiten").click()
    assert page.locator("#text").input_value() == "Ein **fetter** Satz[^1]\n\n[^1]: Die Quelle.\n\n- eins"
    page.locator("#text").fill("Zwei leere Zeilen am Anfang")
    page.get_by_role("button", name="Gestaltet bearbeiten").click()
    assert "Zwei leere" in _editor(page).inner_text()
    page.context.close()


def test_a_table_is_made_and_changed_by_keyboard(place, browser):
    url, report_id, (_, uid), _ = place
    page = _person(browser, url, "bert")
    page.goto(f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}")
    page.get_by_role("button", name="Als Markdown bearbeiten").click()
    page.locator("#text").fill("Davor.\n\na|b\n-|-\n1|2")
    page.get_by_role("button", name="Gestaltet bearbeiten").click()
    bar = page.get_by_role("toolbar", name="Text gestalten")
    assert bar.get_by_role("button", name="Zeile darunter").is_hidden()
    _editor(page).get_by_text("Davor.").click()
    bar.get_by_role("button", name="Tabelle einfügen").press("Enter")
    for key in (
        "Land",
        "Tab",
        "Zahl",
        "Tab",
        "Tab",
        "Bayern",
        "Tab",
        "**1**",
        "Control+Enter",
        "Enter",
        "Enter",
        "a | b",
        "Enter",
    ):
        if key in {"Tab", "Enter", "Control+Enter"}:
            page.keyboard.press(key)
        else:
            page.keyboard.type(key)
    page.keyboard.type("Danach.")
    _editor(page).get_by_text("Spalte 3").click()
    bar.get_by_role("button", name="Spalte löschen").click()
    _editor(page).get_by_text("Land").click()
    assert _problems(page) == []
    _shot(page, "table-1280")
    _editor(page).get_by_text("Danach.").click()
    bar.get_by_role("button", name="Zeile darunter").wait_for(state="hidden")
    _editor(page).get_by_role("cell", name="2").click()
    bar.get_by_role("button", name="Zeile darunter").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("Schluss.")
    page.get_by_role("button", name="Als Markdown bearbeiten").click()
    assert page.locator("#text").input_value() == (
        "Davor.\n\n| Land | Zahl |\n| --- | --- |\n| Bayern | \\*\\*1\\*\\* |\n|  |  |\n|  | a \\| b |\n\nDanach.\n\na|b\n-|-\n1|2\n\nSchluss."
    )
    assert page.faults == []
    page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_outline_moves_by_keyboard(place, browser, width):
    url, report_id, _, _ = place
    page = _person(browser, url, "anna", width)
    page.goto(f"{url}/redaktion/bericht/{report_id}")
    assert _problems(page) == []
    _shot(page, f"outline-{width}")
    rows = page.locator(".outline-row")
    first = rows.nth(0).get_attribute("id")
    rows.nth(0).get_by_role("link").focus()
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url(re.compile(f"#{first}$"))
    assert rows.nth(1).get_attribute("id") == first
    page.locator(f"#{first} a:focus").wait_for()
    page.get_by_role("textbox", name="Überschrift").fill("Ein Abschnitt am Schluss")
    page.get_by_role("button", name="Anlegen und schreiben").click()
    _editor(page).wait_for()
    assert _problems(page) == []
    _shot(page, f"new-section-{width}")
    page.goto(f"{url}/redaktion/bericht/{report_id}")
    page.get_by_role("button", name=re.compile("Ein Abschnitt am Schluss entfernen")).first.click()
    page.get_by_role("heading", name="Entfernte Abschnitte").wait_for()
    assert _problems(page) == []
    assert page.faults == []
    page.context.close()


def test_the_outline_moves_by_dragging(place, browser):
    url, report_id, _, _ = place
    page = _person(browser, url, "anna")
    page.goto(f"{url}/redaktion/bericht/{report_id}")
    rows = page.locator(".outline-row")
    last = rows.nth(1).get_attribute("id")
    rows.nth(1).drag_to(rows.nth(0), target_position={"x": 20, "y": 2})
    page.locator(f"#{last}:first-child").wait_for()
    page.context.close()


def test_a_picture_is_put_in_where_the_cursor_stands_and_is_seen_in_the_editor(place, browser, tmp_path):
    url, report_id, (_, uid), house = place
    page = _person(browser, url, "anna")
    page.goto(f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}")
    _editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Davor.")
    page.keyboard.press("Enter")
    page.keyboard.type("Danach.")
    page.keyboard.press("ArrowUp")
    Image.new("RGB", (640, 320), "navy").save(tmp_path / "feld.png")
    page.get_by_text("Bild oder Anlage einfügen").click()
    page.get_by_label("Datei", exact=True).set_input_files(tmp_path / "feld.png")
    page.get_by_label("Beschreibung").fill("Ein Feld")
    page.get_by_label("Bildnachweis").fill("AG Probe")
    assert _problems(page) == []
    _shot(page, "picture-form-1280")
    page.get_by_role("button", name="Einfügen", exact=True).click()
    picture = _editor(page).get_by_role("img", name="Ein Feld")
    picture.wait_for()
    assert picture.evaluate("async node => { await node.decode(); return node.naturalWidth }") == 640
    assert _problems(page) == []
    _shot(page, "picture-1280")
    _save(page)
    page.get_by_text("Gespeichert.").wait_for()
    wanted = re.compile(r'Davor\.\n\n!\[Ein Feld\]\(/datei/[0-9a-f]{64}/feld\.png "\| AG Probe"\)\n\nDanach\.')
    assert any(wanted.fullmatch(_section(house, report_id, number).text) for number in (0, 1))
    assert page.faults == []
    page.context.close()


def test_without_a_script_everything_is_done_with_forms(place, browser):
    url, report_id, (_, uid), _ = place
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    _sign_in(page, url, "anna")
    page.goto(f"{url}/redaktion/bericht/{report_id}/abschnitt/{uid}")
    page.locator("#text").fill("Ohne Skript geschrieben.[^1]\n\n[^1]: Belegt.")
    with context.expect_page() as opened:
        page.get_by_role("button", name="Vorschau in neuem Fenster").click()
    assert "Belegt." in opened.value.locator(".notes").inner_text()
    _save(page)
    assert "Gespeichert." in page.content()
    context.close()
