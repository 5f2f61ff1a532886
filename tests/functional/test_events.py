"""Whoever is told of something is led to a page that lets them in, and lets them act where the event asks for it."""

from __future__ import annotations

import datetime as dt
import re
import shutil

import pytest
import sqlalchemy as sa

from content import models
from content.house import House
from content.schemas import SCHEMAS, clean_item
from content.services.accounts import accounts
from content.services.base import rights
from content.services.editing import edit
from content.services.notifications import notify, pages
from content.services.notifications.notify import EVENTS, Way
from content.services.workflow import deadlines, embargo, transition
from portal import settings
from portal.background.mail import Postman
from portal.web.templating import make_environment
from tests.functional.planting import ALL, OTHER, OWNER, Garden, example_input
from tests.functional.test_rights import PEOPLE
from workflows.publication import PUBLICATION
from workflows.rights import permits
from workflows.vocabulary import Permission

ASKING = {"waits", "due_soon", "overdue"}
"""Events that ask their reader to do something."""
TURN = {
    "implementation": Permission.IMPLEMENTATION_REPORT,
    "tasks": Permission.IMPLEMENTATION_REPORT,
    "item": Permission.ITEM_REVIEW,
    "review": Permission.REPORT_WRITE,
}
"""Purpose → the right of those whose turn it is."""


@pytest.fixture(scope="module")
def world(example_data, tmp_path_factory):
    """(portal without planted items, what events can be about: name → (item, purpose), login → browser)."""
    data = tmp_path_factory.mktemp("events") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    garden = Garden(house, is_planted=False)
    browsers = {login(who): garden.browser(login(who), *grants) for who, grants in PEOPLE.items()}
    with house.writing("pflanzer", permits=ALL) as work:
        subjects = _subjects(work)
    yield garden, subjects, browsers
    house.close()


def login(who):
    return f"x-{who.replace('@', '-')}-x"


def _subjects(work):
    """What events are about: name → (id, purpose)."""
    asked = _made(work, "recommendation", "gefragt", state="adopted", addressees=["Bayern"], due="zur 48. Sitzung")
    public = _made(work, "recommendation", "oeffentlich", state="adopted", addressees=["Bayern"], due="2026-12-31")
    transition.take(work.desk, public, PUBLICATION, "import")
    decision = work.session.scalars(
        sa.select(models.Decision).where(models.Decision.publication_state == "published").order_by(models.Decision.id)
    ).first()
    work.session.add(
        models.Task(
            item_id=decision.id, anchor=decision.clauses[0].anchor, addressee="BY", tracking="confirmed", state="open"
        )
    )
    voted = _made(work, "decision", "beschlossen", number=None)
    voted.procedure_state = "adopted"
    release = _made(work, "press_release", "eingereicht")
    transition.take(work.desk, release, PUBLICATION, "submit")
    report = _made(work, "report", "bericht")
    report.owner = OWNER
    return {
        "asked": (asked.id, "implementation"),
        "public": (public.id, "implementation"),
        "task": (decision.id, "tasks"),
        "voted": (voted.id, "item"),
        "release": (release.id, "item"),
        "report": (report.id, "review"),
    }


def _made(work, kind, slug, **more):
    given = {
        **example_input(work, kind, 1, "/beschluss/2021/39"),
        "slug": slug,
        "title": f"Titel {slug}",
        "text": "1. Text." if kind == "decision" else "Text.",
        **more,
    }
    value = clean_item(kind, {name: one for name, one in given.items() if name in SCHEMAS[kind]})
    return edit.save(work.session, kind, value, now=work.desk.now, actor="autorin", actor_name="Autorin").item


def _tell(house, event, item_id, about, occasion):
    """Tell everybody, as their mails and notices say it: login → (title, address)."""
    with house.writing("test") as work:
        item = work.session.get_one(models.Item, item_id)
        people = work.session.scalars(sa.select(models.Account).where(models.Account.login.startswith("x-"))).all()
        notify.notify(
            work.session, event, item, people, now=work.desk.now, occasion=occasion, words="Worte.", about=about
        )
        rows = work.session.execute(
            sa.select(models.Account.login, models.Notice.title, models.Notice.url)
            .join(models.Notice, models.Notice.account_id == models.Account.id)
            .where(models.Notice.key == f"{event}:{occasion}")
        ).all()
        jobs = work.session.scalars(
            sa.select(models.Job.payload).where(models.Job.key.contains(f"{event}:{occasion}"))
        ).all()
        assert {job["path"] for job in jobs} <= {row.url for row in rows}, "a mail leads where its notice leads"
        return {row.login: (row.title, row.url) for row in rows}


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_leads_everybody_who_is_told_to_a_page_that_lets_them_in(world, event):
    garden, subjects, browsers = world
    for name, (item_id, about) in subjects.items():
        told = _tell(garden.house, event, item_id, about, f"{event}-{name}")
        for who, grants in PEOPLE.items():
            if login(who) not in told:
                continue
            title, url = told[login(who)]
            page = browsers[login(who)].get(url, expect_errors=True)
            assert page.status_int == 200, (event, name, who, url)
            with garden.house.writing("test") as work:
                item = work.session.get_one(models.Item, item_id)
                assert title == rights.title_of(work.session, grants, item), (event, name, who)
            if event in ASKING and TURN[about] in permits(grants) and name != "voted" and not who.endswith(OTHER):
                assert 'method="post"' in page.text.split("<main", 1)[-1], (event, name, who, url)


def test_who_must_act_finds_the_form_for_it(world):
    garden, subjects, browsers = world
    for name in ("asked", "public", "task"):
        item_id, about = subjects[name]
        told = _tell(garden.house, "due_soon", item_id, about, f"acts-{name}")
        page = browsers[login(f"land@{OWNER}")].get(told[login(f"land@{OWNER}")][1], status=200)
        assert re.search(r'name="schritt"[^>]*value="report"', page.text), name
    told = _tell(garden.house, "waits", subjects["release"][0], "item", "acts-release")
    for who in ("secretariat@", "press@"):
        assert 'id="schritt-publication-publish"' in browsers[login(who)].get(told[login(who)][1], status=200).text
    told = _tell(garden.house, "waits", subjects["report"][0], "review", "acts-report")
    assert "/durchsicht" in told[login(f"member@{OWNER}")][1]
    assert login(f"member@{OTHER}") not in told and login(f"land@{OWNER}") not in told


def test_nobody_is_told_of_what_they_may_not_know(world):
    garden, subjects, _ = world
    told = _tell(garden.house, "returned", subjects["release"][0], "item", "hidden")
    assert set(told) == {login("secretariat@"), login("press@")}


def test_every_deadline_leads_where_it_is_acted_on():
    assert {one.about for one in deadlines.DEADLINES} <= pages.PAGES.keys()


def test_a_reminder_names_the_day_that_the_public_page_names(world):
    garden, subjects, _ = world
    house = garden.house
    with house.writing("pflanzer", permits=ALL) as work:
        item = work.session.get_one(models.Recommendation, subjects["public"][0])
        session = work.session.scalars(
            sa.select(models.Meeting)
            .where(
                models.Meeting.publication_state == "published",
                models.Meeting.date.is_not(None),
                models.Meeting.ordinal.is_not(None),
                models.Meeting.body_id == _main_body(work),
            )
            .order_by(models.Meeting.date.desc())
        ).first()
        value = clean_item("recommendation", {**item.input, "due": f"zur {session.ordinal}. Sitzung"})
        edit.save(work.session, "recommendation", value, now=work.desk.now, actor="autorin", item=item)
        transition.take(work.desk, item, PUBLICATION, "correct", {"note": "Frist"})
        url, day, now = item.url, session.date, work.desk.now
        account = accounts.find(work.session, login(f"land@{OWNER}"))
        notify.choose(work.session, account.id, {"due_soon": Way.DESK, "overdue": Way.DESK})
        deadlines.tell(work.session, dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(days=3))
        words = work.session.scalars(
            sa.select(models.Notice.words).where(
                models.Notice.item_id == item.id,
                models.Notice.account_id == account.id,
                models.Notice.words.contains("Umsetzung"),
            )
        ).all()
    assert now and any(f"Sitzung ({day:%d.%m.%Y})" in one for one in words), words
    shown = re.sub(r"<[^>]+>", "", garden.visitor().get(url).text)
    assert f"Sitzung ({day:%d.%m.%Y})" in " ".join(shown.split())


def test_what_is_under_embargo_is_in_no_subject(world):
    garden, _, _ = world
    with garden.house.writing("pflanzer", permits=ALL) as work:
        row = _made(work, "press_release", "gesperrt")
        embargo.set_until(work.desk, row, work.desk.now + dt.timedelta(days=2))
        person = accounts.find(work.session, login("press@"))
        notify.notify(work.session, "waits", row, [person], now=work.desk.now, occasion="sperre", words="Bitte prüfen.")
        [payload] = work.session.scalars(
            sa.select(models.Job.payload).where(models.Job.key.contains("waits:sperre"))
        ).all()
    postman = Postman(settings.load({"DATA": str(garden.house.data)}), make_environment())
    message = postman._message("mail.notice", {**payload, "key": "k"})
    assert "gesperrt" not in message["Subject"] and "Pressemitteilung unter Sperrfrist" in message["Subject"]


def _main_body(work):
    return work.session.scalar(sa.select(models.Body.id).where(models.Body.url == "/gremium/it-planungsrat"))
