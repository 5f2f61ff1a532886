"""The pages that the law asks of every public site: who answers for it, what becomes of data, what is not accessible yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/seite/impressum": "Impressum",
        "/seite/datenschutz": "Datenschutz",
        "/seite/barrierefreiheit": "Barrierefreiheit",
    }
)
"""Address → what the foot of every page calls it."""
