"""Who names a foreign draft in a form is answered as if there were nothing: existence is no answer."""

from __future__ import annotations

import datetime as dt

import pytest

from content import models
from content.schemas import InvalidInput
from content.services.base import lookup
from content.services.editing.writers.market import prepare_offer
from content.services.editing.writers.reports import prepare_recommendation

FOREIGN = (("reader", ""),)
"""Grants of somebody who sees no draft."""


def _told(prepare, session, value):
    with pytest.raises(InvalidInput) as refused:
        prepare(session, value)
    return [(error.field, error.code, error.message) for error in refused.value.errors]


@pytest.mark.on_both_databases
def test_a_foreign_draft_is_answered_like_what_does_not_exist(portal):
    _, house = portal
    now = dt.datetime.now(dt.UTC)
    with house.writing("test") as work:
        for kind, model in (("organisation", models.Organisation), ("market_item", models.MarketItem)):
            path = {"organisation": "organisation", "market_item": "marktplatz"}[kind]
            published = lookup.find(work.session, f"/{path}/{'fitko' if kind == 'organisation' else 'wohngeld'}")
            more = {"state": published.state, "leika_keys": []} if kind == "market_item" else {}
            work.session.add(
                model(
                    kind=kind,
                    slug="geheim",
                    url=f"/{path}/geheim",
                    title="Geheim",
                    publication_state="draft",
                    changed_at=now,
                    created_at=now,
                    input={},
                    **more,
                )
            )
        decision = lookup.find(work.session, "/beschluss/2021/39")
        decision.publication_state = "draft"
    with house.writing("fremd", grants=FOREIGN) as work:
        offer = {"decisions": []}
        for name in ("market_item", "provider"):
            given = {"market_item": "wohngeld", "provider": "fitko", **offer}
            hidden, absent = (
                _told(prepare_offer, work.session, {**given, name: slug}) for slug in ("geheim", "gibt-es-nicht")
            )
            assert [tuple(part.replace("geheim", "X") for part in row) for row in hidden] == [
                tuple(part.replace("gibt-es-nicht", "X") for part in row) for row in absent
            ]
        clause = {"slug": "eine-empfehlung", "addressees": [], "report": None, "decisions": [], "due": None}
        hidden, absent = (
            _told(prepare_recommendation, work.session, {**clause, "clause": given})
            for given in ("2021/39#1", "2021/4711#1")
        )
        assert hidden[0][2].replace("2021/39", "X") == absent[0][2].replace("2021/4711", "X")
    with house.writing("test") as work:
        assert (
            prepare_offer(work.session, {"market_item": "geheim", "provider": "geheim", "decisions": []}).provider.slug
            == "geheim"
        )
