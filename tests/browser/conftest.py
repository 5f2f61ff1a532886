"""A portal of its own in a process, and a browser that reads it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(data, server_name, **settings):
    """The address of `serve` over the folder `data`, with more settings where they are given."""
    port = settings.get("PORT") or free_port()
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "SERVER": server_name, **settings}
    command = [sys.executable, "-W", "ignore", "-m", "portal.commands.cli", "--data", str(data), "serve"]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/health", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, server.stdout.read().decode()
                time.sleep(0.2)
        yield url
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--headless=shell",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield made
        made.close()
