"""The lists of the desk: one page for every list, with search, filters and order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlencode

from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm import Session

from content.kinds import KINDS
from content.services.workflow import bulk
from content.services.workflow import desk_lists as queries
from content.services.workflow.desk_lists import DeskList, Wanted
from content.typed import typed_days
from content.typed.berlin import BERLIN
from portal.auth.desk import desk_view, looking, page, utc_now
from portal.views.desk.desk import SHOWN_STATES
from portal.web.common import page_number, parameter

FILTERS: Final = ("liste", "q", "art", "zustand", "haus", "von", "seit", "ordnung")
"""The parameters of a list, in the order of its address."""
ASIDE: Final = ("haus", "von", "seit", "ordnung")
"""Filters that stand below, under „Weitere Filter“."""
HOUSE_ITSELF: Final = "-"
LIST: Final = "/redaktion/eintraege"
_CHOICES: Final[Mapping[str, Collection[str]]] = {
    "liste": queries.VIEWS,
    "art": KINDS,
    "zustand": SHOWN_STATES,
    "ordnung": queries.ORDERS,
}


def address(chosen: Mapping[str, str], **changes: str) -> str:
    """The address of a list with what is chosen."""
    kept = {name: value for name, value in {**chosen, **changes}.items() if value}
    return f"{LIST}?{urlencode(kept)}" if kept else LIST


@desk_view("desk.list")
def item_list(request: Request) -> Response:
    """Working rows with search and filters; what cannot be understood is named beside its field."""
    chosen = {name: parameter(request, name)[:200] for name in FILTERS}
    with looking(request) as session:
        owners = queries.organisations(session, request.person)
        wanted, errors = _wanted(session, request, chosen)
        found = (
            DeskList((), 0, False, 1, 1, False)
            if errors
            else queries.listing(session, request.person, wanted, utc_now())
        )
    sees = queries.kinds_of(request.person)
    return page(
        request,
        "desk/list.html",
        title=queries.VIEWS[wanted.view].title if wanted.view else "Einträge",
        status=400 if errors else 200,
        found=found,
        chosen=chosen,
        errors=errors,
        states=SHOWN_STATES,
        sees=[(name, KINDS[name].plural) for name in sees],
        owners=[(HOUSE_ITSELF, "Das Haus selbst"), *owners] if owners else [],
        names=dict(owners),
        limit=queries.COUNT_LIMIT,
        views=[
            ("", "Alle", address({})),
            *((name, view.title, address({}, liste=name)) for name, view in queries.VIEWS.items()),
        ],
        orders=[(name, words) for name, (words, _) in queries.ORDERS.items()],
        is_open=any(chosen[name] for name in ASIDE),
        address=lambda number: address(chosen, seite=str(number)),
        can_pick=bool(found.rows) and bulk.may_move(request.person),
        steps=bulk.quick_steps(request.person, found.rows),
        here=address(chosen, seite=str(found.page) if found.page > 1 else ""),
    )


def _wanted(session: Session, request: Request, chosen: Mapping[str, str]) -> tuple[Wanted, dict[str, str]]:
    """What the parameters mean, and by parameter what cannot be understood."""
    errors = {
        name: "Diese Auswahl gibt es nicht. Bitte aus der Liste wählen."
        for name, known in _CHOICES.items()
        if chosen[name] and chosen[name] not in known
    }
    since = _since(chosen["seit"])
    if chosen["seit"] and since is None:
        errors["seit"] = f"„{chosen['seit'][:40]}“ ist kein Tag. Erwartet wird JJJJ-MM-TT, etwa 2026-03-01."
    by = queries.logins_named(session, chosen["von"], request.person) if chosen["von"] else None
    if by is not None and not by:
        errors["von"] = (
            f"Von „{chosen['von'][:60]}“ ist hier nichts. Bitte Namen oder Anmeldenamen prüfen; „ich“ zeigt Ihre eigenen."
        )
    return Wanted(
        view="" if "liste" in errors else chosen["liste"],
        kind=chosen["art"],
        state=chosen["zustand"],
        words=chosen["q"],
        owner={"": None, HOUSE_ITSELF: ""}.get(chosen["haus"], chosen["haus"]),
        by=by,
        since=since,
        order=chosen["ordnung"],
        page=page_number(request),
    ), errors


def _since(text: str) -> dt.datetime | None:
    """The beginning of the day in Berlin."""
    day = typed_days.day(text)
    return dt.datetime.combine(day, dt.time(), BERLIN).astimezone(dt.UTC) if day is not None else None
