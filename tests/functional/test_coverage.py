"""Coverage and implementation as readers see them, against an independent count of the same editions."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections import Counter

import pytest
import sqlalchemy as sa

from content.services.base import lookup
from content.services.browsing.browse import Reader
from content.services.implementation import matrix
from content.services.publishing import amend

TODAY = dt.date.today().isoformat()


def _documents(house, kind):
    with house.reading() as connection:
        rows = connection.execute(
            sa.text("SELECT url, document FROM edition WHERE kind = :kind AND valid_until IS NULL"), {"kind": kind}
        ).all()
    return {row.url: json.loads(row.document)["data"] for row in rows}


def _table(app, path):
    return list(csv.DictReader(io.StringIO(app.get(path).text, newline="")))


def _stands(house, day):
    """(item, provider, land, buyer kind, buyer, whole Land, state) of every reuse on `day`, by hand."""
    for data in _documents(house, "offer").values():
        for one in data["reuse"]:
            past = [step["state"] for step in one["steps"] if step["date"] <= day]
            if past:
                yield (
                    data["market_item"],
                    data["provider"]["name"],
                    one["land"],
                    one["buyer_kind"],
                    one["buyer"],
                    one["covers_communes"],
                    past[-1],
                )


@pytest.mark.parametrize("day", [TODAY, "2024-04-02", "2024-12-31", "2025-06-30"])
def test_coverage_agrees_with_an_independent_count(portal, day):
    app, house = portal
    stands = list(_stands(house, day))
    communes = {
        row["code"]: row.get("communes") for row in _documents(house, "body")["/gremium/it-planungsrat"]["members"]
    }
    rows = _table(app, f"/abdeckung.csv?stand={day}")
    assert len(rows) == 16
    for row in rows:
        mine = [stand for stand in stands if stand[2] == row["land"]]
        live = [stand for stand in mine if stand[6] == "live"]
        assert int(row["items_live"]) == len({stand[0] for stand in live if stand[3] == "land"})
        reached = (
            communes[row["land"]]
            if any(stand[5] for stand in live)
            else len({stand[4] for stand in live if stand[3] == "commune"})
        )
        assert int(row["communes_live"]) == reached
        assert float(row["communes_percent"]) == round(100 * reached / communes[row["land"]], 1)
        assert {
            state: int(row[f"reuses_{state}"])
            for state in ("interest", "negotiation", "ordered", "contract", "live", "ended")
        } == {
            state: sum(stand[6] == state for stand in mine)
            for state in ("interest", "negotiation", "ordered", "contract", "live", "ended")
        }


def test_coverage_can_be_asked_of_one_item_offer_and_provider(portal):
    app, house = portal
    stands = list(_stands(house, TODAY))
    whole = Counter(stand[2] for stand in stands if stand[1] == "govdigital" and stand[6] == "live")
    assert {
        row["land"]: int(row["reuses_live"])
        for row in _table(app, "/abdeckung.csv?anbieter=govdigital")
        if int(row["reuses_live"])
    } == whole
    assert "Abdeckung: Wohngeld" in app.get("/abdeckung?leistung=/marktplatz/wohngeld").text
    assert app.get("/abdeckung?angebot=/angebot/fit-store-wohngeld").status_int == 200
    assert "nicht veröffentlicht" in app.get("/abdeckung?leistung=/marktplatz/x", status=400).text


def test_the_map_says_in_its_table_what_its_tiles_say(portal):
    app, _ = portal
    page = app.get("/abdeckung").text
    tiles = dict(re.findall(r'<text x="\d+" y="\d+">([A-Z]{2})</text><text x="\d+" y="\d+">(\d+)</text>', page))
    assert tiles == {row["land"]: row["items_live"] for row in _table(app, "/abdeckung.csv")}
    assert 'role="img"' in page and "Dieselben Zahlen stehen in der Tabelle" in page


def test_the_reach_of_the_cooperative_is_a_computed_sentence_with_its_source(portal):
    app, house = portal
    members = _documents(house, "organisation")["/organisation/govdigital"]["members"]
    total = sum(row.get("communes") or 0 for row in _documents(house, "body")["/gremium/it-planungsrat"]["members"])
    served = sum(row["communes"] for row in members)
    page = app.get("/abdeckung").text
    assert (
        f"über {len(members)} Mitglieder rund {round(100 * served / total)} % der Kommunen" in page
        and "Quelle: Beispielangabe" in page
    )


# --- implementation --------------------------------------------------------------------------------------------------


def _report(code, state, reported, confirmed=None):
    return {
        "addressee": code,
        "kind": "land",
        "code": code,
        "state": state,
        "date": reported,
        "evidence": "https://land.example/nachweis",
        "note": "",
        "reported_at": f"{reported}T08:00:00Z",
        "confirmed_at": f"{confirmed}T08:00:00Z" if confirmed else None,
    }


@pytest.fixture
def reported(portal):
    """The portal where four Länder reported on one recommendation, one of them long ago."""
    app, house = portal
    recent = (dt.date.today() - dt.timedelta(days=10)).isoformat()
    rows = [
        _report("HH", "done", recent, recent),
        _report("HB", "running", recent),
        _report("SH", "done", "2021-01-01", "2021-02-01"),
        _report("BY", "done", recent),
    ]
    with house.writing("test") as work:
        amend.amend(
            work.desk,
            lookup.find(work.session, "/empfehlung/rechtsbegriffe-vereinheitlichen"),
            {"implementation": rows},
            "Meldungen",
        )
    return app, house


def test_a_report_fades_when_nobody_writes_for_half_a_year(reported):
    app, _ = reported
    cells = {
        row["member"]: row
        for row in json.loads(app.get("/umsetzung.json").text)["cells"]
        if row["url"].endswith("/empfehlung/rechtsbegriffe-vereinheitlichen")
    }
    assert (cells["SH"]["state"], cells["SH"]["reported"], cells["SH"]["turn"]) == (
        "unconfirmed",
        "done",
        "Geschäftsstelle",
    )
    assert (cells["HH"]["state"], cells["HH"]["turn"]) == ("done", None)
    assert (cells["BY"]["state"], cells["BY"]["turn"]) == ("done", "Geschäftsstelle")
    assert (cells["HB"]["state"], cells["HB"]["turn"]) == ("running", "Bremen")
    assert "zuletzt: umgesetzt" in app.get("/umsetzung/sh").text


@pytest.mark.parametrize(("days", "is_faded"), [(0, False), (180, False), (181, True), (4000, True)])
def test_fading_counts_from_the_last_write(days, is_faded):
    told = {"reported_at": "2024-01-01T10:00:00Z", "confirmed_at": "2024-03-01T10:00:00Z"}
    assert matrix.is_faded(told, dt.date(2024, 3, 1) + dt.timedelta(days=days)) is is_faded
    assert matrix.is_faded({}, dt.date(2024, 3, 1)) is False


def test_filters_narrow_and_nonsense_is_refused_with_words(reported):
    app, _ = reported
    rows = json.loads(app.get("/umsetzung.json?mitglied=HH&zustand=done").text)["cells"]
    assert ("rechtsbegriffe-vereinheitlichen", "HH", "done") in {
        (row["url"].rsplit("/", 1)[1], row["member"], row["state"]) for row in rows
    }
    assert {(row["member"], row["state"]) for row in rows} == {("HH", "done")}
    assert "Nichts gefunden" in app.get("/umsetzung?mitglied=HH&zustand=not_applicable").text
    for query in ("mitglied=XX", "zustand=fertig", "art=x", "faellig=immer"):
        assert "nicht vorgesehen" in app.get(f"/umsetzung?{query}", status=400).text


def test_each_member_has_a_page_and_a_feed(reported):
    app, _ = reported
    page = app.get("/umsetzung/hh")
    assert "Hamburg" in page.text and "Nachweis" in page.text and 'href="/umsetzung/hh.atom"' in page.text
    feed = app.get("/umsetzung/hh.atom")
    assert (
        feed.content_type == "application/atom+xml"
        and "meldet: umgesetzt" in feed.text
        and "bestätigt: umgesetzt" in feed.text
    )
    assert app.get("/umsetzung/xx", status=404) and app.get("/umsetzung/xx.atom", status=404)


def test_the_page_cache_knows_a_new_report_at_once(reported):
    app, house = reported
    before = app.get("/umsetzung").headers["ETag"]
    assert app.get("/umsetzung", headers={"If-None-Match": before}, status=304)
    with house.writing("test") as work:
        amend.amend(
            work.desk,
            lookup.find(work.session, "/empfehlung/rechtsbegriffe-vereinheitlichen"),
            {"implementation": []},
            "Zurück",
        )
    assert app.get("/umsetzung", headers={"If-None-Match": before}, status=200).headers["ETag"] != before


def test_an_amended_edition_changes_nothing_but_what_it_tells(reported):
    _, house = reported
    with house.reading() as connection:
        first, second = [
            json.loads(row.document)
            for row in connection.execute(
                sa.text(
                    "SELECT document FROM edition WHERE url = '/empfehlung/rechtsbegriffe-vereinheitlichen' ORDER BY number"
                )
            )
        ]
        assert {key: value for key, value in first.items() if key not in {"data", "edition", "note"}} == {
            key: value for key, value in second.items() if key not in {"data", "edition", "note"}
        }
        assert {name for name in second["data"] if second["data"][name] != first["data"].get(name)} == {
            "implementation"
        }
        assert Reader(connection).page("/empfehlung/rechtsbegriffe-vereinheitlichen").proof.edition == 2
