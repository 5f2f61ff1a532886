"""What items of the marketplace and the offers for them are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.council.laender import LAENDER
from content.council.requirements import FULFILMENT, REQUIREMENTS
from content.schemas.parts import COMMON, CONTACT, LABEL, LINKS, NUMBER
from content.schemas.reading import (
    Field,
    FieldError,
    choice,
    day,
    euro,
    line,
    list_of,
    markdown,
    matching,
    one_of,
    record,
    required,
    slug,
    text,
    web_address,
    whole,
)

STATES: Final = {"planned": "geplant", "test": "im Test", "live": "in Betrieb"}
MODELS: Final = {
    "efa": "Einer für Alle (EfA)",
    "fit_store": "FIT-Store: Einkauf und Weiterverkauf",
    "govdigital": "govdigital: inhouse über Mitglieder",
    "bilateral": "Vereinbarung zu zweit",
    "local": "eigener Betrieb vor Ort",
}
CONTRACT_FORMS: Final = {
    "saas": "Dienst aus der Cloud (SaaS)",
    "licence": "Überlassung der Software",
    "operation": "Betrieb im Auftrag",
    "agreement": "Verwaltungsvereinbarung",
}
COST_KEYS: Final = {
    "koenigstein": "Königsteiner Schlüssel unter den Nachnutzenden",
    "equal": "gleiche Teile unter den Nachnutzenden",
    "fixed": "fester Betrag je Nachnutzung",
}
INTERFACES: Final = {
    "fit_connect": "FIT-Connect",
    "bundid": "BundID",
    "organisation_account": "Organisationskonto",
    "payment": "Bezahldienst",
    "xoev": "XÖV-Standard",
    "register": "Registerabruf",
    "api": "eigene Schnittstelle",
}
CODES: Final = {code: land.name for code, land in LAENDER.items()}
_OZG_ID: Final = matching(r"\d{4,6}", "Erwartet wird eine OZG-ID aus Ziffern, etwa 10000.")

MARKET_ITEM: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "text": text("Text"),
    "ozg_id": Field(_OZG_ID, "OZG-ID"),
    "leika_keys": list_of(matching(r"\d{14}", "Erwartet wird ein LeiKa-Schlüssel aus 14 Ziffern."), "LeiKa-Schlüssel"),
    "theme": Field(LABEL, "Themenfeld"),
    "supplier_land": Field(LABEL, "Bereitsteller"),
    "ministry": Field(LABEL, "Bundesressort"),
    "it_provider": Field(LABEL, "IT-Dienstleister"),
    "maturity": Field(whole(0, 4), "Reifegrad"),
    "state": choice("Stand", STATES),
    "offers": list_of(
        record(
            {
                "provider": required(LABEL, "Der Anbieter"),
                "model": Field(LABEL, "Modell", default=str),
                "url": Field(web_address, "Adresse"),
                "note": Field(line(), "Hinweis"),
            }
        ),
        "Weitere Angebote (Kurzhinweis)",
    ),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "recommendations": list_of(slug, "Empfehlungen"),
    "links": LINKS,
    **COMMON,
}
OFFER: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "market_item": required(slug, "Die Leistung"),
    "provider": required(slug, "Der Anbieter"),
    "text": Field(markdown(), "Beschreibung", default=str),
    "state": choice("Stand", STATES),
    "maturity": Field(whole(0, 4), "Reifegrad"),
    "supplier_land": Field(one_of(CODES), "Bereitsteller"),
    "it_provider": Field(LABEL, "IT-Dienstleister"),
    "model": choice("Modell der Nachnutzung", MODELS),
    "contract_form": choice("Vertragsform", CONTRACT_FORMS),
    "terms": list_of(
        record(
            {
                "title": required(line(), "Der Titel der Bedingungen"),
                "version": required(line(40), "Die Version"),
                "valid_from": Field(day, "Gültig ab"),
                "url": Field(web_address, "Adresse"),
                "file": Field(line(255), "Datei unter den Anlagen"),
            }
        ),
        "Bedingungen (AGB)",
    ),
    "fee_year": Field(euro, "Jährliches Entgelt"),
    "fee_next": Field(euro, "Abweichender Betrag der nächsten Rechnung"),
    "fee_once": Field(euro, "Einmaliges Entgelt (Anschluss)"),
    "fee_once_efa": Field(euro, "Einmaliges Entgelt, wenn EfA-finanziert"),
    "fee_note": Field(line(), "Umfang und Erläuterung der Entgelte"),
    "cost_key": choice("Schlüssel", COST_KEYS),
    "efa_financed": choice("EfA-finanziert", {"no": "nein", "yes": "ja"}),
    "efa_from": Field(day, "EfA-finanziert ab"),
    "interfaces": list_of(one_of(INTERFACES), "Schnittstellen"),
    "requirements": list_of(
        record(
            {
                "number": required(
                    one_of({number: f"{number} {row.words}" for number, row in REQUIREMENTS.items()}),
                    "Die Mindestanforderung",
                ),
                "fulfilment": choice("Erfüllung", FULFILMENT),
                "evidence": Field(line(), "Nachweis"),
            }
        ),
        "Mindestanforderungen",
    ),
    "contacts": list_of(record(CONTACT), "Kontakte"),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "recommendations": list_of(slug, "Empfehlungen"),
    "links": LINKS,
    **COMMON,
}


def offer_is_consistent(value: Mapping[str, Any]) -> list[FieldError]:
    """Each requirement is judged once; each version of the terms is named once and lies among the papers; financing has a day."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, row in enumerate(value["requirements"], start=1):
        if row["number"] in seen:
            errors.append(
                FieldError(
                    f"requirements.{index}.number",
                    "doubled",
                    f"Anforderung {row['number']} steht zweimal da. Bitte einmal angeben.",
                )
            )
        seen.add(row["number"])
    files = {row["file"] for row in value["attachments"] if row["file"]}
    versions: set[tuple[str, str]] = set()
    for index, row in enumerate(value["terms"], start=1):
        if row["file"] and row["file"] not in files:
            errors.append(
                FieldError(
                    f"terms.{index}.file",
                    "unknown_file",
                    f"„{row['file']}“ ist keine Datei unter den Anlagen. Bitte dort aufnehmen oder das Feld leer lassen.",
                )
            )
        if (row["title"], row["version"]) in versions:
            errors.append(
                FieldError(
                    f"terms.{index}.version",
                    "doubled",
                    f"Version {row['version']} von „{row['title']}“ steht zweimal da. Jede Version gibt es einmal.",
                )
            )
        versions.add((row["title"], row["version"]))
    if value["efa_financed"] == "yes" and value["efa_from"] is None:
        errors.append(
            FieldError("efa_from", "missing", "Wer EfA-finanziert ist, nennt den Tag, ab dem es gilt. Bitte angeben.")
        )
    if value["efa_financed"] == "no" and value["fee_once_efa"] is not None:
        errors.append(
            FieldError(
                "fee_once_efa",
                "not_financed",
                "Dieses Entgelt gilt nur für EfA-finanzierte Leistungen. Bitte leer lassen.",
            )
        )
    return errors
