"""Market, coverage and matrix against the decision page of the same run: full catalogue, 2,000 offers, 50,000 reuses.

`python -m tests.benchmarks market [OFFERS [REUSES]]`. Figures are how many times longer a page takes than the decision page
(uncached), and how its rate compares when kept: as browsers ask for it (gzip, which the cache holds ready) and unpacked, where the size of
the page is the time (KB); medians of rounds that take turns. „First“ is the very first request
after a publication, when nothing is remembered.
"""

from __future__ import annotations

import csv
import http.client
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from content.council.laender import LAENDER
from tests.benchmarks.common import BIN, ROUNDS, free_port, granian, print_table, rate, wait

OZG, LEIKA, ITEMS, RECOMMENDATIONS = 557, 5251, 500, 40
PROVIDERS = ("fit-store", "govdigital", "nord", "sued")
PAGES = {
    "decision": "/beschluss/2010/05",
    "market": "/marktplatz",
    "market search": "/marktplatz?q=leistung+77",
    "market facet": "/marktplatz?anbieter=nord",
    "coverage": "/abdeckung",
    "coverage of one item": "/abdeckung?leistung=/marktplatz/leistung-7",
    "matrix": "/umsetzung",
    "matrix of a Land": "/umsetzung/hh",
}
MEMBERS = [{"name": land.name, "laender": [code], "communes": None, "source": None} for code, land in LAENDER.items()]


def _lists(folder: Path) -> list[Path]:
    ozg, leika = folder / "1-ozg.csv", folder / "2-leika.csv"
    _table(
        ozg,
        ["ozg_id", "name", "lebenslage", "themenfeld"],
        ([10000 + n, f"OZG-Leistung {n}", f"Lage {n % 50}", f"Feld {n % 14}"] for n in range(OZG)),
    )
    _table(
        leika,
        ["leika_key", "name", "leika_type", "ozg_id", "laws"],
        ([f"99{n:012d}", f"Leistung {n}", "2/3", 10000 + n % OZG, ""] for n in range(LEIKA)),
    )
    return [ozg, leika]


def _table(path: Path, header: Sequence[str], rows: Any) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _lines(offers: int) -> Iterator[dict[str, Any]]:
    members = [
        {
            "code": code,
            "name": land.name,
            "kind": "federal" if code == "BUND" else "land",
            "shares": {"2016": "6.25"},
            "communes": 600,
        }
        for code, land in LAENDER.items()
    ]
    yield {
        "type": "body",
        "slug": "it-planungsrat",
        "name": "IT-Planungsrat",
        "number_pattern": "YYYY/NN",
        "members": members,
    }
    yield from (
        {"type": "organisation", "slug": name, "title": name.title(), "short": name, "members": MEMBERS}
        for name in PROVIDERS
    )
    text = "1. Der IT-Planungsrat nimmt den Bericht {n} zur Kenntnis.\n2. Er bittet die FITKO, ein Konzept vorzulegen.\n3. Das Vorhaben wird fortgeführt:\n   a) Betrieb,\n   b) Weiterentwicklung."
    for number in range(400):
        year, serial = 2010 + number % 10, number // 10 + 1
        yield {
            "type": "decision",
            "body": "it-planungsrat",
            "number": f"{year}/{serial:02d}",
            "title": f"Vorhaben {number}",
            "date": f"{year}-06-01",
            "text": text.format(n=number),
        }
    adopting = {
        "recommendations": [f"rat-{n}" for n in range(RECOMMENDATIONS)],
        "vote": {"others": "yes", "rule": "empfehlung"},
    }
    yield {
        "type": "decision",
        "body": "it-planungsrat",
        "number": "2020/01",
        "title": "Empfehlungen",
        "date": "2020-06-01",
        "text": "1. Der Rat beschließt sie.",
        **adopting,
    }
    road = [
        {"date": "2020-03-01", "state": "proposed"},
        {"date": "2020-06-01", "state": "adopted", "decision": "2020/01"},
        {"date": "2020-07-01", "state": "implementing"},
    ]
    for n in range(ITEMS):
        yield {
            "type": "market_item",
            "slug": f"leistung-{n}",
            "title": f"Leistung {n}",
            "text": "Ein Dienst.",
            "ozg_id": str(10000 + n),
            "leika_keys": [f"99{n:012d}"],
            "supplier_land": list(LAENDER.values())[n % 17].name,
            "maturity": n % 5,
            "state": "live",
            "decisions": ["2010/05"],
            "recommendations": [],
        }
    for n in range(RECOMMENDATIONS):
        yield {
            "type": "recommendation",
            "slug": f"rat-{n}",
            "title": f"Empfehlung {n}",
            "text": "Tun.",
            "addressees": ["Bund", "Länder"],
            "road": road,
            "market_items": [f"leistung-{n * 12 + k}" for k in range(8)],
        }
    for n in range(offers):
        yield {
            "type": "offer",
            "slug": f"angebot-{n}",
            "title": f"Angebot {n}",
            "market_item": f"leistung-{n % ITEMS}",
            "provider": PROVIDERS[n // ITEMS % 4],
            "text": "Zu Bedingungen.",
            "state": "live",
            "model": "efa",
            "fee_year": f"{1000 + n}.00",
            "requirements": [
                {"number": f"{k:03d}", "fulfilment": "yes" if (n + k) % 3 else "no"} for k in range(1, 19)
            ],
        }


def _reuses(offers: int, amount: int) -> Iterator[list[str]]:
    codes = [code for code in LAENDER if code != "BUND"]
    per_offer = amount // offers
    for n in range(offers):
        for k in range(per_offer):
            land = codes[(n + k) % 16]
            commune, through = ("", "") if k < 16 else (f"Ort {k}", LAENDER[land].name)
            days = (
                [f"202{1 + k % 4}-0{month}-15" for month in (1, 2, 3, 4, 5)]
                if (n + k) % 3
                else ["2023-01-15", "2023-02-15", "", "", ""]
            )
            is_live = bool(days[4])
            yield [
                f"angebot-{n}",
                land,
                commune,
                through,
                "ja" if k == 3 else "nein",
                *days,
                "",
                "Brief" if is_live else "",
                f"N/{n}/{k}" if is_live else "",
                "",
            ]


def _first(port: int, path: str) -> tuple[float, int]:
    """Seconds and bytes of one request on a fresh connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    started = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    size = len(response.read())
    assert response.status == 200, (path, response.status)
    return time.perf_counter() - started, size


def run(arguments: Sequence[str]) -> None:
    """Print import times, then each page against the decision page."""
    offers, reuses = ([int(word) for word in arguments] + [2_000, 50_000][len(arguments) :])[:2]
    with tempfile.TemporaryDirectory() as name:
        _measure(Path(name), offers, reuses)


def _measure(folder: Path, offers: int, reuses: int) -> None:
    command = [str(BIN / "beschlussportal"), "--data", str(folder / "data")]
    subprocess.run([*command, "init", "--empty"], check=True, stdout=subprocess.DEVNULL)
    lines, table = folder / "3-items.jsonl", folder / "4-reuse.csv"
    lines.write_text("\n".join(json.dumps(line) for line in _lines(offers)))
    header = [
        "offer",
        "land",
        "commune",
        "through",
        "covers_communes",
        "interest",
        "negotiation",
        "ordered",
        "contract",
        "live",
        "ended",
        "terms",
        "contract_number",
        "note",
    ]
    _table(table, header, _reuses(offers, reuses))
    started = time.perf_counter()
    subprocess.run(
        [*command, "import", *map(str, [*_lists(folder), lines, table]), "--publish"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    print(f"\nImport with publishing: {time.perf_counter() - started:.1f} s for {offers} offers and {reuses} reuses")
    ports = {"uncached": free_port(), "cached": free_port()}
    common = {"DATA": str(folder / "data"), "HOST": "127.0.0.1", "CLOCK": "aus"}
    servers = [
        granian("portal.wsgi:application", ports["uncached"], **common, PORT=str(ports["uncached"]), CACHE_MB="0"),
        granian("portal.wsgi:application", ports["cached"], **common, PORT=str(ports["cached"])),
    ]
    try:
        for port in ports.values():
            wait(port)
        first, sizes = {}, {}
        for page, path in PAGES.items():
            first[page], sizes[page] = _first(ports["uncached"], path)
        rates: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for kept, port in ports.items():
                for page, path in PAGES.items():
                    rates.setdefault((kept, page), []).append(rate(port, path))
                    rates.setdefault((f"{kept} gzip", page), []).append(
                        rate(port, path, **{"Accept-Encoding": "gzip"}) if kept == "cached" else 1.0
                    )
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=20)
    middle = {key: statistics.median(values) for key, values in rates.items()}
    rows = {
        page: [
            middle["uncached", "decision"] / middle["uncached", page],
            middle["cached gzip", page] / middle["cached gzip", "decision"],
            middle["cached", page] / middle["cached", "decision"],
            sizes[page] / 1000,
            first[page] * 1000,
        ]
        for page in PAGES
    }
    print_table(
        "Market (decision page = 1)",
        ["uncached ×", "cached gzip", "cached plain", "KB plain", "first ms"],
        rows,
        ratio=False,
    )
