"""What strangers can make the portal keep: bounded, and never at the cost of the pages that everybody reads. Addresses come from the route table."""

from __future__ import annotations

import re

from webtest import TestApp

from portal.app import make_app
from portal.settings import load
from portal.web.cache import FOR_EVER
from tests.functional.browsing import registry_of
from tests.functional.test_busy import _addresses

MARKED = re.compile(r'(?:href|src)="(/static/[^"]+\?v=[0-9a-f]+)"')


def store_of(app):
    return app.app.inner


def kept(app):
    """(path, query) of everything that is kept."""
    store = store_of(app)
    return {(key[0], key[1]) for shelf in (store._ordinary, store._chosen) for key in shelf._pages}


def ordinary(app):
    return set(store_of(app)._ordinary._pages)


def public(house, app):
    """Addresses that anybody may read, as the route table has them."""
    apart = {"pdf", "kit", "embargo", "review", "alert", "ticket", "health", "file"}
    return [
        path
        for name, path in _addresses(house, app)
        if not path.startswith(("/redaktion", "/anmelden")) and name.partition(".")[0] not in apart
    ]


def test_a_file_of_the_design_is_kept_under_its_right_mark_only(portal):
    app, _ = portal
    marked = MARKED.findall(app.get("/").text)
    assert len(marked) >= 5
    for address in marked:
        path = address.partition("?")[0]
        assert app.get(address).headers["Cache-Control"] == FOR_EVER, address
        before = kept(app)
        for query in (
            "v=1",
            "v=",
            "v",
            "v=" + "0" * 10,
            "V=1",
            address.partition("?")[2].upper(),
            address.partition("?")[2] + "&v=1",
            address.partition("?")[2] + "&x=1",
        ):
            answer = app.get(f"{path}?{query}")
            assert answer.status_int == 200 and (
                "immutable" not in answer.headers["Cache-Control"]
                or "v=" + registry_of(app).assets[path.removeprefix("/static/")][-10:] in query
            ), query
        assert kept(app) == before, path
    for name in registry_of(app).assets:
        assert "immutable" not in app.get(f"/static/{name}").headers["Cache-Control"], name
    assert "immutable" not in app.get("/favicon.ico").headers["Cache-Control"]


def test_no_odd_spelling_of_any_address_is_kept_as_an_ordinary_page(portal):
    """Each public route: parameters, known and senseless, in any order, case and number; spellings of the path."""
    app, house = portal
    paths = public(house, app)
    for path in paths:
        app.get(path, expect_errors=True)
    before = ordinary(app)

    def ask(path, query="", **headers):
        request = app.RequestClass.blank("/", environ=app.extra_environ, headers=headers)
        request.environ |= {"PATH_INFO": path, "QUERY_STRING": query}
        app.do_request(request, expect_errors=True)

    for path in paths:
        for query in ("seite=2&seite=3", "v=1&seite=1", "unsinn=1"):
            ask(path, query)
        *folders, last = path.split("/")
        for odd in (
            f"{path}/",
            f"/{path}",
            f"{path}/.",
            path.upper(),
            path.replace("1", "\xd9\xa1"),
            path.replace("/", "/0"),
            "/".join([*folders, ".", last]),
            f"/x/..{path}",
        ):
            if odd != path:
                ask(odd)
        ask(
            path,
            **{
                "Accept": "application/json",
                "Accept-Language": "en",
                "Accept-Encoding": "br;q=1.0, *;q=0.1",
                "Host": "localhost:1",
            },
        )
    assert sorted((path, query) for path, query, _ in ordinary(app) - before) == []


def test_a_flood_of_choices_pushes_no_ordinary_page_out_and_stays_within_its_share(portal, tmp_path):
    """A small store: every page of the flood is different, may be kept, and is."""
    _, house = portal
    settings = load({"DATA": str(house.data), "CACHE_MB": "2", "CLOCK": "aus"})
    app = TestApp(make_app(settings, house=house), extra_environ={"HTTP_HOST": "127.0.0.1:6543"})
    paths = ["/", "/beschluss/2021/39", "/beschluesse", "/presse", "/static/portal.css"]
    for path in paths:
        app.get(path)
    for day in range(1, 29):
        for month in range(1, 7):
            app.get(f"/beschluss/2021/39?stand=2022-{month:02d}-{day:02d}")
    store = store_of(app)
    assert {(path, "") for path in paths} <= kept(app)
    assert len(store._chosen._pages) < 100 and store._chosen._size <= 500_000
    etag = app.get("/beschluss/2021/39").headers["ETag"]
    assert app.get("/beschluss/2021/39", headers={"If-None-Match": etag}).status_int == 304


def test_choices_that_are_asked_for_outlive_those_that_are_not(portal):
    app, _ = portal
    shelf = store_of(app)._chosen
    app.get("/beschluesse?seite=2")
    shelf._limit_bytes = 600_000
    for number in range(60):
        app.get(f"/beschluesse?seite=1&jahr={2010 + number % 15}&sortierung={('alt', 'neu', 'titel', 'x')[number % 4]}")
        app.get("/beschluesse?seite=2")
    assert ("/beschluesse", "seite=2", False) in shelf._pages and len(shelf._pages) < 56


def test_what_is_remembered_of_the_marketplace_does_not_grow_with_questions(portal):
    """`?anbieter=` may be any word: nothing may be remembered under it until something is published."""
    app, _ = portal
    app.get("/abdeckung")
    memo = registry_of(app).memo
    before = len(memo._kept[1])
    for number in range(30):
        assert app.get(f"/abdeckung?anbieter=Niemand{number}").status_int == 200
        app.get(f"/umsetzung/{'xyzw'[number % 4]}{'abc'[number % 3]}", expect_errors=True)
    assert len(memo._kept[1]) == before


def test_two_editions_side_by_side_are_a_choice(portal):
    app, _ = portal
    path = "/beschluss/2021/39/fassungen/1..1"
    app.get(path)
    assert (path, "") in kept(app) and (path, "", False) not in ordinary(app)
    for odd in (
        "/beschluss/2021/39/fassungen/01..1",
        "/beschluss/2021/39/fassungen/%D9%A1..1",
        "/beschluss/2021/39/fassungen/0..1",
    ):
        assert app.get(odd, expect_errors=True).status_int == 404


def test_who_takes_no_gzip_gets_none(portal):
    app, _ = portal
    for accepted, is_packed in (
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, identity", False),
        ("GZIP", True),
        ("x-gzip", True),
        ("notgzip", False),
        ("gzip;q=1.0", True),
        ("", False),
    ):
        answer = app.get("/beschluesse", headers={"Accept-Encoding": accepted})
        assert answer.headers["ETag"].endswith('-gz"') is is_packed, accepted
