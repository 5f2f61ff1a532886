"""The Königsteiner Schlüssel at the desk: what counts by year, a list to paste or to upload, a second person who confirms it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content.council import koenigstein
from content.council.laender import LAENDER, LAND_CODES
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.council import key_lists, keys
from portal.auth.desk import desk_view, page, viewing, writing
from portal.web.common import number_in
from workflows.engine import Blocked
from workflows.vocabulary import Permission

MAX_FILE: Final = 100_000
_INPUTS: Final[Mapping[str, str]] = {"year": "jahr", "source": "quelle", "list": "liste"}
"""Field → id of its input."""


@desk_view("desk.keys", permission=Permission.VOTE_RECORD)
def shown(request: Request) -> Response:
    """The keys by year, proposals first, and a form for another one."""
    with viewing(request) as work:
        return _page(request, work)


@desk_view("desk.keys", permission=Permission.VOTE_RECORD, method="POST")
def act(request: Request) -> Response:
    """Enter a list, confirm it as a second person, or take a proposal back."""
    typed = {name: str(request.POST.get(name, "")).replace("\x00", "") for name in ("year", "source", "list", "reason")}
    what, number = str(request.POST.get("tun", "")), number_in(str(request.POST.get("schluessel", "0")))
    try:
        typed["list"] = _uploaded(request) or typed["list"]
        with writing(request) as work:
            if what == "eingeben":
                number = key_lists.enter(
                    work.desk, year=typed["year"].strip(), source=typed["source"], text=typed["list"]
                ).id
            elif what == "bestaetigen":
                key_lists.confirm(work.desk, number)
            elif what == "verwerfen":
                key_lists.discard(work.desk, number, typed["reason"])
            else:
                raise HTTPNotFound
    except InvalidInput as invalid:
        with viewing(request) as work:
            return _page(request, work, typed, invalid.errors, status=400)
    except Blocked as refused:
        with viewing(request) as work:
            return _page(
                request, work, typed, [FieldError("", row.code, row.message) for row in refused.blockers], status=409
            )
    return HTTPSeeOther(f"/redaktion/koenigstein?getan={what}#k{number}")


def _uploaded(request: Request) -> str:
    """The text of the file that was chosen, empty where there is none. Raises `InvalidInput`."""
    file = request.POST.get("datei")
    if isinstance(file, str) or not getattr(file, "filename", ""):
        return ""
    body = file.file.read(MAX_FILE + 1)
    if len(body) > MAX_FILE:
        raise InvalidInput(
            [
                FieldError(
                    "list",
                    "too_big",
                    "Die Datei ist zu groß für eine Liste mit 16 Zeilen. Bitte die Liste als CSV speichern.",
                )
            ]
        )
    try:
        return str(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return str(body.decode("cp1252", errors="replace"))


def _page(
    request: Request,
    work: Work,
    typed: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] = (),
    *,
    status: int = 200,
) -> Response:
    rows = key_lists.listed(work.session)
    counting = keys.counting(work.session)
    told = {
        "eingeben": "Eingegeben. Der Schlüssel zählt, sobald eine zweite Person ihn bestätigt.",
        "bestaetigen": "Bestätigt. Der Schlüssel zählt.",
        "verwerfen": "Verworfen.",
    }
    return page(
        request,
        "desk/keys.html",
        title="Königsteiner Schlüssel",
        typed=typed or {"year": "", "source": "", "list": "", "reason": ""},
        status=status,
        errors=[(_INPUTS.get(error.field, ""), error.message) for error in errors],
        wrong={error.field: error.message for error in errors},
        proposals=[row for row in rows if row.confirmed_at is None and row.ended_at is None],
        history=rows,
        counting=list(counting.values())[::-1],
        shipped=koenigstein.KEYS,
        laender=[LAENDER[code] for code in LAND_CODES],
        login=request.person.login,
        done=told.get(str(request.GET.get("getan", "")), "") if not errors else "",
    )
