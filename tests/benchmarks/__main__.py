"""`make bench`: pages against a bare Pyramid „hello“ on the same server, at two sizes; import speed; memory.

`python -m tests.benchmarks [SIZE …]` (2000 and 20000 without). Each figure is the median of several rounds that take
turns with the baseline, so that a slow moment of the machine hits both.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
ROUND_S = 0.8
BIN = Path(sys.executable).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server did not start")


def _rate(port: int, path: str) -> float:
    """Requests a second over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < ROUND_S:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, (path, response.status)
        count += 1
    return count / (time.perf_counter() - started)


def _granian(target: str, port: int, **environment: str) -> subprocess.Popen[bytes]:
    command = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4", "--log-level", "error", target]
    return subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "ignore", **environment})


def _lines(size: int) -> str:
    text = "1. Der IT-Planungsrat nimmt den Bericht {n} zur Kenntnis und dankt der Arbeitsgruppe für die geleistete Arbeit.\n2. Er bittet die FITKO, zur nächsten Sitzung ein Konzept zur Nachnutzung von Online-Diensten vorzulegen.\n3. In Umsetzung des Beschlusses {y}/{m:02d} wird das Vorhaben fortgeführt:\n   a) Betrieb,\n   b) Weiterentwicklung.\n4. Die Finanzierung erfolgt aus dem Digitalisierungsbudget."
    rows = [{"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}]
    years = 40
    rows += [{"type": "meeting", "body": "it-planungsrat", "kind": "numbered", "ordinal": i + 1, "date": f"{1990 + i}-06-01"} for i in range(years)]
    for number in range(size):
        year, serial = 1990 + number % years, number // years + 1
        rows.append({"type": "decision", "body": "it-planungsrat", "number": f"{year}/{serial:02d}", "title": f"Vorhaben {number}", "date": f"{year}-06-01", "meeting": f"/sitzung/{year - 1989}", "topics": [f"Thema {number % 50}"], "text": text.format(n=number, y=year, m=max(1, serial - 1))})
    return "\n".join(json.dumps(row) for row in rows)


def _memory_mb(pid: int) -> float:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return max(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * 4096 / 1e6 for one in [str(pid), *children])


def _measure(size: int, folder: Path) -> dict[str, float]:
    data = folder / f"data{size}"
    command = [str(BIN / "beschlussportal"), "--data", str(data)]
    subprocess.run([*command, "init", "--empty"], check=True, stdout=subprocess.DEVNULL)
    source = folder / f"{size}.jsonl"
    source.write_text(_lines(size))
    started = time.perf_counter()
    subprocess.run([*command, "import", str(source), "--publish"], check=True, stdout=subprocess.DEVNULL)
    result = {"import decisions/s": size / (time.perf_counter() - started)}
    ports = {name: _free_port() for name in ("hello", "cached", "uncached")}
    common = {"DATA": str(data), "HOST": "127.0.0.1"}
    servers = [
        _granian("tests.benchmarks.hello:application", ports["hello"]),
        _granian("portal.wsgi:application", ports["cached"], **common, PORT=str(ports["cached"])),
        _granian("portal.wsgi:application", ports["uncached"], **common, PORT=str(ports["uncached"]), CACHE_MB="0"),
    ]
    try:
        for port in ports.values():
            _wait(port)
        pages = {"decision": "/beschluss/2010/05", "list": "/beschluesse", "home": "/"}
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            rates.setdefault("hello", []).append(_rate(ports["hello"], "/"))
            rates.setdefault("cached decision", []).append(_rate(ports["cached"], pages["decision"]))
            for name, path in pages.items():
                rates.setdefault(f"uncached {name}", []).append(_rate(ports["uncached"], path))
        hello = statistics.median(rates.pop("hello"))
        result["hello requests/s"] = hello
        result |= {f"{name} / hello": statistics.median(values) / hello for name, values in rates.items()}
        result["memory MB per process"] = max(_memory_mb(server.pid) for server in servers[1:])
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=20)
    return result


def main() -> None:
    """Print one table, a column per size, and the ratio of the last to the first."""
    sizes = [int(size) for size in sys.argv[1:]] or [2_000, 20_000]
    with tempfile.TemporaryDirectory() as folder:
        columns = [_measure(size, Path(folder)) for size in sizes]
    print(f"{'':28}" + "".join(f"{size:>12}" for size in sizes) + f"{'last/first':>12}")
    for name in columns[0]:
        values = [column[name] for column in columns]
        print(f"{name:28}" + "".join(f"{value:12.3f}" for value in values) + f"{values[-1] / values[0]:12.2f}")


if __name__ == "__main__":
    main()
