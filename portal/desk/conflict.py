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
from content.schemas import clean_text
from content.services.editing import form_drafts
from content.services.workflow import desk_lists as queries
from content.text import merge
from portal.desk import forms
from portal.desk.differences import Difference, differences
from portal.desk.typed import Typed

THEIRS: Final = "gespeicherte"
BOTH: Final = "beide"
ALL: Final = "alles"
"""Parts of what the buttons ask for, as in `meine:title` or `gespeicherte:alles`."""


@dataclass(frozen=True, slots=True)
class Contested:
    """A field that the person's text (`mine`) and the saved one have differently."""

    difference: Difference
    changed_by: str
    """both, me or them."""
    shown: str
    """Whose text the form has now: mine, theirs, both, or neither (empty) where it was changed since."""
    can_merge: bool
    """Whether there is a text of both to take: paragraphs of either side, and both of a paragraph that both changed."""


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
    together = texts_of_both(row.kind, base, kept.input, row.input)
    sides = {
        "theirs": row.input,
        "mine": kept.input,
        "both": {**typed.given, **{name: text for name, (text, _) in together.items()}},
    }
    unlike = {side: {one.name for one in differences(row.kind, shown, typed.given)} for side, shown in sides.items()}
    fields = tuple(
        Contested(
            one,
            "both" if one.name in by_me & by_them else "me" if one.name in by_me else "them",
            next(
                (
                    side
                    for side in ("mine", "theirs", "both")
                    if one.name not in unlike[side] and (side != "both" or one.name in together)
                ),
                "",
            ),
            one.name in together,
        )
        for one in differences(row.kind, row.input, kept.input)
    )
    newest = queries.revision(work.session, row.id, row.rev)
    return Conflict(fields, newest.actor_name if newest else "", newest.at if newest else row.changed_at)


def merged(kind: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The person's text, with what only the other one changed: whole fields, and paragraphs of texts where nothing collides."""
    untouched = {one.name for one in differences(kind, base, theirs)} - {
        one.name for one in differences(kind, base, mine)
    }
    settled = {name: text for name, (text, collides) in texts_of_both(kind, base, mine, theirs).items() if not collides}
    return {**mine, **{name: theirs.get(name) for name in untouched}, **settled}


def texts_of_both(
    kind: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, tuple[str, bool]]:
    """Field → (text with the paragraphs of both, whether some paragraph was changed by both) of the texts that both changed.

    Where both changed a paragraph, both versions stand one below the other, the person's first.
    """
    found: dict[str, tuple[str, bool]] = {}
    for name, spec in forms.fields_of(kind).items():
        texts = [clean_text(str(side.get(name) or "")) for side in (base, mine, theirs)]
        if spec.read.shape == "markdown" and len(set(texts)) == len(texts):
            both = merge.merge(*texts)
            paragraphs = [
                text
                for piece in both.pieces
                for text in (piece.text if isinstance(piece, merge.Agreed) else piece.chosen("both"))
            ]
            found[name] = (merge.join(paragraphs), bool(both.conflicts))
    return found


def taken(
    kind: str,
    given: Mapping[str, Any],
    wish: str,
    *,
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
) -> dict[str, Any]:
    """`given` with one field, or all, from the side that `wish` names; a wish for what is not there changes nothing."""
    side, _, name = wish.partition(":")
    together = {
        **merged(kind, base, mine, theirs),
        **{field: text for field, (text, _) in texts_of_both(kind, base, mine, theirs).items()},
    }
    source = theirs if side == THEIRS else together if side == BOTH else mine
    names = list(given) if name == ALL else [name] if name in given else []
    return {**given, **{one: source.get(one) for one in names}}


def base_of(work: Work, row: models.Item, rev: int) -> Mapping[str, Any]:
    """What both began with; where it was not kept, the saved text, so that all that differs counts as the person's."""
    found = queries.revision(work.session, row.id, rev)
    return found.input if found is not None else row.input
