"""What the desk's forms keep, on SQLite and PostgreSQL: drafts, files of revisions, mentions."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.editing import edit, form_drafts, mentions, picks, section_drafts
from content.services.workflow import transition
from portal.web.incoming import store_file
from workflows.publication import PUBLICATION

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


@pytest.fixture(params=["house", "postgres_house"], ids=["sqlite", "postgresql"])
def kept_house(request):
    return request.getfixturevalue(request.param)


class _Papers:
    """One paper, whatever name is asked for."""

    def __init__(self, work, body):
        self._work, self._body = work, body

    def attachment(self, _name, _field):
        return store_file(self._work)(self._body, "application/pdf", None, None)

    image = attachment


def _save(work, slug="eins", body=b"%PDF-1.4 a", item=None, **more):
    given = {"slug": slug, "title": slug, "text": "x", "attachments": [{"file": "a.pdf", "title": "A"}], **more}
    return edit.save(
        work.session,
        "page",
        clean_item("page", given),
        now=NOW,
        files=_Papers(work, body),
        item=item,
        renewed=["a.pdf"],
    ).item


def test_drafts_are_kept_replaced_offered_and_dropped(kept_house):
    with kept_house.writing("test") as work:
        item = _save(work)
        place = form_drafts.Place("anna", "00000000-0000-4000-8000-000000000001", "page", item.id)
        for text in ("eins", "zwei ä"):
            form_drafts.keep(
                work.session,
                place,
                {"text": text, "attachments": [{"file": "b.pdf"}]},
                base_rev=1,
                files={"b.pdf": b"%PDF-1.4 b", "c.pdf": b"x"},
                store=lambda body: work.files.add(body, "", work.manager).sha256,
                now=NOW,
            )
    with kept_house.writing("test") as work:
        (draft,) = form_drafts.of_form(work.session, "anna", "page", item.id)
        assert draft.input["text"] == "zwei ä" and list(form_drafts.files_of(work.session, "anna", [draft.uid])) == [
            "b.pdf"
        ]
        assert form_drafts.of_form(work.session, "bernd", "page", item.id) == []
        form_drafts.finish(work.session, "anna", [draft.uid], number=0, now=NOW)
    with kept_house.writing("test") as work:
        assert (
            form_drafts.of_form(work.session, "anna", "page", item.id)
            == []
            == work.session.scalars(sa.select(models.FormDraftFile)).all()
        )
        assert work.session.scalars(sa.select(models.FormDraft.input)).all() == [{}], "what stays holds no text"


UID = "00000000-0000-4000-8000-000000000002"


def _form(work, text, number, *, is_auto=True):
    place = form_drafts.Place("anna", UID, "page", None)
    return (
        form_drafts.keep(
            work.session,
            place,
            {"text": text},
            base_rev=0,
            files={},
            store=lambda _: "",
            now=NOW,
            number=number,
            is_auto=is_auto,
        )
        is form_drafts.Kept.KEPT
    )


def _section(work, text, number, *, is_auto=True):
    report = work.session.scalars(sa.select(models.Report)).first() or _report(work)
    return section_drafts.keep(
        work.session,
        report,
        UID,
        login="anna",
        heading="",
        text=text,
        base_rev=0,
        now=NOW,
        number=number,
        is_auto=is_auto,
    )


def _report(work):
    return edit.save(
        work.session,
        "report",
        clean_item("report", {"slug": "bericht", "title": "Bericht", "group": "AG", "text": "x"}),
        now=NOW,
    ).item


def _text_of_form(work):
    row = form_drafts.find(work.session, "anna", UID)
    return row and row.input["text"]


def _text_of_section(work):
    row = section_drafts.of_person(work.session, UID, "anna")
    return row and row.text


def _end_form(work, number):
    form_drafts.finish(work.session, "anna", [UID], number=number, now=NOW)


def _end_section(work, number):
    section_drafts.finish(
        work.session,
        work.session.scalars(sa.select(models.Report)).first() or _report(work),
        UID,
        "anna",
        number=number,
        now=NOW,
    )


DRAFTS = pytest.mark.parametrize(
    ("keep", "read", "end"),
    [(_form, _text_of_form, _end_form), (_section, _text_of_section, _end_section)],
    ids=["form", "section"],
)


@DRAFTS
def test_what_comes_late_never_replaces_what_was_typed_later(kept_house, keep, read, end):
    def done(act, *given, **more):
        with kept_house.writing("test") as work:
            return act(work, *given, **more)

    assert done(keep, "zwei", 200)
    assert not done(keep, "eins", 100) and done(read) == "zwei"
    assert done(keep, "zwei, noch einmal gesandt", 200)
    done(end, 300)
    assert done(read) is None
    assert not done(keep, "zwei", 250) and not done(keep, "gesendet", 300) and done(read) is None
    assert done(keep, "danach getippt", 301) and done(read) == "danach getippt"
    assert done(keep, "abgeschickt", 0, is_auto=False) and done(read) == "abgeschickt", "what a person sends counts"
    assert not done(keep, "zwei", 200) and done(read) == "abgeschickt"


@DRAFTS
def test_a_form_saved_before_anything_was_kept_of_it_is_done_with_too(kept_house, keep, read, end):
    with kept_house.writing("test") as work:
        end(work, 300)
    with kept_house.writing("test") as work:
        assert not keep(work, "spät", 200) and read(work) is None


@DRAFTS
@pytest.mark.parametrize("is_saved", [False, True], ids=["typing", "saved"])
def test_many_at_once_end_with_the_newest(kept_house, keep, read, end, is_saved):
    with kept_house.writing("test") as work:
        _report(work)
    gate, numbers = threading.Barrier(8), [5, 8, 1, 7, 3, 2, 6, 4]

    def send(number):
        gate.wait()
        with kept_house.writing("test") as work:
            end(work, 8) if is_saved and number == 8 else keep(work, str(number), number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, numbers))
    with kept_house.writing("test") as work:
        assert read(work) == (None if is_saved else "8")


def test_a_revision_says_which_file_its_name_meant(kept_house):
    with kept_house.writing("test") as work:
        item = _save(work)
        _save(work, body=b"%PDF-1.4 b", item=item)
        _save(work, body=b"%PDF-1.4 b", item=item)
        rows = work.session.scalars(sa.select(models.Revision).order_by(models.Revision.rev)).all()
        assert (
            [row.rev for row in rows] == [1, 2] and rows[0].files != rows[1].files and rows[1].files.keys() == {"a.pdf"}
        )


def test_mentions_follow_the_text(kept_house):
    with kept_house.writing("test") as work:
        first = _save(work)
        second = _save(work, "zwei", text="[x](/seite/eins) [y](/presse/nie)")
        assert [one.id for one in mentions.users_of(work.session, first)] == [second.id]
        assert [(one.url, one.words) for one in mentions.doubtful(work.session, second)] == [
            ("/presse/nie", "gibt es nicht"),
            ("/seite/eins", "Seite ist noch nicht veröffentlicht"),
        ]
        _save(work, "zwei", text="nichts", item=second)
        assert mentions.users_of(work.session, first) == [] == mentions.doubtful(work.session, second)


def test_an_erased_item_is_a_shell_and_its_files_are_forgotten(kept_house):
    with kept_house.writing("test") as work:
        item = _save(work, text="geheim [x](/presse/nie)")
        _save(work, "eins", body=b"%PDF-1.4 b", item=item)
        _save(work, "zwei", body=b"%PDF-1.4 b")
        assert len(work.session.scalars(sa.select(models.File)).all()) == 2
        transition.take(work.desk, item, PUBLICATION, "trash")
        transition.take(work.desk, item, PUBLICATION, "remove", {"comment": "doppelt"})
    with kept_house.writing("test") as work:
        shell = work.session.get(models.Item, item.id)
        assert (shell.publication_state, shell.title, shell.text, shell.input, shell.url) == (
            "removed",
            None,
            "",
            {},
            f"/entfernt/{shell.uid}",
        )
        assert len(work.session.scalars(sa.select(models.File)).all()) == 1
        assert [row.item_id for row in work.session.scalars(sa.select(models.Revision))] != [item.id]
        assert [row.transition for row in transition.history(work.session, shell)] == ["trash", "remove"]


def test_every_list_to_pick_from_can_be_read(kept_house):
    with kept_house.writing("test") as work:
        _save(work)
        for source, read in picks.SOURCES.items():
            assert isinstance(read(work.session, None), list), source
