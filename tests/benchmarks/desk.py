"""The desk: lists at two sizes of the archive, a step against a bare update, and a minute of editors and readers at once.

`python -m tests.benchmarks desk [SMALL [LARGE [SECONDS]]]`. Lists are medians in milliseconds, sizes taking turns; a step is
counted in bare SQLAlchemy updates with commit on the same database, taking turns as well; one that publishes also in such an
update with one document into the index.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session
from webtest import TestApp

from content import models
from content.house import House
from content.models.item import finding_words, new_uid
from content.schemas import clean_item
from content.services.accounts import accounts, sessions
from content.services.editing import edit
from content.services.workflow import transition
from portal import settings
from portal.app import make_app
from tests.benchmarks.common import BIN, free_port, granian, print_table, wait
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

ROUNDS, STEPS, EDITORS, READERS = 41, 60, 20, 200
STATES = ("published",) * 88 + ("draft",) * 6 + ("submitted",) * 3 + ("scheduled", "withdrawn", "trashed")
OWNERS = ("", "", "", "fitko", "govdigital")
LIST = "/redaktion/eintraege?"
LISTS = {
    "overview": "/redaktion",
    "all": LIST,
    "drafts": LIST + "zustand=draft",
    "kind and state": LIST + "art=page&zustand=draft",
    "organisation": LIST + "haus=fitko",
    "changed by me": LIST + "von=ich",
    "since": LIST + "seit=2026-01-01",
    "by title": LIST + "ordnung=titel",
    "waiting": LIST + "liste=wartet",
    "changed in public": LIST + "liste=angefangen",
    "changes handed in": LIST + "liste=aenderungen",
    "given back": LIST + "liste=zurueck",
    "my drafts": LIST + "liste=entwuerfe",
    "published last": LIST + "liste=veroeffentlicht",
    "frequent word": LIST + "q=vorhaben",
    "rare word": LIST + "q=nummer+01900+ende",
    "no match": LIST + "q=gibtesnicht",
    "page 30": LIST + "seite=30",
}
MOST_BARE, FLAT = 3.0, 1.5
"""The aims: a step in bare updates with commit; a list at the large size in times of the small one. The third is no wrong answer."""
READ = ("/", "/beschluesse", "/presse", "/sitzung/36", "/suche?q=digital", "/seite/impressum")


def run(arguments: Sequence[str]) -> None:
    """Print the three tables."""
    small, large, seconds = ([int(word) for word in arguments] + [2_000, 20_000, 60][len(arguments) :])[:3]
    with tempfile.TemporaryDirectory() as name:
        _lists(Path(name), (small, large))
        _load(Path(name), seconds)


def _init(folder: Path, *options: str) -> House:
    subprocess.run(
        [str(BIN / "beschlussportal"), "--data", str(folder), "init", *options], check=True, stdout=subprocess.DEVNULL
    )
    return House.open(folder)


def _account(house: House, login: str, role: str) -> str:
    """The secret of a session of a new person with a role."""
    now = dt.datetime.now(dt.UTC)
    with house.writing("bench") as work:
        account = accounts.create(work.session, login=login, name=login.title(), email="", now=now)
        account.totp_secret, account.totp_is_confirmed = "A" * 32, True
        accounts.grant(work.session, account, role, "", by="bench", now=now)
        return sessions.begin(work.session, account, address="", agent="", now=now, is_strong=True)


def _fill(house: House, amount: int) -> None:
    """Working rows as years of work leave them: most public, some with others, a few in one's own hands."""
    now, text = dt.datetime.now(dt.UTC), "Ein Text, wie ihn eine Seite hat. " * 60
    rows = []
    for n in range(amount):
        state, url, title = (
            STATES[n % 100],
            f"/seite/vorhaben-{n}",
            f"Vorhaben Nummer {n:05} ende",
        )  # one length: "01900" names one row at either size
        is_public = state in {"published", "withdrawn"}
        # The archive grows, and with it all that is open; what one person has in hand does not.
        by = ("gerda", "otto", "anna")[n % 3] if is_public or n < 2_000 else f"person{n % 97}"
        rows.append(
            {
                "uid": new_uid(),
                "kind": "page",
                "url": url,
                "slug": f"vorhaben-{n}",
                "title": title,
                "text": text,
                "rev": 2 if n % 500 == 7 else 1,
                "publication_state": state,
                "topics": [],
                "created_at": now,
                "changed_at": now - dt.timedelta(hours=n),
                "changed_by": by,
                "input": {"text": text},
                "owner": OWNERS[n % 5],
                "publish_at": now + dt.timedelta(hours=n) if state == "scheduled" else None,
                "public_rev": 1 if is_public else 0,
                "public_at": now - dt.timedelta(hours=n) if is_public else None,
                "finding": finding_words(title, url),
            }
        )
    with house.engine.begin() as connection:
        connection.execute(sa.insert(models.Item.__table__), rows)
        ids = connection.scalars(sa.select(models.Item.id).where(models.Item.url.startswith("/seite/vorhaben-"))).all()
        connection.execute(sa.insert(models.Page.__table__), [{"id": one} for one in ids])
        _changes(connection, now)


def _changes(connection: sa.Connection, now: dt.datetime) -> None:
    """Of the public texts that were changed a third was handed in and a third given back."""
    item = models.Item
    ahead = connection.execute(sa.select(item.id, item.slug).where(item.public_rev == 1, item.rev == 2)).all()
    steps = []
    for one, slug in ahead:
        place = int(slug.rpartition("-")[2]) % 1_500
        taken = {7: ["submit_change"], 507: ["submit_change", "return_change"]}.get(place, [])
        steps += [
            {
                "item_id": one,
                "workflow": "publication",
                "version": PUBLICATION.version,
                "transition": name,
                "source": "published",
                "target": "published",
                "actor": "rita" if name == "return_change" else "otto",
                "actor_name": "",
                "at": now,
                "comment": "Bitte kürzer.",
                "rev": 2,
                "sha256": "0" * 64,
            }
            for name in taken
        ]
        if place == 7:
            connection.execute(
                sa.insert(models.FrozenText.__table__),
                {"item_id": one, "rev": 2, "input_sha256": "0" * 64, "frozen": {}, "files": {}, "at": now},
            )
    connection.execute(sa.insert(models.StepEntry.__table__), steps)


def _lists(folder: Path, sizes: tuple[int, int]) -> None:
    houses, apps = {}, {}
    for size in sizes:
        houses[size] = house = _init(folder / str(size), "--empty")
        secret = _account(house, "gerda", "secretariat")
        _fill(house, size)
        app = TestApp(make_app(settings.load({"DATA": str(house.data)}), house=house))
        app.set_cookie("redaktion", secret)
        apps[size] = app
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for name, path in LISTS.items():
            for size, app in apps.items():
                started = time.perf_counter()
                page = app.get(path, status=200)
                assert name == "no match" or page.text.count('class="row-title"') >= 1, (name, size)
                times.setdefault((name, size), []).append((time.perf_counter() - started) * 1000)
    table = {name: [statistics.median(times[name, size]) for size in sizes] for name in LISTS}
    print_table("Lists of the desk (ms)", [f"{size}" for size in sizes], table)
    slowest = max(table, key=lambda name: table[name][-1] / table[name][0])
    growth = table[slowest][-1] / table[slowest][0]
    _aim(
        f"lists flat from {sizes[0]} to {sizes[-1]} items, at most {FLAT} ×: worst „{slowest}“ {growth:.2f} ×",
        is_reached=growth <= FLAT,
    )
    for size in sizes:
        _steps(houses[size], size)
        houses[size].close()


def _steps(house: House, size: int) -> None:
    """A step counted in bare updates with commit; each kind of write takes its turn."""
    now = dt.datetime.now(dt.UTC)
    with house.writing("otto") as work:
        value = clean_item("page", {"slug": "schritt", "title": "Schritt", "text": "Ein Text."})
        ids = [
            edit.save(work.session, "page", {**value, "slug": f"schritt-{n}"}, now=now, actor="otto").item.id
            for n in range(STEPS)
        ]
        transition.publish_now(
            work.desk, edit.save(work.session, "page", {**value, "slug": "schritt-davor"}, now=now, actor="otto").item
        )

    def bare(item_id: int) -> None:
        with Session(house.engine) as session:
            session.execute(
                sa.update(models.Item)
                .where(models.Item.id == item_id, models.Item.rev == 1)
                .values(changed_at=dt.datetime.now(dt.UTC))
            )
            session.commit()

    def step(name: str, by: str) -> Callable[[int], None]:
        def take(item_id: int) -> None:
            with house.writing(by, permits=ROLES["operator"].permits) as work:
                transition.take(
                    work.desk,
                    work.session.get_one(models.Item, item_id),
                    PUBLICATION,
                    name,
                    {"comment": "Bitte prüfen.", "note": "Überholt."},
                )

        return take

    def indexed(item_id: int) -> None:
        bare(item_id)
        batch = house.search.batch()
        batch.put(dataclasses.replace(document, edition_id=document.edition_id + item_id))
        batch.commit(house.search.position())

    document = next(iter(house.published_documents()))
    writes = {
        "bare update": bare,
        "submit": step("submit", "otto"),
        "bare again": bare,
        "return": step("reject", "rita"),
        "trash": step("trash", "otto"),
        "restore": step("restore", "otto"),
        "submit again": step("submit", "otto"),
        "bare update and index": indexed,
        "publish": step("publish", "rita"),
        "withdraw": step("withdraw", "rita"),
        "republish": step("republish", "rita"),
    }
    times: dict[str, list[float]] = {}
    for item_id in ids:
        for name, act in writes.items():
            started = time.perf_counter()
            act(item_id)
            times.setdefault(name, []).append(time.perf_counter() - started)
    middle = {name: statistics.median(values) for name, values in times.items()}
    table = {
        name: [value * 1000, value / middle["bare update"], value / middle["bare update and index"]]
        for name, value in middle.items()
    }
    print_table(f"A step among {size} items", ["ms", "× bare", "× bare with index"], table, ratio=False)
    worst = max(("submit", "return", "trash", "restore"), key=lambda name: table[name][1])
    _aim(
        f"a step at most {MOST_BARE} × a bare update: worst „{worst}“ {table[worst][1]:.2f} ×",
        is_reached=table[worst][1] <= MOST_BARE,
    )
    worst = max(("publish", "withdraw", "republish"), key=lambda name: table[name][2])
    _aim(
        f"a step that changes the index at most {MOST_BARE} × a bare update and index: worst „{worst}“ {table[worst][2]:.2f} ×",
        is_reached=table[worst][2] <= MOST_BARE,
    )


def _load(folder: Path, seconds: int) -> None:
    """Editors who look, submit and take back, and readers, all at once; every answer that is not as it should be is counted."""
    house = _init(folder / "load")
    editors = []
    for n in range(EDITORS):
        secret = _account(house, f"person-{n}", "press")
        with house.writing(f"person-{n}") as work:
            row = edit.save(
                work.session,
                "page",
                clean_item("page", {"slug": f"last-{n}", "title": f"Last {n}", "text": "x"}),
                now=work.desk.now,
                actor=f"person-{n}",
            ).item
            token = work.session.scalars(
                sa.select(models.AccountSession.form_token).order_by(models.AccountSession.id.desc())
            ).first()
            editors.append((secret, str(token), row.id, row.rev))
    house.close()
    port = free_port()
    server = granian("portal.wsgi:application", port, DATA=str(folder / "load"), HOST="127.0.0.1", PORT=str(port))
    answers: Counter[str] = Counter()
    times: dict[str, list[float]] = {"reader": [], "editor": [], "step": []}
    until = time.monotonic()
    try:
        wait(port)
        until = time.monotonic() + seconds
        people = [
            threading.Thread(target=_person, args=(port, until, answers, times, _reader(n))) for n in range(READERS)
        ]
        people += [
            threading.Thread(target=_person, args=(port, until, answers, times, _editor(*one))) for one in editors
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
    finally:
        server.terminate()
        server.wait(timeout=20)
    print(f"\n{EDITORS} editors and {READERS} readers for {seconds} s: {dict(answers)}")
    wrong = sum(count for what, count in answers.items() if what != "right")
    _aim(f"no wrong answer: {wrong} of {answers.total()}", is_reached=wrong == 0 and answers["right"] > 0)
    table = {
        name: [len(values), statistics.median(values) * 1000, sorted(values)[int(len(values) * 0.99)] * 1000]
        for name, values in times.items()
        if values
    }
    print_table("Answers", ["count", "median ms", "99 % ms"], table, ratio=False)


def _aim(words: str, *, is_reached: bool) -> None:
    print(f"Aim {'reached' if is_reached else 'MISSED'}: {words}", flush=True)


Request = tuple[str, str, str, str | None, dict[str, str], int]
"""What it is, method, path, body, headers, status that is right."""


def _reader(number: int) -> Iterator[Request]:
    while True:
        for n in range(len(READ)):
            yield "reader", "GET", READ[(number + n) % len(READ)], None, {}, 200


def _editor(secret: str, token: str, item_id: int, rev: int) -> Iterator[Request]:
    cookie = {"Cookie": f"redaktion={secret}"}
    form = {**cookie, "Content-Type": "application/x-www-form-urlencoded"}
    while True:
        for path in ("/redaktion", "/redaktion/eintraege", f"/redaktion/eintrag/{item_id}"):
            yield "editor", "GET", path, None, cookie, 200
        for name in ("submit", "recall"):
            body = urlencode({"formular": token, "workflow": "publication", "schritt": name, "rev": rev})
            yield "step", "POST", f"/redaktion/eintrag/{item_id}/schritt", body, form, 303


def _person(
    port: int, until: float, answers: Counter[str], times: dict[str, list[float]], requests: Iterator[Request]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for what, method, path, body, headers, right in requests:
        if time.monotonic() >= until:
            return
        started = time.perf_counter()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            answers["right" if response.status == right else f"{method} {path}: {response.status}"] += 1
        except OSError as error:
            answers[f"{method} {path}: {type(error).__name__}"] += 1
            connection.close()
        times[what].append(time.perf_counter() - started)
        time.sleep(0.05)
