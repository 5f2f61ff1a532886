"""Which numbers of a body's year are missing, doubled or not public."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from content.council.numbers import NumberPattern
from content.services.council.numbering import NumberedRow, year_report

PATTERN = NumberPattern("YYYY/NN")


def row(serial, state="published", number=None):
    return NumberedRow(serial, number or f"2024/{serial:02d}", "", serial, state)


def report(*rows):
    return year_report("Rat", PATTERN, 2024, rows)


def test_a_year_without_a_gap_is_sound():
    assert report(row(1), row(2), row(3)).is_sound


def test_missing_numbers_are_told_as_runs_from_the_first_on():
    assert report(row(2), row(5), row(7)).missing == (
        ("2024/01", "2024/01"),
        ("2024/03", "2024/04"),
        ("2024/06", "2024/06"),
    )


def test_a_number_that_two_decisions_bear_is_doubled():
    found = report(row(1), row(2, number="2024/01"))
    assert [number for number, _ in found.doubled] == ["2024/01"]
    assert not found.is_sound


def test_a_numbered_decision_that_is_not_public_is_named():
    assert [one.serial for one in report(row(1), row(2, "trashed"), row(3, "draft")).hidden] == [2, 3]


@given(st.sets(st.integers(1, 60), min_size=1))
def test_given_and_missing_numbers_together_are_all_up_to_the_last(serials):
    missing = set()
    for start, end in report(*map(row, sorted(serials))).missing:
        missing |= set(range(int(start[5:]), int(end[5:]) + 1))
    assert missing | serials == set(range(1, max(serials) + 1))
    assert not missing & serials
