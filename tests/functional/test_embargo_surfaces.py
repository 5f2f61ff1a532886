"""Nothing public tells of an embargoed item before its release: every answer is the same byte for byte, with and without it.

The addresses come from the route table. A route that has no line in `ADDRESSES` fails the test: whoever adds a surface
says here how it is asked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp

from content import models
from content.house import Work
from content.kinds import KINDS
from content.schemas import clean_item
from content.services.editing import edit, pictures
from content.services.workflow import embargo, transition
from portal import settings
from portal.app import make_app
from portal.background import clock
from portal.views.desk import embargo as views
from portal.web.incoming import store_file
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
UNTIL = NOW + dt.timedelta(hours=3)
WORD = "Geheimniskraemerei"
TOPIC = "Sperrthema"
RELEASE, DECISION, OTHER = "/presse/vorab-bekannt", "/beschluss/2026/77", "/beschluss/2021/39"
TOKEN = "k" * 43
SHA = "0" * 64

EXAMPLES = {
    "decision": ["/beschluss/2021/39", "/beschluss/2021/40"],
    "meeting": ["/sitzung/36"],
    "press_release": ["/presse/vorab-bekannx"],
    "term": ["/glossar/efa"],
    "body": ["/gremium/it-planungsrat"],
    "page": ["/seite/impressum"],
}
EMBARGOED = {"decision": DECISION, "press_release": RELEASE}
QUERIES = [
    "",
    "?seite=2",
    "?jahr=2026",
    f"?thema={TOPIC}",
    "?sortierung=titel",
    "?sortierung=neu&seite=1",
    f"?stand={NOW.date()}",
    "?stand=2022-03-01",
]
WORDS = [
    WORD,
    f'"Was {WORD} bedeutet"',
    "2026/77",
    "Beschluss+2026-77",
    "gehei*",
    TOPIC,
    "Vera+Beispielfrau",
    "2021/39",
]


def of_kind(kind: str) -> list[str]:
    return [
        *EXAMPLES.get(kind, ()),
        *([EMBARGOED[kind]] if kind in EMBARGOED else [f"/{KINDS[kind].path}/vorab-bekannt"]),
    ]


def behind(ending: str) -> Callable[[str, str], list[str]]:
    return lambda _, kind: [url + ending for url in of_kind(kind)]


def searched(path: str) -> Callable[[str, str], list[str]]:
    return lambda _, __: [
        f"{path}?q={words}{more}" for words in WORDS for more in ("", "&art=press_release", "&jahr=2026")
    ]


def alike(*paths: str) -> Callable[[str, str], list[str]]:
    return lambda _, __: list(paths)


def at_the_desk(pattern: str, _kind: str) -> list[str]:
    """As a visitor: led to the sign-in form, whether the item exists or not."""
    return [
        re.sub(r"\{id.*?\}\}", number, re.sub(r"\{kind[^}]*\}", "press_release", pattern)) for number in ("1", "{id}")
    ]


ADDRESSES: dict[str, Callable[[str, str], list[str]]] = {
    "home": lambda _, __: ["/" + query for query in QUERIES],
    "list": lambda pattern, _: [pattern + query for query in QUERIES],
    "item": lambda _, kind: [
        url + query
        for url in of_kind(kind)
        for query in ("", "?fassung=1", "?stand=2022-03-01", f"?stand={NOW.date()}")
    ],
    "pdf": lambda _, kind: [EMBARGOED[kind] + ".pdf"] if kind in EMBARGOED else [],
    "json": behind(".json"),
    "cite": behind("/zitieren"),
    "bibtex": behind("/zitat.bib"),
    "ris": behind("/zitat.ris"),
    "plain": behind("/zitat.txt"),
    "versions": behind("/fassungen"),
    "compare": behind("/fassungen/1..1"),
    "kit": lambda _, __: [RELEASE + "/pressemappe.zip"],
    "search": searched("/suche"),
    "search_feed": searched("/suche.atom"),
    "search_json": searched("/api/v1/suche"),
    "search_suggest": lambda path, _: [
        f"{path}?q={words}" for words in (*WORDS, WORD[:4], WORD[:4].lower(), TOPIC[:5], "Vorab", "Was G", "Vera+Bei")
    ],
    "alert": lambda pattern, _: [
        re.sub(r"\{token.*?\}\}", "1." + "a" * 22, pattern) + query for query in ("", f"?q={WORD}")
    ],
    "embargo": lambda pattern, _: [
        re.sub(r"\{token.*?\}\}", TOKEN, re.sub(r"\{sha256.*?\}\}/\{name\}", SHA + "/x.png", pattern))
    ],
    "review": lambda pattern, _: [
        re.sub(
            r"\{uid.*?\}\}",
            "0" * 36,
            re.sub(r"\{token.*?\}\}", TOKEN, re.sub(r"\{sha256.*?\}\}/\{name\}", SHA + "/x.png", pattern)),
        )
    ],
    "ledger": alike("/ledger", "/ledger?seite=2"),
    "ledger_lines": alike("/ledger.jsonl"),
    "ledger_key": alike("/ledger/schluessel.pem"),
    "register": lambda pattern, _: [
        re.sub(r"\{position.*?\}\}", number, re.sub(r"\{sha256.*?\}\}", SHA, pattern))
        for number in ("1", "270", "999999")
    ],
    "help": alike("/hilfe"),
    "stand": alike("/stand", f"/stand?stand=2022-03-01&seite_pfad={RELEASE}"),
    "feed": lambda _, __: [f"/feeds/{name}.atom" for name in ("alle", *(kind.path for kind in KINDS.values()))],
    "sitemap": alike("/sitemap.xml"),
    "sitemap_part": alike("/sitemap-1.xml", "/sitemap-2.xml"),
    "robots": alike("/robots.txt"),
    "security": alike("/.well-known/security.txt"),
    "opensearch": alike("/opensearch.xml"),
    "health": alike("/health"),
    "favicon": alike("/favicon.ico"),
    "asset": alike("/static/portal.css"),
    "file": alike("/datei/{sha256}/bild.png"),
    "passkey_question": alike("/anmelden/passkey/frage"),
    "passkey_sign_in": alike("/anmelden/passkey"),
    "oidc_start": alike("/anmelden/dienst"),
    "oidc_back": alike("/anmelden/dienst/zurueck?code=x&state=y"),
    "oidc_link": alike("/anmelden/dienst/verbinden"),
    "sign_in": alike("/anmelden"),
    "forgotten": alike("/anmelden/vergessen"),
    "ticket": alike("/anmelden/" + "t" * 43),
    "market": lambda pattern, _: [
        re.sub(r"\{tail.*?\}\}", "vorab-bekannt", pattern) + query for query in ("", f"?q={WORD}", f"?thema={TOPIC}")
    ],
    "matrix": lambda pattern, _: [re.sub(r"\{code.*?\}\}", "hh", pattern)],
    "coverage": lambda pattern, _: [pattern],
    "report": lambda pattern, _: [
        re.sub(r"\{slug.*?\}\}", "verwaltung-und-startups", re.sub(r"\{anchor.*?\}\}", "a1", pattern))
    ],
    "desk": at_the_desk,
}
"""Part of a route's name before the dot → the addresses it is asked at. `{id}` and `{sha256}` are the embargoed ones."""

ERRORS = [
    "/vorab-bekannt",
    "/presse/vorab",
    "/presse/vorab-bekannt/",
    "/2026-77",
    "/beschluss/2026-77",
    "/beschluesse/2026/77",
    "/beschluss/2026/78",
    "/beschluesse/beschluss/vorab-bekannt",
    "/presse/vorab-bekannt?fassung=2",
    "/presse/vorab-bekannt?stand=morgen",
    "/beschluss/beschluss-2026-77",
    "/datei/{sha256}",
]
"""Addresses of no route: mistyped, older forms, refused."""

CHANGING = {
    "home",
    "list",
    "item",
    "pdf",
    "json",
    "cite",
    "bibtex",
    "ris",
    "plain",
    "versions",
    "compare",
    "kit",
    "search",
    "search_feed",
    "search_json",
    "search_suggest",
    "ledger",
    "ledger_lines",
    "register",
    "feed",
    "sitemap",
    "sitemap_part",
    "health",
    "file",
    "errors",
}
"""Where the release must show: a surface that is the same before and after was not really asked."""


class World:
    """One portal, uncached and cached, and a road to every public answer."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.apps = []
        for cache_mb in ("0", "16"):
            configured = settings.load(
                {"DATA": str(house.data), "BASE_URL": "https://beschluesse.example", "CACHE_MB": cache_mb}
            )
            self.apps.append(TestApp(make_app(configured, house=house)))
        self.values = {"id": "999999", "sha256": SHA}

    def work(self, actor: str, now: dt.datetime = NOW) -> Any:
        return self.house.writing(actor, name=actor.title(), permits=ROLES["secretariat"].permits, clock=lambda: now)

    def routes(self) -> list[tuple[str, str]]:
        mapper = self.apps[0].app.inner._application.registry.getUtility(IRoutesMapper)
        return [(route.name, route.pattern) for route in mapper.get_routes()]

    def paths(self) -> list[tuple[str, str]]:
        """(surface, address) of all that can be asked."""
        found = [
            (name.split(".")[0], path)
            for name, pattern in self.routes()
            for path in ADDRESSES[name.split(".")[0]](pattern, name.rpartition(".")[2])
        ]
        return [
            (surface, self._filled(path))
            for surface, path in dict.fromkeys([*found, *(("errors", path) for path in ERRORS)])
        ]

    def _filled(self, path: str) -> str:
        return path.replace("{id}", self.values["id"]).replace("{sha256}", self.values["sha256"])

    def crawl(
        self, addresses: list[tuple[str, str]]
    ) -> dict[tuple[str, str, int, str], tuple[str, list[tuple[str, str]], bytes]]:
        views.WRONG = views.Limiter(10_000, 600)
        answers = {}
        for surface, path in addresses:
            for number, app in enumerate(self.apps):
                for accepts in ("", "gzip") if number else ("",):
                    answer = app.get(path, expect_errors=True, headers={"Accept-Encoding": accepts} if accepts else {})
                    answers[surface, path, number, accepts] = _kept(answer)
        return answers


_BROWSER = re.compile(r"(?<=__Secure-browser=)[^;]*")
"""What binds a form to its browser is new in each browser."""


def _kept(answer: Any) -> tuple[str, list[tuple[str, str]], bytes]:
    """An answer without what differs from one second to the next: the sealed time in a form, the end of a picture's life."""
    body = re.sub(rb'(name="formular" value=")[^"]*', rb"\1", answer.body)
    is_changed = body != answer.body
    moving = {"Expires", "ETag", "Content-Length"} if is_changed else {"Expires"}
    return (
        answer.status,
        sorted((name, _BROWSER.sub("", value)) for name, value in answer.headers.items() if name not in moving),
        body,
    )


@pytest.fixture
def world(portal: Any) -> World:
    return World(portal[1])


def test_every_route_says_how_it_is_asked(world):
    missing = sorted({name for name, _ in world.routes() if name.split(".")[0] not in ADDRESSES})
    assert not missing, f"add to ADDRESSES in {__name__}, so that no embargo leaks there: {missing}"


def test_nothing_public_differs_before_the_release_and_all_of_it_after(world):
    values = _foreseen(world)
    world.values.update(values)
    addresses = world.paths()
    before = world.crawl(addresses)
    assert _write(world) == values
    _put_under_embargo(world)
    assert _differing(before, world.crawl(addresses)) == []
    clock.tick(world.house, lambda *_: None, now=lambda: UNTIL - dt.timedelta(microseconds=1))
    assert _differing(before, world.crawl(addresses)) == []
    clock.tick(world.house, lambda *_: None, now=lambda: UNTIL)
    after = world.crawl(addresses)
    changed = {
        key[0]
        for key in _differing(before, after)
        if (before[key][0], before[key][2]) != (after[key][0], after[key][2])
    }
    assert changed >= CHANGING, CHANGING - changed


def _differing(before: dict[Any, Any], after: dict[Any, Any]) -> list[Any]:
    assert before.keys() == after.keys()
    return [key for key in before if before[key] != after[key]]


def _write(world: World) -> dict[str, str]:
    """A release with a picture and a decision that it names, of the newest session and about another decision; still drafts."""
    with world.work("petra") as work:
        return _rows(work)


def _rows(work: Work) -> dict[str, str]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "PNG")
    keep = store_file(work)

    class Files:
        def attachment(self, _name: str, _field: str) -> models.File:
            return keep(b"%PDF-1.4 geheim", "application/pdf", None, None)

        def image(self, _name: str, _field: str) -> models.File:
            return pictures.keep(keep, out.getvalue())

    decision = clean_item(
        "decision",
        {
            "body": "it-planungsrat",
            "number": "2026/77",
            "title": f"Was {WORD} bedeutet",
            "date": "2026-11-25",
            "meeting": "/sitzung/36",
            "topics": [TOPIC],
            "text": f"1. Der Beschluss 2021/39 wird durch {WORD} ersetzt.\n2. Die FITKO berichtet zur 40. Sitzung.",
        },
    )
    release = clean_item(
        "press_release",
        {
            "slug": "vorab-bekannt",
            "title": f"Vorab: {WORD}",
            "release_kind": "press_release",
            "publisher": "IT-Planungsrat",
            "date": "2026-11-25",
            "meeting": "/sitzung/36",
            "decisions": ["2026/77", "2021/39"],
            "topics": [TOPIC],
            "text": f"Der Rat entschied über {WORD}.",
            "quotes": [{"text": "Das ist gut.", "speaker": "Vera Beispielfrau", "function": "Vorsitz"}],
            "image": {"file": "bild.png", "alt": "Ein Bild", "credit": "Amt"},
            "attachments": [{"title": "Anlage", "file": "anlage.pdf"}],
        },
    )
    rows = [
        edit.save(work.session, kind, value, now=NOW, files=Files(), actor="petra").item
        for kind, value in (("decision", decision), ("press_release", release))
    ]
    return {"id": str(rows[1].id), "sha256": rows[1].image.sha256}


class _Undo(Exception):  # noqa: N818 - a signal
    """Ends a transaction without a trace."""


def _foreseen(world: World) -> dict[str, str]:
    """What `_write` gives, without a trace of it: the crawl before must know ids and hashes. A number once given is never free again."""
    values: dict[str, str] = {}
    with contextlib.suppress(_Undo), world.work("petra") as work:
        values |= _rows(work)
        raise _Undo
    return values


def _put_under_embargo(world: World) -> None:
    """Submit, embargo, schedule; invite somebody who reads it all."""
    paths = []
    for url in (RELEASE, DECISION):
        with world.work("petra") as work:
            transition.take(work.desk, work.session.query(models.Item).filter_by(url=url).one(), PUBLICATION, "submit")
        with world.work("paul") as work:
            row = work.session.query(models.Item).filter_by(url=url).one()
            embargo.set_until(work.desk, row, UNTIL)
            transition.take(work.desk, row, PUBLICATION, "schedule", {"publish_at": UNTIL})
            embargo.invite(
                work.desk, row, {"name": "Jana Journal", "organisation": "Zeitung", "email": "jana@zeitung.example"}
            )
            paths += [
                job.payload["path"]
                for job in work.session.query(models.Job).filter(models.Job.kind == "mail.embargo")
                if job.payload
            ]
    for path in dict.fromkeys(paths):
        for app in world.apps:
            assert WORD in app.get(path).text
