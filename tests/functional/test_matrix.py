"""Every cell of the matrix, its sums, its time line and its feeds, against an independent count of the same editions."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.services.base import lookup
from content.services.browsing.browse import Reader
from content.services.implementation import matrix, matrix_history, tasks
from content.services.publishing import amend
from content.typed.berlin import day_of
from workflows.vocabulary import ROLES

QUIET = "/empfehlung/rechtsbegriffe-vereinheitlichen"
"""Nobody reports on it in the example content."""
TODAY = day_of(dt.datetime.now(dt.UTC))
LAENDER = ["BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH"]
BASE = "https://beschluesse.example"


def _ago(days):
    return (TODAY - dt.timedelta(days=days)).isoformat()


def _report(code, state, reported, confirmed=None, by=None):
    return {
        "addressee": code,
        "kind": "member",
        "code": code,
        "state": state,
        "date": reported,
        "evidence": f"https://{code.lower()}.example/nachweis",
        "note": "",
        "reported_at": f"{reported}T08:00:00Z",
        "confirmed_at": f"{confirmed}T08:00:00Z" if confirmed else None,
        "confirmed_by": by,
    }


@pytest.fixture
def reported(portal):
    """The portal where four Länder reported on a recommendation and two on a clause of a decision that was due long ago."""
    app, house = portal
    rows = [
        _report("HH", "done", _ago(20), _ago(10), "Gerda Weiß"),
        _report("HB", "running", _ago(10)),
        _report("SH", "done", _ago(400), _ago(300), "Gerda Weiß"),
        _report("BY", "done", _ago(10)),
    ]
    with house.writing("test", permits=ROLES["secretariat"].permits) as work:
        amend.amend(work.desk, lookup.find(work.session, QUIET), {"implementation": rows}, "Meldungen")
        held = set(work.session.scalars(sa.select(models.Meeting.ordinal).where(models.Meeting.date < TODAY)))
        found = next(row for row in tasks.suggestions(work.session) if int(row.due.split(".")[0]) in held)
        decision = lookup.find(work.session, found.url)
        tasks.confirm(
            replace(work.desk, permits=ROLES["secretariat"].permits),
            decision,
            found.anchor,
            ["Hamburg", "Bremen", "FITKO"],
        )
    return app, house, f"{found.url}#{found.anchor}"


def _current(house, kind):
    with house.reading() as connection:
        rows = connection.execute(
            sa.text("SELECT url, document FROM edition WHERE kind = :kind AND valid_until IS NULL"), {"kind": kind}
        ).all()
    return {row.url: json.loads(row.document)["data"] for row in rows}


def _live(house):
    """(item, Land) where a Land itself reuses the item today, counted by hand."""
    for data in _current(house, "offer").values():
        for one in data["reuse"]:
            past = [step["state"] for step in one["steps"] if step["date"] <= TODAY.isoformat()]
            if one["buyer_kind"] == "land" and past and past[-1] == "live":
                yield data["market_item"], one["land"]


def _asked(house, names):
    """(address, code, told, due day, addresses of items that help) of every cell, from the editions."""
    items = _current(house, "market_item")
    meetings = {url: data["date"] for url, data in _current(house, "meeting").items()}
    groups = {"Bund": ["BUND"], "Länder": LAENDER, **{name: [code] for code, name in names.items()}}
    for url, data in _current(house, "recommendation").items():
        if data["state"] in {"adopted", "implementing", "implemented"}:
            helping = {one for one, row in items.items() if url in row["recommendations"]} | set(data["market_items"])
            told = {row["code"] or row["addressee"]: row for row in data.get("implementation", ())}
            due = data["due"] if data["due"] and data["due"][:4].isdigit() and len(data["due"]) == 10 else None
            yield from (
                (url, code, told.get(code), due, helping & items.keys())
                for code in {one for word in data["addressees"] for one in groups.get(word, (word,))}
            )
    for url, data in _current(house, "decision").items():
        helping = {one for one, row in items.items() if url in row["decisions"]}
        yield from (
            (f"{url}#{task['anchor']}", task["addressee"], task, meetings.get(task["due_meeting"]), helping)
            for task in data.get("tasks", ())
        )


def _expected(house):
    """(address, code) → (state, reported, date, evidence, reviewer, turn, overdue, services, live), counted by hand."""
    names = {
        row["code"]: row["name"]
        for row in _current(house, "body")["/gremium/it-planungsrat"]["members"]
        if row["code"] in {"BUND", *LAENDER}
    }
    live, cells = set(_live(house)), {}
    for url, code, told, due, helping in _asked(house, names):
        told = told or {}
        state = told.get("state") or "open"
        written = max((told.get("reported_at") or "")[:10], (told.get("confirmed_at") or "")[:10])
        shown = "unconfirmed" if written and written < _ago(180) else state
        is_done, is_sure = (
            state in {"done", "not_applicable"},
            bool(told.get("confirmed_at")) and shown != "unconfirmed",
        )
        turn = (None if is_sure else "Geschäftsstelle") if is_done else names.get(code, code)
        late = bool(due) and due < TODAY.isoformat() and not is_done
        cells[url, code] = (
            shown,
            state,
            told.get("date"),
            told.get("evidence"),
            told.get("confirmed_by"),
            turn,
            late,
            len(helping),
            sum((one, code) in live for one in helping),
        )
    return cells


NAMES = ("state", "reported", "date", "evidence", "reviewer", "turn", "is_overdue", "services", "services_live")


def test_json_and_csv_agree_with_every_cell_and_every_sum_of_an_independent_count(reported):
    app, house, task = reported
    expected = _expected(house)
    found = app.get("/umsetzung.json").json
    assert {
        (row["url"].removeprefix(BASE), row["member"]): tuple(row[name] for name in NAMES) for row in found["cells"]
    } == expected
    lines = list(csv.DictReader(io.StringIO(app.get("/umsetzung.csv").text, newline="")))
    as_text = {True: "ja", False: "nein", None: ""}
    assert {(row["url"].removeprefix(BASE), row["member"]): tuple(row[name] for name in NAMES) for row in lines} == {
        key: tuple(as_text[value] if value is None or isinstance(value, bool) else str(value) for value in row)
        for key, row in expected.items()
    }
    assert len(expected) > 100 and (task, "HH") in expected
    states = Counter(row[0] for row in expected.values())
    assert found["totals"] == {
        **{state: states[state] for state in matrix.STATES},
        "overdue": sum(row[6] for row in expected.values()),
        "all": len(expected),
    }
    per_member = Counter(
        (code if code in {"BUND", *LAENDER} else "andere", row[0]) for (_, code), row in expected.items()
    )
    assert (
        found["by_member"]
        == {code: {state: per_member[code, state] for state in matrix.STATES} for code in ("BUND", *LAENDER, "andere")}
        and len(found["by_member"]) == 18
    )
    turns = Counter(
        "Geschäftsstelle" if row[5] == "Geschäftsstelle" else code if code in {"BUND", *LAENDER} else "andere"
        for (_, code), row in expected.items()
        if row[5]
    )
    assert {code: row["waiting"] for code, row in found["by_turn"].items() if row["waiting"]} == turns
    assert sum(row["overdue"] for row in found["by_turn"].values()) == found["totals"]["overdue"]


def test_the_page_says_in_each_reported_cell_who_checked_it_and_where_the_evidence_is(reported):
    app, _, task = reported
    page = app.get("/umsetzung")
    row = next(one for one in page.html.find_all("tr") if one.find("a", href=QUIET))
    hamburg = row.find_all("td")[matrix.CODES.index("HH")]
    assert "geprüft von Gerda Weiß" in hamburg.text and hamburg.find("a")["href"] == "https://hh.example/nachweis"
    assert "am Zug: Geschäftsstelle" in row.find_all("td")[matrix.CODES.index("BY")].text
    assert page.html.find("a", href=task) is not None
    assert any(
        row.find("td").text == "FITKO" and row.find("a", href=task)
        for row in page.html.find(id="andere").find_next("table").find_all("tr")[1:]
    )
    assert "geprüft von Gerda Weiß" in app.get("/umsetzung/hh").text and "von Gerda Weiß" in app.get(QUIET).text


@pytest.mark.parametrize(
    ("days", "state"), [(0, "done"), (169, "done"), (170, "done"), (171, "unconfirmed"), (900, "unconfirmed")]
)
def test_a_cell_fades_as_of_the_day_that_is_asked_for(reported, days, state):
    _, house, _ = reported
    with house.reading() as connection:
        shown = matrix.matrix(Reader(connection, stand=TODAY + dt.timedelta(days=days)))
    cell = next(cell for measure, cell in shown.cells if measure.url == QUIET and cell.code == "HH")
    assert (cell.state, cell.reported) == (state, "done")


def test_it_can_be_asked_whose_turn_it_is(reported):
    app, _, _ = reported
    cells = app.get("/umsetzung.json?zug=office").json["cells"]
    assert {(row["member"], row["turn"]) for row in cells if row["url"].endswith(QUIET)} == {
        ("BY", "Geschäftsstelle"),
        ("SH", "Geschäftsstelle"),
    }
    assert {row["turn"] for row in app.get("/umsetzung.json?zug=member&mitglied=HB").json["cells"]} == {"Bremen"}
    assert {row["name"] for row in app.get("/umsetzung.json?mitglied=andere&art=task").json["cells"]} == {"FITKO"}
    late = app.get("/umsetzung.json?faellig=ueberfaellig").json["cells"]
    assert late and all(row["is_overdue"] and row["turn"] for row in late)
    assert "nicht vorgesehen" in app.get("/umsetzung?zug=niemand", status=400).text


def test_the_time_line_keeps_what_later_reports_replace(reported):
    app, house, _ = reported
    with house.writing("test") as work:
        amend.amend(
            work.desk,
            lookup.find(work.session, QUIET),
            {"implementation": [_report("HB", "done", _ago(1), TODAY.isoformat(), "Gerda Weiß")]},
            "Bremen",
        )
    pages = [app.get(f"/umsetzung/verlauf?seite={number}") for number in (1, 2, 3)]
    told = [
        text
        for page in pages
        for item in page.html.select("ol.versions li")
        if "Rechtsbegriffe" in (text := item.get_text()) or "FITKO" in text or "/beschluss/" in str(item)
    ]
    assert any("Bremen meldet: läuft" in row for row in told) and any(
        "Bremen bestätigt: umgesetzt (geprüft von Gerda Weiß)" in row for row in told
    )
    assert "Bremen" in told[0] and len(told) == len(set(told)) == 8
    feed = app.get("/umsetzung/hb.atom").text
    assert feed.count("Rechtsbegriffe vereinheitlichen") == 3 and "meldet: läuft" in feed


def test_the_sums_of_past_quarters_are_those_of_the_matrix_on_that_day(reported):
    app, _, _ = reported
    rows = app.get("/umsetzung/verlauf").html.find("table").find_all("tr")[1:]
    assert len(rows) == 9
    for row in rows:
        link = row.find("a")["href"]
        counted = app.get(link.replace("/umsetzung", "/umsetzung.json")).json
        shown = [int(cell.text) for cell in row.find_all("td")]
        assert shown == [
            len({cell["url"] for cell in counted["cells"]}),
            counted["totals"]["all"],
            *(counted["totals"][state] for state in matrix.STATES),
            counted["totals"]["overdue"],
        ]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-01-01", "2025-12-31", "2024-03-31"),
        ("2026-03-31", "2025-12-31", "2024-03-31"),
        ("2025-08-15", "2025-06-30", "2023-09-30"),
    ],
)
def test_quarters_end_before_the_day(day, first, last):
    found = matrix_history.ends(dt.date.fromisoformat(day))
    assert (found[0].isoformat(), found[-1].isoformat(), len(found)) == (first, last, 8)


def test_who_confirms_is_told_that_the_name_becomes_public_and_it_does(desk):
    house, browser = desk
    with house.writing("test") as work:
        row = lookup.find(work.session, QUIET)
        row.addressees, row.procedure_state = ["Hamburg"], "implementing"
        number = str(row.id)
    land, office = browser("hanna", "land", organisation="hamburg"), browser("gerda", "secretariat")
    form = next(
        one
        for one in land.get("/redaktion/umsetzung").forms.values()
        if "evidence" in one.fields and one["id"].value == number
    )
    form["state"], form["evidence"] = "done", "https://hh.example/"
    form.submit("schritt", status=303)
    page = office.get("/redaktion/umsetzung")
    assert "steht Ihr Name danach öffentlich" in page.text
    next(
        one
        for one in page.forms.values()
        if "id" in one.fields
        and one["id"].value == number
        and any(button.value_if_submitted() == "confirm" for button in one.fields.get("schritt", []))
    ).submit("schritt", status=303)
    cells = TestApp(land.app).get("/umsetzung.json?zustand=done").json["cells"]
    assert [(cell["member"], cell["reviewer"]) for cell in cells if cell["url"].endswith(QUIET)] == [("HH", "Gerda")]
