"""Links between decision, clause, recommendation, report section, item and offer: set by typing, shown at both ends, never dead."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.base import lookup
from content.services.editing import edit, links
from content.services.workflow import transition
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

REPORT = "/bericht/verwaltung-und-startups"
CLAUSE = "/beschluss/2021/39#z2"
ALL = (
    "/beschluss/2021/39",
    CLAUSE,
    "/empfehlung/kontaktstellen",
    f"{REPORT}#a1",
    "/marktplatz/wohngeld",
    "/angebot/fit-store-wohngeld",
)


class _Own:
    """The files that the item has already."""

    def __init__(self, item):
        self._files = edit.files_of(item)

    def attachment(self, name, _field):
        return self._files[name]

    image = attachment


def _with_links(house, url, *rows):
    """Save the item at `url` with these links (place of its own, target) and make it public."""
    with house.writing("test", permits=frozenset(ROLES["operator"].permits | ROLES["secretariat"].permits)) as work:
        row = lookup.find(work.session, url)
        given = {**row.input, "links": [{"from": place, "target": target} for place, target in rows]}
        edit.save(
            work.session,
            row.kind,
            clean_item(row.kind, given),
            now=work.desk.now,
            item=row,
            rev=row.rev,
            files=_Own(row),
        )
        if faults := links.broken(work.session, row):
            raise InvalidInput(faults)
        transition.correct(work.desk, row, "Verweise ergänzt")


def _shown(app, url):
    """(own place, other address, its place) of every link that the page tells."""
    found = set()
    for entry in app.get(url).html.select("ul.plain > li"):
        first = entry.find("a")
        places = entry.select("ul.places li")
        for place in places:
            own, _, there = place.get_text(" ").partition(" – ")
            found.add((own.strip(), first["href"], there.strip()))
        if not places and first is not None:
            found.add(("", first["href"], ""))
    return found


SOURCES = (
    "/beschluss/2024/13",
    "/empfehlung/efa-vorrang",
    REPORT,
    "/marktplatz/kindergeld",
    "/angebot/govdigital-kindergeld",
)


def test_every_kind_links_to_every_kind_and_both_ends_show_it(portal):
    app, house = portal
    for source in SOURCES:
        _with_links(house, source, *((None, target) for target in ALL if not target.startswith(source)))
    for source in SOURCES:
        there = {(address, place) for _, address, place in _shown(app, source)}
        for target in ALL:
            url, _, anchor = target.partition("#")
            if url != source:
                assert any(address == url and (place or not anchor) for address, place in there), (source, target)
                assert any(address == source for _, address, _ in _shown(app, url)), (target, source)
        assert ("Ziffer 2", source) in {(own, address) for own, address, _ in _shown(app, "/beschluss/2021/39")}


def test_a_clause_and_a_section_can_be_both_ends(portal):
    app, house = portal
    _with_links(house, "/beschluss/2024/13", ("z1", f"{REPORT}#a2"))
    heading = next(
        section for section in app.get(f"{REPORT}.json").json["data"]["sections"] if section["anchor"] == "a2"
    )
    assert ("Ziffer 1", REPORT, f"Abschnitt {heading['number']} {heading['heading']}") in _shown(
        app, "/beschluss/2024/13"
    )
    section = app.get(f"{REPORT}/abschnitt/a2")
    assert section.html.find("a", href="/beschluss/2024/13#z1") is not None
    data = app.get("/beschluss/2024/13.json").json["data"]
    assert data["links"][0]["from"] == "z1" and data["links"][0]["anchor"] == "a2"
    assert all(row["relation"] != "links" for row in data["references"])


def test_a_link_into_nothing_cannot_be_saved(portal):
    _, house = portal
    for target, words in (
        ("/beschluss/2021/999", "gibt es nicht"),
        ("/beschluss/2021/39#z99", "Die Stelle „z99“ gibt es"),
        ("/empfehlung/kontaktstellen#z1", "Die Stelle „z1“"),
        (f"{REPORT}#a999", "gibt es in"),
    ):
        with pytest.raises(InvalidInput) as refused:
            _with_links(house, "/empfehlung/efa-vorrang", (None, target))
        assert [(error.field, words in error.message) for error in refused.value.errors] == [("links.1.target", True)]


def test_a_place_of_its_own_must_exist_too(portal):
    _, house = portal
    for source, place, words in (
        ("/beschluss/2024/13", "z77", "Möglich sind: z1"),
        ("/empfehlung/efa-vorrang", "z1", "hat keine Stellen"),
    ):
        with pytest.raises(InvalidInput) as refused:
            _with_links(house, source, (place, "/marktplatz/wohngeld"))
        assert refused.value.errors[0].field == "links.1.from" and words in refused.value.errors[0].message


def test_an_old_link_names_its_field_when_it_breaks(portal):
    _, house = portal
    with house.writing("test") as work:
        row = lookup.find(work.session, "/empfehlung/efa-vorrang")
        edit.save(
            work.session,
            row.kind,
            clean_item(
                row.kind,
                {**row.input, "market_items": ["wohngeld", "gibt-es-nicht"], "decisions": ["2021/39", "1999/01"]},
            ),
            now=work.desk.now,
            item=row,
            rev=row.rev,
        )
        assert {error.field for error in links.broken(work.session, row)} == {"market_items.2", "decisions.2"}


def test_who_keeps_a_source_hears_that_its_target_was_withdrawn_and_the_desk_lists_it(desk):
    house, browser = desk
    editor, office, provider = (
        browser("eva", "member"),
        browser("gerda", "secretariat"),
        browser("paul", "provider", organisation="fitko"),
    )
    with house.writing("test", permits=frozenset(ROLES["operator"].permits | ROLES["secretariat"].permits)) as work:
        row = lookup.find(work.session, "/empfehlung/efa-vorrang")
        given = {**row.input, "links": [{"from": None, "target": "/marktplatz/wohngeld"}]}
        edit.save(
            work.session, row.kind, clean_item(row.kind, given), now=work.desk.now, actor="eva", item=row, rev=row.rev
        )
        transition.correct(work.desk, row, "Verweis")
        transition.take(
            work.desk,
            lookup.find(work.session, "/marktplatz/wohngeld"),
            PUBLICATION,
            "withdraw",
            {"note": "Abgeschaltet."},
        )
        told = {
            name: row.words
            for name, row in work.session.execute(
                sa.select(models.Account.login, models.Notice)
                .join(models.Notice)
                .where(models.Notice.event == "broken")
            )
        }
    assert "EfA-Angebote zuerst prüfen" in told["eva"] and "fit-store-wohngeld" not in told["eva"]
    assert "Wohngeld" in told["paul"] and "EfA-Angebote" not in told["paul"]
    listed = office.get("/redaktion/verweise").text
    assert "EfA-Angebote zuerst prüfen" in listed and "/marktplatz/wohngeld" in listed and "Zurückgezogen" in listed
    mine = provider.get("/redaktion/verweise").text
    assert "/marktplatz/wohngeld" in mine and "EfA-Angebote" not in mine
    assert "ist nicht mehr öffentlich" in editor.get("/redaktion/hinweise").text
    assert 'href="/marktplatz/wohngeld"' not in TestApp(office.app).get("/empfehlung/efa-vorrang").text


def test_a_clause_that_a_correction_takes_out_is_listed(portal):
    app, house = portal
    _with_links(house, "/empfehlung/efa-vorrang", (None, CLAUSE))
    with house.writing("test", permits=frozenset(ROLES["operator"].permits | ROLES["secretariat"].permits)) as work:
        row = lookup.find(work.session, "/beschluss/2021/39")
        edit.save(
            work.session,
            "decision",
            clean_item("decision", {**row.input, "text": "1. Nur noch eine Ziffer."}),
            now=work.desk.now,
            item=row,
            rev=row.rev,
        )
        transition.correct(work.desk, row, "Gekürzt")
        found = [(one.source_url, one.target_url, one.target_state) for one in links.dead_links(work.session)]
    assert ("/empfehlung/efa-vorrang", CLAUSE, "") in found
    assert "Ziffer 2" in app.get("/empfehlung/efa-vorrang").text


MEANT = [
    ("2021/39", "/beschluss/2021/39"),
    ("2021-39 Ziffer 2", CLAUSE),
    ("2021/39 2", CLAUSE),
    ("2021/3", "/beschluss/2021/39"),
    ("wohngeld", "/marktplatz/wohngeld"),
    ("fit-store-wohn", "/angebot/fit-store-wohngeld"),
    ("efa-ang", "/empfehlung/efa-vorrang"),
    ("startups", REPORT),
]


def test_a_number_or_a_few_letters_find_the_target(desk):
    _, browser = desk
    eva = browser("eva", "member")
    for typed, value in MEANT:
        found = eva.get("/redaktion/verweise/suche/links.target", {"q": typed}).json["suggestions"]
        assert value in [row["value"] for row in found] and all(row["text"] for row in found), typed
        if typed == "2021/39":
            assert found[0]["value"] == value
    for typed in ("", "a", "%%", "2021/", "x" * 5000, "'; DROP TABLE item; --", "<script>", "9999/9999"):
        assert isinstance(eva.get("/redaktion/verweise/suche/links.target", {"q": typed}).json["suggestions"], list)
    eva.get("/redaktion/verweise/suche/geheim", status=404)


def test_sections_are_found_by_their_heading(desk):
    house, browser = desk
    with house.reading() as connection:
        heading = connection.scalar(sa.select(models.ReportSection.heading).where(models.ReportSection.anchor == "a2"))
    found = (
        browser("eva", "member").get("/redaktion/verweise/suche/links.target", {"q": heading[:12]}).json["suggestions"]
    )
    assert any(row["value"] == f"{REPORT}#a2" for row in found)


def test_nobody_finds_what_is_not_public_and_not_theirs(desk):
    house, browser = desk
    with house.writing("test") as work:
        edit.save(
            work.session,
            "recommendation",
            clean_item("recommendation", {"slug": "geheimer-rat", "title": "Geheimer Rat", "text": "Noch nicht."}),
            now=work.desk.now,
        )
    assert browser("paul", "provider", organisation="fitko").get(
        "/redaktion/verweise/suche/links.target?q=geheimer"
    ).json == {"suggestions": []}
    assert (
        "(nicht öffentlich)"
        in browser("eva", "member")
        .get("/redaktion/verweise/suche/links.target?q=geheimer")
        .json["suggestions"][0]["text"]
    )
    assert (
        TestApp(browser("eva", "member").app).get("/redaktion/verweise/suche/links.target?q=geheimer").status_int == 303
    )


def test_an_editor_links_without_a_script(desk):
    house, browser = desk
    editor = browser("eva", "member")
    with house.writing("test") as work:
        number = lookup.find(work.session, "/empfehlung/efa-vorrang").id
    form = editor.get(f"/redaktion/eintrag/{number}/bearbeiten").forms[1]
    form["title"], form["suche.links.1.target"] = "Noch nicht gespeichert", "2021/39 2"
    page = form.submit("suchen", value="links.1.target")
    found = page.html.find(id="f-links-1-target-gefunden").find_all("button")
    assert page.forms[1]["title"].value == "Noch nicht gespeichert" and CLAUSE in found[0]["value"] + found[1]["value"]
    form = page.forms[1]
    form = form.submit("uebernehmen", value=f"links.1.target={CLAUSE}").forms[1]
    assert form["links.1.target"].value == CLAUSE
    form["suche.links.2.target"] = "gibt es gar nicht"
    assert "ist nichts gefunden" in form.submit("suchen", value="links.2.target").text
    form.submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, "/empfehlung/efa-vorrang")
        assert row.input["links"] == [{"from": None, "target": CLAUSE}]


def test_a_link_into_nothing_is_refused_at_its_field(desk):
    house, browser = desk
    editor = browser("gerda", "secretariat")
    with house.writing("test") as work:
        number = lookup.find(work.session, "/beschluss/2024/13").id
    form = editor.get(f"/redaktion/eintrag/{number}/bearbeiten").forms[1]
    assert [value for value, *_ in form["links.1.from"].options][:2] == ["", "z1"]
    form["links.1.from"], form["links.1.target"] = "z1", "/beschluss/2021/39#z99"
    page = form.submit(status=400)
    assert (
        "Die Stelle „z99“ gibt es" in page.html.find(id="f-links-1-target-fehler").text
        and page.forms[1]["links.1.from"].value == "z1"
    )
