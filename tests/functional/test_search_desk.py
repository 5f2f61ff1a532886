"""What press and secretariat write down for the search: it counts for the next question, and wrong input stays typed."""

from __future__ import annotations

import html

import pytest
from webtest import TestApp

from content.search.lemmas import fold
from tests.functional.test_search_page import _picks

PATH = "/redaktion/suche"


@pytest.fixture
def gerda(desk):
    """The secretariat's browser, and a reader's."""
    _, browser = desk
    app = browser("gerda", "secretariat")
    return app, TestApp(app.app)


def form(page, use, row_id=""):
    return next(
        one
        for one in page.forms.values()
        if "use" in one.fields
        and one["use"].value == use
        and ("id" in one.fields) == bool(row_id)
        and (not row_id or one["id"].value == row_id)
    )


def fill(page, use, **values):
    one = form(page, use)
    for name, value in values.items():
        one[name] = value
    return one


def urls(app, typed):
    return [hit["url"] for hit in app.get("/api/v1/suche", {"q": typed}).json["hits"]]


def test_recommended_pages_are_shown_at_once_and_gone_when_struck_out(gerda):
    app, reader = gerda
    fill(
        app.get(PATH),
        "pick",
        question="Was kostet Nachnutzung?",
        urls="2021/24\nhttps://beschluesse.example/beschluss/2023/35/",
    ).submit(status=303)
    assert _picks(reader.get("/suche?q=was+kostet+nachnutzung").text) == ["/beschluss/2021/24", "/beschluss/2023/35"]
    page = app.get(PATH)
    row = next(one for one in page.forms.values() if "id" in one.fields and one["use"].value == "pick")
    row["urls"] = "/glossar/fit-store"
    row.submit(status=303)
    assert _picks(reader.get("/suche?q=kostet+nachnutzung").text) == ["/glossar/fit-store"]
    app.post(PATH, {**dict(row.submit_fields()), "schritt": "entfernen"}, status=303)
    assert _picks(reader.get("/suche?q=kostet+nachnutzung").text) == []


WRONG_PICKS = [
    ({"question": "", "urls": "2021/24"}, "Die Frage braucht Wörter"),
    ({"question": "der und die", "urls": "2021/24"}, "Die Frage braucht Wörter"),
    ({"question": "Probe", "urls": ""}, "1 bis 5 Seiten"),
    ({"question": "Probe", "urls": "2021/24\n2021/25\n2021/34\n2021/35\n2021/37\n2021/39"}, "1 bis 5 Seiten"),
    ({"question": "Probe", "urls": "2099/01"}, "keine öffentliche Seite"),
    ({"question": "Probe", "urls": "https://[böse"}, "keine öffentliche Seite"),
    ({"question": "Probe", "urls": "<script>"}, "keine öffentliche Seite"),
    ({"question": "x" * 201, "urls": "2021/24"}, "höchstens 200 Zeichen"),
]


def test_wrong_recommendations_are_refused_with_what_was_typed(gerda):
    for values, words in WRONG_PICKS:
        page = fill(gerda[0].get(PATH), "pick", **values).submit(status=400)
        assert words in html.unescape(page.text) and "Noch nicht gespeichert" in page.text
        assert (
            form(page, "pick")["question"].value == values["question"]
            and form(page, "pick")["urls"].value.split() == values["urls"].split()
        )


def test_the_same_question_in_another_form_is_known_already(gerda):
    app, _ = gerda
    fill(app.get(PATH), "pick", question="Kosten der Nachnutzung", urls="2021/24").submit(status=303)
    page = fill(app.get(PATH), "pick", question="kosten nachnutzungen", urls="2021/25").submit(status=400)
    assert "„Kosten der Nachnutzung“" in page.text


def test_other_names_count_for_the_next_question_and_say_where_from(gerda):
    app, reader = gerda
    assert "/beschluss/2021/24" not in urls(reader, "Umlageformel")
    fill(
        app.get(PATH),
        "synonym",
        word="Umlageformel",
        others="Königsteiner Schlüssel; Länderquote",
        source="Probegesetz § 3",
    ).submit(status=303)
    assert "/beschluss/2021/24" in urls(reader, "Umlageformel")
    assert "Umlageformel = Königsteiner Schlüssel (Probegesetz § 3)" in reader.get("/suche?q=Umlageformel").text
    row = next(one for one in app.get(PATH).forms.values() if "id" in one.fields and one["use"].value == "synonym")
    row["others"] = "Länderquote"
    row.submit(status=303)
    assert "/beschluss/2021/24" not in urls(reader, "Umlageformel")


def test_words_for_the_splitter_count_for_the_next_question(gerda):
    app, reader = gerda

    def told(word):
        return app.get(PATH, {"wort": word}).text

    assert "„Zwirbelregister“ bleibt ganz" in told("Zwirbelregister")
    fill(app.get(PATH), "part", word="Zwirbel").submit(status=303)
    assert "Zwirbelregister = Zwirbel + Register" in told("Zwirbelregister")
    refused = fill(app.get(PATH), "whole", word="zwirbel").submit(status=400)
    assert (
        "steht schon unter „Bausteine zusammengesetzter Wörter“" in refused.text
        and form(refused, "whole")["word"].value == "zwirbel"
    )
    fill(app.get(PATH), "whole", word="Registermodernisierung").submit(status=303)
    assert "„Registermodernisierung“ bleibt ganz" in told("Registermodernisierung")
    assert urls(reader, "Registermodernisierung")


def test_a_hit_still_says_why_when_the_desk_has_changed_how_its_words_are_split(gerda):
    app, reader = gerda
    fill(app.get(PATH), "whole", word="Marktplatz").submit(status=303)
    page = html.unescape(reader.get("/suche?q=Platz").text)
    assert "wie sie bei der Aufnahme galten" in page and page.count('<details class="why">') == page.count(
        'class="row-title"'
    )


WRONG_WORDS = [
    ("part", {"word": "zwei Wörter"}, "einzelnes Wort"),
    ("part", {"word": "ab"}, "einzelnes Wort"),
    ("part", {"word": "der"}, "Füllwort"),
    ("whole", {"word": "FIT-Connect"}, "einzelnes Wort"),
    ("synonym", {"word": "", "others": "x"}, "Bitte ein Wort"),
    ("synonym", {"word": "Kosten", "others": ""}, "andere Namen"),
    ("synonym", {"word": "Kosten", "others": "kosten"}, "der Name selbst"),
    ("synonym", {"word": "und", "others": "Kosten"}, "Füllwort"),
    ("synonym", {"word": "Kosten", "others": ",".join(f"n{number}" for number in range(21))}, "1 bis 20"),
    ("synonym", {"word": "Kosten", "others": "Preis", "source": "x" * 201}, "Die Quelle ist zu lang"),
]


def test_wrong_words_are_refused_with_what_was_typed(gerda):
    for use, values, words in WRONG_WORDS:
        page = fill(gerda[0].get(PATH), use, **values).submit(status=400)
        assert words in html.unescape(page.text) and form(page, use)["word"].value == values["word"]


def test_a_word_is_written_down_once(gerda):
    app, _ = gerda
    fill(app.get(PATH), "part", word="Zwirbel").submit(status=303)
    assert "steht hier schon" in fill(app.get(PATH), "part", word="Zwirbel").submit(status=400).text


def test_forged_forms_are_not_found_and_what_another_has_struck_out_is_no_error(gerda):
    app, _ = gerda
    one = form(app.get(PATH), "part")
    for sent in ({"use": "nichts"}, {"use": "pick", "id": "x"}, {"use": "part", "id": "9" * 12}):
        app.post(PATH, {**dict(one.submit_fields()), **sent}, status=404)
    app.post(PATH, {**dict(one.submit_fields()), "id": "4711", "schritt": "entfernen"}, status=303)


@pytest.mark.parametrize(
    ("role", "organisation"), [("member", ""), ("land", "hessen"), ("provider", "fitko"), ("administrator", "")]
)
def test_others_may_not(desk, role, organisation):
    app = desk[1]("stella", role, organisation=organisation)
    assert f'href="{PATH}"' not in app.get("/redaktion").text
    app.get(PATH, status=403)
    TestApp(app.app).get(PATH, status=303)


def test_press_may_and_the_log_names_each_change(desk):
    house, browser = desk
    app = browser("petra", "press")
    assert f'href="{PATH}"' in app.get("/redaktion").text
    fill(app.get(PATH), "part", word="Zwirbel").submit(status=303)
    log = browser("adam", "administrator").get("/redaktion/protokoll").text
    assert "Wort für die Suche gespeichert" in log and "Zwirbel" in log
    with house.reading() as connection:
        house.language.planner(connection)
    assert house.language.analysis.leaves(fold("Zwirbelregister")) == ("zwirbel", "register")
