"""What waits for a person outside the lists of entries: reports to give or to confirm, reviews, reuse, messages that failed.

The start page of the desk asks for all of them; a new kind is a line of `ERRANDS`. Only small tables are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import legal_pages, models
from content.council.laender import members_of
from content.services.accounts.accounts import SignedIn
from content.services.base import outbox, rights
from content.services.implementation import implementation, tasks
from workflows.publication import GONE
from workflows.reuse import REUSE
from workflows.rights import given
from workflows.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to do: in one sentence, and where."""

    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of errand that is counted: who is asked (one right, held somewhere), and the sentence for one and for `{n}`."""

    permission: Permission
    count: Callable[[Session, SignedIn], int]
    one: str
    many: str
    path: str


def of(session: Session, person: SignedIn) -> tuple[Errand, ...]:
    """Every errand of this person."""
    return (*_legal_pages(session, person), *_counted(session, person), *_reviews(session, person))


def _legal_pages(session: Session, person: SignedIn) -> Iterator[Errand]:
    """Pages that the law asks for and the public does not find: for the administration and the secretariat, who answer for the portal."""
    can_write = Permission.DECISION_ADOPT in person.permits and Permission.ITEM_PUBLISH in person.permits_on("page", "")
    if not can_write and not person.holds(Permission.ACCOUNT_MANAGE):
        return
    item = models.Item
    public = set(
        session.scalars(
            sa.select(item.url).where(item.url.in_(legal_pages.PAGES), item.publication_state == "published")
        )
    )
    missing = [title for url, title in legal_pages.PAGES.items() if url not in public]
    if missing:
        words = f"Das Recht verlangt sie, und sie {'fehlen' if len(missing) > 1 else 'fehlt'} der Öffentlichkeit: {', '.join(missing)}."
        ask = "" if can_write else " Bitte die Geschäftsstelle darum bitten."
        yield Errand(words + ask, "/redaktion/neu/page" if can_write else "/redaktion/konten?rolle=secretariat")


def _counted(session: Session, person: SignedIn) -> Iterator[Errand]:
    for rule in ERRANDS:
        count = rule.count(session, person) if person.holds(rule.permission) else 0
        if count:
            yield Errand(rule.one if count == 1 else rule.many.format(n=count), rule.path)


def _reviews(session: Session, person: SignedIn) -> Iterator[Errand]:
    """Reports that somebody asked this person to read, by name."""
    asked, report = models.ReviewRequest, models.Report
    query = (
        sa.select(report.id, report.title, asked.due)
        .join(report, report.id == asked.report_id)
        .where(
            asked.account_id == person.account_id,
            asked.done_at.is_(None),
            asked.dropped_at.is_(None),
            rights.sees(person.grants),
        )
        .order_by(asked.due, asked.id)
    )
    for row in session.execute(query):
        yield Errand(
            f"Bis {row.due:%d.%m.%Y} ist um Ihre Durchsicht gebeten: {row.title}",
            f"/redaktion/bericht/{row.id}/durchsicht",
        )


def _keys(session: Session, person: SignedIn) -> int:
    """Proposals for the Königsteiner Schlüssel that somebody else entered."""
    key = models.KoenigsteinKey
    query = (
        sa.select(sa.func.count())
        .select_from(key)
        .where(key.confirmed_at.is_(None), key.ended_at.is_(None), key.entered_login != person.login)
    )
    return session.scalar(query) or 0


def _to_report(session: Session, person: SignedIn) -> int:
    """Recommendations that ask a member of this person, and it said nothing yet or has to say it again."""
    codes, item, told = tasks.codes_of(session, person.grants), models.Recommendation, models.Implementation
    query = sa.select(item.id, item.addressees).where(
        item.procedure_state.in_(implementation.REPORTABLE), item.publication_state.not_in(GONE)
    )
    rows = session.execute(sa.select(told.item_id, told.addressee).where(told.addressee.in_(codes), told.comment == ""))
    answered = {(row.item_id, row.addressee) for row in rows}
    return sum(
        (row.id, code) not in answered
        for row in session.execute(query)
        for code in members_of(row.addressees)[0]
        if code in codes
    )


def _to_confirm(session: Session, person: SignedIn) -> int:
    told, item = models.Implementation, models.Recommendation
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(told)
            .join(item, item.id == told.item_id)
            .where(
                told.confirmed_at.is_(None),
                told.comment == "",
                told.reporter != person.login,
                item.procedure_state.in_(implementation.REPORTABLE),
            )
        )
        or 0
    )


def _tasks_to_report(session: Session, person: SignedIn) -> int:
    task = models.Task
    codes = tasks.codes_of(session, person.grants)
    return _count(
        session,
        task.tracking == "confirmed",
        task.reported_at.is_(None),
        task.state.not_in(implementation.DONE),
        task.addressee.in_(codes),
    )


def _tasks_to_confirm(session: Session, person: SignedIn) -> int:
    task = models.Task
    return _count(
        session,
        task.tracking == "confirmed",
        task.reported_at.is_not(None),
        task.confirmed_at.is_(None),
        task.reporter.not_in(("", person.login)),
    )


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(models.Task).where(*conditions)) or 0


def _reuse(session: Session, person: SignedIn) -> int:
    """Reuses whose next step is that of an organisation of this person; who looks after all of them is not asked."""
    reuse, offer = models.Reuse, models.MarketOffer
    sides = {Permission.REUSE_REQUEST: reuse.buyer, Permission.REUSE_OFFER: offer.provider}
    mine = [
        sa.and_(side == organisation, reuse.state.in_(_next_by(permission)))
        for role, organisation in person.grants
        if organisation
        for permission, side in sides.items()
        if permission in given(role, organisation)
    ]
    query = sa.select(sa.func.count()).select_from(reuse).join(offer, offer.id == reuse.offer_id)
    return session.scalar(query.where(sa.or_(sa.false(), *mine))) or 0


def _next_by(permission: Permission) -> list[str]:
    """The states of a reuse from which this right leads on."""
    onward = [
        step
        for step in REUSE.transitions.values()
        if not REUSE.states[step.target].is_final and step.permission is permission
    ]
    return sorted({state for step in onward for state in step.sources})


def _given_up(session: Session, _person: SignedIn) -> int:
    return outbox.counts(session)[1]


ERRANDS: Final = (
    Rule(
        Permission.IMPLEMENTATION_REPORT,
        _to_report,
        "Zu einer Empfehlung fehlt Ihre Meldung zur Umsetzung.",
        "Zu {n} Empfehlungen fehlt Ihre Meldung zur Umsetzung.",
        "/redaktion/umsetzung",
    ),
    Rule(
        Permission.IMPLEMENTATION_CONFIRM,
        _to_confirm,
        "Eine Meldung zur Umsetzung wartet auf Bestätigung.",
        "{n} Meldungen zur Umsetzung warten auf Bestätigung.",
        "/redaktion/umsetzung",
    ),
    Rule(
        Permission.IMPLEMENTATION_REPORT,
        _tasks_to_report,
        "Zu einem Auftrag aus Beschlüssen fehlt Ihre Meldung.",
        "Zu {n} Aufträgen aus Beschlüssen fehlt Ihre Meldung.",
        "/redaktion/auftraege",
    ),
    Rule(
        Permission.IMPLEMENTATION_CONFIRM,
        _tasks_to_confirm,
        "Die Meldung zu einem Auftrag wartet auf Bestätigung.",
        "Meldungen zu {n} Aufträgen warten auf Bestätigung.",
        "/redaktion/auftraege",
    ),
    Rule(
        Permission.VOTE_RECORD,
        _keys,
        "Ein Königsteiner Schlüssel wartet auf Bestätigung.",
        "{n} Königsteiner Schlüssel warten auf Bestätigung.",
        "/redaktion/koenigstein",
    ),
    Rule(
        Permission.DESK_ENTER,
        _reuse,
        "Eine Nachnutzung wartet auf Ihren nächsten Schritt.",
        "{n} Nachnutzungen warten auf Ihren nächsten Schritt.",
        "/redaktion/nachnutzung",
    ),
    Rule(
        Permission.ACCOUNT_MANAGE,
        _given_up,
        "Eine Nachricht ließ sich nicht zustellen.",
        "{n} Nachrichten ließen sich nicht zustellen.",
        "/redaktion/versand",
    ),
)
"""In the order of the start page."""
