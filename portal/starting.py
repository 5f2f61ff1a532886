"""Starting up: set up what is missing, mend what a crash left, add the example content, run the server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import waitress
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from content import models
from content.db import make_engine
from content.house import House, default_database_url, prepare_folder
from content.search.interface import IndexDamaged
from content.services import exchange, ledger, lookup, register
from portal import database
from portal.incoming import read_import_ahead, store_file
from portal.memory import give_large_blocks_back
from portal.settings import Settings, hand_over, remember_address

Say = Callable[[str], None]
PROGRESS_EVERY: Final = 50


class MissingServer(Exception):  # noqa: N818 - named for the situation
    """The chosen web server cannot run; the message (German) says why."""


def set_up(settings: Settings, *, say: Say) -> House:
    """Folder, key, database and index of `settings`, brought to the present state; the open house."""
    if not (settings.data / "keys").exists():
        say(f"Lege {settings.data} an: Ordner und Schlüssel für das Register …")
    prepare_folder(settings.data)
    engine = make_engine(settings.database_url or default_database_url(settings.data))
    if database.revision(engine) != database.newest_revision():
        say("Bringe die Datenbank auf den neuesten Stand …")
        database.migrate(engine)
    engine.dispose()
    if not list((settings.data / "lemmas").glob("*.trie")):
        say("Baue das deutsche Wörterbuch für die Suche (einmalig, einige Sekunden) …")
    house = House.open(settings.data, database_url=settings.database_url)
    state_columns(house, say=say)
    mend(house, say=say)
    return house


def state_columns(house: House, *, say: Say) -> None:
    """Let the ledger say what lists show of editions from before their documents said it; once, and only where all else agrees."""
    with house.reading() as connection:
        if not register.lacks_columns(connection):
            return
        say("Halte im Register fest, was Listen von älteren Fassungen zeigen …")
        _, fault = ledger.verify(connection, house.public_keys, allows_unstated=True)
    if fault is not None:
        say(f"Das Register ist falsch, zuerst bei Eintrag {fault.position}: {fault.message} Nichts wurde festgehalten.")
        return
    with house.writing("operator", name="Betrieb") as work:
        say(f"Festgehalten: {register.state_columns(work.desk)} Fassungen.")


def mend(house: House, *, say: Say) -> None:
    """Close the gap that a crash may have left between database, index and files."""
    with house.reading() as connection:
        known = lookup.known_files(connection)
    house.files.reconcile(known)
    house.forget_texts()
    if house.is_search_behind() or _is_search_damaged(house):
        mended = house.reconcile_search()
        if not mended.is_clean:
            say(mended.words)


def _is_search_damaged(house: House) -> bool:
    try:
        return bool(house.search.damaged(is_thorough=False))
    except IndexDamaged:
        return True


def add_examples(house: House, *, say: Say) -> None:
    """Import and publish the example content into a portal that has nothing yet."""
    with house.reading() as connection:
        if connection.execute(sa.select(sa.func.count()).select_from(models.Item)).scalar():
            return
    say("Übernehme den Beispielinhalt …")
    with resources.as_file(resources.files("content") / "examples") as folder:
        paths = sorted([*Path(folder).glob("*.jsonl"), *Path(folder).glob("*.csv")])
        read_import_ahead(house, paths)
        with house.writing("examples") as work:
            exchange.Importer(
                work.desk,
                store=store_file(work),
                is_publishing=True,
                progress=lambda done: say(f"  {done} Einträge …") if done % PROGRESS_EVERY == 0 else None,
            ).read(paths)


def serve(settings: Settings, *, with_examples: bool, say: Say) -> int:
    """Set up, then serve until told to stop; the exit code."""
    started = time.monotonic()
    house = set_up(settings, say=say)
    if with_examples:
        add_examples(house, say=say)
    house.close()
    say(f"Bereit nach {time.monotonic() - started:.1f} s. Beschlussportal läuft unter http://{settings.host}:{settings.port}")
    say(f"Lesen geht ohne Anmeldung. Die Redaktion meldet sich unter {settings.base_url}/anmelden an.")
    say(f"Ein Konto anlegen (nennt den Link zum Kennwort): {sys.argv[0]} --data {settings.data} user add NAME --role secretariat")
    say("Beenden mit Strg+C.")
    remember_address(settings)
    hand_over(settings)
    return _run_waitress(settings) if settings.server == "waitress" else _run_granian(settings)


def _run_waitress(settings: Settings) -> int:
    from portal.app import make_app  # noqa: PLC0415 - the other server's parent process must not carry the whole app

    give_large_blocks_back()
    waitress.serve(make_app(settings), host=settings.host, port=settings.port, threads=settings.threads, ident=None)
    return 0


def _run_granian(settings: Settings) -> int:
    server = MPServer(
        target="portal.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    server.serve()
    return 0
