"""A recommendation that is still a draft is nothing the public reads: it is proposed first, whatever road it comes."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from webtest import TestApp

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.workflow import transition
from tests.functional.test_desk import form_of, step
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LINE = {"type": "recommendation", "slug": "neu", "title": "Neu", "text": "Bitte tun."}
URL = "/empfehlung/neu"


def save(work, **more):
    value = {name: value for name, value in {**LINE, **more}.items() if name != "type"}
    return edit.save(work.session, "recommendation", clean_item("recommendation", value), now=NOW).item


@pytest.mark.parametrize("name", ["submit", "import"])
def test_a_draft_is_refused_with_the_remedy_and_proposed_it_goes(house, name):
    with house.writing("test") as work:
        row = save(work)
        with pytest.raises(Blocked, match=r"noch ein Entwurf\. Bitte zuerst „Vorschlagen“"):
            transition.take(work.desk, row, PUBLICATION, name)
        transition.take(work.desk, row, RECOMMENDATION, "propose")
        transition.take(work.desk, row, PUBLICATION, name)
        assert row.publication_state in {"submitted", "published"}


@pytest.mark.parametrize(
    ("state", "road"),
    [
        ("submitted", ("publish", "schedule")),
        ("scheduled", ("go_live",)),
        ("withdrawn", ("republish",)),
        ("published", ("correct",)),
    ],
)
def test_no_later_step_makes_a_draft_public_either(house, state, road):
    with house.writing("test") as work:
        row = save(work)
        row.publication_state = state
        for name in road:
            codes = {
                one.code
                for one in transition.hindrances(work.desk, row, PUBLICATION, name, {"note": "n", "publish_at": NOW})
            }
            assert "not_publishable" in codes, name


def test_an_import_that_publishes_names_line_field_and_remedy(house, tmp_path):
    lines = tmp_path / "neu.jsonl"
    lines.write_text(
        "\n".join(
            json.dumps(row)
            for row in ({**LINE, "slug": "gut", "state": "proposed"}, LINE, {**LINE, "slug": "auch", "state": "draft"})
        )
    )
    with pytest.raises(exchange.FaultyInput) as refused, house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=True).read([lines])
    told = [str(fault) for fault in refused.value.report.faults]
    assert [words[:34] for words in told] == [
        "neu.jsonl, Zeile 2, Feld „state“: ",
        "neu.jsonl, Zeile 3, Feld „state“: ",
    ]
    assert "noch ein Entwurf" in told[0] and "„proposed“" in told[0]
    with house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=False).read([lines])
        assert lookup.find(work.session, URL).publication_state == "draft"


def test_the_desk_shows_why_and_what_to_do_and_the_preview_still_works(desk):
    house, browser = desk
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{save(work).id}"
    app = browser("gerda", "secretariat")
    page = app.get(target)
    assert (
        "Die Empfehlung ist noch ein Entwurf. Bitte zuerst „Vorschlagen“."
        in page.html.find(id="schritt-publication-submit").get_text()
    )
    form = form_of(app.get(target + "/bearbeiten"))
    shown = app.post(
        "/redaktion/vorschau/recommendation", {**dict(form.submit_fields()), "id": target.rsplit("/", 1)[1]}
    )
    assert "Vorschau: Neu" in shown.text
    TestApp(app.app).get(URL, status=404)
    step(page, "propose").submit(status=303)
    step(app.get(target), "submit").submit(status=303)
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        assert (row.publication_state, row.procedure_state) == ("submitted", "proposed")


def test_a_decision_without_a_number_is_not_taken_over_as_public_either(desk):
    house, _ = desk
    with house.writing("test") as work:
        value = clean_item("decision", {"body": "it-planungsrat", "number": None, "title": "Neu", "text": "1. x"})
        row = edit.save(work.session, "decision", value, now=NOW).item
        assert isinstance(row, models.Decision)
        with pytest.raises(Blocked, match="noch keine Nummer"):
            transition.take(work.desk, row, PUBLICATION, "import")
