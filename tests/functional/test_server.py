"""A server as it is started, and people who stand in its way: waiting writers, half a form, an answer taken slowly."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import pytest

from portal.web import shares
from tests.conftest import ROOT

WRITERS = 16
HALVES = 8


@pytest.fixture
def server(request, example_data, tmp_path):
    """(process, port, DATA) of `serve`; a parameter is the number of proxies."""
    data = tmp_path / "data"
    shutil.copytree(example_data, data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "CLOCK": "aus",
        "PROXIES": str(getattr(request, "param", 0)),
    }
    command = [sys.executable, "-W", "ignore", "-m", "portal.commands.cli", "--data", str(data), "serve"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while ask(port, "/health")[0] != 200:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        yield process, port, data
        if process.poll() is None:
            process.kill()


def ask(port, path, body=None, timeout=60, *, source="127.0.0.1", headers=None):
    """(status, body); 599: no answer in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}"} if body else {}
    try:
        connection.request("POST" if body else "GET", path, body, {**sent, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 599, ""
    finally:
        connection.close()


def half_a_form(port, *, source="127.0.0.1", head=b""):
    line = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    line.sendall(
        b"POST /abo HTTP/1.1\r\nHost: localhost\r\n"
        + head
        + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nemail=halb"
    )
    return line


def slow_reader(port):
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(b"GET /ledger.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return line


def test_readers_read_whoever_stands_in_the_way_and_the_server_ends_when_told(server):
    process, port, data = server
    token = re.search(r'name="formular" value="([^"]+)"', ask(port, "/abo")[1])[1]
    answers = []
    with (
        contextlib.ExitStack() as stack,
        contextlib.closing(sqlite3.connect(data / "portal.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        for _ in range(HALVES):
            stack.callback(half_a_form(port).close)
        for _ in range(6):
            stack.callback(slow_reader(port).close)
        form = urlencode({"email": "leserin@amt.example", "formular": token})
        writers = [threading.Thread(target=lambda: answers.append(ask(port, "/abo", form))) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        read = [
            ask(port, path)[0]
            for path in (
                "/",
                "/health",
                "/static/portal.css",
                "/beschluesse?seite=2",
                "/abo/" + "1." + "x" * 22,
                "/anmelden/" + "x" * 43,
            )
        ]
        for writer in writers:
            writer.join(60)
        assert read == [200, 200, 200, 200, 404, 410]
        assert [status for status, _ in answers] == [503] * WRITERS
        assert all("leserin@amt.example" in body for _, body in answers), "what was typed is kept"
        other.execute("ROLLBACK")
        assert ask(port, "/abo", form)[0] in {200, 429}
        process.terminate()
        process.wait(timeout=60)


def places(is_behind_proxy, number):
    """How the visitor `number` comes: (address it connects from, headers), and the same as bytes."""
    if not is_behind_proxy:
        return f"127.0.0.{number + 1}", {"X-Forwarded-For": "192.0.2.99"}  # what nobody of ours wrote is not believed
    return "127.0.0.1", {"X-Forwarded-For": f"203.0.113.9, 2001:db8:0:{number}::1"}


@pytest.mark.parametrize("server", [0, 1], indirect=True, ids=["direct", "behind a proxy"])
def test_one_address_cannot_keep_others_from_sending_by_sending_slowly(server, request):
    _, port, _ = server
    is_behind_proxy = "proxy" in request.node.name

    def halves(number, count):
        source, headers = places(is_behind_proxy, number)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
        return [half_a_form(port, source=source, head=head) for _ in range(count)]

    def asked(number, body="email=a%40b.example"):
        source, headers = places(is_behind_proxy, number)
        return ask(port, "/abo", body, source=source, headers=headers)

    with contextlib.ExitStack() as stack:
        for line in halves(1, 3 * shares.MOST_POSTS):
            stack.callback(line.close)
        deadline = time.monotonic() + 30
        while (refused := asked(1))[0] != 429 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert refused[0] == 429 and "Von Ihrer Adresse" in refused[1]
        assert asked(2)[0] == 400, "read, and refused for what it is: no form of ours"
        assert ask(port, "/")[0] == 200
    deadline = time.monotonic() + 30
    while (again := asked(1)[0]) != 400 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert again == 400, "who hangs up gives the room back"
