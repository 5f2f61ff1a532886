"""What a body decides by is what is public of it: its rule, its members, its numbers. One person's working copy counts for nobody."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.council.laender import LAND_CODES
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots, declarations
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.workflow import transition
from portal.commands import database
from tests.functional.test_change_authors import green_list
from tests.functional.test_council_law import NOW, SECRETARIAT, _published, _ready, _row, _vote, _vote_form
from tests.functional.test_desk import step
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.publication import PUBLICATION

BODY = "/gremium/it-planungsrat"
AGAINST = dict.fromkeys(["BUND", "BW", "BY", "BE", "BB", "HB", "HH", "HE"], "no")
"""Enough for a recommendation of the council, not for a decision."""
FIVE = frozenset({"BW", "BY", "BE", "BB", "HB"})


def change_body(house, login="gerda", **changes):
    """One person saves the body; nobody has seen it."""
    with house.writing(login, permits=SECRETARIAT) as work:
        body = lookup.find(work.session, BODY)
        given = {**body.input, **changes}
        edit.save(work.session, "body", clean_item("body", given), now=NOW, actor=login, item=body, rev=body.rev)


def without_five(house):
    with house.writing("test") as work:
        return [row for row in lookup.find(work.session, BODY).input["members"] if row["code"] not in FIVE]


def correct_body(house, login="georg"):
    with house.writing(login, permits=SECRETARIAT) as work:
        transition.correct(work.desk, lookup.find(work.session, BODY), "Neu gefasst.")


def refusal(house, target, name="adopt", login="gerda"):
    """The codes of what stands in the way of a step."""
    with house.writing(login, permits=SECRETARIAT) as work:
        row = work.session.get(models.Decision, int(target.rsplit("/", 1)[1]))
        return {one.code for one in transition.hindrances(work.desk, row, DECISION, name, {})}


@pytest.mark.on_both_databases
def test_a_rule_that_one_person_saved_at_the_body_counts_once_a_second_person_published_it(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    change_body(house, voting_rule="empfehlung")
    page = app.get(f"{target}/abstimmung")
    told = page.html.find(id="gremium").get_text(" ", strip=True)
    assert "wartet eine Änderung: die Abstimmungsregel." in told
    assert _vote_form(page)["rule"].value == "it-staatsvertrag"
    _vote(app, target, AGAINST).submit(status=303)
    assert refusal(house, target) == {"vote_failed"}
    other = _vote(app, target, AGAINST, rule="empfehlung")
    assert "nennt den Grund" in other.submit(status=400).text
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="nicht selbst öffentlich"):
        transition.correct(work.desk, lookup.find(work.session, BODY), "Andere Regel")
    correct_body(house)
    page = app.get(f"{target}/abstimmung")
    assert page.html.find(id="gremium") is None
    assert refusal(house, target) == {"vote_failed", "other_rule"}, (
        "what was counted by the rule of before is entered anew"
    )
    _vote(app, target, AGAINST, rule="empfehlung").submit(status=303)
    step(app.get(target), "adopt").submit(status=303)
    assert _row(house, target, lambda row: row.procedure_state) == "adopted"


@pytest.mark.on_both_databases
def test_members_that_one_person_took_out_vote_until_a_second_person_published_it(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    change_body(house, members=without_five(house))
    page = app.get(f"{target}/abstimmung")
    assert {f"ballot.{code}" for code in ("BUND", *LAND_CODES)} <= set(_vote_form(page).fields)
    assert "die Mitglieder" in page.html.find(id="gremium").get_text()
    _vote(app, target, dict.fromkeys(FIVE, "no")).submit(status=303)
    assert refusal(house, target) == {"vote_failed"}, "11 of 16 are not enough, whoever says that there are only 11"
    correct_body(house)
    assert refusal(house, target) == {"vote_failed", "other_members"}
    form = _vote_form(app.get(f"{target}/abstimmung"))
    assert "ballot.BY" not in form.fields


def test_who_voted_stays_where_members_change_between_the_vote_and_the_decision(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _vote(app, target).submit(status=303)
    assert refusal(house, target) == set()
    change_body(house, members=without_five(house))
    assert refusal(house, target) == set(), "what one person saved changes nothing"
    correct_body(house)
    assert refusal(house, target) == {"other_members"}
    assert all(
        "nicht mehr die, mit denen gezählt wurde" in app.get(page).text for page in (target, f"{target}/abstimmung")
    )


@pytest.mark.on_both_databases
def test_a_decision_keeps_who_voted_whoever_is_a_member_later(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, url = _published(house, app, other)
    before = app.get(f"{url}.json").json["data"]["vote"]
    change_body(house, members=without_five(house), voting_rule="einstimmig")
    correct_body(house)
    with house.writing("gerda", permits=SECRETARIAT) as work:
        declarations.add(
            work.desk,
            work.session.get(models.Decision, int(target.rsplit("/", 1)[1])),
            ["NW"],
            "Nordrhein-Westfalen merkt an.",
        )
    form = step(other.get(target), "correct")
    form["note"] = "Protokollerklärung"
    form.submit(status=303)
    data = app.get(f"{url}.json").json["data"]
    assert data["statements"] and data["vote"] == before


def test_a_green_list_is_adopted_by_the_public_body(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = green_list(house)
    change_body(house, voting_rule="empfehlung", members=without_five(house))
    page = app.get(f"{target}/gruene-liste")
    assert "wartet eine Änderung: die Abstimmungsregel und die Mitglieder" in page.text
    form = _vote_form(page)
    form["others"] = "yes"
    for code, choice in AGAINST.items():
        form[f"ballot.{code}"] = choice
    assert "Die Abstimmung reicht nicht" in form.submit(status=409).text


def test_a_number_follows_the_public_pattern(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _vote(app, target).submit(status=303)
    change_body(house, number_pattern="YYYY/NN-AL")
    assert "das Nummernmuster" in app.get(f"{target}/abstimmung").html.find(id="gremium").get_text()
    step(app.get(target), "adopt").submit(status=303)
    number = _row(house, target, lambda row: row.number)
    assert number.startswith("2026/") and not number.endswith("-AL")
    form = next(form for form in app.get(f"{target}/bearbeiten").forms.values() if "text" in form.fields)
    form["text"] = "1. Der IT-Planungsrat beschließt anders."
    form.submit(status=303)


def test_nobody_decides_for_a_body_that_is_not_public_but_who_takes_over_what_was_decided(desk, tmp_path):
    house, browser = desk
    app = browser("gerda", "secretariat")
    members = [{"code": "BUND", "name": "Bund", "kind": "federal"}, {"code": "BE", "name": "Berlin", "kind": "land"}]
    with house.writing("gerda", permits=SECRETARIAT) as work:
        given = {
            "slug": "rat",
            "name": "Rat",
            "number_pattern": "YYYY/NN-RA",
            "voting_rule": "einstimmig",
            "members": members,
        }
        body = edit.save(work.session, "body", clean_item("body", given), now=NOW, actor="gerda").item
        meeting = edit.save(
            work.session,
            "meeting",
            clean_item("meeting", {"body": "rat", "kind": "special", "date": "2026-03-05"}),
            now=NOW,
        ).item
        row = edit.save(
            work.session,
            "decision",
            clean_item("decision", {"body": "rat", "title": "Probe", "text": "1. Der Rat beschließt."}),
            now=NOW,
        ).item
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        target, number = f"/redaktion/eintrag/{row.id}", body.id
    page = app.get(f"{target}/abstimmung")
    assert "noch nicht öffentlich" in page.html.find(id="gremium").get_text()
    form = _vote_form(page)
    form["others"] = "yes"
    form.submit(status=303)
    assert refusal(house, target) == {"body_not_public"}
    assert "Bitte zuerst das Gremium veröffentlichen" in app.get(target).text
    line = {
        "type": "decision",
        "body": "rat",
        "number": "2020/01-RA",
        "text": "1. Der Rat beschließt.",
        "date": "2020-02-03",
        "vote": {"others": "yes"},
    }
    (tmp_path / "alt.jsonl").write_text(json.dumps(line))
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([tmp_path / "alt.jsonl"])
        assert ballots.result_of(work.session, lookup.find(work.session, "/beschluss/rat/2020/01")).passed
    with house.writing("gerda", permits=SECRETARIAT) as work:
        transition.take(work.desk, work.session.get(models.Body, number), PUBLICATION, "submit")
    with house.writing("georg", permits=SECRETARIAT) as work:
        transition.take(work.desk, work.session.get(models.Body, number), PUBLICATION, "publish")
    assert refusal(house, target) == set()


def test_a_vote_entered_late_counts_by_the_public_body(desk):
    house, browser = desk
    change_body(house, members=without_five(house), voting_rule="empfehlung")
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        late = work.session.scalars(
            sa.select(models.Decision)
            .where(models.Decision.number.is_not(None), models.Decision.id.not_in(sa.select(models.Vote.item_id)))
            .limit(1)
        ).one()
        target = f"/redaktion/eintrag/{late.id}"
    assert "nicht zustande gekommen" in _vote(app, target, AGAINST).submit(status=400).text


@pytest.mark.on_both_databases
def test_votes_of_before_get_the_members_that_were_public(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    shown, still = _published(house, app, other)[0], _ready(house, title="Noch offen", day="2026-04-05")
    _vote(app, still).submit(status=303)
    change_body(house, members=without_five(house))
    database.downgrade(house.engine, "0025a")
    database.migrate(house.engine)
    for target in (shown, still):
        assert {
            row["code"]
            for row in _row(house, target, lambda row: ballots.vote_of(sa.orm.object_session(row), row).members)
        } >= {"BUND", *LAND_CODES}
