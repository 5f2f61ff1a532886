"""The green list of a session: one form, one vote, all items or none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.base import body_law
from content.services.council import ballots
from content.services.editing.form_drafts import Kept
from content.services.workflow import desk_lists as desk
from content.services.workflow import en_bloc
from content.services.workflow.transition import Stale
from portal.auth.desk import audit, desk_view, page, viewing, writing
from portal.desk import ballot_form, confirming
from portal.desk.asked import desk_with, found_item
from portal.desk.ballot_form import GREEN_LIST, Typed
from portal.desk.differences import Difference, differences
from portal.desk.typed import DRAFT
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission

ITEM: Final = "punkt"
"""Name of the hidden inputs with the list that was shown: „decision.revision name“, in order."""
NUMBER: Final = "nummer"
"""Name of those with the numbers that the question named."""
_SEEN: Final = re.compile(r"(\d{1,9})\.(\d{1,9}) (.*)", re.DOTALL)


class _Foreseen(Exception):  # noqa: N818 - named for the situation
    """All could be adopted: under which name, with which numbers, texts (title, each) and votes."""

    def __init__(
        self,
        subject: str,
        numbers: Sequence[tuple[str, str]],
        texts: Sequence[tuple[str, Markup]],
        vote: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(subject)
        self.subject, self.numbers, self.texts, self.vote = subject, numbers, texts, vote


@desk_view("desk.en_bloc", permission=Permission.VOTE_RECORD)
def form(request: Request) -> Response:
    """What is on the green list, and the ballots; what was adopted from it, with the numbers given."""
    with viewing(request) as work:
        meeting = _meeting(request, work)
        return _page(request, work, ballot_form.draft(request, work, GREEN_LIST, meeting) or Typed(), ())


def _put_by(request: Request) -> Response | None:
    """Keep what was typed and lead to its form; None where nothing of the form was sent."""
    if request.POST.get("verwerfen"):
        return None
    typed = ballot_form.typed(request)
    with writing(request) as work:
        done = ballot_form.keep(request, work, typed, GREEN_LIST, _meeting(request, work))
        return ballot_form.put_by(request, typed) if done is Kept.KEPT else _again(request, work, typed, ())


@desk_view("desk.en_bloc", permission=Permission.VOTE_RECORD, method="POST", put_by=_put_by)
def adopt(request: Request) -> Response:
    """Adopt all, or tell every reason why not and keep what was typed."""
    if unwanted := str(request.POST.get("verwerfen", "")):
        return ballot_form.discard(request, unwanted)
    if request.POST.get("behalten") and (kept := _put_by(request)) is not None:
        return kept
    typed = ballot_form.typed(request)
    is_sure = request.POST.get(confirming.CONFIRMED) == confirming.YES
    try:
        with writing(request) as work:
            meeting = _meeting(request, work)
            permitted = desk_with(work, request.person.permits_on("decision", meeting.owner))
            cast = ballots.with_others(meeting.body, typed.ballots, typed.others)
            adopted = en_bloc.adopt(permitted, meeting, cast, is_circulation=typed.is_circulation, seen=_seen(request))
            if not is_sure:
                # It would go: what was done is given up with this transaction, and the numbers are told before the yes.
                numbers = [(row.title or row.url, row.number or "") for row in adopted]
                texts = [
                    (f"Wortlaut: {row.title or row.url}", confirming.wording_of(row, work.desk.now)) for row in adopted
                ]
                raise _Foreseen(meeting.title or meeting.url, numbers, texts, ballots.as_data(work.session, adopted[0]))
            _compare_numbers(request, adopted)
            ballot_form.forget(request, work, typed)
            audit(request, work, "vote.en_bloc", meeting.url, ", ".join(row.number or "" for row in adopted))
            target = f"{request.path_info}?beschlossen=1"
    except _Foreseen as foreseen:
        with writing(request) as work:
            meeting = _meeting(request, work)
            ballot_form.keep(request, work, typed, GREEN_LIST, meeting)
            back = f"{request.path_info}?{DRAFT}={typed.uid}"
        facts = [*foreseen.numbers, *(ballot_form.facts(foreseen.vote) if foreseen.vote is not None else ())]
        also = [(DRAFT, typed.uid), *((NUMBER, number) for _, number in foreseen.numbers)]
        if asked := confirming.question(
            request, "vote.en_bloc", foreseen.subject, back, facts=facts, also=also, texts=foreseen.texts
        ):
            return asked
        raise HTTPNotFound from None  # not confirmed, and yet nothing to ask: no form of ours sends that
    except (InvalidInput, Blocked, Stale) as refused:
        with writing(request) as work:
            return _again(request, work, typed, _reasons(refused))
    return HTTPSeeOther(target)


@desk_view("desk.en_bloc_draft", permission=Permission.VOTE_RECORD, method="POST")
def keep(request: Request) -> Response:
    """Keep what is being typed; says when, and what would come out."""
    with writing(request) as work:
        meeting = _meeting(request, work)
        return ballot_form.kept(
            request, work, GREEN_LIST, meeting, meeting.body, (meeting.date or work.desk.now.date()).year
        )


def _seen(request: Request) -> list[en_bloc.Seen]:
    """The list as the page showed it; the question carries it on."""
    found = (_SEEN.fullmatch(str(given)) for given in request.POST.getall(ITEM))
    return [en_bloc.Seen(int(match[1]), int(match[2]), match[3]) for match in found if match]


def _compare_numbers(request: Request, adopted: Sequence[models.Decision]) -> None:
    """Raise `Blocked` where other numbers would be given than the question named: somebody adopted something else meanwhile."""
    told, given = [str(number) for number in request.POST.getall(NUMBER)], [row.number or "" for row in adopted]
    if told != given:
        words = f"Inzwischen sind andere Nummern an der Reihe: {', '.join(given)}. Bitte noch einmal beschließen."
        raise Blocked((Blocker("other_numbers", words),))


def _reasons(refused: InvalidInput | Blocked | Stale) -> list[FieldError]:
    if isinstance(refused, InvalidInput):
        return list(refused.errors)
    if isinstance(refused, Blocked):
        return [FieldError("", row.code, row.message) for row in refused.blockers]
    return [FieldError("", "stale", str(refused))]


def _meeting(request: Request, work: Work) -> models.Meeting:
    row = found_item(request, work.session)
    if not isinstance(row, models.Meeting):
        raise HTTPNotFound
    return row


def _again(request: Request, work: Work, typed: Typed, errors: Sequence[FieldError]) -> Response:
    ballot_form.keep(request, work, typed, GREEN_LIST, _meeting(request, work))
    return _page(request, work, typed, errors)


def _page(request: Request, work: Work, typed: Typed, errors: Sequence[FieldError]) -> Response:
    meeting = _meeting(request, work)
    shown = ballot_form.shown(
        request,
        work,
        replace(typed, rule=body_law.of(meeting.body).rule),
        GREEN_LIST,
        meeting,
        meeting.body,
        meeting.date,
        errors,
    )
    return page(
        request,
        "desk/en_bloc.html",
        title="Grüne Liste",
        item=meeting,
        items=en_bloc.green_list(work.session, meeting),
        item_name=ITEM,
        changed=_changed(request, work, meeting) if errors else (),
        adopted=en_bloc.adopted_items(work.session, meeting),
        is_done=bool(request.GET.get("beschlossen")) and not errors,
        status=409 if errors else 200,
        **shown,
    )


def _changed(request: Request, work: Work, meeting: models.Meeting) -> list[tuple[str, tuple[Difference, ...]]]:
    """(name, differences) of each draft that is another than the one that was read."""
    read, found = {row.decision_id: row.rev for row in _seen(request)}, []
    for item in en_bloc.green_list(work.session, meeting):
        decision, rev = item.decision, read.get(item.seen.decision_id)
        if decision is not None and rev is not None and rev != decision.rev:
            old = desk.revision(work.session, decision.id, rev)
            found.append((item.name, differences(decision.kind, old.input, decision.input) if old is not None else ()))
    return found
