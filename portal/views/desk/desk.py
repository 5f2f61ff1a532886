"""The desk: what waits, one item with its steps, the workflows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config

from content import models
from content.council import voting
from content.council.laender import code_of, name_of
from content.freezing import freeze
from content.house import Work
from content.kinds import KINDS
from content.schemas import InvalidInput
from content.services.base import filetexts, rights
from content.services.council import adopted_text, ballots, numbering
from content.services.editing import edit, mentions
from content.services.implementation import implementation
from content.services.publishing import frozen_text, ledger
from content.services.publishing.publish import Desk, current_edition, differs
from content.services.workflow import desk_lists as queries
from content.services.workflow import errands, second_person, step_requests, transition
from content.services.workflow.transition import Stale
from content.typed.berlin import day_of
from content.typed.whole import whole
from portal.auth.desk import MissingRight, desk_view, looking, page, person_of, utc_now, viewing, writing
from portal.desk import ballot_form, confirming, facts, item_page, step_fields
from portal.desk.asked import desk_with, found_item, new_kinds
from portal.desk.differences import Difference, between, differences
from portal.desk.typed import typed_texts
from workflows.catalogue import WORKFLOWS
from workflows.definition import Titles, Workflow
from workflows.diagram import svg
from workflows.engine import Blocked
from workflows.guards import DEVIATING, EARLY
from workflows.publication import PUBLICATION
from workflows.vocabulary import ROLES, Effect, Permission

STATES: Final = PUBLICATION.titles
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
LIST_OF_TRASH: Final = "/redaktion/eintraege?zustand=trashed"
TOLD: Final = {("decision", "adopt"): "?beschlossen=1"}
"""What the page says at once after a step: (workflow, step) → part of its address."""
SHOWN_STATES: Final = Titles({name: title for name, title in STATES.items() if name != "removed"})
"""States that anybody meets: what was removed is in no list."""


@exception_view_config(MissingRight)
def missing_right(_error: MissingRight, request: Request) -> Response:
    """403, and what to do. Who has no role at all finds the way to the own account and out."""
    person = person_of(request)
    text = "Für diese Seite fehlt Ihnen das Recht. Rechte vergibt die Administration unter „Konten“."
    if person is not None and not person.grants:
        text = (
            f"Ihr Konto „{person.login}“ hat noch keine Rolle. Bitte melden Sie sich bei der Administration Ihres Portals: Sie gibt Rollen. "
            "Haben Sie hier schon ein anderes Konto, dann melden Sie sich ab und mit jenem an."
        )
    return page(request, "desk/message.html", title="Das Recht fehlt", text=text, status=403, person=person)


@desk_view("desk.home")
def home(request: Request) -> Response:
    """What waits for me, what I work on, what is planned and late."""
    with looking(request) as session:
        sections = queries.overview(session, request.person, utc_now())
        found = errands.of(session, request.person)
    roles = [
        ROLES[role].title + (f" ({name_of(code_of(held) or held)})" if held else "")
        for role, held in request.person.grants
        if role in ROLES
    ]
    return page(
        request,
        "desk/home.html",
        title="Arbeitsplatz",
        states=STATES,
        kinds=new_kinds(request),
        errands=found,
        roles=roles,
        waiting=[section for section in sections if section.name in queries.WAITING],
        others=[section for section in sections if section.name not in queries.WAITING],
    )


@desk_view("desk.item")
def item(request: Request) -> Response:
    """One item: where it stands, what can be done, what was done."""
    with viewing(request) as work:
        return _item_page(request, work, found_item(request, work.session), {})


def _item_page(
    request: Request,
    work: Work,
    row: models.Item,
    errors: Mapping[str, str],
    *,
    status: int = 200,
    difference: tuple[Difference, ...] = (),
    given: Mapping[str, str] = NOTHING,
) -> Response:
    permits = request.person.permits_on(row.kind, row.owner)
    desk = desk_with(work, permits)
    procedure = transition.procedure_of(row)
    users = mentions.users_of(work.session, row, request.person.grants)
    names, seen = (
        rights.titles(work.session, request.person.grants, users),
        {one.id for one in users if rights.may_see(request.person.grants, one)},
    )
    waiting = frozen_text.of(work.session, row)
    has_changes = row.publication_state == "published" and (waiting is not None or differs(work.desk, row))
    history = transition.history(work.session, row)[::-1]
    vote = ballots.as_data(work.session, row) if isinstance(row, models.Decision) else None
    asked = step_requests.open_of(work.session, row)
    deviation = adopted_text.deviation(work.session, row) if has_changes or row.publication_state in _NOT_YET else None
    return page(
        request,
        "desk/item.html",
        title=row.title or row.url,
        item=row,
        kind=KINDS[row.kind],
        status=status,
        errors=errors,
        state=PUBLICATION.title_of(row.publication_state),
        offers=transition.possible(desk, row, PUBLICATION),
        users=[(one, names[one.id], one.id in seen) for one in users],
        vote=vote,
        procedure=procedure,
        procedure_state=procedure.title_of(transition.state_of(row, procedure)) if procedure else "",
        procedure_offers=transition.possible(desk, row, procedure) if procedure else (),
        workflows=WORKFLOWS,
        history=history,
        change=waiting if row.publication_state == "published" else None,
        last=_last(row, history),
        can_edit=Permission.ITEM_EDIT in permits and row.publication_state in edit.EDITABLE_STATES,
        labels={**PUBLICATION.field_labels, **(procedure.field_labels if procedure else {})},
        facts=_facts(work, row),
        rule_used=ballots.rule_of(work.session, row) if isinstance(row, models.Decision) else None,
        is_just_adopted=bool(request.GET.get("beschlossen")) and isinstance(row, models.Decision) and bool(row.number),
        is_vote_open=isinstance(row, models.Decision) and Permission.VOTE_RECORD in permits,
        missing=implementation.unconfirmed(work.session, row) if isinstance(row, models.Recommendation) else [],
        deviates=adopted_text.DEVIATES,
        deviation=differences(row.kind, *deviation) if deviation is not None else (),
        vote_words=voting.in_words,
        difference=difference,
        given=given,
        step_hints=confirming.HINTS,
        submitted=frozen_text.newer(work.session, row),
        has_changes=has_changes,
        doubtful=mentions.doubtful(work.session, row, request.person.grants),
        unread=filetexts.faults(work.session, row.attachments),
        beside=_beside(work, row, waiting) if has_changes else (),
        requests=asked,
        asked_decisions={name: step_requests.decision_of(work.session, one) for name, one in asked.items()},
        for_second=step_requests.FOR_SECOND,
        reasoned=_REASONED,
        step_title=step_requests.title_of,
        needs_second=step_requests.needs_second,
        sheet=item_page.sheet(request, work, row),
        shown_rev=waiting.rev if waiting is not None else row.rev,
    )


_NOT_YET: Final = frozenset({"draft", "submitted", "scheduled"})
_REASONED: Final[Mapping[str, str]] = MappingProxyType({"unripe": EARLY, "deviates": DEVIATING})
"""What stands in the way of publishing unless a reason is given → what that is called."""


def _facts(work: Work, row: models.Item) -> tuple[tuple[str, str], ...]:
    """What a decision is known by beside its text: number, session, day, gazette, statements."""
    if not isinstance(row, models.Decision):
        return ()
    statements = len(ballots.statements_of(work.session, row))
    found = (
        ("Nummer", row.number or ""),
        ("Sitzung", row.meeting.title or "" if row.meeting else ""),
        ("Datum", f"{row.date:%d.%m.%Y}" if row.date else ""),
        ("Bundesanzeiger", f"{row.gazette_date:%d.%m.%Y}" if row.gazette_date else ""),
        ("Protokollerklärungen", str(statements) if statements else ""),
    )
    return tuple((name, value) for name, value in found if value)


def _last(row: models.Item, history: Sequence[models.StepEntry]) -> models.StepEntry | None:
    """The newest step of publication, where the item lies with those who write it or is public."""
    return next(
        (
            step
            for step in history
            if step.workflow == PUBLICATION.name and row.publication_state in {"draft", "published"}
        ),
        None,
    )


def _beside(work: Work, row: models.Item, waiting: models.FrozenText | None) -> tuple[Difference, ...]:
    """What would become public and is public otherwise: of the change that waits for approval, else of the working copy."""
    edition = current_edition(work.session, row)
    if edition is None:
        return ()
    public, newest = (
        queries.revision(work.session, row.id, rev)
        for rev in (row.public_rev, waiting.rev if waiting is not None else row.rev)
    )
    form = between(public, newest, row.kind) if public is not None and newest is not None else ()
    try:
        frozen = (
            frozen_text.text_of(work.session, row, day_of(work.desk.now))
            if waiting is not None
            else freeze(row, today=day_of(work.desk.now))
        )
    except InvalidInput:  # what cannot be shown says so where its text stands
        return form
    return facts.beside(row.kind, ledger.edition_document(edition), frozen, form)


def _question(request: Request, workflow: Workflow, name: str) -> Response | None:
    """What is asked before a step that nothing brings back, where it is possible; else the step itself says why not."""
    key = f"{workflow.name}.{name}"
    if key not in confirming.ACTS:
        return None
    with viewing(request) as work:
        row = found_item(request, work.session)
        if workflow not in transition.workflows_of(row.kind):
            return None
        fields, asked = step_fields.read(workflow, name, typed_texts(request)), confirming.ACTS[key].reason
        blockers = transition.hindrances(
            desk_with(work, request.person.permits_on(row.kind, row.owner)), row, workflow, name, fields
        )
        if any(one.code != f"missing_{asked}" for one in blockers):
            return None
        is_voted = "vote" in workflow.facts and isinstance(row, models.Decision) and name in {"adopt", "reject"}
        texts = [(f"Wortlaut: {row.title or row.url}", confirming.wording_of(row, work.desk.now))] if is_voted else []
        return confirming.question(
            request,
            key,
            row.title or row.url,
            f"/redaktion/eintrag/{row.id}",
            facts=_asked_facts(work, row, workflow, name, fields),
            texts=texts,
        )


def _asked_facts(
    work: Work, row: models.Item, workflow: Workflow, name: str, fields: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What to know before the yes: the number that would be given, what was entered, what was typed with the step."""
    found: list[tuple[str, str]] = []
    if Effect.GIVE_NUMBER in workflow.transitions[name].effects and isinstance(row, models.Decision):
        found.append(("Nächste Nummer", numbering.next_number(work.session, row, work.desk.now)))
        found += [(label, value) for label, value in _facts(work, row) if label == "Sitzung"]
    if (
        name in {"adopt", "reject"}
        and isinstance(row, models.Decision)
        and (vote := ballots.as_data(work.session, row)) is not None
    ):
        found += ballot_form.facts(vote)
    if workflow.name == "decision":
        found.append(
            (
                "Protokollerklärungen",
                str(len(ballots.statements_of(work.session, row))) if isinstance(row, models.Decision) else "",
            )
        )
    typed = {
        label.removeprefix("Der ").removeprefix("Die "): str(fields.get(need) or "")
        for need, label in workflow.field_labels.items()
    }
    reason = confirming.ACTS[f"{workflow.name}.{name}"].reason
    return [*found, *((label, value) for label, value in typed.items() if value and not reason)]


@desk_view("desk.step", method="POST")
def step(request: Request) -> Response:
    """Take a step; a refusal tells every reason."""
    name, workflow = str(request.POST.get("schritt", "")), WORKFLOWS.get(str(request.POST.get("workflow", "")))
    if workflow is None or name not in workflow.transitions:
        raise HTTPNotFound
    if asked := _question(request, workflow, name):
        return asked
    rev, seen, given = str(request.POST.get("rev", "")), str(request.POST.get("stand", "")), typed_texts(request)
    try:
        with writing(request) as work:
            row = found_item(request, work.session)
            fields = step_fields.read(workflow, name, given)
            desk = desk_with(work, request.person.permits_on(row.kind, row.owner))
            decided = _REQUESTS.get(str(request.POST.get("antrag", "")))
            if decided is not None:
                decided(desk, row, workflow, name, given, whole(rev))
            else:
                transition.take(desk, row, workflow, name, fields, rev=whole(rev), seen=whole(seen))
            target = (
                LIST_OF_TRASH
                if name == "remove"
                else f"/redaktion/eintrag/{row.id}" + TOLD.get((workflow.name, name), "")
            )
    except (Blocked, Stale) as refused:
        words = [blocker.message for blocker in refused.blockers] if isinstance(refused, Blocked) else [str(refused)]
        with writing(request) as work:
            typed = {f"{workflow.name}.{name}": " ".join(words)}
            row = found_item(request, work.session)
            return _item_page(request, work, row, typed, status=409, difference=_since(work, row, rev), given=given)
    except InvalidInput as invalid:
        with writing(request) as work:
            return _item_page(
                request,
                work,
                found_item(request, work.session),
                {f"{workflow.name}.{name}": invalid.errors[0].message},
                status=400,
                given=given,
            )
    return HTTPSeeOther(target)


_REQUESTS: Final[Mapping[str, Callable[[Desk, models.Item, Workflow, str, Mapping[str, str], int | None], object]]] = {
    "stellen": lambda desk, row, workflow, name, given, rev: second_person.ask(
        desk,
        row,
        workflow,
        name,
        given.get("grund", ""),
        fields=step_fields.read(workflow, name, given),
        rev=rev,
    ),
    "ablehnen": lambda desk, row, workflow, name, given, _rev: second_person.decline(
        desk, row, workflow, name, given.get("hinweis", "")
    ),
    "zuruecknehmen": lambda desk, row, workflow, name, _given, _rev: second_person.take_back(desk, row, workflow, name),
}
"""What is done with a step that goes only by two, before the second person takes it."""


def _since(work: Work, row: models.Item, rev: str) -> tuple[Difference, ...]:
    """What changed in the text since the revision that the person's page showed."""
    number = whole(rev)
    seen = queries.revision(work.session, row.id, number) if number is not None else None
    if seen is None or seen.rev == row.rev:
        return ()
    return differences(row.kind, seen.input, row.input)


@desk_view("desk.workflows")
def workflows(request: Request) -> Response:
    """Every workflow: its states, its steps, who may take them and what is checked."""
    holders = {
        permission: [role.title for role in ROLES.values() if permission in role.permits] for permission in Permission
    }
    return page(
        request, "desk/workflows.html", title="Abläufe", workflows=WORKFLOWS, holders=holders, diagrams=_diagrams()
    )


@functools.cache
def _diagrams() -> dict[str, Markup]:
    return {name: Markup(svg(workflow)) for name, workflow in WORKFLOWS.items()}  # noqa: S704 - drawn by us, every word escaped
