"""The history of an item at the desk: its revisions, what differs between any two of them, and an old one saved again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.models.item import new_uid
from content.services.editing import edit
from content.services.publishing import frozen_text
from content.services.workflow import desk_lists as queries
from portal.auth.desk import audit, desk_view, page, viewing, writing
from portal.desk import forms
from portal.desk.asked import editable_item, found_item
from portal.desk.differences import between
from portal.desk.typed import Typed, typed_rev
from portal.views.editing.editor import save_typed
from portal.web.common import number_in, parameter
from workflows.vocabulary import Permission

SIDES = "nebeneinander"


@dataclass(frozen=True, slots=True)
class Past:
    """A revision in the list. `like`: the newest older revision that has the same text, 0 where there is none."""

    revision: models.Revision
    like: int


@desk_view("desk.revisions")
def revisions(request: Request) -> Response:
    """Every revision, and the differences between two of them (`alt`, `neu`; `rev` alone: to the one before it)."""
    with viewing(request) as work:
        row = found_item(request, work.session)
        rows = queries.revisions(work.session, row.id)
        by_rev = {one.rev: one for one in rows}
        new = by_rev.get(number_in(parameter(request, "neu")) or number_in(parameter(request, "rev")))
        old = by_rev.get(number_in(parameter(request, "alt"))) or _before(rows, new)
        is_wide = parameter(request, "ansicht") == SIDES
        is_asked = new is not None
        kept = frozen_text.of(work.session, row)
        return page(
            request,
            "desk/revisions.html",
            title="Verlauf",
            item=row,
            rows=_listed(rows),
            old=old.rev if old else 0,
            new=new.rev if new else row.rev,
            is_wide=is_wide,
            submitted=kept.rev if kept else 0,
            difference=between(old, new, row.kind) if is_asked and new is not None else None,
            can_restore=_may_restore(request, row),
            choices=[(one.rev, f"Revision {one.rev}") for one in rows],
        )


@desk_view("desk.revisions", permission=Permission.ITEM_EDIT, method="POST")
def restore(request: Request) -> Response:
    """Save an old revision again as the newest one; what is between stays in the history."""
    with writing(request) as work:
        row = editable_item(request, work.session)
        wanted = number_in(str(request.POST.get("wiederherstellen", "")))
        old = queries.revision(work.session, row.id, wanted)
        if old is None:
            raise HTTPNotFound
        hidden = forms.HIDDEN.get(row.kind, frozenset())
        given = {name: value for name, value in old.input.items() if name not in hidden}
        typed = Typed(row.kind, given, {}, {}, typed_rev(request), new_uid(), "", past=old.files or {})
        item_id, url, before = row.id, row.url, row.rev
    answer = save_typed(request, typed, item_id)
    if isinstance(answer, HTTPSeeOther):
        with writing(request) as work:
            row = found_item(request, work.session)
            if row.rev != before:
                audit(
                    request, work, "item.restored", url, f"Revision {wanted} wieder gespeichert als Revision {row.rev}"
                )
    return answer


def _before(rows: Sequence[models.Revision], new: models.Revision | None) -> models.Revision | None:
    """The revision that came before `new` (the newest), if it was kept."""
    rev = new.rev if new is not None else rows[0].rev if rows else 0
    return next((one for one in rows if one.rev < rev), None)


def _listed(rows: Sequence[models.Revision]) -> list[Past]:
    """Newest first, each with the older revision that it repeats."""
    seen: dict[str, int] = {}
    listed = []
    for one in reversed(rows):
        mark = edit.digest({"input": one.input, "files": one.files})
        listed.append(Past(one, seen.get(mark, 0)))
        seen[mark] = one.rev
    return listed[::-1]


def _may_restore(request: Request, row: models.Item) -> bool:
    return (
        Permission.ITEM_EDIT in request.person.permits_on(row.kind, row.owner)
        and row.publication_state in edit.EDITABLE_STATES
    )
