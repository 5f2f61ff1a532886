"""Reuse of an offer: asked for by a buyer, agreed with the provider, ordered, under contract, live, ended.

The workflow `reuse` decides every step. FIT-Store buys and resells at standard terms (the supplier's letter confirms
them), govdigital supplies its members in-house: for both, the provider's edition names its members, and a contract needs
that the buyer is one or comes through one. Each step that the buyer shows becomes public by a new edition of the offer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.laender import LAND_CODES, name_of
from content.freezing.market import public_reuse
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.base.lookup import find
from content.services.publishing.amend import amend
from content.services.publishing.publish import Desk
from content.typed import typed_days
from content.typed.berlin import BERLIN
from workflows.engine import Ask, Blocker, Offer, offers, require
from workflows.reuse import REUSE
from workflows.rights import given
from workflows.vocabulary import Permission

TERMS: Final = "confirm_terms"
"""Name of the entry that notes the supplier's letter; it moves no state."""
STANDARD_TERMS: Final = {
    "fit_store": "Abstimmungsschreiben, Anlage zum Einstellungsvertrag",
    "govdigital": "Abstimmungsergebnis des Bereitstellers",
}


def terms_of(offer: models.MarketOffer, on: dt.date) -> list[str]:
    """The versions of the terms that an offer names, as a confirmation writes them: what is in force on the day first, newest first."""
    known = sorted(offer.input.get("terms", ()), key=lambda row: row["valid_from"] or "", reverse=True)
    known.sort(key=lambda row: (row["valid_from"] or "") > on.isoformat())
    return [f"{row['title']}, Version {row['version']}" for row in known]


class StaleReuse(Exception):  # noqa: N818 - named for the situation
    """Somebody was faster; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Die Nachnutzung wurde inzwischen geändert. Bitte neu ansehen und noch einmal entscheiden.")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who would reuse: a Land or a commune of it, and the organisation whose people act for it."""

    kind: str
    land: str
    commune: str = ""
    organisation: str = ""

    @property
    def name(self) -> str:
        """„Hamburg“, „Aachen“."""
        return self.commune or name_of(self.land)


def rights_on(grants: Iterable[tuple[str, str]], *, buyer: str, provider: str) -> frozenset[Permission]:
    """What grants (role, organisation) allow on a reuse: to ask for the buyer, to offer for the provider."""
    found: set[Permission] = set()
    for role, organisation in grants:
        permits = given(role, organisation)
        if organisation in {"", buyer}:
            found |= permits & {Permission.REUSE_REQUEST}
        if organisation in {"", provider}:
            found |= permits & {Permission.REUSE_OFFER}
    return frozenset(found)


def open_reuse(
    desk: Desk,
    offer: models.MarketOffer,
    buyer: Buyer,
    *,
    through: str = "",
    covers_communes: bool = False,
    is_public: bool = True,
    note: str = "",
) -> models.Reuse:
    """Note the interest of `buyer`. Raises `InvalidInput`; needs the right to ask for the buyer."""
    errors = list(_faults(desk.session, offer, buyer, through, covers_communes=covers_communes))
    if Permission.REUSE_REQUEST not in desk.permits:
        errors.append(FieldError("buyer", "no_permission", "Für diese Stelle dürfen Sie keine Nachnutzung anmelden."))
    if errors:
        raise InvalidInput(errors)
    row = models.Reuse(
        offer_id=offer.id,
        buyer_kind=buyer.kind,
        land=buyer.land,
        commune=buyer.commune,
        buyer=buyer.organisation,
        through=through.strip()[:200],
        covers_communes=covers_communes,
        is_public=is_public,
        note=note.strip()[:2000],
        state=REUSE.initial,
        rev=1,
        created_at=desk.now,
        changed_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    _note(desk, row, "ask", "", REUSE.initial, today(desk), note)
    show(desk, offer, row, f"Interesse: {buyer.name}")
    return row


def take(desk: Desk, row: models.Reuse, name: str, fields: Mapping[str, Any], *, rev: int | None = None) -> None:
    """Take a step. `fields`: those the step needs, and `on` (a day, not after today). Raises `Blocked`, `StaleReuse`, `InvalidInput`."""
    offer = offer_of(desk.session, row)
    step = require(REUSE, name, _ask(desk, row, offer, fields))
    on = _day_of(desk, fields)
    last = desk.session.scalar(sa.select(sa.func.max(models.ReuseStep.on)).where(models.ReuseStep.reuse_id == row.id))
    if last is not None and on < last:
        raise InvalidInput(
            [FieldError("on", "before_last", f"Der Tag liegt vor dem letzten Schritt ({last:%d.%m.%Y}). Bitte prüfen.")]
        )
    _move(
        desk,
        row,
        rev,
        state=step.target,
        contract_number=str(fields.get("contract_number") or row.contract_number)[:60],
    )
    _note(desk, row, name, step.source, step.target, on, str(fields.get("comment") or ""))
    show(desk, offer, row, f"{REUSE.states[step.target].title}: {row.commune or name_of(row.land)}")


def confirm_terms(desk: Desk, row: models.Reuse, title: str, *, rev: int | None = None) -> None:
    """The provider confirms the terms for this buyer. Raises `InvalidInput`, `StaleReuse`."""
    errors = []
    if Permission.REUSE_OFFER not in desk.permits:
        errors.append(FieldError("terms_title", "no_permission", "Bedingungen bestätigt der Anbieter."))
    if row.state != "negotiation":
        errors.append(FieldError("terms_title", "wrong_state", "Bedingungen werden während der Abstimmung bestätigt."))
    if not title.strip():
        errors.append(
            FieldError("terms_title", "missing", "Das Abstimmungsschreiben fehlt. Bitte Titel und Version angeben.")
        )
    if errors:
        raise InvalidInput(errors)
    _move(desk, row, rev, terms_title=title.strip()[:300], terms_confirmed_on=today(desk))
    _note(desk, row, TERMS, row.state, row.state, today(desk), title.strip())


def possible(desk: Desk, row: models.Reuse) -> tuple[Offer, ...]:
    """The steps from the present state, each possible or with every reason why not."""
    return offers(REUSE, _ask(desk, row, offer_of(desk.session, row), {}))


def blockers_of(desk: Desk, row: models.Reuse) -> tuple[Blocker, ...]:
    """Everything that stands in the way of the next steps."""
    return tuple(blocker for offer in possible(desk, row) for blocker in offer.blockers)


def history(session: Session, row: models.Reuse) -> list[models.ReuseStep]:
    """The steps of a reuse, oldest first."""
    return list(
        session.scalars(
            sa.select(models.ReuseStep).where(models.ReuseStep.reuse_id == row.id).order_by(models.ReuseStep.id)
        )
    )


def offer_of(session: Session, row: models.Reuse) -> models.MarketOffer:
    """The offer that is reused."""
    return session.get_one(models.MarketOffer, row.offer_id)


def is_inhouse(session: Session, offer: models.MarketOffer, *, buyer_name: str, through: str) -> bool:
    """Whether the provider's organisation names the buyer, or the one it comes through, as a member."""
    provider = find(session, item_url("organisation", offer.provider))
    names = {row["name"] for row in provider.input.get("members", ())} if provider is not None else set()
    return buyer_name in names or (through in names and bool(through))


def show(desk: Desk, offer: models.MarketOffer, row: models.Reuse, note: str) -> None:
    """Make what changed public, where the buyer shows it and the offer is public."""
    if row.is_public:
        desk.session.flush()
        amend(desk, offer, {"reuse": public_reuse(desk.session, offer.id)}, f"Nachnutzung fortgeschrieben – {note}")


def today(desk: Desk) -> dt.date:
    """The day in Berlin."""
    return desk.now.astimezone(BERLIN).date()


def _faults(
    session: Session, offer: models.MarketOffer, buyer: Buyer, through: str, *, covers_communes: bool
) -> Iterable[FieldError]:
    if buyer.kind not in {"land", "commune"} or buyer.land not in (*LAND_CODES, "BUND"):
        yield FieldError("buyer", "unknown_buyer", "Bitte ein Land oder eine Kommune angeben.")
    if (buyer.kind == "commune") != bool(buyer.commune):
        yield FieldError("commune", "missing", "Bei einer Kommune gehört ihr Name dazu, bei einem Land nicht.")
    if covers_communes and buyer.kind != "land":
        yield FieldError("covers_communes", "not_a_land", "Nur ein Land kann für alle seine Kommunen nachnutzen.")
    if buyer.commune and _is_unknown_commune(session, buyer):
        yield FieldError(
            "commune",
            "unknown_commune",
            f"„{buyer.commune}“ steht nicht im Verzeichnis der Kommunen. Bitte die Schreibweise prüfen.",
        )
    if through and not is_inhouse(session, offer, buyer_name="", through=through):
        yield FieldError(
            "through",
            "no_member",
            f"„{through}“ ist kein Mitglied dieses Anbieters. Bitte ein Mitglied angeben oder leer lassen.",
        )
    running = sa.select(models.Reuse.id).where(
        models.Reuse.offer_id == offer.id,
        models.Reuse.land == buyer.land,
        models.Reuse.commune == buyer.commune,
        models.Reuse.state != "ended",
    )
    if session.scalar(running.limit(1)) is not None:
        yield FieldError("buyer", "doubled", "Für diese Stelle läuft hier schon eine Nachnutzung.")


def _is_unknown_commune(session: Session, buyer: Buyer) -> bool:
    commune = models.Commune
    if session.scalar(sa.select(commune.id).where(commune.land == buyer.land).limit(1)) is None:
        return False  # the list of that Land was never taken: nothing to check against
    return (
        session.scalar(sa.select(commune.id).where(commune.land == buyer.land, commune.name == buyer.commune)) is None
    )


def _ask(desk: Desk, row: models.Reuse, offer: models.MarketOffer, fields: Mapping[str, Any]) -> Ask:
    facts = {
        "terms_confirmed": row.terms_confirmed_on is not None,
        "inhouse": is_inhouse(desk.session, offer, buyer_name=row.commune or name_of(row.land), through=row.through),
    }
    return Ask(actor=desk.actor, permits=desk.permits, now=desk.now, state=row.state, fields=fields, facts=facts)


def _day_of(desk: Desk, fields: Mapping[str, Any]) -> dt.date:
    given = str(fields.get("live_since") or fields.get("on") or "").strip()
    on = typed_days.day(given) if given else today(desk)
    if on is None or on > today(desk):
        raise InvalidInput(
            [FieldError("on", "not_a_day", f"„{given[:20]}“ ist kein Tag bis heute. Erwartet wird JJJJ-MM-TT.")]
        )
    return on


def _move(desk: Desk, row: models.Reuse, rev: int | None, **values: Any) -> None:
    """Compare and set: the row changes only if nobody changed it since `rev`."""
    seen = row.rev if rev is None else rev
    changed: Any = desk.session.execute(
        sa.update(models.Reuse)
        .where(models.Reuse.id == row.id, models.Reuse.rev == seen, models.Reuse.state == row.state)
        .values(rev=seen + 1, changed_at=desk.now, **values)
        .execution_options(synchronize_session=False)
    )
    desk.session.refresh(row)
    if changed.rowcount != 1:
        raise StaleReuse


def _note(desk: Desk, row: models.Reuse, name: str, source: str, target: str, on: dt.date, comment: str) -> None:
    desk.session.add(
        models.ReuseStep(
            reuse_id=row.id,
            transition=name,
            source=source,
            target=target,
            on=on,
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
            at=desk.now,
            comment=comment[:2000],
        )
    )
    desk.session.flush()
