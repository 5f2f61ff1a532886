"""Writing a report at the desk without a script: outline, sections, drafts, conflicts, recommendations; and refusals."""

from __future__ import annotations

import json
import re

import pytest

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import edit
from tests.functional.test_reports import TEXT, make_report


@pytest.fixture
def writing(desk):
    """(house, browsers by name, address of a report with two sections at the desk, their identities)."""
    house, browser = desk
    with house.writing("test") as work:
        report = make_report(work)
        report.owner = "ag-probe"
        uids = [row.uid for row in report.sections]
        path = f"/redaktion/bericht/{report.id}"
    return house, lambda login: browser(login, "member", organisation="ag-probe"), path, uids


def section_form(page):
    return next(form for form in page.forms.values() if "text" in form.fields and "rev" in form.fields)


def outline_of(page):
    return re.findall(r'outline-number">([\d.]+)</span> <a [^>]*>([^<]+)<', page.text)


def press(app, path, **fields):
    """Press a button of the outline, as its form does."""
    page = app.get(path)
    token = page.forms[1]["formular"].value if "formular" in page.forms[1].fields else page.forms[0]["formular"].value
    return app.post(path, {"formular": token, **fields}, expect_errors=True)


def test_the_outline_is_changed_with_buttons(writing):
    _, member, path, (first, second) = writing
    app = member("anna")
    assert outline_of(app.get(path)) == [("1", "Auftrag"), ("2", "Befund")]
    assert press(app, path, tun=f"einruecken:{second}").headers["Location"].endswith(f"#s-{second}")
    assert outline_of(app.get(path)) == [("1", "Auftrag"), ("1.1", "Befund")]
    press(app, path, tun=f"ausruecken:{second}")
    press(app, path, tun=f"hoch:{second}")
    assert outline_of(app.get(path)) == [("1", "Befund"), ("2", "Auftrag")]
    press(app, path, tun=f"ziehen:{second}", hinter=first, ebene="2")
    assert outline_of(app.get(path)) == [("1", "Auftrag"), ("1.1", "Befund")]
    press(app, path, tun=f"entfernen:{first}")
    page = app.get(path)
    assert outline_of(page) == [("1", "Befund")] and "Entfernte Abschnitte" in page.text
    press(app, path, tun=f"zurueckholen:{first}")
    assert outline_of(app.get(path)) == [("1", "Befund"), ("2", "Auftrag")]


def test_a_new_section_opens_for_writing_and_a_missing_heading_is_told(writing):
    _, member, path, (first, _) = writing
    app = member("anna")
    answer = press(app, path, tun=f"neu:{first}", ueberschrift="", art="finding")
    assert answer.status_code == 400 and "Die Überschrift fehlt" in answer.text
    target = press(app, path, tun=f"neu:{first}", ueberschrift="Dazwischen", art="finding").headers["Location"]
    assert outline_of(app.get(path)) == [("1", "Auftrag"), ("2", "Dazwischen"), ("3", "Befund")]
    form = section_form(app.get(target))
    form["text"] = "Ein neuer Text."
    assert "Gespeichert." in form.submit("tun").follow().text


@pytest.mark.parametrize("act", ["hoch", "", "fliegen:x", "hoch:00000000-0000-0000-0000-000000000000", "ziehen:x"])
def test_nonsense_is_refused_without_a_traceback(writing, act):
    _, member, path, _ = writing
    assert press(member("anna"), path, tun=act, ebene="viel", hinter="?").status_code in {404, 409}


def test_two_people_who_write_at_different_places_notice_nothing(writing):
    house, member, path, (uid, _) = writing
    anna, bert = member("anna"), member("bert")
    theirs = section_form(anna.get(f"{path}/abschnitt/{uid}"))
    anna.post(
        f"{path}/abschnitt/{uid}/entwurf", {"formular": theirs["formular"].value}, status=200
    )  # the editor says so at once
    page = bert.get(f"{path}/abschnitt/{uid}")
    assert "Auch hier: Anna" in page.text
    mine = section_form(page)
    theirs["text"], mine["text"] = TEXT.replace("Erster", "Annas"), TEXT.replace("Dritter", "Berts")
    theirs.submit("tun", status=303)
    assert "zusammengeführt" in mine.submit("tun").follow().text
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        assert row.input["sections"][0]["text"] == "Annas Absatz.\n\nZweiter Absatz.\n\nBerts Absatz."


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("both", "Berts Absatz.\n\nAnnas Absatz."),
        ("ours", "Berts Absatz."),
        ("theirs", "Annas Absatz."),
        ("base", "Zweiter Absatz."),
        ("eigen", "Unser Absatz."),
        ("unsinn", "Berts Absatz.\n\nAnnas Absatz."),
    ],
)
def test_a_conflict_is_decided_paragraph_by_paragraph(writing, choice, expected):
    house, member, path, (uid, _) = writing
    anna, bert = member("anna"), member("bert")
    theirs, mine = section_form(anna.get(f"{path}/abschnitt/{uid}")), section_form(bert.get(f"{path}/abschnitt/{uid}"))
    theirs["text"], mine["text"] = TEXT.replace("Zweiter", "Annas"), TEXT.replace("Zweiter", "Berts")
    theirs.submit("tun", status=303)
    page = mine.submit("tun", status=409)
    assert "Sie und Anna haben dieselben Stellen geändert" in page.text and "Zweiter Absatz." in page.text
    form = section_form(page)
    form["wahl.1"].force_value(choice)
    form["eigen.1"] = "Unser Absatz."
    form.submit("tun", status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        assert row.input["sections"][0]["text"] == f"Erster Absatz.\n\n{expected}\n\nDritter Absatz."


def test_somebody_faster_while_a_conflict_is_decided_makes_another_one(writing):
    _, member, path, (uid, _) = writing
    anna, bert = member("anna"), member("bert")
    mine = section_form(bert.get(f"{path}/abschnitt/{uid}"))
    mine["text"] = TEXT.replace("Zweiter", "Berts")
    for word in ("Annas", "Annas neuer"):
        theirs = section_form(anna.get(f"{path}/abschnitt/{uid}"))
        theirs["text"] = TEXT.replace("Zweiter", word)
        theirs.submit("tun", status=303)
        mine = section_form(mine.submit("tun", status=409))
        mine["wahl.1"] = "ours"
    assert mine["gegen"].value == "3"


def test_what_was_typed_is_kept_and_offered_with_its_differences(writing):
    _, member, path, (uid, _) = writing
    app = member("anna")
    page = app.get(f"{path}/abschnitt/{uid}")
    form = section_form(page)
    told = app.post(
        f"{path}/abschnitt/{uid}/entwurf",
        {"formular": form["formular"].value, "rev": "1", "ueberschrift": "Auftrag", "text": "Noch nicht fertig."},
    )
    assert json.loads(told.text) == {"rev": 1, "by": "", "here": []}
    page = app.get(f"{path}/abschnitt/{uid}")
    assert "ungespeicherten Entwurf" in page.text and section_form(page)["text"].value == TEXT
    assert section_form(app.get(f"{path}/abschnitt/{uid}?entwurf=1"))["text"].value == "Noch nicht fertig."
    app.post(
        f"{path}/abschnitt/{uid}",
        {"formular": form["formular"].value, "tun": "verwerfen", "bestaetigt": "ja"},
        status=303,
    )
    assert "ungespeicherten Entwurf" not in app.get(f"{path}/abschnitt/{uid}").text


def test_too_long_a_text_is_refused_and_stays_in_the_form(writing):
    _, member, path, (uid, _) = writing
    form = section_form(member("anna").get(f"{path}/abschnitt/{uid}"))
    form["ueberschrift"], form["text"] = "x" * 501, "Bleibt stehen."
    answer = form.submit("tun", status=400)
    assert "höchstens 500" in answer.text and section_form(answer)["text"].value == "Bleibt stehen."


def test_the_preview_shows_footnotes_and_runs_nothing(writing):
    _, member, path, (uid, _) = writing
    form = section_form(member("anna").get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Ein Satz.[^1] <script>alert(1)</script>\n\n[^1]: Die Quelle."
    form.action = f"{path}/abschnitt/{uid}/vorschau"
    page = form.submit()
    assert 'class="notes"' in page.text and "<script>alert" not in page.text


def test_a_section_becomes_a_recommendation_and_keeps_in_step_until_it_is_proposed(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    page = app.get(f"{path}/abschnitt/{uid}")
    token = section_form(page)["formular"].value
    app.post(
        f"{path}/abschnitt/{uid}",
        [("formular", token), ("tun", "empfehlung"), ("adressat", "Bund"), ("adressat", "Länder")],
        status=303,
    )
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Mehr Mut."
    form.submit("tun", status=303)
    with house.writing("test") as work:
        item = lookup.find(work.session, "/empfehlung/auftrag")
        assert (item.number, item.text, item.addressees, item.report_url, item.owner) == (
            "1",
            "Mehr Mut.",
            ["Bund", "Länder"],
            "/bericht/probe",
            "ag-probe",
        )
        assert work.session.get(models.Report, int(path.rsplit("/", 1)[1])).recommendation_urls == [
            "/empfehlung/auftrag"
        ]
        item.procedure_state = "proposed"
    assert "Empfehlung: vorgeschlagen" in app.get(path).text
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Zu spät."
    answer = form.submit("tun", status=400)
    assert "Wortlaut steht fest" in answer.text
    assert app.post(f"{path}/abschnitt/{uid}", {"formular": token, "tun": "empfehlung"}, status=400)


def test_a_section_is_split_and_its_kind_is_changed(writing):
    _, member, path, (uid, _) = writing
    app = member("anna")
    token = section_form(app.get(f"{path}/abschnitt/{uid}"))["formular"].value
    app.post(
        f"{path}/abschnitt/{uid}",
        {"formular": token, "tun": "teilen", "absatz": "2", "neue_ueberschrift": "Rest"},
        status=303,
    )
    app.post(f"{path}/abschnitt/{uid}", {"formular": token, "tun": "art", "art": "obstacle"}, status=303)
    page = app.get(path)
    assert outline_of(page) == [("1", "Auftrag"), ("2", "Rest"), ("3", "Befund")] and "Hindernis" in page.text
    assert (
        "Teilen geht"
        in app.post(f"{path}/abschnitt/{uid}", {"formular": token, "tun": "teilen", "absatz": "x"}, status=400).text
    )


def test_members_of_another_group_see_and_write_nothing(desk, writing):
    _, browser = desk
    _, _, path, (uid, _) = writing
    stranger = browser("fremd", "member", organisation="andere-ag")
    for address in (path, f"{path}/abschnitt/{uid}"):
        assert stranger.get(address, status=404)
    assert browser("petra", "press").get(path, status=403)


def test_the_form_of_the_report_leaves_sections_to_the_editor(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Geschrieben."
    form.submit("tun", status=303)
    item = path.replace("bericht", "eintrag")
    page = app.get(f"{item}/bearbeiten")
    assert 'name="sections' not in page.text
    form = next(form for form in page.forms.values() if "title" in form.fields)
    form["title"] = "Ein neuer Titel"
    form.submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        assert row.title == "Ein neuer Titel" and row.sections[0].uid == uid and row.sections[0].text == "Geschrieben."


def test_the_outline_says_when_the_plain_summary_is_stale(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    assert "Leichter Sprache" not in app.get(path).text
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        edit.save(
            work.session,
            "report",
            clean_item("report", {**row.input, "plain_text": "Leicht.", "plain_sections": ["a1"]}),
            now=work.desk.now,
            item=row,
        )
    assert "passt zu den Abschnitten" in app.get(path).text
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Ein anderer Text."
    form.submit("tun", value="speichern", status=303)
    page = app.get(path).text
    assert "nicht auf dem neuesten Stand" in page and f'{path}/abschnitt/{uid}">1 Auftrag</a>' in page
    press(app, path, tun=f"entfernen:{uid}")
    assert "ein Abschnitt, den es nicht mehr gibt" in app.get(path).text
