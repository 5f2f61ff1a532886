"""The search page around its hits: what the desk recommends, suggestions, reasons, ways on; the same rights everywhere."""

from __future__ import annotations

import datetime as dt
import html
import json
import re

import docx
import pytest

from content import models
from content.services.base import lookup
from content.services.exchange import exchange
from content.services.search.searching import pick_key
from content.services.workflow import transition
from portal.web.incoming import read_import_ahead, store_file
from workflows.vocabulary import ROLES


def _suggested(app, typed):
    return [one["text"] for one in app.get("/api/v1/suche/vorschlaege", {"q": typed}).json["suggestions"]]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Nachnutz", "Nachnutzung"),
        ("online", "Onlinezugangsgesetz"),
        ("koenigst", "Königsteiner Schlüssel"),
        ("Kosten Nachnutz", "Kosten Nachnutzung"),
        ("Nachnuztung", "Nachnutzung"),
    ],
)
def test_what_is_typed_is_completed(portal, typed, expected):
    assert expected in _suggested(portal[0], typed)


def test_a_number_begun_is_completed(portal):
    app, _ = portal
    assert _suggested(app, "2021/3")[:2] == ["2021/34", "2021/35"] == _suggested(app, "2021-3")[:2]
    assert "2025/02-AL" in _suggested(app, "2025/") and _suggested(app, "2021/99") == []


@pytest.mark.parametrize("typed", ["", "a", "%", "_%_", "\\", "(" * 2_500, "\x00", "'; --"])
def test_nothing_typed_is_an_error(portal, typed):
    assert _suggested(portal[0], typed) == []


def test_bytes_that_are_no_text_are_refused_with_a_reason(portal):
    answer = portal[0].get("/api/v1/suche/vorschlaege?q=%ff", status=400)
    assert answer.content_type == "application/problem+json" and "UTF-8" in answer.json["detail"]


def test_page_lists_suggestions_without_a_script(portal):
    page = portal[0].get("/suche?q=Registerlands")
    assert re.search(r'<nav class="suggested".*?href="/suche\?q=Registerlandschaft"', page.text, re.DOTALL)
    assert "suggested" not in portal[0].get("/suche").text


def test_words_of_a_withdrawn_text_are_suggested_no_more(portal):
    app, house = portal
    assert _suggested(app, "Registerlands") == ["Registerlandschaft"]
    with house.writing("test", permits=ROLES["operator"].permits) as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2021/05"), "Grund.")
    assert _suggested(app, "Registerlands") == []
    assert "Registerlandschaft" not in app.get("/suche?q=Registerlandschafd").text


def _pick(house, question, *urls):
    with house.writing("test") as work:
        key = pick_key(question, house.language.planner(work.session.connection()))
        work.session.add(
            models.SearchPick(
                question=question, key=key, urls=list(urls), changed_at=dt.datetime.now(dt.UTC), changed_by="test"
            )
        )


def _picks(text):
    return re.findall(r'class="pick-title" href="(\S+?)"', text)


def test_picks_come_first_for_every_form_of_the_question(portal):
    app, house = portal
    _pick(house, "Kosten der Nachnutzung", "/beschluss/2021/24", "/beschluss/2023/35")
    for typed in ("Kosten der Nachnutzung", "kosten nachnutzungen", "KOSTEN NACHNUTZUNG"):
        page = app.get("/suche", {"q": typed})
        assert (
            _picks(page.text) == ["/beschluss/2021/24", "/beschluss/2023/35"]
            and "Von der Redaktion empfohlen" in page.text
        )
        assert [one["url"] for one in app.get("/api/v1/suche", {"q": typed}).json["picks"]] == _picks(page.text)
    for other in ("?q=Nachnutzung", "?q=Kosten+der+Nachnutzung&jahr=2021", "?q=Kosten+der+Nachnutzung&seite=2"):
        assert not _picks(app.get("/suche" + other).text)


def test_picks_are_public_editions_only_and_of_the_day_asked_for(portal):
    app, house = portal
    _pick(house, "Probe", "/beschluss/2021/24", "/beschluss/2099/01", "/beschluss/2021/05")
    with house.writing("test", permits=ROLES["operator"].permits) as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2021/05"), "Grund.")
    assert _picks(app.get("/suche?q=Probe").text) == ["/beschluss/2021/24"]
    assert _picks(app.get("/suche?q=Probe&stand=2020-01-01").text) == []


def test_every_hit_can_say_why(portal):
    page = html.unescape(portal[0].get("/suche?q=Nachnutzungsmodell").text)
    assert page.count('<details class="why">') == page.count('class="row-title"') > 0
    assert "Nachnutzungsmodell = Nachnutzung + Modell" in page


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("2021/39", "„2021/39“: trägt diese Nummer"),
        ('"Königsteiner Schlüssel"', "„Königsteiner Schlüssel“: Königsteiner Schlüssel, Ziffer 2"),
        ("XBreit*", "(Wort, das mit „XBreit“ beginnt), "),
        ("berichten", " (andere Wortform), "),
    ],
)
def test_why_names_the_words_of_the_document(portal, typed, why):
    app, _ = portal
    assert why in html.unescape(app.get("/suche", {"q": typed}).text)


def test_kind_is_written_once_in_a_row(portal):
    page = portal[0].get("/suche?q=Einer+f%C3%BCr+Alle&art=term").text
    assert (
        re.findall(r'<p class="row-meta"><span class="kind">Begriff</span> (.*?)</p>', page)
        and "</span> Begriff" not in page
    )


def _urls(app, typed):
    return [hit["url"] for hit in app.get("/api/v1/suche", {"q": typed}).json["hits"]]


def test_words_inside_a_pdf_are_found_with_their_page(portal):
    page = portal[0].get("/suche?q=Schreibtisch+B%C3%BCrgerinnen")
    assert re.search(r'href="/datei/[0-9a-f]{64}/zielbild-registermodernisierung-kurzfassung\.pdf#page=1"', page.text)
    assert (
        "Kurzfassung des Zielbilds (redaktionelles Beispiel)“, Seite 1" in page.text
        and "<mark>Schreibtisch</mark>" in page.text
    )


def test_words_inside_a_word_file_are_found_at_once_when_it_is_published(portal, tmp_path):
    app, house = portal
    (tmp_path / "files").mkdir()
    document = docx.Document()
    document.add_paragraph("Der Zwiebelkuchenausschuss berichtet über seine Arbeit.")
    document.save(tmp_path / "files/anlage.docx")
    line = {
        "type": "decision",
        "body": "it-planungsrat",
        "number": "2026/70",
        "title": "Mit Anlage",
        "text": "1. Der IT-Planungsrat stimmt zu.",
        "attachments": [{"title": "Bericht", "file": "anlage.docx"}],
    }
    # Twice in one transaction: the file is read once, its text kept once.
    (tmp_path / "in.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"number": "2026/71"}))
    assert [read_import_ahead(house, [tmp_path / "in.jsonl"]) for _ in "12"] == [1, 0]
    with house.writing("test") as work:
        exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read([tmp_path / "in.jsonl"])
    assert set(_urls(app, "Zwiebelkuchenausschüsse")) == {"/beschluss/2026/70", "/beschluss/2026/71"}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("36. Sitzung", "/sitzung/36"),
        ("sitzung:37-AL", "/sitzung/al-runde/37"),
        ("OZG-Leistung", "/glossar/ozg-leistung"),
        ("Portalverbund", "/beschluss/2018/02"),
        ("IT-PLR", "/gremium/it-planungsrat"),
        ("Elterngeld", "/marktplatz/elterngeld"),
    ],
)
def test_what_is_called_so_comes_first(portal, typed, first):
    assert _urls(portal[0], typed)[0] == first


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("Jan Pörksen", "/presse/2021-10-29-36-sitzung-hamburg"),
        ("Burghardt", "/gremium/it-planungsrat"),
        ("Was trennt Verwaltung junge Unternehmen Redaktion", "/bericht/verwaltung-und-startups"),
        ("Vorsitz Ulbrich 2025", "/gremium/it-planungsrat"),
    ],
)
def test_who_speaks_presides_and_what_a_summary_says_is_found(portal, typed, url):
    assert url in _urls(portal[0], typed)
