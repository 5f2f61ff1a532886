"""What press releases and notes are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.schemas.parts import COMMON, CONTACT, DIRECTORY, LABEL, NUMBER
from content.schemas.reading import (
    Field,
    FieldError,
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
    web_address,
)

PRESS_RELEASE: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "release_kind": choice(
        "Art",
        {
            "press_release": "Pressemitteilung",
            "news_note": "Meldung",
            "media_report": "Medienbericht",
            "press_teaser": "Ankündigung",
        },
    ),
    "title": required(line(), "Der Titel"),
    "publisher": required(line(), "Die herausgebende Stelle"),
    "date": Field(day, "Datum"),
    "meeting": Field(own_address, "Sitzung"),
    "lead": Field(markdown(4000), "Vorspann"),
    "text": text("Text"),
    "sections": list_of(
        record({"heading": Field(line(), "Überschrift"), "text": required(markdown(), "Der Text")}), "Abschnitte"
    ),
    "quotes": list_of(
        record(
            {
                "text": Field(markdown(4000), "Zitat"),
                "speaker": required(LABEL, "Der Name"),
                "function": Field(line(), "Funktion", default=str),
            }
        ),
        "Zitate",
    ),
    "image": Field(
        record(
            {
                "file": Field(line(255), "Datei"),
                "alt": required(line(), "Die Bildbeschreibung"),
                "caption": Field(line(), "Bildunterschrift", default=str),
                "credit": required(LABEL, "Der Bildnachweis"),
            }
        ),
        "Bild",
    ),
    "directory": DIRECTORY,
    "contacts": list_of(record(CONTACT), "Kontakte"),
    "decisions": list_of(NUMBER, "Beschlüsse"),
    "source_url": Field(web_address, "Quelle"),
    "text_kind": choice(
        "Art des Wortlauts",
        {"official": "Wortlaut", "condensed": "verdichtet", "stub": "Kurznachweis", "seed": "Beispiel"},
    ),
    **COMMON,
}


def validity_is_in_order(value: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(f"contacts.{index + 1}.valid_until", "before_start", "Das Ende der Gültigkeit liegt vor dem Beginn.")
        for index, contact in enumerate(value["contacts"])
        if contact["valid_from"] and contact["valid_until"] and contact["valid_until"] < contact["valid_from"]
    ]
