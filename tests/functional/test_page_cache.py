"""The store of finished pages: what is kept, for how long, and what it takes."""

from __future__ import annotations

import datetime as dt

from webtest import TestApp

from portal.web.cache import ASK_EACH_TIME, ASKED, CACHEABLE, PageCache
from portal.web.position import Away


class Made:
    """An application that counts how often it was asked, and looks at one parameter."""

    def __init__(self, body=b"Seite", headers=()):
        self.count, self.body, self.headers = 0, body, list(headers)

    def __call__(self, environ, start_response):
        self.count += 1
        environ.setdefault(ASKED, set()).add("seite")
        start_response("200 OK", [("Content-Type", "text/plain"), (CACHEABLE, ASK_EACH_TIME), *self.headers])
        return [self.body]


def cache(made, *, limit=1_000_000, position=lambda: 1, today=lambda: dt.date(2026, 1, 1)):
    return PageCache(made, position=position, version="v", limit_bytes=limit, today=today)


def test_a_page_is_made_anew_when_the_day_changes_and_only_then():
    days, made = [dt.date(2026, 1, 1)], Made()
    app = TestApp(cache(made, today=lambda: days[0]))
    first = app.get("/")
    assert app.get("/").headers["ETag"] == first.headers["ETag"] and made.count == 1
    days[0] = dt.date(2026, 1, 2)
    assert app.get("/").headers["ETag"] != first.headers["ETag"] and made.count == 2
    assert app.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_int == 200, (
        "yesterday's page is not today's"
    )


def test_addresses_and_headers_count():
    made = Made(headers=[("Link", "x" * 1_000)])
    store = cache(made, limit=50_000)
    for number in range(200):
        TestApp(store).get("/" + "a" * 1_500 + str(number))
    pages = store._ordinary._pages
    assert (
        sum(
            len(key[0]) + len(key[1]) + len(kept.body) + sum(map(len, map(str, kept.headers)))
            for key, kept in pages.items()
        )
        < 50_000
    )
    assert 0 < len(pages) < 20


def test_under_parameters_that_no_page_reads_nothing_is_kept():
    made = Made()
    store = cache(made)
    for query in ("unsinn=1", "seite=2&unsinn=1", "seite=2&seite=3", "seite=2", ""):
        TestApp(store).get(f"/?{query}" if query else "/")
    assert {key[1] for shelf in (store._ordinary, store._chosen) for key in shelf._pages} == {"seite=2", ""}


def test_while_the_database_is_away_kept_pages_go_on_and_say_so():
    made, is_away = Made(), [False]

    def position():
        if is_away[0]:
            raise Away
        return 1

    app = TestApp(cache(made, position=position))
    fresh = app.get("/")
    assert "Warning" not in fresh.headers
    is_away[0] = True
    stale = app.get("/")
    assert stale.body == fresh.body and stale.headers["Warning"].startswith("110") and made.count == 1
    assert app.head("/").headers["Warning"].startswith("110")
    is_away[0] = False
    assert "Warning" not in app.get("/").headers, "the mark belongs to the answer, not to what is kept"
