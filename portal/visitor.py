"""Where a request comes from, as far as it can be believed: for limits only, never to know who somebody is."""

from __future__ import annotations

import ipaddress

from pyramid.request import Request


def address_of(request: Request) -> str:
    """The visitor's address; of IPv6 the network (/64), because one household has all of it.

    Behind a proxy on the same machine or in a private network it is the last one in `X-Forwarded-For`: that one the
    proxy wrote itself; what stands before it anybody can claim.
    """
    given = request.remote_addr or ""
    peer = _parsed(given)
    if peer is not None and (peer.is_loopback or peer.is_private):
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        peer = _parsed(forwarded) or peer
    if peer is None:
        return given[:60]
    if peer.version == 6:
        return str(ipaddress.ip_network((peer, 64), strict=False))
    return str(peer)


def network_of(request: Request) -> str:
    """The visitor's address without its last part: enough to see that a link went round, too little to find a person."""
    given = address_of(request)
    peer = _parsed(given)
    return str(ipaddress.ip_network((peer, 24), strict=False)) if peer is not None and peer.version == 4 else given


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
