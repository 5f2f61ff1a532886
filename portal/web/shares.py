"""How the threads of a server process are shared out: whatever the others do, readers have theirs."""

from __future__ import annotations

from typing import Final

MOST_POSTS: Final = 24
"""So many requests that may write are let in at once: waiting for their turn, or sending their body."""
MOST_ARRIVING: Final = 12
"""So many bodies may be on their way at once from one place (an address, of IPv6 its network): half of what all may send."""
MOST_WAITING: Final = 64
"""So many readers wait for each other in a process; who comes then is asked to come back."""
MOST_STREAMS: Final = 8
"""So many long answers (files, the whole ledger) are on their way at once."""
RETRY_AFTER_S: Final = 5
"""So long somebody is asked to wait who comes when all shares are taken."""
AT_ONCE_BYTES: Final = 4_000_000
"""A file up to this size is handed to the server whole: nobody holds a thread by taking it slowly."""
STOP_S: Final = 10
"""A process that is told to end waits so long for those who take their answers slowly."""


def threads_of(readers: int) -> int:
    """Threads that a process needs so that `readers` of them are left for reading. They are made when needed."""
    return readers + MOST_WAITING + MOST_POSTS + MOST_STREAMS
