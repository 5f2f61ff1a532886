"""What items of the marketplace are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.schemas.parts import COMMON, LABEL, NUMBER
from content.schemas.reading import (
    Field,
    choice,
    line,
    list_of,
    matching,
    record,
    required,
    slug,
    text,
    web_address,
    whole,
)

MARKET_ITEM: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "text": text("Text"),
    "ozg_id": Field(matching(r"\d{4,6}", "Erwartet wird eine OZG-ID aus Ziffern, etwa 10000."), "OZG-ID"),
    "leika_keys": list_of(matching(r"\d{14}", "Erwartet wird ein LeiKa-Schlüssel aus 14 Ziffern."), "LeiKa-Schlüssel"),
    "theme": Field(LABEL, "Themenfeld"),
    "supplier_land": Field(LABEL, "Bereitsteller"),
    "it_provider": Field(LABEL, "IT-Dienstleister"),
    "maturity": Field(whole(0, 4), "Reifegrad"),
    "state": choice("Stand", {"planned": "geplant", "test": "im Test", "live": "in Betrieb"}),
    "offers": list_of(
        record(
            {
                "provider": required(LABEL, "Der Anbieter"),
                "model": Field(LABEL, "Modell", default=str),
                "url": Field(web_address, "Adresse"),
                "note": Field(line(), "Hinweis"),
            }
        ),
        "Angebote",
    ),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "recommendations": list_of(slug, "Empfehlungen"),
    **COMMON,
}
