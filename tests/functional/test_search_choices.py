"""Filters on the search page, wherever they were said: each shows, counts what it promises, and can be taken away."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

SIDE = re.compile(
    r'<li><a href="([^"]+)"( aria-current="true")?>([^<]*)(?:<span[^>]*>[^<]*</span>)?</a> <span class="quiet">([\d.]+)</span>'
)


@pytest.fixture
def app(portal):
    return portal[0]


def _page(app, address):
    return html.unescape(app.get(quote(address, safe="/?=&+:%")).text)


def _total(page):
    found = re.search(r"<strong>([\d.]+) Treffer", page)
    return int(found[1].replace(".", "")) if found else 0


def _active(page):
    part = re.search(r'id="aktiv">.*?</ul>', page, re.DOTALL)
    return (
        {
            re.sub(r"<.*", "", label): url
            for url, label in re.findall(r'<li><a href="([^"]+)">(.*?)</a>', part[0], re.DOTALL)
        }
        if part
        else {}
    )


def _facets(page):
    return [
        (url, label, int(count.replace(".", "")))
        for url, is_active, label, count in SIDE.findall(page)
        if not is_active
    ]


@pytest.mark.parametrize(
    ("address", "labels"),
    [
        ("/suche?q=OZG+jahr:2021", {"2021"}),
        ("/suche?q=36.+Sitzung", {"36. Sitzung"}),
        ("/suche?q=Beschlüsse+2021", {"Beschlüsse", "01.01.2021 bis 31.12.2021"}),
        ("/suche?q=Register&ziffer=2", {"Ziffer 2"}),
        ("/suche?q=OZG&von=2021&art=decision", {"Beschlüsse", "ab 01.01.2021"}),
        ("/suche?q=OZG+bis:2018+gremium:it-planungsrat", {"IT-Planungsrat", "bis 31.12.2018"}),
        ("/suche?q=29.10.2021", {"29.10.2021"}),
        ("/suche?q=Beschlüsse+der+AL-Runde+2025", {"Beschlüsse", "AL-Runde", "01.01.2025 bis 31.12.2025"}),
    ],
)
def test_what_narrows_shows_and_goes_alone(app, address, labels):
    page = _page(app, address)
    active = _active(page)
    assert set(active) == labels
    for label, url in active.items():
        assert set(_active(_page(app, url))) == labels - {label}, label


@pytest.mark.parametrize(
    "address",
    ["/suche?q=jahr:2021", "/suche?q=Beschlüsse+2021", "/suche?q=36.+Sitzung", "/suche?q=OZG+art:Beschluss&von=2018"],
)
def test_values_beside_what_the_question_says_count_what_they_show(app, address):
    for url, label, count in _facets(_page(app, address))[:25]:
        assert _total(_page(app, url)) == count, (label, url)


def test_another_year_takes_the_place_of_the_one_in_the_question(app):
    url = next(url for url, label, _ in _facets(_page(app, "/suche?q=OZG+jahr:2021")) if label == "2019")
    assert url == "/suche?q=OZG&jahr=2019"


def test_a_past_day_stays_in_every_way_on_from_the_search(app):
    page = app.get("/suche?q=OZG&stand=2019-12-31&sortierung=neu")
    links = re.findall(r'<a [^>]*href="(/suche\?[^"]+)"(?! data-heute)', page.text)
    assert links and all("stand=2019-12-31" in url for url in links)
    assert all(form["stand"].value == "2019-12-31" for form in page.forms.values())
    for url, label, count in _facets(html.unescape(page.text))[:12]:
        assert _total(_page(app, url)) == count, label


def test_days_are_chosen_in_a_form_that_keeps_the_rest(app):
    form = next(
        form
        for form in app.get("/suche?q=OZG+jahr:2019-2021&art=decision&sortierung=alt").forms.values()
        if "von" in form.fields
    )
    assert (form["von"].value, form["bis"].value, form["q"].value, form["art"].value, form["sortierung"].value) == (
        "2019-01-01",
        "2021-12-31",
        "OZG",
        "decision",
        "alt",
    )
    form["von"], form["bis"] = "2018-01-01", "2018-12-31"
    page = html.unescape(form.submit().text)
    assert set(_active(page)) == {"Beschlüsse", "01.01.2018 bis 31.12.2018"} and _total(page)


def test_asking_anew_keeps_the_filters(app):
    form = app.get("/suche?q=OZG&art=decision&sortierung=neu&seite=1").forms[0]
    form["q"] = "Register"
    assert set(_active(html.unescape(form.submit().text))) == {"Beschlüsse"}


@pytest.mark.parametrize("parameters", ["von=gestern", "bis=31.02.2021", "von=2021-13"])
def test_a_day_that_is_none_is_said(app, parameters):
    page = _page(app, f"/suche?q=OZG&{parameters}")
    assert "ist kein Datum und wurde übergangen" in page and _total(page)


def test_behind_the_last_page_stands_the_last(app):
    page = _page(app, "/suche?q=OZG&seite=99")
    number = re.search(r"Seite (\d+) von (\d+)", page)
    assert number[1] == number[2] and 'class="row-title"' in page


def test_no_hits_under_filters_lead_back_to_hits(app):
    page = _page(app, "/suche?q=Marktplatz+jahr:1999&art=decision")
    url = re.search(r'href="([^"]+)">Ohne Filter suchen', page)[1]
    assert page.count("Ohne Filter suchen") == 1 and url == "/suche?q=Marktplatz" and _total(_page(app, url))
