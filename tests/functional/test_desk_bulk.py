"""Steps for many items at once: asked first, each taken by itself, each answered with its reasons."""

from __future__ import annotations

import sqlalchemy as sa

from content import models
from content.database.patience import TooBusy
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import bulk, second_person, transition
from tests.functional.test_changes import change, listed
from tests.functional.test_desk_lists import NOW, PUBLISH, SUBMIT, titles, write
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES


def state(house, item_id):
    with house.reading() as connection:
        return connection.scalar(sa.select(models.Item.publication_state).where(models.Item.id == item_id))


def choose(app, step, *ids, **chosen):
    """Send the list's form with these rows ticked and the button of `step`, as a browser without a script does."""
    form = app.get("/redaktion/eintraege", {"art": "page", "ordnung": "neu", **chosen}).forms[2]
    for box in form.fields["eintrag"]:
        box.checked = int(box._value.split(".")[0]) in ids
    assert sum(box.checked for box in form.fields["eintrag"]) == len(ids)
    quick = {button._value for button in form.fields["schritt"]}
    if step in quick:
        return form.submit("schritt", value=step, expect_errors=True)
    return form.submit("schritt", value="").forms[1].submit("schritt", value=step, expect_errors=True)


def confirm(page, **fields):
    form = page.forms[1]
    for name, value in fields.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_drafts_are_submitted_together_and_nothing_happens_before_it_is_confirmed(desk):
    house, browser = desk
    app = browser("rita", "press")
    first, second = write(house, "eins", by="rita"), write(house, "zwei", by="rita")
    asked = choose(app, "submit", first, second)
    assert "Das geht: 2 Einträge" in asked.text and state(house, first) == "draft"
    done = confirm(asked)
    assert "Einreichen: 2 von 2 erledigt" in done.text
    assert state(house, first) == state(house, second) == "submitted"


def test_what_had_no_turn_because_others_wrote_is_named_and_what_was_done_stays_done(desk, monkeypatch):
    house, browser = desk
    app = browser("rita", "press")
    ids = [write(house, slug, by="rita") for slug in ("eins", "zwei", "drei")]
    asked = choose(app, "submit", *ids)
    take, turns = bulk._take, iter([True, False, True])

    def sometimes(*given):
        if not next(turns):
            raise TooBusy("others write")
        return take(*given)

    monkeypatch.setattr(bulk, "_take", sometimes)
    done = confirm(asked)
    assert (
        done.status_int == 200
        and "Einreichen: 2 von 3 erledigt" in done.text
        and "Andere schrieben gerade zu lange" in done.text
    )
    assert sorted(state(house, one) for one in ids) == ["draft", "submitted", "submitted"]


def test_what_cannot_be_done_is_named_with_its_reason_and_hinders_nothing_else(desk):
    house, browser = desk
    app = browser("paul", "press")
    mine, other, draft = (
        write(house, "meins", by="paul", steps=SUBMIT),
        write(house, "anderes", by="rita", steps=SUBMIT),
        write(house, "roh", by="rita"),
    )
    asked = choose(app, "publish", mine, other, draft)
    assert "Das geht: 1 Eintrag<" in asked.text and "Das geht nicht: 2 Einträge" in asked.text
    assert "im Zustand „Entwurf“ nicht möglich" in asked.text
    done = confirm(asked)
    assert titles(done) == ["Anderes"] and "Veröffentlichen: 1 von 1 erledigt" in done.text
    assert [state(house, row) for row in (mine, other, draft)] == ["submitted", "published", "draft"]
    assert app.app and app.get("/seite/anderes").status_int == 200


def test_withdrawing_asks_for_the_public_note_and_gives_it_to_each(desk):
    house, browser = desk
    app = browser("paul", "press")
    ids = [write(house, slug, by="rita", steps=PUBLISH) for slug in ("eins", "zwei")]
    asked = choose(app, "withdraw", *ids)
    refused = confirm(asked)
    assert (
        refused.status_int == 400
        and "Der Hinweis für die Öffentlichkeit fehlt" in refused.text
        and state(house, ids[0]) == "published"
    )
    done = confirm(refused, note="Überholt <b>")
    assert "2 von 2 erledigt" in done.text and done.text.count("Beantragt: Eine zweite Person") == 2
    assert {state(house, row) for row in ids} == {"published"}, "nobody withdraws alone"
    own = choose(app, "withdraw", *ids)
    assert own.text.count("bestätigt es nicht selbst") == 2
    second = browser("petra", "press")
    asked = choose(second, "withdraw", *ids)
    assert (
        asked.text.count("Bestätigt den Antrag von Paul vom") == 2
        and asked.text.count("Grund: „Überholt &lt;b&gt;“. Dieser Grund bleibt.") == 2
    )
    assert "note" not in asked.forms[1].fields, "nothing is typed that would be replaced"
    done = confirm(asked)
    assert (
        "2 von 2 erledigt" in done.text
        and "Beantragt" not in done.text
        and done.text.count("Bestätigt den Antrag von Paul") == 2
    )
    for slug in ("eins", "zwei"):
        assert "Überholt &lt;b&gt;" in app.get(f"/seite/{slug}", status=410).text


def test_where_one_is_confirmed_and_one_asked_for_the_page_says_which_reason_counts_where(desk):
    house, browser = desk
    ids = [write(house, slug, by="rita", steps=PUBLISH) for slug in ("eins", "zwei")]
    confirm(choose(browser("paul", "press"), "withdraw", ids[0]), note="Überholt")
    app = browser("petra", "press")
    asked = choose(app, "withdraw", *ids)
    assert (
        "Grund: „Überholt“. Dieser Grund bleibt." in asked.text and "Wird beantragt: Eine zweite Person" in asked.text
    )
    assert "Gilt nur für die Einträge, die neu beantragt werden" in asked.text
    refused = confirm(asked)
    assert refused.status_int == 400 and state(house, ids[0]) == "published"
    done = confirm(refused, note="Doppelt")
    assert "2 von 2 erledigt" in done.text and [state(house, one) for one in ids] == ["withdrawn", "published"]
    assert "Überholt" in app.get("/seite/eins", status=410).text
    with house.writing("test") as work:
        assert [row.reason for row in work.session.query(models.StepRequest)] == ["Doppelt"]


def test_a_request_that_is_gone_when_it_is_confirmed_is_not_asked_for_anew(desk):
    house, browser = desk
    number = write(house, "eins", by="rita", steps=PUBLISH)
    confirm(choose(browser("paul", "press"), "withdraw", number), note="Überholt")
    asked = choose(browser("petra", "press"), "withdraw", number)
    with house.writing("paul", permits=ROLES["press"].permits) as work:
        second_person.take_back(work.desk, work.session.get_one(models.Item, number), PUBLICATION, "withdraw")
    done = confirm(asked)
    assert "fehlt" in done.text or "inzwischen geändert" in done.text
    assert state(house, number) == "published"
    with house.writing("test") as work:
        assert work.session.query(models.StepRequest).count() == 0


def test_operators_keep_their_own_note_where_a_request_was_open(desk):
    house, browser = desk
    number = write(house, "eins", by="rita", steps=PUBLISH)
    app = browser("paul", "press")
    confirm(choose(app, "withdraw", number), note="Überholt")
    with house.writing("betrieb", permits=ROLES["operator"].permits) as work:
        transition.withdraw(work.desk, work.session.get_one(models.Item, number), "Anordnung des Gerichts")
    page = app.get("/seite/eins", status=410).text
    assert "Anordnung des Gerichts" in page and "Überholt" not in page


def test_trash_and_restore_for_many(desk):
    house, browser = desk
    app = browser("paul", "press")
    ids = [write(house, slug, by="rita") for slug in ("eins", "zwei")]
    confirm(choose(app, "trash", *ids))
    assert {state(house, row) for row in ids} == {"trashed"}
    confirm(choose(app, "restore", *ids, zustand="trashed"))
    assert {state(house, row) for row in ids} == {"draft"}


def test_what_changed_since_the_list_was_seen_is_not_touched(desk):
    house, browser = desk
    app = browser("rita", "press")
    row = write(house, "eins", by="rita")
    asked = choose(app, "submit", row)
    write(house, "eins", by="otto", title="Inzwischen anders")
    done = confirm(asked)
    assert "0 von 1 erledigt" in done.text and "wurde inzwischen geändert" in done.text and state(house, row) == "draft"


def test_sending_the_confirmed_page_twice_does_nothing_twice(desk):
    house, browser = desk
    app = browser("rita", "press")
    asked = choose(app, "submit", write(house, "eins", by="rita"))
    assert "1 von 1 erledigt" in confirm(asked).text
    assert "„Einreichen“ ist im Zustand „Eingereicht“ nicht möglich" in confirm(asked).text


def test_nothing_chosen_too_much_or_nonsense_is_said_in_words(desk):
    house, browser = desk
    app = browser("rita", "press")
    write(house, "eins", by="rita")
    empty = choose(app, "submit")
    assert empty.status_int == 400 and "Kein Eintrag ist ausgewählt" in empty.text
    form = app.get("/redaktion/eintraege").forms[2]
    token = form["formular"].value
    sent = {"formular": token, "schritt": "submit"}
    many = app.post(
        "/redaktion/eintraege/schritt", [*sent.items(), *(("eintrag", f"{n}.1") for n in range(1, 103))], status=400
    )
    assert "Höchstens 100 auf einmal" in many.text
    odd = app.post("/redaktion/eintraege/schritt", {**sent, "eintrag": "999999999.1", "zurueck": "//boese.example"})
    assert "gibt es nicht mehr" in odd.text and "boese" not in odd.text
    assert app.post("/redaktion/eintraege/schritt", {**sent, "eintrag": "x'; DROP"}, status=400)
    app.post("/redaktion/eintraege/schritt", {**sent, "schritt": "import", "eintrag": "1.1"}, status=404)
    app.post("/redaktion/eintraege/schritt", {**sent, "schritt": "go_live", "eintrag": "1.1"}, status=404)


def test_nobody_moves_what_they_may_not_see_or_not_do(desk):
    house, browser = desk
    hidden = write(house, "fremd", by="rita")
    app = browser("anna", "provider", organisation="govdigital")
    token = app.get("/redaktion/konto").forms[0]["formular"].value
    sent = {"formular": token, "schritt": "submit", "eintrag": f"{hidden}.1", "bestaetigt": "ja"}
    assert "gibt es nicht mehr" in app.post("/redaktion/eintraege/schritt", sent).text
    app.post("/redaktion/eintraege/schritt", {**sent, "schritt": "publish"}, status=403)
    assert state(house, hidden) == "draft"


def test_a_person_who_may_take_no_step_gets_a_list_without_boxes(desk):
    _, browser = desk
    assert "eintrag" not in browser("hanna", "land", organisation="hamburg").get("/redaktion/eintraege").forms[1].fields


def buttons(page):
    """The steps that a page offers: by name, with its words."""
    return {button["value"]: button.get_text(strip=True) for button in page.html.select("button[name=schritt]")}


def offered(page):
    """Step → the words that say for how many it can be taken."""
    return {
        row.button["value"]: row.find("span", class_="quiet").get_text(strip=True)
        for row in page.html.select("li.row:has(button[name=schritt])")
    }


def test_a_list_has_buttons_for_what_its_rows_can_do_and_one_for_everything_else(desk):
    house, browser = desk
    app = browser("paul", "press")
    write(house, "roh", by="rita")
    assert list(buttons(app.get("/redaktion/eintraege?art=page&q=roh"))) == ["submit", "trash", ""]
    row = write(house, "offen", by="rita", steps=PUBLISH)
    assert list(buttons(app.get("/redaktion/eintraege?art=page&q=offen"))) == ["withdraw", ""]
    change(browser("rita", "press"), f"/redaktion/eintrag/{row}", "Neu.")
    page = app.get("/redaktion/eintraege?art=page&q=offen")
    assert buttons(page) == {
        "submit_change": "Änderung einreichen",
        "correct": "Berichtigen",
        "return_change": "Änderung zurückgeben",
        "withdraw": "Zurückziehen",
        "": "Andere Schritte …",
    }


def test_every_step_that_the_plan_allows_for_one_of_the_chosen_is_offered_and_no_other(desk):
    house, browser = desk
    app, other = browser("paul", "press"), browser("rita", "press")
    rows = [
        write(house, "roh", by="rita"),
        write(house, "wartet", by="rita", steps=SUBMIT),
        write(house, "meins", by="paul", steps=SUBMIT),
        write(house, "offen", by="rita", steps=PUBLISH),
        write(house, "anders", by="rita", steps=PUBLISH),
        write(house, "eingereicht", by="rita", steps=PUBLISH),
        write(house, "weg", by="rita", steps=[*PUBLISH, ("withdraw", {"note": "n"})]),
        write(house, "zwei-wartet", by="rita", steps=SUBMIT),
    ]
    for row in rows[4:6]:
        change(other, f"/redaktion/eintrag/{row}", "Neu.")
    confirm(choose(other, "submit_change", rows[5]))
    allowed = {}
    with house.writing("paul", permits=ROLES["press"].permits) as work:
        for row in rows:
            for offer in transition.possible(work.desk, work.session.get(models.Item, row), PUBLICATION):
                allowed[offer.name] = allowed.get(offer.name, 0) + (
                    offer.is_possible or {row.code for row in offer.blockers} == {"not_asked"}
                )
    page = choose(app, "", *rows)
    assert offered(page) == {name: f"geht bei {count} von {len(rows)}" for name, count in allowed.items() if count}
    assert {
        "submit_change",
        "return_change",
        "correct",
        "recall",
        "reject",
        "publish",
        "schedule",
        "republish",
    } <= offered(page).keys()
    assert "import" not in buttons(page) and "remove" not in buttons(page)


def test_changes_are_handed_in_given_back_and_made_public_together(desk):
    house, browser = desk
    writer, reviewer = browser("rita", "press"), browser("paul", "press")
    rows = [write(house, slug, by="rita", steps=PUBLISH) for slug in ("eins", "zwei")]
    for row in rows:
        change(writer, f"/redaktion/eintrag/{row}", "Der neue Text.")
    assert "2 von 2 erledigt" in confirm(choose(writer, "submit_change", *rows)).text
    asked = confirm(choose(reviewer, "return_change", *rows))
    assert asked.status_int == 400 and "Der Hinweis fehlt" in asked.text
    assert "2 von 2 erledigt" in confirm(asked, comment="Bitte kürzer.").text
    assert all("Bitte kürzer." in row for row in listed(writer, "Zurückgegeben mit Hinweis"))
    assert "2 von 2 erledigt" in confirm(choose(writer, "submit_change", *rows)).text
    own = choose(writer, "correct", *rows)
    assert "Das geht nicht: 2 Einträge" in own.text and "Wer den Text geändert hat" in own.text
    asked = choose(reviewer, "correct", *rows)
    assert "2 von 2 erledigt" in confirm(asked, note="Neuer Text.").text
    again = confirm(asked, note="Neuer Text.")
    assert "0 von 2 erledigt" in again.text and "dieselbe wie die öffentliche" in again.text, (
        "sent twice, nothing is corrected twice"
    )
    assert all("Der neue Text." in reviewer.get(f"/seite/{slug}").text for slug in ("eins", "zwei"))
    assert "submit_change" not in buttons(choose(writer, "", *rows)), "nothing is left to hand in"


def test_a_time_is_asked_for_where_many_are_scheduled(desk):
    house, browser = desk
    app = browser("paul", "press")
    row = write(house, "spaeter", by="rita", steps=SUBMIT)
    asked = confirm(choose(app, "schedule", row))
    assert asked.status_int == 400 and "Der Zeitpunkt fehlt" in asked.text and 'type="datetime-local"' in asked.text
    past = confirm(asked, publish_at="2020-01-01T10:00")
    assert "Der Zeitpunkt muss in der Zukunft liegen" in past.text and state(house, row) == "submitted"
    assert "1 von 1 erledigt" in confirm(choose(app, "schedule", row), publish_at="2099-01-01T10:00").text
    assert state(house, row) == "scheduled"


def test_steps_of_a_procedure_are_taken_for_many_too_and_not_for_other_kinds(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    page_id = write(house, "seite", by="rita")
    with house.writing("test") as work:
        ids = [
            edit.save(
                work.session,
                "recommendation",
                clean_item(
                    "recommendation",
                    {
                        "slug": slug,
                        "title": slug.title(),
                        "text": "Ein Text.",
                        "addressees": ["Hamburg"],
                        "state": "draft",
                    },
                ),
                now=NOW,
            ).item.id
            for slug in ("r1", "r2")
        ]
    sent = [
        ("formular", app.get("/redaktion/konto").forms[0]["formular"].value),
        *(("eintrag", f"{row}.1") for row in [*ids, page_id]),
    ]
    address = "/redaktion/eintraege/schritt"
    page = app.post(address, [*sent, ("schritt", "")])
    assert offered(page)["recommendation:propose"] == "geht bei 2 von 3"
    asked = app.post(address, [*sent, ("schritt", "recommendation:propose")])
    assert "„Vorschlagen“ gibt es bei dieser Art nicht." in asked.text
    assert "2 von 2 erledigt" in confirm(asked).text
    with house.writing("test") as work:
        assert {lookup.find(work.session, f"/empfehlung/{slug}").procedure_state for slug in ("r1", "r2")} == {
            "proposed"
        }
    app.post(address, [*sent, ("schritt", "reuse:order")], status=404)


def test_what_nobody_can_do_with_the_chosen_is_said_with_its_reasons(desk):
    house, browser = desk
    app = browser("paul", "press")
    row = write(house, "meins", by="paul", steps=SUBMIT)
    page = choose(app, "", row)
    assert "publish" not in buttons(page) and "Wer eingereicht hat, gibt nicht selbst frei" in page.text
    assert (
        "ist Ihnen zurzeit kein Schritt möglich"
        in app.post(
            "/redaktion/eintraege/schritt",
            {"formular": page.forms[1]["formular"].value, "schritt": "", "eintrag": "999999.1"},
        ).text
    )
