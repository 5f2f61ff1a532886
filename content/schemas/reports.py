"""What reports and recommendations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.schemas.parts import COMMON, LABEL, NUMBER
from content.schemas.reading import (
    Field,
    choice,
    day,
    line,
    list_of,
    markdown,
    own_address,
    record,
    required,
    slug,
    text,
)

REPORT: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "group": required(line(), "Die Arbeitsgruppe"),
    "lead": Field(line(), "Federführung"),
    "subgroups": list_of(line(), "Untergruppen"),
    "commissioned_by": Field(own_address, "Auftrag"),
    "noted_by": Field(own_address, "Zur Kenntnis genommen durch"),
    "date": Field(day, "Datum"),
    "text": text("Zusammenfassung"),
    "sections": list_of(
        record(
            {
                "heading": required(line(), "Die Überschrift"),
                "kind": choice(
                    "Art",
                    {
                        "text": "Text", "finding": "Befund", "obstacle": "Hindernis", "example": "Beispiel",
                        "funding": "Fördermöglichkeit",
                    },
                ),
                "text": required(markdown(), "Der Text"),
            }
        ),
        "Abschnitte",
    ),
    "recommendations": list_of(slug, "Empfehlungen"),
    **COMMON,
}
RECOMMENDATION: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "number": Field(line(20), "Nummer"),
    "title": required(line(), "Der Titel"),
    "text": required(markdown(), "Der Text"),
    "addressees": list_of(LABEL, "Adressaten"),
    "report": Field(own_address, "Bericht"),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "state": choice(
        "Stand",
        {
            "draft": "Entwurf", "proposed": "vorgeschlagen", "adopted": "beschlossen", "implementing": "in Umsetzung",
            "implemented": "umgesetzt", "rejected": "abgelehnt", "postponed": "vertagt",
            "withdrawn": "zurückgezogen", "superseded": "überholt",
        },
    ),
    "due": Field(line(80), "Frist"),
    "market_items": list_of(slug, "Marktplatz-Leistungen"),
    **COMMON,
}
