"""The double quorum, exact: checked against an independent count over all coalitions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.council.voting import RULES, Member, UnknownMember, count, in_words

KEY_2016 = {
    "BW": "12.96662",
    "BY": "15.53327",
    "BE": "5.08324",
    "BB": "3.03655",
    "HB": "0.95331",
    "HH": "2.55752",
    "HE": "7.39885",
    "MV": "2.01240",
    "NI": "9.33138",
    "NW": "21.14424",
    "RP": "4.83089",
    "SL": "1.21111",
    "SN": "5.05577",
    "ST": "2.79941",
    "SH": "3.39074",
    "TH": "2.69470",
}
LAENDER = list(KEY_2016)
MEMBERS = [Member("BUND", "Bund", True), *(Member(code, code, False, share) for code, share in KEY_2016.items())]
TREATY = RULES["it-staatsvertrag"]


def vote(yes, rule=TREATY, **more):
    return count(rule, MEMBERS, dict.fromkeys(yes, "yes"), **more)


def test_over_all_coalitions_the_rule_says_what_an_independent_count_says():
    """2^16 coalitions of Länder with the Bund: 4,692 pass. The independent count is in whole hundred-thousandths."""
    units = [int(Decimal(KEY_2016[code]) * 100_000) for code in LAENDER]
    total = sum(units)
    passing = [
        mask
        for mask in range(1 << 16)
        if mask.bit_count() >= 11
        and 3 * sum(unit for place, unit in enumerate(units) if mask >> place & 1) >= 2 * total
    ]
    assert len(passing) == 4692
    # The product is asked about every coalition at the edge: all that pass, and all with eleven or more that do not.
    expected = set(passing)
    asked = [mask for mask in range(1 << 16) if mask.bit_count() >= 11]
    wrong = [
        mask
        for mask in asked
        if vote(["BUND", *(c for p, c in enumerate(LAENDER) if mask >> p & 1)]).passed != (mask in expected)
    ]
    assert wrong == []


def test_below_eleven_nothing_passes_even_with_all_large_laender():
    largest = sorted(LAENDER, key=lambda code: Fraction(KEY_2016[code]), reverse=True)[:10]
    assert not vote(["BUND", *largest]).passed
    assert {check.name: check.passed for check in vote(["BUND", *largest]).checks} == {
        "federal": True,
        "laender": False,
        "share": True,
    }


def test_two_pairs_can_block_and_no_other():
    blocking = {
        pair for pair in combinations(LAENDER, 2) if not vote(["BUND", *(c for c in LAENDER if c not in pair)]).passed
    }
    assert blocking == {("BW", "NW"), ("BY", "NW")}


def test_without_the_bund_nothing_passes():
    result = vote(LAENDER)
    assert (result.passed, result.reason) == (False, "Der Bund stimmt nicht zu.")


def test_exactly_two_thirds_are_enough_and_a_hundred_thousandth_less_is_not():
    members = [
        Member("BUND", "Bund", True),
        *(Member(f"L{n}", f"L{n}", False, "6.00000") for n in range(15)),
        Member("X", "X", False, "0.00003"),
    ]
    rule = TREATY
    exact = [
        Member("BUND", "Bund", True),
        *(Member(f"L{n}", f"L{n}", False, "6.00000") for n in range(12)),
        *(Member(f"R{n}", f"R{n}", False, "9.00000") for n in range(4)),
    ]
    yes = dict.fromkeys(["BUND", *(f"L{n}" for n in range(12))], "yes")
    assert count(rule, exact, yes).passed
    less = [*exact[:-1], Member("R3", "R3", False, "9.00001")]
    assert not count(rule, less, yes).passed
    assert count(rule, members, dict.fromkeys([m.code for m in members], "yes")).passed


def test_silence_says_nothing_in_a_session_and_is_abstention_in_circulation():
    told = vote(["BUND"])
    assert (told.counts["absent"], told.counts["unknown"], len(told.silent)) == (0, 16, 16)
    assert (
        vote(["BUND"], is_circulation=True).counts["abstain"] == 16 and not vote(["BUND"], is_circulation=True).silent
    )


def test_one_of_something_reads_as_one():
    counts = count(RULES["einstimmig"], MEMBERS, {"BUND": "yes", "BW": "no", "BY": "abstain"})
    assert in_words(counts.counts) == "1 Ja, 1 Nein, 1 Enthaltung, 0 nicht anwesend, 14 ohne Angabe"
    assert counts.checks[0].words == "1 Mitglied stimmt dagegen, 1 dafür."


@pytest.mark.parametrize(
    ("ballots", "passes"),
    [
        ({"BUND": "yes"}, True),
        ({"BUND": "yes", "BW": "no"}, False),
        ({"BUND": "yes", "BW": "no", "BY": "abstain", "HE": "yes"}, True),
        ({"BUND": "abstain"}, False),
        ({}, False),
    ],
)
def test_a_recommendation_needs_more_yes_than_no(ballots, passes):
    assert count(RULES["empfehlung"], MEMBERS, ballots).passed is passes


def test_the_result_explains_itself_in_numbers():
    words = " ".join(check.words for check in vote(["BUND", *LAENDER[:11]]).checks)
    assert "11 von 16 Ländern stimmen zu, nötig sind 11." in words
    assert "nötig sind 2/3, das sind 66,66667." in words


def test_a_ballot_of_a_stranger_is_refused():
    with pytest.raises(UnknownMember, match="XX"):
        vote(["XX"])


def test_an_unknown_choice_is_refused():
    with pytest.raises(ValueError, match="vielleicht"):
        count(TREATY, MEMBERS, {"BUND": "vielleicht"})


CHOICES = st.dictionaries(
    st.sampled_from([member.code for member in MEMBERS]), st.sampled_from(["yes", "no", "abstain", "absent"])
)


@given(CHOICES, st.sampled_from([member.code for member in MEMBERS]))
def test_one_more_yes_never_turns_a_pass_into_a_failure(ballots, code):
    for rule in RULES.values():
        if count(rule, MEMBERS, ballots).passed:
            assert count(rule, MEMBERS, {**ballots, code: "yes"}).passed


@given(CHOICES)
def test_the_order_of_ballots_does_not_matter_and_every_member_is_counted_once(ballots):
    forward, backward = count(TREATY, MEMBERS, ballots), count(TREATY, MEMBERS, dict(reversed(ballots.items())))
    assert forward == backward
    assert sum(forward.counts.values()) == 17


@pytest.mark.parametrize(
    ("yes", "no", "passes"), [(2, 1, True), (3, 2, False), (1, 0, True), (0, 0, False), (4, 2, True)]
)
def test_two_thirds_of_the_votes_cast_are_counted_exactly(yes, no, passes):
    ballots = {**dict.fromkeys(LAENDER[:yes], "yes"), **dict.fromkeys(LAENDER[yes : yes + no], "no")}
    assert count(RULES["zwei-drittel"], MEMBERS, ballots).passed is passes


@pytest.mark.parametrize(("amount", "passes"), [(12, False), (13, True)])
def test_thirteen_laender_are_enough_whatever_they_hold(amount, passes):
    smallest = sorted(LAENDER, key=lambda code: Fraction(KEY_2016[code]))[:amount]
    assert vote(smallest, RULES["13-laender"]).passed is passes


def test_every_coalition_below_eleven_fails_and_without_the_bund_every_one():
    """The rest of the 2^16 coalitions, and all of them without the Bund."""
    assert not any(
        vote(["BUND", *(c for p, c in enumerate(LAENDER) if mask >> p & 1)]).passed
        for mask in range(1 << 16)
        if mask.bit_count() < 11
    )
