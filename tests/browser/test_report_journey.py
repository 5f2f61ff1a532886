"""The whole way of a report in real Chromium: three people write, conflict, comment and suggest, a guest reviews by mail link,
Word takes it out and brings it back, the group agrees, the secretariat publishes, everybody reads; axe on each page."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil

import pyotp
import pytest
from docx import Document

from content.house import House
from content.services.accounts import accounts
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems, _sign_in
from tests.browser.test_reports import _editor, _person, _save, _shot
from tests.browser.test_review import _link_in
from tests.functional.test_reports import make_report
from tests.unit.test_word import edited, split_run, tracked
from workflows.guards import EARLY


@pytest.fixture(scope="module")
def place(tmp_path_factory, example_data):
    """(address, folder of mails, id of the report, identity of its first section)"""
    data = tmp_path_factory.mktemp("journey") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    people = (
        ("anna", "chair", "ag-probe"),
        ("bert", "member", "ag-probe"),
        ("carla", "member", "ag-probe"),
        ("gerda", "secretariat", ""),
    )
    with house.writing("test") as work:
        for login, role, owner in people:
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
            account.password_hash = accounts.hash_password(PASSWORD)
            accounts.grant(work.session, account, role, owner, by="test", now=now)
        report = make_report(work)
        report.owner = "ag-probe"
        found = report.id, report.sections[0].uid
    house.close()
    with serving(data, "granian") as url:
        yield url, data / "mail", *found


def _write_and_conflict(people, section):
    """Anna and Bert change different paragraphs, Carla the same as Anna; she decides."""
    problems = []
    for page in people.values():
        page.goto(section)
        _editor(page).wait_for()
    problems += _problems(people["anna"])
    for login, number in (("anna", 1), ("bert", 3), ("carla", 1)):
        _editor(people[login]).locator("p").nth(number - 1).click()
        people[login].keyboard.press("End")
        people[login].keyboard.type(f" Von {login}.")
    _save(people["anna"])
    people["anna"].get_by_text("Gespeichert.").wait_for()
    _save(people["bert"])
    people["bert"].get_by_text("zusammengeführt").wait_for()
    carla = people["carla"]
    _save(carla)
    carla.get_by_role("heading", name=re.compile("Zwei Fassungen")).wait_for()
    problems += _problems(carla)
    carla.get_by_label("Eigener Wortlaut:", exact=True).check()
    carla.get_by_label("Eigener Wortlaut für Stelle 1").fill("Erster Absatz von dreien.")
    carla.get_by_role("button", name="So speichern").click()
    carla.get_by_text("Gespeichert.").wait_for()
    return problems


def _comment_and_suggest(bert, carla, review):
    bert.goto(review)
    bert.get_by_label("Anmerkung", exact=True).fill("Woher wissen wir das?")
    bert.get_by_label("Zu diesen Worten").fill("Zweiter Absatz")
    bert.get_by_role("button", name="Anmerken").click()
    bert.locator("mark", has_text="Zweiter Absatz").wait_for()
    carla.goto(review.removesuffix("/durchsicht"))
    _editor(carla).locator("mark", has_text="Zweiter Absatz").click()
    carla.keyboard.press("Home")
    carla.keyboard.type("Noch: ")
    assert _editor(carla).locator("mark").inner_text() == "Zweiter Absatz"
    assert carla.get_by_role("link", name=re.compile(r"Anmerkung \d+ von Bert")).is_visible()
    problems = _problems(carla)
    _shot(carla, "journey-editor-1280")
    carla.goto(review)
    carla.locator("summary", has_text="Änderungen vorschlagen").click()
    text = carla.get_by_label("Text, wie er sein soll")
    text.fill(text.input_value().replace("Zweiter Absatz.", "Zweiter Absatz, belegt."))
    carla.get_by_role("button", name="Vorschlagen").click()
    carla.get_by_role("heading", name=re.compile("Vorschlag .* von Carla")).wait_for()
    _shot(carla, "journey-review-1280")
    return problems + _problems(carla)


def _guest(browser, anna, report, mails, url):
    """Anna invites a guest, who answers Bert by the link in the mail, without a script or a cookie."""
    anna.goto(f"{report}/durchsicht")
    anna.get_by_label("Name", exact=True).fill("Gerda Gast")
    anna.get_by_label("E-Mail").fill("gast@ihk.example")
    anna.get_by_label("Rückmeldung bis").fill((dt.datetime.now(dt.UTC).date() + dt.timedelta(days=5)).isoformat())
    anna.get_by_role("button", name="Link schicken").click()
    anna.get_by_text("noch nicht geöffnet").wait_for()
    link = f"{url}/{_link_in(mails).split('/', 3)[3]}"
    plain = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    guest = plain.new_page()
    guest.goto(link)
    guest.locator(".review-mark").first.click()
    guest.locator("summary", has_text="Antworten").first.click()
    guest.get_by_label(re.compile("Antwort auf")).fill("Aus unserer Umfrage.")
    guest.get_by_role("button", name="Antwort senden").click()
    guest.get_by_text("Aus unserer Umfrage.").wait_for()
    assert plain.cookies() == []
    checked = browser.new_page(viewport={"width": 360, "height": 800})
    problems = []
    for address in (link, guest.url):
        checked.goto(address)
        problems += _problems(checked)
    _shot(checked, "journey-guest-360")
    checked.context.close()
    plain.close()
    return _problems(anna) + problems


def _word(anna, report, folder):
    """The file goes out with the remarks and comes back with a comment and a tracked change."""
    anna.goto(f"{report}/word")
    problems = _problems(anna)
    with anna.expect_download() as got:
        anna.get_by_role("link", name=re.compile("herunterladen")).click()
    document = Document(got.value.path())
    assert [row.author for row in document.comments] == ["Bert", "Gerda Gast (Gast)"]
    document.add_comment(
        next(row for row in document.paragraphs if row.text.startswith("Dritter")).runs,
        text="Aus Word.",
        author="Wolf Word",
        initials="WW",
    )
    target = io.BytesIO()
    document.save(target)
    returned = folder / "zurueck.docx"
    returned.write_bytes(edited(target.getvalue(), lambda xml: split_run(xml, "dreien", tracked("dreien", "allen"))))
    anna.get_by_label("Word-Datei (.docx)").set_input_files(returned)
    anna.get_by_role("button", name="Übernehmen").click()
    anna.get_by_role("heading", name="Anmerkung von Wolf Word").wait_for()
    assert anna.get_by_role("heading", name=re.compile("^Anmerkung")).count() == 1, "what was sent out came back as new"
    _shot(anna, "journey-word-1280")
    return problems + _problems(anna)


def _decide(anna, review):
    anna.goto(review)
    anna.get_by_role("button", name=re.compile("Alle 2 passenden annehmen")).click()
    anna.get_by_text("Kein offener Vorschlag.").wait_for()
    text = " ".join(anna.locator(".review-text .prose").all_inner_texts())
    assert "Erster Absatz von allen." in text and ", belegt." in text and "Dritter Absatz. Von bert." in text
    anna.get_by_role("button", name=re.compile("^Erledigt")).first.click()
    anna.get_by_text("1 erledigte").wait_for()
    return _problems(anna)


def _step(page, item, form, state, reason=""):
    page.goto(item)
    if reason:
        page.locator(f"#{form}").get_by_label(EARLY).fill(reason)
    page.locator(f"#{form} button[type=submit]").click()
    page.get_by_text(state).first.wait_for()
    return _problems(page)


def _second_factor(page, url):
    _sign_in(page, url, "gerda")
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.content())[1]
    page.get_by_label("Sechsstelliger Code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.get_by_text("Wiederherstellungscodes").first.wait_for()


def test_a_report_goes_from_the_first_word_to_the_public_page(place, browser, tmp_path):
    url, mails, report_id, uid = place
    report, item = f"{url}/redaktion/bericht/{report_id}", f"{url}/redaktion/eintrag/{report_id}"
    section, review = f"{report}/abschnitt/{uid}", f"{report}/abschnitt/{uid}/durchsicht"
    people = {login: _person(browser, url, login) for login in ("anna", "bert", "carla")}
    anna, bert, carla = people.values()
    problems = _write_and_conflict(people, section)
    problems += _comment_and_suggest(bert, carla, review)
    problems += _guest(browser, anna, report, mails, url)
    problems += _word(anna, report, tmp_path)
    problems += _decide(anna, review)
    problems += _step(bert, item, "schritt-report-ask_group", "in Abstimmung in der Gruppe")
    problems += _step(anna, item, "schritt-report-finish", "Endfassung")
    problems += _step(bert, item, "schritt-publication-submit", "Eingereicht")
    gerda = browser.new_page(viewport={"width": 1280, "height": 900})
    _second_factor(gerda, url)
    problems += _step(
        gerda, item, "schritt-publication-publish", "Öffentlicher Text", reason="Die eine Anmerkung war beantwortet."
    )
    reader = browser.new_page(viewport={"width": 360, "height": 800})
    for path in ("/bericht/probe", "/bericht/probe/abschnitt/a1", "/bericht/probe/empfehlungen"):
        assert reader.goto(url + path).status == 200
        problems += _problems(reader)
    reader.goto(f"{url}/bericht/probe")
    assert (
        reader.get_by_text("Erster Absatz von allen.").is_visible()
        and not reader.get_by_text("Woher wissen wir das?").count()
    )
    _shot(reader, "journey-public-360")
    assert [fault for page in people.values() for fault in page.faults] == [] and problems == []
    for page in (*people.values(), gerda, reader):
        page.context.close()
