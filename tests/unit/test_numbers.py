"""Numbers: every way people and earlier sites write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.council.numbers import DecisionNumber, NumberPattern, find_numbers, old_address, parse


@pytest.mark.parametrize(
    "typed",
    [
        "2021/39",
        "2021-39",
        "Beschluss 2021/39",
        "Nr. 2021/39",
        "(2021/39)",
        "Entscheidung 2021/39",
        "beschluss-2021-39",
        "2021 / 39",
        "2021–39",
        "Beschluss Nr. 2021/39",
        "２０２１/39",
        "2021/39\u00a0",
    ],
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
        "/beschluss/beschluss-2025-02-al",
        DecisionNumber(2025, 2, "AL"),
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


@pytest.mark.parametrize(
    ("pattern", "typed", "number"),
    [
        ("YYYY/NN-PA", "2025/02-PA", DecisionNumber(2025, 2, "PA")),
        ("YYYY/NN-PA", "beschluss-2025-02-pa", DecisionNumber(2025, 2, "PA")),
        ("YYYY/NN-FITKOX", "2025/02-FITKOX", DecisionNumber(2025, 2, "FITKOX")),
        ("YYYY/NN", "2025/10000", DecisionNumber(2025, 10_000)),
        ("YYYY/NN-PA", "Beschluss Nr. 2025/123456-PA", DecisionNumber(2025, 123_456, "PA")),
    ],
)
def test_every_suffix_and_more_than_9999_a_year_are_read_and_written_alike(pattern, typed, number):
    known = NumberPattern(pattern)
    assert known.parse(typed) == number
    assert known.parse(known.format(number)) == number


@given(st.integers(1, 999_999), st.from_regex(r"[A-Z]{0,6}", fullmatch=True))
def test_what_any_pattern_writes_is_found_in_a_text_and_read_by_the_address_of_an_earlier_site(serial, suffix):
    pattern = NumberPattern("YYYY/NN" + (f"-{suffix}" if suffix else ""))
    written = pattern.format(DecisionNumber(2025, serial, suffix))
    (found,) = find_numbers(f"siehe Beschluss {written}, Ziffer 2", {"", suffix})
    assert found.number == DecisionNumber(2025, serial, suffix)
    assert old_address(f"/beschluss/beschluss-{written.replace('/', '-').lower()}")[1] == found.number


@pytest.mark.parametrize(
    ("text", "suffix", "ends"),
    [
        ("Beschluss 2025/02-PA gilt", "PA", "2025/02-PA"),
        ("Beschluss 2025/02 PA gilt", "PA", "2025/02 PA"),
        ("Beschluss 2025/02-pa gilt", "PA", "2025/02-pa"),
        ("Beschluss 2025/02 im Jahr", "", "2025/02"),
        ("Beschluss 2025/02 IT gilt", "", "2025/02"),
        ("Beschluss 2025/02-Fassung", "", "2025/02"),
        ("Beschluss 2025/02-IT-Standard", "", "2025/02"),
        ("Beschluss 2025/02-XY gilt", "XY", "2025/02-XY"),
    ],
)
def test_in_a_text_a_suffix_is_one_that_a_body_has(text, suffix, ends):
    (found,) = find_numbers(text, {"", "PA", "IM"})
    assert (found.number.suffix, text[found.start : found.end]) == (suffix, ends)
