"""No administrator makes a second person of his own: what counts in the rule of two waits for another administrator, and all others hear of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import accounts
from content.services.editing import people
from portal.background import clock
from tests.functional.people import act, logged
from tests.functional.test_people import admin_desk

pytestmark = pytest.mark.on_both_databases


@pytest.fixture
def office(desk):
    """(house, Adam and Eva of the administration, the secretariat is Gerda)."""
    house, browser = desk
    browser("gerda", "secretariat")
    return house, browser("adam", "administrator"), browser("eva", "administrator")


def path_of(house, login):
    with house.writing("test") as work:
        return f"/redaktion/konten/{accounts.find(work.session, login).id}"


def roles(house, login):
    with house.writing("test") as work:
        return accounts.grants_of(accounts.find(work.session, login))


def told(house, login):
    with house.reading() as connection:
        query = sa.select(models.Notice.words).join(models.Account, models.Account.id == models.Notice.account_id)
        return list(
            connection.scalars(
                query.where(models.Account.login == login, models.Notice.event == "powers").order_by(models.Notice.id)
            )
        )


def mails(house):
    sent = []
    clock.tick(
        house, lambda kind, payload: sent.append((payload["to"].partition("@")[0], kind, payload.get("words", "")))
    )
    return sent


def invite(app, login, role, email=""):
    form = next(form for form in app.get("/redaktion/konten").forms.values() if "login" in form.fields)
    form["name"], form["login"], form["email"], form["role"] = login.title(), login, email, role
    return form.submit()


def test_nobody_gives_a_role_to_himself(office):
    house, adam, _ = office
    refused = act(adam, path_of(house, "adam"), "grant", role="member")
    assert refused.status_int == 400 and "Eine Rolle gibt sich niemand selbst" in refused.text
    with admin_desk(house) as work, pytest.raises(accounts.InvalidInput, match="niemand selbst"):
        people.grant(work.desk, accounts.find(work.session, "adam"), "press", "")
    assert roles(house, "adam") == (("administrator", ""),)


def test_an_invented_second_person_has_no_right_until_another_administrator_confirms(office):
    house, adam, eva = office
    mails(house)
    page = invite(adam, "strohmann", "secretariat")
    assert "Wartet auf eine zweite Person der Administration" in page.text and roles(house, "strohmann") == ()
    path = path_of(house, "strohmann")
    assert "Bestätigen" not in adam.get(path).text
    with admin_desk(house) as work, pytest.raises(accounts.InvalidInput, match="bestätigt es nicht selbst"):
        people.confirm(
            work.desk, accounts.find(work.session, "strohmann"), work.session.query(models.AccountRequest).one().id, ""
        )
    sentence = "Beantragt für „strohmann“ (Strohmann): Rolle Geschäftsstelle. Es gilt erst, wenn eine andere Person der Administration es bestätigt."
    assert (
        [words for words in told(house, "eva") if "strohmann" in words]
        == [sentence]
        == [words for words in told(house, "gerda") if "strohmann" in words]
    )
    assert {(to, words) for to, kind, words in mails(house) if kind == "mail.notice"} == {
        ("eva", sentence),
        ("gerda", sentence),
    }
    again = act(adam, path, "grant", role="secretariat")
    assert again.status_int == 400 and "schon beantragt" in again.text
    assert "Strohmann" in eva.get("/redaktion/konten").html.select_one("section.notice").get_text()
    asked = next(form for form in eva.get(path).forms.values() if "antrag" in form.fields).submit(
        name="schritt", value="confirm"
    )
    assert "Antrag bestätigen?" in asked.text and "Adam (adam)" in asked.text and "keine" in asked.text
    assert asked.forms["frage"].submit().status_int == 303
    assert roles(house, "strohmann") == (("secretariat", ""),)
    assert any(
        words.startswith("„strohmann“ (Strohmann) hat eine Rolle bekommen: Geschäftsstelle")
        for words in told(house, "adam")
    )
    assert [(row.actor, row.detail) for row in logged(house, "account.confirmed")] == [
        ("eva", "Rolle Geschäftsstelle; beantragt von adam")
    ]


def test_a_request_is_declined_with_a_reason_or_taken_back_and_then_nothing_happens(office):
    house, adam, eva = office
    for end, app in (("decline", eva), ("unask", adam)):
        login = f"frieda-{end}"
        invite(adam, login, "press", f"{login}@amt.example")
        path = path_of(house, login)
        if end == "unask":
            with admin_desk(house, "eva") as work, pytest.raises(accounts.InvalidInput, match="wer ihn gestellt hat"):
                people.take_back(
                    work.desk, accounts.find(work.session, login), work.session.query(models.AccountRequest).one().id
                )
        assert act(app, path, end, grund="Kennt niemand").status_int == 303
        assert roles(house, login) == () and "Wartet auf eine zweite" not in eva.get(path).text
    with house.reading() as connection:
        answers = connection.scalars(sa.select(models.Notice.words).where(models.Notice.event == "answered")).all()
        assert answers == ["Abgelehnt: Rolle Pressestelle. Grund: Kennt niemand"]
        assert connection.scalar(sa.select(sa.func.count()).select_from(models.AccountRequest)) == 0


@pytest.mark.parametrize(
    ("step", "fields", "action"),
    [
        ("link", {}, "account.link"),
        ("factors", {}, "account.factors-removed"),
        ("change", {"name": "Gerda", "email": "adam@privat.example"}, "account.changed"),
    ],
)
def test_every_way_into_a_far_reaching_account_waits_for_another_administrator(office, step, fields, action):
    house, adam, eva = office
    path = path_of(house, "gerda")
    mails(house)
    answer = act(adam, path, step, **fields)
    assert answer.status_int == 303 and "/anmelden/" not in answer.text and logged(house, action) == []
    page = adam.get(path)
    assert (
        "Es gilt erst, wenn eine andere Person der Administration es bestätigt"
        in page.html.select_one("#getan").get_text()
    )
    assert [kind for _, kind, _ in mails(house)] == ["mail.notice"], (
        "Eva hears of it; Gerda is told what happens, not what does not"
    )
    done = act(eva, path, "confirm")
    assert done.status_int == 303 and "/anmelden/" not in done.text, "a link goes to its person only"
    assert [(row.actor, row.subject) for row in logged(house, action)] == [("eva", "gerda")]
    assert any("gerda" in words and "Beantragt" not in words for words in told(house, "adam"))


def test_the_only_administrator_acts_at_once_and_the_secretariat_hears_of_it(desk):
    house, browser = desk
    browser("gerda", "secretariat")
    adam = browser("adam", "administrator")
    with house.writing("test") as work:  # invited and never come: nobody who could confirm
        accounts.grant(
            work.session,
            accounts.create(work.session, login="neu", name="Neu", email="", now=work.desk.now),
            "administrator",
            "",
            by="test",
            now=work.desk.now,
        )
    invite(adam, "paula", "press", "paula@amt.example")
    assert roles(house, "paula") == (("press", ""),)
    assert told(house, "gerda") == ["„paula“ (Paula) hat eine Rolle bekommen: Pressestelle."]
    invite(adam, "mona", "member", "mona@amt.example")
    assert roles(house, "mona") == (("member", ""),) and len(told(house, "gerda")) == 1, "other roles are no news"


def test_the_command_line_does_it_at_once_is_noted_and_told(office):
    house, _, _ = office
    with house.writing("betrieb") as work:
        account, _ = people.invite(
            work.desk, login="paul", name="Paul", email="", role="secretariat", organisation="", base_url=""
        )
        people.send_link(work.desk, account, "")
    assert roles(house, "paul") == (("secretariat", ""),)
    assert [(row.actor, row.subject) for row in logged(house, "account.grant")] == [("betrieb", "paul")]
    for login in ("adam", "eva", "gerda"):
        assert "„paul“ (Paul) hat eine Rolle bekommen: Geschäftsstelle." in told(house, login)


def test_of_two_who_decide_one_does_and_the_role_that_the_last_one_leaves_is_refused_before_a_reason_is_typed(office):
    house, adam, _ = office
    invite(adam, "fritz", "press")
    with admin_desk(house, "eva") as work:
        number = work.session.query(models.AccountRequest).one().id
        people.confirm(work.desk, accounts.find(work.session, "fritz"), number, "")
        with pytest.raises(accounts.InvalidInput, match="nicht mehr offen"):
            people.decline(work.desk, accounts.find(work.session, "fritz"), number, reason="zu spät")
    assert act(adam, path_of(house, "eva"), "revoke").status_int == 303
    form = next(
        form
        for form in adam.get(path_of(house, "adam")).forms.values()
        if "schritt" in form.fields and form["schritt"].value == "revoke"
    )
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 400 and "letzte Administration" in refused.text
