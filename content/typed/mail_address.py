"""E-mail addresses, judged and written in one way wherever somebody gives one."""

from __future__ import annotations

import re
from typing import Final

from content.schemas import FieldError, InvalidInput

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")


def clean(text: str) -> str:
    """An address as we keep it: lower case, umlauts of the domain in ASCII. Raises `InvalidInput`."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.strip().lower().encode("idna").decode() if domain else ""
    except UnicodeError:
        ascii_domain = ""
    kept = f"{local}@{ascii_domain}".lower()
    if not text.strip():
        raise InvalidInput(
            [FieldError("email", "missing", "Die E-Mail-Adresse fehlt. Bitte angeben, etwa name@amt.example.")]
        )
    if not at or len(kept) > 254 or len(local) > 64 or not _LOCAL.match(local) or not _DOMAIN.match(ascii_domain):
        raise InvalidInput(
            [FieldError("email", "malformed", "Das ist keine E-Mail-Adresse. Erwartet wird etwa name@amt.example.")]
        )
    return kept
