"""A vote belongs to the wording that it was given on, names every member, waits for the day, and leaves a trace."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.council.laender import LAND_CODES
from content.schemas import InvalidInput, clean_item
from content.services.council import ballots
from content.services.editing import edit
from content.services.workflow import en_bloc, transition
from content.services.workflow.transition import Stale
from portal.commands import database
from tests.functional.confirming import sure
from tests.functional.test_council_law import _ready, _row, _vote, _vote_form
from tests.functional.test_desk import step
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)
SECRETARIAT = ROLES["secretariat"].permits
BEFORE, AFTER = "1. Die Cloud wird genutzt.", "1. Die Cloud wird nicht genutzt."


def _edit(house, target, login="erna", **changes):
    with house.writing(login) as work:
        row = _found(work, target)
        edit.save(
            work.session,
            row.kind,
            clean_item(row.kind, {**row.input, **changes}),
            now=NOW,
            item=row,
            actor=login,
            actor_name=login.title(),
        )


def _found(work, target):
    return work.session.get(models.Item, int(target.rsplit("/", 1)[1]))


def _cloud(house, app):
    """A decision with enough votes on `BEFORE`."""
    target = _ready(house)
    _edit(house, target, text=BEFORE)
    _vote(app, target).submit(status=303)
    return target


def _lines(house, target, mark="vote:"):
    with house.writing("test") as work:
        return [
            row.comment
            for row in transition.history(work.session, _found(work, target))
            if row.transition.startswith(mark)
        ]


# --- the wording voted on ----------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
@pytest.mark.parametrize("changes", [{"text": AFTER}, {"title": "Anderes Vorhaben"}], ids=["text", "title"])
def test_a_text_that_changed_after_the_vote_is_not_adopted_until_it_is_voted_on(desk, changes):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _cloud(house, app)
    _edit(house, target, **changes)
    page = app.get(target)
    assert (
        "Der Text ist nicht mehr der, über den abgestimmt wurde" in page.text and "schritt-decision-adopt" in page.text
    )
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="über den abgestimmt wurde"):
        transition.take(work.desk, _found(work, target), DECISION, "adopt")
    form_page = app.get(f"{target}/abstimmung")
    assert form_page.html.find(id="anderer-text") and form_page.html.find(id="geaendert")
    assert "nicht" in form_page.html.find(id="geaendert").text or "Anderes" in form_page.html.find(id="geaendert").text
    form = _vote_form(form_page)
    assert form["ballot.BUND"].value == "yes", "the old votes are preset"
    form.submit(status=303)
    step(app.get(target), "adopt").submit(status=303)
    assert _row(house, target, lambda row: row.procedure_state) == "adopted"


def test_what_is_no_wording_asks_for_no_new_vote(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _cloud(house, app)
    _edit(house, target, source_note="Aus der Niederschrift.")
    step(app.get(target), "adopt").submit(status=303)
    assert _row(house, target, lambda row: row.procedure_state) == "adopted"


def test_a_vote_is_not_kept_with_a_text_that_its_page_did_not_show(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    form = _vote(app, target)
    _edit(house, target, text=AFTER)
    refused = form.submit(status=400)
    assert "Der Text wurde geändert, seit Sie ihn hier gelesen haben" in refused.text and refused.html.find(
        id="geaendert"
    )
    assert _row(house, target, lambda row: ballots.vote_of(sa.orm.object_session(row), row)) is None
    again = _vote_form(refused)
    assert again["ballot.BY"].value == "yes"
    again.submit(status=303)


def test_a_rejection_needs_a_vote_on_the_same_text_too(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _vote(app, target, dict.fromkeys(["BUND", *LAND_CODES], "no")).submit(status=303)
    _edit(house, target, text=AFTER)
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="über den abgestimmt wurde"):
        transition.take(work.desk, _found(work, target), DECISION, "reject")


def test_votes_entered_anew_after_the_question_are_not_adopted_unread(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _cloud(house, app)
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = _found(work, target)
        seen = transition.last_step(work.session, row)
        ballots.record(work.desk, row, {**dict.fromkeys(["BUND", *LAND_CODES], "yes"), "BY": "no"})
        with pytest.raises(Stale):
            transition.take(work.desk, row, DECISION, "adopt", seen=seen)


@pytest.mark.on_both_databases
def test_votes_from_before_the_update_count_for_the_text_as_it_is(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _cloud(house, app)
    database.downgrade(house.engine, "0026h")
    database.migrate(house.engine)
    with house.writing("test") as work:
        row = _found(work, target)
        assert ballots.vote_of(work.session, row).item_rev == row.rev and not ballots.other_wording(work.session, row)
    _edit(house, target, text=AFTER)
    with house.writing("test") as work:
        assert "über den abgestimmt wurde" in ballots.other_wording(work.session, _found(work, target))


# --- what was adopted --------------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_what_deviates_from_what_was_adopted_is_shown_and_published_only_with_a_reason_that_stays(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = _cloud(house, app)
    step(app.get(target), "adopt").submit(status=303)
    _edit(house, target, text=AFTER)
    step(app.get(target), "submit").submit(status=303)
    page = other.get(target)
    told = page.html.find(id="wortlaut")
    assert "Der Wortlaut weicht vom beschlossenen ab." in told.text and "nicht" in told.text
    form = page.forms["schritt-publication-publish"]
    refused = form.submit(status=409)
    assert _row(house, target, lambda row: row.publication_state) == "submitted"
    form = refused.forms["schritt-publication-publish"]
    reason = next(name for name in form.fields if name and name.startswith("reason."))
    form[reason] = "Redaktionell: Wort ergänzt, Niederschrift Seite 3"
    form.submit(status=303)
    assert _row(house, target, lambda row: row.publication_state) == "published"
    assert "Niederschrift Seite 3" in other.get(target).html.get_text() and not other.get(target).html.find(
        id="wortlaut"
    )


def test_what_is_published_as_adopted_needs_no_reason(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = _cloud(house, app)
    step(app.get(target), "adopt").submit(status=303)
    _edit(house, target, source_note="Aus der Niederschrift.")
    step(app.get(target), "submit").submit(status=303)
    page = other.get(target)
    assert not page.html.find(id="wortlaut")
    step(page, "publish").submit(status=303)


# --- members without an entry ------------------------------------------------------------------------------------------


def test_members_of_whom_nothing_was_entered_are_named_and_nothing_is_decided(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    form = _vote(app, target)
    for code in ("BY", "BE", "HH"):
        form[f"ballot.{code}"].force_value(None)
    form.submit(status=303)
    page = app.get(target)
    assert "3 Mitglieder ohne Angabe: Bayern, Berlin, Hamburg" in page.text
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = _found(work, target)
        with pytest.raises(Blocked, match="3 Mitglieder ohne Angabe: Bayern, Berlin, Hamburg"):
            transition.take(work.desk, row, DECISION, "adopt")
        told = ballots.as_data(work.session, row)
        assert [one["choice"] for one in told["ballots"] if one["code"] in {"BY", "BE", "HH"}] == ["unknown"] * 3
        assert told["counts"] == {"yes": 14, "no": 0, "abstain": 0, "absent": 0, "unknown": 3}


def test_silence_in_a_circulation_is_an_abstention(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    form = _vote(app, target, is_circulation=True)
    form["ballot.BY"].force_value(None)
    form.submit(status=303)
    assert "ohne Angabe:" not in app.get(target).text
    step(app.get(target), "adopt").submit(status=303)


# --- days to come ------------------------------------------------------------------------------------------------------


def _day(days):
    return (NOW + dt.timedelta(days=days)).date().isoformat()


@pytest.mark.on_both_databases
def test_nothing_is_decided_before_the_day_of_its_session(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house, day=_day(9))
    _vote(app, target).submit(status=303)
    assert "Entschieden wird frühestens an diesem Tag" in app.get(target).text
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = _found(work, target)
        with pytest.raises(Blocked, match="ist erst am"):
            transition.take(work.desk, row, DECISION, "adopt")
        row.meeting.date = dt.date.fromisoformat(_day(-1))
        work.session.flush()
        transition.take(work.desk, row, DECISION, "adopt")
        row.meeting.date = dt.date.fromisoformat(_day(2))
        work.session.flush()
        with pytest.raises(Blocked, match="ist erst am"):
            transition.take(work.desk, row, DECISION, "record")


def test_a_circulation_is_decided_when_its_time_is_over(desk):
    house, browser = desk
    browser("gerda", "secretariat")
    target = _ready(house)
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = _found(work, target)
        ballots.record(work.desk, row, dict.fromkeys(["BUND", *LAND_CODES], "yes"), is_circulation=True)
        row.meeting.meeting_kind, row.meeting.end_date = "circulation", dt.date.fromisoformat(_day(3))
        work.session.flush()
        with pytest.raises(Blocked, match="ist erst am"):
            transition.take(work.desk, row, DECISION, "adopt")


def test_a_green_list_waits_for_the_day_too(desk):
    house, browser = desk
    browser("gerda", "secretariat")
    with house.writing("test") as work:
        agenda = [{"top": "1", "title": "Alpha", "goal": "decision", "list": "green"}]
        meeting = edit.save(
            work.session,
            "meeting",
            clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": _day(5), "agenda": agenda}),
            now=NOW,
        ).item
        value = clean_item(
            "decision", {"body": "it-planungsrat", "title": "Alpha", "meeting": meeting.url, "text": BEFORE}
        )
        row = edit.save(work.session, "decision", value, now=NOW).item
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        with pytest.raises(Blocked, match=r"TOP 1 Alpha: .*ist erst am"):
            en_bloc.adopt(work.desk, meeting, dict.fromkeys(["BUND", *LAND_CODES], "yes"))


def test_no_day_of_an_announcement_lies_in_the_future(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _cloud(house, app)
    with pytest.raises(InvalidInput, match="noch nicht gekommen"):
        _edit(house, target, gazette_notice={"date": _day(2)})
    step(app.get(target), "adopt").submit(status=303)
    with house.writing("gerda", permits=SECRETARIAT) as work:
        row = _found(work, target)
        with pytest.raises(Blocked, match="noch nicht gekommen"):
            transition.take(work.desk, row, DECISION, "announce", {"gazette_date": _day(2)})
        # What was stored before the update is no announcement either.
        row.gazette_date = dt.date.fromisoformat(_day(2))
        work.session.flush()
        assert "record" in {
            offer.name for offer in transition.possible(work.desk, row, DECISION)
        } and "record_announced" not in {offer.name for offer in transition.possible(work.desk, row, DECISION)}
        transition.take(work.desk, row, DECISION, "announce", {"gazette_date": _day(0)})


# --- a trace of every entering -----------------------------------------------------------------------------------------


def test_each_entering_of_votes_stays_in_history_and_log(desk):
    house, browser = desk
    app, chief = browser("gerda", "secretariat"), browser("anna", "administrator")
    target = _cloud(house, app)
    _vote(app, target, {"BY": "abstain"}).submit(status=303)
    first, second = _lines(house, target)
    assert (
        first
        == "angenommen nach „Beschluss nach dem IT-Staatsvertrag“: 17 Ja, 0 Nein, 0 Enthaltungen, 0 nicht anwesend"
    )
    assert "16 Ja, 0 Nein, 1 Enthaltung, 0 nicht anwesend; an Stelle der vorigen Eintragung" in second
    text = app.get(target).html.get_text(" ", strip=True)
    assert text.count("Abstimmung eingetragen") >= 2 and "durch Gerda" in text
    log = chief.get("/redaktion/protokoll?aktion=vote.recorded").text
    assert "16 Ja, 0 Nein, 1 Enthaltung" in log and _row(house, target, lambda row: row.url) in log


def test_the_question_shows_text_votes_and_result(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _edit(house, target, text=BEFORE)
    _vote(app, target, {"BY": "abstain"}).submit(status=303)
    form = app.get(target).forms["schritt-decision-adopt"]
    asked = form.submit(status=200)
    text = asked.html.get_text(" ", strip=True)
    assert (
        "Die Cloud wird genutzt." in text
        and "16 Ja, 0 Nein, 1 Enthaltung" in text
        and "Angenommen nach" in text
        and "Bayern" in text
    )
    assert sure(asked).status_int == 303


# --- another rule ------------------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_a_second_person_may_decline_another_rule_with_a_note(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = _ready(house)
    _vote(app, target, rule="einstimmig", rule_reason="So verabredet.").submit(status=303)
    form = next(form for form in other.get(f"{target}/abstimmung").forms.values() if "hinweis" in form.fields)
    form["hinweis"] = " "
    assert "warum die andere Regel nicht gilt" in form.submit("regel", status=409).text
    form["hinweis"] = "Das ist nirgends vereinbart."
    form.submit("regel", status=303)
    assert "Andere Abstimmungsregel zu bestätigen" not in other.get("/redaktion").text
    assert "Das ist nirgends vereinbart." in app.get("/redaktion/hinweise").text
    assert "abgelehnt (Georg: Das ist nirgends vereinbart.)" in app.get(target).text
    assert any("Das ist nirgends vereinbart." in words for words in _lines(house, target, "vote:rule_declined"))
    with house.writing("georg", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="schon abgelehnt"):
        ballots.confirm_rule(work.desk, _found(work, target))
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="ist abgelehnt"):
        transition.take(work.desk, _found(work, target), DECISION, "adopt")
    _vote(app, target, rule="it-staatsvertrag", rule_reason="").submit(status=303)
    step(app.get(target), "adopt").submit(status=303)
