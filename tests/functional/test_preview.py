"""Preview: byte for byte the body of the page that publication makes, for every kind, and nothing of it stays."""

from __future__ import annotations

import re

import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.kinds import KINDS
from content.schemas import SCHEMAS
from content.services.base import lookup
from content.services.workflow import transition
from tests.functional.test_desk import form_of
from tests.functional.test_pictures import photo, upload
from workflows.recommendation import RECOMMENDATION

PUBLISHED = {
    "body": "/gremium/it-planungsrat",
    "decision": "/beschluss/2021/39",
    "market_item": "/marktplatz/wohngeld",
    "meeting": "/sitzung/36",
    "offer": "/angebot/fit-store-wohngeld",
    "organisation": "/organisation/govdigital",
    "page": "/seite/impressum",
    "press_release": "/presse/2021-10-29-36-sitzung-hamburg",
    "recommendation": "/empfehlung/efa-vorrang",
    "report": "/bericht/verwaltung-und-startups",
    "term": "/glossar/einkommen",
}
CHANGED = {"body": "name", "meeting": "place"}
"""Kind → the field that its test changes; the others change their title."""
NOTE = "Vorschau"
NOT_COPIED = ("id", "rev", "entwurf", "attachments.", "image.")


def body_of(html):
    """What a reader sees, without what only publication gives (proof, addresses of its forms) and without the mark of a preview."""
    body = html[html.index("<body>") :]
    body = re.sub(r'<section class="proof">.*?</section>|<p class="print-only">.*?</p>', "", body, flags=re.DOTALL)
    body = re.sub(r'<section>\s*<h2 class="side-title">Weiterverwenden</h2>.*?</section>\s*', "", body, flags=re.DOTALL)
    body = re.sub(r'<div class="notice notice-warning preview-mark".*?</div>\s*', "", body, flags=re.DOTALL)
    body = re.sub(r"[0-9a-f]{64}", "HASH", body)
    body = re.sub(r"<code>[0-9a-f]{8} … [0-9a-f]{8}</code>", "<code>HASH</code>", body)
    return re.sub(r"(gültig seit|vom|· Stand) \d\d?\.\d\d?\.\d{4}, \d\d:\d\d Uhr", r"\1 INSTANT", body)


def preview(app, form, kind, **more):
    return app.post(f"/redaktion/vorschau/{kind}", form.submit_fields(), **more)


def item_at(house, url):
    with house.writing("test") as work:
        return lookup.find(work.session, url).id


def test_every_kind_is_tried():
    assert set(PUBLISHED) == set(KINDS)


def test_preview_of_a_correction_is_the_body_of_the_corrected_page_for_every_kind(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    for kind, url in PUBLISHED.items():
        form = form_of(app.get(f"/redaktion/eintrag/{item_at(house, url)}/bearbeiten"))
        before = TestApp(app.app).get(url).text
        form[CHANGED.get(kind, "title")] = "Ganz neu & <gut>"
        shown = preview(app, form, kind).text
        assert TestApp(app.app).get(url).text == before
        form.submit(status=303)
        with house.writing("operator") as work:
            transition.correct(work.desk, lookup.find(work.session, url), NOTE)
        public = TestApp(app.app).get(url).text
        assert body_of(shown) == body_of(public) != body_of(before), kind
        assert "Ganz neu &amp; &lt;gut&gt;" in public, kind


def test_preview_of_a_new_item_is_the_body_of_its_first_page_for_every_kind_with_a_name_of_its_own(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    for kind in (kind for kind in PUBLISHED if "slug" in SCHEMAS[kind]):
        url = f"/{KINDS[kind].path}/ganz-neu"
        form = form_of(app.get(f"/redaktion/eintrag/{item_at(house, PUBLISHED[kind])}/bearbeiten"))
        form["slug"] = "ganz-neu"
        given = [
            (name, "" if name == "published_on" else value)
            for name, value in form.submit_fields()
            if not name.startswith(NOT_COPIED)
        ]
        shown = app.post(f"/redaktion/vorschau/{kind}", given).text
        TestApp(app.app).get(url, status=404)
        app.post(f"/redaktion/neu/{kind}", given, status=303)
        with house.writing("operator") as work:
            row = lookup.find(work.session, url)
            if kind == "recommendation":  # a draft is shown as it must stand when it is public
                transition.take(work.desk, row, RECOMMENDATION, "propose")
            transition.publish_now(work.desk, row)
        assert body_of(shown) == body_of(TestApp(app.app).get(url).text), kind


def test_a_preview_says_on_the_page_that_it_is_one_and_claims_no_entry_of_the_ledger(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    for kind, url in PUBLISHED.items():
        public = TestApp(app.app).get(url).text
        shown = preview(app, form_of(app.get(f"/redaktion/eintrag/{item_at(house, url)}/bearbeiten")), kind).text
        assert "Vorschau, nicht veröffentlicht." in shown[shown.index("<main") :], kind
        for claim in (
            "/ledger#e",
            "unterschrieben",
            "SHA-256 ",
            "gültig seit",
            "(geltend)",
            "application/ld+json",
            "citation_title",
            f"{url}.pdf",
        ):
            assert claim not in shown, (kind, claim)
            assert claim in public or claim in {"citation_title", "SHA-256 "}, (kind, claim)
        assert (
            "nicht veröffentlicht, ohne Eintrag im Veröffentlichungsregister"
            in re.search(r'class="print-only".*?</p>', shown, re.DOTALL)[0]
        )


def test_preview_leaves_no_trace_but_the_draft(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "probe", "Zur Probe", "IT-Planungsrat", "Ein Text."
    with house.writing("test") as work:
        counts = [
            work.session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (models.Item, models.Edition, models.LedgerEntry, models.Job, models.AuditEntry)
        ]
    assert "Zur Probe" in preview(app, form, "press_release").text
    with house.writing("test") as work:
        assert counts == [
            work.session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (models.Item, models.Edition, models.LedgerEntry, models.Job, models.AuditEntry)
        ]
        assert [row.input["title"] for row in work.session.scalars(sa.select(models.FormDraft))] == ["Zur Probe"]
    assert "Zur Probe" not in TestApp(app.app).get("/presse").text


def test_a_picture_that_was_only_chosen_is_seen_in_the_preview(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = upload(form_of(app.get("/redaktion/neu/press_release")), photo())
    form["slug"], form["title"], form["publisher"], form["text"] = "mit-bild", "Mit Bild", "IT-Planungsrat", "x"
    shown = app.post(
        "/redaktion/vorschau/press_release",
        form.submit_fields(),
        upload_files=[("image._hochladen", "foto.jpg", photo())],
    ).text
    assert shown.count("data:image/jpeg;base64,") == 4 and shown.count("data:image/webp;base64,") == 3
    assert 'src="/datei/' not in shown
    form.submit(status=303)
    again = form_of(app.get(f"/redaktion/eintrag/{item_at(house, '/presse/mit-bild')}/bearbeiten"))
    assert "data:image/jpeg;base64," in preview(app, again, "press_release").text
    with house.writing("operator") as work:
        transition.publish_now(work.desk, lookup.find(work.session, "/presse/mit-bild"))
    public = TestApp(app.app).get("/presse/mit-bild").text
    one = r'data:image/\w+;base64,[^" ]+|/datei/[0-9a-f]{64}/[^" ,]+'
    assert re.sub(one, "BILD", body_of_pictures(shown)) == re.sub(one, "BILD", body_of_pictures(public))


def body_of_pictures(html):
    found = re.search(r"<picture>.*?</picture>", html, re.DOTALL)
    return found[0]


def test_preview_shows_what_is_typed_while_another_text_waits_for_approval(desk):
    house, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = (
        "wartet",
        "Wartet",
        "IT-Planungsrat",
        "Der eingereichte Text.",
    )
    target = form.submit(status=303).headers["Location"]
    step = next(
        one for one in app.get(target).forms.values() if one.fields.get("schritt") and one["schritt"].value == "submit"
    )
    step.submit(status=303)
    later = form_of(app.get(target + "/bearbeiten"))
    later["text"] = "Der spätere Text."
    shown = preview(app, later, "press_release").text
    assert "Der spätere Text." in shown and "Der eingereichte Text." not in shown
    with house.writing("test") as work:
        row = lookup.find(work.session, "/presse/wartet")
        assert row.publication_state == "submitted" and work.session.get(models.FrozenText, row.id) is not None


def test_preview_of_what_lies_in_the_trash_says_why_not(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = "weg", "Weg", "x"
    form.submit(status=303)
    row = item_at(house, "/glossar/weg")
    opened = form_of(app.get(f"/redaktion/eintrag/{row}/bearbeiten"))
    with house.writing("operator") as work:
        transition.take(work.desk, work.session.get(models.Item, row), transition.WORKFLOWS["publication"], "trash")
    opened["text"] = "y"
    assert "Papierkorb" in preview(app, opened, "term", status=400).text


def test_an_id_of_another_kind_previews_nothing_of_it(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = "eigen", "Eigener Begriff", "x"
    form["id"] = str(item_at(house, "/seite/impressum"))
    assert "Eigener Begriff" in preview(app, form, "term").text
    assert "Eigener Begriff" not in TestApp(app.app).get("/seite/impressum").text


def test_preview_of_a_new_form_shows_nothing_of_a_hidden_entry_with_its_address(desk):
    _house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = "verborgen", "Verborgener Begriff", "x"
    form.submit(status=303)
    form = form_of(app.get("/redaktion/neu/term"))
    form["slug"], form["title"], form["text"] = "verborgen", "Anderer Begriff", "y"
    shown = preview(app, form, "term", status=400).text
    assert (
        "Diese Adresse gibt es schon" in shown
        and "Anderer Begriff" in shown
        and "Verborgener Begriff" not in shown[shown.index("<form") :]
    )
