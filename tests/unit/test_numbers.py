"""Numbers: every way people and earlier sites write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.numbers import DecisionNumber, NumberPattern, find_numbers, old_address, parse


@pytest.mark.parametrize(
    "typed",
    ["2021/39", "2021-39", "Beschluss 2021/39", "Nr. 2021/39", "(2021/39)", "Entscheidung 2021/39", "beschluss-2021-39",
     "2021 / 39", "2021–39", "Beschluss Nr. 2021/39", "２０２１/39", "2021/39\u00a0"],
)
def test_number_is_read_in_every_form_people_type(typed):
    assert parse(typed) == DecisionNumber(2021, 39)


@pytest.mark.parametrize("typed", ["", "2021", "abc", "2021/0", "21/39", "2021/39/1", "12.2021/39", "\x00"])
def test_number_is_not_read_where_there_is_none(typed):
    assert parse(typed) is None


def test_suffix_tells_the_bodies_apart():
    assert NumberPattern("YYYY/NN").parse("2025/02-AL") is None
    assert NumberPattern("YYYY/NN-AL").parse("beschluss-2025-02-al") == DecisionNumber(2025, 2, "AL")


def test_pattern_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="Nummernmuster"):
        NumberPattern("NN/YYYY")


def test_regulation_of_the_union_is_not_a_decision():
    assert list(find_numbers("Artikel 14 der Verordnung (EU) 2018/1724")) == []


def test_old_address_loses_session_id_and_slash():
    assert old_address("/beschluss/beschluss-2025-02-al/;jsessionid=1A") == (
        "/beschluss/beschluss-2025-02-al", DecisionNumber(2025, 2, "AL"),
    )


@given(st.integers(1900, 2199), st.integers(1, 999))
def test_format_and_parse_are_inverse(year, serial):
    pattern = NumberPattern("YYYY/NN")
    number = DecisionNumber(year, serial)
    assert pattern.parse(pattern.format(number)) == number


@given(st.text(max_size=200))
def test_parse_never_fails(text):
    parse(text)
    list(find_numbers(text))
