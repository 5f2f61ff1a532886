"""Accounts as their people use them, and as others try them: sign-in, second factors, sessions, links, roles."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import threading
import unicodedata

import pyotp
import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import accounts, limits, reset, second_factor, sessions
from content.services.accounts.accounts import SignInRefused
from portal import settings
from portal.app import make_app
from portal.auth.desk import safe_path
from portal.background import clock
from portal.background.mail import Postman
from portal.web.templating import make_environment
from tests.functional.browsing import Browser
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import act, fresh, logged

NOW = dt.datetime.now(dt.UTC)


# --- signing in ------------------------------------------------------------------------------------------------------


def test_passwords_are_kept_as_small_argon2id():
    assert accounts.hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_older_hash_is_renewed_at_the_next_sign_in(desk):
    import argon2

    house, browser = desk
    app = browser("anna", "member")
    with house.writing("test") as work:
        accounts.find(work.session, "anna").password_hash = argon2.PasswordHasher(
            time_cost=1, memory_cost=8192, parallelism=1
        ).hash(PASSWORD)
    assert sign_in(fresh(app), "anna").status_int == 303
    with house.writing("test") as work:
        assert "m=19456" in accounts.find(work.session, "anna").password_hash


def test_whoever_is_refused_gets_the_same_words_status_and_headers(desk):
    _, browser = desk
    other = fresh(browser("anna", "member"), "10.9.9.9")
    for login in ("anna", "niemand", "", "x" * 5000, "a\x00b", "Ünsinn", "'; DROP TABLE account; --"):
        answer = sign_in(other, login, "falsch", status=403)
        assert "Name oder Kennwort stimmt nicht" in answer.text and "Set-Cookie" not in answer.headers


def test_nobody_costs_as_much_hashing_as_somebody(desk, monkeypatch):
    house, browser = desk
    browser("anna", "member")
    hashed = []
    real = accounts._hashing
    monkeypatch.setattr(accounts, "_hashing", lambda: hashed.append(1) or real())
    for login in ("anna", "niemand", "", "a\x00b"):
        with house.reading() as connection, pytest.raises(SignInRefused):
            accounts.check_password(connection, login, "falsch")
    assert len(hashed) == 4


def test_a_hundred_guesses_at_once_get_no_further_than_six(desk):
    house, browser = desk
    browser("anna", "member")
    tried, refused = [], []

    def guess():
        try:
            with limits.attempt(house, "sign-in", "anna", "10.1.1.1", NOW):
                tried.append(1)
                raise SignInRefused("wrong")
        except SignInRefused as error:
            refused.append(error.code)

    threads = [threading.Thread(target=guess) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) <= limits.LIMITS["sign-in"].by_both and len(refused) == 25


def test_one_address_cannot_go_through_all_names(desk):
    house, _ = desk
    codes = []
    for number in range(limits.LIMITS["sign-in"].by_place + 1):
        try:
            with limits.attempt(house, "sign-in", f"name{number}", "10.1.1.2", NOW):
                raise SignInRefused("wrong")
        except SignInRefused as refused:
            codes.append(refused.code)
    assert codes[-2:] == ["wrong", "too_many"]


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "1.2.3.4", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "1.2.3.4, 5.6.7.8", "1.2.3.4"),
        (1, "", "10.0.0.1"),
        (2, "1.2.3.4", "10.0.0.1"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "1.2.3.4:99", "1.2.3.4"),
        (1, "nonsense<script>", "10.0.0.1"),
    ],
)
def test_nobody_invents_his_own_address(desk, proxies, header, address):
    house, browser = desk
    browser("anna", "member")
    configured = settings.load(
        {"DATA": str(house.data), "BASE_URL": "https://beschluesse.example", "PROXIES": str(proxies)}
    )
    app = Browser(make_app(configured, house=house))
    sign_in(app, "anna", "falsch", headers={"X-Forwarded-For": header}, status=403)
    assert [row.address for row in logged(house, "sign-in.refused")] == [address]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3.4", "1.2.3.4"),
        ("", ""),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_household_counts_as_one_place(address, network):
    assert limits.network_of(address) == network


def test_a_lock_ends_by_itself_and_trying_does_not_lengthen_it(desk):
    house, _ = desk
    for minute in range(14):
        with (
            pytest.raises(SignInRefused),
            limits.attempt(house, "sign-in", "anna", "10.2.0.1", NOW + dt.timedelta(minutes=minute)),
        ):
            raise SignInRefused("wrong")
    with limits.attempt(house, "sign-in", "anna", "10.2.0.1", NOW + dt.timedelta(minutes=21)):
        pass


def test_what_succeeds_does_not_count(desk):
    _house, browser = desk
    app = browser("anna", "member")
    for _ in range(limits.LIMITS["sign-in"].by_both + 2):
        assert sign_in(fresh(app), "anna").status_int == 303


def test_when_too_many_passwords_are_checked_the_next_one_is_told_to_come_back(desk, monkeypatch):
    _, browser = desk
    app = browser("anna", "member")
    monkeypatch.setattr(accounts, "HASH_WAIT_S", 0.01)
    with accounts._hashing():
        assert "Gerade melden sich sehr viele an" in sign_in(fresh(app), "anna", status=503).text
    assert sign_in(fresh(app), "anna").status_int == 303


def test_a_foreign_page_cannot_sign_anybody_in(desk):
    _, browser = desk
    app = browser("anna", "member")
    for header in (
        {"Origin": "https://boese.example"},
        {"Origin": "null"},
        {"Origin": "https://beschluesse.example.boese.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = app.post("/anmelden", {"login": "anna", "password": PASSWORD}, headers=header, status="*")
        assert answer.status_int in {400, 403} and "redaktion" not in str(answer.headers.getall("Set-Cookie"))


@pytest.mark.parametrize(
    "path",
    [
        "//boese.example",
        "/redaktion\\..",
        "https://boese.example",
        "/redaktion\r\nX: y",
        "/redaktionen",
        "",
        "/redaktion/ü",
        "/redaktion/\x00",
        "/redaktion/../suche?q=x",
        "/redaktion/%2e%2e/suche",
        "/redaktion/.%2E/suche",
        "/redaktion/eintrag/1/../../../suche",
        "/redaktion/..",
        "/redaktion/./..",
        "/redaktion/..%2fsuche",
        "/redaktion/..#x",
    ],
)
def test_nobody_is_led_out_of_the_desk(path):
    assert safe_path(path) == "/redaktion"


def test_our_own_addresses_are_kept():
    assert safe_path("/redaktion/eintraege?art=x&q=%C3%BC") == "/redaktion/eintraege?art=x&q=%C3%BC"
    assert safe_path("/redaktion/eintraege?q=..&von=../x") == "/redaktion/eintraege?q=..&von=../x"


def test_good_and_bad_sign_ins_are_logged_and_typed_nonsense_is_not(desk):
    house, browser = desk
    app = browser("anna", "member")
    sign_in(fresh(app), "anna", "falsch", status=403)
    sign_in(fresh(app), "mein geheimes Kennwort", "x", status=403)
    assert [(row.actor, row.address) for row in logged(house, "sign-in.refused")] == [
        ("anna", "10.0.0.9"),
        ("unbekannt", "10.0.0.9"),
    ]
    assert [row.actor for row in logged(house, "sign-in")] == ["anna"]
    with house.writing("test") as work:
        assert "geheimes" not in str(work.session.scalars(sa.select(models.Attempt.login)).all())


def test_wrong_tries_of_others_keep_nobody_out(desk):
    house, browser = desk
    app = browser("anna", "member")  # this browser has signed in before
    stranger = fresh(app, "10.66.0.1")
    for _ in range(limits.LIMITS["sign-in"].by_both):
        sign_in(stranger, "anna", "falsch", status=403)
    assert "Zu viele Versuche" in sign_in(stranger, "anna", status=429).text
    assert sign_in(fresh(app, "10.77.0.1"), "anna").status_int == 303, "from another network"
    for number in range(limits.LIMITS["sign-in"].by_login):
        with (
            contextlib.suppress(SignInRefused),
            limits.attempt(house, "sign-in", "anna", f"10.88.{number}.1", dt.datetime.now(dt.UTC)),
        ):
            raise SignInRefused("wrong")
    assert "Zu viele Versuche" in sign_in(fresh(app, "10.77.0.2"), "anna", status=429).text, (
        "a name is not tried without end from everywhere"
    )
    form = act(
        app,
        "/redaktion/konto",
        "password",
        old=PASSWORD,
        password="ein ganz neuer Satz",
        repeated="ein ganz neuer Satz",
    )
    assert form.status_int == 303, "an open session is not kept out"
    assert sign_in(app, "anna", "ein ganz neuer Satz").status_int == 303, "a browser that is known is not kept out"


def test_a_browser_is_known_for_its_own_name_only_and_has_a_limit_too(desk):
    _, browser = desk
    app = browser("anna", "member")
    browser("otto", "member")
    for _ in range(limits.LIMITS["sign-in"].by_both):
        sign_in(app, "anna", "falsch", status=403)
    sign_in(app, "anna", status=429)
    known = app.cookies["__Secure-bekannt"]
    for name, value in (
        ("otto", known),
        ("anna", known[:-1] + ("A" if known[-1] != "A" else "B")),
        ("anna", "x" * 32 + ".y"),
    ):
        stranger = fresh(app, "10.99.0.1")
        stranger.get("/anmelden")
        stranger.set_cookie("__Secure-bekannt", value)
        sign_in(stranger, name, "falsch", status=403)
    with desk[0].reading() as connection:
        places = set(connection.scalars(sa.select(models.Attempt.address)))
    assert "10.99.0.1" in places and len([place for place in places if place.startswith("browser:")]) == 1


def test_what_is_typed_on_any_system_is_the_same_password(desk):
    house, browser = desk
    browser("anna", "member")
    apart, together = (unicodedata.normalize(form, "Grüße aus Köln am Rhein") for form in ("NFD", "NFC"))
    assert apart != together
    for set_as in (apart, together):
        with house.writing("test") as work:
            accounts.find(work.session, "anna").password_hash = accounts.hash_password(set_as)
        for given in (apart, together):
            with house.reading() as connection:
                assert accounts.check_password(connection, "anna", given)
    with house.writing("test") as work:  # set before passwords were composed
        accounts.find(work.session, "anna").password_hash = accounts._HASHER.hash(apart)
    with house.reading() as connection:
        assert accounts.check_password(connection, "anna", apart)


def test_a_forgotten_password_is_asked_for_by_address_too(desk):
    house, browser = desk
    app = browser("anna", "member")
    browser("otto", "member")
    with house.writing("test") as work:
        accounts.change(
            work.session, accounts.find(work.session, "anna"), name="Anna", email="Ina@Münchner-Amt.example", now=NOW
        )
    for typed in ("INA@münchner-amt.example", "niemand@amt.example", "kein @ name"):
        form = fresh(app).get("/anmelden/vergessen").form
        form["login"] = typed
        assert "Wenn es dieses Konto gibt" in form.submit().text
    sent = [payload["to"] for kind, payload in posted(house) if kind == "mail.reset"]
    assert sent == ["ina@xn--mnchner-amt-thb.example"]
    form = fresh(app, "10.4.0.1").get("/anmelden/vergessen").form
    form["login"] = "anna"
    form.submit()
    assert not [kind for kind, _ in posted(house) if kind == "mail.reset"], (
        "one link at a time: strangers fill nobody's letter box"
    )


# --- second factor ---------------------------------------------------------------------------------------------------


def code_of(house, login, step=0):
    with house.writing("test") as work:
        secret = accounts.find(work.session, login).totp_secret
    return pyotp.TOTP(secret).at(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30 * step))


def test_a_session_between_the_factors_cannot_set_up_change_or_read(desk):
    _house, browser = desk
    app = fresh(browser("petra", "press"))
    sign_in(app, "petra")
    for path in ("/redaktion", "/redaktion/konto", "/redaktion/zweiter-faktor", "/redaktion/hinweise"):
        assert app.get(path).headers["Location"].endswith("/redaktion/code")
    for path in (
        "/redaktion/konto",
        "/redaktion/zweiter-faktor",
        "/redaktion/konto/passkeys",
        "/redaktion/konto/passkeys/frage",
    ):
        assert app.post(path, {"schritt": "everywhere"}).headers["Location"].endswith("/redaktion/code")


def test_the_cookie_changes_with_the_second_factor(desk):
    house, browser = desk
    app = fresh(browser("petra", "press"))
    page = sign_in(app, "petra")
    before = app.cookies["__Secure-redaktion"]
    form = page.forms[1]
    form["code"] = code_of(house, "petra", 1)
    form.submit(status=303)
    assert app.get("/redaktion").status_int == 200
    app.set_cookie("__Secure-redaktion", before)
    assert app.get("/redaktion").headers["Location"].endswith("/anmelden?weiter=/redaktion")


def test_recovery_codes_work_once_and_can_be_renewed(desk):
    house, browser = desk
    app = browser("petra", "press")
    first = re.findall(r"<code>([a-z2-7-]{19})</code>", act(app, "/redaktion/konto", "codes", old=PASSWORD).text)
    assert len(first) == second_factor.RECOVERY_CODES
    again = re.findall(r"<code>([a-z2-7-]{19})</code>", act(app, "/redaktion/konto", "codes", old=PASSWORD).text)

    def finish(code, status):
        other = fresh(app)
        form = sign_in(other, "petra").forms[1]
        form["code"] = code
        return form.submit(status=status)

    finish(first[0], 403)
    finish(again[0].upper().replace("-", " "), 303)
    finish(again[0], 403)
    assert "9 Codes sind noch unbenutzt" in app.get("/redaktion/konto").text
    assert [row.actor for row in logged(house, "sign-in.recovery-code")] == ["petra"]


def test_guessing_codes_is_limited_too(desk):
    _house, browser = desk
    app = browser("petra", "press")
    other = fresh(app)
    form = sign_in(other, "petra").forms[1]
    form["code"] = "000000"
    answers = [form.submit(expect_errors=True).status_int for _ in range(8)]
    assert answers == [403] * 6 + [429] * 2


def test_without_its_factor_a_role_that_needs_one_is_led_to_set_it_up_again(desk):
    _house, browser = desk
    app = browser("petra", "press")
    assert "Das Kennwort stimmt nicht" in act(app, "/redaktion/konto", "totp", old="falsch").text
    assert act(app, "/redaktion/konto", "totp", old=PASSWORD).status_int == 303
    assert app.get("/redaktion/eintraege").headers["Location"].endswith("/redaktion/zweiter-faktor")


@pytest.mark.parametrize("step", ["totp", "codes", "password"])
def test_guessing_the_own_password_is_limited_as_well(desk, step):
    _house, browser = desk
    app = browser("petra", "press")
    more = {"password": "ein ganz neuer Satz", "repeated": "ein ganz neuer Satz"} if step == "password" else {}
    for _ in range(limits.LIMITS["sign-in"].by_both):
        act(app, "/redaktion/konto", step, old="falsch", **more)
    assert "Zu viele Versuche" in act(app, "/redaktion/konto", step, old=PASSWORD, **more).text


def test_a_stolen_session_cannot_add_a_factor(desk):
    _house, browser = desk
    app = browser("anna", "member")
    page = app.get("/redaktion/zweiter-faktor")
    shown = pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", page.text)[1])
    form = page.forms[1]
    form["code"] = shown.now()
    form["old"] = "falsch"
    assert "Name oder Kennwort" in form.submit(status=403).text
    token = form["formular"].value
    app.post("/redaktion/konto/passkeys/frage", {"formular": token, "old": "falsch"}, status=403)
    assert "challenge" in app.post("/redaktion/konto/passkeys/frage", {"formular": token, "old": PASSWORD}).json
    form["code"], form["old"] = shown.now(), PASSWORD
    assert "Wiederherstellungscodes" in form.submit().text


# --- sessions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "is_open"), [(sessions.IDLE - dt.timedelta(seconds=1), True), (sessions.IDLE, False)]
)
def test_a_session_that_rests_too_long_ends(desk, later, is_open):
    house, browser = desk
    app = browser("anna", "member")
    with house.reading() as connection:
        person = sessions.signed_in(connection, app.cookies["__Secure-redaktion"], dt.datetime.now(dt.UTC))
        assert (
            sessions.signed_in(connection, app.cookies["__Secure-redaktion"], person.seen_at + later) is not None
        ) == is_open


def test_a_session_ends_after_twelve_hours_however_busy(desk):
    house, browser = desk
    app = browser("anna", "member")
    end = dt.datetime.now(dt.UTC) + sessions.LENGTH
    with house.writing("test") as work:
        sessions.touch(work.session, work.session.scalar(sa.select(models.AccountSession.id)), end)
    with house.reading() as connection:
        assert sessions.signed_in(connection, app.cookies["__Secure-redaktion"], end + dt.timedelta(seconds=1)) is None


def test_each_own_session_is_listed_and_can_be_ended_from_another(desk):
    _house, browser = desk
    app = browser("anna", "member")
    other = fresh(app, "10.0.0.77")
    sign_in(other, "anna")
    assert "10.0.0.77" in app.get("/redaktion/konto").text
    act(app, "/redaktion/konto", "session")
    assert other.get("/redaktion").status_int == 303 and app.get("/redaktion").status_int == 200


def test_the_session_of_somebody_else_cannot_be_ended(desk):
    house, browser = desk
    app, other = browser("anna", "member"), browser("otto", "member")
    sign_in(fresh(app), "anna")
    with house.writing("test") as work:
        account = accounts.find(work.session, "otto")
        wanted = work.session.scalar(
            sa.select(models.AccountSession.id).where(models.AccountSession.account_id == account.id)
        )
    for given in (wanted, "999999999999999999999", "²", "-1", "", "x"):
        assert "schon zu Ende" in act(app, "/redaktion/konto", "session", session=given).text
    assert other.get("/redaktion").status_int == 200


def test_everywhere_means_here_too(desk):
    _house, browser = desk
    app = browser("anna", "member")
    other = fresh(app)
    sign_in(other, "anna")
    act(app, "/redaktion/konto", "everywhere")
    assert app.get("/redaktion").status_int == other.get("/redaktion").status_int == 303


def test_a_new_password_ends_the_other_sessions_and_every_link(desk):
    house, browser = desk
    app = browser("anna", "member")
    other = fresh(app)
    sign_in(other, "anna")
    with house.writing("test") as work:
        link = reset.send_link(work.session, accounts.find(work.session, "anna"), "reset", "", NOW)
    new = "ein ganz neuer Satz"
    assert (
        "verschieden" in act(app, "/redaktion/konto", "password", old=PASSWORD, password=new, repeated=new + "x").text
    )
    assert (
        "geändert" in act(app, "/redaktion/konto", "password", old=PASSWORD, password=new, repeated=new).follow().text
    )
    assert app.get("/redaktion").status_int == 200 and other.get("/redaktion").status_int == 303
    assert fresh(app).get(link, status=410)
    assert sign_in(fresh(app), "anna", new).status_int == 303


# --- links -----------------------------------------------------------------------------------------------------------


def posted(house):
    """(kind, payload) of what the clock sends."""
    sent = []
    clock.tick(house, lambda kind, payload: sent.append((kind, payload)))
    clock.tick(house, lambda kind, payload: sent.append((kind, payload)))
    return sent


def test_a_forgotten_password_is_asked_for_alike_and_mailed_to_who_exists(desk):
    house, browser = desk
    app = browser("anna", "member")
    answers = []
    for login in ("anna", "niemand", "a\x00b"):
        form = fresh(app).get("/anmelden/vergessen").form
        form["login"] = login
        answers.append(form.submit().text)
    assert len(set(answers)) == 1 and "Wenn es dieses Konto gibt" in answers[0]
    sent = [(kind, payload) for kind, payload in posted(house) if kind == "mail.reset"]
    assert [payload["to"] for _, payload in sent] == ["anna@amt.example"]
    page = fresh(app).get(sent[0][1]["url"].removeprefix("https://beschluesse.example"))
    form = page.form
    form["password"] = form["repeated"] = "ein ganz neuer Satz"
    form.submit(status=303)
    assert app.get("/redaktion").status_int == 303
    assert [row.actor for row in logged(house, "password.reset-asked")] == ["anna"]


def test_asking_for_links_is_limited_for_everybody_alike(desk):
    _house, browser = desk
    app = browser("anna", "member")
    for login in ("anna", "niemand"):
        form = fresh(app, f"10.3.0.{len(login)}").get("/anmelden/vergessen").form
        form["login"] = login
        codes = [form.submit(expect_errors=True).status_int for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("change", ["expired", "used", "replaced", "locked", "other-address"])
def test_a_link_that_ended_opens_nothing(desk, change):
    house, browser = desk
    app = browser("anna", "member")
    with house.writing("test") as work:
        account = accounts.find(work.session, "anna")
        issued = NOW - dt.timedelta(hours=3) if change == "expired" else NOW
        link = reset.send_link(work.session, account, "reset", "", issued)
        if change == "used":
            assert accounts.use_ticket(work.session, link.rsplit("/", 1)[1], NOW) is account
            assert accounts.use_ticket(work.session, link.rsplit("/", 1)[1], NOW) is None
        elif change == "replaced":
            reset.send_link(work.session, account, "reset", "", NOW + dt.timedelta(seconds=1))
        elif change == "locked":
            accounts.set_active(work.session, account, is_active=False)
        elif change == "other-address":
            accounts.change(work.session, account, name="Anna", email="neu@amt.example", now=NOW)
    assert "gilt nicht mehr" in fresh(app).get(link, status=410).text
    fresh(app).post(link, {"password": PASSWORD, "repeated": PASSWORD}, status=410)


def test_the_portal_loads_no_heavy_library_before_it_is_used(example_data):
    import subprocess
    import sys

    program = f"""
import sys
from portal import settings
from portal.app import make_app
make_app(settings.load({{"DATA": {str(example_data)!r}, "CLOCK": "aus", "OIDC_ISSUER": "https://x.example", "OIDC_CLIENT_ID": "x"}}))
print([name for name in ("webauthn", "joserfc", "OpenSSL", "cbor2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_memory_of_a_checked_password_is_given_back():
    """In a process of its own: many threads check passwords, and it stays as large as it was."""
    import subprocess
    import sys

    program = """
import threading
from content.services.accounts import accounts
from portal.background.memory import give_large_blocks_back

def size_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4 / 1024

assert give_large_blocks_back()
accounts.rehash("x")
before = size_mb()
for _ in range(3):
    threads = [threading.Thread(target=accounts.rehash, args=("x",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(size_mb() - before)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 12


def test_settings_that_would_send_a_password_in_the_clear_stop_the_start():
    with pytest.raises(settings.SettingError, match="MAIL_TLS"):
        settings.load({"MAIL_USER": "x"})


def test_settings_survive_being_handed_over_to_the_servers_processes(monkeypatch):
    import os

    given = {
        "OIDC_ISSUER": "https://x.example",
        "OIDC_CLIENT_ID": "x",
        "OIDC_ROLES": "a=press,b = land@bayern",
        "CLOCK": "aus",
        "OIDC_CREATE": "an",
        "BASE_URL": "https://b.example",
    }
    configured = settings.load(given)
    for rule in settings.RULES:
        monkeypatch.setenv(rule.variable, "")
    settings.hand_over(configured)
    assert settings.load(dict(os.environ)) == configured


def test_making_the_app_twice_is_no_trouble(desk):
    house, _ = desk
    assert make_app(settings.load({"DATA": str(house.data)}), house=house)


def test_a_password_that_was_set_is_told_one_with_the_login_is_explained_and_a_link_says_who_issued_it(desk):
    house, browser = desk
    adam = browser("adam", "administrator")
    browser("anna", "member")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'anna').id}"
    act(adam, path, "link")
    payload = next(payload for kind, payload in posted(house) if kind == "mail.reset")
    text = (
        Postman(settings.load({"DATA": str(house.data)}), make_environment())
        ._message("mail.reset", {**payload, "key": "k"})
        .get_content()
    )
    assert (
        "hat die Administration Ihres Portals einen Link ausgestellt" in text
        and "gewünscht" not in text
        and "nichts zu tun" not in text
    )
    app = fresh(adam)
    form = app.get("/anmelden/" + payload["url"].rsplit("/", 1)[1]).form
    form["password"] = form["repeated"] = "Mein-Anna-Kennwort-2026"
    refused = form.submit(status=400)
    assert "enthält Ihren Anmeldenamen „anna“" in refused.text
    form = refused.form
    form["password"] = form["repeated"] = "vier grüne Stühle im Flur"
    assert "Ihr Kennwort ist gesetzt" in form.submit(status=303).follow().text
    assert "Ihr Kennwort ist gesetzt" not in app.get("/anmelden").text
