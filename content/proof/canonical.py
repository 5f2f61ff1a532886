"""Canonical JSON after RFC 8785, and hashes over it: equal values have equal bytes, whoever writes them."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


class NotCanonical(ValueError):  # noqa: N818 - named for the situation
    """The value has no canonical form (NaN, huge integers, lone surrogates, foreign types)."""


def canonical_json(value: Any) -> bytes:
    """UTF-8 bytes of `value` after RFC 8785. Raises `NotCanonical`."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(str(error)) from error


def sha256_hex(body: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()
