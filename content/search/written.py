"""Words as texts write them, by the terms they are found by: so a hit is marked by looking for a few words, not by analysing its text.

A file of SQLite beside Whoosh's segments; with PostgreSQL it is a table. It only grows until the index is built anew: a word that stands
nowhere any more marks nothing. `FORMAT` is the format of the whole index: with another one it is made anew.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from content.search.german import Analysis

FORMAT: Final = 4
NAME: Final = "words.db"
_BUSY_S: Final = 30
_LAST: Final = "\U0010ffff"
_TABLES: Final = f"""
CREATE TABLE written (term TEXT, word TEXT, PRIMARY KEY (term, word)) WITHOUT ROWID;
CREATE TABLE total (sum INTEGER);
INSERT INTO total VALUES (0);
CREATE TRIGGER summed AFTER INSERT ON written BEGIN UPDATE total SET sum = sum + pair_sum(new.term, new.word); END;
PRAGMA user_version = {FORMAT};
"""


def pairs(words: Iterable[str], analysis: Analysis) -> Iterator[tuple[str, str]]:
    """(term, word) of every word as it is written (`Indexed.written`)."""
    for word in words:
        for term in {term for token in analysis.word(word).tokens for term in (*token.terms, *token.parts)}:
            yield term, word


def by_word(found: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Word → its terms, of (term, word)."""
    words: dict[str, set[str]] = {}
    for term, word in found:
        words.setdefault(word, set()).add(term)
    return words


class WrittenWords:
    """The file. One writer at a time, that of the index; safe between threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
        self._connection.create_function("pair_sum", 2, _pair_sum)
        if not self._connection.execute("PRAGMA user_version").fetchone()[0]:
            self._connection.executescript(_TABLES)
        self._file = self._path.stat().st_ino

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._path.stat().st_ino != self._file:  # another process has put a new index in this one's place
                self._connection.close()
                self._open()
            yield self._connection

    @staticmethod
    def is_current(folder: Path) -> bool:
        """Whether the folder holds such a file, in this format."""
        if not (folder / NAME).is_file():
            return False
        connection = sqlite3.connect(folder / NAME)
        try:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT)
        except sqlite3.DatabaseError:
            return False
        finally:
            connection.close()

    def add(self, found: Iterable[tuple[str, str]]) -> None:
        """Take pairs in; those that are known cost little."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO written VALUES (?, ?)", found)
            connection.execute("COMMIT")

    def having(self, terms: Sequence[str], starts: Sequence[str]) -> dict[str, set[str]]:
        """Words with those of the terms that each has, or its terms that begin with one of the starts. Raises `sqlite3.DatabaseError`."""
        with self._connected() as connection:
            found = connection.execute(
                f"SELECT term, word FROM written WHERE term IN ({','.join('?' * len(terms))})", tuple(terms)
            ).fetchall()
            for start in starts:
                found += connection.execute(
                    "SELECT term, word FROM written WHERE term >= ? AND term < ?", (start, start + _LAST)
                ).fetchall()
        return by_word(found)

    def is_sound(self) -> bool:
        """Whether the pairs are those that were taken in."""
        try:
            with self._connected() as connection:
                # In one statement: others may be adding.
                return bool(
                    connection.execute(
                        "SELECT sum = (SELECT coalesce(sum(pair_sum(term, word)), 0) FROM written) FROM total"
                    ).fetchone()[0]
                )
        except (sqlite3.DatabaseError, OSError, TypeError):
            return False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def _pair_sum(term: object, word: object) -> int:
    return zlib.crc32(f"{term}\t{word}".encode("utf-8", "replace"))
