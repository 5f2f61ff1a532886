"""Every file that the public pages of the example link is there; a missing one is made without anybody's thread waiting long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import models
from content.export import made, seals
from content.helpers.helper import helper

FILES = re.compile(r'href="(/[^"?#]+\.(?:pdf|zip|docx|json|csv|bib|ris|txt))"')


def test_every_file_that_the_example_links_is_there(portal):
    app, house = portal
    edition = models.Edition.__table__.c
    with house.reading() as connection:
        urls = connection.scalars(
            sa.select(edition.url)
            .where(edition.valid_until.is_(None), edition.is_withdrawn.is_(False))
            .order_by(edition.url)
        ).all()
        kinds = dict(connection.execute(sa.select(edition.url, edition.kind)).all())
    # All organisations and bodies, whose members differ; of the other kinds every tenth.
    pages = [
        url
        for place, url in enumerate(urls)
        if kinds[url] in {"organisation", "body", "press_release"} or place % 10 == 0
    ]
    files = dict.fromkeys(link for url in pages for link in FILES.findall(app.get(url).text))
    assert len(files) > 100
    bad = {link: answer.status for link in files if (answer := app.get(link, expect_errors=True)).status_int != 200}
    assert bad == {}


def test_nobody_waits_for_a_file_while_another_one_waits(portal):
    app, house = portal
    house.made.patience_s = 0
    with house.made._waiting:
        answer = app.get("/organisation/fitko.pdf", status=503)
    assert (
        answer.headers["Retry-After"] == "2"
        and "noch einmal aufrufen" in answer.text
        and "no-store" in answer.headers["Cache-Control"]
    )
    house.made.patience_s = 120
    assert app.get("/organisation/fitko.pdf").content_type == "application/pdf"


def test_what_cannot_be_made_is_our_fault_and_tried_once(portal, monkeypatch):
    app, _ = portal
    tried = []
    monkeypatch.setattr(helper("typesetter"), "submit", lambda *_, **__: tried.append(1) or _failed())
    for _ in range(3):
        assert "unseren Fehler" in app.get("/organisation/fitko.pdf", status=500).text
    assert len(tried) == 1


def _failed():
    from concurrent.futures import Future

    future = Future()
    future.set_exception(made.Failed("broken"))
    return future


HURT = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "empty": lambda file: file.write_bytes(b""),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "one byte": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"),
    "another one's": lambda file: seals.of(file).write_text("0" * 64),
    "without seal": lambda file: seals.of(file).unlink(),
}


@pytest.mark.parametrize("hurt", HURT)
@pytest.mark.parametrize("ending", [".pdf", "/pressemappe.zip"])
def test_a_made_file_that_the_disk_hurt_is_made_anew(portal, hurt, ending):
    app, house = portal
    with house.reading() as connection:
        url = connection.scalar(
            sa.select(models.Edition.url)
            .where(models.Edition.kind == "press_release", models.Edition.valid_until.is_(None))
            .limit(1)
        )
    whole = app.get(url + ending).body
    for file in [path for path in (house.data / "pdf").iterdir() if path.suffix in {".pdf", ".zip"}]:
        HURT[hurt](file)
    after = app.get(url + ending).body
    assert after[:4] == whole[:4] and abs(len(after) - len(whole)) < 200
    assert all(
        map(seals.is_whole, (path for path in (house.data / "pdf").iterdir() if path.suffix == Path(ending).suffix))
    )


@pytest.mark.parametrize("name", ["pdf", "zip", "docx"])
def test_left_overs_are_swept_and_the_folder_has_a_limit(tmp_path, monkeypatch, name):
    folder = made.Made(tmp_path)
    monkeypatch.setattr(made, "MAX_BYTES", 10)
    monkeypatch.setattr(made, "PRUNE_EVERY_S", 0)
    for number in range(5):
        Path(tmp_path / f"{number}.{name}").write_bytes(b"12345")
    folder._prune()
    assert len(list(tmp_path.iterdir())) == 2
