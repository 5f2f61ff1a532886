"""What is asked before it is done: every act of the table shows its consequences, changes nothing before the yes, and keeps its reason."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.services import accounts, lookup, outbox, reuse
from content.services.reuse import Buyer
from portal.confirming import ACTS
from tests.functional.confirming import REASON, is_question, sure
from tests.functional.people import logged
from tests.functional.test_desk import step
from tests.functional.test_desk_drafts import autosave, drafts, typed_press
from tests.functional.test_desk_links import new_term
from tests.functional.test_report_desk import section_form
from tests.functional.test_report_review import make_group, send, suggest
from tests.functional.test_reports import TEXT
from tests.functional.test_reuse import SLUGS, _free, _open, _take


def _account(desk, wish, **fields):
    house, browser = desk
    app = browser("adam", "administrator")
    browser("petra", "press")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'petra').id}"
    token = app.get(path).forms[0]["formular"].value
    action = {"lock": "account.locked", "factors": "account.factors-removed", "revoke": "account.revoke", "disconnect": "account.unlinked"}[wish]
    return lambda: app.post(path, {"formular": token, "schritt": wish, **fields}), lambda: bool(logged(house, action))


def _identity(desk):
    asked = _account(desk, "disconnect", identity="1")
    with desk[0].writing("test") as work:
        petra = accounts.find(work.session, "petra")
        work.session.add(models.Identity(id=1, account_id=petra.id, issuer="https://anmeldung.example", subject="p-1", linked_at=dt.datetime.now(dt.UTC)))
    return asked


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


def _message(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        outbox.put(work.session, "mail.reset", "probe", {"to": "weg@amt.example"}, due_at=now)
        work.session.flush()
        work.session.execute(sa.update(models.Job).where(models.Job.key == "probe").values(attempts=9, given_up_at=now, error="550 unbekannt"))

    def ask():
        form = next(form for form in app.get("/redaktion/versand").forms.values() if "Verwerfen" in form.text)
        return form.submit("schritt", value="drop")

    return ask, lambda: bool(logged(house, "job.dropped"))


def _reuse(desk, name):
    house, browser = desk
    land = _free(house)
    app, row_id = browser("lena", "land", organisation=SLUGS[land]), _open(house, Buyer("land", land, "", SLUGS[land]))
    if name == "order":
        _take(house, row_id, "negotiate")
        _take(house, row_id, reuse.TERMS)
    target = f"/redaktion/nachnutzung/{row_id}"

    def is_done():
        with house.writing("test") as work:
            return work.session.get_one(models.Reuse, row_id).state == {"order": "ordered", "end": "ended"}[name]

    return lambda: step(app.get(target), name).submit(), is_done


def _suggestions(desk):
    (house, member, path, _), place = _group(desk)
    suggest(member("bert"), place, TEXT.replace("Erster", "Berts"))
    lead = member("clara", "chair")

    def is_done():
        with house.writing("test") as work:
            return work.session.scalar(sa.select(models.Suggestion.state)) == "rejected"

    return lambda: send(lead, f"{path}/durchsicht", 200, tun="alle-ablehnen"), is_done


def _section_draft(desk):
    (_, member, path, (uid, _)), _ = _group(desk)
    app, target = member("anna"), f"{path}/abschnitt/{uid}"
    token = section_form(app.get(target))["formular"].value
    app.post(f"{target}/entwurf", {"formular": token, "rev": "1", "ueberschrift": "Auftrag", "text": "Noch nicht fertig."})
    return lambda: app.post(target, {"formular": token, "tun": "verwerfen"}), lambda: "ungespeicherten Entwurf" not in app.get(target).text


def _group(desk):
    group = make_group(desk)
    return group, f"{group[2]}/abschnitt/{group[3][0]}/durchsicht"


PLACES = {
    "account.lock": lambda desk: _account(desk, "lock"), "account.factors": lambda desk: _account(desk, "factors"),
    "account.revoke": lambda desk: _account(desk, "revoke", role="press", organisation=""), "account.disconnect": _identity,
    "message.drop": _message, "item.remove": _remove, "draft.discard": _draft, "section_draft.discard": _section_draft,
    "suggestions.reject_all": _suggestions, "reuse.order": lambda desk: _reuse(desk, "order"), "reuse.end": lambda desk: _reuse(desk, "end"),
}


def test_every_act_of_the_table_is_tried():
    assert PLACES.keys() == ACTS.keys()


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


@pytest.mark.parametrize(("wish", "action", "fields", "detail"), [
    ("lock", "account.locked", {}, REASON), ("factors", "account.factors-removed", {}, REASON),
    ("revoke", "account.revoke", {"role": "press", "organisation": ""}, f"press: {REASON}"),
])
def test_the_reason_stays_in_the_log_and_is_told_to_the_person(desk, wish, action, fields, detail):
    house, _ = desk
    ask, _ = _account(desk, wish, **fields)
    assert sure(ask()).status_int == 303
    assert [row.detail for row in logged(house, action)] == [detail]
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
