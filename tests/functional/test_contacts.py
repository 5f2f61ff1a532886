"""The directory of contacts and the yearly change of chair, as press and secretariat use them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import contacts, edit
from content.services.workflow import transition
from content.typed.berlin import BERLIN
from tests.functional.people import logged
from tests.functional.test_desk import form_of
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

TODAY = dt.datetime.now(BERLIN).date()
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)
CONTACT = {
    "organisation": "Staatskanzlei Beispielland",
    "unit": "Pressestelle",
    "person": "Kim Muster",
    "email": "kim@land.example",
}


def add(app, **more):
    form = app.get("/redaktion/kontakte/neu").forms[1]
    for name, value in {**CONTACT, "valid_from": "", **more}.items():
        form[name] = str(value)
    return form.submit(expect_errors=True)


def keys(house):
    with house.writing("test") as work:
        return list(
            work.session.scalars(
                sa.select(models.Contact.key).where(models.Contact.key.is_not(None)).order_by(models.Contact.id)
            )
        )


def path_of(house, key):
    with house.writing("test") as work:
        return (
            f"/redaktion/kontakte/{work.session.scalar(sa.select(models.Contact.id).where(models.Contact.key == key))}"
        )


def release_with(house, app, key, slug="mit-kontakt"):
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = slug, "Mit Kontakt", "IT-Planungsrat", "x"
    box = next(
        field
        for name, fields in form.fields.items()
        if name and name.startswith("directory.")
        for field in fields
        if field._value == key
    )
    box.checked = True
    target = form.submit(status=303).headers["Location"]
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, f"/presse/{slug}"))
    return target


def public(app, path):
    return TestApp(app.app).get(path).text


@pytest.fixture
def press(desk):
    house, browser = desk
    return house, browser("petra", "press")


# --- the directory ---------------------------------------------------------------------------------------------------


def test_a_contact_is_added_picked_by_a_release_and_shown(press):
    house, app = press
    assert add(app).status_int == 303
    assert "Kim Muster" in app.get("/redaktion/kontakte").text
    target = release_with(house, app, keys(house)[0])
    assert "Kim Muster" in public(app, "/presse/mit-kontakt")
    form = form_of(app.get(target + "/bearbeiten"))
    assert [
        field.checked
        for name, fields in form.fields.items()
        if name and name.startswith("directory.")
        for field in fields
    ] == [True]
    assert logged(house, "contact.created")[0].subject == f"contact:{keys(house)[0]}"


def test_a_changed_contact_is_changed_on_every_page_that_names_it_and_nothing_else(press):
    house, app = press
    add(app)
    target = release_with(house, app, keys(house)[0])
    form = form_of(app.get(target + "/bearbeiten"))
    form["title"] = "Noch nicht freigegeben"
    form.submit(status=303)
    form = app.get(path_of(house, keys(house)[0])).forms[1]
    form["person"] = "Robin Neu"
    form.submit(status=303)
    page = public(app, "/presse/mit-kontakt")
    assert "Robin Neu" in page and "Kim Muster" not in page and "Noch nicht freigegeben" not in page
    assert TestApp(app.app).get("/presse/mit-kontakt.json").json["edition"] == 2


def test_a_text_that_waits_for_approval_is_published_with_the_contact_as_it_is_then(press):
    house, app = press
    add(app)
    picked = keys(house)
    with house.writing("petra", permits=ROLES["press"].permits) as work:
        given = {
            "slug": "wartet",
            "title": "Eingereicht",
            "publisher": "IT-Planungsrat",
            "text": "x",
            "directory": picked,
        }
        row = edit.save(work.session, "press_release", clean_item("press_release", given), now=work.desk.now).item
        transition.take(work.desk, row, PUBLICATION, "submit")
    with house.writing("petra", permits=ROLES["press"].permits) as work:
        row = lookup.find(work.session, "/presse/wartet")
        edit.save(
            work.session,
            "press_release",
            clean_item("press_release", {**given, "title": "Noch ein Entwurf"}),
            now=work.desk.now,
            item=row,
        )
        contact = work.session.scalars(sa.select(models.Contact).where(models.Contact.key == picked[0])).one()
        contacts.change(work.desk, contact, {**CONTACT, "person": "Robin Neu"}, 1)
    with house.writing("paul", permits=ROLES["press"].permits) as work:
        transition.take(work.desk, lookup.find(work.session, "/presse/wartet"), PUBLICATION, "publish")
    page = public(app, "/presse/wartet")
    assert "Robin Neu" in page and "Kim Muster" not in page and "Noch ein Entwurf" not in page


def test_an_ended_contact_is_gone_today_and_there_on_the_day_it_was_valid(press):
    house, app = press
    add(app)
    release_with(house, app, keys(house)[0])
    form = app.get(path_of(house, keys(house)[0])).forms[2]
    form["last_day"] = YESTERDAY.isoformat()
    form.submit(status=303)
    page = public(app, "/presse/mit-kontakt")
    assert "Kim Muster" not in page and "nicht mehr zuständig" in page
    assert "Beendet" in app.get("/redaktion/kontakte").text


def test_on_a_past_day_those_are_shown_who_were_valid_then(press):
    house, app = press
    since, asked = TODAY - dt.timedelta(days=90), TODAY - dt.timedelta(days=30)
    with house.writing("operator") as work:
        rows = [
            {**CONTACT, "person": "Vor Her", "valid_until": asked},
            {**CONTACT, "person": "Nach Her", "valid_from": asked + dt.timedelta(days=1)},
        ]
        value = clean_item(
            "press_release",
            {
                "slug": "frueher",
                "title": "Früher",
                "publisher": "IT-Planungsrat",
                "text": "x",
                "contacts": rows,
                "published_on": since,
            },
        )
        transition.publish_now(work.desk, edit.save(work.session, "press_release", value, now=work.desk.now).item)
    then, now = public(app, f"/presse/frueher?stand={asked}"), public(app, "/presse/frueher")
    assert "Vor Her" in then and "Nach Her" not in then
    assert "Nach Her" in now and "Vor Her" not in now


def test_a_contact_of_tomorrow_can_be_picked_and_is_not_shown_yet(press):
    house, app = press
    add(app, valid_from=TOMORROW)
    release_with(house, app, keys(house)[0])
    assert "Kim Muster" not in public(app, "/presse/mit-kontakt")
    assert "Gilt später" in app.get("/redaktion/kontakte").text


def test_an_organisation_names_contacts_of_the_directory(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    add(app)
    picked = keys(house)
    with house.writing("operator") as work:
        row = lookup.find(work.session, "/organisation/fitko")
        value = clean_item("organisation", {**row.input, "directory": picked})
        edit.save(work.session, "organisation", value, now=work.desk.now, item=row)
        transition.correct(work.desk, row, "Kontakt")
    assert "Kim Muster" in public(app, "/organisation/fitko")
    assert TestApp(app.app).get("/organisation/fitko.json").json["data"]["contacts"][0]["key"] == picked[0]


def test_contacts_within_a_release_stay_possible_beside_picked_ones(press):
    house, app = press
    add(app)
    picked = keys(house)
    with house.writing("operator") as work:
        value = clean_item(
            "press_release",
            {
                "slug": "beides",
                "title": "Beides",
                "publisher": "IT-Planungsrat",
                "text": "x",
                "directory": picked,
                "contacts": [{**CONTACT, "person": "Nur Hier"}],
            },
        )
        transition.publish_now(work.desk, edit.save(work.session, "press_release", value, now=work.desk.now).item)
    page = public(app, "/presse/beides")
    assert "Kim Muster" in page and "Nur Hier" in page
    assert app.get("/redaktion/kontakte").text.count("Nur Hier") == 0


def test_a_release_cannot_name_what_the_directory_does_not_have(house):
    given = {"slug": "x", "title": "X", "publisher": "Rat", "text": "x", "directory": ["niemand-12345678"]}
    with pytest.raises(ValueError, match="gibt es im Verzeichnis nicht"), house.writing("test") as work:
        edit.save(work.session, "press_release", clean_item("press_release", given), now=work.desk.now)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"organisation": ""}, "Die Organisation fehlt"),
        ({"email": ""}, "Bitte mindestens eine angeben"),
        ({"email": "kein"}, "Erwartet wird eine E-Mail-Adresse"),
        ({"valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "vor dem Beginn"),
        ({"valid_from": "gestern"}, "ist kein Tag"),
        ({"body": "gibt-es-nicht"}, "ist nicht bekannt"),
        ({"person": "<script>alert(1)</script>", "phone": "0; DROP TABLE"}, "Erwartet wird eine Rufnummer"),
    ],
)
def test_a_faulty_contact_is_refused_with_its_reason_and_stays_in_the_form(press, typed, words):
    _, app = press
    answer = add(app, **typed)
    assert answer.status_int == 400
    assert words in answer.text and "kein-script" not in answer.text and "<script>alert" not in answer.text
    assert answer.forms[1]["unit"].value == "Pressestelle"


def test_who_saves_from_an_old_revision_loses_nothing_and_sees_what_is_stored(press):
    house, app = press
    add(app)
    path = path_of(house, keys(house)[0])
    old = app.get(path).forms[1]
    first = app.get(path).forms[1]
    first["person"] = "Erste Person"
    first.submit(status=303)
    old["person"] = "Zweite Person"
    answer = old.submit(status=409)
    assert answer.forms[1]["person"].value == "Zweite Person" and "Erste Person" in answer.text
    answer.forms[1].submit(status=303)
    assert "Zweite Person" in app.get("/redaktion/kontakte").text


@pytest.mark.parametrize("day", ["", "morgen", "2001-01-01"])
def test_a_contact_cannot_end_before_it_began_or_on_no_day(press, day):
    house, app = press
    add(app, valid_from=TODAY)
    form = app.get(path_of(house, keys(house)[0])).forms[2]
    form["last_day"] = day
    assert form.submit(status=400).forms[1]["person"].value == "Kim Muster"


def test_the_directory_is_closed_to_others(desk):
    _, browser = desk
    app = browser("anna", "member")
    for path in ("/redaktion/kontakte", "/redaktion/kontakte/neu", "/redaktion/kontakte/1", "/redaktion/vorsitz"):
        app.get(path, status=403)


# --- the change of chair ---------------------------------------------------------------------------------------------


def chair_form(app, **more):
    form = app.get("/redaktion/vorsitz").forms[1]
    given = {
        "body": "it-planungsrat",
        "year": "2031",
        "name": "Dr. Nora Neu",
        "land": "Saarland",
        "first_day": TODAY.isoformat(),
        "contacts.1.organisation": "Staatskanzlei Saarland",
        "contacts.1.person": "Nico Neu",
        "contacts.1.email": "nico@saar.example",
        **more,
    }
    for name, value in given.items():
        form[name].force_value(value)
    return form


def test_the_form_for_the_chair_offers_bodies_members_and_names_its_rows(desk):
    page = desk[1]("gerda", "secretariat").get("/redaktion/vorsitz")
    assert ("it-planungsrat", True, "IT-Planungsrat") in page.forms[1][
        "body"
    ].options and "Kleinbuchstaben" not in page.text
    assert page.html.find(id="f-land")["list"] == "liste-mitglieder" and page.html.find(id="liste-mitglieder").find(
        "option", value="Saarland"
    )
    assert page.html.find("fieldset", id="f-contacts-1").legend.get_text() == "Pressekontakt 1"


def test_the_change_of_chair_is_one_form_and_says_what_it_did(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    add(app, body="it-planungsrat")
    add(app, person="Bleibt Da")
    old, unrelated = keys(house)
    release_with(house, app, old)
    before = TestApp(app.app).get("/gremium/it-planungsrat.json").json["edition"]
    done = chair_form(app).submit(status=200).text
    assert (
        "2031 Dr. Nora Neu, Saarland" in done
        and "Nico Neu" in done
        and "Kim Muster" in done
        and "Bleibt Da" not in done
    )
    assert "1 öffentliche Seite nennt" in done
    with house.writing("test") as work:
        ended, kept, new = work.session.scalars(
            sa.select(models.Contact).where(models.Contact.key.is_not(None)).order_by(models.Contact.id)
        )
        assert (ended.key, ended.valid_until) == (old, YESTERDAY)
        assert (kept.key, kept.valid_until) == (unrelated, None)
        assert (new.valid_from, new.valid_until, new.body) == (TODAY, None, "it-planungsrat")
    assert "Kim Muster" not in public(app, "/presse/mit-kontakt")
    # The body is not past the review: the public still reads the old edition, and another person is asked.
    assert TestApp(app.app).get("/gremium/it-planungsrat.json").json["edition"] == before
    assert "Nora Neu" not in public(app, "/gremium/it-planungsrat")
    assert "Dr. Nora Neu" in other.get("/redaktion/hinweise").text
    assert "Dr. Nora Neu" not in app.get("/redaktion/hinweise").text
    assert logged(house, "chair.changed")[0].detail == "2031: Dr. Nora Neu, Saarland"
    target = re.search(r'href="(/redaktion/eintrag/\d+)"', done)[1]
    form = next(
        one for one in other.get(target).forms.values() if "schritt" in one.fields and one["schritt"].value == "correct"
    )
    form["note"] = "Neuer Vorsitz"
    form.submit(status=303)
    assert "Nora Neu" in public(app, "/gremium/it-planungsrat")


def test_a_body_that_is_still_a_draft_is_submitted(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        given = {
            "slug": "probe-rat",
            "name": "Probe-Rat",
            "number_pattern": "YYYY/NN",
            "voting_rule": "it-staatsvertrag",
        }
        edit.save(work.session, "body", clean_item("body", given), now=work.desk.now)
    assert "veröffentlichen muss eine zweite Person" in chair_form(app, body="probe-rat").submit(status=200).text
    with house.writing("test") as work:
        assert lookup.find(work.session, "/gremium/probe-rat").publication_state == "submitted"


def test_who_is_asked_to_correct_the_body_reads_everything_that_waits_there(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    with house.writing("test") as work:
        path = f"/redaktion/eintrag/{lookup.find(work.session, '/gremium/it-planungsrat').id}/bearbeiten"
    form = next(form for form in app.get(path).forms.values() if "voting_rule" in form.fields)
    form["voting_rule"] = next(
        value for value, _, _ in form["voting_rule"].options if value and value != form["voting_rule"].value
    )
    form.submit(status=303)
    done = chair_form(app).submit(status=200).text
    sentence = "was dort schon wartet: Abstimmungsregel."
    assert "am Gremium schon wartet: Abstimmungsregel." in done and sentence in other.get("/redaktion/hinweise").text
    with house.reading() as connection:
        assert any(
            sentence in row.payload.get("words", "")
            for row in connection.execute(models.Job.__table__.select())
            if row.kind == "mail.notice"
        )


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"body": "gibt-es-nicht"}, "ist nicht bekannt"),
        ({"year": "2021"}, "steht schon Jan Pörksen"),
        ({"year": "20x1"}, "keine ganze Zahl"),
        ({"name": " "}, "fehlt"),
        ({"land": ""}, "Das Land fehlt"),
        ({"first_day": ""}, "fehlt"),
        ({"contacts.1.email": ""}, "Bitte mindestens eine angeben"),
        (
            {"contacts.1.organisation": "", "contacts.1.person": "", "contacts.1.email": ""},
            "Die neuen Pressekontakte fehlen",
        ),
    ],
)
def test_a_faulty_change_of_chair_changes_nothing_and_keeps_what_was_typed(desk, typed, words):
    house, browser = desk
    app = browser("gerda", "secretariat")
    add(app, body="it-planungsrat")
    with house.writing("test") as work:
        rev = lookup.find(work.session, "/gremium/it-planungsrat").rev
    answer = chair_form(app, **typed).submit(status=400)
    assert words in answer.text
    assert "name" in typed or answer.forms[1]["name"].value == "Dr. Nora Neu"
    with house.writing("test") as work:
        assert lookup.find(work.session, "/gremium/it-planungsrat").rev == rev
        assert [row.valid_until for row in contacts.listing(work.session, TODAY)["valid"]] == [None]


def test_the_same_change_twice_adds_no_second_term(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    chair_form(app).submit(status=200)
    assert "stand schon da" in chair_form(app, first_day=TOMORROW.isoformat()).submit(status=200).text
    with house.writing("test") as work:
        body = lookup.find(work.session, "/gremium/it-planungsrat")
        assert [row.year for row in body.chairs].count(2031) == 1


def test_the_form_grows_by_contacts_and_keeps_what_was_typed(desk):
    _, browser = desk
    answer = chair_form(browser("gerda", "secretariat")).submit("mehr", value="contacts")
    assert answer.forms[1]["name"].value == "Dr. Nora Neu"
    assert "contacts.4.organisation" in answer.forms[1].fields


def test_the_press_office_keeps_contacts_and_cannot_change_the_chair(press):
    _, app = press
    assert "/redaktion/vorsitz" not in app.get("/redaktion/kontakte").text
    app.get("/redaktion/vorsitz", status=403)


def test_the_service_refuses_without_the_right(house):
    with (
        pytest.raises(Exception, match="fehlt das Recht"),
        house.writing("anna", permits=ROLES["member"].permits) as work,
    ):
        contacts.create(work.desk, CONTACT)
