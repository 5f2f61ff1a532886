"""Joins a file engine to `transaction`, and mends what a crash leaves between database and index.

Order of a commit: documents are made in `commit`, the writer is taken and fed in `tpc_vote` (with a timeout: a locked
index fails the whole transaction), the database commits in its own vote (zope.sqlalchemy sorts last), the index commits
in `tpc_finish`, which logs and never raises. A failed database commit cancels the writer. What remains is a crash
between the two commits: `reconcile` compares both sides and mends the index.

An engine that lives in the same database (`SearchEngine.within`) is written in `tpc_vote` in the very transaction: there is
no gap. An index that has missed something does not say that it is up to date because something later reached it: its
position stands still until it was mended.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import transaction
from sqlalchemy.orm import Session
from transaction.interfaces import IDataManager
from zope.interface import implementer

from content.database.patience import current
from content.search import documents
from content.search.interface import Batch, Document, IndexDamaged, SearchEngine

log = logging.getLogger(__name__)
WRITER_TIMEOUT_S: Final = 30


@implementer(IDataManager)
class IndexQueue:
    """The changes of one transaction to the search; joins the transaction at its first change."""

    def __init__(
        self,
        engine: SearchEngine,
        manager: transaction.TransactionManager,
        *,
        session: Session | None = None,
        pages: documents.PageTexts = documents.no_pages,
        timeout_s: float = WRITER_TIMEOUT_S,
    ) -> None:
        self.transaction_manager = manager
        self._engine = engine
        self._session = session
        self._timeout_s = timeout_s
        self._pages = pages
        self._editions: dict[int, Any] = {}
        self._removed: dict[int, None] = {}
        self._documents: list[Document] = []
        self._batch: Batch | None = None
        self._positions: list[int] = []
        self._has_joined = False

    def put(self, edition: Any) -> None:
        """The edition row is public from now on, or was until its `valid_until`."""
        self._join()
        # The document is made at once: rows expire, and a batch of twenty thousand must not hold them all.
        self._editions[edition.id] = documents.from_edition(edition, self._pages)
        self._removed.pop(edition.id, None)
        if edition.valid_until is None:
            self.at(edition.position)

    def remove(self, edition_id: int) -> None:
        """The edition is shown no more."""
        self._join()
        self._editions.pop(edition_id, None)
        self._removed[edition_id] = None

    def at(self, position: int) -> None:
        """The ledger stands at `position` after this transaction."""
        self._join()
        self._positions.append(position)

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
        """Take the writer and feed it. Raises `IndexBusy`. A damaged index keeps no publication back: it stays behind until it is mended."""
        try:
            self._feed()
        except IndexDamaged:
            log.exception("search index is damaged; it is mended by the clock or by „beschlussportal reconcile“")
            if self._batch is not None:
                self._batch.cancel()
                self._batch = None

    def _feed(self) -> None:
        patience = current()
        timeout_s = min(self._timeout_s, patience.wait_s)
        within = (
            self._engine.within(self._session.connection(), timeout_s=timeout_s) if self._session is not None else None
        )
        with patience.waiting():
            batch = within or self._engine.batch(timeout_s=timeout_s)
        if within is None:
            self._batch = batch
        for edition_id in self._removed:
            batch.remove(edition_id)
        for document in self._documents:
            batch.put(document)
        if within is not None:
            within.commit(self._reached())

    def _reached(self) -> int:
        """Where the index stands with these changes; it stays where it is if something before them is missing."""
        before = self._engine.position()
        is_whole = bool(self._positions) and before >= min(self._positions) - 1
        return max(before, *self._positions) if is_whole else before

    def tpc_finish(self, _transaction: object) -> None:
        """Make it visible. The database has committed: whatever fails here is mended by `reconcile`."""
        try:
            if self._batch is not None:
                self._batch.commit(self._reached())
        except Exception:
            log.exception("search index not updated; run „beschlussportal reconcile“")
            with contextlib.suppress(Exception):
                self._batch.cancel()  # type: ignore[union-attr] # whoever writes next must not wait for this one
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
        self._positions = []
        self._has_joined = False


@dataclass(frozen=True, slots=True)
class Mended:
    """What `reconcile` found and did."""

    added: int = 0
    removed: int = 0
    was_damaged: bool = False
    fault: str = ""
    """Why all of it was built anew, in German; empty: it was not."""
    was_outdated: bool = False
    """Whether it was built anew only because another version had written it."""

    @property
    def is_clean(self) -> bool:
        """Whether both sides agreed."""
        return not (self.added or self.removed or self.was_damaged or self.was_outdated)

    @property
    def words(self) -> str:
        """What was done, in German."""
        if self.was_outdated:
            return f"Diese Ausgabe schreibt den Suchindex in einem anderen Format; er ist neu gebaut: {self.added} Dokumente."
        if self.fault:
            return (
                f"Der Suchindex war beschädigt ({self.fault.rstrip('.')}) und ist neu gebaut: {self.added} Dokumente."
            )
        spoilt = " Einige Einträge waren verändert worden und sind wieder richtig." if self.was_damaged else ""
        return f"Suchindex: {self.added} ergänzt, {self.removed} entfernt.{spoilt}"


Public = tuple[Mapping[int, str], int]
"""What should be in the index: edition id → stamp, and the ledger position at which that is so."""


def reconcile(
    engine: SearchEngine, public: Callable[[], Public], load: Callable[[list[int]], Iterable[Document]]
) -> Mended:
    """Make the index hold exactly what `public` says; `load` makes the documents that are missing or spoilt.

    Both sides are read while the index is ours: nobody can be between the two commits then. Raises `IndexDamaged`.
    """
    spoilt = engine.damaged()
    batch = engine.batch()
    try:
        wanted, position = public()
        held = dict(engine.stored())
        surplus = [edition_id for edition_id, stamp in held.items() if wanted.get(edition_id) != stamp]
        missing = [
            edition_id for edition_id, stamp in wanted.items() if held.get(edition_id) != stamp or edition_id in spoilt
        ]
        if not surplus and not missing and engine.position() == position:
            batch.cancel()
            return Mended()
        for edition_id in surplus:
            batch.remove(edition_id)
        for document in load(missing):
            batch.put(document)
    except BaseException:
        batch.cancel()
        raise
    batch.commit(position)
    return Mended(added=len(missing), removed=len(surplus), was_damaged=bool(spoilt.intersection(held)))
