"""Admission of every request: what may come in, how many at once, how long it may wait for others.

Reading has a share of the threads that no writer takes, and never takes the writer. What is sent is read whole before any work
begins, and only so much of it. A tween below the security headers and above the exception views.
"""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMethodNotAllowed
from pyramid.predicates import RequestMethodPredicate
from pyramid.request import Request
from pyramid.response import Response
from webob.compat import parse_header

from content.database.patience import Patience, TooBusy, patient
from portal.web.cache import WITHOUT_DATABASE
from portal.web.shares import AT_ONCE_BYTES, MOST_ARRIVING, MOST_POSTS, MOST_STREAMS, MOST_WAITING, RETRY_AFTER_S

log = logging.getLogger(__name__)

READING: Final = frozenset({"GET", "HEAD"})

WRITER_WAIT_S: Final = 1.0
"""So long a request waits in all for the writes of others."""
ANSWER_S: Final = 10.0
"""So long the database may take for one answer to a request."""
TURN_S: Final = 10.0
"""So long a reader waits until other readers make room."""
ARRIVAL_S: Final = 0.25
"""So long a body waits for others from the same place: what a browser sends has arrived by then."""
MAX_QUERY: Final = 8_000
MAX_PATH: Final = 2_000
MAX_PARAMETERS: Final = 100
MAX_OPEN_BYTES: Final = 2_000_000
"""What somebody may send who is not signed in."""
MAX_FIELDS: Final = 6_000
MAX_OPEN_FIELDS: Final = 2_000
"""Fields of a form: of a person who is signed in, and of anybody."""
MAX_LINES: Final = 1_000_000
MAX_OPEN_LINES: Final = 20_000
"""Lines of a form with files, likewise: the parser looks at each."""
MAX_PART_HEAD: Final = 4_000
"""Bytes that may stand before the value of one field of such a form."""
_CHUNK: Final = 65_536
_IN_MEMORY: Final = 1_000_000

Handler = Callable[[Request], Response]


class Refused(Exception):  # noqa: N818 - named for the situation
    """A request that is not looked at; `words` say in German why and what would work."""

    def __init__(self, status: int, title: str, words: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.words = words


class Admission:
    """How many are inside."""

    def __init__(self, readers: int) -> None:
        self._readers = threading.BoundedSemaphore(readers)
        self._waiting = threading.BoundedSemaphore(MOST_WAITING + readers)
        self._posts = threading.BoundedSemaphore(MOST_POSTS)
        self.streams = threading.BoundedSemaphore(MOST_STREAMS)
        self._arriving: Counter[str] = Counter()
        self._arrived = threading.Condition()
        self._waiting_to_arrive = 0

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Room for one reader. Raises `TooBusy`."""
        with _room(self._waiting, 0, "too many readers wait"), _room(self._readers, TURN_S, "readers waited too long"):
            yield

    @contextlib.contextmanager
    def arriving(self, place: str) -> Iterator[None]:
        """Room for a body on its way from `place` (empty: unknown), beside others from there. Raises `Refused`.

        Whoever sends slowly, or half, holds a thread as long as he likes; he must not hold those of all others.
        """
        if not place:
            yield
            return
        with self._arrived:
            if not self._finds_room(place):
                raise Refused(
                    429,
                    "Das ist zu viel auf einmal",
                    "Von Ihrer Adresse sind noch zu viele Formulare unterwegs. Bitte senden Sie dieses gleich noch einmal.",
                )
            self._arriving[place] += 1
        try:
            yield
        finally:
            with self._arrived:
                self._arriving[place] -= 1
                if not self._arriving[place]:
                    del self._arriving[place]
                self._arrived.notify_all()

    def _finds_room(self, place: str) -> bool:
        if self._arriving[place] < MOST_ARRIVING:
            return True
        if self._waiting_to_arrive >= MOST_ARRIVING:
            return False
        self._waiting_to_arrive += 1
        try:
            return self._arrived.wait_for(lambda: self._arriving[place] < MOST_ARRIVING, ARRIVAL_S)
        finally:
            self._waiting_to_arrive -= 1

    def posting(self) -> contextlib.AbstractContextManager[None]:
        """Room for one who may write. Raises `TooBusy`."""
        return _room(self._posts, 0, "too many requests that write")


@contextlib.contextmanager
def _room(semaphore: threading.BoundedSemaphore, wait_s: float, words: str) -> Iterator[None]:
    if not semaphore.acquire(timeout=wait_s):
        raise TooBusy(words)
    try:
        yield
    finally:
        semaphore.release()


def admission_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Lets requests in, and tells in words whom it does not."""
    admission = Admission(registry.settings["portal.settings"].threads)

    def tween(request: Request) -> Response:
        try:
            _look_at(request)
            if request.method == "POST":
                return _posted(request, handler, admission)
            return _read(request, handler, admission)
        except Refused as refused:
            return _told(request, refused)
        except Exception as error:  # noqa: BLE001 - even the exception views did not outlive it: most often the database is away
            from portal.views.errors import broken  # noqa: PLC0415 - the views stand on this module

            return broken(error, request)

    return tween


def _look_at(request: Request) -> None:
    """Refuse what no page of ours asks for, before anything is done with it."""
    environ = request.environ
    path, query = str(environ.get("PATH_INFO", "")), str(environ.get("QUERY_STRING", ""))
    if len(path) > MAX_PATH or len(query) > MAX_QUERY or query.count("&") >= MAX_PARAMETERS:
        raise Refused(
            414,
            "Diese Adresse ist zu lang",
            f"Hinter dem Fragezeichen sind höchstens {MAX_PARAMETERS} Angaben mit zusammen {MAX_QUERY} Zeichen möglich.",
        )
    if "\x00" in path:
        raise Refused(400, "Diese Adresse gibt es nicht", "Sie enthält ein Zeichen, das in keiner Adresse steht.")


def _read(request: Request, handler: Handler, admission: Admission) -> Response:
    patience = Patience(WRITER_WAIT_S, ANSWER_S, may_write=False)
    if str(request.environ.get("PATH_INFO", "")).startswith(WITHOUT_DATABASE):
        with patient(patience):
            return _sent(handler(request), admission)
    if request.registry.position.outage.is_closed:
        return _away(request)
    with admission.reading(), patient(patience):
        return _sent(handler(request), admission)


def _posted(request: Request, handler: Handler, admission: Admission) -> Response:
    from portal.web.visitor import place_of  # noqa: PLC0415 - it stands on this module

    with contextlib.ExitStack() as arriving:
        arriving.enter_context(admission.arriving(place_of(request)))  # first: who waits for it takes no room of others
        return _let_in(request, handler, admission, arriving)


def _let_in(request: Request, handler: Handler, admission: Admission, arriving: contextlib.ExitStack) -> Response:
    with admission.posting(), patient(Patience(WRITER_WAIT_S, ANSWER_S)):
        body = _take_body(request)
        arriving.close()
        try:
            _take_form(request)
            if request.registry.position.outage.is_closed:
                return _away(request)
            return _sent(handler(request), admission)
        finally:
            if body is not None:
                body.close()


# --- what is sent in ---


def _take_body(request: Request) -> Any:
    """The body, read whole and put in the place of the line it came by; None: there is none. Raises `Refused`."""
    environ = request.environ
    length, is_chunked = request.content_length, bool(environ.get("wsgi.input_terminated"))
    if length == 0 or (length is None and not is_chunked):
        return None
    limit = _limit_of(request, length)
    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it when the request is done
    source, taken = environ["wsgi.input"], 0
    while length is None or taken < length:
        chunk = source.read(_CHUNK if length is None else min(_CHUNK, length - taken))
        if not chunk:
            break
        taken += len(chunk)
        if taken > limit:
            body.close()
            raise _too_large(limit)
        body.write(chunk)
    if length is not None and taken < length:
        body.close()
        raise Refused(400, "Die Anfrage kam nicht ganz an", "Bitte senden Sie das Formular noch einmal.")
    body.seek(0)
    environ.update(
        {
            "wsgi.input": body,
            "CONTENT_LENGTH": str(taken),
            "webob.is_body_seekable": True,
            "webob.is_body_readable": True,
        }
    )
    return body


def _limit_of(request: Request, length: int | None) -> int:
    from portal.web import door  # noqa: PLC0415 - the door stands on this module

    if length is not None and length <= MAX_OPEN_BYTES:
        return MAX_OPEN_BYTES
    limit = door.MAX_DESK_BYTES if _is_signed_in(request) else MAX_OPEN_BYTES
    if length is not None and length > limit:
        raise _too_large(limit)
    return limit


def _is_signed_in(request: Request) -> bool:
    from portal.auth import desk  # noqa: PLC0415 - the desk stands on this module

    return (
        str(request.environ.get("PATH_INFO", "")).startswith(desk.COOKIE_PATH) and desk.person_of(request) is not None
    )


def _too_large(limit: int) -> Refused:
    words = f"Auf einmal lassen sich höchstens {limit // 1_000_000} MB senden."
    if limit == MAX_OPEN_BYTES:
        words += " Mit Anmeldung geht mehr: Ist Ihre Sitzung zu Ende, melden Sie sich in einem anderen Fenster an und senden dann dieses Formular noch einmal."
    return Refused(413, "Das ist zu viel auf einmal", words)


def _take_form(request: Request) -> None:
    """Read the fields of a form. Raises `Refused` for more than any form of ours has, and for what is none."""
    _count_fields(request)
    try:
        request.POST  # noqa: B018 - read once, here, where a fault of the sender is told as one
    except Exception as error:
        log.info("no form at %s: %s", request.environ.get("PATH_INFO", ""), error)
        raise _no_form() from error


def _count_fields(request: Request) -> None:
    body = request.environ["wsgi.input"]
    if not hasattr(body, "seek") or request.content_length in {None, 0}:
        return
    has_parts = "multipart" in str(request.environ.get("CONTENT_TYPE", "")).lower()
    boundary = _boundary_of(request) if has_parts else b""
    fields, lines = _counted(body, b"\n" + boundary if has_parts else b"&")
    lines *= has_parts
    if fields > MAX_OPEN_FIELDS or lines > MAX_OPEN_LINES:
        is_ours = fields <= MAX_FIELDS and lines <= MAX_LINES and _is_signed_in(request)
        if not is_ours:
            raise Refused(
                413,
                "Das ist zu viel auf einmal",
                "So viele Felder und Zeilen hat kein Formular dieses Portals. Bitte senden Sie es in Teilen.",
            )
    if has_parts and not _has_short_heads(body, boundary):
        raise _no_form()


def _no_form() -> Refused:
    return Refused(
        400, "Dieses Formular war nicht zu lesen", "Bitte laden Sie die Seite neu und senden Sie es noch einmal."
    )


def _boundary_of(request: Request) -> bytes:
    """What stands before each field, found as the parser finds it. Raises `Refused` where there is none."""
    found = str(parse_header(request.environ["CONTENT_TYPE"])[1].get("boundary", ""))
    if not _BOUNDARY.fullmatch(found):
        raise _no_form()
    return b"--" + found.encode()


_BOUNDARY: Final = re.compile(r"[!-~]{1,200}")


def _counted(body: Any, separator: bytes) -> tuple[int, int]:
    """How often `separator` stands in the body, and how many lines it has."""
    fields = lines = 0
    before = b""
    while chunk := body.read(_CHUNK):
        joined = before + chunk
        fields += joined.count(separator)
        lines += chunk.count(b"\n")
        before = joined[len(joined) - len(separator) + 1 :]  # too short to be counted twice
    body.seek(0)
    return fields, lines


def _has_short_heads(body: Any, boundary: bytes) -> bool:
    """Whether the value of every field follows its name soon, and is no form itself: the parser is slow with what stands before."""
    head, is_right = 0, True
    for line in body:
        if line.startswith(boundary):
            head = 1
        elif head:
            head = 0 if line in {b"\r\n", b"\n"} else head + len(line)
            is_right = not head or not _INNER_FORM.search(line)
        if head > MAX_PART_HEAD or not is_right:
            is_right = False
            break
    body.seek(0)
    return is_right


_INNER_FORM: Final = re.compile(rb"multipart/|x-www-form-urlencoded", re.IGNORECASE)
"""A field of such a kind would bring a boundary of its own, or fields that nobody counted."""


# --- what is sent out ---


class _Stream:
    """A long answer on its way; it gives its room back when it has ended, however it ends."""

    def __init__(self, chunks: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._chunks = chunks
        self._next = iter(chunks).__next__
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> _Stream:
        return self

    def __next__(self) -> bytes:
        return self._next()

    def close(self) -> None:
        """The answer was sent, or nobody wants it any more."""
        close = getattr(self._chunks, "close", None)
        leave, self._leave = self._leave, None
        try:
            if close is not None:
                close()
        finally:
            if leave is not None:
                leave()


def _sent(response: Response, admission: Admission) -> Response:
    """The answer: short ones whole, long ones only so many at once. Raises `TooBusy`."""
    chunks = response.app_iter
    if isinstance(chunks, (list, tuple)):
        return response
    length = response.content_length
    if length is not None and length <= AT_ONCE_BYTES:
        body = b"".join(chunks)
        _close(chunks)
        response.app_iter, response.content_length = [body], len(body)
        return response
    if not admission.streams.acquire(blocking=False):
        _close(chunks)
        raise TooBusy("too many long answers at once")
    response.app_iter, response.content_length = (
        _Stream(chunks, admission.streams.release),
        length,
    )  # the first forgets the second
    return response


def _close(chunks: object) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


# --- refusals ---


def _away(request: Request) -> Response:
    from portal.views.errors import away  # noqa: PLC0415 - the views stand on this module

    return away(request)


def _told(request: Request, refused: Refused) -> Response:
    from portal.views.errors import plain  # noqa: PLC0415 - the views stand on this module

    response = plain(request, refused.status, refused.title, words=refused.words)
    if refused.status == 429:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if refused.status in {413, 429}:
        response.headers["Connection"] = "close"  # what was not read cannot be skipped
    return response


def only_read(view: Callable[[Any, Request], Response], info: Any) -> Callable[[Any, Request], Response]:
    """A view that names no method is read: whoever sends something there is told so, not shown the page."""
    if info.exception_only or any(isinstance(one, RequestMethodPredicate) for one in info.predicates):
        return view

    def reading(context: Any, request: Request) -> Response:
        if request.method not in READING:
            raise HTTPMethodNotAllowed(headers={"Allow": "GET, HEAD"})
        return view(context, request)

    return reading


def includeme(config: Configurator) -> None:
    """Put the tween above the exception views, below what is added later."""
    config.add_view_deriver(only_read)
    config.add_tween("portal.admission.admission_tween_factory")
