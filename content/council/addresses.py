"""Addresses of decisions and sessions: promises for decades. Pure, so that text rooms may use it."""

from __future__ import annotations

from typing import Final

MAIN_BODY: Final = "it-planungsrat"
"""The body whose decisions and sessions have the short addresses (`/beschluss/2021/39`, `/sitzung/36`)."""


def decision_url(body_slug: str, year: int, serial: int) -> str:
    """`/beschluss/2021/39`; of other bodies `/beschluss/al-runde/2025/02`. Serials have two digits at least."""
    return f"/beschluss/{_part(body_slug)}{year}/{serial:02d}"


DRAFTS: Final = "/entwurf/"
"""Where decisions lie that have no number yet: an address that the public never reads."""


def meeting_url(body_slug: str, meeting_kind: str, *, ordinal: int | None, date: str | None) -> str:
    """`/sitzung/36`, `/sitzung/al-runde/37`, `/sitzung/sonder-2015-11-30`, `/sitzung/umlauf-2018-08-24`."""
    if meeting_kind == "numbered":
        return f"/sitzung/{_part(body_slug)}{ordinal}"
    word = {"special": "sonder", "circulation": "umlauf"}[meeting_kind]
    return f"/sitzung/{_part(body_slug)}{word}-{date}"


def meeting_label(meeting_kind: str, ordinal: int | None, *, body_name: str | None = None) -> str:
    """„36. Sitzung“, „Sondersitzung“, „Umlaufverfahren“; `body_name` is put behind where it matters."""
    words = {"special": "Sondersitzung", "circulation": "Umlaufverfahren"}
    label = words.get(meeting_kind, f"{ordinal}. Sitzung")
    return f"{label} {body_name}" if body_name else label


def _part(body_slug: str) -> str:
    return "" if body_slug == MAIN_BODY else f"{body_slug}/"
