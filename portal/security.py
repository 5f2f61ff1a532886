"""Headers that every answer carries: nothing runs, loads or frames that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyramid.config import Configurator

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
STRICT_TRANSPORT: Final = "max-age=63072000; includeSubDomains"

Handler = Callable[[Any], Any]


def headers_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Puts the headers on every answer, errors included."""
    headers = list(HEADERS.items())
    if registry.settings["portal.settings"].is_secure:
        headers.append(("Strict-Transport-Security", STRICT_TRANSPORT))

    def tween(request: Any) -> Any:
        response = handler(request)
        response.headerlist.extend(headers)
        return response

    return tween


def includeme(config: Configurator) -> None:
    """Put the tween outermost, above the exception views."""
    config.add_tween("portal.security.headers_tween_factory")
