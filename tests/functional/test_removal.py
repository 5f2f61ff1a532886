"""Trash, restore and removal for good: who may, what says no, and that nothing of the text stays."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from webtest import Upload

from content import models
from content.database.db import Base
from content.services.base import lookup
from content.services.exchange import exchange
from content.services.workflow import transition
from tests.functional.confirming import is_question, sure
from tests.functional.test_desk import asking_step, form_of, step
from tests.functional.test_desk_links import change, new_term
from tests.functional.test_pictures import photo, upload
from workflows.engine import Blocked

SECRET = "Geheimnisvoller Wortlaut"


@pytest.fixture
def secretariat(desk):
    house, browser = desk
    return house, browser("gerda", "secretariat")


def remove(app, target, why="Doppelt angelegt"):
    form = asking_step(app.get(target), "remove")
    form["comment"] = why
    answer = form.submit(expect_errors=True)
    return sure(answer, reason=why) if is_question(answer) else answer


def everything(house):
    """Every value of every table but of what happened, as one text."""
    with house.writing("test") as work:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in {"audit_entry", "step_entry"}]
        return "\n".join(str(tuple(row)) for table in tables for row in work.session.execute(sa.select(table)))


def test_what_was_removed_leaves_no_word_behind_and_its_address_is_free_again(secretariat):
    house, app = secretariat
    form = upload(form_of(app.get("/redaktion/neu/press_release")), photo())
    form["slug"], form["title"], form["publisher"], form["lead"], form["text"] = (
        "weg",
        SECRET,
        "IT-Planungsrat",
        SECRET,
        SECRET,
    )
    form["quotes.1.text"], form["quotes.1.speaker"] = SECRET, "Kim"
    form["contacts.1.organisation"] = SECRET
    form["attachments.1.title"], form["attachments.1._hochladen"] = (
        SECRET,
        Upload("geheim.pdf", b"%PDF-1.4 geheim", "application/pdf"),
    )
    target = form.submit(status=303).headers["Location"]
    change(app, target, f"{SECRET}, zweite Fassung")
    later = form_of(app.get(target + "/bearbeiten"))
    later["text"] = f"{SECRET}, ungespeichert"
    app.post("/redaktion/entwurf/press_release", later.submit_fields())
    step(app.get(target), "trash").submit(status=303)
    assert SECRET in everything(house)
    done = remove(app, target)
    assert done.status_int == 303 and done.headers["Location"].endswith("/redaktion/eintraege?zustand=trashed")
    assert SECRET not in everything(house) and "geheim.pdf" not in everything(house)
    app.get(target, status=404)
    app.get(target + "/bearbeiten", status=404)
    app.get("/redaktion")  # says what was done
    assert SECRET not in app.get("/redaktion/eintraege?zustand=trashed").text
    with house.writing("test") as work:
        assert (
            work.session.scalars(
                sa.select(models.File).where(models.File.media_type == "application/pdf", models.File.size_bytes == 15)
            ).all()
            == []
        )
        row = work.session.scalars(sa.select(models.Item).where(models.Item.publication_state == "removed")).one()
        assert (row.url, row.title, row.text, row.input) == (f"/entfernt/{row.uid}", None, "", {})
        told = work.session.scalars(
            sa.select(models.AuditEntry).where(models.AuditEntry.action == "item.removed")
        ).one()
        assert (told.subject, told.actor) == ("/presse/weg", "gerda")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "weg", "Neu", "IT-Planungsrat", "y"
    again = form.submit(status=303).headers["Location"]
    assert again != target and "Noch kein Schritt" in app.get(again).text


def test_bytes_of_removed_files_go_with_the_next_clean_up_and_shared_ones_stay(secretariat):
    house, app = secretariat
    targets = []
    for slug, body in (("eins", b"%PDF-1.4 allein"), ("zwei", b"%PDF-1.4 beide"), ("drei", b"%PDF-1.4 beide")):
        form = form_of(app.get("/redaktion/neu/term"))
        form["slug"], form["title"], form["text"] = slug, slug, "x"
        form["attachments.1.title"], form["attachments.1._hochladen"] = "A", Upload("a.pdf", body, "application/pdf")
        targets.append(form.submit(status=303).headers["Location"])
    for target in targets[:2]:
        step(app.get(target), "trash").submit(status=303)
        assert remove(app, target).status_int == 303
    with house.reading() as connection:
        house.files.reconcile(lookup.known_files(connection), older_than_s=-60)
    kept = [path.read_bytes() for path in house.files.path("0" * 64).parents[2].glob("??/??/*")]
    assert b"%PDF-1.4 beide" in kept and b"%PDF-1.4 allein" not in kept


def test_what_others_point_to_is_named_before_it_goes_for_good(secretariat):
    _, app = secretariat
    wanted, user = new_term(app, "gebraucht"), new_term(app, "nutzer")
    step(app.get(wanted), "trash").submit(status=303)
    change(app, user, "Siehe [dort](/glossar/gebraucht).")
    page = app.get(wanted)
    assert "Darauf verweisen noch: Begriff nutzer" in page.text and page.html.select_one("#verweise a")
    fields = {**dict(step(page, "restore").submit_fields()), "schritt": "remove", "comment": "x"}
    assert "Darauf verweisen noch: Begriff nutzer" in app.post(f"{wanted}/schritt", fields, status=409).text
    change(app, user, "Kein Link mehr.")
    assert remove(app, wanted).status_int == 303


def test_removal_says_what_goes_and_asks_for_a_reason(secretariat):
    _, app = secretariat
    target = new_term(app, "grundlos")
    step(app.get(target), "trash").submit(status=303)
    assert "Das lässt sich nicht zurücknehmen" in app.get(target).text
    assert "fehlt" in remove(app, target, "").text
    assert step(app.get(target), "restore")


def test_a_note_that_was_typed_for_a_step_is_still_there_when_it_is_refused(secretariat):
    house, app = secretariat
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, '/seite/impressum').id}"
    form = step(app.get(target), "withdraw")
    form["grund"] = "Ein langer Hinweis"
    change(app, target, "Inzwischen anders.")
    answer = form.submit(status=409)
    assert step(answer, "withdraw")["grund"].value == "Ein langer Hinweis"


def test_press_may_trash_and_restore_but_not_remove(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "p", "P", "x", "y"
    target = form.submit(status=303).headers["Location"]
    step(app.get(target), "trash").submit(status=303)
    page = app.get(target)
    assert "Endgültig entfernen" not in page.text
    fields = {**dict(step(page, "restore").submit_fields()), "schritt": "remove", "comment": "x"}
    app.post(f"{target}/schritt", fields, status=409)
    step(app.get(target), "restore").submit(status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, "/presse/p").publication_state == "draft"


@pytest.mark.parametrize("state", ["draft", "submitted", "published", "withdrawn"])
def test_only_what_lies_in_the_trash_can_be_removed(secretariat, state):
    house, app = secretariat
    new_term(app, "da")
    with house.writing("operator") as work:
        row = lookup.find(work.session, "/glossar/da")
        road = {"draft": [], "submitted": ["submit"], "published": ["import"], "withdrawn": ["import", "withdraw"]}[
            state
        ]
        for name in road:
            transition.take(work.desk, row, transition.PUBLICATION, name, {"note": "x"})
        with pytest.raises(Blocked):
            transition.take(work.desk, row, transition.PUBLICATION, "remove", {"comment": "x"})


def test_every_kind_can_be_removed(secretariat):
    house, app = secretariat
    fields = {
        "decision": {"body": "it-planungsrat", "text": "1. x", "title": "t"},
        "meeting": {"body": "it-planungsrat", "ordinal": "98", "agenda.1.title": "x"},
        "press_release": {"slug": "r", "title": "t", "publisher": "p", "text": "x"},
        "report": {"slug": "r", "title": "t", "group": "g"},
        "recommendation": {"slug": "r", "title": "t", "text": "x"},
        "market_item": {"slug": "r", "title": "t"},
        "offer": {"slug": "r", "title": "t", "market_item": "wohngeld", "provider": "fitko"},
        "organisation": {"slug": "r", "title": "t"},
        "term": {"slug": "r", "title": "t", "text": "x"},
        "page": {"slug": "r", "title": "t", "text": "x"},
        "body": {"slug": "r", "name": "n", "number_pattern": "YYYY/NN-R", "members.1.code": "X", "members.1.name": "x"},
    }
    for kind, given in fields.items():
        form = form_of(app.get(f"/redaktion/neu/{kind}"))
        for name, value in given.items():
            form[name] = value
        target = form.submit(status=303).headers["Location"]
        step(app.get(target), "trash").submit(status=303)
        assert remove(app, target).status_int == 303, kind
    with house.writing("test") as work:
        assert len(
            work.session.scalars(sa.select(models.Item).where(models.Item.publication_state == "removed")).all()
        ) == len(fields)
        assert all(len(json.loads(line)) > 3 for line in exchange.working_lines(work.session)), (
            "a shell has nothing to export"
        )
    # Numbers are read with the patterns of all bodies: that of a removed one must not be among them.
    form = form_of(app.get("/redaktion/neu/decision"))
    form["body"], form["text"], form["references.1.number"] = (
        "it-planungsrat",
        "1. Siehe Beschluss 2021/39.",
        "2025/02-AL",
    )
    form.submit(status=303)
    assert app.get("/suche?q=2021/39", status="*").status_int < 400
