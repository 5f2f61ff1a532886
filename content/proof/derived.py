"""What lists, pages and look-ups show of an edition, derived from its signed document and the ledger. Pure.

`shown_part` puts into the document, when it is made, what the rules of that day made of the item (header, order, summary,
facets, references, files); `derive` reads every public column back out of document and entries. Publishing fills the
tables with it and `check` compares them with it: there is no second way to say what is public.

Documents of schema 1 have no such part: their columns are what an entry `columns` stated once (see `old_shown`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from content.freezing.common import Frozen

SCHEMA_VERSION: Final = 2
OLD_HOSTS: Final = frozenset({"www.it-planungsrat.de", "it-planungsrat.de"})
"""Hosts whose addresses this portal takes over: links to them in old texts must keep leading somewhere."""
_PLAIN: Final = ("subkind", "sort_title", "body_slug", "year", "serial", "meeting_url", "summary")
_DAYS: Final = ("date", "sort_date")
REFERENCE_COLUMNS: Final = ("from_anchor", "from_label", "relation", "target_url", "target_anchor", "quoted")
FILE_COLUMNS: Final = ("sha256", "file_name", "media_type")


@dataclass(frozen=True, slots=True)
class Ending:
    """What later entries of the same item say of an edition: when the next act ended it, whether a withdrawal followed."""

    valid_until: dt.datetime | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """The rows of an edition. `columns` are those of `edition` (without keys); the others are None where nothing tells them."""

    columns: Mapping[str, Any]
    facets: frozenset[tuple[str, str]] | None
    references: tuple[tuple[Any, ...], ...] | None
    """In order; the columns are `REFERENCE_COLUMNS`."""
    files: frozenset[tuple[str, ...]] | None
    """The columns are `FILE_COLUMNS`."""
    old_path: str | None
    """The path of an earlier site that leads here, if no other item had it before."""


def shown_part(
    frozen: Frozen, facets: Iterable[tuple[str, str]], files: Iterable[tuple[str, str, str]]
) -> dict[str, Any]:
    """The part `shown` of a document: strings, whole numbers, lists and null only."""
    return {
        **{name: getattr(frozen, name) for name in _PLAIN},
        **{name: day.isoformat() if (day := getattr(frozen, name)) else None for name in _DAYS},
        "header": list(frozen.header),
        "facets": [list(pair) for pair in facets],
        "references": [[getattr(row, name) for name in REFERENCE_COLUMNS] for row in frozen.references],
        "files": [list(row) for row in files],
    }


def derive(
    document: Mapping[str, Any],
    entry: Mapping[str, Any],
    ending: Ending = Ending(),
    shown: Mapping[str, Any] | None = None,
) -> Derived:
    """The rows of the edition that `entry` (signed) published as `document` (signed), as `ending` leaves them.

    `shown` stands in for the part that a document of schema 1 lacks. Raises KeyError, ValueError, TypeError for what is
    no document or no entry.
    """
    part = document.get("shown") or shown
    columns: dict[str, Any] = {
        "number": document["edition"],
        "kind": document["kind"],
        "url": document["url"],
        "title": document["title"],
        "note": document["note"],
        "sha256": entry["edition_sha256"],
        "act": entry["act"],
        "position": entry["position"],
        "recorded_at": dt.datetime.fromisoformat(entry["time"]),
        "valid_from": dt.datetime.fromisoformat(entry["valid_from"]),
        "valid_until": ending.valid_until,
        "is_withdrawn": ending.is_withdrawn,
    }
    if part is None:
        return Derived(columns, None, None, None, old_path(document))
    columns |= {name: part[name] for name in _PLAIN}
    columns |= {name: dt.date.fromisoformat(part[name]) if part[name] else None for name in _DAYS}
    columns["header"] = list(part["header"])
    return Derived(
        columns,
        facets=frozenset((row[0], row[1]) for row in part["facets"]),
        references=tuple(tuple(row) for row in part["references"]),
        files=frozenset(tuple(row) for row in part["files"]),
        old_path=old_path(document),
    )


def old_path(document: Mapping[str, Any]) -> str | None:
    """The path on an earlier site (lower case) that the document says it comes from, or None."""
    source = document["data"].get("source_url")
    if not source or urlsplit(source).hostname not in OLD_HOSTS:
        return None
    return urlsplit(source).path.split(";", 1)[0].rstrip("/").lower() or None
