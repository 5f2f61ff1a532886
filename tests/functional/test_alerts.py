"""Following a search: by mail with double opt-in, as a feed; leaving for good; told once, also after a crash."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from content import models
from content.house import House
from content.services.base import lookup
from content.services.browsing import following
from content.services.exchange import exchange
from content.services.workflow import transition
from portal import settings
from portal.app import make_app
from portal.background import clock
from portal.background.mail import Postman
from tests.functional.browsing import Browser

READER = "Rita.Leser@Amt.example"
KEPT = "rita.leser@amt.example"


class World:
    """A portal, a browser without cookies, a clock that is turned by hand, and the mails that came."""

    def __init__(self, house):
        self.house = house
        self.now = dt.datetime.now(dt.UTC)
        configured = settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example"})
        application = make_app(configured, house=house)
        templates = application.inner._application.registry.templates
        self.browser = Browser(application, address="203.0.113.9")
        self.postman = Postman(configured, templates)
        self.number = 0

    def tick(self, **later):
        self.now = max(self.now, dt.datetime.now(dt.UTC)) + dt.timedelta(**later)
        clock.tick(self.house, self.postman, now=lambda: self.now)

    def mails(self):
        folder = self.house.data / "mail"
        paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns) if folder.exists() else []
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]

    def told(self):
        """Addresses of the items that each mail about news names."""
        texts = [mail.get_content() for mail in self.mails() if "neu zu Ihrer Suche" in mail["Subject"]]
        return [re.findall(r"https://beschluesse\.example(/beschluss/\S+)", text) for text in texts]

    def publish(self, words, *, is_draft=False):
        self.number += 1
        line = {
            "type": "decision",
            "body": "it-planungsrat",
            "number": f"2031/{self.number:02d}",
            "title": words,
            "text": f"1. Der IT-Planungsrat beschließt {words}.",
        }
        path = self.house.data / "in.jsonl"
        path.write_text(json.dumps(line))
        with self.house.writing("test", clock=lambda: self.now) as work:
            exchange.Importer(work.desk, is_publishing=not is_draft).read([path])
        return f"/beschluss/2031/{self.number:02d}"

    def step(self, name, url, note):
        with self.house.writing("test", clock=lambda: self.now) as work:
            item = lookup.find(work.session, url)
            if name == "correct":
                item.text += "\n2. Ein Wort mehr."
            getattr(transition, name)(work.desk, item, note)

    def subscribe(self, query="q=Zwiebelkuchen", *, address=READER, rhythm="at_once", corrections=False):
        form = self.browser.get(f"/suche/abo?{query}").forms[1]
        form["email"], form["rhythm"], form["corrections"] = address, rhythm, corrections
        done = form.submit()
        self.tick()
        return done

    def confirm(self):
        path = re.search(r"/abo/bestaetigen/\S+", self.mails()[-1].get_content())[0]
        return self.browser.get(path).forms[1].submit().follow()

    def count(self, model):
        with self.house.reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(model))


@pytest.fixture
def world(portal):
    return World(portal[1])


def test_nothing_is_sent_before_the_address_is_confirmed(world):
    page = world.subscribe()
    assert "Bitte bestätigen Sie" in page.text and "Set-Cookie" not in page.headers
    world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    assert world.told() == [] and len(world.mails()) == 1
    assert world.mails()[0]["To"] == KEPT


def test_opening_the_link_confirms_nothing_the_button_does(world):
    world.subscribe()
    path = re.search(r"/abo/bestaetigen/\S+", world.mails()[0].get_content())[0]
    for _ in range(3):
        world.browser.get(path)
    with world.house.reading() as connection:
        assert connection.scalar(sa.select(models.Alert.confirmed_at)) is None
    page = world.confirm()
    assert "Meine Abos" in page.text and "Zwiebelkuchen" in page.text and "Set-Cookie" not in page.headers


def test_publication_is_told_at_once_and_once_with_links_to_leave(world):
    world.subscribe()
    world.confirm()
    url = world.publish("Zwiebelkuchen")
    world.publish("Apfelmus")
    for _ in range(3):
        world.tick(minutes=1)
    assert world.told() == [[url]]
    mail = world.mails()[-1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<https://beschluesse\.example/abo/abmelden/[^>]+>", mail["List-Unsubscribe"])
    assert mail["Subject"] == "1 neu zu Ihrer Suche „Zwiebelkuchen“"


def test_what_was_public_before_is_no_news(world):
    world.publish("Zwiebelkuchen")
    world.subscribe()
    world.confirm()
    world.tick(minutes=1)
    assert world.told() == []


def test_daily_message_comes_in_the_morning_with_all_of_the_day(world):
    world.subscribe(rhythm="daily")
    world.confirm()
    urls = [world.publish("Zwiebelkuchen eins"), world.publish("Zwiebelkuchen zwei")]
    world.tick()
    assert world.told() == []
    world.tick(hours=24)
    assert [sorted(told) for told in world.told()] == [urls]
    world.tick(hours=24)
    assert len(world.told()) == 1


def test_two_searches_tell_of_a_publication_once(world):
    for query in ("q=Zwiebelkuchen", "q=Zwiebelkuchen&art=decision"):
        world.subscribe(query)
        world.confirm()
    world.subscribe("q=Zwiebel*", rhythm="daily")
    world.confirm()
    url = world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    world.tick(hours=30)
    assert world.told() == [[url]]


def test_search_that_is_deleted_leaves_its_news_told(world):
    world.subscribe()
    world.confirm()
    world.subscribe("q=Zwiebel*", rhythm="daily")
    page = world.confirm()
    world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    page.forms[1].submit("schritt", value="delete")
    world.tick(hours=30)
    assert len(world.told()) == 1


@pytest.mark.parametrize(("corrections", "messages"), [(False, 1), (True, 2)])
def test_correction_is_news_only_for_those_who_chose_it(world, corrections, messages):
    world.subscribe(corrections=corrections)
    world.confirm()
    url = world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    world.step("correct", url, "Ein Wort fehlte.")
    world.tick(minutes=1)
    assert world.told() == [[url]] * messages


def test_drafts_and_what_was_withdrawn_in_time_never_leave_the_house(world):
    world.subscribe(rhythm="daily")
    world.confirm()
    world.publish("Zwiebelkuchen geheim", is_draft=True)
    gone = world.publish("Zwiebelkuchen falsch")
    world.step("withdraw", gone, "Versehen.")
    world.tick(hours=30)
    assert world.told() == []


def test_withdrawal_does_not_hold_back_the_news_before_it(world):
    world.subscribe()
    world.confirm()
    gone, url = world.publish("Apfelmus"), world.publish("Zwiebelkuchen")
    world.step("withdraw", gone, "Versehen.")
    world.tick(minutes=1)
    assert world.told() == [[url]]


def test_what_is_withdrawn_between_finding_and_sending_is_not_named(world):
    world.subscribe()
    world.confirm()
    url = world.publish("Zwiebelkuchen")

    def down(_kind, _payload):
        raise OSError("421 rita.leser@amt.example: try later")

    clock.tick(world.house, down, now=lambda: world.now)
    with world.house.reading() as connection:
        job = connection.execute(sa.select(models.Job.__table__).where(models.Job.kind == "mail.alert")).one()
    assert "@" not in job.error and "@" not in json.dumps(job.payload), "an address stays in the outbox"
    world.step("withdraw", url, "Versehen.")
    world.tick(hours=2)
    assert world.told() == []


def test_matching_is_what_the_search_page_finds(world):
    world.subscribe("q=Zwiebelkuchen+-Speck&jahr=2031")
    world.confirm()
    wanted = world.publish("Zwiebelkuchen ohne alles")
    world.publish("Zwiebelkuchen mit Speck")
    world.publish("Zwiebel allein")
    world.tick(minutes=1)
    assert world.told() == [[wanted]]
    found = set(
        re.findall(
            r'class="row-title" href="(\S+?)"', world.browser.get("/suche?q=Zwiebelkuchen+-Speck&jahr=2031").text
        )
    )
    assert found == {wanted}


def test_one_click_leaves_without_a_page_and_twice_is_no_error(world):
    world.subscribe()
    world.confirm()
    world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    link = world.mails()[-1]["List-Unsubscribe"][1:-1].removeprefix("https://beschluesse.example")
    assert "Abo beenden" in world.browser.get(link).text and world.count(models.Alert) == 1
    for _ in range(2):
        assert world.browser.post(link, "List-Unsubscribe=One-Click").status_int == 200
    assert (world.count(models.Alert), world.count(models.Subscriber), world.count(models.AlertNotice)) == (0, 0, 0)


def test_nothing_of_the_address_is_left_after_leaving(world, caplog):
    world.subscribe()
    world.confirm()
    world.publish("Zwiebelkuchen")
    world.tick(minutes=1)
    page = world.browser.get(re.search(r"/abo/\d\S+", world.mails()[-1].get_content())[0])
    assert "gelöscht" in page.forms[2].submit("schritt", value="all").text
    world.tick(hours=25)
    shutil.rmtree(world.house.data / "mail")  # where no mail server is set, this folder is the reader's letter box
    world.house.close()
    sqlite3.connect(world.house.data / "portal.db").execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    held = [
        path for path in world.house.data.rglob("*") if path.is_file() and KEPT.encode() in path.read_bytes().lower()
    ]
    assert held == [] and KEPT not in caplog.text


def test_personal_page_changes_and_deletes(world):
    world.subscribe()
    world.confirm()
    world.subscribe("q=Apfelmus")
    page = world.confirm()
    form = page.forms[1]
    form["rhythm"] = "daily"
    page = form.submit("schritt", value="change").follow()
    assert page.forms[1]["rhythm"].value == "daily"
    page = page.forms[1].submit("schritt", value="delete").follow()
    assert "Zwiebelkuchen" not in page.text and "Apfelmus" in page.text
    assert "Alle Ihre Abos" in page.forms[1].submit("schritt", value="delete").text
    assert world.count(models.Subscriber) == 0


def test_lost_link_is_sent_again_and_tells_strangers_nothing(world):
    world.subscribe()
    world.confirm()
    answers = []
    for address in (READER, "niemand@amt.example"):
        form = world.browser.get("/abo").forms[1]
        form["email"] = address
        answers.append(form.submit().text)
    world.tick()
    assert answers[0] == answers[1]
    assert [mail["To"] for mail in world.mails()] == [KEPT, KEPT]
    old = re.search(r"/abo/\d\S+", world.mails()[-1].get_content())[0]
    page = world.browser.get(old)
    page.forms[2].submit("schritt", value="renew")
    assert world.browser.get(old, status=404)
    world.tick()
    assert world.browser.get(re.search(r"/abo/\d\S+", world.mails()[-1].get_content())[0])


def test_same_search_again_changes_nothing_for_whoever_follows_it(world):
    world.subscribe(rhythm="daily")
    world.confirm()
    known, unknown = world.subscribe().text, world.subscribe(address="neu@amt.example").text
    assert known == unknown
    with world.house.reading() as connection:
        assert (
            connection.scalar(sa.select(models.Alert.rhythm).where(models.Alert.confirmed_at.is_not(None))) == "daily"
        )


def test_flood_of_mail_to_one_address_stops(world):
    for number in range(8):
        world.subscribe(f"q=wort{number}", address=f"rita.leser+{number}@amt.example")
    assert len(world.mails()) == 4


def test_flood_from_one_visitor_is_refused_without_keeping_who_it_was(world):
    form = world.browser.get("/suche/abo?q=Wort").forms[1]
    codes = []
    for number in range(22):
        form["email"] = f"leser{number}@amt.example"
        codes.append(form.submit(expect_errors=True).status_int)
    assert codes[:20] == [200] * 20 and codes[20:] == [429] * 2
    with world.house.reading() as connection:
        kept = connection.execute(sa.text("SELECT * FROM alert_request")).all()
    assert "203.0.113.9" not in str(kept)
    world.browser.extra_environ["REMOTE_ADDR"] = "203.0.113.10"
    world.tick(hours=25)
    assert world.count(models.AlertRequest) == 0


def test_a_household_with_many_addresses_is_one_visitor(world):
    form = world.browser.get("/suche/abo?q=Wort").forms[1]
    codes = []
    for number in range(22):
        world.browser.extra_environ["REMOTE_ADDR"] = f"2001:db8:1:2::{number + 1:x}"
        form["email"] = f"leser{number}@amt.example"
        codes.append(form.submit(expect_errors=True).status_int)
    assert codes == [200] * 20 + [429] * 2


def test_what_was_never_confirmed_is_forgotten(world):
    world.subscribe()
    world.tick(hours=49)
    assert (world.count(models.Alert), world.count(models.Subscriber)) == (0, 0)
    path = re.search(r"/abo/bestaetigen/\S+", world.mails()[0].get_content())[0]
    assert "gilt nicht mehr" in world.browser.get(path, status=404).text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "fehlt"),
        ("email", "rita", "keine E-Mail"),
        ("email", "a@b", "keine E-Mail"),
        ("email", "a\r\nBcc: x@y.example", "keine E-Mail"),
        ("email", "x" * 300 + "@amt.example", "keine E-Mail"),
        ("rhythm", "stündlich", "Rhythmus"),
        ("formular", "1.falsch", "zu lange offen"),
        ("formular", "", "zu lange offen"),
        ("email", "rita@änderung.example\x00", "keine E-Mail"),
    ],
)
def test_bad_input_is_named_and_kept(world, field, value, words):
    form = world.browser.get("/suche/abo?q=Zwiebelkuchen&jahr=2031").forms[1]
    given = {**dict(form.submit_fields()), "email": READER, field: value}
    page = world.browser.post("/suche/abo", given, status=400)
    assert words in page.text and "Zwiebelkuchen" in page.text and world.mails() == []
    if field != "email":
        assert READER in page.text


def test_form_of_another_site_sends_nothing(world):
    form = world.browser.get("/suche/abo?q=Zwiebelkuchen").forms[1]
    form["email"] = READER
    assert form.submit(headers={"Origin": "https://boese.example"}, status=403)
    assert form.submit(headers={"Origin": "null"}, status=400), (
        "without a cookie the browser must say that our page sent it"
    )
    world.tick()
    assert world.mails() == []


def test_letterhead_is_not_lent_to_advertising(world):
    world.subscribe("q=Jetzt+kaufen+http://spam.example/x")
    assert "spam.example" not in world.mails()[0].get_content()


@pytest.mark.parametrize(
    "path",
    [
        "/abo/bestaetigen/1.AAAAAAAAAAAAAAAAAAAAAA",
        "/abo/1.AAAAAAAAAAAAAAAAAAAAAA",
        "/abo/999999999999.AAAAAAAAAAAAAAAAAAAAAA",
        "/abo/x",
    ],
)
def test_guessed_link_opens_nothing(world, path):
    world.subscribe()
    world.confirm()
    assert KEPT not in world.browser.get(path, status=404).text
    if path != "/abo/x":
        answer = world.browser.post(path, {"schritt": "all"}, expect_errors=True)
        assert answer.status_int in {404, 405} or answer.location.endswith(path), "back to the page that opens nothing"
    assert world.count(models.Subscriber) == 1


def test_search_is_a_feed_with_the_same_filters(world):
    urls = [world.publish("Zwiebelkuchen eins"), world.publish("Zwiebelkuchen zwei")]
    page = world.browser.get("/suche?q=Zwiebelkuchen&jahr=2031")
    link = re.search(r'rel="alternate" href="(/suche\.atom[^"]+)"', page.text)[1].replace("&amp;", "&")
    feed = world.browser.get(link)
    assert feed.content_type == "application/atom+xml" and "Set-Cookie" not in feed.headers
    entries = re.findall(r"<id>https://beschluesse\.example(/beschluss/[^<]+)</id>", feed.text)
    assert sorted(entries) == urls
    assert world.browser.get(link, headers={"If-None-Match": feed.headers["ETag"]}, status=304)
    assert world.browser.get("/suche.atom?q=Zwiebelkuchen&jahr=1999").text.count("<entry>") == 0
    assert world.browser.get("/suche.atom", status=400)
    world.step("withdraw", urls[0], "Versehen.")
    assert urls[0] not in world.browser.get(link).text


@pytest.mark.parametrize("stretch", [1_000, 10])
def test_what_is_published_last_leads_the_feed_however_old_it_is(world, monkeypatch, stretch):
    monkeypatch.setattr(following, "_MANY", stretch)
    line = {
        "type": "decision",
        "body": "it-planungsrat",
        "number": "2012/88",
        "title": "IT-Planungsrat",
        "text": "Der IT-Planungsrat holt etwas nach.",
        "date": "2012-03-01",
    }
    path = world.house.data / "in.jsonl"
    path.write_text(json.dumps(line))
    with world.house.writing("test", clock=lambda: world.now + dt.timedelta(hours=1)) as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])
    feed = world.browser.get("/suche.atom?q=IT-Planungsrat")
    entries = re.findall(r"<entry>.*?<id>https://beschluesse\.example([^<]+)</id>", feed.text, re.DOTALL)
    assert entries[0] == "/beschluss/2012/88" and len(entries) == 40


def test_days_are_told_as_people_write_them(world):
    assert (
        "„Zwiebelkuchen“, von 01.01.2018, bis 31.12.2019"
        in world.browser.get("/suche/abo?q=Zwiebelkuchen&von=2018-01-01&bis=2019").text
    )


def test_a_search_without_any_word_is_no_alert(world):
    form = world.browser.get("/suche/abo?q=((").forms[1]
    form["email"] = READER
    assert "enthält kein Wort" in form.submit(status=400).text and world.count(models.Alert) == 0


@pytest.mark.parametrize("query", ["q=a&von=gestern", "q=a&art=quatsch", "q=a&jahr=20x1"])
def test_a_filter_that_is_none_is_neither_feed_nor_alert(world, query):
    assert "Erwartet wird" in world.browser.get(f"/suche.atom?{query}", status=400).text
    form = world.browser.get(f"/suche/abo?{query}").forms[1]
    form["email"] = READER
    assert "Bitte die Suche ändern" in form.submit(status=400).text and world.count(models.Alert) == 0


@pytest.mark.slow
@pytest.mark.parametrize("round_number", range(2))
def test_killed_clock_tells_each_publication_exactly_once(world, round_number):
    for query in ("q=Zwiebelkuchen", "q=Zwiebel*"):
        world.subscribe(query)
        world.confirm()
    chance = random.Random(round_number)
    urls = []
    for _ in range(8):
        urls += [world.publish(f"Zwiebelkuchen {len(urls)}") for _ in range(2)]
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", RUNNER, str(world.house.data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as runner:
            assert runner.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.06))
            runner.kill()
    world.now = dt.datetime.now(dt.UTC)
    for _ in range(3):
        world.tick(hours=1)
    told = [url for urls_of_mail in world.told() for url in urls_of_mail]
    assert sorted(told) == sorted(urls)


RUNNER = """
import sys
from pathlib import Path
from content.house import House
from portal import settings
from portal.background import clock
from portal.background.mail import Postman
from portal.web.templating import make_environment
house = House.open(Path(sys.argv[1]))
send = Postman(settings.load({"DATA": sys.argv[1], "BASE_URL": "https://beschluesse.example"}), make_environment())
print("ready", flush=True)
while True:
    clock.tick(house, send)
"""


def test_two_workers_at_once_write_one_message(world):
    from content.services.search import news, saved

    world.subscribe()
    world.confirm()
    world.publish("Zwiebelkuchen")
    other = House.open(world.house.data)
    matches = saved.matcher(world.house)
    done = []

    def slow(parameters, editions):
        found = matches(parameters, editions)
        done.append(news.collect(other, saved.matcher(other), world.now))  # the other one is faster
        return found

    assert news.collect(world.house, slow, world.now) == 0 and done == [1]
    other.close()
    world.tick(minutes=1)
    assert len(world.told()) == 1
