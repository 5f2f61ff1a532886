"""No day of an announcement lies in the future: it says that something was announced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from content.schemas import FieldError, InvalidInput
from content.typed.berlin import day_of


def check(value: Mapping[str, Any], now: dt.datetime) -> None:
    """Raise `InvalidInput` where the clean value of a decision names a day to come, whichever door it comes through."""
    notice = value["gazette_notice"]
    day = notice["date"] if notice else None
    if day is not None and day > day_of(now):
        message = (
            f"Der {day:%d.%m.%Y} ist noch nicht gekommen. Bitte die Bekanntgabe eintragen, wenn sie erschienen ist."
        )
        raise InvalidInput([FieldError("gazette_notice.date", "day_to_come", message)])
