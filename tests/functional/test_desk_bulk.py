"""Steps for many items at once: asked first, each taken by itself, each answered with its reasons."""

from __future__ import annotations

import sqlalchemy as sa

from content import models
from tests.functional.test_desk_lists import PUBLISH, SUBMIT, titles, write


def state(house, item_id):
    with house.reading() as connection:
        return connection.scalar(sa.select(models.Item.publication_state).where(models.Item.id == item_id))


def choose(app, step, *ids, **chosen):
    """Send the list's form with these rows ticked and the button of `step`, as a browser without a script does."""
    form = app.get("/redaktion/eintraege", {"art": "page", "ordnung": "neu", **chosen}).forms[2]
    for box in form.fields["eintrag"]:
        box.checked = int(box._value.split(".")[0]) in ids
    assert sum(box.checked for box in form.fields["eintrag"]) == len(ids)
    return form.submit("schritt", value=step, expect_errors=True)


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


def test_what_cannot_be_done_is_named_with_its_reason_and_hinders_nothing_else(desk):
    house, browser = desk
    app = browser("paul", "press")
    mine, other, draft = write(house, "meins", by="paul", steps=SUBMIT), write(house, "anderes", by="rita", steps=SUBMIT), write(house, "roh", by="rita")
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
    assert refused.status_int == 400 and "Der Hinweis für die Öffentlichkeit fehlt" in refused.text and state(house, ids[0]) == "published"
    done = confirm(refused, note="Überholt <b>")
    assert "2 von 2 erledigt" in done.text
    for slug in ("eins", "zwei"):
        assert "Überholt &lt;b&gt;" in app.get(f"/seite/{slug}", status=410).text


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
    many = app.post("/redaktion/eintraege/schritt", [*sent.items(), *(("eintrag", f"{n}.1") for n in range(1, 103))], status=400)
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
