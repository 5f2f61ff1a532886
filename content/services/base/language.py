"""The words the search knows at this moment: glossary, what the desk has written down, the vocabulary of the texts.

A question is planned with what was committed last; nothing is indexed anew for it. The glossary is read from public
editions, so that no draft of a term changes a search.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.search.answering import Kept
from content.search.compounds import WordLists
from content.search.german import Analysis, shipped_lists
from content.search.interface import Document, SearchEngine, SearchError
from content.search.lemmas import fold
from content.search.planning import Planner
from content.search.thesaurus import Entry, Thesaurus
from content.search.vocabulary import MAX_WORDS, Vocabulary

VOCABULARY_AGE_S: Final = 60
KEPT_DOCUMENTS_BYTES: Final = 8_000_000
"""The vocabulary may lag behind the index for so long; it serves near spellings and completions only."""
_E: Final = models.Edition.__table__.c
_TERMS: Final = sa.select(_E.document).where(_E.kind == "term", _E.valid_until.is_(None)).order_by(_E.id)
_W: Final = models.SearchWord.__table__.c
_COMMON: Final = (Entry("Millionen", "Mio.", source="Abkürzung"), Entry("Milliarden", "Mrd.", source="Abkürzung"))
"""Abbreviations that every text uses and no glossary explains."""
_HEAD: Final = sa.select(sa.func.max(models.LedgerHead.position))
_GONE: Final = sa.select(sa.func.count()).where(_E.is_withdrawn.is_(True))
_LISTED: Final = sa.select(sa.func.count(), sa.func.max(_W.changed_at))


@dataclass(frozen=True, slots=True)
class _Kept:
    version: object
    planner: Planner


class Language:
    """Belongs to a house; safe between threads."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.documents: Kept[Document] = Kept(
            KEPT_DOCUMENTS_BYTES, lambda one: 2_000 + 2 * sum(len(part.text) for part in one.parts)
        )
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        self._vocabulary = Vocabulary()
        self._vocabulary_of: object = None
        self._vocabulary_at = 0.0
        self._withdrawn = 0

    def planner(self, connection: Connection) -> Planner:
        """The planner with the words of this moment."""
        version = (connection.execute(_HEAD).scalar(), tuple(connection.execute(_LISTED).one()))
        with self._lock:
            if self._kept is None or self._kept.version != version:
                self._forget_withdrawn(connection)
                self.learn(connection)
                self._kept = _Kept(version, Planner(self.analysis, Thesaurus(_entries(connection), self.analysis)))
            return self._kept.planner

    def _forget_withdrawn(self, connection: Connection) -> None:
        """A word that stood in withdrawn texts only is offered to nobody any more, at once."""
        withdrawn = connection.execute(_GONE).scalar() or 0
        if withdrawn != self._withdrawn:
            self._withdrawn, self._vocabulary_of = withdrawn, None

    def learn(self, connection: Connection) -> None:
        """Take the desk's lists and the vocabulary into the splitter; before documents are indexed anew, too."""
        shipped = shipped_lists()
        added = {
            use: frozenset(fold(row.word) for row in connection.execute(sa.select(_W.word).where(_W.use == use)))
            for use in ("part", "whole")
        }
        lists = WordLists(
            (shipped.domain | added["part"]) - added["whole"], (shipped.never | added["whole"]) - added["part"]
        )
        self.analysis.learn(lists, self._vocabulary.standing_alone())

    def vocabulary(self, engine: SearchEngine) -> Vocabulary:
        """The words of the texts, read again where the index has moved."""
        now = time.monotonic()
        if self._vocabulary_of is not None and now - self._vocabulary_at < VOCABULARY_AGE_S:
            return self._vocabulary
        try:
            position = engine.position()
            if position != self._vocabulary_of:
                self._vocabulary = Vocabulary(engine.words(MAX_WORDS))
                self._vocabulary_of = position if len(self._vocabulary) else None
        except SearchError:
            return self._vocabulary
        self._vocabulary_at = now
        return self._vocabulary


def _entries(connection: Connection) -> list[Entry]:
    found = [_entry(orjson.loads(row.document)) for row in connection.execute(_TERMS)]
    rows = connection.execute(sa.select(_W.word, _W.others, _W.source).where(_W.use == "synonym").order_by(_W.id))
    return [*_COMMON, *found] + [
        Entry(row.word, synonyms=tuple(row.others), source=row.source or "Redaktion") for row in rows
    ]


def _entry(document: dict[str, Any]) -> Entry:
    data = document["data"]
    return Entry(
        document["title"],
        data.get("abbreviation") or "",
        tuple(data.get("synonyms") or ()),
        f"Glossar, {data['source']}" if data.get("source") else "Glossar",
        document["url"],
    )
