"""The day of the announcement in the Bundesanzeiger: one fact, whether a step or the form enters it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from content import models
from content.services.editing import edit
from content.typed import typed_days


def day_in(fields: Mapping[str, Any]) -> dt.date | None:
    """The day that was given with a step, if it is one."""
    return typed_days.day(str(fields.get("gazette_date") or ""))


def in_words(fields: Mapping[str, Any]) -> str:
    """What the history of a step says: „Bundesanzeiger: 18.12.2026“."""
    day = day_in(fields)
    return f"Bundesanzeiger: {day:%d.%m.%Y}" if day else ""


def keep(item: models.Item, fields: Mapping[str, Any]) -> None:
    """Write the day given with a step where the form writes it; the address of the notice stays."""
    day = day_in(fields)
    if day is None or not isinstance(item, models.Decision) or item.gazette_date == day:
        return
    item.gazette_date = day
    edit.follow(item, gazette_notice={"date": day.isoformat(), "url": item.gazette_url})
