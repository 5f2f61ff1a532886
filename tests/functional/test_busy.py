"""Somebody else holds the database or the index for longer than anybody waits: that is no fault, and nothing is lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sqlite3
import threading
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp

from content import models
from content.database import patience
from content.database.patience import Patience, ReadsOnly
from content.search import joined
from content.services.accounts import sessions
from content.services.publishing import ledger
from content.services.publishing.ledger import SEEN_FILE
from portal.views.public import files
from tests.functional.browsing import registry_of
from tests.functional.conftest import PASSWORD
from tests.functional.test_desk import form_of, new_press, step
from workflows.vocabulary import ROLES


@contextlib.contextmanager
def held(house):
    """Another program writes: on SQLite the database has one writer, on PostgreSQL it has locked every table against writing."""
    if house.engine.dialect.name == "sqlite":
        with contextlib.closing(sqlite3.connect(house.data / "portal.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    with house.engine.connect() as other:
        names = ", ".join(f'"{table.name}"' for table in models.Edition.metadata.sorted_tables)
        other.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        yield
        other.rollback()


def told_to_come_back(answer):
    return (
        answer.status_int == 503
        and int(answer.headers["Retry-After"]) > 0
        and "Gerade wird viel geschrieben" in answer.text
        and "Es wurde nichts geändert" in answer.text
    )


def test_a_step_that_waited_too_long_asks_to_come_back_and_can_be_taken_then(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = step(new_press(app).follow(), "submit")
    with held(house):
        assert told_to_come_back(form.submit(expect_errors=True))
    assert form.submit().status_int == 303


def test_a_text_that_could_not_be_saved_is_sent_again_by_the_same_form(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {
        "slug": "warten",
        "title": "Warten",
        "publisher": "IT-Planungsrat",
        "text": "Ein langer Text.",
    }.items():
        form[name] = value
    with held(house):
        assert told_to_come_back(form.submit(expect_errors=True))
    address = form.submit().headers["Location"]
    assert form_of(app.get(f"{address}/bearbeiten"))["text"].value == "Ein langer Text."


def test_what_was_typed_comes_back_in_a_form_that_sends_it_again(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {
        "slug": "warten",
        "title": "Warten",
        "publisher": "IT-Planungsrat",
        "text": "Ein <langer> Text.",
    }.items():
        form[name] = value
    with held(house):
        refused = form.submit(expect_errors=True)
    again = next(one for one in refused.forms.values() if "text" in one.fields)
    assert again["text"].value == "Ein <langer> Text." and again.action.endswith("/redaktion/neu/press_release")
    assert form_of(app.get(f"{again.submit().headers['Location']}/bearbeiten"))["text"].value == "Ein <langer> Text."


def test_a_secret_that_was_typed_stands_in_no_page(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = TestApp(app.app, extra_environ=app.extra_environ).get("/anmelden").form
    form["login"], form["password"] = "paula", PASSWORD
    with held(house):
        refused = form.submit(expect_errors=True)
    assert told_to_come_back(refused) and PASSWORD not in refused.text


def test_of_many_who_wait_at_once_each_is_told_and_readers_read_meanwhile(desk):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {"slug": "warten", "title": "Warten", "publisher": "IT-Planungsrat", "text": "Text."}.items():
        form[name] = value
    answers = []
    with held(house):
        writers = [threading.Thread(target=lambda: answers.append(form.submit(expect_errors=True))) for _ in range(16)]
        for writer in writers:
            writer.start()
        read = [
            app.get(path).status_int
            for path in ("/", "/health", "/static/portal.css", "/redaktion", "/beschluesse?seite=2")
        ]
        for writer in writers:
            writer.join(30)
    assert read == [200] * 5
    assert [told_to_come_back(answer) for answer in answers] == [True] * 16


UNTIL_SET = {"pdf", "kit"}
"""Answers that take seconds to make: one of each is asked for, and by visitors only."""


def _addresses(house, app):
    """(name of the route, address) of every route of the table, filled with what is there."""
    with house.reading() as connection:
        rows = connection.execute(
            sa.select(models.Item.kind, models.Item.url, models.Item.id, models.Item.publication_state).order_by(
                models.Item.id
            )
        ).all()
        file = connection.execute(sa.select(models.File.sha256)).scalar()
        section = connection.execute(sa.select(models.ReportSection.uid, models.ReportSection.report_id)).first()
        contact = connection.execute(sa.select(models.Contact.id)).scalar() or 1
        account = connection.execute(sa.select(models.Account.id)).scalar()
    tails = {row.kind: row.url.split("/", 2)[2] for row in rows if row.publication_state == "published"}
    ids = {row.kind: row.id for row in rows}
    special = {
        "desk.person": account,
        "desk.contact": contact,
        "desk.reuse": ids.get("reuse", 1),
    }
    found = []
    for route in registry_of(app).getUtility(IRoutesMapper).get_routes():
        kind = route.name.rpartition(".")[2]
        is_report = route.name.startswith(("desk.report", "desk.section")) or route.name.startswith("report.")
        number = section.report_id if is_report else special.get(route.name, ids["decision"])
        values = {
            "tail": tails.get(
                kind if kind in tails else route.name.partition(".")[0],
                tails["market_item" if "marktplatz" in route.pattern else "offer"],
            ),
            "id": number,
            "uid": section.uid,
            "sha256": file,
            "name": "alle" if route.name == "feed" else "datei",
            "part": "1",
            "kind": "decision",
            "code": "by",
            "slug": tails["report"],
            "anchor": "a1",
            "old": "1",
            "new": "1",
            "position": "1",
            "secret": "x" * 43,
            "rule": "links.target",
            "token": f"1.{'x' * 22}" if route.name.startswith("alert.") else "x" * 43,
        }
        found.append((route.name, _filled(route.pattern, values)))
    return found


def _filled(pattern, values):
    path = re.sub(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}", lambda hit: str(values[hit[1]]), pattern)
    return re.sub(r"\*path$", "portal.css", path)


@pytest.mark.on_both_databases
def test_nobody_who_reads_waits_for_a_writer_on_any_route_whoever_it_is(desk, monkeypatch):
    """Every route of the table, every role: with the writer held, what answers is what would have answered anyway."""
    house, browser = desk
    monkeypatch.setattr(sessions, "SEEN_EVERY", dt.timedelta(0))  # each look is worth noting, and none of them writes
    people = {
        role: browser(f"p-{role}", role, organisation="fitko" if row.needs_organisation else "")
        for role, row in ROLES.items()
        if row.is_human
    }
    people[""] = TestApp(next(iter(people.values())).app, extra_environ={"HTTP_HOST": "beschluesse.example"})
    addresses = _addresses(house, people[""])
    seen, heavy = {}, set()
    with held(house):
        for role, app in people.items():
            for name, path in addresses:
                first = name.partition(".")[0]
                if first in UNTIL_SET or name == "favicon":
                    if role or first in heavy:
                        continue
                    heavy.add(first)
                elif role and not path.startswith("/redaktion"):
                    continue  # nobody's cookie goes there: everybody is a visitor
                for method in ("GET", "HEAD"):
                    seen[role, method, name] = app.request(path, method=method, expect_errors=True).status_int
    assert {key: status for key, status in seen.items() if status >= 500} == {}
    answered = {name for (_, _, name), status in seen.items() if status == 200}
    assert len(answered) > len(addresses) / 2, "most routes were really asked"


def test_a_request_that_reads_cannot_write_even_by_mistake(house):
    with patience.patient(Patience(0, may_write=False)), pytest.raises(ReadsOnly), house.writing("test"):
        pass


def test_a_publication_whose_index_is_held_undoes_all_and_asks_to_come_back(desk, monkeypatch):
    house, browser = desk
    monkeypatch.setattr(
        joined.IndexQueue.__init__, "__kwdefaults__", {**joined.IndexQueue.__init__.__kwdefaults__, "timeout_s": 0.01}
    )
    author, other = browser("paula", "press"), browser("rita", "secretariat")
    address = step(new_press(author).follow(), "submit").submit().headers["Location"]
    form = step(other.get(address), "publish")
    batch = house.search.batch(timeout_s=1)
    try:
        assert told_to_come_back(form.submit(expect_errors=True))
    finally:
        batch.cancel()
    assert other.get("/presse/neue-meldung", expect_errors=True).status_int == 404
    assert form.submit().status_int == 303


@contextlib.contextmanager
def _forbidden(house, pragma):
    """No page more can be written: SQLite answers as on a full or read-only disk."""

    def forbid(driver, _record):
        driver.execute(pragma)

    sa.event.listen(house.engine, "connect", forbid)
    house.engine.dispose()
    yield
    sa.event.remove(house.engine, "connect", forbid)
    house.engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "why"), [("PRAGMA max_page_count=1", "ist voll"), ("PRAGMA query_only=ON", "nur lesen")]
)
def test_what_cannot_be_kept_is_told_truly_and_can_be_sent_again(desk, pragma, why):
    house, browser = desk
    app = browser("paula", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {
        "slug": "voll",
        "title": "Voll",
        "publisher": "IT-Planungsrat",
        "text": "Ein langer Text. " * 3_000,
    }.items():
        form[name] = value
    with _forbidden(house, pragma):
        answer = form.submit(expect_errors=True)
        assert (
            answer.status_int == 503
            and why in answer.text
            and "Es wurde nichts geändert" in answer.text
            and "Adresse" not in answer.text
        )
        assert app.get("/beschluesse").status_int == 200
    assert form.submit().status_int == 303


@pytest.mark.parametrize("is_put_back", [False, True])
def test_what_would_fork_the_register_is_refused_in_words(desk, is_put_back):
    house, browser = desk
    paula, gerda = browser("paula", "press"), browser("gerda", "secretariat")
    path = step(new_press(paula).follow(), "submit").submit().headers["Location"]
    seen = house.data / SEEN_FILE
    note = seen.read_text()
    if is_put_back:
        seen.write_text(re.sub(r"position (\d+)", lambda found: f"position {int(found[1]) + 1}", note))
    else:
        seen.unlink()
    with house.reading() as connection:
        before = ledger.position(connection)
    answer = step(gerda.get(path), "publish").submit(expect_errors=True)
    assert (
        answer.status_int == 503
        and "Gerade kann nichts veröffentlicht werden" in answer.text
        and "beschlussportal check" in answer.text
    )
    with house.reading() as connection:
        assert ledger.position(connection) == before
    seen.write_text(note)
    assert step(gerda.get(path), "publish").submit().status_int == 303


@pytest.mark.parametrize(
    ("free", "flag", "words"),
    [
        (0, 0, ["Der Datenträger ist voll."]),
        (10**9, os.ST_RDONLY, ["Der Datenträger lässt sich nur lesen."]),
        (10**9, 0, []),
    ],
)
def test_health_says_when_nothing_can_be_kept(portal, monkeypatch, free, flag, words):
    app, _ = portal
    monkeypatch.setattr(files.os, "statvfs", lambda _: SimpleNamespace(f_flag=flag, f_bavail=free, f_frsize=1))
    said = app.get("/health").json
    assert (said["status"], said["problems"]) == ("limited" if words else "ok", words)
