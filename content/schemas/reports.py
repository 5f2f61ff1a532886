"""What reports and recommendations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.council import due, numbers
from content.schemas.parts import ANCHOR, COMMON, LABEL, LINKS, NUMBER
from content.schemas.reading import (
    Fault,
    Field,
    Reader,
    choice,
    day,
    line,
    list_of,
    markdown,
    matching,
    own_address,
    own_place,
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
            "text": "Text",
            "finding": "Befund",
            "obstacle": "Hindernis",
            "example": "Beispiel",
            "funding": "Fördermöglichkeit",
            "recommendation": "Empfehlung",
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


def _due(value: Any) -> str:
    """A day or a session, as it is written down."""
    found = due.parse(str(value))
    if found is None:
        raise Fault(
            "not_due",
            f"„{str(value)[:80]}“ ist weder Tag noch Sitzung. Erwartet wird etwa 31.12.2026 oder „zur 48. Sitzung“.",
        )
    return str(found)


DUE: Final = Reader(_due, "line", 80, hint="Ein Tag (31.12.2026) oder eine Sitzung (zur 48. Sitzung)")
CLAUSE: Final = matching(
    rf"{numbers.WRITTEN}#z[a-z0-9\-]{{1,50}}",
    "Erwartet werden Nummer und Ziffer eines Beschlusses, etwa 2021/39#z2.",
    90,
)
RECOMMENDATION: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "number": Field(line(20), "Nummer"),
    "title": required(line(), "Der Titel"),
    "text": required(markdown(), "Der Text"),
    "addressees": list_of(LABEL, "Adressaten"),
    "report": Field(own_place, "Bericht, aus dem sie stammt"),
    "clause": Field(CLAUSE, "Ziffer, aus der sie stammt"),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "state": choice(
        "Stand",
        {
            "draft": "Entwurf",
            "proposed": "vorgeschlagen",
            "adopted": "beschlossen",
            "implementing": "in Umsetzung",
            "implemented": "umgesetzt",
            "rejected": "abgelehnt",
            "postponed": "vertagt",
            "withdrawn": "zurückgezogen",
            "superseded": "überholt",
        },
    ),
    "due": Field(DUE, "Frist"),
    "market_items": list_of(slug, "Marktplatz-Leistungen"),
    "links": LINKS,
    **COMMON,
}
