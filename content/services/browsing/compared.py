"""Offers of one item side by side: the rows of the table, and which of them differ. Pure over editions' data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from content.council.laender import name_of
from content.council.pricing import cents_of, euro
from content.council.requirements import FULFILMENT, LEVELS, REQUIREMENTS
from content.schemas.market import CONTRACT_FORMS, COST_KEYS, INTERFACES, MODELS, STATES
from content.services.browsing.market import OfferEntry


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One line of the comparison: a value per offer; `differs` where they are not all the same."""

    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the offers say different things."""
        return len(set(self.values)) > 1


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """Lines that belong together."""

    title: str
    rows: tuple[ComparedRow, ...]


def money(amount: str | None) -> str:
    """`12.500,00 €`, or a dash."""
    return euro(cents_of(amount)) if amount else "–"


def _day(value: str | None) -> str:
    return ".".join(reversed(value.split("-"))) if value else ""


def _terms(data: Mapping[str, Any]) -> str:
    return "; ".join(f"{row['title']}, Version {row['version']}" for row in data["terms"]) or "–"


FACTS: Final[tuple[tuple[str, str, Callable[[Mapping[str, Any]], str]], ...]] = (
    ("Vertrag", "Modell", lambda data: MODELS[data["model"]]),
    ("Vertrag", "Vertragsform", lambda data: CONTRACT_FORMS[data["contract_form"]]),
    ("Vertrag", "Bedingungen", _terms),
    ("Vertrag", "Bereitsteller", lambda data: name_of(data["supplier_land"]) if data["supplier_land"] else "–"),
    ("Vertrag", "IT-Dienstleister", lambda data: data["it_provider"] or "–"),
    ("Entgelt", "Jährlich", lambda data: money(data["fee_year"])),
    ("Entgelt", "Nächste Rechnung abweichend", lambda data: money(data["fee_next"])),
    ("Entgelt", "Einmalig (Anschluss)", lambda data: money(data["fee_once"])),
    ("Entgelt", "Einmalig, wenn EfA-finanziert", lambda data: money(data["fee_once_efa"])),
    ("Entgelt", "Umfang", lambda data: data["fee_note"] or "–"),
    ("Entgelt", "Schlüssel", lambda data: COST_KEYS[data["cost_key"]]),
    (
        "Entgelt",
        "EfA-finanziert",
        lambda data: f"ja, seit {_day(data['efa_from'])}" if data["efa_financed"] else "nein",
    ),
    ("Dienst", "Stand", lambda data: STATES[data["state"]]),
    ("Dienst", "Reifegrad", lambda data: f"{data['maturity']} von 4" if data["maturity"] is not None else "–"),
    ("Dienst", "Schnittstellen", lambda data: ", ".join(INTERFACES[name] for name in data["interfaces"]) or "–"),
)


def facts(data: Mapping[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """(group, (label, value) …) of one offer."""
    groups = dict.fromkeys(group for group, _, _ in FACTS)
    return tuple((group, tuple((label, of(data)) for own, label, of in FACTS if own == group)) for group in groups)


def compare(offers: Sequence[OfferEntry]) -> tuple[ComparedGroup, ...]:
    """All facts and requirements of `offers`, one column each."""
    groups = [
        ComparedGroup(
            group,
            tuple(
                ComparedRow(label, tuple(of(offer.data) for offer in offers))
                for own, label, of in FACTS
                if own == group
            ),
        )
        for group in dict.fromkeys(group for group, _, _ in FACTS)
    ]
    told = [{row["number"]: row["fulfilment"] for row in offer.data["requirements"]} for offer in offers]
    named = [number for number in REQUIREMENTS if any(number in one for one in told)]
    rows = tuple(
        ComparedRow(
            f"{number} {LEVELS[REQUIREMENTS[number].level]}: {REQUIREMENTS[number].words}",
            tuple(FULFILMENT[one[number]] if number in one else "keine Angabe" for one in told),
        )
        for number in named
    )
    return (*groups, ComparedGroup("Mindestanforderungen", rows)) if rows else tuple(groups)
