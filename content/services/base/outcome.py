"""What writing did: shared by everything that takes input over."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one input."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
