"""The keys that ship: whole, exact, with sources; and one place for everything that counts by them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from content import koenigstein
from content.models import Body, Member, Share
from content.services.ballots import shares_of
from tests.unit.test_voting import KEY_2016


def _row(**more):
    return {"year": 2016, "source": "Amtsblatt", "verified": True, "shares": dict(KEY_2016), **more}


def test_the_key_of_2016_is_the_one_votes_are_checked_with_and_every_key_has_its_source():
    assert dict(koenigstein.KEYS[2016].shares) == KEY_2016
    assert {year: (key.is_verified, bool(key.source)) for year, key in koenigstein.KEYS.items()} == {2016: (True, True), 2019: (False, True)}
    assert "nicht gegen" in koenigstein.KEYS[2019].source


def test_an_unverified_key_never_counts_by_itself():
    assert koenigstein.shares_by_year("NW") == {"2016": "21.14424"}
    assert koenigstein.shares_by_year("BUND") == {}


@pytest.mark.parametrize(("row", "words"), [
    (_row(shares={**KEY_2016, "NW": "21.14434"}), "sum to"), (_row(shares={**KEY_2016, "NW": "21.1442"}), "five decimals"),
    (_row(shares={code: share for code, share in KEY_2016.items() if code != "NW"}), "sixteen"), (_row(source=" "), "without source"),
])
def test_a_faulty_key_stops_the_start_with_its_reason(row, words):
    with pytest.raises(ValueError, match=words):
        koenigstein.read([row])


def test_a_body_without_shares_goes_by_the_shipped_keys_and_one_with_shares_by_its_own():
    members = [Member(code="BUND", name="Bund", kind="federal"), Member(code="NW", name="NW", kind="land"), Member(code="BY", name="BY", kind="land")]
    assert shares_of(Body(members=members)) == {"BUND": {}, "NW": {"2016": "21.14424"}, "BY": {"2016": "15.53327"}}
    members[1].shares = [Share(year=2024, percent="50.00000")]
    assert shares_of(Body(members=members)) == {"BUND": {}, "NW": {"2024": "50.00000"}, "BY": {}}


def test_the_source_told_is_that_of_the_shipped_key_only_where_the_numbers_are_its():
    assert koenigstein.source_of(2016, KEY_2016) == koenigstein.KEYS[2016].source
    assert koenigstein.source_of(2016, {**KEY_2016, "NW": str(Decimal(22))}) == koenigstein.OWN_SOURCE
    assert koenigstein.source_of(1990, KEY_2016) == koenigstein.OWN_SOURCE
