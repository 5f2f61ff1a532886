"""Whoever's account changes is told, whoever changes it and how; of another address the old one hears too."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import account_news, accounts, audit, identities, second_factor
from content.services.notifications.notify import EVENTS
from portal import settings
from portal.app import make_app
from portal.auth.desk import TOKEN
from portal.background import clock
from portal.background.mail import Postman
from tests.functional.authenticator import made_passkey
from tests.functional.browsing import Browser
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import act, fresh


class Post:
    """Mails about accounts that the clock sent since it was asked last; `links`: those that lead to a new password."""

    def __init__(self, house):
        self.house, self.links = house, []
        configured = settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example"})
        self.templates = make_app(configured, house=house).inner._application.registry.templates
        self.postman = Postman(configured, self.templates)

    def since(self):
        sent = []

        def deliver(kind, payload):
            text = self.postman._message(kind, payload).get_content()
            if kind == "mail.reset":
                self.links += re.findall(r"https://beschluesse\.example(/anmelden/[\w.-]+)", text)
            if kind == "mail.account":
                sent.append((payload["to"], payload["words"], text))

        clock.tick(self.house, deliver)
        return sent


def notices(house, login):
    with house.reading() as connection:
        query = sa.select(models.Notice.words).join(models.Account, models.Account.id == models.Notice.account_id)
        return list(
            connection.scalars(
                query.where(models.Account.login == login, models.Notice.event == "account").order_by(models.Notice.id)
            )
        )


def _set_password(app, link, password):
    form = next(form for form in app.get(link).forms.values() if "repeated" in form.fields)
    form["password"], form["repeated"] = password, password
    return form.submit()


def _set_up(page):
    """Set up the second factor where the sign-in leads to it."""
    form = page.forms[1]
    form["code"] = pyotp.TOTP(re.search(r"<code>([A-Z2-7]{32})</code>", page.text)[1]).now()
    return form.submit()


def _add_passkey(app, password, name):
    token = re.search(rf'name="{TOKEN}" value="([^"]+)"', app.get("/redaktion/konto").text)[1]
    asked = app.post("/redaktion/konto/passkeys/frage", {TOKEN: token, "old": password})
    return app.post(
        "/redaktion/konto/passkeys",
        {TOKEN: token, "credential": made_passkey(asked.json, "https://beschluesse.example"), "name": name},
    )


def _with_service(house, app):
    """The browser `app` at the same portal, as it stands where there is a sign-in service."""
    service = {"OIDC_ISSUER": "https://dienst.example", "OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "geheim"}
    other = Browser(
        make_app(
            settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example", **service}), house=house
        )
    )
    for name, value in app.cookies.items():
        other.set_cookie(name, value)
    return other


@pytest.mark.on_both_databases
def test_every_change_of_an_account_is_told_on_the_desk_and_by_mail(desk):
    house, browser = desk
    adam = browser("adam", "administrator")
    petra, _olga = browser("petra", "press"), browser("olga", "press")
    post = Post(house)
    told = {}
    with house.writing("test") as work:
        path, other_path = (f"/redaktion/konten/{accounts.find(work.session, login).id}" for login in ("petra", "olga"))
    told["second-factor.set-up"] = post.since()

    def note(action, answer, login="petra"):
        assert answer.status_int in {200, 303}, (action, answer.text)
        told[action] = [mail for mail in post.since() if f"„{login}“" in mail[2]]
        assert told[action], action

    note("account.grant", act(adam, path, "grant", role="member", organisation=""))
    note("account.revoke", act(adam, path, "revoke", role="member", organisation=""))
    note("account.link", act(adam, path, "link"))
    note("recovery-codes.renewed", page := act(petra, "/redaktion/konto", "codes", old=PASSWORD))
    code = page.html.find("code").text
    other = fresh(petra)
    form = sign_in(other, "petra").forms[1]
    form["code"] = code
    note("sign-in.recovery-code", form.submit())
    note(
        "password.changed",
        act(
            petra,
            "/redaktion/konto",
            "password",
            old=PASSWORD,
            password="ein ganz neuer Satz",
            repeated="ein ganz neuer Satz",
        ),
    )
    note("second-factor.removed", act(petra, "/redaktion/konto", "totp", old="ein ganz neuer Satz"))
    note("account.factors-removed", act(adam, other_path, "factors"), "olga")
    note("account.changed", act(adam, path, "change", name="Petra", email="neu@amt.example"))
    note("account.locked", act(adam, path, "lock"))
    note("account.unlocked", act(adam, path, "unlock"))
    note("account.link", act(adam, path, "link"))
    petra, new = fresh(petra, "10.0.0.8"), "noch ein neuer Satz"
    note(
        "password.set-by-link",
        _set_password(petra, post.links[-1], new),
    )
    note("second-factor.set-up", _set_up(sign_in(petra, "petra", new).maybe_follow()))
    note("passkey.added", _add_passkey(petra, new, "Diensthandy"))
    assert "Diensthandy" in told["passkey.added"][0][1]
    note("passkey.removed", act(petra, "/redaktion/konto", "passkey", old=new))
    outside = _with_service(house, adam)
    note("account.linked", act(outside, path, "connect", subject="p-1"))
    note("account.unlinked", act(outside, path, "disconnect"))

    assert told.keys() == account_news.ACTS.keys() and all(told.values()), {
        action for action, mails in told.items() if not mails
    }
    assert {mail[0] for mail in told["account.changed"]} == {"petra@amt.example", "neu@amt.example"}
    assert "neu@amt.example" in next(mail[1] for mail in told["account.changed"] if mail[0] == "petra@amt.example")
    assert "Durch: Adam" in told["account.locked"][0][2] and "Durch: Sie selbst" in told["password.changed"][0][2]
    words = " ".join(notices(house, "petra"))
    assert all(
        mails[0][1] in words
        for action, mails in told.items()
        if action not in {"account.changed", "account.factors-removed"}
    )


def test_what_changes_an_account_is_known_to_the_log_and_its_notice_leads_to_the_account(desk):
    house, browser = desk
    assert account_news.ACTS.keys() <= audit.ACTIONS.keys() and not EVENTS["account"].is_chosen
    anna = browser("anna", "member")
    with house.writing("test") as work:
        audit.note(work.session, work.desk.now, actor="adam", name="Adam", action="account.unlocked", subject="anna")
    page = anna.get("/redaktion/hinweise")
    assert "Ihr Konto" in page.text and 'href="/redaktion/konto"' in page.text
    assert 'name="account"' not in anna.get("/redaktion/hinweise/einstellungen").text
    form = anna.get("/redaktion/hinweise/einstellungen").forms[1]
    anna.post("/redaktion/hinweise/einstellungen", [*form.submit_fields(), ("account", "off")], status=303)
    with house.reading() as connection:
        assert (
            connection.scalar(
                sa.select(sa.func.count())
                .select_from(models.NoticeChoice)
                .where(models.NoticeChoice.event == "account")
            )
            == 0
        )


def test_roles_that_come_and_go_with_the_service_are_told(desk):
    house, browser = desk
    browser("anna", "member")
    post = Post(house)
    post.since()
    claims = identities.Claims(
        "https://dienst.example", "a-1", "anna", "Anna", "", frozenset({("chair", ""), ("land", "BY")})
    )
    with house.writing("test") as work:
        identities.link(work.session, accounts.find(work.session, "anna"), claims.issuer, claims.subject, work.desk.now)
        identities.account_of(work.session, claims, work.desk.now, is_creating=False)
    assert len(post.since()) == 2
    assert "land" not in " ".join(notices(house, "anna"))


def test_who_was_told_of_a_lost_address_is_not_told_again(desk):
    house, browser = desk
    browser("anna", "member")
    post = Post(house)
    post.since()
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        account = accounts.find(work.session, "anna")
        accounts.change(work.session, account, name="Anna", email="anna@amt.example", now=now)
        accounts.change(work.session, account, name="Anna", email="", now=now)
        second_factor.remove_all(work.session, account)
    assert [mail[0] for mail in post.since()] == ["anna@amt.example"]
