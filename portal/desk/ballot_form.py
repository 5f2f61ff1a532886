"""The form of ballots, of one decision or of a green list: what was typed, how it is kept while it is typed, what a page shows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.council import voting
from content.house import Work
from content.models.item import new_uid
from content.schemas import FieldError
from content.services.base import body_law
from content.services.council import ballots
from content.services.editing import form_drafts
from content.services.editing.form_drafts import Kept
from content.typed.berlin import day_of
from portal.auth.desk import writing
from portal.desk import confirming
from portal.desk.typed import DRAFT, NUMBER, discard_draft, kept_answer, typed_number, typed_rev, typed_texts
from portal.web import site
from portal.web.common import parameter

VOTE, GREEN_LIST = "vote", "vote.green_list"
"""Kinds of drafts beside the kinds of items."""
_BALLOT: Final = "ballot."
_INPUTS: Final[Mapping[str, str]] = {
    "rule": "rule",
    "rule_reason": "regelgrund",
    "ballots": "stimmen",
    "note": "anmerkung",
}
"""Field → id of its input."""
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form. `uid` names it as it was opened: its draft has the same."""

    ballots: Mapping[str, str] = field(default_factory=dict)
    others: str = ""
    rule: str = ""
    rule_reason: str = ""
    note: str = ""
    is_circulation: bool = False
    is_en_bloc: bool = False
    uid: str = field(default_factory=new_uid)
    number: int = 0
    """As the browser counts what it sends."""
    rev: int = 0
    """The revision of the entry that the page showed; 0: unknown."""


def typed(request: Request) -> Typed:
    """A posted form, not judged yet."""
    return replace(_read(typed_texts(request), typed_rev(request)), number=typed_number(request))


def _read(texts: Mapping[str, str], rev: int) -> Typed:
    uid = texts.get(DRAFT, "")
    return Typed(
        ballots={name.removeprefix(_BALLOT): value for name, value in texts.items() if name.startswith(_BALLOT)},
        others=texts.get("others", ""),
        rule=texts.get("rule", ""),
        rule_reason=texts.get("rule_reason", ""),
        note=texts.get("note", ""),
        is_circulation=bool(texts.get("is_circulation")),
        is_en_bloc=bool(texts.get("is_en_bloc")),
        uid=uid if _UID.fullmatch(uid) else new_uid(),
        rev=rev,
    )


def stored(vote: models.Vote | None, row: models.Decision) -> Typed:
    """The form of a vote that was recorded, or an empty one with the body's rule."""
    if vote is None:
        return Typed(rule=body_law.of(row.body).rule, rev=row.rev)
    return Typed(
        ballots={ballot.member_code: ballot.choice for ballot in vote.ballots},
        rule=vote.rule,
        rule_reason=vote.rule_reason,
        note=vote.note,
        is_circulation=vote.is_circulation,
        is_en_bloc=vote.is_en_bloc,
        rev=vote.item_rev,
    )


def facts(vote: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of what was voted, as a question names it: the result, and who did not say yes."""
    result = "Angenommen" if vote["passed"] else "Nicht angenommen"
    found = [("Abstimmung", f"{result} nach „{vote['rule_title']}“: {voting.in_words(vote['counts'])}")]
    for choice, words in voting.SHOWN_WORDS.items():
        names = [row["name"] for row in vote["ballots"] if row["choice"] == choice]
        if names and choice != voting.Choice.YES:
            found.append((words[0].upper() + words[1:], ", ".join(names)))
    return found


def keep(request: Request, work: Work, given: Typed, kind: str, row: models.Item, *, is_auto: bool = False) -> Kept:
    """Keep what was typed until it is entered or not wanted any more. `is_auto`: a script sent it by itself."""
    texts = {name: value for name, value in typed_texts(request).items() if name.startswith(_BALLOT) or name in _KEPT}
    place = form_drafts.Place(request.person.login, given.uid, kind, row.id)
    return form_drafts.keep(
        work.session,
        place,
        texts,
        base_rev=typed_rev(request) or row.rev,
        files={},
        store=lambda _: "",
        now=work.desk.now,
        number=given.number,
        is_auto=is_auto,
    )


def put_by(request: Request, given: Typed) -> Response:
    """Lead to the form of what was kept: a page that is loaded anew shows the newest of it, and sends nothing again."""
    return HTTPSeeOther(f"{request.path_info}?{DRAFT}={given.uid}")


_KEPT: Final = frozenset({"others", "rule", "rule_reason", "note", "is_circulation", "is_en_bloc"})


def draft(request: Request, work: Work, kind: str, row: models.Item) -> Typed | None:
    """The draft that the address asks for (`?entwurf=`)."""
    found = form_drafts.find(work.session, request.person.login, parameter(request, DRAFT))
    if found is None or (found.kind, found.item_id) != (kind, row.id):
        return None
    return replace(_read({**found.input, DRAFT: found.uid}, found.base_rev), number=found.number)


def forget(request: Request, work: Work, given: Typed) -> None:
    """What was entered needs no draft any more."""
    form_drafts.finish(work.session, request.person.login, [given.uid], number=given.number, now=work.desk.now)


def discard(request: Request, uid: str) -> Response:
    """Ask, then forget a draft and show the form."""
    if asked := confirming.question(request, "draft.discard", "Was Sie hier getippt haben", request.path_info):
        return asked
    with writing(request) as work:
        discard_draft(work, request.person.login, uid)
    return HTTPSeeOther(request.path_info)


def kept(request: Request, work: Work, kind: str, row: models.Item, body: models.Body, year: int) -> Response:
    """The answer to the script that keeps what is typed: when, and what would come out by the rule chosen."""
    given = typed(request)
    done = keep(request, work, given, kind, row, is_auto=True)
    told = {
        "at": site.instant(work.desk.now),
        "rev": row.rev,
        "files": {},
        "result": _foreseen(work, given, body, year),
    }
    return kept_answer(done, told, form_drafts.last(work.session, request.person.login, given.uid))


def _foreseen(work: Work, given: Typed, body: models.Body, year: int) -> str:
    rule = voting.RULES.get(given.rule or body_law.of(body).rule)
    cast = ballots.with_others(body, given.ballots, given.others)
    if rule is None or not set(cast.values()) <= set(voting.CHOICE_WORDS):
        return ""
    members, _ = ballots.members_of(work.session, body, year)
    try:
        result = voting.count(
            rule,
            members,
            {code: choice for code, choice in cast.items() if choice},
            is_circulation=given.is_circulation,
        )
    except voting.UnknownMember:
        return ""
    return (
        "Stand der Eingabe: angenommen. " if result.passed else "Stand der Eingabe: noch nicht angenommen. "
    ) + " ".join(check.words for check in result.checks)


def shown(
    request: Request,
    work: Work,
    given: Typed,
    kind: str,
    row: models.Item,
    body: models.Body,
    day: dt.date | None,
    errors: Sequence[FieldError],
) -> dict[str, Any]:
    """What the pages of ballots show. `day`: the day of the vote, where it is known."""
    today, law = day_of(work.desk.now), body_law.of(body)
    members, chosen = ballots.members_of(work.session, body, (day or today).year)
    offered = [
        one for one in form_drafts.of_form(work.session, request.person.login, kind, row.id) if one.uid != given.uid
    ]
    wrong = {
        error.field.split(".")[0] if error.field.startswith("ballots") else error.field: error.message
        for error in errors
    }
    return {
        "members": members,
        "given": given.ballots,
        "all_others": given.others,
        "chosen": chosen,
        "rules": voting.RULES,
        "body_rule": law.rule,
        "body": body,
        "law": law,
        "rule": given.rule or law.rule,
        "rule_reason": given.rule_reason,
        "note": given.note,
        "choices": voting.CHOICE_WORDS,
        "is_circulation": given.is_circulation,
        "is_en_bloc": given.is_en_bloc,
        "offers": offered,
        "draft_name": DRAFT,
        "draft": given.uid,
        "number_name": NUMBER,
        "number": given.number,
        "errors": [(_input_of(error.field), error.message) for error in errors],
        "wrong": wrong,
        "is_rule_fixed": kind == GREEN_LIST,
        "future": day if day is not None and day > today else None,
    }


def _input_of(name: str) -> str:
    """The id of the input that a field belongs to; empty where there is none."""
    return _INPUTS.get(name.partition(".")[0], "")
