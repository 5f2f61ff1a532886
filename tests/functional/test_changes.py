"""A change to something public is handed in, taken back, given back with a comment, or made public by a second person."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.workflow import second_person, transition
from tests.functional.test_desk import form_of, step
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES, Permission

OFFER = "/angebot/govdigital-wohngeld"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SUBMITTED, RETURNED = "Eingereichte Änderungen an Öffentlichem", "Zurückgegeben mit Hinweis"


def change(app, target, words):
    form = form_of(app.get(target + "/bearbeiten"))
    form["text"] = words
    form.submit(status=303)


def hand_in(app, target, name="submit_change", status=303, **fields):
    form = step(app.get(target), name)
    for field, value in fields.items():
        form[field] = value
    return form.submit(status=status)


def withdraw(house, reason):
    """Two of the secretariat take it out of the public."""
    for login, act in (("gerda", "ask"), ("gustav", "take")):
        with house.writing(login, permits=ROLES["secretariat"].permits) as work:
            row = lookup.find(work.session, OFFER)
            if act == "ask":
                second_person.ask(work.desk, row, PUBLICATION, "withdraw", reason)
            else:
                transition.take(work.desk, row, PUBLICATION, "withdraw")


def steps_of(app, target):
    return {form["schritt"].value for form in app.get(target).forms.values() if "schritt" in form.fields}


def listed(app, section):
    found = app.get("/redaktion").html.find("h2", string=section)
    return [row.get_text(" ", strip=True) for row in found.find_parent("section").select("li")] if found else []


def notices(house, login, event):
    with house.writing("test") as work:
        account = accounts.find(work.session, login)
        rows = work.session.scalars(
            sa.select(models.Notice).where(models.Notice.account_id == account.id, models.Notice.event == event)
        )
        return [(row.words, row.read_at is None) for row in rows]


@pytest.fixture
def offered(desk):
    """(house, provider, secretariat, the offer's page): a public offer whose provider changed its text, saved and no more."""
    house, browser = desk
    provider, office = browser("anna", "provider", organisation="govdigital"), browser("gerda", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, OFFER).id}"
    change(provider, target, "Der neue Text.")
    return house, provider, office, target


def public(app):
    """What the public reads of it: page, list, feed, interface, search."""
    reader = TestApp(app.app)
    return [
        reader.get(path, headers={"Accept": "*/*"}).body
        for path in (OFFER, "/marktplatz", "/feeds/alle.atom", f"{OFFER}.json", "/suche?q=text", "/ledger")
    ]


def test_a_change_is_handed_in_and_made_public_by_a_second_person(offered):
    house, provider, office, target = offered
    before = public(office)
    assert "Mit „Änderung einreichen“ bitten Sie eine zweite Person darum" in provider.get(target).text
    assert listed(office, SUBMITTED) == [] and notices(house, "gerda", "waits") == []
    hand_in(provider, target)
    page = office.get(target).text
    assert "Anna hat Revision 2 eingereicht" in page and "verlauf?alt=1&amp;neu=2" in page
    assert len(listed(office, SUBMITTED)) == 1 and listed(provider, SUBMITTED) == []
    assert [unread for _, unread in notices(house, "gerda", "waits")] == [True]
    assert public(office) == before, "the public learns nothing of a change that is handed in"
    hand_in(office, target, "correct", note="Text erneuert.")
    assert "Der neue Text." in TestApp(office.app).get(OFFER).text
    assert listed(office, SUBMITTED) == [] and [unread for _, unread in notices(house, "gerda", "waits")] == [False]
    assert [words for words, _ in notices(house, "anna", "published")][-1].startswith("Berichtigt:")


def test_a_change_comes_back_with_a_comment_to_the_desk_of_who_wrote_it(offered):
    house, provider, office, target = offered
    hand_in(provider, target)
    before = public(office)
    assert "Der Hinweis fehlt" in hand_in(office, target, "return_change", status=409).text
    hand_in(office, target, "return_change", comment="Bitte den Preis nennen.")
    assert public(office) == before
    assert "Bitte den Preis nennen." in listed(provider, RETURNED)[0] and "Gerda" in listed(provider, RETURNED)[0]
    assert "Bitte den Preis nennen." in provider.get("/redaktion/eintraege?liste=zurueck").text
    page = provider.get(target)
    assert (
        page.html.find(id="zurueck")
        .get_text(" ", strip=True)
        .startswith("Zurückgegeben Gerda gab die Änderung (Revision 2) zurück")
    )
    assert notices(house, "anna", "returned")[-1][0].endswith("Hinweis: Bitte den Preis nennen.")
    assert notices(house, "gerda", "waits")[0][1] is False and listed(office, RETURNED) == []
    change(provider, target, "Der neue Text für 10 Euro.")
    hand_in(provider, target)
    assert (
        listed(provider, RETURNED) == []
        and "zurueck" not in provider.get(target).html.find("main").prettify().split("Was geschah")[0]
    )
    hand_in(office, target, "correct", note="Text und Preis.")
    assert "10 Euro" in TestApp(office.app).get(OFFER).text


def test_what_went_back_cannot_be_made_public_from_an_old_page(offered):
    _house, provider, office, target = offered
    hand_in(provider, target)
    old = step(office.get(target), "correct")
    hand_in(office, target, "return_change", comment="Nein.")
    old["note"] = "Doch."
    assert "Diese Änderung wurde zurückgegeben oder zurückgeholt" in old.submit(status=409).text
    hand_in(provider, target)
    hand_in(provider, target, "recall_change")
    old["note"] = "Doch."
    assert "zurückgeholt" in old.submit(status=409).text
    assert "Der neue Text." not in TestApp(office.app).get(OFFER).text


def test_what_is_written_after_handing_in_is_a_new_draft(offered):
    house, provider, office, target = offered
    hand_in(provider, target)
    change(provider, target, "Viel später.")
    page = office.get(target)
    assert (
        "Eingereicht ist Revision 2" in page.text
        and "Die Arbeitsfassung (Revision 3) ist ein neuer Entwurf" in page.text
    )
    step_ = step(page, "correct")
    step_["note"] = "Neu."
    step_.submit(status=303)
    text = TestApp(office.app).get(OFFER).text
    assert "Der neue Text." in text and "Viel später." not in text
    with house.writing("test") as work:
        row = lookup.find(work.session, OFFER)
        assert (row.rev, row.public_rev, work.session.get(models.FrozenText, row.id)) == (3, 2, None)
        taken = [(one.transition, one.rev) for one in transition.history(work.session, row, PUBLICATION)[-2:]]
        assert taken == [("submit_change", 2), ("correct", 2)]
    hand_in(provider, target)
    assert len(listed(office, SUBMITTED)) == 1


def test_the_page_offers_what_can_be_done_and_nothing_that_cannot_be_meant(offered):
    house, provider, office, target = offered
    shown = {"submit_change", "recall_change", "return_change"}
    assert steps_of(provider, target) == {"submit_change"} and steps_of(office, target) & shown == {"submit_change"}
    hand_in(provider, target)
    assert steps_of(provider, target) == {"recall_change"} and steps_of(office, target) & shown == {"return_change"}
    hand_in(office, target, "correct", note="Neu.")
    assert steps_of(provider, target) == set() and steps_of(office, target) & shown == set()
    with house.writing("test") as work:
        row = lookup.find(work.session, OFFER)
        for name, code in (
            ("submit_change", "no_change"),
            ("recall_change", "no_submitted_change"),
            ("return_change", "no_submitted_change"),
        ):
            assert code in {
                one.code for one in transition.hindrances(work.desk, row, PUBLICATION, name, {"comment": "x"})
            }


def test_who_wrote_or_handed_in_does_not_make_it_public(desk):
    house, browser = desk
    first, second, third = (browser(name, "secretariat") for name in ("gerda", "gustav", "greta"))
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, '/seite/impressum').id}"
    change(first, target, "Ein neues Impressum.")
    hand_in(second, target)
    for app in (first, second):
        assert "Wer den Text geändert hat" in app.get(target).text and listed(app, SUBMITTED) == [], (
            "neither who wrote it nor who handed it in"
        )
    assert len(listed(third, SUBMITTED)) == 1
    hand_in(third, target, "correct", note="Neu.")
    assert "Ein neues Impressum." in TestApp(third.app).get("/seite/impressum").text


def take_in(house, tmp_path, text, publishing=True):
    """Import a file that gives the offer another text; its report."""
    with house.reading() as connection:
        value = connection.execute(sa.select(models.Item.input).where(models.Item.url == OFFER)).scalar_one()
    (tmp_path / "angebote.jsonl").write_text(json.dumps({"type": "offer", **value, "text": text}), encoding="utf-8")
    with house.writing("betrieb", permits=ROLES["operator"].permits) as work:
        return exchange.Importer(work.desk, is_publishing=publishing).read([tmp_path / "angebote.jsonl"])


def mailed(house):
    """The mails that wait or went, by whom and with what."""
    with house.writing("test") as work:
        return [
            (row.payload["to"], row.payload["words"])
            for row in work.session.scalars(sa.select(models.Job))
            if row.kind == "mail.notice"
        ]


def test_an_import_that_replaces_the_text_gives_a_change_back_and_says_so(offered, tmp_path):
    house, provider, office, target = offered
    hand_in(provider, target)
    report = take_in(house, tmp_path, "Aus dem Bestand.")
    assert "Aus dem Bestand." in TestApp(office.app).get(OFFER).text
    words, unread = notices(house, "anna", "returned")[-1]
    assert (
        unread
        and words.startswith("Die eingereichte Änderung kommt zurück")
        and "angebote.jsonl" in words
        and "Revision 2" in words
    )
    assert ("anna@amt.example", words) in mailed(house)
    assert notices(house, "anna", "published") == [], "what she handed in did not become public"
    assert [str(row) for row in report.overtaken] == [
        "angebote.jsonl, Zeile 1: /angebot/govdigital-wohngeld: Die von Anna eingereichte Änderung (Revision 2) ist durch diesen Text ersetzt. Wer sie schrieb, weiß es."
    ]
    assert [unread for _, unread in notices(house, "gerda", "waits")] == [False] and listed(office, SUBMITTED) == []
    page = provider.get(target)
    assert "Änderung zurückgeben" in page.text and steps_of(provider, target) == set()
    assert "Der neue Text." in provider.get(target + "/verlauf?alt=2&neu=3").text, "her text is still in the history"


@pytest.mark.parametrize(("text", "publishing"), [("Der neue Text.", True), ("Aus dem Bestand.", False)])
def test_an_import_that_leaves_the_change_alone_ends_nothing(offered, tmp_path, text, publishing):
    house, provider, office, target = offered
    hand_in(provider, target)
    report = take_in(house, tmp_path, text, publishing)
    assert report.overtaken == [] and notices(house, "anna", "returned") == []
    assert len(listed(office, SUBMITTED)) == (0 if publishing else 1)
    assert ("Der neue Text." in TestApp(office.app).get(OFFER).text) == publishing


def test_who_handed_in_a_change_hears_when_the_item_is_withdrawn(offered):
    house, provider, _office, target = offered
    hand_in(provider, target)
    withdraw(house, "Eingestellt.")
    with house.writing("test") as work:
        row = lookup.find(work.session, OFFER)
        assert row.publication_state == "withdrawn" and work.session.get(models.FrozenText, row.id) is None
    assert [words for words, _ in notices(house, "anna", "returned")] == [
        "Der Eintrag ist zurückgezogen. Die eingereichte Änderung endet damit. Hinweis: Eingestellt."
    ]
    assert [unread for _, unread in notices(house, "gerda", "waits")] == [False]


def test_nobody_hears_of_a_change_that_was_decided_before_the_withdrawal(offered):
    house, provider, office, target = offered
    hand_in(provider, target)
    hand_in(office, target, "correct", note="Neu.")
    withdraw(house, "Eingestellt.")
    assert notices(house, "anna", "returned") == []


def test_a_preview_shows_what_is_typed_and_not_what_was_handed_in(offered):
    _house, provider, _office, target = offered
    hand_in(provider, target)
    form = form_of(provider.get(target + "/bearbeiten"))
    form["text"] = "Nur getippt."
    shown = provider.post("/redaktion/vorschau/offer", {**dict(form.submit_fields()), "id": target.rsplit("/", 1)[1]})
    assert "Nur getippt." in shown.text


def at_once(*forms):
    """Send forms of several browsers at the very same moment; their answers."""
    start, answers = threading.Barrier(len(forms)), {}

    def send(place, form):
        start.wait()
        answers[place] = form.submit(expect_errors=True)

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(forms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(forms))]


@pytest.mark.on_both_databases
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("correct", "correct"),
        ("correct", "return_change"),
        ("correct", "submit_change"),
        ("submit_change", "submit_change"),
    ],
)
def test_of_two_who_decide_at_the_same_moment_one_does_and_one_is_told(offered, desk, first, second):
    house, provider, office, target = offered
    other = desk[1]("greta", "secretariat")
    if "submit_change" not in {first, second}:
        hand_in(provider, target)
        change(provider, target, "Noch nicht eingereicht.")
    typed = {"correct": "note", "return_change": "comment"}
    forms = [
        step(app.get(target), name)
        for app, name in ((office, first), (provider if second == "submit_change" else other, second))
    ]
    for form, name in zip(forms, (first, second), strict=True):
        if name in typed:
            form[typed[name]] = f"Mein Hinweis zu {name}"
    answers = at_once(*forms)
    assert sorted(answer.status_int for answer in answers) == [303, 409]
    lost = next(place for place, answer in enumerate(answers) if answer.status_int == 409)
    name, page = (first, second)[lost], answers[lost]
    assert page.html.find(class_="notice-warning", role="alert"), "the refusal is to be seen, not only to be heard"
    assert name not in typed or f"Mein Hinweis zu {name}" in page.text, "what was typed is kept"
    with house.writing("test") as work:
        row = lookup.find(work.session, OFFER)
        taken = [past.transition for past in transition.history(work.session, row, PUBLICATION)]
        numbers = list(
            work.session.scalars(
                sa.select(models.Edition.number).where(models.Edition.item_id == row.id).order_by(models.Edition.number)
            )
        )
    assert taken[-1] == (first, second)[1 - lost] and taken.count("correct") <= 1
    assert numbers == [1, 2] if taken[-1] == "correct" else numbers == [1]
    assert "Noch nicht eingereicht." not in TestApp(office.app).get(OFFER).text, (
        "the draft behind what was handed in is nobody's decision"
    )


def test_a_refusal_of_a_step_that_is_not_offered_any_more_is_seen_with_what_was_typed(offered):
    _house, provider, office, target = offered
    hand_in(provider, target)
    old = step(office.get(target), "return_change")
    hand_in(office, target, "correct", note="Neu.")
    old["comment"] = "Ein langer <Hinweis>."
    page = old.submit(status=409)
    seen = page.html.find(id="abgelehnt")
    assert "Es ist keine Änderung eingereicht." in seen.get_text() and "Ein langer <Hinweis>." in seen.get_text()


WRONG = [
    (state, name)
    for state in ("draft", "submitted", "withdrawn", "trashed")
    for name in ("submit_change", "recall_change", "return_change")
]


@pytest.mark.parametrize(("state", "name"), WRONG)
def test_nothing_but_a_public_text_has_changes_to_hand_in(house, state, name):
    roads = {"draft": (), "submitted": ("submit",), "withdrawn": ("import", "withdraw"), "trashed": ("trash",)}
    with house.writing("petra", clock=lambda: NOW) as work:
        row = edit.save(
            work.session, "page", clean_item("page", {"slug": "x", "title": "X", "text": "Y."}), now=NOW
        ).item
        for one in roads[state]:
            transition.take(work.desk, row, PUBLICATION, one, {"note": "n"})
        with pytest.raises(Blocked) as refused:
            transition.take(work.desk, row, PUBLICATION, name, {"comment": "c"})
        assert "wrong_state" in {one.code for one in refused.value.blockers}


@pytest.mark.parametrize(
    ("role", "kind"),
    [("provider", "offer"), ("member", "report"), ("chair", "report"), ("land", "recommendation"), ("press", "page")],
)
def test_whoever_may_edit_may_hand_in_a_change(role, kind):
    held = ROLES[role]
    assert kind in held.kinds and PUBLICATION.transitions["submit_change"].permission in held.permits
    assert (Permission.ITEM_CORRECT in held.permits) == (role == "press")


@pytest.mark.parametrize("database", ["house", "postgres_house"])
def test_a_change_goes_its_way_on_both_databases(database, request):
    house = request.getfixturevalue(database)
    value = {"slug": "x", "title": "X", "text": "Alt."}

    def acts(login, *steps, text=""):
        with house.writing(login, permits=ROLES["press"].permits, clock=lambda: NOW) as work:
            row = (
                edit.save(work.session, "page", clean_item("page", {**value, "text": text}), now=NOW, actor=login).item
                if text
                else lookup.find(work.session, "/seite/x")
            )
            for name in steps:
                permitted = (
                    dataclasses.replace(work.desk, permits=ROLES["operator"].permits) if name == "import" else work.desk
                )
                transition.take(permitted, row, PUBLICATION, name, {"note": "n", "comment": "c"})
            return row.rev, row.public_rev

    acts("petra", "import", text="Alt.")
    acts("petra", "submit_change", "recall_change", "submit_change", text="Neu.")
    acts("paula", "return_change")
    with pytest.raises(Blocked):
        acts("paula", "correct")
    acts("petra", "submit_change")
    assert acts("petra", text="Neuer.") == (3, 1)
    assert acts("paula", "correct") == (3, 2)
    with house.reading() as connection:
        editions = models.Edition.__table__.c
        assert (
            "Neu."
            in connection.execute(sa.select(editions.document).where(editions.valid_until.is_(None))).scalar_one()
        )
