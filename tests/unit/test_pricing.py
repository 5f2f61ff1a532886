"""Prices for a Land: exact, the parts always sum to the whole, the rest is told."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.council import pricing
from content.council.laender import LAND_CODES

SHARES = dict(
    zip(
        LAND_CODES,
        map(
            Decimal,
            [
                "12.96662",
                "15.53327",
                "5.08324",
                "3.03655",
                "0.95331",
                "2.55752",
                "7.39885",
                "2.01240",
                "9.33138",
                "21.14424",
                "4.83089",
                "1.21111",
                "5.05577",
                "2.79941",
                "3.39074",
                "2.69470",
            ],
        ),
        strict=True,
    )
)
cents = st.integers(0, 10**12)
weights = st.dictionaries(st.sampled_from(LAND_CODES), st.fractions(0, 100), min_size=1).filter(
    lambda row: sum(row.values()) > 0
)


@given(cents, weights)
def test_parts_sum_to_the_whole_and_none_is_a_cent_off(amount, shares):
    split = pricing.split("x", amount, shares)
    assert sum(part.cents for part in split.parts) == amount
    assert all(abs(part.cents - part.exact) < 1 for part in split.parts)
    assert sum(part.exact for part in split.parts) == amount
    assert len(split.rest_to) == split.rest_cents < len(shares)


@given(cents, st.sets(st.sampled_from(LAND_CODES)), st.sampled_from(["koenigstein", "equal"]), st.booleans())
def test_what_all_users_and_the_bund_pay_is_the_amount(amount, users, key, is_efa):
    everybody = users or {"HH"}
    prices = [
        pricing.price_for(land, cents=amount, key=key, is_efa=is_efa, shares=SHARES, users=sorted(everybody))
        for land in sorted(everybody)
    ]
    first = prices[0]
    if not is_efa:
        assert sum(price.cents for price in prices) == amount
        return
    halves, common, by_key, by_users = first.splits
    assert halves.cents == amount == common.cents + by_users.cents
    assert (
        common.of("BUND") + sum(part.cents for part in by_key.parts) + sum(part.cents for part in by_users.parts)
        == amount
    )
    assert sum(price.cents for price in prices) == by_users.cents + sum(by_key.of(land) for land in everybody)


def test_an_efa_service_costs_hamburg_what_pen_and_paper_say():
    price = pricing.price_for("HH", cents=100_000_00, key="equal", is_efa=True, shares=SHARES, users=["HB", "SH", "NI"])
    assert price.cents == round(Fraction("2.55752") / sum(map(Fraction, SHARES.values())) * 25_000_00) + 12_500_00
    assert price.words[1] == "Davon trägt der Bund die Hälfte (25 % des Ganzen): 25.000,00 €."
    assert "Rundungsrest" in price.words[-1]


def test_a_rest_is_told_and_goes_to_the_largest_remainder():
    split = pricing.split("drei", 100, {"HH": Fraction(1), "HB": Fraction(1), "SH": Fraction(1)})
    assert ([part.cents for part in split.parts], split.rest_cents, split.rest_to) == ([33, 34, 33], 1, ("HB",))


def test_a_fixed_price_is_not_divided():
    assert pricing.price_for("HH", cents=700, key="fixed", is_efa=False, shares={}, users=[]).cents == 700


@pytest.mark.parametrize("shares", [{}, {"HB": Decimal(1)}])
def test_without_a_share_there_is_no_price_but_a_reason(shares):
    with pytest.raises(pricing.CannotPrice, match="kein Anteil"):
        pricing.price_for("HH", cents=700, key="koenigstein", is_efa=True, shares=shares, users=[])


@pytest.mark.parametrize("shares", [{}, {"HH": Fraction(0)}, {"HH": Fraction(-1), "HB": Fraction(2)}])
def test_an_amount_needs_somebody_who_carries_it(shares):
    with pytest.raises(ValueError, match="positive weights"):
        pricing.split("x", 1, shares)


@pytest.mark.parametrize(("amount", "words"), [(0, "0,00 €"), (5, "0,05 €"), (123_456_789, "1.234.567,89 €")])
def test_amounts_read_as_german_amounts(amount, words):
    assert pricing.euro(amount) == words
