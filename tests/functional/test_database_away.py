"""The database is away, hangs or has no connection left: kept pages go on, the rest says so in words, and comes back by itself."""

from __future__ import annotations

import contextlib
import logging
import shutil
import socket
import sqlite3
import threading
import time
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from webtest import TestApp

from content.house import House
from portal import settings
from portal.app import make_app
from portal.web import position
from tests.conftest import _new_database


class Line:
    """A line between portal and PostgreSQL that can be cut, or go dead without a word."""

    def __init__(self, target):
        self.target, self.is_dead, self.pairs = target, threading.Event(), []
        self.listening = None
        self.port = 0
        self.join()

    def join(self):
        self.is_dead.clear()
        self.listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listening,), daemon=True).start()

    def cut(self):
        self.listening.close()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
            pass  # wakes who waits to accept
        for one in self.pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.pairs.clear()

    def _accept(self, listening):
        while True:
            try:
                client, _ = listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
            except OSError:
                return
            self.pairs += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                while self.is_dead.is_set():
                    time.sleep(0.05)
                sink.sendall(data)


def _cached(app):
    answer = app.get("/")
    assert "Warning" not in answer.headers
    return answer.body


def goes_on_as_far_as_it_can(app, kept):
    """What the portal says while the database is away."""
    stale = app.get("/")
    assert stale.body == kept and stale.headers["Warning"].startswith("110")
    for path in ("/beschluesse?seite=2", "/beschluss/2021/39", "/gibt-es-nicht", "/redaktion"):
        answer = app.get(path, status=503)
        assert (
            int(answer.headers["Retry-After"]) > 0
            and "Die Datenbank antwortet nicht" in answer.text
            and "nosniff" in answer.headers["X-Content-Type-Options"]
        )
    assert app.get("/api/v1/suche?q=digital", status=503).content_type == "application/problem+json"
    assert app.get("/static/portal.css").status_int == 200 and app.get("/favicon.ico").status_int == 200
    assert app.get("/health", status=503).json == {"status": "database away"}
    typed = app.post("/abo", {"email": "leserin@amt.example", "formular": "x"}, status=503)
    again = next(form for form in typed.forms.values() if "email" in form.fields)
    assert again["email"].value == "leserin@amt.example"


def told_briefly(caplog):
    """One line, and no traceback."""
    lines = [row for row in caplog.records if row.levelno >= logging.WARNING]
    assert any("database is away" in row.getMessage() for row in lines)
    assert len(lines) <= 3 and not any(row.exc_info for row in lines), [row.getMessage() for row in lines]


def test_with_the_file_of_sqlite_out_of_reach(portal, caplog, monkeypatch):
    app, house = portal
    kept = _cached(app)
    reader = app.app.inner._application.registry.position
    path = house.data / "portal.db"
    away = path.with_name("weg.db")

    for engine in (house.engine, house.reading_engine):
        engine.dispose()
    reader.close()
    path.rename(away)
    path.mkdir()
    goes_on_as_far_as_it_can(app, kept)
    told_briefly(caplog)
    path.rmdir()
    away.rename(path)
    monkeypatch.setattr(position, "CLOSED_S", 0)
    time.sleep(1.1)
    assert "Warning" not in app.get("/").headers and app.get("/health").json["status"] == "ok"


@pytest.fixture
def on_a_line(tmp_path, example_postgres, postgres_server):
    """The portal on PostgreSQL over a line that can be cut."""
    example, template = example_postgres
    data = tmp_path / "data"
    shutil.copytree(example, data)
    parts = urlsplit(_new_database(postgres_server, template))
    folder = parse_qs(parts.query)["host"][0]
    line = Line(f"{folder}/.s.PGSQL.{parts.port or 5432}")
    url = f"postgresql+psycopg://{parts.username or 'postgres'}@127.0.0.1:{line.port}{parts.path}?sslmode=disable&gssencmode=disable"
    house = House.open(data, database_url=url)
    app = TestApp(make_app(settings.load({"DATA": str(data), "BASE_URL": "https://beschluesse.example"}), house=house))
    yield app, house, line
    line.cut()
    house.close()


def test_with_postgresql_down_and_back(on_a_line, caplog):
    app, _, line = on_a_line
    kept = _cached(app)
    app.get("/beschluesse")
    line.cut()
    goes_on_as_far_as_it_can(app, kept)
    told_briefly(caplog)
    line.join()
    time.sleep(1.1)
    assert "Warning" not in app.get("/").headers
    assert app.get("/beschluss/2021/39").status_int == 200 and app.get("/health").json["status"] == "ok"


def test_with_postgresql_silent_nobody_waits_for_ever(on_a_line):
    app, _, line = on_a_line
    kept = _cached(app)
    line.is_dead.set()
    began = time.monotonic()
    goes_on_as_far_as_it_can(app, kept)
    assert time.monotonic() - began < 60, "one look at a dead line takes seconds, and while it lasts nobody else looks"
    line.is_dead.clear()


@pytest.mark.on_both_databases
def test_with_no_connection_left_it_is_said_so(portal, monkeypatch):
    """SQLSTATE 53300 on PostgreSQL, no file left to open on SQLite: as the driver says it when a connection is made."""
    app, house = portal
    if house.engine.dialect.name == "postgresql":
        refused = psycopg.errors.TooManyConnections("FATAL: sorry, too many clients already")
        monkeypatch.setattr("content.database.postgresql.Patient.connect", lambda *_given, **_named: _raise(refused))
    else:
        refused = sqlite3.OperationalError("unable to open database file")
        refused.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda *_given, **_named: _raise(refused))
    for one in (house.engine, house.reading_engine):
        one.dispose()
    answer = app.get("/beschluesse?seite=2", status=503)
    assert int(answer.headers["Retry-After"]) > 0 and "Die Datenbank antwortet nicht" in answer.text


def _raise(error):
    raise error
