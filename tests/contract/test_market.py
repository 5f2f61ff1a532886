"""The market promises the same on SQLite and PostgreSQL: lists, offers, reuse, tasks, coverage."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import lookup
from content.services.browsing import coverage, market
from content.services.browsing.browse import Reader
from content.services.implementation import matrix, reuse, tasks
from content.services.implementation.reuse import Buyer
from portal.commands import starting
from workflows.engine import Blocked


@pytest.fixture(params=["house", "postgres_house"], ids=["sqlite", "postgresql"])
def stocked(request):
    """A portal with its example content, on each database."""
    house = request.getfixturevalue(request.param)
    starting.add_examples(house, say=lambda _: None)
    return house


def _read(house):
    with house.reading() as connection:
        reader = Reader(connection)
        shown = coverage.coverage(reader)
        return (
            len(market.search(reader, words="wohngeld", chosen={"anbieter": "govdigital"}).entries),
            shown.laender_live,
            matrix.matrix(reader).totals["all"],
        )


def test_reuse_tasks_and_coverage_work_alike(stocked):
    found, laender, cells = _read(stocked)
    assert found == 1 and laender == 16 and cells > 100
    with stocked.writing("test") as work:
        offer = lookup.find(work.session, "/angebot/fit-store-geburtsanzeige")
        row = reuse.open_reuse(work.desk, offer, Buyer("land", "SL"))
        reuse.take(work.desk, row, "negotiate", {})
        with pytest.raises(Blocked, match="Bedingungen"):
            reuse.take(work.desk, row, "order", {})
        reuse.confirm_terms(work.desk, row, "Abstimmungsschreiben 1.0")
        for name in ("order", "sign", "go_live"):
            reuse.take(
                work.desk,
                row,
                name,
                {"contract_number": "FITST/2026/0001", "live_since": reuse.today(work.desk).isoformat()},
            )
        suggestion = tasks.suggestions(work.session)[0]
        tasks.confirm(work.desk, work.session.get(models.Decision, suggestion.item_id), suggestion.anchor, ["Länder"])
    assert _read(stocked)[2] == cells + 16
    with stocked.reading() as connection:
        live = {
            fact.land
            for fact in coverage.facts(Reader(connection))
            if fact.offer == offer.url and fact.steps[-1][0] == "live"
        }
    assert "SL" in live
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), stocked.writing("test") as work:
        work.session.execute(sa.text("DELETE FROM reuse_step"))
