"""A step for many items of a list: where none is named a page with those there are; then a page that says what would happen, then the step, then what became of each."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from content.house import Work
from content.services.workflow import bulk, step_requests
from content.services.workflow import desk_lists as desk
from content.services.workflow.bulk import Answer, Choice, Chosen, Move
from portal.auth.desk import MissingRight, desk_view, page, safe_path, viewing, writing
from portal.desk import confirming, item_page, step_fields
from portal.desk.typed import typed_texts
from portal.views.desk.desk_list import LIST
from workflows.publication import PUBLICATION
from workflows.vocabulary import Effect

_CHOSEN: Final = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,18}))?")
"""An item and its revision, as the check boxes of a list send them; the page that asks adds the last step."""


SHEETS: Final = 20
"""So many texts stand on the page that asks."""


@desk_view("desk.bulk", method="POST")
def step(request: Request) -> Response:
    """Show which steps there are where none is named; else ask, or do it where that was confirmed."""
    key = str(request.POST.get("schritt", ""))
    move = bulk.move_named(key)
    if key and move is None:
        raise HTTPNotFound
    if not (request.person.holds(move.transition.permission) if move else bulk.may_move(request.person)):
        raise MissingRight
    chosen = _chosen(request)
    if not chosen or len(chosen) > bulk.LIMIT:
        words = (
            f"Höchstens {bulk.LIMIT} auf einmal. Bitte weniger auswählen."
            if chosen
            else "Kein Eintrag ist ausgewählt. Bitte in der Liste mindestens einen ankreuzen."
        )
        return _page(request, move, [], problem=words, status=400)
    if move is None:
        with viewing(request) as work:
            return _choices(request, chosen, bulk.choices(work, request.person, chosen))
    fields = step_fields.read(
        move.workflow, move.name, {key: value for key, value in request.POST.items() if isinstance(value, str)}
    )
    missing = [need for need in sorted(move.transition.needs) if not fields[need]]
    if request.POST.get("bestaetigt") and missing and step_requests.needs_second(move.workflow, move.name):
        with viewing(request) as work:
            missing = missing if _is_asking(bulk.foresee(work, request.person, move, chosen)) else []
    if request.POST.get("bestaetigt") and not missing:
        answers = bulk.take_all(functools.partial(writing, request), request.person, move, chosen, fields)
        return _page(request, move, answers, is_done=True)
    with viewing(request) as work:
        answers = bulk.foresee(work, request.person, move, chosen)
        sheets = _sheets(request, work, move, answers)
    errors = (
        {need: f"{move.workflow.field_labels[need]} fehlt. Bitte angeben." for need in missing}
        if request.POST.get("bestaetigt")
        else {}
    )
    return _page(
        request,
        move,
        answers,
        errors=errors,
        is_asking=_is_asking(answers),
        is_mixed=any(answer.is_confirming for answer in answers),
        status=400 if errors else 200,
        sheets=sheets,
    )


def _is_asking(answers: list[Answer]) -> bool:
    """Whether what the step asks for is of use for any of these: who confirms a request takes over what it says."""
    return not all(answer.is_confirming for answer in answers if not answer.reasons)


def _sheets(request: Request, work: Work, move: Move, answers: list[Answer]) -> dict[int, Markup]:
    """Item → the text that the step makes public; of many the first ones, the others are read on their own pages."""
    if move.workflow is not PUBLICATION or not (
        Effect.FREEZE_EDITION in move.transition.effects or move.transition.target == "scheduled"
    ):
        return {}
    shown = [answer.id for answer in answers if not answer.reasons][:SHEETS]
    rows = (desk.item(work.session, request.person, one) for one in shown)
    return {row.id: item_page.sheet(request, work, row) for row in rows if row is not None}


def _chosen(request: Request) -> list[Chosen]:
    found = (_CHOSEN.fullmatch(str(value)) for value in request.POST.getall("eintrag"))
    return list(
        dict.fromkeys(
            Chosen(int(match[1]), int(match[2]), int(match[3]) if match[3] else None) for match in found if match
        )
    )


def _choices(request: Request, chosen: list[Chosen], found: list[Choice]) -> Response:
    return page(
        request,
        "desk/bulk_choice.html",
        title="Schritt wählen",
        back=_back(request),
        chosen=chosen,
        good=[choice for choice in found if choice.count],
        bad=[choice for choice in found if not choice.count],
    )


def _page(request: Request, move: Move | None, answers: list[Answer], *, status: int = 200, **values: Any) -> Response:
    shown: dict[str, Any] = {
        "problem": "",
        "is_done": False,
        "errors": {},
        "sheets": {},
        "is_asking": True,
        "is_mixed": False,
        **values,
    }
    shown["consequences"] = confirming.consequences(f"{move.workflow.name}.{move.name}") if move else ""
    return page(
        request,
        "desk/bulk.html",
        title=move.transition.title if move else "Schritt wählen",
        status=status,
        step=move.key if move else "",
        back=_back(request),
        good=[answer for answer in answers if not answer.reasons],
        bad=[answer for answer in answers if answer.reasons],
        needs=sorted(move.transition.needs) if move else [],
        labels=move.workflow.field_labels if move else {},
        given=typed_texts(request),
        **shown,
    )


def _back(request: Request) -> str:
    back = safe_path(str(request.POST.get("zurueck", LIST)))
    return back if back.startswith(LIST) else LIST
