"""Where a request comes from, as far as it can be believed: for limits and the audit log, never to know who somebody is.

What a header says is believed only as far as our own proxies wrote it. `request.client_addr` of WebOb believes the first entry
of X-Forwarded-For, which anybody can write: limits by address would be none, and the log would note what an attacker likes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from typing import Final

from pyramid.request import Request
from pyramid.response import Response

from content.services.accounts import limits
from portal.web.door import cookie_name

KNOWN_BROWSER: Final = "bekannt"
KNOWN_FOR_S: Final = 180 * 24 * 3600


def address_of(request: Request) -> str:
    """The address of whoever sends the request, behind as many proxies of ours as the setting `PROXIES` says; empty: unknown."""
    direct = str(request.environ.get("REMOTE_ADDR", ""))
    proxies: int = request.registry.settings["portal.settings"].proxies
    if proxies == 0:
        return direct
    named = [
        entry.strip() for entry in str(request.environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if entry.strip()
    ]
    if len(named) < proxies:
        return direct
    return _clean(named[-proxies]) or direct


def tried_from(request: Request, login: str) -> str:
    """What limits count as the place that `login` is tried from: a browser that has signed in to it before, else the address."""
    given = str(request.cookies.get(cookie_name(request, KNOWN_BROWSER), ""))
    mark, _, seal = given.partition(".")
    if len(mark) == 32 and request.registry.sealer.holds(seal, "known browser", mark, login):
        return f"browser:{hashlib.sha256(given.encode()).hexdigest()[:40]}"
    return address_of(request)


def know_again(request: Request, response: Response, login: str) -> None:
    """Let this browser be known as one that has signed in to `login`, where a sign-in is tried and where its code is asked for."""
    mark = secrets.token_urlsafe(24)
    value = f"{mark}.{request.registry.sealer.seal('known browser', mark, login)}"
    for path in ("/anmelden", "/redaktion"):
        response.set_cookie(
            cookie_name(request, KNOWN_BROWSER),
            value,
            path=path,
            httponly=True,
            samesite="Lax",
            max_age=KNOWN_FOR_S,
            secure=request.registry.settings["portal.settings"].is_secure,
        )


def place_of(request: Request) -> str:
    """What limits count as one visitor: the address, of IPv6 its network (/64)."""
    return limits.network_of(address_of(request))


def network_of(request: Request) -> str:
    """The visitor's address without its last part: enough to see that a link went round, too little to find a person."""
    place = place_of(request)
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        return place
    return str(ipaddress.ip_network((address, 24), strict=False)) if address.version == 4 else place


def _clean(entry: str) -> str:
    """An address without port and brackets; empty for what is none."""
    text = entry.removeprefix("[").split("]")[0] if entry.startswith("[") else entry
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
