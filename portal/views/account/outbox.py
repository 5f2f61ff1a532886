"""What could not be sent, for administrators: see why, try again, drop."""

from __future__ import annotations

from typing import Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content.services.base import outbox
from content.typed.whole import whole
from portal.auth.desk import audit, desk_view, page, utc_now, viewing, writing
from portal.desk import confirming
from workflows.vocabulary import Permission

KIND_WORDS: Final = {
    "mail.invitation": "Einladung",
    "mail.reset": "Neues Kennwort",
    "mail.notice": "Hinweis",
    "mail.digest": "Tägliche Übersicht",
    "mail.account": "Änderung am Konto",
    "mail.embargo": "Link unter Sperrfrist",
    "mail.embargo_lifted": "Ende eines Links unter Sperrfrist",
    "mail.review": "Bitte um Durchsicht",
    "mail.review_reminder": "Erinnerung an die Durchsicht",
    "mail.alert": "Neues zu einer Suche",
    "mail.alert_confirm": "Bestätigung eines Abos",
    "mail.alert_link": "Link zu Abos",
}


@desk_view("desk.outbox", permission=Permission.ACCOUNT_MANAGE)
def troubled(request: Request) -> Response:
    """Messages that failed or were given up."""
    with viewing(request) as work:
        rows, (waiting, given_up) = outbox.troubled(work.session), outbox.counts(work.session)
    return page(
        request,
        "desk/outbox.html",
        title="Versand",
        rows=rows,
        waiting=waiting,
        given_up=given_up,
        kind_words=KIND_WORDS,
    )


@desk_view("desk.outbox", permission=Permission.ACCOUNT_MANAGE, method="POST")
def decide(request: Request) -> Response:
    """Try a message again, or drop it."""
    given, act = str(request.POST.get("auftrag", "")), str(request.POST.get("schritt", ""))
    job_id = whole(given) or 0
    if act == "drop" and (asked := _question(request, job_id)):
        return asked
    with writing(request) as work:
        job = (
            outbox.retry(work.session, job_id, utc_now())
            if act == "retry"
            else outbox.drop(work.session, job_id)
            if act == "drop"
            else None
        )
        if job is not None:
            audit(
                request,
                work,
                "job.retried" if act == "retry" else "job.dropped",
                f"{job.kind} {job.id}",
                str(job.payload.get("to", "")),
            )
    return HTTPSeeOther("/redaktion/versand")


def _question(request: Request, job_id: int) -> Response | None:
    with viewing(request) as work:
        job = next((row for row in outbox.troubled(work.session) if row.id == job_id), None)
    if job is None:
        return None
    receiver = str(job.payload.get("to", ""))
    subject = KIND_WORDS.get(job.kind, job.kind) + (f" an {receiver}" if receiver else "")
    return confirming.question(
        request, "message.drop", subject, "/redaktion/versand", facts=[("Woran es lag", job.error)] if job.error else []
    )
