"""OpenID Connect against a real provider process: the straight road, and every way that a token, a code or a state can be wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import InvalidInput
from content.services import accounts, identities, sessions
from portal import oidc, settings
from portal.app import make_app
from tests.functional.people import act, logged
from tests.oidc_provider import CLIENT, SECRET

ROOT = Path(__file__).parent.parent.parent
ANNA = {"sub": "a-1", "preferred_username": "anna", "name": "Anna Amt", "email": "anna@amt.example", "groups": ["portal-by"]}


@pytest.fixture(scope="module")
def provider():
    """A function that tells the provider something; `provider.issuer` is its address."""
    with subprocess.Popen([sys.executable, "-W", "ignore", "-m", "tests.oidc_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        issuer = process.stdout.readline().strip()

        def tell(**what):
            urllib.request.urlopen(urllib.request.Request(f"{issuer}/control", json.dumps(what).encode()), timeout=10).close()

        def asked():
            with urllib.request.urlopen(f"{issuer}/asked", timeout=10) as answer:
                return json.load(answer)

        tell.issuer, tell.asked = issuer, asked
        yield tell
        process.kill()


@pytest.fixture
def world(portal, provider):
    """(house, a function that gives a browser of the portal with these settings)."""
    _, house = portal
    provider(fault="", person=ANNA)

    def browser(**more):
        configured = settings.load({
            "DATA": str(house.data), "BASE_URL": "https://beschluesse.example", "OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET, "OIDC_ROLES": "portal-by=land@BY, portal-rat=member", **more,
        })
        return TestApp(make_app(configured, house=house), extra_environ={"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "beschluesse.example", "wsgi.url_scheme": "https"})

    with house.writing("test") as work:
        anna = accounts.create(work.session, login="anna", name="Anna", email="", now=work.desk.now)
        identities.link(work.session, anna, provider.issuer, "a-1", work.desk.now)
    return house, browser


def go_out(app, query=""):
    """Begin at the portal and sign in at the provider; the address it sends back to, as a path."""
    out = app.get(f"/anmelden/dienst{query}").headers["Location"]
    opener = urllib.request.build_opener(oidc._NoRedirects)
    try:
        opener.open(out, timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            back = answer.headers["Location"]
    assert back.startswith("https://beschluesse.example/anmelden/dienst/zurueck?")
    return back.removeprefix("https://beschluesse.example")


def grants(house, login="anna"):
    with house.writing("test") as work:
        return {(row.role, row.organisation, row.source) for row in accounts.find(work.session, login).grants}


def test_the_sign_in_page_offers_the_service_only_where_there_is_one(world, portal):
    _, browser = world
    assert "Mit Landesdienst anmelden" in browser(OIDC_NAME="Landesdienst").get("/anmelden").text
    assert "/anmelden/dienst" not in portal[0].get("/anmelden").text
    portal[0].get("/anmelden/dienst", status=404)


def test_somebody_comes_in_and_lands_where_he_wanted_to(world):
    house, browser = world
    app = browser()
    answer = app.get(go_out(app, "?weiter=/redaktion/eintraege"))
    assert answer.headers["Location"] == "https://beschluesse.example/redaktion/eintraege"
    assert "mit Anmeldedienst" in app.get("/redaktion/konto").text
    assert grants(house) == {("land", "BY", "oidc")}
    with house.writing("test") as work:
        actions = work.session.scalars(sa.select(models.AuditEntry.action).where(models.AuditEntry.subject == "anna").order_by(models.AuditEntry.id)).all()
    assert actions == ["account.grant", "sign-in.oidc"]


def test_the_cookie_of_the_road_is_guarded_and_gone_afterwards(world):
    _, browser = world
    app = browser()
    cookie = app.get("/anmelden/dienst").headers["Set-Cookie"]
    assert all(part in cookie for part in ("Path=/anmelden/dienst", "HttpOnly", "SameSite=Lax", "secure"))
    app.get(go_out(app))
    assert app.cookies.get("anmeldung", "") == ""


FAULTS = ["nonce", "no nonce", "audience", "audiences", "issuer", "expired", "no expiry", "no subject", "future", "key", "unknown key", "shared secret", "unsigned", "no token"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_token_opens_nothing(world, provider, fault):
    house, browser = world
    app = browser()
    provider(fault=fault)
    assert "nicht gültig" in app.get(go_out(app), status=403).text
    assert app.get("/redaktion").status_int == 303 and grants(house) == set()


@pytest.mark.parametrize("fault", ["denied", "mix-up"])
def test_a_refusal_of_the_service_is_told(world, provider, fault):
    _, browser = world
    app = browser()
    provider(fault=fault)
    assert "nicht bestätigt" in app.get(go_out(app), status=403).text


@pytest.mark.parametrize("fault", ["broken", "impostor"])
def test_a_service_that_fails_is_told_and_the_password_remains(world, provider, fault):
    _, browser = world
    app = browser()
    provider(fault=fault)
    page = app.get("/anmelden/dienst", status=502)
    assert "antwortet gerade nicht" in page.text and "Kennwort" in page.text


def test_a_service_that_is_not_there_is_told(world):
    _, browser = world
    assert "antwortet gerade nicht" in browser(OIDC_ISSUER="http://127.0.0.1:9").get("/anmelden/dienst", status=502).text


def test_a_road_is_walked_once(world):
    _, browser = world
    app = browser()
    back = go_out(app)
    app.get(back, status=303)
    other = browser()
    assert "abgelaufen oder wurde schon benutzt" in app.get(back, status=403).text
    assert "abgelaufen oder wurde schon benutzt" in other.get(back, status=403).text


def test_a_code_counts_once_at_the_service_too(world):
    _, browser = world
    app = browser()
    first = go_out(app)
    code = parse_qs(urlsplit(first).query)["code"][0]
    app.get(first, status=303)
    state = parse_qs(urlsplit(go_out(app)).query)["state"][0]
    assert "antwortet gerade nicht" in app.get(f"/anmelden/dienst/zurueck?code={code}&state={state}", status=502).text


@pytest.mark.parametrize("change", ["state", "browser", "none", "foreign code"])
def test_what_was_begun_elsewhere_is_not_finished_here(world, change):
    _, browser = world
    app, other = browser(), browser()
    back = go_out(app)
    if change == "state":
        back = back.replace("state=", "state=x")
    if change == "foreign code":  # somebody slips in his own code: PKCE and nonce belong to this browser
        theirs = parse_qs(urlsplit(go_out(other)).query)["code"][0]
        mine = parse_qs(urlsplit(back).query)["state"][0]
        assert app.get(f"/anmelden/dienst/zurueck?code={theirs}&state={mine}", expect_errors=True).status_int == 502
    elif change == "none":
        app.get("/anmelden/dienst/zurueck", status=403)
    else:
        (other if change == "browser" else app).get(back, status=403)
    assert app.get("/redaktion").status_int == other.get("/redaktion").status_int == 303


def test_only_who_has_an_account_comes_in_unless_accounts_are_made(world, provider):
    house, browser = world
    provider(person={**ANNA, "sub": "b-2", "preferred_username": "bernd", "name": "Bernd Neu", "groups": ["portal-rat", "sonstiges"]})
    app = browser()
    assert "hier kein Konto" in app.get(go_out(app), status=403).text
    app = browser(OIDC_CREATE="an")
    app.get(go_out(app), status=303)
    assert grants(house, "bernd") == {("member", "", "oidc")}
    with house.writing("test") as work:
        account = accounts.find(work.session, "bernd")
        assert (account.name, account.email, account.password_hash) == ("Bernd Neu", "anna@amt.example", None)


@pytest.mark.parametrize("login", ["", "Ü", "x" * 200, "a b", None, 5])
def test_a_login_that_cannot_be_makes_no_account(world, provider, login):
    _, browser = world
    provider(person={**ANNA, "sub": "c-3", "preferred_username": login})
    app = browser(OIDC_CREATE="an")
    assert "hier kein Konto" in app.get(go_out(app), status=403).text


def test_the_lasting_name_decides_not_the_changeable_one(world, provider):
    house, browser = world
    app = browser()
    app.get(go_out(app), status=303)
    provider(person={**ANNA, "preferred_username": "anna.neu"})
    app.get(go_out(app), status=303)
    provider(person={**ANNA, "sub": "thief"})
    app = browser()
    assert "hier kein Konto" in app.get(go_out(app), status=403).text
    assert grants(house) == {("land", "BY", "oidc")}


PAUL = {"sub": "p-1", "preferred_username": "paul", "name": "Paul Papier", "email": "paul@amt.example", "groups": []}


def account(house, login, *roles, email=""):
    """An account that is not linked, and the secret of an invitation to it."""
    with house.writing("test") as work:
        made = accounts.create(work.session, login=login, name=login.title(), email=email, now=work.desk.now)
        for role in roles:
            accounts.grant(work.session, made, role, "", by="adam", now=work.desk.now)
        return accounts.issue_ticket(work.session, made, "invitation", work.desk.now)


def linked(house, login):
    with house.writing("test") as work:
        return [row.subject for row in identities.of_account(work.session, accounts.find(work.session, login))]


@pytest.mark.parametrize("creating", ["an", "aus"])
def test_a_name_or_an_address_alone_opens_no_account_that_exists(world, provider, creating):
    house, browser = world
    account(house, "paul", "chair", email="paul@amt.example")
    provider(person=PAUL)
    for _ in range(2):
        app = browser(OIDC_CREATE=creating)
        assert "hier kein Konto" in app.get(go_out(app), status=403).text
        assert app.get("/redaktion").status_int == 303
    assert linked(house, "paul") == [] and grants(house, "paul") == {("chair", "", "hand")}
    assert [(row.subject, row.detail) for row in logged(house, "sign-in.unlinked")] == [("paul", "Kennung: p-1")]


def test_who_is_invited_takes_the_account_with_the_service_once_whatever_the_service_calls_her(world, provider):
    house, browser = world
    secret = account(house, "paul", "chair")
    provider(person={**PAUL, "preferred_username": "somebody.else"})
    app = browser()
    page = app.get(f"/anmelden/{secret}")
    out = re.search(r'href="(/anmelden/dienst\?einladung=[^"]+)"', page.text)[1]
    assert app.get(go_out(app, out.removeprefix("/anmelden/dienst"))).headers["Location"].endswith("/redaktion")
    assert linked(house, "paul") == ["p-1"] and grants(house, "paul") == {("chair", "", "hand")}
    assert "Guten Tag, Paul" in app.get("/redaktion").text
    assert [row.detail for row in logged(house, "account.linked")] == ["p-1"]
    again = browser()
    assert "gilt nicht mehr" in again.get(go_out(again, f"?einladung={secret}"), status=403).text
    app.get(f"/anmelden/{secret}", status=410)
    again.get(go_out(again), status=303)


@pytest.mark.parametrize("wrong", ["nonsense", "locked", "late"])
def test_an_invitation_that_does_not_hold_links_nothing(world, provider, wrong):
    house, browser = world
    secret = account(house, "paul", "chair")
    provider(person=PAUL)
    with house.writing("test") as work:
        if wrong == "locked":
            accounts.set_active(work.session, accounts.find(work.session, "paul"), is_active=False)
        if wrong == "late":
            work.session.execute(sa.update(models.Ticket).values(expires_at=work.desk.now))
    app = browser(OIDC_CREATE="an")
    assert "gilt nicht mehr" in app.get(go_out(app, f"?einladung={'x' * 43 if wrong == 'nonsense' else secret}"), status=403).text
    assert linked(house, "paul") == []


def test_an_invitation_of_one_account_is_no_way_for_somebody_who_has_another(world, provider):
    house, browser = world
    secret = account(house, "paul", "chair")
    app = browser()
    app.get(go_out(app), status=303)  # Anna has roles of her own
    app = browser()
    assert "anderen Konto" in app.get(go_out(app, f"?einladung={secret}"), status=403).text
    assert linked(house, "paul") == [] and linked(house, "anna") == ["a-1"]
    provider(person=PAUL)
    app = browser()
    app.get(go_out(app, f"?einladung={secret}"), status=303)
    assert linked(house, "paul") == ["p-1"]


def test_a_new_account_has_no_rights_and_gives_way_to_the_one_its_person_is_invited_to(world, provider):
    house, browser = world
    provider(person={**PAUL, "preferred_username": "paul.neu"})
    app = browser(OIDC_CREATE="an")
    app.get(go_out(app), status=303)
    assert grants(house, "paul.neu") == set() and "„paul.neu“ hat noch keine Rolle" in app.get("/redaktion", status=403).text
    secret = account(house, "paul", "chair")
    other = browser(OIDC_CREATE="an")
    other.get(go_out(other, f"?einladung={secret}"), status=303)
    assert linked(house, "paul") == ["p-1"] and linked(house, "paul.neu") == []
    assert app.get("/redaktion").status_int == 303 and "Guten Tag, Paul" in other.get("/redaktion").text


def test_an_administrator_links_and_parts_with_the_lasting_name(world, provider):
    house, browser = world
    account(house, "paul", "chair")
    provider(person=PAUL)
    stranger = browser()
    stranger.get(go_out(stranger), status=403)
    account(house, "adam", "administrator")
    app = browser()
    with house.writing("test") as work:
        adam = accounts.find(work.session, "adam")
        adam.totp_secret, adam.totp_is_confirmed = "A" * 32, True
        app.set_cookie("redaktion", sessions.begin(work.session, adam, address="", agent="", now=work.desk.now, is_strong=True))
        path = f"/redaktion/konten/{accounts.find(work.session, 'paul').id}"
    assert "Kennung: p-1" in app.get("/redaktion/protokoll?woran=paul").text
    for wrong, words in (("", "fehlt"), ("x" * 256, "zu lang")):
        assert words in act(app, path, "connect", subject=wrong).text
    assert act(app, path, "connect", subject=" p-1 ").status_int == 303
    assert stranger.get(go_out(stranger)).status_int == 303 and "Guten Tag, Paul" in stranger.get("/redaktion").text
    assert 'value="connect"' not in app.get(path).text
    act(app, path, "disconnect")
    assert stranger.get("/redaktion").status_int == 303
    stranger.get(go_out(stranger), status=403)
    assert [[row.actor, row.subject, row.detail] for action in ("account.linked", "account.unlinked") for row in logged(house, action)] == [["adam", "paul", "p-1"]] * 2


def test_a_lasting_name_that_belongs_to_somebody_is_not_given_away(world, provider):
    house, browser = world
    account(house, "paul")
    app = browser()
    app.get(go_out(app), status=303)
    with house.writing("test") as work:
        paul = accounts.find(work.session, "paul")
        with pytest.raises(InvalidInput, match="anna"):
            identities.link(work.session, paul, provider.issuer, "a-1", work.desk.now)
        identities.link(work.session, paul, provider.issuer, "p-1", work.desk.now)
        identities.link(work.session, paul, "https://anderer.example", "a-1", work.desk.now)
        with pytest.raises(InvalidInput, match="zuerst trennen"):
            identities.link(work.session, paul, provider.issuer, "p-2", work.desk.now)
    assert linked(house, "paul") == ["p-1", "a-1"]


def test_a_locked_account_stays_locked(world):
    house, browser = world
    with house.writing("test") as work:
        accounts.set_active(work.session, accounts.find(work.session, "anna"), is_active=False)
    app = browser()
    app.get(go_out(app), status=403)


def test_roles_follow_the_service_and_those_given_by_hand_stay(world, provider):
    house, browser = world
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "chair", "", by="adam", now=work.desk.now)
    app = browser()
    for groups, wanted in ((["portal-by"], {("land", "BY", "oidc")}), (["portal-rat"], {("member", "", "oidc")}), ("portal-by", {("land", "BY", "oidc")}), ([], set()), (None, set())):
        provider(person={**ANNA, "groups": groups})
        app.get(go_out(app), status=303)
        assert grants(house) == {("chair", "", "hand")} | wanted
    provider(person={**ANNA, "groups": ["portal-by"]})
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "land", "BY", by="adam", now=work.desk.now)
    app.get(go_out(app), status=303)
    provider(person={**ANNA, "groups": []})
    app.get(go_out(app), status=303)
    assert grants(house) == {("chair", "", "hand"), ("land", "BY", "hand")}


def test_a_role_that_needs_a_second_factor_needs_it_here_too(world):
    house, browser = world
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "press", "", by="adam", now=work.desk.now)
    app = browser()
    app.get(go_out(app), status=303)
    assert app.get("/redaktion").headers["Location"].endswith("/redaktion/zweiter-faktor")


def test_keys_are_kept_and_read_again_when_the_service_changes_them(provider, tmp_path):
    provider(fault="", person=ANNA)
    moment = [0.0]
    configured = settings.load({"OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET, "BASE_URL": "https://b.example"})
    made = oidc.Provider(configured, clock=lambda: moment[0])

    def sign_in():
        out = made.start_url(state="s", nonce="n", verifier="v" * 43)
        try:
            urllib.request.build_opener(oidc._NoRedirects).open(out, timeout=10)
        except urllib.error.HTTPError as answer:
            with answer:
                code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        return made.redeem(code=code, verifier="v" * 43, nonce="n").subject

    def reads():
        asked = provider.asked()
        return asked.count("/keys"), asked.count("/.well-known/openid-configuration")

    before = reads()
    assert [sign_in() for _ in range(3)] == ["a-1"] * 3
    assert tuple(now - then for now, then in zip(reads(), before, strict=True)) == (1, 1)
    provider(rotate=True)
    with pytest.raises(oidc.TokenRefused):
        sign_in()  # read a moment ago: a flood of unknown keys must not become a flood of questions
    moment[0] += oidc.REFRESH_S + 1
    assert sign_in() == "a-1"
    moment[0] += oidc.KEPT_S + 1
    sign_in()
    assert tuple(now - then for now, then in zip(reads(), before, strict=True)) == (3, 2)


@pytest.mark.parametrize(("given", "words"), [
    ({"OIDC_ISSUER": "http://boese.example", "OIDC_CLIENT_ID": "x"}, "https"), ({"OIDC_ISSUER": "https://x.example"}, "OIDC_CLIENT_ID"),
    ({"OIDC_ROLES": "gruppe"}, "gruppe=rolle"), ({"OIDC_ROLES": "g=nonsense"}, "secretariat"), ({"OIDC_ROLES": "g=clock"}, "keine Zuordnung"),
    ({"OIDC_ROLES": "g=administrator@fitko"}, "immer überall"), ({"OIDC_CREATE": "vielleicht"}, "an und aus"),
])
def test_settings_that_cannot_work_stop_the_start(given, words):
    with pytest.raises(settings.SettingError, match=words):
        settings.load(given)


@pytest.mark.parametrize("address", ["http://boese.example/x", "ftp://x", "javascript:alert(1)", "", "https://"])
def test_addresses_that_are_not_safe_are_not_spoken_to(address):
    assert not oidc.is_safe(address)
