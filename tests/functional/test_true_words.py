"""Small words that were wrong once: each page says what is true of what it shows."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.council import koenigstein
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import second_person, step_notices, transition
from tests.functional.people import act
from tests.functional.test_council_law import _adopted, _published
from tests.functional.test_desk import form_of, new_press, step
from workflows.catalogue import WORKFLOWS
from workflows.decision import DECISION
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)


def test_what_is_wrong_with_an_invitation_stands_first_with_a_link_and_the_focus(desk):
    _, browser = desk
    app = browser("adam", "administrator")
    form = next(one for one in app.get("/redaktion/konten").forms.values() if "login" in one.fields)
    form["login"], form["name"] = "adam", "Adam Zwei"
    page = form.submit(status=400)
    told = page.html.select_one("main > #fehler[tabindex='-1'][autofocus]")
    assert told.select_one("a[href='#login']") and told.find_next("h2", string="Jemanden einladen")


def test_a_session_that_is_there_already_names_the_field_that_says_so(desk):
    _, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/meeting"))
    form["kind"], form["ordinal"] = "numbered", "36"
    page = form.submit(status=400)
    assert page.html.select_one("#fehler a[href='#f-ordinal']")


def test_a_session_of_one_day_has_one_day(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        value = clean_item(
            "meeting", {"body": "it-planungsrat", "kind": "special", "date": "2026-11-30", "end_date": "2026-11-30"}
        )
        number = edit.save(work.session, "meeting", value, now=NOW).item.id
    page = app.get(f"/redaktion/eintrag/{number}")
    assert "30. November 2026" in page.text and "bis 30. November" not in page.text


def test_a_draft_names_no_number_and_its_state_once(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        value = clean_item(
            "decision", {"body": "it-planungsrat", "title": "Probe", "text": "1. Der IT-Planungsrat beschließt."}
        )
        number = edit.save(work.session, "decision", value, now=NOW).item.id
    page = app.get(f"/redaktion/eintrag/{number}")
    assert "None" not in page.html.select_one("main").text and "Entwurf | Entwurf" not in page.text


def test_a_share_below_nothing_is_no_share_and_no_unknown_land():
    with pytest.raises(ValueError, match="„-15,56“ ist kein Anteil"):
        koenigstein.read_list("Bayern -15,56")


def test_nobody_is_asked_for_a_reason_to_lock_the_own_account(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'adam').id}"
    token = next(one for one in app.get(path).forms.values() if "formular" in one.fields)["formular"].value
    page = app.post(path, {"formular": token, "schritt": "lock"}, expect_errors=True)
    assert page.status_int == 400 and "sperrt eine andere Person" in page.text and "frage" not in page.forms


def test_whoever_is_locked_out_gets_no_link_to_what_is_locked(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    browser("anna", "member")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'anna').id}"
    act(app, path, "lock")
    with house.writing("test") as work:
        mails = [
            row.payload
            for row in work.session.scalars(sa.select(models.Job).order_by(models.Job.id))
            if "gesperrt" in str(row.payload.get("words"))
        ]
        assert [row["path"] for row in mails] == [""]


def test_the_votes_of_what_is_decided_are_read_and_not_typed(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    page = app.get(_adopted(house, app) + "/abstimmung")
    assert "schon entschieden" in page.text and "Bayern" in page.html.select_one("#stimmen").text
    assert not page.html.select("input[type=radio]") and "Eintragen" not in page.html.select_one("main").text.replace(
        "lassen sich eintragen", ""
    )


def test_a_draft_goes_on_the_agenda_of_its_own_session_and_the_page_says_what_another_would_do(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        meeting = edit.save(
            work.session,
            "meeting",
            clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2026-03-06"}),
            now=NOW,
        ).item
        value = clean_item(
            "decision",
            {
                "body": "it-planungsrat",
                "title": "Probe",
                "meeting": meeting.url,
                "text": "1. Der IT-Planungsrat beschließt.",
            },
        )
        number, url = edit.save(work.session, "decision", value, now=NOW).item.id, meeting.url
    page = app.get(f"/redaktion/eintrag/{number}")
    assert page.html.select_one("input[name=meeting]")["value"] == url and "verlegt ihn dorthin" in page.text


def test_every_ending_has_a_subject_of_its_own():
    assert step_notices.SUBJECTS.keys() == step_notices.ENDING
    for (workflow, name), subject in step_notices.SUBJECTS.items():
        flow = WORKFLOWS[workflow]
        state = flow.states[flow.transitions[name].target].title
        assert subject.casefold() == state.casefold() or name == "trash", "screens and mails call it by one name"


def subjects(house, words):
    with house.writing("test") as work:
        return {
            row.payload["subject"]
            for row in work.session.scalars(sa.select(models.Job))
            if words in str(row.payload.get("words"))
        }


def test_the_mail_of_what_was_declared_void_or_put_into_the_trash_says_so_in_its_subject(desk):
    house, browser = desk
    gerda, georg = browser("gerda", "secretariat"), browser("georg", "secretariat")
    _, url = _published(house, gerda, georg)
    with house.writing("sigrid", permits=ROLES["secretariat"].permits) as work:
        second_person.ask(work.desk, lookup.find(work.session, url), DECISION, "annul", "Kein Quorum.")
    with house.writing("rita", permits=ROLES["operator"].permits) as work:
        transition.take(work.desk, lookup.find(work.session, url), DECISION, "annul", {"comment": "Kein Quorum."})
    assert subjects(house, "Kein Quorum.") == {"Wartet auf Sie", "Für nichtig erklärt"}  # asked for, then done
    draft = new_press(browser("petra", "press")).headers["Location"]
    step(browser("paula", "press").get(draft), "trash").submit(status=303)
    assert "In den Papierkorb gelegt" in subjects(house, "Papierkorb")
