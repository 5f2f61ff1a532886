"""What can be asked, sentence by sentence, over the example content: each way of asking finds what it should and nothing that it must not."""

from __future__ import annotations

import datetime as dt
import html
import itertools
import re

import pytest

from content.house import House
from content.services.base.memo import Memo
from content.services.browsing.browse import Reader
from content.services.search.searching import Search, Searcher


@pytest.fixture(scope="module")
def house(example_data):
    made = House.open(example_data)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ask(house):
    memo = Memo()

    def asked(typed="", **more):
        with house.reading() as connection:
            return Searcher(connection, house.search, house.language, Reader(connection, memo=memo).bodies).hits(
                Search(typed, per_page=300, **more)
            )

    return asked


def _urls(hits):
    return [hit.url for hit in hits.hits]


def _text(hit):
    return " ".join(piece.text for snippet in hit.snippets for piece in snippet.pieces)


def test_a_phrase_is_narrower_than_its_words(ask):
    assert "/beschluss/2024/21" in _urls(ask('"Einer prüft für alle"'))
    assert set(_urls(ask("„verbindliche Anwendung“"))) < set(_urls(ask("verbindliche Anwendung")))
    assert "/beschluss/2024/21" not in _urls(ask('"für alle prüft"', strict=True))


@pytest.mark.parametrize("without", ["-NOOTS", "NICHT NOOTS", "NOT NOOTS"])
def test_what_is_excluded_is_in_no_hit(ask, without):
    all_of_them, rest = set(_urls(ask("Registermodernisierung"))), set(_urls(ask(f"Registermodernisierung {without}")))
    assert "/beschluss/2022/34" in all_of_them - rest and "/beschluss/2021/05" in rest


@pytest.mark.parametrize("typed", ["XBreit*", "xbreit*"])
def test_a_beginning_finds_the_words_that_begin_so(ask, typed):
    assert "/beschluss/2021/40" in _urls(ask(typed))


@pytest.mark.parametrize("word", ["ODER", "OR", "|"])
def test_one_of_both_is_enough(ask, word):
    both = set(_urls(ask(f"Wohngeld {word} Elterngeld")))
    assert both == set(_urls(ask("Wohngeld"))) | set(_urls(ask("Elterngeld")))


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        ("nr:2021/39", lambda hit: hit.url == "/beschluss/2021/39" or "2021/39" in _text(hit)),
        (
            "sitzung:36",
            lambda hit: hit.url.startswith(("/sitzung/36", "/beschluss/2021/", "/presse/2021-10-29", "/bericht/")),
        ),
        ("jahr:2021", lambda hit: "2022/" not in hit.url),
        ("gremium:al-runde", lambda hit: "/al-runde" in hit.url),
        ("art:Presse", lambda hit: hit.url.startswith("/presse/")),
        ("art:Beschluss von:2025", lambda hit: "/2025/" in hit.url),
        ("art:Beschluss bis:2011", lambda hit: hit.url.startswith(("/beschluss/2010/", "/beschluss/2011/"))),
        (
            "ziffer:2 Finanzierung",
            lambda hit: any(snippet.url.endswith(("#z2", "#z2a", "#z2b")) for snippet in hit.snippets),
        ),
    ],
)
def test_a_field_narrows(ask, field, holds):
    hits = ask(field).hits
    assert hits
    assert [hit.url for hit in hits if not holds(hit)] == []


@pytest.mark.parametrize(
    "typed", ["2021/39", "2021-39", "Beschluss 2021/39", "Nr. 2021/39", "beschluss nr. 2021/39", "39/2021", "2021/039"]
)
def test_a_number_in_any_form_comes_first(ask, typed):
    assert _urls(ask(typed))[0] == "/beschluss/2021/39"


def test_decisions_of_a_session_are_understood(ask):
    assert set(_urls(ask("Beschlüsse der 36. Sitzung"))) == {
        f"/beschluss/2021/{serial}" for serial in (34, 35, 37, 39, 40)
    }
    assert set(_urls(ask("36. Sitzung"))) > set(_urls(ask("Beschlüsse der 36. Sitzung")))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Registermodernisirung", "Registermodernisierung"),
        ("Portalverbnud", "Portalverbund"),
        ("Elterngled", "Elterngeld"),
    ],
)
def test_a_misspelled_word_is_mended_and_said(ask, typed, meant):
    hits = ask(typed)
    assert hits.total and hits.did_you_mean == meant and any(meant in hint for hint in hits.hints)


def test_days_bound_the_hits_and_sort_orders_them(ask, house):
    hits = ask("Registermodernisierung", first_day="2021-06", last_day="29.10.2021")
    assert {"/beschluss/2021/25", "/beschluss/2021/35"} <= set(_urls(hits)) and "/beschluss/2021/05" not in _urls(hits)
    days = {one.url: one.date for one in house.published_documents()}
    for sort, is_falling in (("newest", True), ("oldest", False)):
        found = [days[url] for url in _urls(ask("Registermodernisierung", sort=sort))]
        assert found == sorted(found, reverse=is_falling)


FACETS = {
    "kind": "decision",
    "year": "2021",
    "body": "it-planungsrat",
    "meeting": "/sitzung/36",
    "topic": "EfA",
    "addressee": "FITKO",
    "state": "recommendation.adopted",
}


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations([name for name in FACETS if name != "state"], 2)])
def test_facets_combine_and_each_counts_what_choosing_it_shows(ask, one, other):
    hits = ask(filters={one: FACETS[one]})
    counted = hits.facets[other].get(FACETS[other], 0)
    assert ask(filters={one: FACETS[one], other: FACETS[other]}).total == counted


def test_the_state_of_a_recommendation_is_a_facet(ask):
    assert set(_urls(ask(filters={"state": FACETS["state"]}))) >= {
        "/empfehlung/startup-freundliche-vergabe",
        "/empfehlung/digitaltaugliches-recht",
    }


def test_every_filter_on_the_page_can_be_taken_away_alone_or_with_all_others(portal):
    app, _ = portal
    page = html.unescape(
        app.get("/suche?q=Registermodernisierung&art=decision&jahr=2021&thema=Registermodernisierung").text
    )
    active = re.search(r'id="aktiv">.*?</ul>', page, re.DOTALL)[0]
    ways = re.findall(r'href="(/suche\?[^"]+)"', active)
    kept = [{name for name in ("art", "jahr", "thema") if f"{name}=" in way} for way in ways]
    assert sorted(map(sorted, kept)) == [[], ["art", "jahr"], ["art", "thema"], ["jahr", "thema"]]


def test_a_hit_shows_its_clauses_marked_and_leads_to_them(ask):
    hit = next(hit for hit in ask("Königsteiner Schlüssel").hits if hit.url == "/beschluss/2021/24")
    snippet = next(one for one in hit.snippets if one.url == "/beschluss/2021/24#z2")
    assert "Königsteiner Schlüssel" in " ".join(piece.text for piece in snippet.pieces if piece.is_hit) or {
        "Königsteiner",
        "Schlüssel",
    } <= {piece.text for piece in snippet.pieces if piece.is_hit}


def test_a_past_day_is_searched_as_it_was(ask):
    then = dt.datetime(2021, 12, 31, tzinfo=dt.UTC)
    assert "/beschluss/2024/13" in _urls(ask("Marktplatz")) and "/beschluss/2024/13" not in _urls(
        ask("Marktplatz", moment=then)
    )
    assert "/beschluss/2021/39" in _urls(ask("Marktplatz", moment=then))


@pytest.mark.parametrize("typed", ["Xylophonquark", "Xylophonquark Zwetschgenkreisel"])
def test_an_empty_answer_offers_ways_on(portal, typed):
    page = html.unescape(portal[0].get("/suche", {"q": typed}).text)
    assert "Nichts gefunden" in page and "alle Beschlüsse" in page and "per E-Mail abonnieren" in page


@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("Xylophonquark Zwetschgenkreisel", {}),
        ("Marktplatz Xylophonquark Wohngeld", {"sort": "newest"}),
        ("Marktplatz", {"filters": {"year": "1999"}}),
    ],
)
def test_every_way_on_leads_to_hits(ask, typed, more):
    hits = ask(typed, **more)
    assert not hits.total
    assert bool(hits.ways) == ("Marktplatz" in typed)
    for way in hits.ways:
        assert ask(way.changes.get("q", typed)).total, way


@pytest.mark.parametrize(
    "typed",
    [
        "IT-PLR 2021/39",
        "Beschluss des IT-Planungsrats 2021/39",
        "IT-PLR-Beschluss Nr. 2021/39",
        "Beschluss 2021/39 vom 29. Oktober 2021",
        "2021 39",
        "IT-Planungsrat, 2021-39",
    ],
)
def test_a_number_as_it_is_cited_is_that_decision(ask, typed):
    hits = ask(typed)
    assert _urls(hits)[0] == "/beschluss/2021/39" and not any("Wörter" in hint for hint in hits.hints)
    assert [reason.how for reason in hits.hits[0].reasons] == ["trägt diese Nummer"]


@pytest.mark.parametrize("typed", ["2021/39 Ziffer 2", "Beschluss 2021/39, Ziff. 2", "nr:2021/39 ziffer:2"])
def test_a_clause_named_behind_a_number_is_shown_first(ask, typed):
    first = ask(typed).hits[0]
    assert (first.url, [snippet.url for snippet in first.snippets]) == ("/beschluss/2021/39", ["/beschluss/2021/39#z2"])


def test_a_field_for_the_clause_shows_that_clause_only(ask):
    urls = [snippet.url for hit in ask("ziffer:2 Finanzierung").hits for snippet in hit.snippets]
    assert urls and all("#z2" in url for url in urls)


def test_a_number_that_is_not_public_here_is_said(ask):
    hits = ask("2021/99")
    assert not hits.total and any("2021/99 ist hier nicht öffentlich" in hint for hint in hits.hints)


@pytest.mark.parametrize("typed", ["36 Sitzung", "Sitzung 36", "36te Sitzung", "sitzung: 36", "Sitzung Nr. 36"])
def test_a_session_in_any_form_is_that_session(ask, typed):
    assert _urls(ask(typed)) == _urls(ask("36. Sitzung"))


def test_what_a_session_decided_may_be_asked_as_a_sentence(ask):
    assert _urls(ask("Was wurde in der 36. Sitzung beschlossen?")) == _urls(ask("Beschlüsse der 36. Sitzung"))


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("29.10.2021", "von:29.10.2021 bis:29.10.2021"),
        ("29. Oktober 2021", "von:29.10.2021 bis:29.10.2021"),
        ("Oktober 2021", "von:2021-10 bis:2021-10"),
        ("Sitzung vom 29.10.2021", "von:29.10.2021 bis:29.10.2021 art:Sitzung"),
        ("Beschlüsse aus 2021", "von:2021 bis:2021 art:Beschluss"),
        ("Pressemitteilungen seit 2022", "von:2022 art:Presse"),
        ("Beschlüsse vor 2015", "bis:2014 art:Beschluss"),
        ("Beschlüsse nach März 2018", "von:2018-04 art:Beschluss"),
        ("Beschlüsse der AL-Runde", "art:Beschluss gremium:al-runde"),
        ("Beschlüsse des IT-Planungsrats 2021", "von:2021 bis:2021 art:Beschluss gremium:IT-PLR"),
        ("von:2020 bis:2018", "von:2018 bis:2020"),
        ("Beschlüsse zur Registermodernisierung", "Registermodernisierung art:Beschluss"),
    ],
)
def test_days_and_kinds_are_understood_in_words(ask, typed, same):
    hits = ask(typed)
    assert hits.total and _urls(hits) == _urls(ask(same)) and hits.hints


@pytest.mark.parametrize("typed", ["((", "AND AND", "-", "*", '""', "ODER", "%", "§"])
def test_a_question_without_any_word_says_so(ask, typed):
    assert any("kein Wort" in hint for hint in ask(typed).hints)


def test_filling_words_alone_are_told_and_lead_to_no_dead_end(ask):
    hits = ask("der die das")
    assert (hits.total, hits.ways) == (0, ()) and any("Füllwörter" in hint for hint in hits.hints)


def test_filling_words_are_no_part_of_a_name_or_of_another_word(ask):
    assert ask("Beschluss zur Sitzungsleitung").hits[0].reasons[0].typed == "Beschluss"
    assert ask("Was wurde finanziert").did_you_mean == ""


def test_a_version_is_no_number_written_apart(ask):
    assert not any("20" in reason.how for hit in ask("OZG 2.0").hits for reason in hit.reasons)


def test_a_field_that_there_is_not_is_named(ask):
    hints = ask("titel:Marktplatz").hints
    assert any("„titel:“ gibt es nicht" in hint and "sitzung" in hint for hint in hints) and not any(
        "gibt es nicht" in hint for hint in ask("https://marktplatz.example").hints
    )


def test_a_phrase_is_marked_and_told_as_a_whole(ask):
    hit = next(hit for hit in ask('"Einer für Alle"').hits if hit.url == "/glossar/einer-fuer-alle")
    assert [(piece.text, piece.is_hit) for piece in hit.title] == [("Einer für Alle", True)]
    assert hit.reasons[0].words == ("Einer für Alle",)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ('"Register', "Anführungszeichen"),
        ("(Register)", "Klammern"),
        ("jahr:gestern Register", "kein Jahr"),
        ("art:quatsch Register", "gibt es nicht"),
        ("Register ODER", "ohne zweites Wort"),
        ("Reg*ister", "Ende eines Wortes"),
        ("-Register", "ausgeschlossene"),
    ],
)
def test_bad_syntax_is_read_as_words_with_a_hint(ask, typed, hint):
    hits = ask(typed)
    assert hits.total and any(hint in one for one in hits.hints)


def test_a_clause_of_one_decision_is_not_shown_of_those_that_name_it(ask):
    other = next(hit for hit in ask("2021/39 Ziffer 2").hits if hit.url == "/beschluss/2024/13")
    assert all("2021/39" in "".join(piece.text for piece in snippet.pieces) for snippet in other.snippets)


def test_a_short_word_is_not_mended_to_a_shorter_one(ask):
    assert ask("blau").did_you_mean == ""


@pytest.fixture(scope="module")
def suggest(house):
    memo = Memo()

    def suggested(typed):
        with house.reading() as connection:
            return Searcher(
                connection, house.search, house.language, Reader(connection, memo=memo).bodies
            ).continuations(typed)

    return suggested


@pytest.mark.parametrize(
    "typed",
    [
        "36. Sitzung",
        "99. Sitzung",
        "2021/39",
        "2021/39 Ziffer 2",
        "Marktplatz jahr:2021",
        "der die das",
        '"Einer für Alle"',
        "Beschlüsse 2021",
    ],
)
def test_what_is_complete_has_no_other_forms_of_itself_as_suggestions(suggest, typed):
    assert suggest(typed) == []


@pytest.mark.parametrize(
    "typed", ["Nachnutzung Kosten", "Registermodernisierung Bund", "Portalverbund FIT", "Marktplatz Wohn"]
)
def test_every_suggestion_behind_other_words_finds_something(ask, suggest, typed):
    assert all(ask(words, strict=True).total for words in suggest(typed))


def test_a_year_beside_other_words_means_the_decisions_of_that_year_too(ask):
    hits = ask("Umlaufverfahren 2023")
    first = hits.hits[0]
    assert first.url == "/beschluss/2023/35" and "Nummer aus dem Jahr 2023" in [reason.how for reason in first.reasons]
    assert "/beschluss/2022/32" not in _urls(ask("Umlaufverfahren 2023", strict=True)) or "2023" in _text(
        next(hit for hit in ask("Umlaufverfahren 2023", strict=True).hits if hit.url == "/beschluss/2022/32")
    )


def test_millions_are_found_however_they_are_written(ask):
    assert "/beschluss/2023/43" in _urls(ask("15 Millionen Euro", strict=True))
