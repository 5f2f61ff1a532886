"""Notices on the desk: what is unread, marking it as read, and choosing how to hear of things."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content.services.notifications import notify
from content.services.notifications.notify import EVENTS, WAY_TITLES, Way
from content.typed.whole import whole
from portal.auth.desk import audit, desk_view, page, utc_now, viewing, writing
from portal.web.common import page_number, parameter


@desk_view("desk.notices")
def notices(request: Request) -> Response:
    """What is unread, or everything."""
    with_read = parameter(request, "alle") == "ja"
    with viewing(request) as work:
        rows, pages = notify.notices(
            work.session, request.person.account_id, with_read=with_read, page=page_number(request)
        )
    return page(
        request,
        "desk/notices.html",
        title="Hinweise",
        rows=rows,
        pages=pages,
        number=min(page_number(request), pages),
        with_read=with_read,
        events=EVENTS,
    )


@desk_view("desk.notices", method="POST")
def mark_read(request: Request) -> Response:
    """Mark one notice as read, or all."""
    given = str(request.POST.get("hinweis", ""))
    with writing(request) as work:
        if given == "alle":
            notify.mark_read(work.session, request.person.account_id, utc_now())
        elif (notice_id := whole(given)) is not None:
            notify.mark_read(work.session, request.person.account_id, utc_now(), notice_id=notice_id)
    return HTTPSeeOther("/redaktion/hinweise")


@desk_view("desk.notice_choices")
def choices(request: Request) -> Response:
    """How the person hears of each kind of event."""
    with viewing(request) as work:
        ways = notify.ways_of(work.session, request.person.account_id)
    return page(
        request,
        "desk/notice_choices.html",
        title="Wie Sie Hinweise bekommen",
        ways=ways,
        events={name: event for name, event in EVENTS.items() if event.is_chosen},
        choices=list(WAY_TITLES.items()),
        is_saved="gespeichert" in request.GET,
    )


@desk_view("desk.notice_choices", method="POST")
def choose(request: Request) -> Response:
    """Keep the choices; what is no way is left out."""
    given = {event: str(request.POST.get(event, "")) for event in EVENTS}
    known = set(Way)
    with writing(request) as work:
        changed = notify.choose(
            work.session, request.person.account_id, {event: Way(way) for event, way in given.items() if way in known}
        )
        if changed:
            detail = "; ".join(
                f"{EVENTS[event].title}: {WAY_TITLES[old]} → {WAY_TITLES[new]}" for event, (old, new) in changed.items()
            )
            audit(request, work, "notices.chosen", request.person.login, detail)
    return HTTPSeeOther("/redaktion/hinweise/einstellungen?gespeichert=ja")
