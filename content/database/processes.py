"""Processes that belong together: a child that ends with its parent, whatever ended that."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LOOK_S: Final = 1.0


def end_with(parent: int) -> None:
    """This process ends at once when the process `parent`, which started it, is gone; it has no say in it.

    Asked of the kernel where that can be asked; a thread looks besides, for other systems and for a parent that was gone
    before anybody asked.
    """
    _ask_kernel()
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _ask_kernel() -> bool:
    try:
        return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # not Linux
        return False


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)
