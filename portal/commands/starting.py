"""Starting up: set up what is missing, mend what a crash left, add the example content, run the server."""

from __future__ import annotations

import errno
import os
import socket
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
from sqlalchemy.engine import URL, Engine

from content import founding, models
from content.database.db import make_engine, read_only
from content.database.storage import Swept
from content.founding import Place, Store
from content.house import House
from content.search.interface import IndexDamaged, IndexOutdated
from content.services.base import lookup
from content.services.council import endings
from content.services.exchange import exchange
from content.services.publishing import ledger, register
from content.services.publishing.publish import Desk
from portal.background.memory import give_large_blocks_back
from portal.commands import database
from portal.settings import SERVER_PROCESS, Settings, hand_over, remember_address
from portal.web import shares
from portal.web.incoming import read_import_ahead, store_file

Say = Callable[[str], None]
PROGRESS_EVERY: Final = 50


class MissingServer(Exception):  # noqa: N818 - named for the situation
    """The chosen web server cannot run; the message (German) says why."""


class NotFounded(Exception):  # noqa: N818 - named for the situation
    """Founding here would mix two portals; the message (German) says what to do."""


def open_house(settings: Settings) -> House:
    """The house as commands use it: whole, and with the tables of this program. Changes nothing.

    Raises `founding.NotSetUp`, `KeyFileError`, `database.NewerData`, `database.Outdated`.
    """
    founding.demand(settings.data, is_adopting=True)
    engine = make_engine(_url(settings))
    reader = read_only(engine)
    try:
        founding.demand_database(settings.data, reader, founding.store_of(reader))
        database.demand_newest(reader)
    finally:
        reader.dispose()
    return House.open(settings.data, database_url=settings.database_url)


def set_up(
    settings: Settings, *, say: Say, may_found: bool = True, with_examples: bool = False, is_restoring: bool = False
) -> House:
    """The house of `settings` brought to the present state, its caches too. A fresh folder is founded, where that may be:
    example content comes with it and never later. `is_restoring`: what an archive held lies there, and is not finished yet.
    Raises what `open_house` does, and `NotFounded`.
    """
    place = founding.look(settings.data, is_restoring=is_restoring)
    if place is Place.NEW and not may_found:
        founding.demand(settings.data)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if words := founding.tighten(settings.data):
        say(words)
    with founding.setting_up(settings.data):
        is_new = founding.look(settings.data, is_restoring=is_restoring) is not Place.PORTAL
        _bring_up(settings, is_new=is_new, is_restoring=is_restoring, say=say)
        if not list((settings.data / "lemmas").glob("*.trie")):
            say("Baue das deutsche Wörterbuch für die Suche (einmalig, einige Sekunden) …")
        house = House.open(
            settings.data, database_url=settings.database_url, is_founding=is_new, is_restoring=is_restoring
        )
        with house.reading() as connection:
            if register.is_from_before_memory(settings.data, connection):
                say(
                    f"Die bisherige Version kannte {settings.data / ledger.SEEN_FILE} noch nicht; ab dem nächsten Eintrag merkt sich die Datei den Stand des Registers."
                )
        renew_search(house, say=say)
        state_columns(house, say=say)
        show_endings(house, say=say)
        mend(house, say=say)
        if is_new:
            if with_examples:
                add_examples(house, say=say)
            with house.reading() as connection:
                register.begin_memory(settings.data, connection, house.signer)
            founding.finish(settings.data)
    return house


def _url(settings: Settings) -> str | URL:
    return settings.database_url or founding.default_database_url(settings.data)


def _bring_up(settings: Settings, *, is_new: bool, is_restoring: bool, say: Say) -> None:
    """Folder, keys and tables: made for a new portal, demanded and migrated for one that exists."""
    data, engine = settings.data, make_engine(_url(settings))
    reader = read_only(engine)
    try:
        with database.alone(engine):
            store = founding.store_of(reader)
            if is_new:
                _demand_free(data, reader, store)
                say(f"Lege {data} an: Ordner und Schlüssel für das Register …")
                founding.begin(data)
            else:
                founding.demand(data, is_adopting=True, is_restoring=is_restoring)
                founding.demand_database(data, reader, store)
                database.demand_known(reader)
                founding.demand_same(data, reader)
            if is_new or database.revision(reader) != database.newest_revision():
                say("Bringe die Datenbank auf den neuesten Stand …")
                database.migrate(engine)
            founding.identify(data, engine)
    finally:
        reader.dispose()
        engine.dispose()


def _demand_free(data: Path, engine: Engine, store: Store) -> None:
    """A new portal needs a database with nothing in it; a founding that was cut off may have begun to fill it."""
    if store is Store.PORTAL and founding.begun_as(data) is not None:
        founding.demand_same(data, engine)
        return
    if store in {Store.PORTAL, Store.FOREIGN}:
        what = (
            "die eines Portals, dessen Ordner hier fehlt: Ist der Datenträger eingehängt, stimmt DATA?"
            if store is Store.PORTAL
            else "nicht leer."
        )
        raise NotFounded(
            f"In {data} gibt es noch kein Portal, aber die Datenbank {founding.name_of(engine)} ist {what} Nichts wurde geändert."
        )


def renew_search(house: House, *, say: Say) -> None:
    """Build the index anew where another version has written it, before anything of this one writes into it."""
    try:
        house.search.position()
    except IndexOutdated:
        say(house.reconcile_search().words)
    except IndexDamaged:
        return  # `mend` says what was wrong


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
    _state(house, register.state_columns, say=say)


def show_endings(house: House, *, say: Say) -> None:
    """Let the public read what counts no more, where an earlier version ended it without a word; once, and only where all else agrees."""
    with house.viewing("operator") as work:
        if next(endings.untold(work.session), None) is None:
            return
    say("Halte öffentlich fest, was früher ersetzt, für nichtig erklärt oder erledigt wurde …")
    with house.reading() as connection:
        _, fault = ledger.verify(connection, house.public_keys)
    if fault is not None:
        say(f"Das Register ist falsch, zuerst bei Eintrag {fault.position}: {fault.message} Nichts wurde festgehalten.")
        return
    _state(house, endings.show_untold, say=say)


def _state(house: House, write: Callable[[Desk], int], *, say: Say) -> None:
    """Let `write` do its work and say how many editions it was; readers are served also where the ledger may not go on."""
    try:
        with house.writing("operator", name="Betrieb") as work:
            count = write(work.desk)
    except ledger.LedgerBehind as behind:
        say(str(behind))
        return
    say(f"Festgehalten: {count} Fassungen.")


def mend(house: House, *, say: Say) -> None:
    """Close the gap that a crash may have left between database, index and files."""
    if words := sweep(house).words:
        say(words)
    house.forget_texts()
    if house.is_search_behind() or _is_search_damaged(house):
        mended = house.reconcile_search()
        if not mended.is_clean:
            say(mended.words)


def sweep(house: House) -> Swept:
    """Set aside the files that nobody names, bring back those that somebody does, and drop what a crash left half written."""
    with house.reading() as connection:
        known = lookup.known_files(connection)
    return house.files.reconcile(known)


def _is_search_damaged(house: House) -> bool:
    try:
        return bool(house.search.damaged(is_thorough=False))
    except IndexDamaged:
        return True


def add_examples(house: House, *, say: Say) -> None:
    """Import and publish the example content into a portal that is just being founded; one that has anything is left alone."""
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


def serve(settings: Settings, *, with_examples: bool, may_found: bool = True, say: Say) -> int:
    """Set up, then serve until told to stop; the exit code. One server for each folder and port: raises `founding.InUse`."""
    started = time.monotonic()
    if founding.look(settings.data) is Place.NEW and not may_found:
        founding.demand(settings.data)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with founding.serving(settings.data):
        demand_port(settings.host, settings.port)
        set_up(settings, may_found=may_found, with_examples=with_examples, say=say).close()
        say(
            f"Bereit nach {time.monotonic() - started:.1f} s. Beschlussportal läuft unter http://{settings.host}:{settings.port}"
        )
        say(f"Lesen geht ohne Anmeldung. Die Redaktion meldet sich unter {settings.base_url}/anmelden an.")
        say(
            f"Ein Konto anlegen (nennt den Link zum Kennwort): {sys.argv[0]} --data {settings.data} user add NAME --role secretariat"
        )
        say("Beenden mit Strg+C.")
        remember_address(settings)
        hand_over(settings)
        demand_port(settings.host, settings.port)
        return _run_waitress(settings) if settings.server == "waitress" else _run_granian(settings)


def demand_port(host: str, port: int) -> None:
    """Raise `founding.InUse` where somebody listens already: granian would share the port with them and both would answer."""
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise founding.InUse(
            f"HOST={host} ist keine Adresse dieses Rechners. Bitte HOST prüfen, etwa 127.0.0.1."
        ) from None
    for family, kind, protocol, _, address in places:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise founding.InUse(
                        f"Unter {host}:{port} lauscht schon ein Programm. Bitte jenes beenden oder mit PORT einen anderen Port nennen."
                    ) from None
                raise founding.InUse(
                    f"Unter {host}:{port} kann niemand lauschen: {os.strerror(error.errno or 0)}. Bitte HOST und PORT prüfen."
                ) from error


def _run_waitress(settings: Settings) -> int:
    from portal.app import make_app  # noqa: PLC0415 - the other server's parent process must not carry the whole app
    from portal.web.door import MAX_DESK_BYTES  # noqa: PLC0415

    give_large_blocks_back()
    waitress.serve(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        threads=shares.threads_of(settings.threads),
        ident=None,
        channel_timeout=60,
        max_request_body_size=MAX_DESK_BYTES,
        # The headers of proxies are judged by `PROXIES` (front.py, visitor.py); waitress would drop them all.
        clear_untrusted_proxy_headers=False,
    )
    return 0


def _run_granian(settings: Settings) -> int:
    os.environ[SERVER_PROCESS] = str(os.getpid())
    server = MPServer(
        target="portal.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=shares.threads_of(settings.threads),
        workers_kill_timeout=shares.STOP_S,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    server.serve()
    return 0
