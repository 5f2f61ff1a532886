"""The search as JSON: the same answers as the page, links to every page, one shape of error."""

from __future__ import annotations

import re

import pytest

from content.search.interface import FACETS
from content.services import saved
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
    assert snippet["url"].startswith(hit["url"]) and hit["reasons"][0]["typed"] == "Nachnutzung" and hit["reasons"][0]["words"]


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
    [("", "q"), ("?q=", "q"), ("?q=a&quatsch=1", "quatsch"), ("?q=a&seite=0", "seite"), ("?q=a&seite=x", "seite"), ("?q=a&je_seite=101", "je_seite"), ("?q=a&sortierung=egal", "sortierung")],
)
def test_error_has_one_shape_and_names_the_parameter(ask, query, parameter):
    answer = ask(query, status=400)
    assert answer.content_type == "application/problem+json" and set(answer.json) == {"type", "title", "status", "detail", "parameter"}
    assert answer.json["parameter"] == parameter and answer.json["status"] == 400 and len(answer.json["detail"]) > 20


def test_undecodable_address_is_an_error_of_the_same_shape(ask):
    assert ask("?q=%ff", status=400).json["title"] == "Unbrauchbare Anfrage"


def test_any_site_may_read_and_nothing_is_kept_of_the_reader(ask):
    answer = ask("?q=Marktplatz")
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("query", ["?q=(((((", '?q="', "?q=*a*", "?q=" + "wort+" * 1000, "?q=%00", "?q=jahr:x", "?q=Wort&thema=" + "x" * 3000])
def test_hostile_question_is_answered(ask, query):
    assert ask(query, expect_errors=True).status_int in {200, 400}


def test_every_parameter_is_documented():
    with open("docs/schnittstelle.md") as file:
        text = file.read()
    assert [name for name in KNOWN if f"`{name}`" not in text] == []
