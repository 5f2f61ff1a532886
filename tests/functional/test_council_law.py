"""The council's law at the desk: its rule, its key, statements for the record, the gazette, votes while they are typed, numbers that are told."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from content import models
from content.council.koenigstein import KEYS
from content.council.laender import LAENDER, LAND_CODES
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots, declarations, key_lists
from content.services.editing import edit
from content.services.workflow import transition
from tests.functional.confirming import saying_yes, sure
from tests.functional.test_desk import step
from workflows.decision import DECISION, MINUTES_OPEN
from workflows.engine import Blocked
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)
ALL = ["BUND", *LAND_CODES]
SECRETARIAT = ROLES["secretariat"].permits


def _ready(house, title="Vorhaben", day="2026-03-05"):
    """The address at the desk of a decision that is on the agenda of a session."""
    with house.writing("test") as work:
        meeting = edit.save(
            work.session,
            "meeting",
            clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": day}),
            now=NOW,
        ).item
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
        return f"/redaktion/eintrag/{row.id}"


def _vote_form(page):
    return next(form for form in page.forms.values() if "ballot.BUND" in form.fields)


def _vote(app, target, choices=None, **fields):
    form = _vote_form(app.get(f"{target}/abstimmung"))
    for code in ALL:
        form[f"ballot.{code}"] = (choices or {}).get(code, "yes")
    for name, value in fields.items():
        form[name] = value
    return form


def _adopted(house, app, **more):
    target = _ready(house, **more)
    _vote(app, target).submit(status=303)
    step(app.get(target), "adopt").submit(status=303)
    return target


def _published(house, app, other, **more):
    target = _adopted(house, app, **more)
    step(app.get(target), "submit").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    return target, _row(house, target, lambda row: row.url)


def _row(house, target, read):
    with house.writing("test") as work:
        return read(work.session.get(models.Decision, int(target.rsplit("/", 1)[1])))


def _statement(page, what, number=None):
    return next(
        form
        for form in page.forms.values()
        if "tun" in form.fields
        and form["tun"].value == what
        and (number is None or form["erklaerung"].value == str(number))
    )


def _state(app, target, code, text):
    form = _statement(app.get(f"{target}/erklaerungen"), "eintragen")
    form["text"] = text
    next(box for box in form.fields["members"] if box._value == code).checked = True
    return form


# --- the rule ----------------------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_another_rule_than_the_bodys_needs_a_reason_and_a_second_person_and_is_public(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = _ready(house)
    against = dict.fromkeys(["BUND", "BW", "BY", "BE", "BB", "HB", "HH", "HE"], "no")
    form = _vote(app, target, against)
    assert form["rule"].value == "it-staatsvertrag"
    form["rule"] = "empfehlung"
    refused = form.submit(status=400)
    assert "nennt den Grund" in refused.text
    form = _vote_form(refused)
    form["rule_reason"] = "Der Rat gibt nur eine Empfehlung."
    form.submit(status=303)
    assert "Das gilt erst, wenn eine zweite Person" in app.get(target).text
    with (
        house.writing("gerda", permits=SECRETARIAT) as work,
        pytest.raises(Blocked, match="Empfehlung mit einfacher Mehrheit"),
    ):
        transition.take(work.desk, lookup.find(work.session, _url(work, target)), DECISION, "adopt")
    mine = app.get(f"{target}/abstimmung")
    assert "Andere Regel bestätigen" not in mine.text
    token = _vote_form(mine)["formular"].value
    assert (
        "nicht selbst" in app.post(f"{target}/abstimmung", {"formular": token, "regel": "bestaetigen"}, status=409).text
    )
    waiting = f'href="{target}/abstimmung#andere-regel">Vorhaben'
    assert "Andere Abstimmungsregel zu bestätigen, eingetragen von Gerda" in other.get("/redaktion").text
    assert waiting in other.get("/redaktion").text and waiting not in app.get("/redaktion").text
    read = other.get(f"{target}/abstimmung")
    again = _vote_form(app.get(f"{target}/abstimmung"))
    again["rule_reason"] = "Der Rat gibt nur eine Empfehlung ab."
    again.submit(status=303)
    refused = next(form for form in read.forms.values() if "regel" in form.fields).submit("regel", status=409)
    assert "inzwischen neu eingetragen" in refused.text, "what was not read is not confirmed"
    confirming = next(form for form in other.get(f"{target}/abstimmung").forms.values() if "regel" in form.fields)
    confirming.submit("regel", status=303)
    assert waiting not in other.get("/redaktion").text
    step(app.get(target), "adopt").submit(status=303)
    step(app.get(target), "submit").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    url = _row(house, target, lambda row: row.url)
    words = "Der Rat gibt nur eine Empfehlung ab."
    assert words in app.get(url).text and "Eine zweite Person hat das bestätigt" in app.get(url).text
    vote = app.get(f"{url}.json").json["data"]["vote"]
    assert (vote["rule"], vote["body_rule"], vote["rule_reason"], vote["rule_confirmed"]) == (
        "empfehlung",
        "it-staatsvertrag",
        words,
        True,
    )


def _url(work, target):
    return work.session.get(models.Item, int(target.rsplit("/", 1)[1])).url


def test_the_second_person_is_another_login_whatever_the_names_are(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _vote(app, target, rule="einstimmig", rule_reason="So verabredet.").submit(status=303)
    with house.writing("gerda", name="Jemand Anderes", permits=SECRETARIAT) as work:
        row = lookup.find(work.session, _url(work, target))
        with pytest.raises(Blocked, match="nicht selbst"):
            ballots.confirm_rule(work.desk, row)
    with house.writing("georg", name="Gerda", permits=SECRETARIAT) as work:
        ballots.confirm_rule(work.desk, lookup.find(work.session, _url(work, target)))
    _vote(app, target, rule="einstimmig", rule_reason="So verabredet.").submit(status=303)
    assert "Das gilt erst, wenn eine zweite Person" in app.get(target).text, "new ballots are confirmed anew"


def test_a_rejection_by_another_rule_is_refused_as_well(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    _vote(app, target, {"BY": "no"}, rule="einstimmig", rule_reason="Wir wollten alle.").submit(status=303)
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="zweite Person"):
        transition.take(work.desk, lookup.find(work.session, _url(work, target)), DECISION, "reject")


def test_the_rule_of_a_body_is_one_of_the_known_in_the_form_and_in_lines(desk):
    house, browser = desk
    with house.writing("test") as work:
        number = lookup.find(work.session, "/gremium/it-planungsrat").id
    app = browser("gerda", "secretariat")
    form = next(
        form
        for form in app.get(f"/redaktion/eintrag/{number}/bearbeiten").forms.values()
        if "voting_rule" in form.fields
    )
    assert [value for value, _, _ in form["voting_rule"].options] == ["", *ballots.voting.RULES]
    assert not any("shares" in (name or "") for name in form.fields)
    with pytest.raises(ValueError, match="nicht vorgesehen"):
        clean_item(
            "body", {"slug": "x", "name": "X", "number_pattern": "YYYY/NN", "voting_rule": "Zweidrittelmehrheit"}
        )


# --- the key -----------------------------------------------------------------------------------------------------------

KEY_2026 = {**KEYS[2016].shares, "BY": "15.53427", "NW": "21.14324"}


def _as_list(shares):
    return "\n".join(f"{LAENDER[code].name}\t{share.replace('.', ',')}" for code, share in shares.items())


def _key_form(page, what):
    return next(form for form in page.forms.values() if "tun" in form.fields and form["tun"].value == what)


@pytest.mark.on_both_databases
def test_a_key_is_pasted_confirmed_by_a_second_person_and_counts_for_votes_of_its_year(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    before = _published(house, app, other, title="Vor dem Schlüssel")[1]
    vote = app.get(f"{before}.json").json["data"]["vote"]
    assert vote["key_year"] == 2016 and "Für 2026 ist kein Schlüssel hinterlegt" in vote["key_reason"]
    assert "Für 2026 ist kein Schlüssel hinterlegt" in app.get(before).text
    form = _key_form(app.get("/redaktion/koenigstein"), "eingeben")
    form["year"], form["source"], form["list"] = "2026", "", _as_list({**KEY_2026, "BY": "15.00000"})
    refused = form.submit(status=400)
    assert "wo der Schlüssel veröffentlicht ist" in refused.text and "statt 100" in refused.text
    form = _key_form(refused, "eingeben")
    form["source"], form["list"] = "Bundesanzeiger, 12.01.2026", _as_list(KEY_2026)
    form.submit(status=303)
    mine = app.get("/redaktion/koenigstein")
    assert "bestätigen muss ihn jemand anderes" in mine.text
    number = _key_form(mine, "verwerfen").fields["schluessel"][0]._value
    token = _key_form(mine, "eingeben")["formular"].value
    assert (
        "bestätigt ihn nicht selbst"
        in app.post(
            "/redaktion/koenigstein", {"formular": token, "tun": "bestaetigen", "schluessel": number}, status=409
        ).text
    )
    waiting = "Ein Königsteiner Schlüssel wartet auf Bestätigung."
    assert waiting in other.get("/redaktion").text and waiting not in app.get("/redaktion").text
    _key_form(other.get("/redaktion/koenigstein"), "bestaetigen").submit("schluessel", status=303)
    members = {row["code"]: row["shares"] for row in app.get("/gremium/it-planungsrat.json").json["data"]["members"]}
    assert members["BY"] == {"2016": "15.53327", "2026": "15.53427"} and members["BUND"] == {}
    after = _published(house, app, other, title="Nach dem Schlüssel", day="2026-04-05")[1]
    vote = app.get(f"{after}.json").json["data"]["vote"]
    assert (vote["key_year"], vote["key_source"], "key_reason" in vote) == (2026, "Bundesanzeiger, 12.01.2026", False)
    assert next(row["share"] for row in vote["ballots"] if row["code"] == "BY") == "15.53427"
    with house.writing("test") as work:
        kept = ballots.vote_of(work.session, lookup.find(work.session, before))
        assert kept.shares["BY"] == "15.53327", "what was voted keeps the key of that day"


def test_another_list_of_a_year_takes_the_place_of_the_first_and_both_stay_in_the_history(desk):
    house, browser = desk
    for shares in (dict(KEYS[2016].shares), KEY_2026):
        with house.writing("gerda", permits=SECRETARIAT) as work:
            number = key_lists.enter(work.desk, year="2027", source="Amtsblatt", text=_as_list(shares)).id
        with house.writing("georg", permits=SECRETARIAT) as work:
            key_lists.confirm(work.desk, number)
    page = browser("gerda", "secretariat").get("/redaktion/koenigstein").text
    assert page.count("<strong>2027</strong>, Amtsblatt: eingegeben von") == 2 and "; ersetzt," in page
    with house.writing("test") as work:
        assert key_lists.counting(work.session)[2027].shares["BY"] == "15.53427"


def test_a_proposal_is_taken_back_with_a_reason(desk):
    house, browser = desk
    with house.writing("gerda", permits=SECRETARIAT) as work:
        key_lists.enter(work.desk, year="2027", source="Amtsblatt", text=_as_list(KEY_2026))
    app = browser("georg", "secretariat")
    form = _key_form(app.get("/redaktion/koenigstein"), "verwerfen")
    form["reason"] = "Falsches Jahr."
    form.submit("schluessel", status=303)
    assert "verworfen: Falsches Jahr." in app.get("/redaktion/koenigstein").text
    with house.writing("test") as work:
        assert 2027 not in key_lists.counting(work.session)


def test_only_who_records_votes_keeps_the_key(desk):
    _, browser = desk
    browser("anna", "member").get("/redaktion/koenigstein", status=403)


# --- statements for the record -----------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_a_statement_is_entered_after_adoption_and_reaches_the_public_by_a_second_person(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, url = _published(house, app, other)
    _state(app, target, "BY", "Bayern sieht offene Kosten.").submit(status=303)
    assert "offene Kosten" not in app.get(url).text
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="nicht selbst öffentlich"):
        transition.correct(work.desk, lookup.find(work.session, url), "Protokollerklärung")
    form = step(other.get(target), "correct")
    form["note"] = "Protokollerklärung von Bayern"
    form.submit(status=303)
    assert "offene Kosten" in app.get(url).text and app.get(f"{url}.json").json["data"]["statements"][0]["members"] == [
        "Bayern"
    ]


def test_a_statement_that_comes_after_the_text_was_handed_in_waits_for_another_person(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = _adopted(house, app)
    step(app.get(target), "submit").submit(status=303)
    _state(app, target, "BY", "Bayern sieht offene Kosten.").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    url = _row(house, target, lambda row: row.url)
    assert "offene Kosten" not in app.get(url).text
    form = step(other.get(target), "correct")
    form["note"] = "Protokollerklärung von Bayern"
    form.submit(status=303)
    assert "offene Kosten" in app.get(url).text


def test_statements_are_changed_and_removed_and_their_history_stays(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _adopted(house, app)
    _state(app, target, "BY", "Erster Wortlaut.").submit(status=303)
    form = _statement(app.get(f"{target}/erklaerungen"), "aendern")
    form["text"] = "Zweiter Wortlaut."
    form.submit(status=303)
    form = _statement(app.get(f"{target}/erklaerungen"), "entfernen")
    assert "Der Grund fehlt" in form.submit(status=400).text
    form["reason"] = "Bayern nimmt sie zurück."
    form.submit(status=303)
    page = app.get(f"{target}/erklaerungen").text
    assert "Noch keine Erklärung" in page
    assert all(
        words in page
        for words in ("Erster Wortlaut.", "Zweiter Wortlaut.", "entfernt: Bayern nimmt sie zurück.", "durch Gerda")
    )


def test_a_faulty_statement_says_where_and_keeps_what_was_typed(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _adopted(house, app)
    form = _statement(app.get(f"{target}/erklaerungen"), "eintragen")
    form["text"] = "Niemand sagt das."
    page = form.submit(status=400)
    assert "mindestens ein Mitglied" in page.text and _statement(page, "eintragen")["text"].value == "Niemand sagt das."
    form["text"] = ">" * 21 + " So tief liest niemand."
    assert "zu tief verschachtelt" in form.submit(status=400).text


def test_statements_are_open_exactly_until_the_minutes_are_closed(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _adopted(house, app)
    for state in DECISION.states:
        _set_state(house, target, state)
        answer = app.get(f"{target}/erklaerungen").text
        assert ("Die Niederschrift ist abgeschlossen" in answer) == (state not in MINUTES_OPEN), state
    _set_state(house, target, "adopted")
    form = _state(app, target, "BY", "Zu spät.")
    step(app.get(target), "record").submit(status=303)
    refused = form.submit(status=409).text
    assert "Die Niederschrift ist abgeschlossen" in refused and "Zu spät." in refused
    assert _row(house, target, lambda row: len(ballots.statements_of(sa.orm.object_session(row), row))) == 0


def _set_state(house, target, state):
    with house.writing("test") as work:
        work.session.get(models.Decision, int(target.rsplit("/", 1)[1])).procedure_state = state


def test_the_green_list_tells_its_numbers_and_leads_to_the_statements(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    agenda = [
        {"top": str(n), "title": title, "goal": "decision", "list": "green"}
        for n, title in enumerate(["Zeta", "Alpha"], start=1)
    ]
    with house.writing("test") as work:
        value = clean_item(
            "meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": agenda}
        )
        meeting = edit.save(work.session, "meeting", value, now=NOW).item
        for title in ("Zeta", "Alpha"):
            given = {
                "body": "it-planungsrat",
                "title": title,
                "meeting": meeting.url,
                "text": "1. Der IT-Planungsrat beschließt.",
            }
            row = edit.save(work.session, "decision", clean_item("decision", given), now=NOW).item
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
        number = meeting.id
    form = saying_yes(_vote_form(app.get(f"/redaktion/eintrag/{number}/gruene-liste")))
    form["others"] = "yes"
    done = form.submit(status=303).follow()
    told = done.html.find(role="status", id="beschlossen").get_text(" ")
    assert "2012/01" in told and "2012/02" in told
    target = done.click("Protokollerklärungen", index=0).request.path_info.removesuffix("/erklaerungen")
    _state(app, target, "BY", "Zur Grünen Liste.").submit(status=303)
    assert "Zur Grünen Liste." in app.get(f"{target}/erklaerungen").text


# --- numbers, gazette --------------------------------------------------------------------------------------------------


def test_the_number_is_told_at_once_and_stands_on_the_entry_in_its_history_and_in_lists(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house, title="Sichtbare Nummer")
    _vote(app, target).submit(status=303)
    page = step(app.get(target), "adopt").submit(status=303).follow()
    number = _row(house, target, lambda row: row.number)
    assert number.startswith("2026/") and number in page.html.find(id="nummer").get_text()
    plain = app.get(target)
    assert plain.html.find(id="nummer") is None
    assert (
        f"Beschluss {number}" in plain.html.find(class_="line").get_text(" ")
        and f"Beschließen</strong>, Beschluss {number}" in plain.text
    )
    assert f"Beschluss {number}" in app.get("/redaktion/eintraege?q=Sichtbare").text


@pytest.mark.on_both_databases
def test_form_and_step_write_one_day_of_the_gazette(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, url = _published(house, app, other)
    form = step(app.get(target), "announce")
    form["gazette_date"] = "2026-03-01"
    assert "vor dem Beschluss" in form.submit(status=409).text
    form["gazette_date"] = "2026-03-19"
    form.submit(status=303)
    page = app.get(target).text
    assert "Bundesanzeiger: 19.03.2026" in page and "<dt>Bundesanzeiger</dt><dd>19.03.2026</dd>" in page
    edited = app.get(f"{target}/bearbeiten")
    form = next(form for form in edited.forms.values() if "gazette_notice.date" in form.fields)
    assert form["gazette_notice.date"].value == "2026-03-19"
    form["gazette_notice.date"] = "2026-03-20"
    form.submit(status=303)
    assert step(app.get(target), "announce")["gazette_date"].value == "2026-03-20"
    assert app.get(f"{url}.json").json["data"]["gazette_notice"] is None
    correcting = step(other.get(target), "correct")
    correcting["note"] = "Bekanntgabe"
    correcting.submit(status=303)
    assert app.get(f"{url}.json").json["data"]["gazette_notice"]["date"] == "2026-03-20"
    step(app.get(target), "record_announced").submit(status=303)
    assert _row(house, target, lambda row: (row.procedure_state, row.gazette_date)) == (
        "gazetted",
        dt.date(2026, 3, 20),
    )


def test_who_entered_the_gazettes_day_does_not_make_it_public_alone(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, url = _published(house, app, other)
    form = step(app.get(target), "announce")
    form["gazette_date"] = "2026-03-19"
    form.submit(status=303)
    with house.writing("gerda", permits=SECRETARIAT) as work, pytest.raises(Blocked, match="nicht selbst öffentlich"):
        transition.correct(work.desk, lookup.find(work.session, url), "Bekanntgabe")


# --- votes while they are typed ----------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_votes_being_typed_are_kept_and_offered_again(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house, title="Getippt")
    page = app.get(f"{target}/abstimmung")
    assert "Getippt" in page.html.find(class_="lead").get_text()
    form = _vote_form(page)
    form["ballot.BY"], form["others"], form["note"] = "no", "yes", "Laut Zuruf."
    told = app.post(f"{target}/abstimmung/entwurf", form.submit_fields(), status=200).json
    assert "15 von 16 Ländern stimmen zu" in told["result"] and "angenommen" in told["result"]
    again = app.get(f"{target}/abstimmung")
    assert _vote_form(again)["ballot.BY"].value is None
    going_on = _vote_form(again.click("Weiterschreiben"))
    assert [going_on[name].value for name in ("ballot.BY", "others", "note")] == ["no", "yes", "Laut Zuruf."]
    going_on.submit(status=303)
    assert "Sie hatten Ungespeichertes" not in app.get(f"{target}/abstimmung").text
    assert "Sie hatten Ungespeichertes" not in browser("georg", "secretariat").get(f"{target}/abstimmung").text


def test_without_a_script_a_button_and_every_refusal_keep_what_was_typed(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    form = _vote_form(app.get(f"{target}/abstimmung"))
    form["ballot.BY"] = "abstain"
    kept = form.submit("behalten", status=303).follow()
    assert _vote_form(kept)["ballot.BY"].value == "abstain"
    form = _vote_form(app.get(f"{target}/abstimmung").click("Weiterschreiben"))
    form["rule"] = "einstimmig"
    form.submit(status=400)
    assert _vote_form(app.get(f"{target}/abstimmung").click("Weiterschreiben"))["rule"].value == "einstimmig"
    offer = next(form for form in app.get(f"{target}/abstimmung").forms.values() if "verwerfen" in form.fields)
    assert sure(offer.submit("verwerfen")).status_int == 303
    assert "Sie hatten Ungespeichertes" not in app.get(f"{target}/abstimmung").text


def test_after_an_ended_session_the_votes_come_back_with_the_sign_in(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    form = _vote(app, target, {"BY": "abstain"})
    with house.writing("test") as work:
        work.session.execute(sa.delete(models.AccountSession))
    page = form.submit(status=401, expect_errors=True)
    assert 'name="kept.ballot.BY" value="abstain"' in page.text


def test_votes_changed_after_going_on_are_what_the_page_shows_when_it_is_loaded_again(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = _ready(house)
    opened = _vote(app, target, {"BY": "abstain"}).submit("behalten", status=303)
    assert f"{target}/abstimmung?entwurf=" in opened.headers["Location"]
    resumed = _vote_form(opened.follow())
    assert resumed["ballot.BY"].value == "abstain"
    resumed["ballot.BY"] = "yes"
    app.post(f"{target}/abstimmung/entwurf", resumed.submit_fields(), status=200)
    assert _vote_form(app.get(opened.headers["Location"]))["ballot.BY"].value == "yes"


def test_the_votes_of_a_green_list_are_kept_as_well(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    agenda = [{"top": "1", "title": "Zeta", "goal": "decision", "list": "green"}]
    with house.writing("test") as work:
        value = clean_item(
            "meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": agenda}
        )
        target = f"/redaktion/eintrag/{edit.save(work.session, 'meeting', value, now=NOW).item.id}/gruene-liste"
    form = _vote_form(app.get(target))
    form["ballot.BY"] = "no"
    assert app.post(f"{target}/entwurf", form.submit_fields(), status=200).json["at"]
    assert _vote_form(app.get(target).click("Weiterschreiben"))["ballot.BY"].value == "no"


def test_a_session_still_to_come_is_warned_of(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    future = (NOW + dt.timedelta(days=11)).date().isoformat()
    assert "Die Sitzung ist erst am" in app.get(f"{_ready(house, day=future)}/abstimmung").text
    assert "Die Sitzung ist erst am" not in app.get(f"{_ready(house, day='2026-03-05')}/abstimmung").text


# --- lines -------------------------------------------------------------------------------------------------------------


def test_keys_travel_with_an_export_and_older_lines_of_bodies_bring_theirs(house, other_house, tmp_path):
    from content.services.exchange import exchange

    def read(into, *lines):
        path = tmp_path / "lines.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines))
        with into.writing("test") as work:
            return exchange.Importer(work.desk, is_publishing=True).read([path])

    members = [
        {"code": code, "name": LAENDER[code].name, "kind": "land", "shares": {"2026": share}}
        for code, share in KEY_2026.items()
    ]
    body = {
        "type": "body",
        "slug": "rat",
        "name": "Rat",
        "number_pattern": "YYYY/NN",
        "voting_rule": "einstimmig",
        "members": members,
    }
    assert read(house, body).created == {"body": 1}
    with house.writing("test") as work:
        assert key_lists.counting(work.session)[2026].shares["BY"] == "15.53427"
        lines = [json.loads(line) for line in exchange.working_lines(work.session)]
    assert [line["type"] for line in lines] == ["koenigstein", "body"] and "shares" not in lines[1]["members"][0]
    assert read(other_house, *lines).created == {"koenigstein": 1, "body": 1}
    assert read(other_house, *lines).unchanged == {"koenigstein": 1, "body": 1}
    with pytest.raises(exchange.FaultyInput) as refused:
        read(house, {**body, "slug": "teil", "members": members[:3]})
    assert "Es fehlen" in refused.value.report.faults[0].message


def test_a_line_with_another_rule_names_the_reason(house, tmp_path):
    from content.services.exchange import exchange

    body = {
        "type": "body",
        "slug": "rat",
        "name": "Rat",
        "number_pattern": "YYYY/NN",
        "voting_rule": "einstimmig",
        "members": [{"code": "BE", "name": "Berlin", "kind": "land"}],
    }
    line = {
        "type": "decision",
        "body": "rat",
        "number": "2020/01",
        "text": "1. Der Rat beschließt.",
        "date": "2020-02-03",
        "vote": {"others": "yes", "rule": "empfehlung"},
    }

    def read(*lines):
        path = tmp_path / "lines.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in lines))
        with house.writing("test") as work:
            return exchange.Importer(work.desk, is_publishing=True).read([path])

    with pytest.raises(exchange.FaultyInput) as refused:
        read(body, line)
    assert [fault.field for fault in refused.value.report.faults] == ["rule_reason"]
    assert read(body, {**line, "vote": {**line["vote"], "rule_reason": "Laut Niederschrift."}}).published == 2


def test_the_right_is_asked_by_the_services_too(desk):
    house, _ = desk
    with house.writing("anna", permits=ROLES["member"].permits) as work:
        row = lookup.find(work.session, "/beschluss/2021/39")
        for act in (
            lambda: declarations.add(work.desk, row, ["BY"], "x"),
            lambda: ballots.confirm_rule(work.desk, row),
            lambda: key_lists.enter(work.desk, year="2027", source="x", text=""),
            lambda: key_lists.confirm(work.desk, 1),
            lambda: key_lists.discard(work.desk, 1, "x"),
        ):
            with pytest.raises(Blocked, match="fehlt das Recht"):
                act()
