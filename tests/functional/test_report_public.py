"""What readers get of a report: the whole, one section, the table of recommendations, what changed; never a draft."""

from __future__ import annotations

import csv
import io

import pytest

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.reports import reports
from content.services.reports.reports import Author
from content.services.workflow import transition

URL = "/bericht/verwaltung-und-startups"


@pytest.fixture
def published(portal):
    """(browser, house) with a report of three sections, one of them below another, that decision 2021/34 took note of."""
    app, house = portal
    with house.writing("test") as work:
        value = clean_item(
            "report",
            {
                "slug": "probe",
                "title": "Ein Bericht",
                "group": "AG Probe",
                "date": "2021-11-01",
                "noted_by": "/beschluss/2021/34",
                "text": "Kurz gesagt.",
                "plain_text": "Einfach gesagt.",
                "plain_sections": ["a1"],
                "recommendations": ["kontaktstellen", "gibt-es-nicht"],
                "sections": [
                    {"heading": "Auftrag", "text": "Wir sollten.[^1] Siehe [](#a2).\n\n[^1]: Sagt der Rat."},
                    {"heading": "Darunter", "level": 2, "kind": "finding", "text": "Ein Befund."},
                    {
                        "heading": "Kontaktstellen",
                        "kind": "recommendation",
                        "recommendation": "kontaktstellen",
                        "text": "Jedes Land eine.",
                    },
                ],
            },
        )
        transition.publish_now(work.desk, edit.save(work.session, "report", value, now=work.desk.now).item)
    return app, house


def test_the_report_reads_as_one_page_with_numbers_notes_and_states(published):
    app, _ = published
    page = app.get("/bericht/probe")
    assert "1.1 Darunter" in page.text and 'id="a1-fn1"' in page.text and '<a href="#a2">Abschnitt 1.1</a>' in page.text
    assert "Empfehlungen und ihr Stand" in page.text and "Empfehlung: in Umsetzung" in page.text
    assert "gibt-es-nicht" not in page.text


def test_the_example_report_shows_a_figure_a_table_a_footnote_and_recommendations_in_many_states(portal):
    app, _ = portal
    page = app.get(URL)
    figure = page.html.find("figure")
    image = figure.find("img")
    assert (
        image["alt"].startswith("Schaubild: links drei Hindernisse")
        and image["width"] == "1280"
        and image["srcset"].count("w,") >= 2
    )
    assert "Bildnachweis: Beschlussportal, eigene Zeichnung" in figure.figcaption.text
    assert app.get(image["src"]).content_type == "image/png"
    assert (
        page.html.find("ol", class_="notes") and page.html.find("table") and page.html.find("a", string="Abschnitt 6")
    )
    table = app.get(f"{URL}/empfehlungen").html.find("tbody")
    states = [cell.text for cell in table.find_all("td", attrs={"data-label": "Stand"})]
    assert len(states) == 8 and len(set(states)) >= 6, states


def test_a_section_has_a_page_of_its_own_that_leads_to_its_neighbours(published):
    app, _ = published
    page = app.get("/bericht/probe/abschnitt/a1")
    assert "1 Auftrag</h1>" in page.text and 'href="/bericht/probe/abschnitt/a2">Abschnitt 1.1' in page.text
    assert 'href="#a1-fn1"' in page.text and "1.1 Darunter" in page.text
    assert 'rel="next" href="/bericht/probe/abschnitt/a2"' in page.text
    assert app.get("/bericht/probe/abschnitt/a9", status=404)
    assert app.get("/bericht/nie-gewesen/abschnitt/a1", status=404)


def test_recommendations_are_a_table_with_filter_and_csv(published):
    app, _ = published
    assert "8 Empfehlungen</strong>" in app.get(f"{URL}/empfehlungen").text
    page = app.get("/bericht/probe/empfehlungen?zustand=implementing")
    assert "1 Empfehlung</strong>" in page.text and "zustand=implementing" in page.text
    assert "keine Empfehlung" in app.get("/bericht/probe/empfehlungen?zustand=<script>").text
    rows = list(csv.DictReader(io.StringIO(app.get("/bericht/probe/empfehlungen.csv").text)))
    assert [(row["Nummer"], row["Stand"], row["Adresse"]) for row in rows] == [
        ("2", "in Umsetzung", "https://beschluesse.example/empfehlung/kontaktstellen")
    ]


def test_session_decision_and_report_name_each_other(published):
    app, _ = published
    assert "36. Sitzung" in app.get("/bericht/probe").text
    assert 'href="/bericht/probe"' in app.get("/sitzung/36").text
    assert 'href="/bericht/probe"' in app.get("/beschluss/2021/34").text


def test_the_plain_summary_is_stale_once_what_it_explains_changed(published):
    app, house = published
    assert "Nicht auf dem neuesten Stand" not in app.get("/bericht/probe").text

    def write(place, text):
        with house.writing("test") as work:
            row = lookup.find(work.session, "/bericht/probe")
            section = row.sections[place]
            reports.save_section(
                work.session,
                row,
                section.uid,
                heading=section.heading,
                text=text,
                base_rev=section.rev,
                author=Author("anna", "Anna", work.desk.now),
            )
            transition.correct(work.desk, row, "Geändert.")

    write(1, "Ein anderer Befund.")
    assert "Nicht auf dem neuesten Stand" not in app.get("/bericht/probe").text
    write(0, "Wir sollten anders.")
    assert "Nicht auf dem neuesten Stand" in app.get("/bericht/probe").text
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        edit.save(
            work.session,
            "report",
            clean_item("report", {**row.input, "plain_text": "Neu einfach gesagt."}),
            now=work.desk.now,
            item=row,
        )
        transition.correct(work.desk, row, "Leichte Sprache erneuert.")
    page = app.get("/bericht/probe")
    assert "Nicht auf dem neuesten Stand" not in page.text and "Leichte Sprache erneuert." in page.text
    changed = app.get("/bericht/probe/fassungen/1..2")
    assert "anderer" in changed.text and "<ins" in changed.text


def test_what_is_being_written_is_on_no_public_page(published):
    app, house = published
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        author = Author("anna", "Anna", work.desk.now)
        reports.save_section(
            work.session, row, row.sections[0].uid, heading="Geheim", text="Streng geheim.", base_rev=1, author=author
        )
        added = reports.add_section(work.session, row, heading="Noch geheimer", text="Geheimes.", author=author)
        anchor = added.anchor
    for path in ("", ".json", "/abschnitt/a1", "/empfehlungen", "/fassungen"):
        assert "eheim" not in app.get(f"/bericht/probe{path}").text
    assert app.get(f"/bericht/probe/abschnitt/{anchor}", status=404)


def test_sections_of_a_withdrawn_report_are_gone(published):
    app, house = published
    with house.writing("test") as work:
        transition.withdraw(
            work.desk,
            work.session.get(models.Item, lookup.find(work.session, "/bericht/probe").id),
            "Fehler im Bericht.",
        )
    assert "Fehler im Bericht." in app.get("/bericht/probe/abschnitt/a1", status=410).text
    assert app.get("/bericht/probe/empfehlungen.csv", status=410)


def test_the_example_report_is_set_as_pdf(portal):
    app, _ = portal
    body = app.get(f"{URL}.pdf").body
    assert body.startswith(b"%PDF-") and body == app.get(f"{URL}.pdf").body
