"""Who did something at the desk reads on the next page what was done: one sentence, once, and nobody else does."""

from __future__ import annotations

import datetime as dt

import pytest
from webtest import TestApp

from content.services.accounts import accounts
from portal.web import done
from tests.functional.test_desk import form_of, new_press, step
from tests.functional.test_people import act
from tests.functional.test_report_review import make_group, send
from tests.functional.test_reports import make_report
from tests.functional.test_rights import garden, routes

__all__ = ["garden"]


def told(page):
    found = page.html.select("#getan[role=status]")
    assert len(found) <= 1
    return found[0].get_text(strip=True) if found else ""


def test_every_form_of_the_desk_has_words_for_what_it_did(garden):
    posted = {name for name, _ in routes(garden, "POST") if name.startswith("desk.")}
    assert posted == done.ACT.keys() | done.SILENT and not done.ACT.keys() & done.SILENT


def test_a_saved_form_and_a_step_are_told_once_with_the_title(desk):
    _, browser = desk
    app = browser("petra", "press")
    saved = new_press(app)
    target = saved.headers["Location"]
    assert told(saved.follow()).startswith("Pressemitteilung angelegt: „") and told(app.get(target)) == ""
    form = form_of(app.get(target + "/bearbeiten"))
    form["title"] = "Mit <Titel>"
    form.submit(status=303)
    assert told(app.get(target)).startswith("Pressemitteilung gespeichert: „")
    page = step(app.get(target), "submit").submit(status=303).follow()
    assert (
        told(page) == "Erledigt: Einreichen: „Mit <Titel>“." and "<Titel>" not in page.text.split('id="getan"')[1][:200]
    )


def test_what_is_done_to_an_account_is_told(desk):
    house, browser = desk
    admin = browser("adam", "administrator")
    browser("anna", "member")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'anna').id}"
    for name, words in (
        ("lock", "Konto gesperrt: „Anna“."),
        ("unlock", "Konto entsperrt: „Anna“."),
        ("change", "Angaben des Kontos gespeichert: „Anna“."),
    ):
        act(admin, path, name, **({"name": "Anna Neu", "email": "anna@amt.example"} if name == "change" else {}))
        assert told(admin.get(path)) == words
        assert told(admin.get(path)) == ""


def test_what_is_done_in_a_review_and_to_a_contact_names_what_and_whose(desk):
    house, browser = desk
    app, press = browser("anna", "chair", organisation="ag-probe"), browser("petra", "press")
    with house.writing("test") as work:
        report = make_report(work)
        report.owner = "ag-probe"
        path, title = f"/redaktion/bericht/{report.id}", report.title
        uid = report.sections[0].uid
    token = app.get(path).forms[0]["formular"].value
    here = f"{path}/abschnitt/{uid}/durchsicht"
    answer = app.post(
        here,
        {"formular": token, "tun": "anmerken", "anmerkung": "Bitte kürzen.", "text": "Bitte kürzen.", "worte": ""},
        status=303,
    )
    assert told(answer.follow()) == f"Anmerkung aufgenommen: „{title}“."
    form = form_of(press.get("/redaktion/kontakte/neu"))
    form["organisation"], form["person"], form["phone"] = "Staatskanzlei", "Erika Muster", "+49 30 1"
    assert told(form.submit(status=303).follow()) == "Kontakt aufgenommen: „Staatskanzlei“."


def test_the_public_and_another_session_never_get_the_sentence(desk):
    _, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    answer = new_press(app)
    cookie = next(line for line in answer.headers.getall("Set-Cookie") if "getan" in line)
    assert "Path=/redaktion" in cookie and "HttpOnly" in cookie and "Max-Age=60" in cookie
    value = cookie.split("=", 1)[1].split(";")[0]
    assert "getan" not in TestApp(app.app).get("/").headers.get("Set-Cookie", "")
    page = other.get(
        "/redaktion",
        headers={
            "Cookie": "; ".join(
                [*(f"{name}={kept}" for name, kept in other.cookies.items()), f"__Secure-getan={value}"]
            )
        },
    )
    assert told(page) == ""


@pytest.mark.parametrize("place", ["account", "review"])
def test_the_next_page_says_which_copy_of_a_form_was_taken_whatever_it_shows_itself(desk, place):
    house, browser = desk
    copy = "0b0f5c1e-1111-4222-8333-444455556666"
    if place == "account":
        app = browser("adam", "administrator")
        browser("petra", "press")
        with house.writing("test") as work:
            path = f"/redaktion/konten/{accounts.find(work.session, 'petra').id}"
        answer = act(app, path, "grant", role="member", organisation="", kopie=copy)
    else:
        _, open_, report, _ = make_group(desk)
        app = open_("clara", "chair")
        open_("bert")
        with house.writing("test") as work:
            number, due = accounts.find(work.session, "bert").id, work.desk.now.date() + dt.timedelta(days=2)
        answer = send(app, f"{report}/durchsicht", tun="bitten", person=str(number), frist=due.isoformat(), kopie=copy)
    assert answer.follow().html.select_one("[data-taken]")["data-taken"] == copy
