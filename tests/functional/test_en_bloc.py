"""The green list: one vote adopts all items in the order of the agenda, or none and says why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import en_bloc, transition
from tests.functional.confirming import saying_yes, sure
from tests.functional.deciding import voted
from workflows.decision import DECISION

NOW = dt.datetime.now(dt.UTC)
TITLES = ["Zeta", "Alpha", "Mitte"]


def _session(house, *, on_agenda=TITLES):
    """A session whose green list has three items; drafts are made in another order than the agenda has."""
    agenda = [
        {"top": str(n), "title": title, "goal": "decision", "list": "green"} for n, title in enumerate(TITLES, start=1)
    ]
    agenda.append({"top": "9", "title": "Streit", "goal": "decision", "list": "debate"})
    with house.writing("test") as work:
        meeting = edit.save(
            work.session,
            "meeting",
            clean_item(
                "meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": agenda}
            ),
            now=NOW,
        ).item
        for title in sorted([*on_agenda, "Streit"]):
            value = clean_item(
                "decision",
                {
                    "body": "it-planungsrat",
                    "title": title,
                    "meeting": meeting.url,
                    "text": "1. Der IT-Planungsrat beschließt.",
                },
            )
            row = edit.save(work.session, "decision", value, now=NOW).item
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        return meeting.id


def _vote(app, number, choice="yes"):
    page = app.get(f"/redaktion/eintrag/{number}/gruene-liste")
    form = next(form for form in page.forms.values() if "ballot.BUND" in form.fields)
    for name in form.fields:
        if name and name.startswith("ballot."):
            form[name] = choice
    return saying_yes(form)


def _numbers(house):
    with house.writing("test") as work:
        return {
            row.title: row.number
            for row in work.session.query(models.Decision).where(models.Decision.title.in_([*TITLES, "Streit"]))
        }


def test_one_vote_adopts_the_green_list_in_the_order_of_the_agenda(desk):
    house, browser = desk
    number = _session(house)
    _vote(browser("gerda", "secretariat"), number).submit(status=303)
    assert _numbers(house) == {"Zeta": "2012/01", "Alpha": "2012/02", "Mitte": "2012/03", "Streit": None}
    with house.writing("test") as work:
        meeting = work.session.get(models.Meeting, number)
        assert [row.decision_url for row in meeting.agenda] == [
            "/beschluss/2012/01",
            "/beschluss/2012/02",
            "/beschluss/2012/03",
            None,
        ]
        assert [row["decision"] for row in meeting.input["agenda"]] == ["2012/01", "2012/02", "2012/03", None]
        votes = (
            work.session.query(models.Vote)
            .join(models.Decision, models.Decision.id == models.Vote.item_id)
            .filter(models.Decision.meeting_id == number)
        )
        assert [vote.is_en_bloc for vote in votes] == [True] * 3


def test_one_item_that_is_not_ready_holds_all_back_and_is_named(desk):
    house, browser = desk
    number = _session(house, on_agenda=["Zeta", "Mitte"])
    answer = _vote(browser("gerda", "secretariat"), number).submit(status=409)
    assert "TOP 2 Alpha: Es gibt keinen Beschlussentwurf" in answer.text and "Nichts wurde beschlossen" in answer.text
    assert set(_numbers(house).values()) == {None}
    assert next(form for form in answer.forms.values() if "ballot.BUND" in form.fields)["ballot.BUND"].value == "yes"


def test_a_vote_that_does_not_reach_the_rule_names_every_item(desk):
    house, browser = desk
    answer = _vote(browser("gerda", "secretariat"), _session(house), "abstain").submit(status=409)
    assert all(
        f"TOP {n} {title}: Die Abstimmung reicht nicht" in answer.text for n, title in enumerate(TITLES, start=1)
    )
    assert set(_numbers(house).values()) == {None}


def test_an_empty_green_list_says_how_something_gets_there_and_leads_back(desk):
    house, browser = desk
    with house.writing("test") as work:
        value = clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-06-06"})
        number = edit.save(work.session, "meeting", value, now=NOW).item.id
    page = browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}/gruene-liste")
    assert (
        page.click("Tagesordnung bearbeiten").html.find(id="f-agenda")
        and page.click("Zurück zur Sitzung").status_int == 200
    )


def test_only_who_records_votes_sees_the_form(desk):
    house, browser = desk
    browser("petra", "press").get(f"/redaktion/eintrag/{_session(house)}/gruene-liste", status=(403, 404))


def _edit(house, kind, row_url, **changes):
    with house.writing("test") as work:
        row = lookup.find(work.session, row_url)
        edit.save(work.session, kind, clean_item(kind, {**row.input, **changes}), now=NOW, item=row)


def _asked(browser, number):
    """The question before the green list is adopted."""
    form = next(
        form
        for form in browser.get(f"/redaktion/eintrag/{number}/gruene-liste").forms.values()
        if "ballot.BUND" in form.fields
    )
    for name in form.fields:
        if name and name.startswith("ballot."):
            form[name] = "yes"
    return form.submit(status=200)


@pytest.mark.on_both_databases
@pytest.mark.parametrize("is_asked", [False, True], ids=["form", "question"])
def test_a_draft_that_changed_since_it_was_read_is_not_adopted_and_the_change_is_shown(desk, is_asked):
    house, browser = desk
    number = _session(house)
    with house.writing("test") as work:
        url = work.session.query(models.Decision).filter_by(title="Alpha").one().url
    app = browser("gerda", "secretariat")
    if is_asked:
        question = _asked(app, number)
        _edit(house, "decision", url, text="1. Der IT-Planungsrat beschließt etwas Anderes.")
        answer = sure(question)
    else:
        form = _vote(app, number)
        _edit(house, "decision", url, text="1. Der IT-Planungsrat beschließt etwas Anderes.")
        answer = form.submit(status=409)
    assert answer.status_int == 409 and set(_numbers(house).values()) == {None}
    assert "Der Entwurf ist geändert: TOP 2 Alpha." in answer.text and "TOP 1 Zeta." not in answer.text
    assert "etwas Anderes" in answer.html.select_one(".group .compare").get_text(" ")
    again = next(form for form in answer.forms.values() if "ballot.BUND" in form.fields)
    assert again["ballot.BUND"].value == "yes"
    saying_yes(again).submit(status=303)
    assert _numbers(house)["Alpha"] == "2012/02"


@pytest.mark.on_both_databases
def test_an_agenda_that_changed_after_the_question_is_refused_with_what_is_new(desk):
    house, browser = desk
    number = _session(house)
    question = _asked(browser("gerda", "secretariat"), number)
    with house.writing("test") as work:
        meeting = work.session.get(models.Meeting, number)
        url, agenda = meeting.url, [dict(row) for row in meeting.input["agenda"]]
    agenda[0]["list"], agenda[3]["list"] = "debate", "green"
    agenda[1], agenda[2] = agenda[2], agenda[1]
    _edit(house, "meeting", url, agenda=agenda)
    answer = sure(question)
    assert (
        answer.status_int == 409
        and "Neu auf der Liste: TOP 9 Streit." in answer.text
        and "Nicht mehr auf der Liste: TOP 1 Zeta." in answer.text
    )
    assert set(_numbers(house).values()) == {None}


def test_the_same_items_in_another_order_are_another_list():
    first, second = en_bloc.Seen(1, 1, "TOP 1 Zeta"), en_bloc.Seen(2, 1, "TOP 2 Alpha")
    assert en_bloc.changes([first, second], [second, first]) == ["Die Reihenfolge der Tagesordnung ist eine andere."]
    assert en_bloc.changes([first], [first]) == []
    assert en_bloc.changes([first], [replace(first, name="TOP 3 Zeta")]) == [
        "In der Tagesordnung heißt es jetzt: TOP 3 Zeta (vorher: TOP 1 Zeta)."
    ]


@pytest.mark.on_both_databases
def test_numbers_that_somebody_else_took_after_the_question_are_named_anew(desk):
    house, browser = desk
    number = _session(house)
    app = browser("gerda", "secretariat")
    question = _asked(app, number)
    assert "2012/01" in question.text
    with house.writing("test") as work:
        transition.take(work.desk, voted(work, "Schneller"), DECISION, "adopt")
    answer = sure(question)
    assert (
        answer.status_int == 409
        and "andere Nummern an der Reihe: 2012/02, 2012/03, 2012/04" in answer.text
        and set(_numbers(house).values()) == {None}
    )
    _vote(app, number).submit(status=303)
    assert _numbers(house)["Zeta"] == "2012/02"
