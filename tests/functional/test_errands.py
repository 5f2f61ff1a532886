"""The start page of the desk: what waits for each person beside the lists of entries, and nothing that waits for others."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import clean_item
from content.services.accounts import accounts
from content.services.base import lookup, outbox
from content.services.editing import edit
from content.services.implementation import implementation
from content.services.workflow import transition
from tests.functional.people import forget_reports
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

URL = "/empfehlung/efa-vorrang"


@pytest.fixture(autouse=True)
def unreported(portal):
    with portal[1].writing("test") as work:
        forget_reports(work)


def errands(app):
    """(words, path) of what the start page says is waiting."""
    text = app.get("/redaktion").text
    part = text.split("Das wartet auf Sie</h2>")[1].split("</section>")[0] if "Das wartet auf Sie</h2>" in text else ""
    return re.findall(r'<a class="row-title" href="([^"]+)">([^<]+)<', part)


def asked(house, *addressees, url=URL, state="implementing"):
    with house.writing("test") as work:
        for other in work.session.scalars(
            sa.select(models.Recommendation).where(models.Recommendation.procedure_state.in_(implementation.REPORTABLE))
        ):
            other.addressees = []
        row = lookup.find(work.session, url)
        row.addressees, row.procedure_state = list(addressees), state
        return row.id


def report(house, number, key, login):
    with house.writing(login, permits=ROLES["operator"].permits) as work:
        row = work.session.get_one(models.Recommendation, number)
        implementation.report(work.desk, row, key, {"state": "running", "note": "x"}, codes=frozenset({key}))


def test_a_land_is_asked_until_it_reported_and_again_when_the_report_comes_back(desk):
    house, browser = desk
    number = asked(house, "Länder")
    land, other = browser("hanna", "land", organisation="hamburg"), browser("bernd", "land", organisation="bremen")
    wanted = [("/redaktion/umsetzung", "Zu einer Empfehlung fehlt Ihre Meldung zur Umsetzung.")]
    assert errands(land) == errands(other) == wanted
    report(house, number, "HH", "hanna")
    assert errands(land) == [] and errands(other) == wanted
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        implementation.give_back(work.desk, work.session.get_one(models.Recommendation, number), "HH", "Bitte mit Tag.")
    assert errands(land) == wanted


@pytest.mark.parametrize(
    ("addressees", "state"), [(["FITKO"], "implementing"), (["Länder"], "proposed"), (["Bremen"], "adopted")]
)
def test_a_land_is_not_asked_for_what_asks_others_or_is_not_decided(desk, addressees, state):
    house, browser = desk
    asked(house, *addressees, state=state)
    assert errands(browser("hanna", "land", organisation="hamburg")) == []


def test_the_secretariat_is_asked_to_confirm_what_somebody_else_reported(desk):
    house, browser = desk
    number = asked(house, "Hamburg", "FITKO")
    office = browser("gerda", "secretariat")
    assert errands(office) == []
    report(house, number, "HH", "hanna")
    assert errands(office) == [("/redaktion/umsetzung", "Eine Meldung zur Umsetzung wartet auf Bestätigung.")]
    report(house, number, "HH", "gerda")
    assert errands(office) == []


def test_a_task_waits_for_its_member_and_then_for_the_secretariat(desk):
    house, browser = desk
    asked(house)
    land, office = browser("hanna", "land", organisation="hamburg"), browser("gerda", "secretariat")
    with house.writing("test") as work:
        now = work.desk.now
        decision = work.session.scalars(sa.select(models.Decision.id)).first()
        work.session.add(
            models.Task(item_id=decision, anchor="ziffer-9", addressee="HH", tracking="confirmed", state="open")
        )
    assert errands(land) == [("/redaktion/auftraege", "Zu einem Auftrag aus Beschlüssen fehlt Ihre Meldung.")]
    assert errands(office) == []
    with house.writing("test") as work:
        row = work.session.scalars(sa.select(models.Task).where(models.Task.anchor == "ziffer-9")).one()
        row.reported_at, row.reporter, row.reported_by = now, "hanna", "Hanna"
    assert errands(land) == []
    assert errands(office) == [("/redaktion/auftraege", "Die Meldung zu einem Auftrag wartet auf Bestätigung.")]


def test_a_reuse_waits_for_the_side_whose_step_is_next(desk):
    house, browser = desk
    asked(house)
    offer = "/angebot/fit-store-kinderzuschlag"
    with house.writing("test") as work:
        work.session.execute(sa.update(models.Reuse).values(state="live"))
    seller, buyer, office = (
        browser("fritz", "provider", organisation="fitko"),
        browser("lena", "land", organisation="saarland"),
        browser("gerda", "secretariat"),
    )
    assert errands(seller) == errands(buyer) == []
    with house.writing("test", permits=ROLES["operator"].permits) as work:
        row = work.session.scalars(
            sa.select(models.Reuse)
            .join(models.MarketOffer, models.MarketOffer.id == models.Reuse.offer_id)
            .where(models.MarketOffer.url == offer)
        ).first()
        row.state, row.buyer = "interest", "saarland"
    line = [("/redaktion/nachnutzung", "Eine Nachnutzung wartet auf Ihren nächsten Schritt.")]
    assert (errands(seller), errands(buyer), errands(office)) == (line, [], [])
    with house.writing("test") as work:
        work.session.execute(
            sa.update(models.Reuse).where(models.Reuse.buyer == "saarland").values(state="negotiation")
        )
    assert (errands(seller), errands(buyer)) == ([], line)


def test_who_is_asked_for_a_review_finds_the_report_by_name_until_it_is_done(desk):
    house, browser = desk
    app, other = browser("rita", "member"), browser("otto", "member")
    with house.writing("test") as work:
        item = edit.save(
            work.session,
            "report",
            clean_item("report", {"slug": "b", "title": "Bericht B", "group": "AG"}),
            now=work.desk.now,
        ).item
        work.session.add(
            models.ReviewRequest(
                report_id=item.id,
                account_id=accounts.find(work.session, "rita").id,
                due=dt.date(2026, 12, 24),
                asked_by="lena",
                asked_by_name="Lena",
                asked_at=work.desk.now,
            )
        )
        number = item.id
    assert errands(app) == [
        (f"/redaktion/bericht/{number}/durchsicht", "Bis 24.12.2026 ist um Ihre Durchsicht gebeten: Bericht B")
    ]
    assert errands(other) == []
    with house.writing("test") as work:
        work.session.scalars(sa.select(models.ReviewRequest)).one().done_at = work.desk.now
    assert errands(app) == []


def test_administrators_hear_of_messages_that_were_given_up(desk):
    house, browser = desk
    admin, press = browser("adam", "administrator"), browser("petra", "press")
    assert "Gerade wartet nichts auf Sie." in admin.get("/redaktion").text
    for number in range(2):
        with house.writing("test") as work:
            outbox.put(work.session, "mail.x", f"k{number}", {"to": "a"}, due_at=work.desk.now)
            job = work.session.scalars(sa.select(models.Job.id).where(models.Job.key == f"k{number}")).one()
            outbox.failed(work.session, job, work.desk.now, "550", is_final=True)
    assert errands(admin) == [("/redaktion/versand", "2 Nachrichten ließen sich nicht zustellen.")]
    assert errands(press) == []


def test_the_page_says_who_one_is_here_and_that_nothing_waits_only_when_nothing_does(desk):
    house, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    assert (
        "Gerade wartet nichts auf Sie." in app.get("/redaktion").text and ">Pressestelle<" in app.get("/redaktion").text
    )
    with house.writing("paula", permits=ROLES["press"].permits) as work:
        row = edit.save(
            work.session,
            "page",
            clean_item("page", {"slug": "s", "title": "Neue Seite", "text": "x"}),
            now=work.desk.now,
            actor="paula",
        ).item
        transition.take(work.desk, row, PUBLICATION, "submit")
    assert "Gerade wartet nichts auf Sie." not in app.get("/redaktion").text
    assert "Gerade wartet nichts auf Sie." in other.get("/redaktion").text


def test_who_has_no_role_is_told_so_and_finds_the_way_out(desk):
    _, browser = desk
    app = browser("otto")
    page = app.get("/redaktion", status=403)
    assert "„otto“ hat noch keine Rolle" in page.text and "Abmelden" in page.text
    out = next(form for form in page.forms.values() if form.action == "/redaktion/abmelden")
    assert out.submit(status=303).headers["Location"].endswith("/anmelden")
    assert app.get("/redaktion").status_int == 303


def test_no_reuse_is_open_that_nobody_would_be_told_of():
    from content.services.workflow.errands import _next_by
    from workflows.reuse import REUSE
    from workflows.vocabulary import Permission

    told = {*_next_by(Permission.REUSE_REQUEST), *_next_by(Permission.REUSE_OFFER)}
    assert told == {"interest", "negotiation", "ordered", "contract"} == set(REUSE.states) - {"live", "ended"}


def test_pages_that_the_law_asks_for_are_linked_where_they_are_and_missed_at_the_desk_where_not(desk):
    house, browser = desk
    gerda, adam, petra = browser("gerda", "secretariat"), browser("adam", "administrator"), browser("petra", "press")

    def linked():
        return [link["href"] for link in TestApp(gerda.app).get("/").html.select('footer a[href^="/seite/"]')]

    def missed(app):
        return [words for _, words in errands(app) if "Das Recht verlangt" in words]

    assert (
        linked() == ["/seite/impressum", "/seite/datenschutz", "/seite/barrierefreiheit"]
        and missed(gerda) == missed(adam) == []
    )
    with house.writing("test") as work:
        for url in ("/seite/datenschutz", "/seite/barrierefreiheit"):
            transition.withdraw(work.desk, lookup.find(work.session, url), "Wird erneuert")
    assert linked() == ["/seite/impressum"]
    assert [
        link["href"]
        for link in TestApp(gerda.app).get("/nirgends", status=404).html.select('footer a[href^="/seite/"]')
    ] == ["/seite/impressum"]
    assert "/seite/barrierefreiheit" not in TestApp(gerda.app).get("/hilfe").text
    sentence = "Das Recht verlangt sie, und sie fehlen der Öffentlichkeit: Datenschutz, Barrierefreiheit."
    assert (
        missed(gerda) == [sentence]
        and missed(adam) == [f"{sentence} Bitte die Geschäftsstelle darum bitten."]
        and missed(petra) == []
    )
    for app, path in ((gerda, "/redaktion/neu/page"), (adam, "/redaktion/konten?rolle=secretariat")):
        assert (path, app.get(path).status_int) in [(found, 200) for found, _ in errands(app)]
