"""Reuse as Land, commune, provider and secretariat use it, every wrong state tried; lists of it; tasks from decisions."""

from __future__ import annotations

import datetime as dt
import itertools
import threading

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.house import House
from content.schemas import InvalidInput
from content.services.base import lookup
from content.services.exchange import exchange
from content.services.implementation import reuse, tasks
from content.services.implementation.reuse import Buyer, StaleReuse
from content.services.workflow import deadlines
from portal.desk.confirming import ACTS
from tests.functional.confirming import sure
from tests.functional.test_desk import asking_step, step
from workflows.engine import Blocked
from workflows.reuse import REUSE
from workflows.vocabulary import ROLES

pytestmark = pytest.mark.on_both_databases

HEADER = "offer,land,commune,through,covers_communes,interest,negotiation,ordered,contract,live,ended,terms,contract_number,note\n"
OFFER = "/angebot/fit-store-kinderzuschlag"
SLUGS = {"SL": "saarland", "TH": "thueringen", "RP": "rheinland-pfalz", "BW": "baden-wuerttemberg", "BB": "brandenburg"}
FIELDS = {"contract_number": "FITST/2025/0001", "live_since": dt.date.today().isoformat(), "comment": "Probe"}


def _free(house, url=OFFER):
    """A Land that does not reuse this offer yet."""
    with house.writing("test") as work:
        offer = lookup.find(work.session, url)
        taken = set(
            work.session.scalars(
                sa.select(models.Reuse.land).where(models.Reuse.offer_id == offer.id, models.Reuse.commune == "")
            )
        )
    return next(code for code in SLUGS if code not in taken)


def _open(house, buyer, url=OFFER, **more):
    with house.writing("test", permits=ROLES["operator"].permits) as work:
        return reuse.open_reuse(work.desk, lookup.find(work.session, url), buyer, **more).id


def _take(house, row_id, name, fields=None, *, role="operator", rev=None):
    with house.writing("test", permits=ROLES[role].permits) as work:
        row = work.session.get(models.Reuse, row_id)
        if name == reuse.TERMS:
            reuse.confirm_terms(work.desk, row, "Abstimmungsschreiben 1.0", rev=rev)
        else:
            reuse.take(work.desk, row, name, FIELDS if fields is None else fields, rev=rev)
        return row.state


def test_a_land_reuses_through_the_fit_store_with_both_sides_at_their_desks(desk):
    house, browser = desk
    land = _free(house)
    buyer, seller = (
        browser("lena", "land", organisation=SLUGS[land]),
        browser("fritz", "provider", organisation="fitko"),
    )
    public = TestApp(buyer.app)
    before = public.get("/abdeckung").headers["ETag"]
    form = next(form for form in buyer.get("/redaktion/nachnutzung/neu").forms.values() if "offer" in form.fields)
    form["offer"] = "fit-store-kinderzuschlag"
    target = form.submit(status=303).headers["Location"]
    assert public.get("/abdeckung", headers={"If-None-Match": before}).status_int == 200
    assert (
        "Die andere Seite ist am Zug" in buyer.get(target).text and "Abstimmung beginnen" not in buyer.get(target).text
    )
    step(seller.get(target), "negotiate").submit(status=303)
    page = buyer.get(target)
    assert "Die Bedingungen sind nicht bestätigt" in page.text
    step(seller.get(target), reuse.TERMS).submit(status=303)
    asked = asking_step(buyer.get(target), "order").submit()
    assert (
        ACTS["reuse.order"].consequences in asked.text
        and "Preis laut Angebot" in asked.text
        and "Version" in asked.html.select_one(".facts").text
    )
    assert "order" in step(buyer.get(target), "order").text
    assert sure(asked).status_int == 303
    refused = step(seller.get(target), "sign").submit(status=409)
    assert "Die Vertragsnummer fehlt" in refused.text
    form = step(seller.get(target), "sign")
    form["contract_number"] = "FITST/2025/0077"
    form.submit(status=303)
    step(seller.get(target), "go_live").submit(status=303)
    assert "in Betrieb" in public.get(OFFER).text
    with house.reading() as connection:
        note = connection.scalar(
            sa.text("SELECT note FROM edition WHERE url = :url ORDER BY number DESC LIMIT 1"), {"url": OFFER}
        )
    assert note.startswith("Nachnutzung fortgeschrieben – in Betrieb")
    assert "FITST" not in public.get(OFFER).text


def test_a_commune_reuses_through_a_member_of_the_cooperative(desk):
    house, browser = desk
    with house.writing("test") as work:
        from content.schemas import clean_item
        from content.services.editing import edit

        edit.save(
            work.session,
            "organisation",
            clean_item("organisation", {"slug": "stadt-witten", "title": "Witten", "land": "NW"}),
            now=work.desk.now,
        )
        used = set(work.session.scalars(sa.select(models.Reuse.offer_id).where(models.Reuse.commune == "Witten")))
        offer = (
            work.session.scalars(
                sa.select(models.MarketOffer)
                .where(models.MarketOffer.provider == "govdigital", models.MarketOffer.id.not_in(used))
                .limit(1)
            )
            .one()
            .slug
        )
    app = browser("wilma", "commune", organisation="stadt-witten")
    form = next(
        form for form in app.get(f"/redaktion/nachnutzung/neu?angebot={offer}").forms.values() if "offer" in form.fields
    )
    form["offer"], form["through"] = offer, "Erfundenes Rechenzentrum"
    refused = form.submit(status=400)
    assert "kein Mitglied dieses Anbieters" in refused.text
    form = next(form for form in refused.forms.values() if "offer" in form.fields)
    form["through"] = "regio iT"
    target = form.submit(status=303).headers["Location"]
    assert "Witten" in app.get(target).text and "Inhouse über die Genossenschaft" in app.get(target).text
    assert "Witten" in TestApp(app.app).get(f"/angebot/{offer}").text


@pytest.mark.parametrize(
    ("role", "organisation"), [("land", "hessen"), ("provider", "govdigital"), ("commune", "bremen"), ("press", "")]
)
def test_strangers_see_and_do_nothing(desk, role, organisation):
    house, browser = desk
    row_id = _open(house, Buyer("land", _free(house), "", "saarland"))
    app = browser("stella", role, organisation=organisation)
    assert app.get(f"/redaktion/nachnutzung/{row_id}", status=404)
    assert f'/redaktion/nachnutzung/{row_id}"' not in app.get("/redaktion/nachnutzung").text


def test_what_is_not_public_never_leaves_the_desk(desk):
    house, browser = desk
    app = TestApp(browser("gerda", "secretariat").app)
    before = [app.get(path).text for path in (OFFER, "/abdeckung", "/umsetzung", "/feeds/alle.atom")]
    row_id = _open(house, Buyer("land", _free(house)), is_public=False)
    for name in ("negotiate", reuse.TERMS, "order", "sign", "go_live"):
        _take(house, row_id, name)
    assert [app.get(path).text for path in (OFFER, "/abdeckung", "/umsetzung", "/feeds/alle.atom")] == before


def _at(house, state):
    row_id = _open(house, Buyer("land", _free(house)))
    road = {"interest": (), "negotiation": ("negotiate",), "ordered": ("negotiate", reuse.TERMS, "order")}
    road["contract"] = (*road["ordered"], "sign")
    road["live"] = (*road["contract"], "go_live")
    road["ended"] = ("end",)
    for name in road[state]:
        _take(house, row_id, name)
    return row_id


WRONG = [
    (state, name)
    for state, name in itertools.product(REUSE.states, REUSE.transitions)
    if state not in REUSE.transitions[name].sources
]


@pytest.mark.parametrize("state", REUSE.states)
def test_every_wrong_step_is_refused_in_every_state(portal, state):
    _, house = portal
    row_id = _at(house, state)
    for _, name in [pair for pair in WRONG if pair[0] == state]:
        with pytest.raises(Blocked, match="nicht möglich"):
            _take(house, row_id, name)


@pytest.mark.parametrize(
    ("name", "role", "words"),
    [
        ("negotiate", "land", "fehlt das Recht"),
        ("order", "provider", "fehlt das Recht"),
        ("order", "land", "Bedingungen sind nicht bestätigt"),
    ],
)
def test_steps_need_their_right_and_their_facts(portal, name, role, words):
    _, house = portal
    row_id = _at(house, "interest" if name == "negotiate" else "negotiation")
    with pytest.raises(Blocked, match=words):
        _take(house, row_id, name, role=role)


def test_no_contract_without_an_inhouse_relation(portal):
    _, house = portal
    url = "/angebot/govdigital-kindergeld"
    row_id = _open(house, Buyer("land", _free(house, url)), url)
    for name in ("negotiate", reuse.TERMS, "order"):
        _take(house, row_id, name)
    with pytest.raises(Blocked, match="Inhouse-Beziehung"):
        _take(house, row_id, "sign")


@pytest.mark.parametrize("on", ["gestern", "2999-01-01", "2000-01-01"])
def test_days_that_cannot_be_are_refused(portal, on):
    _, house = portal
    row_id = _open(house, Buyer("land", _free(house)))
    with pytest.raises(InvalidInput):
        _take(house, row_id, "negotiate", {"on": on})


def test_a_buyer_reuses_an_offer_once_at_a_time_and_may_come_again(portal):
    _, house = portal
    buyer = Buyer("land", _free(house))
    row_id = _open(house, buyer)
    with pytest.raises(InvalidInput, match="läuft hier schon"):
        _open(house, buyer)
    _take(house, row_id, "end")
    assert _open(house, buyer) != row_id


def test_of_two_people_who_step_at_once_one_is_told(portal):
    _, house = portal
    row_id = _open(house, Buyer("land", _free(house)))
    outcomes = []

    def end():
        other = House.open(house.data, database_url=house.engine.url.render_as_string(hide_password=False))
        try:
            outcomes.append(_take(other, row_id, "end", rev=1))
        except (StaleReuse, Blocked) as refused:
            outcomes.append(type(refused).__name__)
        finally:
            other.close()

    threads = [threading.Thread(target=end) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["StaleReuse", "ended"], ["Blocked", "ended"])


def test_the_history_of_a_reuse_cannot_be_rewritten(portal):
    _, house = portal
    for statement in ("UPDATE reuse_step SET comment = 'x'", "DELETE FROM reuse_step"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), house.writing("test") as work:
            work.session.execute(sa.text(statement))


# --- lists -----------------------------------------------------------------------------------------------------------


def _list(house, tmp_path, *rows):
    path = tmp_path / "reuse.csv"
    path.write_text(HEADER + "".join(row + "\n" for row in rows))
    with house.writing("test") as work:
        return exchange.Importer(work.desk, is_publishing=False).read([path])


def test_a_list_is_taken_once_and_goes_on_from_where_it_was(portal, tmp_path):
    _, house = portal
    land = _free(house)
    row = f"fit-store-kinderzuschlag,{land},,,nein,2024-01-01,2024-02-01"
    assert _list(house, tmp_path, row + ",,,,,,,").created == {"reuse": 1}
    assert _list(house, tmp_path, row + ",,,,,,,").unchanged == {"reuse": 1}
    report = _list(house, tmp_path, row + ",2024-03-01,2024-04-01,2024-05-01,,Brief,FITST/2024/9,")
    assert (report.changed, report.corrected) == ({"reuse": 1}, 1)
    with pytest.raises(exchange.FaultyInput) as refused:
        _list(house, tmp_path, row.replace("2024-01-01", "2023-01-01") + ",,,,,,,")
    assert "widerspricht dem Verlauf" in refused.value.report.faults[0].message


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("gibtesnicht,SL,,,,2024-01-01,,,,,,,,", 1, "gibt es nicht"),
        ("fit-store-kinderzuschlag,XX,,,,2024-01-01,,,,,,,,", 2, "kein Land"),
        ("govdigital-kindergeld,NW,Entenhausen,,,2024-01-01,,,,,,,,", 3, "Verzeichnis der Kommunen"),
        ("govdigital-kindergeld,NW,Aachen,Niemand,,2024-01-01,,,,,,,,", 4, "kein Mitglied"),
        ("govdigital-kindergeld,NW,Aachen,,ja,2024-01-01,,,,,,,,", 5, "nur bei einem Land"),
        ("fit-store-kinderzuschlag,SL,,,,,,,,,,,,", 6, "Interesses fehlt"),
        ("fit-store-kinderzuschlag,SL,,,,2024-13-01,,,,,,,,", 6, "kein Tag"),
        ("fit-store-kinderzuschlag,SL,,,,2024-02-01,2024-01-01,,,,,,,", 7, "vor dem Schritt davor"),
        ("fit-store-kinderzuschlag,SL,,,,2024-02-01,,2024-03-01,,,,Brief,,", 8, "fehlt ein Schritt"),
        ("fit-store-kinderzuschlag,SL,,,,2024-02-01,2024-02-02,2024-03-01,,,,,,", 12, "bestätigte Bedingungen"),
        (
            "govdigital-kindergeld,SL,,,,2024-02-01,2024-02-02,2024-03-01,2024-03-02,,,Brief,N 1,",
            9,
            "Inhouse-Beziehung",
        ),
        (
            "fit-store-kinderzuschlag,SL,,,,2024-02-01,2024-02-02,2024-03-01,2024-03-02,,,Brief,,",
            13,
            "gehört seine Nummer",
        ),
    ],
)
def test_a_faulty_list_takes_nothing_and_names_line_column_and_reason(portal, tmp_path, row, column, words):
    _, house = portal
    with pytest.raises(exchange.FaultyInput) as refused:
        _list(house, tmp_path, "govdigital-kindergeld,TH,,,,2024-01-01,,,,,,,,", row)
    fault = refused.value.report.faults[0]
    assert (fault.line, fault.column) == (3, column) and words in fault.message


# --- tasks -----------------------------------------------------------------------------------------------------------


def _task_forms(page, name):
    return [form for form in page.forms.values() if f'name="schritt" type="submit" value="{name}"' in form.text]


def test_a_clause_becomes_a_task_that_its_addressee_reports_and_the_secretariat_confirms(desk):
    house, browser = desk
    gerda = browser("gerda", "secretariat")
    with house.writing("test") as work:
        first = tasks.suggestions(work.session)[0]
    page = gerda.get("/redaktion/auftraege")
    form = _task_forms(page, "confirm")[0]
    form["addressees"] = "Hamburg, FITKO"
    form.submit("schritt", value="confirm", status=303)
    public = TestApp(gerda.app)
    assert f"{first.url}#{first.anchor}" in public.get("/umsetzung?art=task").text
    hanna = browser("hanna", "land", organisation="HH")
    form = _task_forms(hanna.get("/redaktion/auftraege"), "report")[0]
    form["state"] = "done"
    assert "braucht einen Nachweis" in form.submit("schritt", value="report", status=400).text
    form["evidence"] = "https://hamburg.example/nachweis"
    form.submit("schritt", value="report", status=303)
    [row] = list(public.get("/umsetzung.json?art=task&mitglied=HH").json["cells"])
    assert (row["state"], row["turn"]) == ("done", "Geschäftsstelle")
    _task_forms(gerda.get("/redaktion/auftraege"), "approve")[0].submit("schritt", value="approve", status=303)
    [row] = list(public.get("/umsetzung.json?art=task&mitglied=HH").json["cells"])
    assert row["turn"] is None and row["confirmed_at"]
    assert "Hamburg" in public.get("/umsetzung/hh").text
    assert (
        "Verfolgte Aufträge" in public.get(first.url).text and f'href="#{first.anchor}"' in public.get(first.url).text
    )
    bernd = browser("bernd", "land", organisation="bremen")
    assert "kein Auftrag verfolgt" in bernd.get("/redaktion/auftraege").text


def test_a_clause_that_is_no_task_is_not_suggested_again(desk):
    house, browser = desk
    gerda = browser("gerda", "secretariat")
    with house.writing("test") as work:
        before = tasks.suggestions(work.session)
    _task_forms(gerda.get("/redaktion/auftraege"), "dismiss")[0].submit("schritt", value="dismiss", status=303)
    with house.writing("test") as work:
        assert tasks.suggestions(work.session) == before[1:]


def test_people_are_reminded_before_the_session_and_after_it(desk):
    house, browser = desk
    browser("hanna", "land", organisation="hamburg")
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        dated = {row.url: row.date for row in work.session.scalars(sa.select(models.Meeting)) if row.date}
        for found in tasks.suggestions(work.session):
            decision = work.session.get(models.Decision, found.item_id)
            clause = next(row for row in decision.clauses if row.anchor == found.anchor)
            day = dated.get(f"/sitzung/{clause.due_meeting}")
            if day:
                break
        tasks.confirm(work.desk, decision, found.anchor, ["Hamburg"])

    def tell(days):
        moment = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(12), dt.UTC)
        with house.writing("clock") as work:
            deadlines.tell(work.session, moment)
            return list(work.session.scalars(sa.text("SELECT words FROM notice WHERE words LIKE '%Auftrag%'")))

    assert tell(-40) == []
    assert len(tell(-20)) >= 1
    before = len(tell(-19))
    assert len(tell(3)) > before


def test_tasks_are_closed_to_those_who_have_nothing_to_do_there(desk):
    _, browser = desk
    assert browser("anna", "member").get("/redaktion/auftraege", status=403)
    assert browser("gerda", "secretariat").get("/redaktion/auftraege").status_int == 200
