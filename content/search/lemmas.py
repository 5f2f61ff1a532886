"""German word forms → lemmas in a file that is mapped into memory: a few megabytes instead of the hundred that
simplemma's dictionary takes as a Python object. Built once from simplemma (its data: ODbL and CC BY, see NOTICE).

The file holds every word that simplemma knows, lemmas themselves too: the splitter of compounds asks what a word is.
Keys and lemmas are folded (`fold`): lower case, ä → ae, ß → ss, so that every way of typing an umlaut finds the same.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Final

import marisa_trie

from content.database.processes import end_with

_FOLDS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
BUILD_TIMEOUT_S: Final = 7_200
"""Seconds on a good machine, minutes on a slow one under load: only what hangs is given up."""
_NEW: Final = "neu-"


def fold(word: str) -> str:
    """Lower case with German letters transliterated and other accents dropped."""
    lowered = unicodedata.normalize("NFC", word).lower().translate(_FOLDS)
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


class Lemmas:
    """The lemma of a folded word, and whether it is a word; words it does not know are their own lemma."""

    def __init__(self, trie: marisa_trie.BytesTrie) -> None:
        self._trie = trie
        self.lemma = lru_cache(maxsize=50_000)(self._lemma)

    @classmethod
    def open(cls, folder: Path) -> Lemmas:
        """The lemmas kept in `folder`, built first where they are missing or hurt (a few seconds, in another process).

        Raises `LemmasUnbuildable`.
        """
        path = _sound(folder) or _build_in(folder)
        trie = marisa_trie.BytesTrie()
        trie.mmap(str(path))
        return cls(trie)

    def _lemma(self, folded: str) -> str:
        found = self._trie.get(folded)
        return found[0][1:].decode() or folded if found else folded

    def kind(self, folded: str) -> str:
        """`n` for a form of a noun, `w` for another word, empty for what is not in the dictionary."""
        found = self._trie.get(folded)
        return found[0][:1].decode() if found else ""


class LemmasUnbuildable(Exception):  # noqa: N818 - named for the situation
    """The dictionary could not be built; the message (German) says what to do."""


def _stem() -> str:
    return f"de-{metadata.version('simplemma')}-4"


def _sound(folder: Path) -> Path | None:
    """The table in `folder` whose bytes have the sum that its name bears: a flipped bit would change words without a sound."""
    return next(
        (path for path in sorted(folder.glob(f"{_stem()}.*.trie")) if path.name == f"{_stem()}.{_sum(path)}.trie"), None
    )


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _build_in(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", "content.search.lemmas", str(folder), str(os.getpid())]
    try:
        done = subprocess.run(command, check=False, timeout=BUILD_TIMEOUT_S, capture_output=True, text=True)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise LemmasUnbuildable(
            f"Das Wörterbuch für die Suche war nach {BUILD_TIMEOUT_S // 60} Minuten nicht fertig. Bitte nachsehen, was den Rechner aufhält; {_AGAIN}"
        ) from None
    path = _sound(folder)
    if done.returncode or path is None:
        why = (
            done.stderr.strip().splitlines()
            or ["abgebrochen, vielleicht weil der Arbeitsspeicher nicht reichte" if done.returncode < 0 else "Abbruch"]
        )[-1]
        raise LemmasUnbuildable(
            f"Das Wörterbuch für die Suche ließ sich nicht in {folder} schreiben ({why}). Bitte Platz und Rechte prüfen; {_AGAIN}"
        )
    return path


_AGAIN: Final = "derselbe Befehl macht weiter."


def build(folder: Path) -> None:
    """Write the table into `folder`, complete or not at all; what lay there before goes."""
    rows = dict(_rows())
    trie = marisa_trie.BytesTrie(
        (key, kind + (b"" if lemma == key else lemma.encode())) for key, (lemma, kind) in rows.items()
    )
    before = list(folder.glob("*.trie"))
    for left in folder.glob(f"{_NEW}*"):  # of one that was killed; a running one is younger
        if time.time() - left.stat().st_mtime > BUILD_TIMEOUT_S:
            left.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=_NEW)
    os.close(descriptor)
    try:
        trie.save(name)
        path = folder / f"{_stem()}.{_sum(Path(name))}.trie"
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    for old in before:
        if old.name != path.name:
            old.unlink(missing_ok=True)


def _rows() -> Iterator[tuple[str, tuple[str, bytes]]]:
    # Imported here, because the dictionary takes a hundred megabytes that the server must never load.
    from simplemma.strategies.dictionaries.dictionary_factory import (  # noqa: PLC0415
        DefaultDictionaryFactory,
    )

    known: set[str] = set()
    entries = [
        (word, lemma.decode() if isinstance(lemma, bytes) else lemma)
        for word, lemma in DefaultDictionaryFactory().get_dictionary("de").items()
    ]
    nouns = {fold(word) for row in entries for word in row if word[:1].isupper()}
    # „Markt“ is a noun before it is a form of „marken“: texts of administration live on nouns.
    # Only in its first case, though: „gebeten“ is bidding, not prayers.
    entries.sort(key=lambda row: (not (row[0][:1].isupper() and row[0] == row[1]), row[0][:1].isupper(), row[0]))
    # Lemmas that are no key of their own come last, as their own lemma.
    for word, lemma in [*entries, *((lemma, lemma) for _, lemma in entries)]:
        key = fold(word)
        if key not in known and key.isalpha():
            known.add(key)
            yield key, (fold(lemma), b"n" if key in nouns else b"w")


if __name__ == "__main__":
    end_with(int(sys.argv[2]))  # nobody waits for it any more
    build(Path(sys.argv[1]))
