"""What benchmarks share: free ports, servers, request rates, memory, tables."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROUNDS = 5
ROUND_S = 0.8
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server did not start")


def rate(port: int, path: str, **headers: str) -> float:
    """Requests a second over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < ROUND_S:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, (path, response.status)
        count += 1
    return count / (time.perf_counter() - started)


def granian(target: str, port: int, **environment: str) -> subprocess.Popen[bytes]:
    command = [
        str(BIN / "granian"),
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "4",
        "--log-level",
        "error",
        target,
    ]
    return subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "ignore", **environment})


def memory_mb(pid: int) -> float:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return max(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * 4096 / 1e6 for one in [str(pid), *children])


def print_table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[float]], *, ratio: bool = True) -> None:
    """One row per figure, a column per size; with `ratio` the last size divided by the first."""
    print(f"\n{title}\n{'':40}" + "".join(f"{name:>12}" for name in columns) + (f"{'last/first':>12}" if ratio else ""))
    for name, values in rows.items():
        last = f"{values[-1] / values[0]:12.2f}" if ratio and values[0] else ""
        print(f"{name:40}" + "".join(f"{value:12.3f}" for value in values) + last, flush=True)
