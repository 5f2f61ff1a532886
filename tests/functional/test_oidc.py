"""OpenID Connect against a real provider process: the straight road, and every way that a token, a code or a state can be wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts, identities, sessions
from portal import settings
from portal.app import make_app
from portal.auth import oidc
from tests.functional.browsing import Browser
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import act, logged
from tests.oidc_provider import CLIENT, SECRET

ROOT = Path(__file__).parent.parent.parent
ANNA = {
    "sub": "a-1",
    "preferred_username": "anna",
    "name": "Anna Amt",
    "email": "anna@amt.example",
    "groups": ["portal-by"],
}


@pytest.fixture(scope="module")
def provider():
    """A function that tells the provider something; `provider.issuer` is its address."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.oidc_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        issuer = process.stdout.readline().strip()

        def tell(**what):
            urllib.request.urlopen(
                urllib.request.Request(f"{issuer}/control", json.dumps(what).encode()), timeout=10
            ).close()

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
        configured = settings.load(
            {
                "DATA": str(house.data),
                "BASE_URL": "https://beschluesse.example",
                "OIDC_ISSUER": provider.issuer,
                "OIDC_CLIENT_ID": CLIENT,
                "OIDC_CLIENT_SECRET": SECRET,
                "OIDC_ROLES": "portal-by=land@BY, portal-rat=member",
                **more,
            }
        )
        return Browser(make_app(configured, house=house))

    with house.writing("test") as work:
        anna = accounts.create(work.session, login="anna", name="Anna", email="", now=work.desk.now)
        identities.link(work.session, anna, provider.issuer, "a-1", work.desk.now)
    return house, browser


def press(app, page, action, **more):
    """Press the button of the form that goes to `action`."""
    form = next(form for form in page.forms.values() if form.action == action)
    return form.submit(**more)


def go_out(app, *, weiter="", invitation=""):
    """Begin at the portal and sign in at the provider; the address it sends back to, as a path."""
    page = app.get(f"/anmelden/{invitation}") if invitation else app.get(f"/anmelden?weiter={weiter}")
    return from_provider(press(app, page, "/anmelden/dienst"))


def from_provider(page):
    """Follow the page that leads out; the address that the provider sends back to, as a path."""
    out = page.html.find("meta", {"http-equiv": "refresh"})["content"].removeprefix("0; url=")
    opener = urllib.request.build_opener(oidc._NoRedirects)
    try:
        opener.open(out, timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            back = answer.headers["Location"]
    assert back.startswith("https://beschluesse.example/anmelden/dienst/zurueck?")
    return back.removeprefix("https://beschluesse.example")


def come_back(app, back, status=303):
    """Arrive from the provider and send on what it gave, as the page's script does, or a person without script."""
    page = app.get(back, status="*")
    if page.status_int == 200:
        page = press(app, page, "/anmelden/dienst/zurueck", status="*")
    assert page.status_int == status, page.text
    return page


def accept(app, secret, status=303):
    """Take an invitation with the service, and say yes to the question."""
    page = come_back(app, go_out(app, invitation=secret), status=200)
    return press(app, page, "/anmelden/dienst/verbinden", status=status)


def rows(house):
    """How many rows there are in all."""
    with house.reading() as connection:
        return sum(
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in models.Item.metadata.sorted_tables
        )


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
    answer = come_back(app, go_out(app, weiter="/redaktion/eintraege"))
    assert answer.headers["Location"] == "https://beschluesse.example/redaktion/eintraege"
    assert "mit Anmeldedienst" in app.get("/redaktion/konto").text
    assert grants(house) == {("land", "BY", "oidc")}
    with house.writing("test") as work:
        actions = work.session.scalars(
            sa.select(models.AuditEntry.action)
            .where(models.AuditEntry.subject == "anna")
            .order_by(models.AuditEntry.id)
        ).all()
    assert actions == ["account.grant", "sign-in.oidc"]


def test_the_cookie_of_the_road_is_guarded(world):
    _, browser = world
    cookie = browser().get("/anmelden").headers["Set-Cookie"]
    assert all(part in cookie for part in ("__Secure-browser=", "Path=/anmelden", "HttpOnly", "SameSite=Lax", "secure"))


def test_following_a_link_begins_nothing_and_arriving_without_a_beginning_writes_nothing(world):
    house, browser = world
    app = browser()
    secret = account(house, "paul", "chair")
    before = rows(house)
    assert app.get(f"/anmelden/dienst?einladung={secret}&weiter=/redaktion").headers["Location"].endswith("/anmelden")
    assert app.get("/anmelden/dienst/verbinden?frage=x").headers["Location"].endswith("/anmelden")
    app.get("/anmelden/dienst/zurueck?code=x&state=y", status=403)
    assert rows(house) == before


FAULTS = [
    "nonce",
    "no nonce",
    "audience",
    "audiences",
    "issuer",
    "expired",
    "no expiry",
    "no subject",
    "future",
    "key",
    "unknown key",
    "shared secret",
    "unsigned",
    "no token",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_token_opens_nothing(world, provider, fault):
    house, browser = world
    app = browser()
    provider(fault=fault)
    assert "nicht gültig" in come_back(app, go_out(app), status=403).text
    assert app.get("/redaktion").status_int == 303 and grants(house) == set()


@pytest.mark.parametrize("fault", ["denied", "mix-up"])
def test_a_refusal_of_the_service_is_told(world, provider, fault):
    _, browser = world
    app = browser()
    provider(fault=fault)
    assert "nicht bestätigt" in come_back(app, go_out(app), status=403).text


@pytest.mark.parametrize("fault", ["broken", "impostor"])
def test_a_service_that_fails_is_told_and_the_password_remains(world, provider, fault):
    _, browser = world
    app = browser()
    provider(fault=fault)
    page = press(app, app.get("/anmelden"), "/anmelden/dienst", status=502)
    assert "antwortet gerade nicht" in page.text and "Kennwort" in page.text


def test_a_service_that_is_not_there_is_told(world):
    _, browser = world
    app = browser(OIDC_ISSUER="http://127.0.0.1:9")
    assert "antwortet gerade nicht" in press(app, app.get("/anmelden"), "/anmelden/dienst", status=502).text


def test_a_road_is_walked_once(world):
    _, browser = world
    app = browser()
    back = go_out(app)
    come_back(app, back)
    other = browser()
    assert "abgelaufen oder wurde schon benutzt" in app.get(back, status=403).text
    assert "abgelaufen oder wurde schon benutzt" in other.get(back, status=403).text


def test_a_code_counts_once_at_the_service_too(world):
    _, browser = world
    app = browser()
    first = go_out(app)
    code = parse_qs(urlsplit(first).query)["code"][0]
    come_back(app, first)
    state = parse_qs(urlsplit(go_out(app)).query)["state"][0]
    assert (
        "antwortet gerade nicht"
        in come_back(app, f"/anmelden/dienst/zurueck?code={code}&state={state}", status=502).text
    )


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
        come_back(app, f"/anmelden/dienst/zurueck?code={theirs}&state={mine}", status=502)
    elif change == "none":
        app.get("/anmelden/dienst/zurueck", status=403)
    else:
        (other if change == "browser" else app).get(back, status=403)
    assert app.get("/redaktion").status_int == other.get("/redaktion").status_int == 303


def test_only_who_has_an_account_comes_in_unless_accounts_are_made(world, provider):
    house, browser = world
    provider(
        person={
            **ANNA,
            "sub": "b-2",
            "preferred_username": "bernd",
            "name": "Bernd Neu",
            "groups": ["portal-rat", "sonstiges"],
        }
    )
    app = browser()
    assert "hier kein Konto" in come_back(app, go_out(app), status=403).text
    app = browser(OIDC_CREATE="an")
    come_back(app, go_out(app), status=303)
    assert grants(house, "bernd") == {("member", "", "oidc")}
    with house.writing("test") as work:
        account = accounts.find(work.session, "bernd")
        assert (account.name, account.email, account.password_hash) == ("Bernd Neu", "anna@amt.example", None)


@pytest.mark.parametrize("login", ["", "Ü", "x" * 200, "a b", None, 5])
def test_a_login_that_cannot_be_makes_no_account(world, provider, login):
    _, browser = world
    provider(person={**ANNA, "sub": "c-3", "preferred_username": login})
    app = browser(OIDC_CREATE="an")
    assert "hier kein Konto" in come_back(app, go_out(app), status=403).text


def test_the_lasting_name_decides_not_the_changeable_one(world, provider):
    house, browser = world
    app = browser()
    come_back(app, go_out(app), status=303)
    provider(person={**ANNA, "preferred_username": "anna.neu"})
    come_back(app, go_out(app), status=303)
    provider(person={**ANNA, "sub": "thief"})
    app = browser()
    assert "hier kein Konto" in come_back(app, go_out(app), status=403).text
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
        assert "hier kein Konto" in come_back(app, go_out(app), status=403).text
        assert app.get("/redaktion").status_int == 303
    assert linked(house, "paul") == [] and grants(house, "paul") == {("chair", "", "hand")}
    assert [(row.subject, row.detail) for row in logged(house, "sign-in.unlinked")] == [("paul", "Kennung: p-1")]


def test_who_is_invited_takes_the_account_with_the_service_once_whatever_the_service_calls_her(world, provider):
    house, browser = world
    secret = account(house, "paul", "chair")
    provider(person={**PAUL, "preferred_username": "somebody.else"})
    app = browser()
    page = come_back(app, go_out(app, invitation=secret), status=200)
    assert (
        "Sie verbinden sich mit dem Konto" in page.text and "somebody.else" in page.text and linked(house, "paul") == []
    )
    assert press(app, page, "/anmelden/dienst/verbinden").headers["Location"].endswith("/redaktion")
    assert linked(house, "paul") == ["p-1"] and grants(house, "paul") == {("chair", "", "hand")}
    assert "Guten Tag, Paul" in app.get("/redaktion").text
    assert [row.detail for row in logged(house, "account.linked")] == ["p-1"]
    assert "abgelaufen oder wurde schon benutzt" in press(app, page, "/anmelden/dienst/verbinden", status=403).text
    again = browser()
    app.get(f"/anmelden/{secret}", status=410)
    come_back(again, go_out(again), status=303)


@pytest.mark.parametrize("wrong", ["locked", "late", "password", "another purpose", "linked"])
def test_an_invitation_that_does_not_hold_links_nothing(world, provider, wrong):
    house, browser = world
    secret = account(house, "paul", "chair")
    provider(person=PAUL)
    app = browser(OIDC_CREATE="an")
    page = app.get(f"/anmelden/{secret}")
    question = come_back(app, go_out(app, invitation=secret), status=200)
    with house.writing("test") as work:
        paul = accounts.find(work.session, "paul")
        if wrong == "locked":
            accounts.set_active(work.session, paul, is_active=False)
        if wrong == "late":
            work.session.execute(sa.update(models.Ticket).values(expires_at=work.desk.now))
        if wrong == "password":
            paul.password_hash = "set meanwhile"
        if wrong == "another purpose":
            work.session.execute(sa.update(models.Ticket).values(purpose="reset"))
        if wrong == "linked":
            identities.link(work.session, paul, provider.issuer, "other", work.desk.now)
    assert "gilt nicht mehr" in press(app, question, "/anmelden/dienst/verbinden", status=403).text
    assert "gilt nicht mehr" in press(app, page, "/anmelden/dienst", status=403).text
    assert linked(house, "paul") == (["other"] if wrong == "linked" else [])


def test_the_link_to_a_new_password_connects_nobody(world, provider):
    house, browser = world
    provider(person=PAUL)
    with house.writing("test") as work:
        anna = accounts.find(work.session, "anna")
        paul = accounts.create(work.session, login="paul", name="Paul", email="", now=work.desk.now)
        paul.password_hash = "his own"
        accounts.grant(work.session, paul, "member", "", by="adam", now=work.desk.now)
        secret = accounts.issue_ticket(work.session, paul, "reset", work.desk.now)
        mine = accounts.issue_ticket(work.session, anna, "invitation", work.desk.now)
    app = browser()
    for link in (secret, mine, "x" * 43):  # one with a password, one that is connected already, and none
        page = app.get("/anmelden" if link[0] == "x" else f"/anmelden/{link}")
        assert "einladung" not in page.text
        token = page.html.find("input", {"name": "formular"})["value"]
        assert (
            "gilt nicht mehr" in app.post("/anmelden/dienst", {"formular": token, "einladung": link}, status=403).text
        )
    assert linked(house, "paul") == [] and grants(house, "paul") == {("member", "", "hand")}


def test_an_account_is_connected_from_an_open_session_of_its_own_after_its_password(world, provider, password_hash):
    house, browser = world
    provider(person=PAUL)
    with house.writing("test") as work:
        paul = accounts.create(work.session, login="paul", name="Paul", email="", now=work.desk.now)
        paul.password_hash = password_hash
        accounts.grant(work.session, paul, "member", "", by="adam", now=work.desk.now)
    app, thief = browser(), browser()
    sign_in(app, "paul")
    assert "Kennwort stimmt nicht" in act(app, "/redaktion/konto", "connect", old="falsch").text
    page = act(app, "/redaktion/konto", "connect", old=PASSWORD)
    secret = next(form for form in page.forms.values() if form.action == "/anmelden/dienst")["verbinden"].value
    token = thief.get("/anmelden").html.find("input", {"name": "formular"})["value"]
    thief.post("/anmelden/dienst", {"formular": token, "verbinden": secret}, status=403)
    question = come_back(app, from_provider(press(app, page, "/anmelden/dienst")), status=200)
    assert "dem Konto <strong>paul</strong>" in question.text and linked(house, "paul") == []
    assert press(app, question, "/anmelden/dienst/verbinden").headers["Location"].endswith("?geaendert=verbunden")
    assert linked(house, "paul") == ["p-1"]
    other = browser()
    come_back(other, go_out(other))
    assert "Guten Tag, Paul" in other.get("/redaktion").text


def test_a_session_that_ended_meanwhile_connects_nothing(world, provider, password_hash):
    house, browser = world
    provider(person=PAUL)
    with house.writing("test") as work:
        paul = accounts.create(work.session, login="paul", name="Paul", email="", now=work.desk.now)
        paul.password_hash = password_hash
    app = browser()
    sign_in(app, "paul")
    page = act(app, "/redaktion/konto", "connect", old=PASSWORD)
    question = come_back(app, from_provider(press(app, page, "/anmelden/dienst")), status=200)
    act(app, "/redaktion/konto", "everywhere")
    assert "gilt nicht mehr" in press(app, question, "/anmelden/dienst/verbinden", status=403).text
    assert linked(house, "paul") == []


def test_an_invitation_of_one_account_is_no_way_for_somebody_who_has_another(world, provider):
    house, browser = world
    secret = account(house, "paul", "chair")
    app = browser()
    come_back(app, go_out(app), status=303)  # Anna has roles of her own
    app = browser()
    assert "anderen Konto" in come_back(app, go_out(app, invitation=secret), status=403).text
    assert linked(house, "paul") == [] and linked(house, "anna") == ["a-1"]
    provider(person=PAUL)
    app = browser()
    accept(app, secret)
    assert linked(house, "paul") == ["p-1"]


def test_a_new_account_has_no_rights_and_gives_way_to_the_one_its_person_is_invited_to(world, provider):
    house, browser = world
    provider(person={**PAUL, "preferred_username": "paul.neu"})
    app = browser(OIDC_CREATE="an")
    come_back(app, go_out(app), status=303)
    assert (
        grants(house, "paul.neu") == set()
        and "„paul.neu“ hat noch keine Rolle" in app.get("/redaktion", status=403).text
    )
    secret = account(house, "paul", "chair")
    other = browser(OIDC_CREATE="an")
    accept(other, secret)
    assert linked(house, "paul") == ["p-1"] and linked(house, "paul.neu") == []
    assert app.get("/redaktion").status_int == 303 and "Guten Tag, Paul" in other.get("/redaktion").text


def test_an_administrator_links_and_parts_with_the_lasting_name(world, provider):
    house, browser = world
    account(house, "paul", "chair")
    provider(person=PAUL)
    stranger = browser()
    come_back(stranger, go_out(stranger), status=403)
    account(house, "adam", "administrator")
    app = browser()
    with house.writing("test") as work:
        adam = accounts.find(work.session, "adam")
        adam.totp_secret, adam.totp_is_confirmed = "A" * 32, True
        app.set_cookie(
            "__Secure-redaktion",
            sessions.begin(work.session, adam, address="", agent="", now=work.desk.now, is_strong=True),
        )
        path = f"/redaktion/konten/{accounts.find(work.session, 'paul').id}"
    assert "Kennung: p-1" in app.get("/redaktion/protokoll?woran=paul").text
    for wrong, words in (("", "fehlt"), ("x" * 256, "zu lang")):
        assert words in act(app, path, "connect", subject=wrong).text
    assert act(app, path, "connect", subject=" p-1 ").status_int == 303
    assert (
        come_back(stranger, go_out(stranger)).status_int == 303 and "Guten Tag, Paul" in stranger.get("/redaktion").text
    )
    assert 'value="connect"' not in app.get(path).text
    act(app, path, "disconnect")
    assert stranger.get("/redaktion").status_int == 303
    come_back(stranger, go_out(stranger), status=403)
    assert [
        [row.actor, row.subject, row.detail]
        for action in ("account.linked", "account.unlinked")
        for row in logged(house, action)
    ] == [["adam", "paul", "p-1"]] * 2


def test_a_lasting_name_that_belongs_to_somebody_is_not_given_away(world, provider):
    house, browser = world
    account(house, "paul")
    app = browser()
    come_back(app, go_out(app), status=303)
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
    come_back(app, go_out(app), status=403)


def test_roles_follow_the_service_and_those_given_by_hand_stay(world, provider):
    house, browser = world
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "chair", "", by="adam", now=work.desk.now)
    app = browser()
    for groups, wanted in (
        (["portal-by"], {("land", "BY", "oidc")}),
        (["portal-rat"], {("member", "", "oidc")}),
        ("portal-by", {("land", "BY", "oidc")}),
        ([], set()),
        (None, set()),
    ):
        provider(person={**ANNA, "groups": groups})
        come_back(app, go_out(app), status=303)
        assert grants(house) == {("chair", "", "hand")} | wanted
    provider(person={**ANNA, "groups": ["portal-by"]})
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "land", "BY", by="adam", now=work.desk.now)
    come_back(app, go_out(app), status=303)
    provider(person={**ANNA, "groups": []})
    come_back(app, go_out(app), status=303)
    assert grants(house) == {("chair", "", "hand"), ("land", "BY", "hand")}


def test_a_role_that_needs_a_second_factor_needs_it_here_too(world):
    house, browser = world
    with house.writing("test") as work:
        accounts.grant(work.session, accounts.find(work.session, "anna"), "press", "", by="adam", now=work.desk.now)
    app = browser()
    come_back(app, go_out(app), status=303)
    assert app.get("/redaktion").headers["Location"].endswith("/redaktion/zweiter-faktor")


def test_keys_are_kept_and_read_again_when_the_service_changes_them(provider, tmp_path):
    provider(fault="", person=ANNA)
    moment = [0.0]
    configured = settings.load(
        {
            "OIDC_ISSUER": provider.issuer,
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": SECRET,
            "BASE_URL": "https://b.example",
        }
    )
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


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"OIDC_ISSUER": "http://boese.example", "OIDC_CLIENT_ID": "x"}, "https"),
        ({"OIDC_ISSUER": "https://x.example"}, "OIDC_CLIENT_ID"),
        ({"OIDC_ROLES": "gruppe"}, "gruppe=rolle"),
        ({"OIDC_ROLES": "g=nonsense"}, "secretariat"),
        ({"OIDC_ROLES": "g=clock"}, "keine Zuordnung"),
        ({"OIDC_ROLES": "g=administrator@fitko"}, "immer überall"),
        ({"OIDC_CREATE": "vielleicht"}, "an und aus"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(given, words):
    with pytest.raises(settings.SettingError, match=words):
        settings.load(given)


@pytest.mark.parametrize("address", ["http://boese.example/x", "ftp://x", "javascript:alert(1)", "", "https://"])
def test_addresses_that_are_not_safe_are_not_spoken_to(address):
    assert not oidc.is_safe(address)
