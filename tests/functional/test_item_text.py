"""Whoever approves reads on the item's own page what the step would make public."""

from __future__ import annotations

import re

from webtest import TestApp

from content.kinds import KINDS
from content.services.base import lookup
from content.services.workflow import transition
from tests.functional.test_desk import form_of
from tests.functional.test_pictures import photo, upload
from tests.functional.test_preview import CHANGED, PUBLISHED, body_of, item_at
from workflows.publication import PUBLICATION


def article_of(html):
    """The text of the page, without headings' levels (the desk has a heading of its own) and what only readers need."""
    found = re.search(r'<article class="item">.*?</article>', body_of(html), re.DOTALL)[0]
    found = re.sub(r'<nav class="beside".*?</nav>', "", found, flags=re.DOTALL)
    found = re.sub(r"/redaktion/eintrag/\d+(?=/datei/)", "", found)
    return re.sub(r"\s+", " ", re.sub(r"<(/?)h[12]\b", r"<\1h", found))


def step_form(app, address, name):
    return next(
        one for one in app.get(address).forms.values() if one.fields.get("schritt") and one["schritt"].value == name
    )


def test_the_page_of_a_corrected_item_shows_the_text_that_the_correction_makes_public_for_every_kind(desk):
    house, browser = desk
    writer, reviewer = browser("gerda", "secretariat"), browser("sigrid", "secretariat")
    for kind in KINDS:
        check_correction(house, writer, reviewer, kind)


def check_correction(house, writer, reviewer, kind):
    address = f"/redaktion/eintrag/{item_at(house, PUBLISHED[kind])}"
    public = TestApp(writer.app).get(PUBLISHED[kind]).text
    before = reviewer.get(address).text
    assert article_of(before) == article_of(public), kind
    assert "Öffentlicher Text" in before and 'id="vorschau"' not in before
    form = form_of(writer.get(address + "/bearbeiten"))
    form[CHANGED.get(kind, "title")] = "Ganz neu & <gut>"
    form.submit(status=303)
    seen = reviewer.get(address).text
    assert "Vorschau, nicht veröffentlicht." in seen and "Öffentlicher Text" not in seen
    with house.writing("operator") as work:
        transition.correct(work.desk, lookup.find(work.session, PUBLISHED[kind]), "Neu gefasst")
    published = article_of(TestApp(writer.app).get(PUBLISHED[kind]).text)
    assert article_of(seen) == published != article_of(public), kind


def test_a_reviewer_reads_the_submitted_text_where_the_button_stands_and_not_the_later_draft(desk):
    _house, browser = desk
    writer, reviewer = browser("petra", "press"), browser("paul", "press")
    form = upload(form_of(writer.get("/redaktion/neu/press_release")), photo())
    form["slug"], form["title"], form["publisher"], form["text"] = (
        "vier-augen",
        "Vier Augen",
        "IT-Planungsrat",
        "Der eingereichte Text.",
    )
    address = (
        form.submit(status=303)
        .headers["Location"]
        .removeprefix("http://localhost")
        .removeprefix("https://beschluesse.example")
    )
    step_form(writer, address, "submit").submit(status=303)
    later = form_of(writer.get(address + "/bearbeiten"))
    later["text"] = "Der spätere Text."
    later.submit(status=303)
    page = reviewer.get(address)
    assert "Der eingereichte Text." in page.text and "Der spätere Text." not in page.text
    assert "Eingereichter Text (Revision 1)" in page.text and "schritt-publication-publish" in page.text
    pictures = set(re.findall(r'/redaktion/eintrag/\d+/datei/[0-9a-f]{64}/[^"\s,]+', page.text))
    assert pictures and not re.search(r'["\s]/datei/', page.text)
    for one in pictures:
        assert reviewer.get(one).content_type.startswith("image/")
    other = browser("lena", "land", organisation="by")
    for one in pictures:
        other.get(one, status=404)
        TestApp(writer.app).get(one, status=303)
    step_form(reviewer, address, "publish").submit(status=303)
    assert "Der eingereichte Text." in TestApp(writer.app).get("/presse/vier-augen").text


def test_a_decision_without_a_number_is_shown_as_one(desk):
    _house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/decision"))
    form["title"], form["text"] = "Noch ohne", "1. Der IT-Planungsrat nimmt Kenntnis."
    address = form.submit(status=303).headers["Location"]
    seen = app.get(address).text
    assert "Beschluss ohne Nummer" in seen and "Beschluss None" not in seen and "nimmt Kenntnis" in seen


def test_the_page_of_what_was_removed_shows_no_text(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = "weg", "Weg", "Was hier stand."
    address = form.submit(status=303).headers["Location"]
    assert "Was hier stand." in app.get(address).text
    with house.writing("operator") as work:
        row = lookup.find(work.session, "/glossar/weg")
        transition.take(work.desk, row, PUBLICATION, "trash")
    assert "Was hier stand." in app.get(address).text


def test_the_page_that_asks_before_many_are_published_shows_their_texts(desk):
    _house, browser = desk
    writer, reviewer = browser("petra", "press"), browser("paul", "press")
    chosen = []
    for number in range(2):
        form = form_of(writer.get("/redaktion/neu/press_release"))
        form["slug"], form["title"], form["publisher"], form["text"] = (
            f"viele-{number}",
            f"Viele {number}",
            "IT-Planungsrat",
            f"Text Nummer {number}.",
        )
        address = form.submit(status=303).headers["Location"]
        step_form(writer, address, "submit").submit(status=303)
        chosen.append(f"{address.rsplit('/', 1)[1]}.1")
    token = reviewer.get("/redaktion").forms[0].submit_fields()
    asked = reviewer.post(
        "/redaktion/eintraege/schritt", [*token, ("schritt", "publish"), *(("eintrag", one) for one in chosen)]
    )
    assert (
        "Text Nummer 0." in asked.text
        and "Text Nummer 1." in asked.text
        and asked.text.count("Vorschau, nicht veröffentlicht.") == 2
    )
    done = next(one for one in asked.forms.values() if one.fields.get("bestaetigt")).submit()
    assert "2 von 2 erledigt" in done.text and "Text Nummer 0." not in done.text
