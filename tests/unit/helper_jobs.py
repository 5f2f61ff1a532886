"""Jobs that do what jobs must not do; started as a helper of its own by `test_helpers`."""

from __future__ import annotations

import os
import sys
import time

from content.helpers import jobs, process
from content.helpers.jobs import Refused, Trade


def echo(data, blobs):
    return data, blobs


def hang(_data, _blobs):
    time.sleep(600)


def die(_data, _blobs):
    os._exit(3)


def eat(_data, _blobs):
    return {"size": len(bytearray(2_000_000_000))}, []


def refuse(_data, _blobs):
    raise Refused("Das geht nicht.", "because")


def raise_(_data, _blobs):
    raise KeyError("code")


def pid(_data, _blobs):
    return {"pid": os.getpid()}, []


def talk(_data, _blobs):
    print("x" * 100_000)
    return {}, []


if __name__ == "__main__":
    names = ("echo", "hang", "die", "eat", "refuse", "raise_", "pid", "talk")
    table = {name: f"tests.unit.helper_jobs:{name}" for name in names}
    jobs.TRADES["tests"] = Trade(table, memory=600_000_000, is_forking=os.environ["HELPER_FORKS"] == "1")
    sys.exit(process.main(sys.argv[1], int(sys.argv[2])))
