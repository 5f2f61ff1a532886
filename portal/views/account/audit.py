"""The audit log, for administrators: search it, take it along as CSV or JSON lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.engine import Connection

from content.services.accounts import audit as log
from content.typed import typed_days
from content.typed.berlin import BERLIN
from portal.auth.desk import audit, desk_view, page, viewing, writing
from portal.web.common import page_number, parameter
from workflows.catalogue import WORKFLOWS
from workflows.vocabulary import Permission

FIELDS = ("wer", "was", "woran", "worte", "von", "bis")


@desk_view("desk.audit", permission=Permission.AUDIT_READ)
def audit_log(request: Request) -> Response:
    """Who did what, when, to what, from where."""
    asked, chosen, errors = _asked(request)
    kept = {name: value for name, value in chosen.items() if value}

    def address(number: int) -> str:
        return "/redaktion/protokoll?" + urlencode({**kept, "seite": number})

    with viewing(request) as work:
        rows, total, pages = log.search(work.session, asked, page_number(request))
    return page(
        request,
        "desk/audit.html",
        title="Protokoll",
        rows=rows,
        total=total,
        pages=pages,
        number=min(page_number(request), pages),
        chosen=chosen,
        errors=errors,
        address=address,
        asked=urlencode(kept),
        words_of=words_of,
        status=400 if errors else 200,
        actions=sorted(set(log.ACTIONS.values())),
    )


@desk_view("desk.audit_csv", permission=Permission.AUDIT_READ)
@desk_view("desk.audit_jsonl", permission=Permission.AUDIT_READ)
def back_to_log(request: Request) -> Response:
    """Whoever opens the address of a file finds the log with its buttons: taking it along is noted, so it is no mere reading."""
    return HTTPSeeOther("/redaktion/protokoll" + (f"?{request.query_string}" if request.query_string else ""))


@desk_view("desk.audit_csv", permission=Permission.AUDIT_READ, method="POST")
def audit_csv(request: Request) -> Response:
    """What was asked for, as CSV."""
    return _download(request, log.as_csv, "text/csv", "protokoll.csv")


@desk_view("desk.audit_jsonl", permission=Permission.AUDIT_READ, method="POST")
def audit_jsonl(request: Request) -> Response:
    """What was asked for, as JSON lines."""
    return _download(request, log.as_jsonl, "application/x-ndjson", "protokoll.jsonl")


def words_of(action: str) -> str:
    """What an action is called in German."""
    if action.startswith("step."):
        _, flow, step = [*action.split(".", 2), ""][:3]
        workflow = WORKFLOWS.get(flow)
        if workflow is not None and step in workflow.transitions:
            return f"{workflow.title}: {workflow.transitions[step].title}"
    flow, _, step = action.partition(".")
    if action not in log.ACTIONS and flow in WORKFLOWS and step in WORKFLOWS[flow].transitions:
        return f"{WORKFLOWS[flow].title}: {WORKFLOWS[flow].transitions[step].title}"
    return log.ACTIONS.get(action, action)


def _actions_like(words: str) -> frozenset[str]:
    """The actions that are called so in German; nobody has to know their names."""
    steps = (f"step.{name}.{step}" for name, workflow in WORKFLOWS.items() for step in workflow.transitions)
    return (
        frozenset(action for action in (*log.ACTIONS, *steps) if words.lower() in words_of(action).lower())
        if words
        else frozenset()
    )


def _asked(request: Request) -> tuple[log.Filter, dict[str, str], dict[str, str]]:
    """The filter, what was typed, and what is wrong with it."""
    chosen = {
        name: "".join(letter for letter in parameter(request, name) if letter.isprintable()).strip()[:200]
        for name in FIELDS
    }
    errors: dict[str, str] = {}
    days: dict[str, dt.date | None] = {}
    for name in ("von", "bis"):
        days[name] = typed_days.day(chosen[name])
        if chosen[name] and days[name] is None:
            errors[name] = f"„{chosen[name]}“ ist kein Tag. Erwartet wird etwa 2026-11-25."
    since, until = days["von"], days["bis"]
    return (
        log.Filter(
            actor=chosen["wer"],
            action=chosen["was"],
            actions=_actions_like(chosen["was"]),
            subject=chosen["woran"],
            words=chosen["worte"],
            since=_midnight(since) if since else None,
            until=_midnight(until + dt.timedelta(days=1)) if until and until < dt.date.max else None,
        ),
        chosen,
        errors,
    )


def _midnight(day: dt.date) -> dt.datetime | None:
    """The beginning of a day in Berlin; None for days at the ends of time."""
    return dt.datetime.combine(day, dt.time(), BERLIN) if 2 <= day.year <= 9998 else None


def _download(
    request: Request, write: Callable[[Connection, log.Filter], Iterator[bytes]], media_type: str, name: str
) -> Response:
    asked, chosen, _ = _asked(request)
    with writing(request) as work:
        audit(
            request,
            work,
            "audit.exported",
            detail=urlencode({field: value for field, value in chosen.items() if value}),
        )
    house = request.registry.house

    def lines() -> Iterator[Any]:
        with house.reading() as connection:
            yield from write(connection, asked)

    return Response(
        app_iter=lines(), content_type=media_type, charset="utf-8", content_disposition=f'attachment; filename="{name}"'
    )
