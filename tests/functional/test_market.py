"""The market as a journalist and a provider use it: search, facets, comparison, prices, exports; only one's own offers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from webtest import TestApp

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.editing import edit, links
from content.services.exchange import exchange
from content.services.implementation import reuse
from content.services.workflow import transition
from content.typed.csv_input import FORMULA
from portal.web.incoming import store_file
from tests.functional.test_desk import NOW, form_of, step


def _offer(**more):
    return {
        "slug": "neu",
        "title": "Neues Angebot",
        "market_item": "wohngeld",
        "provider": "govdigital",
        "model": "govdigital",
        **more,
    }


def _save_offer(house, **more):
    with house.writing("test") as work:
        row = edit.save(work.session, "offer", clean_item("offer", _offer(**more)), now=NOW).item
        if dead := links.broken(work.session, row):
            raise InvalidInput(dead)


def test_items_are_found_by_word_key_and_facet(portal):
    app, _ = portal
    assert "28 Leistungen" in app.get("/marktplatz").text
    assert 'href="/marktplatz/wohngeld"' in app.get("/marktplatz?q=wohng%C3%A9ld").text
    assert "1 Leistung<" in app.get("/marktplatz?q=10092").text
    assert "1 Leistung<" in app.get("/marktplatz?q=99107023017000").text
    page = app.get("/marktplatz?feld=Familie+%26+Kind&anbieter=govdigital")
    assert 'href="/marktplatz/elterngeld"' in page.text and 'href="/marktplatz/wohngeld"' not in page.text
    for query in (
        "modell=fit_store",
        "form=live",
        "land=Hamburg",
        "preis=efa",
        "erfuellt=001",
        "thema=x",
        "sortierung=titel",
        "seite=99",
        "q=%22%3Cscript%3E",
    ):
        assert app.get(f"/marktplatz?{query}").status_int == 200
    assert "Nichts gefunden" in app.get("/marktplatz?q=gibtesnicht").text
    assert "<script>alert" not in app.get("/marktplatz?q=%3Cscript%3Ealert(1)").text


def test_two_offers_of_one_item_stand_side_by_side(portal):
    app, _ = portal
    assert 'href="/marktplatz/wohngeld/vergleich"' in app.get("/marktplatz/wohngeld").text
    page = app.get("/marktplatz/wohngeld/vergleich").text
    assert "FITKO" in page and "govdigital" in page and "(verschieden)" in page and "MUSS" in page
    assert app.get("/marktplatz/gibtesnicht/vergleich", status=404)


def test_a_price_shows_every_step_and_sums_up(portal):
    app, _ = portal
    page = app.get("/angebot/fit-store-wohngeld/preis?land=HH")
    assert "Hamburg zahlt" in page.text and "Rundungsrest" in page.text
    assert app.get("/angebot/fit-store-wohngeld/preis?land=XX", status=400)
    assert app.get("/angebot/gibtesnicht/preis", status=404)


def test_exports_say_what_the_list_says_and_hold_no_formula(portal):
    app, _ = portal
    rows = json.loads(app.get("/marktplatz.json?anbieter=govdigital").text)
    table = list(csv.DictReader(io.StringIO(app.get("/marktplatz.csv?anbieter=govdigital").text, newline="")))
    assert len(rows) == len(table) and {row["title"] for row in rows} == {row["title"] for row in table}
    assert not [cell for row in table for cell in row.values() if FORMULA.match(cell)]
    assert len({row["url"] for row in rows}) == app.get("/marktplatz?anbieter=govdigital").text.count(
        'class="row-title"'
    )


def test_the_past_shows_the_market_as_it_was(portal):
    app, _ = portal
    assert (
        "noch keine" in app.get("/marktplatz?stand=2020-01-01").text
        or "keine Leistungen" in app.get("/marktplatz?stand=2020-01-01").text
    )


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"market_item": "gibtesnicht"}, "market_item", "gibt es nicht"),
        ({"provider": "gibtesnicht"}, "provider", "gibt es nicht"),
        ({"fee_year": "viel"}, "fee_year", "kein Betrag"),
        ({"fee_year": "-5"}, "fee_year", "kein Betrag"),
        ({"efa_financed": "yes"}, "efa_from", "nennt den Tag"),
        ({"fee_once_efa": "1,00"}, "fee_once_efa", "EfA-finanzierte"),
        ({"requirements": [{"number": "999"}]}, "requirements.1.number", "nicht vorgesehen"),
        ({"requirements": [{"number": "001"}, {"number": "001"}]}, "requirements.2.number", "zweimal"),
        ({"maturity": 5}, "maturity", "0 bis 4"),
        ({"recommendations": ["gibtesnicht"]}, "recommendations.1", "gibt es nicht"),
        ({"decisions": ["2021/99"]}, "decisions.1", "gibt es nicht"),
    ],
)
def test_a_faulty_offer_is_refused_with_field_and_reason(portal, more, field, words):
    _, house = portal
    with pytest.raises(InvalidInput) as refused:
        _save_offer(house, **more)
    [error] = refused.value.errors
    assert error.field == field and words in error.message


@pytest.mark.parametrize(("field", "value"), [("ozg_id", "99999"), ("leika_keys", ["99999999999999"])])
def test_an_item_names_only_services_of_the_catalogue(portal, field, value):
    _, house = portal
    with pytest.raises(InvalidInput, match="steht nicht im Katalog"), house.writing("test") as work:
        edit.save(
            work.session, "market_item", clean_item("market_item", {"slug": "x", "title": "X", field: value}), now=NOW
        )


def test_a_provider_keeps_its_own_offers_and_nobody_elses(desk):
    house, browser = desk
    app = browser("gudrun", "provider", organisation="govdigital")
    with house.writing("test") as work:
        foreign = lookup.find(work.session, "/angebot/fit-store-wohngeld").id
        own = lookup.find(work.session, "/angebot/govdigital-wohngeld").id
    assert app.get(f"/redaktion/eintrag/{foreign}", status=404) and app.get(
        f"/redaktion/eintrag/{foreign}/bearbeiten", status=404
    )
    assert app.get(f"/redaktion/eintrag/{own}").status_int == 200
    form = form_of(app.get("/redaktion/neu/offer"))
    for name, value in _offer(provider="fitko").items():
        form[name] = value
    refused = form.submit(status=400)
    assert "dürfen Sie keine Angebote pflegen" in refused.text
    form = form_of(refused)
    form["provider"], form["fee_year"] = "govdigital", "1.250,50"
    target = form.submit(status=303).headers["Location"]
    page = app.get(target)
    assert "Veröffentlichen" not in page.text
    step(page, "submit").submit(status=303)
    public = TestApp(app.app)
    assert public.get("/angebot/neu", status=404)
    gerda = browser("gerda", "secretariat")
    step(gerda.get(target), "publish").submit(status=303)
    assert "1.250,50" in public.get("/angebot/neu").text
    form = form_of(app.get(target + "/bearbeiten"))
    form["provider"] = "fitko"
    assert "dürfen Sie keine Angebote pflegen" in form.submit(status=400).text


def test_links_lead_both_ways_and_the_withdrawal_of_a_target_is_told(portal):
    app, house = portal
    assert "/angebot/fit-store-wohngeld" in app.get("/beschluss/2024/13").text
    assert (
        "/marktplatz/wohngeld" in app.get("/empfehlung/efa-vorrang").text
        and "/empfehlung/efa-vorrang" in app.get("/marktplatz/wohngeld").text
    )
    with house.writing("test") as work:
        assert links.dead_links(work.session) == []
        transition.withdraw(work.desk, lookup.find(work.session, "/empfehlung/efa-vorrang"), "Probe")
    with house.writing("test") as work:
        told = {row.source_url for row in links.dead_links(work.session)}
        assert "/marktplatz/wohngeld" in told and "/angebot/fit-store-wohngeld" in told
        assert (
            work.session.get(models.Item, lookup.find(work.session, "/marktplatz/wohngeld").id).publication_state
            == "published"
        )


def test_terms_name_services_variants_and_decisions(portal):
    app, _ = portal
    page = app.get("/glossar/einkommen").text
    assert "Wohngeld" in page and "14 WoGG" in page and "Varianten werden verglichen" in page
    assert "/glossar/einkommen" in app.get("/beschluss/2021/34").text
    assert "/glossar/einkommen" in app.get("/suche?q=Elterngeld-Netto").text


@pytest.mark.parametrize("role", ["provider", "commune"])
def test_nobody_is_provider_or_commune_everywhere(portal, role):
    _, house = portal
    with house.writing("test") as work:
        account = accounts.create(work.session, login="otto", name="Otto", email="", now=NOW)
        with pytest.raises(InvalidInput, match="für eine Organisation"):
            accounts.grant(work.session, account, role, "", by="test", now=NOW)


def test_pages_that_count_reuse_say_that_it_is_made_up(portal):
    app, _ = portal
    for path in (
        "/marktplatz",
        "/abdeckung",
        "/umsetzung",
        "/umsetzung/hh",
        "/marktplatz/wohngeld/vergleich",
        "/angebot/fit-store-wohngeld",
    ):
        assert app.get(path).html.find(id="beispiel") is not None, path
    assert "Beispielangaben" in app.get("/angebot/fit-store-wohngeld/preis").text


def test_the_example_services_are_those_of_the_catalogue(portal):
    app, _ = portal
    rows = app.get("/marktplatz.json").json
    assert len({row["ozg_id"] for row in rows}) >= 25 and all(
        row["ozg_id"] and row["theme"] and row["situation"] for row in rows
    )
    assert {row["provider"] for row in rows} == {"FITKO", "govdigital"}
    for number in ("2021/39", "2021/24", "2024/13"):
        assert (
            len(
                app.get(f"/beschluss/{number}").html.find_all(
                    "a", href=lambda link: link and link.startswith("/marktplatz/")
                )
            )
            >= 5
        )


PAPER = b"%PDF-1.7\n%AGB\n"


def _with_terms(house, tmp_path, terms, **more):
    (tmp_path / "files").mkdir(exist_ok=True)
    (tmp_path / "files" / "agb-3.pdf").write_bytes(PAPER)
    papers = [{"title": "AGB 3", "file": "agb-3.pdf"}]
    line = {
        "type": "offer",
        "published_on": "2025-01-01",
        "attachments": papers,
        "terms": terms,
        **_offer(),
        "slug": "mit-agb",
        **more,
    }
    (tmp_path / "offers.jsonl").write_text(json.dumps(line))
    with house.writing("operator") as work:
        return exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read(
            [tmp_path / "offers.jsonl"]
        )


def test_each_version_of_the_terms_leads_to_its_document(portal, tmp_path):
    app, house = portal
    _with_terms(
        house,
        tmp_path,
        [
            {"title": "AGB", "version": "3", "valid_from": "2025-01-01", "file": "agb-3.pdf"},
            {"title": "AGB", "version": "2", "url": "https://agb.example/2"},
        ],
    )
    part = app.get("/angebot/mit-agb").html.find("h2", string="Bedingungen").parent
    links = [(item.find("a")["href"], item.get_text()) for item in part.find_all("li")]
    assert [words for _, words in links] == ["AGB, Version 3, gültig ab 01.01.2025", "AGB, Version 2"]
    assert app.get(links[0][0]).body == PAPER and links[1][0] == "https://agb.example/2"


@pytest.mark.parametrize(
    ("terms", "field", "words"),
    [
        ([{"title": "AGB", "version": "3", "file": "fehlt.pdf"}], "terms.1.file", "keine Datei unter den Anlagen"),
        ([{"title": "AGB", "version": "3"}, {"title": "AGB", "version": "3"}], "terms.2.version", "zweimal"),
        ([{"title": "AGB"}], "terms.1.version", "fehlt"),
    ],
)
def test_terms_without_document_or_version_of_their_own_are_refused(portal, tmp_path, terms, field, words):
    _, house = portal
    with pytest.raises(exchange.FaultyInput) as refused:
        _with_terms(house, tmp_path, terms)
    (fault,) = refused.value.report.faults
    assert fault.field == field and words in fault.message


def test_a_confirmation_proposes_the_terms_that_are_in_force(portal):
    _, house = portal
    rows = [
        {"title": "AGB", "version": version, "valid_from": day}
        for version, day in (("1", "2023-01-01"), ("3", "2027-01-01"), ("2", "2025-01-01"))
    ]
    with house.writing("test") as work:
        offer = lookup.find(work.session, "/angebot/fit-store-wohngeld")
        offer.input = {**offer.input, "terms": rows}
        assert reuse.terms_of(offer, dt.date(2026, 1, 1)) == ["AGB, Version 2", "AGB, Version 1", "AGB, Version 3"]
        assert reuse.terms_of(offer, dt.date(2022, 1, 1))[0] == "AGB, Version 3"
