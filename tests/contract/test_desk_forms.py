"""What the desk's forms keep, on SQLite and PostgreSQL: drafts, files of revisions, mentions."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services import edit, form_drafts, mentions, picks, transition
from portal.incoming import store_file
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
    return edit.save(work.session, "page", clean_item("page", given), now=NOW, files=_Papers(work, body), item=item, renewed=["a.pdf"]).item


def test_drafts_are_kept_replaced_offered_and_dropped(kept_house):
    with kept_house.writing("test") as work:
        item = _save(work)
        place = form_drafts.Place("anna", "00000000-0000-4000-8000-000000000001", "page", item.id)
        for text in ("eins", "zwei ä"):
            form_drafts.keep(
                work.session, place, {"text": text, "attachments": [{"file": "b.pdf"}]}, base_rev=1, files={"b.pdf": b"%PDF-1.4 b", "c.pdf": b"x"},
                store=lambda body: work.files.add(body, "", work.manager).sha256, now=NOW,
            )
    with kept_house.writing("test") as work:
        (draft,) = form_drafts.of_form(work.session, "anna", "page", item.id)
        assert draft.input["text"] == "zwei ä" and list(form_drafts.files_of(work.session, "anna", [draft.uid])) == ["b.pdf"]
        assert form_drafts.of_form(work.session, "bernd", "page", item.id) == []
        form_drafts.drop(work.session, "anna", [draft.uid])
    with kept_house.writing("test") as work:
        assert work.session.scalars(sa.select(models.FormDraft)).all() == [] == work.session.scalars(sa.select(models.FormDraftFile)).all()


def test_a_revision_says_which_file_its_name_meant(kept_house):
    with kept_house.writing("test") as work:
        item = _save(work)
        _save(work, body=b"%PDF-1.4 b", item=item)
        _save(work, body=b"%PDF-1.4 b", item=item)
        rows = work.session.scalars(sa.select(models.Revision).order_by(models.Revision.rev)).all()
        assert [row.rev for row in rows] == [1, 2] and rows[0].files != rows[1].files and rows[1].files.keys() == {"a.pdf"}


def test_mentions_follow_the_text(kept_house):
    with kept_house.writing("test") as work:
        first = _save(work)
        second = _save(work, "zwei", text="[x](/seite/eins) [y](/presse/nie)")
        assert [one.id for one in mentions.users_of(work.session, first)] == [second.id]
        assert [(one.url, one.words) for one in mentions.doubtful(work.session, second)] == [
            ("/presse/nie", "gibt es nicht"), ("/seite/eins", "Seite ist noch nicht veröffentlicht"),
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
        assert (shell.publication_state, shell.title, shell.text, shell.input, shell.url) == ("removed", None, "", {}, f"/entfernt/{shell.uid}")
        assert len(work.session.scalars(sa.select(models.File)).all()) == 1
        assert [row.item_id for row in work.session.scalars(sa.select(models.Revision))] != [item.id]
        assert [row.transition for row in transition.history(work.session, shell)] == ["trash", "remove"]


def test_every_list_to_pick_from_can_be_read(kept_house):
    with kept_house.writing("test") as work:
        _save(work)
        for source, read in picks.SOURCES.items():
            assert isinstance(read(work.session, None), list), source
