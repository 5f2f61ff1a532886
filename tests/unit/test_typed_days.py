"""Days and times that people type: what no calendar of ours reaches is no day, wherever it is typed."""

from __future__ import annotations

import datetime as dt

import pytest

from content.council import due
from content.schemas import InvalidInput, clean_item
from content.services.council import gazette
from content.typed import typed_days
from portal.desk import step_fields
from workflows.publication import PUBLICATION

NO_DAYS = [
    "0001-01-01",
    "9999-12-31",
    "1899-12-31",
    "2200-01-01",
    "0000-00-00",
    "2026-02-30",
    "gestern",
    "",
    "20261130",
    "2026-W49-1",
]


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_is_no_day_within_reach_is_none(text):
    assert typed_days.day(text) is None
    assert typed_days.moment(text + "T00:00") is None
    assert due.parse(text) is None
    assert gazette.day_in({"gazette_date": text}) is None
    assert step_fields.read(PUBLICATION, "schedule", {"publish_at": text + "T00:00"})["publish_at"] is None


def test_days_and_times_are_read_by_berlins_clock():
    assert typed_days.day(" 2026-11-30 ") == dt.date(2026, 11, 30)
    assert typed_days.moment("2026-11-30T14:30") == dt.datetime(2026, 11, 30, 13, 30, tzinfo=dt.UTC)
    assert typed_days.moment("1900-01-01T00:00:00") is not None
    assert typed_days.moment("2199-12-31 23:59") is not None


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31"])
def test_a_day_of_an_import_out_of_reach_is_refused_in_words(text):
    with pytest.raises(InvalidInput, match="ist kein Tag"):
        clean_item("page", {"slug": "a", "title": "A", "text": "B", "published_on": text})
