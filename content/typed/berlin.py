"""The clock that people read: days begin and end in Berlin, whatever the instants in the database say (UTC)."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")


def day_of(instant: dt.datetime) -> dt.date:
    """The day in Berlin at an instant that knows its zone."""
    return instant.astimezone(BERLIN).date()


def noon_of(day: dt.date) -> dt.datetime:
    """The instant that stands for a day of which no time is known."""
    return dt.datetime.combine(day, dt.time(12), BERLIN).astimezone(dt.UTC)
