"""The desk as people use it: sign in, write, submit, release, vote, adopt; and every way to be refused."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading

import pyotp
import pytest
import sqlalchemy as sa
from webtest import TestApp, Upload

from content import models
from content.schemas import clean_item
from content.services.accounts import accounts, limits, second_factor
from content.services.base import lookup
from content.services.council import ballots
from content.services.editing import edit
from content.services.workflow import transition
from content.services.workflow.transition import Stale
from portal import settings
from portal.app import make_app
from portal.auth.desk import NOT_YET
from portal.background import clock
from portal.background.mail import Postman
from tests.functional.browsing import Browser
from tests.functional.confirming import saying_yes
from tests.functional.conftest import PASSWORD, sign_in
from tests.functional.people import fresh
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

pytestmark = pytest.mark.on_both_databases

NOW = dt.datetime.now(dt.UTC)


def form_of(page):
    return next(form for form in page.forms.values() if "rev" in form.fields and "schritt" not in form.fields)


def step(page, name):
    """The form of a step; where the desk asks before it is taken, it is answered with yes."""
    return saying_yes(asking_step(page, name))


def asking_step(page, name):
    """The form of a step, whose answer may be the question that comes first."""
    return next(form for form in page.forms.values() if "schritt" in form.fields and form["schritt"].value == name)


def new_press(app, slug="neue-meldung", **more):
    form = form_of(app.get("/redaktion/neu/press_release"))
    for name, value in {
        "slug": slug,
        "title": "Neue Meldung",
        "publisher": "IT-Planungsrat",
        "text": "Ein **Text**.",
        **more,
    }.items():
        form[name] = value
    return form.submit()


# --- signing in ------------------------------------------------------------------------------------------------------


def test_a_visitor_is_led_to_the_sign_in_form_and_gets_no_cookie(desk):
    house, _ = desk
    app = TestApp(make_app(settings.load({"DATA": str(house.data)}), house=house))
    response = app.get("/redaktion/eintraege?art=decision")
    assert response.headers["Location"].endswith("/anmelden?weiter=/redaktion/eintraege%3Fart%3Ddecision")
    assert "Set-Cookie" not in response.headers
    # The sign-in form is bound to its browser; the cookie goes no further than the sign-in.
    cookie = app.get("/anmelden").headers["Set-Cookie"]
    assert all(part in cookie for part in ("browser=", "Path=/anmelden", "HttpOnly", "SameSite=Lax"))


def test_the_answer_is_the_same_for_a_wrong_password_and_for_nobody(desk):
    _, browser = desk
    app = browser("anna", "member")
    other = fresh(app)
    answers = [
        sign_in(other, login, "falsches Kennwort!", status=403).text.replace(login, "X")
        for login in ("anna", "niemand")
    ]
    assert answers[0] == answers[1]


def test_too_many_attempts_are_refused_even_with_the_right_password(desk):
    _, browser = desk
    app = browser("anna", "member")
    for _ in range(limits.LIMITS["sign-in"].by_both):
        sign_in(fresh(app), "anna", "falsch", status=403)
    assert "Zu viele Versuche" in sign_in(fresh(app), "anna", status=429).text


def test_the_cookie_goes_to_the_desk_only_and_is_guarded(desk):
    _, browser = desk
    app = browser("anna", "member")
    cookie = sign_in(app, "anna").headers["Set-Cookie"]
    assert all(part in cookie for part in ("Path=/redaktion", "HttpOnly", "SameSite=Lax", "secure"))


def test_press_must_set_up_a_second_factor_before_anything_else(desk):
    _, browser = desk
    app = browser("petra", "press", second_factor=False)
    assert app.get("/redaktion/eintraege").headers["Location"].endswith("/redaktion/zweiter-faktor")


def test_a_session_without_its_second_factor_opens_nothing(desk):
    house, browser = desk
    browser("petra", "press")
    app = Browser(
        make_app(settings.load({"DATA": str(house.data), "BASE_URL": "https://x.example"}), house=house),
        host="x.example",
    )
    page = sign_in(app, "petra")
    assert "sechsstelligen Code" in page.text
    assert app.get("/redaktion/eintraege").headers["Location"].endswith("/redaktion/code")
    form = page.forms[1]
    form["code"] = "000000"
    assert "stimmt nicht" in form.submit(status=403).text


def test_no_code_works_twice(desk):
    house, browser = desk
    browser("petra", "press")
    with house.writing("test") as work:
        account = accounts.find(work.session, "petra")
        later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
        code = pyotp.TOTP(account.totp_secret).at(later)
        second_factor.take(work.session, account, code, later)
        with pytest.raises(accounts.SignInRefused):
            second_factor.take(work.session, account, code, later)


def test_signing_out_ends_the_session_on_the_server(desk):
    _, browser = desk
    app = browser("anna", "member")
    cookie = app.cookies["__Secure-redaktion"]
    app.get("/redaktion").forms[0].submit()
    app.set_cookie("__Secure-redaktion", cookie)
    assert app.get("/redaktion").status_int == 303


def test_a_locked_account_is_out_at_once(desk):
    house, browser = desk
    app = browser("anna", "member")
    with house.writing("test") as work:
        accounts.set_active(work.session, accounts.find(work.session, "anna"), is_active=False)
    assert app.get("/redaktion").status_int == 303
    sign_in(fresh(app), "anna", status=403)


def test_an_invitation_sets_a_password_once(desk):
    house, browser = desk
    admin = browser("adam", "administrator")
    form = admin.get("/redaktion/konten").forms[2]
    form["name"], form["login"], form["email"], form["role"] = "Bea Beispiel", "bea", "bea@amt.example", "member"
    link = re.search(r"https://beschluesse.example(/anmelden/[\w-]+)", form.submit().text)[1]
    guest = fresh(admin)
    page = guest.get(link)
    for password, repeated, words in (
        ("kurz", "kurz", "mindestens 12"),
        (PASSWORD, PASSWORD + "x", "verschieden"),
        ("bea bea bea bea", "bea bea bea bea", "erraten"),
    ):
        form = page.form
        form["password"], form["repeated"] = password, repeated
        page = form.submit(status=400)
        assert words in page.text
    form = page.form
    form["password"] = form["repeated"] = PASSWORD
    form.submit(status=303)
    assert "gilt nicht mehr" in guest.get(link, status=410).text
    assert sign_in(guest, "bea").status_int == 303
    clock.tick(
        house,
        Postman(
            settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example"}),
            make_app(settings.load({"DATA": str(house.data)}), house=house).inner._application.registry.templates,
        ),
    )
    mails = [mail for path in (house.data / "mail").glob("*.eml") if "bea@amt.example" in (mail := path.read_text())]
    assert len(mails) == 2, "one invites, the other tells that a password was set by the link"


def test_a_form_of_another_site_or_session_changes_nothing(desk):
    _, browser = desk
    app = browser("petra", "press")
    page = app.get("/redaktion/neu/press_release")
    form = form_of(page)
    form["slug"], form["title"], form["publisher"] = "fremd", "Fremde Meldung", "X"
    fields = form.submit_fields()
    foreign = app.post("/redaktion/neu/press_release", fields, headers={"Origin": "https://boese.example"}, status=403)
    # What another site sends is not held on to: it could be sent on later in the person's name.
    assert "Fremde Meldung" not in foreign.text
    # Of a session before it is the person's own by the seal; without the seal it is nobody's.
    earlier = [(name, f"falsch.{value.partition('.')[2]}" if name == "formular" else value) for name, value in fields]
    assert "Fremde Meldung" in app.post("/redaktion/neu/press_release", earlier, status=409).text
    wrong = [(name, "falsch" if name == "formular" else value) for name, value in fields]
    assert "Fremde Meldung" not in app.post("/redaktion/neu/press_release", wrong, status=409).text
    assert "Fremde Meldung" not in app.get("/redaktion/eintraege?q=Fremde").text


@pytest.mark.parametrize(
    "path", ["/redaktion/konten", "/redaktion/protokoll", "/redaktion/neu/decision", "/redaktion/neu/page"]
)
def test_what_a_role_may_not_is_refused_with_words(desk, path):
    _, browser = desk
    assert "fehlt Ihnen das Recht" in browser("anna", "member").get(path, status=403).text


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "decision",
        "meeting",
        "press_release",
        "report",
        "recommendation",
        "market_item",
        "offer",
        "organisation",
        "term",
        "page",
        "body",
    ],
)
def test_every_kind_has_a_form_that_names_what_is_wrong_and_keeps_what_was_typed(desk, kind):
    _, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get(f"/redaktion/neu/{kind}"))
    typed = "Ein Text, der nicht verloren geht."
    if "text" in form.fields:
        form["text"] = typed
    if "slug" in form.fields:
        form["slug"] = "Kein Adressteil!"
    form["published_on"] = "31.31.2020"
    answer = form.submit(status=400)
    assert "Bitte prüfen Sie" in answer.text and "ist kein Tag" in answer.text
    assert 'href="#f-published_on"' in answer.text and 'aria-invalid="true"' in answer.text
    if "text" in form.fields:
        assert typed in answer.text


@pytest.mark.parametrize(
    "url",
    [
        "/beschluss/2021/39",
        "/sitzung/36",
        "/presse/2021-10-29-36-sitzung-hamburg",
        "/bericht/verwaltung-und-startups",
        "/empfehlung/efa-vorrang",
        "/marktplatz/wohngeld",
        "/angebot/fit-store-wohngeld",
        "/glossar/einkommen",
        "/organisation/govdigital",
        "/gremium/it-planungsrat",
        "/organisation/fitko",
        "/glossar/onlinezugangsgesetz",
        "/seite/impressum",
    ],
)
def test_saving_a_form_unchanged_changes_nothing(desk, url):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        row = lookup.find(work.session, url)
        item_id, rev, before = row.id, row.rev, row.input
    form_of(app.get(f"/redaktion/eintrag/{item_id}/bearbeiten")).submit(status=303)
    with house.writing("test") as work:
        row = work.session.get(models.Item, item_id)
        assert row.input == before
        assert row.rev == rev


def test_rows_are_added_and_taken_out_without_a_script(desk):
    _, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/meeting"))
    form["agenda.1.title"] = "Begrüßung"
    page = form.submit("mehr", value="agenda")
    form = form_of(page)
    assert form["agenda.1.title"].value == "Begrüßung" and "agenda.5.title" in form.fields
    form["agenda.2.title"] = "Markt"
    form["agenda.1._entfernen"] = True
    form["ordinal"], form["kind"] = "99", "numbered"
    target = form.submit(status=303).headers["Location"]
    form = form_of(app.get(target + "/bearbeiten"))
    assert form["agenda.1.title"].value == "Markt" and form["agenda.2.title"].value == ""


def test_the_last_agenda_can_be_taken_over(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        row = lookup.find(work.session, "/sitzung/36")
        item_id, titles = row.id, [entry["title"] for entry in row.input["agenda"]]
    form = form_of(app.get(f"/redaktion/neu/meeting?wie={item_id}"))
    assert [form[f"agenda.{index}.title"].value for index in range(1, len(titles) + 1)] == titles
    assert form["agenda.1.decision"].value == ""
    assert int(form["ordinal"].value) == max(_ordinals(house)) + 1


def _ordinals(house):
    with house.reading() as connection:
        body = sa.select(models.Meeting.body_id).where(models.Meeting.ordinal == 36).scalar_subquery()
        return connection.scalars(
            sa.select(models.Meeting.ordinal).where(models.Meeting.body_id == body, models.Meeting.ordinal.is_not(None))
        ).all()


@pytest.mark.parametrize("number", ["²", "9" * 30, "-1", "x"])
def test_a_form_with_a_number_that_is_none_is_answered_with_words(desk, number):
    _, browser = desk
    app = browser("gerda", "secretariat")
    app.get("/redaktion/neu/meeting", {"wie": number}, status=200)
    target = new_press(app).headers["Location"]
    form = form_of(app.get(target + "/bearbeiten"))
    form["rev"] = number
    assert "Jemand war schneller" in form.submit(status=409).text
    taken = step(app.get(target), "submit")
    taken["rev"] = number
    taken.submit(status=303)


def test_a_stale_save_shows_both_texts_and_loses_neither(desk):
    house, browser = desk
    app = browser("petra", "press")
    target = new_press(app).headers["Location"]
    mine, theirs = form_of(app.get(target + "/bearbeiten")), form_of(app.get(target + "/bearbeiten"))
    theirs["text"] = "Der Text der anderen."
    theirs.submit(status=303)
    mine["text"] = "Mein eigener Text."
    answer = mine.submit(status=409)
    assert "Jemand war schneller" in answer.text
    assert form_of(answer)["text"].value == "Mein eigener Text." and "anderen" in answer.text
    form_of(answer).submit(status=303)
    with house.writing("test") as work:
        revisions = [
            row.input["text"]
            for row in work.session.scalars(
                sa.select(models.Revision)
                .join(models.Item, models.Item.id == models.Revision.item_id)
                .where(models.Item.slug == "neue-meldung")
                .order_by(models.Revision.rev)
            )
        ]
    assert revisions == ["Ein **Text**.", "Der Text der anderen.", "Mein eigener Text."]


def test_what_was_typed_survives_a_lost_session(desk):
    _, browser = desk
    app = browser("anna", "member")
    form = form_of(app.get("/redaktion/neu/report"))
    form["title"], form["slug"], form["group"] = "Der lange Bericht", "langer-bericht", "AG"
    app.get("/redaktion").forms[0].submit()
    page = form.submit(status=401)
    assert "Ihre Eingaben sind noch da" in page.text
    again = page.form
    again["login"], again["password"] = "anna", PASSWORD
    kept = again.submit()
    page = next(f for f in kept.forms.values() if NOT_YET in f.fields).submit(status=303).follow()
    assert form_of(page)["title"].value == "Der lange Bericht"
    form_of(page).submit(status=303)


SECRET = "Nur für Anna bestimmt."


def lost(app):
    """The sign-in page after Anna's session ended while she wrote."""
    form = form_of(app.get("/redaktion/neu/report"))
    form["title"], form["slug"], form["group"], form["text"] = "Der lange Bericht", "langer-bericht", "AG", SECRET
    app.get("/redaktion").forms[0].submit()
    return form.submit(status=401).form


@pytest.mark.parametrize(("login", "role"), [("bert", "member"), ("gerda", "secretariat")])
def test_what_was_typed_goes_to_nobody_else_who_signs_in_on_the_same_page(desk, login, role):
    _, browser = desk
    app = browser("anna", "member")
    browser(login, role)
    again = lost(app)
    again["login"], again["password"] = login, PASSWORD
    page = again.submit()
    assert SECRET not in page.text
    if role == "secretariat":  # the second factor comes between
        form = next(form for form in page.forms.values() if form.action == "/redaktion/code")
        page = passed(desk, form, login)
        assert SECRET not in page.text
    assert "Eingaben einer anderen Person" in page.text and NOT_YET not in page.text
    assert SECRET not in app.get("/redaktion/neu/report").text


def passed(desk, form, login):
    house, _ = desk
    with house.writing("test") as work:
        account = accounts.find(work.session, login)
        account.totp_last_step = 0
        form["code"] = pyotp.TOTP(account.totp_secret).now()
    return form.submit()


def test_a_forged_owner_does_not_open_what_another_typed(desk):
    _, browser = desk
    app, other = browser("anna", "member"), browser("bert", "member")
    theirs = form_of(other.get("/redaktion/neu/report"))["formular"].value.partition(".")[2]
    for seal in ("", "x", theirs[:-1], "anna"):
        again = lost(app)
        again["kept.wer"], again["login"], again["password"] = seal, "anna", PASSWORD
        assert SECRET not in again.submit().text


def test_a_form_of_the_session_before_goes_to_the_same_person_alone(desk):
    _, browser = desk
    app = browser("anna", "member")
    browser("bert", "member")
    form = form_of(app.get("/redaktion/neu/report"))
    form["text"] = SECRET
    app.get("/redaktion").forms[0].submit()
    sign_in(app, "bert")
    page = form.submit(status=409)
    assert SECRET not in page.text and "Eingaben einer anderen Person" in page.text
    app.get("/redaktion").forms[0].submit()
    sign_in(app, "anna")
    page = form.submit(status=409)
    assert SECRET in page.text and "Ihre Eingaben sind noch da" in page.text


def test_a_form_opened_before_the_update_is_still_the_sessions_own(desk):
    _, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "vor-dem-update", "Vorher", "IT-Planungsrat", "x"
    form["formular"] = form["formular"].value.partition(".")[0]
    form.submit(status=303)


def test_pictures_need_a_description_and_a_credit_and_lose_their_exif(desk, tmp_path):
    import io

    from PIL import Image

    house, browser = desk
    app = browser("petra", "press")
    exif = Image.Exif()
    exif[0x010E] = "geheimer Ort"
    out = io.BytesIO()
    Image.new("RGB", (1600, 900), "navy").save(out, "JPEG", exif=exif)
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "mit-bild", "Mit Bild", "IT-Planungsrat", "x"
    form["image._hochladen"] = Upload("foto.jpg", out.getvalue(), "image/jpeg")
    answer = form.submit(status=400)
    assert "Die Bildbeschreibung fehlt" in answer.text and "Der Bildnachweis fehlt" in answer.text
    form["image.alt"], form["image.credit"] = "Ein blaues Feld", "Beispiel"
    form["image._hochladen"] = Upload("foto.jpg", out.getvalue(), "image/jpeg")
    form.submit(status=303)
    with house.writing("test") as work:
        image = lookup.find(work.session, "/presse/mit-bild").image
        assert (image.file.width, image.file.height) == (1600, 900)
        assert b"geheimer Ort" not in house.files.path(image.sha256).read_bytes()


# --- steps -----------------------------------------------------------------------------------------------------------


def test_two_people_publish_one_cannot(desk):
    _house, browser = desk
    writer, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(writer).headers["Location"]
    step(writer.get(target), "submit").submit(status=303)
    page = writer.get(target)
    assert "Wer eingereicht hat, gibt nicht selbst frei" in page.text
    forged = step(page, "reject").submit_fields()
    refused = writer.post(target + "/schritt", [(n, "publish" if n == "schritt" else v) for n, v in forged], status=409)
    assert "zweite Person" in refused.text
    assert writer.get("/presse/neue-meldung", status=404)
    step(other.get(target), "publish").submit(status=303)
    assert "Neue Meldung" in writer.get("/presse/neue-meldung").text
    text = writer.get(target).text
    assert "Petra" in text and "Paula" in text


def test_of_two_who_press_the_button_one_wins(desk):
    _house, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"]
    step(app.get(target), "submit").submit(status=303)
    first, second = step(other.get(target), "publish"), step(other.get(target), "publish")
    first.submit(status=303)
    assert "nicht möglich" in second.submit(status=409).text


def test_a_correction_needs_a_public_note_and_replaces_the_edition(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        item_id = lookup.find(work.session, "/seite/impressum").id
    target = f"/redaktion/eintrag/{item_id}"
    form = form_of(app.get(target + "/bearbeiten"))
    form["text"] = "Ein ganz neues Impressum."
    form.submit(status=303)
    assert "weicht von der veröffentlichten Fassung (Revision 1) ab" in app.get(target).text
    assert "ganz neues" not in app.get("/seite/impressum").text
    own = app.post(
        f"{target}/schritt",
        {
            **dict(step(app.get(target), "withdraw").submit_fields()),
            "schritt": "correct",
            "note": "Allein.",
            "antrag": "",
        },
        status=409,
    )
    assert "Wer den Text geändert hat" in own.text and "ganz neues" not in app.get("/seite/impressum").text
    correct = step(browser("gustav", "secretariat").get(target), "correct")
    assert "fehlt" in correct.submit(status=409).text
    correct["note"] = "Neue Anschrift."
    correct.submit(status=303)
    assert "ganz neues" in app.get("/seite/impressum").text and "Neue Anschrift." in app.get("/seite/impressum").text


def test_an_item_that_others_need_is_not_trashed_and_says_so(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        saved = edit.save(
            work.session,
            "decision",
            clean_item("decision", {"body": "it-planungsrat", "number": "2030/01", "text": "1. x"}),
            now=NOW,
        )
        edit.save(
            work.session,
            "decision",
            clean_item(
                "decision",
                {
                    "body": "it-planungsrat",
                    "number": "2030/02",
                    "title": "Nachfolger",
                    "text": "1. Beschluss 2030/01 wird aufgehoben.",
                },
            ),
            now=NOW,
        )
        item_id = saved.item.id
    page = app.get(f"/redaktion/eintrag/{item_id}")
    assert "Darauf verweisen noch: Nachfolger" in page.text


def test_the_clock_publishes_to_the_second_what_was_scheduled_and_nothing_earlier(desk):
    house, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"]
    step(app.get(target), "submit").submit(status=303)
    form = step(other.get(target), "schedule")
    form["publish_at"] = "2020-01-01T10:00"
    assert "in der Zukunft" in form.submit(status=409).text
    form["publish_at"] = "2090-01-01T10:00"
    form.submit(status=303)
    due = dt.datetime(2090, 1, 1, 9, tzinfo=dt.UTC)
    assert clock.tick(house, _nobody, now=lambda: due - dt.timedelta(seconds=1)) == 0
    assert app.get("/presse/neue-meldung", status=404)
    assert clock.tick(house, _nobody, now=lambda: due) == 1
    assert "Neue Meldung" in app.get("/presse/neue-meldung").text
    assert clock.tick(house, _nobody, now=lambda: due) == 0


def _nobody(_kind, _payload):
    raise OSError("no mail today")


def test_a_failed_message_waits_and_never_hinders_the_step(desk):
    house, browser = desk
    app = browser("petra", "press")
    browser("paula", "press")
    target = new_press(app).headers["Location"]
    step(app.get(target), "submit").submit(status=303)
    sent = []
    start = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    assert clock.tick(house, _nobody, now=lambda: start) == 0
    assert clock.tick(house, lambda *job: sent.append(job), now=lambda: start) == 0
    later = start + dt.timedelta(days=2)
    clock.tick(house, lambda *job: sent.append(job), now=lambda: later)
    clock.tick(house, lambda *job: sent.append(job), now=lambda: later)
    assert [payload["to"] for kind, payload in sent if kind == "mail.notice"] == ["paula@amt.example"]


# --- votes and numbers -----------------------------------------------------------------------------------------------


def _draft(house, title="Neues Vorhaben"):
    with house.writing("test") as work:
        value = clean_item(
            "decision",
            {
                "body": "it-planungsrat",
                "title": title,
                "meeting": "/sitzung/36",
                "text": "1. Der IT-Planungsrat beschließt.",
            },
        )
        return edit.save(work.session, "decision", value, now=NOW).item.id


LAENDER = ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"]


def test_a_decision_is_voted_on_adopted_numbered_and_tells_the_public_how(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target = f"/redaktion/eintrag/{_draft(house)}"
    agenda = step(app.get(target), "put_on_agenda")
    agenda["meeting"] = "/sitzung/36"
    agenda.submit(status=303)
    assert "noch keine Abstimmung eingetragen" in app.get(target).text
    form = app.get(target + "/abstimmung").forms[1]
    for code in ["BUND", *LAENDER]:
        form[f"ballot.{code}"] = "no" if code in {"NW", "BY"} else "yes"
    form.submit(status=303)
    assert "Die Abstimmung reicht nicht" in app.get(target).text
    form = app.get(target + "/abstimmung").forms[1]
    form["ballot.BY"] = "yes"
    form.submit(status=303)
    form = app.get(target + "/erklaerungen").forms[1]
    next(box for box in form.fields["members"] if box._value == "NW").checked = True
    form["text"] = "Nordrhein-Westfalen sieht offene Kosten."
    form.submit(status=303)
    step(app.get(target), "adopt").submit(status=303)
    with house.writing("test") as work:
        row = work.session.get(models.Item, int(target.rsplit("/", 1)[1]))
        url, number = row.url, row.number
    assert number.startswith("2021/") and url == f"/beschluss/{number}"
    step(app.get(target), "submit").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    public = app.get(url).text
    assert (
        "15 von 16 Ländern stimmen zu" in public
        and "offene Kosten" in public
        and "Königsteiner Schlüssel 2016" in public
    )


def test_an_unadopted_decision_has_no_number_and_cannot_be_published(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = f"/redaktion/eintrag/{_draft(house)}"
    assert "hat noch keine Nummer" in app.get(target).text


def _adopt(house, item_id, results):
    try:
        with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
            row = work.session.get(models.Decision, item_id)
            transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})
            ballots.record(work.desk, row, dict.fromkeys(["BUND", *LAENDER], "yes"))
            transition.take(work.desk, row, DECISION, "adopt")
            results.append(row.serial)
    except Exception as error:
        results.append(error)


def _member(code):
    member = (
        {"code": code, "name": code, "kind": "federal"}
        if code == "BUND"
        else {"code": code, "name": code, "kind": "land", "shares": {"2016": "6.25"}}
    )
    return json.dumps(member)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "strict postgresql"])
def test_twenty_adoptions_at_once_give_twenty_numbers_without_gap(database, request, tmp_path):
    house = request.getfixturevalue("house" if database == "sqlite" else "postgres_house")
    if database == "strict postgresql":  # a server that isolates more than we ask for
        with sa.create_engine(
            house.engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        ).connect() as connection:
            connection.execute(
                sa.text(
                    f"ALTER DATABASE \"{house.engine.url.database}\" SET default_transaction_isolation = 'serializable'"
                )
            )
        for engine in (house.engine, house.reading_engine):
            engine.dispose()  # those that are open do not hear of it
    from content.services.exchange import exchange

    lines = [
        '{"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN", "voting_rule": "it-staatsvertrag", "members": ['
        + ",".join(_member(code) for code in ["BUND", *LAENDER])
        + "]}",
        '{"type": "meeting", "body": "it-planungsrat", "kind": "numbered", "ordinal": 36, "date": "2021-10-29"}',
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])
    ids = [_draft(house, f"Vorhaben {number}") for number in range(20)]
    results = []
    threads = [threading.Thread(target=_adopt, args=(house, item_id, results)) for item_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults := [result for result in results if isinstance(result, Exception)]:
        raise ExceptionGroup("adoptions that failed", faults)
    assert sorted(results) == list(range(1, 21))


def test_a_step_made_from_an_old_revision_is_stale(house, request):
    with house.writing("test") as work:
        row = edit.save(
            work.session, "page", clean_item("page", {"slug": "x", "title": "X", "text": "x"}), now=NOW
        ).item
        with pytest.raises(Stale):
            transition.take(work.desk, row, PUBLICATION, "import", rev=row.rev - 1)


def test_history_and_audit_cannot_be_rewritten(desk):
    house, browser = desk
    browser("anna", "member")
    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "DELETE FROM step_entry"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), house.writing("test") as work:
            work.session.execute(sa.text(statement))


def test_no_draft_shows_on_any_public_page(desk):
    _house, browser = desk
    app = browser("petra", "press")
    pages = [
        "/",
        "/presse",
        "/suche?q=Streng",
        "/feeds/alle.atom",
        "/sitemap-1.xml",
        "/ledger",
        "/sitzung/36",
        "/presse?stand=2026-01-01",
    ]
    anonymous = fresh(app)
    before = [anonymous.get(path).text for path in pages]
    target = new_press(app, slug="streng-geheim", title="Streng Geheim", meeting="/sitzung/36").headers["Location"]
    step(app.get(target), "submit").submit(status=303)
    assert [anonymous.get(path).text for path in pages] == before


def test_a_plan_refused_at_the_button_is_refused_in_the_service(desk):
    house, _browser = desk
    with (
        house.writing("anna", permits=ROLES["member"].permits) as work,
        pytest.raises(Blocked, match="fehlt das Recht"),
    ):
        transition.take(
            work.desk, lookup.find(work.session, "/seite/impressum"), PUBLICATION, "withdraw", {"note": "x"}
        )


def test_errors_of_a_vote_stand_beside_their_inputs_and_nothing_typed_is_lost(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = f"/redaktion/eintrag/{_draft(house)}/abstimmung"
    form = app.get(target).forms[1]
    form["ballot.BY"], form["others"], form["is_circulation"], form["rule"] = "no", "yes", True, "empfehlung"
    form["note"] = "Laut Niederschrift."
    page = form.submit(status=400)
    (link,) = page.html.select("[role=alert] a")
    field = page.html.find(id=link["href"][1:])
    assert field["name"] == "rule_reason" and page.html.find(id=field["aria-describedby"].split()[-1])["class"] == [
        "field-error"
    ]
    again = page.forms[1]
    kept = [again[name].value for name in ("ballot.BY", "others", "rule", "note")]
    assert kept == ["no", "yes", "empfehlung", "Laut Niederschrift."] and again["is_circulation"].checked
    again["rule_reason"] = "Es ist nur eine Empfehlung."
    again.submit(status=303)
    with house.writing("test") as work:
        vote = work.session.scalars(sa.select(models.Vote).where(models.Vote.note == "Laut Niederschrift.")).one()
        assert {row.member_code: row.choice for row in vote.ballots} == {
            code: "no" if code == "BY" else "yes" for code in ["BUND", *LAENDER]
        }
