"""What organisations, terms and pages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.schemas.market import CODES
from content.schemas.parts import COMMON, DIRECTORY, LABEL, NUMBER
from content.schemas.reading import (
    Field,
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

HARMONISATION: Final = {
    "open": "noch nicht begonnen",
    "analysis": "Varianten werden verglichen",
    "proposed": "gemeinsamer Begriff vorgeschlagen",
    "agreed": "gemeinsamer Begriff vereinbart",
    "in_law": "im Recht umgesetzt",
}
ORGANISATION: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Name"),
    "short": Field(line(80), "Kurzname", default=str),
    "organisation_kind": Field(LABEL, "Art", default=str),
    "website": Field(web_address, "Webseite"),
    "land": Field(one_of(CODES), "Land"),
    "members": list_of(
        record(
            {
                "name": required(LABEL, "Der Name des Mitglieds"),
                "laender": list_of(one_of(CODES), "Länder"),
                "communes": Field(whole(0, 20_000), "Erreichte Kommunen"),
                "source": Field(line(), "Quelle"),
            }
        ),
        "Mitglieder und Träger",
    ),
    "text": text("Text"),
    "directory": DIRECTORY,
    **COMMON,
}
TERM: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Begriff"),
    "abbreviation": Field(line(40), "Abkürzung"),
    "synonyms": list_of(LABEL, "Andere Wörter"),
    "text": required(markdown(), "Die Erklärung"),
    "source": Field(line(), "Quelle"),
    "laws": list_of(line(), "Rechtsquellen"),
    "variants": list_of(
        record(
            {
                "term": required(LABEL, "Die Variante"),
                "law": Field(line(), "Rechtsquelle"),
                "meaning": Field(line(), "Abweichende Bedeutung"),
            }
        ),
        "Varianten im Recht",
    ),
    "harmonisation": Field(one_of(HARMONISATION), "Stand der Harmonisierung"),
    "ozg_ids": list_of(
        matching(r"\d{4,6}", "Erwartet wird eine OZG-ID aus Ziffern, etwa 10000."), "Betroffene OZG-Leistungen"
    ),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    **COMMON,
}
PAGE: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "text": required(markdown(), "Der Text"),
    **COMMON,
}
