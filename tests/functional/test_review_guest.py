"""A guest reviews a report with a personal link: reads, remarks, suggests; and every link that opens nothing looks alike."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import hashlib
import re

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.services.reports import review_guests
from content.typed.berlin import BERLIN
from portal import settings
from portal.background import clock
from portal.background.mail import Postman
from portal.views.desk import embargo
from portal.web.templating import make_environment
from tests.functional.people import fresh, logged
from tests.functional.test_report_review import group as group  # noqa: PLC0414 - a fixture
from tests.functional.test_report_review import send, write
from tests.functional.test_reports import TEXT

DUE = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)).isoformat()


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Each test begins with a visitor that tried nothing yet."""
    monkeypatch.setattr(embargo, "WRONG", embargo.Limiter(20, 600))


@pytest.fixture
def guest(group):
    """(house, the chair's browser, address of the report at the desk, identities, the guest's browser, the guest's address)."""
    house, member, path, uids = group
    lead = member("clara", "chair")
    send(
        lead,
        f"{path}/durchsicht",
        tun="einladen",
        name="Gerda Gast",
        organisation="IHK",
        email="gerda@ihk.example",
        gast_frist=DUE,
    )
    with house.writing("test") as work:
        payload = work.session.scalars(sa.select(models.Job.payload).where(models.Job.kind == "mail.review")).one()
    assert payload["to"] == "gerda@ihk.example" and payload["title"] == "Ein Bericht"
    return house, lead, path, uids, fresh(lead), payload["path"]


def say(app, address, fields, status):
    """Send a form of the section's page with these fields; its token as the page would have it, without opening the page."""
    sealer = app.app.inner.inner._application.registry.sealer
    link = address.split("/")[2]
    return app.post(
        address,
        {"formular": sealer.form_token(f"review.section {link}", dt.datetime.now(dt.UTC)), **fields},
        status=status,
    )


def accesses(house):
    assert house.afterwards.settle()
    with house.writing("test") as work:
        rows = work.session.scalars(sa.select(models.ReviewAccess).order_by(models.ReviewAccess.id))
        return [(row.what, row.is_refused) for row in rows]


def test_a_guest_reads_remarks_and_suggests_and_the_lead_takes_it(guest):
    house, lead, path, (uid, _), app, link = guest
    page = app.get(link)
    assert (
        "Ein Bericht" in page.text and "Zweiter Absatz." in page.text and "Persönlich für Gerda Gast, IHK" in page.text
    )
    assert say(app, f"{link}/{uid}", {"tun": "anmerken", "worte": "Zweiter", "anmerkung": "Woher?"}, status=303)
    say(
        app,
        f"{link}/{uid}",
        {"tun": "vorschlagen", "text": TEXT.replace("Erster", "Gerdas"), "rev": "1", "grund": ""},
        status=303,
    )
    number = re.search(r'id="anmerkung-(\d+)"', app.get(f"{link}/{uid}").text)[1]
    assert f'<mark>Zweiter</mark><a class="review-mark" href="{link}/{uid}#anmerkung-{number}">' in app.get(link).text
    say(app, f"{link}/{uid}", {"tun": f"antworten:{number}", f"antwort.{number}": "Noch etwas."}, status=303)
    page = lead.get(f"{path}/abschnitt/{uid}/durchsicht")
    assert "Gerda Gast (Gast)" in page.text and "Woher?" in page.text and "Noch etwas." in page.text
    suggestion = re.search(r'id="vorschlag-(\d+)"', page.text)[1]
    send(lead, f"{path}/abschnitt/{uid}/durchsicht", tun=f"annehmen:{suggestion}")
    assert "Gerdas Absatz." in app.get(link).text
    assert "Gerda Gast (Gast) (Vorschlag, angenommen von Clara)" in lead.get(f"{path}/abschnitt/{uid}").text
    assert accesses(house) == [
        ("page", False),
        ("remark", False),
        ("suggestion", False),
        ("page", False),
        ("page", False),
        ("remark", False),
        ("page", False),
    ]
    log = lead.get(f"{path}/durchsicht").text
    assert "7 Abrufe" in log and "10.0.0.0/24" in log and "vorgeschlagen" in log
    assert [row.detail for row in logged(house, "review.invited")] == ["Gerda Gast, IHK"]


def test_nothing_of_a_guests_page_is_kept_indexed_or_remembered(guest):
    _, _, _, (uid, _), app, link = guest
    for path in (link, f"{link}/{uid}"):
        answer = app.get(path)
        assert answer.headers["Cache-Control"] == "no-store, private" and "noindex" in answer.headers["X-Robots-Tag"]
        assert (
            answer.headers["Referrer-Policy"] == "no-referrer"
            and "Set-Cookie" not in answer.headers
            and "<script" not in answer.text
        )
    assert not app.cookies


def test_a_guest_does_nothing_that_is_the_groups(guest):
    _, _, _, (uid, _), app, link = guest
    say(app, f"{link}/{uid}", {"tun": "anmerken", "worte": "", "anmerkung": "Hm."}, status=303)
    number = re.search(r'id="anmerkung-(\d+)"', app.get(f"{link}/{uid}").text)[1]
    for act in (f"erledigt:{number}", f"offen:{number}", "annehmen:1", "alle-annehmen", "", "zuruecknehmen:1"):
        assert say(app, f"{link}/{uid}", {"tun": act}, status=404)


def test_bad_input_of_a_guest_is_told_and_kept(guest):
    _, _, _, (uid, _), app, link = guest
    page = say(
        app, f"{link}/{uid}", {"tun": "anmerken", "worte": "Unbekannt", "anmerkung": "Bleibt stehen."}, status=400
    )
    assert "stehen nicht im Abschnitt" in page.text and "Bleibt stehen." in page.text
    assert say(app, f"{link}/{uid}", {"tun": "antworten:999", "antwort.999": "x"}, status=409)
    assert app.post(f"{link}/{uid}", b"tun=%ff%fe", status=400) and app.post(
        f"{link}/{uid}", b"x" * 2_000_001, status=413
    )
    page = app.post(f"{link}/{uid}", {"tun": "anmerken", "anmerkung": "Zu lange offen."}, status=400)
    assert "zu lange offen" in page.text and "Zu lange offen." in page.text, (
        "a form without its token is not taken, and not lost"
    )


@pytest.mark.parametrize("end", ["revoked", "expired", "unknown"])
def test_links_that_open_nothing_are_answered_like_addresses_that_never_were(guest, end):
    house, lead, path, (uid, _), app, link = guest
    if end == "revoked":
        number = re.search(r'value="zurueckziehen:(\d+)"', lead.get(f"{path}/durchsicht").text)[1]
        send(lead, f"{path}/durchsicht", tun=f"zurueckziehen:{number}")
    elif end == "expired":
        with house.writing("test") as work:
            work.session.execute(
                sa.update(models.ReviewLink).values(expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1))
            )
    else:
        link = "/durchsicht/" + "k" * 43
    never = "/durchsicht/" + "z" * 43
    for tail in ("", f"/{uid}"):
        gone, nothing = app.get(link + tail, status=404), app.get(never + tail, status=404)
        assert gone.text.replace(link, never) == nothing.text and gone.headerlist == nothing.headerlist
    assert say(app, f"{link}/{uid}", {"tun": "anmerken", "anmerkung": "Doch noch."}, status=404)
    assert accesses(house) == ([] if end == "unknown" else [("page", True), ("page", True), ("remark", True)])


def test_a_link_taken_back_before_its_mail_left_is_never_sent(guest):
    house, lead, path, _, _, _ = guest
    number = re.search(r'value="zurueckziehen:(\d+)"', lead.get(f"{path}/durchsicht").text)[1]
    send(lead, f"{path}/durchsicht", tun=f"zurueckziehen:{number}")
    with house.writing("test") as work:
        for job in work.session.scalars(sa.select(models.Job).where(models.Job.key.startswith("review:"))).all():
            assert job.done_at is not None and job.payload == {}
    assert [row.detail for row in logged(house, "review.revoked")] == ["Gerda Gast"]


def _mails(house):
    found = (
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (house.data / "mail").glob("*.eml")
    )
    return {message["Message-ID"]: message for message in found}


def test_a_guest_is_reminded_once_on_the_day_before_beside_the_mail_with_the_link(guest):
    house, *_, link = guest
    post = Postman(
        settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example"}), make_environment()
    )
    eve = dt.datetime.combine(dt.date.fromisoformat(DUE) - dt.timedelta(days=1), dt.time(8), BERLIN)
    clock.tick(house, post, now=lambda: eve - dt.timedelta(minutes=1))
    ((invited, first),) = _mails(house).items()
    assert link in first.get_content()
    for minutes in (0, 5, 60 * 24, 60 * 24 * 9):
        clock.tick(house, post, now=lambda: eve + dt.timedelta(minutes=minutes))  # noqa: B023 - called at once
    mails = _mails(house)
    assert len(mails) == 2
    reminder = next(message for name, message in mails.items() if name != invited)
    assert reminder["In-Reply-To"] == invited and reminder["To"] == "Gerda Gast <gerda@ihk.example>"
    assert "bis morgen" in reminder.get_content() and "/durchsicht/" not in reminder.get_content()


@pytest.mark.parametrize("days", [0, 1])
def test_a_guest_asked_for_today_or_after_the_hour_for_tomorrow_is_not_reminded(group, days):
    house, *_ = group
    now = dt.datetime.combine(dt.date.fromisoformat(DUE), dt.time(8), BERLIN).astimezone(dt.UTC)
    with house.writing("clara", clock=lambda: now) as work:
        report = work.session.scalars(sa.select(models.Report).where(models.Report.owner == "ag-probe")).one()
        given = {"name": "Gerda Gast", "email": "gerda@ihk.example"}
        review_guests.invite(work.desk, report, given, dt.date.fromisoformat(DUE) + dt.timedelta(days=days))
        kinds = work.session.scalars(sa.select(models.Job.kind).where(models.Job.key.startswith("review:"))).all()
    assert kinds == ["mail.review"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Der Name fehlt"),
        ({"email": "keine"}, "E-Mail"),
        ({"gast_frist": "2020-01-01"}, "Bis wann?"),
        ({}, "hat schon einen gültigen Link"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_and_keeps_what_was_typed(guest, fields, words):
    _, lead, path, _, _, _ = guest
    given = {"name": "Gerda Gast", "organisation": "Kammer", "email": "gerda@ihk.example", "gast_frist": DUE, **fields}
    page = send(lead, f"{path}/durchsicht", 400, tun="einladen", **given)
    assert words in page.text and 'value="Kammer"' in page.text


def test_who_guesses_links_is_stopped(guest):
    _, _, _, _, app, link = guest
    for count in range(20):
        app.get(f"/durchsicht/{count:043d}", status=404)
    assert app.get(link, status=429).headers["Retry-After"] == "600"


def test_a_guest_sees_the_pictures_of_the_text_and_no_other_file(guest):
    house, lead, path, (uid, _), app, link = guest
    body = b"\x89PNG\r\n\x1a\n"
    shown, other = hashlib.sha256(body).hexdigest(), hashlib.sha256(b"other").hexdigest()
    for name, content in ((shown, body), (other, b"other")):
        house.files.path(name).parent.mkdir(parents=True, exist_ok=True)
        house.files.path(name).write_bytes(content)
    write(lead, path, uid, f'![Ein Bild](/datei/{shown}/bild.png "Unterschrift | Nachweis")')
    assert f"{link}/datei/{shown}/bild.png" in app.get(link).text
    answer = app.get(f"{link}/datei/{shown}/bild.png")
    assert (
        answer.body == body
        and answer.content_type == "image/png"
        and answer.headers["Cache-Control"] == "no-store, private"
    )
    assert app.get(f"{link}/datei/{other}/bild.png", status=404)


def test_links_are_forgotten_long_after_they_ended(guest):
    house, _, _, _, app, link = guest
    app.get(link)
    with house.writing("clock") as work:
        review_guests.forget_old(work.session, dt.datetime.now(dt.UTC) + dt.timedelta(days=150))
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.ReviewLink)) == 1
        review_guests.forget_old(work.session, dt.datetime.now(dt.UTC) + dt.timedelta(days=250))
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.ReviewAccess)) == 0
    assert isinstance(app, TestApp) and app.get(link, status=404)
