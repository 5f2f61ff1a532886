"""Where a request comes from, as far as it can be believed: for limits and the audit log, never to know who somebody is.

What a header says is believed only as far as our own proxies wrote it. `request.client_addr` of WebOb believes the first entry
of X-Forwarded-For, which anybody can write: limits by address would be none, and the log would note what an attacker likes.
"""

from __future__ import annotations

import ipaddress

from pyramid.request import Request

from content.services import limits


def address_of(request: Request) -> str:
    """The address of whoever sends the request, behind as many proxies of ours as the setting `PROXIES` says; empty: unknown."""
    direct = str(request.environ.get("REMOTE_ADDR", ""))
    proxies: int = request.registry.settings["portal.settings"].proxies
    if proxies == 0:
        return direct
    named = [entry.strip() for entry in str(request.environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if entry.strip()]
    if len(named) < proxies:
        return direct
    return _clean(named[-proxies]) or direct


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
