"""Reports of 150 pages: opening, saving, merging, reading, setting as PDF; and twenty people who type at once.

`python -m tests.benchmarks reports [REVISIONS …]` (10, 100 and 1000 without): a report for each number of revisions of the
section that is saved. Baselines of the same run are the same act in a report of one section (desk) and a glossary term
(public). Medians of rounds that take turns.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pypdfium2
import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.export import typesetting
from content.helpers.helper import helper
from content.house import House
from content.schemas import clean_item
from content.services.accounts import accounts, sessions
from content.services.base import lookup
from content.services.editing import edit
from content.services.workflow import transition
from portal import settings
from portal.app import make_app
from tests.benchmarks.common import BIN, ROUNDS, free_port, granian, print_table, rate, wait

SECTIONS, PARAGRAPHS, AUTHORS, SAVINGS = 128, 10, 20, 10
GROUP = "ag-probe"
WORDS = (
    "Die Länder berichten über den Stand der Umsetzung und nennen Hindernisse, Beispiele und offene Fragen der Zusammenarbeit. "
    * 3
)
NOW = dt.datetime.now(dt.UTC)


def _text(place: int) -> str:
    return "\n\n".join(f"Absatz {place}.{number}: {WORDS}" for number in range(1, PARAGRAPHS + 1))


def _report(work: Any, slug: str, sections: int) -> models.Report:
    rows = [
        {"heading": f"Abschnitt {place}", "level": 1 + (place % 6 > 0), "text": _text(place)}
        for place in range(sections)
    ]
    value = clean_item(
        "report",
        {
            "slug": slug,
            "title": f"Bericht {slug}",
            "group": "AG Probe",
            "date": "2026-11-01",
            "text": "Kurz gesagt.",
            "sections": rows,
        },
    )
    row = edit.save(work.session, "report", value, now=NOW).item
    row.owner = GROUP
    transition.publish_now(work.desk, row)
    assert isinstance(row, models.Report)
    return row


def _age(work: Any, report: models.Report, revisions: int) -> None:
    """Give the first section a past; each revision is as long as the section."""
    section = report.sections[0]
    work.session.execute(
        sa.insert(models.SectionRevision),
        [
            {
                "report_id": report.id,
                "section_uid": section.uid,
                "rev": rev,
                "heading": section.heading,
                "text": section.text,
                "actor": "anna",
                "actor_name": "Anna",
                "at": NOW,
            }
            for rev in range(2, revisions + 1)
        ],
    )
    section.rev = revisions


def _person(house: House, application: Any, login: str) -> TestApp:
    """A browser in which somebody of the group is signed in."""
    with house.writing("bench") as work:
        account = accounts.create(work.session, login=login, name=login.title(), email="", now=NOW)
        accounts.grant(work.session, account, "member", GROUP, by="bench", now=NOW)
        secret = sessions.begin(work.session, account, address="127.0.0.1", agent="bench", now=NOW)
    app = TestApp(application, extra_environ={"REMOTE_ADDR": "127.0.0.1"}, lint=False)
    app.set_cookie("redaktion", secret)
    return app


def _form(page: Any) -> Any:
    return next(form for form in page.forms.values() if "text" in form.fields and "rev" in form.fields)


def _seconds(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _save(app: TestApp, path: str, place: int, *, is_late: bool) -> Callable[[], Any]:
    """Saving a changed paragraph; `is_late`: after somebody else saved another one, so that both are merged."""
    form = _form(app.get(path))
    mark = f" {time.perf_counter_ns()}"
    if is_late:
        other = _form(app.get(path))
        other["text"] = other["text"].value.replace("Absatz 0.9:", f"Absatz 0.9:{mark}", 1)
        other.submit("tun", value="speichern", status=303)
    form["text"] = form["text"].value.replace(f"Absatz 0.{place}:", f"Absatz 0.{place}:{mark}", 1)
    return lambda: form.submit("tun", value="speichern", status=303)


def _desk(app: TestApp, paths: dict[str, tuple[str, str]]) -> dict[str, list[float]]:
    """Figure → milliseconds for each report, in the order of `paths` (name → outline, first section)."""
    found: dict[str, dict[str, list[float]]] = {}
    for turn in range(ROUNDS + 1):
        for name, (outline, section) in paths.items():
            acts: dict[str, Callable[[], Any]] = {
                "open the outline": lambda outline=outline: app.get(outline),
                "open a section": lambda section=section: app.get(section),  # type: ignore[misc]
                "save a section": _save(app, section, 2, is_late=False),
            }
            taken = {figure: _seconds(act) for figure, act in acts.items()}
            taken["save and merge"] = _seconds(_save(app, section, 3, is_late=True))
            if turn:  # the first round warms up
                for figure, seconds in taken.items():
                    found.setdefault(figure, {}).setdefault(name, []).append(seconds * 1000)
    return {figure: [statistics.median(values) for values in by_report.values()] for figure, by_report in found.items()}


def _reading(data: Path, slugs: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of public pages, cached and not; the first column is the glossary term."""
    ports = {"uncached": free_port(), "cached": free_port()}
    common = {"DATA": str(data), "HOST": "127.0.0.1", "CLOCK": "aus"}
    servers = [
        granian(
            "portal.wsgi:application",
            port,
            **common,
            PORT=str(port),
            **({"CACHE_MB": "0"} if name == "uncached" else {}),
        )
        for name, port in ports.items()
    ]
    pages = {
        "read the whole": ["/glossar/probe", *(f"/bericht/{slug}" for slug in slugs)],
        "read a section": ["/glossar/probe", *(f"/bericht/{slug}/abschnitt/a5" for slug in slugs)],
    }
    taken: dict[str, list[list[float]]] = {}
    try:
        for port in ports.values():
            wait(port)
        for _ in range(ROUNDS):
            for name, port in ports.items():
                for figure, paths in pages.items():
                    taken.setdefault(f"{figure}, {name}", []).append([1000 / rate(port, path) for path in paths])
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=20)
    return {figure: [statistics.median(column) for column in zip(*rows, strict=True)] for figure, rows in taken.items()}


def _crowd(house: House, application: Any, path: str) -> None:
    """Everybody adds a paragraph or changes the first one, at once, keeping both where two met; then every word is counted."""
    people = [_person(house, application, f"person{number}") for number in range(AUTHORS)]
    conflicts: list[int] = []
    faults: list[Exception] = []

    def write(number: int) -> None:
        try:
            for turn in range(SAVINGS):
                form = _form(people[number].get(path))
                text, word = form["text"].value, f"wort{number}x{turn}"
                first, _, rest = text.partition("\n\n")
                form["text"] = f"{first} {word}\n\n{rest}" if turn % 2 else f"{text}\n\n{word}"
                answer = form.submit("tun", value="speichern", status="*")
                while answer.status_int == 409:
                    conflicts.append(number)
                    answer = next(form for form in answer.forms.values() if "gegen" in form.fields).submit(status="*")
                assert answer.status_int == 303, answer.status
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(AUTHORS)]
    seconds = _seconds(lambda: [[thread.start() for thread in threads], [thread.join() for thread in threads]])
    if faults:
        raise faults[0]
    text = _form(people[0].get(path))["text"].value
    typed = {f"wort{number}x{turn}" for number in range(AUTHORS) for turn in range(SAVINGS)}
    kept = set(re.findall(r"wort\d+x\d+", text))
    total = AUTHORS * SAVINGS
    print(
        f"\n{AUTHORS} authors, {total} savings: {60 * total / seconds:.0f} a minute with {len(conflicts)} conflicts; of {len(typed)} words typed {len(typed & kept)} are there"
    )


def _children_s() -> float:
    """Seconds of processor time that ended children took; unlike the clock they do not tell who else uses the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pdf(house: House, slug: str) -> None:
    with house.writing("bench") as work:
        item = lookup.find(work.session, f"/bericht/{slug}")
        assert item is not None
        document = json.loads(
            work.session.scalars(sa.select(models.Edition.document).where(models.Edition.item_id == item.id)).one()
        )
    proof = typesetting.LedgerProof(1, "ab" * 32, "cd" * 32, "0123456789abcdef", "2026-11-24T04:05:06.000000Z")
    bodies: list[bytes] = []
    typesetter = helper("typesetter")

    def build(shown: Mapping[str, Any]) -> bytes:
        order = typesetting.pdf_order(json.dumps(shown), proof, base_url="https://b.example")
        with tempfile.TemporaryDirectory() as name:
            target = Path(name) / "probe.pdf"
            typesetter.run(order.job, {**order.data, "target": str(target)}, seconds=typesetting.TIMEOUT_S)
            return target.read_bytes()

    before = _children_s()
    seconds = min(_seconds(lambda: bodies.append(build(document))) for _ in range(3))
    typesetter.stop()  # only of a process that ended is its time known
    processor_s = (_children_s() - before) / 3
    build(document)
    empty = {**document, "html": "", "data": {**document["data"], "sections": []}}
    small = min(_seconds(lambda: build(empty)) for _ in range(3))
    pages = len(pypdfium2.PdfDocument(bodies[0]))
    print(
        f"\nPDF: {pages} pages in {seconds:.2f} s ({processor_s:.2f} s of processor time; {seconds / small:.1f} × an empty report); built again: {'the same bytes' if len(set(bodies)) == 1 else 'OTHER BYTES'}"
    )


def run(arguments: Sequence[str]) -> None:
    """Print a table for desk and public, a column per number of revisions, then the crowd and the PDF."""
    sizes = [int(size) for size in arguments] or [10, 100, 1_000]
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        subprocess.run(
            [str(BIN / "beschlussportal"), "--data", str(data), "init", "--empty"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        house = House.open(data)
        paths: dict[str, tuple[str, str]] = {}
        with house.writing("bench") as work:
            transition.publish_now(
                work.desk,
                edit.save(
                    work.session,
                    "term",
                    clean_item("term", {"slug": "probe", "title": "Probe", "text": WORDS}),
                    now=NOW,
                ).item,
            )
            for slug, sections, revisions in [("klein", 1, 1), *((f"lang-{size}", SECTIONS, size) for size in sizes)]:
                report = _report(work, slug, sections)
                if revisions > 1:
                    _age(work, report, revisions)
                paths[slug] = (
                    f"/redaktion/bericht/{report.id}",
                    f"/redaktion/bericht/{report.id}/abschnitt/{report.sections[0].uid}",
                )
        application = make_app(settings.load({"DATA": str(data), "CLOCK": "aus"}), house=house)
        columns = [f"{size} rev" for size in sizes]
        print_table(
            "Reports at the desk, ms",
            ["1 section", *columns],
            _desk(_person(house, application, "anna"), paths),
            ratio=False,
        )
        print_table(
            "Reports for readers, ms",
            ["term", *columns],
            _reading(data, [f"lang-{size}" for size in sizes]),
            ratio=False,
        )
        _pdf(house, f"lang-{sizes[0]}")
        _crowd(house, application, paths["klein"][1])
        house.close()
