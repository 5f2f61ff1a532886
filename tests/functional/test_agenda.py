"""Onto the agenda and to adoption at the desk: the session must fit, and a recommendation finds its decision."""

from __future__ import annotations

import pytest

from content import models
from content.services import ballots, lookup, transition
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
        assert (row.procedure_state, row.meeting.url, row.input["meeting"]) == ("on_agenda", "/sitzung/36", "/sitzung/36")


@pytest.mark.parametrize(("given", "words"), [
    ("", "Die Sitzung fehlt"), ("9999", "gibt es nicht"), ("morgen", "gibt es nicht"), ("/beschluss/2021/39", "gibt es nicht"), ("²", "gibt es nicht"),
])
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
        ballots.record(work.desk, decision, dict.fromkeys([member.code for member in decision.body.members if member.kind != "advisory"], "yes"))
        transition.take(work.desk, decision, DECISION, "adopt")
    form = step(refused, "adopt")
    form["decision"] = "2021/39"
    form.submit(status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, RECOMMENDATION_URL).procedure_state == "adopted"
