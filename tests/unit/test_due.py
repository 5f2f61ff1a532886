"""What a due date may be: a day or a session, and what is kept and read of it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.council import due
from content.council.bodies import Bodies, BodyName
from content.typed.typed_days import FIRST_YEAR, LAST_YEAR

BODIES = Bodies(
    [
        BodyName("it-planungsrat", "IT-Planungsrat", "des IT-Planungsrats"),
        BodyName("al-runde", "AL-Runde", "der AL-Runde", "AL"),
    ]
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-12-31", "2026-12-31"),
        ("31.12.2026", "2026-12-31"),
        (" 48. Sitzung ", "/sitzung/48"),
        ("zur 48. Sitzung", "/sitzung/48"),
        ("bis zur 48. Sitzung", "/sitzung/48"),
        ("zur 48. Sitzung des IT-Planungsrats", "/sitzung/48"),
        ("zur 37. Sitzung der AL-Runde", "/sitzung/al-runde/37"),
        ("37. Sitzung AL", "/sitzung/al-runde/37"),
        ("37. Sitzung al-runde", "/sitzung/al-runde/37"),
        ("37. Sitzung des Rats der Götter", None),
    ],
)
def test_a_day_or_a_session_is_kept_as_day_or_address(text, kept):
    assert due.address(due.parse(text), BODIES) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bald",
        "Ende 2026",
        "31.02.2026",
        "2026-13-01",
        "0. Sitzung",
        "-1. Sitzung",
        "99999. Sitzung",
        "48. Sitzung " + "x" * 90,
        "/sitzung/48",
    ],
)
def test_everything_else_is_no_due_date(text):
    assert due.parse(text) is None and due.day_in(text) is None


@given(
    st.dates(dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31)),
    st.integers(1, 9999),
    st.sampled_from(["", "AL-Runde", "IT-Planungsrat"]),
)
def test_what_is_written_down_reads_the_same_again(day, ordinal, body):
    for one in (due.Due(day), due.Due(None, ordinal, body)):
        assert due.parse(str(one)) == one
    assert due.day_in(day.isoformat()) == day and due.day_in(f"{ordinal}. Sitzung") is None


@pytest.mark.parametrize("text", ["01.01.0999", "0001-01-01", "31.12.1899", "01.01.2200", "9999-12-31"])
def test_days_that_no_calendar_of_ours_reaches_are_none(text):
    assert due.day_in(text) is None and due.parse(text) is None
