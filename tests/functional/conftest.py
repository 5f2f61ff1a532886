"""A desk that tests sign in to."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest

from content.services.accounts import accounts
from tests.functional.browsing import Browser
from workflows.vocabulary import ROLES

PASSWORD = "ein recht langer Satz"


def pytest_generate_tests(metafunc):
    """What is marked `on_both_databases` runs its portal on SQLite and on PostgreSQL."""
    if metafunc.definition.get_closest_marker("on_both_databases") and "portal" in metafunc.fixturenames:
        metafunc.parametrize("portal", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def password_hash():
    return accounts.hash_password(PASSWORD)


@pytest.fixture
def desk(portal, password_hash):
    """(house, a function that signs somebody in with roles and gives their browser)."""
    application, house = portal[0].app, portal[1]
    now = dt.datetime.now(dt.UTC)

    def browser(login, *roles, organisation="", second_factor=True):
        with house.writing("test") as work:
            account = accounts.find(work.session, login) or accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=now
            )
            account.password_hash = password_hash
            for role in roles:
                accounts.grant(work.session, account, role, organisation, by="test", now=now)
        app = Browser(application)
        page = sign_in(app, login)
        if second_factor and any(ROLES[role].needs_second_factor for role in roles):
            page = page.maybe_follow()
            secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)[1]
            form = page.forms[1]
            form["code"] = pyotp.TOTP(secret).now()
            assert "Wiederherstellungscodes" in form.submit().text
        return app

    return house, browser


def sign_in(app, login, password=PASSWORD, **more):
    form = next(form for form in app.get("/anmelden").forms.values() if form.action == "/anmelden")
    form["login"], form["password"] = login, password
    return form.submit(**more)
