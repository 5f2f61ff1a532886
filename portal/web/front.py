"""The outermost layer: under which address the portal answers, whatever stands before it.

Servers speak plain HTTP with the proxy that makes TLS, so they know neither scheme nor name that readers see. Both come
from `BASE_URL`, once, here: whatever is made absolute later (`Location`, forms, cookies) agrees with it. What a request
names as host decides only whether it is answered. `X-Forwarded-Host` and `X-Forwarded-Proto` count where `PROXIES` says
that a proxy of ours wrote them.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, urlsplit

from portal.settings import Settings
from portal.web.cache import Application, Environ, StartResponse
from portal.web.security import headers_of

log = logging.getLogger(__name__)
PROBED: Final = "/health"
"""What asks whether the portal lives may not know its name."""
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?\Z")
_SAID: Final = 50
"""Of so many names that are not ours the log tells."""


class Front:
    """Wraps the application. `refused` makes the body (HTML) for a name that is not ours."""

    def __init__(self, application: Application, settings: Settings, refused: Callable[[str], bytes]) -> None:
        self._application = application
        self._refused = refused
        self._proxies = settings.proxies
        self._base_url = settings.base_url
        parts = urlsplit(settings.base_url)
        self._scheme, self._netloc, self._name = parts.scheme, parts.netloc, _name_of(parts.netloc)
        self._others = frozenset(settings.hosts)
        self._headers = headers_of(settings)
        self._told: set[str] = set()

    @property
    def inner(self) -> Application:
        """The application that is wrapped."""
        return self._application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer in the name of `BASE_URL`, lead other names of ours there, refuse the rest."""
        asked = (self._forwarded(environ, "HTTP_X_FORWARDED_HOST") or environ.get("HTTP_HOST") or self._netloc).lower()
        host = self._netloc if environ.get("PATH_INFO") == PROBED else self._answering(asked)
        is_plain = self._scheme == "https" and self._forwarded(environ, "HTTP_X_FORWARDED_PROTO") == "http"
        if host is None and _name_of(asked) not in self._others:
            return self._refuse(environ, asked, start_response)
        if host is None or (is_plain and environ.get("PATH_INFO") != PROBED):
            return self._lead(environ, start_response)
        return self._application({**environ, "wsgi.url_scheme": self._scheme, "HTTP_HOST": host}, start_response)

    def _forwarded(self, environ: Environ, header: str) -> str:
        """What our outermost proxy wrote into `header`; empty where none of ours did."""
        named = [entry.strip() for entry in environ.get(header, "").split(",")] if self._proxies else []
        return named[-min(self._proxies, len(named))] if named else ""

    def _answering(self, asked: str) -> str | None:
        """Under which host this request is answered; None for one that is not ours."""
        name = _name_of(asked)
        if name == self._name:
            return self._netloc
        if _is_loopback(name):
            return asked if _is_loopback(self._name) or _is_anywhere(self._name) else self._netloc
        # Bound to every address of the machine and called by one of them: there is no other name yet.
        return asked if _is_anywhere(self._name) and _is_number(name) else None

    def _lead(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._refuse(environ, str(environ.get("HTTP_HOST", "")), start_response)
        path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/.-_~!$&'()*+,;=:@")
        query = re.sub(r"[^!-~]", "", environ.get("QUERY_STRING", ""))
        location = f"{self._base_url}/{path.lstrip('/')}" + (f"?{query}" if query else "")
        start_response(
            "301 Moved Permanently",
            [*self._headers, ("Location", location), ("Cache-Control", "no-store"), ("Content-Length", "0")],
        )
        return [b""]

    def _refuse(self, environ: Environ, asked: str, start_response: StartResponse) -> Iterable[bytes]:
        shown = re.sub(r"[^!-~]", "?", asked)[:100]
        if len(self._told) < _SAID and shown not in self._told:
            self._told.add(shown)
            log.warning("refused: asked for host %s, but BASE_URL is %s (other names: HOSTS)", shown, self._base_url)
        body = self._refused(f"Diese Adresse gehört nicht zum Portal. Es ist unter {self._base_url} zu erreichen.")
        headers = [
            *self._headers,
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("421 Misdirected Request", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _name_of(host: str) -> str:
    """The name in `host`, without port and brackets; empty for what is none."""
    found = _HOST.match(host.lower())
    return found["name"].strip("[]").rstrip(".") if found else ""


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return (
        name == "localhost"
        or name.endswith(".localhost")
        or (_is_number(name) and ipaddress.ip_address(name).is_loopback)
    )


def _is_anywhere(name: str) -> bool:
    return _is_number(name) and ipaddress.ip_address(name).is_unspecified
