"""Reuse at the desk: ask for it, agree, order, sign, go live, end. For Länder, communes, providers and the secretariat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.council import pricing
from content.council.laender import name_of
from content.house import Work
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput
from content.services.base import rights
from content.services.base.lookup import find
from content.services.browsing.browse import Reader
from content.services.implementation import reuse, reuse_desk
from content.services.implementation.reuse import Buyer, StaleReuse
from content.typed.whole import whole
from portal.auth.desk import audit, desk_view, page, viewing, writing
from portal.desk import confirming
from portal.web.common import parameter
from workflows.engine import Blocked
from workflows.reuse import REUSE
from workflows.vocabulary import Permission


@desk_view("desk.reuses")
def reuses(request: Request) -> Response:
    """The reuse of those that the person works for."""
    chosen = {"zustand": parameter(request, "zustand"), "q": parameter(request, "q")}
    with viewing(request) as work:
        rows = reuse_desk.listing(work.session, request.person.grants, state=chosen["zustand"], words=chosen["q"])
        may_ask = bool(reuse_desk.buyers_of(work.session, request.person.grants))
    return page(
        request, "desk/reuses.html", title="Nachnutzung", rows=rows, states=_states(), chosen=chosen, may_ask=may_ask
    )


@desk_view("desk.reuse_new", permission=Permission.REUSE_REQUEST)
def new_form(request: Request) -> Response:
    """Ask for the reuse of an offer."""
    with viewing(request) as work:
        return _new_page(request, work, {"offer": parameter(request, "angebot")}, [])


@desk_view("desk.reuse_new", permission=Permission.REUSE_REQUEST, method="POST")
def ask(request: Request) -> Response:
    """Note the interest."""
    typed = {
        name: str(request.POST.get(name, "")).strip()
        for name in ("offer", "buyer", "commune", "through", "note", "covers_communes", "is_public")
    }
    try:
        with writing(request) as work:
            offer = find(work.session, item_url("offer", typed["offer"]))
            if not isinstance(offer, models.MarketOffer) or offer.publication_state != "published":
                raise InvalidInput(
                    [
                        FieldError(
                            "offer",
                            "unknown_offer",
                            "Dieses Angebot ist nicht veröffentlicht. Bitte eines aus der Liste wählen.",
                        )
                    ]
                )
            buyer = _buyer(request, work, typed)
            desk = replace(
                work.desk,
                permits=reuse.rights_on(request.person.grants, buyer=buyer.organisation, provider=offer.provider),
            )
            row = reuse.open_reuse(
                desk,
                offer,
                buyer,
                through=typed["through"],
                covers_communes=bool(typed["covers_communes"]),
                is_public=bool(typed["is_public"]),
                note=typed["note"],
            )
            audit(request, work, "reuse.ask", offer.url, buyer.name)
            target = f"/redaktion/nachnutzung/{row.id}"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _new_page(request, work, typed, list(invalid.errors), status=400)
    return HTTPSeeOther(target)


@desk_view("desk.reuse")
def show(request: Request) -> Response:
    """One reuse with its steps."""
    with viewing(request) as work:
        return _page(request, work, _found(request, work))


@desk_view("desk.reuse", method="POST")
def step(request: Request) -> Response:
    """Take a step or confirm the terms; a refusal tells every reason."""
    name, rev = str(request.POST.get("schritt", "")), str(request.POST.get("rev", ""))
    if name != reuse.TERMS and name not in REUSE.transitions:
        raise HTTPNotFound
    if asked := _question(request, name):
        return asked
    seen = whole(rev)
    try:
        with writing(request) as work:
            row = _found(request, work)
            desk = _desk(request, work, row)
            if name == reuse.TERMS:
                reuse.confirm_terms(desk, row, str(request.POST.get("terms_title", "")), rev=seen)
            else:
                fields = {
                    need: str(request.POST.get(need, "")).strip() for need in ("on", *REUSE.transitions[name].needs)
                }
                reuse.take(desk, row, name, fields, rev=seen)
            audit(request, work, f"reuse.{name}", f"reuse:{row.id}")
            target = f"/redaktion/nachnutzung/{row.id}"
    except Blocked as refused:
        words, status = [blocker.message for blocker in refused.blockers], 409
    except StaleReuse as stale:
        words, status = [str(stale)], 409
    except InvalidInput as invalid:
        words, status = [error.message for error in invalid.errors], 400
    else:
        return HTTPSeeOther(target)
    with writing(request) as work:
        return _page(request, work, _found(request, work), refused={name: words}, status=status)


def _question(request: Request, name: str) -> Response | None:
    """What is asked before a step that binds, where it is possible; else the step itself says why not."""
    if f"reuse.{name}" not in confirming.ACTS:
        return None
    with viewing(request) as work:
        row = _found(request, work)
        if not any(
            offer.name == name and offer.is_possible for offer in reuse.possible(_desk(request, work, row), row)
        ):
            return None
        offer = reuse.offer_of(work.session, row)
        subject = (
            f"{rights.title_of(work.session, request.person.grants, offer)} für {row.commune or name_of(row.land)}"
        )
        return confirming.question(
            request, f"reuse.{name}", subject, f"/redaktion/nachnutzung/{row.id}", facts=_facts(work, row, offer)
        )


def _facts(work: Work, row: models.Reuse, offer: models.MarketOffer) -> list[tuple[str, str]]:
    """What an order binds to: from whom, at which published price, at which confirmed terms."""
    shown = Reader(work.session.connection()).page(offer.url)
    data = shown.data if shown is not None else {}
    prices = [
        f"{pricing.euro(pricing.cents_of(data[name]))} {words}" for name, words in _PRICES.items() if data.get(name)
    ]
    return [
        ("Anbieter", offer.provider_name or offer.provider),
        ("Preis laut Angebot", "; ".join(prices) or "Der Anbieter nennt keinen."),
        ("Bedingungen", row.terms_title or "Noch nicht bestätigt."),
    ]


_PRICES: Final = {
    "fee_year": "im Jahr, auf die Nachnutzenden verteilt",
    "fee_once": "einmalig",
    "fee_once_efa": "einmalig, wenn EfA-finanziert",
}
"""Field of an offer → how its amount is told."""


def _found(request: Request, work: Work) -> models.Reuse:
    row = reuse_desk.find_reuse(work.session, request.person.grants, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def _desk(request: Request, work: Work, row: models.Reuse) -> Any:
    provider = reuse_desk.owners_of(work.session, row)
    return replace(work.desk, permits=reuse.rights_on(request.person.grants, buyer=row.buyer, provider=provider))


def _buyer(request: Request, work: Work, typed: dict[str, str]) -> Buyer:
    known = {
        f"{buyer.land}:{buyer.organisation}:{buyer.commune}": buyer
        for buyer in reuse_desk.buyers_of(work.session, request.person.grants)
    }
    found = known.get(typed["buyer"])
    if found is None:
        raise InvalidInput(
            [
                FieldError(
                    "buyer",
                    "unknown_buyer",
                    "Für diese Stelle dürfen Sie keine Nachnutzung anmelden. Bitte eine aus der Liste wählen.",
                )
            ]
        )
    if typed["commune"] and not found.organisation:
        return Buyer("commune", found.land, typed["commune"])
    return found


def _new_page(
    request: Request, work: Work, typed: dict[str, str], errors: list[FieldError], *, status: int = 200
) -> Response:
    buyers = reuse_desk.buyers_of(work.session, request.person.grants)
    offers = reuse_desk.open_offers(work.session)
    offer = find(work.session, item_url("offer", typed["offer"])) if typed.get("offer") else None
    is_open = isinstance(offer, models.MarketOffer) and offer.publication_state == "published"
    members = (
        reuse_desk.members_of(work.session, offer.provider) if isinstance(offer, models.MarketOffer) and is_open else []
    )
    return page(
        request,
        "desk/reuse_new.html",
        title="Nachnutzung anmelden",
        typed=typed,
        errors=errors,
        status=status,
        members=members,
        buyers=[(f"{buyer.land}:{buyer.organisation}:{buyer.commune}", buyer.name) for buyer in buyers],
        offers=[("", "Bitte wählen"), *((slug, f"{title} – {provider}") for slug, title, provider in offers)],
        is_everybody=any(not buyer.organisation for buyer in buyers),
    )


def _page(
    request: Request, work: Work, row: models.Reuse, *, refused: dict[str, list[str]] | None = None, status: int = 200
) -> Response:
    desk = _desk(request, work, row)
    offer = reuse.offer_of(work.session, row)
    versions, called = (
        reuse.terms_of(offer, reuse.today(work.desk)),
        rights.title_of(work.session, request.person.grants, offer),
    )
    may_confirm = row.state == "negotiation" and Permission.REUSE_OFFER in desk.permits
    return page(
        request,
        "desk/reuse.html",
        title=f"{called}: {row.commune or name_of(row.land)}",
        row=row,
        offer=offer,
        called=called,
        status=status,
        refused=refused or {},
        offers=reuse.possible(desk, row),
        states=_states(),
        labels=REUSE.field_labels,
        history=reuse.history(work.session, row)[::-1],
        workflow=REUSE,
        buyer=row.commune or name_of(row.land),
        may_confirm=may_confirm,
        terms=reuse.TERMS,
        versions=versions,
        standard_terms="; ".join([*filter(None, [reuse.STANDARD_TERMS.get(offer.model, "")]), *versions[:1]]),
        chain=reuse_desk.CHAINS.get(offer.model),
        today=reuse.today(work.desk),
    )


def _states() -> dict[str, str]:
    return {name: state.title for name, state in REUSE.states.items()}
