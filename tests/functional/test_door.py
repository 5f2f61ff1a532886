"""The door: under which address the portal answers, with which methods, and whose forms it takes."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time

import pytest
import sqlalchemy as sa
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp, TestRequest

from content.database.patience import LONG_WAIT_S
from content.services.accounts import accounts
from portal import settings
from portal.app import make_app
from portal.web import door
from tests.functional.browsing import Browser
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import fresh

BASE = "https://beschluesse.example"
EVIL = "https://boese.example"


def application(house, **more):
    return make_app(settings.load({"DATA": str(house.data), "BASE_URL": BASE, **more}), house=house)


def raw(app, path, *, host="beschluesse.example", method="GET", **headers):
    """Status, headers and text of a request as a proxy hands it on: plain HTTP."""
    made = TestRequest.blank(path, environ={"HTTP_HOST": host, "wsgi.url_scheme": "http"}, method=method)
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return TestApp(app).do_request(made, status="*")


# --- addresses -------------------------------------------------------------------------------------------------------


def test_every_address_that_is_made_absolute_comes_from_the_setting(portal):
    app = application(portal[1])
    for path in ("/redaktion", "/beschluss/2021/39/", "/Beschluss%202021/39", "/suche/abo"):
        assert raw(app, path).headers["Location"].startswith(f"{BASE}/"), path
    assert f'<link rel="canonical" href="{BASE}/beschluesse">' in raw(app, "/beschluesse").text


FORGED = [
    {"X_Forwarded_Proto": "ftp"},
    {"X_Forwarded_Host": "boese.example"},
    {"Forwarded": "host=boese.example;proto=http"},
    {"X_Forwarded_Scheme": "http"},
    {"X_Forwarded_Ssl": "off"},
    {"X_Forwarded_Port": "81"},
    {"X_Forwarded_Proto": "http"},
    {"X_Original_Host": "boese.example"},
]


def test_without_a_proxy_of_ours_nothing_that_is_forwarded_is_believed(portal):
    app = application(portal[1])
    for forged in FORGED:
        assert raw(app, "/redaktion", **forged).headers["Location"] == f"{BASE}/anmelden?weiter=/redaktion", forged


FOREIGN = [
    "boese.example",
    "boese.example:443",
    "beschluesse.example.boese.example",
    "x@beschluesse.example",
    "a b",
    "10.9.8.7",
    "[2001:db8::1]",
]


def test_a_name_that_is_not_ours_is_refused_in_words_and_comes_back_nowhere(portal):
    app = application(portal[1])
    for host, path in itertools.product(FOREIGN, ("/redaktion", "/", "/beschluesse/", "/anmelden")):
        answer = raw(app, path, host=host)
        assert answer.status_int == 421 and BASE in answer.text and "Location" not in answer.headers, (host, path)
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert all("boese" not in value for value in answer.headers.values()) and "boese" not in answer.text


OURS = [
    "BESCHLUESSE.example",
    "beschluesse.example:8443",
    "beschluesse.example.",
    "localhost:6543",
    "127.0.0.1",
    "[::1]:80",
]


def test_our_name_and_the_machine_itself_are_answered_in_our_name(portal):
    app = application(portal[1])
    for host in OURS:
        assert raw(app, "/redaktion", host=host).headers["Location"] == f"{BASE}/anmelden?weiter=/redaktion", host


def test_other_names_of_ours_lead_to_the_one_address(portal):
    app = application(portal[1], HOSTS="alt.example, intern.example")
    answer = raw(app, "/beschluss/2021/39?stand=2022-01-01", host="alt.example")
    assert (answer.status_int, answer.headers["Location"]) == (301, f"{BASE}/beschluss/2021/39?stand=2022-01-01")
    assert raw(app, "//boese.example/x", host="alt.example").headers["Location"] == f"{BASE}/boese.example/x"
    assert raw(app, "/anmelden", host="alt.example", method="POST").status_int == 421


def test_whether_it_lives_is_told_under_every_name(portal):
    assert raw(application(portal[1]), "/health", host="10.1.2.3:6543").status_int == 200


def test_behind_a_proxy_of_ours_its_word_counts(portal):
    app = application(portal[1], PROXIES="1")
    assert (
        raw(app, "/redaktion", host="127.0.0.1", X_Forwarded_Host="beschluesse.example")
        .headers["Location"]
        .startswith(BASE)
    )
    assert raw(app, "/redaktion", X_Forwarded_Host="beschluesse.example, boese.example").status_int == 421
    plain = raw(app, "/beschluesse", X_Forwarded_Proto="http")
    assert (plain.status_int, plain.headers["Location"], plain.headers["Cache-Control"]) == (
        301,
        f"{BASE}/beschluesse",
        "no-store",
    )
    assert raw(app, "/beschluesse", X_Forwarded_Proto="https").status_int == 200


def test_without_an_address_a_portal_on_this_machine_answers_by_the_name_it_was_called(portal):
    app = make_app(settings.load({"DATA": str(portal[1].data)}), house=portal[1])
    assert (
        raw(app, "/redaktion", host="localhost:6543").headers["Location"].startswith("http://localhost:6543/anmelden")
    )
    open_to_all = make_app(settings.load({"DATA": str(portal[1].data), "HOST": "0.0.0.0"}), house=portal[1])
    assert (
        raw(open_to_all, "/redaktion", host="192.168.1.5:6543")
        .headers["Location"]
        .startswith("http://192.168.1.5:6543/")
    )
    assert raw(open_to_all, "/redaktion", host="boese.example").status_int == 421


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Beschluesse.example/", BASE),
        ("https://beschluesse.example:443", BASE),
        ("http://x.example:80", "http://x.example"),
        ("https://münster.example", "https://xn--mnster-3ya.example"),
        ("http://[::1]:6543", "http://[::1]:6543"),
    ],
)
def test_the_address_is_kept_as_browsers_write_it(given, kept):
    assert settings.load({"BASE_URL": given}).base_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "https://x.example/pfad",
        "https://x.example?a",
        "https://a@x.example",
        "https://",
        "x.example",
        "https://x.example:99999",
    ],
)
def test_an_address_that_cannot_be_stops_the_start(given):
    with pytest.raises(settings.SettingError, match="BASE_URL"):
        settings.load({"BASE_URL": given})


# --- methods ---------------------------------------------------------------------------------------------------------


def routes(app):
    """(name, an address that it matches) of every route of the application."""
    registry = app.inner._application.registry
    names = {
        "tail": "x",
        "slug": "x",
        "anchor": "a1",
        "token": "1." + "x" * 22,
        "name": "x",
        "part": "1",
        "position": "1",
        "sha256": "0" * 64,
        "secret": "x" * 43,
        "id": "1",
        "kind": "page",
        "uid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
        "rule": "links.target",
        "code": "by",
        "old": "1",
        "new": "2",
        "path": ("x",),
    }
    special = {"decision": "2021/39", "meeting": "36"}
    for route in registry.getUtility(IRoutesMapper).get_routes():
        mine = {**names, "tail": special.get(route.name.partition(".")[2], "x")}
        if route.name.startswith(("embargo.", "review.")):
            mine["token"] = "x" * 43
        yield route.name, route.generate(mine)


def test_methods_that_a_page_does_not_have_are_refused_and_those_it_has_are_named(portal):
    app = application(portal[1])
    methods = app.inner._application.registry.methods
    browser = Browser(app)
    checked = 0
    for name, path in routes(app):
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", *(() if "POST" in methods[name] else ("POST",))):
            answer = browser.request(path, method=method, status="*")
            assert answer.status_int == 405, (method, name, path, answer.status_int)
            assert answer.headers["Allow"] == ", ".join(sorted(methods[name])), (method, name)
            checked += 1
    assert checked > 500


# --- forms -----------------------------------------------------------------------------------------------------------


class Written:
    """Whether anything at all was committed to the database since it was asked last."""

    def __init__(self, house):
        self.connection = sqlite3.connect(house.data / "portal.db")
        self.version = self._version()

    def _version(self):
        return self.connection.execute("PRAGMA data_version").fetchone()[0]

    def anything(self):
        before, self.version = self.version, self._version()
        return before != self.version


FROM_ELSEWHERE = {
    "another origin",
    "an origin that only begins like ours",
    "our name in clear text",
    "another site",
    "a neighbour",
    "another page",
    "ours said by another site",
}


def ways(token):
    """(name, how a POST is sent without the right token from the right page): keyword arguments of `Browser.request`."""
    form = "application/x-www-form-urlencoded"

    def body(given):
        return {"method": "POST", "body": given.encode(), "content_type": form}

    rest = "login=anna&password=x&schritt=everywhere&email=a@b.example&q=Wort&rhythm=daily&tun=anmerken&anmerkung=Hallo&weiter=/redaktion"
    right, no_token = f"formular={token}&{rest}", rest
    yield "no token", body(no_token)
    yield "another token", body(f"formular={'x' * 32}&{rest}")
    yield "an empty token", body(f"formular=&{rest}")
    yield "two tokens", body(f"formular=x&formular={token}&{rest}")
    yield "another origin", {**body(right), "headers": {"Origin": EVIL}}
    yield "no origin to speak of", {**body(no_token), "headers": {"Origin": "null"}}
    yield "an origin that only begins like ours", {**body(right), "headers": {"Origin": f"{BASE}.boese.example"}}
    yield "our name in clear text", {**body(right), "headers": {"Origin": BASE.replace("https", "http")}}
    yield "another site", {**body(right), "headers": {"Sec-Fetch-Site": "cross-site"}}
    yield "a neighbour", {**body(right), "headers": {"Sec-Fetch-Site": "same-site"}}
    yield "another page", {**body(right), "headers": {"Referer": f"{EVIL}/x"}}
    yield "ours said by another site", {**body(right), "headers": {"Origin": BASE, "Sec-Fetch-Site": "cross-site"}}
    yield (
        "JSON",
        {
            "method": "POST",
            "body": json.dumps({"formular": token, "login": "anna"}).encode(),
            "content_type": "application/json",
        },
    )
    yield "plain text", {"method": "POST", "body": right.encode(), "content_type": "text/plain"}
    yield "a broken form", {"method": "POST", "body": right.encode(), "content_type": "multipart/form-data"}
    yield "the token in the address", {**body(no_token), "query": f"formular={token}"}
    yield "another method", {**body(right), "method": "PUT"}
    yield "a method in a header", {"method": "GET", "headers": {"X-HTTP-Method-Override": "POST"}, "query": right}
    yield "a method in the form", {**body(f"_method=POST&{no_token}")}


def test_nothing_is_written_for_a_form_that_is_not_ours(desk):
    house, browser = desk
    anna = browser("anna", "member")
    app = anna.app
    visitor = fresh(anna)
    with house.writing("test") as work:
        secret = accounts.issue_ticket(work.session, accounts.find(work.session, "anna"), "reset", work.desk.now)
    own = visitor.get("/anmelden").html.find("input", {"name": "formular"})["value"]
    session = anna.get("/redaktion/konto").html.find("input", {"name": "formular"})["value"]
    front = app.inner
    methods = front.inner._application.registry.methods
    places = [
        (name, path.replace("x" * 43, secret) if name == "ticket" else path)
        for name, path in routes(front)
        if "POST" in methods[name]
    ]
    assert len(places) > 50
    written, tried = Written(house), 0
    for name, path in places:
        proof = door._proof_of(name)
        token, sender = (session, anna) if proof is door.Proof.SESSION else (own, visitor)
        for way, sent in ways(token):
            if proof is door.Proof.ADDRESS and way not in FROM_ELSEWHERE:
                continue  # a mail program leaves by the address alone
            if proof is door.Proof.SESSION and sent["method"] == "GET":
                continue  # that is the page itself, read by its person
            query = sent.pop("query", "")
            answer = sender.request(path + (f"?{query}" if query else ""), status="*", **sent)
            assert not written.anything(), (name, way, answer.status)
            assert answer.status_int < 500 and (answer.status_int >= 300 or sent["method"] == "GET"), (
                name,
                way,
                answer.status,
            )
            tried += 1
    assert tried > 900


def test_another_site_plants_nothing_that_is_sent_on_after_the_sign_in(desk):
    _, browser = desk
    anna = browser("anna", "member")
    for headers in (
        {"Origin": EVIL},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": f"{EVIL}/x"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ):
        visitor = fresh(anna)
        page = visitor.post("/redaktion/neu/press_release", {"title": "Untergeschoben"}, headers=headers, status="*")
        assert page.status_int in {401, 403} and "Untergeschoben" not in page.text, headers
        signed = anna.post(
            "/redaktion/neu/press_release", {"title": "Untergeschoben", "formular": "alt"}, headers=headers, status="*"
        )
        assert signed.status_int == 403 and "Untergeschoben" not in signed.text, headers
        form = visitor.get("/anmelden").forms[0]
        planted = {
            "formular": form["formular"].value,
            "login": "anna",
            "password": PASSWORD,
            "kept.title": "Untergeschoben",
            "weiter": "/redaktion",
        }
        if headers not in (
            {"Origin": "null"},
            {"Sec-Fetch-Site": "none"},
        ):  # with the right token those are an old browser of her own
            answer = visitor.post("/anmelden", planted, headers=headers, status=403)
            assert "Untergeschoben" not in answer.text and "redaktion" not in str(answer.headers.getall("Set-Cookie"))
        del planted["formular"]
        answer = visitor.post("/anmelden", planted, headers=headers, status="*")
        assert answer.status_int in {400, 403} and "Untergeschoben" not in answer.text


def test_what_our_own_page_sent_goes_on_after_the_sign_in(desk):
    _, browser = desk
    anna = browser("anna", "member")
    token = anna.get("/redaktion/neu/report").forms[0]["formular"].value
    visitor = fresh(anna)
    page = visitor.post("/redaktion/neu/page", {"title": "Eigene Worte", "formular": token}, status=401)
    form = next(form for form in page.forms.values() if form.action == "/anmelden")
    form["login"], form["password"] = "anna", PASSWORD
    page = form.submit()
    assert "Sie sind wieder angemeldet" in page.text and "Eigene Worte" in page.text


def test_a_form_before_the_sign_in_belongs_to_its_browser(desk):
    _, browser = desk
    mine, other = fresh(browser("anna", "member")), fresh(browser("otto", "member"))
    token = mine.get("/anmelden").html.find("input", {"name": "formular"})["value"]
    other.get("/anmelden")
    answer = other.post("/anmelden", {"formular": token, "login": "anna", "password": PASSWORD}, status=400)
    assert "noch einmal absenden" in answer.text
    assert sign_in(other, "anna").status_int == 303


def test_a_browser_that_keeps_no_cookies_is_told_so(desk):
    _, browser = desk
    app = fresh(browser("anna", "member"))
    form = app.get("/anmelden").forms[0]
    app.reset()
    form["login"], form["password"] = "anna", PASSWORD
    page = form.submit(status=400)
    assert "Cookies" in page.text and 'value="anna"' in page.text


def test_a_route_that_takes_a_form_and_does_not_say_how_it_knows_it_stops_the_start(portal, monkeypatch):
    monkeypatch.setattr(door, "PROOFS", {name: proof for name, proof in door.PROOFS.items() if name != "forgotten"})
    with pytest.raises(Exception, match="forgotten takes"):
        application(portal[1])


def test_a_link_that_was_made_up_keeps_no_writer_waiting_and_waits_for_none(portal):
    _, house = portal
    app = application(house)
    visitor = Browser(app)
    token = visitor.get("/anmelden").html.find("input", {"name": "formular"})["value"]
    methods = app.inner._application.registry.methods
    made_up = [
        (name, path)
        for name, path in routes(app)
        if name.startswith(("ticket", "alert.", "embargo.", "review.", "oidc_"))
    ]
    assert len(made_up) > 12
    with house.writing("somebody else") as work:
        work.session.execute(sa.text("UPDATE ledger_head SET position = position"))  # holds the writer until the end
        for name, path in made_up:
            for method in ("GET", *(("POST",) if "POST" in methods[name] else ())):
                body = f"formular={token}&schritt=all".encode() if method == "POST" else b""
                more = {"content_type": "application/x-www-form-urlencoded"} if body else {}
                began = time.monotonic()
                answer = visitor.request(path, method=method, body=body, status="*", **more)
                assert answer.status_int < 500 and time.monotonic() - began < LONG_WAIT_S / 2, (
                    name,
                    method,
                    answer.status,
                )
