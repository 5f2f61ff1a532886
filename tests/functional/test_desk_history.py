"""History at the desk: working copy beside the public edition, any two revisions compared, an old one saved again."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa
from webtest import TestApp, Upload

from content import models
from content.services.base import lookup
from content.services.workflow import transition
from tests.functional.test_desk import form_of
from tests.functional.test_pictures import photo

pytestmark = pytest.mark.on_both_databases

URL = "/presse/verlauf"


def saved(app, target, **fields):
    form = form_of(app.get(target))
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=303).headers["Location"]


@pytest.fixture
def release(desk):
    """(house, the editor's browser, desk address) of a release with three revisions: first, second, third."""
    house, browser = desk
    app = browser("petra", "press")
    target = saved(
        app,
        "/redaktion/neu/press_release",
        slug="verlauf",
        title="Verlauf",
        publisher="IT-Planungsrat",
        text="Die erste Fassung.",
    )
    saved(app, target + "/bearbeiten", text="Die zweite Fassung.")
    saved(app, target + "/bearbeiten", text="Die dritte Fassung.", title="Anderer Titel")
    return house, app, target


def restore_form(page, rev):
    return next(
        form
        for form in page.forms.values()
        if "wiederherstellen" in form.fields and f"Revision {rev} wiederherstellen" in form.text
    )


def kept(house, url=URL):
    with house.writing("test") as work:
        query = (
            sa.select(models.Revision)
            .join(models.Item, models.Item.id == models.Revision.item_id)
            .where(models.Item.url == url)
        )
        return work.session.scalars(query.order_by(models.Revision.rev)).all()


def test_any_two_revisions_are_compared_field_by_field_in_the_text_or_side_by_side(release):
    _, app, target = release
    form = next(one for one in app.get(target + "/verlauf").forms.values() if "alt" in one.fields)
    form["alt"], form["neu"] = "1", "3"
    page = form.submit()
    assert "Von Revision 1 zu Revision 3" in page.text
    assert [one.text for one in page.html.select("main section h3")] == ["Titel", "Text"]
    assert "Verlauf" in page.html.select_one("main .compare del").text
    form["ansicht"] = "nebeneinander"
    wide = form.submit().html.select("table.diff-sides th[scope=col]")
    assert [one.text for one in wide[:2]] == ["Revision 1", "Revision 3"]


def test_a_revision_by_itself_is_compared_with_the_one_before(release):
    _, app, target = release
    assert "Von Revision 1 zu Revision 2" in app.get(target + "/verlauf?rev=2").text
    assert "Revision 1 ist die erste" in app.get(target + "/verlauf?rev=1").text
    assert "Beide Revisionen sind gleich" in app.get(target + "/verlauf?alt=2&neu=2").text


@pytest.mark.parametrize(
    "query", ["rev=99", "rev=x", "alt=%C2%B2&neu=0", "alt=1&neu=" + "9" * 40, "rev=-1", "ansicht=%00"]
)
def test_nonsense_shows_the_list(release, query):
    _, app, target = release
    assert "3 Revisionen" in app.get(f"{target}/verlauf?{query}").text


def test_an_old_revision_comes_back_as_a_new_one_and_nothing_between_is_lost(release):
    house, app, target = release
    restore_form(app.get(target + "/verlauf"), 1).submit("wiederherstellen", status=303)
    assert [row.input["text"] for row in kept(house)] == [
        "Die erste Fassung.",
        "Die zweite Fassung.",
        "Die dritte Fassung.",
        "Die erste Fassung.",
    ]
    page = app.get(target + "/verlauf")
    assert "gleich Revision 1" in page.text
    assert form_of(app.get(target + "/bearbeiten"))["text"].value == "Die erste Fassung."
    with house.writing("test") as work:
        entry = work.session.scalars(
            sa.select(models.AuditEntry).where(models.AuditEntry.action == "item.restored")
        ).one()
        assert (entry.subject, entry.detail) == (URL, "Revision 1 wieder gespeichert als Revision 4")


def test_restoring_while_somebody_else_saved_shows_both_and_saves_nothing(release):
    house, app, target = release
    form = restore_form(app.get(target + "/verlauf"), 1)
    saved(app, target + "/bearbeiten", text="Schneller.")
    answer = form.submit("wiederherstellen", status=409)
    assert "Jemand war schneller" in answer.text and "Die erste Fassung." in answer.text and "Schneller." in answer.text
    assert len(kept(house)) == 4


def test_a_revision_that_is_not_there_restores_nothing(release):
    house, app, target = release
    form = restore_form(app.get(target + "/verlauf"), 1)
    for wanted in ("99", "x", "²", "9" * 30):
        app.post(target + "/verlauf", {**dict(form.submit_fields()), "wiederherstellen": wanted}, status=404)
    assert len(kept(house)) == 3


def test_whoever_may_not_write_may_not_restore(release, desk):
    _, app, target = release
    fields = dict(restore_form(app.get(target + "/verlauf"), 1).submit_fields())
    other = desk[1]("anna", "member")
    token = other.get("/redaktion").html.select_one("input[name=formular]")["value"]
    other.post(target + "/verlauf", {**fields, "formular": token, "wiederherstellen": "1"}, status=404)


def test_what_lies_in_the_trash_is_not_restored_by_its_history(release):
    house, app, target = release
    form = restore_form(app.get(target + "/verlauf"), 1)
    with house.writing("operator") as work:
        transition.take(work.desk, lookup.find(work.session, URL), transition.WORKFLOWS["publication"], "trash")
    assert "wiederherstellen</" not in app.get(target + "/verlauf").text
    assert "Papierkorb" in form.submit("wiederherstellen", status=400).text
    assert len(kept(house)) == 3


# --- files ---


def chosen(app, target, body, name="foto.jpg"):
    form = form_of(app.get(target + "/bearbeiten"))
    form["image.alt"], form["image.credit"] = "Ein Feld", "Kim Bild"
    form["image._hochladen"] = Upload(name, body, "image/jpeg")
    form.submit(status=303)


def shown_picture(house):
    with house.writing("test") as work:
        return lookup.find(work.session, URL).image.sha256


def test_another_picture_under_the_same_name_is_saved_and_the_old_one_comes_back_with_its_revision(release):
    house, app, target = release
    chosen(app, target, photo(colour="navy"))
    first = shown_picture(house)
    chosen(app, target, photo(colour="red"))
    assert shown_picture(house) != first, "a file under a known name was dropped in silence"
    page = app.get(target + "/verlauf?rev=5").text
    assert "Dateien mit anderem Inhalt" in page and "foto.jpg" in page
    restore_form(app.get(target + "/verlauf"), 4).submit("wiederherstellen", status=303)
    assert shown_picture(house) == first
    assert len(kept(house)) == 6


def test_the_same_picture_again_is_no_new_revision(release):
    house, app, target = release
    chosen(app, target, photo())
    chosen(app, target, photo())
    assert len(kept(house)) == 4


def test_a_replaced_paper_keeps_both_contents(release):
    house, app, target = release
    for body in (b"%PDF-1.4 alt", b"%PDF-1.4 neu"):
        form = form_of(app.get(target + "/bearbeiten"))
        form["attachments.1.title"] = "Anlage"
        form["attachments.1._hochladen"] = Upload("anlage.pdf", body, "application/pdf")
        form.submit(status=303)
    assert [row.files for row in kept(house)[3:]] == [
        {"anlage.pdf": hashlib.sha256(body).hexdigest()} for body in (b"%PDF-1.4 alt", b"%PDF-1.4 neu")
    ]


def test_a_revision_from_before_files_were_noted_is_restored_with_the_files_there_are(release):
    house, app, target = release
    chosen(app, target, photo())
    saved(app, target + "/bearbeiten", text="Danach.")
    with house.writing("test") as work:
        work.session.execute(sa.update(models.Revision).values(files=None))
    before = shown_picture(house)
    restore_form(app.get(target + "/verlauf"), 4).submit("wiederherstellen", status=303)
    assert shown_picture(house) == before and kept(house)[-1].input["text"] == "Die dritte Fassung."


# --- working copy and public edition ---


def test_the_working_copy_stands_beside_the_public_edition_with_what_differs(release):
    house, app, target = release
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, URL))
    assert app.get(target).html.select_one("#arbeitsfassung") is None
    saved(app, target + "/bearbeiten", text="Die vierte Fassung.")
    saved(app, target + "/bearbeiten", text="Die fünfte Fassung.")
    page = app.get(target)
    notice = page.html.select_one("#arbeitsfassung")
    assert "(Revision 5) weicht von der veröffentlichten Fassung (Revision 3) ab" in notice.text
    assert (
        "1 Angabe: Text" in notice.text
        and notice.select_one("del").text.endswith("dritte")
        and notice.select_one("ins").text.endswith("fünfte")
    )
    beside = page.click("Beide nebeneinander ansehen")
    assert "Von Revision 3 zu Revision 5" in beside.text and beside.html.select_one("table.diff-sides")
    assert "fünfte" not in TestApp(app.app).get(URL).text
    with house.writing("operator") as work:
        transition.correct(work.desk, lookup.find(work.session, URL), "Neu gefasst.")
    assert app.get(target).html.select_one("#arbeitsfassung") is None
    assert "zuletzt veröffentlicht" in app.get(target + "/verlauf").html.select_one("ol.versions li").text


def test_putting_the_public_text_back_ends_the_difference(release):
    house, app, target = release
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, URL))
    saved(app, target + "/bearbeiten", text="Anders.")
    restore_form(app.get(target + "/verlauf"), 3).submit("wiederherstellen", status=303)
    assert app.get(target).html.select_one("#arbeitsfassung") is None
