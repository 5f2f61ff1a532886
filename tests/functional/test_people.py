"""What administrators do with accounts, and what nobody else may."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import accounts
from content.services.editing import people
from tests.functional.conftest import sign_in
from tests.functional.people import act, logged
from workflows.vocabulary import ROLES

ADMIN = ROLES["administrator"].permits


def admin_desk(house, login="adam", permits=ADMIN):
    return house.writing(login, name=login.title(), permits=permits)


def test_the_last_administrator_stays(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        adam = accounts.find(work.session, "adam").id
    path = f"/redaktion/konten/{adam}"
    assert "letzte Administration" in act(app, path, "revoke").text
    assert "sperrt eine andere Person" in act(app, path, "lock").text
    browser("eva", "administrator")
    assert act(app, path, "revoke").status_int == 303
    with admin_desk(house, "eva") as work, pytest.raises(accounts.InvalidInput, match="letzte"):
        people.revoke(work.desk, accounts.find(work.session, "eva"), "administrator", "")


def test_a_locked_administrator_is_none(desk):
    house, browser = desk
    browser("adam", "administrator")
    browser("eva", "administrator")
    with admin_desk(house) as work:
        people.set_active(work.desk, accounts.find(work.session, "eva"), is_active=False)
    with admin_desk(house, "eva") as work, pytest.raises(accounts.InvalidInput, match="letzte"):
        people.set_active(work.desk, accounts.find(work.session, "adam"), is_active=False)


@pytest.mark.parametrize(
    "role", sorted(name for name, row in ROLES.items() if row.is_human and name != "administrator")
)
def test_nobody_but_administrators_gives_himself_anything(desk, role):
    house, browser = desk
    app = browser("rolf", role, organisation="fitko" if ROLES[role].needs_organisation else "")
    with house.writing("test") as work:
        rolf = accounts.find(work.session, "rolf").id
    token = re.search(r'name="formular" value="([^"]+)"', app.get("/redaktion").text)[1]
    for path in (f"/redaktion/konten/{rolf}", "/redaktion/konten"):
        app.post(path, {"formular": token, "schritt": "grant", "role": "secretariat"}, status=403)
    for path in ("/redaktion/protokoll", "/redaktion/protokoll.csv", "/redaktion/versand"):
        app.get(path, status=403)
    with (
        admin_desk(house, "rolf", ROLES[role].permits) as work,
        pytest.raises(accounts.InvalidInput, match="Administration"),
    ):
        people.grant(work.desk, work.session.get_one(models.Account, rolf), "secretariat", "")


def test_a_right_over_the_house_needs_a_role_everywhere(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        account = accounts.find(work.session, "adam")
        account.grants[0].organisation = "fitko"  # by hand: no service makes such a grant
    app.get("/redaktion/konten", status=403)


@pytest.mark.parametrize(
    ("role", "organisation", "words"),
    [
        ("administrator", "fitko", "immer überall"),
        ("land", "nirgends", "nirgends"),
        ("clock", "", "gibt es nicht"),
        ("", "", "gibt es nicht"),
    ],
)
def test_a_role_that_cannot_be_is_refused_with_words_and_what_was_typed_stays(desk, role, organisation, words):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        adam = accounts.find(work.session, "adam").id
    page = act(app, f"/redaktion/konten/{adam}", "grant", role=role, organisation=organisation)
    assert page.status_int == 400 and words in page.text and f'value="{organisation}"' in page.text


@pytest.mark.parametrize("organisation", ["fitko", "BY", "bayern", "thueringen"])
def test_roles_are_given_on_organisations_and_members_that_there_are(desk, organisation):
    house, _ = desk
    with house.writing("test") as work:
        assert people.problems_of_grant(work.session, "land", organisation) == []


def test_where_no_body_has_members_it_is_said_what_comes_first(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        work.session.execute(sa.delete(models.Member))
    form = next(form for form in app.get("/redaktion/konten").forms.values() if "login" in form.fields)
    form["name"], form["login"], form["role"], form["organisation"] = "Bea", "bea", "land", "BY"
    refused = form.submit(status=400)
    assert "Es gibt noch kein Gremium mit Mitgliedern" in refused.text and "gibt es nicht" not in refused.text
    assert refused.html.select_one('#fehler a[href="/redaktion/konten?rolle=secretariat"]')
    both = browser("gerda", "administrator", "secretariat").get("/redaktion/konten")
    form = next(form for form in both.forms.values() if "login" in form.fields)
    form["name"], form["login"], form["role"], form["organisation"] = "Bea", "bea", "land", "BY"
    assert form.submit(status=400).html.select_one('#fehler a[href="/redaktion/neu/body"]')


def test_every_act_of_an_administrator_is_logged_and_takes_effect(desk):
    house, browser = desk
    app, anna = browser("adam", "administrator"), browser("anna", "member")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'anna').id}"
    act(app, path, "grant", role="press")
    act(app, path, "revoke", role="press", organisation="")
    act(app, path, "change", name="Anna Neu", email="anna.neu@amt.example")
    assert "Anna Neu" in app.get(path).text
    assert "/anmelden/" in act(app, path, "link").text
    assert anna.get("/redaktion").status_int == 200
    act(app, path, "lock")
    assert anna.get("/redaktion").status_int == 303
    act(app, path, "unlock")
    for action in (
        "account.grant",
        "account.revoke",
        "account.changed",
        "account.link",
        "account.locked",
        "account.unlocked",
    ):
        assert [(row.actor, row.subject) for row in logged(house, action)] == [("adam", "anna")], action


def test_a_lost_phone_is_helped_with_and_ends_the_sessions(desk):
    house, browser = desk
    app, petra = browser("adam", "administrator"), browser("petra", "press")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'petra').id}"
    act(app, path, "factors")
    assert petra.get("/redaktion").status_int == 303
    assert sign_in(petra, "petra").headers["Location"].endswith("/redaktion")


def test_accounts_are_found_by_words_and_role(desk):
    _house, browser = desk
    app = browser("adam", "administrator")
    browser("petra", "press")
    text = app.get("/redaktion/konten?q=PET").text
    assert "Petra" in text and "1 Konto" in text
    assert "1 Konto" in app.get("/redaktion/konten?rolle=press").text
    assert "0 Konten" in app.get("/redaktion/konten?q=%25").text


def test_somebody_without_any_role_can_leave_and_change_his_password(desk):
    _house, browser = desk
    app = browser("nina")
    app.get("/redaktion", status=403)
    assert "Noch keine" in app.get("/redaktion/konto").text


def test_forms_of_the_house_refuse_what_did_not_come_from_them(desk):
    _house, browser = desk
    app = browser("adam", "administrator")
    for path in (
        "/redaktion/konten",
        "/redaktion/konten/1",
        "/redaktion/versand",
        "/redaktion/hinweise",
        "/redaktion/hinweise/einstellungen",
        "/redaktion/konto",
    ):
        app.post(path, {"schritt": "lock", "formular": "falsch"}, status=409)
