"""Which helper does which job: one table, and what a job may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from content.helpers.frames import Frame

Job = Callable[[dict[str, Any], list[bytes]], Frame]
"""Takes data (JSON) and bytes, gives the same. Raises `Refused` for what cannot be done, with a reason for people."""


class Refused(Exception):  # noqa: N818 - named for the situation
    """A job cannot be done, and never will be with this input; the message (German) says why, `code` is stable."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Trade:
    """What one kind of helper does and may use. Times in seconds, sizes in bytes."""

    jobs: Mapping[str, str]
    """Name of a job → `module:function`."""
    memory: int
    """Address space of the process (of each child, where it forks)."""
    is_forking: bool = False
    """Each job in a child of its own: what a hostile file does to it, the next file does not see."""
    idle_s: float | None = None
    """Without work for so long the process ends; None: it stays, because it is warm."""
    max_jobs: int = 1_000
    """After so many jobs a fresh process takes over, so that nothing grows for ever."""


TRADES: Final[Mapping[str, Trade]] = {
    "typesetter": Trade(
        {
            "pdf": "content.export.setting:pdf",
            "kit": "content.export.setting:kit",
            "word": "content.export.setting:word",
        },
        memory=4_000_000_000,
    ),
    "reader": Trade(
        {
            "picture": "content.helpers.reading:picture",
            "word.marks": "content.helpers.reading:word_marks",
            "word.returned": "content.helpers.reading:word_returned",
        },
        memory=1_500_000_000,
        is_forking=True,
        idle_s=120,
    ),
}
