"""Keeps readers in the past they asked for: on a page as of a day, every link to another page carries that day on."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_LINK: Final = re.compile(r'(<a\b[^>]*?\bhref=")(/(?!/)[^"#?]*)(\?[^"#]*)?(#[^"]*)?"(?P<rest>[^>]*)>')
_TIMELESS: Final = re.compile(
    r"/(?:(?:static|datei|ledger|register|feeds|stand|hilfe|health|redaktion|anmelden)(?:[/.?]|\Z)|suche[/.])"
)
"""Addresses that know no past: files, the ledger (which is all of it), feeds, what is asked of the present, and following a search."""

NOW_MARK: Final = "data-heute"
"""Attribute of the one link that leads back to the present."""


def keep_stand(html: str, stand: dt.date) -> str:
    """`html` with `stand=` on each link to a page of this portal that has a past."""

    def carried(match: re.Match[str]) -> str:
        path, query, fragment = match[2], match[3] or "", match[4] or ""
        if _TIMELESS.match(path) or "stand=" in query or NOW_MARK in match["rest"]:
            return match[0]
        joined = f"{query}&amp;" if query else "?"
        return f'{match[1]}{path}{joined}stand={stand.isoformat()}{fragment}"{match["rest"]}>'

    return _LINK.sub(carried, html)
