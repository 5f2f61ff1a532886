"""Onto the agenda and to adoption at the desk: the session must fit, and a recommendation finds its decision."""

from __future__ import annotations

import pypdfium2
import pytest

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots
from content.services.editing import edit
from content.services.workflow import transition
from tests.functional.confirming import saying_yes
from tests.functional.deciding import NOW, draft_decision
from tests.functional.test_desk import step
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.vocabulary import ROLES

DECISION_URL, RECOMMENDATION_URL = "/beschluss/2021/39", "/empfehlung/efa-vorrang"


def _set(house, url, **fields):
    with house.writing("test") as work:
        row = lookup.find(work.session, url)
        for name, value in fields.items():
            setattr(row, name, value)
        return row.id


@pytest.mark.parametrize("given", ["/sitzung/36", "36", " 36 "])
def test_a_decision_on_the_agenda_belongs_to_the_session_that_was_named(desk, given):
    house, browser = desk
    number = _set(house, DECISION_URL, procedure_state="prepared", meeting=None)
    app = browser("gerda", "secretariat")
    form = step(app.get(f"/redaktion/eintrag/{number}"), "put_on_agenda")
    form["meeting"] = given
    form.submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, DECISION_URL)
        assert (row.procedure_state, row.meeting.url, row.input["meeting"]) == (
            "on_agenda",
            "/sitzung/36",
            "/sitzung/36",
        )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "Die Sitzung fehlt"),
        ("9999", "gibt es nicht"),
        ("morgen", "gibt es nicht"),
        ("/beschluss/2021/39", "gibt es nicht"),
        ("²", "gibt es nicht"),
    ],
)
def test_a_session_that_does_not_exist_is_told_and_nothing_moves(desk, given, words):
    house, browser = desk
    number = _set(house, DECISION_URL, procedure_state="prepared")
    form = step(browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}"), "put_on_agenda")
    form["meeting"] = given
    assert words in form.submit(status=409).text
    with house.writing("test") as work:
        assert lookup.find(work.session, DECISION_URL).procedure_state == "prepared"


def test_a_session_of_another_body_or_in_the_trash_is_refused(desk):
    house, _ = desk
    _set(house, DECISION_URL, procedure_state="prepared")
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        row = lookup.find(work.session, DECISION_URL)
        other = work.session.query(models.Body).filter(models.Body.id != row.body_id).first()
        meeting = lookup.find(work.session, "/sitzung/36")
        mine, meeting.body_id = meeting.body_id, other.id
        with pytest.raises(Blocked, match="anderen Gremium"):
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})
        meeting.body_id, meeting.publication_state = mine, "trashed"
        with pytest.raises(Blocked, match="Papierkorb"):
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})


def test_a_recommendation_is_adopted_at_the_desk_once_its_decision_is_given(desk):
    house, browser = desk
    number = _set(house, RECOMMENDATION_URL, procedure_state="proposed")
    app = browser("gerda", "secretariat")
    form = step(app.get(f"/redaktion/eintrag/{number}"), "adopt")
    form["decision"] = "2021/39"
    refused = form.submit(status=409)
    assert "nennt diese Empfehlung nicht" in refused.text and "keine Abstimmung" in refused.text
    with house.writing("test") as work:
        decision = lookup.find(work.session, DECISION_URL)
        decision.procedure_state, decision.recommendation_urls = "on_agenda", [RECOMMENDATION_URL]
        ballots.record(
            work.desk,
            decision,
            dict.fromkeys([member.code for member in decision.body.members if member.kind != "advisory"], "yes"),
        )
        transition.take(work.desk, decision, DECISION, "adopt")
    form = step(refused, "adopt")
    form["decision"] = "2021/39"
    form.submit(status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, RECOMMENDATION_URL).procedure_state == "adopted"


def _session_with(work, *titles):
    """A session whose agenda has these items, each with a decision that has its votes."""
    rows = [
        {"top": str(n), "title": title, "goal": "decision", "list": "debate"} for n, title in enumerate(titles, start=1)
    ]
    value = clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": rows})
    meeting = edit.save(work.session, "meeting", value, now=NOW, actor="test").item
    decisions = []
    for title in titles:
        row = draft_decision(work, title, meeting=meeting.url)
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        ballots.record(
            work.desk,
            row,
            dict.fromkeys([member.code for member in row.body.members if member.kind != "advisory"], "yes"),
        )
        decisions.append(row)
    return meeting, decisions


@pytest.mark.on_both_databases
def test_a_decision_adopted_alone_stands_in_the_agenda_with_its_number_as_one_of_the_green_list_does(desk):
    house, browser = desk
    with house.writing("test") as work:
        meeting, decisions = _session_with(work, "Haushalt", "Register")
        transition.publish_now(work.desk, meeting)
        url, number, ids = meeting.url, meeting.id, [row.id for row in decisions]
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    saying_yes(step(app.get(f"/redaktion/eintrag/{ids[1]}"), "adopt")).submit(status=303)
    with house.writing("test") as work:
        meeting, decision = work.session.get_one(models.Meeting, number), work.session.get_one(models.Decision, ids[1])
        assert [row.decision_url for row in meeting.agenda] == [None, decision.url]
        assert [row["decision"] for row in meeting.input["agenda"]] == [None, decision.number]
        assert meeting.rev == meeting.public_rev + 1, "what the public does not have yet is a revision of its own"
        transition.publish_now(work.desk, decision)
        told, address = decision.number, decision.url
    assert "Wer den Text geändert hat" in app.get(f"/redaktion/eintrag/{number}").text
    form = step(other.get(f"/redaktion/eintrag/{number}"), "correct")
    form["note"] = "Beschlüsse der Sitzung"
    form.submit(status=303)
    item = app.get(url).html.select(".agenda li")[1]
    assert item.select_one(f'a[href="{address}"]') and told in item.get_text()
    assert [row["decision"] for row in app.get(f"{url}.json").json["data"]["agenda"]] == [None, address]
    assert told in "".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(app.get(f"{url}.pdf").body)
    )


def test_two_items_with_one_title_are_left_to_people(portal):
    _, house = portal
    with house.writing("test") as work:
        meeting, decisions = _session_with(work, "Verschiedenes", "Verschiedenes")
        transition.take(work.desk, decisions[0], DECISION, "adopt")
        assert [row.decision_url for row in meeting.agenda] == [None, None]
