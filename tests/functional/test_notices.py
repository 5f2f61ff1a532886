"""Notices: told once per occasion, by the way each person chose, at once or once a day, and never twice."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.search.joined import Mended
from content.services.accounts import accounts, reset
from content.services.base import outbox
from content.services.editing import edit
from content.services.notifications import digest, notify
from content.services.notifications.notify import Way
from content.services.workflow import deadlines, transition
from portal.background import clock
from tests.functional.people import logged
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)


@pytest.fixture
def people(house):
    """Petra and Paula of the press office, and Lars of Hamburg without an address."""
    with house.writing("test") as work:
        for login, role, email in (
            ("petra", "press", "petra@amt.example"),
            ("paula", "press", "paula@amt.example"),
            ("lars", "land", ""),
        ):
            _join(work.session, login, role, "hamburg" if role == "land" else "", email)
    return house


@pytest.fixture
def others(people):
    """Also Berta of Bremen and Gerda of the secretariat."""
    with people.writing("test") as work:
        _join(work.session, "berta", "land", "bremen")
        _join(work.session, "gerda", "secretariat")
    return people


def _join(session, login, role, organisation="", email=""):
    account = accounts.create(session, login=login, name=login.title(), email=email, now=NOW)
    accounts.grant(session, account, role, organisation, by="test", now=NOW)


def page_of(house, slug="x"):
    with house.writing("petra") as work:
        value = clean_item("page", {"slug": slug, "title": f"Seite {slug}", "text": "x"})
        return edit.save(work.session, "page", value, now=NOW, actor="petra", actor_name="Petra").item.id


def take(house, item_id, name, actor, fields=None, now=NOW):
    with house.writing(actor, name=actor.title(), permits=ROLES["press"].permits, clock=lambda: now) as work:
        transition.take(work.desk, work.session.get_one(models.Item, item_id), PUBLICATION, name, fields or {})


def told(house, login):
    """(event, title, is unread) of everything a person was told."""
    with house.writing("test") as work:
        account = accounts.find(work.session, login)
        query = sa.select(models.Notice).where(models.Notice.account_id == account.id).order_by(models.Notice.id)
        return [(row.event, row.title, row.read_at is None) for row in work.session.scalars(query)]


def mails(house, now=NOW):
    """What a tick of the clock sends: (kind, to)."""
    sent = []
    clock.tick(house, lambda kind, payload: sent.append((kind, payload["to"])), now=lambda: now)
    return sent


def choose(house, login, event, way):
    with house.writing("test") as work:
        notify.choose(work.session, accounts.find(work.session, login).id, {event: way})


def test_a_submitted_text_waits_for_the_others_until_one_has_decided(people):
    item = page_of(people)
    take(people, item, "submit", "petra")
    assert told(people, "paula") == [("waits", "Seite x", True)] and told(people, "petra") == []
    assert mails(people) == [("mail.notice", "paula@amt.example")]
    assert mails(people) == []
    take(people, item, "reject", "paula", {"comment": "Bitte kürzer."})
    assert told(people, "paula") == [("waits", "Seite x", False)]
    assert told(people, "petra") == [("returned", "Seite x", True)]


def test_a_comment_that_comes_with_a_return_is_told(people):
    item = page_of(people)
    take(people, item, "submit", "petra")
    take(people, item, "reject", "paula", {"comment": "Bitte kürzer."})
    with people.writing("test") as work:
        words = work.session.scalar(sa.select(models.Notice.words).where(models.Notice.event == "returned"))
    assert "Bitte kürzer." in words


@pytest.mark.parametrize(
    ("way", "is_told", "is_mailed"),
    [(Way.NOW, True, True), (Way.DESK, True, False), (Way.OFF, False, False), (Way.DAILY, True, False)],
)
def test_each_person_hears_of_it_as_chosen(people, way, is_told, is_mailed):
    choose(people, "paula", "waits", way)
    take(people, page_of(people), "submit", "petra")
    assert bool(told(people, "paula")) == is_told
    assert bool(mails(people)) == is_mailed


def test_the_same_occasion_is_told_once_and_another_one_again(people):
    for occasion, count in (("a", 2), ("a", 0), ("b", 2)):
        with people.writing("test") as work:
            everyone = work.session.scalars(sa.select(models.Account).where(models.Account.login != "lars")).all()
            assert (
                notify.notify(
                    work.session,
                    "changed",
                    None,
                    everyone,
                    now=NOW,
                    occasion=occasion,
                    words="x",
                    title="T",
                    url="/redaktion",
                )
                == count
            )


def test_who_is_locked_out_or_did_it_is_not_told(people):
    with people.writing("test") as work:
        accounts.set_active(work.session, accounts.find(work.session, "paula"), is_active=False)
        everyone = work.session.scalars(sa.select(models.Account)).all()
        assert (
            notify.notify(
                work.session, "waits", None, everyone, now=NOW, occasion="a", words="x", title="T", actor="petra"
            )
            == 1
        )
    assert told(people, "lars") == [("waits", "T", True)] and mails(people) == []


def test_an_unknown_event_is_a_fault_of_the_caller(people):
    with people.writing("test") as work, pytest.raises(KeyError):
        notify.notify(work.session, "nonsense", None, [], now=NOW, occasion="a", words="x")


def test_the_daily_mail_holds_what_is_still_unread_and_comes_once(people):
    choose(people, "paula", "waits", Way.DAILY)
    first, second, third = (page_of(people, slug) for slug in ("a", "b", "c"))
    for item in (first, second, third):
        take(people, item, "submit", "petra")
    take(people, first, "recall", "petra")
    with people.writing("test") as work:
        notify.mark_read(
            work.session,
            accounts.find(work.session, "paula").id,
            NOW,
            notice_id=work.session.scalar(sa.select(models.Notice.id).where(models.Notice.item_id == second)),
        )
    assert mails(people, NOW + dt.timedelta(hours=2)) == []
    morning = dt.datetime(2026, 11, 26, 6, 0, 1, tzinfo=dt.UTC)
    assert mails(people, morning - dt.timedelta(seconds=2)) == []
    sent = []
    clock.tick(people, lambda kind, payload: sent.append((kind, payload)), now=lambda: morning)
    assert [(kind, payload["count"], payload["lines"][0]["title"]) for kind, payload in sent] == [
        ("mail.digest", 1, "Seite c")
    ]
    assert mails(people, morning + dt.timedelta(hours=1)) == [] and mails(people, morning + dt.timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-25T05:59:59", "2026-11-24T06:00"),
        ("2026-11-25T06:00", "2026-11-25T06:00"),
        ("2026-07-01T05:00", "2026-07-01T05:00"),
    ],
)
def test_the_daily_mail_opens_at_seven_in_berlin_in_winter_and_summer(moment, opening):
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    assert digest.opened_at(at) == dt.datetime.fromisoformat(opening).replace(tzinfo=dt.UTC)


def test_a_text_that_waits_too_long_is_overdue_once(people):
    take(people, page_of(people), "submit", "petra", now=NOW)
    mails(people, NOW + dt.timedelta(days=2))
    assert [event for event, *_ in told(people, "paula")] == ["waits"]
    for hours in (73, 74, 90):
        mails(people, NOW + dt.timedelta(hours=hours))
    assert [event for event, *_ in told(people, "paula")] == ["waits", "overdue"]


def test_what_is_not_due_any_more_needs_no_reading(people):
    item = page_of(people)
    take(people, item, "submit", "petra", now=NOW)
    late = NOW + dt.timedelta(hours=90)
    mails(people, late)
    assert [row for row in told(people, "paula") if row[0] == "overdue"] == [("overdue", "Seite x", True)]
    take(people, item, "reject", "paula", {"comment": "Nein."}, now=late)
    mails(people, late + dt.timedelta(hours=2))
    assert [row for row in told(people, "paula") if row[0] == "overdue"] == [("overdue", "Seite x", False)]


def test_a_recommendation_is_due_soon_and_then_overdue_and_a_new_date_reminds_anew(others):
    with others.writing("test") as work:
        value = clean_item(
            "recommendation",
            {
                "slug": "r",
                "title": "R",
                "text": "x",
                "due": "2026-12-31",
                "state": "implementing",
                "addressees": ["Hamburg"],
            },
        )
        item = edit.save(work.session, "recommendation", value, now=NOW).item
        item_id = item.id
    for day in ("2026-12-01", "2026-12-20", "2026-12-21", "2027-01-02", "2027-01-03"):
        with others.writing("test") as work:
            deadlines.tell(work.session, dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC))
    assert [event for event, *_ in told(others, "lars")] == ["due_soon", "overdue"]
    with others.writing("test") as work:
        work.session.get_one(models.Recommendation, item_id).due = "31.01.2027"
        work.session.flush()
        deadlines.tell(work.session, dt.datetime(2027, 1, 20, tzinfo=dt.UTC))
    assert [event for event, *_ in told(others, "lars")] == ["due_soon", "overdue", "due_soon"]
    assert [event for event, *_ in told(others, "gerda")] == ["due_soon", "overdue", "due_soon"]
    assert told(others, "berta") == []


def test_who_reported_that_it_is_done_is_not_reminded_until_the_report_comes_back(others):
    with others.writing("test") as work:
        value = clean_item(
            "recommendation",
            {
                "slug": "r",
                "title": "R",
                "text": "x",
                "due": "2026-12-31",
                "state": "implementing",
                "addressees": ["Hamburg", "Bremen"],
            },
        )
        item = edit.save(work.session, "recommendation", value, now=NOW).item
        row = models.Implementation(item_id=item.id, addressee="HH", state="done", reported_by="Lars", reported_at=NOW)
        work.session.add(row)
        work.session.flush()
        deadlines.tell(work.session, dt.datetime(2026, 12, 20, tzinfo=dt.UTC))
        row.comment = "Der Nachweis fehlt."
    assert (told(others, "lars"), [event for event, *_ in told(others, "berta")]) == ([], ["due_soon"])
    with others.writing("test") as work:
        deadlines.tell(work.session, dt.datetime(2026, 12, 21, tzinfo=dt.UTC))
    assert [event for event, *_ in told(others, "lars")] == ["due_soon"] and len(told(others, "berta")) == 1


@pytest.fixture
def task(others):
    """Hamburg and FITKO are to report to a session on 31 January 2027; the address of the task of Hamburg."""
    with others.writing("test") as work:
        for kind, given in (
            ("body", {"slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}),
            ("meeting", {"body": "it-planungsrat", "kind": "numbered", "ordinal": 48, "date": "2027-01-31"}),
            (
                "decision",
                {
                    "body": "it-planungsrat",
                    "number": "2026/01",
                    "text": "1. Er bittet Hamburg und FITKO, zur 48. Sitzung zu berichten.",
                },
            ),
        ):
            item = edit.save(work.session, kind, clean_item(kind, given), now=NOW).item
        item.procedure_state = "adopted"  # its title is for members from then on
        rows = [
            models.Task(
                item_id=item.id,
                anchor="z1",
                addressee=who,
                due_meeting="/sitzung/48",
                tracking="confirmed",
                state="open",
            )
            for who in ("HH", "FITKO")
        ]
        work.session.add_all(rows)
        work.session.flush()
        return rows[0].id


def _reminded_on(others, *days):
    for day in days:
        with others.writing("test") as work:
            deadlines.tell(work.session, dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC))
    return {login: [event for event, *_ in told(others, login)] for login in ("lars", "berta", "gerda", "petra")}


def test_a_task_reminds_its_member_and_the_secretariat_once_before_the_session_and_once_after(others, task):
    assert _reminded_on(others, "2026-12-31") == {"lars": [], "berta": [], "gerda": [], "petra": []}
    assert _reminded_on(others, "2027-01-04", "2027-01-05", "2027-01-20") == {
        "lars": ["due_soon"],
        "berta": [],
        "gerda": ["due_soon"],
        "petra": [],
    }
    assert _reminded_on(others, "2027-02-02", "2027-02-03") == {
        "lars": ["due_soon", "overdue"],
        "berta": [],
        "gerda": ["due_soon", "overdue"],
        "petra": [],
    }


def test_a_task_that_is_done_reminds_its_member_no_more(others, task):
    with others.writing("test") as work:
        work.session.get_one(models.Task, task).state = "done"
    assert _reminded_on(others, "2027-01-05") == {"lars": [], "berta": [], "gerda": ["due_soon"], "petra": []}


def test_a_task_without_a_day_of_its_session_reminds_nobody(others, task):
    with others.writing("test") as work:
        work.session.execute(sa.update(models.Meeting).values(date=None))
    assert set(map(len, _reminded_on(others, "2027-01-05", "2027-02-05").values())) == {0}


def test_a_date_that_is_none_is_left_alone():
    assert [deadlines.end_of(text) for text in ("Ende 2026", "", "2026-13-40", "31.02.2026")] == [None] * 4


def test_deadlines_are_looked_for_once_an_hour_by_whichever_process(people):
    mails(people, NOW)
    mails(people, NOW + dt.timedelta(minutes=20))
    mails(people, NOW + dt.timedelta(minutes=61))
    with people.writing("test") as work:
        assert work.session.scalar(sa.select(sa.func.count()).where(models.Job.kind == "house.deadlines")) == 2


def test_of_two_workers_one_gets_the_job_and_a_dead_ones_job_comes_back(house):
    with house.writing("test") as work:
        outbox.put(work.session, "mail.x", "k", {"to": "a"}, due_at=NOW)
        job = work.session.scalar(sa.select(models.Job.id))
    claims = []
    for moment in (
        NOW,
        NOW,
        NOW + outbox.CLAIM_LIFE - dt.timedelta(seconds=1),
        NOW + outbox.CLAIM_LIFE + dt.timedelta(seconds=1),
    ):
        with house.writing("test") as work:
            claims.append(outbox.claim(work.session, job, moment) is not None)
    assert claims == [True, False, False, True]


def test_what_was_sent_forgets_its_secret_and_what_is_refused_is_given_up(house):
    with house.writing("test") as work:
        outbox.put(work.session, "mail.x", "good", {"to": "a", "url": "geheim"}, due_at=NOW)
        outbox.put(work.session, "mail.x", "bad", {"to": "b"}, due_at=NOW)

    def send(_kind, payload):
        if payload["to"] == "b":
            raise outbox.RefusedForGood("550 unbekannt")

    clock.tick(house, send, now=lambda: NOW)
    with house.writing("test") as work:
        rows = {row.key: row for row in work.session.scalars(sa.select(models.Job).where(models.Job.kind == "mail.x"))}
        assert rows["good"].payload == {} and rows["good"].done_at
        assert rows["bad"].given_up_at and rows["bad"].error == "550 unbekannt"
        assert [row.key for row in outbox.troubled(work.session)] == ["bad"] and outbox.counts(work.session) == (0, 1)
        outbox.retry(work.session, rows["bad"].id, NOW)
    assert mails(house, NOW) == [("mail.x", "b")]


def test_trying_ends_after_the_last_attempt(house):
    with house.writing("test") as work:
        outbox.put(work.session, "mail.x", "k", {"to": "a"}, due_at=NOW)
    tries = []

    def send(_kind, payload):
        tries.append(payload)
        raise OSError("away")

    moment = NOW
    for _ in range(20):
        clock.tick(house, send, now=lambda: moment)  # noqa: B023 - called at once
        moment += dt.timedelta(days=2)
    assert len(tries) == outbox.MAX_ATTEMPTS


def test_what_a_person_chooses_to_hear_of_stands_in_the_audit_log_once(desk):
    house, browser = desk
    app = browser("lea", "member")
    for way in ("daily", "daily", "nonsense"):
        form = app.get("/redaktion/hinweise/einstellungen").forms[1]
        form["waits"].force_value(way)
        form.submit(status=303)
    rows = logged(house, "notices.chosen")
    assert [(row.actor, row.subject, row.detail, row.address) for row in rows] == [
        ("lea", "lea", "Etwas wartet auf mich: sofort per E-Mail → gesammelt einmal am Tag", "10.0.0.1"),
    ]


def test_every_step_that_gives_something_back_is_one_of_its_workflow_and_asks_for_a_comment():
    from content.services.workflow.step_notices import RETURNING
    from workflows.catalogue import WORKFLOWS

    for workflow, name in RETURNING:
        assert "comment" in WORKFLOWS[workflow].transitions[name].needs, (workflow, name)


@pytest.fixture
def administration(people):
    """Also Adam, who looks after accounts."""
    with people.writing("test") as work:
        _join(work.session, "adam", "administrator", email="adam@amt.example")
    return people


def _refusing(_kind, _payload):
    raise outbox.RefusedForGood("550 unbekannt")


def test_the_administration_hears_once_a_day_of_messages_that_do_not_go_out_and_never_of_its_own(administration):
    house = administration
    for number in range(2):
        with house.writing("test") as work:
            outbox.put(work.session, "mail.x", f"k{number}", {"to": "weg@amt.example"}, due_at=NOW)
    clock.tick(house, _refusing, now=lambda: NOW)
    assert told(house, "adam") == [("trouble", "Nachrichten", True)] and told(house, "petra") == []
    with house.writing("test") as work:
        assert work.session.scalars(sa.select(models.Notice.url)).all() == ["/redaktion/versand"]
    clock.tick(house, _refusing, now=lambda: NOW)
    clock.tick(house, _refusing, now=lambda: NOW + dt.timedelta(days=1))
    assert len(told(house, "adam")) == 1, "a message about trouble that does not go out is told of by nothing"


def test_a_message_that_is_tried_again_is_no_trouble_yet(administration):
    with administration.writing("test") as work:
        outbox.put(work.session, "mail.x", "k", {"to": "a"}, due_at=NOW)

    def away(_kind, _payload):
        raise OSError("away")

    clock.tick(administration, away, now=lambda: NOW)
    assert told(administration, "adam") == []


def test_the_administration_hears_of_a_search_index_that_was_damaged(administration, monkeypatch):
    monkeypatch.setattr(administration, "is_search_behind", lambda: True)
    monkeypatch.setattr(
        administration, "reconcile_search", lambda: Mended(added=5, was_damaged=True, fault="Datei fehlt.")
    )
    clock.tick(administration, lambda *_: None, now=lambda: NOW)
    assert told(administration, "adam") == [("trouble", "Suchindex", True)] and told(administration, "petra") == []
    monkeypatch.setattr(administration, "reconcile_search", lambda: Mended(added=5))
    clock.tick(administration, lambda *_: None, now=lambda: NOW + dt.timedelta(days=1))
    assert len(told(administration, "adam")) == 1, "an index that was only behind is no trouble"


@pytest.mark.parametrize("typed", ["lars", "lars@amt.example"])
def test_the_administration_hears_that_somebody_wants_a_password_for_a_locked_account(administration, typed):
    house = administration
    with house.writing("test") as work:
        account = accounts.find(work.session, "lars")
        account.email = "lars@amt.example"
        accounts.set_active(work.session, account, is_active=False)
        number = account.id
    for moment in (NOW, NOW + dt.timedelta(seconds=1)):
        with house.writing("test") as work:
            reset.ask(work.session, typed, "https://x.example", moment, address="192.0.2.1")
        assert [kind for kind, _ in mails(house, moment) if kind == "mail.reset"] == []
    assert told(house, "adam") == [("locked_out", "Konto lars", True)] and told(house, "lars") == []
    with house.writing("test") as work:
        assert work.session.scalars(sa.select(models.Notice.url)).all() == [f"/redaktion/konten/{number}"]
