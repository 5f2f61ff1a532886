"""The search at the desk: what is recommended for a question, other names, words for the splitter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.search import search_desk
from content.typed.whole import whole
from portal.auth.desk import audit, desk_view, page, viewing, writing
from portal.web.common import parameter
from workflows.vocabulary import Permission

PATH: Final = "/redaktion/suche"
FIELDS: Final = ("question", "urls", "word", "others", "source")
PICK: Final = "pick"


@desk_view("desk.search", permission=Permission.SEARCH_EDIT)
def show(request: Request) -> Response:
    """Everything written down, with a form to change it."""
    with viewing(request) as work:
        return _page(request, work)


@desk_view("desk.search", permission=Permission.SEARCH_EDIT, method="POST")
def change(request: Request) -> Response:
    """Save or strike out one row; what cannot be taken stays in its form."""
    use, number = str(request.POST.get("use", "")), str(request.POST.get("id", ""))
    if (use != PICK and use not in search_desk.USES) or (number and whole(number) is None):
        raise HTTPNotFound
    known_id = whole(number)
    typed = {name: str(request.POST.get(name, ""))[:5_000] for name in FIELDS}
    try:
        with writing(request) as work:
            if request.POST.get("schritt") == "entfernen":
                _remove(request, work, use, known_id)
            else:
                _save(request, work, use, typed, known_id)
    except InvalidInput as invalid:
        with writing(request) as work:
            return _page(request, work, use=use, known_id=known_id, typed=typed, errors=invalid.errors, status=400)
    return HTTPSeeOther(f"{PATH}#{use}")


def _save(request: Request, work: Work, use: str, typed: Mapping[str, str], known_id: int | None) -> None:
    by = request.person.login
    if use == PICK:
        planner = request.registry.house.language.planner(work.session.connection())
        pick = search_desk.save_pick(work.desk, planner, request.reader.bodies, typed, known_id=known_id, by=by)
        audit(request, work, "search.pick", pick.question, ", ".join(pick.urls))
    else:
        word = search_desk.save_word(work.desk, use, typed, known_id=known_id, by=by)
        audit(request, work, "search.word", word.word, ", ".join([search_desk.USES[use], *word.others]))


def _remove(request: Request, work: Work, use: str, known_id: int | None) -> None:
    gone = (
        search_desk.remove(work.session, pick_id=known_id)
        if use == PICK
        else search_desk.remove(work.session, word_id=known_id)
    )
    if gone:
        audit(request, work, "search.pick-removed" if use == PICK else "search.word-removed", gone)


def _page(
    request: Request,
    work: Work,
    *,
    use: str = "",
    known_id: int | None = None,
    typed: Mapping[str, str] | None = None,
    errors: tuple[FieldError, ...] = (),
    status: int = 200,
) -> Response:
    probe = parameter(request, "wort")
    planner = request.registry.house.language.planner(work.session.connection())

    def value(form_use: str, row_id: int | None, name: str, kept: str = "") -> str:
        """What stands in a field: what was just typed into that very form, else what is kept."""
        return typed.get(name, "") if typed is not None and (form_use, row_id) == (use, known_id) else kept

    def fault(form_use: str, row_id: int | None, name: str) -> str:
        return " ".join(
            error.message for error in errors if error.field == name and (form_use, row_id) == (use, known_id)
        )

    values: dict[str, Any] = {
        "picks": search_desk.picks(work.session),
        "words": {name: search_desk.words(work.session, name) for name in search_desk.USES},
        "uses": search_desk.USES,
        "value": value,
        "fault": fault,
        "faults": errors,
        "open": (use, known_id),
        "probe": probe,
        "explained": search_desk.explained(planner, probe),
        "most": search_desk.MAX_PICKS,
    }
    return page(request, "desk/search.html", title="Suche", status=status, **values)
