"""Finished public pages, kept by address and never stale.

A WSGI layer before Pyramid. A page is kept together with the state it was made in: ledger position, day, version of the
program. Each request reads the position from the database (a few microseconds) *before* anything else, so the first
request after a publication makes the page anew. The state is also the strong ETag: whoever holds it gets 304.

There are as many ordinary pages as there is content. Of pages that readers put together themselves (`?jahr=…&seite=…`, two
editions side by side) there are as many as somebody likes: they lie on a shelf of their own, and push out each other only.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from content.typed.berlin import BERLIN
from portal.web.position import Away

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

CACHEABLE: Final = "X-Portal-Cacheable"
"""A response that carries this header may be kept; the header itself is not sent. Its value: how long browsers may."""

ASK_EACH_TIME: Final = "public, max-age=0, must-revalidate"
FOR_EVER: Final = "public, max-age=31536000, immutable"

POSITION: Final = "portal.position"
"""Where the application finds the ledger position that the cache has read already."""

ASKED: Final = "portal.asked"
"""Where the application leaves the names of the parameters that it looked at: a page is kept under no others."""

CHOSEN: Final = "portal.chosen"
"""Where the application says that an address without parameters is one of many that readers choose themselves."""

STALE: Final = ("Warning", '110 - "Response is Stale"')
"""Header of a page that is shown as it was because the database is away."""

WITHOUT_DATABASE: Final = ("/static/", "/favicon.ico", "/health")
"""Addresses that answer without the database; the last one says that it is away."""

_MAX_PAGE_BYTES: Final = 2_000_000
_CHOSEN_SHARE: Final = 4
"""One part of so many is left to pages that readers put together themselves."""
_GZIP_LEVEL: Final = 5
_OVERHEAD_BYTES: Final = 2_000
_LETTER_BYTES: Final = 2
"""A letter of an address takes so many, about."""


Key = tuple[str, str, bool]
"""Path, query, and whether the page is compressed."""


@dataclass(frozen=True, slots=True)
class _Kept:
    state: str
    headers: list[tuple[str, str]]
    body: bytes
    etag: str

    def size(self, key: Key) -> int:
        """Bytes that it takes under `key`, about."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + headers + _LETTER_BYTES * (len(key[0]) + len(key[1])) + _OVERHEAD_BYTES


def berlin_today() -> dt.date:
    """The day whose pages are shown."""
    return dt.datetime.now(BERLIN).date()


class _Shelf:
    """Pages up to `limit_bytes`; the one not asked for longest goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._pages: OrderedDict[Key, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> _Kept | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept is not None:
                self._pages.move_to_end(key)
            return kept

    def put(self, key: Key, kept: _Kept) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._size += kept.size(key) - (old.size(key) if old else 0)
            self._pages[key] = kept
            while self._size > self._limit_bytes:
                name, gone = self._pages.popitem(last=False)
                self._size -= gone.size(name)


class PageCache:
    """Wraps an application. `position` reads the ledger position (raises `Away`); `version` names the program's state; `today` says the day.

    While the database is away, kept pages go on and say that they are stale.
    """

    def __init__(
        self,
        application: Application,
        *,
        position: Callable[[], int],
        version: str,
        limit_bytes: int,
        today: Callable[[], dt.date] = berlin_today,
    ) -> None:
        self._application = application
        self._position = position
        self._version = version
        self._today = today
        self._chosen = _Shelf(limit_bytes // _CHOSEN_SHARE)
        self._ordinary = _Shelf(limit_bytes - limit_bytes // _CHOSEN_SHARE)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the store, or ask the application and keep what may be kept."""
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "HEAD"}:
            return self._application(environ, start_response)
        is_gzip = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        key = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""), is_gzip)
        kept = self._ordinary.get(key) or self._chosen.get(key)
        if key[0].startswith(WITHOUT_DATABASE):
            state = self._version
        else:
            try:
                environ[POSITION] = position = self._position()
            except Away:
                return self._without_database(environ, start_response, kept)
            state = self._state(position)
        if kept is None or kept.state != state:
            environ[ASKED] = set()
            made = self._make(environ, start_response, state, is_gzip=is_gzip)
            if not isinstance(made, _Kept):
                return made
            kept = made
            if _is_asked_for(environ) and kept.size(key) <= _MAX_PAGE_BYTES:
                (self._chosen if _is_chosen(environ, kept) else self._ordinary).put(key, kept)
        return _answer(environ, start_response, kept, is_head=method == "HEAD")

    def _without_database(self, environ: Environ, start_response: StartResponse, kept: _Kept | None) -> Iterable[bytes]:
        if kept is None:
            return self._application(environ, start_response)  # it knows how to say so
        stale = _Kept(kept.state, [*kept.headers, STALE], kept.body, kept.etag)
        return _answer(environ, start_response, stale, is_head=environ["REQUEST_METHOD"] == "HEAD")

    def _state(self, position: int) -> str:
        return f"{position}-{self._today().toordinal()}-{self._version}"

    def _make(
        self, environ: Environ, start_response: StartResponse, state: str, *, is_gzip: bool
    ) -> _Kept | Iterable[bytes]:
        captured: list[Any] = []

        def capture(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
            captured[:] = [status, headers, exc_info]
            return lambda _: None

        inner = {**environ, "REQUEST_METHOD": "GET"} if environ["REQUEST_METHOD"] == "HEAD" else environ
        chunks = self._application(inner, capture)
        status, headers, exc_info = captured
        if status != "200 OK" or not any(name == CACHEABLE for name, _ in headers):
            start_response(status, [row for row in headers if row[0] != CACHEABLE], exc_info)
            if environ["REQUEST_METHOD"] == "HEAD":
                _close(chunks)
                return []
            return chunks
        body = b"".join(chunks)
        _close(chunks)
        return _finished(state, headers, body, is_gzip=is_gzip)


def _is_asked_for(environ: Environ) -> bool:
    """Whether the page depends on every parameter of the address, each named once: under senseless ones nothing is kept."""
    query = environ.get("QUERY_STRING", "")
    if not query:
        return True
    asked = environ.get(ASKED, ())
    names = [row.partition("=")[0] for row in query.split("&")]
    return len(set(names)) == len(names) and all(name in asked for name in names)


def _is_chosen(environ: Environ, kept: _Kept) -> bool:
    """Whether there are as many such pages as readers like. What may be kept for ever has one address only."""
    return bool(environ.get(CHOSEN) or environ.get("QUERY_STRING")) and ("Cache-Control", FOR_EVER) not in kept.headers


def _takes_gzip(accepted: str) -> bool:
    """Whether the reader takes gzip: named, and not with a weight of nothing."""
    return any(_GZIP.match(row) for row in accepted.lower().split(","))


_GZIP: Final = re.compile(r"\s*(?:x-)?gzip\s*(?:;\s*q\s*=\s*(?:1|0?\.0*[1-9])|\Z)")


def _finished(state: str, headers: list[tuple[str, str]], body: bytes, *, is_gzip: bool) -> _Kept:
    # The state names the moment, the body's hash the page: together they stay true across servers and restarts.
    mark = f"{state}-{hashlib.blake2b(body, digest_size=6).hexdigest()}"
    etag = f'"{mark}-gz"' if is_gzip else f'"{mark}"'
    sent = gzip.compress(body, _GZIP_LEVEL, mtime=0) if is_gzip else body
    dropped = {CACHEABLE, "Content-Length", "ETag", "Cache-Control"}
    kept = [row for row in headers if row[0] not in dropped]
    lifetime = next(value for name, value in headers if name == CACHEABLE)
    kept += [("ETag", etag), ("Cache-Control", lifetime), ("Vary", "Accept-Encoding")]
    kept += [("Content-Encoding", "gzip")] if is_gzip else []
    kept.append(("Content-Length", str(len(sent))))
    return _Kept(state, kept, sent, etag)


def _answer(environ: Environ, start_response: StartResponse, kept: _Kept, *, is_head: bool) -> Iterable[bytes]:
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked and (asked.strip() == "*" or kept.etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}):
        unsent = {"Content-Length", "Content-Type", "Content-Encoding"}
        start_response("304 Not Modified", [row for row in kept.headers if row[0] not in unsent])
        return []
    start_response("200 OK", list(kept.headers))
    return [] if is_head else [kept.body]


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
