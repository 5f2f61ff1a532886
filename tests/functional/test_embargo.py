"""Embargoes as press office and journalists live them: set, invite, read, take back, stop, release to the second."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile

import pytest
from webtest import TestApp

from content import models
from content.database.storage import clean_file_name
from content.export import typesetting
from content.schemas import InvalidInput, clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import embargo, transition
from content.word.shapes import Report
from portal import settings
from portal.app import make_app
from portal.background import clock
from portal.background.mail import Postman
from portal.views.desk import embargo as embargo_views
from portal.web import site
from portal.web.templating import make_environment
from tests.functional.test_desk import new_press, step
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

pytestmark = pytest.mark.on_both_databases

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
UNTIL = NOW + dt.timedelta(hours=3)
SECRET = "Geheimniskraemerei"
PRESS = {
    "slug": "vorab",
    "title": f"Was {SECRET} bedeutet",
    "release_kind": "press_release",
    "publisher": "IT-Planungsrat",
    "date": "2026-11-25",
    "lead": "Ein Vorspann.",
    "text": f"Der Rat entschied über {SECRET}.",
    "decisions": ["2026/77"],
    "quotes": [{"text": "Das ist gut.", "speaker": "Vera Beispiel", "function": "Vorsitz"}],
    "contacts": [
        {
            "organisation": "Senatskanzlei",
            "person": "Alt",
            "email": "alt@amt.example",
            "phone": "+49 40 1",
            "valid_until": "2025-12-31",
        },
        {
            "organisation": "Senatskanzlei",
            "person": "Neu",
            "email": "neu@amt.example",
            "phone": "+49 40 2",
            "valid_from": "2026-01-01",
        },
    ],
}


class Office:
    """A press release that another person may release, its embargo, and what journalists see."""

    def __init__(self, house):
        self.house = house
        configured = settings.load(
            {"DATA": str(house.data), "BASE_URL": "https://beschluesse.example", "CACHE_MB": "0"}
        )
        self.app = TestApp(make_app(configured, house=house))
        self.postman = Postman(configured, make_environment())
        with self.work("petra") as work:
            saved = edit.save(work.session, "press_release", clean_item("press_release", PRESS), now=NOW, actor="petra")
            self.id = saved.item.id
        self.step("submit", "petra")

    def work(self, actor, now=NOW, role="press"):
        return self.house.writing(actor, name=actor.title(), permits=ROLES[role].permits, clock=lambda: now)

    def step(self, name, actor="paul", now=NOW, **fields):
        with self.work(actor, now) as work:
            transition.take(work.desk, work.session.get_one(models.Item, self.id), PUBLICATION, name, fields)

    def act(self, name, *arguments, now=NOW, **fields):
        with self.work("paul", now) as work:
            found = getattr(embargo, name)(work.desk, work.session.get_one(models.Item, self.id), *arguments, **fields)
            return getattr(found, "id", None)

    def link(self, name="Jana Journal", **given):
        """Invite somebody; (id of the link, its path as the mail tells it)."""
        number = self.act(
            "invite",
            {"name": name, "organisation": "Zeitung", "email": f"{name.split()[0].lower()}@zeitung.example", **given},
        )
        sent = []
        clock.tick(self.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: NOW)
        return number, next(payload["path"] for kind, payload in sent if kind == "mail.embargo")

    def log(self):
        assert self.house.afterwards.settle()
        with self.work("paul") as work:
            found = embargo.of_item(work.session, work.session.get_one(models.Item, self.id))
            return [(link.name, access.what, access.is_refused) for link in found.links for access in link.accesses]


@pytest.fixture
def office(portal):
    embargo_views.WRONG, embargo_views.HEAVY = embargo_views.Limiter(20, 600), embargo_views.Limiter(30, 600)
    made = Office(portal[1])
    made.act("set_until", UNTIL)
    return made


def test_who_could_read_hears_that_the_embargo_was_lifted_and_the_link_ended(office):
    _, path = office.link()
    office.act("invite", {"name": "Nie Verschickt", "organisation": "Zeitung", "email": "nie@zeitung.example"})
    office.act("lift")
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: NOW)
    (told,) = [payload for kind, payload in sent if kind == "mail.embargo_lifted"]
    assert told["to"] == "jana@zeitung.example"
    message = office.postman._message("mail.embargo_lifted", {**told, "key": "k"})
    assert (
        SECRET not in message["Subject"]
        and "gilt damit nicht mehr" in message.get_content()
        and SECRET in message.get_content()
    )
    office.app.get(path, status=404)


def test_link_shows_the_submitted_text_marked_and_kept_by_nobody(office):
    _, path = office.link()
    page = office.app.get(path)
    assert all(
        words in page.text
        for words in ("Sperrfrist bis", "Jana Journal", SECRET, "Vera Beispiel", "Beschluss 2026/77", "noindex")
    )
    assert page.headers["Cache-Control"] == "no-store, private"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert page.headers.getall("Referrer-Policy") == ["no-referrer"]
    assert not {"Set-Cookie", "ETag", "Last-Modified"} & set(page.headers)
    assert path not in re.sub(r'"/sperrfrist/[^"]*"', "", page.text)
    assert office.log() == [("Jana Journal", "page", False)]


def test_mail_names_the_person_the_end_and_the_link(office):
    office.act("invite", {"name": "Jana Journal", "organisation": "", "email": "jana@zeitung.example"})
    clock.tick(office.house, office.postman, now=lambda: NOW)
    mails = [path.read_text() for path in (office.house.data / "mail").iterdir()]
    assert any(
        "To: Jana Journal <jana@zeitung.example>" in mail and "https://beschluesse.example/sperrfrist/" in mail
        for mail in mails
    )
    with office.house.reading() as connection:
        assert "sperrfrist" not in str(connection.execute(models.Job.__table__.select()).all())


def test_neither_database_nor_audit_holds_the_secret(office):
    _, path = office.link()
    office.app.get(path)
    with office.house.reading() as connection:
        for table in (models.Embargo, models.EmbargoLink, models.EmbargoAccess, models.AuditEntry, models.Job):
            assert path.rsplit("/", 1)[1] not in str(connection.execute(table.__table__.select()).all())


@pytest.mark.parametrize("case", ["unknown", "revoked", "expired", "stopped", "lifted", "draft"])
def test_link_that_opens_nothing_is_answered_as_an_address_that_never_was(office, case):
    _, path = office.link(expires="")
    number = None
    if case == "unknown":
        path = "/sperrfrist/" + "x" * 43
    elif case == "revoked":
        with office.work("paul") as work:
            number = embargo.of_item(work.session, work.session.get_one(models.Item, office.id)).links[0].id
        office.act("revoke", number)
    elif case == "expired":
        with office.work("paul") as work:
            embargo.of_item(work.session, work.session.get_one(models.Item, office.id)).links[0].expires_at = (
                NOW - dt.timedelta(seconds=1)
            )
    elif case in {"stopped", "lifted"}:
        office.act("stop" if case == "stopped" else "lift")
    else:
        office.step("reject", comment="Bitte kürzen.")
    for tail in ("", "/text.pdf", "/pressemappe.zip", "/datei/" + "0" * 64 + "/x.png"):
        refused = office.app.get(path + tail, status=404)
        nowhere = office.app.get("/nirgendwo/" + "y" * 43 + tail, status=404)
        assert refused.text.replace(path, "") == nowhere.text.replace("/nirgendwo/" + "y" * 43, ""), case
        # Lengths differ by the address that the page repeats.
        assert {**refused.headers, "Content-Length": ""} == {**nowhere.headers, "Content-Length": ""}
        assert SECRET not in refused.text
    assert all(is_refused for _, _, is_refused in office.log())
    assert len(office.log()) == (0 if case == "unknown" else 4)


def test_guessing_ends_after_twenty_tries_whatever_is_tried(office):
    _, path = office.link()
    for number in range(20):
        office.app.get("/sperrfrist/" + f"{number:043d}", status=404)
    refused = office.app.get(path, status=429)
    assert refused.headers["Retry-After"] == "600" and SECRET not in refused.text
    assert SECRET in office.app.get(path, extra_environ={"REMOTE_ADDR": "192.0.2.7"}).text


def test_stop_ends_every_link_and_holds_back_mails_not_sent(office):
    paths = [office.link(name)[1] for name in ("Jana Journal", "Rita Radio")]
    office.act("invite", {"name": "Nina Netz", "organisation": "", "email": "nina@netz.example"})
    office.act("stop")
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append(kind), now=lambda: NOW)
    assert "mail.embargo" not in sent
    for path in paths:
        office.app.get(path, status=404)
    with pytest.raises(InvalidInput, match="abgeschaltet"):
        office.act("invite", {"name": "Rita Radio", "organisation": "", "email": "rita@radio.example"})
    office.act("set_until", UNTIL)
    assert SECRET in office.app.get(office.link("Rita Radio")[1]).text
    for path in paths:
        office.app.get(path, status=404)


def test_nobody_publishes_before_the_end_and_the_clock_does_to_the_second(office):
    with pytest.raises(Blocked, match="Sperrfrist"):
        office.step("publish")
    with pytest.raises(Blocked, match="Sperrfrist"):
        office.step("schedule", publish_at=UNTIL - dt.timedelta(seconds=1))
    office.step("schedule", publish_at=UNTIL)
    _, path = office.link()
    assert SECRET in office.app.get(path).text
    assert clock.pause_s(office.house, UNTIL - dt.timedelta(seconds=0.5)) == pytest.approx(0.5)
    assert clock.pause_s(office.house, NOW) == clock.EVERY_S
    clock.tick(office.house, office.postman, now=lambda: UNTIL - dt.timedelta(microseconds=1))
    office.app.get("/presse/vorab", status=404)
    clock.tick(office.house, office.postman, now=lambda: UNTIL)
    assert SECRET in office.app.get("/presse/vorab").text
    moved = office.app.get(path, status=303)
    assert moved.headers["Location"].endswith("/presse/vorab") and moved.headers["Cache-Control"] == "no-store, private"


def test_embargo_is_refused_where_it_would_come_too_late(office):
    for wrong in (None, NOW, NOW - dt.timedelta(days=1), NOW + embargo.LONGEST + dt.timedelta(seconds=1)):
        with pytest.raises(InvalidInput):
            office.act("set_until", wrong)
    office.step("schedule", publish_at=UNTIL)
    with pytest.raises(InvalidInput, match="früheren Zeitpunkt"):
        office.act("set_until", UNTIL + dt.timedelta(hours=1))
    clock.tick(office.house, office.postman, now=lambda: UNTIL)
    with pytest.raises(InvalidInput, match="schon öffentlich"):
        office.act("set_until", UNTIL + dt.timedelta(hours=1), now=UNTIL)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": "", "email": ""}, {"name", "email"}),
        ({"name": " \n ", "email": "keine Adresse"}, {"name", "email"}),
        ({"name": "Jana", "email": "a@b\nBcc: c@d.example"}, {"email"}),
    ],
)
def test_invitation_names_every_fault(office, given, fields):
    with pytest.raises(InvalidInput) as refused:
        office.act("invite", given)
    assert {error.field for error in refused.value.errors} == fields


def test_one_address_gets_one_open_link(office):
    number, _ = office.link()
    with pytest.raises(InvalidInput, match="schon einen gültigen Link"):
        office.link()
    office.act("revoke", number)
    office.link()


def test_names_and_accesses_are_forgotten_half_a_year_after_a_link_ended(office):
    _, path = office.link()
    office.app.get(path)
    assert office.house.afterwards.settle()
    with office.work("uhr", UNTIL + embargo.AFTER_RELEASE + embargo.KEPT) as work:
        embargo.forget_old(work.session, work.desk.now)
        assert work.session.query(models.EmbargoLink).count() == 1
        embargo.forget_old(work.session, work.desk.now + dt.timedelta(seconds=1))
        assert work.session.query(models.EmbargoLink).count() == work.session.query(models.EmbargoAccess).count() == 0


def test_pdf_and_kit_carry_the_mark_and_go_when_the_link_goes(office):
    _, path = office.link()
    body = office.app.get(path + "/text.pdf").body
    assert body.startswith(b"%PDF-")
    kit = office.app.get(path + "/pressemappe.zip")
    with zipfile.ZipFile(io.BytesIO(kit.body)) as packed:
        assert all(
            "SPERRFRIST bis" in packed.read(name).decode() for name in ("LIESMICH.txt", "mitteilung.txt", "fakten.json")
        )
    assert kit.headers["Cache-Control"] == "no-store, private"


# --- the press kit of what is public ---------------------------------------------------------------------------------


@pytest.fixture
def released(office):
    office.step("schedule", publish_at=UNTIL)
    clock.tick(office.house, office.postman, now=lambda: UNTIL)
    return office


def test_kit_holds_text_pdf_contacts_of_that_day_and_facts(released):
    assert "/presse/vorab/pressemappe.zip" in released.app.get("/presse/vorab").text
    kit = released.app.get("/presse/vorab/pressemappe.zip")
    with zipfile.ZipFile(io.BytesIO(kit.body)) as packed:
        assert packed.testzip() is None
        assert set(packed.namelist()) >= {
            "LIESMICH.txt",
            "mitteilung.txt",
            "mitteilung.pdf",
            "kontakte.csv",
            "fakten.json",
            "fakten.csv",
        }
        found = json.loads(packed.read("fakten.json"))
        contacts = packed.read("kontakte.csv").decode("utf-8-sig")
        assert (
            SECRET in packed.read("mitteilung.txt").decode()
            and "SPERRFRIST" not in packed.read("mitteilung.txt").decode()
        )
    assert found["decisions"] == [{"number": "2026/77", "title": None, "url": None}] and found["edition"] == 1
    assert "Neu" in contacts and "Alt" not in contacts and "+49 40 2" in contacts
    assert kit.headers["Content-Disposition"].startswith("attachment")


def test_kit_has_the_same_bytes_until_what_it_names_comes_alive(released):
    first = released.app.get("/presse/vorab/pressemappe.zip")
    assert released.app.get("/presse/vorab/pressemappe.zip").body == first.body
    assert released.app.get(
        "/presse/vorab/pressemappe.zip", headers={"If-None-Match": first.headers["ETag"]}, status=304
    )
    assert 'href="/beschluss/2026/77"' not in released.app.get("/presse/vorab").text
    with released.house.writing("test", clock=lambda: UNTIL + dt.timedelta(seconds=1)) as work:
        value = clean_item(
            "decision",
            {
                "body": "it-planungsrat",
                "number": "2026/77",
                "title": "Lebendig",
                "date": "2026-11-25",
                "text": "1. Ja.",
            },
        )
        edit.save(work.session, "decision", value, now=work.desk.now)
        transition.publish_now(work.desk, lookup.find(work.session, "/beschluss/2026/77"))
    assert 'href="/beschluss/2026/77"' in released.app.get("/presse/vorab").text
    second = released.app.get("/presse/vorab/pressemappe.zip")
    assert second.body != first.body and second.headers["ETag"] != first.headers["ETag"]
    with zipfile.ZipFile(io.BytesIO(second.body)) as packed:
        assert json.loads(packed.read("fakten.json"))["decisions"][0]["title"] == "Lebendig"


def test_kit_of_an_example_release_brings_the_picture_credit(released):
    address = next(
        link
        for link in re.findall(r'href="(/presse/[a-z0-9-]+)"', released.app.get("/presse").text)
        if "picture" in released.app.get(link).text
    )
    with zipfile.ZipFile(io.BytesIO(released.app.get(address + "/pressemappe.zip").body)) as packed:
        assert "Bildnachweis:" in packed.read("bilder/nachweise.txt").decode()


def test_a_kit_made_while_a_file_is_missing_says_so_and_is_made_again_when_it_is_back(released):
    address = next(
        link
        for link in re.findall(r'href="(/presse/[a-z0-9-]+)"', released.app.get("/presse").text)
        if "picture" in released.app.get(link).text
    )
    image = released.app.get(address + ".json").json["data"]["image"]
    path = released.house.files.path(image["sha256"])
    name = f"bilder/{clean_file_name(image['file_name'])}"

    def kit():
        answer = released.app.get(address + "/pressemappe.zip")
        with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
            return (
                name in packed.namelist(),
                f"Zurzeit fehlt: {name}" in packed.read("LIESMICH.txt").decode(),
                answer.headers["ETag"],
            )

    path.rename(path.with_suffix(".fort"))
    *found, mark = kit()
    assert found == [False, True]
    path.with_suffix(".fort").rename(path)
    *found, whole = kit()
    assert found == [True, False] and whole != mark
    for made in (released.house.data / "pdf").iterdir():
        made.unlink()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert released.app.get(address + "/pressemappe.zip", status=500), (
        "a damaged file is handed out to nobody, least of all for ever"
    )


def test_what_is_set_without_a_picture_has_another_name_than_with_it(tmp_path):
    proof, report = typesetting.LedgerProof(1, "a", "b", "c", "d"), Report("Titel", "", ())

    def names():
        return {
            typesetting.pdf_order("{}", proof, base_url="", pictures={"f" * 64: tmp_path / "bild"}).name,
            typesetting.word_order(report, {"f" * 64: tmp_path / "bild"}, report_uid="u").name,
        }

    without = names()
    (tmp_path / "bild").write_bytes(b"x")
    assert len(without) == len(names()) == 2 and not without & names()


def test_kit_of_what_is_no_release_or_not_public_is_not_there(released):
    for path in ("/beschluss/2021/39/pressemappe.zip", "/presse/gibt-es-nicht/pressemappe.zip"):
        released.app.get(path, status=404)


# --- the desk --------------------------------------------------------------------------------------------------------


def _form(page, act):
    return next(form for form in page.forms.values() if "akt" in form.fields and form["akt"].value == act)


def test_press_office_sets_invites_sees_the_log_takes_back_and_stops(desk):
    house, browser = desk
    press = browser("petra", "press")
    address = new_press(press).headers["Location"].removeprefix("https://beschluesse.example")
    step(press.get(address), "submit").submit()
    assert f"{address}/sperrfrist" in press.get(address).text
    page = press.get(f"{address}/sperrfrist")
    assert not any(words in page.text for words in ("Vorab lesen lassen", "Notabschaltung"))
    form = _form(page, "set")
    form["until"] = "gestern"
    refused = form.submit(status=400)
    assert "gestern" in refused.text and "Tag und Uhrzeit" in refused.text
    form = _form(refused, "set")
    form["until"] = (dt.datetime.now(embargo_views.BERLIN) + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    page = form.submit().follow()
    form = _form(page, "invite")
    form["name"], form["email"] = "Jana <b>Journal</b>", "falsch"
    refused = form.submit(status=400)
    assert "Jana &lt;b&gt;Journal&lt;/b&gt;" in refused.text and "keine E-Mail-Adresse" in refused.text
    form = _form(refused, "invite")
    form["email"] = "jana@zeitung.example"
    page = form.submit().follow()
    assert "noch nicht geöffnet" in page.text
    with house.reading() as connection:
        path = next(
            row.payload["path"]
            for row in connection.execute(models.Job.__table__.select())
            if row.kind == "mail.embargo"
        )
    reader = TestApp(press.app)
    assert "Neue Meldung" in reader.get(path).text
    house.afterwards.settle()
    page = press.get(f"{address}/sperrfrist")
    assert "1 Abruf," in page.text and "Netzadresse" in page.text
    asked = _form(page, "lift").submit()
    assert "Gültige Links" in asked.text and asked.html.select_one(".facts dd").text == "1"
    page = _form(page, "revoke").submit().follow()
    assert _form(page, "lift").submit().html.select_one(".facts dd").text == "0", "what was taken back opens nothing"
    reader.get(path, status=404)
    house.afterwards.settle()
    assert "abgewiesen" in press.get(f"{address}/sperrfrist").text
    refused = _form(page, "stop").submit(status=400)
    assert "Bitte bestätigen" in refused.text
    form = _form(refused, "stop")
    form["wirklich"] = True
    assert "Alle Links sind abgeschaltet" in form.submit().follow().text


@pytest.mark.parametrize("role", ["member", "land", "provider", "administrator"])
def test_embargo_is_not_for_others(desk, role):
    house, browser = desk
    number = Office(house).id
    browser("anna", role, organisation="govdigital" if ROLES[role].needs_organisation else "").get(
        f"/redaktion/eintrag/{number}/sperrfrist", status=[403, 404]
    )


def test_press_office_has_no_embargo_on_what_it_may_not_edit(desk):
    house, browser = desk
    with house.reading() as connection:
        number = (
            connection.execute(models.Item.__table__.select().where(models.Item.__table__.c.kind == "decision"))
            .first()
            .id
        )
    browser("petra", "press").get(f"/redaktion/eintrag/{number}/sperrfrist", status=[403, 404])


def _notices(office, login):
    with office.work("paul") as work:
        rows = work.session.query(models.Notice).join(models.Account, models.Account.id == models.Notice.account_id)
        return [
            (row.words, row.url)
            for row in rows.filter(models.Account.login == login, models.Notice.event == "embargo").order_by(
                models.Notice.id
            )
        ]


@pytest.mark.parametrize(
    ("act", "sentence", "told"),
    [
        ("revoke", "hat Ihren persönlichen Link zurückgezogen", "Zurückgezogen ist der Link von Jana Journal."),
        ("stop", "hat alle persönlichen Links", "Alle Links sind abgeschaltet, auch Ihre: Jana Journal."),
        ("lift", "", "Die Sperrfrist ist aufgehoben. Damit enden die Links, die Sie ausgestellt haben: Jana Journal."),
    ],
)
def test_whose_link_ends_and_who_gave_it_hear_of_it_by_a_mail_that_leads_somewhere(office, act, sentence, told):
    with office.work("paul") as work:
        for login in ("paul", "petra"):
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=NOW
            )
            accounts.grant(work.session, account, "press", "", by="test", now=NOW)
    number, path = office.link()
    with office.work("petra") as work:
        item = work.session.get_one(models.Item, office.id)
        getattr(embargo, act)(work.desk, item, *([number] if act == "revoke" else []))
        if act != "lift":
            getattr(embargo, act)(work.desk, item, *([number] if act == "revoke" else []))
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: NOW)
    kind, payload = next((kind, payload) for kind, payload in sent if kind.startswith("mail.embargo_"))
    assert [one["to"] for _, one in sent] == ["jana@zeitung.example", "paul@amt.example"], (
        "each once, and not the one who did it"
    )
    message = office.postman._message(kind, {**payload, "key": "k"})
    text = message.get_content()
    assert sentence in text and "/sperrfrist/" not in text and SECRET not in message["Subject"]
    (address,) = re.findall(r"https://beschluesse\.example(\S*)", text)
    assert office.app.get(address or "/").status_int == 200
    office.app.get(path, status=404)
    assert (
        _notices(office, "paul") == [(told, f"/redaktion/eintrag/{office.id}/sperrfrist")]
        and _notices(office, "petra") == []
    )


def test_who_never_got_the_link_or_whose_link_was_over_hears_nothing(office):
    with office.work("paul") as work:
        account = accounts.create(work.session, login="paul", name="Paul", email="paul@amt.example", now=NOW)
        accounts.grant(work.session, account, "press", "", by="test", now=NOW)
    number = office.act("invite", {"name": "Nie Verschickt", "organisation": "Zeitung", "email": "nie@zeitung.example"})
    with office.work("petra") as work:
        embargo.revoke(work.desk, work.session.get_one(models.Item, office.id), number)
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: NOW)
    assert [kind for kind, _ in sent if kind.startswith("mail.embargo")] == []
    number, _ = office.link()
    over = NOW + dt.timedelta(days=3)
    with office.work("petra", over) as work:
        embargo.revoke(work.desk, work.session.get_one(models.Item, office.id), number)
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: over)
    assert [kind for kind, _ in sent if kind.startswith("mail.embargo_")] == []


def _sent(office, now=NOW):
    sent = []
    clock.tick(office.house, lambda kind, payload: sent.append((kind, payload)), now=lambda: now)
    return sent


LATER = UNTIL + dt.timedelta(days=5)


def test_who_holds_a_link_hears_both_ends_when_the_embargo_moves_and_the_link_moves_along(office):
    with office.work("paul") as work:
        for login in ("paul", "petra"):
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=NOW
            )
            accounts.grant(work.session, account, "press", "", by="test", now=NOW)
    _, path = office.link()
    with office.work("paul") as work:
        item = work.session.get_one(models.Item, office.id)
        embargo.invite(
            work.desk, item, {"name": "Rita Radio", "email": "rita@radio.example"}, UNTIL + dt.timedelta(hours=1)
        )
    _sent(office)
    with office.work("petra") as work:
        embargo.set_until(work.desk, work.session.get_one(models.Item, office.id), LATER)
    sent = _sent(office)
    assert sorted(payload["to"] for kind, payload in sent if kind == "mail.embargo_moved") == [
        "jana@zeitung.example",
        "rita@radio.example",
    ]
    payload = next(payload for kind, payload in sent if payload["to"] == "jana@zeitung.example")
    message = office.postman._message("mail.embargo_moved", {**payload, "key": "k"})
    text = message.get_content()
    assert SECRET not in message["Subject"] and SECRET in text
    assert (
        f"Bisher: Sperrfrist bis {site.moment(UNTIL)}" in text and f"Jetzt: SPERRFRIST bis {site.moment(LATER)}" in text
    )
    (address,) = re.findall(r"https://beschluesse\.example(/\S+)", text)
    for shown in (office.app.get(address), office.app.get(path)):
        assert f"Sperrfrist bis {site.moment(LATER)}" in shown.text
    with office.work("paul") as work:
        ends = {
            link.name: link.expires_at
            for link in embargo.of_item(work.session, work.session.get_one(models.Item, office.id)).links
        }
    assert ends == {"Jana Journal": LATER + embargo.AFTER_RELEASE, "Rita Radio": UNTIL + dt.timedelta(hours=1)}, (
        "a chosen end stays"
    )
    assert [words for words, _ in _notices(office, "paul")] == [
        "Die Sperrfrist hat ein anderes Ende. Es erfahren per E-Mail, wem Sie einen Link gaben: Jana Journal, Rita Radio."
    ]
    assert _notices(office, "petra") == []
    with office.house.reading() as connection:
        for table in (models.EmbargoSecret, models.EmbargoLink, models.Job):
            assert address.rsplit("/", 1)[1] not in str(connection.execute(table.__table__.select()).all())
    with office.work("paul") as work:
        links = embargo.of_item(work.session, work.session.get_one(models.Item, office.id)).links
        number = next(link.id for link in links if link.name == "Jana Journal")
    office.act("revoke", number)
    for gone in (address, path):
        office.app.get(gone, status=404)


def test_an_invitation_that_waits_names_the_new_end_and_no_other_mail_goes(office):
    office.act("invite", {"name": "Jana Journal", "organisation": "", "email": "jana@zeitung.example"})
    office.act("set_until", LATER)
    (told,) = [(kind, payload) for kind, payload in _sent(office) if kind.startswith("mail.embargo")]
    assert (
        told[0] == "mail.embargo"
        and told[1]["until"] == LATER.isoformat()
        and told[1]["expires"] == (LATER + embargo.AFTER_RELEASE).isoformat()
    )


def test_moves_in_a_row_are_one_mail_and_none_where_the_end_is_the_old_one_again(office):
    office.link()
    office.act("set_until", UNTIL + dt.timedelta(days=1))
    office.act("set_until", LATER, now=NOW + dt.timedelta(seconds=1))
    (told,) = [
        payload for kind, payload in _sent(office, NOW + dt.timedelta(seconds=2)) if kind == "mail.embargo_moved"
    ]
    assert (told["before"], told["until"]) == (UNTIL.isoformat(), LATER.isoformat())
    office.act("set_until", UNTIL, now=NOW + dt.timedelta(seconds=3))
    office.act("set_until", LATER, now=NOW + dt.timedelta(seconds=4))
    office.act("set_until", LATER, now=NOW + dt.timedelta(seconds=5))
    assert _sent(office, NOW + dt.timedelta(seconds=6)) == []


def test_a_reader_whose_link_ended_by_itself_hears_of_a_move_and_who_lost_the_link_does_not(office):
    with office.work("paul") as work:
        item = work.session.get_one(models.Item, office.id)
        embargo.invite(
            work.desk, item, {"name": "Kurt Kurz", "email": "kurt@radio.example"}, NOW + dt.timedelta(minutes=1)
        )
    number, _ = office.link()
    office.act("revoke", number)
    _sent(office)
    office.act("set_until", LATER, now=NOW + dt.timedelta(hours=1))
    (told,) = _sent(office, NOW + dt.timedelta(hours=1))
    assert told[1]["to"] == "kurt@radio.example"
    text = office.postman._message(told[0], {**told[1], "key": "k"}).get_content()
    assert "Link ist abgelaufen" in text and "/sperrfrist/" not in text


def test_a_mail_of_a_move_that_waits_is_not_sent_when_the_link_is_taken_back(office):
    number, _ = office.link()
    office.act("set_until", LATER)
    office.act("revoke", number)
    assert [kind for kind, _ in _sent(office)] == ["mail.embargo_ended"]


def test_the_press_office_is_asked_before_and_told_after_who_hears_of_a_moved_embargo(desk):
    house, browser = desk
    press = browser("petra", "press")
    address = new_press(press).headers["Location"].removeprefix("https://beschluesse.example")
    step(press.get(address), "submit").submit()
    days = [dt.datetime.now(embargo_views.BERLIN) + dt.timedelta(days=number) for number in (1, 6)]

    def move(day):
        form = _form(press.get(f"{address}/sperrfrist"), "set")
        form["until"] = day if isinstance(day, str) else day.strftime("%Y-%m-%dT%H:%M:%S")
        return form.submit()

    assert move(days[0]).status_int == 303, "nobody is invited, nothing is asked"
    for name in ("Jana", "Rita"):
        form = _form(press.get(f"{address}/sperrfrist"), "invite")
        form["name"], form["email"] = name, f"{name.lower()}@zeitung.example"
        form.submit(status=303)
    clock.tick(house, lambda kind, payload: None, now=lambda: dt.datetime.now(dt.UTC))
    asked = move(days[1])
    assert asked.status_int == 200 and "Sperrfrist ändern?" in asked.text and "2: Jana, Rita" in asked.text
    page = asked.forms["frage"].submit(status=303).follow()
    assert "2 eingeladene Personen erfahren es per E-Mail" in page.html.select_one("#getan").get_text()
    with house.reading() as connection:
        assert [
            row.kind for row in connection.execute(models.Job.__table__.select()) if row.kind == "mail.embargo_moved"
        ] == ["mail.embargo_moved"] * 2
    form = _form(press.get(f"{address}/sperrfrist"), "set")
    form["until"] = "gestern"
    assert "Tag und Uhrzeit" in form.submit(status=400).text
