"""Pictures from the form to the page: sizes for every screen, files that follow the edition, the largest in the kit."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import pytest
import sqlalchemy as sa
from PIL import Image
from webtest import TestApp, Upload

from content import models
from content.services.base import lookup
from content.services.exchange import exchange
from content.services.publishing import amend
from content.services.workflow import transition
from portal.web.incoming import store_file
from tests.functional.test_desk import form_of


def photo(size=(2000, 1000), colour="navy"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def upload(form, body, name="foto.jpg"):
    form["image.alt"], form["image.credit"] = "Ein blaues Feld", "Kim Bild"
    form["image._hochladen"] = Upload(name, body, "image/jpeg")
    return form


@pytest.fixture
def release(desk):
    """(house, the editor's browser, the address of a published release with a picture, its desk address)."""
    house, browser = desk
    app = browser("petra", "press")
    form = upload(form_of(app.get("/redaktion/neu/press_release")), photo())
    form["slug"], form["title"], form["publisher"], form["text"] = "mit-bild", "Mit Bild", "IT-Planungsrat", "x"
    target = form.submit(status=303).headers["Location"]
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, "/presse/mit-bild"))
    return house, app, "/presse/mit-bild", target


def addresses(page):
    return [part.split(" ") for found in re.findall(r'srcset="([^"]+)"', page) for part in found.split(", ")]


def test_the_page_offers_every_width_as_webp_and_for_older_browsers(release):
    _, app, url, _ = release
    page = TestApp(app.app).get(url).text
    assert sorted(width for _, width in addresses(page)) == ["1600w", "1600w", "400w", "400w", "800w", "800w"]
    assert re.search(r'<img src="/datei/[0-9a-f]{64}/foto.jpg"[^>]* width="1600" height="800"', page)
    for address, width in addresses(page):
        answer = TestApp(app.app).get(address)
        assert Image.open(io.BytesIO(answer.body)).width == int(width[:-1])
        assert answer.content_type in {"image/webp", "image/jpeg"}
        assert "max-age=31536000" in answer.headers["Cache-Control"] and "immutable" in answer.headers["Cache-Control"]
        assert "s-maxage=0" in answer.headers["Cache-Control"]


def test_no_size_is_public_before_the_text_or_after_its_withdrawal(release):
    house, app, url, _ = release
    shown = [address for address, _ in addresses(TestApp(app.app).get(url).text)]
    form = upload(form_of(app.get("/redaktion/neu/press_release")), photo(colour="green"))
    form["slug"], form["title"], form["publisher"], form["text"] = "noch-nicht", "Noch nicht", "IT-Planungsrat", "x"
    form.submit(status=303)
    with house.writing("operator") as work:
        draft = lookup.find(work.session, "/presse/noch-nicht").image.file
        hidden = [f"/datei/{one}/x.jpg" for one in [draft.sha256, *(row.sha256 for row in draft.renditions)]]
        transition.withdraw(work.desk, lookup.find(work.session, url), "Versehen")
    assert len(hidden) == 6
    assert [TestApp(app.app).get(address, status="*").status_int for address in [*hidden, *shown]] == [404] * 12


def test_the_kit_holds_the_largest_size_once(release):
    _, app, url, _ = release
    with zipfile.ZipFile(io.BytesIO(TestApp(app.app).get(url + "/pressemappe.zip").body)) as kit:
        assert [name for name in kit.namelist() if name.startswith("bilder/")] == [
            "bilder/foto.jpg",
            "bilder/nachweise.txt",
        ]
        assert Image.open(io.BytesIO(kit.read("bilder/foto.jpg"))).size == (1600, 800)


def test_an_edition_from_before_there_were_sizes_still_shows_its_picture(release):
    house, app, url, _ = release
    with house.writing("operator") as work:
        work.session.execute(sa.delete(models.Rendition))
        transition.correct(work.desk, lookup.find(work.session, url), "Wie früher.")
    public = TestApp(app.app)
    page = public.get(url).text
    assert "srcset" not in page
    assert "variants" not in public.get(url + ".json").json["data"]["image"]
    assert public.get(re.search(r'<img src="([^"]+)"', page)[1]).content_type == "image/jpeg"


def test_saving_again_keeps_picture_and_sizes(release):
    house, app, url, target = release
    form = form_of(app.get(target + "/bearbeiten"))
    form["title"] = "Mit demselben Bild"
    form.submit(status=303)
    with house.writing("operator") as work:
        image = lookup.find(work.session, url).image
        assert image.file_name == "foto.jpg" and len(image.file.renditions) == 5


def test_the_same_picture_twice_is_kept_once(release):
    house, app, _, _ = release
    with house.writing("operator") as work:
        before = work.session.scalar(sa.select(sa.func.count()).select_from(models.Rendition))
    form = upload(form_of(app.get("/redaktion/neu/press_release")), photo(), "anderer-name.jpg")
    form["slug"], form["title"], form["publisher"], form["text"] = "noch-einmal", "Noch einmal", "IT-Planungsrat", "x"
    form.submit(status=303)
    with house.writing("operator") as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.Rendition)) == before


def test_an_amended_edition_makes_no_unreleased_picture_public(release):
    house, app, url, target = release
    upload(form_of(app.get(target + "/bearbeiten")), photo(colour="green"), "neu.jpg").submit(status=303)
    with house.writing("operator") as work:
        row = lookup.find(work.session, url)
        amend.amend(work.desk, row, {"lead": "Neu"}, "Nur der Vorspann.")
        hidden = row.image.sha256
    public = TestApp(app.app)
    assert public.get(f"/datei/{hidden}/neu.jpg", status=404)
    assert all(public.get(address).status_int == 200 for address, _ in addresses(public.get(url).text))


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        (b"GIF89a" + b"\0" * 50, "a.gif", "Diese Art von Datei"),
        (b"%PDF-1.7 x", "a.pdf", "kein Bild"),
        (photo()[:3000], "a.jpg", "beschädigt oder unvollständig"),
        (photo(), "a.png", "passt nicht"),
    ],
)
def test_a_picture_that_cannot_be_taken_is_told_beside_its_field_and_the_text_stays(desk, body, name, words):
    _, browser = desk
    form = upload(form_of(browser("petra", "press").get("/redaktion/neu/press_release")), body, name)
    form["slug"], form["title"], form["publisher"], form["text"] = "schlecht", "Bleibt stehen", "IT-Planungsrat", "x"
    answer = form.submit(status=400)
    assert words in answer.text
    assert form_of(answer)["title"].value == "Bleibt stehen"


@pytest.mark.parametrize("missing", ["image.alt", "image.credit"])
@pytest.mark.parametrize("typed", ["", "   "])
def test_no_picture_without_description_and_credit(desk, missing, typed):
    _, browser = desk
    form = upload(form_of(browser("petra", "press").get("/redaktion/neu/press_release")), photo((60, 40)))
    form["slug"], form["title"], form["publisher"], form["text"] = "ohne", "Ohne", "IT-Planungsrat", "x"
    form[missing] = typed
    assert "fehlt" in form.submit(status=400).text


def _camera_photo():
    """A photo that says where it was taken."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "Kamera mit Standort"
    Image.new("RGB", (900, 600), "navy").save(out, "JPEG", exif=exif)
    assert b"Kamera mit Standort" in out.getvalue()
    return out.getvalue()


def test_a_picture_among_the_attachments_loses_what_the_camera_hid_in_it_at_the_desk_and_with_an_import(desk, tmp_path):
    house, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "anlage", "Anlage", "IT-Planungsrat", "x"
    form["attachments.1.title"], form["attachments.1._hochladen"] = (
        "Foto",
        Upload("foto.jpg", _camera_photo(), "image/jpeg"),
    )
    form.submit(status=303)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "foto.jpg").write_bytes(_camera_photo())
    line = {
        "type": "page",
        "slug": "anlage",
        "title": "Anlage",
        "text": "x",
        "attachments": [{"title": "Foto", "file": "foto.jpg"}],
    }
    (tmp_path / "lines.jsonl").write_text(json.dumps(line))
    with house.writing("operator") as work:
        exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read([tmp_path / "lines.jsonl"])
    with house.writing("test") as work:
        for url in ("/presse/anlage", "/seite/anlage"):
            (row,) = lookup.find(work.session, url).attachments
            assert b"Kamera" not in house.files.path(row.sha256).read_bytes() and row.file.media_type == "image/jpeg"


def test_a_figure_of_a_report_that_is_imported_is_shown_as_it_is_kept(desk, tmp_path):
    house, _ = desk
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "foto.jpg").write_bytes(_camera_photo())
    given = hashlib.sha256(_camera_photo()).hexdigest()
    text = f'![Ein Feld](/datei/{given}/foto.jpg "Das Feld | AG Probe")\n\n[Fremd](/datei/{given}/anderes.jpg)'
    line = {
        "type": "report",
        "slug": "abgebildet",
        "title": "Abgebildet",
        "group": "AG Probe",
        "text": "x",
        "published_on": "2026-11-01",
        "sections": [{"heading": "Eins", "text": text}],
        "attachments": [{"title": "Foto", "file": "foto.jpg", "visibility": "public"}],
    }
    (tmp_path / "lines.jsonl").write_text(json.dumps(line))
    for _ in range(2):
        with house.writing("operator") as work:
            exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read([tmp_path / "lines.jsonl"])
        with house.writing("test") as work:
            report = lookup.find(work.session, "/bericht/abgebildet")
            kept = report.attachments[0].sha256
            assert kept != given and report.rev == 1
            assert (
                f"/datei/{kept}/foto.jpg" in report.sections[0].text
                and f"/datei/{given}/anderes.jpg" in report.sections[0].text
            )
