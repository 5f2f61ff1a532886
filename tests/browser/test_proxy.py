"""Behind a proxy that makes TLS, as docs/betrieb.md has it: from the sign-in to the sign-out, in Chromium."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import sync_playwright

from content.house import House
from content.services.accounts import accounts
from portal.commands.assets import node_command
from tests.browser.conftest import ROOT, free_port, serving
from tests.functional.conftest import PASSWORD

NAME = "beschluesse.example"
BASE = f"https://{NAME}"


def certificate(folder):
    """Paths of a certificate for `NAME` that nobody but this test trusts, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@contextlib.contextmanager
def proxied(target, folder):
    """The port of a TLS proxy before `target`."""
    port = free_port()
    command = [
        *node_command(),
        str(ROOT / "tests" / "browser" / "tls_proxy.mjs"),
        str(port),
        target,
        *map(str, certificate(folder)),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        line = process.stdout.readline()
        assert line == "bereit\n", line + process.stdout.read()
        yield port
        process.terminate()


@pytest.fixture(params=["granian", "waitress"])
def place(request, example_data, tmp_path):
    """The port of the proxy before a portal that runs on this server, with an account for Anna."""
    data = tmp_path / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    with house.writing("test") as work:
        anna = accounts.create(work.session, login="anna", name="Anna", email="anna@amt.example", now=work.desk.now)
        anna.password_hash = accounts.hash_password(PASSWORD)
        accounts.grant(work.session, anna, "member", "", by="test", now=work.desk.now)
    house.close()
    with serving(data, request.param, BASE_URL=BASE, PROXIES="1") as target, proxied(target, tmp_path) as port:
        yield port


def test_everything_from_sign_in_to_sign_out_stays_at_the_address_of_the_portal(place, chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--headless=shell",
                "--disable-gpu",
                "--disable-background-networking",
                f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{place}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        page = browser.new_context(ignore_https_errors=True).new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("request", lambda sent: asked.append(sent.url))
        page.goto(f"{BASE}/redaktion/eintraege?art=decision")
        page.fill("#login", "anna")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{BASE}/redaktion/eintraege?art=decision")
        assert {cookie["name"] for cookie in page.context.cookies()} == {
            "__Secure-redaktion",
            "__Secure-browser",
            "__Secure-bekannt",
        }
        page.goto(f"{BASE}/redaktion/hinweise/einstellungen")
        page.click("main button[type=submit]")
        page.wait_for_url(f"{BASE}/redaktion/hinweise/einstellungen?gespeichert=ja")
        page.goto(f"{BASE}/Beschluss%202021/39")
        assert page.url == f"{BASE}/beschluss/2021/39"
        page.goto(f"{BASE}/redaktion")
        page.click("text=Abmelden")
        page.wait_for_url(f"{BASE}/anmelden")
        page.goto(f"{BASE}/redaktion")
        assert page.url == f"{BASE}/anmelden?weiter=/redaktion"
        assert said == [] and all(url.startswith(f"{BASE}/") for url in asked)
        browser.close()
    assert asked_as(place, "boese.example") == 421
    assert asked_as(place, NAME, **{"X-Forwarded-Host": "boese.example"}) == 421


def asked_as(port, host, **headers):
    """The status of `/redaktion` through the proxy, asked with this host."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sent = urllib.request.Request(f"https://127.0.0.1:{port}/redaktion", headers={"Host": host, **headers})
    try:
        with urllib.request.urlopen(sent, timeout=20, context=context) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
