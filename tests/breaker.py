"""Kill a portal at random moments and look whether anything that was confirmed is lost: `python -m tests.breaker`.

Not part of the tests: it takes minutes. A child does one kind of work over and over and says each time what has been
confirmed; the parent kills it (SIGKILL), or stops it and copies the whole folder as it stands (a cut of power: what was not
yet written is not in the copy), starts again as `serve` does, runs `check`, and compares what was confirmed with what is there.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from content import models
from content.council.addresses import decision_url
from content.house import House
from content.services.exchange import exchange
from portal import settings
from portal.commands import backup, cli, starting
from portal.web.incoming import store_file

BATCH = 5
LONGEST_S = 0.5
MOST_FIRST = 3
FIRST_YEAR = 2030
YEAR = 90
"""So many numbers of decisions has each kill for itself: one year."""


@dataclass
class Confirmed:
    """What the portal has said is kept."""

    urls: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    edits: dict[str, int] = field(default_factory=dict)
    backups: int = 0
    acts: Counter[str] = field(default_factory=Counter)

    def take(self, line: str) -> None:
        """One line of the child."""
        act, _, what = line.partition(" ")
        self.acts[act] += 1
        if act in {"publish", "import", "upload"}:
            given = json.loads(what)
            self.urls |= set(given["urls"])
            self.files |= set(given["files"])
        elif act == "edit":
            self.edits["/seite/arbeit"] = int(what)
        elif act == "backup":
            self.backups += 1


def _decision(number: int, folder: Path, *, has_file: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "type": "decision",
        "body": "it-planungsrat",
        "number": f"{FIRST_YEAR + number // YEAR}/{number % YEAR + 1:02d}",
        "text": f"1. Vorhaben {number} wird beschlossen.",
    }
    if has_file:
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / f"files/anlage-{number}.txt").write_text(f"Anlage zu Vorhaben {number}. " * 300)
        row["attachments"] = [{"title": "Anlage", "file": f"anlage-{number}.txt"}]
    return row


def _take(house: House, folder: Path, rows: list[dict[str, Any]], *, is_publishing: bool = True) -> None:
    path = folder / f"in-{os.getpid()}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with house.writing("breaker") as work:
        exchange.Importer(work.desk, store=store_file(work), is_publishing=is_publishing).read([path])


def _works(house: House, folder: Path, start: int) -> dict[str, Callable[[], str]]:
    """By the name of a work: do it once; what is confirmed."""
    numbers = iter(range(start, 10**6))

    def decisions(count: int, *, has_file: bool) -> str:
        rows = [_decision(next(numbers), folder, has_file=has_file) for _ in range(count)]
        _take(house, folder, rows)
        paths = [folder / "files" / row["attachments"][0]["file"] for row in rows if has_file]
        parts = [str(row["number"]).split("/") for row in rows]
        return json.dumps(
            {
                "urls": [decision_url("it-planungsrat", int(year), int(serial)) for year, serial in parts],
                "files": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
            }
        )

    def edit() -> str:
        number = next(numbers)
        _take(
            house,
            folder,
            [{"type": "page", "slug": "arbeit", "title": "Arbeit", "text": f"Stand {number}"}],
            is_publishing=False,
        )
        return str(number)

    def save() -> str:
        backup.backup(house, folder / "sicherung.tar.gz")
        return "1"

    return {
        "publish": lambda: decisions(1, has_file=False),
        "edit": edit,
        "import": lambda: decisions(BATCH, has_file=True),
        "upload": lambda: decisions(1, has_file=True),
        "backup": save,
    }


def _work_on(data: Path, folder: Path, kind: str, start: int, writing: int) -> None:
    with os.fdopen(writing, "w", buffering=1) as said:
        house = House.open(data)
        work = _works(house, folder, start)[kind]
        said.write("ready\n")
        while True:
            try:
                said.write(f"{kind} {work()}\n")
            except exchange.FaultyInput as error:
                raise RuntimeError("; ".join(map(str, error.report.faults))) from error


@contextlib.contextmanager
def _child(data: Path, folder: Path, kind: str, start: int) -> Iterator[tuple[int, io.TextIOWrapper]]:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            _work_on(data, folder, kind, start, writing)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)  # the rest of the program is the parent's
    os.close(writing)
    with os.fdopen(reading) as said:
        try:
            yield child, said
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _rest(said: io.TextIOWrapper, confirmed: Confirmed) -> None:
    """What the child had confirmed when it was killed."""
    for line in said.read().splitlines(keepends=True):
        if line.endswith("\n"):
            confirmed.take(line.strip())


def _faults(data: Path, folder: Path, confirmed: Confirmed, imports: list[int]) -> list[str]:
    """Start again, check, compare."""
    house = House.open(data)
    starting.mend(house, say=lambda _: None)
    with house.reading() as connection:
        urls = set(connection.scalars(sa.select(models.Edition.url).where(models.Edition.kind == "decision")))
        files = set(connection.scalars(sa.select(models.File.sha256)))
        filed = set(
            connection.scalars(
                sa.select(models.Edition.url).join(
                    models.EditionFile, models.EditionFile.edition_id == models.Edition.id
                )
            )
        )
        text = connection.scalar(sa.select(models.Page.text).where(models.Page.url == "/seite/arbeit"))
    damaged = house.files.damaged(files)
    house.close()
    found = [f"lost {url}" for url in sorted(confirmed.urls - urls)] + [
        f"lost file {name}" for name in sorted(confirmed.files - files)
    ]
    found += [f"damaged {name}" for name in damaged]
    if (last := confirmed.edits.get("/seite/arbeit")) is not None and int(str(text).split()[-1]) < last:
        found.append(f"lost edit {last}, found {text}")
    if len(filed) != len(files):
        found.append(f"half: {len(files)} files, but {len(filed)} decisions with one")
    taken = Counter(_number(url) // YEAR for url in urls)
    found += [f"half: import {kill} left {taken[kill]} of its decisions" for kill in imports if taken[kill] % BATCH]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main(["--data", str(data), "check"])
    if code:
        found.append(f"check {code}: {said.getvalue().strip()}")
    archive = folder / "sicherung.tar.gz"
    if confirmed.backups or archive.exists():
        try:
            backup._examine(archive)
        except (backup.Unusable, OSError) as error:
            found.append(f"backup: {error}")
    return found


def _number(url: str) -> int:
    _, _, year, serial = url.split("/")
    return (int(year) - FIRST_YEAR) * YEAR + int(serial) - 1


def main() -> int:
    """Break it; 1 where anything was lost or half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lemmas", type=Path, help="folder with a dictionary that is built already")
    given = parser.parse_args()
    chance, confirmed, done = random.Random(given.seed), Confirmed(), Counter[str]()
    faults: list[str] = []
    imports: list[int] = []
    with tempfile.TemporaryDirectory(prefix="breaker-") as name:
        folder, data = Path(name), Path(name) / "data"
        _found(data, folder, given.lemmas)
        kinds = list(_works(None, folder, 0))  # type: ignore[arg-type]  # only their names
        for number in range(given.kills + given.cuts):
            kind, is_cut = kinds[number % len(kinds)], number >= given.kills
            with _child(data, folder, kind, number * YEAR) as (child, said):
                assert said.readline() == "ready\n"
                for _ in range(
                    chance.randrange(MOST_FIRST)
                ):  # kills hit first and later acts alike, however slow the machine
                    confirmed.take(said.readline().strip())
                time.sleep(chance.uniform(0, LONGEST_S))
                os.kill(child, signal.SIGSTOP if is_cut else signal.SIGKILL)
                place = data
                if is_cut:
                    time.sleep(0.05)  # till the stop has come through
                    place = folder / f"schnitt-{number}"
                    shutil.copytree(data, place, symlinks=True)
                    os.kill(child, signal.SIGKILL)
                os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
                _rest(said, confirmed)
            if kind == "import":
                imports.append(number)
            found = _faults(place, folder, confirmed, imports)
            faults += [f"{number} {kind}: {fault}" for fault in found]
            done["cut" if is_cut else kind] += 1
            if number % 10 == 9:
                print(f"{number + 1} …", flush=True)
            for fault in found:
                print(fault, file=sys.stderr, flush=True)
            if is_cut:
                shutil.rmtree(place)
    kills = ", ".join(f"{count} × {kind}" for kind, count in done.items() if kind != "cut")
    print(f"{given.kills} kills ({kills}), {done['cut']} cuts of power.")
    print(
        "Confirmed: "
        + ", ".join(f"{count} × {kind}" for kind, count in confirmed.acts.items())
        + f"; {len(confirmed.urls)} decisions, {len(confirmed.files)} files."
    )
    print(
        f"Lost: {sum('lost' in fault for fault in faults)}. Half: {sum('half' in fault for fault in faults)}. Other faults: {sum('lost' not in fault and 'half' not in fault for fault in faults)}."
    )
    return 1 if faults else 0


def _found(data: Path, folder: Path, lemmas: Path | None) -> None:
    data.mkdir(mode=0o700)
    if lemmas is not None:
        (data / "lemmas").symlink_to(lemmas.resolve())
    house = starting.set_up(settings.load({"DATA": str(data)}), say=print)
    body = {"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}
    _take(house, folder, [body])
    house.close()


if __name__ == "__main__":
    sys.exit(main())
