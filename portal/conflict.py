"""Two people changed the same item: what each of them changed, and the roads on. Nothing of either is lost.

The form is shown again on the newest revision: with what the person typed, and with what the other one changed where the
person changed nothing. What was typed stays in a draft of its own, so that each field can be taken from either side as
often as one likes until the form is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from content import models
from content.house import Work
from content.services import desk as queries
from content.services import form_drafts
from portal.differences import Difference, differences
from portal.typed import Typed

THEIRS: Final = "gespeicherte"
ALL: Final = "alles"
"""Parts of what the buttons ask for, as in `meine:title` or `gespeicherte:alles`."""


@dataclass(frozen=True, slots=True)
class Contested:
    """A field that the person's text (`mine`) and the saved one have differently."""

    difference: Difference
    changed_by: str
    """both, me or them."""
    shown: str
    """Whose text the form has now: mine, theirs, or neither (empty) where it was changed since."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Everything that the page tells of it."""

    fields: tuple[Contested, ...]
    saved_by: str
    saved_at: Any


def of(work: Work, login: str, typed: Typed, row: models.Item) -> Conflict | None:
    """What both sides have differently; None where nothing was kept of the person's own."""
    kept = form_drafts.find(work.session, login, typed.kept) if typed.kept else None
    if kept is None:
        return None
    base = base_of(work, row, kept.base_rev)
    by_me = {one.name for one in differences(row.kind, base, kept.input)}
    by_them = {one.name for one in differences(row.kind, base, row.input)}
    not_mine = {one.name for one in differences(row.kind, kept.input, typed.given)}
    not_theirs = {one.name for one in differences(row.kind, row.input, typed.given)}
    fields = tuple(
        Contested(
            one, "both" if one.name in by_me & by_them else "me" if one.name in by_me else "them",
            "mine" if one.name not in not_mine else "theirs" if one.name not in not_theirs else "",
        )
        for one in differences(row.kind, row.input, kept.input)
    )
    newest = queries.revision(work.session, row.id, row.rev)
    return Conflict(fields, newest.actor_name if newest else "", newest.at if newest else row.changed_at)


def merged(kind: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The person's text, with what only the other one changed."""
    untouched = {one.name for one in differences(kind, base, theirs)} - {one.name for one in differences(kind, base, mine)}
    return {**mine, **{name: theirs.get(name) for name in untouched}}


def taken(given: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], wish: str) -> dict[str, Any]:
    """`given` with one field, or all, from the side that `wish` names; a wish for what is not there changes nothing."""
    side, _, name = wish.partition(":")
    source = theirs if side == THEIRS else mine
    names = list(given) if name == ALL else [name] if name in given else []
    return {**given, **{one: source.get(one) for one in names}}


def base_of(work: Work, row: models.Item, rev: int) -> Mapping[str, Any]:
    """What both began with; where it was not kept, the saved text, so that all that differs counts as the person's."""
    found = queries.revision(work.session, row.id, rev)
    return found.input if found is not None else row.input
