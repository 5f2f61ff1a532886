"""From shares and rules in a body's form to one key by year and one of the known rules: nothing is lost, old votes count as they did."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.council.koenigstein import KEYS
from content.services.base import lookup
from content.services.council import ballots, keys
from portal.commands import database

pytestmark = pytest.mark.on_both_databases
OWN = {**KEYS[2016].shares, "BY": "15.53427", "NW": "21.14324"}
MAIN, OTHER = "/gremium/it-planungsrat", "/gremium/al-runde"


def _voted(house):
    """A decision with a vote, and how it was decided."""
    with house.writing("test") as work:
        vote = work.session.scalars(sa.select(models.Vote).order_by(models.Vote.id)).first()
        return vote.item_id


@pytest.fixture
def before(portal):
    """The portal as the version before had it, with what editors of that version had entered."""
    _, house = portal
    item_id = _voted(house)
    database.downgrade(house.engine, "0024f")
    with house.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM share"))
        bodies = dict(connection.execute(sa.text("SELECT url, id FROM item WHERE kind = 'body'")).all())
        for url, rule in ((MAIN, "Beschluss nach dem IT-Staatsvertrag"), (OTHER, "Losentscheid")):
            given = connection.scalar(sa.text("SELECT input FROM item WHERE url = :u"), {"u": url})
            value = json.loads(given) if isinstance(given, str) else dict(given)
            value["voting_rule"] = rule
            for member in value["members"]:
                member["shares"] = {"2024": OWN[member["code"]]} if url == MAIN and member["code"] in OWN else {}
            connection.execute(sa.text("UPDATE item SET input = :v WHERE url = :u"), {"v": json.dumps(value), "u": url})
            connection.execute(sa.text("UPDATE body SET voting_rule = :r WHERE id = :i"), {"r": rule, "i": bodies[url]})
        insert = sa.text(
            "INSERT INTO share (member_id, year, percent) SELECT id, :year, :percent FROM member WHERE body_id = :body AND code = :code"
        )
        for code, share in OWN.items():
            connection.execute(insert, {"year": 2024, "percent": share, "body": bodies[MAIN], "code": code})
        connection.execute(insert, {"year": 2022, "percent": "15.5", "body": bodies[MAIN], "code": "BY"})
        connection.execute(sa.text("UPDATE vote SET key_year = 2024 WHERE item_id = :i"), {"i": item_id})
    return house, item_id


def test_shares_become_keys_rules_become_known_ones_and_votes_keep_what_they_were_counted_by(before, caplog):
    house, item_id = before
    database.migrate(house.engine)
    assert "Losentscheid" in caplog.text
    with house.writing("test") as work:
        main, other = lookup.find(work.session, MAIN), lookup.find(work.session, OTHER)
        assert (main.voting_rule, main.input["voting_rule"], other.voting_rule) == (
            "it-staatsvertrag",
            "it-staatsvertrag",
            "Losentscheid",
        )
        assert not any("shares" in member for member in main.input["members"])
        counting = keys.counting(work.session)
        assert sorted(counting) == [2016, 2024] and dict(counting[2024].shares) == OWN
        kept = {
            row.year: (row.confirmed_at is not None, row.shares)
            for row in work.session.scalars(sa.select(models.KoenigsteinKey))
        }
        assert kept[2022] == (False, {"BY": "15.5"}), "what is no whole key is kept and does not count"
        decision = work.session.get(models.Decision, item_id)
        told = ballots.as_data(work.session, decision)
        assert next(row["share"] for row in told["ballots"] if row["code"] == "BY") == OWN["BY"]
        assert (told["key_year"], "body_rule" in told) == (2024, False)


def test_the_same_form_again_changes_nothing_after_it(before):
    from content.schemas import clean_item
    from content.services.base.outcome import Outcome
    from content.services.editing import edit

    house, _ = before
    database.migrate(house.engine)
    with house.writing("test") as work:
        main = lookup.find(work.session, MAIN)
        saved = edit.save(work.session, "body", clean_item("body", dict(main.input)), now=work.desk.now, item=main)
        assert saved.outcome is Outcome.UNCHANGED
