"""The review of a report at the desk: remarks that stay with their words, suggestions that the lead decides, requests, comparison."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from content import models
from content.services.reports import reports
from content.services.workflow import deadlines
from tests.functional.confirming import sure
from tests.functional.people import logged
from tests.functional.test_report_desk import section_form
from tests.functional.test_reports import TEXT, make_report

SECOND = "Zweiter Absatz."


@pytest.fixture
def group(desk):
    """As `make_group` says."""
    return make_group(desk)


def make_group(desk):
    """(house, a function that signs in a member or the chair, address of the report, identities of its two sections)."""
    house, browser = desk
    with house.writing("test") as work:
        report = make_report(work)
        report.owner = "ag-probe"
        uids = [row.uid for row in report.sections]
        path = f"/redaktion/bericht/{report.id}"
    return house, lambda login, role="member": browser(login, role, organisation="ag-probe"), path, uids


def send(app, path, status=303, **fields):
    """Send a form of a page of the review, with the hidden inputs it has."""
    token = re.search(r'name="formular" value="([^"]+)"', app.get(path).text)[1]
    return app.post(path, {"formular": token, **fields}, status=status)


def write(app, path, uid, text):
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = text
    return form.submit("tun", value="speichern", status=303)


def text_of(house, uid):
    with house.writing("test") as work:
        return work.session.scalars(sa.select(models.ReportSection.text).where(models.ReportSection.uid == uid)).one()


def suggest(app, place, text, rev="1", **more):
    return send(app, place, tun="vorschlagen", text=text, rev=rev, **more)


@pytest.fixture
def place(group):
    _, _, path, (uid, _) = group
    return f"{path}/abschnitt/{uid}/durchsicht"


# --- remarks ---


def test_the_words_of_open_remarks_are_marked_in_the_text_with_a_link_to_their_thread(group, place):
    _, member, _, _ = group
    app = member("anna")
    send(app, place, tun="anmerken", anmerkung="Woher?", worte="Zweiter Absatz")
    page = app.get(place)
    number = re.search(r'id="anmerkung-(\d+)"', page.text)[1]
    link = f'<mark>Zweiter Absatz</mark><a class="review-mark" href="#anmerkung-{number}">'
    assert link in page.text
    send(app, place, tun=f"erledigt:{number}")
    assert "<mark>" not in app.get(place).text


def test_a_remark_stays_with_its_words_when_the_text_around_them_changes(group, place):
    _, member, path, (uid, _) = group
    app = member("anna")
    target = send(app, place, tun="anmerken", worte="zweiter ABSATZ", anmerkung="Woher wissen wir das?").headers[
        "Location"
    ]
    assert re.search(r"#anmerkung-\d+$", target)
    page = app.get(place)
    assert "Woher wissen wir das?" in page.text and 'href="#absatz-2"' in page.text
    write(app, path, uid, "Ein neuer Anfang.\n\n" + TEXT.replace("Erster", "Ganz anderer"))
    assert 'href="#absatz-3"' in app.get(place).text


def test_a_remark_says_that_its_words_are_gone_and_finds_them_when_they_return(group, place):
    _, member, path, (uid, _) = group
    app = member("anna")
    send(app, place, tun="anmerken", worte=SECOND, anmerkung="Streichen?")
    write(app, path, uid, "Nur noch ein Satz.")
    page = app.get(place)
    assert "stehen nicht mehr im Text" in page.text and SECOND in page.text
    write(app, path, uid, TEXT)
    assert "stehen nicht mehr im Text" not in app.get(place).text


def test_a_remark_goes_with_its_words_into_the_new_section_when_one_is_split(group, place):
    _, member, path, (uid, _) = group
    app = member("anna")
    send(app, place, tun="anmerken", worte="Dritter", anmerkung="Beleg fehlt.")
    send(app, place, tun="anmerken", worte="", anmerkung="Zum Ganzen.")
    token = section_form(app.get(f"{path}/abschnitt/{uid}"))["formular"].value
    target = app.post(
        f"{path}/abschnitt/{uid}", {"formular": token, "tun": "teilen", "absatz": "2", "neue_ueberschrift": "Rest"}
    ).headers["Location"]
    assert "Beleg fehlt." in app.get(target + "/durchsicht").text
    page = app.get(place)
    assert "Beleg fehlt." not in page.text and "Zum Ganzen." in page.text


def test_others_answer_resolve_and_open_again(group, place):
    _, member, _, _ = group
    anna, bert = member("anna"), member("bert")
    send(anna, place, tun="anmerken", worte="", anmerkung="Zu lang.")
    number = re.search(r'id="anmerkung-(\d+)"', bert.get(place).text)[1]
    send(bert, place, tun=f"antworten:{number}", **{f"antwort.{number}": "Ich kürze."})
    assert "Ich kürze." in anna.get(place).text
    send(anna, place, tun=f"erledigt:{number}")
    assert "erledigt durch Anna" in bert.get(place).text
    send(bert, place, tun=f"offen:{number}")
    page = bert.get(place)
    assert "erledigt durch" not in page.text
    assert "Bert merkt an: Ich kürze." in anna.get("/redaktion/hinweise").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"anmerkung": " ", "worte": ""}, "Die Anmerkung fehlt"),
        ({"anmerkung": "Bleibt stehen.", "worte": "gibt es nicht"}, "stehen nicht im Abschnitt"),
        ({"anmerkung": "x" * 10_001, "worte": ""}, "höchstens 10000"),
    ],
)
def test_a_remark_that_cannot_be_is_refused_and_what_was_typed_stays(group, place, fields, words):
    _, member, _, _ = group
    page = send(member("anna"), place, 400, tun="anmerken", **fields)
    assert words in page.text and fields["anmerkung"].strip() in page.text


def test_what_is_remarked_runs_nothing(group, place):
    _, member, _, _ = group
    app = member("anna")
    send(app, place, tun="anmerken", worte="", anmerkung="<script>alert(1)</script>")
    assert "<script>alert" not in app.get(place).text


@pytest.mark.parametrize("act", ["", "fliegen", "erledigt:999", "antworten:999", "annehmen:1"])
def test_nonsense_and_what_is_the_leads_is_refused(group, place, act):
    _, member, _, _ = group
    status = send(member("anna"), place, "*", tun=act, **{"antwort.999": "x"}).status_int
    assert status in {403, 404, 409}


# --- suggestions ---


def test_each_changed_place_is_a_suggestion_and_the_lead_takes_one_and_leaves_one(group, place):
    house, member, path, (uid, _) = group
    bert, lead = member("bert"), member("clara", "chair")
    suggest(bert, place, TEXT.replace("Erster", "Berts").replace("Dritter", "Letzter"), grund="Klarer so.")
    page = lead.get(place)
    first, last = re.findall(r'id="vorschlag-(\d+)"', page.text)
    assert "Klarer so." in page.text and text_of(house, uid) == TEXT
    send(lead, place, tun=f"annehmen:{first}")
    send(lead, place, tun=f"ablehnen:{last}")
    assert text_of(house, uid) == TEXT.replace("Erster", "Berts")
    with house.writing("test") as work:
        report = work.session.get(models.Report, int(path.rsplit("/", 1)[1]))
        newest = reports.revisions(work.session, report, uid)[0]
        assert (newest.actor, newest.actor_name, newest.accepted_by) == ("bert", "Bert", "Clara")
    assert "Bert (Vorschlag, angenommen von Clara)" in lead.get(f"{path}/abschnitt/{uid}").text
    assert [(row.actor, row.detail[:10]) for row in logged(house, "suggestion.accepted")] == [("clara", "Vorschlag ")]
    assert logged(house, "item.changed")[-1].actor == "clara"


def test_accepting_keeps_what_the_suggester_has_typed_and_not_saved(group, place):
    _, member, path, (uid, _) = group
    bert, lead = member("bert"), member("clara", "chair")
    suggest(bert, place, TEXT.replace("Erster", "Berts"))
    token = section_form(bert.get(f"{path}/abschnitt/{uid}"))["formular"].value
    bert.post(
        f"{path}/abschnitt/{uid}/entwurf",
        {"formular": token, "rev": "1", "ueberschrift": "Auftrag", "text": "Noch im Entwurf."},
    )
    number = re.search(r'id="vorschlag-(\d+)"', lead.get(place).text)[1]
    send(lead, place, tun=f"annehmen:{number}")
    assert "ungespeicherten Entwurf" in bert.get(f"{path}/abschnitt/{uid}").text


def test_a_stale_suggestion_says_so_and_is_not_forced_in(group, place):
    house, member, path, (uid, _) = group
    bert, lead = member("bert"), member("clara", "chair")
    suggest(bert, place, TEXT.replace("Zweiter", "Berts"))
    write(lead, path, uid, TEXT.replace("Zweiter", "Claras"))
    page = lead.get(place)
    number = re.search(r'id="vorschlag-(\d+)"', page.text)[1]
    assert "passt nicht mehr" in page.text and f"annehmen:{number}" not in page.text
    assert "passt nicht mehr" in send(lead, place, 400, tun=f"annehmen:{number}").text
    assert text_of(house, uid) == TEXT.replace("Zweiter", "Claras")


def test_all_that_fit_are_taken_at_once_and_the_rest_stays_open(group, place):
    house, member, path, (uid, second) = group
    bert, anna, lead = member("bert"), member("anna"), member("clara", "chair")
    suggest(bert, place, TEXT.replace("Erster", "Berts"))
    suggest(anna, place, TEXT.replace("Erster", "Annas").replace("Dritter", "Annas"))
    suggest(anna, place.replace(uid, second), TEXT + "\n\nUnd noch einer.")
    done = send(lead, f"{path}/durchsicht", tun="alle-annehmen").follow()
    assert "3 angenommen, 1 passen nicht mehr" in done.text
    assert text_of(house, uid) == TEXT.replace("Erster", "Berts").replace("Dritter", "Annas") and text_of(
        house, second
    ).endswith("noch einer.")
    asked = send(lead, f"{path}/durchsicht", 200, tun="alle-ablehnen")
    assert "gelten als abgelehnt" in asked.text and "Kein offener Vorschlag" not in lead.get(place).text
    assert sure(asked).status_int == 303
    assert "Kein offener Vorschlag" in lead.get(place).text


def test_who_suggested_takes_it_back_and_nobody_else_does(group, place):
    _, member, _, _ = group
    bert, anna = member("bert"), member("anna")
    suggest(bert, place, TEXT.replace("Erster", "Berts"))
    number = re.search(r'id="vorschlag-(\d+)"', bert.get(place).text)[1]
    assert send(anna, place, 409, tun=f"zuruecknehmen:{number}")
    send(bert, place, tun=f"zuruecknehmen:{number}")
    assert "zurückgenommen durch Bert" in anna.get(place).text


@pytest.mark.parametrize(
    ("text", "rev", "words"),
    [(TEXT, "1", "unverändert"), ("Neu.", "77", "Ausgangsfassung ist unbekannt"), ("x" * 500_000, "1", "höchstens")],
)
def test_a_suggestion_that_is_none_is_refused_with_its_reason(group, place, text, rev, words):
    _, member, _, _ = group
    page = send(member("anna"), place, 400, tun="vorschlagen", text=text, rev=rev)
    assert words in page.text


def test_a_suggestion_for_a_recommendation_that_was_proposed_is_refused(group, place):
    house, member, path, (uid, _) = group
    lead = member("clara", "chair")
    token = section_form(lead.get(f"{path}/abschnitt/{uid}"))["formular"].value
    lead.post(f"{path}/abschnitt/{uid}", {"formular": token, "tun": "empfehlung", "adressat": "Bund"}, status=303)
    suggest(lead, place, TEXT.replace("Erster", "Zu später"))
    with house.writing("test") as work:
        work.session.scalars(
            sa.select(models.Recommendation).where(models.Recommendation.url == "/empfehlung/auftrag")
        ).one().procedure_state = "proposed"
    number = re.search(r'id="vorschlag-(\d+)"', lead.get(place).text)[1]
    assert "Wortlaut steht fest" in send(lead, place, 400, tun=f"annehmen:{number}").text
    assert text_of(house, uid) == TEXT


def test_what_was_said_about_a_section_that_was_taken_out_is_kept(group, place):
    _, member, path, (uid, _) = group
    lead = member("clara", "chair")
    send(lead, place, tun="anmerken", worte="", anmerkung="Das fehlt dann.")
    suggest(lead, place, TEXT.replace("Erster", "Claras"))
    token = re.search(r'name="formular" value="([^"]+)"', lead.get(path).text)[1]
    lead.post(path, {"formular": token, "tun": f"entfernen:{uid}"}, status=303)
    page = lead.get(f"{path}/durchsicht")
    assert "Das fehlt dann." in page.text and "Der Abschnitt wurde entfernt." in page.text
    number = re.search(r'id="vorschlag-(\d+)"', page.text)[1]
    send(lead, f"{path}/durchsicht", tun=f"ablehnen:{number}")
    assert "Der Abschnitt wurde entfernt." not in lead.get(f"{path}/durchsicht").text


# --- requests ---


def test_a_person_is_asked_reminded_and_says_when_it_is_done(group):
    house, member, path, _ = group
    bert, lead = member("bert"), member("clara", "chair")
    overview = f"{path}/durchsicht"
    with house.writing("test") as work:
        number = work.session.scalars(sa.select(models.Account.id).where(models.Account.login == "bert")).one()
    due = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    send(lead, overview, tun="bitten", person=str(number), frist=due.isoformat(), worte="Vor allem Kapitel 2.")
    assert "schon gebeten" in send(lead, overview, 400, tun="bitten", person=str(number), frist=due.isoformat()).text
    assert "Bitte um Durchsicht bis" in bert.get("/redaktion/hinweise").text
    now = dt.datetime.now(dt.UTC)
    with house.writing("clock") as work:
        assert deadlines.tell(work.session, now) == 1 and deadlines.tell(work.session, now) == 0
        assert deadlines.tell(work.session, now + dt.timedelta(days=4)) == 1
    page = bert.get(overview)
    assert "Vor allem Kapitel 2." in page.text
    request = re.search(r'value="fertig:(\d+)"', page.text)[1]
    assert send(lead, overview, 409, tun=f"fertig:{request}")
    send(bert, overview, tun=f"fertig:{request}")
    assert (
        "fertig " in lead.get(overview).text
        and "Bert hat den Bericht durchgesehen" in lead.get("/redaktion/hinweise").text
    )
    with house.writing("clock") as work:
        assert deadlines.tell(work.session, now + dt.timedelta(days=30)) == 0


@pytest.mark.parametrize(
    ("person", "due", "words"),
    [
        ("999", "2099-01-01", "Bitte eine Person wählen"),
        ("x", "gestern", "Bis wann?"),
        ("", "2020-01-01", "Bis wann?"),
    ],
)
def test_a_request_without_person_or_with_a_day_that_is_none_is_refused(group, person, due, words):
    _, member, path, _ = group
    assert (
        words in send(member("clara", "chair"), f"{path}/durchsicht", 400, tun="bitten", person=person, frist=due).text
    )


def test_guests_and_decisions_on_all_are_the_leads(group):
    _, member, path, _ = group
    app = member("anna")
    assert "Gäste ohne Konto" not in app.get(f"{path}/durchsicht").text
    for act in ("einladen", "zurueckziehen:1", "alle-annehmen", "alle-ablehnen", "bitte-zuruecknehmen:1"):
        assert send(app, f"{path}/durchsicht", 403, tun=act)


# --- approval, comparison ---


def test_the_outline_tells_where_the_group_stands_and_that_four_eyes_are_needed(group):
    _, member, path, _ = group
    lead, other = member("clara", "chair"), member("dora", "chair")
    item = path.replace("bericht", "eintrag")
    form = lead.get(item).forms["schritt-report-ask_group"]
    form.submit(status=303)
    page = lead.get(path)
    assert (
        "Abstimmung: in Abstimmung in der Gruppe" in page.text
        and "In die Gruppe geben</strong> durch Clara" in page.text
    )
    assert f"{item}#schritt-report-finish" not in page.text
    assert f"{item}#schritt-report-finish" in other.get(path).text


def test_any_two_revisions_of_a_section_are_compared_inline_and_side_by_side(group):
    _, member, path, (uid, _) = group
    app = member("anna")
    write(app, path, uid, TEXT.replace("Zweiter", "Neuer"))
    write(app, path, uid, "Dritter Absatz.\n\nErster Absatz.")
    page = app.get(f"{path}/abschnitt/{uid}/vergleich?alt=1&neu=2")
    assert "<ins>" in page.text and "Neuer" in page.text and "Hinzugefügt: " in page.text
    page = app.get(f"{path}/abschnitt/{uid}/vergleich?alt=3&neu=1&ansicht=nebeneinander")
    assert '<th scope="col">Revision 1</th><th scope="col">Revision 3</th>' in page.text and "Verschoben: " in page.text
    assert "Beide Revisionen sind gleich" in app.get(f"{path}/abschnitt/{uid}/vergleich?alt=2&neu=2").text
    assert app.get(f"{path}/abschnitt/{uid}/vergleich?alt=1&neu=99", status=404)


def test_two_states_of_the_whole_report_are_compared(group):
    _, member, path, (uid, second) = group
    app = member("anna")
    write(app, path, uid, TEXT.replace("Zweiter", "Neuer"))
    token = re.search(r'name="formular" value="([^"]+)"', app.get(path).text)[1]
    app.post(path, {"formular": token, "tun": f"entfernen:{second}"}, status=303)
    app.post(path, {"formular": token, "tun": "neu:", "ueberschrift": "Ausblick", "art": "text"}, status=303)
    page = app.get(f"{path}/vergleich")
    oldest = re.findall(r'<option value="(\d+)"', page.text.split('id="neu"')[0])[-1]
    page = app.get(f"{path}/vergleich?alt={int(oldest) + 1}")
    assert "3 von 3 Abschnitten geändert" in page.text and "Neuer" in page.text
    assert re.search(r'Ausblick</a> <span class="quiet">neu', page.text) and re.search(
        r'Befund <span class="quiet">entfernt', page.text
    )
    assert "<table" in app.get(f"{path}/vergleich?alt={oldest}&ansicht=nebeneinander").text


def test_members_of_another_group_see_nothing_of_the_review(group, desk):
    _, browser = desk
    _, _, path, (uid, _) = group
    stranger = browser("fremd", "member", organisation="andere-ag")
    for tail in ("/durchsicht", "/vergleich", f"/abschnitt/{uid}/durchsicht", f"/abschnitt/{uid}/vergleich"):
        assert stranger.get(path + tail, status=404)


def test_what_is_said_of_a_report_is_in_the_audit_log_without_its_words(group, place):
    house, member, _, _ = group
    app = member("anna")
    send(app, place, tun="anmerken", anmerkung="Geheime Worte", worte="Zweiter Absatz")
    number = re.search(r'id="anmerkung-(\d+)"', app.get(place).text)[1]
    for fields in (
        {"tun": f"antworten:{number}", f"antwort.{number}": "Ja."},
        {"tun": f"erledigt:{number}"},
        {"tun": f"offen:{number}"},
    ):
        send(app, place, **fields)
    with house.writing("test") as work:
        entry = models.AuditEntry
        rows = work.session.scalars(sa.select(entry).where(entry.action.startswith("review.")).order_by(entry.id)).all()
    assert [row.action for row in rows] == ["review.remarked", "review.answered", "review.resolved", "review.reopened"]
    assert {row.actor for row in rows} == {"anna"} and not any("Geheim" in row.detail for row in rows)
