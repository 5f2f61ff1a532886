"""Passkeys in real Chromium with a virtual authenticator, and every page of accounts, notices and audit, by keyboard and with axe."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from content import models
from content.house import House
from content.services.accounts import accounts
from content.services.base import outbox
from content.services.notifications import notify
from tests.browser.conftest import free_port, serving

PASSWORD = "ein recht langer Satz"
PICTURES = os.environ.get("PICTURES")
"""A folder for pictures of every page, where somebody wants to look at them."""


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PEOPLE = {
    "petra": "press",
    "paula": "press",
    "frida": "member",
    "fora": "member",
    "nora": "member",
    "ohne": "press",
    "adam": "administrator",
    "eva": "administrator",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory, example_data):
    """A portal under a name, as passkeys need it."""
    data = tmp_path_factory.mktemp("accounts") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        kept = accounts.hash_password(PASSWORD)
        for login, role in PEOPLE.items():
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=now
            )
            account.password_hash = kept
            accounts.grant(work.session, account, role, "", by="test", now=now)
        for login in ("adam", "eva", "nora"):
            person = accounts.find(work.session, login)
            for number in range(3):
                notify.notify(
                    work.session,
                    "waits",
                    None,
                    [person],
                    now=now,
                    occasion=f"n{number}",
                    words="Bitte prüfen und freigeben.",
                    title=f"Ein Vorhaben mit einem recht langen Titel, der umbrechen muss, Nummer {number}",
                    url="/redaktion",
                    actor_name="Paula",
                )
        outbox.put(
            work.session,
            "mail.reset",
            "given-up",
            {"to": "niemand@amt.example", "name": "x", "url": "x", "login": "x"},
            due_at=now + dt.timedelta(days=9),
        )
        job = work.session.scalars(sa.select(models.Job).where(models.Job.key == "given-up")).one()
        outbox.failed(work.session, job.id, now, "Der Mailserver lehnt ab: 550 unbekannt", is_final=True)
    house.close()
    port = free_port()
    with serving(data, "granian", PORT=str(port), BASE_URL=f"http://localhost:{port}", CLOCK="aus"):
        yield f"http://localhost:{port}"


@pytest.fixture
def visit(browser):
    """Opens a page in a browser of its own, with an authenticator that verifies its person, or none."""
    contexts = []

    def open_page(width=1280, *, verifies=True, key=None, **more):
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if more.get("java_script_enabled", True):
            cdp = context.new_cdp_session(page)
            cdp.send("WebAuthn.enable")
            options = {**AUTHENTICATOR, "isUserVerified": verifies}
            made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            for credential in key or ():
                cdp.send(
                    "WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": credential}
                )
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def fora(address, browser):
    """Fora's passkey, to be put into other authenticators."""
    context = browser.new_context()
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page, address, "fora")
    page.goto(address + "/redaktion/konto")
    add_passkey(page, "Eins")
    page.get_by_role("heading", name="Wiederherstellungscodes").wait_for()
    yield cdp.send("WebAuthn.getCredentials", {"authenticatorId": made["authenticatorId"]})["credentials"]
    context.close()


def sign_in(page, address, login):
    page.goto(address + "/redaktion")
    page.get_by_label("Anmeldename").fill(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("Guten Tag|Zweite")).first.wait_for()


def add_passkey(page, name, password=PASSWORD):
    page.get_by_label("Name des Passkeys").fill(name)
    if (again := page.get_by_label("Kennwort, um einen Passkey")).count():
        again.fill(password)
    page.keyboard.press("Enter")


def sign_out(page):
    page.get_by_role("button", name="Abmelden", exact=True).click()
    page.get_by_role("heading", name="Anmelden").wait_for()


def test_a_passkey_is_made_named_used_as_second_factor_and_instead_of_the_password(address, visit):
    page = visit()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    sign_in(page, address, "petra")
    add_passkey(page, "Diensthandy")
    page.get_by_role("heading", name="Wiederherstellungscodes").wait_for()
    assert page.locator(".codes code").count() == 10
    sign_out(page)

    sign_in(page, address, "petra")
    page.get_by_role("heading", name="Zweiter Faktor").wait_for()
    page.goto(address + "/redaktion/eintraege")
    assert page.url.endswith("/redaktion/code")
    page.get_by_role("button", name="Passkey benutzen").press("Enter")
    page.get_by_role("heading", name="Guten Tag").wait_for()
    sign_out(page)

    page.get_by_role("button", name="Mit Passkey anmelden").press("Enter")
    page.get_by_role("heading", name="Guten Tag, Petra").wait_for()
    page.goto(address + "/redaktion/konto")
    assert "Diensthandy" in page.content() and "mit Passkey" in page.content()
    add_passkey(page, "Noch einer", "falsch")
    expect(page.locator("[data-passkey-problem]")).to_contain_text("Kennwort stimmt nicht")
    add_passkey(page, "Noch einer")
    expect(page.locator("[data-passkey-problem]")).to_contain_text("schon einen Passkey")

    page.get_by_label("Kennwort, um diesen Passkey zu entfernen").fill(PASSWORD)
    page.get_by_role("button", name="Passkey entfernen: Diensthandy").press("Enter")
    page.get_by_role("heading", name="Zweiten Faktor einrichten").wait_for()
    sign_out(page)
    page.get_by_role("button", name="Mit Passkey anmelden").press("Enter")
    page.get_by_text("Der Passkey wurde nicht angenommen").wait_for()
    assert [text for text in errors if "403" not in text] == []


def test_several_passkeys_each_open_the_desk_and_one_of_somebody_else_does_not(address, visit):
    first, second, foreign = visit(), visit(), visit()
    sign_in(first, address, "paula")
    add_passkey(first, "Eins")
    code = first.locator(".codes code").first.inner_text()
    sign_in(second, address, "paula")
    second.get_by_label("Code", exact=True).fill(code)
    second.keyboard.press("Enter")
    second.get_by_role("heading", name="Guten Tag").wait_for()
    second.goto(address + "/redaktion/konto")
    add_passkey(second, "Zwei")
    second.get_by_text("Zwei", exact=True).wait_for()
    for page in (first, second):
        page.context.clear_cookies()
        page.goto(address + "/anmelden")
        page.get_by_role("button", name="Mit Passkey anmelden").click()
        page.get_by_role("heading", name="Guten Tag, Paula").wait_for()

    # Frida's key is no answer to a question that was put to Paula.
    sign_in(foreign, address, "frida")
    foreign.goto(address + "/redaktion/konto")
    add_passkey(foreign, "Fremd")
    foreign.get_by_role("heading", name="Wiederherstellungscodes").wait_for()
    sign_out(foreign)
    sign_in(foreign, address, "paula")
    foreign.get_by_role("button", name="Passkey benutzen").click()
    expect(foreign.locator("[data-passkey-problem]")).to_contain_text("kein Passkey benutzt")


def test_a_key_that_does_not_verify_its_person_is_no_sign_in_by_itself(address, visit):
    page = visit(verifies=False)
    page.goto(address + "/anmelden")
    page.get_by_role("button", name="Mit Passkey anmelden").click()
    expect(page.locator("[data-passkey-problem]")).to_be_visible()


def forged(post_data, forge):
    """The answer of a browser, changed on its way."""
    fields = dict(parse_qsl(post_data))
    credential = json.loads(fields["credential"])
    response = credential["response"]
    if forge == "signature":
        response["signature"] = response["signature"][:-4] + "AAAA"
    elif forge == "challenge":
        client = json.loads(base64.urlsafe_b64decode(response["clientDataJSON"] + "=="))
        client["challenge"] = "A" * 43
        response["clientDataJSON"] = base64.urlsafe_b64encode(json.dumps(client).encode()).rstrip(b"=").decode()
    elif forge == "origin":
        client = base64.urlsafe_b64decode(response["clientDataJSON"] + "==").replace(b"localhost", b"boese.ex.")
        response["clientDataJSON"] = base64.urlsafe_b64encode(client).rstrip(b"=").decode()
    elif forge == "other key":
        credential["id"] = credential["rawId"] = "B" * 43
    return urlencode(
        {
            **fields,
            "credential": {"no JSON": "{", "deep": "[" * 9000, "list": "[]", "empty": ""}.get(
                forge, json.dumps(credential)
            ),
        }
    )


@pytest.mark.parametrize("forge", ["signature", "challenge", "origin", "other key", "no JSON", "deep", "list", "empty"])
def test_a_forged_answer_opens_nothing(address, visit, forge, fora):
    page = visit(key=fora)
    page.route("**/anmelden/passkey", lambda route: route.continue_(post_data=forged(route.request.post_data, forge)))
    page.goto(address + "/anmelden")
    page.get_by_role("button", name="Mit Passkey anmelden").click()
    page.get_by_text("Der Passkey wurde nicht angenommen").wait_for()
    page.goto(address + "/redaktion")
    assert "/anmelden" in page.url


def test_an_answer_counts_once(address, visit, fora):
    page = visit(key=fora)
    sent = []
    page.on(
        "request", lambda request: sent.append(request.post_data) if request.url.endswith("/anmelden/passkey") else None
    )
    page.goto(address + "/anmelden")
    page.get_by_role("button", name="Mit Passkey anmelden").click()
    page.get_by_role("heading", name="Guten Tag, Fora").wait_for()
    again = page.request.post(address + "/anmelden/passkey", form=dict(parse_qsl(sent[0])))
    assert again.status == 403


def test_the_ways_in_work_without_javascript(address, visit):
    page = visit(java_script_enabled=False)
    page.goto(address + "/anmelden")
    assert page.get_by_role("button", name="Mit Passkey anmelden").count() == 0
    sign_in(page, address, "ohne")
    assert page.get_by_role("button", name="Passkey hinzufügen").count() == 0
    assert "eingeschaltetem Skript" in page.content() and page.locator(".qr svg").is_visible()


PAGES = [
    "/anmelden",
    "/anmelden/vergessen",
    "/redaktion/hinweise",
    "/redaktion/hinweise?alle=ja",
    "/redaktion/hinweise/einstellungen",
    "/redaktion/konto",
    "/redaktion/konten",
    "/redaktion/konten?q=eva",
    "/redaktion/konten/3",
    "/redaktion/protokoll",
    "/redaktion/protokoll?von=nonsense&wer=adam",
    "/redaktion/versand",
    "/anmelden/" + "x" * 43,
]


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_of_accounts_is_accessible_and_fits(address, visit, width):
    page = visit(width, color_scheme="dark" if width == 360 else "light")
    problems = []

    def look(name):
        problems.extend(
            (page.url, row["id"], row["nodes"][0]["html"][:160]) for row in Axe().run(page).response["violations"]
        )
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        problems.extend([(page.url, "too wide", wide)] if wide > 0 else [])
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{re.sub('[^a-z]+', '-', name)[:40]}-{width}.png", full_page=True)

    login = {360: "adam", 1280: "eva"}[width]
    sign_in(page, address, login)
    look("einrichten")
    add_passkey(page, "Schlüssel")
    page.get_by_role("heading", name="Wiederherstellungscodes").wait_for()
    look("codes")
    code = page.locator(".codes code").first.inner_text()
    sign_out(page)
    sign_in(page, address, login)
    look("code")
    page.get_by_label("Code", exact=True).fill(code)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Guten Tag").wait_for()
    for path in PAGES:
        assert page.goto(address + path).status < 500
        look(path)
    page.goto(address + "/redaktion/konten")
    page.get_by_role("button", name="Einladen").click()
    page.evaluate("document.querySelectorAll('form.narrow input').forEach(field => field.required = false)")
    page.get_by_role("button", name="Einladen").click()
    page.get_by_text("Bitte prüfen Sie").wait_for()
    look("einladen-fehler")
    assert problems == []


def test_notices_are_counted_in_the_menu_and_marked_as_read_by_keyboard(address, visit):
    page = visit()
    sign_in(page, address, "nora")
    link = page.get_by_role("link", name=re.compile("Hinweise"))
    assert link.inner_text().split()[:2] == ["Hinweise", "3"]
    link.press("Enter")
    page.get_by_role("button", name=re.compile("Als gelesen markieren")).first.press("Enter")
    expect(page.locator(".unread")).to_contain_text("2")
    page.get_by_role("button", name="Alle als gelesen").press("Enter")
    page.get_by_text("Nichts Ungelesenes").wait_for()
    assert page.locator(".unread").count() == 0
    page.get_by_role("link", name="Wie Sie Hinweise bekommen").press("Enter")
    page.get_by_label("Etwas wartet auf mich").select_option("daily")
    page.get_by_role("button", name="Speichern").press("Enter")
    page.get_by_text("Gespeichert.").wait_for()
    assert page.get_by_label("Etwas wartet auf mich").input_value() == "daily"
