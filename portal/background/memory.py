"""Memory that is given back. glibc keeps what large blocks leave behind once for every thread: with passwords that take 19 MB
each to check, a process of four threads would stay 40 MB larger for ever after the first sign-ins.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
LARGE_BYTES: Final = 1_000_000


def give_large_blocks_back() -> bool:
    """Let blocks from `LARGE_BYTES` on go back to the system as soon as they are free; whether this system's C library can."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))
    except (OSError, AttributeError):  # another C library than glibc
        return False


def leave_what_stays() -> None:
    """What was made at start stays: collecting garbage need not look at it again, nor look for more several times a page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
