"""Which steps of workflows tell whom what. The definitions name effects; this table says what they mean to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from content import models
from content.services.editing import links
from content.services.notifications import recipients
from content.services.notifications.notify import notify, settle
from content.services.publishing import changes
from content.services.publishing.publish import Desk
from workflows.definition import Workflow
from workflows.engine import Step
from workflows.vocabulary import Effect, Permission

REVIEW_RIGHT: Final[Mapping[str, Permission]] = {
    "publication": Permission.ITEM_REVIEW,
    "recommendation": Permission.RECOMMENDATION_ADOPT,
    "report": Permission.REPORT_LEAD,
}
"""Workflow → the right of those who are asked when a step calls for a review."""


@dataclass(frozen=True, slots=True)
class Telling:
    """The event that an effect tells of, and who is told."""

    event: str
    people: Callable[[Session, models.Item, Workflow], list[models.Account]]


def _reviewers(session: Session, item: models.Item, workflow: Workflow) -> list[models.Account]:
    return recipients.holders(session, REVIEW_RIGHT.get(workflow.name, Permission.ITEM_REVIEW), item)


def _submitters(session: Session, item: models.Item, _workflow: Workflow) -> list[models.Account]:
    return recipients.submitters(session, item) or recipients.writers(session, item)


def _authors(session: Session, item: models.Item, _workflow: Workflow) -> list[models.Account]:
    return recipients.handed_in(session, item)


def _members(session: Session, _item: models.Item, _workflow: Workflow) -> list[models.Account]:
    return recipients.with_role(session, "land")


def _group(session: Session, item: models.Item, _workflow: Workflow) -> list[models.Account]:
    """The working group that keeps the item: its members and those who lead it."""
    return (
        [person for role in ("member", "chair") for person in recipients.with_role(session, role, item.owner)]
        if item.owner
        else []
    )


TELLINGS: Final[Mapping[Effect, Telling]] = {
    Effect.NOTIFY_REVIEWERS: Telling("waits", _reviewers),
    Effect.NOTIFY_AUTHOR: Telling("published", _submitters),
    Effect.NOTIFY_MEMBERS: Telling("decided", _members),
    Effect.NOTIFY_GROUP: Telling("waits", _group),
}
RETURNING: Final = frozenset(
    {
        ("publication", "reject"),
        ("publication", "return_change"),
        ("report", "return"),
        ("report", "reopen"),
        ("report", "abandon"),
        ("recommendation", "reject"),
        ("recommendation", "postpone"),
        ("recommendation", "reopen"),
        ("decision", "postpone"),
        ("decision", "withdraw"),
    }
)
"""Steps (workflow, step) that give something back with a comment: those who submitted or wrote it hear of it."""

ENDING: Final = frozenset(
    {
        ("publication", "withdraw"),
        ("publication", "trash"),
        ("decision", "annul"),
        ("decision", "supersede"),
        ("decision", "lapse"),
        ("recommendation", "withdraw"),
        ("recommendation", "supersede"),
        ("report", "abandon"),
    }
)
"""Steps (workflow, step) after which something is gone or over: all whom it concerns hear of it, with the reason."""


SUBJECTS: Final[Mapping[tuple[str, str], str]] = {
    ("publication", "withdraw"): "Zurückgezogen",
    ("publication", "trash"): "In den Papierkorb gelegt",
    ("decision", "annul"): "Für nichtig erklärt",
    ("decision", "supersede"): "Ersetzt",
    ("decision", "lapse"): "Erledigt",
    ("recommendation", "withdraw"): "Zurückgezogen",
    ("recommendation", "supersede"): "Überholt",
    ("report", "abandon"): "Eingestellt",
}
"""What the subject of a mail says after each of them."""


def concerned(session: Session, item: models.Item) -> list[models.Account]:
    """Who wrote or submitted it; who leads its group; who reports for an addressee."""
    found = [*recipients.submitters(session, item), *recipients.writers(session, item)]
    if item.owner:
        found += recipients.with_role(session, "chair", item.owner)
    if isinstance(item, models.Recommendation):
        found += recipients.with_role(session, "land")
    return list({person.id: person for person in found}.values())


_ENDS: Final = "Der Eintrag ist zurückgezogen. Die eingereichte Änderung endet damit."
OF_PUBLICATION: Final[Mapping[str, str]] = {
    "submit": "Der Text ist eingereicht: Bitte prüfen, dann veröffentlichen oder mit Hinweis zurückgeben.",
    "reject": "Der eingereichte Text kommt zurück und ist wieder ein Entwurf.",
    "publish": "Der Text ist veröffentlicht.",
    "schedule": "Die Veröffentlichung ist terminiert.",
    "go_live": "Der Text ist zum Termin veröffentlicht.",
    "submit_change": "Eine Änderung am veröffentlichten Text ist eingereicht. Öffentlich wird sie mit „Berichtigen“.",
    "return_change": "Die eingereichte Änderung kommt zurück und wird so nicht öffentlich.",
    "withdraw": _ENDS,
    "correct": "Berichtigt: Der öffentliche Text ist erneuert.",
}
"""What steps of publication mean for people, in words."""


def after_step(desk: Desk, item: models.Item, workflow: Workflow, step: Step, entry: models.StepEntry) -> None:
    """Tell people of a step that was just taken; what waited for one before waits no more."""
    about = f"step:{workflow.name}:"
    if step.source != step.target or step.transition in changes.STEPS:
        settle(desk.session, "waits", item, now=desk.now, about=about)
    words = f"{workflow.transitions[step.transition].title}: jetzt „{workflow.states[step.target].title}“."
    words = OF_PUBLICATION.get(step.transition, words) if workflow.name == "publication" else words
    if entry.comment:
        words += f" Hinweis: {entry.comment}"
    if workflow.name == "publication" and step.source != step.target == "withdrawn":
        links.tell_keepers(desk, item, f"{about}{entry.id}")
    told: set[int] = set()
    for telling in _tellings(workflow, step):
        people = [person for person in telling.people(desk.session, item, workflow) if person.id not in told]
        told |= {person.id for person in people}
        notify(
            desk.session,
            telling.event,
            item,
            people,
            now=desk.now,
            occasion=f"{about}{entry.id}",
            words=words,
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
            subject=SUBJECTS.get((workflow.name, step.transition), "") if telling.event == "withdrawn" else "",
        )


def after_requests(
    desk: Desk, item: models.Item, workflow: Workflow, step: Step, requests: Iterable[models.StepRequest]
) -> None:
    """Whoever asked for a step that goes only by two hears that it was confirmed, or that another step came first."""
    taken = workflow.transitions[step.transition].title
    for row in requests:
        asked = workflow.transitions[row.transition].title
        words = (
            f"Ihr Antrag „{asked}“ ist bestätigt."
            if row.transition == step.transition
            else f"Ihr Antrag „{asked}“ ist hinfällig: Inzwischen geschah „{taken}“."
        )
        notify(
            desk.session,
            "answered",
            item,
            recipients.named(desk.session, {row.asked_by}),
            now=desk.now,
            occasion=f"request:{row.item_id}:{row.id}",
            words=words,
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
        )


def _tellings(workflow: Workflow, step: Step) -> list[Telling]:
    ending = [Telling("withdrawn", _concerned)] if (workflow.name, step.transition) in ENDING else []
    return [*_first_tellings(workflow, step), *ending]


def _concerned(session: Session, item: models.Item, _workflow: Workflow) -> list[models.Account]:
    return concerned(session, item)


def _first_tellings(workflow: Workflow, step: Step) -> list[Telling]:
    if (
        workflow.name == "publication"
        and step.source == step.target == "published"
        and step.transition != "submit_change"
    ):
        return [Telling("returned" if (workflow.name, step.transition) in RETURNING else "published", _authors)]
    if workflow.name == "publication" and step.source == "published" and step.target == "withdrawn":
        return [Telling("returned", _authors)]
    if (workflow.name, step.transition) in RETURNING:
        return [Telling("returned", _submitters)]
    return [TELLINGS[effect] for effect in step.effects if effect in TELLINGS]
