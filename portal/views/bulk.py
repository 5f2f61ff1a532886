"""A step for many items of a list: first a page that says what would happen, then the step, then what became of each."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from content.services import bulk
from content.services.bulk import Answer, Chosen
from portal import step_fields
from portal.desk import MissingRight, desk_view, page, safe_path, writing
from portal.views.desk_list import LIST
from workflows.publication import PUBLICATION

_CHOSEN: Final = re.compile(r"(\d{1,9})\.(\d{1,9})")
"""An item and its revision, as the check boxes of a list send them."""

_LABELS: Final = {"note": "Öffentlicher Hinweis"}


@desk_view("desk.bulk", method="POST")
def step(request: Request) -> Response:
    """Ask, or do it where that was confirmed."""
    name = str(request.POST.get("schritt", ""))
    if name not in bulk.STEPS:
        raise HTTPNotFound
    if not request.person.holds(PUBLICATION.transitions[name].permission):
        raise MissingRight
    chosen = _chosen(request)
    if not chosen or len(chosen) > bulk.LIMIT:
        words = f"Höchstens {bulk.LIMIT} auf einmal. Bitte weniger auswählen." if chosen else "Kein Eintrag ist ausgewählt. Bitte in der Liste mindestens einen ankreuzen."
        return _page(request, name, [], problem=words, status=400)
    fields = step_fields.read(PUBLICATION, name, {key: value for key, value in request.POST.items() if isinstance(value, str)})
    missing = [need for need in fields if not fields[need]]
    if request.POST.get("bestaetigt") and not missing:
        answers = bulk.take_all(functools.partial(writing, request), request.person, name, chosen, fields)
        return _page(request, name, answers, is_done=True)
    with writing(request) as work:
        answers = bulk.foresee(work, request.person, name, chosen)
    errors = {need: f"{PUBLICATION.field_labels[need]} fehlt. Bitte angeben." for need in missing} if request.POST.get("bestaetigt") else {}
    return _page(request, name, answers, errors=errors, status=400 if errors else 200)


def _chosen(request: Request) -> list[Chosen]:
    found = (_CHOSEN.fullmatch(str(value)) for value in request.POST.getall("eintrag"))
    return list(dict.fromkeys(Chosen(int(match[1]), int(match[2])) for match in found if match))


def _page(request: Request, name: str, answers: list[Answer], *, status: int = 200, **values: Any) -> Response:
    transition = PUBLICATION.transitions[name]
    shown: dict[str, Any] = {"problem": "", "is_done": False, "errors": {}, **values}
    back = safe_path(str(request.POST.get("zurueck", LIST)))
    return page(
        request, "desk/bulk.html", title=transition.title, status=status, step=name, back=back if back.startswith(LIST) else LIST,
        good=[answer for answer in answers if not answer.reasons], bad=[answer for answer in answers if answer.reasons],
        needs=[(need, _LABELS[need]) for need in sorted(transition.needs)], **shown,
    )
