"""What goes only by two, and what rests on a decision: nobody alone brings back or replaces what the public reads, and only what was adopted counts."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.council.koenigstein import KEYS
from content.export import pdf
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots, key_lists, other_rule
from content.services.editing import edit, mentions
from content.services.publishing import ledger, proof
from content.services.workflow import second_person, transition
from portal.commands import starting
from tests.functional.deciding import acting, draft_decision, voted
from workflows.decision import DECISION
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION
from workflows.report import REPORT

NOW = dt.datetime.now(dt.UTC)
PAGE, OLD, NEW, ASKED = "/seite/impressum", "/beschluss/2021/39", "/beschluss/2021/34", "/empfehlung/efa-vorrang"
LAPSED = "/beschluss/2024/13"


# --- what came back ---------------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_what_was_withdrawn_comes_back_only_by_two_and_the_history_tells_both(portal):
    app, house = portal
    with acting(house, "gerda") as work:
        second_person.ask(work.desk, lookup.find(work.session, PAGE), PUBLICATION, "withdraw", "Falsche Anschrift.")
    with acting(house, "rita") as work:
        transition.take(work.desk, lookup.find(work.session, PAGE), PUBLICATION, "withdraw")
    for login in ("gerda", "rita"):
        with acting(house, login) as work, pytest.raises(Blocked, match="zu zweit"):
            transition.take(work.desk, lookup.find(work.session, PAGE), PUBLICATION, "republish", {"note": "Doch."})
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, PAGE)
        second_person.ask(work.desk, row, PUBLICATION, "republish", "Die Anschrift stimmt doch.")
        with pytest.raises(Blocked, match="beantragt hat"):
            transition.take(work.desk, row, PUBLICATION, "republish")
    app.get(PAGE, status=410)
    with acting(house, "rita") as work:
        row = lookup.find(work.session, PAGE)
        transition.take(work.desk, row, PUBLICATION, "republish", {"note": "Ein anderer Grund."})
        assert [(line.transition, line.actor) for line in transition.history(work.session, row)][-2:] == [
            ("ask:republish", "gerda"),
            ("republish", "rita"),
        ]
    assert "Die Anschrift stimmt doch." in app.get(f"{PAGE}/fassungen", status=200).text
    app.get(PAGE, status=200)


@pytest.mark.on_both_databases
def test_who_confirms_confirms_the_request_that_was_read(desk):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, PAGE).id}"

    def ask(reason):
        form = gerda.get(target).forms["antrag-publication-withdraw-stellen"]
        form["grund"] = reason
        form.submit(status=303)

    ask("Der erste Grund.")
    read = rita.get(target)
    gerda.get(target).forms["antrag-publication-withdraw-zuruecknehmen"].submit(status=303)
    ask("Ein anderer Grund.")
    refused = read.forms["schritt-publication-withdraw"].submit(status=409)
    assert "inzwischen geändert" in refused.text and gerda.get(PAGE).status_int == 200
    rita.get(target).forms["schritt-publication-withdraw"].submit(status=303)
    assert "Ein anderer Grund." in gerda.get(PAGE, status=410).text


@pytest.mark.parametrize(
    ("workflow", "name"), [("reuse", "order"), ("decision", "annul"), ("recommendation", "supersede")]
)
@pytest.mark.parametrize("what", ["stellen", "ablehnen", "zuruecknehmen"])
def test_a_request_for_a_step_that_is_not_the_items_is_refused_in_words(desk, workflow, name, what):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, PAGE).id}"
    form = app.get(target).forms["antrag-publication-withdraw-stellen"]
    given = {
        **dict(form.submit_fields()),
        "workflow": workflow,
        "schritt": name,
        "antrag": what,
        "grund": "x",
        "hinweis": "x",
    }
    assert app.post(f"{target}/schritt", given, expect_errors=True).status_int in {400, 404, 409}
    with house.writing("test") as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.StepRequest)) == 0


def test_an_import_brings_back_what_was_decided_elsewhere_without_a_second_person(portal):
    app, house = portal
    with house.writing("operator") as work:
        row = lookup.find(work.session, PAGE)
        transition.withdraw(work.desk, row, "Versehen.")
        transition.republish(work.desk, row, "Doch.")
    app.get(PAGE, status=200)


def test_who_changed_the_text_may_ask_for_it_to_come_back_and_another_confirms(desk):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    with house.writing("operator") as work:
        row = lookup.find(work.session, PAGE)
        transition.withdraw(work.desk, row, "Falsche Anschrift.")
        edit.save(
            work.session,
            "page",
            clean_item("page", {**row.input, "text": "Die neue Anschrift."}),
            now=work.desk.now,
            item=row,
            actor="gerda",
        )
        target = f"/redaktion/eintrag/{row.id}"
    form = gerda.get(target).forms["antrag-publication-republish-stellen"]
    assert "zu zweit" in form.text
    form["grund"] = "Neue Anschrift."
    form.submit(status=303)
    assert "antrag-publication-republish-zuruecknehmen" in gerda.get(target).forms
    rita.get(target).forms["schritt-publication-republish"].submit(status=303)
    assert "Die neue Anschrift." in rita.get(PAGE).text


# --- what takes the place of another ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("9999/1", "gibt es nicht"),
        ("quatsch", "gibt es nicht"),
        ("2021/39", "selbst"),
        (PAGE, "gibt es nicht"),
        ("entwurf", "„auf der Tagesordnung“"),
        ("nichtig", "„für nichtig erklärt“"),
        ("innen", "nicht öffentlich"),
    ],
)
def test_only_a_decision_that_is_adopted_and_public_takes_the_place_of_a_public_one(portal, given, words):
    _, house = portal
    with house.writing("test") as work:
        if given == "entwurf":
            given = voted(work).url
        if given in {"nichtig", "innen"}:
            other = lookup.find(work.session, NEW)
            other.procedure_state, other.publication_state = (
                ("annulled", "published") if given == "nichtig" else ("adopted", "draft")
            )
            given = "2021/34"
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, OLD)
        with pytest.raises(Blocked, match=words):
            second_person.ask(work.desk, row, DECISION, "supersede", "Überholt.", fields={"decision": given})
        with pytest.raises(Blocked, match=words):
            transition.take(work.desk, row, DECISION, "supersede", {"decision": given, "comment": "Überholt."})
        assert row.procedure_state != "superseded"


def test_a_report_is_noted_by_a_decision_that_was_adopted(portal):
    _, house = portal
    with acting(house, "gerda") as work:
        row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id)).first()
        row.procedure_state = "final"
        for given in ("unsinn", voted(work).url):
            with pytest.raises(Blocked, match=r"gibt es nicht|Hier zählt nur"):
                transition.take(work.desk, row, REPORT, "note", {"decision": given})
        assert row.procedure_state == "final"
        transition.take(work.desk, row, REPORT, "note", {"decision": "2021/34"})
        assert row.procedure_state == "noted"


@pytest.mark.on_both_databases
def test_a_decision_is_replaced_by_two_and_the_public_reads_by_which(portal):
    app, house = portal
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, OLD)
        with pytest.raises(Blocked, match="zu zweit"):
            transition.take(work.desk, row, DECISION, "supersede", {"decision": "2021/34", "comment": "Überholt."})
        with pytest.raises(Blocked, match="Grund fehlt"):
            second_person.ask(work.desk, row, DECISION, "supersede", " ", fields={"decision": "2021/34"})
        second_person.ask(work.desk, row, DECISION, "supersede", "Neu gefasst.", fields={"decision": "2021/34"})
        with pytest.raises(Blocked, match="beantragt hat"):
            transition.take(work.desk, row, DECISION, "supersede")
    assert app.get(OLD).html.select_one("#ersetzt") is None
    with acting(house, "rita") as work:
        transition.take(
            work.desk,
            lookup.find(work.session, OLD),
            DECISION,
            "supersede",
            {"decision": "quatsch", "comment": "Etwas anderes."},
        )
    page = app.get(OLD)
    told = page.html.select_one("#ersetzt")
    assert (
        told.select_one("a")["href"] == NEW and "Beschluss 2021/34" in told.text and "Grund: Neu gefasst." in told.text
    )
    assert "ersetzt durch Beschluss 2021/34" in page.html.select_one(".line").text
    document = app.get(f"{OLD}.json").json
    assert document["data"]["replacement"] | {"date": ""} == {
        "date": "",
        "reason": "Neu gefasst.",
        "url": NEW,
        "label": "Beschluss 2021/34",
    }
    assert pdf._ending(document).startswith("Dieser Beschluss ist ersetzt durch Beschluss 2021/34, seit ")
    assert "Ersetzt durch Beschluss 2021/34: Neu gefasst." in app.get(f"{OLD}/fassungen").text
    app.get(f"{OLD}.pdf", status=200)


def test_a_recommendation_is_replaced_by_two_and_says_so_at_once(portal):
    app, house = portal
    with house.writing("test") as work:
        lookup.find(work.session, ASKED).procedure_state = "adopted"
    with acting(house, "gerda") as work:
        second_person.ask(
            work.desk,
            lookup.find(work.session, ASKED),
            RECOMMENDATION,
            "supersede",
            "Neu gefasst.",
            fields={"decision": "2021/34"},
        )
    with acting(house, "rita") as work:
        transition.take(work.desk, lookup.find(work.session, ASKED), RECOMMENDATION, "supersede")
    told = app.get(ASKED).html.select_one("#ersetzt")
    assert told.select_one("a")["href"] == NEW and "Diese Empfehlung ist ersetzt durch Beschluss 2021/34" in told.text


def test_at_the_desk_the_second_person_reads_which_decision_was_named(desk):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, OLD).id}"
    page = gerda.get(target)
    assert "schritt-decision-supersede" not in page.forms
    form = page.forms["antrag-decision-supersede-stellen"]
    assert "nicht zurücknehmen" in form.text
    form["grund"], form["decision"] = "Neu gefasst.", "quatsch"
    refused = form.submit(status=409)
    assert "gibt es nicht" in refused.text
    form = refused.forms["antrag-decision-supersede-stellen"]
    assert (form["grund"].value, form["decision"].value) == ("Neu gefasst.", "quatsch")
    form["decision"] = "2021/34"
    form.submit(status=303)
    asked = rita.get(target).html.select_one("#antrag-decision-supersede")
    assert asked.select_one(f'a[href="{NEW}"]') and "Neu gefasst." in asked.text
    assert "antrag-decision-annul-stellen" in rita.get(target).forms, "another request hinders no other step"
    rita.get(target).forms["schritt-decision-supersede"].submit(status=303)
    assert rita.get(OLD).html.select_one("#ersetzt")


def test_a_decision_that_is_done_with_says_so_to_the_public(portal):
    app, house = portal
    with acting(house, "gerda") as work:
        transition.take(
            work.desk, lookup.find(work.session, OLD), DECISION, "lapse", {"comment": "Nur für den Verlauf."}
        )
    page = app.get(OLD)
    assert "erledigt" in page.html.select_one("#erledigt").text and "Nur für den Verlauf" not in page.text


@pytest.mark.on_both_databases
def test_what_an_earlier_version_ended_without_a_word_is_told_once_by_the_upgrade(portal, monkeypatch):
    app, house = portal
    with house.writing("test") as work:
        lookup.find(work.session, ASKED).procedure_state = "adopted"
    with monkeypatch.context() as earlier:
        earlier.setattr(transition.endings, "show", lambda *_: None)
        earlier.setattr(transition.implementation, "show", lambda *_: None)
        with acting(house, "gerda") as work:
            for url, workflow in ((OLD, DECISION), (ASKED, RECOMMENDATION)):
                second_person.ask(
                    work.desk,
                    lookup.find(work.session, url),
                    workflow,
                    "supersede",
                    "Neu gefasst.",
                    fields={"decision": "2021/34"},
                )
            transition.take(work.desk, lookup.find(work.session, LAPSED), DECISION, "lapse", {"comment": "Erledigt."})
        with acting(house, "rita") as work:
            for url, workflow in ((OLD, DECISION), (ASKED, RECOMMENDATION)):
                transition.take(work.desk, lookup.find(work.session, url), workflow, "supersede")
    marks = {OLD: "#ersetzt", ASKED: "#ersetzt", LAPSED: "#erledigt"}
    assert [app.get(url).html.select_one(mark) for url, mark in marks.items()] == [None, None, None]
    said = []
    starting.show_endings(house, say=said.append)
    assert said[-1] == "Festgehalten: 3 Fassungen."
    assert all(app.get(url).html.select_one(mark) for url, mark in marks.items())
    with house.reading() as connection:
        position = ledger.position(connection)
        assert ledger.verify(connection, house.public_keys)[1] is None and proof.rows(connection) == []
    starting.show_endings(house, say=said.append)
    with house.reading() as connection:
        assert ledger.position(connection) == position and len(said) == 2


# --- what rests on a decision -------------------------------------------------------------------------------------------


@pytest.mark.on_both_databases
def test_no_recommendation_is_adopted_by_a_decision_that_was_not(portal):
    app, house = portal
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, ASKED)
        row.procedure_state = "proposed"
        draft = voted(work, recommendations=["efa-vorrang"])
        with pytest.raises(Blocked, match="Hier zählt nur ein Beschluss, der beschlossen ist"):
            transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": draft.url})
        assert row.procedure_state == "proposed" and draft.url not in row.decision_urls
        transition.take(work.desk, draft, DECISION, "adopt")
        with pytest.raises(Blocked, match="nicht öffentlich"):
            transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": draft.number})
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, draft.url))
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, ASKED)
        transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": draft.number})
        rests_on = lookup.find(work.session, draft.url)
        assert row in mentions.users_of(work.session, rests_on), "what a recommendation rests on names it"
    assert draft.url in app.get(f"{ASKED}.json").json["data"]["road"][-1]["decision"]


def test_no_edition_names_the_address_of_a_draft(portal):
    app, house = portal
    with house.writing("test") as work:
        row, draft = lookup.find(work.session, ASKED), draft_decision(work)
        row.decision_urls = [*row.decision_urls, draft.url]
        work.session.add(
            models.StepEntry(
                item_id=row.id,
                workflow="recommendation",
                version=1,
                transition="adopt",
                source="proposed",
                target="adopted",
                actor="x",
                actor_name="X",
                at=NOW,
                comment="",
                decision_url=draft.url,
                rev=row.rev,
                sha256="0" * 64,
            )
        )
        work.session.flush()
        edit.save(
            work.session,
            "recommendation",
            clean_item("recommendation", {**row.input, "text": "Anders."}),
            now=NOW,
            item=row,
        )
        row.decision_urls = [*row.decision_urls, draft.url]
        transition.correct(work.desk, row, "Probe")
    text = app.get(f"{ASKED}.json").text
    assert "/entwurf/" not in text and '"road"' in text


# --- who is told --------------------------------------------------------------------------------------------------------


def _told(house, login, event):
    with house.writing("test") as work:
        rows = work.session.execute(
            sa.select(models.Notice.words, models.Notice.url, models.Notice.read_at)
            .join(models.Account, models.Account.id == models.Notice.account_id)
            .where(models.Account.login == login, models.Notice.event == event)
            .order_by(models.Notice.id)
        )
        return [(row.words, row.url, row.read_at is None) for row in rows]


def test_a_request_waits_on_the_start_page_of_those_who_may_confirm_and_its_answer_is_told(desk):
    house, browser = desk
    gerda, rita, anna = browser("gerda", "secretariat"), browser("rita", "secretariat"), browser("anna", "member")
    with acting(house, "gerda") as work:
        row = lookup.find(work.session, PAGE)
        second_person.ask(work.desk, row, PUBLICATION, "withdraw", "Falsche Anschrift.")
        target = f"/redaktion/eintrag/{row.id}"
    ((_, url, is_open),) = _told(house, "rita", "waits")
    assert url == target and is_open
    for page in (rita.get("/redaktion"), rita.get("/redaktion/eintraege?liste=wartet")):
        row = page.html.select_one('a.row-title[href*="#antrag-"]').find_parent("li")
        assert "„Zurückziehen“ beantragt von" in row.get_text() and "Grund: " in row.get_text()
        assert row.a["href"] == f"{target}#antrag-publication-withdraw"
    assert "Wartet auf Ihre Prüfung" in rita.get("/redaktion").text
    assert rita.get(target).html.select_one("#antrag-publication-withdraw button") is not None
    assert all("beantragt" not in app.get("/redaktion").text for app in (gerda, anna))
    rita.get(target).forms["schritt-publication-withdraw"].submit(status=303)
    assert _told(house, "gerda", "answered") == [("Ihr Antrag „Zurückziehen“ ist bestätigt.", target, True)]
    assert "beantragt" not in rita.get("/redaktion").text and not _told(house, "rita", "waits")[0][2]
    gerda.get(target, status=200)


def test_a_request_that_is_declined_or_overtaken_is_told_to_who_asked(desk):
    house, browser = desk
    for login in ("gerda", "greta", "rita"):
        browser(login, "secretariat")
    with acting(house, "gerda") as work:
        second_person.ask(work.desk, lookup.find(work.session, OLD), DECISION, "annul", "Kein Quorum.")
    with acting(house, "greta") as work:
        second_person.ask(
            work.desk,
            lookup.find(work.session, OLD),
            DECISION,
            "supersede",
            "Neu gefasst.",
            fields={"decision": "2021/34"},
        )
    with acting(house, "rita") as work:
        transition.take(work.desk, lookup.find(work.session, OLD), DECISION, "supersede")
        second_person.ask(work.desk, lookup.find(work.session, PAGE), PUBLICATION, "withdraw", "Weg.")
    with acting(house, "greta") as work:
        second_person.decline(work.desk, lookup.find(work.session, PAGE), PUBLICATION, "withdraw", "Nein.")
    assert [words for words, *_ in _told(house, "gerda", "answered")] == [
        "Ihr Antrag „Für nichtig erklären“ ist hinfällig: Inzwischen geschah „Ersetzen“."
    ]
    assert [words for words, *_ in _told(house, "greta", "answered")] == ["Ihr Antrag „Ersetzen“ ist bestätigt."]
    assert [words for words, *_ in _told(house, "rita", "answered")] == [
        "Ihr Antrag „Zurückziehen“ ist abgelehnt. Hinweis: Nein."
    ]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (key_lists.confirm, "ist bestätigt und zählt"),
        (
            lambda desk, key: key_lists.discard(desk, key, "Falsches Jahr."),
            "verworfen und zählt nicht. Grund: Falsches Jahr.",
        ),
    ],
)
def test_a_key_waits_for_others_and_its_end_is_told_to_who_entered_it(desk, act, words):
    house, browser = desk
    gerda, rita = browser("gerda", "secretariat"), browser("rita", "secretariat")
    listed = "\n".join(f"{code} {share}" for code, share in KEYS[2016].shares.items())
    with acting(house, "gerda") as work:
        number = key_lists.enter(work.desk, year="2027", source="Amtsblatt", text=listed).id
    ((_, url, is_open),) = _told(house, "rita", "waits")
    assert (
        is_open
        and url == f"/redaktion/koenigstein#k{number}"
        and "bestaetigen" in rita.get(url.partition("#")[0], status=200).text
    )
    with acting(house, "rita") as work:
        act(work.desk, number)
    ((told, url, _),) = _told(house, "gerda", "answered")
    assert words in told and not _told(house, "rita", "waits")[0][2]
    gerda.get(url.partition("#")[0], status=200)


@pytest.mark.on_both_databases
def test_nobody_is_asked_about_another_rule_once_the_body_has_it_too(desk):
    house, browser = desk
    rita = browser("rita", "secretariat")
    browser("gerda", "secretariat")
    with acting(house, "gerda") as work:
        row = voted(work)
        ballots.record(work.desk, row, {"BUND": "yes"}, rule="einstimmig", rule_reason="So vereinbart.")
        other_rule.ask(work.desk, row)
        body = row.body
        given = clean_item("body", {**body.input, "voting_rule": "einstimmig"})
        edit.save(work.session, "body", given, now=work.desk.now, actor="gerda", item=body, rev=body.rev)
        url = body.url
    waits = "Andere Abstimmungsregel zu bestätigen"
    assert waits in rita.get("/redaktion").text, "what one person saved changes nothing"
    with acting(house, "rita") as work:
        transition.correct(work.desk, lookup.find(work.session, url), "Neu gefasst.")
    assert waits not in rita.get("/redaktion").text and not _told(house, "rita", "waits")[0][2]


def test_another_rule_waits_for_others_and_its_confirmation_is_told(desk):
    house, browser = desk
    for login in ("gerda", "rita"):
        browser(login, "secretariat")
    with acting(house, "gerda") as work:
        row = voted(work)
        ballots.record(work.desk, row, {"BUND": "yes"}, rule="einstimmig", rule_reason="So vereinbart.")
        other_rule.ask(work.desk, row)
        number = row.id
    ((words, url, is_open),) = _told(house, "rita", "waits")
    assert (
        "Grund: So vereinbart." in words and url == f"/redaktion/eintrag/{number}/abstimmung#andere-regel" and is_open
    )
    with acting(house, "rita") as work:
        other_rule.confirm(work.desk, work.session.get_one(models.Decision, number))
    assert len(_told(house, "gerda", "answered")) == 1 and not _told(house, "rita", "waits")[0][2]
