"""What reading leaves behind: that somebody was seen, that a link was opened. Written after the answer, by one thread, so that
reading never takes the writer. The last moment's notes are lost with a process that is killed; whatever must not be lost is written by a POST.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from content.database.db import is_away, is_busy

if TYPE_CHECKING:
    from content.house import Work

log = logging.getLogger(__name__)
MOST: Final = 1_000
"""So many notes may wait; more are dropped: nobody fills the memory by opening links."""
CLOSING_S: Final = 5.0
_AGAIN_S: Final = 1.0

Note = Callable[["Work"], object]


class Afterwards:
    """Notes that wait to be written. `writing` opens a transaction in the name of an actor."""

    def __init__(self, writing: Callable[[str], AbstractContextManager[Any]]) -> None:
        self._writing = writing
        self._notes: OrderedDict[object, tuple[str, Note]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_writing = False
        self._thread: threading.Thread | None = None

    def put(self, actor: str, note: Note, *, key: object = None) -> None:
        """Have `note` written soon, in the name of `actor`; of several with one `key` only the newest."""
        with self._changed:
            if self._is_closed or len(self._notes) >= MOST:
                return
            self._notes[key if key is not None else object()] = (actor, note)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="afterwards", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, timeout_s: float = CLOSING_S) -> bool:
        """Wait until all notes are written; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._notes and not self._is_writing, timeout_s)

    def close(self) -> None:
        """Write what waits, as far as that goes within `CLOSING_S`, and take nothing more."""
        self.settle()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._notes or self._is_closed)
                if self._is_closed:
                    return
                key, (actor, note) = self._notes.popitem(last=False)
                self._is_writing = True
            is_done = self._write(actor, note)
            with self._changed:
                self._is_writing = False
                if not is_done and not self._is_closed:
                    self._notes.setdefault(key, (actor, note))
                    self._notes.move_to_end(key, last=False)
                    self._changed.wait_for(lambda: self._is_closed, _AGAIN_S)
                self._changed.notify_all()

    def _write(self, actor: str, note: Note) -> bool:
        try:
            with self._writing(actor) as work:
                note(work)
        except Exception as error:
            if is_busy(error) or is_away(error):
                return False
            log.exception("a note was not written")
        return True
