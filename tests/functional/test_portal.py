"""The whole application over its example content, as readers and machines use it."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from defusedxml import ElementTree

from content.kinds import KINDS
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import transition
from portal.web.security import HEADERS

DECISION = "/beschluss/2021/39"
PAGES = [
    "/",
    "/beschluesse",
    "/sitzungen",
    "/presse",
    "/berichte",
    "/empfehlungen",
    "/marktplatz",
    "/organisationen",
    "/glossar",
    "/gremien",
    DECISION,
    "/beschluss/2021/37",
    "/beschluss/2021/24",
    "/beschluss/al-runde/2025/02",
    "/sitzung/36",
    "/sitzung/umlauf-2018-08-24",
    "/sitzung/sonder-2018-02-08",
    "/presse/2021-10-29-36-sitzung-hamburg",
    "/bericht/verwaltung-und-startups",
    "/empfehlung/efa-vorrang",
    "/organisation/fitko",
    "/glossar/onlinezugangsgesetz",
    "/gremium/it-planungsrat",
    "/seite/impressum",
    "/seite/datenschutz",
    "/seite/barrierefreiheit",
    "/ledger",
    "/stand",
    "/hilfe",
    f"{DECISION}/fassungen",
    f"{DECISION}/zitieren",
    "/suche",
    "/suche?q=Marktplatz",
    "/?stand=2022-03-01",
    f"{DECISION}?stand=2022-03-01",
    "/beschluesse?jahr=2021&thema=EfA&sortierung=alt",
]


@pytest.mark.parametrize("path", PAGES)
def test_page_answers_with_every_safety_header_and_nothing_foreign(portal, path):
    response = portal[0].get(path)
    assert response.status_int == 200
    assert set(HEADERS.items()) <= set(response.headers.items())
    assert "Set-Cookie" not in response.headers
    loaded = re.findall(
        r'<(?:script|img|link)[^>]+?(?:src|href)="(https?:)?//',
        response.text.replace('rel="canonical" href="https://beschluesse.example', ""),
    )
    assert loaded == []
    assert " style=" not in response.text and " onclick=" not in response.text


@pytest.mark.parametrize(
    "typed",
    [
        "/beschluss/2021-39",
        "/beschluss/beschluss-2021-39",
        "/beschluss/beschluss-2021-39/",
        "/Beschluss%202021/39",
        "/beschluss/2021/039",
        "/beschluesse/2021-39",
        "/2021-39",
        "/beschluss/2021/39/",
        "/beschluss/beschluss-2021-39;jsessionid=4711",
    ],
)
def test_every_form_of_a_number_leads_to_the_page(portal, typed):
    response = portal[0].get(typed, status=301)
    assert response.headers["Location"].endswith(DECISION)


def test_address_of_the_earlier_site_leads_to_the_page(portal):
    response = portal[0].get("/beschluesse/beschluss/fitko-1", status=301)
    assert response.headers["Location"].endswith("/beschluss/2018/37")


@pytest.mark.parametrize(
    "path",
    [
        "/nix",
        "/beschluss/2021/98",
        "/sitzung/999",
        "/datei/" + "0" * 64 + "/x.pdf",
        "/feeds/nix.atom",
        "/sitemap-9.xml",
        f"{DECISION}?fassung=7",
        f"{DECISION}/fassungen/1..9",
    ],
)
def test_what_is_not_there_answers_404_with_a_search(portal, path):
    response = portal[0].get(path, status=404)
    assert 'action="/suche"' in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?stand=2022-13-01", 400),
        ("/?stand=9999-01-01", 400),
        ("/?stand=%ff", 400),
        (f"{DECISION}?fassung=abc", 400),
        ("/beschluesse?seite=-5", 200),
        ("/beschluesse?seite=99999999999999999999", 200),
        ("/beschluesse?seite=%00", 200),
        ("/beschluesse?jahr=%F0%9F%92%A9", 200),
        ("/suche?q=" + "a" * 7000, 200),
        ("/suche?q=" + "a" * 9000, 414),
        ("/suche?q=%22%28%2A%00", 200),
        ("/suche?q=*a*&seite=-1", 200),
        ("/ledger?seite=x", 200),
        ("/stand?stand=2022-03-01&seite_pfad=//boese.example", 303),
    ],
)
def test_hostile_queries_answer_cleanly(portal, path, status):
    response = portal[0].get(path, status=status)
    assert "boese.example" not in response.headers.get("Location", "")


def test_posting_to_a_public_page_changes_nothing(portal):
    assert portal[0].post(DECISION, status="*").status_int in {200, 404, 405}


def test_search_puts_the_exact_number_first_and_marks_words(portal):
    page = portal[0].get("/suche?q=2021-39")
    found = re.findall(r'class="row-title" href="([^"#]+)', page.text) or re.findall(
        r'href="(/beschluss/[^"#]+)', page.text
    )
    assert found[0] == DECISION
    assert "<mark>" in portal[0].get("/suche?q=Marktplatz").text


def test_second_visit_gets_304_until_something_is_published(portal):
    app, house = portal
    first = app.get(DECISION)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    assert app.get(DECISION, headers={"If-None-Match": etag}, status=304).body == b""
    with house.writing("test") as work:
        item = lookup.find(work.session, DECISION)
        item.title = "Neuer Titel"
        item.rev += 1
        transition.correct(work.desk, item, "Titel berichtigt.")
    second = app.get(DECISION, headers={"If-None-Match": etag}, status=200)
    assert "Neuer Titel" in second.text and second.headers["ETag"] != etag
    assert "Neuer Titel" in app.get("/beschluesse?jahr=2021").text
    assert "Titel berichtigt." in app.get(f"{DECISION}/fassungen").text
    sides = app.get(f"{DECISION}/fassungen").click("nebeneinander")
    assert '<th scope="col">Fassung 1</th><th scope="col">Fassung 2</th>' in sides.text and "<ins>" in sides.text
    assert "Ansicht" in sides.click("im Text").text
    assert "Neuer Titel" not in app.get(f"{DECISION}?fassung=1").text


def test_compressed_page_is_the_same_page(portal):
    plain = portal[0].get(DECISION)
    packed = portal[0].get(DECISION, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert (
        packed.text == plain.text and int(packed.headers["Content-Length"]) < len(plain.body)
    ) or packed.body == plain.body


def test_head_answers_like_get_without_a_body(portal):
    response = portal[0].head(DECISION)
    assert response.body == b"" and int(response.headers["Content-Length"]) > 1000


def test_withdrawn_decision_answers_410_and_its_words_are_nowhere(portal):
    app, house = portal
    surfaces = [
        "/",
        "/beschluesse",
        "/sitzung/36",
        "/suche?q=Nachnutzung+govdigital",
        "/feeds/alle.atom",
        "/feeds/beschluss.atom",
        "/sitemap.xml",
        "/ledger",
        "/?stand=2022-03-01",
        "/beschluesse?stand=2022-03-01",
        "/presse/2021-10-29-36-sitzung-hamburg",
        "/beschluss/2024/13",
        "/empfehlung/efa-vorrang",
    ]
    words = "Kommunale Nachnutzung von EfA-Diensten über govdigital"
    assert any(words in app.get(path).text for path in surfaces)
    with house.writing("test") as work:
        item = lookup.find(work.session, DECISION)
        transition.withdraw(work.desk, item, "Der Text enthielt einen Fehler.")
        agenda = lookup.find(work.session, "/sitzung/36")
        for row in agenda.agenda:
            row.title = row.title.replace(words, "Marktplatz")
        agenda.rev += 1
        transition.correct(work.desk, agenda, "Titel eines Punkts entfernt.")
    assert "einen Fehler" in app.get(DECISION, status=410).text
    for path in [
        DECISION,
        f"{DECISION}?fassung=1",
        f"{DECISION}.json",
        f"{DECISION}.pdf",
        f"{DECISION}/zitat.bib",
        f"{DECISION}?stand=2022-03-01",
        f"{DECISION}/fassungen/1..1",
    ]:
        assert words not in app.get(path, status=410).text
    for path in surfaces:
        text = app.get(path).text
        # Where its number is missed, the way to the reason stands with it.
        told = (f'<a href="{DECISION}">(zurückgezogen)', f'<a href="{DECISION}">2021/39</a></dt><dd>zurückgezogen')
        for link in told:
            text = text.replace(link, "")
        assert words not in text and f'href="{DECISION}"' not in text


def test_reference_comes_alive_when_its_target_is_published(portal):
    app, house = portal
    page = "/beschluss/2025/03"
    assert 'href="/beschluss/2023/44' not in app.get(page).text
    with house.writing("test") as work:
        value = {"body": "it-planungsrat", "number": "2023/44", "text": "1. Eins.\n2. Zwei.\n3. Drei."}
        from content.schemas import clean_item

        saved = edit.save(work.session, "decision", clean_item("decision", value), now=work.desk.now)
        transition.publish_now(work.desk, saved.item)
    assert 'href="/beschluss/2023/44#z2"' in app.get(page).text
    assert "wird aufgehoben durch" in app.get("/beschluss/2023/44").text


def test_edition_json_has_the_hash_that_the_page_shows(portal):
    import hashlib

    document = portal[0].get(f"{DECISION}.json")
    digest = hashlib.sha256(document.body).hexdigest()
    assert document.headers["X-Edition-Sha256"] == digest
    assert digest in portal[0].get(DECISION).text


def test_pdf_is_kept_and_answers_304(portal):
    first = portal[0].get(f"{DECISION}.pdf")
    assert first.body.startswith(b"%PDF-")
    assert portal[0].get(f"{DECISION}.pdf").body == first.body
    portal[0].get(f"{DECISION}.pdf", headers={"If-None-Match": first.headers["ETag"]}, status=304)


def test_attachment_is_served_with_a_safe_name_and_vanishes_when_withdrawn(portal):
    app, house = portal
    url = re.search(r'href="(/datei/[^"]+)"', app.get("/beschluss/2021/05").text)[1]
    response = app.get(url)
    assert response.content_type == "application/pdf" and response.headers["Content-Disposition"].startswith(
        "inline; filename="
    )
    with house.writing("test") as work:
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2021/05"), "Grund.")
    app.get(url, status=404)


@pytest.mark.parametrize("name", ["alle", *(kind.path for kind in KINDS.values() if kind.is_in_feed)])
def test_feed_is_valid_atom(portal, name):
    root = ElementTree.fromstring(portal[0].get(f"/feeds/{name}.atom").body)
    space = "{http://www.w3.org/2005/Atom}"
    assert root.tag == f"{space}feed"
    for entry in root.findall(f"{space}entry"):
        assert entry.find(f"{space}id").text.startswith("https://beschluesse.example/")
        dt.datetime.fromisoformat(entry.find(f"{space}updated").text)


def test_sitemap_lists_pages_that_answer(portal):
    root = ElementTree.fromstring(portal[0].get("/sitemap.xml").body)
    urls = [
        node.text.removeprefix("https://beschluesse.example")
        for node in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert DECISION in urls and len(urls) > 100
    for url in urls[::7]:
        portal[0].get(url, status=200)


def test_small_files_for_machines_are_there(portal):
    assert "Sitemap: https://beschluesse.example/sitemap.xml" in portal[0].get("/robots.txt").text
    assert "{searchTerms}" in portal[0].get("/opensearch.xml").text
    assert portal[0].get("/health").json["status"] == "ok"
    assert "BEGIN PUBLIC KEY" in portal[0].get("/ledger/schluessel.pem").text


def test_ledger_download_is_found_right_by_the_script(portal):
    from tests.unit.test_ledger import checker

    lines = portal[0].get("/ledger.jsonl").body.splitlines(keepends=True)
    position, problem = checker.check(iter(lines), {})
    assert problem is None and position > 100


def test_portal_as_of_a_day_shows_the_newest_session_of_that_day(portal):
    text = portal[0].get("/?stand=2022-03-01").text
    assert "Stand 1. März 2022" in text and "/sitzung/36" in text and "/sitzung/46" not in text
    portal[0].get("/beschluss/2024/13?stand=2022-03-01", status=404)


def test_every_link_on_every_page_leads_somewhere(portal):
    app, _ = portal
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 250:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        response = app.get(path, status="*")
        assert response.status_int in {200, 301, 303}, path
        if response.content_type == "text/html":
            waiting += [
                link.replace("&amp;", "&").split("#")[0]
                for link in re.findall(r'href="(/[^"]*)"', response.text)
                if not link.startswith("/static/") and not link.endswith((".pdf", ".json")) and "stand=" not in link
            ]
    assert len(seen) == 250


@pytest.mark.parametrize(
    "path",
    [
        "/",
        DECISION,
        "/beschluss/2022/04",
        "/sitzung/36",
        "/beschluesse?jahr=2021",
        "/bericht/verwaltung-und-startups",
        "/gremium/it-planungsrat",
    ],
)
def test_every_link_to_another_page_stays_in_the_past_that_was_asked_for(portal, path):
    day = "2023-05-05"
    joined = f"{path}&stand={day}" if "?" in path else f"{path}?stand={day}"
    text = portal[0].get(joined, status="*").text
    links = re.findall(r'<a\b[^>]*href="(/[^"]*)"([^>]*)>', text)
    timeless = ("/static", "/datei", "/ledger", "/register", "/feeds", "/stand", "/suche", "/hilfe")
    lost = [
        url
        for url, rest in links
        if not url.startswith(timeless) and f"stand={day}" not in url and "data-heute" not in rest
    ]
    assert len(links) > 10
    assert lost == []


def test_present_pages_carry_no_day_in_their_links(portal):
    assert "stand=2" not in portal[0].get(DECISION).text


def test_an_impossible_day_is_refused_even_where_nothing_is(portal):
    assert portal[0].get("/nirgends?stand=morgen", status=400)


def test_an_older_form_of_a_number_keeps_the_day_that_was_asked_for(portal):
    response = portal[0].get("/beschluss/2021-39?stand=2022-03-01", status=301)
    assert response.headers["Location"].endswith(f"{DECISION}?stand=2022-03-01")


def test_front_page_of_a_large_session_stays_short_and_leads_to_the_rest(portal):
    text = portal[0].get("/").text
    rows = (
        text.split("Beschlüsse aus dieser Sitzung", 1)[-1].split("</ol>", 1)[0].count("<li")
        if "Beschlüsse aus dieser Sitzung" in text
        else 0
    )
    assert rows <= 12


def test_an_example_decision_shows_whom_it_binds_and_says_that_this_is_an_example(portal):
    text = portal[0].get("/beschluss/2023/35").html.find("main").get_text(" ", strip=True)
    assert "Dieser Beschluss bindet nur die Mitglieder, die ihm zugestimmt haben." in text
    bound = re.search(r"bindet nur, wer zugestimmt hat: ([^.]+)\.", text)[1].split(", ")
    assert len(bound) == 15 and "Bund" in bound and not {"Bremen", "Mecklenburg-Vorpommern"} & set(bound)
    assert "auch dass der Beschluss nur die Zustimmenden bindet, ist ein Beispiel" in text
