"""`make bench`: every benchmark, or those named: `python -m tests.benchmarks [NAME [ARGUMENT …]]`.

A benchmark is a module of this package with a `run(arguments)`. It prints ratios against a baseline of the same run;
nothing here can pass or fail.
"""

from __future__ import annotations

import importlib
import sys

SUITES = ("pages", "market", "search", "search_quality", "reports", "desk")


def main() -> None:
    """Run one suite with its arguments, or all of them as they are."""
    names, arguments = (sys.argv[1:2], sys.argv[2:]) if len(sys.argv) > 1 else (SUITES, [])
    for name in names:
        if name not in SUITES:
            raise SystemExit(f"no benchmark {name}; there are: {', '.join(SUITES)}")
        importlib.import_module(f"tests.benchmarks.{name}").run(arguments)


if __name__ == "__main__":
    main()
