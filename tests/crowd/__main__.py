"""`python -m tests.crowd`: how long one reader and one editor wait while a crawler follows every link of the example.

Starts `serve` on a fresh folder with the example content, lets a crawler with 32 connections follow every link, and meanwhile
asks for `/` and saves drafts. Prints the worst and the median wait of both, and how many answers were 5xx.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html
import http.client
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from content.house import House
from content.services.accounts import accounts, sessions
from portal import settings
from portal.commands import starting
from tests.benchmarks.common import free_port, memory_mb

_LINK = re.compile(rb'(?:href|src)="([^"]+)"|<(?:loc|id)>([^<]+)</')
MOST_FACETS = 2
"""Links of the search that combine more choices than these multiply without end."""


class Crowd:
    """The crawler: every address once, over so many connections."""

    def __init__(self, port: int, *, most: int, with_pdf: bool) -> None:
        self.port, self.most, self.with_pdf = port, most, with_pdf
        self.waiting: queue.Queue[str] = queue.Queue()
        self.seen: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.broken: list[tuple[int, str]] = []
        self.lock = threading.Lock()

    def add(self, address: str, base: str) -> None:
        parts = urlsplit(urldefrag(urljoin(f"http://x{base}", html.unescape(address)))[0])
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        is_ours = parts.netloc in {"x", f"127.0.0.1:{self.port}"} and not path.startswith(("/redaktion", "/anmelden"))
        is_wanted = (self.with_pdf or not parts.path.endswith((".pdf", ".zip"))) and parts.query.count(
            "&"
        ) < MOST_FACETS
        with self.lock:
            if is_ours and is_wanted and path not in self.seen and len(self.seen) < self.most:
                self.seen.add(path)
                self.waiting.put(path)

    def run(self, connections: int) -> None:
        self.add("/", "/")
        self.add("/sitemap.xml", "/")
        threads = [threading.Thread(target=self._follow, daemon=True) for _ in range(connections)]
        for thread in threads:
            thread.start()
        self.waiting.join()

    def _follow(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        while True:
            path = self.waiting.get()
            try:
                connection.request("GET", path, headers={"Accept-Encoding": "identity"})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                body, status, kind = b"", 599, ""
            else:
                status, kind = answer.status, answer.headers.get("Content-Type", "")
            with self.lock:
                self.statuses[status] += 1
                if status >= 500:
                    self.broken.append((status, path))
            if kind.startswith(("text/html", "application/xml")):
                for hit in _LINK.finditer(body):
                    self.add((hit[1] or hit[2]).decode("utf-8", "replace"), path)
            self.waiting.task_done()


def _editor(data: Path) -> tuple[str, str]:
    """Cookie and form token of somebody who may write."""
    house, now = House.open(data), dt.datetime.now(dt.UTC)
    with house.writing("crowd") as work:
        account = accounts.create(work.session, login="crowd", name="Crowd", email="crowd@amt.example", now=now)
        accounts.grant(work.session, account, "press", "", by="crowd", now=now)
        account.totp_secret, account.totp_is_confirmed = "A" * 32, True
        secret = sessions.begin(work.session, account, address="127.0.0.1", agent="crowd", now=now, is_strong=True)
    with house.reading() as connection:
        person = sessions.signed_in(connection, secret, now)
    house.close()
    assert person is not None
    return secret, person.form_token


def _timed(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[float, int]:
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return time.perf_counter() - began, answer.status
    except (OSError, http.client.HTTPException):
        return time.perf_counter() - began, 599
    finally:
        connection.close()


def _read(port: int, is_over: threading.Event, found: list[tuple[float, int]]) -> None:
    while not is_over.wait(0.2):
        found.append(_timed(port, "GET", "/"))


def _write(port: int, who: tuple[str, str], is_over: threading.Event, found: list[tuple[float, int]]) -> None:
    secret, token = who
    while not is_over.wait(1):
        given = {
            "formular": token,
            "rev": "0",
            "slug": f"crowd-{len(found)}",
            "title": "Andrang",
            "publisher": "IT-Planungsrat",
            "text": "Ein Text. " * 200,
        }
        found.append(
            _timed(
                port,
                "POST",
                "/redaktion/neu/press_release",
                urlencode(given),
                **{
                    "Cookie": f"redaktion={secret}",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Origin": f"http://127.0.0.1:{port}",
                },
            )
        )


def _said(name: str, found: list[tuple[float, int]]) -> None:
    waits = sorted(wait for wait, _ in found)
    if not waits:
        print(f"{name}: never asked")
        return
    errors = sum(status >= 500 for _, status in found)
    print(
        f"{name:8} {len(waits):5} times, median {statistics.median(waits):6.3f} s, worst {waits[-1]:6.3f} s, 5xx: {errors}"
    )


def main() -> int:
    """Run it; 1 where a reader waited longer than a second or anything was a 5xx."""
    parser = argparse.ArgumentParser(prog="python -m tests.crowd", description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--most", type=int, default=1_200, help="follow so many addresses")
    parser.add_argument("--without-pdf", action="store_true", help="leave out PDF files and press kits")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--data", type=Path, default=None, help="a folder with the example content; default: a fresh one"
    )
    asked = parser.parse_args()
    port = asked.port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        data = asked.data or Path(folder) / "data"
        if asked.data is None:
            configured = settings.load({"DATA": str(data)})
            house = starting.set_up(configured, say=print)
            starting.add_examples(house, say=print)
            house.close()
        who = _editor(data)
        command = [sys.executable, "-W", "ignore", "-m", "portal.commands.cli", "--data", str(data), "serve"]
        environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                return _crowd(asked, port, who, server.pid)
            finally:
                server.terminate()


def _crowd(asked: argparse.Namespace, port: int, who: tuple[str, str], pid: int) -> int:
    deadline = time.monotonic() + 120
    while _timed(port, "GET", "/health")[1] != 200:
        if time.monotonic() > deadline:
            raise SystemExit("the server did not start")
        time.sleep(0.2)
    read: list[tuple[float, int]] = []
    written: list[tuple[float, int]] = []
    is_over = threading.Event()
    others = [
        threading.Thread(target=_read, args=(port, is_over, read)),
        threading.Thread(target=_write, args=(port, who, is_over, written)),
    ]
    crowd, began = Crowd(port, most=asked.most, with_pdf=not asked.without_pdf), time.perf_counter()
    for thread in others:
        thread.start()
    crowd.run(asked.connections)
    took = time.perf_counter() - began
    is_over.set()
    for thread in others:
        thread.join()
    print(
        f"crawler  {sum(crowd.statuses.values()):5} addresses in {took:.0f} s, answers: {dict(sorted(crowd.statuses.items()))}, {memory_mb(pid):.0f} MB"
    )
    for status, path in crowd.broken[:10]:
        print(f"  {status} {path}")
    _said("read /", read)
    _said("save", written)
    worst = max(wait for wait, _ in read)
    return int(worst > 1 or bool(crowd.broken) or any(status >= 500 for _, status in read + written))


if __name__ == "__main__":
    raise SystemExit(main())
