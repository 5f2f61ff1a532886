"""The helper itself: `python -m content.helpers.process TRADE PARENT` does one job after the other until its input ends.

It is nicer than its parent (pages go first), dies with it, and writes nothing but answers to its output.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from content.helpers import frames
from content.helpers.jobs import TRADES, Job, Refused, Trade

NICENESS: Final = 10
_PR_SET_PDEATHSIG: Final = 1


def main(name: str, parent: int) -> int:
    """Serve the parent until it closes the pipe."""
    _die_with(parent)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    trade = TRADES[name]
    if not trade.is_forking:
        resource.setrlimit(resource.RLIMIT_AS, (trade.memory, trade.memory))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    read = frames.exactly(sys.stdin.buffer)
    jobs = {job: _function(place) for job, place in trade.jobs.items()}
    while True:
        try:
            head, blobs = frames.unpacked(read)
        except EOFError:
            return 0
        out.write(_in_child(trade, jobs, head, blobs) if trade.is_forking else _done(jobs, head, blobs))
        out.flush()


def _function(place: str) -> Job:
    module, _, name = place.partition(":")
    found: Job = getattr(importlib.import_module(module), name)
    return found


def _done(jobs: Mapping[str, Job], head: dict[str, Any], blobs: list[bytes]) -> bytes:
    try:
        said, made = jobs[head["job"]](head["data"], blobs)
        return frames.packed({"ok": said}, made)
    except Refused as refused:
        return frames.packed({"refused": str(refused), "code": refused.code})
    except MemoryError:
        return frames.packed({"failed": "out of memory"})
    except Exception:  # noqa: BLE001 - whatever a library raises is told to the parent, which logs it
        return frames.packed({"failed": traceback.format_exc(limit=-6)})


def _in_child(trade: Trade, jobs: Mapping[str, Job], head: dict[str, Any], blobs: list[bytes]) -> bytes:
    """The answer of a child that does only this job; where it dies, that is the answer."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _serve_once(trade, jobs, head, blobs, target)
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status == 0:
        return answer
    return frames.packed({"failed": f"child ended with status {status}"})


def _serve_once(
    trade: Trade, jobs: Mapping[str, Job], head: dict[str, Any], blobs: list[bytes], target: int
) -> NoReturn:
    code = 1
    try:
        _die_with(os.getppid())
        seconds = int(head["seconds"]) + 1
        resource.setrlimit(resource.RLIMIT_AS, (trade.memory, trade.memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        answer = _done(jobs, head, blobs)
        with os.fdopen(target, "wb") as pipe:
            _write(pipe, answer)
        code = 0
    finally:
        os._exit(code)


def _write(pipe: IO[bytes], answer: bytes) -> None:
    pipe.write(answer)
    pipe.flush()


def _die_with(parent: int) -> None:
    """Ask the system (Linux) to end this process with its parent; elsewhere the end of its input ends it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
