"""Links between decision, clause, recommendation, report section, item, offer and term: none may lead nowhere.

Saving at the desk and importing refuse a link whose target, or whose place in it, does not exist or lies in the trash. What
loses its target later (by withdrawal, or because a clause or section was taken out) is listed at the desk, and those who keep
it are told. Decisions and press may name what is published later; texts of old decisions name what the portal will never have.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.freezing.linked import places_of, public_places
from content.kinds import KINDS, item_url
from content.models.item import LINK
from content.schemas import FieldError
from content.services.accounts.accounts import SignedIn
from content.services.base import rights
from content.services.notifications import recipients
from content.services.notifications.notify import notify
from content.services.publishing.publish import Desk
from workflows.publication import GONE
from workflows.vocabulary import Permission

CHECKED_KINDS: Final = frozenset({"recommendation", "report", "market_item", "offer", "term"})
"""Kinds all of whose links must lead somewhere; of others only those that an editor set as links."""
NAMING: Final = (
    ("decisions", "decision"),
    ("recommendations", "recommendation"),
    ("market_items", "market_item"),
    ("market_item", "market_item"),
    ("report", ""),
    ("commissioned_by", ""),
    ("noted_by", ""),
)
"""Fields that name other items, by number, slug or address."""
HIDDEN: Final = "hidden"
"""In place of the state of a target that the person may not know of."""
SHOWN: Final = 5
"""A notice names at most so many sources."""


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link of a public item to something, or to a place in something, that is not public (any more)."""

    source_id: int
    source_title: str
    source_url: str
    target_url: str
    target_state: str
    """State of the target; empty where only the place in it is gone."""


def checked(item: models.Item) -> list[models.Reference]:
    """The links of a row that must lead somewhere."""
    return [row for row in item.references if item.kind in CHECKED_KINDS or row.relation == LINK]


def broken(session: Session, item: models.Item, grants: rights.Grants = None) -> list[FieldError]:
    """The links of a row, as just written, that lead nowhere, or to what somebody with these grants may not know of.

    What the row named before stays: another person may have set it.
    """
    rows = checked(item)
    if not rows:
        return []
    known = _known(session, rows, grants, _before(session, item) if grants is not None else "")
    own = places_of(item)
    errors = {}
    for row in rows:
        field = _field_of(item, row)
        if row.target_url not in known:
            errors[field, row.target_url] = FieldError(
                field,
                "broken_link",
                f"{row.target_url} gibt es nicht. Bitte den Verweis prüfen oder den Eintrag zuerst anlegen.",
            )
        elif row.target_anchor and row.target_anchor not in known[row.target_url]:
            message = f"Die Stelle „{row.target_anchor}“ gibt es in {row.target_url} nicht. Bitte die Stelle über „Suchen“ wählen oder auf den ganzen Eintrag verweisen."
            errors[field, row.target_anchor] = FieldError(field, "broken_place", message)
        if row.relation == LINK and row.from_anchor and row.from_anchor not in own:
            where = (
                f"Möglich sind: {', '.join(own)}."
                if own
                else "Dieser Eintrag hat keine Stellen; bitte das Feld leer lassen."
            )
            place = field.replace(".target", ".from")
            errors[place, row.from_anchor] = FieldError(
                place, "unknown_place", f"Die Stelle „{row.from_anchor}“ gibt es hier nicht. {where}"
            )
    return list(errors.values())


def _known(
    session: Session, rows: Iterable[models.Reference], grants: rights.Grants, before: str
) -> dict[str, frozenset[str]]:
    """Address → its places, of the items that may be named."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        named[row.target_url].add(row.target_anchor or "")
    known: dict[str, frozenset[str]] = {}
    for item in session.scalars(
        sa.select(models.Item).where(models.Item.url.in_(list(named)), models.Item.publication_state.not_in(GONE))
    ):
        if rights.may_see(grants, item):
            known[item.url] = frozenset(places_of(item))
        elif item.publication_state == "published":
            stayed = {anchor for anchor in named[item.url] if f"{item.url}#{anchor}" in before}
            known[item.url] = frozenset(public_places(session, item)) | stayed
        elif item.url in before or f'"{item.slug}"' in before:
            known[item.url] = frozenset(named[item.url])
    return known


def _before(session: Session, item: models.Item) -> str:
    """The input of the revision before, as JSON: what it names was named already."""
    revision = models.Revision
    query = (
        sa.select(revision.input)
        .where(revision.item_id == item.id, revision.rev < item.rev)
        .order_by(revision.rev.desc())
        .limit(1)
    )
    found = session.scalar(query)
    return json.dumps(found, ensure_ascii=False) if found else ""


def _field_of(item: models.Item, row: models.Reference) -> str:
    """The field of the form that names the target of `row`; empty where the text does."""
    given = item.input or {}
    if row.relation == LINK:
        target = row.target_url + (f"#{row.target_anchor}" if row.target_anchor else "")
        places = [(one["from"], one["target"]) for one in given.get("links", ())]
        return (
            f"links.{places.index((row.from_anchor, target)) + 1}.target"
            if (row.from_anchor, target) in places
            else "links"
        )
    for name, kind in NAMING:
        value = given.get(name)
        values = value if isinstance(value, list) else [value] if value else []
        for index, one in enumerate(values, start=1):
            if _names(kind, str(one), row.target_url):
                return f"{name}.{index}" if isinstance(value, list) else name
    return ""


def _names(kind: str, value: str, url: str) -> bool:
    if kind == "decision":
        return url.startswith("/beschluss/") and url.endswith("/" + value.partition("-")[0])
    return url == (item_url(kind, value) if kind else value)


def dead_links(session: Session, person: SignedIn | None = None, limit: int = 500) -> list[DeadLink]:
    """Links of published items (that the person may see) to what was withdrawn, never published, or lost the place they name."""
    source, target, reference = models.Item, sa.orm.aliased(models.Item), models.Reference
    clause, section = models.Clause, models.ReportSection
    has_place = sa.or_(
        sa.exists().where(clause.decision_id == target.id, clause.anchor == reference.target_anchor),
        sa.exists().where(section.report_id == target.id, section.anchor == reference.target_anchor),
    )
    is_gone = target.publication_state != "published"
    is_seen = (
        sa.true() if person is None else target.id.in_(sa.select(models.Item.id).where(rights.sees(person.grants)))
    )
    query = (
        sa.select(
            source.id,
            source.title,
            source.url,
            reference.target_url,
            reference.target_anchor,
            target.publication_state,
            is_seen,
        )
        .join(reference, reference.item_id == source.id)
        .join(target, target.url == reference.target_url)
        .where(
            source.publication_state == "published",
            sa.or_(source.kind.in_(CHECKED_KINDS), reference.relation == LINK),
            sa.or_(is_gone, sa.and_(reference.target_anchor.is_not(None), ~has_place)),
        )
        .order_by(source.url, reference.position)
        .limit(limit)
    )
    query = query.where(rights.sees(person.grants)) if person is not None else query
    return [
        DeadLink(
            row[0],
            row[1] or row[2],
            row[2],
            row[3] + (f"#{row[4]}" if row[4] else ""),
            "" if row[5] == "published" else row[5] if row[6] else HIDDEN,
        )
        for row in session.execute(query)
    ]


def tell_keepers(desk: Desk, target: models.Item, occasion: str) -> None:
    """`target` is public no more: tell those who keep public items that link to it, each about their own."""
    source, reference = models.Item, models.Reference
    pointing = (
        sa.select(source.id)
        .join(reference, reference.item_id == source.id)
        .where(
            reference.target_url == target.url,
            source.publication_state == "published",
            source.id != target.id,
            sa.or_(source.kind.in_(CHECKED_KINDS), reference.relation == LINK),
        )
    )
    people: dict[int, models.Account] = {}
    kept: dict[int, list[models.Item]] = defaultdict(list)
    for row in desk.session.scalars(sa.select(source).where(source.id.in_(pointing)).order_by(source.url)):
        for person in keepers(desk.session, row):
            people[person.id] = person
            kept[person.id].append(row)
    called = desk.session.scalar(
        sa.select(models.Edition.title)
        .where(models.Edition.item_id == target.id)
        .order_by(models.Edition.number.desc())
        .limit(1)
    )
    label = f"{KINDS[target.kind].label} „{called or target.url}“"
    for number, rows in kept.items():
        named = ", ".join(str(row.title or row.url) for row in rows[:SHOWN]) + (
            f" und {len(rows) - SHOWN} weitere" if len(rows) > SHOWN else ""
        )
        notify(
            desk.session,
            "broken",
            target,
            [people[number]],
            now=desk.now,
            occasion=occasion,
            title=f"{label} ist nicht mehr öffentlich",
            words=f"Darauf {'verweist' if len(rows) == 1 else 'verweisen'}: {named}. Bitte den Verweis ändern oder lösen.",
            url="/redaktion/verweise",
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
        )


def keepers(session: Session, item: models.Item) -> list[models.Account]:
    """Who keeps an item: those who wrote or submitted it; where nobody did (an import), those who may edit it."""
    return recipients.submitters(session, item) + recipients.writers(session, item) or recipients.holders(
        session, Permission.ITEM_EDIT, item
    )
