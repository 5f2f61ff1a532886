"""The text inside attached files: read while nobody has to wait, found with the page it belongs to, gone with its file."""

from __future__ import annotations

import datetime as dt
import json
import threading

import docx
import pytest
import sqlalchemy as sa
from webtest import Upload

from content import models
from content.search import filetext
from content.services.exchange import exchange
from content.services.search.saved import matcher
from content.services.workflow import transition
from portal.background import clock
from portal.commands import starting
from portal.web.incoming import read_import_ahead, store_file
from tests.functional.test_desk import form_of
from workflows.publication import PUBLICATION

BODY = {"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}
PDF = b"%PDF-1.4 "


def _decision(number, file="anlage.pdf"):
    return {
        "type": "decision",
        "body": "it-planungsrat",
        "number": number,
        "title": "Mit Anlage",
        "text": "1. Der IT-Planungsrat stimmt zu.",
        "attachments": [{"title": "Bericht", "file": file}],
    }


def _laid_out(house, *lines, name="anlage.pdf", body=PDF + b"eins"):
    folder = house.data / "in"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / "files" / name).write_bytes(body)
    (folder / "in.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return [folder / "in.jsonl"]


def _publish(house, paths):
    with house.writing("test") as work:
        exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read(paths)


def _texts(house):
    with house.reading() as connection:
        return {row.sha256: (row.pages, row.fault) for row in connection.execute(sa.select(models.FileText.__table__))}


def _finds(house, word):
    with house.reading() as connection:
        ids = frozenset(connection.scalars(sa.select(models.Edition.id)))
    return len(matcher(house)({"q": word}, ids))


class Reader:
    """Reads every file as „Zwiebelkuchen“, and meanwhile others write; counts what it read."""

    def __init__(self, house):
        self.house, self.paths = house, []
        house.read_text = self

    def __call__(self, path, media_type):
        assert path.read_bytes().startswith((PDF, b"PK")) and media_type
        self.paths.append(path)
        with self.house.writing("other") as work:
            work.session.add(
                models.SearchWord(use="whole", word=f"wort{len(self.paths)}", others=[], changed_at=work.desk.now)
            )
        return ["Der Zwiebelkuchenausschuss berichtet."], ""


@pytest.fixture(params=["house", "postgres_house"])
def empty(request):
    return request.getfixturevalue(request.param)


def test_others_write_while_an_import_reads_its_files(empty):
    reader = Reader(empty)
    paths = _laid_out(empty, BODY, _decision("2026/70"), _decision("2026/71"))
    read_import_ahead(empty, paths)
    _publish(empty, paths)
    assert len(reader.paths) == 1, "the same file is read once"
    assert _finds(empty, "Zwiebelkuchenausschüsse") == 2, "found at once"
    read_import_ahead(empty, paths)
    assert len(reader.paths) == 1 and not any((empty.data / "files/incoming").iterdir())


def test_publication_does_not_wait_for_a_file_that_nobody_has_read_and_the_clock_reads_it(empty):
    reader = Reader(empty)
    _publish(empty, _laid_out(empty, BODY, _decision("2026/70")))
    assert reader.paths == [] and _finds(empty, "Zwiebelkuchenausschuss") == 0
    clock.tick(empty, lambda _kind, _payload: None)
    assert len(reader.paths) == 1 and _finds(empty, "Zwiebelkuchenausschuss") == 1
    clock.tick(empty, lambda _kind, _payload: None)
    assert len(reader.paths) == 1


def test_others_write_while_a_file_from_a_form_is_read(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    started, may_end = threading.Event(), threading.Event()

    def slow(_path, _media_type):
        started.set()
        assert may_end.wait(20)
        return ["Der Zwiebelkuchenausschuss berichtet."], ""

    house.read_text = slow
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "mit-anlage", "Mit Anlage", "Amt", "Ja."
    form["attachments.1.title"], form["attachments.1._hochladen"] = (
        "Bericht",
        Upload("b.pdf", PDF + b"zwei", "application/pdf"),
    )
    answers = []
    upload = threading.Thread(target=lambda: answers.append(form.submit()))
    upload.start()
    try:
        assert started.wait(20)
        with house.writing("other") as work:
            work.session.add(models.SearchWord(use="whole", word="meanwhile", others=[], changed_at=work.desk.now))
        assert not answers, "it is still being read"
    finally:
        may_end.set()
        upload.join(20)
    assert answers[0].status_int == 303
    house.read_text = None  # nobody reads it again
    for actor, step in (("petra", "submit"), ("paul", "publish")):
        with house.writing(actor) as work:
            row = work.session.scalars(sa.select(models.Item).where(models.Item.url == "/presse/mit-anlage")).one()
            transition.take(work.desk, row, PUBLICATION, step, {})
    assert _finds(house, "Zwiebelkuchenausschuss") == 1


def test_whoever_attaches_a_scan_is_told_that_nobody_finds_or_hears_its_text(desk):
    house, browser = desk
    house.read_text = lambda _path, _media_type: ([""], "Die Datei enthält keinen Text (vielleicht ein Scan).")
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "mit-scan", "Mit Scan", "Amt", "Ja."
    form["attachments.1.title"], form["attachments.1._hochladen"] = (
        "Bericht",
        Upload("scan.pdf", PDF + b"bild", "application/pdf"),
    )
    told = form.submit(status=303).follow().html.select_one("#volltext").get_text()
    assert "scan.pdf: Die Datei enthält keinen Text" in told and "Vorleseprogramme" in told


@pytest.mark.parametrize(
    ("pages", "kept", "is_cut"),
    [
        ([], [], False),
        (["a"], ["a"], False),
        (["a"] * 1_000, ["a"] * 1_000, False),
        (["a"] * 1_001, ["a"] * 1_000, True),
        (["a" * 2_999_999, "bc"], ["a" * 2_999_999, "b"], True),
        (["a" * 2_999_999, "b"], ["a" * 2_999_999, "b"], False),
        (["a" * 3_000_000, "b"], ["a" * 3_000_000], True),
    ],
    ids=[
        "none",
        "one",
        "as many as allowed",
        "a page too many",
        "a sign too many",
        "as long as allowed",
        "a page behind the end",
    ],
)
def test_a_file_too_long_is_read_to_its_limit_and_says_so(pages, kept, is_cut):
    assert filetext.within_limits(pages) == (kept, is_cut)


def test_text_of_a_file_that_was_never_saved_goes_after_a_while(empty):
    Reader(empty)
    kept = _laid_out(empty, BODY, _decision("2026/70"))
    read_import_ahead(empty, kept)
    _publish(empty, kept)
    empty.read_ahead([PDF + b"never saved"])
    assert len(_texts(empty)) == 2 and empty.forget_texts() == 0, "its form may just be on its way"
    with empty.writing("test") as work:
        work.session.execute(sa.update(models.FileText).values(read_at=work.desk.now - dt.timedelta(hours=2)))
    starting.mend(empty, say=lambda _: None)
    assert len(_texts(empty)) == 1 and _finds(empty, "Zwiebelkuchenausschuss") == 1


def test_missing_file_is_noted_once_and_read_when_it_is_back(empty):
    reader = Reader(empty)
    _publish(empty, _laid_out(empty, BODY, _decision("2026/70")))
    (stored,) = empty.files._root.glob("??/??/*")
    stored.rename(empty.data / "away")
    assert [empty.read_files() for _ in "123"] == [1, 0, 0] and reader.paths == []
    assert [fault for _, fault in _texts(empty).values()] == ["Die Datei fehlt."]
    (empty.data / "away").rename(stored)
    assert empty.read_files(again=True) == 1 and _finds(empty, "Zwiebelkuchenausschuss") == 1
    assert empty.read_files(again=True) == 0


def test_import_that_fails_after_its_files_were_read_leaves_nothing_to_mend(house):
    paths = _laid_out(house, BODY, _decision("2026/70"))
    reader = Reader(house)
    read_import_ahead(house, paths)
    (faulty,) = _laid_out(house, {**_decision("2026/70"), "number": "nix"})
    with pytest.raises(exchange.FaultyInput):
        _publish(house, [faulty])
    paths = _laid_out(house, BODY, _decision("2026/70"))
    starting.mend(house, say=lambda _: None)
    assert house.reconcile_search().is_clean
    _publish(house, paths)
    assert len(reader.paths) == 1 and _finds(house, "Zwiebelkuchenausschuss") == 1


def test_what_was_withdrawn_is_not_read(house):
    reader = Reader(house)
    _publish(house, _laid_out(house, BODY, _decision("2026/70")))
    with house.writing("test") as work:
        row = work.session.scalars(sa.select(models.Item).where(models.Item.url == "/beschluss/2026/70")).one()
        transition.withdraw(work.desk, row, "Falsch.")
    assert house.read_files() == 0 and reader.paths == []


def test_what_is_no_document_or_too_large_is_not_read(house, monkeypatch):
    reader = Reader(house)
    monkeypatch.setattr("content.house.UPLOAD_RULES", {"application/pdf": type("Rule", (), {"max_bytes": 20})})
    assert (
        house.read_ahead(
            [b"", b"PK\x03\x04 broken", b"\x89PNG\r\n\x1a\n", b"<html>", PDF + b"/Encrypt", PDF + b"x" * 20]
        )
        == 0
    )
    assert reader.paths == [] and house.read_ahead([PDF]) == 1


def test_real_word_file_is_read_as_it_comes_in(house):
    document = docx.Document()
    document.add_paragraph("Der Zwiebelkuchenausschuss berichtet über seine Arbeit.")
    document.save(house.data / "anlage.docx")
    paths = _laid_out(
        house,
        BODY,
        _decision("2026/70", "anlage.docx"),
        name="anlage.docx",
        body=(house.data / "anlage.docx").read_bytes(),
    )
    read_import_ahead(house, paths)
    _publish(house, paths)
    assert _finds(house, "Zwiebelkuchenausschüsse") == 1
