"""Numbers of any body: every suffix, more than 9,999 a year; each body counts for itself; a session shows all its decisions."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from content.schemas import clean_item
from content.services.base import lookup
from content.services.browsing import browse
from content.services.council import numbering
from content.services.editing import edit
from content.services.exchange import exchange
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)
BODY = {
    "type": "body",
    "slug": "projektausschuss",
    "name": "Projektausschuss",
    "genitive": "des Projektausschusses",
    "number_pattern": "YYYY/NN-PA",
    "voting_rule": "einstimmig",
}


def _import(house, tmp_path, *lines):
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with house.writing("test") as work:
        return exchange.Importer(work.desk, is_publishing=True).read([path])


def _draft(work, body, title, day="2041-03-04"):
    value = clean_item("decision", {"body": body, "title": title, "date": day, "text": "1. Wird beschlossen."})
    return edit.save(work.session, "decision", value, now=NOW).item


@pytest.mark.on_both_databases
def test_each_body_counts_its_decisions_of_a_year_for_itself(portal):
    _, house = portal
    with house.writing("test", permits=ROLES["secretariat"].permits) as work:
        edit.save(
            work.session,
            "body",
            clean_item("body", {name: value for name, value in BODY.items() if name != "type"}),
            now=NOW,
        )
        given = [
            numbering.give_number(work.desk, _draft(work, body, f"Vorhaben {n}"))
            for n, body in enumerate(["it-planungsrat", "projektausschuss", "it-planungsrat", "projektausschuss"])
        ]
    assert given == ["2041/01", "2041/01-PA", "2041/02", "2041/02-PA"]


def test_a_body_with_its_own_suffix_is_read_cited_found_and_reached(portal, tmp_path):
    app, house = portal
    one = {
        "type": "decision",
        "body": "projektausschuss",
        "number": "2025/10000-PA",
        "title": "Zehntausend",
        "text": "1. Der Projektausschuss beschließt.",
        "date": "2025-02-03",
    }
    other = {
        **one,
        "number": "2025/10001-PA",
        "title": "Danach",
        "text": "1. In Umsetzung der Ziffer 1 des Beschlusses 2025/10000-PA wird berichtet.",
    }
    _import(house, tmp_path, BODY, one, other)
    url = "/beschluss/projektausschuss/2025/10000"
    assert "Beschluss 2025/10000-PA" in app.get(url).text
    assert f'href="{url}#z1"' in app.get("/beschluss/projektausschuss/2025/10001").text
    for typed in ("/beschluss/2025-10000-pa", "/beschluss/beschluss-2025-10000-pa", "/beschluesse/2025/10000-PA"):
        assert app.get(typed, status=301).headers["Location"].endswith(url)
    assert app.get("/api/v1/suche?q=2025/10000-PA").json["hits"][0]["url"].endswith(url)
    assert url in app.get("/sitemap-1.xml").text
    with house.writing("test") as work:
        assert lookup.find_decision(work.session, "2025/10000-PA").url == url
        lines = [json.loads(line) for line in exchange.working_lines(work.session)]
    mine = [line for line in lines if line.get("body") == "projektausschuss"]
    assert _import(house, tmp_path, *mine).unchanged == {"decision": 2}


def test_a_session_says_how_many_decisions_stand_only_in_the_list(portal, monkeypatch):
    app, _ = portal
    whole = app.get("/sitzung/36")
    amount = whole.text.count("/beschluss/2021/")
    assert "weitere in der Liste" not in whole.text and amount
    monkeypatch.setattr(browse, "MEETING_ROWS", 2)
    monkeypatch.setattr(browse.Reader._of_meeting, "__defaults__", (2,))
    app = type(app)(app.app)
    page = app.get("/sitzung/36?stand=2026-11-01")
    assert "weitere in der Liste der Beschlüsse dieser Sitzung" in page.text
    listed = page.click("weitere in der Liste")
    assert "/beschluss/2021/39" in listed.text
