"""Nothing typed into a form is lost: not by an error, a lost session, a closed browser or somebody who saved faster."""

from __future__ import annotations

import datetime as dt
import io
import os

import pytest
import sqlalchemy as sa
from PIL import Image
from webtest import Upload

from content import models
from content.services.base import lookup
from content.services.editing import form_drafts
from content.services.workflow import transition
from portal.commands import starting
from tests.functional.confirming import sure
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import fresh
from tests.functional.test_desk import form_of, new_press

TYPED = "Drei Stunden Arbeit."


def drafts(house):
    with house.writing("test") as work:
        return work.session.scalars(sa.select(models.FormDraft).where(models.FormDraft.finished_at.is_(None))).all()


def autosave(app, form, kind="press_release", **more):
    return app.post(f"/redaktion/entwurf/{kind}", form.submit_fields(), **more)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "PNG")
    return out.getvalue()


def typed_press(app):
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "entwurf", "Der Entwurf", "IT-Planungsrat", TYPED
    return form


# --- kept and offered again ---


def test_what_a_closed_browser_left_behind_is_offered_with_what_differs_and_goes_on(desk):
    _, browser = desk
    app = browser("petra", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    form = form_of(app.get(target))
    form["text"] = TYPED
    assert autosave(app, form).json["files"] == {}
    page = app.get(target)
    assert "Sie hatten Ungespeichertes vom" in page.text and TYPED in page.html.select_one("#entwurf-1").text
    assert form_of(page)["text"].value == "Ein **Text**."
    going_on = form_of(page.click("Weiterschreiben"))
    assert going_on["text"].value == TYPED
    going_on.submit(status=303)
    assert "Ungespeichertes" not in app.get(target).text
    assert form_of(app.get(target))["text"].value == TYPED


def test_a_draft_can_be_discarded(desk):
    house, browser = desk
    app = browser("petra", "press")
    autosave(app, typed_press(app))
    page = app.get("/redaktion/neu/press_release")
    asked = next(form for form in page.forms.values() if "verwerfen" in form.fields).submit("verwerfen")
    assert drafts(house) != []
    assert sure(asked).status_int == 303
    assert drafts(house) == [] and "Ungespeichertes" not in app.get("/redaktion/neu/press_release").text


def test_without_a_script_every_form_that_comes_back_is_kept(desk):
    _, browser = desk
    app = browser("petra", "press")
    form = typed_press(app)
    form["date"] = "gestern"
    form.submit(status=400)
    assert TYPED in app.get("/redaktion/neu/press_release").text
    form["date"] = "2026-01-02"
    form["title"] = "Nach der Vorschau"
    app.post("/redaktion/vorschau/press_release", form.submit_fields(), status=200)
    assert "Nach der Vorschau" in app.get("/redaktion/neu/press_release").text


def test_two_windows_keep_two_drafts(desk):
    house, browser = desk
    app = browser("petra", "press")
    one, two = typed_press(app), typed_press(app)
    two["title"] = "Der andere Entwurf"
    autosave(app, one)
    autosave(app, two)
    autosave(app, one)
    assert {draft.input["title"] for draft in drafts(house)} == {"Der Entwurf", "Der andere Entwurf"}
    one.submit(status=303)
    assert [draft.input["title"] for draft in drafts(house)] == ["Der andere Entwurf"]


def test_nobody_sees_or_touches_the_drafts_of_another(desk):
    house, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    form = typed_press(app)
    autosave(app, form)
    uid = form["entwurf"].value
    page = other.get(f"/redaktion/neu/press_release?entwurf={uid}")
    assert TYPED not in page.text
    foreign = form_of(page)
    foreign["entwurf"], foreign["title"] = uid, "Von Paula"
    autosave(other, foreign)
    other.post(
        "/redaktion/neu/press_release",
        {"formular": foreign["formular"].value, "verwerfen": uid, "bestaetigt": "ja"},
        status=303,
    )
    assert [(draft.login, draft.input["title"]) for draft in drafts(house)] == [("petra", "Der Entwurf")]


def test_a_draft_survives_the_session_it_was_written_in(desk):
    _, browser = desk
    app = browser("anna", "member")
    form = form_of(app.get("/redaktion/neu/report"))
    form["title"], form["text"] = "Langer Bericht", TYPED
    autosave(app, form, "report")
    app.get("/redaktion").forms[0].submit()
    assert "Ihre Sitzung ist zu Ende" in autosave(app, form, "report", status=401).text
    again = fresh(app)
    sign_in(again, "anna", PASSWORD)
    assert TYPED in again.get("/redaktion/neu/report").text


def test_what_is_typed_after_going_on_is_what_the_page_shows_when_it_is_loaded_again(desk):
    _, browser = desk
    app = browser("petra", "press")
    for target in ("/redaktion/neu/press_release", new_press(app).headers["Location"] + "/bearbeiten"):
        form = form_of(app.get(target))
        form["title"], form["text"] = "Vor dem Ende", TYPED
        opened = app.post(target, [*form.submit_fields(), ("behalten", "1")], status=303)
        assert opened.headers["Location"].endswith(f"{target}?entwurf={form['entwurf'].value}")
        going_on = form_of(opened.follow())
        assert (going_on["title"].value, going_on["text"].value) == ("Vor dem Ende", TYPED)
        going_on["text"] = "Danach weitergeschrieben."
        autosave(app, going_on)
        assert form_of(app.get(opened.headers["Location"]))["text"].value == "Danach weitergeschrieben."


def test_a_conflict_that_was_met_is_still_told_when_the_form_is_loaded_again(desk):
    _, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    form, theirs = form_of(app.get(target)), form_of(other.get(target))
    theirs["title"], form["title"] = "Paulas Titel", "Petras Titel"
    theirs.submit(status=303)
    met = form_of(form.submit(status=409))
    opened = app.post(target, [*met.submit_fields(), ("behalten", "1")], status=303).follow()
    assert "Jemand war schneller" in opened.text and form_of(opened)["title"].value == "Petras Titel"
    form_of(opened).submit(status=303)
    assert "Ungespeichertes" not in app.get(target).text


def test_a_draft_says_when_the_item_was_saved_meanwhile(desk):
    _, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    form, theirs = form_of(app.get(target)), form_of(other.get(target))
    form["text"] = TYPED
    autosave(app, form)
    theirs["title"] = "Paulas Titel"
    theirs.submit(status=303)
    assert autosave(app, form).json["rev"] == 2
    page = app.get(target)
    assert "inzwischen wurde der Eintrag gespeichert (Revision 2)" in page.text
    answer = form_of(page.click("Weiterschreiben")).submit(status=409)
    assert form_of(answer)["text"].value == TYPED and form_of(answer)["title"].value == "Paulas Titel"


# --- chosen files ---


def test_a_chosen_file_survives_an_error_and_is_saved(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = typed_press(app)
    form["image._hochladen"] = Upload("foto.png", picture(), "image/png")
    form["attachments.1._hochladen"] = Upload("anlage.txt", b"Eine Anlage.", "text/plain")
    page = form.submit(status=400)
    assert "Jetzt: foto.png" in page.text and "Jetzt: anlage.txt" in page.text
    form = form_of(page)
    form["image.alt"], form["image.credit"] = "Ein blaues Feld", "Beispiel"
    form.submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, "/presse/entwurf")
        assert row.image.file.width == 40 and row.attachments[0].title == "anlage.txt"
        assert house.files.path(row.attachments[0].sha256).read_bytes() == b"Eine Anlage."


def test_a_file_goes_to_the_row_it_was_chosen_in(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = typed_press(app)
    form = form_of(form.submit("mehr", value="attachments"))
    form["attachments.3.title"] = "Die dritte"
    form["attachments.3._hochladen"] = Upload("drei.txt", b"Drei.", "text/plain")
    form["attachments.1.title"] = "Ohne Datei"
    form.submit(status=303)
    with house.writing("test") as work:
        assert [(row.title, row.file_name) for row in lookup.find(work.session, "/presse/entwurf").attachments] == [
            ("Ohne Datei", ""),
            ("Die dritte", "drei.txt"),
        ]


def test_files_of_drafts_are_kept_by_the_clean_up_until_the_draft_goes_and_are_never_public(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = typed_press(app)
    form["attachments.1._hochladen"] = Upload("geheim.txt", b"Noch geheim.", "text/plain")
    assert autosave(app, form).json["files"] == {"attachments.1": "geheim.txt"}
    draft = drafts(house)[0]
    with house.writing("test") as work:
        sha256 = form_drafts.files_of(work.session, "petra", [draft.uid])["geheim.txt"]
    path = house.files.path(sha256)
    os.utime(path, (0, 0))
    starting.mend(house, say=print)
    assert path.exists()
    app.get(f"/datei/{sha256}/geheim.txt", status=404)
    form["attachments.1.file"], form["attachments.1.title"] = "", ""
    form["attachments.1._hochladen"] = ""
    autosave(app, form)
    starting.mend(house, say=print)
    assert not path.exists()


def test_drafts_are_bounded_in_number_age_and_size(desk, monkeypatch):
    house, browser = desk
    app = browser("petra", "press")
    monkeypatch.setattr(form_drafts, "MAX_PER_PERSON", 2)
    for number in range(4):
        form = typed_press(app)
        form["title"] = f"Entwurf {number}"
        autosave(app, form)
    assert sorted(draft.input["title"] for draft in drafts(house)) == ["Entwurf 2", "Entwurf 3"]
    with house.writing("test") as work:
        old = dt.datetime.now(dt.UTC) - form_drafts.KEPT_FOR - dt.timedelta(days=1)
        work.session.execute(sa.update(models.FormDraft).values(at=old))
    autosave(app, typed_press(app))
    assert [draft.input["title"] for draft in drafts(house)] == ["Der Entwurf"]
    form = typed_press(app)
    form["text"] = "x" * (form_drafts.MAX_CHARS + 1)
    autosave(app, form, status=413)
    assert len(drafts(house)) == 1
    monkeypatch.setattr(form_drafts, "MAX_CHARS", 4_000)
    form["text"] = "ü" * 3_000
    autosave(app, form)
    assert [draft.input["text"] for draft in drafts(house)].count("ü" * 3_000) == 1


@pytest.mark.parametrize("uid", ["", "x", "../../etc", "00000000-0000-0000-0000-00000000000\u0660", "\x00"])
def test_a_forged_draft_name_becomes_a_fresh_one(desk, uid):
    house, browser = desk
    app = browser("petra", "press")
    form = typed_press(app)
    form["entwurf"], form["text"] = uid, "Mit \x00 darin"
    autosave(app, form)
    assert (
        len(drafts(house)[0].uid) == 36
        and app.get(f"/redaktion/neu/press_release?entwurf={'%00' if uid == chr(0) else 'x'}").status_int == 200
    )


# --- two people at once ---


def conflict(desk):
    _, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    mine, theirs = form_of(app.get(target)), form_of(other.get(target))
    theirs["text"], theirs["title"] = "Paulas Text.", "Paulas Titel"
    theirs.submit(status=303)
    mine["text"], mine["lead"] = TYPED, "Petras Vorspann"
    return app, target, mine.submit(status=409)


def test_a_stale_save_names_each_field_and_who_changed_it(desk):
    _, _, page = conflict(desk)
    assert "Paula hat den Eintrag" in page.text and "Jemand war schneller" in page.text
    told = {one["id"]: one.text for one in page.html.select("section[id^=konflikt-]")}
    assert set(told) == {"konflikt-title", "konflikt-lead", "konflikt-text"}
    assert (
        "Nur die andere Person" in told["konflikt-title"]
        and "Nur Sie" in told["konflikt-lead"]
        and "Beide" in told["konflikt-text"]
    )
    form = form_of(page)
    assert (form["title"].value, form["lead"].value, form["text"].value) == ("Paulas Titel", "Petras Vorspann", TYPED)


def test_each_field_can_be_taken_from_either_side_and_back(desk):
    house, _ = desk
    app, target, page = conflict(desk)
    page = form_of(page).submit("nehmen", value="gespeicherte:text")
    assert form_of(page)["text"].value == "Paulas Text." and form_of(page)["lead"].value == "Petras Vorspann"
    page = form_of(page).submit("nehmen", value="gespeicherte:alles")
    assert form_of(page)["lead"].value == ""
    page = form_of(page).submit("nehmen", value="meine:alles")
    assert (form_of(page)["title"].value, form_of(page)["text"].value) == ("Neue Meldung", TYPED)
    page = form_of(page).submit("nehmen", value="gespeicherte:title")
    form_of(page).submit(status=303)
    form = form_of(app.get(target))
    assert (form["title"].value, form["lead"].value, form["text"].value) == ("Paulas Titel", "Petras Vorspann", TYPED)
    assert drafts(house) == []


def test_an_error_after_a_conflict_keeps_the_choice_between_both(desk):
    _, _, page = conflict(desk)
    form = form_of(page)
    form["date"] = "gestern"
    form = form_of(form.submit(status=400))
    assert form_of(form.submit("nehmen", value="gespeicherte:text"))["text"].value == "Paulas Text."


def test_somebody_who_is_faster_twice_is_met_twice(desk):
    house, browser = desk
    app, target, page = conflict(desk)
    third = form_of(browser("pavel", "press").get(target))
    third["text"] = "Pavels Text."
    third.submit(status=303)
    form = form_of(page)
    form["lead"] = "Petras zweiter Vorspann"
    page = form.submit(status=409)
    assert "Pavels" in page.text and form_of(page)["lead"].value == "Petras zweiter Vorspann"
    form_of(page).submit(status=303)
    assert form_of(app.get(target))["text"].value == TYPED and drafts(house) == []


@pytest.mark.parametrize("wish", ["meine:nichts", "gespeicherte:", ":", "x:text", "meine:__class__"])
def test_a_wish_for_a_field_that_is_not_there_changes_nothing(desk, wish):
    app, target, page = conflict(desk)
    again = app.post(target, [*form_of(page).submit_fields(), ("nehmen", wish)])
    assert form_of(again)["title"].value == "Paulas Titel"


# --- paragraphs of both ---

START = "Erster Absatz.\n\nZweiter Absatz.\n\nDritter Absatz."


def raced(desk, mine_text, their_text):
    _, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    first = form_of(app.get(target))
    first["text"] = START
    first.submit(status=303)
    mine, theirs = form_of(app.get(target)), form_of(other.get(target))
    theirs["text"], mine["text"] = their_text, mine_text
    theirs.submit(status=303)
    return app, target, mine.submit(status=409)


def test_different_paragraphs_of_one_text_are_both_in_the_form(desk):
    app, target, page = raced(
        desk, START.replace("Erster", "Petras erster"), START.replace("Dritter", "Paulas dritter")
    )
    form = form_of(page)
    assert form["text"].value == "Petras erster Absatz.\n\nZweiter Absatz.\n\nPaulas dritter Absatz."
    assert "Beide zusammengeführt: Text (steht im Formular)" in " ".join(
        page.html.select_one("#konflikt-text").text.split()
    )
    mine = form_of(form.submit("nehmen", value="meine:text"))
    assert mine["text"].value == START.replace("Erster", "Petras erster")
    both = form_of(mine.submit("nehmen", value="beide:text"))
    both.submit(status=303)
    assert form_of(app.get(target))["text"].value == form["text"].value


def test_where_both_changed_one_paragraph_mine_stays_and_both_can_be_taken(desk):
    _, _, page = raced(desk, START.replace("Zweiter", "Petras zweiter"), START.replace("Zweiter", "Paulas zweiter"))
    assert form_of(page)["text"].value == START.replace("Zweiter", "Petras zweiter")
    both = form_of(form_of(page).submit("nehmen", value="beide:alles"))
    assert both["text"].value == "Erster Absatz.\n\nPetras zweiter Absatz.\n\nPaulas zweiter Absatz.\n\nDritter Absatz."


def test_a_field_that_only_one_changed_has_nothing_to_merge(desk):
    _, _, page = conflict(desk)
    assert "Beide zusammengeführt: Titel" not in page.text and "Beide zusammengeführt: Text" in page.text
    both = form_of(form_of(page).submit("nehmen", value="beide:alles"))
    assert (both["title"].value, both["lead"].value, both["text"].value) == (
        "Paulas Titel",
        "Petras Vorspann",
        f"{TYPED}\n\nPaulas Text.",
    )


# --- the item went, the right went ---


def test_what_was_typed_into_an_item_that_was_removed_meanwhile_is_offered_as_a_new_one(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = new_press(app).headers["Location"]
    form = form_of(app.get(target + "/bearbeiten"))
    with house.writing("operator") as work:
        item = lookup.find(work.session, "/presse/neue-meldung")
        for step, fields in (("trash", {}), ("remove", {"comment": "doppelt"})):
            transition.take(work.desk, item, transition.PUBLICATION, step, fields)
    form["text"] = TYPED
    page = form.submit(status=409)
    assert "gibt es nicht mehr" in page.text and form_of(page)["text"].value == TYPED
    form_of(page).submit(status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, "/presse/neue-meldung").text == TYPED


@pytest.mark.parametrize("kind", ["", "nichts", "body", "../x"])
def test_a_form_of_an_unknown_kind_for_an_item_that_is_not_there_stays_a_404(desk, kind):
    _, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    app.post(
        "/redaktion/eintrag/99999/bearbeiten",
        [*((name, value) for name, value in form.submit_fields() if name != "art"), ("art", kind)],
        status=404,
    )
