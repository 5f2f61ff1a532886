"""A report goes out as a Word file and comes back: merged, in conflict, suggested, new, gone, refused."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from docx import Document

from content import models
from content.database import patience
from content.export.made import Made
from content.services.reports import report_word, reports
from content.services.reports.reports import Author
from content.word import reading
from content.word.remarks import Remarks
from content.word.shapes import Comment
from tests.functional.test_report_desk import section_form
from tests.functional.test_report_desk import writing as writing  # noqa: PLC0414 - a fixture
from tests.functional.test_report_review import send
from tests.functional.test_reports import TEXT
from tests.unit.test_word import edited, split_run, tracked

FIRST = TEXT.split("\n\n", maxsplit=1)[0]


def fetch(app, path):
    answer = app.get(path).click("Als Word-Datei").click("herunterladen")
    assert answer.content_type.endswith("wordprocessingml.document")
    return answer.body


def give_back(app, path, body, name="bericht.docx", *, status=200, takes_tracked=False):
    form = next(form for form in app.get(f"{path}/word").forms.values() if "nachverfolgt" in form.fields)
    form["nachverfolgt"] = takes_tracked
    return app.post(form.action, form.submit_fields(), upload_files=[("datei._hochladen", name, body)], status=status)


def stored(house, uid):
    with house.reading() as connection:
        table = models.ReportSection.__table__
        return connection.execute(table.select().where(table.c.uid == uid)).one()


def change_first(body, old, new):
    return edited(body, lambda xml: xml.replace(old, new, 1))


def test_a_file_that_comes_back_untouched_changes_nothing(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    page = give_back(app, path, fetch(app, path))
    assert page.text.count("Unverändert.") == 2
    assert (stored(house, uid).text, stored(house, uid).rev) == (TEXT, 1)


def test_others_write_while_a_returned_file_is_read_and_while_one_is_made(writing, monkeypatch):
    house, member, path, (uid, _) = writing
    app, done = member("anna"), []

    def meanwhile(way):
        def go(*arguments, **more):
            with (
                patience.patient(patience.Patience(30)),
                house.writing("other") as work,
            ):  # somebody else, in a request of their own
                work.session.add(
                    models.SearchWord(use="whole", word=f"wort{len(done)}", others=[], changed_at=work.desk.now)
                )
            done.append(way)
            return way(*arguments, **more)

        return go

    for kind, name in ((report_word, "marks"), (report_word, "read_back"), (Made, "get")):
        monkeypatch.setattr(kind, name, meanwhile(getattr(kind, name)))
    body = fetch(app, path)
    assert "Unverändert." in give_back(app, path, change_first(body, FIRST, f"{FIRST} Und mehr.")).text
    assert len(done) >= 3 and "Und mehr." in stored(house, uid).text


def test_a_section_that_goes_while_the_file_is_read_comes_in_anew(writing, monkeypatch):
    house, member, path, (uid, _) = writing
    app = member("anna")
    body, read = fetch(app, path), report_word.read_back

    def read_back(*arguments, **more):
        found = read(*arguments, **more)
        with house.writing("other") as work:
            section = work.session.scalars(sa.select(models.ReportSection).where(models.ReportSection.uid == uid)).one()
            report = work.session.get_one(models.Report, section.report_id)
            reports.remove_section(work.session, report, uid, author=Author("other", "Other", work.desk.now))
        return found

    monkeypatch.setattr(report_word, "read_back", read_back)
    assert "Als neuer Abschnitt angelegt" in give_back(app, path, body).text


def test_what_a_guest_wrote_is_merged_with_what_was_written_meanwhile(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    body = fetch(app, path)
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = TEXT + "\n\nInzwischen geschrieben."
    form.submit("tun", value="speichern")
    page = give_back(app, path, change_first(body, FIRST, FIRST + " Vom Gast ergänzt."))
    assert "zusammengeführt" in page.text
    text = stored(house, uid).text
    assert text.startswith(FIRST + " Vom Gast ergänzt.") and text.endswith("Inzwischen geschrieben.")


def test_a_conflict_waits_as_a_draft_and_nothing_is_overwritten(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    body = fetch(app, path)
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = TEXT.replace(FIRST, "Hier ganz anders.")
    form.submit("tun", value="speichern")
    page = give_back(app, path, change_first(body, FIRST, "Dort ganz anders."))
    assert "liegt als Ihr Entwurf" in page.text
    assert stored(house, uid).text.startswith("Hier ganz anders.")
    assert "Dort ganz anders." in section_form(page.click("Auftrag", index=0))["text"].value


@pytest.mark.parametrize("takes_tracked", [False, True])
def test_tracked_changes_are_shown_or_taken_as_asked(writing, takes_tracked):
    house, member, path, (uid, _) = writing
    app = member("anna")
    word = FIRST.split()[0]
    body = edited(fetch(app, path), lambda xml: split_run(xml, word, tracked(word, "NEUWORT")))
    page = give_back(app, path, body, takes_tracked=takes_tracked)
    assert ("NEUWORT" in stored(house, uid).text) is takes_tracked
    assert ("Vorschlag von Paul Prüfer" in page.text) is not takes_tracked


def test_a_section_that_is_gone_stays_and_a_new_one_is_added(writing):
    house, member, path, (_, second) = writing
    app = member("anna")
    document = Document(io.BytesIO(fetch(app, path)))
    start = next(index for index, row in enumerate(document.paragraphs) if row.text == "Befund")
    for row in document.paragraphs[start:]:
        row._p.getparent().remove(row._p)
    document.add_heading("Ausblick", level=1)
    document.add_paragraph("Ein Satz aus Word.")
    target = io.BytesIO()
    document.save(target)
    page = give_back(app, path, target.getvalue())
    assert "bleiben im Bericht, wie sie sind: Befund" in page.text and "Als neuer Abschnitt angelegt" in page.text
    assert stored(house, second).text == TEXT
    assert "Ein Satz aus Word." in app.get(path).click("Ausblick").text


@pytest.mark.parametrize(("body", "name"), [(b"", ""), (b"kein Word", "bericht.docx"), (b"%PDF-1.7", "bericht.pdf")])
def test_what_is_no_word_file_is_refused_with_a_remedy(writing, body, name):
    house, member, path, (uid, _) = writing
    page = give_back(member("anna"), path, body, name, status=400)
    assert ".docx" in page.text and 'role="alert"' in page.text
    assert stored(house, uid).rev == 1


def test_who_does_not_write_in_the_group_gets_no_file(writing, desk):
    _, browser = desk
    _, _, path, _ = writing
    stranger = browser("fremd", "member", organisation="ag-andere")
    assert stranger.get(f"{path}/word.docx", status="*").status_int in {403, 404}
    assert stranger.get(f"{path}/word", status="*").status_int in {403, 404}


def test_comments_become_remarks_and_tracked_changes_suggestions_with_their_authors_and_only_once(writing, desk):
    house, member, path, (uid, _) = writing
    app = member("anna")
    word = FIRST.split()[0]
    sent = fetch(app, path)
    document = Document(io.BytesIO(sent))
    paragraph = next(row for row in document.paragraphs if row.text == "Zweiter Absatz.")
    document.add_comment(paragraph.runs, text="Woher stammt das?", author="Greta Gutachten", initials="GG")
    target = io.BytesIO()
    document.save(target)
    body = edited(target.getvalue(), lambda xml: split_run(xml, word, tracked(word, "NEUWORT")))
    page = give_back(app, path, body)
    assert "liegen in der" in page.text
    give_back(app, path, body)
    place = f"{path}/abschnitt/{uid}/durchsicht"
    page = app.get(place)
    assert (
        page.text.count("Woher stammt das?") == 1 and "Greta Gutachten" in page.text and 'href="#absatz-2"' in page.text
    )
    assert page.text.count("NEUWORT</ins>") == 1 and "von Paul Prüfer" in page.text
    _, browser = desk
    lead = browser("clara", "chair", organisation="ag-probe")
    page = lead.get(place)
    number = re.search(r'id="vorschlag-(\d+)"', page.text)[1]
    lead.post(
        place,
        {"formular": re.search(r'name="formular" value="([^"]+)"', page.text)[1], "tun": f"annehmen:{number}"},
        status=303,
    )
    assert (
        stored(house, uid).text.startswith("NEUWORT")
        and "Paul Prüfer (Vorschlag, angenommen von Clara)" in lead.get(f"{path}/abschnitt/{uid}").text
    )


def test_a_tracked_change_of_what_others_changed_meanwhile_is_kept_and_says_that_it_is_stale(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    word = FIRST.split()[0]
    body = edited(fetch(app, path), lambda xml: split_run(xml, word, tracked(word, "NEUWORT")))
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["text"] = TEXT.replace(FIRST, "Hier ganz anders.")
    form.submit("tun", value="speichern")
    give_back(app, path, body)
    page = app.get(f"{path}/abschnitt/{uid}/durchsicht")
    assert "NEUWORT" in page.text and "passt nicht mehr" in page.text
    assert stored(house, uid).text.startswith("Hier ganz anders.")


def test_open_remarks_go_out_as_comments_and_only_what_was_said_in_word_comes_back(writing):
    _, member, path, (uid, _) = writing
    app = member("anna")
    place = f"{path}/abschnitt/{uid}/durchsicht"
    send(app, place, tun="anmerken", anmerkung="Woher\nwissen wir das?", worte="Zweiter")
    send(app, place, tun="anmerken", anmerkung="Ist schon geklärt.", worte="")
    first, settled = re.findall(r'id="anmerkung-(\d+)"', app.get(place).text)[::-1]
    send(app, place, tun=f"erledigt:{settled}")
    send(app, place, tun=f"antworten:{first}", **{f"antwort.{first}": "Aus der Umfrage."})
    body = fetch(app, path)
    section = reading.read(body).sections[0]
    assert [(row.author, row.quoted, [one.text for one in row.answers]) for row in section.comments] == [
        ("Anna", "Zweiter", ["Aus der Umfrage."])
    ]
    assert "Anmerkung von" not in give_back(app, path, body).text
    thread = section.comments[0]
    said = replace(thread, answers=(*thread.answers, Comment("Greta Gutachten", "Welche Umfrage?")), is_done=True)
    document = Document(io.BytesIO(fetch(app, path)))
    for comment in list(document.part._comments_part.element):
        document.part._comments_part.element.remove(comment)
    remarks = Remarks(document)
    remarks.add([row for row in document.paragraphs if "Zweiter" in row.text], said)
    for relation in list(document.part.rels.values()):
        if relation.reltype.endswith("commentsExtended"):
            document.part.drop_rel(relation.rId)
    remarks.save()
    target = io.BytesIO()
    document.save(target)
    page = give_back(app, path, target.getvalue())
    assert page.text.count("Anmerkung von Greta Gutachten") == 1 and "als erledigt gekennzeichnet" in page.text
    page = app.get(place)
    assert (
        page.text.count("Welche Umfrage?") == 1
        and page.text.count("Aus der Umfrage.") == 1
        and "2 erledigte" in page.text
    )
    assert page.text.count('class="step review-thread"') == 2
