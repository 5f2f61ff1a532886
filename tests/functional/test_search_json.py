"""The search as JSON: the same answers as the page, links to every page, one shape of error."""

from __future__ import annotations

import re

import pytest

from content.search.interface import FACETS
from content.services.search import saved
from portal.api.search import KNOWN


@pytest.fixture
def ask(portal):
    browser, _ = portal
    return lambda query, **options: browser.get(f"/api/v1/suche{query}", **options)


def test_answer_is_that_of_the_page(ask, portal):
    browser, _ = portal
    answer = ask("?q=Marktplatz&jahr=2021").json
    page = browser.get("/suche?q=Marktplatz&jahr=2021")
    assert [hit["url"] for hit in answer["hits"]] == re.findall(r'class="row-title" href="(\S+?)"', page.text)
    assert answer["total"] > 0 and answer["filters"] == {"jahr": "2021"}


def test_hit_tells_where_and_why(ask):
    hit = next(hit for hit in ask("?q=Nachnutzung").json["hits"] if hit["snippets"])
    snippet = hit["snippets"][0]
    assert [snippet["text"][start:end] for start, end in snippet["marks"]]
    assert (
        snippet["url"].startswith(hit["url"])
        and hit["reasons"][0]["typed"] == "Nachnutzung"
        and hit["reasons"][0]["words"]
    )


def test_links_lead_through_all_pages(ask):
    seen, query = [], "?q=IT-Planungsrat&je_seite=7"
    while query:
        answer = ask(query).json
        seen += [hit["url"] for hit in answer["hits"]]
        query = answer["links"].get("next", "").removeprefix("/api/v1/suche")
    assert len(seen) == len(set(seen)) == answer["total"] > 14
    assert answer["links"]["self"] == answer["links"]["last"]


def test_facets_count_and_lead_on(ask):
    facets = ask("?q=Marktplatz").json["facets"]
    assert set(facets) <= {key for key, name in saved.PARAMETERS.items() if name in FACETS}
    for value in facets["art"]:
        assert ask(value["url"].removeprefix("/api/v1/suche")).json["total"] == value["count"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "q"),
        ("?q=", "q"),
        ("?q=a&quatsch=1", "quatsch"),
        ("?q=a&seite=0", "seite"),
        ("?q=a&seite=x", "seite"),
        ("?q=a&je_seite=101", "je_seite"),
        ("?q=a&sortierung=egal", "sortierung"),
        ("?q=a&von=gestern", "von"),
        ("?q=a&bis=31.02.2021", "bis"),
        ("?q=a&art=quatsch", "art"),
        ("?q=a&jahr=20x1", "jahr"),
        ("?q=a&ziffer=zwei", "ziffer"),
        ("?q=a&stand=gestern", "stand"),
        ("?q=a&stand=2999-01-01", "stand"),
    ],
)
def test_error_has_one_shape_and_names_the_parameter(ask, query, parameter):
    answer = ask(query, status=400)
    assert answer.content_type == "application/problem+json" and set(answer.json) == {
        "type",
        "title",
        "status",
        "detail",
        "parameter",
    }
    assert answer.json["parameter"] == parameter and answer.json["status"] == 400 and len(answer.json["detail"]) > 20


def test_what_the_question_says_itself_is_told_as_filters_and_gives_way_to_others(ask):
    answer = ask("?q=OZG+jahr:2021+von:2020").json
    assert answer["filters"] == {"jahr": "2021", "von": "2020-01-01"}
    for value in answer["facets"]["jahr"]:
        assert ask(value["url"].removeprefix("/api/v1/suche")).json["total"] == value["count"]


def test_a_past_day_is_asked_as_on_the_page_and_kept_in_all_links(ask, portal):
    answer = ask("?q=OZG&stand=2019-12-31&je_seite=5").json
    page = portal[0].get("/suche?q=OZG&stand=2019-12-31")
    assert f"<strong>{answer['total']} Treffer" in page.text and answer["total"] < ask("?q=OZG").json["total"]
    links = {name: url for name, url in answer["links"].items() if name != "feed"}
    assert all("stand=2019-12-31" in url for url in links.values()) and "stand" not in answer["links"]["feed"]
    assert all(
        ask(value["url"].removeprefix("/api/v1/suche")).json["total"] == value["count"]
        for value in answer["facets"]["art"]
    )


@pytest.mark.parametrize("path", ["/api/v1/nichts", "/api/", "/api/v1/suche/mehr"])
def test_an_address_that_there_is_not_answers_in_the_same_shape(portal, path):
    answer = portal[0].get(path, status=404)
    assert answer.content_type == "application/problem+json" and answer.json["status"] == 404


def test_undecodable_address_is_an_error_of_the_same_shape(ask):
    assert ask("?q=%ff", status=400).json["title"] == "Unbrauchbare Anfrage"


def test_any_site_may_read_and_nothing_is_kept_of_the_reader(ask):
    answer = ask("?q=Marktplatz")
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "query",
    ["?q=(((((", '?q="', "?q=*a*", "?q=" + "wort+" * 1000, "?q=%00", "?q=jahr:x", "?q=Wort&thema=" + "x" * 3000],
)
def test_hostile_question_is_answered(ask, query):
    assert ask(query, expect_errors=True).status_int in {200, 400}


def test_every_parameter_is_documented():
    with open("docs/schnittstelle.md") as file:
        text = file.read()
    assert [name for name in KNOWN if f"`{name}`" not in text] == []
