"""Headers that every answer carries: nothing runs, loads or frames that is not ours."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

from pyramid.config import Configurator

from portal.settings import Settings
from portal.web.cache import CACHEABLE

CONTENT_SECURITY_POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The policy is written down once more, literally, in `tests/functional/test_headers.py`."""
STRICT_TRANSPORT: Final = "max-age=63072000; includeSubDomains"

Handler = Callable[[Any], Any]


def headers_of(settings: Settings) -> list[tuple[str, str]]:
    """The headers that every answer of a portal with these settings carries."""
    return [*HEADERS.items(), *([("Strict-Transport-Security", STRICT_TRANSPORT)] if settings.is_secure else [])]


def headers_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Puts the headers on every answer, errors included."""
    headers = headers_of(registry.settings["portal.settings"])

    def tween(request: Any) -> Any:
        try:
            response = handler(request)
        finally:
            if request.method == "POST":
                _close_files(request)
        given = {name for name, _ in response.headerlist}  # a view may be stricter
        response.headerlist.extend([row for row in headers if row[0] not in given])
        if not given & {
            "Cache-Control",
            CACHEABLE,
        }:  # what says nothing about it, leads elsewhere or says no is asked for again
            response.headerlist.append(("Cache-Control", "no-cache"))
        return response

    return tween


def _close_files(request: Any) -> None:
    """Give back the temporary files of a large form: nobody else closes them."""
    for value in request.environ.get("webob._parsed_post_vars", ({}, None))[0].values():
        file = getattr(value, "file", None)
        if file is not None:
            file.close()
    body = request.environ.get("wsgi.input")
    if isinstance(body, io.BufferedRandom):
        body.close()


def includeme(config: Configurator) -> None:
    """Put the tween outermost, above the exception views."""
    config.add_tween("portal.web.security.headers_tween_factory")
