"""What is asked before it is done: every act of the table shows its consequences, changes nothing before the yes, and keeps its reason."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from content.services import accounts, lookup
from portal.confirming import ACTS
from tests.functional.confirming import REASON, is_question, sure
from tests.functional.people import logged
from tests.functional.test_desk import step
from tests.functional.test_desk_drafts import autosave, drafts, typed_press
from tests.functional.test_desk_links import new_term


def _account(desk, wish):
    house, browser = desk
    app = browser("adam", "administrator")
    browser("petra", "press")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'petra').id}"
    token = app.get(path).forms[0]["formular"].value
    action = {"lock": "account.locked", "factors": "account.factors-removed"}[wish]
    return lambda: app.post(path, {"formular": token, "schritt": wish}), lambda: bool(logged(house, action))


def _remove(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = new_term(app, "weg")
    step(app.get(target), "trash").submit(status=303)

    def is_done():
        with house.writing("test") as work:
            return lookup.find(work.session, "/glossar/weg") is None

    return lambda: step(app.get(target), "remove").submit(), is_done


def _draft(desk):
    house, browser = desk
    app = browser("petra", "press")
    autosave(app, typed_press(app))

    def ask():
        return next(form for form in app.get("/redaktion/neu/press_release").forms.values() if "verwerfen" in form.fields).submit("verwerfen")

    return ask, lambda: drafts(house) == []


PLACES = {
    "account.lock": lambda desk: _account(desk, "lock"), "account.factors": lambda desk: _account(desk, "factors"), "item.remove": _remove,
    "draft.discard": _draft,
}
"""Acts that need nothing but accounts and an item; those of reports and of reuse are asked in `test_report_review` and `test_reuse`."""


@pytest.mark.parametrize("name", sorted(PLACES))
def test_an_act_is_asked_with_its_consequences_and_done_after_the_yes(desk, name):
    ask, is_done = PLACES[name](desk)
    asked = ask()
    assert is_question(asked) and ACTS[name].consequences in asked.html.select_one("#folgen").text and not is_done()
    if ACTS[name].reason:
        refused = sure(asked, reason="  ")
        assert refused.status_int == 400 and "Der Grund fehlt. Bitte" in refused.text and not is_done()
        refused.forms["frage"][ACTS[name].reason] = REASON
        assert refused.forms["frage"].submit().status_int == 303
    else:
        assert sure(asked).status_int == 303
    assert is_done()


@pytest.mark.parametrize(("wish", "action"), [("lock", "account.locked"), ("factors", "account.factors-removed")])
def test_the_reason_stays_in_the_log_and_is_told_to_the_person(desk, wish, action):
    house, _ = desk
    ask, _ = _account(desk, wish)
    assert sure(ask()).status_int == 303
    assert [row.detail for row in logged(house, action)] == [REASON]
    with house.writing("test") as work:
        assert any(f"Grund: {REASON}" in words for words in work.session.scalars(sa.select(models.Notice.words)))


def test_a_reason_that_is_too_long_stays_as_typed(desk):
    ask, is_done = _account(desk, "lock")
    refused = sure(ask(), reason="x" * 1001)
    assert refused.status_int == 400 and refused.forms["frage"]["grund"].value == "x" * 1001 and not is_done()


def test_the_second_person_sees_text_reason_and_consequences_where_the_button_stands(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("gustav", "secretariat")
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, '/seite/impressum').id}"
    form = step(app.get(target), "withdraw")
    form["grund"] = REASON
    form.submit(status=303)
    page = other.get(target).html
    asked = page.select_one(".desk-read #schritte #antrag-publication-withdraw")
    assert REASON in asked.text and "stehen für immer im Register" in asked.text and "bestätigen" in asked.select_one("button").text
    sheet = page.select_one(".desk-read .desk-sheet")
    assert sheet is not None and len(sheet.text.split()) > 20, page.select_one(".desk-read")
