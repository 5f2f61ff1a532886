"""The house as one object: database, files, search, key; and one transaction over all of them.

A `House` belongs to one DATA folder: `portal.db` (or another database), `files/`, `index/`, `keys/`, `lemmas/`. Writing
happens inside `house.writing(...)`: everything in it is committed together or not at all.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import transaction
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.orm import Session, sessionmaker
from transaction._transaction import Status
from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from content import founding, models
from content.afterwards import Afterwards
from content.database.db import make_engine, read_only
from content.database.patience import ReadsOnly, TooBusy, current
from content.database.storage import ORPHAN_AGE_S, UPLOAD_RULES, FileStore, UploadRefused, sniff
from content.export.made import Made
from content.founding import KEY_FILE, default_database_url
from content.proof.ledger import KeyFileError, Signer
from content.search import documents, filetext, joined
from content.search.german import Analysis
from content.search.interface import Document, IndexDamaged, IndexOutdated, SearchEngine, stamp
from content.search.lemmas import Lemmas
from content.search.postgres_engine import PostgresEngine
from content.search.whoosh_engine import WhooshEngine
from content.services.base import filetexts, lookup
from content.services.base.language import Language
from content.services.publishing import ledger, register
from content.services.publishing.publish import Desk
from content.text.wording import PROGRAMS
from workflows.vocabulary import ROLES, Permission

log = logging.getLogger(__name__)
MOST_WRITERS: Final = 8
"""So many write at once in one process, or wait for it at the database; more wait here, where it costs no connection."""
_BATCH: Final = 500
_FINDABLE: Final = models.Edition.__table__.c.is_withdrawn.is_(False)

ReadText = Callable[[Path, str], tuple[list[str], str]]
"""Path and media type of a file → the text of its pages, and a fault in German."""


@dataclass(frozen=True, slots=True)
class Work:
    """One writing transaction."""

    desk: Desk
    manager: transaction.TransactionManager
    files: FileStore

    @property
    def session(self) -> Session:
        """The session of the transaction."""
        return self.desk.session


class _Joined(Session):
    """A session that its transaction manager commits: alone, it would leave index and files behind."""


@sa.event.listens_for(_Joined, "before_commit")
def _refuse_alone(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if session.info["manager"].get().status != Status.COMMITTING:
        raise RuntimeError(
            "Die Transaktion beendet nur ihr Verwalter (`Work.manager`): mit der Datenbank gehen Suchindex und Dateien."
        )
    data: Path = session.info["data"]
    ledger.keep_checkpoint(session, lambda opened, position: register.agrees(data, opened, position))


class House:
    """Everything the portal keeps in one DATA folder."""

    def __init__(
        self,
        data: Path,
        *,
        engine: Engine,
        signer: Signer,
        search: SearchEngine,
        language: Language,
        read_text: ReadText = filetext.pages_of,
    ) -> None:
        self.data = data
        self.read_text = read_text
        self.engine = engine
        self.reading_engine = read_only(engine)
        self._signer, self._signer_mark = signer, self._mark_of_key()
        self.search = search
        self.language = language
        self.files = FileStore(data / "files")
        self.made = Made(data / "pdf")
        self.closing = contextlib.ExitStack()
        self._sessions = sessionmaker(engine, class_=_Joined, autoflush=False, expire_on_commit=False)
        self._writers = threading.BoundedSemaphore(MOST_WRITERS)
        self.afterwards = Afterwards(self.writing)
        self.closing.callback(self.afterwards.close)

    @classmethod
    def open(
        cls, data: Path, *, database_url: str | URL | None = None, is_founding: bool = False, is_restoring: bool = False
    ) -> House:
        """The house in `data`, whose folder, keys and database must be one whole portal. Raises `NotSetUp`, `KeyFileError`.

        `is_founding`: this process is just founding it; `is_restoring`: restoring it.
        """
        engine = make_engine(database_url or default_database_url(data))
        reader = read_only(engine)
        try:
            founding.demand_one(data, reader, is_founding=is_founding, is_restoring=is_restoring)
            if (data / founding.NEXT_KEY_FILE).exists():
                # Who holds the lock is just changing the key: the pending one is theirs, whatever the ledger says yet.
                with (
                    contextlib.suppress(founding.InUse),
                    founding.changing_keys(data, patience_s=0),
                    reader.connect() as connection,
                ):
                    register.settle_key(data, connection)
        finally:
            reader.dispose()
        analysis = Analysis(Lemmas.open(data / "lemmas"))
        search: SearchEngine = (
            PostgresEngine(engine, analysis)
            if engine.dialect.name == "postgresql"
            else WhooshEngine(data / "index", analysis)
        )
        return cls(
            data, engine=engine, signer=Signer.from_file(data / KEY_FILE), search=search, language=Language(analysis)
        )

    @property
    def signer(self) -> Signer:
        """Who signs now: read anew when the key was changed, by this process or another."""
        mark = self._mark_of_key()
        if mark is not None and mark != self._signer_mark:
            with contextlib.suppress(KeyFileError):
                self._signer, self._signer_mark = Signer.from_file(self.data / KEY_FILE), mark
        return self._signer

    def _mark_of_key(self) -> tuple[int, int] | None:
        try:
            found = (self.data / KEY_FILE).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    @property
    def public_keys(self) -> dict[str, str]:
        """The public key that is trusted here, PEM by id: the one that signs. Earlier ones follow from the chain of entries."""
        return {self.signer.key_id: self.signer.public_pem}

    @contextlib.contextmanager
    def writing(
        self,
        actor: str,
        *,
        name: str = "",
        permits: frozenset[Permission] = ROLES["operator"].permits,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        address: str = "",
        grants: tuple[tuple[str, str], ...] | None = None,
    ) -> Iterator[Work]:
        """One transaction over database, index and files; an exception undoes all of it. `address` is what the audit log notes.

        `grants` are those of the person who acts (see `publish.Desk`).
        Raises `TooBusy` where the turn does not come within the patience of this work, `ReadsOnly` where it must not write.
        """
        with self._turn(), self._written(actor, name, permits, clock, address, grants) as work:
            yield work

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        patience = current()
        if not patience.may_write:
            raise ReadsOnly("Diese Anfrage liest nur; sie darf auf niemanden warten, der schreibt.")
        with patience.waiting():
            has_turn = self._writers.acquire(timeout=patience.wait_s)
        if not has_turn:
            raise TooBusy(f"mehr als {MOST_WRITERS} schreiben oder warten darauf")
        try:
            yield
        finally:
            self._writers.release()

    @contextlib.contextmanager
    def _written(
        self,
        actor: str,
        name: str,
        permits: frozenset[Permission],
        clock: Callable[[], dt.datetime],
        address: str,
        grants: tuple[tuple[str, str], ...] | None,
    ) -> Iterator[Work]:
        manager = transaction.TransactionManager(explicit=True)
        manager.begin()
        session = self._sessions()
        session.info.update(address=address, manager=manager, data=self.data, grants=grants)
        session.info[ledger.DEMAND] = lambda opened: register.demand_following(self.data, opened)
        # Changed from the start: rows that go in as plain statements must not be taken for reading and given up. So nothing
        # needs to watch for writing, and every statement is spared the listeners that `register` would set on this session.
        join_transaction(session, STATUS_CHANGED, manager)
        index = joined.IndexQueue(self.search, manager, session=session, pages=filetexts.reader(session))
        desk = Desk(
            session=session,
            actor=actor,
            actor_name=name or PROGRAMS.get(actor, ""),
            permits=permits,
            now=clock(),
            signer=self.signer,
            index=index,
            grants=grants,
            clock=clock,
        )
        try:
            yield Work(desk, manager, self.files)
            manager.commit()
            register.remember(self.data, session)
        except BaseException:
            manager.abort()
            raise
        finally:
            session.close()

    @contextlib.contextmanager
    def viewing(
        self,
        actor: str,
        *,
        name: str = "",
        permits: frozenset[Permission] = ROLES["operator"].permits,
        grants: tuple[tuple[str, str], ...] | None = None,
    ) -> Iterator[Work]:
        """What `writing` gives, over a transaction that only reads: it waits for no writer and hinders none. Writing raises."""
        manager = transaction.TransactionManager(explicit=True)
        manager.begin()
        with self.reading() as connection, Session(connection, autoflush=False) as session:
            index = joined.IndexQueue(self.search, manager, session=session, pages=filetexts.reader(session))
            desk = Desk(
                session=session,
                actor=actor,
                actor_name=name,
                permits=permits,
                now=dt.datetime.now(dt.UTC),
                signer=self.signer,
                index=index,
                grants=grants,
            )
            try:
                yield Work(desk, manager, self.files)
            finally:
                manager.abort()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in one read-only transaction."""
        with self.reading_engine.connect() as connection:
            yield connection

    def published_documents(self, edition_ids: list[int] | None = None) -> Iterator[Document]:
        """Search documents of the editions that readers may find, past ones too (of those ids, where given)."""
        columns = models.Edition.__table__.c
        statement = sa.select(models.Edition.__table__).where(_FINDABLE).order_by(columns.id)
        with self.reading() as connection, self.reading() as beside:
            pages = filetexts.reader(beside)
            if edition_ids is None:
                with connection.execute(statement.execution_options(yield_per=_BATCH)) as rows:
                    yield from (documents.from_edition(row, pages) for row in rows)
                return
            for start in range(0, len(edition_ids), _BATCH):
                chunk = edition_ids[start : start + _BATCH]
                for row in connection.execute(statement.where(columns.id.in_(chunk))):
                    yield documents.from_edition(row, pages)

    def reconcile_search(self, progress: Callable[[int], None] = lambda _done: None) -> joined.Mended:
        """Make the index agree with the public editions; one that cannot be read any more is built anew."""
        try:
            return joined.reconcile(self.search, self.findable, self.published_documents)
        except IndexOutdated:
            log.info("search index is of another version and built anew")
            return joined.Mended(added=self.rebuild_search(progress), was_outdated=True)
        except IndexDamaged as damage:
            log.warning("search index is damaged and built anew: %s", damage)
            return joined.Mended(added=self.rebuild_search(progress), was_damaged=True, fault=str(damage))

    def is_search_behind(self) -> bool:
        """Whether the index lacks something of the ledger, or says itself that it is damaged; quick to tell."""
        with self.reading() as connection:
            position = ledger.position(connection)
        try:
            return self.search.position() != position
        except IndexDamaged:
            return True

    def findable(self) -> joined.Public:
        """What the index must hold: the mark of each edition that readers may find, by its id; and the position of the ledger."""
        columns = models.Edition.__table__.c
        with self.reading() as connection:
            statement = sa.select(columns.id, columns.sha256, columns.valid_until).where(_FINDABLE)
            found = {row.id: stamp(row.sha256, row.valid_until) for row in connection.execute(statement)}
            return found, ledger.position(connection)

    def rebuild_search(self, progress: Callable[[int], None]) -> int:
        """Build the index anew beside the running one; how many documents."""
        self.read_files(is_indexing=False)  # all of them are indexed anew anyway
        with self.reading() as connection:
            position = ledger.position(connection)
            self.language.vocabulary(self.search)
            self.language.learn(connection)
        count = self.search.rebuild(self.published_documents(), position, progress)
        joined.reconcile(self.search, self.findable, self.published_documents)  # what was published meanwhile
        return count

    def read_ahead(self, bodies: Iterable[bytes]) -> int:
        """Read the text of PDF and Word files that are about to come in; how many were read.

        Before the transaction that takes them: no other writer waits for it, and the text can be found from their first public second.
        """
        return sum(self._read_body(body) for body in bodies)

    def _read_body(self, body: bytes) -> bool:
        try:
            media_type = sniff(body)
        except UploadRefused:
            return False
        if media_type not in filetext.READABLE or len(body) > UPLOAD_RULES[media_type].max_bytes:
            return False
        sha256 = hashlib.sha256(body).hexdigest()
        with self.reading() as connection:
            if filetexts.known(connection, [sha256]):
                return False
        with self.files.laid_out(body) as path:
            reading = filetexts.Reading(sha256, *self.read_text(path, media_type))
        with self.writing("system") as work:
            filetexts.keep(work.session, reading, work.desk.now)
        return True

    def read_files(self, *, again: bool = False, is_indexing: bool = True) -> int:
        """Read the text of public files that nobody has read yet, with `again` also of those that gave none; how many were read.

        Each is found by its text from then on, unless the index is not told. Only keeping it takes a transaction.
        """
        with self.reading() as connection:
            missing = filetexts.missing(connection, again=again)
        for sha256, media_type in missing:
            path = self.files.path(sha256)
            pages, fault = self.read_text(path, media_type) if path.exists() else ([], filetexts.GONE)
            with self.writing("system") as work:
                filetexts.keep(work.session, filetexts.Reading(sha256, pages, fault), work.desk.now)
                for edition in filetexts.naming(work.session, sha256) if pages and is_indexing else ():
                    work.desk.index.put(edition)
        return len(missing)

    def forget_texts(self) -> int:
        """Drop the texts of files that nobody needs; how many."""
        with self.reading() as connection:
            before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ORPHAN_AGE_S)
            surplus = filetexts.unneeded(connection, lookup.known_files(connection), before)
        if surplus:
            with self.writing("system") as work:
                filetexts.forget(work.session, surplus)
        return len(surplus)

    def close(self) -> None:
        """Let go of files and connections, of those first that others took for as long as the house is open (`closing`)."""
        self.closing.close()
        self.search.close()
        self.engine.dispose()
        self.reading_engine.dispose()


def replace_key(house: House, reason: str = "") -> str:
    """Sign with a new key from now on; its id. The old key signs the entry that says so, and is gone. Raises `founding.InUse`."""
    with founding.changing_keys(house.data):
        with house.reading() as connection:
            register.settle_key(house.data, connection)  # one that was cut off since the house was opened
        with house.writing("operator", name="Betrieb") as work:
            fresh = register.change_key(work.desk, house.data, reason)
        register.take_over(house.data, fresh)
    return fresh.key_id
