"""What is asked before it is done: every act of the table shows its consequences, changes nothing before the yes, and keeps its reason."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup, outbox
from content.services.council import ballots
from content.services.editing import edit, people
from content.services.implementation import reuse
from content.services.implementation.reuse import Buyer
from content.services.workflow import embargo, step_requests
from content.typed.berlin import BERLIN
from portal.desk.confirming import ACTS
from tests.functional.confirming import REASON, is_question, sure
from tests.functional.deciding import acting, draft_decision, voted
from tests.functional.people import logged
from tests.functional.test_desk import asking_step, new_press, step
from tests.functional.test_desk_drafts import autosave, drafts, typed_press
from tests.functional.test_desk_links import new_term
from tests.functional.test_en_bloc import _session
from tests.functional.test_report_desk import section_form
from tests.functional.test_report_review import make_group, send, suggest
from tests.functional.test_reports import TEXT
from tests.functional.test_reuse import SLUGS, _free, _open, _take
from workflows.catalogue import LASTING, PROCEDURES, WORKFLOWS
from workflows.vocabulary import ROLES


def _account(desk, wish, **fields):
    house, browser = desk
    app = browser("adam", "administrator")
    browser("petra", "press")
    with house.writing("test") as work:
        path = f"/redaktion/konten/{accounts.find(work.session, 'petra').id}"
    token = app.get(path).forms[0]["formular"].value
    action = {
        "lock": "account.locked",
        "factors": "account.factors-removed",
        "revoke": "account.revoke",
        "disconnect": "account.unlinked",
    }[wish]
    return lambda: app.post(path, {"formular": token, "schritt": wish, **fields}), lambda: bool(logged(house, action))


def _identity(desk):
    asked = _account(desk, "disconnect", identity="1")
    with desk[0].writing("test") as work:
        petra = accounts.find(work.session, "petra")
        work.session.add(
            models.Identity(
                id=1,
                account_id=petra.id,
                issuer="https://anmeldung.example",
                subject="p-1",
                linked_at=dt.datetime.now(dt.UTC),
            )
        )
    return asked


def _remove(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = new_term(app, "weg")
    step(app.get(target), "trash").submit(status=303)

    def is_done():
        with house.writing("test") as work:
            return lookup.find(work.session, "/glossar/weg") is None

    return lambda: asking_step(app.get(target), "remove").submit(), is_done


def _draft(desk):
    house, browser = desk
    app = browser("petra", "press")
    autosave(app, typed_press(app))

    def ask():
        return next(
            form for form in app.get("/redaktion/neu/press_release").forms.values() if "verwerfen" in form.fields
        ).submit("verwerfen")

    return ask, lambda: drafts(house) == []


def _message(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        outbox.put(work.session, "mail.reset", "probe", {"to": "weg@amt.example"}, due_at=now)
        work.session.flush()
        work.session.execute(
            sa.update(models.Job)
            .where(models.Job.key == "probe")
            .values(attempts=9, given_up_at=now, error="550 unbekannt")
        )

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

    return lambda: asking_step(app.get(target), name).submit(), is_done


def _suggestions(desk):
    (house, member, path, _), place = _group(desk)
    suggest(member("bert"), place, TEXT.replace("Erster", "Berts"))
    lead = member("clara", "chair")

    def is_done():
        with house.writing("test") as work:
            return work.session.scalar(sa.select(models.Suggestion.state)) == "rejected"

    return lambda: send(lead, f"{path}/durchsicht", 200, tun="alle-ablehnen"), is_done


def _step(desk, workflow, name):
    """A step of an item that nothing brings back, from where it starts."""
    house, browser = desk
    app, flow = browser("gerda", "secretariat"), WORKFLOWS[workflow]
    with acting(house, "gerda") as work:
        if workflow == "decision":
            row = voted(work) if name == "adopt" else draft_decision(work)
            row.procedure_state = "on_agenda" if name == "adopt" else min(flow.transitions[name].sources)
            row.gazette_date = dt.date(2012, 3, 9) if name == "record_announced" else None
            if name == "reject":
                row.procedure_state = "on_agenda"
                ballots.record(work.desk, row, ballots.with_others(row.body, {}, "no"))
        elif workflow == "recommendation":
            row, decision = (
                lookup.find(work.session, "/empfehlung/efa-vorrang"),
                lookup.find(work.session, "/beschluss/2021/34"),
            )
            row.procedure_state, decision.procedure_state, decision.recommendation_urls = (
                "proposed",
                "adopted",
                ["/empfehlung/efa-vorrang"],
            )
            if ballots.vote_of(work.session, decision) is None:
                ballots.record(
                    work.desk,
                    decision,
                    dict.fromkeys(
                        [member.code for member in decision.body.members if member.kind != "advisory"], "yes"
                    ),
                )
        else:
            row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id)).first()
            row.procedure_state = min(flow.transitions[name].sources)
        number = row.id

    def ask():
        form = asking_step(_of(app.get(f"/redaktion/eintrag/{number}"), workflow), name)
        for need in flow.transitions[name].needs:
            form[need] = {"decision": "2021/34"}.get(need, REASON)
        return form.submit()

    def is_done():
        with house.writing("test") as work:
            return work.session.get_one(models.Item, number).procedure_state == flow.transitions[name].target

    return ask, is_done


class _of:  # noqa: N801 - reads as a word of the sentence
    """The forms of a page that belong to one workflow."""

    def __init__(self, page, workflow):
        self.forms = {
            name: form
            for name, form in page.forms.items()
            if "workflow" in form.fields and form["workflow"].value == workflow
        }


def _green_list(desk):
    house, browser = desk
    number, app = _session(house), browser("gerda", "secretariat")

    def ask():
        form = next(
            form
            for form in app.get(f"/redaktion/eintrag/{number}/gruene-liste").forms.values()
            if "ballot.BUND" in form.fields
        )
        form["others"] = "yes"
        return form.submit()

    return ask, lambda: bool(logged(house, "vote.en_bloc"))


def _section_draft(desk):
    (_, member, path, (uid, _)), _ = _group(desk)
    app, target = member("anna"), f"{path}/abschnitt/{uid}"
    token = section_form(app.get(target))["formular"].value
    app.post(
        f"{target}/entwurf", {"formular": token, "rev": "1", "ueberschrift": "Auftrag", "text": "Noch nicht fertig."}
    )
    return lambda: app.post(
        target, {"formular": token, "tun": "verwerfen"}
    ), lambda: "ungespeicherten Entwurf" not in app.get(target).text


def _group(desk):
    group = make_group(desk)
    return group, f"{group[2]}/abschnitt/{group[3][0]}/durchsicht"


def _embargo(desk):
    house, browser = desk
    app = browser("petra", "press")
    target = f"{new_press(app).headers['Location'].removeprefix('https://beschluesse.example')}"
    step(app.get(target), "submit").submit()
    form = next(
        form
        for form in app.get(f"{target}/sperrfrist").forms.values()
        if "akt" in form.fields and form["akt"].value == "set"
    )
    form["until"] = (dt.datetime.now(BERLIN) + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    form.submit(status=303)

    def ask():
        return next(
            form
            for form in app.get(f"{target}/sperrfrist").forms.values()
            if "akt" in form.fields and form["akt"].value == "lift"
        ).submit()

    def is_done():
        with house.writing("test") as work:
            return work.session.scalar(sa.select(models.Embargo.until)) <= dt.datetime.now(dt.UTC)

    return ask, is_done


def _moved_embargo(desk):
    house, browser = desk
    _embargo(desk)
    with house.writing("test") as work:
        found = work.session.scalars(sa.select(models.Embargo)).one()
        number, before = found.item_id, found.until
        embargo.invite(work.desk, found.item, {"name": "Jana", "email": "jana@zeitung.example"})
        work.session.execute(
            sa.update(models.Job).where(models.Job.kind == "mail.embargo").values(done_at=work.desk.now)
        )
    app = browser("paula", "press")

    def ask():
        form = next(
            form
            for form in app.get(f"/redaktion/eintrag/{number}/sperrfrist").forms.values()
            if "akt" in form.fields and form["akt"].value == "set"
        )
        form["until"] = (dt.datetime.now(BERLIN) + dt.timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%S")
        return form.submit()

    def is_done():
        with house.writing("test") as work:
            return work.session.scalar(sa.select(models.Embargo.until)) > before

    return ask, is_done


def _account_request(desk, wish):
    house, browser = desk
    browser("adam", "administrator")
    app = browser("eva", "administrator")
    browser("anna", "member")
    with house.writing("adam", permits=ROLES["administrator"].permits) as work:
        anna = accounts.find(work.session, "anna")
        people.grant(work.desk, anna, "press", "")
        path, number = f"/redaktion/konten/{anna.id}", work.session.scalars(sa.select(models.AccountRequest.id)).one()
    token = app.get(path).forms[0]["formular"].value
    action = {"confirm": "account.confirmed", "decline": "account.declined"}[wish]
    return lambda: app.post(path, {"formular": token, "schritt": wish, "antrag": str(number)}), lambda: bool(
        logged(house, action)
    )


PLACES = {
    "embargo.move": _moved_embargo,
    "account.confirm": lambda desk: _account_request(desk, "confirm"),
    "account.decline": lambda desk: _account_request(desk, "decline"),
    "embargo.lift": _embargo,
    "account.lock": lambda desk: _account(desk, "lock"),
    "account.factors": lambda desk: _account(desk, "factors"),
    "account.revoke": lambda desk: _account(desk, "revoke", role="press", organisation=""),
    "account.disconnect": _identity,
    "message.drop": _message,
    "publication.remove": _remove,
    "vote.en_bloc": _green_list,
    "draft.discard": _draft,
    "section_draft.discard": _section_draft,
    "suggestions.reject_all": _suggestions,
    "reuse.order": lambda desk: _reuse(desk, "order"),
    "reuse.end": lambda desk: _reuse(desk, "end"),
    **{
        name: lambda desk, name=name: _step(desk, *name.split("."))
        for name in ACTS
        if name.split(".")[0] in {"decision", "recommendation", "report"}
    },
}


def test_every_act_of_the_table_is_tried():
    assert PLACES.keys() == ACTS.keys()


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, flow in PROCEDURES.items() for name in flow.transitions]
)
def test_a_step_that_nothing_brings_back_is_asked_before_or_goes_only_by_two(kind, name):
    flow = PROCEDURES[kind]
    step_ = flow.transitions[name]
    is_for_good = flow.states[step_.target].is_final or (
        step_.target in LASTING[kind] and not step_.sources & LASTING[kind]
    )
    assert not is_for_good or step_requests.needs_second(flow, name) or f"{kind}.{name}" in ACTS


def test_before_it_is_adopted_the_desk_says_which_number_it_will_be(desk):
    ask, _ = _step(desk, "decision", "adopt")
    asked = ask()
    assert "2012/01" in asked.html.select_one(".facts").text and "36. Sitzung" in asked.html.select_one(".facts").text


def test_what_was_typed_with_a_step_is_shown_before_the_yes(desk):
    ask, _ = _step(desk, "decision", "withdraw")
    assert REASON in ask().html.select_one(".facts").text


def test_the_green_list_says_which_numbers_before_the_yes_and_what_was_typed_stays(desk):
    ask, is_done = _green_list(desk)
    asked = ask()
    assert (
        all(number in asked.html.select_one(".facts").text for number in ("2012/01", "2012/02", "2012/03"))
        and not is_done()
    )
    assert asked.click("Abbrechen").forms


def test_a_draft_that_is_withdrawn_is_said_to_end_and_not_to_leave_the_public(desk):
    house, browser = desk
    with acting(house, "gerda") as work:
        number = draft_decision(work).id
    page = browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}")
    assert "öffentliche Seite antwortet" not in asking_step(_of(page, "decision"), "withdraw").text


def test_many_at_once_are_told_the_consequences_too(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with acting(house, "gerda") as work:
        row = draft_decision(work)
        chosen = {"eintrag": f"{row.id}.{row.rev}", "schritt": "decision:withdraw", "formular": ""}
    form = next(form for form in app.get("/redaktion/eintraege").forms.values() if "formular" in form.fields)
    page = app.post("/redaktion/eintraege/schritt", {**chosen, "formular": form["formular"].value})
    assert ACTS["decision.withdraw"].consequences in page.html.select_one("#folgen").text


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


def test_who_wrote_what_is_removed_for_good_hears_why(desk):
    house, browser = desk
    hans, gerda = browser("hans", "secretariat"), browser("gerda", "secretariat")
    target = new_term(hans, "weg")
    step(hans.get(target), "trash").submit(status=303)
    assert sure(asking_step(gerda.get(target), "remove").submit()).status_int == 303
    with house.writing("test") as work:
        told = work.session.execute(
            sa.select(models.Notice.words, models.Account.login).join(
                models.Account, models.Account.id == models.Notice.account_id
            )
        ).all()
    assert [login for words, login in told if words.endswith(f"Grund: {REASON}")] == ["hans"]
    assert [row.detail for row in logged(house, "item.removed")] == [REASON]


def test_who_may_not_know_of_a_draft_hears_nothing_of_its_removal(desk):
    house, browser = desk
    browser("lena", "land", organisation="hamburg")
    hans, gerda = browser("hans", "secretariat"), browser("gerda", "secretariat")
    with house.writing("test") as work:
        value = {"slug": "geheim", "title": "Geheim", "text": "Alle sollen.", "addressees": ["HH"], "state": "draft"}
        row = edit.save(
            work.session,
            "recommendation",
            clean_item("recommendation", value),
            now=dt.datetime.now(dt.UTC),
            actor="hans",
            actor_name="Hans",
        ).item
        target = f"/redaktion/eintrag/{row.id}"
    step(hans.get(target), "trash").submit(status=303)
    assert sure(asking_step(gerda.get(target), "remove").submit()).status_int == 303
    with house.writing("test") as work:
        told = work.session.execute(
            sa.select(models.Account.login, models.Notice.title, models.Notice.words).join(
                models.Account, models.Account.id == models.Notice.account_id
            )
        ).all()
    assert {login for login, title, words in told if "Geheim" in title + words or REASON in words} == {"hans"}


@pytest.mark.parametrize(
    ("wish", "action", "fields", "detail"),
    [
        ("lock", "account.locked", {}, REASON),
        ("factors", "account.factors-removed", {}, REASON),
        ("revoke", "account.revoke", {"role": "press", "organisation": ""}, f"press: {REASON}"),
    ],
)
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
    assert (
        REASON in asked.text
        and "stehen für immer im Register" in asked.text
        and "bestätigen" in asked.select_one("button").text
    )
    sheet = page.select_one(".desk-read .desk-sheet")
    assert sheet is not None and len(sheet.text.split()) > 20, page.select_one(".desk-read")
