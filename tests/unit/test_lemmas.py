"""Building the dictionary: it takes the time it needs, ends with whoever waits for it, and tells in words what went wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from content.search import lemmas
from content.search.lemmas import Lemmas, LemmasUnbuildable
from portal.commands import cli


def test_what_hangs_is_told_in_words_and_not_as_a_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lemmas, "BUILD_TIMEOUT_S", 0.01)
    with pytest.raises(LemmasUnbuildable, match="derselbe Befehl macht weiter"):
        Lemmas.open(tmp_path)
    monkeypatch.setattr(cli, "_check", lambda *_: Lemmas.open(tmp_path))
    assert cli.main(["--data", str(tmp_path), "check"]) == cli.UNUSABLE
    assert "derselbe Befehl macht weiter" in capsys.readouterr().err


def test_a_slow_machine_gets_its_time():
    assert lemmas.BUILD_TIMEOUT_S >= 3_600


def test_what_is_killed_is_told_with_its_likely_cause(tmp_path, monkeypatch):
    monkeypatch.setattr(
        lemmas.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -signal.SIGKILL, "", "")
    )
    with pytest.raises(LemmasUnbuildable, match="Arbeitsspeicher"):
        Lemmas.open(tmp_path)


def test_the_build_ends_with_the_command_that_was_killed(tmp_path):
    program = f"import sys; from pathlib import Path; from content.search.lemmas import Lemmas; Lemmas.open(Path({str(tmp_path)!r}))"
    parent = subprocess.Popen([sys.executable, "-c", program])
    child = _until(lambda: _building(tmp_path))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    _until(lambda: not _building(tmp_path))
    assert child and not list(tmp_path.glob("*.trie")), "it had not just finished"


def _building(folder):
    """Processes that build in `folder`."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if b"content.search.lemmas" in words and os.fsencode(folder) in words:
                found.append(int(entry.name))
    return found


def _until(look, patience_s=30):
    until = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found
