"""What was submitted is what is published: later edits are a new draft, whatever road the publication takes."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
import sqlalchemy as sa
from PIL import Image
from webtest import TestApp, Upload

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.publishing import frozen_text
from content.services.workflow import transition
from portal.background import clock
from tests.functional.test_desk import form_of, new_press, step
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

URL = "/presse/neue-meldung"


def _change(app, target, **fields):
    form = form_of(app.get(target + "/bearbeiten"))
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=303)


@pytest.fixture
def submitted(desk):
    """(house, who wrote and submitted, who releases, the item's page); the text says „Ein Text.“."""
    house, browser = desk
    writer, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(writer).headers["Location"]
    step(writer.get(target), "submit").submit(status=303)
    return house, writer, other, target


def test_the_submitted_text_is_released_and_the_later_one_stays_a_draft(submitted):
    _house, writer, other, target = submitted
    _change(writer, target, text="Etwas **anderes**.", title="Umbenannt")
    page = other.get(target)
    assert "Eingereicht ist Revision 1" in page.text and "Revision 2" in page.text
    assert "anderes" in other.get(target + "/verlauf?rev=2").text
    step(page, "publish").submit(status=303)
    public = TestApp(other.app).get(URL)
    assert "Ein <strong>Text</strong>" in public.text and "Neue Meldung" in public.text
    assert "anderes" not in public.text and "Umbenannt" not in public.text
    after = other.get(target).text
    assert "weicht von der veröffentlichten Fassung (Revision 1) ab" in after and "Revision 1, " in after
    assert "Wer den Text geändert hat, macht ihn nicht selbst öffentlich" in writer.get(target).text
    form = step(other.get(target), "correct")
    form["note"] = "Neuer Wortlaut"
    form.submit(status=303)
    assert "anderes" in TestApp(other.app).get(URL).text


def test_the_clock_publishes_what_was_submitted_not_what_was_written_after_scheduling(submitted):
    house, writer, other, target = submitted
    _change(writer, target, text="Zwischen Einreichen und Terminieren.")
    form = step(other.get(target), "schedule")
    form["publish_at"] = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    form.submit(status=303)
    _change(writer, target, text="Nach dem Terminieren.")
    clock.tick(house, lambda *_: None, now=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    text = TestApp(other.app).get(URL).text
    assert "Ein <strong>Text</strong>" in text and "Terminieren" not in text


def test_the_history_names_the_revision_that_was_decided_on_with_its_digest(submitted):
    house, writer, other, target = submitted
    with house.writing("test") as work:
        digest = lookup.find(work.session, URL).input_digest
    _change(writer, target, text="Anders.")
    step(other.get(target), "publish").submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        taken = transition.history(work.session, row)[-1]
        assert (taken.transition, taken.rev, taken.sha256, row.rev) == ("publish", 1, digest, 2)
        edition = work.session.scalars(sa.select(models.Edition).where(models.Edition.url == URL)).one()
        assert edition.item_rev == 1 and work.session.get(models.FrozenText, row.id) is None


def test_what_came_back_or_was_recalled_is_one_text_again_and_the_new_one_is_submitted(submitted):
    _house, writer, other, target = submitted
    _change(writer, target, text="Zweite Fassung.")
    step(writer.get(target), "recall").submit(status=303)
    step(writer.get(target), "submit").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    assert "Zweite Fassung" in TestApp(other.app).get(URL).text


def test_a_file_added_after_submitting_stays_inside(desk):
    house, browser = desk
    writer, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(writer).headers["Location"]
    step(writer.get(target), "submit").submit(status=303)
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 10, 10)).save(picture, "PNG")
    form = form_of(writer.get(target + "/bearbeiten"))
    form[
        "image.file_datei"
        if "image.file_datei" in form.fields
        else next(name for name in form.fields if name and name.startswith("image.file"))
    ] = Upload("bild.png", picture.getvalue(), "image/png")
    form["image.alt"], form["image.credit"] = "Rot", "Amt"
    form.submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    with house.writing("test") as work:
        files = work.session.scalars(
            sa.select(models.EditionFile)
            .join(models.Edition, models.Edition.id == models.EditionFile.edition_id)
            .where(models.Edition.url == URL)
        ).all()
        assert lookup.find(work.session, URL).image is not None and files == []
    assert hashlib.sha256(picture.getvalue()).hexdigest() not in TestApp(other.app).get(URL).text


def test_the_address_of_a_submitted_text_stays(submitted):
    _house, writer, _other, target = submitted
    form = form_of(writer.get(target + "/bearbeiten"))
    form["slug"] = "woanders"
    assert "wartet ein eingereichter Text" in form.submit(status=400).text


def test_a_preview_of_the_later_draft_shows_the_draft(submitted):
    _house, writer, _other, target = submitted
    form = form_of(writer.get(target + "/bearbeiten"))
    form["text"] = "Der Entwurf danach."
    fields = dict(form.submit_fields())
    shown = writer.post("/redaktion/vorschau/press_release", {**fields, "id": target.rsplit("/", 1)[1]})
    assert "Der Entwurf danach" in shown.text


def test_what_was_submitted_before_texts_were_kept_cannot_be_changed(submitted):
    house, *_ = submitted
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        frozen_text.drop(work.session, row)
        value = clean_item("press_release", {**row.input, "text": "Nachträglich."})
        with pytest.raises(InvalidInput, match="wird gerade geprüft"):
            edit.save(work.session, "press_release", value, now=work.desk.now, item=row)


def test_an_undated_text_is_dated_on_the_day_it_is_published(house):
    start = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    later = start + dt.timedelta(days=9)
    value = {"slug": "neu", "title": "Neu", "text": "Ein Text."}
    with house.writing("petra", permits=ROLES["press"].permits, clock=lambda: start) as work:
        row = edit.save(work.session, "page", clean_item("page", value), now=start).item
        transition.take(work.desk, row, PUBLICATION, "submit")
        edit.save(work.session, "page", clean_item("page", {**value, "text": "Später."}), now=start, item=row)
    with house.writing("paula", permits=ROLES["press"].permits, clock=lambda: later) as work:
        row = lookup.find(work.session, "/seite/neu")
        transition.take(work.desk, row, PUBLICATION, "publish")
        edition = work.session.scalars(sa.select(models.Edition)).one()
        assert edition.sort_date == later.date() and "Ein Text" in edition.document


@pytest.mark.parametrize("is_kept_before", [True, False])
def test_what_a_savepoint_gave_up_stands_as_it_was(submitted, is_kept_before):
    house, *_ = submitted
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        if not is_kept_before:
            frozen_text.drop(work.session, row)
        given_up = work.session.begin_nested()
        if is_kept_before:
            frozen_text.drop(work.session, row)
        else:
            frozen_text.keep(work.desk, row)
        assert (frozen_text.of(work.session, row) is None) is is_kept_before
        given_up.rollback()
        assert (frozen_text.of(work.session, row) is not None) is is_kept_before


def test_who_decides_on_an_old_page_is_shown_what_changed(submitted):
    _house, writer, other, target = submitted
    old = step(other.get(target), "publish")
    _change(writer, target, text="Ein ganz neuer **Text**.")
    answer = old.submit(status=409)
    assert (
        "inzwischen geändert" in answer.text and "Was sich geändert hat, seit Sie diese Seite öffneten" in answer.text
    )
    assert "<ins" in answer.text and "ganz neuer" in answer.text
    step(answer, "publish").submit(status=303)
    assert "Ein <strong>Text</strong>" in TestApp(other.app).get(URL).text


@pytest.mark.parametrize("rev", ["", "x", "99", "9" * 30, "-1"])
def test_a_nonsense_revision_with_a_step_is_no_error_of_ours(submitted, rev):
    _house, _writer, other, target = submitted
    form = step(other.get(target), "publish")
    form["rev"] = rev
    assert form.submit(expect_errors=True).status_int in {303, 409}
