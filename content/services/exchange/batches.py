"""An import in batches: each is one transaction, and between them other writers get their turn.

Short files go in one batch: with a faulty line nothing of them is taken. Of a long file every line is judged first; where one
turns out faulty only beside what is there already, the batches before it stay, and its own is given up. The same command
again goes on: what is there is unchanged, and costs little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from content.services.exchange.exchange import FaultyInput, Importer, Report

BATCH_S: Final = 0.7
PAUSE_S: Final = 0.11
"""SQLite's waiting writers look every tenth of a second."""
ONE_GO: Final = 50
"""So many lines are one batch, however long they take."""


class Stopped(FaultyInput):
    """A faulty line after `taken` lines that were taken over before it and stay."""

    def __init__(self, report: Report, taken: int) -> None:
        super().__init__(report)
        self.taken = taken


def run(
    importer: Importer,
    paths: Sequence[Path],
    *,
    lines: int,
    writing: Callable[[], AbstractContextManager[Any]],
    viewing: Callable[[], AbstractContextManager[Any]],
    store: Callable[[Any], Any],
    batch_s: float = BATCH_S,
    pause_s: float = PAUSE_S,
    skip_faulty: bool = False,
) -> Report:
    """Import `paths` of so many `lines`; `writing` opens a transaction, `viewing` one that only reads, `store` takes its files.

    Raises `FaultyInput` (nothing was taken) or `Stopped`.
    """
    is_long = lines > ONE_GO
    if is_long and not skip_faulty:
        with viewing() as work:
            importer.begin(work.desk, None)
            importer.check(paths)
    steps, taken, is_done = importer.steps(paths), 0, False
    while not is_done:
        if taken:
            time.sleep(pause_s)
        until, done = time.monotonic() + batch_s, taken
        try:
            with writing() as work:
                importer.begin(work.desk, store(work))
                done = next((count for count in steps if is_long and time.monotonic() >= until), -1)
                is_done = done < 0
                if is_done:
                    importer.finish()
                else:
                    importer.end_batch()
        except FaultyInput as faulty:
            if taken:
                raise Stopped(faulty.report, taken) from faulty
            raise
        taken = done
    return importer.report
