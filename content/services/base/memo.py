"""What depends on the publication ledger alone may be remembered until its position moves.

The position must be read *before* what is remembered is made: then a value is at least as new as its key says, and a
publication makes the next reader start afresh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Values by key, all of one ledger position. Threads may share it: at worst two make the same value."""

    def __init__(self) -> None:
        self._kept: tuple[int, dict[Any, Any]] = (-1, {})
        self.by_edition: dict[str, dict[int, Any]] = {}
        """What was made of single editions, by kind and edition id: an edition never changes, so this outlives the position."""

    def get(self, position: int, key: object, make: Callable[[], T]) -> T:
        """The value remembered for `key` at `position`, else the one that `make` makes now."""
        known_at, values = self._kept
        if known_at != position:
            values = {}
            self._kept = (position, values)
        if key not in values:
            values[key] = make()
        value: T = values[key]
        return value
