"""Messages and a real mail server: encryption, login, refusals for now and for good, a server that is away, a sender that is killed."""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import email.policy
import ipaddress
import random
import ssl
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from content import models
from content.services.base import outbox
from portal import settings
from portal.background import clock
from portal.background.mail import SUBJECTS, Postman
from portal.web.templating import make_environment
from tests.browser.conftest import free_port
from tests.functional.confirming import sure

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)


class Box:
    """A mail box that takes everything, or answers what it is told to."""

    def __init__(self):
        self.messages, self.answers, self.logins = [], {}, []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd names it so
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802 - aiosmtpd names it so
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.messages.append(
            (session.ssl is not None, email.message_from_bytes(envelope.content, policy=email.policy.default))
        )
        return "250 OK"


@contextlib.contextmanager
def serving(**options):
    """A box and its address."""
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield box, f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(context of a server for 127.0.0.1, file of the authority that vouches for it)."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, str(folder / "cert.pem")


def postman(house, server="", **more):
    return Postman(
        settings.load(
            {"DATA": str(house.data), "BASE_URL": "https://beschluesse.example", "MAIL_SERVER": server, **more}
        ),
        make_environment(),
    )


def put(house, number=0, to="bea@amt.example"):
    payload = {"to": to, "name": "Bea Müller, Amt", "url": "https://x.example/y", "login": "bea"}
    with house.writing("test") as work:
        outbox.put(work.session, "mail.reset", f"reset:{number}", payload, due_at=NOW)


def jobs(house):
    with house.writing("test") as work:
        rows = work.session.scalars(
            sa.select(models.Job).where(models.Job.kind == "mail.reset").order_by(models.Job.id)
        ).all()
        return [(row.done_at is not None, row.given_up_at is not None, row.attempts, row.error) for row in rows]


def test_a_message_arrives_with_its_headers(house):
    with serving() as (box, server):
        put(house)
        clock.tick(house, postman(house, server), now=lambda: NOW)
    ((is_safe, message),) = box.messages
    assert not is_safe
    assert (
        message["To"] == '"Bea Müller, Amt" <bea@amt.example>'
        and message["Subject"] == "Neues Kennwort für das Beschlussportal"
    )
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"].endswith("@beschluesse.example>")
    assert "https://x.example/y" in message.get_content()


def test_a_name_cannot_add_headers_or_receivers(house):
    with house.writing("test") as work:
        outbox.put(
            work.session,
            "mail.notice",
            "n",
            {
                "to": "bea@amt.example",
                "name": "Bea\r\nBcc: boese@boese.example",
                "subject": "A\r\nBcc: x@y.example",
                "title": "T\nX: y",
                "words": "w",
                "actor": "",
                "path": "/x",
            },
            due_at=NOW,
        )
    with serving() as (box, server):
        clock.tick(house, postman(house, server), now=lambda: NOW)
    ((_, message),) = box.messages
    assert message["Bcc"] is None and message["X"] is None


def test_encryption_is_used_where_the_server_has_it_and_demanded_where_it_is_set(house, certificate, monkeypatch):
    context, authority = certificate
    with serving(tls_context=context, require_starttls=True) as (box, server):
        put(house, 1)
        clock.tick(house, postman(house, server), now=lambda: NOW)
        put(house, 2)
        clock.tick(house, postman(house, server, MAIL_TLS="starttls"), now=lambda: NOW)
        assert len(box.messages) == 1 and "CERTIFICATE_VERIFY_FAILED" in jobs(house)[1][3]
        monkeypatch.setenv("SSL_CERT_FILE", authority)
        clock.tick(house, postman(house, server, MAIL_TLS="starttls"), now=lambda: NOW + dt.timedelta(hours=1))
    assert [is_safe for is_safe, _ in box.messages] == [True, True]


def test_a_server_without_encryption_gets_nothing_where_it_is_demanded(house):
    with serving() as (box, server):
        put(house)
        clock.tick(
            house,
            postman(house, server, MAIL_TLS="starttls", MAIL_USER="portal", MAIL_PASSWORD="geheim"),
            now=lambda: NOW,
        )
    assert box.messages == [] and jobs(house)[0][:3] == (False, False, 1)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # TLS is there from the start
@pytest.mark.parametrize(("password", "arrives"), [("geheim", True), ("falsch", False)])
@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_the_portal_signs_in_at_the_mail_server(house, certificate, monkeypatch, mode, password, arrives):
    context, authority = certificate
    monkeypatch.setenv("SSL_CERT_FILE", authority)

    def check(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=(given.login, given.password) == (b"portal", b"geheim"), handled=False)

    options = {"tls_context": context} if mode == "starttls" else {"ssl_context": context, "auth_require_tls": False}
    with serving(authenticator=check, auth_required=True, **options) as (box, server):
        put(house)
        clock.tick(
            house, postman(house, server, MAIL_TLS=mode, MAIL_USER="portal", MAIL_PASSWORD=password), now=lambda: NOW
        )
    assert bool(box.messages) == arrives
    assert jobs(house)[0][:3] == ((True, False, 0) if arrives else (False, False, 1))


@pytest.mark.parametrize("place", ["RCPT", "DATA"])
def test_not_now_is_tried_again_and_never_is_given_up_and_shown(house, place):
    with serving() as (box, server):
        put(house)
        box.answers = {place: "450 gerade voll"}
        clock.tick(house, postman(house, server), now=lambda: NOW)
        assert jobs(house)[0][:3] == (False, False, 1) and "450 gerade voll" in jobs(house)[0][3]
        box.answers = {place: "550 kenne ich nicht"}
        clock.tick(house, postman(house, server), now=lambda: NOW + dt.timedelta(minutes=2))
        assert jobs(house)[0][:3] == (False, True, 2) and "550 kenne ich nicht" in jobs(house)[0][3]
        box.answers = {}
        clock.tick(house, postman(house, server), now=lambda: NOW + dt.timedelta(days=9))
        assert box.messages == []


def test_administrators_see_what_was_given_up_and_decide(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    for number in (1, 2):
        put(house, number, f"weg{number}@amt.example")
    with serving() as (box, server):
        box.answers = {"RCPT": "550 kenne ich nicht"}
        clock.tick(house, postman(house, server), now=lambda: NOW)
        page = app.get("/redaktion/versand")
        assert (
            "weg1@amt.example" in page.text
            and "550 kenne ich nicht" in page.text
            and "2 wurden aufgegeben" in page.text
        )
        box.answers = {}
        forms = [form for form in page.forms.values() if "auftrag" in form.fields]
        token = forms[0]["formular"].value
        app.post("/redaktion/versand", {"formular": token, "auftrag": forms[0]["auftrag"].value, "schritt": "retry"})
        sure(
            app.post("/redaktion/versand", {"formular": token, "auftrag": forms[1]["auftrag"].value, "schritt": "drop"})
        )
        for wrong in ("x", "", "99999999999999999999", "999999"):
            app.post("/redaktion/versand", {"formular": token, "auftrag": wrong, "schritt": "retry"}, status=303)
        clock.tick(house, postman(house, server))
        assert len([1 for _, message in box.messages if "weg" in message["To"]]) == 1
    assert "Nichts ist hängen geblieben" in app.get("/redaktion/versand").text
    assert "Nachricht verworfen" in app.get("/redaktion/protokoll?was=job").text


def test_a_server_that_is_away_is_waited_for(house):
    put(house)
    clock.tick(house, postman(house, f"127.0.0.1:{free_port()}"), now=lambda: NOW)
    assert jobs(house)[0][:3] == (False, False, 1)
    with serving() as (box, server):
        clock.tick(house, postman(house, server), now=lambda: NOW + dt.timedelta(minutes=2))
    assert len(box.messages) == 1 and jobs(house)[0][0]


def test_a_server_that_hangs_up_after_it_took_the_message_has_taken_it(house):
    class Rude(Box):
        async def handle_QUIT(self, server, _session, _envelope):  # noqa: N802 - aiosmtpd names it so
            server.transport.close()
            return "221 weg"

    box = Rude()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    put(house)
    clock.tick(house, postman(house, f"127.0.0.1:{controller.port}"), now=lambda: NOW)
    controller.stop()
    assert len(box.messages) == 1 and jobs(house)[0][0]


def test_writers_are_free_while_a_message_is_sent(house):
    put(house)
    during = []

    def slow(_kind, _payload):
        with house.writing("somebody") as work:
            work.session.add(models.AuditEntry(at=NOW, actor="x", actor_name="x", action="x"))
        during.append(1)

    assert clock.tick(house, slow, now=lambda: NOW) == 1 and during == [1]


def test_every_kind_of_message_has_a_template():
    known = {
        name.removeprefix("mail/").removesuffix(".txt")
        for name in make_environment().list_templates()
        if name.startswith("mail/")
    }
    assert {kind.removeprefix("mail.") for kind in SUBJECTS} <= known


RUNNER = """
import os, sys
from pathlib import Path
from content.house import House
from portal import settings
from portal.background import clock
from portal.background.mail import Postman
from portal.web.templating import make_environment
house = House.open(Path(sys.argv[1]))
send = Postman(settings.load({"DATA": sys.argv[1], "MAIL_SERVER": sys.argv[2], "BASE_URL": "https://beschluesse.example"}), make_environment())

def post(kind, payload):
    if sys.argv[3] == "before":
        os._exit(9)
    send(kind, payload)
    if sys.argv[3] == "after":
        os._exit(9)

print("ready", flush=True)
while True:
    clock.tick(house, post)
"""


def run(house, server, moment):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", RUNNER, str(house.data), server, moment], stdout=subprocess.PIPE
    )


@pytest.mark.parametrize(("moment", "copies"), [("before", 1), ("after", 2)])
def test_a_sender_that_dies_loses_nothing_and_a_second_copy_says_that_it_is_one(house, moment, copies):
    with serving() as (box, server):
        put(house)
        with run(house, server, moment) as runner:
            assert runner.wait(timeout=60) == 9
        later = dt.datetime.now(dt.UTC)
        clock.tick(house, postman(house, server), now=lambda: later)
        assert len(box.messages) == copies - 1, "what may be in somebody's hand is not sent at once"
        clock.tick(house, postman(house, server), now=lambda: later + outbox.CLAIM_LIFE + dt.timedelta(minutes=1))
        clock.tick(house, postman(house, server), now=lambda: later + dt.timedelta(days=1))
    assert len(box.messages) == copies and len({message["Message-ID"] for _, message in box.messages}) == 1


def test_a_file_is_written_once_however_often_its_writer_dies(house):
    put(house)
    for moment in ("before", "after"):
        with run(house, "", moment) as runner:
            assert runner.wait(timeout=60) == 9
        with house.writing("test") as work:
            work.session.execute(sa.update(models.Job).values(claimed_at=NOW))
    clock.tick(house, postman(house), now=lambda: dt.datetime.now(dt.UTC))
    assert len(list((house.data / "mail").iterdir())) == 1


def test_killed_at_any_moment_every_message_arrives_and_none_under_two_names(house):
    chance, count = random.Random(7), 40
    with serving() as (box, server):
        for number in range(count):
            put(house, number)
        for _ in range(6):
            with run(house, server, "never") as runner:
                assert runner.stdout.readline() == b"ready\n"
                time.sleep(chance.uniform(0.01, 0.15))
                runner.kill()
        later = dt.datetime.now(dt.UTC) + outbox.CLAIM_LIFE + dt.timedelta(minutes=1)
        clock.tick(house, postman(house, server), now=lambda: later)
    names = [message["Message-ID"] for _, message in box.messages]
    assert len(set(names)) == count and len(names) - count <= 6, "at most one copy for each kill"
    assert all(done for done, *_ in jobs(house))
