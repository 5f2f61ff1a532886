"""The menu of the desk as a table: what stands there, where it leads, and who sees it. A new room adds one line.

An entry is hidden from whom it would refuse; the page itself still asks (`portal.auth.desk.desk_view`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from content.services.accounts.accounts import SignedIn
from workflows.vocabulary import Permission

_P: Final = Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu. `permits`: one of these rights opens it (unless said otherwise: everybody who may enter the desk).

    `under`: addresses that begin like this belong to it, beside its own; `is_counted`: it shows how much is unread.
    """

    label: str
    path: str
    permits: frozenset[Permission] = frozenset({_P.DESK_ENTER})
    under: tuple[str, ...] = ()
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a page shows it. `current`: value of `aria-current`, empty for other places."""

    label: str
    path: str
    current: str
    unread: int


ENTRIES: Final = (
    Entry("Übersicht", "/redaktion"),
    Entry(
        "Einträge",
        "/redaktion/eintraege",
        under=("/redaktion/eintraege/", "/redaktion/eintrag/", "/redaktion/neu/", "/redaktion/bericht/"),
    ),
    Entry("Hinweise", "/redaktion/hinweise", under=("/redaktion/hinweise/",), is_counted=True),
    Entry(
        "Nachnutzung",
        "/redaktion/nachnutzung",
        frozenset({_P.REUSE_REQUEST, _P.REUSE_OFFER}),
        under=("/redaktion/nachnutzung/",),
    ),
    Entry("Umsetzung", "/redaktion/umsetzung", frozenset({_P.IMPLEMENTATION_CONFIRM, _P.IMPLEMENTATION_REPORT})),
    Entry("Aufträge", "/redaktion/auftraege", frozenset({_P.IMPLEMENTATION_CONFIRM, _P.IMPLEMENTATION_REPORT})),
    Entry("Suche", "/redaktion/suche", frozenset({_P.SEARCH_EDIT})),
    Entry("Verweise", "/redaktion/verweise", frozenset({_P.ITEM_EDIT}), under=("/redaktion/verweise/",)),
    Entry(
        "Kontakte",
        "/redaktion/kontakte",
        frozenset({_P.CONTACT_EDIT}),
        under=("/redaktion/kontakte/", "/redaktion/vorsitz"),
    ),
    Entry("Nummern", "/redaktion/nummern", frozenset({_P.DECISION_ADOPT})),
    Entry("Königsteiner Schlüssel", "/redaktion/koenigstein", frozenset({_P.VOTE_RECORD})),
    Entry("Abläufe", "/redaktion/workflows", under=("/redaktion/workflows/",)),
    Entry(
        "Konten",
        "/redaktion/konten",
        frozenset({_P.ACCOUNT_MANAGE}),
        under=("/redaktion/konten/", "/redaktion/versand"),
    ),
    Entry("Protokoll", "/redaktion/protokoll", frozenset({_P.AUDIT_READ})),
)
"""In the order of the menu."""


def menu(person: SignedIn, path: str) -> tuple[Shown, ...]:
    """What `person` finds in the menu of the page at `path`."""
    return tuple(
        Shown(entry.label, entry.path, _current(entry, path), person.unread if entry.is_counted else 0)
        for entry in ENTRIES
        if any(person.holds(right) for right in entry.permits)
    )


def _current(entry: Entry, path: str) -> str:
    if path == entry.path:
        return "page"
    return "true" if path.startswith(entry.under) else ""
