"""Setting links in desk forms by typing a number or a few letters, with a script or without one.

Fields that name whole items have lists (`pick_lists`); a link can lead to a clause or a section, and those are too many for a list.
Beside the field stands a search. A script offers what is found while one types; without it, „Suchen“ shows the form again
with what was found, and a button takes it over. Which fields these are is the table `RULES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pyramid.request import Request
from sqlalchemy.orm import Session

from content import models
from content.freezing.linked import places_of
from content.services.accounts.accounts import SignedIn
from content.services.editing import link_targets
from content.services.editing.link_targets import LINKED_KINDS
from portal.desk import forms

ASKED: Final = "suche."
"""Before the name of a field: the name of its search."""
SEARCH: Final = "suchen"
TAKE: Final = "uebernehmen"
"""Names of the buttons: search, and take over what was found."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field links to; `has_places`: clauses and sections as well."""

    kinds: tuple[str, ...]
    has_places: bool = False


RULES: Final[Mapping[str, Rule]] = {"links.target": Rule(LINKED_KINDS, has_places=True)}
"""Name of a field without the numbers of rows → what it links to."""


def rule_of(name: str) -> str:
    """The key of `RULES` for a field: `links.target` for `links.2.target`."""
    return re.sub(r"\.\d+", "", name)


def found(session: Session, person: SignedIn, key: str, typed: str) -> tuple[tuple[str, str], ...]:
    """(value, words) of what `typed` may mean for the fields of this rule."""
    rule = RULES[key]
    rows = link_targets.find(session, person, typed, rule.kinds, with_places=rule.has_places)
    return tuple((row.address, row.words) for row in rows)


def is_asked(request: Request) -> bool:
    """Whether a form was sent to search or to take over, not to be saved."""
    return any(rule_of(_field(request, name)) in RULES for name in (SEARCH, TAKE))


def taken(request: Request, posted: dict[str, str]) -> dict[str, str]:
    """What was typed, with what the person took over from a search."""
    field, _, value = str(request.POST.get(TAKE, "")).partition("=")
    return {**posted, field: value[:400], ASKED + field: ""} if rule_of(field) in RULES else posted


def with_searches(request: Request, form: forms.Form, session: Session, item: models.Item | None) -> forms.Form:
    """`form` with a search beside each field that links, the answer to the one that was asked, and own places to choose."""
    asked = _field(request, SEARCH)
    own = places_of(item) if item is not None else {}

    def change(widget: forms.Widget) -> forms.Widget | None:
        key = rule_of(widget.name)
        if key == "links.from":
            return _place(widget, own)
        if key not in RULES or widget.shape in {"rows", "record"}:
            return widget
        typed = str(request.POST.get(ASKED + widget.name, ""))[:100] if request.method == "POST" else ""
        rows = found(session, request.person, key, typed) if widget.name == asked else ()
        return replace(widget, search=forms.Search(key, typed if widget.name == asked else "", rows))

    return forms.each(form, change)


def _place(widget: forms.Widget, own: Mapping[str, str]) -> forms.Widget | None:
    """The field that names a place of the own text: a choice; nothing where the text has no places."""
    if not own and not widget.value:
        return None
    choices = {"": "– der ganze Eintrag –", **own}
    if widget.value:
        choices.setdefault(widget.value, f"{widget.value} (gibt es nicht mehr)")
    return replace(widget, shape="choice", choices=tuple(choices.items()))


def _field(request: Request, button: str) -> str:
    return str(request.POST.get(button, "")).partition("=")[0] if request.method == "POST" else ""
