"""Forms of the desk in real Chromium: what is typed outlives a lost session, a closed window and a faster colleague."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest

from content.house import House
from content.services.accounts import accounts, sessions
from tests.browser.conftest import serving
from tests.browser.test_desk import PASSWORD, _problems, _sign_in
from tests.functional.deciding import voted
from workflows.vocabulary import ROLES

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}
TYPED = "Drei Stunden Arbeit über Umlaute: äöü."


@pytest.fixture(scope="module")
def address(tmp_path_factory, example_data):
    """A portal where Anna and Bernd, both of a working group, can sign in with a password, and Gerda of the office is signed in."""
    data = tmp_path_factory.mktemp("forms") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now, came_in = dt.datetime.now(dt.UTC), {}
    with house.writing("test") as work:
        for login, role in (("anna", "member"), ("bernd", "member"), ("gerda", "secretariat")):
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
            account.password_hash = accounts.hash_password(PASSWORD)
            accounts.grant(work.session, account, role, "", by="test", now=now)
            if ROLES[role].needs_second_factor:
                account.totp_secret, account.totp_is_confirmed = "A" * 32, True
                came_in[login] = sessions.begin(work.session, account, address="", agent="", now=now, is_strong=True)
    with house.writing("gerda", name="Gerda", permits=ROLES["secretariat"].permits) as work:
        decision = voted(work).id
    house.close()
    with serving(data, "granian") as url:
        yield Address(url, came_in, decision)


class Address(str):  # noqa: SLOT000 - one of them lives, as long as its portal
    """Of the portal; `opened`: login → session of who is signed in already; `decision`: id of one that is on its way."""

    def __new__(cls, url, opened, decision):
        made = super().__new__(cls, url)
        made.opened, made.decision = opened, decision
        return made


@pytest.fixture
def decision(address):
    return address.decision


@pytest.fixture
def opened(browser, address):
    """A function that opens a browser in which somebody is signed in."""
    contexts = []

    def open_(login, viewport=WIDE, **more):
        context = browser.new_context(viewport=viewport, **more)
        contexts.append(context)
        page = context.new_page()
        if login in address.opened:
            context.add_cookies([{"name": "redaktion", "value": address.opened[login], "url": f"{address}/redaktion"}])
            page.set_default_timeout(10_000)
        else:
            _sign_in(page, address, login)
        return page

    yield open_
    for context in contexts:
        context.close()


def _new(page, address, slug):
    page.goto(address + "/redaktion/neu/recommendation")
    page.get_by_label("Titel", exact=False).first.fill("Empfehlung im Entstehen")
    page.locator("#f-slug").fill(slug)
    page.locator("#f-text").fill(TYPED)


def _decision(page, address):
    """The path of the votes of a new decision."""
    page.goto(address + "/redaktion/neu/decision")
    page.locator("#f-title").fill("Was zu beschließen ist")
    page.locator("#f-text").fill("1. Der IT-Planungsrat beschließt.")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("link", name="Abstimmung").wait_for()
    return page.get_by_role("link", name="Abstimmung").first.get_attribute("href")


def _sign_in_again(page):
    page.get_by_label("Anmeldename").fill("anna")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("has_script", [True, False])
def test_a_session_lost_while_typing_gives_the_text_back(opened, address, has_script):
    page = opened("anna", java_script_enabled=has_script)
    _new(page, address, f"verloren-{has_script}".lower())
    page.context.clear_cookies()
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_text("Ihre Eingaben sind noch da").first.wait_for()
    assert _problems(page) == [] if has_script else True
    _sign_in_again(page)
    page.get_by_role("button", name="Weiter").first.click()
    page.wait_for_url("**/redaktion/**")
    if page.locator("#f-text").count():
        assert page.locator("#f-text").input_value() == TYPED
        page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Empfehlung im Entstehen", level=1).wait_for()
    page.get_by_role("link", name="Bearbeiten").click()
    assert page.locator("#f-text").input_value() == TYPED


def _lies_there(page, words):
    """Waits until the server has what was typed last."""
    with page.expect_response(lambda answer: "/entwurf" in answer.url and answer.status == 200):
        words()


def test_what_is_typed_after_signing_in_again_is_there_when_the_page_is_loaded_anew(opened, address):
    page = opened("anna")
    _new(page, address, "weiter-und-neu")
    page.context.clear_cookies()
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_text("Ihre Eingaben sind noch da").first.wait_for()
    _sign_in_again(page)
    page.get_by_role("button", name="Weiter bearbeiten").click()
    page.wait_for_url("**?entwurf=*")
    _lies_there(page, lambda: page.locator("#f-text").fill("Danach getippt."))
    page.reload()
    assert page.locator("#f-text").input_value() == "Danach getippt."
    page.goto(address + "/redaktion/neu/recommendation")
    assert page.get_by_text("Danach getippt.").count()


def test_after_a_refusal_a_page_loaded_anew_sends_nothing_again(opened, address):
    page = opened("anna")
    _new(page, address, "abgelehnt")
    page.locator("#f-slug").fill("")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Bitte prüfen Sie").wait_for()
    _lies_there(page, lambda: page.locator("#f-text").fill("Nach der Ablehnung getippt."))
    posted = []
    page.on(
        "request",
        lambda request: (
            posted.append(request.url) if request.method == "POST" and request.is_navigation_request() else None
        ),
    )
    page.reload()
    assert page.locator("#f-text").input_value() == "Nach der Ablehnung getippt." and posted == []


@pytest.mark.parametrize("is_slow", [False, True], ids=["quick", "slow"])
def test_a_vote_clicked_a_second_before_the_page_is_loaded_anew_is_still_there(opened, address, is_slow):
    page = opened("gerda")
    vote = address + _decision(page, address)
    page.goto(vote)
    _lies_there(page, lambda: page.locator("input[name='ballot.BY'][value=yes]").check())
    page.goto(vote)
    page.get_by_role("link", name="Weiterschreiben").first.click()
    page.wait_for_url("**?entwurf=*")
    if is_slow:  # the server gets nothing before the page is gone
        page.route("**/abstimmung/entwurf", lambda route: route.abort())
    page.locator("input[name='ballot.BY'][value=no]").check()
    page.wait_for_timeout(1000)
    page.unroute_all()
    page.reload()
    page.get_by_text("steht wieder im Formular" if is_slow else "Abstimmung").first.wait_for()
    assert page.locator("input[name='ballot.BY']:checked").get_attribute("value") == "no"
    page.reload()
    assert page.locator("input[name='ballot.BY']:checked").get_attribute("value") == "no"


def test_letters_typed_a_second_before_the_page_is_loaded_anew_are_still_there(opened, address):
    page = opened("anna")
    _new(page, address, "sofort-neu")
    page.locator("#f-text").press_sequentially(" Noch ein Satz.")
    page.reload()
    page.get_by_text("steht wieder im Formular").wait_for()
    assert page.locator("#f-text").input_value() == TYPED + " Noch ein Satz."


def _refusing(page, how):
    """From now on nothing that is sent arrives."""

    def answer(route):
        if route.request.method != "POST":
            route.continue_()
        elif how == "cut":
            route.abort()
        else:
            route.fulfill(status=503, body="Wartung")

    page.route("**/redaktion/**", answer)


def _left_in_tab(page):
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('formular:')).length")


@pytest.mark.parametrize("how", ["cut", "503"])
@pytest.mark.parametrize("way", ["back", "anew"])
def test_what_was_sent_and_never_arrived_stands_in_the_form_again(opened, address, how, way):
    page = opened("anna")
    page.goto(address + "/redaktion/neu/recommendation")
    _refusing(page, how)
    page.locator("#f-title").fill(f"Nie angekommen {how} {way}")
    page.locator("#f-text").fill(f"{TYPED} {how} {way}")
    with page.expect_event(
        "requestfailed" if how == "cut" else "response",
        lambda one: one.method == "POST" if how == "cut" else one.status == 503 and one.request.is_navigation_request(),
    ):
        page.get_by_role("button", name="Speichern").last.click(no_wait_after=True)
    page.wait_for_timeout(500)
    page.unroute_all()
    if way == "back":
        page.go_back()
        page.get_by_text("steht wieder im Formular").wait_for()
    else:
        page.goto(address + "/redaktion/neu/recommendation")
        offer = page.locator("section.notice").filter(has_text=f"Nie angekommen {how} {way}")
        offer.get_by_role("link", name="Weiterschreiben").click()
        page.wait_for_url("**?entwurf=*")
    assert page.locator("#f-text").input_value() == f"{TYPED} {how} {way}" and _left_in_tab(page) == 0


def test_what_the_server_took_lies_in_the_tab_no_more_and_comes_up_nowhere(opened, address):
    page = opened("anna")
    _new(page, address, "genommen")
    page.locator("#f-title").fill("Wirklich angekommen")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Wirklich angekommen", level=1).wait_for()
    page.wait_for_function("!Object.keys(sessionStorage).some((key) => key.startsWith('formular:'))")
    page.goto(address + "/redaktion/neu/recommendation")
    assert page.get_by_text("Wirklich angekommen").count() == 0


def test_a_form_that_was_taken_while_the_answer_was_lost_is_not_offered_again(opened, address):
    page = opened("anna")
    _new(page, address, "antwort-verloren")
    page.locator("#f-title").fill("Antwort verloren")
    page.route(
        "**/redaktion/neu/recommendation*",
        lambda route: (
            (route.fetch(max_redirects=0), route.abort()) if route.request.method == "POST" else route.continue_()
        ),
    )
    with page.expect_event("requestfailed", lambda one: one.method == "POST" and one.is_navigation_request()):
        page.get_by_role("button", name="Speichern").last.click(no_wait_after=True)
    page.wait_for_timeout(500)
    page.unroute_all()
    page.goto(address + "/redaktion/neu/recommendation")
    page.wait_for_function("!Object.keys(sessionStorage).some((key) => key.startsWith('formular:'))")
    page.reload()
    assert page.get_by_text("Antwort verloren").count() == 0
    page.goto(address + "/redaktion/eintraege")
    assert page.get_by_role("link", name="Antwort verloren").count() == 1


def test_a_slow_request_that_arrives_after_the_form_was_saved_brings_nothing_back(opened, address):
    page = opened("anna")
    page.goto(address + "/redaktion/neu/recommendation")
    late = []
    page.route(
        "**/redaktion/entwurf/*",
        lambda route: late.append((route.request.post_data_buffer, route.request.headers)) or route.abort(),
    )
    page.locator("#f-title").fill("Langsam unterwegs")
    page.locator("#f-slug").fill("langsam-unterwegs")
    page.locator("#f-text").fill(TYPED)
    page.wait_for_timeout(200)
    while not late:
        page.wait_for_timeout(200)
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Langsam unterwegs", level=1).wait_for()
    page.unroute_all()
    body, headers = late[0]
    answer = page.request.post(
        address + "/redaktion/entwurf/recommendation", data=body, headers={"content-type": headers["content-type"]}
    )
    assert answer.status == 410
    page.goto(address + "/redaktion/neu/recommendation")
    assert page.get_by_text("Langsam unterwegs").count() == 0


def test_a_window_closed_while_typing_is_offered_in_the_next(opened, address):
    page = opened("anna")
    _new(page, address, "geschlossen")
    page.get_by_text("noch nicht gespeichert").wait_for()
    page.close()
    again = opened("anna", NARROW)
    again.goto(address + "/redaktion/neu/recommendation")
    again.get_by_role("heading", name="Sie hatten Ungespeichertes").first.wait_for()
    assert _problems(again) == []
    again.get_by_role("link", name="Weiterschreiben").first.click()
    assert again.locator("#f-text").input_value() == TYPED


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_somebody_faster_is_met_field_by_field(opened, address, viewport):
    mine = opened("anna", viewport)
    _new(mine, address, f"schneller-{viewport['width']}")
    mine.get_by_role("button", name="Speichern").last.click()
    mine.get_by_role("link", name="Bearbeiten").click()
    theirs = opened("bernd")
    theirs.goto(mine.url)
    theirs.locator("#f-text").fill("Bernd war schneller.")
    theirs.get_by_role("button", name="Speichern").last.click()
    theirs.get_by_role("link", name="Bearbeiten").wait_for()
    mine.locator("#f-text").fill("Annas Fassung.")
    mine.get_by_role("button", name="Speichern").last.click()
    mine.get_by_role("heading", name="Jemand war schneller").wait_for()
    assert _problems(mine) == []
    assert mine.locator("#f-text").input_value() == "Annas Fassung."
    mine.get_by_role("button", name="Mit der gespeicherten Fassung weiter").click()
    mine.wait_for_load_state()
    assert mine.locator("#f-text").input_value() == "Bernd war schneller."
    mine.get_by_role("button", name="Mit meiner Fassung weiter").click()
    mine.wait_for_load_state()
    assert mine.locator("#f-text").input_value() == "Annas Fassung."
    mine.get_by_role("button", name="Speichern").last.click()
    mine.get_by_role("link", name="Bearbeiten").click()
    assert mine.locator("#f-text").input_value() == "Annas Fassung."


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_two_revisions_are_compared_and_the_older_comes_back(opened, address, viewport):
    page = opened("anna", viewport, java_script_enabled=True)
    _new(page, address, f"verlauf-{viewport['width']}")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("link", name="Bearbeiten").click()
    page.locator("#f-text").fill("Ganz anders.")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("link", name="Verlauf").click()
    page.get_by_label("Von").select_option("1")
    page.get_by_label("nebeneinander").check()
    page.get_by_role("button", name="Vergleichen").click()
    page.get_by_role("heading", name="Von Revision 1 zu Revision 2").wait_for()
    assert _problems(page) == []
    page.get_by_role("button", name="Revision 1 wiederherstellen").click()
    page.get_by_role("link", name="Bearbeiten").click()
    assert page.locator("#f-text").input_value() == TYPED


@pytest.mark.parametrize("has_script", [True, False])
def test_errors_and_rows_by_keyboard_alone(opened, address, has_script):
    page = opened("anna", WIDE if has_script else NARROW, java_script_enabled=has_script)
    page.goto(address + "/redaktion/neu/recommendation")
    page.get_by_role("button", name="Speichern").last.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Bitte prüfen Sie").wait_for()
    assert page.locator(":focus").get_attribute("id") == "fehler"
    if has_script:
        assert _problems(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type(f"tastatur-{has_script}".lower())
    assert page.locator("#f-slug").input_value() == f"tastatur-{has_script}".lower()
    page.locator("#f-title").fill("Tastatur")
    page.locator("#f-text").fill("x")
    page.locator("#f-addressees-1").fill("Hamburg")
    page.get_by_role("button", name="Weitere Zeilen: Anlagen").focus()
    page.keyboard.press("Enter")
    page.locator("#f-attachments-4").wait_for()
    assert page.locator(":focus").get_attribute("id") == "f-attachments-1"
    for number, title in enumerate(("Eins", "Zwei", "Drei"), start=1):
        page.locator(f"#f-attachments-{number}-title").fill(title)
        page.locator(f"#f-attachments-{number}-visibility").select_option(index=1)
        page.locator(f"#f-attachments-{number}-reason").fill("noch nicht")
    page.locator("#f-attachments-3-hoch").focus()
    for focus in ("f-attachments-2-hoch", "f-attachments-1-tiefer"):
        page.keyboard.press("Enter")
        page.locator(f"#{focus}:focus").wait_for()
    if has_script:
        assert _problems(page) == []
    assert [page.locator(f"#f-attachments-{number}-title").input_value() for number in (1, 2, 3)] == [
        "Drei",
        "Eins",
        "Zwei",
    ]
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_role("heading", name="Tastatur", level=1).wait_for()


# --- forms without a draft on the server -----------------------------------------------------------------------------


def test_a_statement_that_was_typed_is_there_again_until_it_is_entered(opened, address, decision):
    page = opened("gerda")
    here = f"{address}/redaktion/eintrag/{decision}/erklaerungen"
    page.goto(here)
    field = page.locator("#neut")
    field.fill(TYPED)
    page.reload()
    assert field.input_value() == TYPED
    page.get_by_text("gespeichert ist es noch nicht").wait_for()
    assert _problems(page) == []
    # A refusal (no member was chosen) brings back what was sent, and what is typed then outlives the next load as well.
    page.get_by_role("button", name="Eintragen").click()
    page.get_by_role("alert").first.wait_for()
    field.fill("Danach getippt.")
    page.goto(here)
    assert field.input_value() == "Danach getippt."
    page.locator("#neum input").first.check()
    page.get_by_role("button", name="Eintragen").click()
    page.get_by_text("Gespeichert.").wait_for()
    page.goto(here)
    assert field.input_value() == "" and page.get_by_text("noch nicht").count() == 0
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('getippt:'))") == []


def test_what_was_typed_into_a_list_can_be_thrown_away_and_belongs_to_one_person(opened, address):
    page = opened("gerda")
    page.goto(f"{address}/redaktion/koenigstein")
    page.locator("#liste").fill("Bayern 15,5")
    page.goto(f"{address}/redaktion")
    page.go_back()
    assert page.locator("#liste").input_value() == "Bayern 15,5"
    page.goto(f"{address}/redaktion/koenigstein")
    assert page.locator("#liste").input_value() == "Bayern 15,5"
    page.get_by_role("button", name="Verwerfen").last.click()
    assert page.locator("#liste").input_value() == ""
    page.reload()
    assert page.locator("#liste").input_value() == ""
    page.locator("#liste").fill("Bayern 15,5")
    page.evaluate(
        "for (const key of Object.keys(sessionStorage)) { sessionStorage.setItem(key.replace(/^getippt:\\d+:/, 'getippt:0:'), sessionStorage.getItem(key)); sessionStorage.removeItem(key); }"
    )
    page.reload()
    assert page.locator("#liste").input_value() == ""
