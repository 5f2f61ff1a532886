"""Sets and numbers of many documents as whole numbers: against plain lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.search import bits

VALUES = st.lists(st.integers(0, 5_000), min_size=1, max_size=200)


def _slices(values):
    return bits.slices_of(range(len(values)), values, len(values))


@given(values=VALUES)
def test_numbers_come_back_as_they_were_given(values):
    assert bits.numbers_of(_slices(values), range(len(values))) == values


@given(values=VALUES, gap=st.integers(50, 500))
def test_sparse_numbers_are_the_same_as_dense_ones(values, gap):
    documents = [number * gap for number in range(len(values))]
    assert bits.numbers_of(bits.slices_of(documents, values, len(values) * gap), documents) == values


@given(
    pairs=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 300)), min_size=1, max_size=100),
    factor=st.integers(0, 255),
)
def test_sum_and_product_are_those_of_every_document(pairs, factor):
    left, right = [one for one, _ in pairs], [other for _, other in pairs]
    everyone = range(len(pairs))
    assert bits.numbers_of(bits.plus(_slices(left), _slices(right)), everyone) == [one + other for one, other in pairs]
    assert bits.numbers_of(bits.times(_slices(left), factor), everyone) == [one * factor for one in left]


@given(values=VALUES, bound=st.integers(0, 6_000))
def test_comparisons_are_those_of_every_document(values, bound):
    slices, everyone = _slices(values), (1 << len(values)) - 1
    assert list(bits.members(bits.at_least(slices, bound, everyone))) == [
        number for number, value in enumerate(values) if value >= bound
    ]
    assert list(bits.members(bits.equal(slices, bound, everyone))) == [
        number for number, value in enumerate(values) if value == bound
    ]


@given(values=VALUES, wanted=st.integers(0, 30))
def test_highest_are_the_first_of_a_sorted_list(values, wanted):
    chosen = list(bits.members(bits.highest((1 << len(values)) - 1, reversed(_slices(values)), wanted)))
    assert sorted((values[number] for number in chosen), reverse=True) == sorted(values, reverse=True)[:wanted]


@pytest.mark.parametrize("numbers", [[], [0], [7, 8, 9], [1000]])
def test_set_holds_its_members(numbers):
    assert list(bits.members(bits.set_of(numbers, 2000))) == numbers
