"""Links typed in texts: told where they lead nowhere, and named before what they point to goes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import lookup
from content.services.workflow import transition
from tests.functional.test_desk import form_of, step
from workflows.engine import Blocked


def new_term(app, slug, text="x"):
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = slug, f"Begriff {slug}", text
    return form.submit(status=303).headers["Location"]


def change(app, target, text):
    form = form_of(app.get(target + "/bearbeiten"))
    form["text"] = text
    form.submit(status=303)


@pytest.fixture
def secretariat(desk):
    house, browser = desk
    return house, browser("gerda", "secretariat")


def told(app, target):
    return [" ".join(row.text.split()) for row in app.get(target).html.select("#links li")]


def test_links_that_lead_nowhere_or_to_nothing_public_are_told_after_saving(secretariat):
    house, app = secretariat
    draft, gone = new_term(app, "entwurf"), new_term(app, "weg")
    step(app.get(gone), "trash").submit(status=303)
    with house.writing("operator") as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/glossar/einkommen"), "falsch")
    target = new_term(
        app,
        "links",
        "[a](/presse/gibt-es-nicht) [b](/glossar/entwurf#x) [c](/glossar/weg) [d](/glossar/einkommen) [e](/seite/impressum) [f](/suche)",
    )
    assert told(app, target) == [
        "/glossar/einkommen: Begriff ist zurückgezogen.",
        "/glossar/entwurf: Begriff ist noch nicht veröffentlicht.",
        "/glossar/weg: liegt im Papierkorb.",
        "/presse/gibt-es-nicht: gibt es nicht.",
    ]
    assert "4 Links führen noch nicht ans Ziel" in app.get(target).text
    assert app.get(target).html.select_one("#links a")["href"].startswith("/redaktion/eintrag/")
    app.get(draft)
    change(app, target, "[e](/seite/impressum)")
    assert told(app, target) == [] and "noch nicht ans Ziel" not in app.get(target).text


def test_a_link_comes_alive_with_its_target(secretariat):
    house, app = secretariat
    new_term(app, "spaeter")
    target = new_term(app, "links", "[b](/glossar/spaeter)")
    assert told(app, target) != []
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, "/glossar/spaeter"))
    assert told(app, target) == []


def test_what_a_text_links_to_cannot_be_trashed_and_names_who_does(secretariat):
    _, app = secretariat
    wanted = new_term(app, "gebraucht")
    user = new_term(app, "nutzer", "Siehe [dort](/glossar/gebraucht).")
    page = app.get(wanted)
    assert "Darauf verweisen noch: Begriff nutzer" in page.text
    assert page.html.select_one("#verweise a")["href"] == user.removeprefix("https://beschluesse.example")
    change(app, user, "Kein Link mehr.")
    step(app.get(wanted), "trash").submit(status=303)


def test_links_from_the_trash_hold_nothing(secretariat):
    _, app = secretariat
    wanted = new_term(app, "gebraucht")
    user = new_term(app, "nutzer", "Siehe [dort](/glossar/gebraucht).")
    step(app.get(user), "trash").submit(status=303)
    step(app.get(wanted), "trash").submit(status=303)


def test_a_body_is_held_by_its_sessions(secretariat):
    house, app = secretariat
    form = form_of(app.get("/redaktion/neu/body"))
    form["slug"], form["name"], form["number_pattern"] = "neu", "Neues Gremium", "YYYY/NN-NEU"
    body = form.submit(status=303).headers["Location"]
    form = form_of(app.get("/redaktion/neu/meeting"))
    form["body"], form["ordinal"], form["date"] = "neu", "1", "2031-01-01"
    form.submit(status=303)
    assert "Darauf verweisen noch:" in app.get(body).text
    with house.writing("test") as work:
        known = lookup.find(work.session, "/gremium/neu")
        with pytest.raises(Blocked):
            transition.take(work.desk, known, transition.PUBLICATION, "trash")


def test_what_the_examples_name_is_noted_at_import(secretariat):
    house, _ = secretariat
    with house.writing("test") as work:
        item = lookup.find(work.session, "/sitzung/36")
        naming = work.session.scalars(
            sa.select(models.Mention.item_id).where(models.Mention.target_url == item.url)
        ).all()
        assert len(naming) > 3
