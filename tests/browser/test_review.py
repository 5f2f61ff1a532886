"""Two members and a guest review a report in real Chromium: by keyboard, on a phone, the guest without a script; axe on each page."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
import shutil
import time

import pytest
import sqlalchemy as sa

from content import models
from content.house import House
from content.services.accounts import accounts
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems
from tests.browser.test_reports import _person, _shot
from tests.functional.test_reports import make_report


@pytest.fixture(scope="module")
def place(tmp_path_factory, example_data):
    """(address, folder of mails, id of the report, identity of its first section, house)"""
    data = tmp_path_factory.mktemp("review") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        for login, role in (("anna", "chair"), ("bert", "member")):
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
            account.password_hash = accounts.hash_password(PASSWORD)
            accounts.grant(work.session, account, role, "ag-probe", by="test", now=now)
        report = make_report(work)
        report.owner = "ag-probe"
        found = report.id, report.sections[0].uid
    with serving(data, "granian") as url:
        yield url, data / "mail", *found, house
    house.close()


def _link_in(folder):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for path in folder.glob("*.eml") if folder.exists() else ():
            text = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_content()
            if found := re.search(r"http\S+/durchsicht/\S+", text):
                return found[0]
        time.sleep(0.2)
    raise AssertionError("no mail came")


def _press(page, role, name):
    """With the keyboard."""
    page.get_by_role(role, name=name).first.focus()
    page.keyboard.press("Enter")


def _invite(anna, path):
    """Invite a guest; the problems of the page."""
    anna.goto(path)
    _press(anna, "link", re.compile("^Durchsicht"))
    anna.get_by_role("heading", name=re.compile("^Durchsicht")).wait_for()
    anna.get_by_label("Name", exact=True).fill("Gerda Gast")
    anna.get_by_label("E-Mail").fill("gerda@ihk.example")
    anna.get_by_label("Rückmeldung bis").fill((dt.datetime.now(dt.UTC).date() + dt.timedelta(days=5)).isoformat())
    _press(anna, "button", "Link schicken")
    anna.get_by_text("noch nicht geöffnet").wait_for()
    _shot(anna, "review-overview-1280")
    return _problems(anna)


def _remark(bert, place):
    """Remark on some words; the problems of the page."""
    bert.goto(place)
    bert.get_by_label("Anmerkung", exact=True).fill("Woher wissen wir das?")
    bert.get_by_label("Zu diesen Worten").fill("Zweiter Absatz")
    _press(bert, "button", "Anmerken")
    bert.get_by_text("Woher wissen wir das?").wait_for()
    _press(bert, "link", "Absatz 2")
    _shot(bert, "review-section-360")
    return _problems(bert)


def _suggest(guest, link):
    guest.goto(link)
    guest.get_by_role("heading", name="Ein Bericht").wait_for()
    _press(guest, "link", re.compile("Anmerken oder vorschlagen"))
    guest.locator("summary", has_text="Änderungen vorschlagen").focus()
    guest.keyboard.press("Enter")
    guest.get_by_label("Text, wie er sein soll").fill("Gerdas Absatz.\n\nZweiter Absatz.\n\nDritter Absatz.")
    _press(guest, "button", "Vorschlagen")
    guest.get_by_role("heading", name=re.compile("Vorschlag .* von Gerda Gast")).wait_for()


def test_two_members_and_a_guest_review_a_report(place, browser):
    url, mails, report_id, uid, house = place
    path = f"{url}/redaktion/bericht/{report_id}"
    anna, bert = _person(browser, url, "anna"), _person(browser, url, "bert", width=360)
    problems = _invite(anna, path) + _remark(bert, f"{path}/abschnitt/{uid}/durchsicht")
    link = f"{url}/{_link_in(mails).split('/', 3)[3]}"
    plain = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    guest = plain.new_page()
    guest.set_default_timeout(10_000)
    _suggest(guest, link)
    assert plain.cookies() == []
    checked = browser.new_page(viewport={"width": 360, "height": 800})
    for address in (link, guest.url):
        checked.goto(address)
        problems += _problems(checked)
    _shot(checked, "review-guest-360")

    anna.goto(f"{path}/abschnitt/{uid}/durchsicht")
    problems += _problems(anna)
    _shot(anna, "review-section-1280")
    cut = "[...document.querySelectorAll('main .kern-btn')].filter(one => one.querySelector('.kern-label').scrollWidth > one.clientWidth).map(one => one.innerText)"
    assert anna.evaluate(cut) == [], "a button too narrow for its words"
    _press(anna, "button", re.compile("^Annehmen"))
    anna.get_by_text("Kein offener Vorschlag.").wait_for()
    _press(anna, "button", re.compile("^Erledigt"))
    anna.get_by_text("1 erledigte").wait_for()
    for view in ("", "&ansicht=nebeneinander"):
        anna.goto(f"{path}/abschnitt/{uid}/vergleich?alt=1&neu=2{view}")
        problems += _problems(anna)
        assert anna.get_by_text("Gerdas").first.is_visible()
    _shot(anna, "review-compare-1280")
    anna.goto(f"{path}/vergleich")
    problems += _problems(anna)
    with house.reading() as connection:
        columns = models.SectionRevision.__table__.c
        newest = connection.execute(
            sa.select(columns.actor_name, columns.accepted_by)
            .where(columns.section_uid == uid)
            .order_by(columns.rev.desc())
        ).first()
    assert tuple(newest) == ("Gerda Gast (Gast)", "Anna")

    anna.goto(f"{path}/durchsicht")
    _press(anna, "button", "Zurückziehen: Gerda Gast")
    anna.get_by_text(re.compile("^.*zurückgezogen .* durch")).wait_for()
    assert guest.goto(link).status == 404
    assert problems == [] and [fault for page in (anna, bert) for fault in page.faults] == []
    for context in (anna.context, bert.context, plain, checked.context):
        context.close()
