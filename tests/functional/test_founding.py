"""A portal is founded once: whatever is missing, empty, cut, foreign or newer is refused with words, and nothing is made anew in its place."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import founding, models
from content.database.db import make_engine
from content.house import House
from content.proof import signing
from content.proof.ledger import KeyFileError, create_key
from content.search.lemmas import Lemmas
from content.services.publishing import register
from content.services.publishing.ledger import SEEN_FILE
from portal import settings
from portal.commands import cli, database, starting
from tests.conftest import _new_database

LINES = [
    {"type": "body", "slug": "rat", "name": "Rat", "number_pattern": "YYYY/NN"},
    {"type": "meeting", "body": "rat", "kind": "numbered", "ordinal": 1, "date": "2020-01-02"},
    {
        "type": "decision",
        "body": "rat",
        "number": "2020/01",
        "meeting": "/sitzung/rat/1",
        "text": "1. Der Rat beschließt.",
    },
]
PROGRAM = str(Path(sys.executable).parent / "beschlussportal")
QUIET = {**os.environ, "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, lemmas_folder):
    """The folder of a small portal with a register; copy it to use it."""
    data = tmp_path_factory.mktemp("tiny") / "data"
    data.mkdir(mode=0o700)
    (data / "lemmas").symlink_to(lemmas_folder)
    (data.parent / "in.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    assert cli.main(["--data", str(data), "init", "--empty"]) == 0
    assert cli.main(["--data", str(data), "import", str(data.parent / "in.jsonl"), "--publish"]) == 0
    return data


@pytest.fixture
def data(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    for name in ("HOST", "PORT", "DATA", "BASE_URL", "DATABASE_URL", "SERVER"):
        monkeypatch.delenv(name, raising=False)

    def refuse_to_run(*_):
        raise AssertionError("the server was started")

    monkeypatch.setattr(starting, "_run_granian", refuse_to_run)

    def command(data, *words):
        capsys.readouterr()
        code = cli.main(["--data", str(data), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return command


def commands_on_a_portal(tmp_path):
    """Every command that needs a portal, with words that would let it work; what the parser knows and this does not fails here."""
    known = {
        "init": [],
        "migrate": [],
        "serve": ["--port", "7121"],
        "import": [str(tmp_path / "in.jsonl")],
        "export": [str(tmp_path / "out.jsonl")],
        "backup": [str(tmp_path / "b.tar.gz")],
        "reindex": [],
        "reconcile": [],
        "ledger": ["verify"],
        "links": ["new-key"],
        "user": ["list"],
        "workflows": ["check"],
        "step": ["/beschluss/rat/2020/1", "submit", "--as", "gerda"],
        "check": [],
    }
    choices = next(
        action for action in cli.make_parser()._actions if hasattr(action, "choices") and action.choices
    ).choices
    assert set(choices) == {*known, "restore"}
    (tmp_path / "in.jsonl").write_text(json.dumps(LINES[0]))
    return [[name, *words] for name, words in known.items()]


def _state(data):
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def _key_of_another(data):
    (data / founding.KEY_FILE).unlink()
    create_key(data / founding.KEY_FILE)


def _folder_of_another(data):
    mark = data / founding.IDENTITY_FILE
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "portal": "f" * 32}))


def _cut(data):
    os.truncate(data / "portal.db", 20_000)


def _newer(data):
    with sqlite3.connect(data / "portal.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


BREAKAGES = {
    "database missing": (lambda data: (data / "portal.db").unlink(), "gibt es nicht"),
    "database empty": (lambda data: os.truncate(data / "portal.db", 0), "ist leer"),
    "database cut": (_cut, "abgeschnitten"),
    "no database": (lambda data: (data / "portal.db").write_bytes(b"kein SQLite " * 1000), "ist keine Datenbank"),
    "key missing": (lambda data: (data / founding.KEY_FILE).unlink(), "fehlt"),
    "keys missing": (lambda data: shutil.rmtree(data / "keys"), "fehlt"),
    "key of another": (_key_of_another, "ist nicht der dieses Registers"),
    "folder of another": (_folder_of_another, "verschiedenen Portalen"),
    "data newer": (_newer, "neuer als das Programm"),
    "identity spoilt": (lambda data: (data / founding.IDENTITY_FILE).write_text("x"), "beschädigt"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_every_command_refuses_a_portal_that_is_not_whole_and_changes_nothing(data, run, tmp_path, name):
    breaking, words = BREAKAGES[name]
    for path in data.glob("portal.db-*"):
        path.unlink()
    breaking(data)
    before = _state(data)
    for command in commands_on_a_portal(tmp_path):
        if command[0] == "links":
            continue  # it changes a key that belongs to no database
        code, _, errors = run(data, *command)
        assert (code, words in errors) == (cli.UNUSABLE, True), (command, code, errors)
        assert {path: body for path, body in _state(data).items() if not path.startswith("portal.db-")} == before, (
            command
        )


def test_a_database_elsewhere_or_forgotten_is_refused(data, run, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'andere.db'}")
    code, _, errors = run(data, "serve", "--port", "7121")
    assert (
        code == 2 and "gibt es nicht" in errors and "DATABASE_URL" in errors and not (tmp_path / "andere.db").exists()
    )


@pytest.mark.parametrize("content", [b"", b"kurz", None])
def test_without_a_key_for_links_nothing_is_served_and_a_command_makes_a_new_one(data, run, content):
    path = data / signing.KEY_FILE
    path.unlink() if content is None else path.write_bytes(content)
    code, _, errors = run(data, "serve", "--port", "7121")
    assert code == 2 and "links new-key" in errors
    with pytest.raises(KeyFileError):
        signing.Sealer.open(data)
    assert run(data, "links", "new-key")[0] == 0
    assert run(data, "check")[0] == 0


def test_a_folder_of_the_time_before_identities_gets_one_and_keeps_its_register(data, run):
    (data / founding.IDENTITY_FILE).unlink()
    (data / signing.KEY_FILE).unlink()
    (data / SEEN_FILE).unlink()
    engine = make_engine(founding.default_database_url(data))
    database.downgrade(engine, "0024f")
    engine.dispose()
    code, _, errors = run(data, "check")
    assert code == 2 and "migrate" in errors
    code, said, _ = run(data, "migrate")
    assert code == 0 and "kannte" in said and SEEN_FILE in said
    assert run(data, "check")[0] == 0
    assert register.seen(data) is None
    (data.parent / "mehr.jsonl").write_text(json.dumps({**LINES[0], "slug": "zweites", "name": "Zweites"}))
    assert run(data, "import", str(data.parent / "mehr.jsonl"), "--publish")[0] == 0
    assert register.seen(data)[0] == 4 and run(data, "check")[0] == 0
    house = House.open(data)
    with house.reading() as connection:
        assert connection.scalar(sa.select(models.PortalIdentity.uid)) == founding.identity(data)
        assert connection.scalar(sa.select(models.LedgerHead.position)) == 4
    house.close()


def test_example_content_comes_with_founding_and_never_later(tmp_path, lemmas_folder, run, monkeypatch):
    data, added = tmp_path / "neu", []
    data.mkdir()
    (data / "lemmas").symlink_to(lemmas_folder)
    monkeypatch.setattr(starting, "add_examples", lambda house, say: added.append(house.data))
    monkeypatch.setattr(starting, "_run_granian", lambda _: 0)
    assert run(data, "init", "--empty")[0] == 0
    assert run(data, "serve", "--port", "7122")[0] == 0
    assert run(data, "init")[0] == 0
    assert added == []
    assert (
        run(tmp_path / "frisch", "serve", "--existing", "--port", "7122")[0] == 2 and not (tmp_path / "frisch").exists()
    )
    (tmp_path / "frisch").mkdir()
    (tmp_path / "frisch/lemmas").symlink_to(lemmas_folder)
    assert run(tmp_path / "frisch", "serve", "--port", "7122")[0] == 0
    assert added == [tmp_path / "frisch"]


def test_a_founding_that_was_killed_goes_on(tmp_path, lemmas_folder, run, monkeypatch):
    data = tmp_path / "neu"
    data.mkdir()
    (data / "lemmas").symlink_to(lemmas_folder)
    for step in ("database.migrate", "founding.identify", "mend", "founding.finish"):
        with monkeypatch.context() as killing:
            killing.setattr(
                f"portal.commands.starting.{step}", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "weg"))
            )
            assert run(data, "init", "--empty")[0] == 2
        code, _, errors = run(data, "check")
        assert code == 2 and "unterbrochen" in errors
    assert run(data, "init", "--empty")[0] == 0
    assert run(data, "check")[0] == 0


def test_a_folder_that_others_can_see_into_is_closed_and_what_is_written_is_ours_alone(data, run, tmp_path):
    data.chmod(0o755)
    (data / "portal.db").chmod(0o644)
    before = os.umask(0o022)
    try:
        _, _, errors = run(data, "check")
        assert "stand anderen offen" in errors and stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "portal.db").stat().st_mode) == 0o600
        run(data, "export", str(tmp_path / "aus.jsonl"))
        assert stat.S_IMODE((tmp_path / "aus.jsonl").stat().st_mode) == 0o600
        run(data, "reindex")
        assert [
            path
            for path in data.rglob("*")
            if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077 and "lemmas" not in path.parts
        ] == []
    finally:
        os.umask(before)


def test_a_hurt_dictionary_is_built_anew(tmp_path, lemmas_folder, monkeypatch):
    built = []
    whole = next(lemmas_folder.glob("*.trie"))

    def build(folder):
        built.append(folder)
        shutil.copy(whole, folder)
        return folder / whole.name

    monkeypatch.setattr("content.search.lemmas._build_in", build)
    for hurt in (
        lambda body: b"",
        lambda body: body[:1000],
        lambda body: body[:5000] + bytes([body[5000] ^ 1]) + body[5001:],
    ):
        (tmp_path / whole.name).write_bytes(hurt(whole.read_bytes()))
        assert Lemmas.open(tmp_path).lemma("beschluesse") == "beschluss"
    assert len(built) == 3


def test_an_index_that_is_a_file_is_set_aside_and_built_anew(data, run):
    shutil.rmtree(data / "index")
    (data / "index").write_text("kein Ordner")
    assert run(data, "reconcile")[0] == 0
    assert run(data, "check")[0] == 0


# --- two at once ---


def _serve(data, port, *more, **environment):
    command = [PROGRAM, "--data", str(data), "serve", "--port", str(port), *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**QUIET, "CLOCK": "aus", **environment},
        start_new_session=True,
    )


def _answers(port, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200
        except OSError:
            time.sleep(0.1)
    return False


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _end(server):
    for child in (server.pid, *_children(server.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    server.communicate(timeout=20)


def _children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@pytest.mark.parametrize("server", ["granian", "waitress"])
def test_one_server_for_each_folder_and_port_and_none_outlives_its_parent(data, tiny, tmp_path, server):
    port = _free_port()
    shutil.copytree(tiny, tmp_path / "zweites", symlinks=True)
    first = _serve(data, port, "--server", server)
    try:
        assert _answers(port)
        same_folder, same_port = _serve(data, _free_port()), _serve(tmp_path / "zweites", port)
        said = same_folder.communicate(timeout=60)[0], same_port.communicate(timeout=60)[0]
        assert same_folder.returncode == 2 and "läuft schon ein Portal" in said[0]
        assert same_port.returncode == 2 and "lauscht schon ein Programm" in said[1]
        workers = _children(first.pid)
        assert workers or server == "waitress"
        os.kill(first.pid, signal.SIGKILL)
        first.communicate(timeout=20)
        until = time.monotonic() + 20
        while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers), "a worker goes on without its parent"
    finally:
        _end(first)
    second = _serve(data, port)
    try:
        assert _answers(port)
    finally:
        _end(second)


ODD_NAME = "ä ?mode=memory&x=#1 %25 %zz [ü]"
"""Signs that addresses, patterns and settings read as their own."""


def test_every_command_works_in_a_folder_of_any_name(tmp_path, lemmas_folder, run):
    data, back = tmp_path / ODD_NAME, tmp_path / f"{ODD_NAME} zurück"
    for folder in (data, back):
        folder.mkdir(mode=0o700)
        (folder / "lemmas").symlink_to(lemmas_folder)
    rows = tmp_path / f"{ODD_NAME}.jsonl"
    rows.write_text("\n".join(map(json.dumps, LINES)))
    assert run(data, "init", "--empty")[0] == 0
    assert run(data, "import", str(rows), "--publish")[0] == 0
    archive = tmp_path / f"{ODD_NAME}.tar.gz"
    assert run(data, "user", "add", "gerda", "--role", "secretariat")[0] == 0
    for words in (
        ["migrate"],
        ["reindex"],
        ["reconcile"],
        ["ledger", "verify"],
        ["ledger", "new-key"],
        ["ledger", "restored"],
        ["links", "new-key"],
        ["user", "list"],
        ["workflows", "check"],
        ["step", "/beschluss/rat/2020/01", "correct", "--as", "gerda"],
        ["export", str(tmp_path / f"{ODD_NAME}.out")],
        ["backup", str(archive)],
        ["check"],
    ):
        code, _, errors = run(data, *words)
        assert code == (1 if words[0] == "step" else 0) and "DATABASE_URL" not in errors, (words, code, errors)
    left = tmp_path / f".{archive.name}-tot"
    left.mkdir()
    assert run(data, "backup", str(archive))[0] == 0 and not left.exists()
    code, _, errors = run(back, "restore", str(archive))
    assert (code, errors) == (0, "")
    assert run(back, "check")[0] == 0
    for folder in (data, back):
        port = _free_port()
        server = _serve(folder, port, "--existing")
        try:
            assert (
                _answers(port)
                and b"2020/01"
                in urllib.request.urlopen(f"http://127.0.0.1:{port}/beschluss/rat/2020/01", timeout=20).read()
            )
        finally:
            _end(server)
    odd = [path for path in tmp_path.iterdir() if not path.name.startswith(ODD_NAME)]
    assert odd == [], "something was written beside the folder"


@pytest.mark.parametrize("is_new", [True, False])
def test_of_two_servers_started_at_once_on_one_folder_one_serves(data, tmp_path, lemmas_folder, is_new):
    if is_new:
        data = tmp_path / "neu"
        data.mkdir(mode=0o700)
        (data / "lemmas").symlink_to(lemmas_folder)
    ports = [_free_port(), _free_port()]
    both = [_serve(data, port, "--empty") for port in ports]
    try:
        until = time.monotonic() + 120
        while all(one.poll() is None for one in both) and time.monotonic() < until:
            time.sleep(0.05)
        lost = [one for one in both if one.poll() is not None]
        assert [one.returncode for one in lost] == [2] and "läuft schon ein Portal" in lost[0].communicate(timeout=20)[
            0
        ]
        [(winner, port)] = [(one, port) for one, port in zip(both, ports, strict=True) if one is not lost[0]]
        assert _answers(port) and winner.poll() is None
    finally:
        for one in both:
            _end(one)


def test_a_folder_that_cannot_be_written_is_told_by_serve_with_what_to_do(tiny, tmp_path):
    """Root may write everywhere: it lays down its rights in a process of its own."""
    folder, said = Path(tempfile.mkdtemp()), tmp_path / "said"
    folder.chmod(0o755)
    shutil.copytree(tiny, folder / "data", symlinks=True)
    said.touch()
    if os.geteuid() == 0:
        os.chown(folder / "data", 65_534, 65_534)
    (folder / "data").chmod(0o500)
    try:
        child = os.fork()
        if not child:
            with said.open("w") as errors, contextlib.redirect_stderr(errors):
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setuid(65_534)
                code = cli.main(["--data", str(folder / "data"), "serve", "--port", "7121"])
                errors.flush()
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        assert "Hier darf nicht geschrieben werden. Bitte Rechte und Datenträger prüfen" in said.read_text()
    finally:
        (folder / "data").chmod(0o700)
        shutil.rmtree(folder)


def test_of_three_first_starts_on_one_folder_all_end_well(tmp_path, lemmas_folder, postgres_url):
    data = tmp_path / "neu"
    data.mkdir(mode=0o700)
    shutil.copytree(lemmas_folder, data / "lemmas")
    environment = {**QUIET, "DATABASE_URL": postgres_url}
    started = [
        subprocess.Popen(
            [PROGRAM, "--data", str(data), "init", "--empty"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        for _ in range(3)
    ]
    said = [one.communicate(timeout=300)[0] for one in started]
    assert [one.returncode for one in started] == [0, 0, 0], said


def test_a_second_folder_on_the_database_of_a_portal_is_refused(postgres_house, tmp_path, run, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres_house.engine.url.render_as_string(hide_password=False))
    code, _, errors = run(tmp_path / "zweiter", "init")
    assert code == 2 and "Ordner hier fehlt" in errors


def test_three_migrations_at_once_all_end_well(postgres_house):
    database.downgrade(postgres_house.engine, "0024f")
    url = postgres_house.engine.url.render_as_string(hide_password=False)
    configured = settings.load({"DATA": str(postgres_house.data), "DATABASE_URL": url})
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(starting.set_up, configured, say=lambda _: None, may_found=False) for _ in range(3)]:
            done.result(timeout=120).close()


def test_a_portal_whose_postgresql_database_is_another_or_empty_is_refused(
    postgres_house, postgres_server, run, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", _new_database(postgres_server))
    code, _, errors = run(postgres_house.data, "serve", "--port", "7121")
    assert code == 2 and "ist leer" in errors
    monkeypatch.delenv("DATABASE_URL")
    code, _, errors = run(postgres_house.data, "serve", "--port", "7121")
    assert code == 2 and "Zuletzt lag sie in PostgreSQL" in errors
