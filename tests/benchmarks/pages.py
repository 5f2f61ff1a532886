"""Pages against a bare Pyramid „hello“ on the same server, at two sizes; import speed; memory.

`python -m tests.benchmarks pages [SIZE …]` (2000 and 20000 without). Each figure is the median of several rounds that
take turns with the baseline, so that a slow moment of the machine hits both.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.common import BIN, ROUNDS, free_port, granian, memory_mb, print_table, rate, wait


def _lines(size: int) -> str:
    text = "1. Der IT-Planungsrat nimmt den Bericht {n} zur Kenntnis und dankt der Arbeitsgruppe für die geleistete Arbeit.\n2. Er bittet die FITKO, zur nächsten Sitzung ein Konzept zur Nachnutzung von Online-Diensten vorzulegen.\n3. In Umsetzung des Beschlusses {y}/{m:02d} wird das Vorhaben fortgeführt:\n   a) Betrieb,\n   b) Weiterentwicklung.\n4. Die Finanzierung erfolgt aus dem Digitalisierungsbudget."
    rows = [{"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}]
    years = 40
    rows += [
        {"type": "meeting", "body": "it-planungsrat", "kind": "numbered", "ordinal": i + 1, "date": f"{1990 + i}-06-01"}
        for i in range(years)
    ]
    for number in range(size):
        year, serial = 1990 + number % years, number // years + 1
        rows.append(
            {
                "type": "decision",
                "body": "it-planungsrat",
                "number": f"{year}/{serial:02d}",
                "title": f"Vorhaben {number}",
                "date": f"{year}-06-01",
                "meeting": f"/sitzung/{year - 1989}",
                "topics": [f"Thema {number % 50}"],
                "text": text.format(n=number, y=year, m=max(1, serial - 1)),
            }
        )
    return "\n".join(json.dumps(row) for row in rows)


def _measure(size: int, folder: Path) -> dict[str, float]:
    data = folder / f"data{size}"
    command = [str(BIN / "beschlussportal"), "--data", str(data)]
    subprocess.run([*command, "init", "--empty"], check=True, stdout=subprocess.DEVNULL)
    source = folder / f"{size}.jsonl"
    source.write_text(_lines(size))
    started = time.perf_counter()
    subprocess.run([*command, "import", str(source), "--publish"], check=True, stdout=subprocess.DEVNULL)
    result = {"import decisions/s": size / (time.perf_counter() - started)}
    ports = {name: free_port() for name in ("hello", "cached", "uncached")}
    common = {"DATA": str(data), "HOST": "127.0.0.1"}
    servers = [
        granian("tests.benchmarks.hello:application", ports["hello"]),
        granian("portal.wsgi:application", ports["cached"], **common, PORT=str(ports["cached"])),
        granian("portal.wsgi:application", ports["uncached"], **common, PORT=str(ports["uncached"]), CACHE_MB="0"),
    ]
    try:
        for port in ports.values():
            wait(port)
        pages = {"decision": "/beschluss/2010/05", "list": "/beschluesse", "home": "/"}
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            rates.setdefault("hello", []).append(rate(ports["hello"], "/"))
            rates.setdefault("cached decision", []).append(rate(ports["cached"], pages["decision"]))
            for name, path in pages.items():
                rates.setdefault(f"uncached {name}", []).append(rate(ports["uncached"], path))
        hello = statistics.median(rates.pop("hello"))
        result["hello requests/s"] = hello
        result |= {f"{name} / hello": statistics.median(values) / hello for name, values in rates.items()}
        result["memory MB per process"] = max(memory_mb(server.pid) for server in servers[1:])
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=20)
    return result


def run(arguments: Sequence[str]) -> None:
    """Print one table, a column per size, and the ratio of the last to the first."""
    sizes = [int(size) for size in arguments] or [2_000, 20_000]
    with tempfile.TemporaryDirectory() as folder:
        columns = [_measure(size, Path(folder)) for size in sizes]
    print_table(
        "Pages", [str(size) for size in sizes], {name: [column[name] for column in columns] for name in columns[0]}
    )
