"""Over the sign-in service and back in Chromium: the policy lets the way out, and the page of the return sends itself on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request

import pytest

from content.house import House
from content.services.accounts import accounts, identities
from tests.browser.conftest import ROOT, serving
from tests.oidc_provider import CLIENT, SECRET


@pytest.fixture
def place(example_data, tmp_path):
    """The address of a portal with a sign-in service, an account that is connected and one that is invited: (address, invitation)."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.oidc_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        issuer = process.stdout.readline().strip()
        tell = {
            "fault": "",
            "person": {"sub": "a-1", "preferred_username": "anna", "name": "Anna Amt", "email": "", "groups": []},
        }
        urllib.request.urlopen(
            urllib.request.Request(f"{issuer}/control", json.dumps(tell).encode()), timeout=10
        ).close()
        data = tmp_path / "data"
        shutil.copytree(example_data, data)
        house = House.open(data)
        with house.writing("test") as work:
            for login in ("anna", "paul"):
                made = accounts.create(work.session, login=login, name=login.title(), email="", now=work.desk.now)
                accounts.grant(work.session, made, "member", "", by="test", now=work.desk.now)
            identities.link(work.session, accounts.find(work.session, "anna"), issuer, "a-1", work.desk.now)
            secret = accounts.issue_ticket(
                work.session, accounts.find(work.session, "paul"), "invitation", work.desk.now
            )
        house.close()
        with serving(data, "granian", OIDC_ISSUER=issuer, OIDC_CLIENT_ID=CLIENT, OIDC_CLIENT_SECRET=SECRET) as address:

            def become(**person):
                sent = urllib.request.Request(
                    f"{issuer}/control", json.dumps({"person": {**tell["person"], **person}}).encode()
                )
                urllib.request.urlopen(sent, timeout=10).close()

            yield address, secret, become
        process.kill()


def test_somebody_comes_in_over_the_service_and_an_invitation_is_taken_after_a_question(place, browser):
    address, secret, become = place
    page = browser.new_context().new_page()
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/anmelden?weiter=/redaktion/eintraege")
    page.click("text=Mit Anmeldedienst anmelden")
    page.wait_for_url(f"{address}/redaktion/eintraege")
    become(sub="p-1", preferred_username="paul", name="Paul Papier")
    other = browser.new_context(java_script_enabled=False).new_page()  # whoever has no script presses one button more
    other.goto(f"{address}/anmelden/{secret}")
    other.click("text=Mit Anmeldedienst annehmen")
    other.wait_for_url(f"{address}/anmelden/dienst/zurueck?*")
    other.click("main button[type=submit]")
    assert "Sie verbinden sich mit dem Konto paul" in other.inner_text("main")
    other.click("text=Mit dem Konto paul verbinden")
    other.wait_for_url(f"{address}/redaktion")
    assert "Guten Tag, Paul" in other.inner_text("main") and said == []
