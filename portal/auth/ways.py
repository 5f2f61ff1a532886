"""Which ways in this portal has beside the password: passkeys, and another service."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyramid.request import Request

from content.services.accounts.passkeys import Site
from portal.web import site


@dataclass(frozen=True, slots=True)
class Ways:
    """What the sign-in page offers. `service` is the name of the other service, empty where there is none."""

    passkeys: bool
    service: str


def ways_in(request: Request) -> Ways:
    """The ways in that this portal has."""
    settings = request.registry.settings["portal.settings"]
    return Ways(passkeys=passkey_site(request) is not None, service=settings.oidc_name if settings.oidc_issuer else "")


def passkey_site(request: Request) -> Site | None:
    """Whom passkeys belong to: a name, never a number. None where browsers would refuse them: under a number, or without a safe connection."""
    base_url = request.registry.settings["portal.settings"].base_url
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_safe = parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
        return Site(host, base_url, site.NAME) if is_safe and host else None
    return None
