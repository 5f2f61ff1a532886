"""Whoosh behind the interface: the embedded engine.

The index folder is a cache that belongs to the application's user: Whoosh reads pickles from it, so it is created
unreadable for others and never restored from a backup; what cannot be read is rebuilt. Fields: `title`, `text` (the
terms of `german.Analysis`), `number`, filters as columns, and the parts as they stand, for snippets.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from whoosh import analysis as whoosh_analysis
from whoosh import fields, index, query, scoring, sorting
from whoosh.writing import LockError

from content.search import snippets
from content.search.german import Analysis, number_term
from content.search.interface import Document, Hit, Hits, IndexBusy, IndexDamaged, Part, Query, Term
from content.search.lemmas import fold

FACETS: Final = ("kind", "year", "body")
MAX_EXPANSIONS: Final = 100
"""A prefix stands for at most so many words."""

_NUMBER_BOOST: Final = 1000.0
_TITLE_BOOST: Final = 3.0
_EXACT_BOOST: Final = 0.4
_STATE: Final = "position.json"
_WRITER_MEMORY_MB: Final = 128


class _Prepared(str):
    """A text whose tokens are known already: Whoosh takes nothing but text."""

    __slots__ = ("tokens",)
    tokens: list[tuple[int, tuple[str, ...]]]


def _prepared(tokens: list[tuple[int, tuple[str, ...]]]) -> _Prepared:
    text = _Prepared(" ")
    text.tokens = tokens
    return text


class _PreparedTokens(whoosh_analysis.Tokenizer):  # type: ignore[misc]
    """Hands on what `Analysis` has found; Whoosh pickles this with the schema, so it holds nothing."""

    def __call__(self, value: Any, **_: Any) -> Iterator[whoosh_analysis.Token]:
        token = whoosh_analysis.Token(positions=True, chars=False, removestops=False, mode="index")
        for place, terms in getattr(value, "tokens", ()):
            for term in terms:
                token.text = term
                token.pos = place
                token.boost = 1.0
                token.stopped = False
                yield token


def _schema() -> fields.Schema:
    return fields.Schema(
        edition_id=fields.ID(stored=True, unique=True),
        url=fields.STORED,
        sha256=fields.STORED,
        title=fields.TEXT(analyzer=_PreparedTokens(), phrase=True, field_boost=_TITLE_BOOST),
        text=fields.TEXT(analyzer=_PreparedTokens(), phrase=True),
        number=fields.ID,
        kind=fields.ID(sortable=True),
        year=fields.ID(sortable=True),
        body=fields.ID(sortable=True),
        meeting=fields.ID,
        topic=fields.KEYWORD(commas=True),
        date=fields.NUMERIC(sortable=True),
        shown=fields.STORED,
    )


class WhooshEngine:
    """A search engine in a folder. One writer at a time; readers go on meanwhile."""

    def __init__(self, folder: Path, analysis: Analysis) -> None:
        self._folder = folder
        self._analysis = analysis
        self._lock = threading.Lock()
        self._generation = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._index = self._open()
        self._searcher: Any = None

    # --- asking ---

    def search(self, asked: Query) -> Hits:
        """See `SearchEngine`."""
        try:
            with self._reading() as searcher:
                return self._search(searcher, asked)
        except (index.EmptyIndexError, FileNotFoundError, EOFError) as error:
            raise IndexDamaged(str(error)) from error

    def _search(self, searcher: Any, asked: Query) -> Hits:
        restriction = self._restriction(asked)
        for need_all in (True, False):
            compiled = self._compiled(searcher, asked, need_all=need_all)
            if compiled is None:
                return Hits(0, (), {}, asked.hints)
            answer = self._run(searcher, compiled, restriction, asked)
            is_single = sum(not term.is_excluded for term in asked.terms) < 2
            if len(answer) or is_single or asked.number or asked.among is not None:
                break
        hints = asked.hints
        if not need_all and len(answer):
            hints += ("Kein Dokument enthält alle Wörter; gezeigt wird, was einige davon enthält.",)
        terms = self._marked_terms(asked)
        first = (asked.page - 1) * asked.per_page
        rows = [self._hit(row, terms) for row in answer[first : first + asked.per_page]] if first < len(answer) else []
        counts = {name: {_text(value): count for value, count in answer.groups(name).items() if value} for name in FACETS}
        return Hits(len(answer), tuple(rows), counts, hints)

    def _run(self, searcher: Any, compiled: query.Query, restriction: query.Query | None, asked: Query) -> Any:
        sorted_by = sorting.FieldFacet("date", reverse=asked.sort == "newest") if asked.sort != "relevance" else None
        return searcher.search(
            compiled,
            limit=min(max(asked.page * asked.per_page, 1), 2000) if asked.among is None else None,
            filter=restriction,
            sortedby=sorted_by,
            groupedby={name: sorting.FieldFacet(name, maptype=sorting.Count) for name in FACETS},
        )

    def _restriction(self, asked: Query) -> query.Query | None:
        wanted: list[query.Query] = [query.Term(name, value) for name, value in asked.filters.items() if name in _schema().names()]
        if asked.among is not None:
            wanted.append(query.Or([query.Term("edition_id", str(number)) for number in sorted(asked.among)]))
        return query.And(wanted) if wanted else None

    def _compiled(self, searcher: Any, asked: Query, *, need_all: bool) -> query.Query | None:
        if asked.number is not None:
            term = number_term(asked.number) or ""
            return query.Or(
                [query.Term("number", asked.number, boost=_NUMBER_BOOST), query.Term("text", term), query.Term("title", term)]
            )
        wanted = [self._term(searcher, term) for term in asked.terms if not term.is_excluded]
        unwanted = [self._term(searcher, term) for term in asked.terms if term.is_excluded]
        known = [part for part in wanted if part is not None]
        if not known:
            return query.Every() if asked.filters and not asked.terms else None
        positive = (query.And if need_all else query.Or)(known)
        negative = [part for part in unwanted if part is not None]
        return query.AndNot(positive, query.Or(negative)) if negative else positive

    def _term(self, searcher: Any, term: Term) -> query.Query | None:
        if term.is_prefix:
            return self._prefix(searcher, term.words[0])
        alternatives = [self._word(word) for word in term.words]
        if not term.is_phrase or len(term.words) == 1:
            return alternatives[0]
        stems = [stem for word in term.words for token in self._analysis.tokens(word) for stem in token.terms[:1]]
        if not stems:
            return None
        if len(stems) == 1:
            return self._word(term.words[0])
        slop = 1 + len(term.words) - len(stems)  # stop words keep their place
        return query.Or([query.Phrase(name, stems, slop=max(1, slop)) for name in ("title", "text")])

    def _word(self, word: str) -> query.Query | None:
        """A word in any field: its stem, with more weight where it stands exactly so."""
        groups = [token.terms for token in self._analysis.tokens(word)]
        if not groups:
            return None
        parts = []
        for terms in groups:
            plain = [term for term in terms if not term.startswith("=")]
            exact = [term for term in terms if term.startswith("=")]
            parts.append(
                query.Or(
                    [query.Term(name, term) for name in ("title", "text") for term in plain]
                    + [query.Term(name, term, boost=_EXACT_BOOST) for name in ("title", "text") for term in exact]
                )
            )
        return parts[0] if len(parts) == 1 else query.And(parts)

    def _prefix(self, searcher: Any, word: str) -> query.Query | None:
        start = f"={fold(word)}"
        reader = searcher.reader()
        found: list[query.Query] = []
        for name in ("title", "text"):
            for position, term in enumerate(reader.expand_prefix(name, start)):
                if position >= MAX_EXPANSIONS:
                    break
                found.append(query.Term(name, _text(term)))
        return query.Or(found) if found else query.NullQuery

    def _marked_terms(self, asked: Query) -> frozenset[str]:
        words = [word for term in asked.terms if not term.is_excluded and not term.is_prefix for word in term.words]
        terms = {term for word in words for token in self._analysis.tokens(word) for term in token.terms}
        if asked.number:
            terms.add(number_term(asked.number) or "")
        prefixes = tuple(f"={fold(term.words[0])}" for term in asked.terms if term.is_prefix and not term.is_excluded)
        return _Marks(terms, prefixes) if prefixes else frozenset(terms)

    def _hit(self, row: Any, terms: frozenset[str]) -> Hit:
        shown = json.loads(row["shown"])
        parts = [Part(*part) for part in shown["parts"]]
        return Hit(
            edition_id=int(row["edition_id"]),
            url=row["url"],
            score=float(row.score or 0),
            title=snippets.mark(shown["title"], terms, self._analysis),
            snippets=snippets.snippets(parts, terms, self._analysis),
        )

    # --- keeping ---

    def position(self) -> int:
        """See `SearchEngine`."""
        try:
            state = json.loads((self._folder / _STATE).read_text())
            return int(state["position"]) if state["generation"] == self._index.latest_generation() else -1
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, OSError) as error:
            raise IndexDamaged(str(error)) from error

    def stored(self) -> Iterator[tuple[int, str]]:
        """See `SearchEngine`."""
        try:
            with self._reading() as searcher:
                rows = [(int(row["edition_id"]), row["sha256"]) for row in searcher.reader().all_stored_fields()]
        except (index.EmptyIndexError, OSError, EOFError, KeyError) as error:
            raise IndexDamaged(str(error)) from error
        return iter(rows)

    def batch(self, *, timeout_s: float = 30) -> WhooshBatch:
        """See `SearchEngine`."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                writer = self._index.writer(limitmb=_WRITER_MEMORY_MB)
                return WhooshBatch(self, writer, self._folder, self._analysis)
            except LockError as error:
                if time.monotonic() >= deadline:
                    raise IndexBusy(f"Der Suchindex ist seit {timeout_s:.0f} s von anderer Seite gesperrt.") from error
                time.sleep(0.02)

    def rebuild(self, documents: Iterable[Document], position: int, progress: Callable[[int], None]) -> int:
        """See `SearchEngine`."""
        fresh = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        other = WhooshEngine(fresh, self._analysis)
        batch = other.batch()
        count = 0
        for count, document in enumerate(documents, start=1):
            batch.put(document)
            progress(count)
        batch.commit(position)
        other.close()
        self._swap(fresh)
        return count

    def close(self) -> None:
        """See `SearchEngine`."""
        with self._lock:
            if self._searcher is not None:
                self._searcher.close()
                self._searcher = None
            self._index.close()

    def _swap(self, fresh: Path) -> None:
        old = self._folder.with_name(self._folder.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        with self._lock:
            if self._searcher is not None:
                self._searcher.close()
                self._searcher = None
            self._index.close()
            os.replace(self._folder, old)
            os.replace(fresh, self._folder)
            self._index = self._open()
        shutil.rmtree(old, ignore_errors=True)

    def _open(self) -> Any:
        try:
            if index.exists_in(str(self._folder)):
                opened = index.open_dir(str(self._folder))
                if sorted(opened.schema.names()) == sorted(_schema().names()):
                    return opened
                opened.close()
        except Exception:  # noqa: BLE001 - a damaged pickle can raise anything; the answer is always a fresh index
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            (self._folder / _STATE).unlink()
        return index.create_in(str(self._folder), _schema())

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        """A searcher of the newest state. Whoosh's searchers are not safe between threads: one per question."""
        with self._lock:
            searcher = self._index.searcher(weighting=scoring.BM25F())
        try:
            yield searcher
        finally:
            searcher.close()


class _Marks(frozenset[str]):
    """Terms to mark, where some are given as prefixes."""

    _prefixes: tuple[str, ...]

    def __new__(cls, terms: Iterable[str], prefixes: tuple[str, ...]) -> Self:
        made = super().__new__(cls, terms)
        made._prefixes = prefixes
        return made

    def isdisjoint(self, other: Iterable[object]) -> bool:
        """Whether none of the terms is meant."""
        listed = list(other)
        return super().isdisjoint(listed) and not any(str(term).startswith(self._prefixes) for term in listed)


class WhooshBatch:
    """Changes to a Whoosh index; holds the writer until `commit` or `cancel`."""

    def __init__(self, engine: WhooshEngine, writer: Any, folder: Path, analysis: Analysis) -> None:
        self._engine = engine
        self._writer = writer
        self._folder = folder
        self._analysis = analysis
        self._has_removals = False

    def put(self, document: Document) -> None:
        """See `Batch`."""
        title = document.title
        parts = [part for part in document.parts if part.text]
        numbers = [number_term(number) or number for number in document.numbers]
        self._writer.add_document(
            edition_id=str(document.edition_id),
            url=document.url,
            sha256=document.sha256,
            title=_prepared([*self._tokens(title), *((10_000, (number,)) for number in numbers)]),
            text=_prepared(self._part_tokens(parts)),
            number=document.numbers[0] if document.numbers else "",
            kind=document.kind,
            year=str(document.year),
            body=document.body,
            meeting=document.meeting,
            topic=",".join(topic.replace(",", " ") for topic in document.topics),
            date=document.date.toordinal(),
            shown=json.dumps(
                {"title": title, "parts": [[part.anchor, part.label, part.text] for part in parts]}, ensure_ascii=False
            ),
        )

    def remove(self, edition_id: int) -> None:
        """See `Batch`."""
        self._writer.delete_by_term("edition_id", str(edition_id))

    def commit(self, position: int) -> None:
        """See `Batch`."""
        self._writer.commit()
        state = {"position": position, "generation": self._engine._index.latest_generation()}
        temporary = self._folder / f"{_STATE}.new"
        temporary.write_text(json.dumps(state))
        os.replace(temporary, self._folder / _STATE)

    def cancel(self) -> None:
        """See `Batch`."""
        self._writer.cancel()

    def _tokens(self, text: str) -> list[tuple[int, tuple[str, ...]]]:
        return [(token.place, token.terms) for token in self._analysis.tokens(text)]

    def _part_tokens(self, parts: Sequence[Part]) -> list[tuple[int, tuple[str, ...]]]:
        """The tokens of all parts; a gap between parts keeps phrases from running over the edge."""
        tokens: list[tuple[int, tuple[str, ...]]] = []
        start = 0
        for part in parts:
            inside = self._tokens(part.text)
            tokens += [(start + place, terms) for place, terms in inside]
            start += (inside[-1][0] if inside else 0) + 20
        return tokens


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


