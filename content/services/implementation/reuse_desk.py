"""What the people of buyers and providers see of reuse at the desk: their own, and for whom they may ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.laender import LAND_CODES, code_of, name_of
from content.kinds import item_url
from content.services.base import rights
from content.services.base.lookup import find
from content.services.implementation.reuse import Buyer
from workflows.rights import given
from workflows.vocabulary import Permission

UNNAMED = "Angebot (nicht öffentlich)"
"""What an offer is called to whom sees neither its working copy nor a public edition."""


@dataclass(frozen=True, slots=True)
class ReuseRow:
    """A reuse in a list of the desk."""

    id: int
    title: str
    provider: str
    buyer: str
    state: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Counterparty:
    """What the other side of a reuse is: the chain of contracts by the model of the offer, in words."""

    title: str
    words: str


CHAINS = {
    "fit_store": Counterparty(
        "Einkauf und Weiterverkauf",
        "Der Bereitsteller schließt mit der FITKO einen Einstellungsvertrag; die FITKO kauft ein und verkauft im eigenen Namen zu ihren "
        "AGB weiter. Das Abstimmungsschreiben des Bereitstellers ist Anlage des Vertrags.",
    ),
    "govdigital": Counterparty(
        "Inhouse über die Genossenschaft",
        "Die Genossenschaft gibt den Dienst inhouse an ihre Mitglieder; wer nicht selbst Mitglied ist, bezieht ihn über eines. Der "
        "Bereitsteller bestätigt das Ergebnis der Abstimmung.",
    ),
}


def listing(
    session: Session, grants: Iterable[tuple[str, str]], *, state: str = "", words: str = "", limit: int = 200
) -> list[ReuseRow]:
    """The reuse that a person may see: of the buyers and providers it works for. Newest change first."""
    reuse, offer = models.Reuse, models.MarketOffer
    held, title = tuple(grants), rights.title(grants)
    query = sa.select(reuse, title, offer.provider_name).join(offer, offer.id == reuse.offer_id).where(_readable(held))
    query = query.where(reuse.state == state) if state else query
    for word in words.split()[:6]:
        query = query.where(
            sa.or_(
                title.icontains(word, autoescape=True),
                reuse.commune.icontains(word, autoescape=True),
                reuse.land == word.upper(),
            )
        )
    rows = session.execute(query.order_by(reuse.changed_at.desc(), reuse.id.desc()).limit(limit))
    return [
        ReuseRow(row.id, called or UNNAMED, provider, row.commune or name_of(row.land), row.state, row.is_public)
        for row, called, provider in rows
    ]


def find_reuse(session: Session, grants: Iterable[tuple[str, str]], reuse_id: int) -> models.Reuse | None:
    """One reuse, if the person may see it."""
    query = sa.select(models.Reuse).join(models.MarketOffer, models.MarketOffer.id == models.Reuse.offer_id)
    return session.scalars(query.where(models.Reuse.id == reuse_id, _readable(grants))).one_or_none()


def _readable(grants: Iterable[tuple[str, str]]) -> sa.ColumnElement[bool]:
    parts: list[Any] = [sa.false()]
    for role, organisation in grants:
        permits = given(role, organisation)
        if Permission.REUSE_REQUEST in permits:
            parts.append(models.Reuse.buyer == organisation if organisation else sa.true())
        if Permission.REUSE_OFFER in permits:
            parts.append(models.MarketOffer.provider == organisation if organisation else sa.true())
    return sa.or_(*parts)


def buyers_of(session: Session, grants: Iterable[tuple[str, str]]) -> list[Buyer]:
    """For whom a person may ask: the Land or commune of each organisation, or every Land."""
    found: list[Buyer] = []
    for role, organisation in grants:
        if Permission.REUSE_REQUEST not in given(role, organisation):
            continue
        if not organisation:
            found += [Buyer("land", code) for code in LAND_CODES]
            continue
        row = find(session, item_url("organisation", organisation))
        land = (row.input.get("land") if row is not None else None) or code_of(organisation)
        if land and role == "commune" and row is not None:
            found.append(Buyer("commune", land, row.title or "", organisation))
        elif land:
            found.append(Buyer("land", land, "", organisation))
    return list(dict.fromkeys(found))


def open_offers(session: Session, words: str = "", limit: int = 300) -> list[tuple[str, str, str]]:
    """(slug, title, provider) of public offers, to choose from."""
    offer, title = models.MarketOffer, rights.title(())
    query = sa.select(offer.slug, title, offer.provider_name).where(offer.publication_state == "published")
    for word in words.split()[:6]:
        query = query.where(title.icontains(word, autoescape=True))
    return [(row[0], row[1] or row[0], row[2]) for row in session.execute(query.order_by(title).limit(limit))]


def members_of(session: Session, provider: str) -> list[str]:
    """The members of a provider's organisation, by name."""
    row = find(session, item_url("organisation", provider))
    return [one["name"] for one in row.input.get("members", ())] if row is not None else []


def owners_of(session: Session, row: models.Reuse) -> str:
    """The slug of the provider of a reuse's offer."""
    return session.get_one(models.MarketOffer, row.offer_id).provider
