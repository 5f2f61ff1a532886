"""A due date: a day, or a session („zur 48. Sitzung“) whose day is known once the session has one. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from content.council.addresses import MAIN_BODY, meeting_url
from content.council.bodies import Bodies
from content.typed import typed_days

_SESSION = re.compile(r"(?:bis )?(?:zur )?(\d{1,4})\. Sitzung(?: (?:der |des |von )?(.{1,80}))?")


@dataclass(frozen=True, slots=True)
class Due:
    """A day, or the number of a session; `body` is how its body was called, empty for the main one."""

    day: dt.date | None = None
    ordinal: int = 0
    body: str = ""

    def __str__(self) -> str:
        """As it is written down: `2026-12-31`, „48. Sitzung“, „37. Sitzung AL-Runde“."""
        return self.day.isoformat() if self.day else f"{self.ordinal}. Sitzung {self.body}".rstrip()


def parse(text: str) -> Due | None:
    """`2026-12-31`, `31.12.2026`, „zur 48. Sitzung“, „37. Sitzung der AL-Runde“; None for everything else."""
    plain = " ".join(text.split())
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = dt.datetime.strptime(plain, pattern).date()
        except ValueError:
            continue
        return Due(found) if typed_days.is_in_reach(found) else None
    match = _SESSION.fullmatch(plain)
    return Due(None, int(match[1]), match[2] or "") if match and int(match[1]) else None


def address(due: Due, bodies: Bodies) -> str | None:
    """What is kept of it: the day, or the address of the session; None for a body that nobody knows."""
    if due.day:
        return due.day.isoformat()
    slug = bodies.slug_of(due.body) if due.body else MAIN_BODY
    return meeting_url(slug, "numbered", ordinal=due.ordinal, date=None) if slug else None


def day_in(kept: str | None) -> dt.date | None:
    """The day that was kept, where it is one."""
    found = parse(kept or "")
    return found.day if found else None
