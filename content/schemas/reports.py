"""What reports and recommendations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.schemas.parts import ANCHOR, COMMON, LABEL, LINKS, NUMBER
from content.schemas.reading import (
    Field,
    choice,
    day,
    line,
    list_of,
    markdown,
    matching,
    own_address,
    record,
    required,
    slug,
    text,
    whole,
)

MAX_LEVEL: Final = 4
SECTION: Final[Mapping[str, Field]] = {
    "heading": required(line(), "Die Überschrift"),
    "kind": choice(
        "Art",
        {
            "text": "Text", "finding": "Befund", "obstacle": "Hindernis", "example": "Beispiel",
            "funding": "Fördermöglichkeit", "recommendation": "Empfehlung",
        },
    ),
    "text": text("Der Text"),
    "level": Field(whole(1, MAX_LEVEL), "Ebene", default=lambda: 1),
    "uid": Field(matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "Erwartet wird eine UUID.", 36), "Kennung"),
    "anchor": Field(matching(r"a[1-9]\d{0,4}", "Erwartet wird eine Sprungmarke, etwa a3.", 20), "Sprungmarke"),
    "recommendation": Field(slug, "Empfehlung"),
}
"""A section. `uid` and `anchor` come from the portal; who leaves them out gets the section of that heading, else a new one."""

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
    "sections": list_of(record(SECTION), "Abschnitte"),
    "plain_text": text("Zusammenfassung in Leichter Sprache"),
    "plain_sections": list_of(ANCHOR, "Abschnitte, die sie erklärt (Sprungmarken)"),
    "recommendations": list_of(slug, "Empfehlungen"),
    "links": LINKS,
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
    "links": LINKS,
    **COMMON,
}
