"""A day of an administrator: invites somebody, gives and takes roles, looks into the log, takes it along, mends a message, ends a session."""

from __future__ import annotations

import csv
import io
import re

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import outbox
from tests.browser.days import PASSWORD, Person, office


def given_up(house):
    with house.writing("test") as work:
        outbox.put(
            work.session,
            "mail.notice",
            "lost",
            {
                "to": "fort@amt.example",
                "name": "Fort",
                "subject": "Wartet auf Sie",
                "title": "T",
                "words": "w",
                "actor": "",
                "path": "/redaktion",
            },
            due_at=work.desk.now,
        )
        job = work.session.scalars(sa.select(models.Job.id).where(models.Job.key == "lost")).one()
        outbox.failed(work.session, job, work.desk.now, "550 unbekannt", is_final=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, example_data):
    with office(tmp_path_factory, example_data, {"adam": ("administrator", "")}, given_up) as opened:
        yield opened


def test_an_administrator_lives_a_day_with_the_keyboard(desk, browser):
    adam = Person(browser, desk, "adam")
    adam.comes(code=True)

    adam.follow("Eine Nachricht ließ sich nicht zustellen.")
    assert adam.sees("550 unbekannt")
    adam.press("Noch einmal versuchen: Nachricht 1")

    adam.follow("Konten", within=adam.page.get_by_role("navigation", name="Arbeitsplatz"))
    adam.write("Name", "Nora Neu")
    adam.write("Anmeldename", "nora")
    adam.write("E-Mail", "nora@amt.example")
    adam.choose("Rolle", "Vertretung eines Mitglieds", nth=1)
    adam.write("Organisation", "BY")
    adam.press("Einladen")
    invitation = adam.page.locator("code").inner_text()
    assert "/anmelden/" in invitation
    adam.narrow()
    adam.choose("Weitere Rolle", "Mitglied einer Arbeitsgruppe")
    adam.press("Erteilen")
    adam.press("Entziehen: Vertretung eines Mitglieds für BY")
    adam.write("Grund", "Andere Aufgabe")
    adam.press("Rolle entziehen")

    adam.follow("Was mit diesem Konto geschah")
    rows = [row.inner_text() for row in adam.page.locator("tbody tr").all()]
    assert [
        next(
            words
            for words in ("Rolle entzogen", "Rolle erteilt", "Einladung verschickt", "Konto angelegt")
            if words in row
        )
        for row in rows
    ] == [
        "Rolle entzogen",
        "Rolle erteilt",
        "Einladung verschickt",
        "Rolle erteilt",
        "Konto angelegt",
    ]
    adam.narrow()
    adam.go(adam.page.get_by_role("button", name="Als CSV"))
    with adam.page.expect_download() as taken:
        adam.page.keyboard.press("Enter")
    assert [row[4] for row in csv.reader(io.StringIO(taken.value.path().read_text("utf-8-sig")), delimiter=";")][
        1:
    ] == [
        "account.created",
        "account.grant",
        "account.invited",
        "account.grant",
        "account.revoke",
    ]
    adam.write("Vorgang", "Protokoll ausgeleitet")
    adam.write("Woran", "")
    adam.press("Zeigen")
    assert adam.page.locator("tbody tr").count() == 1

    nora = Person(browser, desk, "nora")
    nora.page.goto(invitation)
    nora.look()
    nora.write("Kennwort", PASSWORD)
    nora.write("Kennwort noch einmal", PASSWORD)
    nora.press("Kennwort setzen")
    nora.comes(name="Nora Neu")
    nora.narrow()
    nora.leaves()

    adam.follow("Mein Konto")
    assert adam.page.get_by_role("button", name=re.compile("Beenden: Sitzung")).count() == 1
    adam.press(re.compile("Beenden: Sitzung"))
    assert adam.page.get_by_role("button", name=re.compile("Beenden: Sitzung")).count() == 0
    adam.narrow()
    adam.leaves()
