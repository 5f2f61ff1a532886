"""Joins a file engine to `transaction`, and mends what a crash leaves between database and index.

Order of a commit: documents are made in `commit`, the writer is taken and fed in `tpc_vote` (with a timeout: a locked
index fails the whole transaction), the database commits in its own vote (zope.sqlalchemy sorts last), the index commits
in `tpc_finish`, which logs and never raises. A failed database commit cancels the writer. What remains is a crash
between the two commits: `reconcile` compares both sides and mends the index.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import transaction
from transaction.interfaces import IDataManager
from zope.interface import implementer

from content.search import documents
from content.search.interface import Batch, Document, SearchEngine

log = logging.getLogger(__name__)
WRITER_TIMEOUT_S: Final = 30


@implementer(IDataManager)
class IndexQueue:
    """The changes of one transaction to the search; joins the transaction at its first change."""

    def __init__(
        self, engine: SearchEngine, manager: transaction.TransactionManager, *, timeout_s: float = WRITER_TIMEOUT_S
    ) -> None:
        self.transaction_manager = manager
        self._engine = engine
        self._timeout_s = timeout_s
        self._editions: dict[int, Any] = {}
        self._removed: dict[int, None] = {}
        self._documents: list[Document] = []
        self._batch: Batch | None = None
        self._position = 0
        self._has_joined = False

    def put(self, edition: Any) -> None:
        """The edition row is public from now on."""
        self._join()
        # The document is made at once: rows expire, and a batch of twenty thousand must not hold them all.
        self._editions[edition.id] = documents.from_edition(edition)
        self._removed.pop(edition.id, None)
        self._position = max(self._position, edition.position)

    def remove(self, edition_id: int) -> None:
        """The edition is no longer the public one."""
        self._join()
        self._editions.pop(edition_id, None)
        self._removed[edition_id] = None

    def at(self, position: int) -> None:
        """The ledger stands at `position` after this transaction."""
        self._position = max(self._position, position)

    def _join(self) -> None:
        if not self._has_joined:
            self.transaction_manager.get().join(self)
            self._has_joined = True

    def abort(self, _transaction: object) -> None:
        """Forget the changes."""
        self._reset()

    def tpc_begin(self, _transaction: object) -> None:
        """Nothing yet."""

    def commit(self, _transaction: object) -> None:
        """Fix what will be written."""
        self._documents = list(self._editions.values())

    def tpc_vote(self, _transaction: object) -> None:
        """Take the writer and feed it. Raises `IndexBusy`."""
        self._batch = self._engine.batch(timeout_s=self._timeout_s)
        for edition_id in self._removed:
            self._batch.remove(edition_id)
        for document in self._documents:
            self._batch.put(document)

    def tpc_finish(self, _transaction: object) -> None:
        """Make it visible. The database has committed: whatever fails here is mended by `reconcile`."""
        try:
            if self._batch is not None:
                self._batch.commit(self._position)
        except Exception:
            log.exception("search index not updated; run „beschlussportal reconcile“")
        finally:
            self._batch = None
            self._reset()

    def tpc_abort(self, _transaction: object) -> None:
        """Let the writer go."""
        if self._batch is not None:
            self._batch.cancel()
            self._batch = None
        self._reset()

    def sortKey(self) -> str:  # noqa: N802 - name given by transaction
        """Before the database, which sorts behind `~`."""
        return "b-search"

    def _reset(self) -> None:
        self._editions.clear()
        self._removed.clear()
        self._documents = []
        self._position = 0
        self._has_joined = False


@dataclass(frozen=True, slots=True)
class Mended:
    """What `reconcile` found and did."""

    added: int = 0
    removed: int = 0
    was_damaged: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def is_clean(self) -> bool:
        """Whether both sides agreed."""
        return not (self.added or self.removed or self.was_damaged)


def reconcile(
    engine: SearchEngine,
    published: Iterable[tuple[int, str]],
    load: Callable[[list[int]], Iterable[Document]],
    position: int,
) -> Mended:
    """Make the index hold exactly `published` (edition id, SHA-256); `load` makes the documents that are missing."""
    wanted = dict(published)
    held = dict(engine.stored())
    surplus = [edition_id for edition_id, sha256 in held.items() if wanted.get(edition_id) != sha256]
    missing = [edition_id for edition_id, sha256 in wanted.items() if held.get(edition_id) != sha256]
    if surplus or missing or engine.position() != position:
        batch = engine.batch()
        try:
            for edition_id in surplus:
                batch.remove(edition_id)
            for document in load(missing):
                batch.put(document)
        except BaseException:
            batch.cancel()
            raise
        batch.commit(position)
    return Mended(added=len(missing), removed=len(surplus))
