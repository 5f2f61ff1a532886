"""After a lost session going on does nothing: what somebody had sent is shown again, and only sending it anew does it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from webtest import TestResponse

from content import models
from content.database.db import Base
from portal.auth.desk import NOT_YET, TOKEN
from portal.auth.filling import filled
from tests.functional.conftest import PASSWORD
from tests.functional.deciding import voted
from tests.functional.planting import OWNER
from tests.functional.test_desk import asking_step, new_press, passed
from tests.functional.test_rights import _posts, addresses, garden, routes, tokens
from workflows import rights
from workflows.vocabulary import ROLES

__all__ = ["garden", "tokens"]

pytestmark = pytest.mark.on_both_databases

SENTENCE = "Ein Satz & <ein Wort>, der bleibt."
IN_PASSING = {"account_session", "audit_entry", "account_attempt", "form_draft", "form_draft_file", "browser_mark"}
AT_ONCE = 2
"""So many acts are tried at one address; the next address goes on with the next ones."""
ALL = tuple((name, "" if not rights.misfit(name, "") else OWNER) for name, role in ROLES.items() if role.is_human)
KEEPS = {"desk.new": "text", "desk.edit": "text", "desk.vote": "note", "desk.en_bloc": "others"}


def everything(session):
    """All rows of all tables but those that tell of a person's being there."""
    return {
        table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
        for table in Base.metadata.sorted_tables
        if table.name not in IN_PASSING and not table.name.startswith("search_")
    }


def test_nothing_that_the_desk_takes_is_done_by_going_on(garden, tokens):
    """Every route with every act: the form of an ended session, then „Weiter bearbeiten“."""
    app = garden.browser("alle", *ALL)
    whose = re.search(rf'name="{TOKEN}" value="([^"]+)"', app.get("/redaktion").text)[1].partition(".")[2]
    with garden.house.writing("test") as work:
        before = everything(work.session)
    seen, lost = set(), []
    for turn, (name, path) in enumerate(addresses(garden, tokens, at_desk=True, method="POST")):
        acts = _posts(garden, name, path)
        for fields in [acts[(turn * AT_ONCE + step) % len(acts)] for step in range(min(AT_ONCE, len(acts)))]:
            sent = {**fields, "bestaetigt": "ja", KEEPS.get(name, "comment"): SENTENCE, TOKEN: f"frueher.{whose}"}
            kept = app.post(path, sent, status=409)
            form = next(form for form in kept.forms.values() if NOT_YET in form.fields)
            answer = form.submit(expect_errors=True)
            answer = answer.follow(expect_errors=True) if answer.status_int == 303 else answer
            assert answer.status_int < 500, (path, fields)
            seen.add(name)
            if name not in KEEPS and (
                SENTENCE not in answer.html.get_text() + str([row.get("value") for row in answer.html.select("input")])
                or "Noch nicht ausgeführt" not in answer.text
            ):
                lost.append((name, path, fields))
    with garden.house.writing("test") as work:
        after = everything(work.session)
    assert {name: set(after[name]) ^ set(before[name]) for name in after if after[name] != before[name]} == {}
    assert lost == []
    assert seen == {name for name, _ in routes(garden, "POST") if name.startswith("desk.")}


# --- the whole way ---------------------------------------------------------------------------------------------------


def gone_on(desk, app, form, login):
    """Send `form` in a session that has ended, sign in on the page that comes, and go on."""
    app.get("/redaktion").forms[0].submit()
    again = form.submit(status=401).form
    again["login"], again["password"] = login, PASSWORD
    page = again.submit()
    code = next((form for form in page.forms.values() if form.action == "/redaktion/code"), None)
    kept = passed(desk, code, login) if code is not None else page
    return next(form for form in kept.forms.values() if NOT_YET in form.fields).submit()


def test_a_step_is_not_taken_and_can_be_taken_then(desk):
    house, browser = desk
    app = browser("petra", "press")
    target = new_press(app).headers["Location"]
    form = asking_step(app.get(target), "submit")
    page = gone_on(desk, app, form, "petra")
    assert "Noch nicht ausgeführt: „Einreichen“" in page.html.select_one("#noch-nicht").get_text()
    assert state(house, target) == "draft"
    form = asking_step(page, "submit")
    form.submit(status=303)
    assert state(house, target) == "submitted"


def state(house, target, name="publication_state"):
    with house.writing("test") as work:
        return getattr(work.session.get_one(models.Item, int(target.rsplit("/", 1)[1])), name)


def test_what_was_asked_is_not_done_by_going_on(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("gerda", name="Gerda", permits=ROLES["secretariat"].permits) as work:
        target = f"/redaktion/eintrag/{voted(work).id}"
    question = asking_step(app.get(target), "adopt").submit().forms["frage"]
    page = gone_on(desk, app, question, "gerda")
    assert (
        "Noch nicht ausgeführt: „Beschließen“" in page.text
        and "aufgehoben" not in page.html.select_one("#noch-nicht").get_text()
    )
    assert state(house, target, "procedure_state") == "on_agenda" and state(house, target, "number") is None
    question = asking_step(page, "adopt").submit()
    assert question.forms["frage"], "it is asked anew"
    question.forms["frage"].submit(status=303)
    assert state(house, target, "procedure_state") == "adopted"


def test_a_statement_stands_in_its_field_again_and_is_not_entered(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("gerda", name="Gerda", permits=ROLES["secretariat"].permits) as work:
        target = f"/redaktion/eintrag/{voted(work).id}"
    form = next(form for form in app.get(f"{target}/erklaerungen").forms.values() if "tun" in form.fields)
    form["text"] = f"\n{SENTENCE}\nZweite Zeile."
    form.get("members", index=2).checked = True
    chosen = form.get("members", index=2)._value
    page = gone_on(desk, app, form, "gerda")
    again = next(form for form in page.forms.values() if "tun" in form.fields)
    assert "Noch nicht ausgeführt" in page.text and page.html.select("textarea[readonly]") == []
    assert again["text"].value.replace("\r\n", "\n").strip() == f"{SENTENCE}\nZweite Zeile."
    assert [box._value for box in again.fields["members"] if box.checked] == [chosen]
    with house.writing("test") as work:
        assert (
            work.session.scalar(
                sa.select(sa.func.count())
                .select_from(models.Statement)
                .where(models.Statement.item_id == int(target.rsplit("/", 1)[1]))
            )
            == 0
        )
    again.submit(status=303)


def test_signing_out_late_does_not_sign_out_who_came_back(desk):
    _, browser = desk
    app = browser("anna", "member")
    page = gone_on(desk, app, app.get("/redaktion").forms[0], "anna")
    assert "Noch nicht ausgeführt" in page.text and app.get("/redaktion").status_int == 200


# --- the page is filled ----------------------------------------------------------------------------------------------

PAGE = """<form method="post" action="/a"><input type="hidden" name="tun" value="a"><input name="wort" value="alt" required>
<textarea name="text">
alt</textarea><input type="checkbox" name="ja" value="1" checked><select name="wahl"><option value="x" selected>X</option><option value="y">Y</option></select>
<input type="file" name="datei"><input type="password" name="password"><input type="hidden" name="rev" value="9"></form>
<form method="post"><input type="hidden" name="tun" value="b"><textarea name="text"></textarea></form><form action="/a"><input name="wort"></form>"""
HOSTILE = '"><script>alert(1)</script></textarea>&amp;'


def test_only_the_form_that_was_sent_is_filled_and_nothing_but_what_a_person_types():
    text, rest = filled(
        PAGE,
        [
            ("tun", "a"),
            ("rev", "3"),
            ("wort", HOSTILE),
            ("text", HOSTILE),
            ("wahl", "y"),
            ("password", "ein Geheimnis"),
            ("mehr", "Drei Worte hier"),
        ],
        "/a",
    )
    page = TestResponse(text, content_type="text/html")
    assert (
        page.forms[0]["wort"].value == HOSTILE
        and page.forms[0]["text"].value == HOSTILE
        and page.forms[0]["wahl"].value == "y"
    )
    assert (
        page.forms[0]["ja"].checked is False
        and page.forms[0]["rev"].value == "9"
        and page.forms[0]["password"].value == ""
    )
    assert page.forms[1]["text"].value == "" and page.forms[2]["wort"].value == "" and "<script" not in text
    assert rest == ["Drei Worte hier"]


@pytest.mark.parametrize("typed", [[("tun", "c"), ("text", "Ein Satz.")], [("tun", "a"), ("andere", "Ein Satz.")]])
def test_what_has_no_form_any_more_is_given_back(typed):
    assert filled(PAGE, typed, "/a") == (PAGE, ["Ein Satz."])
    assert filled("<p>Nichts</p>", typed, "/a") == ("<p>Nichts</p>", ["Ein Satz."])


def test_of_forms_that_only_their_buttons_tell_apart_the_one_is_filled_whose_button_was_pressed():
    one = '<form method="post"><textarea name="text"></textarea><button name="tun" value="{}"><span>Ab</span></button></form>'
    text, rest = filled(
        "".join(map(one.format, ("antworten:1", "antworten:2"))), [("text", "Ein Satz."), ("tun", "antworten:2")], "/a"
    )
    page = TestResponse(text, content_type="text/html")
    assert [page.forms[number]["text"].value.strip() for number in (0, 1)] == ["", "Ein Satz."] and rest == []
