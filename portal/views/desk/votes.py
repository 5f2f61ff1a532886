"""The vote on a decision: the ballots of each member, by the body's rule or, confirmed by a second person, by another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.council import voting
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.council import ballots, other_rule, voted_text
from content.services.editing import unreviewed
from content.services.editing.form_drafts import Kept
from portal.auth.desk import desk_view, page, viewing, writing
from portal.desk import ballot_form, confirming
from portal.desk.asked import desk_with, found_item
from portal.desk.ballot_form import VOTE, Typed
from portal.desk.differences import differences
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission


@desk_view("desk.vote", permission=Permission.VOTE_RECORD)
def vote_form(request: Request) -> Response:
    """The ballots of each member: as they are stored, or a draft of them."""
    with viewing(request) as work:
        row = found_decision(request, work)
        draft = ballot_form.draft(request, work, VOTE, row)
        return _vote_page(request, work, row, draft or ballot_form.stored(ballots.vote_of(work.session, row), row), ())


def _put_by(request: Request) -> Response | None:
    """Keep what was typed and lead to its form; None where nothing of the form was sent."""
    if request.POST.get("regel") == "bestaetigen" or request.POST.get("verwerfen"):
        return None
    typed = ballot_form.typed(request)
    with writing(request) as work:
        done = ballot_form.keep(request, work, typed, VOTE, found_decision(request, work))
        return ballot_form.put_by(request, typed) if done is Kept.KEPT else _again(request, work, typed, ())


@desk_view("desk.vote", permission=Permission.VOTE_RECORD, method="POST", put_by=_put_by)
def record_vote(request: Request) -> Response:
    """Keep the ballots and tell what came out; confirm another rule; or only keep what was typed."""
    if request.POST.get("regel") in _OF_RULES:
        return _decide_rule(request)
    if unwanted := str(request.POST.get("verwerfen", "")):
        return ballot_form.discard(request, unwanted)
    if request.POST.get("behalten") and (kept := _put_by(request)) is not None:
        return kept
    typed = ballot_form.typed(request)
    try:
        with writing(request) as work:
            row = found_decision(request, work)
            desk = desk_with(work, request.person.permits_on(row.kind, row.owner))
            _compare_wording(work, row, typed.rev)
            ballots.record(
                desk,
                row,
                ballots.with_others(row.body, typed.ballots, typed.others),
                is_circulation=typed.is_circulation,
                is_en_bloc=typed.is_en_bloc,
                rule=typed.rule or None,
                note=typed.note,
                rule_reason=typed.rule_reason,
            )
            unreviewed.changed(desk, row)
            other_rule.ask(desk, row)
            ballot_form.forget(request, work, typed)
            target = f"/redaktion/eintrag/{row.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _again(request, work, typed, invalid.errors)
    except Blocked as refused:
        with writing(request) as work:
            return _again(request, work, typed, [FieldError("", row.code, row.message) for row in refused.blockers])
    return HTTPSeeOther(target)


@desk_view("desk.vote_draft", permission=Permission.VOTE_RECORD, method="POST")
def keep(request: Request) -> Response:
    """Keep what is being typed (a script says so every few seconds); says when, and what would come out."""
    with writing(request) as work:
        row = found_decision(request, work)
        return ballot_form.kept(request, work, VOTE, row, row.body, ballots.year_of(row, work.desk.now.year))


def _compare_wording(work: Work, row: models.Decision, rev: int) -> None:
    """Raise `Blocked` where the votes would be kept with another wording than the page showed."""
    read = voted_text.at(work.session, row.id, rev)
    if read is None or read != voted_text.wording(row.input):
        words = "Der Text wurde geändert, seit Sie ihn hier gelesen haben; eingetragen ist nichts. Bitte prüfen, ob die Stimmen auch für diesen Text gelten, dann eintragen."
        raise Blocked((Blocker("other_wording", words),))


_OF_RULES: Final = frozenset({"bestaetigen", "ablehnen"})


def _decide_rule(request: Request) -> Response:
    """What a second person says of another rule than the body's."""
    try:
        with writing(request) as work:
            row = found_decision(request, work)
            desk, seen = (
                desk_with(work, request.person.permits_on(row.kind, row.owner)),
                str(request.POST.get("stimmen", "")),
            )
            # What was not read is not decided on.
            if request.POST.get("regel") == "bestaetigen":
                other_rule.confirm(desk, row, seen)
            else:
                other_rule.decline(desk, row, str(request.POST.get("hinweis", "")), seen)
            target = f"/redaktion/eintrag/{row.id}"
    except Blocked as refused:
        with writing(request) as work:
            row = found_decision(request, work)
            errors = [FieldError("", blocker.code, blocker.message) for blocker in refused.blockers]
            return _vote_page(
                request, work, row, ballot_form.stored(ballots.vote_of(work.session, row), row), errors, status=409
            )
    return HTTPSeeOther(target)


def _again(request: Request, work: Work, typed: Typed, errors: Sequence[FieldError]) -> Response:
    """The form once more with what was typed; it is kept, whatever happens to the browser."""
    row = found_decision(request, work)
    ballot_form.keep(request, work, typed, VOTE, row)
    return _vote_page(request, work, row, typed, errors, status=400 if errors else 200)


def _vote_page(
    request: Request, work: Work, row: models.Decision, typed: Typed, errors: Sequence[FieldError], *, status: int = 200
) -> Response:
    shown = ballot_form.shown(
        request, work, typed, VOTE, row, row.body, row.date or (row.meeting.date if row.meeting else None), errors
    )
    recorded, read = ballots.vote_of(work.session, row), voted_text.at(work.session, row.id, typed.rev)
    is_closed = ballots.is_closed(work.session, row)
    changed = differences(row.kind, read, voted_text.wording(row.input)) if read is not None and not is_closed else ()
    return page(
        request,
        "desk/vote.html",
        title="Abstimmung",
        item=row,
        status=status,
        used=ballots.rule_of(work.session, row),
        login=request.person.login,
        is_closed=is_closed,
        other_wording=ballots.other_wording(work.session, row),
        changed=changed,
        wording=confirming.wording_of(row, work.desk.now),
        declined_note=str(request.POST.get("hinweis", "")),
        shown_words=voting.SHOWN_WORDS,
        vote=ballots.as_data(work.session, row),
        is_recorded=recorded is not None,
        vote_mark=ballots.mark_of(recorded),
        **shown,
    )


def found_decision(request: Request, work: Work) -> models.Decision:
    """The decision that the address names. Raises `HTTPNotFound`."""
    row = found_item(request, work.session)
    if not isinstance(row, models.Decision):
        raise HTTPNotFound
    return row
