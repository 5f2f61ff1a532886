"""The lists of the desk as editors use them: what waits, what is mine, search, filters, order; by right, and with wrong words."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import desk_lists as desk
from content.services.workflow import transition
from content.services.workflow.desk_lists import Wanted
from content.typed.berlin import BERLIN
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)


def write(house, slug, *, by, title="", owner="", days_ago=0, steps=(), **fields):
    """A page that `by` wrote and took steps with; its id."""
    at = NOW - dt.timedelta(days=days_ago)
    acted = (
        dt.datetime.now(dt.UTC) if list(steps[:1]) == PUBLISH else at
    )  # a public act never lies before the one before it
    with house.writing(
        by, permits=ROLES["secretariat"].permits | ROLES["operator"].permits, clock=lambda: acted
    ) as work:
        value = clean_item("page", {"slug": slug, "title": title or slug.title(), "text": "Ein Text.", **fields})
        row = edit.save(work.session, "page", value, now=at, actor=by, actor_name=by.title()).item
        row.owner = owner
        for name, given in steps:
            transition.take(work.desk, row, PUBLICATION, name, given)
        return row.id


def titles(page, section=None):
    text = page.text
    if section:
        if f"<h2>{section}</h2>" not in text:
            return []
        text = text.split(f"<h2>{section}</h2>")[1].split("</section>")[0]
    return re.findall(r'class="row-title"[^>]*>([^<]+)<', text)


def listed(app, **chosen):
    return titles(app.get("/redaktion/eintraege", chosen))


SUBMIT = [("submit", {})]
PUBLISH = [("import", {})]


def test_a_reviewer_whose_right_is_on_one_organisation_sees_what_waits_there(desk):
    house, browser = desk
    app = browser("rita", "press", organisation="govdigital")
    write(house, "unser", by="otto", owner="govdigital", steps=SUBMIT)
    write(house, "fremd", by="otto", owner="fitko", steps=SUBMIT)
    write(house, "haus", by="otto", steps=SUBMIT)
    assert titles(app.get("/redaktion"), "Wartet auf Ihre Prüfung") == ["Unser"]
    assert listed(app, liste="wartet") == ["Unser"]


def test_what_i_submitted_myself_waits_for_others_not_for_me(desk):
    house, browser = desk
    mine, other = browser("rita", "press"), browser("paul", "press")
    write(house, "meins", by="rita", steps=SUBMIT)
    assert titles(mine.get("/redaktion"), "Wartet auf Ihre Prüfung") == []
    assert titles(other.get("/redaktion"), "Wartet auf Ihre Prüfung") == ["Meins"]


def test_my_drafts_are_what_i_saved_last_and_is_not_public_like_that(desk):
    house, browser = desk
    app = browser("rita", "press")
    write(house, "entwurf", by="rita", days_ago=3)
    write(house, "uebernommen", by="rita", days_ago=3)
    write(house, "uebernommen", by="paul", title="Von Paul weitergeschrieben", days_ago=2)
    write(house, "fertig", by="rita", steps=PUBLISH, days_ago=2)
    write(house, "weiter", by="rita", steps=PUBLISH, days_ago=2)
    write(house, "weiter", by="rita", title="Weiter gedacht")
    write(house, "abgegeben", by="rita", steps=SUBMIT, days_ago=2)
    write(house, "abgegeben-und-weiter", by="rita", steps=SUBMIT, days_ago=2)
    write(house, "abgegeben-und-weiter", by="rita", title="Nach dem Einreichen weiter", days_ago=1)
    assert titles(app.get("/redaktion"), "Meine Entwürfe") == [
        "Weiter gedacht",
        "Nach dem Einreichen weiter",
        "Entwurf",
    ]
    assert "Arbeitsfassung weicht ab" in app.get("/redaktion/eintraege?liste=entwuerfe").text


def test_drafts_of_my_organisation_are_mine_as_well(desk):
    house, browser = desk
    app = browser("rita", "press", organisation="govdigital")
    write(house, "kollege", by="paul", owner="govdigital")
    write(house, "fremd", by="paul", owner="fitko")
    assert titles(app.get("/redaktion"), "Meine Entwürfe") == ["Kollege"]


def test_recently_published_is_everybodys_in_the_order_of_publication(desk):
    house, browser = desk
    app = browser("rita", "press")
    write(house, "zuerst", by="paul", days_ago=9)
    first = write(house, "zuletzt", by="paul", days_ago=10)
    for slug, days in (("zuerst", 5), ("zuletzt", 4)):
        at = NOW + dt.timedelta(days=10 - days)  # after everything the example brings
        with house.writing("paul", clock=lambda at=at: at) as work:
            row = work.session.scalars(sa.select(models.Item).where(models.Item.url == f"/seite/{slug}")).one()
            transition.take(work.desk, row, PUBLICATION, "import")
    assert titles(app.get("/redaktion"), "Zuletzt veröffentlicht")[:2] == ["Zuletzt", "Zuerst"]
    # A later change of the working copy is no publication.
    write(house, "zuerst", by="paul", title="Zuerst, geändert")
    assert titles(app.get("/redaktion"), "Zuletzt veröffentlicht")[:2] == ["Zuletzt", "Zuerst, geändert"]
    assert first


def test_the_overview_is_cut_and_leads_to_the_rest(desk):
    house, browser = desk
    app = browser("rita", "press")
    for number in range(11):
        write(house, f"seite-{number:02d}", by="rita", days_ago=number)
    page = app.get("/redaktion")
    assert len(titles(page, "Meine Entwürfe")) == 10
    rest = page.click("Alle ansehen", href="liste=entwuerfe")
    assert len(titles(rest)) == 11 and "<strong>11 Einträge" in rest.text


def test_what_is_planned_and_late_stands_apart(desk):
    house, browser = desk
    app = browser("rita", "press")
    write(house, "bald", by="otto", steps=SUBMIT)
    late = write(house, "spaet", by="otto", steps=SUBMIT)
    with house.writing("paul", permits=ROLES["press"].permits) as work:
        for row in work.session.scalars(
            sa.select(models.Item).where(models.Item.publication_state == "submitted", models.Item.kind == "page")
        ):
            transition.take(
                work.desk, row, PUBLICATION, "schedule", {"publish_at": work.desk.now + dt.timedelta(hours=2)}
            )
            if row.id == late:
                row.publish_at = work.desk.now - dt.timedelta(hours=1)
    page = app.get("/redaktion")
    assert titles(page, "Überfällig") == ["Spaet"] and titles(page, "Terminiert") == ["Spaet", "Bald"]


def test_lists_are_searched_filtered_and_sorted(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    write(house, "a-eins", by="rita", title="Änderung der Geschäftsordnung", owner="fitko", days_ago=3)
    write(house, "b-zwei", by="paul", title="Zweite Änderung", owner="govdigital", days_ago=2)
    write(house, "c-drei", by="gerda", title="100 % digital", days_ago=1)
    browser("paul", "press")
    assert listed(app, q="änderung geschäft", zustand="draft") == ["Änderung der Geschäftsordnung"]
    assert listed(app, q="AENDERUNG", zustand="draft") == ["Zweite Änderung", "Änderung der Geschäftsordnung"]
    assert listed(app, q="%", zustand="draft") == ["100 % digital"]
    assert listed(app, haus="fitko", zustand="draft") == ["Änderung der Geschäftsordnung"]
    assert listed(app, von="ich", zustand="draft") == ["100 % digital"]
    assert listed(app, von="Paul", art="page", zustand="draft") == ["Zweite Änderung"]
    since = (NOW - dt.timedelta(days=2, hours=1)).astimezone(BERLIN).date().isoformat()
    assert set(listed(app, seit=since, zustand="draft", art="page")) == {"Zweite Änderung", "100 % digital"}
    assert listed(app, zustand="draft", art="page", ordnung="titel") == [
        "100 % digital",
        "Änderung der Geschäftsordnung",
        "Zweite Änderung",
    ]
    assert listed(app, zustand="draft", art="page", ordnung="alt") == [
        "Änderung der Geschäftsordnung",
        "Zweite Änderung",
        "100 % digital",
    ]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"seit": "gestern"}, "„gestern“ ist kein Tag"),
        ({"seit": "2026-02-30"}, "ist kein Tag"),
        ({"seit": "0001-01-01"}, "ist kein Tag"),
        ({"von": "Rumpelstilzchen"}, "Von „Rumpelstilzchen“ ist hier nichts"),
        ({"ordnung": "quer"}, "Diese Auswahl gibt es nicht"),
        ({"liste": "x' OR 1=1"}, "Diese Auswahl gibt es nicht"),
        ({"art": "<script>"}, "Diese Auswahl gibt es nicht"),
        ({"zustand": "weg"}, "Diese Auswahl gibt es nicht"),
        ({"haus": "'; DROP TABLE item"}, ""),
        ({"q": "\\ % _ \x00 " + "x" * 5000}, ""),
        ({"seite": "999999999"}, ""),
    ],
)
def test_what_a_filter_cannot_mean_is_said_beside_it_and_stays_typed(desk, chosen, words):
    _, browser = desk
    page = browser("gerda", "secretariat").get("/redaktion/eintraege", chosen, expect_errors=True)
    assert page.status_int == (400 if words else 200)
    assert words in page.text and "<script>x" not in page.text
    if "seit" in chosen:
        assert page.forms[1]["seit"].value == chosen["seit"]


def test_nobody_finds_what_they_may_not_see(desk):
    house, browser = desk
    app = browser("anna", "provider", organisation="govdigital")
    write(house, "geheim", by="paul", title="Streng Geheim")
    assert listed(app, q="geheim") == [] and "Streng Geheim" not in app.get("/redaktion").text


@pytest.mark.parametrize("database", ["house", "postgres_house"])
def test_every_list_and_order_reads_on_both_databases(database, request):
    house = request.getfixturevalue(database)
    write(house, "eins", by="rita", steps=PUBLISH)
    write(house, "eins", by="rita", title="Eins weiter")
    write(house, "zwei", by="otto", steps=SUBMIT)
    person = _person("rita", ("press", ""), ("secretariat", "govdigital"))
    with house.writing("rita") as work:
        found = {
            name: [row.url for row in desk.listing(work.session, person, Wanted(view=name), NOW).rows]
            for name in desk.VIEWS
        }
        assert found == {
            "ueberfaellig": [],
            "wartet": ["/seite/zwei"],
            "aenderungen": [],
            "zurueck": [],
            "angefangen": [],
            "entwuerfe": ["/seite/eins"],
            "terminiert": [],
            "veroeffentlicht": ["/seite/eins"],
        }
        for order in desk.ORDERS:
            assert (
                desk.listing(
                    work.session, person, Wanted(order=order, words="seite", since=NOW - dt.timedelta(days=1)), NOW
                ).total
                == 2
            )
        assert [section.name for section in desk.overview(work.session, person, NOW)] == [
            "wartet",
            "entwuerfe",
            "veroeffentlicht",
        ]


def test_a_long_list_is_counted_up_to_its_limit_and_still_turned(house, monkeypatch):
    monkeypatch.setattr(desk, "COUNT_LIMIT", 40)
    for number in range(45):
        write(house, f"seite-{number:02d}", by="rita", days_ago=number)
    person = _person("rita", ("press", ""))
    with house.writing("rita") as work:
        first, second, far = (desk.listing(work.session, person, Wanted(page=page), NOW) for page in (1, 2, 9))
    assert (first.total, first.is_cut, first.has_next, len(first.rows)) == (40, True, True, 30)
    assert (second.has_next, len(second.rows), far.rows, far.page) == (False, 15, (), 9)


def _person(login, *grants):
    return accounts.SignedIn(1, 1, login, login.title(), "x", True, False, 0, grants, NOW)


def test_what_a_provider_changes_on_a_public_offer_is_begun_and_waits_at_the_secretariat_once_it_is_handed_in(desk):
    house, browser = desk
    app, office, press = (
        browser("anna", "provider", organisation="govdigital"),
        browser("gerda", "secretariat"),
        browser("petra", "press"),
    )
    with house.writing("test") as work:
        row = lookup.find(work.session, "/angebot/govdigital-wohngeld")
        target, name = f"/redaktion/eintrag/{row.id}", row.title
    begun, section = "Geändert, noch nicht eingereicht", "Eingereichte Änderungen an Öffentlichem"
    assert titles(office.get("/redaktion"), section) == []
    for words in ("Neuer Text.", "Noch neuerer Text."):
        form = next(
            form
            for form in app.get(target + "/bearbeiten").forms.values()
            if "rev" in form.fields and "schritt" not in form.fields
        )
        form["text"] = words
        form.submit(status=303)
    assert titles(office.get("/redaktion"), begun) == listed(office, liste="angefangen") == [name]
    assert titles(office.get("/redaktion"), section) == _notices(house, "gerda") == []
    next(
        form
        for form in app.get(target).forms.values()
        if "schritt" in form.fields and form["schritt"].value == "submit_change"
    ).submit(status=303)
    assert titles(office.get("/redaktion"), section) == listed(office, liste="aenderungen") == [name]
    assert titles(office.get("/redaktion"), begun) == listed(office, liste="angefangen") == []
    assert titles(app.get("/redaktion"), section) == titles(press.get("/redaktion"), section) == []
    assert _notices(house, "gerda") == [(name, True)] and _notices(house, "anna") == []
    form = next(
        form
        for form in office.get(target).forms.values()
        if "schritt" in form.fields and form["schritt"].value == "correct"
    )
    form["note"] = "Text erneuert."
    form.submit(status=303)
    assert "Noch neuerer Text." in TestApp(app.app).get("/angebot/govdigital-wohngeld").text
    assert titles(office.get("/redaktion"), section) == [] and _notices(house, "gerda") == [(name, False)]


def _notices(house, login):
    with house.writing("test") as work:
        account = accounts.find(work.session, login)
        return [
            (row.title, row.read_at is None)
            for row in work.session.scalars(
                sa.select(models.Notice).where(models.Notice.account_id == account.id, models.Notice.event != "account")
            )
        ]
