"""Pictures and papers in a report: put in at the section, seen at the desk only, public with an edition; and refusals."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from webtest import Upload

from content import models
from content.services.base import lookup
from content.services.reports import report_files
from content.services.workflow import transition
from tests.functional.test_report_desk import section_form, writing
from tests.functional.test_report_word import change_first, fetch, give_back, stored
from tests.functional.test_reports import TEXT

__all__ = ["writing"]
PDF = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def picture(colour="navy", size=(900, 500), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def put_in(app, path, uid, name, body, *, place="", **about):
    """Choose a file, describe it and press the button; the answer."""
    form = section_form(app.get(f"{path}/abschnitt/{uid}"))
    form["datei._hochladen"] = Upload(name, body)
    form["stelle"].force_value(place)
    for field, words in about.items():
        form[f"datei_{field}"] = words
    return form.submit("tun", value="einfuegen")


DESCRIBED = {"titel": "Ein [blaues] Feld", "unterschrift": 'Das "Feld" | heute', "nachweis": "AG Probe"}


def publish(house):
    with house.writing("test") as work:
        row = lookup.find(work.session, "/bericht/probe")
        (
            transition.publish_now
            if row.publication_state == "draft"
            else lambda desk, item: transition.correct(desk, item, "Neu.")
        )(work.desk, row)


def test_a_picture_is_put_behind_the_paragraph_and_is_public_with_the_edition_only(writing, portal):
    public, _ = portal
    house, member, path, (uid, _) = writing
    app = member("anna")
    page = put_in(app, path, uid, "Feld (1).png", picture(), place="3", **DESCRIBED).follow()
    assert "steht im Text" in page.text and stored(house, uid).text == TEXT
    form = section_form(page)
    first, shown, *rest = form["text"].value.split("\n\n")
    address = re.fullmatch(
        r'!\[Ein \\\[blaues\\\] Feld\]\((/datei/[0-9a-f]{64}/Feld-1\.png) "Das ”Feld” / heute \| AG Probe"\)', shown
    )[1]
    assert first == "Erster Absatz." and len(rest) == 2
    form.submit("tun", value="speichern", status=303)
    assert public.get(address, status=404)
    publish(house)
    assert public.get(address).content_type == "image/png"
    html = public.get("/bericht/probe").text
    figure = re.search(r"<figure>.*?</figure>", html, re.DOTALL)[0]
    assert (
        'alt="Ein [blaues] Feld"' in figure
        and 'width="900" height="500"' in figure
        and "Bildnachweis: AG Probe" in figure
    )
    for kind, found in (
        ("image/webp", r'<source type="image/webp" srcset="([^ ]+) 400w'),
        ("image/png", r'<img [^>]*srcset="([^ ]+) 400w'),
    ):
        assert public.get(re.search(found, figure)[1]).content_type == kind
    assert "Anlagen</h2>" not in html
    assert public.get("/bericht/probe.json").json["data"]["figures"][0]["alt"] == "Ein [blaues] Feld"


def test_before_that_only_those_who_write_the_report_see_it(writing, desk, portal):
    public, _ = portal
    _, browser = desk
    _, member, path, (uid, _) = writing
    app = member("anna")
    page = put_in(app, path, uid, "feld.png", picture(), **DESCRIBED).follow()
    form = section_form(page)
    form.action = f"{path}/abschnitt/{uid}/vorschau"
    inside = re.search(r'src="(/redaktion/bericht/\d+/datei/[^"]+)"', form.submit().text)[1]
    assert app.get(inside).content_type == "image/png"
    assert browser("fremd", "member", organisation="andere-ag").get(inside, status="*").status_int in {403, 404}
    assert (
        public.get(inside, status=303).headers["Location"].startswith("/anmelden")
        or "anmelden" in public.get(inside).headers["Location"]
    )
    assert app.get(re.sub(r"[0-9a-f]{64}", "0" * 64, inside), status=404)


def test_a_paper_becomes_a_link_and_an_attachment(writing, portal):
    public, _ = portal
    house, member, path, (uid, _) = writing
    app = member("anna")
    page = put_in(app, path, uid, "umfrage.pdf", PDF, titel="Umfrage der Länder").follow()
    form = section_form(page)
    assert re.search(r"\[Umfrage der Länder\]\(/datei/[0-9a-f]{64}/umfrage\.pdf\)$", form["text"].value)
    form.submit("tun", value="speichern", status=303)
    publish(house)
    html = public.get("/bericht/probe").text
    assert html.count("/umfrage.pdf") >= 2 and "Anlagen</h2>" in html


@pytest.mark.parametrize(
    ("name", "body", "about", "words"),
    [
        ("feld.png", picture(), {"titel": "Feld"}, "Bildnachweis fehlt"),
        ("feld.png", picture(), {"nachweis": "AG"}, "Alternativtext) fehlt"),
        ("feld.pdf", picture(), DESCRIBED, "Endung"),
        ("feld.png", picture()[:200], DESCRIBED, "beschädigt"),
        ("seite.html", b"<script>alert(1)</script>", DESCRIBED, "nicht angenommen"),
        ("umfrage.pdf", PDF, {}, "Die Beschreibung fehlt"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(writing, name, body, about, words):
    house, member, path, (uid, _) = writing
    form = section_form(member("anna").get(f"{path}/abschnitt/{uid}"))
    form["text"] = "Gerade getippt."
    form["datei._hochladen"] = Upload(name, body)
    for field, typed in about.items():
        form[f"datei_{field}"] = typed
    answer = form.submit("tun", value="einfuegen", status=400)
    assert words in answer.text
    again = section_form(answer)
    assert again["text"].value == "Gerade getippt."
    assert all(again[f"datei_{field}"].value == typed for field, typed in about.items())
    with house.writing("test") as work:
        assert lookup.find(work.session, "/bericht/probe").attachments == []


def test_without_a_file_the_button_says_so(writing):
    _, member, path, (uid, _) = writing
    form = section_form(member("anna").get(f"{path}/abschnitt/{uid}"))
    assert "keine Datei gewählt" in form.submit("tun", value="einfuegen", status=400).text


def test_the_same_picture_is_kept_once_and_another_of_that_name_beside_it(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    for body in (picture(), picture(), picture("red")):
        put_in(app, path, uid, "feld.png", body, **DESCRIBED)
    with house.writing("test") as work:
        report = lookup.find(work.session, "/bericht/probe")
        assert [row.file_name for row in report.attachments] == ["feld.png", "feld-2.png"]
        assert [row["file"] for row in report.input["attachments"]] == ["feld.png", "feld-2.png"]


def test_the_form_of_the_report_keeps_the_pictures(writing):
    house, member, path, (uid, _) = writing
    app = member("anna")
    put_in(app, path, uid, "feld.png", picture(), **DESCRIBED)
    page = app.get(f"{path.replace('bericht', 'eintrag')}/bearbeiten")
    form = next(form for form in page.forms.values() if "title" in form.fields)
    form["title"] = "Ein anderer Titel"
    form.submit(status=303)
    with house.writing("test") as work:
        report = lookup.find(work.session, "/bericht/probe")
        assert report.title == "Ein anderer Titel" and report.attachments[0].sha256


def test_a_picture_that_is_not_public_leaves_its_description(writing, portal):
    public, _ = portal
    house, member, path, (uid, _) = writing
    app = member("anna")
    section_form(put_in(app, path, uid, "feld.png", picture(), **DESCRIBED).follow()).submit(
        "tun", value="speichern", status=303
    )
    with house.writing("test") as work:
        lookup.find(work.session, "/bericht/probe").attachments[0].visibility = "members"
    publish(house)
    html = public.get("/bericht/probe").text
    assert "Abbildung nicht öffentlich: Ein [blaues] Feld" in html
    address = re.search(r"/datei/[0-9a-f]{64}/feld\.png", stored(house, uid).text)[0]
    assert address not in html and public.get(address, status=404)


def test_pictures_of_a_returned_word_file_are_kept_like_uploaded_ones(writing):
    from docx import Document

    house, member, path, (uid, _) = writing
    app = member("anna")
    section_form(put_in(app, path, uid, "feld.png", picture(), **DESCRIBED).follow()).submit(
        "tun", value="speichern", status=303
    )
    before = stored(house, uid).text
    body = fetch(app, path)
    give_back(app, path, body)
    assert stored(house, uid).text == before
    document = Document(io.BytesIO(change_first(body, "Dritter Absatz.", "Dritter Absatz mit Bild.")))
    target = next(row for row in document.paragraphs if row.text == "Dritter Absatz mit Bild.")
    target.add_run().add_picture(io.BytesIO(picture("green", kind="JPEG")))
    out = io.BytesIO()
    document.save(out)
    page = give_back(app, path, out.getvalue())
    assert "Neu aufgenommen: bild-" in page.text and "Bildnachweis ergänzen" in page.text
    with house.writing("test") as work:
        report = work.session.get(models.Report, int(path.rsplit("/", 1)[1]))
        names = [row.file_name for row in report.attachments]
        assert names[0] == "feld.png" and len(names) == 2 and names[1].endswith(".jpg")
        assert f"]({report_files.address_of(report.attachments[1])})" in stored(house, uid).text


def test_a_piece_is_put_behind_the_paragraph_at_the_cursor():
    text = "Eins.\n\n```\na\n\nb\n```\n\nDrei."
    assert report_files.inserted(text, 0, "X").startswith("Eins.\n\nX\n\n```")
    assert report_files.inserted(text, 12, "X") == "Eins.\n\n```\na\n\nb\n```\n\nX\n\nDrei."
    assert report_files.inserted(text, 999, "X").endswith("Drei.\n\nX")
    assert report_files.inserted("", 0, "X") == "X"
