"""How often a visitor may try something, kept in the memory of this process: no table grows because somebody guesses."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Final

_MOST: Final = 10_000
"""So many visitors are remembered; the one not seen for longest goes first."""


class Limiter:
    """At most `limit` tries in `window_s` seconds for each visitor."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def is_full(self, visitor: str, now: float) -> bool:
        """Whether `visitor` has used up the tries; `now` in seconds of any steady clock."""
        with self._lock:
            tries = self._tries.get(visitor)
            while tries and tries[0] <= now - self._window_s:
                tries.popleft()
            return tries is not None and len(tries) >= self._limit

    def count(self, visitor: str, now: float) -> None:
        """Note a try."""
        with self._lock:
            self._tries.setdefault(visitor, deque(maxlen=self._limit)).append(now)
            self._tries.move_to_end(visitor)
            if len(self._tries) > _MOST:
                self._tries.popitem(last=False)
