"""Days and times as people type them: read in one place, which takes none that no calendar of ours reaches.

Of the years before 1900 and after 2199 nothing here speaks; the first and last ones cannot even be told in another
time zone. Whoever asks says in words of the field what is wrong.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from content.typed.berlin import BERLIN

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)


def is_in_reach(day: dt.date) -> bool:
    """Whether our calendar has that day."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def day(text: str) -> dt.date | None:
    """`2021-10-29`; None for everything else, and for days out of reach."""
    plain = text.strip()
    try:
        found = dt.date.fromisoformat(plain) if _DAY.fullmatch(plain) else None
    except ValueError:
        return None
    return found if found is not None and is_in_reach(found) else None


def moment(text: str) -> dt.datetime | None:
    """`2021-10-29T14:30`, Berlin's clock, as an instant; None for everything else, and for times out of reach."""
    plain = text.strip()
    try:
        found = dt.datetime.fromisoformat(plain) if _MOMENT.fullmatch(plain) else None
    except ValueError:
        return None
    return found.replace(tzinfo=BERLIN).astimezone(dt.UTC) if found is not None and is_in_reach(found) else None
